//! Whether an `errors_to` address is good.
//!
//! # Invariants
//! * Bounded: at most `limits::REDIRECT_DEPTH` addresses are routed, and none of them checks an `errors_to` of its own.
//!
//! # Compatibility
//! Verified as a recipient, with the null sender; a redirection to one address is followed, one to several is good.

use mail_types::limits;

use super::address::{AddressKind, RouteAddress};
use super::outcome::Decision;
use super::{RouteMode, chain};
use crate::context::Context;

/// Verifies an errors address. The facts of the address and the sender in the context are left as they were.
pub(crate) async fn errors_address(address: &[u8], context: &mut Context) -> bool {
    let facts = context.facts.address.clone();
    let sender = std::mem::take(&mut context.facts.message.sender_address);
    let good = follow(address, context).await;
    context.facts.address = facts;
    context.facts.message.sender_address = sender;
    good
}

async fn follow(address: &[u8], context: &mut Context) -> bool {
    let mut address = RouteAddress::new(address);
    for _ in 0..limits::REDIRECT_DEPTH {
        // Boxed: routing asks this function for its own errors address.
        let mut outcome = Box::pin(chain::run(&address, RouteMode::VerifyRecipient, context)).await;
        match outcome.decision {
            Decision::Assigned(_) | Decision::Discarded { .. } => return true,
            Decision::Failed(_) | Decision::Deferred(_) => return false,
            Decision::Redirected { .. } => match (outcome.generated.pop(), outcome.generated.is_empty()) {
                (Some(only), true) if only.kind == AddressKind::Address => address = only,
                _ => return true,
            },
        }
    }
    false
}
