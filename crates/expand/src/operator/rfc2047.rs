//! `rfc2047` and `rfc2047d`: encoded words in header text.
//!
//! # References
//! RFC 2047

use super::Call;
use crate::eval::Machine;
use crate::{EvalError, Settings};
use mail_message::encoded_word;
use mail_types::value::Value;

/// Encoded text after which Exim begins a new word; from the second word on the word's head counts too.
const WORD: usize = 68;

pub(super) fn rfc2047(settings: &Settings, call: &Call<'_>) -> Value {
    let text = call.bytes();
    if !text.iter().any(|&byte| needs_encoding(byte)) {
        return call.value.clone();
    }
    let head = [b"=?", settings.headers_charset.as_slice(), b"?Q?"].concat();
    let mut out = head.clone();
    let mut length = 0;
    // Exim looks at the length only after an even number of encoded bytes in a row, to keep two-byte characters whole.
    let mut inside_pair = false;
    for &byte in text {
        if !inside_pair && length >= WORD {
            out.extend_from_slice(b"?= ");
            out.extend_from_slice(&head);
            length = head.len();
        }
        if byte == b' ' {
            out.push(b'_');
            length += 1;
            inside_pair = false;
        } else if needs_encoding(byte) {
            out.extend_from_slice(format!("={byte:02X}").as_bytes());
            length += 3;
            inside_pair = !inside_pair;
        } else {
            out.push(byte);
            length += 1;
            inside_pair = false;
        }
    }
    out.extend_from_slice(b"?=");
    call.derived(out)
}

fn needs_encoding(byte: u8) -> bool {
    !(32..127).contains(&byte) || b"?=()<>@,;:\\\".[]_".contains(&byte)
}

pub(super) fn rfc2047d(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<Value, EvalError> {
    let settings = machine.env.settings();
    let wanted = settings.headers_charset.as_slice();
    let decoded = encoded_word::decode(call.bytes(), Some(wanted), settings.check_rfc2047_length);
    match decoded.untranslated {
        None => Ok(call.derived(decoded.text)),
        Some(charset) => Err(EvalError::failed(format!(
            "iconv_open(\"{}\", \"{}\") failed: Invalid argument (maybe unsupported conversion)",
            String::from_utf8_lossy(wanted),
            String::from_utf8_lossy(&charset)
        ))),
    }
}
