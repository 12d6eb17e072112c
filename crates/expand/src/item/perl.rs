//! `perl`: a subroutine of the administrator's Perl code.
//!
//! # Invariants
//! * While the subroutine runs it may have texts expanded, which may call Perl again: each answer goes to the question
//!   asked last.
//!
//! # Compatibility
//! Specification, chapter "Embedded Perl". The interpreter is another process (docs/compat.md).

use super::function::{self, Definition};
use crate::EvalError;
use crate::env::{PerlReply, PerlSay};
use crate::eval::Machine;
use crate::parse::Parser;
use crate::tree::Item;
use mail_types::value::Value;

static PERL: Definition = Definition { name: "perl", least: 1, most: 9, run: call, check: None };

pub(super) fn parse(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    parser.may_block = true;
    function::parse(parser, &PERL)
}

fn call(machine: &mut Machine<'_>, values: &[Value]) -> Result<Value, EvalError> {
    let arguments = values[1..].iter().map(|value| value.bytes().to_vec()).collect();
    let mut say = PerlSay::Call { subroutine: values[0].bytes().to_vec(), arguments };
    loop {
        machine.time_left()?;
        say = match machine.env.perl(say)? {
            PerlReply::Returned(text) => return Ok(Value::clean(text)),
            PerlReply::Died(text) => {
                return Err(EvalError::failed(String::from_utf8_lossy(&text).into_owned()));
            }
            PerlReply::Undefined => {
                let name = values[0].to_lossy();
                let message = format!("Perl subroutine \"{name}\" returned undef to force failure");
                return Err(EvalError::Forced { message });
            }
            PerlReply::Expand(text) => {
                let compiled =
                    machine.step(text.len()).and_then(|()| machine.run_time_text(&Value::clean(text)));
                let result = compiled.and_then(|compiled| machine.compiled(&compiled));
                PerlSay::Expanded(result.map(Value::into_bytes))
            }
        };
    }
}
