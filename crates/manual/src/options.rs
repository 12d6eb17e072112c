//! The pages of options: of the main section, and of the drivers of a class.

use config::options::{Class, Effect, Table, tables};
use mail_types::manual::Place;

use super::entry::{Entry, Page, Shown};

/// The four pages.
///
/// # Errors
/// A row is no entry.
pub(crate) fn pages() -> Result<Vec<Page>, String> {
    [
        (Class::Main, "options-main.md", "Options of the main section"),
        (Class::Router, "options-router.md", "Options of routers"),
        (Class::Transport, "options-transport.md", "Options of transports"),
        (Class::Authenticator, "options-authenticator.md", "Options of authenticators"),
    ]
    .into_iter()
    .map(|(class, file, title)| {
        let parts = tables().filter(|table| table.class == class).map(part).collect::<Result<_, String>>()?;
        let about =
            "Each with its type and its default. `exim -bP` shows what a configuration sets.".to_owned();
        Ok(Page { file, title, about, parts })
    })
    .collect()
}

fn part(table: &Table) -> Result<(String, Vec<Entry>), String> {
    let class = table.class.word();
    let title = match (table.class, table.owner) {
        (Class::Main, "postrider") => "Postrider's own".to_owned(),
        (Class::Main, _) => "Exim's".to_owned(),
        (_, "generic") => format!("Every {class}"),
        (_, driver) => format!("The {class} `{driver}`"),
    };
    let place = match table.class {
        Class::Main => Place::Main,
        Class::Router => Place::Router,
        Class::Transport => Place::Transport,
        Class::Authenticator => Place::Authenticator,
    };
    let entries = table.defs.iter().map(|def| {
        let default = def.default.map(|text| format!("default `{}`", text.replace('\n', "\\n")));
        let facts = [def.kind.words().to_owned(), default.unwrap_or_else(|| "unset by default".to_owned())];
        let missing = match def.effect {
            Effect::Inert(why) => Some(why.to_owned()),
            Effect::Live => None,
        };
        Ok(Entry { facts: facts.into(), missing, ..Entry::new(&def.entry(), place, Shown::Plain)? })
    });
    Ok((title, entries.collect::<Result<_, String>>()?))
}
