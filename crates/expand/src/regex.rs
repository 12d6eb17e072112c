//! Regular expressions: the only place where PCRE2 is named.
//!
//! Patterns and subjects are bytes. Matching is bounded by [`limits::REGEX_MATCH`], so that a pattern with
//! catastrophic backtracking ends with an error, which callers treat as a failure or a deferral, never as a match.
//!
//! # Security
//! Subjects are hostile. PCRE2 is C code; it is compiled with its own bounds and matched with step and stack limits.
//!
//! # Compatibility
//! Error texts are PCRE2's own, with the offset into the pattern as the administrator wrote it.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use pcre2::bytes::CaptureLocations;

use mail_types::limits;

/// How a pattern is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Flags {
    /// Letters match in either case.
    pub caseless: bool,
}

/// A compiled pattern. Cloning is cheap.
#[derive(Clone)]
pub struct Regex {
    inner: Arc<Shared>,
}

/// A pattern that does not compile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileError {
    /// PCRE2's words.
    pub message: String,
    /// Where in the pattern.
    pub offset: usize,
}

/// Matching stopped before it was known whether the subject matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchError {
    /// PCRE2's words ("match limit exceeded").
    pub message: String,
}

/// The parts of a subject that matched, by offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups(Vec<Option<(usize, usize)>>);

impl Regex {
    /// Compiles a pattern.
    pub fn compile(pattern: &[u8], flags: Flags) -> Result<Self, CompileError> {
        let prefix = format!(
            "(*LIMIT_MATCH={})(*LIMIT_DEPTH={})(*LIMIT_HEAP={})",
            limits::REGEX_MATCH,
            limits::REGEX_DEPTH,
            limits::REGEX_HEAP_KIB
        );
        let text = as_text(pattern);
        let whole = format!("{prefix}{text}");
        pcre2::bytes::RegexBuilder::new()
            .caseless(flags.caseless)
            .jit_if_available(true)
            .max_jit_stack_size(Some(limits::REGEX_HEAP_KIB as usize * 1024))
            .build(&whole)
            .map(|regex| Self {
                inner: Arc::new(Shared { regex, spare: Mutex::new(None), pattern: pattern.to_vec() }),
            })
            .map_err(|error| CompileError {
                message: words_of(&error),
                offset: error.offset().unwrap_or(0).saturating_sub(prefix.len()).min(pattern.len()),
            })
    }

    /// The pattern as it was given.
    pub fn pattern(&self) -> &[u8] {
        &self.inner.pattern
    }

    /// Whether the subject matches anywhere.
    pub fn is_match(&self, subject: &[u8]) -> Result<bool, MatchError> {
        self.inner.regex.is_match(subject).map_err(|error| MatchError::from_pcre(&error))
    }

    /// The first match at or after `start`, with its groups.
    pub fn captures_at(&self, subject: &[u8], start: usize) -> Result<Option<Groups>, MatchError> {
        if start > subject.len() {
            return Ok(None);
        }
        let spare = self.inner.spare.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut locations = spare.unwrap_or_else(|| self.inner.regex.capture_locations());
        let found = self
            .inner
            .regex
            .captures_read_at(&mut locations, subject, start)
            .map_err(|error| MatchError::from_pcre(&error))?;
        let groups = found.map(|_| Groups((0..locations.len()).map(|group| locations.get(group)).collect()));
        *self.inner.spare.lock().unwrap_or_else(PoisonError::into_inner) = Some(locations);
        Ok(groups)
    }
}

/// What clones of one expression share.
struct Shared {
    regex: pcre2::bytes::Regex,
    /// Memory for a match: making it costs more than most matches.
    spare: Mutex<Option<CaptureLocations>>,
    pattern: Vec<u8>,
}

impl fmt::Debug for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Regex({:?})", String::from_utf8_lossy(self.pattern()))
    }
}

impl PartialEq for Regex {
    fn eq(&self, other: &Self) -> bool {
        self.pattern() == other.pattern()
    }
}

impl Groups {
    /// Start and end of the whole match.
    pub fn whole(&self) -> (usize, usize) {
        self.0.first().copied().flatten().unwrap_or((0, 0))
    }

    /// The text of one group; a group that took no part is empty.
    pub fn text<'s>(&self, subject: &'s [u8], group: usize) -> &'s [u8] {
        match self.0.get(group).copied().flatten() {
            Some((start, end)) => &subject[start..end],
            None => b"",
        }
    }

    /// One more than the number of the last group that took part in the match.
    pub fn count(&self) -> usize {
        self.0.iter().rposition(Option::is_some).map_or(0, |last| last + 1)
    }
}

impl MatchError {
    fn from_pcre(error: &pcre2::Error) -> Self {
        Self { message: words_of(error) }
    }
}

/// The crate puts its own words before PCRE2's; Exim shows PCRE2's alone.
fn words_of(error: &pcre2::Error) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("PCRE2: ").unwrap_or(&text);
    match text.split_once(": ") {
        Some((_, words)) => words.to_owned(),
        None => text.to_owned(),
    }
}

/// The PCRE2 crate takes text patterns only. A pattern that is not UTF-8 is rewritten with its high bytes as `\xHH`,
/// which means the same outside UTF mode; inside `\Q...\E` the quoting is interrupted.
fn as_text(pattern: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(pattern) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut quoted = false;
    let mut at = 0;
    while at < pattern.len() {
        match (pattern[at], pattern.get(at + 1)) {
            (b'\\', Some(b'E')) if quoted => {
                quoted = false;
                out.push_str("\\E");
                at += 2;
            }
            (b'\\', Some(b'Q')) if !quoted => {
                quoted = true;
                out.push_str("\\Q");
                at += 2;
            }
            // An escaped high byte stands for itself: the backslash before it must not escape ours.
            (b'\\', Some(&high)) if !quoted && high >= 0x80 => {
                push_hex(&mut out, high, false);
                at += 2;
            }
            (b'\\', Some(&next)) if !quoted => {
                out.push('\\');
                out.push(char::from(next));
                at += 2;
            }
            (high, _) if high >= 0x80 => {
                push_hex(&mut out, high, quoted);
                at += 1;
            }
            (byte, _) => {
                out.push(char::from(byte));
                at += 1;
            }
        }
    }
    Cow::Owned(out)
}

fn push_hex(out: &mut String, byte: u8, quoted: bool) {
    let hex = format!("\\x{byte:02x}");
    if quoted {
        out.push_str("\\E");
        out.push_str(&hex);
        out.push_str("\\Q");
    } else {
        out.push_str(&hex);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(pattern: &[u8], subject: &[u8]) -> Option<Vec<Vec<u8>>> {
        let regex = Regex::compile(pattern, Flags::default()).unwrap();
        let found = regex.captures_at(subject, 0).unwrap()?;
        Some((0..found.count()).map(|group| found.text(subject, group).to_vec()).collect())
    }

    #[test]
    fn groups_by_number() {
        assert_eq!(
            groups(b"(a+)(x)?(b)", b"zaab"),
            Some(vec![b"aab".to_vec(), b"aa".to_vec(), vec![], b"b".to_vec()])
        );
        assert_eq!(groups(b"(a)|(b)", b"a"), Some(vec![b"a".to_vec(), b"a".to_vec()]));
        assert_eq!(groups(b"c", b"zaab"), None);
    }

    #[test]
    fn patterns_that_are_not_utf8() {
        assert_eq!(
            groups(b"(\xe9+)", b"caf\xe9\xe9"),
            Some(vec![b"\xe9\xe9".to_vec(), b"\xe9\xe9".to_vec()])
        );
        assert_eq!(groups(b"[\xe0-\xef]", b"\xe9"), Some(vec![b"\xe9".to_vec()]));
        assert_eq!(groups(b"\\Qa.\xe9\\E.", b"a.\xe9z"), Some(vec![b"a.\xe9z".to_vec()]));
        assert_eq!(groups(b"\\\xe9", b"\xe9"), Some(vec![b"\xe9".to_vec()]));
    }

    #[test]
    fn errors_name_the_place_in_the_pattern_as_written() {
        let error = Regex::compile(b"ab(c", Flags::default()).unwrap_err();
        assert_eq!(error, CompileError { message: "missing closing parenthesis".into(), offset: 4 });
    }

    #[test]
    fn catastrophic_backtracking_ends_with_an_error() {
        let regex = Regex::compile(b"^(a|a?)+$", Flags::default()).unwrap();
        let subject = [&[b'a'; 40][..], b"b"].concat();
        assert_eq!(regex.is_match(&subject).unwrap_err().message, "match limit exceeded");
    }
}
