//! Names of the language that are read and cannot work in this program.
//!
//! # Invariants
//! * Each of them fails clearly when it is evaluated and is reported when it is read; none is ever taken for an unknown
//!   name, and none is ignored.
//!
//! # Compatibility
//! docs/compat.md lists this table.

use crate::{condition, item, operator};

/// What kind of name it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `${name{...}...}`
    Item,
    /// `${name:...}`
    Operator,
    /// `${if name{...}...}`
    Condition,
}

/// One name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsupported {
    /// What it is.
    pub kind: Kind,
    /// Exim's word.
    pub name: &'static str,
}

/// All of them.
pub fn unsupported() -> &'static [Unsupported] {
    &[Unsupported { kind: Kind::Item, name: "dlfunc" }]
}

/// What to say about a name that belongs to a product which is no longer made; `None` for all other names.
pub fn dead_product(name: &str) -> Option<&'static str> {
    let name = name.strip_prefix('$').unwrap_or(name);
    name.starts_with("bmi_").then_some(
        "it belongs to Brightmail AntiSpam, a product that is no longer made: Exim dropped it too; take the line out",
    )
}

/// The names of a kind that work.
pub fn served(kind: Kind) -> Vec<&'static str> {
    let works = |name: &&'static str| find(kind, name).is_none();
    match kind {
        Kind::Item => item::names().filter(works).collect(),
        Kind::Operator => operator::names().filter(works).collect(),
        Kind::Condition => condition::names().filter(works).collect(),
    }
}

fn find(kind: Kind, name: &str) -> Option<&'static Unsupported> {
    unsupported().iter().find(|row| row.kind == kind && row.name == name)
}

impl Unsupported {
    /// Why it cannot work.
    pub fn message(&self) -> String {
        format!("this program loads no shared objects: {} fails whenever it is expanded", self.name)
    }
}
