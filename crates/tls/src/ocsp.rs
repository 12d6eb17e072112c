//! A stapled OCSP response: does it say that the server's certificate is good?
//!
//! # Invariants
//! * Pure: a response, a certificate, who may have issued it and a time go in, a verdict comes out.
//! * No word of the response counts before its signature was checked, by the issuer or by whom the issuer named for it.
//!
//! # Security
//! The response is hostile: it is read by a reader of definite lengths without recursion, and bounded.
//!
//! # References
//! RFC 6960 sections 3.2 and 4.2, RFC 6066 section 8, RFC 8954 (a nonce has no place in stapling).

use aws_lc_rs::digest::{self, digest};
use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage};
use x509_parser::prelude::{FromDer, X509Certificate};

/// Longest response that is read.
const RESPONSE: usize = 64 << 10;
/// Single responses and certificates that are looked at.
const ITEMS: usize = 32;
/// Seconds that clocks may differ.
const SKEW: i64 = 300;

const UNREADABLE: &str = "the response can't be read";
const ANOTHER: &str = "the response is about another certificate";

/// What is said of a certificate that was revoked, by somebody who had to know.
const WAS_REVOKED: &str = "the certificate was revoked";

/// The tag of a status that says so.
const REVOKED: u8 = 0xa1;

const BASIC: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01];
/// id-kp-OCSPSigning, as the library wants it.
const SIGNING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x09];

const SEQUENCE: u8 = 0x30;
const OCTETS: u8 = 0x04;
const BITS: u8 = 0x03;
const INTEGER: u8 = 0x02;
const OBJECT: u8 = 0x06;
const ENUMERATED: u8 = 0x0a;
const TIME: u8 = 0x18;

/// Why a response does not say that a certificate is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// It says that the certificate was revoked.
    Revoked,
    /// It is not what the certificate's issuer says of it today, and whoever stapled it passed it off as that.
    Invalid(&'static str),
    /// It leaves the question open.
    Open(&'static str),
}

impl Unproven {
    /// The same in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Revoked => WAS_REVOKED,
            Self::Invalid(why) | Self::Open(why) => why,
        }
    }
}

/// Checks a response about `own`. `others` are the certificates that came with it, `anchors` those believed anyway.
///
/// # Errors
/// Why it proves nothing, or that the certificate was revoked.
pub(crate) fn check(
    response: &[u8],
    own: &[u8],
    others: &[&[u8]],
    anchors: &[TrustAnchor<'static>],
    now: u64,
) -> Result<(), Unproven> {
    let basic = basic(response).ok_or(Unproven::Invalid(UNREADABLE))?.map_err(Unproven::Open)?;
    let (_, certificate) =
        X509Certificate::from_der(own).map_err(|_| Unproven::Open("the certificate can't be read"))?;
    let issued_by = certificate.tbs_certificate.issuer.as_raw();
    let mut why = Unproven::Open("nobody is known who issued the certificate");
    for issuer in issuers(issued_by, others, anchors) {
        match basic.proves(&certificate, &issuer, now) {
            Ok(()) => return Ok(()),
            Err(reason) => why = reason,
        }
    }
    Err(why)
}

/// Checks a response about a certificate whose issuer's certificate is at hand (all DER), at a time (seconds since 1970).
///
/// # Errors
/// Why it proves nothing, or that the certificate was revoked.
pub fn proves(response: &[u8], own: &[u8], issuer: &[u8], now: u64) -> Result<(), Unproven> {
    check(response, own, &[issuer], &[], now)
}

/// Whether a server may staple a response about its own certificate: until when (seconds since 1970), or that it may
/// not, because it says no time or that has passed.
///
/// # Errors
/// What is wrong with it: it can't be read, is about another certificate, or says that this one was revoked.
pub fn stapled_until(response: &[u8], own: &[u8], now: i64) -> Result<Option<i64>, &'static str> {
    let basic = basic(response).ok_or(UNREADABLE)??;
    let (_, certificate) = X509Certificate::from_der(own).map_err(|_| "the certificate can't be read")?;
    // Who issued it need not be known here: the client will look.
    let single = basic.singles.iter().find(|single| single.names(&certificate)).ok_or(ANOTHER)?;
    if single.status == REVOKED {
        return Err(WAS_REVOKED);
    }
    Ok(single.next_update.filter(|next| *next >= now))
}

/// Which of some responses a server may staple for its certificate, the first of a chain, and until when. Those about the
/// certificates above it are passed over; they have no place in TLS 1.2, and none with our library.
///
/// # Errors
/// What is wrong with one of them, as [`stapled_until`] says it.
pub(crate) fn stapled_of<C: AsRef<[u8]>>(
    responses: &[Vec<u8>],
    chain: &[C],
    now: i64,
) -> Result<Option<(usize, i64)>, &'static str> {
    let (own, above) = chain.split_first().ok_or(ANOTHER)?;
    let mut chosen = None;
    for (at, response) in responses.iter().enumerate() {
        match stapled_until(response, own.as_ref(), now) {
            Ok(until) if chosen.is_none() => chosen = until.map(|until| (at, until)),
            Ok(_) => {}
            Err(ANOTHER) if above.iter().any(|one| is_about(response, one.as_ref())) => {}
            Err(why) => return Err(why),
        }
    }
    Ok(chosen)
}

/// Whether a response speaks of a certificate, by what can be told without its issuer.
fn is_about(response: &[u8], certificate: &[u8]) -> bool {
    let Some(Ok(basic)) = basic(response) else { return false };
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else { return false };
    basic.singles.iter().any(|single| single.names(&certificate))
}

/// Those who may have issued a certificate.
fn issuers(name: &[u8], others: &[&[u8]], anchors: &[TrustAnchor<'static>]) -> Vec<TrustAnchor<'static>> {
    let subject = crate::signature::sequence(name).map_or(&b""[..], |(_, inner)| inner);
    let shown = others.iter().take(ITEMS).filter_map(|der| {
        let der = CertificateDer::from(*der);
        webpki::anchor_from_trusted_cert(&der).ok().map(|anchor| anchor.to_owned())
    });
    shown.chain(anchors.iter().cloned()).filter(|anchor| anchor.subject.as_ref() == subject).collect()
}

/// A basic response, in pieces.
struct Basic<'a> {
    /// What was signed.
    data: &'a [u8],
    algorithm: &'a [u8],
    signature: &'a [u8],
    certificates: Vec<&'a [u8]>,
    singles: Vec<Single<'a>>,
}

/// What it says of one certificate.
struct Single<'a> {
    hash: &'a [u8],
    name_hash: &'a [u8],
    key_hash: &'a [u8],
    serial: &'a [u8],
    /// The tag: 0x80 good, 0xa1 revoked, 0x82 unknown.
    status: u8,
    this_update: i64,
    next_update: Option<i64>,
}

impl Basic<'_> {
    fn proves(
        &self,
        certificate: &X509Certificate<'_>,
        issuer: &TrustAnchor<'static>,
        now: u64,
    ) -> Result<(), Unproven> {
        let single = self.singles.iter().find(|single| single.is_about(certificate, issuer));
        let single = single.ok_or(Unproven::Invalid(ANOTHER))?;
        self.signed_by(issuer, now).map_err(Unproven::Invalid)?;
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        if single.this_update > now.saturating_add(SKEW) {
            return Err(Unproven::Open("the response is from the future"));
        }
        match single.next_update {
            Some(next) if next.saturating_add(SKEW) >= now => {}
            Some(_) => return Err(Unproven::Invalid("the response is out of date")),
            None => return Err(Unproven::Open("the response does not say how long it holds")),
        }
        match single.status {
            0x80 => Ok(()),
            REVOKED => Err(Unproven::Revoked),
            _ => Err(Unproven::Open("the responder does not know the certificate")),
        }
    }

    fn signed_by(&self, issuer: &TrustAnchor<'static>, now: u64) -> Result<(), &'static str> {
        if verifies(issuer.subject_public_key_info.as_ref(), self.algorithm, self.data, self.signature) {
            return Ok(());
        }
        let delegated = self.certificates.iter().any(|der| {
            let der = CertificateDer::from(*der);
            let Ok(read) = EndEntityCert::try_from(&der) else { return false };
            let path = read.verify_for_usage(
                webpki::ALL_VERIFICATION_ALGS,
                std::slice::from_ref(issuer),
                &[],
                UnixTime::since_unix_epoch(std::time::Duration::from_secs(now)),
                KeyUsage::required(SIGNING),
                None,
                None,
            );
            let key = crate::certificate::public_key(&der).and_then(crate::signature::sequence);
            path.is_ok()
                && key.is_some_and(|(_, key)| verifies(key, self.algorithm, self.data, self.signature))
        });
        if delegated { Ok(()) } else { Err("the signature of the response is not its issuer's") }
    }
}

impl Single<'_> {
    /// The function whose values stand for the issuer.
    fn algorithm(&self) -> Option<&'static digest::Algorithm> {
        match self.hash {
            [0x2b, 0x0e, 0x03, 0x02, 0x1a] => Some(&digest::SHA1_FOR_LEGACY_USE_ONLY),
            [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01] => Some(&digest::SHA256),
            _ => None,
        }
    }

    /// The certificate's number and its issuer's name are these; of a function that nobody knows here the name may be any.
    fn names(&self, certificate: &X509Certificate<'_>) -> bool {
        let issuer = certificate.tbs_certificate.issuer.as_raw();
        self.serial == certificate.tbs_certificate.raw_serial()
            && self.algorithm().is_none_or(|function| digest(function, issuer).as_ref() == self.name_hash)
    }

    fn is_about(&self, certificate: &X509Certificate<'_>, issuer: &TrustAnchor<'static>) -> bool {
        let Some(algorithm) = self.algorithm() else { return false };
        let name = certificate.tbs_certificate.issuer.as_raw();
        let key = key_bits(issuer.subject_public_key_info.as_ref());
        self.serial == certificate.tbs_certificate.raw_serial()
            && digest(algorithm, name).as_ref() == self.name_hash
            && key.is_some_and(|key| digest(algorithm, key).as_ref() == self.key_hash)
    }
}

/// The key within a SubjectPublicKeyInfo whose outer SEQUENCE is gone.
fn key_bits(spki: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader(spki);
    reader.take(SEQUENCE)?;
    reader.take(BITS)?.strip_prefix(&[0])
}

/// Whether a signature is good. `spki` and `algorithm` without their outer SEQUENCE.
fn verifies(spki: &[u8], algorithm: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let mut reader = Reader(spki);
    let (Some(of_key), Some(key)) = (reader.take(SEQUENCE), key_bits(spki)) else { return false };
    webpki::ALL_VERIFICATION_ALGS
        .iter()
        .filter(|known| {
            known.signature_alg_id().as_ref() == algorithm && known.public_key_alg_id().as_ref() == of_key
        })
        .any(|known| known.verify_signature(key, message, signature).is_ok())
}

/// The basic response within a response: none for what can't be read, an error for a refusal.
fn basic(response: &[u8]) -> Option<Result<Basic<'_>, &'static str>> {
    if response.len() > RESPONSE {
        return None;
    }
    let mut outer = Reader(Reader(response).take(SEQUENCE)?);
    if outer.take(ENUMERATED)? != [0] {
        return Some(Err("the responder has no answer"));
    }
    let mut bytes = Reader(Reader(outer.take(0xa0)?).take(SEQUENCE)?);
    if bytes.take(OBJECT)? != BASIC {
        return None;
    }
    let mut basic = Reader(Reader(bytes.take(OCTETS)?).take(SEQUENCE)?);
    let (data, content) = basic.take_whole(SEQUENCE)?;
    let algorithm = basic.take(SEQUENCE)?;
    let signature = basic.take(BITS)?.strip_prefix(&[0])?;
    let mut certificates = Vec::new();
    if let Some(list) = basic.take(0xa0) {
        let mut list = Reader(Reader(list).take(SEQUENCE)?);
        while let Some((whole, _)) = list.take_whole(SEQUENCE).filter(|_| certificates.len() < ITEMS) {
            certificates.push(whole);
        }
    }
    let singles = singles(content)?;
    Some(Ok(Basic { data, algorithm, signature, certificates, singles }))
}

fn singles(content: &[u8]) -> Option<Vec<Single<'_>>> {
    let mut data = Reader(content);
    // Version and responder's name: the key decides who signed.
    let _ = data.take(0xa0);
    data.take(0xa1).or_else(|| data.take(0xa2))?;
    data.take(TIME)?;
    let mut list = Reader(data.take(SEQUENCE)?);
    let mut singles = Vec::new();
    while let Some(single) = list.take(SEQUENCE).filter(|_| singles.len() < ITEMS) {
        singles.push(self::single(single)?);
    }
    Some(singles)
}

fn single(content: &[u8]) -> Option<Single<'_>> {
    let mut single = Reader(content);
    let mut id = Reader(single.take(SEQUENCE)?);
    let hash = Reader(id.take(SEQUENCE)?).take(OBJECT)?;
    let (name_hash, key_hash, serial) = (id.take(OCTETS)?, id.take(OCTETS)?, id.take(INTEGER)?);
    let status = *single.0.first()?;
    single.take(status)?;
    let this_update = time(single.take(TIME)?)?;
    let next_update = match single.take(0xa0) {
        Some(next) => Some(time(Reader(next).take(TIME)?)?),
        None => None,
    };
    Some(Single { hash, name_hash, key_hash, serial, status, this_update, next_update })
}

/// `YYYYMMDDHHMMSSZ` in seconds since 1970.
fn time(text: &[u8]) -> Option<i64> {
    let digits = text.strip_suffix(b"Z").filter(|digits| digits.len() == 14)?;
    let part = |from: usize, to: usize| std::str::from_utf8(digits.get(from..to)?).ok()?.parse::<i64>().ok();
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days since 1970 of the proleptic Gregorian calendar, with years that begin in March.
    let (years, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * years + years / 4 - years / 100 + years / 400 + (153 * months + 2) / 5 + day - 719_469;
    Some(days * 86_400 + part(8, 10)? * 3600 + part(10, 12)? * 60 + part(12, 14)?)
}

/// Reads DER of definite lengths from front to back.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The content of the next element, when it has this tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.take_whole(tag).map(|(_, content)| content)
    }

    /// The next element and its content, when it has this tag.
    fn take_whole(&mut self, tag: u8) -> Option<(&'a [u8], &'a [u8])> {
        let [first, length, rest @ ..] = self.0 else { return None };
        if *first != tag {
            return None;
        }
        let (octets, length) = match *length {
            short @ 0..=0x7f => (0, usize::from(short)),
            long @ 0x81..=0x83 => {
                let octets = usize::from(long & 0x7f);
                let digits = rest.get(..octets)?;
                (octets, digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)))
            }
            _ => return None,
        };
        let head = 2 + octets;
        let content = self.0.get(head..head + length)?;
        let whole = &self.0[..head + length];
        self.0 = &self.0[head + length..];
        Some((whole, content))
    }
}

#[cfg(test)]
mod tests;
