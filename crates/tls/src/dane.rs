//! TLSA records: which of them can be used, and whether a chain of certificates fits one.
//!
//! # Invariants
//! * Pure: records, a chain, names and a time go in, a verdict comes out.
//! * A record that can't be used never matches, and never makes another one unusable.
//!
//! # Security
//! Records and certificates come from outside. Whether the records were signed is the asker's business: only answers
//! that DNSSEC calls secure may be given to [`Associations::usable`].
//!
//! # Failure
//! The words say which kinds of record were there, and the nearest miss where there was one.
//!
//! # References
//! RFC 6698, RFC 7671, RFC 7672 (SMTP: usages 2 and 3 alone; no names and no dates with usage 3; common names where there are
//! no others).

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use rustls::pki_types::{CertificateDer, Der, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use crate::certificate::{is_current, public_key};
use crate::error::Unverified;
use crate::verify::{holds_name, path_fault};

/// Records of one set that are looked at.
const RECORDS: usize = 64;
/// Certificates of one chain that are looked at.
const CHAIN: usize = 16;

/// What a record speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Usage {
    /// DANE-TA(2): an authority above the server's certificate.
    Authority,
    /// DANE-EE(3): the server's certificate.
    EndEntity,
}

/// Which part of a certificate is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Selector {
    /// All of it.
    Certificate,
    /// SubjectPublicKeyInfo.
    Key,
}

/// How it is compared. The order is that of strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Matching {
    /// Octet by octet.
    Full,
    Sha256,
    Sha512,
}

/// A TLSA record that can be used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Association {
    usage: Usage,
    selector: Selector,
    matching: Matching,
    data: Vec<u8>,
}

/// The fields of a TLSA record as they stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tlsa<'a> {
    /// Certificate usage.
    pub usage: u8,
    /// Selector.
    pub selector: u8,
    /// Matching type.
    pub matching: u8,
    /// Certificate association data.
    pub association: &'a [u8],
}

impl Tlsa<'_> {
    /// Why a host's record can't be used; none where it can be.
    pub fn flaw(&self) -> Option<&'static str> {
        Association::of(self).err()
    }
}

/// The usable records of a set, and what they are to be compared with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Associations {
    records: Vec<Association>,
    /// Names of which a certificate below a DANE-TA(2) authority must hold one; the TLSA base domain comes first.
    names: Vec<String>,
}

impl Associations {
    /// The records that can be used; none when there is no such record. `names` are the TLSA base domain, and
    /// then the domains that have led to it (rfc7672#3.2.2).
    pub fn usable<'a>(records: impl IntoIterator<Item = Tlsa<'a>>, names: Vec<String>) -> Option<Self> {
        let known: Vec<Association> =
            records.into_iter().take(RECORDS).filter_map(|record| Association::of(&record).ok()).collect();
        let strongest = |of: &Association| {
            let same = known.iter().filter(|other| (other.usage, other.selector) == (of.usage, of.selector));
            same.map(|other| other.matching).max()
        };
        // rfc7671#9: of several digests the strongest counts; full values always do.
        let agile = |one: &&Association| {
            one.matching == Matching::Full || strongest(one).is_none_or(|strongest| one.matching == strongest)
        };
        let records: Vec<Association> = known.iter().filter(agile).cloned().collect();
        (!records.is_empty()).then_some(Self { records, names })
    }

    /// The TLSA base domain: the name that is sent with SNI (rfc7672#8.1).
    pub fn base(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }

    /// `$tls_out_tlsa_usage`: bit 2 for usage 2, bit 3 for usage 3.
    pub fn usages(&self) -> u8 {
        self.records.iter().fold(0, |bits, record| bits | record.usage.bit())
    }

    /// The records, each as a zone file has it.
    pub fn texts(&self) -> Vec<String> {
        let text = |record: &Association| {
            let usage = if record.usage == Usage::Authority { 2 } else { 3 };
            let selector = u8::from(record.selector == Selector::Key);
            let matching = match record.matching {
                Matching::Full => 0,
                Matching::Sha256 => 1,
                Matching::Sha512 => 2,
            };
            let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
            let digits: String =
                record.data.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 15)]).collect();
            format!("{usage} {selector} {matching} {digits}")
        };
        self.records.iter().map(text).collect()
    }

    /// Whether a chain, the server's own certificate first, fits a record. `now` in seconds since 1970.
    ///
    /// # Errors
    /// Why no record fits.
    pub fn judge(&self, chain: &[&[u8]], now: u64) -> Result<(), Unverified> {
        let Some((own, others)) = chain.split_first() else {
            return Err(Unverified::untrusted("no certificate was shown"));
        };
        let others = &others[..others.len().min(CHAIN)];
        if self.of_usage(Usage::EndEntity).any(|record| record.fits(own)) {
            // rfc7672#3.1.1: neither names nor dates count.
            return Ok(());
        }
        let mut miss = None;
        for record in self.of_usage(Usage::Authority) {
            match self.below(record, own, others, now) {
                Ok(()) => return Ok(()),
                Err(Some(why)) => miss = Some(why),
                Err(None) => {}
            }
        }
        Err(miss.unwrap_or_else(|| Unverified::untrusted("no TLSA record matches the certificates shown")))
    }

    fn of_usage(&self, usage: Usage) -> impl Iterator<Item = &Association> {
        self.records.iter().filter(move |record| record.usage == usage)
    }

    /// Whether the server's certificate stands below the authority of a record. Without words when the chain does not
    /// hold that authority.
    fn below(
        &self,
        record: &Association,
        own: &[u8],
        others: &[&[u8]],
        now: u64,
    ) -> Result<(), Option<Unverified>> {
        let mut why = None;
        for anchor in record.anchors(own, others, now) {
            let below = anchor.and_then(|anchor| path(&anchor, own, others, now));
            match below.and_then(|()| self.named(own)) {
                Ok(()) => return Ok(()),
                Err(reason) => why = Some(reason),
            }
        }
        Err(why)
    }

    fn named(&self, own: &[u8]) -> Result<(), Unverified> {
        let certificate = CertificateDer::from(own);
        let read = EndEntityCert::try_from(&certificate).map_err(|error| path_fault(&error))?;
        if self.names.iter().any(|name| holds_name(&read, name) || is_called(own, name)) {
            Ok(())
        } else {
            Err(Unverified::misnamed(&self.names))
        }
    }
}

impl Usage {
    fn bit(self) -> u8 {
        match self {
            Self::Authority => 1 << 2,
            Self::EndEntity => 1 << 3,
        }
    }
}

impl Association {
    /// An error for what SMTP can't use (rfc7672#3.1.3) and for data that can't be what they are said to be.
    fn of(record: &Tlsa<'_>) -> Result<Self, &'static str> {
        let usage = match record.usage {
            2 => Usage::Authority,
            3 => Usage::EndEntity,
            0 | 1 => return Err("usages 0 and 1 are not for mail"),
            _ => return Err("an unknown usage"),
        };
        let selector = match record.selector {
            0 => Selector::Certificate,
            1 => Selector::Key,
            _ => return Err("an unknown selector"),
        };
        let data = record.association;
        let matching = match (record.matching, data.len()) {
            (0, 1..) => Matching::Full,
            (1, 32) => Matching::Sha256,
            (2, 64) => Matching::Sha512,
            (0..=2, _) => return Err("the data are too short or too long"),
            _ => return Err("an unknown matching type"),
        };
        let readable = match selector {
            _ if matching != Matching::Full => true,
            Selector::Certificate => public_key(data).is_some(),
            Selector::Key => x509_parser::x509::SubjectPublicKeyInfo::from_der(data).is_ok(),
        };
        if !readable {
            return Err("the data can't be read");
        }
        Ok(Self { usage, selector, matching, data: data.to_vec() })
    }

    /// Whether a certificate is the one that the record speaks of.
    fn fits(&self, certificate: &[u8]) -> bool {
        let part = match self.selector {
            Selector::Certificate => Some(certificate),
            Selector::Key => public_key(certificate),
        };
        let Some(part) = part else { return false };
        match self.matching {
            Matching::Full => part == self.data,
            Matching::Sha256 => digest(&SHA256, part).as_ref() == self.data,
            Matching::Sha512 => digest(&SHA512, part).as_ref() == self.data,
        }
    }

    /// The authorities that the record stands for: those of the chain that fit it, and one that it holds itself. The server's
    /// own certificate is none, whoever signed it.
    fn anchors(
        &self,
        own: &[u8],
        others: &[&[u8]],
        now: u64,
    ) -> Vec<Result<TrustAnchor<'static>, Unverified>> {
        let shown = others.iter().filter(|certificate| **certificate != own && self.fits(certificate));
        let mut anchors: Vec<_> = shown.map(|certificate| anchor(certificate, now)).collect();
        match (self.matching, self.selector) {
            _ if self.fits(own) => {}
            (Matching::Full, Selector::Certificate) => anchors.push(anchor(&self.data, now)),
            // rfc7671#5.2.3: a bare key of whoever issued a certificate of the chain.
            (Matching::Full, Selector::Key) => {
                let chain = std::iter::once(&own).chain(others);
                anchors.extend(chain.filter_map(|below| bare_key(&self.data, below)).map(Ok));
            }
            _ => {}
        }
        anchors
    }
}

/// Whether a certificate without names of hosts has this one as its common name; a `*` may be its whole first label
/// (rfc7672#3.2.3).
fn is_called(certificate: &[u8], name: &str) -> bool {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else { return false };
    let holds_hosts = match certificate.subject_alternative_name() {
        Ok(None) => false,
        Ok(Some(names)) => {
            names.value.general_names.iter().any(|name| matches!(name, GeneralName::DNSName(_)))
        }
        // More than one list, or one that can't be read.
        Err(_) => true,
    };
    // The last one is the most specific.
    let common = certificate.subject().iter_common_name().last().and_then(|common| common.as_str().ok());
    let Some(common) = common.filter(|_| !holds_hosts) else { return false };
    match (common.strip_prefix("*."), name.split_once('.')) {
        (Some(rest), Some((_, below))) => rest.contains('.') && rest.eq_ignore_ascii_case(below),
        (Some(_), None) => false,
        (None, _) => common.eq_ignore_ascii_case(name),
    }
}

/// An authority's certificate as the end of a path, if it is valid now.
fn anchor(certificate: &[u8], now: u64) -> Result<TrustAnchor<'static>, Unverified> {
    is_current(certificate, i64::try_from(now).unwrap_or(i64::MAX))?;
    let der = CertificateDer::from(certificate);
    let anchor = webpki::anchor_from_trusted_cert(&der).map_err(|error| path_fault(&error))?;
    Ok(anchor.to_owned())
}

/// The issuer of a certificate as the end of a path, with a key that we were told.
fn bare_key(key: &[u8], below: &[u8]) -> Option<TrustAnchor<'static>> {
    let (_, certificate) = X509Certificate::from_der(below).ok()?;
    let issuer = certificate.tbs_certificate.issuer.as_raw();
    // Both as the library keeps them: without their outer SEQUENCE.
    let (_, subject) = crate::signature::sequence(issuer)?;
    let (_, spki) = crate::signature::sequence(key)?;
    Some(TrustAnchor {
        subject: Der::from(subject.to_vec()),
        subject_public_key_info: Der::from(spki.to_vec()),
        name_constraints: None,
    })
}

fn path(anchor: &TrustAnchor<'_>, own: &[u8], others: &[&[u8]], now: u64) -> Result<(), Unverified> {
    let own = CertificateDer::from(own);
    let read = EndEntityCert::try_from(&own).map_err(|error| path_fault(&error))?;
    let others: Vec<CertificateDer<'_>> = others.iter().map(|der| CertificateDer::from(*der)).collect();
    let path = read.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        std::slice::from_ref(anchor),
        &others,
        UnixTime::since_unix_epoch(std::time::Duration::from_secs(now)),
        KeyUsage::server_auth(),
        None,
        None,
    );
    path.map(|_| ()).map_err(|error| path_fault(&error))
}

#[cfg(test)]
mod tests;
