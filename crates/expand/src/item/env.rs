//! `env`: the process environment.

use crate::EvalError;
use crate::eval::{Machine, Mode};
use crate::flow::{Role, Slot, Visit};
use crate::parse::{Branches, Outcome, Parser};
use crate::tree::{Broken, Item, Sequence};
use mail_types::bytes::trim;
use mail_types::value::Value;

#[derive(Debug)]
struct Environment {
    key: Sequence,
    branches: Option<Branches>,
}

pub(super) fn parse(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    parser.skip_space();
    if parser.peek() != Some(b'{') {
        // Exim fails here without a text.
        let broken: Broken = parser.fail("");
        return Box::new(broken);
    }
    let key = parser.braced();
    let branches = if parser.stopped { None } else { Some(Branches::parse(parser, "env")) };
    Box::new(Environment { key, branches })
}

impl Item for Environment {
    fn parts(&self, visit: Visit<'_>) {
        visit(Role::Inside, &self.key);
        visit(Role::Clean(Slot::Value), &self.key);
        if let Some(branches) = &self.branches {
            branches.parts(visit);
        }
    }

    fn eval(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<Value, EvalError> {
        let key = machine.sequence(&self.key, mode)?;
        let Some(branches) = &self.branches else { return Ok(Value::empty()) };
        if mode.is_skip() {
            return branches.eval(machine, mode, &Outcome::No);
        }
        let found = machine.env.files().environment(trim(key.bytes())).map(Value::clean);
        decide(machine, branches, found)
    }
}

/// Does something with `$value` set to what was found.
pub(super) fn with_value<T>(
    machine: &mut Machine<'_>,
    found: Option<Value>,
    work: impl FnOnce(&mut Machine<'_>) -> T,
) -> T {
    let saved = machine.env.scope().value.clone();
    if let Some(value) = found {
        machine.env.scope().value = Some(value);
    }
    let result = work(machine);
    machine.env.scope().value = saved;
    result
}

/// Takes the branches with `$value` set to what was found.
pub(super) fn decide(
    machine: &mut Machine<'_>,
    branches: &Branches,
    found: Option<Value>,
) -> Result<Value, EvalError> {
    let outcome = found.clone().map_or(Outcome::No, Outcome::Yes);
    with_value(machine, found, |machine| branches.eval(machine, Mode::Run, &outcome))
}
