//! Whole items of header lines, as flag `w` makes them: an address with its phrase and comments.
//!
//! # Compatibility
//! Specification, section "Flags controlling the rewriting process": what stands outside the angle brackets is encoded
//! by RFC 2047 when it holds other than printing ASCII characters.

use std::ops::Range;

use expand::{Captures, EvalError, Expansion};
use mail_types::address::ParseOptions;
use mail_types::diagnostic::SourceText;
use mail_types::value::Value;

use crate::list::ListEnv;

/// How an item that was checked before is read again.
pub(super) const OPTIONS: ParseOptions = ParseOptions {
    allow_null: false,
    allow_utf8: true,
    allow_domain_literals: true,
    strip_trailing_dot: false,
    strip_excess_angle_brackets: false,
};

/// The item with another address in its place.
pub(super) fn with(item: &Value, place: Range<usize>, address: &Value) -> Value {
    let mut out = Value::new(&item.bytes()[..place.start], item.taint().clone());
    out.push_value(address);
    out.push_value(&Value::new(&item.bytes()[place.end..], item.taint().clone()));
    out
}

/// The item with another address in its place and its phrases encoded.
pub(super) fn item(
    text: &Value,
    place: Range<usize>,
    address: &Value,
    env: &mut dyn ListEnv,
) -> Result<Value, EvalError> {
    let (before, after) = (&text.bytes()[..place.start], &text.bytes()[place.end..]);
    let (Some(open), Some(close)) = (memchr::memrchr(b'<', before), memchr::memchr(b'>', after)) else {
        return Ok(with(text, place, address));
    };
    let mut out = encoded(&Value::new(&before[..open], text.taint().clone()), env)?;
    out.push_value(&Value::new(&before[open..], text.taint().clone()));
    out.push_value(address);
    out.push_value(&Value::new(&after[..=close], text.taint().clone()));
    out.push_value(&encoded(&Value::new(&after[close + 1..], text.taint().clone()), env)?);
    Ok(out)
}

/// A phrase, encoded where it must be; the blanks around it stay.
fn encoded(phrase: &Value, env: &mut dyn ListEnv) -> Result<Value, EvalError> {
    let bytes = phrase.bytes();
    if bytes.iter().all(|b| matches!(b, b'\t' | b' '..=b'~')) {
        return Ok(phrase.clone());
    }
    let start = bytes.len() - bytes.trim_ascii_start().len();
    let end = start + bytes.trim_ascii().len();
    let part = |range: Range<usize>| Value::new(&bytes[range], phrase.taint().clone());
    env.scope().captures = Captures::new(vec![Value::empty(), part(start..end)]);
    let mut out = part(0..start);
    out.push_value(&Expansion::parse(&SourceText::nowhere(*b"${rfc2047:$1}")).eval(env)?);
    out.push_value(&part(end..bytes.len()));
    Ok(out)
}
