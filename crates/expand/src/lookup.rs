//! What a lookup asks and what it answers; the searching itself lives in the `lookup` crate.
//!
//! # Invariants
//! * The type text (`partial-(x)lsearch*@,opts`) is parsed here once, for `${lookup` and for list items alike.
//!
//! # Security
//! File names reach a lookup as [`Value`]s with their taint; the implementation refuses tainted ones.
//!
//! # Compatibility
//! Exim specification, chapter "File and database lookups".

use mail_types::value::Value;

use crate::EvalError;

/// What `*` or `*@` after a single-key type adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DefaultKey {
    /// Nothing.
    #[default]
    None,
    /// `*`: look up `*` when the key is not found.
    Star,
    /// `*@`: look up `*@domain` first, then `*`.
    StarAt,
}

/// `partial<n>[affix]-`: how the left of a domain key is replaced step by step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partial {
    /// The fewest non-star components that may be left.
    pub minimum: u8,
    /// The text put before what is left, `*.` by default.
    pub affix: Vec<u8>,
}

/// A parsed lookup type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupSpec {
    /// Exim's name of the type.
    pub kind: &'static str,
    /// Whether it is given a key (and a file) or a query.
    pub style: LookupStyle,
    /// `partial...-` before the name.
    pub partial: Option<Partial>,
    /// `*` or `*@` after the name.
    pub default_key: DefaultKey,
    /// Comma separated options after the name, without the commas.
    pub options: Vec<Vec<u8>>,
}

/// How a lookup type takes its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookupStyle {
    /// A key that is searched in a file.
    SingleKey,
    /// A query in the type's own language.
    Query,
}

/// One lookup to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupRequest<'a> {
    /// Type, partial matching, defaults, options.
    pub spec: &'a LookupSpec,
    /// The key, or the query.
    pub key: Value,
    /// The file of a single-key lookup (and of sqlite's old form).
    pub file: Option<Value>,
}

/// What a lookup found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupAnswer {
    /// The data, and the parts of the key that a partial or default match left over.
    Found {
        /// The data; clean unless the source says otherwise.
        data: Value,
        /// `$1`, `$2` after a partial match: the wild and the fixed part of the key.
        captures: Option<(Value, Value)>,
    },
    /// There is no such key.
    NotFound,
}

/// Something that can do lookups; implemented by the `lookup` crate.
pub trait Lookup: Send + Sync {
    /// Does one lookup. A temporary failure is [`EvalError::Defer`].
    fn lookup(&self, request: &LookupRequest<'_>) -> Result<LookupAnswer, EvalError>;

    /// `${quote_<type>:text}`: text made safe for the query language of a type; `None` when the type has no quoting.
    fn quote(&self, kind: &str, text: &[u8], options: Option<&[u8]>) -> Option<Vec<u8>>;
}

/// The lookup types by Exim's name, whether they are there yet or not.
pub static LOOKUP_TYPES: &[(&str, LookupStyle)] = &[
    ("cdb", LookupStyle::SingleKey),
    ("dbm", LookupStyle::SingleKey),
    ("dbmjz", LookupStyle::SingleKey),
    ("dbmnz", LookupStyle::SingleKey),
    ("dnsdb", LookupStyle::Query),
    ("dsearch", LookupStyle::SingleKey),
    ("ibase", LookupStyle::Query),
    ("iplsearch", LookupStyle::SingleKey),
    ("json", LookupStyle::SingleKey),
    ("ldap", LookupStyle::Query),
    ("ldapauth", LookupStyle::Query),
    ("ldapdn", LookupStyle::Query),
    ("ldapm", LookupStyle::Query),
    ("lmdb", LookupStyle::SingleKey),
    ("lsearch", LookupStyle::SingleKey),
    ("mysql", LookupStyle::Query),
    ("nis", LookupStyle::SingleKey),
    ("nis0", LookupStyle::SingleKey),
    ("nisplus", LookupStyle::Query),
    ("nmh", LookupStyle::SingleKey),
    ("nwildlsearch", LookupStyle::SingleKey),
    ("oracle", LookupStyle::Query),
    ("passwd", LookupStyle::Query),
    ("pgsql", LookupStyle::Query),
    ("psl", LookupStyle::SingleKey),
    ("readsock", LookupStyle::Query),
    ("redis", LookupStyle::Query),
    ("regdom", LookupStyle::SingleKey),
    ("spf", LookupStyle::SingleKey),
    ("sqlite", LookupStyle::Query),
    ("testdb", LookupStyle::Query),
    ("whoson", LookupStyle::Query),
    ("wildlsearch", LookupStyle::SingleKey),
];

impl LookupSpec {
    /// Parses the text of a lookup type, as it stands in `${lookup` or before the `;` of a list item. The error is
    /// Exim's text.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let shown = || String::from_utf8_lossy(text).into_owned();
        let (partial, rest) =
            Partial::split(text).ok_or_else(|| format!("format error in lookup type \"{}\"", shown()))?;
        let (name, default_key, options) = split_defaults(rest);
        let Some((kind, style)) = LOOKUP_TYPES.iter().find(|(known, _)| known.as_bytes() == name) else {
            return Err(format!("unknown lookup type \"{}\"", String::from_utf8_lossy(name)));
        };
        if *style == LookupStyle::Query {
            if partial.is_some() {
                return Err(format!("\"partial\" is not permitted for lookup type \"{kind}\""));
            }
            if default_key != DefaultKey::None {
                let rest = String::from_utf8_lossy(rest);
                return Err(format!(
                    "defaults using \"*\" or \"*@\" are not permitted for lookup type \"{rest}\""
                ));
            }
        }
        let options = options.split(|b| *b == b',').filter(|o| !o.is_empty()).map(<[u8]>::to_vec).collect();
        Ok(Self { kind, style: *style, partial, default_key, options })
    }

    /// The value of an option `name=value`.
    pub fn option(&self, name: &str) -> Option<&[u8]> {
        self.options.iter().find_map(|option| option.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
    }
}

impl Partial {
    /// Splits `partial<n>-` or `partial<n>(affix)` off; the outer `None` is a format error.
    fn split(text: &[u8]) -> Option<(Option<Self>, &[u8])> {
        let Some(rest) = text.strip_prefix(b"partial") else {
            return Some((None, text));
        };
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let minimum = match &rest[..digits] {
            [] => 2,
            digits => digits.iter().fold(0_u8, |n, b| n.saturating_mul(10).saturating_add(b - b'0')),
        };
        let rest = &rest[digits..];
        if let Some(name) = rest.strip_prefix(b"-") {
            return Some((Some(Self { minimum, affix: b"*.".to_vec() }), name));
        }
        let inside = rest.strip_prefix(b"(")?;
        let end = inside.iter().position(|b| *b == b')')?;
        let affix = &inside[..end];
        affix
            .iter()
            .all(u8::is_ascii_punctuation)
            .then(|| (Some(Self { minimum, affix: affix.to_vec() }), &inside[end + 1..]))
    }
}

/// Splits a type into its name, the default keys asked for, and its options.
fn split_defaults(text: &[u8]) -> (&[u8], DefaultKey, &[u8]) {
    if let Some(star) = text.iter().position(|b| *b == b'*') {
        let after = &text[star + 1..];
        let (key, after) = match after.strip_prefix(b"@") {
            Some(after) => (DefaultKey::StarAt, after),
            None => (DefaultKey::Star, after),
        };
        let options = after.iter().position(|b| *b == b',').map_or(&b""[..], |comma| &after[comma + 1..]);
        return (&text[..star], key, options);
    }
    match text.iter().position(|b| *b == b',') {
        Some(comma) => (&text[..comma], DefaultKey::None, &text[comma + 1..]),
        None => (text, DefaultKey::None, b""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_in_all_their_forms() {
        let spec = LookupSpec::parse(b"partial3(.)lsearch*@,ret=key,cache=no_rd").unwrap();
        assert_eq!(spec.kind, "lsearch");
        assert_eq!(spec.partial, Some(Partial { minimum: 3, affix: b".".to_vec() }));
        assert_eq!(spec.default_key, DefaultKey::StarAt);
        assert_eq!(spec.option("ret"), Some(&b"key"[..]));
        assert_eq!(spec.option("filter"), None);
        assert_eq!(LookupSpec::parse(b"partial-lsearch*").unwrap().default_key, DefaultKey::Star);
    }

    #[test]
    fn wrong_types_are_told_in_exims_words() {
        let cases = [
            ("nolookup", "unknown lookup type \"nolookup\""),
            ("partial-foo", "unknown lookup type \"foo\""),
            ("lsearch@", "unknown lookup type \"lsearch@\""),
            ("lsearch,ret=key*", "unknown lookup type \"lsearch,ret=key\""),
            ("partialx-lsearch", "format error in lookup type \"partialx-lsearch\""),
            ("partial(x)lsearch", "format error in lookup type \"partial(x)lsearch\""),
            ("partial(x-lsearch", "format error in lookup type \"partial(x-lsearch\""),
            ("partial2lsearch", "format error in lookup type \"partial2lsearch\""),
            ("partial", "format error in lookup type \"partial\""),
            ("passwd*", "defaults using \"*\" or \"*@\" are not permitted for lookup type \"passwd*\""),
            ("partial-passwd", "\"partial\" is not permitted for lookup type \"passwd\""),
        ];
        for (text, want) in cases {
            assert_eq!(LookupSpec::parse(text.as_bytes()), Err(want.to_owned()), "{text}");
        }
    }
}
