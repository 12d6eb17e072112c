//! `iplsearch`: keys that are addresses or networks.
//!
//! # Compatibility
//! Spec section "Single-key lookup types": IPv6 keys are quoted because of their colons; the first key that holds the
//! address counts; `*` is only a default key.

use std::net::IpAddr;

use expand::EvalError;

use crate::linear_file::{Entry, entries_of};

/// A file of networks.
#[derive(Debug)]
pub(crate) struct NetworkFile {
    entries: Vec<(Network, Entry)>,
    default: Option<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Network {
    base: IpAddr,
    bits: u8,
}

impl NetworkFile {
    /// Reads the text; keys that are no addresses are passed over, as Exim does.
    pub(crate) fn parse(text: &[u8]) -> Self {
        let mut file = Self { entries: Vec::new(), default: None };
        for entry in entries_of(text) {
            if entry.key == b"*" {
                file.default.get_or_insert(entry);
            } else if let Some(network) = Network::parse(&entry.key) {
                file.entries.push((network, entry));
            }
        }
        file
    }

    /// The entry of the first network that holds the key.
    pub(crate) fn find(&self, key: &[u8]) -> Result<Option<&Entry>, EvalError> {
        if key == b"*" {
            return Ok(self.default.as_ref());
        }
        let Some(wanted) = Network::parse(key).filter(|_| !key.contains(&b'/')) else {
            return Err(EvalError::defer(format!(
                "\"{}\" is not a valid iplsearch key (an IP address, with optional CIDR mask, is wanted): in a host list, use net-iplsearch as the search type",
                String::from_utf8_lossy(key)
            )));
        };
        let found = self.entries.iter().find(|(network, _)| network.holds(wanted));
        Ok(found.map(|(_, entry)| entry))
    }
}

impl Network {
    fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().ok()?)),
            None => (text, None),
        };
        let base: IpAddr = address.parse().ok()?;
        let all = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(all);
        (bits <= all).then_some(Self { base, bits })
    }

    fn holds(self, other: Self) -> bool {
        let prefix = |a: u128, width: u8| if self.bits == 0 { 0 } else { a >> (width - self.bits) };
        match (self.base, other.base) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                prefix(u128::from(u32::from(a)), 32) == prefix(u128::from(u32::from(b)), 32)
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => prefix(u128::from(a), 128) == prefix(u128::from(b), 128),
            _ => false,
        }
    }
}
