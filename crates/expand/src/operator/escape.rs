//! `escape`, `escape8bit`, `hexquote`, `rxquote`, `xtextd`.

use super::Call;
use crate::EvalError;
use crate::Settings;
use mail_types::bytes::{PrintOptions, printable};
use mail_types::value::Value;

/// Non-printing bytes as backslash sequences; tabs stay.
pub(super) fn escape(settings: &Settings, call: &Call<'_>) -> Value {
    let options =
        PrintOptions { topbit: settings.print_topbitchars, keep_tab: true, ..PrintOptions::default() };
    // A backslash is a printing character here.
    let parts: Vec<Vec<u8>> =
        call.bytes().split(|&byte| byte == b'\\').map(|part| printable(part, options)).collect();
    call.derived(parts.join(&b'\\'))
}

/// Bytes with the top bit, backslashes and DEL as octal sequences.
pub(super) fn escape8bit(call: &Call<'_>) -> Value {
    let mut out = Vec::with_capacity(call.bytes().len());
    for &byte in call.bytes() {
        if byte >= 127 || byte == b'\\' {
            out.extend_from_slice(format!("\\{byte:03o}").as_bytes());
        } else {
            out.push(byte);
        }
    }
    call.derived(out)
}

/// Everything outside `!`..`~` as `\xHH`.
pub(super) fn hexquote(call: &Call<'_>) -> Value {
    let mut out = Vec::with_capacity(call.bytes().len());
    for &byte in call.bytes() {
        if byte.is_ascii_graphic() {
            out.push(byte);
        } else {
            out.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
        }
    }
    call.derived(out)
}

/// A backslash before everything that is not a letter or digit.
pub(super) fn rxquote(call: &Call<'_>) -> Value {
    let mut out = Vec::with_capacity(call.bytes().len() * 2);
    for &byte in call.bytes() {
        if !byte.is_ascii_alphanumeric() {
            out.push(b'\\');
        }
        out.push(byte);
    }
    call.derived(out)
}

/// The text behind an xtext (RFC 3461 section 4).
pub(super) fn xtextd(call: &Call<'_>) -> Result<Value, EvalError> {
    let text = call.bytes();
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        if byte == b'+' {
            let hex = |place: usize| text.get(place).and_then(|&digit| char::from(digit).to_digit(16));
            let (Some(high), Some(low)) = (hex(at + 1), hex(at + 2)) else {
                return Err(EvalError::failed(format!("\"{}\" is not valid xtext", call.shown())));
            };
            out.push((high << 4 | low) as u8);
            at += 3;
        } else {
            out.push(byte);
            at += 1;
        }
    }
    Ok(call.derived(out))
}
