//! The words that begin a named list.
//!
//! # Compatibility
//! Spec 10.6.

use mail_types::suggest::nearest;
use policy::list::ListKind;

const LISTS: [(&str, ListKind, &str); 4] = [
    ("domainlist", ListKind::Domain, "domain"),
    ("hostlist", ListKind::Host, "host"),
    ("addresslist", ListKind::Address, "address"),
    ("localpartlist", ListKind::LocalPart, "local part"),
];

/// The word that begins a named list, if `wrong` is near one.
pub(super) fn near_list_word(wrong: &str) -> Option<&'static str> {
    nearest(wrong, LISTS.iter().map(|(word, ..)| *word))
}

/// The head of a line that defines a named list.
pub(super) struct ListHead {
    pub(super) kind: ListKind,
    /// `domain`, `host` ...
    pub(super) word: &'static str,
    pub(super) hidden: bool,
    /// Offset after the keyword.
    pub(super) after: usize,
}

/// Reads it, if the line begins as one.
pub(super) fn list_head(line: &[u8]) -> Option<ListHead> {
    let hide = line.strip_prefix(b"hide").filter(|rest| rest.first().is_some_and(u8::is_ascii_whitespace));
    let start = hide.map_or(0, |rest| line.len() - rest.trim_ascii_start().len());
    let (keyword, kind, word) =
        LISTS.into_iter().find(|(word, ..)| line[start..].starts_with(word.as_bytes()))?;
    Some(ListHead { kind, word, hidden: hide.is_some(), after: start + keyword.len() })
}
