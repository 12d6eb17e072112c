//! Names that Exim knows and this version does not serve yet.
//!
//! # Invariants
//! * Each of them fails clearly when it is evaluated and is reported when it is read; none is ever taken for an unknown
//!   name, and none is ignored.
//!
//! # Compatibility
//! docs/compat.md lists this table.

use crate::EvalError;
use crate::eval::{Machine, Mode};
use crate::parse::{Arguments, Parser};
use crate::tree::{Broken, Test};
use crate::{condition, item, operator};

/// The id of the diagnostic for these names.
pub(crate) const DIAGNOSTIC: &str = "expand.unsupported";

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

/// How the arguments of the name are written, so that the text around it is still understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// So many strings in braces, at least and at most.
    Strings(usize, usize),
}

/// One name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsupported {
    /// What it is.
    pub kind: Kind,
    /// Exim's word.
    pub name: &'static str,
    /// How its arguments look.
    pub shape: Shape,
}

/// All of them.
pub fn unsupported() -> &'static [Unsupported] {
    use Kind::{Condition, Item};
    use Shape::Strings;
    const fn row(kind: Kind, name: &'static str, shape: Shape) -> Unsupported {
        Unsupported { kind, name, shape }
    }
    const TABLE: [Unsupported; 2] =
        [row(Item, "dlfunc", Strings(2, 10)), row(Condition, "pam", Strings(1, 1))];
    &TABLE
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

/// The condition of this name, if it is not served yet.
pub(crate) fn condition(name: &str) -> Option<&'static Unsupported> {
    find(Kind::Condition, name)
}

impl Unsupported {
    /// The text of the failure.
    pub fn message(&self) -> String {
        let kind = match self.kind {
            Kind::Item => "item",
            Kind::Operator => "operator",
            Kind::Condition => "condition",
        };
        let instead = match self.name {
            "pam" => ": the condition saslauthd, with saslauthd -a pam, asks PAM",
            _ => "",
        };
        format!("the expansion {kind} \"{}\" is not supported yet by this version{instead}", self.name)
    }

    fn raise<T>(&self) -> Result<T, EvalError> {
        Err(EvalError::failed(self.message()))
    }
}

#[derive(Debug)]
struct Missing {
    what: &'static Unsupported,
    arguments: Arguments,
}

impl Missing {
    fn walk(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<(), EvalError> {
        self.arguments.eval(machine, mode)?;
        if mode.is_skip() { Ok(()) } else { self.what.raise() }
    }
}

impl Test for Missing {
    fn test(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<bool, EvalError> {
        self.walk(machine, mode).map(|()| false)
    }
}

/// Reads the arguments of a condition.
pub(crate) fn skip_condition(parser: &mut Parser<'_>, what: &'static Unsupported) -> Box<dyn Test> {
    parser.may_block = true;
    parser.skip_space();
    if parser.peek() != Some(b'{') {
        return Box::new(missing_brace(parser, what));
    }
    let Shape::Strings(least, most) = what.shape;
    let mut arguments = Arguments::default();
    while arguments.values.len() < most && !parser.stopped {
        parser.skip_space();
        if parser.peek() != Some(b'{') {
            break;
        }
        arguments.values.push(parser.braced());
    }
    if !parser.stopped && arguments.values.len() < least {
        let text = format!("too few arguments or bracketing error for {}", what.name);
        arguments.broken = Some(parser.fail(text));
    }
    Box::new(Missing { what, arguments })
}

fn missing_brace(parser: &mut Parser<'_>, what: &Unsupported) -> Broken {
    parser.fail(format!("missing {{ after \"{}\"", what.name))
}
