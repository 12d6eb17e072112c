//! `sg`: substitution by a regular expression.
//!
//! # Security
//! The replacement is expanded again for each match; a tainted one that would need expanding is refused.

use std::sync::Arc;

use crate::EvalError;
use crate::cache;
use crate::eval::{Machine, Mode};
use crate::expansion::Compiled;
use crate::flow::{Role, Slot, Visit};
use crate::parse::{Arguments, Parser};
use crate::pattern;
use crate::regex::{Flags, Groups, Regex};
use crate::scope::Captures;
use crate::tree::{Item, Part};
use mail_types::value::Value;

#[derive(Debug)]
struct Substitute {
    arguments: Arguments,
}

pub(super) fn parse(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    Box::new(Substitute { arguments: Arguments::parse(parser, "sg", 3, 3) })
}

impl Item for Substitute {
    fn parts(&self, visit: Visit<'_>) {
        let [subject, pattern, replacement] = &self.arguments.values[..] else { return };
        let takes_up = |part: &Part| matches!(part, Part::Literal(text) if text.bytes().contains(&b'$'));
        let nothing_stays = !replacement.parts().iter().any(|(_, part)| takes_up(part))
            && pattern.constant().is_some_and(|text| replaces_all(text.bytes()));
        let role = if nothing_stays { Role::Given } else { Role::ValueAndGiven };
        visit(role(Slot::Captures), subject);
        // The pattern is no part of the value.
        visit(Role::Inside, pattern);
        visit(Role::Value, replacement);
    }

    /// Exim compiles the expression even where it skips over the item.
    fn eval(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<Value, EvalError> {
        let values = self.arguments.eval(machine, mode)?;
        let regex = pattern::compile(&values[1])?;
        if mode.is_skip() {
            return Ok(Value::empty());
        }
        let saved = machine.env.scope().captures.clone();
        let result = substitute(machine, &values[0], &regex, &values[2]);
        machine.env.scope().captures = saved;
        result
    }
}

/// Whether every character is a part of some match, so that nothing of the subject is left but what the replacement takes
/// up: `.`, `.*`, `^.+$` and the like. Line ends, which a dot leaves, do not stand in names.
fn replaces_all(pattern: &[u8]) -> bool {
    let pattern = pattern.strip_prefix(b"^").unwrap_or(pattern);
    let pattern = pattern.strip_suffix(b"$").unwrap_or(pattern);
    let pattern = pattern.strip_prefix(b"(").and_then(|inner| inner.strip_suffix(b")")).unwrap_or(pattern);
    matches!(pattern, b"." | b".*" | b".+")
}

fn substitute(
    machine: &mut Machine<'_>,
    subject: &Value,
    regex: &Regex,
    replacement: &Value,
) -> Result<Value, EvalError> {
    let text = subject.bytes();
    let mut out = Value::empty();
    let (mut at, mut copied) = (0, 0);
    let mut after_empty = false;
    let mut replacement = Replacement::Text(replacement);
    while at <= text.len() {
        let Some(groups) = next_match(regex, text, at, after_empty)? else {
            if !after_empty || at >= text.len() {
                break;
            }
            // Nothing but the empty text matches here: step over one byte.
            after_empty = false;
            at += 1;
            continue;
        };
        let (start, end) = groups.whole();
        push(&mut out, subject, copied, start);
        let value = replacement.value(machine, subject, &groups)?;
        out.push_value(&value);
        machine.step(out.len())?;
        copied = end;
        at = end;
        after_empty = start == end;
    }
    push(&mut out, subject, copied, text.len());
    Ok(out)
}

/// After an empty match, only a match of something at the same place counts.
fn next_match(regex: &Regex, text: &[u8], at: usize, after_empty: bool) -> Result<Option<Groups>, EvalError> {
    let failed = |message: String| EvalError::failed(format!("regular expression match failed: {message}"));
    if !after_empty {
        return regex.captures_at(text, at).map_err(|error| failed(error.message));
    }
    let pattern = [b"(*NOTEMPTY_ATSTART)", regex.pattern()].concat();
    let stricter = cache::regex(&pattern, Flags::default()).map_err(|error| failed(error.message))?;
    let groups = stricter.captures_at(text, at).map_err(|error| failed(error.message))?;
    Ok(groups.filter(|groups| groups.whole().0 == at))
}

fn push(out: &mut Value, subject: &Value, from: usize, to: usize) {
    if from < to {
        out.push_value(&Value::new(&subject.bytes()[from..to], subject.taint().clone()));
    }
}

/// What is put in the place of a match.
enum Replacement<'v> {
    /// This text; whether it is to be expanded shows at the first match.
    Text(&'v Value),
    /// The value of this.
    Compiled(Arc<Compiled>),
}

impl Replacement<'_> {
    fn value(
        &mut self,
        machine: &mut Machine<'_>,
        subject: &Value,
        groups: &Groups,
    ) -> Result<Value, EvalError> {
        let compiled = match self {
            Self::Text(text) if memchr::memchr2(b'$', b'\\', text.bytes()).is_none() => {
                return Ok(text.clone());
            }
            Self::Text(text) => machine.run_time_text(text)?,
            Self::Compiled(compiled) => Arc::clone(compiled),
        };
        let values = (0..groups.count())
            .map(|group| Value::new(groups.text(subject.bytes(), group), subject.taint().clone()))
            .collect();
        machine.env.scope().captures = Captures::new(values);
        let value = machine.compiled(&compiled);
        *self = Self::Compiled(compiled);
        value
    }
}
