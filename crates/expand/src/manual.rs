//! What the manual says about items, operators, conditions, variables and lookups: the entries of their tables.

use mail_types::manual::Entry;

use crate::lookup::LOOKUP_TYPES;
use crate::unsupported::{self, Kind, Unsupported};
use crate::variable::{Availability, FAMILIES, VARIABLES};
use crate::{condition, item, operator};

/// A family of names, each family a page of the manual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `${name{...}}`.
    Items,
    /// `${name:...}`.
    Operators,
    /// What `${if` tests.
    Conditions,
    /// `$name`.
    Variables,
    /// The types of `${lookup`.
    Lookups,
}

/// What the manual says about each name of a family.
pub fn entries(family: Family) -> Vec<&'static Entry> {
    match family {
        Family::Items => item::entries().collect(),
        Family::Operators => operator::entries().collect(),
        Family::Conditions => condition::entries().collect(),
        Family::Variables => FAMILIES.iter().chain(VARIABLES.iter().map(|row| &row.entry)).collect(),
        Family::Lookups => LOOKUP_TYPES.iter().map(|known| &known.entry).collect(),
    }
}

/// Why a name has no effect yet, if it has none. For lookups the crate that serves them knows.
pub fn missing(family: Family, name: &str) -> Option<String> {
    let kind = match family {
        Family::Items => Kind::Item,
        Family::Operators => Kind::Operator,
        Family::Conditions => Kind::Condition,
        Family::Variables => {
            let later = |row: &&crate::variable::VariableInfo| row.available == Availability::Later;
            return VARIABLES
                .iter()
                .find(|row| row.name == name)
                .filter(later)
                .map(|_| "nothing fills this variable yet: it is empty".to_owned());
        }
        Family::Lookups => return None,
    };
    let row = unsupported::unsupported().iter().find(|row| row.kind == kind && row.name == name);
    row.map(Unsupported::message)
}

#[cfg(test)]
mod tests {
    use mail_types::manual::{Example, Place};

    use super::*;

    const ALL: [Family; 5] =
        [Family::Items, Family::Operators, Family::Conditions, Family::Variables, Family::Lookups];

    #[test]
    fn every_name_stands_once_with_a_meaning_and_examples_that_use_it() {
        for family in ALL {
            let entries = entries(family);
            for (at, entry) in entries.iter().enumerate() {
                let name = entry.name;
                assert!(!entries[..at].iter().any(|other| other.name == name), "{name} stands twice");
                assert!(entry.meaning().len() > 3, "{name} has no meaning");
                let examples = entry.examples(Place::Expansion).unwrap();
                let uses = |example: &Example| example.text.contains(name.trim_end_matches("NAME:"));
                let has_fixed_name = !matches!(name, "N" | "acl_cNAME" | "acl_mNAME" | "r_NAME");
                assert!(!has_fixed_name || examples.iter().all(uses), "{name}: {examples:?}");
            }
        }
    }

    #[test]
    fn what_is_not_served_has_an_entry() {
        for row in unsupported::unsupported() {
            let family = match row.kind {
                Kind::Item => Family::Items,
                Kind::Operator => Family::Operators,
                Kind::Condition => Family::Conditions,
            };
            assert!(entries(family).iter().any(|entry| entry.name == row.name), "{row:?}");
        }
    }
}
