//! `srs_encode`: a return path that leads bounces of forwarded mail through this host.

use super::function::{self, Definition};
use crate::EvalError;
use crate::parse::Parser;
use crate::srs;
use crate::tree::Item;
use mail_types::value::Value;

const DAY: i64 = 86_400;

static SRS_ENCODE: Definition = Definition {
    name: "srs_encode",
    least: 3,
    most: 3,
    run: |machine, values| {
        let day = machine.env.clock().now().secs().div_euclid(DAY);
        let [secret, return_path, domain] = values else { return Ok(Value::empty()) };
        let text = srs::encode(secret.bytes(), return_path.bytes(), domain.bytes(), day)
            .map_err(EvalError::failed)?;
        let mut out = Value::new(text, return_path.taint().clone());
        out.push_value(&Value::new("", domain.taint().clone()));
        Ok(out)
    },
    check: None,
};

pub(super) fn parse(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    function::parse(parser, &SRS_ENCODE)
}
