//! `expand`: a text expanded a second time.
//!
//! # Security
//! Tainted text is refused.

use super::Call;
use crate::EvalError;
use crate::eval::Machine;
use mail_types::value::Value;

pub(super) fn expand(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<Value, EvalError> {
    let value = machine.run_time_text(call.value).and_then(|compiled| machine.compiled(&compiled));
    value.map_err(|error| {
        let message = format!("internal expansion of \"{}\" failed: {error}", call.shown());
        error.retold(message)
    })
}
