//! `verify = arc`: the chain of a message, checked once.
//!
//! # Failure
//! A key that the DNS does not give now makes the chain fail, as RFC 8617 has it; `$arc_state_reason` says so.
//!
//! # Compatibility
//! Exim's ARC: `$arc_state`, `$arc_state_reason`, `$arc_domains`, `$arc_oldest_pass`.

use crate::context::Context;
use crate::context::dkim::{chain_result, policy};

/// The chain's state. Blocks.
pub fn verify(context: &mut Context) -> &'static str {
    if context.arc.result.is_none() {
        let dns = std::sync::Arc::clone(context.blocking_dns());
        let policy = policy(&context.config);
        let verified = context
            .arc
            .arrived
            .take()
            .map(|(verifier, hashes)| verifier.verify(&hashes, dns.as_ref(), &policy));
        let verified = verified.unwrap_or_default();
        context.tell_failed_lookups();
        context.sender_auth.arc = Some(chain_result(&verified));
        context.arc.result = Some(verified);
    }
    context.arc.result.as_ref().map_or("none", |result| result.state.name())
}
