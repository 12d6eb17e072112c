//! `spf`: what a sender's domain says about a client.
//!
//! # Security
//! The key and all records are hostile; the evaluation is bounded as in the ACL condition.
//!
//! # Compatibility
//! `${lookup{SENDER}spf{CLIENT}}`: the words of `$spf_result`. A client that is no address finds nothing, as with the oracle's
//! library; a client on this host passes.

use std::net::IpAddr;

use expand::EvalError;
use expand::lookup::{LookupAnswer, LookupRequest, LookupWorld};
use mail_types::value::Value;
use sender_auth::spf::{self, SpfQuery};

/// One lookup.
pub(crate) fn lookup(
    request: &LookupRequest<'_>,
    world: &LookupWorld<'_>,
) -> Result<LookupAnswer, EvalError> {
    let client = request.file.as_ref().map(Value::to_lossy).unwrap_or_default();
    let Ok(ip) = client.trim().parse::<IpAddr>() else { return Ok(LookupAnswer::NotFound) };
    let Some(dns) = world.resolver else { return Err(EvalError::defer("there is no resolver")) };
    let sender = request.key.bytes();
    let domain = sender.iter().rposition(|byte| *byte == b'@').map_or(sender, |at| &sender[at + 1..]);
    let query = SpfQuery {
        ip,
        helo: domain,
        sender,
        receiver: b"unknown",
        now: world.clock.now().secs(),
        template: b"",
    };
    let outcome = spf::check_client(&query, None, dns);
    Ok(LookupAnswer::Found { data: Value::clean(outcome.verdict.word()), captures: None })
}
