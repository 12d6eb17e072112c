//! Trust anchors: what is believed without a signature.
//!
//! The root's anchors are those that IANA publishes (<https://data.iana.org/root-anchors/root-anchors.xml>): the keys of
//! 2017 and of 2024. A file may say otherwise: lines with DS or DNSKEY records in the form of zone files, as Debian's
//! `/usr/share/dns/root.ds` and `root.key` have them.

use std::collections::BTreeMap;

use domain::utils::base64;

use super::keys::{Ds, Key};
use super::{DnsName, crypto};
use crate::name;

/// Anchors by zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustAnchors {
    zones: BTreeMap<DnsName, Vec<Ds>>,
}

/// A line of an anchor file that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnchorError {
    line: usize,
    text: String,
}

impl std::fmt::Display for AnchorError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.text)
    }
}

impl std::error::Error for AnchorError {}

const ROOT: &str = "\
. IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D
. IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16
";

impl TrustAnchors {
    /// The root's anchors.
    #[expect(clippy::expect_used, reason = "a constant; the tests read it")]
    pub fn root() -> Self {
        Self::parse(ROOT.as_bytes()).expect("the shipped anchors are well formed")
    }

    /// Reads a file of anchors; `;` and `#` begin comments.
    pub fn parse(text: &[u8]) -> Result<Self, AnchorError> {
        let mut zones: BTreeMap<DnsName, Vec<Ds>> = BTreeMap::new();
        for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = line.split(|byte| matches!(byte, b';' | b'#')).next().unwrap_or_default();
            let words: Vec<_> = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
            if words.is_empty() {
                continue;
            }
            let (zone, ds) =
                anchor(&words).map_err(|what| AnchorError { line: number + 1, text: what.to_owned() })?;
            zones.entry(zone).or_default().push(ds);
        }
        if zones.is_empty() {
            return Err(AnchorError { line: 0, text: "there is no anchor in it".to_owned() });
        }
        Ok(Self { zones })
    }

    /// The anchors of the zone next above a name. One whose anchors have all been revoked counts no more
    /// (rfc5011#5); where there is no other, its list is empty.
    pub(crate) fn above(&self, name: &DnsName) -> Option<(&DnsName, &[Ds])> {
        let found = self.zones.iter().filter(|(zone, _)| name.ends_with(*zone));
        let nearest = found.max_by_key(|(zone, ds)| (!ds.is_empty(), zone.label_count()));
        nearest.map(|(zone, ds)| (zone, &ds[..]))
    }

    /// All zones and their anchors.
    pub(crate) fn zones(&self) -> &BTreeMap<DnsName, Vec<Ds>> {
        &self.zones
    }

    /// Nothing is trusted.
    pub(crate) fn none() -> Self {
        Self { zones: BTreeMap::new() }
    }

    /// Of these zones; a list may be empty.
    pub(crate) fn of_zones(zones: BTreeMap<DnsName, Vec<Ds>>) -> Self {
        Self { zones }
    }
}

fn anchor(words: &[&[u8]]) -> Result<(DnsName, Ds), &'static str> {
    let (owner, rest) = words.split_first().ok_or("empty")?;
    let mut zone = name::parse(owner).map_err(|_| "not a domain name")?;
    zone.make_canonical();
    let skipped = rest.iter().take_while(|word| word.eq_ignore_ascii_case(b"IN") || number(word).is_some());
    let rest = &rest[skipped.count()..];
    let (kind, fields) = rest.split_first().ok_or("neither DS nor DNSKEY")?;
    let [a, b, c, data @ ..] = fields else { return Err("too short") };
    let numbers = || Some((number(a)?, number(b)?, number(c)?));
    let (a, b, c) = numbers().ok_or("a number was expected")?;
    let byte = |n: u32| u8::try_from(n).map_err(|_| "a number is too large");
    let short = |n: u32| u16::try_from(n).map_err(|_| "a number is too large");
    let ds = if kind.eq_ignore_ascii_case(b"DS") {
        let digest = hex(&data.concat()).ok_or("the digest is not hexadecimal")?;
        Ds { tag: short(a)?, algorithm: byte(b)?, digest_type: byte(c)?, digest }
    } else if kind.eq_ignore_ascii_case(b"DNSKEY") {
        let text = String::from_utf8_lossy(&data.concat()).into_owned();
        let key: Vec<u8> = base64::decode(&text).map_err(|_| "the key is not base64")?;
        let record = [&short(a)?.to_be_bytes()[..], &[byte(b)?, byte(c)?], &key].concat();
        let key = Key::read(&record).ok_or("the key signs no zone")?;
        key.ds(&zone).ok_or("no digest")?
    } else {
        return Err("neither DS nor DNSKEY");
    };
    if !ds.is_supported() || ds.digest_type == crypto::SHA1 {
        return Err("algorithm or digest type is not supported");
    }
    Ok((zone, ds))
}

fn number(word: &[u8]) -> Option<u32> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

fn hex(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    let pair = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    (0..text.len()).step_by(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_anchors_are_the_root() {
        let anchors = TrustAnchors::root();
        let (zone, ds) = anchors.above(&name::parse(b"mx.example.org").unwrap()).unwrap();
        assert!(zone.is_root());
        assert_eq!(ds.iter().map(|ds| ds.tag).collect::<Vec<_>>(), [20_326, 38_696]);
    }

    #[test]
    fn the_closest_anchor_counts() {
        let anchors = TrustAnchors::parse(
            b"; islands\nexample. DS 1 8 2 00ff\n\nSUB.example. 300 IN DS 2 13 4 0102 0304 # two\n",
        )
        .unwrap();
        let tag = |name: &[u8]| anchors.above(&name::parse(name).unwrap()).map(|found| found.1[0].tag);
        assert_eq!(tag(b"a.example"), Some(1));
        assert_eq!(tag(b"a.sub.example"), Some(2));
        assert_eq!(tag(b"other"), None);
    }

    #[test]
    fn what_is_no_anchor_is_named() {
        for (text, error) in [
            ("", "line 0: there is no anchor in it"),
            (". IN DS 1 8 2 xy", "line 1: the digest is not hexadecimal"),
            ("\n. IN A 1 2 3", "line 2: neither DS nor DNSKEY"),
            (". DS 1 8", "line 1: too short"),
            (". DS 1 8 1 00", "line 1: algorithm or digest type is not supported"),
            (". DS 99999 8 2 00", "line 1: a number is too large"),
        ] {
            assert_eq!(TrustAnchors::parse(text.as_bytes()).unwrap_err().to_string(), error, "{text}");
        }
    }
}
