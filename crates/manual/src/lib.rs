//! `cargo xtask manual`: writes `docs/manual` from the tables of the code.
//!
//! A page a family. Each entry is what its table's row says: the meaning, examples, the type and the default of an option.
//! What an expansion gives was asked from Debian's Exim: the examples are the parity case `tests/parity/expand/manual`
//! (`cargo xtask parity record expand manual` asks again); where Debian's Exim lacks the feature, the row says it. Links to
//! docs/compat.md come from the names that stand there in backticks.
//!
//! # Invariants
//! * Nothing in `docs/manual` is written by hand; a test compares every page.
#![forbid(unsafe_code)]

mod compat;
mod coverage;
mod entry;
mod examples;
mod options;
mod page;
mod uncovered;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use expand::manual::Family;
use mail_types::manual::Place;
use policy::manual::Part;

use compat::Differences;
pub use coverage::coverage;
use entry::{Entry, Page, Shown};
use examples::Answers;
pub use examples::{CASE, answered_by_rows};
pub use uncovered::uncovered;

/// Writes the pages and the input of the parity case.
///
/// # Errors
/// A row is no entry, the case was not recorded for its examples, or a file cannot be written.
pub fn write_all() -> Result<(), String> {
    let root = xtask::root();
    let input = root.join(CASE).join("input");
    let examples = examples::of_the_oracle(&chapters()?);
    write(&input, &examples.iter().map(|text| format!("{text}\n")).collect::<Vec<_>>().concat())?;
    for (path, text) in pages(&root)? {
        write(&root.join(path), &text)?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}

/// Every page by its path below the root.
///
/// # Errors
/// As [`write_all`].
pub fn pages(root: &Path) -> Result<BTreeMap<PathBuf, String>, String> {
    let chapters = chapters()?;
    let answers = Answers::read(root, &examples::of_the_oracle(&chapters))?;
    let compat = fs::read_to_string(root.join("docs/compat.md")).map_err(|e| format!("compat.md: {e}"))?;
    let differences = Differences::read(&compat);
    let folder = Path::new("docs/manual");
    let mut out = BTreeMap::new();
    for page in &chapters {
        out.insert(folder.join(page.file), page.render(&answers, &differences)?);
    }
    out.insert(folder.join("README.md"), page::index(&chapters));
    Ok(out)
}

/// All pages, in the order of the index.
fn chapters() -> Result<Vec<Page>, String> {
    let mut pages = vec![
        family(Family::Items, "items.md", "Expansion items", ITEMS, Shown::Item)?,
        family(Family::Operators, "operators.md", "Expansion operators", OPERATORS, Shown::Operator)?,
        family(Family::Conditions, "conditions.md", "Conditions", CONDITIONS, Shown::Condition)?,
        family(Family::Variables, "variables.md", "Variables", VARIABLES, Shown::Variable)?,
        lists()?,
        lookups()?,
    ];
    pages.extend(options::pages()?);
    pages.extend([acls()?, log_selectors()?, macros()?]);
    Ok(pages)
}

const ITEMS: &str =
    "An item stands in a string that is expanded: `${name{argument}...}`. Arguments are expanded first.";
const OPERATORS: &str =
    "An operator works on the text after its colon: `${name:text}`. The text is expanded first.";
const CONDITIONS: &str = "What `${if`, `${filter` and their like test. `!` before a condition negates it.";
const VARIABLES: &str = "`$name`, or `${name}` where a letter follows. A variable without a value is empty.";

fn family(
    family: Family,
    file: &'static str,
    title: &'static str,
    about: &str,
    shown: Shown,
) -> Result<Page, String> {
    let entries = expand::manual::entries(family).into_iter();
    let entries = entries.map(|entry| {
        let missing = expand::manual::missing(family, entry.name);
        Ok(Entry { missing, ..Entry::new(entry, Place::Expansion, shown)? })
    });
    Page::new(file, title, about, entries.collect::<Result<_, String>>()?)
}

fn lists() -> Result<Page, String> {
    const ABOUT: &str = "Lists of domains, hosts, addresses and local parts. The items stand between colons and are tried \
                         from left to right. A string of a list is expanded before it is split.";
    let entries = policy::manual::LIST_ITEMS.iter();
    let entries = entries.map(|entry| Entry::new(entry, Place::Expansion, Shown::Plain));
    Page::new("lists.md", "Lists", ABOUT, entries.collect::<Result<_, String>>()?)
}

fn lookups() -> Result<Page, String> {
    const ABOUT: &str = "Types of `${lookup{key}type{file}}` and `${lookup type{query}}`, and of items `type;file` of lists. \
                         Types with a key take `partial-` before and `*` or `*@` after their names.";
    let entries = expand::lookup::LOOKUP_TYPES.iter().map(|known| {
        let served = lookup::SERVED.contains(&known.entry.name);
        let missing = (!served).then(|| "this lookup type is not served yet: it defers".to_owned());
        Ok(Entry { missing, ..Entry::new(&known.entry, Place::Expansion, Shown::Lookup)? })
    });
    Page::new("lookups.md", "Lookups", ABOUT, entries.collect::<Result<_, String>>()?)
}

fn acls() -> Result<Page, String> {
    const ABOUT: &str =
        "An access control list is a row of statements: a verb with conditions and modifiers.";
    let mut page =
        Page { file: "acl.md", title: "Access control lists", about: ABOUT.to_owned(), parts: Vec::new() };
    for (part, title) in [
        (Part::Verbs, "Verbs"),
        (Part::Conditions, "Conditions"),
        (Part::Modifiers, "Modifiers"),
        (Part::Controls, "Controls"),
        (Part::Verifications, "What `verify` tests"),
    ] {
        let entries = policy::manual::acl(part).into_iter().map(|(entry, works)| {
            let missing = (!works).then(|| "not there yet: an error of the configuration".to_owned());
            Ok(Entry { missing, ..Entry::new(entry, Place::Acl, Shown::Acl)? })
        });
        page.parts.push((title.to_owned(), entries.collect::<Result<_, String>>()?));
    }
    Ok(page)
}

fn log_selectors() -> Result<Page, String> {
    const ABOUT: &str = "What `log_selector` switches on with `+` and off with `-`. `all` is all of them; `rejected_headers` \
                         is another name of `rejected_header`.";
    let rows = mail_types::log_selector::SELECTORS.iter().zip(mail_types::log_selector::ENTRIES);
    let entries = rows.map(|((_, _, on), entry)| {
        let facts = vec![if *on { "on by default" } else { "off by default" }.to_owned()];
        Ok(Entry { facts, ..Entry::new(entry, Place::Main, Shown::LogSelector)? })
    });
    Page::new("log-selectors.md", "Log selectors", ABOUT, entries.collect::<Result<_, String>>()?)
}

fn macros() -> Result<Page, String> {
    const ABOUT: &str = "Macros that are there before the configuration is read. Each stands for something that works, and \
                         its text is `y`; what does not work has none. `exim -bP macros` lists them all.";
    let lookups: Vec<String> = lookup::SERVED.iter().map(|name| (*name).to_owned()).collect();
    let features = config::builtin::features(&lookups).into_iter().map(|(entry, works)| {
        let missing = (!works).then(|| "not defined yet".to_owned());
        Ok(Entry { missing, ..Entry::new(entry, Place::Main, Shown::Plain)? })
    });
    let classes = config::builtin::CLASSES.iter().map(|entry| Entry::new(entry, Place::Main, Shown::Plain));
    Ok(Page {
        file: "macros.md",
        title: "Predefined macros",
        about: ABOUT.to_owned(),
        parts: vec![
            ("Features".to_owned(), features.collect::<Result<_, String>>()?),
            ("Names".to_owned(), classes.collect::<Result<_, String>>()?),
        ],
    })
}

#[cfg(test)]
mod tests {
    use mail_types::manual::Example;

    use super::*;

    #[test]
    fn the_manual_is_in_step_with_the_tables() {
        let root = xtask::root();
        if std::env::var_os("UPDATE_REF").is_some() {
            write_all().unwrap();
        }
        let pages = pages(&root).unwrap();
        for (path, want) in &pages {
            let found = fs::read_to_string(root.join(path)).unwrap_or_default();
            assert!(found == *want, "{} is out of step: cargo xtask manual", path.display());
        }
        for entry in fs::read_dir(root.join("docs/manual")).unwrap() {
            let path = Path::new("docs/manual").join(entry.unwrap().file_name());
            assert!(pages.contains_key(&path), "{} belongs to no family", path.display());
        }
    }

    #[test]
    fn what_is_served_shows_what_it_gives() {
        // What asks a server of the system's users is shown where it is used.
        let shown = |example: &Example| matches!(example.place, Place::Expansion | Place::Authenticator);
        let mut bare = Vec::new();
        for page in chapters().unwrap() {
            let expansions = ["items.md", "operators.md", "conditions.md"].contains(&page.file);
            let entries = page.parts.iter().flat_map(|(_, entries)| entries);
            let works = entries.filter(|entry| expansions && entry.missing.is_none());
            bare.extend(works.filter(|entry| !entry.examples.iter().any(shown)).map(|entry| entry.name));
        }
        assert!(bare.is_empty(), "these work: their rows need examples to expand: {bare:?}");
    }
}
