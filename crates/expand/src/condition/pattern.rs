//! `match`: a regular expression.

use crate::EvalError;
use crate::eval::{Machine, Mode};
use crate::flow::{Role, Slot, Visit};
use crate::parse::Parser;
use crate::pattern::Pattern;
use crate::scope::Captures;
use crate::tree::{Broken, Sequence, Test};
use mail_types::value::Value;

#[derive(Debug)]
struct Match {
    subject: Sequence,
    pattern: Result<Pattern, Broken>,
}

pub(super) fn parse(parser: &mut Parser<'_>) -> Box<dyn Test> {
    let subject = match super::one_argument(parser, "match") {
        Ok(subject) => subject,
        Err(broken) => return Box::new(broken),
    };
    let pattern = if parser.stopped {
        Ok(Pattern::new(parser, Sequence::default(), 0))
    } else {
        let at = parser.at;
        super::second_argument(parser, "match").map(|pattern| Pattern::new(parser, pattern, at))
    };
    Box::new(Match { subject, pattern })
}

impl Test for Match {
    fn parts(&self, visit: Visit<'_>) {
        visit(Role::Given(Slot::Captures), &self.subject);
    }

    fn test(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<bool, EvalError> {
        let subject = machine.operand(&self.subject, mode)?;
        let pattern = match &self.pattern {
            Ok(pattern) => pattern,
            Err(broken) => return broken.raise(),
        };
        if mode.is_skip() {
            return pattern.text(machine, mode).map(|_| false);
        }
        let regex = pattern.compile(machine, mode)?;
        let groups = regex.captures_at(subject.bytes(), 0).map_err(|error| {
            EvalError::failed(format!("regular expression match failed: {}", error.message))
        })?;
        let Some(groups) = groups else { return Ok(false) };
        let values = (0..groups.count())
            .map(|group| Value::new(groups.text(subject.bytes(), group), subject.taint().clone()))
            .collect();
        machine.env.scope().captures = Captures::new(values);
        Ok(true)
    }
}
