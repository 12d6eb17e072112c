//! The grammar of an SPF record: terms as slices of the record's text.
//!
//! [`Record::parse`] reads the whole text once, so that a mistake anywhere is found before anything is asked of the DNS;
//! [`Record::directives`] reads it again while it is evaluated. Nothing is allocated.
//!
//! # Security
//! The text comes from the sender's DNS.
//!
//! # References
//! RFC 7208 sections 4.6.1, 5, 6, 7.1 and 12.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::SpfVerdict;
use super::macros::{self, Letters};

/// The version section that every record begins with.
const VERSION: &[u8] = b"v=spf1";

/// A record without mistakes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    terms: &'a [u8],
    pub(super) redirect: Option<&'a [u8]>,
    pub(super) exp: Option<&'a [u8]>,
}

/// One term that says something about the client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Directive<'a> {
    pub(super) qualifier: SpfVerdict,
    pub(super) mechanism: Mechanism<'a>,
}

/// Bits of an address that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Prefix {
    pub(super) v4: u8,
    pub(super) v6: u8,
}

/// What a directive looks at. Domain specifications are not expanded yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mechanism<'a> {
    All,
    Include(&'a [u8]),
    A(Option<&'a [u8]>, Prefix),
    Mx(Option<&'a [u8]>, Prefix),
    Ptr(Option<&'a [u8]>),
    Ip4(Ipv4Addr, u8),
    Ip6(Ipv6Addr, u8),
    Exists(&'a [u8]),
}

impl<'a> Mechanism<'a> {
    /// The domain specification of a term that asks the DNS.
    pub(super) fn target(&self) -> Option<&'a [u8]> {
        match *self {
            Self::A(spec, _) | Self::Mx(spec, _) | Self::Ptr(spec) => spec,
            Self::Include(spec) | Self::Exists(spec) => Some(spec),
            Self::All | Self::Ip4(..) | Self::Ip6(..) => None,
        }
    }
}

enum Term<'a> {
    Directive(Directive<'a>),
    Redirect(&'a [u8]),
    Exp(&'a [u8]),
    Unknown,
}

/// True for a text that says it is an SPF record of version 1 (RFC 7208 section 4.5).
pub(super) fn is_spf(text: &[u8]) -> bool {
    let head = text.get(..VERSION.len()).is_some_and(|head| head.eq_ignore_ascii_case(VERSION));
    head && matches!(text.get(VERSION.len()), None | Some(b' '))
}

impl<'a> Record<'a> {
    /// Checks every term. The error is the first term that is wrong.
    pub(super) fn parse(text: &'a [u8]) -> Result<Self, &'a [u8]> {
        let terms = text.get(VERSION.len()..).unwrap_or_default();
        let mut record = Self { terms, redirect: None, exp: None };
        for word in words(terms) {
            let slot = match term(word).ok_or(word)? {
                Term::Redirect(spec) => (&mut record.redirect, spec),
                Term::Exp(spec) => (&mut record.exp, spec),
                Term::Directive(_) | Term::Unknown => continue,
            };
            // Each of the two may stand there once (RFC 7208 section 6).
            if slot.0.replace(slot.1).is_some() {
                return Err(word);
            }
        }
        Ok(record)
    }

    /// The directives in their order.
    pub(super) fn directives(&self) -> impl Iterator<Item = Directive<'a>> + use<'a> {
        words(self.terms).filter_map(|word| match term(word) {
            Some(Term::Directive(directive)) => Some(directive),
            _ => None,
        })
    }
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b' ').filter(|word| !word.is_empty())
}

/// Reads a term; nothing for one that the grammar doesn't know.
fn term(word: &[u8]) -> Option<Term<'_>> {
    let end = word.iter().position(|byte| matches!(byte, b':' | b'/' | b'=')).unwrap_or(word.len());
    if word.get(end) == Some(&b'=') {
        return modifier(&word[..end], &word[end + 1..]);
    }
    let (qualifier, from) = match word.first()? {
        b'+' => (SpfVerdict::Pass, 1),
        b'-' => (SpfVerdict::Fail, 1),
        b'~' => (SpfVerdict::SoftFail, 1),
        b'?' => (SpfVerdict::Neutral, 1),
        _ => (SpfVerdict::Pass, 0),
    };
    let mechanism = mechanism(word.get(from..end)?, &word[end..])?;
    Some(Term::Directive(Directive { qualifier, mechanism }))
}

fn modifier<'a>(name: &[u8], value: &'a [u8]) -> Option<Term<'a>> {
    let [first, rest @ ..] = name else { return None };
    let more = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !first.is_ascii_alphabetic() || !rest.iter().all(more) {
        return None;
    }
    if name.eq_ignore_ascii_case(b"redirect") {
        return domain_spec(value).map(Term::Redirect);
    }
    if name.eq_ignore_ascii_case(b"exp") {
        return domain_spec(value).map(Term::Exp);
    }
    macros::is_valid(value, Letters::Domain).then_some(Term::Unknown)
}

/// `rest` is what follows the name, with its `:` or `/`.
fn mechanism<'a>(name: &[u8], rest: &'a [u8]) -> Option<Mechanism<'a>> {
    let is = |word: &[u8]| name.eq_ignore_ascii_case(word);
    if is(b"ip4") {
        let (address, bits) = network(rest.strip_prefix(b":")?, 32)?;
        return Some(Mechanism::Ip4(ip4(address)?, bits));
    }
    if is(b"ip6") {
        let (address, bits) = network(rest.strip_prefix(b":")?, 128)?;
        return Some(Mechanism::Ip6(std::str::from_utf8(address).ok()?.parse().ok()?, bits));
    }
    if is(b"a") || is(b"mx") {
        let (spec, prefix) = dual_cidr(rest)?;
        let spec = if spec.is_empty() { None } else { Some(domain_spec(spec.strip_prefix(b":")?)?) };
        return Some(if is(b"a") { Mechanism::A(spec, prefix) } else { Mechanism::Mx(spec, prefix) });
    }
    if is(b"include") {
        return domain_spec(rest.strip_prefix(b":")?).map(Mechanism::Include);
    }
    if is(b"exists") {
        return domain_spec(rest.strip_prefix(b":")?).map(Mechanism::Exists);
    }
    if is(b"all") {
        return rest.is_empty().then_some(Mechanism::All);
    }
    if is(b"ptr") {
        let spec = if rest.is_empty() { None } else { Some(domain_spec(rest.strip_prefix(b":")?)?) };
        return Some(Mechanism::Ptr(spec));
    }
    None
}

/// Four numbers without leading zeros, all of them there (RFC 7208 section 5.6).
fn ip4(text: &[u8]) -> Option<Ipv4Addr> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// An address with the number of its bits that count.
fn network(text: &[u8], bits: u8) -> Option<(&[u8], u8)> {
    match text.iter().position(|byte| *byte == b'/') {
        None => Some((text, bits)),
        Some(slash) => Some((&text[..slash], prefix_length(&text[slash + 1..], bits)?)),
    }
}

/// Takes `/24`, `//64` or `/24//64` from the end.
fn dual_cidr(text: &[u8]) -> Option<(&[u8], Prefix)> {
    let mut prefix = Prefix { v4: 32, v6: 128 };
    let (mut rest, digits) = trailing_digits(text);
    if let Some(before) = rest.strip_suffix(b"//") {
        prefix.v6 = prefix_length(digits, 128)?;
        let (shorter, digits) = trailing_digits(before);
        match shorter.strip_suffix(b"/") {
            Some(spec) => {
                prefix.v4 = prefix_length(digits, 32)?;
                rest = spec;
            }
            None => rest = before,
        }
    } else if let Some(before) = rest.strip_suffix(b"/") {
        prefix.v4 = prefix_length(digits, 32)?;
        rest = before;
    } else {
        rest = text;
    }
    Some((rest, prefix))
}

fn trailing_digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |at| at + 1);
    text.split_at(end)
}

fn prefix_length(digits: &[u8], most: u8) -> Option<u8> {
    let leading_zero = digits.len() > 1 && digits[0] == b'0';
    if leading_zero || digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok().filter(|bits| *bits <= most)
}

/// A text with macros that ends in a top label or in a macro.
fn domain_spec(text: &[u8]) -> Option<&[u8]> {
    if !macros::is_valid(text, Letters::Domain) {
        return None;
    }
    (macros::ends_in_macro(text) || ends_in_top_label(text)).then_some(text)
}

fn ends_in_top_label(text: &[u8]) -> bool {
    let text = text.strip_suffix(b".").unwrap_or(text);
    let Some(dot) = text.iter().rposition(|byte| *byte == b'.') else { return false };
    let label = &text[dot + 1..];
    let (Some(first), Some(last)) = (label.first(), label.last()) else { return false };
    first.is_ascii_alphanumeric()
        && last.is_ascii_alphanumeric()
        && label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        && !label.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(v4: u8, v6: u8) -> Prefix {
        Prefix { v4, v6 }
    }

    #[test]
    fn versions() {
        for (text, want) in [
            (&b"v=spf1"[..], true),
            (b"V=SPF1 -all", true),
            (b"v=spf10", false),
            (b"v=spf1-all", false),
            (b" v=spf1", false),
            (b"", false),
        ] {
            assert_eq!(is_spf(text), want, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn mechanisms() {
        let cases: &[(&str, Option<Mechanism>)] = &[
            ("all", Some(Mechanism::All)),
            ("all:", None),
            ("all/8", None),
            ("a", Some(Mechanism::A(None, prefix(32, 128)))),
            ("A/24", Some(Mechanism::A(None, prefix(24, 128)))),
            ("a//64", Some(Mechanism::A(None, prefix(32, 64)))),
            ("a/24//64", Some(Mechanism::A(None, prefix(24, 64)))),
            ("a:x.y/24//64", Some(Mechanism::A(Some(b"x.y"), prefix(24, 64)))),
            (
                "a:foo:bar/baz.example.com",
                Some(Mechanism::A(Some(b"foo:bar/baz.example.com"), prefix(32, 128))),
            ),
            ("a:%{d/}", Some(Mechanism::A(Some(b"%{d/}"), prefix(32, 128)))),
            ("a:x.y/", None),
            ("a:x.y//", None),
            ("a:x.y/33", None),
            ("a:x.y/024", None),
            ("a:/24", None),
            ("a:museum", None),
            ("a:x.111", None),
            ("a:x.y-", None),
            ("a:x.y.", Some(Mechanism::A(Some(b"x.y."), prefix(32, 128)))),
            ("a:x y", None),
            ("mx", Some(Mechanism::Mx(None, prefix(32, 128)))),
            ("ptr", Some(Mechanism::Ptr(None))),
            ("ptr/24", None),
            ("ip4:192.0.2.1", Some(Mechanism::Ip4(Ipv4Addr::new(192, 0, 2, 1), 32))),
            ("ip4:192.0.2.1/0", Some(Mechanism::Ip4(Ipv4Addr::new(192, 0, 2, 1), 0))),
            ("ip4:192.0.2", None),
            ("ip4:192.0.2.01", None),
            ("ip4", None),
            ("ip6:2001:db8::/32", Some(Mechanism::Ip6("2001:db8::".parse().unwrap(), 32))),
            ("ip6:2001:db8::/129", None),
            ("ip6:1.2.3.4", None),
            ("include", None),
            ("include:", None),
            ("include:%{o}", Some(Mechanism::Include(b"%{o}"))),
            ("exists:%{i}.x.y", Some(Mechanism::Exists(b"%{i}.x.y"))),
            ("exists:x.y/24", None),
            ("nothing", None),
            ("", None),
        ];
        for (text, want) in cases {
            let got = match term(text.as_bytes()) {
                Some(Term::Directive(directive)) => Some(directive.mechanism),
                _ => None,
            };
            assert_eq!(got, *want, "{text}");
        }
    }

    #[test]
    fn the_first_mistake_is_named() {
        for (text, want) in [
            ("v=spf1 a mx:%{x} -all", Some("mx:%{x}")),
            ("v=spf1 redirect=a.b redirect=a.b", Some("redirect=a.b")),
            ("v=spf1 1up=foo", Some("1up=foo")),
            ("v=spf1 =all", Some("=all")),
            ("v=spf1 foo=%abc", Some("foo=%abc")),
            ("v=spf1 foo=bar exp=a.b -all", None),
        ] {
            let got = Record::parse(text.as_bytes()).err().map(String::from_utf8_lossy);
            assert_eq!(got.as_deref(), want, "{text}");
        }
    }

    #[test]
    fn qualifiers() {
        let record = Record::parse(b"v=spf1 +a -mx ?ptr ~all").unwrap();
        let got: Vec<SpfVerdict> = record.directives().map(|directive| directive.qualifier).collect();
        assert_eq!(got, [SpfVerdict::Pass, SpfVerdict::Fail, SpfVerdict::Neutral, SpfVerdict::SoftFail]);
    }
}
