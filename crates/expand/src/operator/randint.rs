//! `randint`.

use super::Call;
use crate::EvalError;
use crate::eval::Machine;
use crate::integer;
use mail_types::value::Value;

pub(super) fn randint(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<Value, EvalError> {
    if mail_types::bytes::trim(call.bytes()).is_empty() {
        return Err(EvalError::failed(format!("integer expected but \"{}\" found", call.shown())));
    }
    let limit = integer::parse(call.bytes()).map_err(EvalError::failed)?;
    let Ok(limit) = u64::try_from(limit) else {
        return Err(EvalError::failed(format!(
            "non-negative integer expected but \"{}\" found",
            call.shown()
        )));
    };
    let random = machine.env.entropy().next_u64();
    Ok(Value::clean(random.checked_rem(limit).unwrap_or(0).to_string()))
}
