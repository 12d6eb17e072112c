//! `and` and `or`.

use crate::EvalError;
use crate::eval::{Machine, Mode};
use crate::flow::Visit;
use crate::parse::Parser;
use crate::tree::{Broken, Condition, Test};

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    And,
    Or,
}

#[derive(Debug)]
struct Combination {
    kind: Kind,
    conditions: Vec<Condition>,
    broken: Option<Broken>,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::And => "and",
            Self::Or => "or",
        }
    }
}

pub(super) fn parse(parser: &mut Parser<'_>, kind: Kind) -> Box<dyn Test> {
    let name = kind.name();
    parser.skip_space();
    if !parser.take(b'{') {
        return Box::new(parser.fail(format!("missing {{ after \"{name}\"")));
    }
    let mut conditions = Vec::new();
    let broken = loop {
        parser.skip_space();
        if parser.take(b'}') {
            break None;
        }
        if !parser.take(b'{') {
            break Some(parser.fail(format!(
                "each subcondition inside an \"{name}{{...}}\" condition must be in its own {{}}"
            )));
        }
        conditions.push(super::parse(parser));
        if parser.stopped {
            break None;
        }
        parser.skip_space();
        if !parser.take(b'}') {
            break Some(parser.fail(format!("missing }} at end of condition inside \"{name}\" group")));
        }
    };
    Box::new(Combination { kind, conditions, broken })
}

impl Test for Combination {
    fn parts(&self, visit: Visit<'_>) {
        for condition in &self.conditions {
            condition.test.parts(visit);
        }
    }

    fn is_quiet(&self) -> bool {
        self.broken.is_none() && self.conditions.iter().all(Condition::is_quiet)
    }

    fn test(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<bool, EvalError> {
        let decides = self.kind == Kind::Or;
        let mut decided = false;
        for condition in &self.conditions {
            let outcome = condition.eval(machine, mode.only_if(!decided)).map_err(|error| {
                error.and(format_args!(" inside \"{}{{...}}\" condition", self.kind.name()))
            })?;
            decided |= outcome == decides && !decided;
        }
        match &self.broken {
            Some(broken) => broken.raise(),
            None => Ok(decided == decides),
        }
    }
}
