//! One item of a list: its sense and its pattern.
//!
//! # Invariants
//! * Reading an item never fails; an item that is wrong fails with Exim's text when it is reached.
//!
//! # Compatibility
//! The order of the tests follows the specification's sections on the items of each kind of list.

use expand::lookup::{DefaultKey, LookupSpec, LookupStyle};
use expand::regex::{Flags, Regex};

use super::ListKind;
use super::net::Net;
use super::split::is_space;

/// One item.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) negated: bool,
    pub(crate) pattern: Pattern,
    /// The item without its exclamation marks.
    pub(crate) text: Box<[u8]>,
    pub(crate) offset: usize,
    /// Letters matter: the item stands after `+caseful`.
    pub(crate) caseful: bool,
}

/// What an item matches.
#[derive(Debug)]
pub(crate) enum Pattern {
    /// The empty item.
    Empty,
    /// A plain name; in a host list everything that needs no name is something else.
    Exact(Box<[u8]>),
    /// `*suffix`.
    Suffix(Box<[u8]>),
    /// `^regex`.
    Regex(Regexes),
    /// `@`.
    PrimaryHostname,
    /// `@[]`.
    LocalAddress,
    /// `@mx_any`, `@mx_primary`, `@mx_secondary`.
    Mx(MxPattern),
    /// `+name`.
    Named(Box<[u8]>),
    /// `/file`.
    File(Box<[u8]>),
    /// `type;data`.
    Lookup(LookupItem),
    /// A host by address or network.
    Net(Net),
    /// `net-type;file`, `net24-type;file`.
    NetLookup { bits: Option<u8>, item: LookupItem },
    /// `local@domain`; `local@!domain` is any other domain.
    Mailbox { local: Local, other: bool, domain: Box<Pattern>, domain_text: Box<[u8]> },
    /// `domain` or `*suffix` in an address list.
    AnyMailbox(Box<Pattern>),
    /// `@@type;data`.
    ByDomain(LookupItem),
    /// `+caseful`.
    Caseful,
    /// `+include_unknown` and the like.
    HostFlag(HostFlag),
    /// Exim's text for what is wrong.
    Wrong(Box<str>),
}

/// A regular expression as written, and again with letters mattering, where a list may ask for that.
#[derive(Debug)]
pub(crate) struct Regexes {
    pub(crate) caseless: Regex,
    pub(crate) caseful: Option<Regex>,
}

/// The local part of a `local@domain` item.
#[derive(Debug)]
pub(crate) enum Local {
    Exact(Box<[u8]>),
    Suffix(Box<[u8]>),
}

/// What to do from here on when a host's name or address cannot be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostFlag {
    IncludeUnknown,
    IgnoreUnknown,
    IncludeDefer,
    IgnoreDefer,
}

/// A lookup as a list item.
#[derive(Debug)]
pub(crate) struct LookupItem {
    pub(crate) spec: LookupSpec,
    /// The file, or the query.
    pub(crate) data: Box<[u8]>,
}

/// `@mx_...`.
#[derive(Debug)]
pub(crate) struct MxPattern {
    pub(crate) which: Mx,
    /// The list after `/ignore=`.
    pub(crate) ignore: Option<Box<[u8]>>,
}

/// Which mail exchangers count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mx {
    Any,
    Primary,
    Secondary,
}

/// Where an item stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) kind: ListKind,
    /// In a file: no named lists, files or flags.
    pub(crate) in_file: bool,
    pub(crate) caseful: bool,
}

impl Entry {
    /// The lookup type that the item's was perhaps to be.
    pub(crate) fn meant(&self) -> Option<&'static str> {
        LookupSpec::meant(&self.text[..lookup_name_length(&self.text)?])
    }

    /// Reads one item.
    pub(crate) fn parse(item: &[u8], offset: usize, place: Place) -> Self {
        let (negated, text) = match item.strip_prefix(b"!") {
            Some(rest) => (true, trim_start(rest)),
            None => (false, item),
        };
        let pattern = Pattern::parse(text, place);
        Self { negated, pattern, text: text.into(), offset, caseful: place.caseful }
    }
}

impl Pattern {
    fn parse(text: &[u8], place: Place) -> Self {
        if text.is_empty() {
            return Self::Empty;
        }
        if !place.in_file {
            // No list of plain texts has a name.
            if let Some(name) = text.strip_prefix(b"+").filter(|_| place.kind != ListKind::String) {
                return Self::plus(name, place.kind);
            }
            if text.first() == Some(&b'/') {
                return Self::File(text.into());
            }
        }
        match place.kind {
            ListKind::Host => Self::host(text),
            ListKind::Address => Self::address(text),
            ListKind::Domain => Self::domain(text),
            ListKind::LocalPart | ListKind::String => Self::name(text),
        }
    }

    fn plus(name: &[u8], kind: ListKind) -> Self {
        let flag = match (kind, name) {
            (ListKind::Address | ListKind::LocalPart, b"caseful") => return Self::Caseful,
            (ListKind::Host, b"include_unknown") => HostFlag::IncludeUnknown,
            (ListKind::Host, b"ignore_unknown") => HostFlag::IgnoreUnknown,
            (ListKind::Host, b"include_defer") => HostFlag::IncludeDefer,
            (ListKind::Host, b"ignore_defer") => HostFlag::IgnoreDefer,
            _ => return Self::Named(name.into()),
        };
        Self::HostFlag(flag)
    }

    /// What domain lists have beyond plain names.
    pub(crate) fn domain(text: &[u8]) -> Self {
        match text {
            b"@" => return Self::PrimaryHostname,
            b"@[]" => return Self::LocalAddress,
            _ => {}
        }
        for (word, which) in
            [(&b"@mx_any"[..], Mx::Any), (b"@mx_primary", Mx::Primary), (b"@mx_secondary", Mx::Secondary)]
        {
            match text.strip_prefix(word) {
                Some(b"") => return Self::Mx(MxPattern { which, ignore: None }),
                Some(rest) => {
                    if let Some(list) = rest.strip_prefix(b"/ignore=") {
                        return Self::Mx(MxPattern { which, ignore: Some(list.into()) });
                    }
                }
                None => {}
            }
        }
        Self::name(text)
    }

    /// What all lists of names share.
    fn name(text: &[u8]) -> Self {
        match text.first() {
            Some(b'*') => Self::Suffix(text[1..].into()),
            Some(b'^') => Self::regex(text),
            _ => Self::lookup(text).unwrap_or_else(|| Self::Exact(text.into())),
        }
    }

    fn regex(text: &[u8]) -> Self {
        match (
            Regex::compile(text, Flags { caseless: true }),
            Regex::compile(text, Flags { caseless: false }),
        ) {
            (Ok(caseless), Ok(caseful)) => Self::Regex(Regexes { caseless, caseful: Some(caseful) }),
            (Ok(caseless), Err(_)) => Self::Regex(Regexes { caseless, caseful: None }),
            (Err(error), _) => Self::Wrong(
                format!(
                    "regular expression error: {} at offset {} while compiling {}",
                    error.message,
                    error.offset,
                    String::from_utf8_lossy(text)
                )
                .into(),
            ),
        }
    }

    /// `type;data`; `None` when there is no semicolon.
    fn lookup(text: &[u8]) -> Option<Self> {
        Some(match LookupItem::parse(text)? {
            Ok(item) => Self::Lookup(item),
            Err(message) => Self::Wrong(message.into()),
        })
    }

    fn host(text: &[u8]) -> Self {
        match text {
            b"*" => return Self::Suffix(Box::default()),
            b"@" => return Self::PrimaryHostname,
            b"@[]" => return Self::LocalAddress,
            _ => {}
        }
        if let Some(net) = Net::parse(text) {
            return Self::Net(net);
        }
        if let Some((bits, rest)) = net_prefix(text) {
            return match LookupItem::parse(rest) {
                Some(Ok(item)) if item.spec.style == LookupStyle::Query => Self::Lookup(item),
                Some(Ok(item)) if item.is_for_names() => Self::Wrong(unknown_type(rest).into()),
                Some(Ok(item)) => Self::NetLookup { bits, item },
                Some(Err(message)) => Self::Wrong(message.into()),
                None => Self::Exact(text.into()),
            };
        }
        if text.starts_with(b"net") && text.contains(&b';') {
            // Exim looks for a lookup type only behind `net-` and its like, and takes other words that begin so for names.
            return Self::Exact(text.into());
        }
        Self::name(text)
    }

    fn address(text: &[u8]) -> Self {
        if text.first() == Some(&b'^') {
            return Self::regex(text);
        }
        if let Some(rest) = text.strip_prefix(b"@@")
            && let Some(item) = LookupItem::parse(rest)
        {
            return match item {
                Ok(item) => Self::ByDomain(item),
                Err(message) => Self::Wrong(message.into()),
            };
        }
        if lookup_name_length(text).is_some()
            && let Some(lookup) = Self::lookup(text)
        {
            return lookup;
        }
        match mailbox_at(text) {
            Some(at) => Self::mailbox(&text[..at], &text[at + 1..]),
            None => Self::AnyMailbox(Box::new(match text.first() {
                Some(b'*') => Self::Suffix(text[1..].into()),
                _ => Self::Exact(text.into()),
            })),
        }
    }

    fn mailbox(local: &[u8], domain: &[u8]) -> Self {
        let local = match local.first() {
            Some(b'*') => Local::Suffix(local[1..].into()),
            _ => Local::Exact(local.into()),
        };
        let (other, wanted) = match domain.strip_prefix(b"!") {
            Some(rest) => (true, trim_start(rest)),
            None => (false, trim_start(domain)),
        };
        let pattern = match wanted.strip_prefix(b"+") {
            Some(name) => Self::Named(name.into()),
            None if wanted.is_empty() => Self::Empty,
            None if wanted.first() == Some(&b'/') => Self::File(wanted.into()),
            None => Self::domain(wanted),
        };
        Self::Mailbox { local, other, domain: Box::new(pattern), domain_text: domain.into() }
    }

    /// True when matching may need something outside.
    pub(crate) fn may_block(&self) -> bool {
        match self {
            Self::File(_) | Self::Lookup(_) | Self::NetLookup { .. } | Self::ByDomain(_) | Self::Mx(_) => {
                true
            }
            Self::Mailbox { domain, .. } | Self::AnyMailbox(domain) => domain.may_block(),
            _ => false,
        }
    }
}

impl LookupItem {
    /// Partial matching and defaults are for names: where an address is the key, Exim knows no such types.
    pub(crate) fn is_for_names(&self) -> bool {
        self.spec.partial.is_some() || self.spec.default_key != DefaultKey::None
    }

    /// Reads `type;data`; `None` when there is no semicolon.
    fn parse(text: &[u8]) -> Option<Result<Self, String>> {
        let semicolon = memchr::memchr(b';', text)?;
        Some(
            LookupSpec::parse(&text[..semicolon])
                .map(|spec| Self { spec, data: trim_start(&text[semicolon + 1..]).into() }),
        )
    }
}

/// Exim's text where an address is looked for with defaults or partial matching.
pub(crate) fn unknown_type(item: &[u8]) -> String {
    let name = memchr::memchr(b';', item).map_or(item, |end| &item[..end]);
    format!("unknown lookup type \"{}\"", String::from_utf8_lossy(name))
}

/// How long the lookup type is, if a text begins with something that looks like `type;`: an address may hold a
/// semicolon only in quotes.
fn lookup_name_length(text: &[u8]) -> Option<usize> {
    let semicolon = memchr::memchr(b';', text)?;
    let at = memchr::memchr(b'@', &text[..semicolon]);
    let named = match at {
        None => true,
        // `lsearch*@;` has the only `@` that a type may have.
        Some(at) => at > 0 && text[at - 1] == b'*' && matches!(text.get(at + 1), Some(b';' | b',')) && at > 1,
    };
    named.then_some(semicolon)
}

/// `net-` and `net24-`.
fn net_prefix(text: &[u8]) -> Option<(Option<u8>, &[u8])> {
    let rest = text.strip_prefix(b"net")?;
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let name = rest[digits..].strip_prefix(b"-")?;
    if digits == 0 {
        return Some((None, name));
    }
    let bits = rest[..digits].iter().fold(0_u8, |n, b| n.saturating_mul(10).saturating_add(b - b'0'));
    Some((Some(bits), name))
}

/// Where the `@` between local part and domain of a pattern stands.
fn mailbox_at(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    let mut quoted = false;
    while at < text.len() {
        match text[at] {
            b'"' => quoted = !quoted,
            b'\\' if quoted => at += 1,
            b'@' if !quoted => return Some(at),
            _ => {}
        }
        at += 1;
    }
    memchr::memrchr(b'@', text)
}

pub(crate) fn trim_start(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|b| !is_space(*b)).unwrap_or(text.len());
    &text[start..]
}
