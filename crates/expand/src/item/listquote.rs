//! `listquote`.

use super::function::{self, Definition};
use crate::EvalError;
use crate::list;
use crate::parse::Parser;
use crate::tree::Item;
use mail_types::value::Value;

static LISTQUOTE: Definition = Definition {
    name: "listquote",
    least: 2,
    most: 2,
    run: |_, values| {
        let [separator] = values[0].bytes() else {
            return Err(EvalError::failed(format!(
                "separator \"{}\" is not a single character",
                values[0].to_lossy()
            )));
        };
        let quoted = list::doubled(values[1].bytes(), *separator);
        Ok(if quoted.is_empty() { Value::clean(" ") } else { Value::new(quoted, values[1].taint().clone()) })
    },
    check: None,
};

pub(super) fn parse(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    function::parse(parser, &LISTQUOTE)
}
