//! `listextract`: one item of a list, by number.

use super::env::decide;
use crate::EvalError;
use crate::eval::{Machine, Mode};
use crate::flow::{Role, Slot, Visit};
use crate::list::ListItems;
use crate::parse::{Branches, Outcome, Parser};
use crate::tree::{Broken, Item, Sequence};
use mail_types::bytes::trim;
use mail_types::value::Value;

#[derive(Debug)]
struct ListExtract {
    number: Sequence,
    list: Result<Sequence, Broken>,
    branches: Option<Branches>,
}

pub(super) fn parse(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    let number = match argument(parser, 1) {
        Ok(number) => number,
        Err(broken) => return Box::new(broken),
    };
    let list = if parser.stopped { Ok(Sequence::default()) } else { argument(parser, 2) };
    let branches = if parser.stopped { None } else { Some(Branches::parse(parser, "listextract")) };
    Box::new(ListExtract { number, list, branches })
}

fn argument(parser: &mut Parser<'_>, which: usize) -> Result<Sequence, Broken> {
    parser.skip_space();
    if parser.peek() == Some(b'{') {
        Ok(parser.braced())
    } else {
        Err(parser.fail(format!("missing '{{' for arg {which} of listextract")))
    }
}

fn number(text: &[u8], mode: Mode) -> Result<i64, EvalError> {
    let text = trim(text);
    if text.is_empty() {
        if mode.is_skip() {
            return Ok(0);
        }
        return Err(EvalError::failed("first argument of \"listextract\" must not be empty"));
    }
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(EvalError::failed("first argument of \"listextract\" must be numeric"));
    }
    let size = digits
        .iter()
        .fold(0i64, |size, &digit| size.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    Ok(if negative { -size } else { size })
}

/// Item `number` of a list, counted from 1 or, negative, from the end. A number beyond the front of the list by more
/// than one gives the first item, as in Exim.
fn pick(list: &Value, number: i64) -> Option<Value> {
    let count = ListItems::new(list.bytes()).count() as i64;
    let place = if number < 0 { number.saturating_add(count + 1) } else { number };
    if place == 0 || place > count || count == 0 {
        return None;
    }
    let at = usize::try_from(place - 1).unwrap_or(0);
    ListItems::new(list.bytes()).nth(at).map(|item| Value::new(item, list.taint().clone()))
}

impl Item for ListExtract {
    fn parts(&self, visit: Visit<'_>) {
        visit(Role::Inside, &self.number);
        let decided = self.branches.as_ref().filter(|branches| branches.is_given());
        if let Ok(list) = &self.list {
            visit(if decided.is_some() { Role::Given(Slot::Value) } else { Role::Value }, list);
        }
        if let Some(branches) = decided {
            branches.parts(visit);
        }
    }

    fn eval(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<Value, EvalError> {
        let wanted = number(machine.sequence(&self.number, mode)?.bytes(), mode)?;
        let list = match &self.list {
            Ok(list) => machine.sequence(list, mode)?,
            Err(broken) => return broken.raise(),
        };
        let Some(branches) = &self.branches else { return Ok(Value::empty()) };
        if mode.is_skip() {
            return branches.eval(machine, mode, &Outcome::No);
        }
        machine.step(list.len())?;
        decide(machine, branches, pick(&list, wanted))
    }
}
