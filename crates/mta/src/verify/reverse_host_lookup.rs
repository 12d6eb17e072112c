//! `verify = reverse_host_lookup`: the client's address has a name that leads back to it.
//!
//! # Compatibility
//! The words for the log are the oracle's: they tell whether the name was looked for before.

use mail_types::value::Value;
use policy::acl::{Verified, VerifyResult};

use crate::context::Context;

/// Looks the name up, unless that was done. Blocks on the DNS.
pub fn verify(context: &mut Context) -> Verified {
    let known = context.facts.connection.host_lookup_failed;
    context.look_up_sender_host_name();
    let facts = &context.facts.connection;
    let (result, told) = match (&facts.sender_host_name, facts.host_lookup_deferred) {
        (Some(_), _) => return Verified::default(),
        (None, true) => (VerifyResult::Defer, "host lookup deferred for reverse lookup check".to_owned()),
        (None, false) => {
            let when = if known { "" } else { " for reverse lookup check" };
            let why = facts.host_lookup_trouble.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
            (VerifyResult::Fail, format!("host lookup failed{when}{why}"))
        }
    };
    Verified { result, log_message: Some(Value::tainted(told)), ..Verified::default() }
}
