//! `isip`, `isip4`, `isip6`.

use super::OneString;
use crate::ip;
use crate::parse::Parser;
use crate::tree::Test;

/// Which addresses count.
#[derive(Debug, Clone, Copy)]
pub(super) enum Family {
    Any,
    V4,
    V6,
}

pub(super) fn parse(parser: &mut Parser<'_>, name: &str, family: Family) -> Box<dyn Test> {
    match family {
        Family::Any => OneString::parse(parser, name, |_, text| Ok(ip::parse(text.bytes()).is_some())),
        Family::V4 => OneString::parse(parser, name, |_, text| {
            Ok(ip::parse(text.bytes()).is_some_and(|address| address.is_ipv4()))
        }),
        Family::V6 => OneString::parse(parser, name, |_, text| {
            Ok(ip::parse(text.bytes()).is_some_and(|address| address.is_ipv6()))
        }),
    }
}
