//! `lc` and `uc`, in the C locale.

use super::Call;
use mail_types::value::Value;

pub(super) fn lc(call: &Call<'_>) -> Value {
    call.value.clone().in_lower_case()
}

pub(super) fn uc(call: &Call<'_>) -> Value {
    call.value.clone().in_upper_case()
}
