//! `strlen`.

use super::Call;
use mail_types::value::Value;

pub(super) fn strlen(call: &Call<'_>) -> Value {
    Value::clean(call.bytes().len().to_string())
}
