//! NSEC3 records: the hashes of the names of a zone in order.
//!
//! # Security
//! Hashing costs: each hash is counted by [`Effort`], and a zone that wants many iterations is not followed.
//!
//! # References
//! RFC 5155, RFC 9276 section 3.2.

use domain::base::Rtype;
use domain::base::iana::Nsec3HashAlgorithm;
use domain::dep::octseq::Parser;
use domain::rdata::Nsec3 as Wire;
use domain::rdata::dnssec::RtypeBitmap;
use domain::utils::base32;
use mail_types::limits;

use super::nsec::{is_delegation, last_labels};
use super::{DnsName, Effort, Reason, RrSet, crypto};

/// "After this hash comes that one", and the types of the first one's name.
#[derive(Clone, Debug)]
pub(super) struct Nsec3 {
    /// In base 32 with extended hex alphabet, whose order is that of the bytes.
    hash: Vec<u8>,
    next: Vec<u8>,
    pub(super) types: RtypeBitmap<Vec<u8>>,
    pub(super) opt_out: bool,
    salt: Vec<u8>,
    pub(super) iterations: u16,
}

/// What leads from a name that is there to one that isn't.
pub(super) struct Closest<'a> {
    pub(super) encloser: DnsName,
    /// Covers the name one label longer.
    pub(super) cover: &'a Nsec3,
}

impl Nsec3 {
    /// Reads the one record of a set; none for hash algorithms that nobody knows.
    pub(super) fn read(set: &RrSet, apex: &DnsName) -> Option<Self> {
        let [record] = &set.data[..] else { return None };
        let wire = Wire::<&[u8]>::parse(&mut Parser::from_ref(&record[..])).ok()?;
        let in_zone = set.owner.parent().is_some_and(|parent| parent == *apex);
        // rfc5155#8.2: flags that nobody knows make a record of no use.
        if wire.hash_algorithm() != Nsec3HashAlgorithm::SHA1 || wire.flags() > 1 || !in_zone {
            return None;
        }
        Some(Self {
            hash: set.owner.first().as_slice().to_ascii_lowercase(),
            next: base32hex(wire.next_owner().as_slice()),
            types: RtypeBitmap::from_octets(wire.types().as_slice().to_vec()).ok()?,
            opt_out: wire.opt_out(),
            salt: wire.salt().as_slice().to_vec(),
            iterations: wire.iterations(),
        })
    }

    fn covers(&self, hash: &[u8]) -> bool {
        let (from, to) = (&self.hash[..], &self.next[..]);
        if from < to { from < hash && hash < to } else { from < hash || hash < to }
    }
}

/// The records of one zone with one way of hashing.
#[derive(Clone, Debug, Default)]
pub(super) struct Nsec3Chain {
    records: Vec<Nsec3>,
}

impl Nsec3Chain {
    /// Takes a record; one with another salt than the first is of another chain.
    pub(super) fn push(&mut self, record: Nsec3) {
        let same = |first: &Nsec3| first.salt == record.salt && first.iterations == record.iterations;
        if self.records.first().is_none_or(same) {
            self.records.push(record);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Why it isn't followed.
    pub(super) fn too_costly(&self) -> Option<Reason> {
        let iterations = self.records.first()?.iterations;
        (iterations > limits::NSEC3_ITERATIONS).then(|| {
            format!("the zone wants {iterations} NSEC3 iterations, more than {}", limits::NSEC3_ITERATIONS)
                .into()
        })
    }

    fn hash(&self, name: &DnsName, effort: &mut Effort) -> Result<Vec<u8>, Reason> {
        effort.hash()?;
        let first = self.records.first();
        let (salt, iterations) = first.map_or((&[][..], 0), |first| (&first.salt[..], first.iterations));
        Ok(base32hex(&crypto::nsec3_hash(name.as_slice(), salt, iterations)))
    }

    /// The record of a name.
    pub(super) fn of_name(&self, name: &DnsName, effort: &mut Effort) -> Result<Option<&Nsec3>, Reason> {
        let hash = self.hash(name, effort)?;
        Ok(self.records.iter().find(|record| record.hash == hash))
    }

    /// The record that covers a name.
    pub(super) fn cover(&self, name: &DnsName, effort: &mut Effort) -> Result<Option<&Nsec3>, Reason> {
        let hash = self.hash(name, effort)?;
        Ok(self.records.iter().find(|record| record.covers(&hash)))
    }

    /// rfc5155#8.3: the longest name above this one that is there, with the proof that the next longer one isn't.
    pub(super) fn closest(
        &self,
        name: &DnsName,
        apex: &DnsName,
        effort: &mut Effort,
    ) -> Result<Option<Closest<'_>>, Reason> {
        let labels = name.label_count();
        for kept in (apex.label_count()..labels).rev() {
            let encloser = last_labels(name, kept);
            let Some(record) = self.of_name(&encloser, effort)? else { continue };
            if is_delegation(&record.types) || record.types.contains(Rtype::DNAME) {
                return Ok(None);
            }
            let cover = self.cover(&last_labels(name, kept + 1), effort)?;
            return Ok(cover.map(|cover| Closest { encloser, cover }));
        }
        Ok(None)
    }
}

/// Base 32 with extended hex alphabet (rfc4648#7), lower case, without padding.
pub(super) fn base32hex(bytes: &[u8]) -> Vec<u8> {
    base32::encode_string_hex(bytes).to_ascii_lowercase().into_bytes()
}
