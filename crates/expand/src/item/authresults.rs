//! `authresults`: an Authentication-Results field of what is known about the sender.
//!
//! # Security
//! The result is tainted: most of it came from the sender.

use super::function::{self, Definition};
use crate::parse::Parser;
use crate::tree::Item;
use mail_types::value::Value;

static AUTHRESULTS: Definition = Definition {
    name: "authresults",
    least: 1,
    most: 1,
    run: |machine, values| Ok(Value::tainted(machine.env.authentication_results(values[0].bytes()))),
    check: None,
};

pub(super) fn parse(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    function::parse(parser, &AUTHRESULTS)
}
