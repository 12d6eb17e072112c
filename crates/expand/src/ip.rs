//! IP addresses as text.
//!
//! # Compatibility
//! The forms that `isip` accepts: dotted quads without leading zeros, the usual IPv6 forms, a scope after `%`.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Reads an address; `None` when the text is not one.
pub(crate) fn parse(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    if text.contains(':') {
        let bare = text.split_once('%').map_or(text, |(bare, _scope)| bare);
        return bare.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    text.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
}

/// An address with the length of its network part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) address: IpAddr,
    pub(crate) bits: u32,
}

impl Network {
    /// The address with the bits after the network part cleared.
    pub(crate) fn masked(self) -> IpAddr {
        match self.address {
            IpAddr::V4(address) => {
                let keep = u32::MAX.checked_shl(32 - self.bits).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & keep))
            }
            IpAddr::V6(address) => {
                let keep = u128::MAX.checked_shl(128 - self.bits).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & keep))
            }
        }
    }
}

/// Eight groups of four digits.
pub(crate) fn full_v6(address: Ipv6Addr, separator: char) -> String {
    let mut out = String::with_capacity(39);
    for (number, group) in address.segments().into_iter().enumerate() {
        if number > 0 {
            out.push(separator);
        }
        // Writing to a String cannot fail.
        let _ = write!(out, "{group:04x}");
    }
    out
}

/// The shortest form: the longest run of zero groups becomes `::`; a tail is never written as a dotted quad.
pub(crate) fn short_v6(address: Ipv6Addr) -> String {
    let groups = address.segments();
    let (start, length) = longest_zero_run(&groups);
    let mut out = String::with_capacity(39);
    let mut at = 0;
    while at < groups.len() {
        if at == start && length > 0 {
            out.push_str("::");
            at += length;
            continue;
        }
        if at > 0 && !out.ends_with(':') {
            out.push(':');
        }
        let _ = write!(out, "{:x}", groups[at]);
        at += 1;
    }
    out
}

/// The first longest run of zero groups; as in Exim, a single one counts.
fn longest_zero_run(groups: &[u16; 8]) -> (usize, usize) {
    let mut best = (groups.len(), 0);
    let mut at = 0;
    while at < groups.len() {
        let run = groups[at..].iter().take_while(|&&group| group == 0).count();
        if run > best.1 {
            best = (at, run);
        }
        at += run.max(1);
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        let (address, bits) = text.split_once('/').unwrap();
        Network { address: parse(address.as_bytes()).unwrap(), bits: bits.parse().unwrap() }
    }

    #[test]
    fn networks_are_masked() {
        let cases = [
            ("10.111.131.206/28", "10.111.131.192"),
            ("1.2.3.4/0", "0.0.0.0"),
            ("1.2.3.4/32", "1.2.3.4"),
            ("::1/0", "::"),
            ("ffff::ffff/128", "ffff::ffff"),
        ];
        for (text, want) in cases {
            assert_eq!(network(text).masked().to_string(), want, "{text}");
        }
    }

    #[test]
    fn short_forms() {
        let cases = [
            ("::", "::"),
            ("::1", "::1"),
            ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
            ("1:0:2:3:4:5:6:7", "1::2:3:4:5:6:7"),
            ("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"),
            ("::ffff:1.2.3.4", "::ffff:102:304"),
        ];
        for (text, want) in cases {
            assert_eq!(short_v6(text.parse().unwrap()), want);
        }
    }
}
