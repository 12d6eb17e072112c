//! Arguments in braces: `{one}{two}...}` with a smallest and a greatest number.

use super::Parser;
use crate::EvalError;
use crate::eval::{Machine, Mode};
use crate::tree::{Broken, Sequence};
use mail_types::value::Value;

/// What stands in the braces of an item, as far as the text makes sense.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    /// The arguments.
    pub(crate) values: Vec<Sequence>,
    /// The error behind them.
    pub(crate) broken: Option<Broken>,
}

impl Arguments {
    /// Reads the arguments and the brace that closes the item.
    pub(crate) fn parse(parser: &mut Parser<'_>, name: &str, least: usize, most: usize) -> Self {
        let mut arguments = Self::parse_open(parser, name, least, most);
        if arguments.broken.is_none() && !parser.stopped && !parser.take(b'}') {
            arguments.broken = Some(if parser.peek() == Some(b'{') {
                parser.fail(format!("Too many arguments for '{name}' (max is {most})"))
            } else {
                parser.fail(format!("missing '}}' after '{name}'"))
            });
        }
        arguments
    }

    /// Reads the arguments only.
    pub(crate) fn parse_open(parser: &mut Parser<'_>, name: &str, least: usize, most: usize) -> Self {
        let mut arguments = Self::default();
        while arguments.values.len() < most {
            parser.skip_space();
            if parser.peek() != Some(b'{') {
                if arguments.values.len() < least {
                    arguments.broken =
                        Some(parser.fail(format!("Not enough arguments for '{name}' (min is {least})")));
                }
                return arguments;
            }
            arguments.values.push(parser.braced());
            if parser.stopped {
                return arguments;
            }
        }
        parser.skip_space();
        arguments
    }

    /// Reads the arguments of a condition that has them in braces of their own; the outer brace is read already.
    pub(crate) fn parse_nested(parser: &mut Parser<'_>, name: &str, least: usize, most: usize) -> Self {
        let mut arguments = Self::default();
        while !parser.stopped {
            parser.skip_space();
            if parser.peek() != Some(b'{') {
                break;
            }
            if arguments.values.len() == most {
                let text = format!("Too many arguments for '{name}' (max is {most})");
                arguments.broken = Some(parser.fail(text));
                return arguments;
            }
            arguments.values.push(parser.braced());
        }
        if !parser.stopped && (arguments.values.len() < least || !parser.take(b'}')) {
            let text = format!("too few arguments or bracketing error for {name}");
            arguments.broken = Some(parser.fail(text));
        }
        arguments
    }

    /// True when skipping them makes no checks.
    pub(crate) fn is_quiet(&self) -> bool {
        self.broken.is_none() && self.values.iter().all(Sequence::is_quiet)
    }

    /// Expands all of them in order.
    pub(crate) fn eval(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<Vec<Value>, EvalError> {
        let mut out = Vec::with_capacity(self.values.len());
        for sequence in &self.values {
            out.push(machine.sequence(sequence, mode)?);
        }
        match &self.broken {
            Some(broken) => broken.raise(),
            None => Ok(out),
        }
    }
}
