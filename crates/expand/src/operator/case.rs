//! `lc` and `uc`, in the C locale.

use super::Call;
use crate::EvalError;
use crate::eval::Machine;
use mail_types::value::Value;

pub(super) fn lc(_machine: &mut Machine<'_>, call: &Call<'_>) -> Result<Value, EvalError> {
    Ok(call.derived(call.bytes().to_ascii_lowercase()))
}

pub(super) fn uc(_machine: &mut Machine<'_>, call: &Call<'_>) -> Result<Value, EvalError> {
    Ok(call.derived(call.bytes().to_ascii_uppercase()))
}
