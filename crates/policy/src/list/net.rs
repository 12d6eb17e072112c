//! Networks: an address and how many of its bits count.
//!
//! # Compatibility
//! Exim takes an IPv4-mapped IPv6 address of a client for the IPv4 address; a mask that is longer than the address
//! counts as the whole address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Net {
    address: IpAddr,
    bits: u8,
}

impl Net {
    /// Reads `address` or `address/bits`.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = parse_address(address)?;
        let width = width(address);
        let bits = match bits {
            None | Some("") => width,
            Some(bits) if bits.len() <= 3 && bits.bytes().all(|b| b.is_ascii_digit()) => bits
                .parse::<u16>()
                .map_or(width, |bits| u8::try_from(bits).map_or(width, |bits| bits.min(width))),
            Some(_) => return None,
        };
        Some(Self { address: mask(address, bits), bits })
    }

    /// Whether an address is in the network.
    pub fn contains(&self, address: IpAddr) -> bool {
        width(address) == width(self.address) && mask(address, self.bits) == self.address
    }

    /// The masked address.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// The number of bits that count.
    pub fn bits(&self) -> u8 {
        self.bits
    }
}

/// An address as lists see it: an IPv4-mapped one is the IPv4 address.
pub(super) fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// Reads an address; a scope (`%eth0`) is ignored.
pub(super) fn parse_address(text: &str) -> Option<IpAddr> {
    let text = text.split_once('%').map_or(text, |(address, _)| address);
    text.parse().ok()
}

/// The address with all but its first `bits` bits cleared.
pub(super) fn mask(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let keep = u32::MAX.checked_shl(32 - u32::from(bits.min(32))).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from(u32::from(v4) & keep))
        }
        IpAddr::V6(v6) => {
            let keep = u128::MAX.checked_shl(128 - u32::from(bits.min(128))).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from(u128::from(v6) & keep))
        }
    }
}

/// The key of a lookup by address: IPv6 in full, with `separator` between the groups, and the mask if there is one.
pub(super) fn lookup_key(address: IpAddr, bits: Option<u8>, separator: char) -> Vec<u8> {
    let address = canonical(address);
    let masked = bits.map_or(address, |bits| mask(address, bits));
    let mut text = match masked {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let groups: Vec<String> = v6.segments().iter().map(|group| format!("{group:04x}")).collect();
            groups.join(&separator.to_string())
        }
    };
    if let Some(bits) = bits {
        text.push('/');
        text.push_str(&bits.to_string());
    }
    text.into_bytes()
}

fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses() {
        let cases = [
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false),
            ("10.0.0.1/", "10.0.0.1", true),
            ("10.0.0.1/33", "10.0.0.1", true),
            ("10.0.0.1/0", "192.0.2.1", true),
            ("192.168.23.236/31", "192.168.23.237", true),
            ("fe80::/10", "fe80::1", true),
            ("::1", "::1", true),
            ("::1", "127.0.0.1", false),
            ("::ffff:10.0.0.1", "10.0.0.1", false),
        ];
        for (net, address, want) in cases {
            let net = Net::parse(net.as_bytes()).unwrap();
            assert_eq!(net.contains(address.parse().unwrap()), want, "{net:?} {address}");
        }
        for text in ["10.0.0/24", "10.0.0.1/x", "10.0.0.1/-1", "name.example", "", "/8"] {
            assert_eq!(Net::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn keys_for_lookups() {
        let cases = [
            ("192.168.34.6", None, '.', "192.168.34.6"),
            ("192.168.34.6", Some(24), '.', "192.168.34.0/24"),
            ("::ffff:192.168.34.6", None, '.', "192.168.34.6"),
            ("3ffe:ffff::1", None, '.', "3ffe.ffff.0000.0000.0000.0000.0000.0001"),
            ("3ffe:ffff:836f::1", Some(48), '.', "3ffe.ffff.836f.0000.0000.0000.0000.0000/48"),
            ("::1", None, ':', "0000:0000:0000:0000:0000:0000:0000:0001"),
        ];
        for (address, bits, separator, want) in cases {
            let key = lookup_key(address.parse().unwrap(), bits, separator);
            assert_eq!(String::from_utf8(key).unwrap(), want);
        }
    }
}
