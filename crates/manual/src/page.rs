//! A page of the manual as Markdown.

use std::fmt::Write as _;

use mail_types::manual::{self, Example, Place};

use super::compat::Differences;
use super::examples::Answers;

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

    /// The name with its signs, as it is written in docs/compat.md.
    fn written(&self) -> String {
        match self.shown {
            Shown::Item => format!("${{{}", self.name),
            Shown::Operator => format!("${{{}:", self.name),
            Shown::Variable => format!("${}", self.name),
            _ => self.name.to_owned(),
        }
    }

    fn heading(&self) -> String {
        match self.shown {
            Shown::Item => format!("${{{}{{...}}}}", self.name),
            Shown::Operator => format!("${{{}:...}}", self.name),
            _ => self.written(),
        }
    }

    fn render(
        &self,
        out: &mut String,
        level: &str,
        answers: &Answers,
        differences: &Differences,
    ) -> Result<(), String> {
        let _ = write!(out, "\n{level} `{}`\n\n{}", self.heading(), sentence(self.meaning));
        if !self.facts.is_empty() {
            let _ = write!(out, " ({})", self.facts.join("; "));
        }
        out.push_str("\n\n");
        for example in &self.examples {
            let _ = writeln!(out, "* {}", self.example(example, answers)?);
        }
        if let Some(why) = &self.missing {
            let _ = writeln!(out, "* Without effect: {why}.");
        }
        for (section, anchor) in differences.of(&self.written(), self.shown) {
            let _ = writeln!(out, "* Differs from Exim: [{section}](../compat.md#{anchor}).");
        }
        Ok(())
    }

    fn example(&self, example: &Example, answers: &Answers) -> Result<String, String> {
        let text = code(example.text);
        if example.place != Place::Expansion {
            let place = example
                .place
                .words()
                .filter(|_| !matches!(self.shown, Shown::Plain | Shown::Acl | Shown::LogSelector));
            return Ok(place.map_or_else(|| text.clone(), |place| format!("{place}: {text}")));
        }
        Ok(match answers.of(example) {
            None => return Err(format!("{}: no answer to {}", self.name, example.text)),
            Some("") => format!("{text} gives nothing"),
            Some(answer) => match answer.strip_prefix("Failed: ") {
                Some(failure) => format!("{text} fails: {failure}"),
                None => format!("{text} gives {}", code(answer)),
            },
        })
    }
}

/// Text as code, also where it has backticks or spaces at its ends.
fn code(text: &str) -> String {
    let ticks = if text.contains('`') { "``" } else { "`" };
    let space = if text.starts_with([' ', '`']) || text.ends_with([' ', '`']) { " " } else { "" };
    format!("{ticks}{space}{text}{space}{ticks}")
}

fn sentence(text: &str) -> String {
    if text.ends_with('.') { text.to_owned() } else { format!("{text}.") }
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

    /// The text of the page.
    pub(crate) fn render(&self, answers: &Answers, differences: &Differences) -> Result<String, String> {
        let mut out = format!("# {}\n\n{}\n", self.title, self.about);
        for (title, entries) in &self.parts {
            if !title.is_empty() {
                let _ = write!(out, "\n## {title}\n");
            }
            let level = if title.is_empty() { "##" } else { "###" };
            for entry in entries {
                entry.render(&mut out, level, answers, differences)?;
            }
        }
        Ok(out)
    }
}

/// The page that leads to the others.
pub(crate) fn index(pages: &[Page]) -> String {
    let mut out = "# The manual\n\nEvery name of the configuration language, with its meaning and examples. These pages \
                   are written by `cargo xtask manual` from\nthe tables that the program itself reads; tests evaluate or \
                   load every example. What an expansion gives was asked from\nDebian's Exim 4.96 where that has it, with \
                   the files and arguments of `tests/parity/expand/manual`.\n\n\
                   How the whole works is in the specification of Exim; [compat.md](../compat.md) says what differs.\n\n"
        .to_owned();
    for page in pages {
        let entries: usize = page.parts.iter().map(|(_, entries)| entries.len()).sum();
        let _ = writeln!(out, "* [{}]({}) ({entries})", page.title, page.file);
    }
    out
}
