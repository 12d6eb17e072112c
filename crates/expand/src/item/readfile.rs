//! `readfile`.
//!
//! # Security
//! A tainted name is refused.

use super::function::{self, Definition};
use crate::EvalError;
use crate::parse::Parser;
use crate::tree::Item;
use mail_types::limits;
use mail_types::value::Value;

static READFILE: Definition = Definition {
    name: "readfile",
    least: 1,
    most: 2,
    run: |machine, values| {
        let shown = values[0].to_lossy();
        let Ok(path) = values[0].require_clean("file read") else {
            return Err(EvalError::failed(format!(
                "failed to open {shown}: Permission denied (the name is tainted)"
            )));
        };
        machine.time_left()?;
        let content = machine.env.files().read(&path, limits::EXPANSION_RESULT).map_err(|error| {
            EvalError::failed(format!("failed to open {shown}: {}", crate::system::error_text(&error)))
        })?;
        machine.step(content.len())?;
        Ok(Value::clean(match values.get(1) {
            Some(end_of_line) => replace_newlines(&content, end_of_line.bytes()),
            None => content,
        }))
    },
    check: None,
};

pub(super) fn parse(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    parser.may_block = true;
    function::parse(parser, &READFILE)
}

/// A text with something else in the place of each newline.
pub fn replace_newlines(text: &[u8], with: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for (number, line) in text.split(|&byte| byte == b'\n').enumerate() {
        if number > 0 {
            out.extend_from_slice(with);
        }
        out.extend_from_slice(line);
    }
    out
}
