//! `hmac`.

use super::function::{self, Definition};
use crate::EvalError;
use crate::digest;
use crate::parse::Parser;
use crate::tree::Item;
use mail_types::value::Value;

static HMAC: Definition = Definition {
    name: "hmac",
    least: 3,
    most: 3,
    run: |_, values| {
        let hash = match values[0].bytes() {
            b"md5" => digest::md5,
            b"sha1" => digest::sha1,
            _ => {
                return Err(EvalError::failed(format!(
                    "hmac algorithm \"{}\" is not recognised",
                    values[0].to_lossy()
                )));
            }
        };
        let mac = digest::hmac(hash, values[1].bytes(), values[2].bytes());
        Ok(Value::clean(digest::hex_lower(&mac)))
    },
    check: None,
};

pub(super) fn parse(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    function::parse(parser, &HMAC)
}
