//! A byte string together with where it came from.
//!
//! Exim calls data from outside *tainted* and refuses to use it as a file name, a command or a query. Here the mark
//! is part of the value: it goes with it through every expansion, into the spool file and back.
//!
//! # Invariants
//! * Joining anything with a tainted value gives a tainted value.
//! * A [`Clean`] is made only by [`Value::require_clean`] or from text that the administrator or the program wrote.
//!
//! # Security
//! The sinks (paths, commands, queries) take [`Clean`], so the compiler asks the question that Exim asks at run time.
//!
//! # Compatibility
//! Specification chapter "String expansions", "tainted data"; chapter "Format of spool files" for the marks on disk.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::Text;

/// The lookup type (`mysql`, `pgsql`, …) for which a value was quoted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct QuotedFor(Box<str>);

impl QuotedFor {
    /// Names the lookup type.
    pub fn new(lookup: &str) -> Self {
        Self(lookup.into())
    }

    /// The lookup type's name.
    pub fn lookup(&self) -> &str {
        &self.0
    }
}

/// Where a value came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Taint {
    /// From the configuration, from the program, or the result of a lookup or a list match.
    #[default]
    Clean,
    /// From outside: the peer, the message, a user's file, the DNS.
    Tainted,
    /// From outside, but quoted for use in a query of this lookup type.
    Quoted(QuotedFor),
}

impl Taint {
    /// The taint of a concatenation.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Clean, x) | (x, Self::Clean) => x.clone(),
            (Self::Quoted(a), Self::Quoted(b)) if a == b => self.clone(),
            _ => Self::Tainted,
        }
    }

    /// True unless the value is clean. A quoted value is still tainted for everything but its own lookup.
    #[inline]
    pub fn is_tainted(&self) -> bool {
        !matches!(self, Self::Clean)
    }
}

/// A byte string and its taint. Cloning is cheap.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Parts", into = "Parts")]
pub struct Value {
    text: Text,
    taint: Taint,
}

impl Value {
    /// A value that the administrator or the program wrote.
    #[inline]
    pub fn clean(bytes: impl Into<Text>) -> Self {
        Self::new(bytes, Taint::Clean)
    }

    /// A value from outside.
    pub fn tainted(bytes: impl Into<Text>) -> Self {
        Self::new(bytes, Taint::Tainted)
    }

    /// A value with a given taint.
    #[inline]
    pub fn new(bytes: impl Into<Text>, taint: Taint) -> Self {
        Self { text: bytes.into(), taint }
    }

    /// The clean empty string.
    #[inline]
    pub fn empty() -> Self {
        Self::default()
    }

    /// The bytes.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        self.text.bytes()
    }

    /// The taint.
    #[inline]
    pub fn taint(&self) -> &Taint {
        &self.taint
    }

    /// Number of bytes.
    #[inline]
    pub fn len(&self) -> usize {
        self.bytes().len()
    }

    /// True for the empty string.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.bytes().is_empty()
    }

    /// True unless clean.
    #[inline]
    pub fn is_tainted(&self) -> bool {
        self.taint.is_tainted()
    }

    /// Appends another value; the taints join, unless what is appended is empty.
    #[inline]
    pub fn push_value(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        if self.is_empty() {
            self.clone_from(other);
            return;
        }
        if other.is_tainted() {
            self.taint = self.taint.join(&other.taint);
        }
        self.text.push(other.bytes());
    }

    /// Appends clean bytes: the taint stays.
    pub fn push_bytes(&mut self, bytes: &[u8]) {
        self.text.push(bytes);
    }

    /// The same text, its ASCII letters small.
    #[must_use]
    pub fn in_lower_case(mut self) -> Self {
        self.text.bytes_mut().make_ascii_lowercase();
        self
    }

    /// The same text, its ASCII letters capital.
    #[must_use]
    pub fn in_upper_case(mut self) -> Self {
        self.text.bytes_mut().make_ascii_uppercase();
        self
    }

    /// The same bytes with at least this taint.
    #[must_use]
    pub fn joined_with(mut self, taint: &Taint) -> Self {
        self.taint = self.taint.join(taint);
        self
    }

    /// The same bytes with exactly this taint. Only lookups, list matches and quoting operators have a reason to.
    #[must_use]
    pub fn with_taint(mut self, taint: Taint) -> Self {
        self.taint = taint;
        self
    }

    /// The bytes, without a copy where nobody else holds them.
    pub fn into_bytes(self) -> Vec<u8> {
        self.text.into_vec()
    }

    /// For people: text with replacement characters where the bytes are not UTF-8.
    pub fn to_lossy(&self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// The bytes for use in a sink; `what` says which, for the error.
    pub fn require_clean(&self, what: &str) -> Result<Clean, TaintError> {
        if self.is_tainted() {
            return Err(TaintError { value: self.bytes().to_vec(), what: what.to_owned() });
        }
        Ok(Clean(self.text.clone()))
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.taint {
            Taint::Clean => write!(f, "clean")?,
            Taint::Tainted => write!(f, "tainted")?,
            Taint::Quoted(q) => write!(f, "quoted({})", q.lookup())?,
        }
        write!(f, "\"{}\"", self.bytes().escape_ascii())
    }
}

impl From<&'static str> for Value {
    /// A literal of the program: clean.
    fn from(text: &'static str) -> Self {
        Self::clean(text.as_bytes())
    }
}

/// What goes over the wire between our processes.
#[derive(Serialize, Deserialize)]
struct Parts {
    bytes: Vec<u8>,
    taint: Taint,
}

impl From<Parts> for Value {
    fn from(parts: Parts) -> Self {
        Self::new(parts.bytes, parts.taint)
    }
}

impl From<Value> for Parts {
    fn from(value: Value) -> Self {
        let taint = value.taint.clone();
        Self { bytes: value.into_bytes(), taint }
    }
}

/// Bytes that may name a file, be a command, or be part of a query.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Clean(Text);

impl Clean {
    /// A literal of the program.
    pub fn literal(text: &'static [u8]) -> Self {
        Self(text.into())
    }

    /// Text of the configuration file or of the (trusted) command line, not expanded with anything.
    pub fn from_config(text: impl Into<Text>) -> Self {
        Self(text.into())
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }

    /// The bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_vec()
    }

    /// As a path of the file system.
    pub fn as_path(&self) -> &std::path::Path {
        use std::os::unix::ffi::OsStrExt;
        std::path::Path::new(std::ffi::OsStr::from_bytes(self.bytes()))
    }
}

/// A tainted value reached a sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaintError {
    /// The value that was refused.
    pub value: Vec<u8>,
    /// Where it was about to be used.
    pub what: String,
}

impl fmt::Display for TaintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tainted '{}' ({}) not permitted", String::from_utf8_lossy(&self.value), self.what)
    }
}

impl std::error::Error for TaintError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(lookup: &str) -> Taint {
        Taint::Quoted(QuotedFor::new(lookup))
    }

    #[test]
    fn taints_join() {
        let cases = [
            (Taint::Clean, Taint::Clean, Taint::Clean),
            (Taint::Clean, Taint::Tainted, Taint::Tainted),
            (Taint::Clean, quoted("mysql"), quoted("mysql")),
            (quoted("mysql"), quoted("mysql"), quoted("mysql")),
            (quoted("mysql"), quoted("pgsql"), Taint::Tainted),
            (quoted("mysql"), Taint::Tainted, Taint::Tainted),
            (Taint::Tainted, Taint::Tainted, Taint::Tainted),
        ];
        for (a, b, want) in cases {
            assert_eq!(a.join(&b), want, "{a:?} + {b:?}");
            assert_eq!(b.join(&a), want, "{b:?} + {a:?}");
        }
    }

    #[test]
    fn tainted_bytes_reach_no_sink() {
        let mut path = Value::clean("/var/mail/");
        assert_eq!(path.require_clean("file").unwrap().bytes(), b"/var/mail/");
        path.push_value(&Value::tainted("joe"));
        let error = path.require_clean("file or directory name").unwrap_err();
        assert_eq!(error.to_string(), "Tainted '/var/mail/joe' (file or directory name) not permitted");
    }

    #[test]
    fn empty_tainted_parts_do_not_taint() {
        let mut value = Value::clean("a");
        value.push_value(&Value::tainted(""));
        assert!(!value.is_tainted());
    }

    #[test]
    fn a_clone_is_not_changed_by_a_push() {
        let mut first = Value::clean("a");
        let second = first.clone();
        first.push_bytes(b"b");
        assert_eq!((first.bytes(), second.bytes()), (&b"ab"[..], &b"a"[..]));
    }
}
