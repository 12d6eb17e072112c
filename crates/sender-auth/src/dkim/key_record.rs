//! Key records: `selector._domainkey.domain TXT`.
//!
//! # Security
//! The record is the signer's, and so hostile: its length is limited by [`limits::DKIM_KEY_RECORD`].
//!
//! # Compatibility
//! `$dkim_key_*` show what is in it. Exim takes the first TXT record only and a service list only when it is `*` or
//! `email` alone; here any list with one of them will do (docs/compat.md).
//!
//! # References
//! RFC 6376 section 3.6.1, RFC 8463 section 4, RFC 8616 section 5 (U-labels are asked for by their A-labels).

use mail_types::dns::{DnsFailure, RecordData, RecordType, Resolve};
use mail_types::limits;

use super::crypto::{Hash, KeyType};
use crate::alabel::a_labels;
use crate::base64;
use crate::tag_list::{TagList, trim};

/// A key record of a shape that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// `k=`; none when it is a kind that we don't know.
    pub key_type: Option<KeyType>,
    /// `p=`, decoded; empty when the key was revoked.
    pub key: Vec<u8>,
    /// `h=`: the hashes that may be used; all when none.
    pub hashes: Option<Vec<Vec<u8>>>,
    /// `s=` as written; `*` without one.
    pub services: Vec<u8>,
    /// `g=` of older documents as written; `*` without one.
    pub granularity: Vec<u8>,
    /// `n=` as written.
    pub notes: Vec<u8>,
    /// `t=y`: the domain is trying DKIM out.
    pub testing: bool,
    /// `t=s`: not for identities in subdomains.
    pub no_subdomains: bool,
}

/// Why there is no key record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRecordError {
    /// The DNS says that there is none.
    Missing,
    /// None of the records can be read, or none is for mail.
    Syntax,
    /// The DNS does not answer now.
    Temporary,
}

impl KeyRecord {
    /// Asks for the key of a selector. Of several records the first that can be read is taken: RFC 6376 section 6.1.2
    /// lets a verifier choose.
    pub fn fetch(selector: &[u8], domain: &[u8], dns: &dyn Resolve) -> Result<Self, KeyRecordError> {
        let name = [selector, b"._domainkey.", domain].concat();
        let name = a_labels(&name);
        if name.len() > limits::DOMAIN {
            return Err(KeyRecordError::Missing);
        }
        let answer = dns.query(&name, RecordType::Txt).map_err(|failure: DnsFailure| {
            if failure.is_temporary() { KeyRecordError::Temporary } else { KeyRecordError::Missing }
        })?;
        let texts = answer.records.iter().filter_map(|record| match &record.data {
            RecordData::Txt(strings) => Some(strings),
            _ => None,
        });
        let mut seen = false;
        for strings in texts.take(limits::DKIM_KEY_RECORDS) {
            seen = true;
            if strings.iter().map(Vec::len).sum::<usize>() > limits::DKIM_KEY_RECORD {
                continue;
            }
            if let Some(record) = Self::parse(&strings.concat()) {
                return Ok(record);
            }
        }
        Err(if seen { KeyRecordError::Syntax } else { KeyRecordError::Missing })
    }

    /// Parses the joined strings of a record; `None` when it is no key record for mail.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let tags = TagList::parse(text).ok()?;
        if let Some(version) = tags.value("v")
            && (version != b"DKIM1" || tags.first().is_none_or(|first| first.name != b"v"))
        {
            return None;
        }
        let services = tags.value("s").unwrap_or(b"*");
        if !items(services).any(|service| service == b"*" || service == b"email") {
            return None;
        }
        let flags = tags.value("t").unwrap_or_default();
        Some(Self {
            key_type: KeyType::by_name(tags.value("k").unwrap_or(b"rsa")),
            key: base64::decode(tags.value("p")?)?,
            hashes: tags.value("h").map(|hashes| items(hashes).map(<[u8]>::to_vec).collect()),
            services: services.to_vec(),
            granularity: tags.value("g").unwrap_or(b"*").to_vec(),
            notes: tags.value("n").unwrap_or_default().to_vec(),
            testing: items(flags).any(|flag| flag == b"y"),
            no_subdomains: items(flags).any(|flag| flag == b"s"),
        })
    }

    /// True when the record lets this hash be used.
    pub fn allows(&self, hash: Hash) -> bool {
        self.hashes.as_ref().is_none_or(|known| known.iter().any(|name| name == hash.name().as_bytes()))
    }
}

fn items(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b':').map(trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_that_can_be_used() {
        let plain = KeyRecord::parse(b"p=AAEC").unwrap();
        assert_eq!(
            plain,
            KeyRecord {
                key_type: Some(KeyType::Rsa),
                key: vec![0, 1, 2],
                hashes: None,
                services: b"*".to_vec(),
                granularity: b"*".to_vec(),
                notes: Vec::new(),
                testing: false,
                no_subdomains: false,
            }
        );
        assert!(plain.allows(Hash::Sha1) && plain.allows(Hash::Sha256));
        let full = KeyRecord::parse(
            b"v=DKIM1; k=ed25519; h=sha1 : sha256; g=; s=tlsrpt:email; t=y:s; n=a note=20x; p=; z=unknown",
        )
        .unwrap();
        assert_eq!((full.key_type, full.key.len()), (Some(KeyType::Ed25519), 0));
        assert!(
            full.testing && full.no_subdomains && !full.allows(Hash::Sha512) && full.allows(Hash::Sha256)
        );
        assert_eq!((full.notes.as_slice(), full.granularity.as_slice()), (&b"a note=20x"[..], &b""[..]));
        assert_eq!(KeyRecord::parse(b"k=dsa; p=AAEC").unwrap().key_type, None);
    }

    #[test]
    fn records_that_cannot() {
        for text in [
            "",
            "some other text",
            "v=DKIM2; p=AAEC",
            "v=DKIM1",
            "p=AAEC; v=DKIM1",
            "v=DKIM1; s=tlsrpt; p=AAEC",
            "v=DKIM1; p=AA EC!",
            "v=DKIM1; p=AAEC; p=AAEC",
            "v=spf1 -all",
        ] {
            assert_eq!(KeyRecord::parse(text.as_bytes()), None, "{text}");
        }
    }
}
