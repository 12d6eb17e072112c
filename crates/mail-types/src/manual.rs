//! What the manual says about one name: the tables of names carry it, `cargo xtask manual` prints it.
//!
//! An entry is written as documentation above the row of its table: one line that says what the name means, then at least
//! one line with an example in backticks. An example reads ``[in PLACE: ] `TEXT` [ gives `ANSWER`]``. An expansion's answer
//! is written only where Debian's Exim does not have the feature; elsewhere Exim was asked (`tests/parity/expand/manual_*`).
//!
//! # Invariants
//! * A table's macro takes no row without a meaning and an example.

/// One name and what is said about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name as the administrator writes it, without braces and dollar signs.
    pub name: &'static str,
    /// What it means, in a line.
    pub doc: &'static str,
    /// Examples as they are written in the table.
    pub examples: &'static [&'static str],
}

/// Where an example stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A string that `-be` expands.
    Expansion,
    /// A line of the main section.
    Main,
    /// A line of an ACL.
    Acl,
    /// A line of a router.
    Router,
    /// A line of a transport.
    Transport,
    /// A line of an authenticator.
    Authenticator,
}

/// The words that name a place before an example.
const PLACES: &[(&str, Place)] = &[
    ("in the main section", Place::Main),
    ("in an ACL", Place::Acl),
    ("in a router", Place::Router),
    ("in a transport", Place::Transport),
    ("in an authenticator", Place::Authenticator),
];

/// An example, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// Where it stands.
    pub place: Place,
    /// The text itself.
    pub text: &'static str,
    /// What it gives, where the table says it.
    pub gives: Option<&'static str>,
}

impl Entry {
    /// The line that says what the name means.
    pub fn meaning(&self) -> &'static str {
        self.doc.trim()
    }

    /// The examples; those that name no place stand at `place`. Text that is no example is the error.
    pub fn examples(&self, place: Place) -> Result<Vec<Example>, String> {
        self.examples.iter().map(|raw| Example::read(raw, place)).collect()
    }
}

impl Example {
    /// Reads an example as the tables have it.
    ///
    /// # Errors
    /// The text, when it has another form.
    pub fn read(raw: &'static str, place: Place) -> Result<Self, String> {
        let wrong = || format!("not an example: {}", raw.trim());
        let (before, rest) = raw.trim().split_once('`').ok_or_else(wrong)?;
        let (text, after) = rest.split_once('`').ok_or_else(wrong)?;
        let place = match before.trim().strip_suffix(':') {
            None if before.is_empty() => place,
            words => PLACES.iter().find(|(known, _)| Some(*known) == words).ok_or_else(wrong)?.1,
        };
        let gives = match after.trim().strip_prefix("gives `") {
            Some(answer) => Some(answer.strip_suffix('`').ok_or_else(wrong)?),
            None if after.trim().is_empty() => None,
            None => return Err(wrong()),
        };
        Ok(Self { place, text, gives })
    }
}

impl Place {
    /// How the manual names the place before an example; an expansion has no need of it.
    pub fn words(self) -> Option<&'static str> {
        PLACES.iter().find(|(_, place)| *place == self).map(|(words, _)| *words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_have_a_place_a_text_and_perhaps_an_answer() {
        let read = |raw| Example::read(raw, Place::Expansion);
        let example = |place, text, gives| Ok(Example { place, text, gives });
        assert_eq!(read(" `${lc:A}`"), example(Place::Expansion, "${lc:A}", None));
        assert_eq!(read(" `${lc:A}` gives `a`"), example(Place::Expansion, "${lc:A}", Some("a")));
        assert_eq!(read(" `${lc:}` gives ``"), example(Place::Expansion, "${lc:}", Some("")));
        assert_eq!(read(" in an ACL: `accept`"), example(Place::Acl, "accept", None));
        for wrong in ["", "text", "`open", "in the dark: `x`", "`x` y", "`x` gives `y", "in an ACL `x`"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
