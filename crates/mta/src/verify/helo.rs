//! Whether the name in HELO or EHLO is the client's own.
//!
//! # Security
//! The name is hostile; it is only compared and looked up.
//!
//! # Compatibility
//! Option `helo_verify_hosts` and `verify = helo`: a literal must be the client's address; a name must be one of the
//! client's verified names, or have the client's address among its own.

use std::net::IpAddr;

use policy::acl::VerifyResult;
use policy::list::{HostAddresses, ListEnv as _};

use crate::context::Context;

/// Verify the HELO name, once for each HELO. Blocks on the DNS.
pub fn verify(context: &mut Context) -> VerifyResult {
    let facts = &context.facts.connection;
    if let Some(known) = facts.helo_verified {
        return if known { VerifyResult::Ok } else { VerifyResult::Fail };
    }
    let (Some(name), Some(address)) = (facts.sender_helo_name.clone(), facts.sender_host_address) else {
        return VerifyResult::Fail;
    };
    let found = check(&name, address, context);
    match found {
        VerifyResult::Ok => context.facts.connection.helo_verified = Some(true),
        VerifyResult::Fail => context.facts.connection.helo_verified = Some(false),
        VerifyResult::Defer => {}
    }
    found
}

fn check(name: &[u8], address: IpAddr, context: &mut Context) -> VerifyResult {
    if let Some(literal) = name.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")) {
        return if literal_address(literal) == Some(address) { VerifyResult::Ok } else { VerifyResult::Fail };
    }
    context.look_up_sender_host_name();
    let facts = &context.facts.connection;
    let mut names = facts.sender_host_name.iter().chain(&facts.sender_host_aliases);
    if names.any(|known| known.eq_ignore_ascii_case(name)) {
        context.facts.connection.sender_helo_dnssec = context.facts.connection.sender_host_dnssec;
        return VerifyResult::Ok;
    }
    match context.host_addresses(name) {
        HostAddresses::Known(addresses) if addresses.contains(&address) => VerifyResult::Ok,
        HostAddresses::Deferred => VerifyResult::Defer,
        _ => VerifyResult::Fail,
    }
}

/// The address in a domain literal: `192.0.2.1`, `IPv6:2001:db8::1`, or a bare IPv6 address.
pub fn literal_address(literal: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(literal).ok()?;
    let v6 = text.get(..5).filter(|tag| tag.eq_ignore_ascii_case("ipv6:")).map(|_| &text[5..]);
    v6.unwrap_or(text).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals() {
        let v6: IpAddr = "2001:db8::1".parse().expect("an address");
        assert_eq!(literal_address(b"192.0.2.1"), Some(IpAddr::from([192, 0, 2, 1])));
        assert_eq!(literal_address(b"IPv6:2001:db8::1"), Some(v6));
        assert_eq!(literal_address(b"ipv6:2001:DB8::1"), Some(v6));
        for nonsense in [&b""[..], b"192.0.2", b"IPv6:", b"\xff", b"192.0.2.1 "] {
            assert_eq!(literal_address(nonsense), None, "{nonsense:?}");
        }
    }
}
