//! `wildlsearch` and `nwildlsearch`: keys that are `*suffix`, `^regular expression`, or plain.
//!
//! # Compatibility
//! Spec section "Single-key lookup types". Keys of `wildlsearch` are expanded first; those of `nwildlsearch` are not.
//! Expansion sees no message here, only the program's own facts (docs/compat.md).

use std::sync::OnceLock;

use expand::regex::{Flags, Regex};
use expand::{BareEnv, EvalError, Expansion};
use mail_types::bytes::{ends_with_ignore_case, eq_ignore_case};
use mail_types::diagnostic::{SourceText, Span};

use crate::linear_file::{Entry, entries_of};

/// A file of such keys.
#[derive(Debug)]
pub(crate) struct WildFile {
    entries: Vec<WildEntry>,
}

#[derive(Debug)]
struct WildEntry {
    entry: Entry,
    plain: OnceLock<Result<Matcher, String>>,
    expanded: OnceLock<Result<Matcher, String>>,
}

#[derive(Debug)]
enum Matcher {
    Exact(Vec<u8>),
    Suffix(Vec<u8>),
    Regex(Regex),
}

impl WildFile {
    /// Reads the text; keys are compiled when they are first met.
    pub(crate) fn parse(text: &[u8]) -> Self {
        let entries = entries_of(text).into_iter();
        let entries =
            entries.map(|entry| WildEntry { entry, plain: OnceLock::new(), expanded: OnceLock::new() });
        Self { entries: entries.collect() }
    }

    /// The entry of the first key that matches.
    pub(crate) fn find(&self, key: &[u8], expanded: bool) -> Result<Option<&Entry>, EvalError> {
        for wild in &self.entries {
            let slot = if expanded { &wild.expanded } else { &wild.plain };
            let matcher = slot.get_or_init(|| compile(&wild.entry.key, expanded));
            let matcher = matcher.as_ref().map_err(|text| EvalError::defer(text.clone()))?;
            if matcher.matches(key)? {
                return Ok(Some(&wild.entry));
            }
        }
        Ok(None)
    }
}

fn compile(key: &[u8], expanded: bool) -> Result<Matcher, String> {
    let key = if expanded {
        let expansion = Expansion::parse(&SourceText::plain(key.to_vec(), Span::default()));
        let value = expansion.eval(&mut BareEnv::new());
        value
            .map_err(|e| format!("failed to expand key \"{}\": {e}", String::from_utf8_lossy(key)))?
            .into_bytes()
    } else {
        key.to_vec()
    };
    if key.first() == Some(&b'^') {
        let regex = Regex::compile(&key, Flags { caseless: true });
        return regex.map(Matcher::Regex).map_err(|e| {
            format!(
                "regular expression error in \"{}\": {} at offset {}",
                String::from_utf8_lossy(&key),
                e.message,
                e.offset
            )
        });
    }
    Ok(match key.strip_prefix(b"*") {
        Some(suffix) => Matcher::Suffix(suffix.to_vec()),
        None => Matcher::Exact(key),
    })
}

impl Matcher {
    fn matches(&self, key: &[u8]) -> Result<bool, EvalError> {
        match self {
            Self::Exact(text) => Ok(eq_ignore_case(text, key)),
            Self::Suffix(text) => Ok(ends_with_ignore_case(key, text)),
            Self::Regex(regex) => regex.is_match(key).map_err(|e| EvalError::defer(e.message)),
        }
    }
}
