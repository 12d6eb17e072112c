//! Verifying an address by routing it.
//!
//! # Invariants
//! * A sender is routed once a message; later questions get the same answer. A recipient is routed each time.
//! * A redirection to one address is followed; one to several counts as success without looking further.
//!
//! # Security
//! Addresses are hostile; routing answers with texts that the peer may see and texts that only the log may.
//!
//! # Compatibility
//! Specification, section "Address verification". Failure words are those of `$sender_verify_failure`.

use mail_types::address::Address;
use mail_types::limits;
use mail_types::value::Value;
use policy::acl::{Verified, VerifyAddress, VerifyResult, VerifyRole};

use crate::context::Context;
use crate::context::facts::{AddressFacts, VerifyMode};
use crate::route::{self, Decision, RouteAddress, RouteMode, RouteOutcome};

/// Exim's words where routing gave none.
const UNROUTEABLE: &str = "Unrouteable address";

/// Verify an address for an ACL.
pub async fn verify(request: &VerifyAddress, context: &mut Context) -> Verified {
    let address = request.address.bytes();
    if address.is_empty() {
        // The null sender is always good: bounces come from it.
        return Verified::default();
    }
    let keep = request.role == VerifyRole::Sender && address == context.facts.message.sender_address;
    if keep && let Some(known) = &context.verified_sender {
        return known.clone();
    }
    let verified = if Address::split(address).is_qualified() {
        by_routing(request, context).await
    } else {
        unqualified(address)
    };
    if keep {
        context.verified_sender = Some(verified.clone());
    }
    verified
}

fn unqualified(address: &[u8]) -> Verified {
    let text = [address, b": unqualified address not permitted"].concat();
    Verified {
        result: VerifyResult::Fail,
        log_message: Some(Value::tainted(text)),
        failure: Some("qualify"),
        ..Verified::default()
    }
}

async fn by_routing(request: &VerifyAddress, context: &mut Context) -> Verified {
    let (mode, shown) = match request.role {
        VerifyRole::Recipient => (RouteMode::VerifyRecipient, VerifyMode::Recipient),
        VerifyRole::Sender | VerifyRole::AsSender => (RouteMode::VerifySender, VerifyMode::Sender),
    };
    // Routing writes the facts of the address it works on; the ACL's own must be there again afterwards.
    let kept: AddressFacts = std::mem::take(&mut context.facts.address);
    let mode_before = std::mem::replace(&mut context.facts.message.verify_mode, shown);
    let verified = follow(request, mode, context).await;
    context.facts.address = kept;
    context.facts.message.verify_mode = mode_before;
    verified
}

/// Route the address and, as long as there is exactly one, the address that it was redirected to.
async fn follow(request: &VerifyAddress, mode: RouteMode, context: &mut Context) -> Verified {
    let mut address = RouteAddress::new(request.address.bytes());
    for _ in 0..limits::REDIRECT_DEPTH {
        // Routing is large and rare: on the heap, so that what waits for it stays small.
        let mut outcome = Box::pin(route::route(&address, mode, context)).await;
        log(&outcome, context);
        if let Decision::Redirected { .. } = outcome.decision
            && !request.success_on_redirect
            && outcome.generated.len() == 1
            && let Some(child) = outcome.generated.pop()
            && child.kind == route::AddressKind::Address
        {
            address = child;
            continue;
        }
        return judge(outcome);
    }
    Verified { result: VerifyResult::Defer, failure: Some("route"), ..Verified::default() }
}

fn log(outcome: &RouteOutcome, context: &Context) {
    for line in &outcome.log {
        let streams = observe::Streams { main: true, reject: false, panic: line.panic };
        context.log_event(&observe::Event::Text { text: line.text.clone(), streams });
    }
}

/// What the end of routing means for the address.
fn judge(outcome: RouteOutcome) -> Verified {
    let address_data = outcome.facts.address_data.clone();
    let (result, user_message, message) = match outcome.decision {
        Decision::Assigned(_) | Decision::Redirected { .. } | Decision::Discarded { .. } => {
            return Verified { address_data, ..Verified::default() };
        }
        Decision::Failed(failure) => (VerifyResult::Fail, failure.user_message, failure.message),
        Decision::Deferred(deferral) => (VerifyResult::Defer, deferral.user_message, deferral.message),
    };
    let default = (result == VerifyResult::Fail).then(|| UNROUTEABLE.as_bytes().to_vec());
    Verified {
        result,
        user_message: user_message.or(default).map(Value::tainted),
        log_message: (!message.is_empty()).then(|| Value::tainted(message)),
        address_data,
        failure: Some("route"),
    }
}
