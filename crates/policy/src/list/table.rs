//! Tables that stand for a run of list items of one sense.
//!
//! # Invariants
//! * A table answers with the earliest item of its run that matches, as a scan from the left would.

use std::net::IpAddr;

use mail_types::quick_map::QuickMap;

use super::net::{Net, mask};

/// Names and `*suffix` names, in lower case.
#[derive(Debug, Default)]
pub(crate) struct NameTable {
    exact: QuickMap<Box<[u8]>, u32>,
    /// Suffixes that start with a dot: found by looking at the dots of a name.
    dotted: QuickMap<Box<[u8]>, u32>,
    /// Other suffixes, by length.
    plain: QuickMap<Box<[u8]>, u32>,
    plain_lengths: Vec<usize>,
}

impl NameTable {
    pub(crate) fn add_exact(&mut self, name: &[u8], item: u32) {
        self.exact.entry(name.to_ascii_lowercase().into()).or_insert(item);
    }

    pub(crate) fn add_suffix(&mut self, suffix: &[u8], item: u32) {
        let suffix: Box<[u8]> = suffix.to_ascii_lowercase().into();
        if suffix.first() == Some(&b'.') {
            self.dotted.entry(suffix).or_insert(item);
        } else {
            if !self.plain_lengths.contains(&suffix.len()) {
                self.plain_lengths.push(suffix.len());
            }
            self.plain.entry(suffix).or_insert(item);
        }
    }

    /// The earliest item that matches `name`, which is in lower case.
    pub(crate) fn find(&self, name: &[u8]) -> Option<u32> {
        let mut best = self.exact.get(name).copied();
        let mut keep = |found: Option<&u32>| {
            if let Some(&item) = found {
                best = Some(best.map_or(item, |b: u32| b.min(item)));
            }
        };
        if !self.dotted.is_empty() {
            for dot in memchr::memchr_iter(b'.', name) {
                keep(self.dotted.get(&name[dot..]));
            }
        }
        for &length in &self.plain_lengths {
            if let Some(start) = name.len().checked_sub(length) {
                keep(self.plain.get(&name[start..]));
            }
        }
        best
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.dotted.is_empty() && self.plain.is_empty()
    }
}

/// Mailboxes: whole addresses, and domains whose every mailbox is meant.
#[derive(Debug, Default)]
pub(crate) struct MailboxTable {
    whole: QuickMap<Box<[u8]>, u32>,
    domains: NameTable,
}

impl MailboxTable {
    pub(crate) fn add_whole(&mut self, local_part: &[u8], domain: &[u8], item: u32) {
        let address = [local_part, b"@", domain].concat().to_ascii_lowercase();
        self.whole.entry(address.into()).or_insert(item);
    }

    pub(crate) fn domains(&mut self) -> &mut NameTable {
        &mut self.domains
    }

    /// The earliest item that matches `address`, which is in lower case.
    pub(crate) fn find(&self, address: &[u8], domain: &[u8]) -> Option<u32> {
        let whole = self.whole.get(address).copied();
        let by_domain = if self.domains.is_empty() { None } else { self.domains.find(domain) };
        match (whole, by_domain) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}

/// Addresses and networks.
#[derive(Debug, Default)]
pub(crate) struct NetTable {
    nets: QuickMap<(u8, IpAddr), u32>,
    v4_bits: Vec<u8>,
    v6_bits: Vec<u8>,
}

impl NetTable {
    pub(crate) fn add(&mut self, net: Net, item: u32) {
        let bits = match net.address() {
            IpAddr::V4(_) => &mut self.v4_bits,
            IpAddr::V6(_) => &mut self.v6_bits,
        };
        if !bits.contains(&net.bits()) {
            bits.push(net.bits());
        }
        self.nets.entry((net.bits(), net.address())).or_insert(item);
    }

    /// The earliest item that holds `address`.
    pub(crate) fn find(&self, address: IpAddr) -> Option<u32> {
        let bits = if address.is_ipv4() { &self.v4_bits } else { &self.v6_bits };
        bits.iter().filter_map(|&bits| self.nets.get(&(bits, mask(address, bits))).copied()).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_item_wins() {
        let mut table = NameTable::default();
        table.add_suffix(b".c.d", 3);
        table.add_exact(b"X.c.d", 1);
        table.add_suffix(b"key.ex", 5);
        table.add_exact(b"x.c.d", 0);
        table.add_suffix(b".d", 2);
        let cases: &[(&[u8], Option<u32>)] = &[
            (b"x.c.d", Some(1)),
            (b"y.c.d", Some(2)),
            (b"y.d", Some(2)),
            (b"donkey.ex", Some(5)),
            (b"key.ex", Some(5)),
            (b"ey.ex", None),
            (b"c.d", Some(2)),
            (b"d", None),
            (b"", None),
        ];
        for (name, want) in cases {
            assert_eq!(table.find(name), *want, "{}", name.escape_ascii());
        }
        table.add_suffix(b"", 9);
        assert_eq!(table.find(b""), Some(9));
    }

    #[test]
    fn networks_by_length() {
        let mut table = NetTable::default();
        for (item, net) in ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "::/0"].iter().enumerate() {
            table.add(Net::parse(net.as_bytes()).unwrap(), item as u32);
        }
        assert_eq!(table.find("10.1.2.3".parse().unwrap()), Some(0));
        assert_eq!(table.find("11.1.2.3".parse().unwrap()), None);
        assert_eq!(table.find("fe80::1".parse().unwrap()), Some(3));
    }
}
