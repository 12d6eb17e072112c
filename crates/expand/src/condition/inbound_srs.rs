//! `inbound_srs`: is a local part one that `${srs_encode` made?
//!
//! # Compatibility
//! Without a secret only the form is looked at and `$srs_recipient` is left unset, as the specification of 4.99 says
//! (4.96 sets it).

use crate::EvalError;
use crate::eval::{Machine, Mode};
use crate::parse::{Arguments, Parser};
use crate::srs;
use crate::tree::Test;
use mail_types::value::Value;

const DAY: i64 = 86_400;

#[derive(Debug)]
struct InboundSrs(Arguments);

pub(super) fn parse(parser: &mut Parser<'_>, name: &str) -> Box<dyn Test> {
    let mut arguments = Arguments::default();
    while arguments.values.len() < 2 && !parser.stopped {
        parser.skip_space();
        if parser.peek() != Some(b'{') {
            let text = format!("too few arguments or bracketing error for {name}");
            arguments.broken = Some(parser.fail(text));
            break;
        }
        arguments.values.push(parser.braced());
    }
    Box::new(InboundSrs(arguments))
}

impl Test for InboundSrs {
    fn test(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<bool, EvalError> {
        let values = self.0.eval(machine, mode)?;
        let [local_part, secret] = &values[..] else { return Ok(false) };
        if mode.is_skip() {
            return Ok(false);
        }
        let day = machine.env.clock().now().secs().div_euclid(DAY);
        let (holds, recipient) = if secret.is_empty() {
            (srs::is_encoded(local_part.bytes()), None)
        } else {
            let found = srs::decode(local_part.bytes(), secret.bytes(), day);
            (found.is_some(), found)
        };
        if holds {
            machine.env.scope().srs_recipient =
                recipient.map(|found| Value::new(found, local_part.taint().clone()));
        }
        Ok(holds)
    }
}
