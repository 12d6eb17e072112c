//! Keys of a zone, and DS records. Which of them vouch for which is in `super::vouched`.
//!
//! # References
//! RFC 4034 sections 2 and 5 and appendix B, RFC 5011 sections 2.1 and 3 (revoked keys), RFC 6840 section 5.

use super::DnsName;
use super::crypto;

/// A zone whose keys are known to be its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Zone {
    pub(crate) apex: DnsName,
    /// Trust begins here.
    pub(crate) is_trust_point: bool,
    pub(crate) keys: Vec<Key>,
}

/// A key that signs a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) tag: u16,
    pub(crate) algorithm: u8,
    /// Secure entry point: meant for the DS record above.
    pub(crate) entry: bool,
    /// The record data: flags, protocol, algorithm, key.
    pub(crate) record: Vec<u8>,
}

/// A DS record: the digest of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ds {
    pub(crate) tag: u16,
    pub(crate) algorithm: u8,
    pub(crate) digest_type: u8,
    pub(crate) digest: Vec<u8>,
}

const ZONE_KEY: u16 = 0x0100;
const REVOKED: u16 = 0x0080;
const ENTRY: u16 = 0x0001;

impl Key {
    /// Reads a DNSKEY record; none for one that signs no zones or was revoked.
    pub(crate) fn read(record: &[u8]) -> Option<Self> {
        let [high, low, protocol, algorithm, ..] = *record else { return None };
        let flags = u16::from_be_bytes([high, low]);
        let good = flags & ZONE_KEY != 0 && flags & REVOKED == 0 && protocol == 3;
        good.then(|| Self { tag: tag(record), algorithm, entry: flags & ENTRY != 0, record: record.to_vec() })
    }

    /// Reads a DNSKEY record of a key that was revoked (rfc5011#2.1): it signs nothing but its own revocation.
    pub(crate) fn read_revoked(record: &[u8]) -> Option<Self> {
        let [high, low, protocol, algorithm, ..] = *record else { return None };
        let flags = u16::from_be_bytes([high, low]);
        let good = flags & ZONE_KEY != 0 && flags & REVOKED != 0 && protocol == 3;
        good.then(|| Self { tag: tag(record), algorithm, entry: flags & ENTRY != 0, record: record.to_vec() })
    }

    /// The same key as it was before somebody revoked it.
    pub(crate) fn before_revocation(&self) -> Self {
        let mut record = self.record.clone();
        if let Some(low) = record.get_mut(1) {
            *low &= !(REVOKED as u8);
        }
        Self { tag: tag(&record), algorithm: self.algorithm, entry: self.entry, record }
    }

    /// What the signature algorithms take for a key.
    pub(crate) fn material(&self) -> &[u8] {
        self.record.get(4..).unwrap_or_default()
    }

    /// The first fields of the record.
    pub(crate) fn flags_and_protocol(&self) -> (u16, u8) {
        match *self.record {
            [high, low, protocol, ..] => (u16::from_be_bytes([high, low]), protocol),
            _ => (0, 0),
        }
    }

    /// The DS record with SHA-256 for this key.
    pub(crate) fn ds(&self, owner: &DnsName) -> Option<Ds> {
        const SHA256: u8 = 2;
        let digest = crypto::key_digest(SHA256, &[owner.as_slice(), &self.record].concat())?;
        Some(Ds { tag: self.tag, algorithm: self.algorithm, digest_type: SHA256, digest })
    }

    /// Whether a DS record is about this key.
    pub(crate) fn is_vouched_for(&self, ds: &Ds, owner: &DnsName) -> bool {
        self.tag == ds.tag
            && self.algorithm == ds.algorithm
            && crypto::key_digest(ds.digest_type, &[owner.as_slice(), &self.record].concat())
                .is_some_and(|digest| digest == ds.digest)
    }
}

impl Ds {
    /// Reads a DS record.
    pub(crate) fn read(record: &[u8]) -> Option<Self> {
        let [high, low, algorithm, digest_type, ref digest @ ..] = *record else { return None };
        let tag = u16::from_be_bytes([high, low]);
        Some(Self { tag, algorithm, digest_type, digest: digest.to_vec() })
    }

    /// The record data.
    pub(crate) fn record(&self) -> Vec<u8> {
        [&self.tag.to_be_bytes()[..], &[self.algorithm, self.digest_type], &self.digest].concat()
    }

    /// Whether we can follow it: a zone that only has others counts as unsigned (rfc4035#5.2).
    pub(crate) fn is_supported(&self) -> bool {
        crypto::is_supported(self.algorithm) && crypto::is_digest_supported(self.digest_type)
    }
}

/// rfc4034#appendix-B.
fn tag(record: &[u8]) -> u16 {
    let sum: u32 = record
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or_default()))
        .fold(0, u32::wrapping_add);
    (sum + (sum >> 16)) as u16
}
