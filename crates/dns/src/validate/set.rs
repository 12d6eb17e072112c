//! Sets of records with their signatures, as they come in a message.
//!
//! # Security
//! Reads bytes from the network; `domain` checks lengths and compression. The number of records is bounded.

use domain::base::iana::Class;
use domain::base::name::ToName as _;
use domain::base::rdata::ComposeRecordData as _;
use domain::base::wire::ParseError;
use domain::base::{Message, ParsedName, ParsedRecord, Rtype};
use domain::rdata::AllRecordData;
use mail_types::limits;

use super::DnsName;

/// All records of one name and type, in canonical form (rfc4034#6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RrSet {
    pub(crate) owner: DnsName,
    pub(crate) rtype: Rtype,
    /// The shortest lifetime of its records.
    pub(crate) ttl: u32,
    /// Record data, sorted, none twice.
    pub(crate) data: Vec<Vec<u8>>,
    /// Records of the message that the set was made of, with those that stand there twice.
    pub(crate) received: usize,
    pub(crate) signatures: Vec<Signature>,
}

/// An RRSIG record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) algorithm: u8,
    /// Labels of the name that was signed, without the root and without `*`.
    pub(crate) labels: u8,
    pub(crate) original_ttl: u32,
    /// Seconds since 1970, modulo 2^32.
    pub(crate) expiration: u32,
    pub(crate) inception: u32,
    pub(crate) key_tag: u16,
    pub(crate) signer: DnsName,
    /// The record data up to the signature: what is signed first.
    pub(crate) prefix: Vec<u8>,
    pub(crate) bytes: Vec<u8>,
}

/// The sets of a message, by section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sections {
    pub(crate) answer: Vec<RrSet>,
    pub(crate) authority: Vec<RrSet>,
}

impl Sections {
    /// Takes a message apart.
    pub(crate) fn read(message: &Message<&[u8]>) -> Result<Self, ParseError> {
        let mut answer = Collector::default();
        for parsed in message.answer()?.take(limits::DNS_RECORDS) {
            answer.take(&parsed?)?;
        }
        let mut authority = Collector::default();
        for parsed in message.authority()?.take(limits::DNS_RECORDS) {
            authority.take(&parsed?)?;
        }
        Ok(Self { answer: answer.finish(), authority: authority.finish() })
    }
}

impl RrSet {
    /// The set of a name and type.
    pub(crate) fn find<'a>(sets: &'a [Self], owner: &DnsName, rtype: Rtype) -> Option<&'a Self> {
        sets.iter().find(|set| set.rtype == rtype && set.owner == *owner)
    }

    /// The zone that signed the set, as it says itself; none when nobody did who could.
    pub(crate) fn signer(&self) -> Option<&DnsName> {
        self.signatures.iter().map(|signature| &signature.signer).find(|signer| self.may_be_signed_by(signer))
    }

    /// The zone that a set belongs to is at its name or above; for DS strictly above.
    pub(crate) fn may_be_signed_by(&self, zone: &DnsName) -> bool {
        self.owner.ends_with(zone) && (self.rtype != Rtype::DS || self.owner != *zone)
    }
}

#[derive(Default)]
struct Collector {
    sets: Vec<RrSet>,
    signatures: Vec<(DnsName, Rtype, Signature)>,
}

impl Collector {
    fn take(&mut self, parsed: &ParsedRecord<'_, &[u8]>) -> Result<(), ParseError> {
        if parsed.class() != Class::IN {
            return Ok(());
        }
        let owner: DnsName = parsed.owner().to_canonical_name();
        let record = parsed.to_any_record::<AllRecordData<&[u8], ParsedName<&[u8]>>>()?;
        if let AllRecordData::Rrsig(rrsig) = record.data() {
            let mut prefix = Vec::new();
            let Ok(()) = rrsig.compose_canonical_rdata(&mut prefix);
            prefix.truncate(prefix.len() - rrsig.signature().len());
            let signature = Signature {
                algorithm: rrsig.algorithm().to_int(),
                labels: rrsig.labels(),
                original_ttl: rrsig.original_ttl().as_secs(),
                expiration: rrsig.expiration().into_int(),
                inception: rrsig.inception().into_int(),
                key_tag: rrsig.key_tag(),
                signer: rrsig.signer_name().to_canonical_name(),
                prefix,
                bytes: rrsig.signature().to_vec(),
            };
            self.signatures.push((owner, rrsig.type_covered(), signature));
            return Ok(());
        }
        let mut data = Vec::new();
        let Ok(()) = record.data().compose_canonical_rdata(&mut data);
        // rfc2181#8: a lifetime with its first bit set is zero.
        let ttl = i32::try_from(parsed.ttl().as_secs()).map_or(0, i32::cast_unsigned);
        let known = self.sets.iter_mut().find(|set| set.rtype == parsed.rtype() && set.owner == owner);
        match known {
            Some(set) => {
                set.ttl = set.ttl.min(ttl);
                set.received += 1;
                set.data.push(data);
            }
            None => self.sets.push(RrSet {
                owner,
                rtype: parsed.rtype(),
                ttl,
                data: vec![data],
                received: 1,
                signatures: Vec::new(),
            }),
        }
        Ok(())
    }

    fn finish(mut self) -> Vec<RrSet> {
        for set in &mut self.sets {
            set.data.sort();
            set.data.dedup();
        }
        for (owner, covered, signature) in self.signatures {
            if let Some(set) = self.sets.iter_mut().find(|set| set.rtype == covered && set.owner == owner) {
                set.signatures.push(signature);
            }
        }
        self.sets
    }
}
