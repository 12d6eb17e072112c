//! `forany`, `forall` and their JSON forms.

use std::borrow::Cow;

use crate::EvalError;
use crate::eval::{Machine, Mode};
use crate::flow::{Role, Slot, Visit};
use crate::json;
use crate::list::ListItems;
use crate::parse::Parser;
use crate::tree::{Broken, Condition, Sequence, Test};
use mail_types::value::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Elements {
    List,
    Json { unquote: bool },
}

pub(super) const JSON: Elements = Elements::Json { unquote: false };
/// Strings lose their quotes.
pub(super) const JSON_STRINGS: Elements = Elements::Json { unquote: true };

#[derive(Debug)]
struct Iteration {
    name: &'static str,
    any: bool,
    elements: Elements,
    list: Sequence,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Unfinished,
    Broken(Broken),
    Condition(Condition, Option<Broken>),
}

/// Reads one of them.
pub(super) fn parse(
    parser: &mut Parser<'_>,
    name: &'static str,
    any: bool,
    elements: Elements,
) -> Box<dyn Test> {
    let list = match super::one_argument(parser, name) {
        Ok(list) => list,
        Err(broken) => return Box::new(broken),
    };
    let body = if parser.stopped { Body::Unfinished } else { parse_body(parser, name) };
    Box::new(Iteration { name, any, elements, list, body })
}

fn parse_body(parser: &mut Parser<'_>, name: &str) -> Body {
    parser.skip_space();
    if !parser.take(b'{') {
        return Body::Broken(parser.fail(format!("missing {{ after \"{name}\"")));
    }
    let condition = super::parse(parser);
    if parser.stopped {
        return Body::Condition(condition, None);
    }
    parser.skip_space();
    let broken = (!parser.take(b'}'))
        .then(|| parser.fail(format!("missing }} at end of condition inside \"{name}\"")));
    Body::Condition(condition, broken)
}

impl Iteration {
    fn item(&self, machine: &mut Machine<'_>, condition: &Condition, mode: Mode) -> Result<bool, EvalError> {
        condition
            .eval(machine, mode)
            .map_err(|error| error.and(format_args!(" inside \"{}\" condition", self.name)))
    }

    fn elements(&self, list: &Value) -> Result<Vec<Vec<u8>>, EvalError> {
        match self.elements {
            Elements::List => Ok(ListItems::new(list.bytes()).map(Cow::into_owned).collect()),
            Elements::Json { .. } => {
                json::array_elements(list.bytes()).map_err(|problem| self.json_failed(&problem))
            }
        }
    }

    /// An element as `$item`. A string's quotes go only when its turn comes: an earlier element may decide.
    fn unquoted(&self, element: Vec<u8>) -> Result<Vec<u8>, EvalError> {
        match self.elements {
            Elements::Json { unquote: true } => {
                json::unquote(&element).map_err(|problem| self.json_failed(&problem))
            }
            _ => Ok(element),
        }
    }

    fn json_failed(&self, problem: &str) -> EvalError {
        let form = if matches!(self.elements, Elements::Json { unquote: true }) { "jsons" } else { "json" };
        EvalError::failed(format!("{problem} for extract {form}"))
    }

    /// Nothing holds for an empty list, not even `forall`.
    fn iterate(
        &self,
        machine: &mut Machine<'_>,
        condition: &Condition,
        list: &Value,
    ) -> Result<bool, EvalError> {
        let elements = self.elements(list)?;
        if elements.is_empty() {
            return Ok(false);
        }
        for element in elements {
            let element = self.unquoted(element)?;
            machine.step(element.len())?;
            machine.env.scope().item = Some(Value::new(element, list.taint().clone()));
            if self.item(machine, condition, Mode::Run)? == self.any {
                return Ok(self.any);
            }
        }
        Ok(!self.any)
    }
}

impl Test for Iteration {
    fn parts(&self, visit: Visit<'_>) {
        visit(Role::Given(Slot::Item), &self.list);
        if let Body::Condition(condition, _) = &self.body {
            condition.test.parts(visit);
        }
        visit(Role::Over(Slot::Item), &self.list);
    }

    /// Exim walks over the condition once before it looks at the list.
    fn test(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<bool, EvalError> {
        let list = machine.sequence(&self.list, mode)?;
        let condition = match &self.body {
            Body::Unfinished => return Ok(false),
            Body::Broken(broken) => return broken.raise(),
            Body::Condition(condition, broken) => {
                self.item(machine, condition, Mode::Skip)?;
                if let Some(broken) = broken {
                    return broken.raise();
                }
                condition
            }
        };
        if mode.is_skip() {
            return Ok(false);
        }
        let saved = machine.env.scope().item.take();
        let result = self.iterate(machine, condition, &list);
        machine.env.scope().item = saved;
        result
    }
}
