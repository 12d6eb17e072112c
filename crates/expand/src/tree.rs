//! The compiled form of a string.
//!
//! # Invariants
//! * Parts stand in the order of the text, and evaluation visits them in that order: of several things that are wrong,
//!   the one that Exim meets first is reported.
//! * A text has at most one syntax error. Nothing behind it is parsed; the part that holds it fails when it is reached,
//!   also where Exim only skips over a branch.

use std::fmt::Debug;

use mail_types::value::Value;

use crate::EvalError;
use crate::env::HeaderForm;
use crate::eval::{Machine, Mode};
use crate::flow::Visit;
use crate::variable::{Variable, VariableName};

/// A run of parts whose values are joined.
#[derive(Debug, Default)]
pub(crate) struct Sequence {
    parts: Parts,
    quiet: bool,
}

/// A part and its offset in the text.
pub(crate) type Placed = (usize, Part);

/// Room for so many parts is made where there is more than one.
const FEW_PARTS: usize = 4;

/// Most sequences have one part, which then needs no memory of its own.
#[derive(Debug)]
enum Parts {
    One(Placed),
    Many(Vec<Placed>),
}

impl Default for Parts {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

/// One part of a string.
#[derive(Debug)]
pub(crate) enum Part {
    /// Literal text, escapes already undone.
    Literal(Value),
    /// `$name`, or `${name}`.
    Variable {
        /// Which one.
        name: VariableName,
        /// It is written with braces.
        braced: bool,
    },
    /// `$1`.
    Capture(usize),
    /// `$h_name:`.
    Header(HeaderForm, Vec<u8>),
    /// An item or an operator with its arguments.
    Item(Box<dyn Item>),
    /// Where the text stops making sense.
    Broken(Broken),
}

/// A syntax error, kept for the time when evaluation gets there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    /// Exim's text.
    pub(crate) message: String,
}

/// An item or operator that knows how to evaluate itself.
pub(crate) trait Item: Debug + Send + Sync {
    /// The value; with [`Mode::Skip`] only the checks that Exim makes in a branch that is not taken.
    fn eval(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<Value, EvalError>;

    /// True when skipping it makes no checks, so that a branch that is not taken need not be walked.
    fn is_quiet(&self) -> bool {
        false
    }

    /// Shows its parts to whoever follows values through the text.
    fn parts(&self, _visit: Visit<'_>) {}
}

/// A condition without its negation.
pub(crate) trait Test: Debug + Send + Sync {
    /// The outcome; with [`Mode::Skip`] it has no meaning, but the checks are made.
    fn test(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<bool, EvalError>;

    /// True when skipping it makes no checks.
    fn is_quiet(&self) -> bool {
        false
    }

    /// Shows its parts, none of which is a part of a value.
    fn parts(&self, _visit: Visit<'_>) {}
}

/// A condition.
#[derive(Debug)]
pub(crate) struct Condition {
    /// An odd number of `!` stands before it.
    pub(crate) negated: bool,
    /// What it tests.
    pub(crate) test: Box<dyn Test>,
}

impl Condition {
    /// True when skipping it makes no checks.
    pub(crate) fn is_quiet(&self) -> bool {
        self.test.is_quiet()
    }

    pub(crate) fn eval(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<bool, EvalError> {
        Ok(machine.deeper(|machine| self.test.test(machine, mode))? != self.negated)
    }
}

impl Broken {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }

    pub(crate) fn raise<T>(&self) -> Result<T, EvalError> {
        Err(EvalError::failed(self.message.clone()))
    }
}

impl Item for Broken {
    fn eval(&self, _machine: &mut Machine<'_>, _mode: Mode) -> Result<Value, EvalError> {
        self.raise()
    }
}

impl Test for Broken {
    fn test(&self, _machine: &mut Machine<'_>, _mode: Mode) -> Result<bool, EvalError> {
        self.raise()
    }
}

impl Sequence {
    /// A text that stands for itself.
    pub(crate) fn literal(at: usize, text: &[u8]) -> Self {
        if text.is_empty() {
            return Self { parts: Parts::default(), quiet: true };
        }
        Self { parts: Parts::One((at, Part::Literal(Value::clean(text)))), quiet: true }
    }

    /// The parts, each with its offset in the text.
    pub(crate) fn parts(&self) -> &[Placed] {
        match &self.parts {
            Parts::One(part) => std::slice::from_ref(part),
            Parts::Many(parts) => parts,
        }
    }

    /// Appends a part.
    pub(crate) fn push(&mut self, at: usize, part: Part) {
        let part = (at, part);
        match &mut self.parts {
            Parts::Many(parts) if parts.is_empty() => self.parts = Parts::One(part),
            Parts::Many(parts) => parts.push(part),
            Parts::One(_) => {
                if let Parts::One(first) = std::mem::take(&mut self.parts) {
                    let mut parts = Vec::with_capacity(FEW_PARTS);
                    parts.extend([first, part]);
                    self.parts = Parts::Many(parts);
                }
            }
        }
    }

    /// The value of a text that does not depend on anything.
    pub(crate) fn constant(&self) -> Option<&Value> {
        match self.parts() {
            [(_, Part::Literal(value))] => Some(value),
            _ => None,
        }
    }

    /// True when skipping it makes no checks. Computed when the text is read.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Finishes the sequence.
    pub(crate) fn finished(mut self) -> Self {
        self.quiet = self.parts().iter().all(|(_, part)| match part {
            Part::Literal(_) | Part::Capture(_) | Part::Header(..) => true,
            // With strict_acl_vars these are looked at everywhere.
            Part::Variable { name, .. } => !matches!(name, VariableName::Acl(..)),
            Part::Item(item) => item.is_quiet(),
            Part::Broken(_) => false,
        });
        self
    }

    /// The variable that is all there is, where it holds a certificate.
    pub(crate) fn certificate(&self) -> Option<Variable> {
        match self.parts() {
            [(_, Part::Variable { name: VariableName::Fixed(found), .. })] => {
                Some(*found).filter(|found| found.is_certificate())
            }
            _ => None,
        }
    }

    /// True when nothing stands there.
    pub(crate) fn is_empty(&self) -> bool {
        self.parts().is_empty()
    }

    /// The literal at its beginning: what Exim sees of it in a branch that is not taken.
    pub(crate) fn literal_only(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (_, part) in self.parts() {
            if let Part::Literal(value) = part {
                out.extend_from_slice(value.bytes());
            }
        }
        out
    }
}
