//! A DMARC policy record.
//!
//! # Security
//! The text comes from the author domain's DNS.
//!
//! # References
//! RFC 7489 sections 6.3 and 6.4; RFC 9989 section 4.7 for `np`, `psd` and `t`.

use mail_types::limits;

use super::receivers::Wanted;
use crate::tag_list::TagList;

/// What the domain asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Policy {
    /// Nothing.
    None,
    /// Treat as suspicious.
    Quarantine,
    /// Refuse.
    Reject,
}

/// How near an authenticated domain must be to the author's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AlignmentMode {
    /// The same organization.
    #[default]
    Relaxed,
    /// The same domain.
    Strict,
}

/// `psd`: whether the domain is a public suffix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PublicSuffix {
    /// `y`
    Yes,
    /// `n`: it is an organization's own.
    No,
    /// `u`, or not said.
    #[default]
    Unknown,
}

/// `fo`: when failure reports are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FailureOptions {
    /// `0`: no mechanism gave an aligned pass.
    pub all_failed: bool,
    /// `1`: some mechanism gave none.
    pub any_failed: bool,
    /// `d`: a signature did not verify, aligned or not.
    pub dkim: bool,
    /// `s`: SPF failed, aligned or not.
    pub spf: bool,
}

/// A `mailto:` destination of reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportUri {
    /// The address.
    pub address: Vec<u8>,
    /// The largest report that is taken, in bytes.
    pub limit: Option<u64>,
}

/// A record that can be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DmarcRecord {
    /// `p`.
    pub policy: Policy,
    /// `sp`.
    pub subdomain_policy: Option<Policy>,
    /// `np`.
    pub nonexistent_policy: Option<Policy>,
    /// `adkim`.
    pub adkim: AlignmentMode,
    /// `aspf`.
    pub aspf: AlignmentMode,
    /// `pct`, 0 to 100.
    pub percent: u8,
    /// `t=y`: the domain tries its policy out.
    pub testing: bool,
    /// `psd`.
    pub public_suffix: PublicSuffix,
    /// `fo`.
    pub failures: FailureOptions,
    /// `ri`: seconds between aggregate reports.
    pub interval: u32,
    /// `rua`.
    pub aggregate: Vec<ReportUri>,
    /// `ruf`.
    pub forensic: Vec<ReportUri>,
}

impl Policy {
    /// The word in records and in `$dmarc_domain_policy`.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        }
    }

    fn parse(text: &[u8]) -> Option<Self> {
        [Self::None, Self::Quarantine, Self::Reject]
            .into_iter()
            .find(|policy| text.eq_ignore_ascii_case(policy.word().as_bytes()))
    }

    /// The next weaker one.
    pub(super) fn weaker(self) -> Self {
        match self {
            Self::Reject => Self::Quarantine,
            Self::Quarantine | Self::None => Self::None,
        }
    }
}

/// True for a text that says it is a DMARC record: `v=DMARC1` stands first (RFC 7489 section 6.6.3, step 2).
pub fn is_dmarc(text: &[u8]) -> bool {
    let Some(equals) = text.iter().position(|byte| *byte == b'=') else { return false };
    let value = text[equals + 1..].split(|byte| *byte == b';').next().unwrap_or_default();
    crate::tag_list::trim(&text[..equals]) == b"v" && crate::tag_list::trim(value) == b"DMARC1"
}

impl DmarcRecord {
    /// The destinations that a record names, whatever else is in it.
    pub(super) fn destinations(text: &[u8], wanted: Wanted) -> Vec<ReportUri> {
        let tag = match wanted {
            Wanted::Aggregate => "rua",
            Wanted::Failure => "ruf",
        };
        TagList::parse(text).map(|tags| uris(tags.value(tag).unwrap_or_default())).unwrap_or_default()
    }

    /// Reads a record; nothing when there is no policy in it to apply.
    ///
    /// Tags with values that make no sense have their defaults (RFC 7489 section 6.3). Without a good `p`, or with a bad
    /// `sp`, a record that names a destination of aggregate reports asks for nothing but those (section 6.6.3, step 6).
    pub fn parse(text: &[u8]) -> Option<Self> {
        if !is_dmarc(text) {
            return None;
        }
        let tags = TagList::parse(text).ok()?;
        let policy = |name: &str| tags.value(name).map(Policy::parse);
        let aggregate = uris(tags.value("rua").unwrap_or_default());
        let (policy, subdomain_policy) = match (policy("p"), policy("sp")) {
            (Some(Some(p)), None) => (p, None),
            (Some(Some(p)), Some(Some(sp))) => (p, Some(sp)),
            _ if !aggregate.is_empty() => (Policy::None, None),
            _ => return None,
        };
        let mode = |name: &str| match tags.value(name) {
            Some(b"s" | b"S") => AlignmentMode::Strict,
            _ => AlignmentMode::Relaxed,
        };
        Some(Self {
            policy,
            subdomain_policy,
            nonexistent_policy: tags.value("np").and_then(Policy::parse),
            adkim: mode("adkim"),
            aspf: mode("aspf"),
            percent: number(&tags, "pct").filter(|percent| *percent <= 100).unwrap_or(100) as u8,
            testing: tags.value("t").is_some_and(|value| value.eq_ignore_ascii_case(b"y")),
            public_suffix: match tags.value("psd") {
                Some(b"y" | b"Y") => PublicSuffix::Yes,
                Some(b"n" | b"N") => PublicSuffix::No,
                _ => PublicSuffix::Unknown,
            },
            failures: failure_options(tags.value("fo").unwrap_or_default()),
            interval: number(&tags, "ri").unwrap_or(86_400),
            aggregate,
            forensic: uris(tags.value("ruf").unwrap_or_default()),
        })
    }
}

fn number(tags: &TagList<'_>, name: &str) -> Option<u32> {
    let text = tags.value(name)?;
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    digits.then(|| std::str::from_utf8(text).ok()?.parse().ok()).flatten()
}

fn failure_options(text: &[u8]) -> FailureOptions {
    let mut options = FailureOptions::default();
    for word in text.split(|byte| *byte == b':') {
        match crate::tag_list::trim(word) {
            b"0" => options.all_failed = true,
            b"1" => options.any_failed = true,
            b"d" | b"D" => options.dkim = true,
            b"s" | b"S" => options.spf = true,
            _ => {}
        }
    }
    if options == FailureOptions::default() {
        options.all_failed = true;
    }
    options
}

/// `mailto:` destinations; others are not served and passed over.
fn uris(text: &[u8]) -> Vec<ReportUri> {
    let uris = text.split(|byte| *byte == b',').filter_map(|uri| self::uri(crate::tag_list::trim(uri)));
    uris.take(limits::DMARC_REPORT_URIS).collect()
}

fn uri(text: &[u8]) -> Option<ReportUri> {
    let scheme = text.get(..7)?;
    if !scheme.eq_ignore_ascii_case(b"mailto:") {
        return None;
    }
    // Commas and exclamation marks of the address itself are escaped (section 6.2).
    let (address, limit) = match text[7..].iter().position(|byte| *byte == b'!') {
        None => (&text[7..], None),
        Some(mark) => (&text[7..7 + mark], Some(size(&text[8 + mark..])?)),
    };
    let address = unescape(address.split(|byte| *byte == b'?').next().unwrap_or_default())?;
    let at = address.iter().rposition(|byte| *byte == b'@')?;
    let good = at > 0
        && at + 1 < address.len()
        && address.len() <= limits::ADDRESS
        && address.iter().all(|byte| matches!(byte, b'!'..=b'~') && !b"<>()\",;:\\".contains(byte));
    good.then_some(ReportUri { address, limit })
}

fn size(text: &[u8]) -> Option<u64> {
    let (digits, unit) = match text.split_last()? {
        (b'k' | b'K', digits) => (digits, 10),
        (b'm' | b'M', digits) => (digits, 20),
        (b'g' | b'G', digits) => (digits, 30),
        (b't' | b'T', digits) => (digits, 40),
        _ => (text, 0),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    number.checked_mul(1 << unit)
}

/// Decodes `%XX`.
fn unescape(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        if first != b'%' {
            out.push(first);
            rest = after;
            continue;
        }
        let digits = std::str::from_utf8(after.get(..2)?).ok()?;
        out.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &after[2..];
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_record() {
        for (text, want) in [
            ("v=DMARC1", true),
            (" v = DMARC1 ; p=none", true),
            ("v=DMARC1;p=none", true),
            ("v=dmarc1; p=none", false),
            ("V=DMARC1; p=none", false),
            ("v=DMARC10; p=none", false),
            ("p=none; v=DMARC1", false),
            ("", false),
        ] {
            assert_eq!(is_dmarc(text.as_bytes()), want, "{text}");
        }
    }

    #[test]
    fn policies() {
        use Policy::*;
        for (text, want) in [
            ("v=DMARC1; p=none", Some((None, Option::None))),
            ("v=DMARC1; p=REJECT; sp=quarantine;", Some((Reject, Some(Quarantine)))),
            ("v=DMARC1; p=bad", Option::None),
            ("v=DMARC1; p=bad; rua=mailto:a@b.example", Some((None, Option::None))),
            ("v=DMARC1; p=reject; sp=bad; rua=mailto:a@b.example", Some((None, Option::None))),
            ("v=DMARC1; p=reject; sp=bad", Option::None),
            ("v=DMARC1; rua=mailto:a@b.example", Some((None, Option::None))),
            ("v=DMARC1; rua=https://b.example/", Option::None),
            ("v=DMARC1", Option::None),
            ("v=DMARC1; p=none; p=reject", Option::None),
            ("v=DMARC1; x=y; p=reject", Some((Reject, Option::None))),
            ("v=DMARC1; p=reject; junk", Option::None),
        ] {
            let got =
                DmarcRecord::parse(text.as_bytes()).map(|record| (record.policy, record.subdomain_policy));
            assert_eq!(got, want, "{text}");
        }
    }

    #[test]
    fn other_tags() {
        let record = DmarcRecord::parse(
            b"v=DMARC1; p=reject; adkim=s; aspf=x; pct=30; ri=x; fo=1:d:x; np=quarantine; t=y; psd=n; \
              rua=mailto:a@b.example!10m, https://x/, mailto:c%2Cd@e.example?subject=x, mailto:bad; ruf=mailto:f@g.example!z",
        )
        .unwrap();
        assert_eq!((record.adkim, record.aspf), (AlignmentMode::Strict, AlignmentMode::Relaxed));
        assert_eq!((record.percent, record.interval, record.testing), (30, 86_400, true));
        assert_eq!(
            record.failures,
            FailureOptions { any_failed: true, dkim: true, ..FailureOptions::default() }
        );
        assert_eq!(record.nonexistent_policy, Some(Policy::Quarantine));
        assert_eq!(record.public_suffix, PublicSuffix::No);
        assert_eq!(record.aggregate, [ReportUri { address: b"a@b.example".to_vec(), limit: Some(10 << 20) }]);
        assert!(record.forensic.is_empty());
        for (pct, want) in [("101", 100), ("-1", 100), ("", 100), ("0", 0), ("100", 100)] {
            let record = DmarcRecord::parse(format!("v=DMARC1; p=none; pct={pct}").as_bytes()).unwrap();
            assert_eq!(record.percent, want, "{pct}");
        }
    }
}
