//! `quote`, `quote_local_part`, and `quote_` with a lookup type.

use super::Call;
use crate::EvalError;
use crate::eval::Machine;
use crate::lookup;
use mail_types::value::{QuotedFor, Taint, Value};

pub(super) fn quote(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<Value, EvalError> {
    if let Some(suffix) = call.suffix {
        return quote_lookup(machine, call, suffix);
    }
    let text = call.bytes();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if !text.is_empty() && text.iter().all(plain) {
        return Ok(call.value.clone());
    }
    Ok(call.derived(quoted(text)))
}

/// As the rules for local parts require it.
pub(super) fn quote_local_part(call: &Call<'_>) -> Value {
    let text = call.bytes();
    let atom = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(byte);
    let ends = text.first() == Some(&b'.') || text.last() == Some(&b'.');
    if !text.is_empty() && !ends && text.iter().all(atom) {
        return call.value.clone();
    }
    call.derived(quoted(text))
}

fn quoted(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(2 * text.len() + 2);
    out.push(b'"');
    for &byte in text {
        match byte {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            byte => out.push(byte),
        }
    }
    out.push(b'"');
    out
}

/// `${quote_mysql:` and so on, with options after a comma. Tainted text stays tainted for everything but that lookup.
fn quote_lookup(machine: &mut Machine<'_>, call: &Call<'_>, suffix: &str) -> Result<Value, EvalError> {
    let (kind, option) = suffix.split_once('_').map_or((suffix, None), |(kind, option)| (kind, Some(option)));
    let Some(found) = lookup::find(kind.as_bytes()) else {
        return Err(EvalError::failed(format!("unknown lookup type \"{kind}\"")));
    };
    let kind = found.entry.name;
    let safe = machine.env.quote_lookup(kind, call.bytes(), option.map(str::as_bytes));
    let safe = match (safe, option) {
        (Some(safe), _) => safe,
        (None, None) => return Ok(call.value.clone()),
        (None, Some(option)) => {
            return Err(EvalError::failed(format!("\"{option}\" unrecognized after \"${{quote_{kind}\"")));
        }
    };
    let taint = if call.value.is_tainted() {
        Taint::Quoted(QuotedFor::new(kind))
    } else {
        call.value.taint().clone()
    };
    Ok(Value::new(safe, taint))
}
