//! `time_eval` and `time_interval`.

use super::Call;
use crate::EvalError;
use mail_types::interval;
use mail_types::value::Value;

pub(super) fn time_eval(call: &Call<'_>) -> Result<Value, EvalError> {
    match interval::parse(call.bytes()) {
        Some(seconds) => Ok(Value::clean(seconds.to_string())),
        None => Err(EvalError::failed(format!(
            "string \"{}\" is not an Exim time interval in \"{}\" operator",
            call.shown(),
            call.written
        ))),
    }
}

pub(super) fn time_interval(call: &Call<'_>) -> Result<Value, EvalError> {
    let text = call.bytes();
    let seconds = text
        .iter()
        .all(u8::is_ascii_digit)
        .then(|| {
            text.iter()
                .try_fold(0u64, |size, &digit| size.checked_mul(10)?.checked_add(u64::from(digit - b'0')))
        })
        .flatten();
    match seconds {
        Some(seconds) => Ok(Value::clean(interval::format(seconds))),
        None => Err(EvalError::failed(format!(
            "string \"{}\" is not a positive number in \"{}\" operator",
            call.shown(),
            call.written
        ))),
    }
}
