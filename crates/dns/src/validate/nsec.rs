//! NSEC records: the names of a zone in order.
//!
//! # References
//! RFC 4034 section 4, RFC 4035 section 5.4, RFC 6840 section 4.

use std::cmp::Ordering;

use domain::base::name::ToName as _;
use domain::base::{ParsedName, Rtype};
use domain::dep::octseq::Parser;
use domain::rdata::Nsec as Wire;
use domain::rdata::dnssec::RtypeBitmap;

use super::{DnsName, RrSet};

/// "After this name comes that one", and the types of the first.
#[derive(Clone, Debug)]
pub(super) struct Nsec {
    pub(super) owner: DnsName,
    pub(super) next: DnsName,
    pub(super) types: RtypeBitmap<Vec<u8>>,
}

impl Nsec {
    /// Reads the one record of a set.
    pub(super) fn read(set: &RrSet) -> Option<Self> {
        let [record] = &set.data[..] else { return None };
        let wire = Wire::<&[u8], ParsedName<&[u8]>>::parse(&mut Parser::from_ref(&record[..])).ok()?;
        let types = RtypeBitmap::from_octets(wire.types().as_slice().to_vec()).ok()?;
        Some(Self { owner: set.owner.clone(), next: wire.next_name().to_canonical_name(), types })
    }

    /// Whether a name would stand between the two; the last record of a zone leads back to the apex.
    pub(super) fn covers(&self, name: &DnsName, apex: &DnsName) -> bool {
        let after = self.owner.name_cmp(name) == Ordering::Less;
        let before = name.name_cmp(&self.next) == Ordering::Less || self.next == *apex;
        after && before && name.ends_with(apex) && !self.is_above_a_cut(name)
    }

    /// rfc6840#4.1: at a delegation or a DNAME a record says nothing of the names below.
    fn is_above_a_cut(&self, name: &DnsName) -> bool {
        let below = *name != self.owner && name.ends_with(&self.owner);
        below && (is_delegation(&self.types) || self.types.contains(Rtype::DNAME))
    }

    /// Whether a name that has no records has names below it.
    pub(super) fn shows_empty_nonterminal(&self, name: &DnsName, apex: &DnsName) -> bool {
        self.covers(name, apex) && self.next.ends_with(name)
    }

    /// The longest name above a covered one that is there: it's above one of the two.
    pub(super) fn closest_encloser(&self, name: &DnsName) -> DnsName {
        let common = |other: &DnsName| {
            let same = name.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b);
            same.count()
        };
        let labels = common(&self.owner).max(common(&self.next));
        last_labels(name, labels)
    }
}

/// NS without SOA: the zone below is another one.
pub(super) fn is_delegation(types: &RtypeBitmap<Vec<u8>>) -> bool {
    types.contains(Rtype::NS) && !types.contains(Rtype::SOA)
}

/// The end of a name: so many labels, with the root's.
pub(crate) fn last_labels(name: &DnsName, labels: usize) -> DnsName {
    let skip = name.label_count().saturating_sub(labels.max(1));
    let suffix = name.iter_suffixes().nth(skip);
    suffix.map_or_else(DnsName::root_vec, |suffix| suffix.to_canonical_name())
}

/// The wildcard right below a name; none when it would be too long.
pub(super) fn wildcard_below(name: &DnsName) -> Option<DnsName> {
    DnsName::from_octets([b"\x01*", name.as_slice()].concat()).ok()
}
