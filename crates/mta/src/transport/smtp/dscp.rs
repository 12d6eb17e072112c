//! `dscp`: the class of service that packets to a host ask for.
//!
//! # Compatibility
//! The names are those of `-bI:dscp`; numbers are decimal, or hexadecimal or octal by their prefix. Anything else is passed
//! over, as Exim does it.
//!
//! # References
//! RFC 2474, RFC 2597, RFC 3246; the older names are RFC 1349's.

use std::io;
use std::net::IpAddr;
use std::os::fd::AsFd;

/// The names, with the octet of the packet's header: the code point above two bits that are the network's own.
const NAMES: [(&str, u8); 18] = [
    ("af11", 10 << 2),
    ("af12", 12 << 2),
    ("af13", 14 << 2),
    ("af21", 18 << 2),
    ("af22", 20 << 2),
    ("af23", 22 << 2),
    ("af31", 26 << 2),
    ("af32", 28 << 2),
    ("af33", 30 << 2),
    ("af41", 34 << 2),
    ("af42", 36 << 2),
    ("af43", 38 << 2),
    ("ef", 46 << 2),
    ("lowcost", 0x02),
    ("lowdelay", 0x10),
    ("mincost", 0x02),
    ("reliability", 0x04),
    ("throughput", 0x08),
];

/// The octet for a name or a number from 0 to 0x3F.
pub(super) fn octet(text: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(text).ok()?.trim();
    if let Some((_, octet)) = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
        return Some(*octet);
    }
    let number = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u8::from_str_radix(digits, 16),
        None if text.len() > 1 && text.starts_with('0') => u8::from_str_radix(&text[1..], 8),
        None => text.parse(),
    };
    number.ok().filter(|number| *number <= 0x3f).map(|number| number << 2)
}

/// Marks the packets of a socket.
pub(super) fn mark(socket: impl AsFd, peer: IpAddr, octet: u8) -> io::Result<()> {
    use rustix::net::sockopt::{set_ip_tos, set_ipv6_tclass};
    if peer.is_ipv4() {
        set_ip_tos(socket, octet)?;
    } else {
        set_ipv6_tclass(socket, u32::from(octet))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        for (text, expected) in [
            ("ef", Some(0xb8)),
            (" AF41 ", Some(0x88)),
            ("mincost", Some(0x02)),
            ("0x2e", Some(0xb8)),
            ("46", Some(0xb8)),
            ("017", Some(0x3c)),
            ("0", Some(0)),
            ("64", None),
            ("-1", None),
            ("nonsense", None),
            ("", None),
        ] {
            assert_eq!(octet(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn a_socket_is_marked() {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("loopback is there");
        mark(&socket, [127, 0, 0, 1].into(), 0xb8).expect("anybody may");
        assert_eq!(rustix::net::sockopt::ip_tos(&socket).expect("it is a socket"), 0xb8);
    }
}
