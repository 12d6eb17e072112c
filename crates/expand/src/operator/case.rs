//! `lc` and `uc`, in the C locale.

use super::Call;
use mail_types::value::Value;

pub(super) fn lc(call: &Call<'_>) -> Value {
    call.derived(call.bytes().to_ascii_lowercase())
}

pub(super) fn uc(call: &Call<'_>) -> Value {
    call.derived(call.bytes().to_ascii_uppercase())
}
