//! `acl {{name}{argument}...}`.

use crate::EvalError;
use crate::eval::{Machine, Mode};
use crate::parse::{Arguments, Parser};
use crate::tree::Test;

const MOST: usize = 10;

#[derive(Debug)]
struct Acl {
    arguments: Arguments,
}

pub(super) fn parse(parser: &mut Parser<'_>) -> Box<dyn Test> {
    parser.may_block = true;
    parser.skip_space();
    if !parser.take(b'{') {
        return Box::new(parser.fail("missing { after \"acl\""));
    }
    let arguments = Arguments::parse_nested(parser, "acl", 1, MOST);
    Box::new(Acl { arguments })
}

impl Test for Acl {
    fn test(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<bool, EvalError> {
        let values = self.arguments.eval(machine, mode)?;
        let (false, Some((name, arguments))) = (mode.is_skip(), values.split_first()) else {
            return Ok(false);
        };
        machine.time_left()?;
        let (accepted, message) = machine.env.acl(name, arguments)?.decided(name)?;
        machine.env.scope().value = Some(message.unwrap_or_default());
        Ok(accepted)
    }
}
