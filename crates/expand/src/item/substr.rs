//! `length` and `substr`.

use super::function::{self, Definition};
use crate::EvalError;
use crate::parse::Parser;
use crate::tree::Item;
use mail_types::value::Value;

static LENGTH: Definition = Definition {
    name: "length",
    least: 2,
    most: 2,
    run: |_, values| Ok(length(&values[1], numbers("length", values)?.0)),
    check: Some(|values| numbers("length", values).map(|_| ())),
};

static SUBSTR: Definition = Definition {
    name: "substr",
    least: 2,
    most: 3,
    run: |_, values| {
        let (start, most) = numbers("substr", values)?;
        Ok(substr(&values[values.len() - 1], start, most))
    },
    check: Some(|values| numbers("substr", values).map(|_| ())),
};

pub(super) fn parse_length(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    function::parse(parser, &LENGTH)
}

pub(super) fn parse_substr(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    function::parse(parser, &SUBSTR)
}

/// Reads the one or two numbers before the subject. An empty text is zero. Only the first of several may be negative.
pub(super) fn numbers(item: &str, values: &[Value]) -> Result<(i64, Option<i64>), EvalError> {
    let signed = item != "length";
    let first = number(item, &values[0], signed)?;
    let second = if values.len() > 2 { Some(number(item, &values[1], false)?) } else { None };
    Ok((first, second))
}

fn number(item: &str, value: &Value, signed: bool) -> Result<i64, EvalError> {
    let text = mail_types::bytes::trim_start(value.bytes());
    if text.is_empty() {
        return Ok(0);
    }
    let (negative, digits) = match text[0] {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let well_formed = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    if !well_formed || (negative && !signed) {
        let kind = if signed { "a number" } else { "a positive number" };
        return Err(EvalError::failed(format!(
            "\"{}\" is not {kind} (in \"{item}\" expansion)",
            value.to_lossy()
        )));
    }
    let size = digits
        .iter()
        .fold(0i64, |size, &digit| size.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    Ok(if negative { -size } else { size })
}

/// The first bytes of a text.
pub(crate) fn length(subject: &Value, count: i64) -> Value {
    substr(subject, 0, Some(count))
}

/// A part of a text. A negative start counts from the end; without a length it then means all that is before it.
pub(crate) fn substr(subject: &Value, start: i64, most: Option<i64>) -> Value {
    let size = subject.len() as i64;
    let (from, to) = if start >= 0 {
        let from = start.min(size);
        (from, most.map_or(size, |most| from.saturating_add(most.max(0)).min(size)))
    } else {
        let at = size.saturating_add(start);
        match most {
            None => (0, at.max(0)),
            Some(most) => (at.max(0), at.saturating_add(most.max(0)).clamp(0, size)),
        }
    };
    let (from, to) = (from.clamp(0, size) as usize, to.clamp(0, size) as usize);
    Value::new(if from < to { &subject.bytes()[from..to] } else { b"" }, subject.taint().clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_texts() {
        let cases: [(&str, i64, Option<i64>, &str); 9] = [
            ("abc", 1, None, "bc"),
            ("abc", 1, Some(1), "b"),
            ("abc", 9, Some(1), ""),
            ("abc", -1, None, "ab"),
            ("12", -5, Some(2), ""),
            ("12", -3, Some(2), "1"),
            ("1234567", -5, Some(2), "34"),
            ("abc", i64::MIN, Some(i64::MAX), "ab"),
            ("abc", 0, Some(i64::MAX), "abc"),
        ];
        for (subject, start, most, want) in cases {
            let got = substr(&Value::clean(subject), start, most);
            assert_eq!(got.bytes(), want.as_bytes(), "{subject} {start} {most:?}");
        }
    }
}
