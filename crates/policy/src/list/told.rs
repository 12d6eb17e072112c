//! What the decision trace says of a search in a list.

use mail_types::trace::{self, Category};

use super::{ListError, ListMatch, Subject, split};

/// Says what came of looking for a subject. `name` is the option or the list's own text in quotes.
pub fn tell(subject: Subject<'_>, name: &str, text: &[u8], found: &Result<ListMatch, ListError>) {
    if !trace::on(Category::Lists) {
        return;
    }
    let what = subject.told();
    let end = match found {
        Ok(found) => {
            let item = found.item.and_then(|at| item_at(text, at));
            let yes = if found.matched { "yes" } else { "no" };
            match item {
                Some(item) => format!("{yes} (matched \"{item}\")"),
                None => format!("{yes} (end of list)"),
            }
        }
        Err(error) => format!("cannot be decided: {}", error.message),
    };
    trace::say(Category::Lists, format_args!("{what} in {name}? {end}"));
}

impl Subject<'_> {
    /// What is looked for, as the trace names it.
    pub fn told(&self) -> String {
        match self {
            Self::Host(_) => "host".to_owned(),
            Self::Text(text) => String::from_utf8_lossy(text).into_owned(),
            Self::Value(value) => value.to_lossy(),
        }
    }
}

fn item_at(text: &[u8], at: usize) -> Option<String> {
    let item = split(text).take_while(|item| item.offset <= at).last()?;
    Some(String::from_utf8_lossy(&item.bytes).into_owned())
}
