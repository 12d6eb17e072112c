//! `strlen`.

use super::Call;
use crate::EvalError;
use crate::eval::Machine;
use mail_types::value::Value;

pub(super) fn strlen(_machine: &mut Machine<'_>, call: &Call<'_>) -> Result<Value, EvalError> {
    Ok(Value::clean(call.bytes().len().to_string()))
}
