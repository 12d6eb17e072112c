//! `listquote`.

use super::function::{self, Definition};
use crate::list;
use crate::parse::Parser;
use crate::tree::Item;
use mail_types::value::Value;

static LISTQUOTE: Definition = Definition {
    name: "listquote",
    least: 2,
    most: 2,
    run: |_, values| {
        // Of a longer separator Exim takes the first character; none doubles nothing.
        let quoted = match values[0].bytes().first() {
            Some(separator) => list::doubled(values[1].bytes(), *separator),
            None => values[1].bytes().to_vec(),
        };
        Ok(if quoted.is_empty() { Value::clean(" ") } else { Value::new(quoted, values[1].taint().clone()) })
    },
    check: None,
};

pub(super) fn parse(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    function::parse(parser, &LISTQUOTE)
}
