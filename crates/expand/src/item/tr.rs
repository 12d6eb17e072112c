//! `tr`: bytes for bytes.

use super::function::{self, Definition};
use crate::parse::Parser;
use crate::tree::Item;
use mail_types::value::Value;

static TR: Definition = Definition {
    name: "tr",
    least: 3,
    most: 3,
    run: |_, values| {
        let (from, to) = (values[1].bytes(), values[2].bytes());
        let Some(last) = to.last() else { return Ok(values[0].clone()) };
        let mut table: [u8; 256] = std::array::from_fn(|byte| byte as u8);
        for (at, &byte) in from.iter().enumerate() {
            table[usize::from(byte)] = *to.get(at).unwrap_or(last);
        }
        let out: Vec<u8> = values[0].bytes().iter().map(|&byte| table[usize::from(byte)]).collect();
        Ok(Value::new(out, values[0].taint().clone()))
    },
    check: None,
};

pub(super) fn parse(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    function::parse(parser, &TR)
}
