//! `hash_n_m`, `length_n`, `nhash_n_m`, `substr_n_m` and their short names.

use super::Call;
use crate::EvalError;
use crate::item;
use mail_types::value::Value;

/// The one or two numbers behind the name. Only the start of `substr` may be negative.
fn numbers(call: &Call<'_>, two: bool, signed: bool) -> Result<(i64, Option<i64>), EvalError> {
    let Some(suffix) = call.suffix else {
        return Err(EvalError::failed(format!("missing values after {}", call.written)));
    };
    let (negative, rest) = match suffix.strip_prefix('-') {
        Some(rest) if signed => (true, rest),
        _ => (false, suffix),
    };
    let (first, second) = match rest.split_once('_') {
        Some((first, second)) if two => (first, Some(second)),
        _ => (rest, None),
    };
    let well_formed = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let second_missing = second.is_some_and(|second| second.is_empty() || first.is_empty());
    if !well_formed(first) || !second.is_none_or(well_formed) || second_missing {
        return Err(EvalError::failed(format!("non-digit after underscore in \"{}\"", call.written)));
    }
    let size = |text: &str| {
        text.bytes().fold(0i64, |size, digit| size.saturating_mul(10).saturating_add(i64::from(digit - b'0')))
    };
    let first = size(first);
    Ok((if negative { -first } else { first }, second.map(size)))
}

pub(super) fn hash(call: &Call<'_>) -> Result<Value, EvalError> {
    let (length, letters) = numbers(call, true, false)?;
    item::text_hash(call.value, length, letters)
}

pub(super) fn length(call: &Call<'_>) -> Result<Value, EvalError> {
    let (count, _) = numbers(call, false, false)?;
    Ok(item::length(call.value, count))
}

pub(super) fn nhash(call: &Call<'_>) -> Result<Value, EvalError> {
    let (first, second) = numbers(call, true, false)?;
    item::nhash(call.value, first, second)
}

pub(super) fn substr(call: &Call<'_>) -> Result<Value, EvalError> {
    let (start, most) = numbers(call, true, true)?;
    Ok(item::substr(call.value, start, most))
}
