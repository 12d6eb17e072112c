//! `acl`: an ACL called for its message.

use super::function::{self, Definition};
use crate::parse::Parser;
use crate::tree::Item;

static ACL: Definition = Definition {
    name: "acl",
    least: 1,
    most: 10,
    run: |machine, values| {
        machine.time_left()?;
        let (_, message) = machine.env.acl(&values[0], &values[1..])?.decided(&values[0])?;
        Ok(message.unwrap_or_default())
    },
    check: None,
};

pub(super) fn parse(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    parser.may_block = true;
    function::parse(parser, &ACL)
}
