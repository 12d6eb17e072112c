//! `dlfunc`: a function of a shared object. There are none: the item fails and says so.
//!
//! # Compatibility
//! Functions made for Exim's `local_scan` interface are bound to Exim's own memory layout (docs/compat.md).

use super::function::{self, Definition};
use crate::EvalError;
use crate::parse::Parser;
use crate::system::error_text;
use crate::tree::Item;

/// The id of what is said when it is read.
const DIAGNOSTIC: &str = "expand.unsupported";

static DLFUNC: Definition = Definition {
    name: "dlfunc",
    least: 2,
    most: 10,
    run: |machine, values| {
        let shown = values[0].to_lossy();
        let reason = match machine.env.files().status(values[0].bytes()) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                format!("cannot open shared object file: {}", error_text(&error))
            }
            _ => "shared objects made for Exim cannot be loaded into this program".to_owned(),
        };
        Err(EvalError::failed(format!("dlopen \"{shown}\" failed: {shown}: {reason}")))
    },
    check: None,
};

pub(super) fn parse(parser: &mut Parser<'_>, start: usize) -> Box<dyn Item> {
    parser.may_block = true;
    let text = "this program loads no shared objects: dlfunc fails whenever it is expanded";
    parser.warn(DIAGNOSTIC, start, DLFUNC.name.len(), text);
    function::parse(parser, &DLFUNC)
}
