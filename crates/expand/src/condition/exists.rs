//! `exists`.
//!
//! # Security
//! A tainted name may be asked about, as in Exim; nothing becomes clean by it.

use super::OneString;
use crate::parse::Parser;
use crate::tree::Test;

pub(super) fn parse(parser: &mut Parser<'_>) -> Box<dyn Test> {
    parser.may_block = true;
    OneString::parse(parser, "exists", |machine, path| Ok(machine.env.files().status(path.bytes()).is_ok()))
}
