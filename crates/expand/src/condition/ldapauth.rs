//! `ldapauth`: a bind as somebody, done by the lookup type of that name.

use std::sync::LazyLock;

use super::OneString;
use crate::EvalError;
use crate::eval::Machine;
use crate::lookup::{DefaultKey, LookupAnswer, LookupRequest, LookupSpec, LookupStyle};
use crate::parse::Parser;
use crate::tree::Test;
use mail_types::value::Value;

static SPEC: LazyLock<LookupSpec> = LazyLock::new(|| LookupSpec {
    kind: "ldapauth",
    style: LookupStyle::Query,
    partial: None,
    default_key: DefaultKey::None,
    options: Vec::new(),
});

pub(super) fn parse(parser: &mut Parser<'_>) -> Box<dyn Test> {
    parser.may_block = true;
    OneString::parse(parser, "ldapauth", bind)
}

fn bind(machine: &mut Machine<'_>, query: Value) -> Result<bool, EvalError> {
    machine.time_left()?;
    let request = LookupRequest { spec: &SPEC, key: query, file: None };
    Ok(machine.env.lookup(&request)? != LookupAnswer::NotFound)
}
