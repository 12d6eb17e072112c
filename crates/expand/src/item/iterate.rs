//! `filter`, `map`, `reduce`: something for each item of a list.

use crate::EvalError;
use crate::condition;
use crate::eval::{Machine, Mode};
use crate::flow::{Role, Slot, Visit};
use crate::list::{ListBuilder, ListItems};
use crate::parse::Parser;
use crate::tree::{Broken, Condition, Item, Sequence};
use mail_types::value::{Taint, Value};

#[derive(Debug)]
struct Iterate {
    name: &'static str,
    list: Sequence,
    /// The start value of `reduce`.
    initial: Option<Sequence>,
    body: Body,
    /// The error behind what could be read.
    broken: Option<Broken>,
}

#[derive(Debug)]
enum Body {
    /// The text breaks off before it.
    Missing,
    Condition(Condition),
    Text(Sequence),
}

pub(super) fn parse_filter(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    Box::new(parse(parser, "filter"))
}

pub(super) fn parse_map(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    Box::new(parse(parser, "map"))
}

pub(super) fn parse_reduce(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    Box::new(parse(parser, "reduce"))
}

fn parse(parser: &mut Parser<'_>, name: &'static str) -> Iterate {
    let mut iterate =
        Iterate { name, list: Sequence::default(), initial: None, body: Body::Missing, broken: None };
    iterate.broken = read(parser, &mut iterate).err();
    iterate
}

fn read(parser: &mut Parser<'_>, iterate: &mut Iterate) -> Result<(), Broken> {
    let name = iterate.name;
    open(parser, name, "first")?;
    iterate.list = parser.braced();
    if !parser.stopped && name == "reduce" {
        open(parser, name, "second")?;
        iterate.initial = Some(parser.braced());
    }
    if parser.stopped {
        return Ok(());
    }
    open(parser, name, "last")?;
    parser.at += 1;
    if name == "filter" {
        iterate.body = Body::Condition(condition::parse(parser));
    } else {
        iterate.body = Body::Text(parser.sequence(crate::parse::Until::Brace));
    }
    if parser.stopped {
        return Ok(());
    }
    parser.skip_space();
    if !parser.take(b'}') {
        return Err(parser.fail(format!(
            "missing }} at end of condition or expression inside \"{name}\"; could be an unquoted }} in the content"
        )));
    }
    parser.skip_space();
    if parser.take(b'}') { Ok(()) } else { Err(parser.fail(format!("missing }} at end of \"{name}\""))) }
}

fn open(parser: &mut Parser<'_>, name: &str, which: &str) -> Result<(), Broken> {
    parser.skip_space();
    if parser.peek() == Some(b'{') {
        Ok(())
    } else {
        Err(parser.fail(format!("missing '{{' for {which} arg of {name}")))
    }
}

impl Iterate {
    /// Exim walks over the body once before it looks at the list.
    fn walk_body(&self, machine: &mut Machine<'_>) -> Result<(), EvalError> {
        match &self.body {
            Body::Missing => Ok(()),
            Body::Condition(condition) => condition.eval(machine, Mode::Skip).map(|_| ()),
            Body::Text(text) => machine.sequence(text, Mode::Skip).map(|_| ()),
        }
        .map_err(|error| error.and(format_args!(" inside \"{}\" item", self.name)))
    }

    fn run(&self, machine: &mut Machine<'_>, list: &Value) -> Result<Value, EvalError> {
        let items = ListItems::new(list.bytes());
        let mut out = ListBuilder::new(items.separator());
        let mut taint = Taint::Clean;
        for item in items {
            machine.step(out.len())?;
            machine.env.scope().item = Some(Value::new(&*item, list.taint().clone()));
            match &self.body {
                Body::Missing => {}
                Body::Condition(condition) => {
                    let keep = condition
                        .eval(machine, Mode::Run)
                        .map_err(|error| error.and(format_args!(" inside \"{}\" condition", self.name)))?;
                    if keep {
                        taint = taint.join(list.taint());
                        out.push(&item);
                    }
                }
                Body::Text(text) => {
                    let value = self.text(machine, text)?;
                    if self.initial.is_some() {
                        machine.env.scope().value = Some(value);
                    } else {
                        taint = taint.join(value.taint());
                        out.push(value.bytes());
                    }
                }
            }
        }
        if self.initial.is_some() {
            return Ok(machine.env.scope().value.clone().unwrap_or_default());
        }
        Ok(Value::new(out.into_bytes(), taint))
    }

    fn text(&self, machine: &mut Machine<'_>, text: &Sequence) -> Result<Value, EvalError> {
        machine
            .sequence(text, Mode::Run)
            .map_err(|error| error.and(format_args!(" inside \"{}\" item", self.name)))
    }
}

impl Item for Iterate {
    fn parts(&self, visit: Visit<'_>) {
        match &self.body {
            Body::Missing => {}
            Body::Condition(condition) => {
                visit(Role::ValueAndGiven(Slot::Item), &self.list);
                condition.test.parts(visit);
            }
            Body::Text(text) => {
                visit(Role::Given(Slot::Item), &self.list);
                if let Some(initial) = &self.initial {
                    visit(Role::ValueAndGiven(Slot::Value), initial);
                }
                visit(Role::Value, text);
            }
        }
    }

    fn eval(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<Value, EvalError> {
        let list = machine.operand(&self.list, mode)?;
        let initial = match &self.initial {
            Some(initial) => Some(machine.sequence(initial, mode)?),
            None => None,
        };
        self.walk_body(machine)?;
        if let Some(broken) = &self.broken {
            return broken.raise();
        }
        if mode.is_skip() {
            return Ok(Value::empty());
        }
        let scope = machine.env.scope();
        let saved = (scope.item.take(), scope.value.clone());
        if initial.is_some() {
            scope.value = initial;
        }
        let result = self.run(machine, &list);
        let scope = machine.env.scope();
        (scope.item, scope.value) = saved;
        result
    }
}
