//! What stands on the pages: names, and pages of them. It knows nothing of how they are written down.

use mail_types::manual::{self, Example, Place};

/// How a name is written in its heading, and in docs/compat.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Item,
    Operator,
    Condition,
    Variable,
    Lookup,
    Acl,
    LogSelector,
    Plain,
}

impl Shown {
    /// The sections of docs/compat.md that speak of such names; all of them when there is none here.
    pub(crate) fn sections(self) -> &'static [&'static str] {
        match self {
            Self::Item | Self::Operator | Self::Condition => &["String expansions"],
            Self::Lookup => &["Lists and lookups"],
            Self::Acl => &["SMTP", "Receiving messages", "Access control lists", "Log files"],
            Self::LogSelector => &["Receiving messages", "Delivering messages", "Log files"],
            Self::Variable | Self::Plain => &[],
        }
    }
}

/// One name.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) meaning: &'static str,
    pub(crate) examples: Vec<Example>,
    /// Short facts: a type, a default.
    pub(crate) facts: Vec<String>,
    /// Why it does nothing yet.
    pub(crate) missing: Option<String>,
    pub(crate) shown: Shown,
}

/// One page: parts with a heading each, or a single part without.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) file: &'static str,
    pub(crate) title: &'static str,
    pub(crate) about: String,
    pub(crate) parts: Vec<(String, Vec<Entry>)>,
}

impl Entry {
    /// What a row says; examples that name no place stand at `place`.
    pub(crate) fn new(row: &manual::Entry, place: Place, shown: Shown) -> Result<Self, String> {
        let examples = row.examples(place).map_err(|why| format!("{}: {why}", row.name))?;
        Ok(Self { name: row.name, meaning: row.meaning(), examples, facts: Vec::new(), missing: None, shown })
    }
}

impl Page {
    /// A page of one part.
    pub(crate) fn new(
        file: &'static str,
        title: &'static str,
        about: &str,
        entries: Vec<Entry>,
    ) -> Result<Self, String> {
        if entries.is_empty() {
            return Err(format!("{file} has no entry"));
        }
        Ok(Self { file, title, about: about.to_owned(), parts: vec![(String::new(), entries)] })
    }
}
