//! `imapfolder`: a folder's name in the modified UTF-7 of Maildir++.
//!
//! # References
//! RFC 3501 section 5.1.3

use super::function::{self, Definition};
use crate::EvalError;
use crate::parse::Parser;
use crate::tree::Item;
use mail_types::base64;
use mail_types::value::Value;

static IMAPFOLDER: Definition = Definition {
    name: "imapfolder",
    least: 1,
    most: 3,
    run: |_, values| {
        let separator = separator(values)?.unwrap_or(b'/');
        let specials = values.get(2).map(Value::bytes).unwrap_or_default();
        let folder = values[0].bytes();
        // One separator at the start names no folder.
        let folder = folder.strip_prefix(&[separator]).unwrap_or(folder);
        let coded = encode(folder, separator, specials)?;
        Ok(Value::new(coded, values[0].taint().clone()))
    },
    check: Some(|values| separator(values).map(|_| ())),
};

pub(super) fn parse(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    function::parse(parser, &IMAPFOLDER)
}

fn separator(values: &[Value]) -> Result<Option<u8>, EvalError> {
    match values.get(1) {
        None => Ok(None),
        Some(value) => match value.bytes() {
            [separator] => Ok(Some(*separator)),
            _ => Err(EvalError::failed(format!(
                "IMAP folder separator must be one character, found \"{}\"",
                value.to_lossy()
            ))),
        },
    }
}

fn encode(folder: &[u8], separator: u8, specials: &[u8]) -> Result<Vec<u8>, EvalError> {
    let text = std::str::from_utf8(folder).map_err(|_| {
        EvalError::failed(
            "imapfolder: iconv() failed to convert from UTF-8: Invalid or incomplete multibyte or wide character",
        )
    })?;
    let mut out = Vec::with_capacity(folder.len());
    let mut shifted = Vec::new();
    let mut separated = false;
    for letter in text.chars() {
        let byte = u8::try_from(letter).ok().filter(u8::is_ascii);
        let plain = byte.filter(|&byte| {
            byte == separator || ((b' '..=b'~').contains(&byte) && !specials.contains(&byte))
        });
        let Some(byte) = plain else {
            separated = false;
            shifted.extend(letter.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
            continue;
        };
        flush(&mut out, &mut shifted);
        let after_separator = std::mem::replace(&mut separated, byte == separator);
        match byte {
            byte if byte == separator && after_separator => {}
            byte if byte == separator => out.push(b'.'),
            b'.' | b'/' => {
                let character = char::from(byte);
                return Err(EvalError::failed(format!("imapfolder: illegal character '{character}'")));
            }
            b'&' => out.extend_from_slice(b"&-"),
            byte => out.push(byte),
        }
    }
    flush(&mut out, &mut shifted);
    if separated {
        out.pop();
    }
    Ok(out)
}

/// Writes what was collected between `&` and `-`, in base 64 with a comma for the slash and without padding.
fn flush(out: &mut Vec<u8>, shifted: &mut Vec<u8>) {
    if shifted.is_empty() {
        return;
    }
    out.push(b'&');
    for byte in base64::encode(shifted) {
        match byte {
            b'=' => {}
            b'/' => out.push(b','),
            byte => out.push(byte),
        }
    }
    out.push(b'-');
    shifted.clear();
}
