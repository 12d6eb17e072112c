//! The fields DKIM-Signature and ARC-Message-Signature, parsed.
//!
//! # Invariants
//! * A [`Signature`] always names who signs and how (`d=`, `a=`): a field that doesn't is as if it were not there. What
//!   else is wrong with it is its [`Fault`].
//!
//! # References
//! RFC 6376 sections 3.5 and 6.1.1, RFC 8617 section 4.1.2.

use mail_types::limits;

use super::Canon;
use super::body::BodyForm;
use super::canon::field_body;
use super::crypto::{Hash, KeyType};
use crate::alabel::a_labels;
use crate::base64;
use crate::tag_list::{TagList, is_folding_space, trim};

/// One signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The whole field, as it stood in the header.
    pub field: Vec<u8>,
    /// `a=`, the first half.
    pub key_type: KeyType,
    /// `a=`, the second half.
    pub hash: Hash,
    /// `c=`, the first half.
    pub header_canon: Canon,
    /// `c=`, the second half.
    pub body_canon: Canon,
    /// `d=` as written.
    pub domain: Vec<u8>,
    /// `s=`.
    pub selector: Option<Vec<u8>>,
    /// `i=` as written; none in an ARC-Message-Signature, where it is the instance.
    pub identity: Option<Vec<u8>>,
    /// `h=`.
    pub header_names: Vec<Vec<u8>>,
    /// `bh=`.
    pub body_hash: Vec<u8>,
    /// `b=`.
    pub signature: Vec<u8>,
    /// `l=`.
    pub body_length: Option<u64>,
    /// `t=`, seconds since 1970.
    pub created: Option<u64>,
    /// `x=`, seconds since 1970.
    pub expires: Option<u64>,
    /// `z=` as written, without white space.
    pub copied_headers: Option<Vec<u8>>,
    /// What makes it invalid whatever the key says.
    pub fault: Option<Fault>,
}

/// Why a signature is invalid before any arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A tag is missing, is there twice, or its value cannot be.
    Tag,
    /// `v=` is something else than 1.
    Version,
    /// `h=` does not name From.
    FromNotSigned,
    /// `i=` is not in `d=` or below.
    Identity,
    /// `q=` knows no way that we know.
    Query,
    /// The message asks for more forms of its body's hash than [`limits::DKIM_BODY_FORMS`].
    TooMany,
}

/// Which field it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// DKIM-Signature.
    Dkim,
    /// ARC-Message-Signature: no `v=`, and `i=` is the instance.
    ArcMessage,
}

impl Signature {
    /// Parses a DKIM-Signature field. `None` when it names no algorithm that we know, or no domain: RFC 6376 section
    /// 6.1.1 has such a field ignored.
    pub fn parse(field: &[u8]) -> Option<Self> {
        Self::parse_as(Role::Dkim, field)
    }

    pub(crate) fn parse_as(role: Role, field: &[u8]) -> Option<Self> {
        if field.len() > limits::DKIM_FIELD {
            return None;
        }
        let body = field_body(field);
        let tags = Tags { strict: TagList::parse(body).ok(), text: body };
        let (key_type, hash) = algorithm(tags.value("a")?)?;
        let domain = tags.value("d").filter(|domain| is_domain(domain))?.to_vec();
        let canon = canonicalisations(tags.value("c").unwrap_or(b"simple/simple"));
        let (header_canon, body_canon) = canon.unwrap_or((Canon::Simple, Canon::Simple));
        let mut signature = Self {
            field: field.to_vec(),
            key_type,
            hash,
            header_canon,
            body_canon,
            domain,
            selector: tags.value("s").filter(|text| is_domain(text)).map(<[u8]>::to_vec),
            identity: tags.value("i").filter(|_| role == Role::Dkim).map(without_spaces),
            header_names: names(tags.value("h").unwrap_or_default()),
            body_hash: tags.value("bh").and_then(base64::decode).unwrap_or_default(),
            signature: tags.value("b").and_then(base64::decode).unwrap_or_default(),
            body_length: tags.value("l").map(|text| number(text).unwrap_or(0)),
            created: tags.value("t").and_then(number),
            expires: tags.value("x").and_then(number),
            copied_headers: tags.value("z").map(without_spaces),
            fault: None,
        };
        signature.fault = signature.find_fault(role, &tags, canon.is_some());
        Some(signature)
    }

    fn find_fault(&self, role: Role, tags: &Tags<'_>, canon_known: bool) -> Option<Fault> {
        if role == Role::Dkim {
            match tags.value("v") {
                None => return Some(Fault::Tag),
                Some(b"1") => {}
                Some(_) => return Some(Fault::Version),
            }
        }
        let numbers =
            ["l", "t", "x"].iter().all(|tag| tags.value(tag).is_none_or(|text| number(text).is_some()));
        let ordered =
            !matches!((self.created, self.expires), (Some(created), Some(expires)) if expires <= created);
        let complete = tags.strict.is_some()
            && canon_known
            && self.selector.is_some()
            && !self.header_names.is_empty()
            && self.header_names.len() <= limits::DKIM_SIGNED_NAMES
            && !self.signature.is_empty()
            && self.body_hash.len() == self.hash.octets();
        if !complete || !numbers || !ordered {
            return Some(Fault::Tag);
        }
        if !self.header_names.iter().any(|name| name.eq_ignore_ascii_case(b"from")) {
            return Some(Fault::FromNotSigned);
        }
        if role == Role::Dkim {
            if !self.identity_in_domain() {
                return Some(Fault::Identity);
            }
            let known =
                |queries: &[u8]| queries.split(|byte| *byte == b':').any(|way| trim(way) == b"dns/txt");
            if tags.value("q").is_some_and(|queries| !known(queries)) {
                return Some(Fault::Query);
            }
        }
        None
    }

    /// RFC 6376 section 3.5, `i=`: its domain is `d=` or below it.
    fn identity_in_domain(&self) -> bool {
        let Some(domain) = self.identity_domain() else { return self.identity.is_none() };
        let (domain, signer) = (a_labels(domain), a_labels(&self.domain));
        let parent = domain.len().checked_sub(signer.len()).map(|cut| domain.split_at(cut));
        parent.is_some_and(|(left, right)| {
            right.eq_ignore_ascii_case(&signer) && (left.is_empty() || left.ends_with(b"."))
        })
    }

    /// True when `i=` is in a domain below `d=`.
    pub(crate) fn is_for_subdomain(&self) -> bool {
        let signer = a_labels(&self.domain);
        self.identity_domain().is_some_and(|domain| !a_labels(domain).eq_ignore_ascii_case(&signer))
    }

    /// The domain of `i=`; none without `i=`, or when it has no `@`.
    pub fn identity_domain(&self) -> Option<&[u8]> {
        let identity = self.identity.as_deref()?;
        let at = identity.iter().rposition(|byte| *byte == b'@')?;
        Some(&identity[at + 1..])
    }

    /// The form of the body that it covers.
    pub fn body_form(&self) -> BodyForm {
        BodyForm { canon: self.body_canon, hash: self.hash, length: self.body_length }
    }

    /// The first eight characters of `b=`, which tell signatures of one message apart (RFC 6008).
    pub fn signature_start(&self) -> Vec<u8> {
        let mut start = base64::encode(self.signature.get(..6).unwrap_or(&self.signature));
        start.truncate(8);
        start
    }

    /// `a=` as it is written.
    pub fn algorithm(&self) -> String {
        format!("{}-{}", self.key_type.name(), self.hash.name())
    }
}

/// The tags of a field that may be broken: what can be read of it is still told.
struct Tags<'a> {
    strict: Option<TagList<'a>>,
    text: &'a [u8],
}

impl<'a> Tags<'a> {
    fn value(&self, name: &str) -> Option<&'a [u8]> {
        match &self.strict {
            Some(list) => list.value(name),
            None => self.text.split(|byte| *byte == b';').find_map(|piece| {
                let equals = memchr::memchr(b'=', piece)?;
                (trim(&piece[..equals]) == name.as_bytes()).then(|| trim(&piece[equals + 1..]))
            }),
        }
    }
}

pub(crate) fn algorithm(text: &[u8]) -> Option<(KeyType, Hash)> {
    let dash = memchr::memchr(b'-', text)?;
    let pair = (KeyType::by_name(&text[..dash])?, Hash::by_name(&text[dash + 1..])?);
    // RFC 8463 knows one hash for Ed25519.
    (pair.0 == KeyType::Rsa || pair.1 == Hash::Sha256).then_some(pair)
}

fn canonicalisations(text: &[u8]) -> Option<(Canon, Canon)> {
    let (header, body) = match memchr::memchr(b'/', text) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &b"simple"[..]),
    };
    Some((Canon::by_name(header)?, Canon::by_name(body)?))
}

fn names(text: &[u8]) -> Vec<Vec<u8>> {
    let names: Vec<Vec<u8>> = text.split(|byte| *byte == b':').map(|name| trim(name).to_vec()).collect();
    let proper = |name: &Vec<u8>| !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    if names.iter().all(proper) { names } else { Vec::new() }
}

fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(text.iter().fold(0u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'))))
}

/// Something that can be asked of the DNS.
pub(crate) fn is_domain(text: &[u8]) -> bool {
    !text.is_empty()
        && text.len() <= limits::DOMAIN
        && text
            .split(|byte| *byte == b'.')
            .all(|label| !label.is_empty() && label.len() <= limits::DOMAIN_LABEL)
        && text.iter().all(|byte| byte.is_ascii_graphic() || *byte > 0x7f)
}

fn without_spaces(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|byte| !is_folding_space(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=Example.com; s=sel;\n h=From : to:\n subject; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAEC\n Aw==\n";

    fn with(from: &str, to: &str) -> Option<Signature> {
        assert!(GOOD.contains(from), "{from}");
        Signature::parse(GOOD.replace(from, to).as_bytes())
    }

    #[test]
    fn a_whole_signature() {
        let signature = Signature::parse(GOOD.as_bytes()).unwrap();
        assert_eq!(signature.fault, None);
        assert_eq!(signature.algorithm(), "rsa-sha256");
        assert_eq!((signature.header_canon, signature.body_canon), (Canon::Relaxed, Canon::Simple));
        assert_eq!(
            (signature.domain.as_slice(), signature.selector.as_deref()),
            (&b"Example.com"[..], Some(&b"sel"[..]))
        );
        assert_eq!(signature.header_names, [&b"From"[..], b"to", b"subject"]);
        assert_eq!(signature.signature, [0, 1, 2, 3]);
        assert_eq!((signature.body_length, signature.created, signature.identity), (None, None, None));
    }

    #[test]
    fn faults() {
        let cases = [
            ("v=1; ", "", Fault::Tag),
            ("v=1", "v=2", Fault::Version),
            ("v=1", "v=1.0", Fault::Version),
            ("s=sel", "x=1", Fault::Tag),
            ("s=sel", "s=", Fault::Tag),
            ("s=sel", "s=a..b", Fault::Tag),
            ("h=From : to:\n subject; ", "", Fault::Tag),
            ("h=From : to:\n subject", "h=", Fault::Tag),
            ("h=From : to:\n subject", "h=from:", Fault::Tag),
            ("h=From : to:\n subject", "h=to:subject", Fault::FromNotSigned),
            ("47DEQ", "!!!", Fault::Tag),
            ("47DEQpj8", "", Fault::Tag),
            ("AAEC\n Aw==", "", Fault::Tag),
            ("AAEC\n Aw==", "A", Fault::Tag),
            ("relaxed/simple", "nofws/simple", Fault::Tag),
            ("relaxed/simple", "relaxed/", Fault::Tag),
            ("s=sel", "s=sel; d=other.example", Fault::Tag),
            ("s=sel", "s=sel; t=abc", Fault::Tag),
            ("s=sel", "s=sel; t=-1", Fault::Tag),
            ("s=sel", "s=sel; l=", Fault::Tag),
            ("s=sel", "s=sel; t=20; x=10", Fault::Tag),
            ("s=sel", "s=sel; t=20; x=20", Fault::Tag),
            ("s=sel", "s=sel; i=a@example.org", Fault::Identity),
            ("s=sel", "s=sel; i=a@notexample.com", Fault::Identity),
            ("s=sel", "s=sel; i=example.com", Fault::Identity),
            ("s=sel", "s=sel; q=http", Fault::Query),
            ("s=sel", "s=sel; junk", Fault::Tag),
        ];
        for (from, to, want) in cases {
            assert_eq!(with(from, to).unwrap().fault, Some(want), "{from} -> {to}");
        }
    }

    #[test]
    fn no_faults() {
        let cases = [
            ("s=sel", "s=sel; t=20; x=21; l=0"),
            ("s=sel", "s=sel; i=@example.COM"),
            ("s=sel", "s=sel; i=joe=40x@a.b.example.com"),
            ("s=sel", "s=sel; q=http:dns/txt"),
            ("s=sel", "s=sel; unknown=tag"),
            ("c=relaxed/simple; ", ""),
            ("relaxed/simple", "relaxed"),
            ("s=sel", "s=sel; l=99999999999999999999999999999999"),
        ];
        for (from, to) in cases {
            assert_eq!(with(from, to).unwrap().fault, None, "{from} -> {to}");
        }
        assert_eq!(with("s=sel", "s=sel; l=99999999999999999999999").unwrap().body_length, Some(u64::MAX));
    }

    #[test]
    fn fields_that_are_ignored() {
        for (from, to) in [
            ("a=rsa-sha256", "a=rsa-md5"),
            ("a=rsa-sha256", "a=dsa-sha256"),
            ("a=rsa-sha256", "a=ed25519-sha1"),
            ("a=rsa-sha256; ", ""),
            ("d=Example.com; ", ""),
            ("d=Example.com", "d="),
            ("d=Example.com", "d=a..b"),
        ] {
            assert_eq!(with(from, to), None, "{from} -> {to}");
        }
        assert_eq!(Signature::parse(&[GOOD.as_bytes(), &vec![b' '; limits::DKIM_FIELD]].concat()), None);
        assert_eq!(Signature::parse(b"DKIM-Signature"), None);
    }

    #[test]
    fn a_signature_of_ten_thousand_names() {
        let names = |count: usize| vec!["from"; count].join(":");
        let with_names = |count| with("From : to:\n subject", &names(count));
        assert_eq!(with_names(limits::DKIM_SIGNED_NAMES).unwrap().fault, None);
        assert_eq!(with_names(limits::DKIM_SIGNED_NAMES + 1).unwrap().fault, Some(Fault::Tag));
    }
}
