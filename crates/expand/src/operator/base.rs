//! `base32`, `base62`, `base64` and back, `hex2b64`.

use mail_types::base64;
use mail_types::bytes::is_space;
use mail_types::value::Value;

use super::Call;
use crate::EvalError;

const BASE32: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";
const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Reads the number as C does: white space and a sign may stand before it, nothing behind it.
fn decimal(call: &Call<'_>) -> Result<u64, EvalError> {
    let text = mail_types::bytes::trim_start(call.bytes());
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix(b"+").unwrap_or(text)),
    };
    if !digits.iter().all(u8::is_ascii_digit) || (digits.is_empty() && !text.is_empty()) {
        return Err(EvalError::failed(format!(
            "argument for {} operator is \"{}\", which is not a decimal number",
            call.written,
            call.shown()
        )));
    }
    let size = digits
        .iter()
        .fold(0u64, |size, &digit| size.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
    Ok(if negative { size.wrapping_neg() } else { size })
}

fn digits(mut number: u64, alphabet: &[u8]) -> Vec<u8> {
    let base = alphabet.len() as u64;
    let mut out = Vec::new();
    while number > 0 {
        out.push(alphabet[(number % base) as usize]);
        number /= base;
    }
    out.reverse();
    out
}

fn number(call: &Call<'_>, alphabet: &[u8]) -> Result<Value, EvalError> {
    let base = alphabet.len() as u64;
    let mut out = 0u64;
    for digit in call.bytes() {
        let Some(value) = alphabet.iter().position(|known| known == digit) else {
            return Err(EvalError::failed(format!(
                "argument for {} operator is \"{}\", which is not a base {base} number",
                call.written,
                call.shown()
            )));
        };
        out = out.wrapping_mul(base).wrapping_add(value as u64);
    }
    Ok(Value::clean(out.to_string()))
}

pub(super) fn base32(call: &Call<'_>) -> Result<Value, EvalError> {
    Ok(Value::clean(digits(decimal(call)?, BASE32)))
}

pub(super) fn base32d(call: &Call<'_>) -> Result<Value, EvalError> {
    number(call, BASE32)
}

/// Six digits: what message ids are made of.
pub(super) fn base62(call: &Call<'_>) -> Result<Value, EvalError> {
    let all = digits(decimal(call)?, BASE62);
    let mut out = Vec::with_capacity(6);
    out.resize(6usize.saturating_sub(all.len()), b'0');
    out.extend_from_slice(&all[all.len().saturating_sub(6)..]);
    Ok(Value::clean(out))
}

pub(super) fn base62d(call: &Call<'_>) -> Result<Value, EvalError> {
    number(call, BASE62)
}

pub(super) fn base64(call: &Call<'_>) -> Value {
    call.derived(base64::encode(call.bytes()))
}

pub(super) fn base64d(call: &Call<'_>) -> Result<Value, EvalError> {
    // All of C's white space is passed over, more than mail allows.
    let text: Vec<u8> = call.bytes().iter().copied().filter(|byte| !is_space(*byte)).collect();
    match base64::decode(&text) {
        Some(decoded) => Ok(call.derived(decoded)),
        None => Err(EvalError::failed(format!(
            "string \"{}\" is not well-formed for \"{}\" operator",
            call.shown(),
            call.written
        ))),
    }
}

pub(super) fn hex2b64(call: &Call<'_>) -> Result<Value, EvalError> {
    let mut values = Vec::with_capacity(call.bytes().len());
    for &digit in call.bytes() {
        match char::from(digit).to_digit(16) {
            Some(value) => values.push(value as u8),
            None => return Err(EvalError::failed(format!("\"{}\" is not a hex string", call.shown()))),
        }
    }
    if values.len() % 2 != 0 {
        return Err(EvalError::failed(format!("\"{}\" contains an odd number of characters", call.shown())));
    }
    let bytes: Vec<u8> = values.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    Ok(call.derived(base64::encode(&bytes)))
}
