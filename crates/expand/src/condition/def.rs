//! `def:name` and `def:h_name:`.

use crate::EvalError;
use crate::env::HeaderForm;
use crate::eval::{Machine, Mode};
use crate::named::NamedKind;
use crate::parse::{self, Parser};
use crate::tree::Test;
use crate::variable::{self, VariableName};

#[derive(Debug)]
enum Defined {
    Variable(VariableName),
    Header(HeaderForm, Vec<u8>),
}

pub(super) fn parse(parser: &mut Parser<'_>) -> Box<dyn Test> {
    if !parser.take(b':') {
        return Box::new(parser.fail("\":\" expected after \"def\""));
    }
    if let Some((form, name)) = parser.header_name() {
        return Box::new(Defined::Header(form, name));
    }
    let name = parser.word(|byte| byte.is_ascii_alphanumeric() || byte == b'_').to_vec();
    if name.is_empty() {
        return Box::new(parser.fail("variable name omitted after \"def:\""));
    }
    parser.note(NamedKind::Variable, &name);
    match variable::lookup(&name) {
        Some(name) => Box::new(Defined::Variable(name)),
        None => Box::new(parser.fail(parse::unknown_after_def(&name))),
    }
}

impl Test for Defined {
    fn is_quiet(&self) -> bool {
        !matches!(self, Self::Variable(VariableName::Acl(..)))
    }

    fn test(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<bool, EvalError> {
        if let Self::Variable(name) = self {
            machine.require_set(name, parse::unknown_after_def)?;
        }
        if mode.is_skip() {
            return Ok(false);
        }
        match self {
            Self::Variable(VariableName::Fixed(counter)) if counter.is_filter_counter() => {
                match machine.env.variable(*counter)? {
                    Some(value) => Ok(!value.is_empty()),
                    None => Err(EvalError::failed(parse::unknown_after_def(counter.name().as_bytes()))),
                }
            }
            Self::Variable(name) => Ok(machine.variable(name)?.is_some_and(|value| !value.is_empty())),
            Self::Header(form, name) => Ok(machine.header(name, *form)?.is_some()),
        }
    }
}
