//! A page of the manual as Markdown.

use std::fmt::Write as _;

use mail_types::manual::{Example, Place};

use super::compat::Differences;
use super::entry::{Entry, Page, Shown};
use super::examples::Answers;

impl Entry {
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
