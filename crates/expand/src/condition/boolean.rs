//! `bool` and `bool_lax`.

use crate::EvalError;
use crate::eval::{Machine, Mode};
use crate::flow::{Role, Visit};
use crate::parse::Parser;
use crate::tree::{Broken, Sequence, Test};
use mail_types::bytes::trim;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Strict,
    Lax,
}

#[derive(Debug)]
struct Boolean {
    argument: Result<Sequence, Broken>,
    kind: Kind,
}

pub(super) fn parse(parser: &mut Parser<'_>, kind: Kind) -> Box<dyn Test> {
    let name = if kind == Kind::Strict { "bool" } else { "bool_lax" };
    Box::new(Boolean { argument: super::one_argument(parser, name), kind })
}

impl Test for Boolean {
    fn parts(&self, visit: Visit<'_>) {
        if let Ok(argument) = &self.argument {
            visit(Role::Inside, argument);
        }
    }

    /// Exim looks at the text even where it only skips over it.
    fn test(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<bool, EvalError> {
        let value = match &self.argument {
            Ok(argument) => machine.sequence(argument, mode)?,
            Err(broken) => return broken.raise(),
        };
        match self.kind {
            Kind::Strict => parse_bool(value.bytes()).map_err(EvalError::failed),
            Kind::Lax => Ok(bool_lax(value.bytes())),
        }
    }
}

/// The strict reading: words and numbers only.
pub fn parse_bool(text: &[u8]) -> Result<bool, String> {
    let trimmed = trim(text);
    let lower = trimmed.to_ascii_lowercase();
    match lower.as_slice() {
        b"" | b"false" | b"no" => return Ok(false),
        b"true" | b"yes" => return Ok(true),
        _ => {}
    }
    let digits = lower.strip_prefix(b"-").unwrap_or(&lower);
    if digits.iter().all(u8::is_ascii_digit) {
        return Ok(digits.iter().any(|&digit| digit != b'0'));
    }
    Err(format!("unrecognised boolean value \"{}\"", String::from_utf8_lossy(trimmed)))
}

/// The loose reading of router conditions: only a few texts are false.
pub fn bool_lax(text: &[u8]) -> bool {
    let lower = trim(text).to_ascii_lowercase();
    !matches!(lower.as_slice(), b"" | b"0" | b"no" | b"false")
}
