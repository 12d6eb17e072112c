//! Carrying a message out: the transports.
//!
//! [`local`] is code without a runtime that runs as the recipient's user: appendfile and pipe. [`smtp`] speaks to
//! remote hosts, as far as [`mta_sts`] and TLSA records let it. Both make the header that goes out with [`outgoing`].
//!
//! # Invariants
//! * A transport changes nothing but its target: the spool, the hints and the log are the caller's.
//!
//! # Security
//! Message content, addresses and replies of hosts are hostile. File names and commands are made of clean values only.

pub mod limits;
pub mod local;
pub mod mta_sts;
pub mod outgoing;
pub mod smtp;

use crate::context::facts::AddressFacts;

/// The address as RCPT names it: without affixes, unless `rcpt_include_affixes` says otherwise.
fn rcpt_address(facts: &AddressFacts, include_affixes: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let (prefix, suffix) = if include_affixes {
        (facts.local_part_prefix.as_ref(), facts.local_part_suffix.as_ref())
    } else {
        (None, None)
    };
    // Where no affix was removed, the address keeps the case that the sender gave it.
    let removed = facts.local_part_prefix.is_some() || facts.local_part_suffix.is_some();
    let (Some(local), Some(domain)) = (&facts.local_part, &facts.domain) else {
        return facts.address.clone();
    };
    if !removed {
        return facts.address.clone();
    }
    for part in [prefix, Some(local), suffix].into_iter().flatten() {
        out.extend_from_slice(part.bytes());
    }
    out.push(b'@');
    out.extend_from_slice(domain.bytes());
    out
}
