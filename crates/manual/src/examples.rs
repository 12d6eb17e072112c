//! The examples that are expansions, and what they give.
//!
//! # Invariants
//! * An example of the parity case has the answer of Debian's Exim; an example whose row says the answer is in no case.

use std::collections::BTreeMap;
use std::path::Path;

use mail_types::manual::{Example, Place};

use xtask::parity::expand::{Case, escape};

use super::entry::Page;

/// The folder of the case below the root.
pub const CASE: &str = "tests/parity/expand/manual";

/// What expansions give, by their text.
#[derive(Debug)]
pub(crate) struct Answers(BTreeMap<String, String>);

fn all(pages: &[Page]) -> impl Iterator<Item = &Example> {
    let entries = pages.iter().flat_map(|page| &page.parts).flat_map(|(_, entries)| entries);
    entries.flat_map(|entry| &entry.examples).filter(|example| example.place == Place::Expansion)
}

/// The expansions that Debian's Exim is asked, each once.
pub(crate) fn of_the_oracle(pages: &[Page]) -> Vec<&'static str> {
    let mut texts = Vec::new();
    for example in all(pages).filter(|example| example.gives.is_none()) {
        if !texts.contains(&example.text) {
            texts.push(example.text);
        }
    }
    texts
}

/// The expansions whose rows say what they give, with that.
///
/// # Errors
/// A row is no entry.
pub fn answered_by_rows() -> Result<Vec<(&'static str, &'static str)>, String> {
    let pages = super::chapters()?;
    Ok(all(&pages).filter_map(|example| Some((example.text, example.gives?))).collect())
}

impl Answers {
    /// Reads what was recorded.
    ///
    /// # Errors
    /// The case was recorded for other examples.
    pub(crate) fn read(root: &Path, examples: &[&str]) -> Result<Self, String> {
        const AGAIN: &str =
            "run `cargo xtask manual`, then `cargo xtask parity record expand manual`, then the first again";
        let case = Case::all(root, Some("manual"))?.remove(0);
        let asked: Vec<String> =
            case.lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        if asked != examples {
            return Err(format!("the examples are not those of {CASE}: {AGAIN}"));
        }
        let answers = case.recorded().map_err(|why| format!("{why}: {AGAIN}"))?;
        let shown = answers.iter().map(|answer| String::from_utf8_lossy(&escape(answer)).into_owned());
        Ok(Self(asked.into_iter().zip(shown).collect()))
    }

    /// What an example gives.
    pub(crate) fn of(&self, example: &Example) -> Option<&str> {
        example.gives.or_else(|| self.0.get(example.text).map(String::as_str))
    }
}
