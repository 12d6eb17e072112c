//! `verify = reverse_host_lookup`: the client's address has a name that leads back to it.

use policy::acl::VerifyResult;

use crate::context::Context;

/// Looks the name up, unless that was done. Blocks on the DNS.
pub fn verify(context: &mut Context) -> VerifyResult {
    context.look_up_sender_host_name();
    let facts = &context.facts.connection;
    match (&facts.sender_host_name, facts.host_lookup_deferred) {
        (Some(_), _) => VerifyResult::Ok,
        (None, true) => VerifyResult::Defer,
        (None, false) => VerifyResult::Fail,
    }
}
