//! `utf8_domain_to_alabel`, `utf8_domain_from_alabel`, `utf8_localpart_to_alabel`, `utf8_localpart_from_alabel`.
//!
//! # Compatibility
//! Error texts are those of the library that Debian's Exim uses. Domains are mapped and checked by UTS 46, which
//! takes some symbols that IDNA 2008 refuses (docs/compat.md). The form of local parts is Exim's own: Punycode of the whole
//! local part behind `xn--`.
//!
//! # References
//! RFC 3492, RFC 5891, UTS 46.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::Call;
use crate::EvalError;
use mail_types::bytes::{PrintOptions, printable};
use mail_types::limits;
use mail_types::value::Value;

const PREFIX: &[u8] = b"xn--";

pub(super) fn domain_to_alabel(call: &Call<'_>) -> Result<Value, EvalError> {
    let bytes = call.bytes();
    if bytes.is_ascii() {
        return Ok(call.value.clone());
    }
    let fail = |reason: &str| to_alabel_failed(bytes, reason);
    let text = std::str::from_utf8(bytes).map_err(|_| fail("string encoding error"))?;
    let converted = Uts46::new()
        .to_ascii(bytes, AsciiDenyList::EMPTY, Hyphens::Allow, DnsLength::Ignore)
        .map_err(|_| fail(reason(text)))?;
    for label in text.split(FULL_STOPS).filter(|label| !label.is_ascii()) {
        if label.starts_with('-') || label.ends_with('-') {
            return Err(fail("string start/ends with forbidden hyphen"));
        }
        if label.chars().skip(2).take(2).eq(['-', '-']) {
            return Err(fail("string contains forbidden two hyphens pattern"));
        }
    }
    if converted.split('.').any(|label| label.len() > limits::DOMAIN_LABEL) {
        return Err(fail("punycode encoded data will be too large"));
    }
    if converted.contains(' ') {
        return Err(fail("A-label roundtrip failed"));
    }
    Ok(call.derived(converted.as_bytes()))
}

/// What Unicode takes for a full stop between labels.
const FULL_STOPS: [char; 4] = ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'];

/// Why a domain is refused, as far as a look at it tells.
fn reason(text: &str) -> &'static str {
    let is_right_to_left = |letter: char| matches!(letter, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}');
    if text.split(FULL_STOPS).any(|label| !label.is_ascii() && label.to_lowercase().starts_with("xn--")) {
        "string contains invalid punycode data"
    } else if text.chars().any(is_right_to_left) {
        "string has forbidden bi-directional properties"
    } else if text.split(FULL_STOPS).any(begins_with_mark) {
        "string contains a forbidden leading combining character"
    } else {
        "string contains a disallowed character"
    }
}

/// Whether a label is sound once a letter stands before it.
fn begins_with_mark(label: &str) -> bool {
    let is_sound = |label: &str| {
        Uts46::new()
            .to_ascii(label.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow, DnsLength::Ignore)
            .is_ok()
    };
    !is_sound(label) && is_sound(&format!("a{label}"))
}

pub(super) fn domain_from_alabel(call: &Call<'_>) -> Result<Value, EvalError> {
    let mut out = Vec::with_capacity(call.bytes().len());
    for (number, label) in call.bytes().split(|&byte| byte == b'.').enumerate() {
        if number > 0 {
            out.push(b'.');
        }
        match label.strip_prefix(PREFIX) {
            Some(encoded) => {
                let decoded =
                    punycode(encoded).ok_or_else(|| from_alabel_failed(call.bytes(), "Invalid input"))?;
                out.extend_from_slice(decoded.as_bytes());
            }
            None => out.extend_from_slice(label),
        }
    }
    Ok(call.derived(out))
}

pub(super) fn localpart_to_alabel(call: &Call<'_>) -> Result<Value, EvalError> {
    let bytes = call.bytes();
    if bytes.is_ascii() {
        return Ok(call.value.clone());
    }
    let text = std::str::from_utf8(bytes).map_err(|_| to_alabel_failed(bytes, "l_u2a: bad UTF-8 input"))?;
    let encoded = (bytes.len() <= limits::LOCAL_PART)
        .then(|| idna::punycode::encode_str(text))
        .flatten()
        .ok_or_else(|| to_alabel_failed(bytes, "Output would be too large or too small"))?;
    Ok(call.derived([PREFIX, encoded.as_bytes()].concat()))
}

pub(super) fn localpart_from_alabel(call: &Call<'_>) -> Result<Value, EvalError> {
    let bytes = call.bytes();
    let encoded = bytes.strip_prefix(PREFIX).ok_or_else(|| from_alabel_failed(bytes, "bad alabel prefix"))?;
    let decoded = punycode(encoded).ok_or_else(|| from_alabel_failed(bytes, "Invalid input"))?;
    Ok(call.derived(decoded))
}

fn punycode(encoded: &[u8]) -> Option<String> {
    let encoded = std::str::from_utf8(encoded).ok().filter(|text| text.is_ascii())?;
    // Decoding costs the square of the length.
    (encoded.len() <= limits::LOCAL_PART).then(|| idna::punycode::decode_to_string(encoded)).flatten()
}

fn to_alabel_failed(text: &[u8], reason: &str) -> EvalError {
    EvalError::failed(format!("error converting utf8 ({}) to alabel: {reason}", shown(text)))
}

fn from_alabel_failed(text: &[u8], reason: &str) -> EvalError {
    EvalError::failed(format!("error converting alabel ({}) to utf8: {reason}", shown(text)))
}

/// Bytes that are not printing ASCII as octal numbers.
fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(&printable(text, PrintOptions::default())).into_owned()
}
