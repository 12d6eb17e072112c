//! `if`.

use crate::EvalError;
use crate::condition;
use crate::eval::{Machine, Mode};
use crate::flow::Visit;
use crate::parse::{Branches, Outcome, Parser};
use crate::tree::{Condition, Item};
use mail_types::value::Value;

#[derive(Debug)]
struct If {
    condition: Condition,
    branches: Option<Branches>,
}

pub(super) fn parse(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    let condition = condition::parse(parser);
    let branches = if parser.stopped { None } else { Some(Branches::parse(parser, "if")) };
    Box::new(If { condition, branches })
}

impl If {
    fn decide(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<Value, EvalError> {
        let holds = self.condition.eval(machine, mode)?;
        let Some(branches) = &self.branches else { return Ok(Value::empty()) };
        let outcome = if holds { Outcome::Yes(Value::clean("true")) } else { Outcome::No };
        branches.eval(machine, mode, &outcome)
    }
}

impl Item for If {
    fn parts(&self, visit: Visit<'_>) {
        self.condition.test.parts(visit);
        if let Some(branches) = &self.branches {
            branches.parts(visit);
        }
    }

    fn is_quiet(&self) -> bool {
        self.condition.is_quiet() && self.branches.as_ref().is_some_and(Branches::is_quiet)
    }

    /// Captures and `$value` set by the condition last as long as the item.
    fn eval(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<Value, EvalError> {
        if mode.is_skip() {
            return self.decide(machine, mode);
        }
        let scope = machine.env.scope();
        let (captures, value) = (scope.captures.clone(), scope.value.clone());
        let result = self.decide(machine, mode);
        let scope = machine.env.scope();
        scope.captures = captures;
        scope.value = value;
        result
    }
}
