//! Reading the values of options: flags, numbers, periods, strings.
//!
//! # Invariants
//! * Functions are pure; what is wrong comes back as a [`Fault`] with Exim's text and the place in the value.
//!
//! # Compatibility
//! Spec 6.12 to 6.17. Each text was seen from Exim 4.96.

use mail_types::interval;

use crate::reader::text::Text;

use super::cursor::Cursor;

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) id: &'static str,
    pub(crate) text: String,
    /// Offset and length in the line.
    pub(crate) at: (usize, usize),
    pub(crate) help: Option<String>,
    /// Exim gives no line for it.
    pub(crate) unplaced: bool,
}

impl Fault {
    pub(crate) fn new(id: &'static str, text: impl Into<String>, at: (usize, usize)) -> Self {
        Self { id, text: text.into(), at, help: None, unplaced: false }
    }

    pub(crate) fn helped(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

fn rest_of(cursor: &Cursor<'_>) -> (usize, usize) {
    (cursor.at, cursor.rest().len())
}

/// `extra characters follow ...`, with Exim's hint about comments.
pub(crate) fn extra(cursor: &Cursor<'_>, what: &str) -> Fault {
    let mut text = format!("extra characters follow {what}");
    if cursor.peek() == Some(b'#') {
        text.push_str(" (# is comment only at line start)");
    }
    Fault::new("config.value.extra", text, rest_of(cursor))
}

/// A flag's value after the equals sign. Nothing at all means true.
pub(crate) fn flag(cursor: &mut Cursor<'_>, option: &str) -> Result<bool, Fault> {
    let start = cursor.at;
    if cursor.rest().is_empty() {
        return Ok(true);
    }
    let word = cursor.name();
    let value = match word.text.to_ascii_lowercase().as_str() {
        "true" | "yes" => true,
        "false" | "no" => false,
        _ => {
            let text = format!("\"{}\" is not a valid value for the \"{option}\" option", word.text);
            let fault = Fault::new("config.value.flag", text, (start, cursor.text.bytes.len() - start));
            return Err(fault.helped("the value of a boolean is true, yes, false or no"));
        }
    };
    if !cursor.rest().is_empty() {
        return Err(extra(cursor, &format!("\"{}\" for boolean option {option}", word.text)));
    }
    Ok(value)
}

/// A number as C reads it: decimal, octal after `0`, hexadecimal after `0x`. Returns the value (saturated) and its length.
pub(crate) fn c_number(bytes: &[u8]) -> Option<(i128, usize)> {
    number(bytes, |digits| match digits {
        [b'0', b'x' | b'X', next, ..] if next.is_ascii_hexdigit() => (16, 2),
        [b'0', ..] => (8, 0),
        _ => (10, 0),
    })
}

/// A sign and digits; `radix` says from the digits what they are, and how many bytes before them only say so.
fn number(bytes: &[u8], radix: impl Fn(&[u8]) -> (u32, usize)) -> Option<(i128, usize)> {
    let (negative, sign) = match bytes.first() {
        Some(b'-') => (true, 1),
        Some(b'+') => (false, 1),
        _ => (false, 0),
    };
    let digits = &bytes[sign..];
    let (radix, skip) = radix(digits);
    let mut value: i128 = 0;
    let mut len = 0;
    for digit in digits[skip..].iter().map_while(|b| char::from(*b).to_digit(radix)) {
        value = value.saturating_mul(i128::from(radix)).saturating_add(i128::from(digit)).min(i128::MAX / 64);
        len += 1;
    }
    (len > 0).then_some((if negative { -value } else { value }, sign + skip + len))
}

/// How large an integer option may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    /// 32 bits, as most of Exim's integers.
    Narrow,
    /// 64 bits.
    Wide,
}

/// An integer, with `K`, `M`, `G` (and `T` where it fits).
pub(crate) fn integer(cursor: &mut Cursor<'_>, option: &str, width: Width) -> Result<i64, Fault> {
    let start = cursor.at;
    let Some((number, len)) = c_number(cursor.rest()) else {
        return Err(Fault::new(
            "config.value.integer",
            format!("integer expected for {option}"),
            rest_of(cursor),
        ));
    };
    cursor.at += len;
    let shift = match cursor.peek().map(|b| b.to_ascii_uppercase()) {
        Some(b'K') => 10,
        Some(b'M') => 20,
        Some(b'G') => 30,
        Some(b'T') if width == Width::Wide => 40,
        _ => 0,
    };
    cursor.at += usize::from(shift > 0);
    let value = number.saturating_mul(1_i128 << shift);
    let limit = if width == Width::Narrow { i128::from(i32::MAX) } else { i128::from(i64::MAX) };
    let Some(value) = i64::try_from(value).ok().filter(|v| (-limit - 1..=limit).contains(&i128::from(*v)))
    else {
        let shown = String::from_utf8_lossy(&cursor.text.bytes[start..cursor.at]).into_owned();
        let text = format!("absolute value of integer \"{shown}\" is too large (overflow)");
        return Err(Fault::new("config.value.range", text, (start, cursor.at - start)));
    };
    ended(cursor, &format!("integer value for {option}"))?;
    Ok(value)
}

/// A size that Exim keeps in kilobytes: `10M` is ten megabytes, a bare number is a number of kilobytes. In bytes.
pub(crate) fn kilobytes(cursor: &mut Cursor<'_>, option: &str) -> Result<i64, Fault> {
    let start = cursor.at;
    let bare =
        !cursor.rest().last().is_some_and(|b| matches!(b.to_ascii_uppercase(), b'K' | b'M' | b'G' | b'T'));
    let value = integer(cursor, option, Width::Wide)?;
    if !bare {
        return Ok(value.saturating_add(1023) / 1024 * 1024);
    }
    value.checked_mul(1024).ok_or_else(|| {
        let shown = String::from_utf8_lossy(&cursor.text.bytes[start..cursor.at]).into_owned();
        let text = format!("absolute value of integer \"{shown}\" is too large (overflow)");
        Fault::new("config.value.range", text, (start, cursor.at - start))
    })
}

/// Only white space may follow.
fn ended(cursor: &mut Cursor<'_>, what: &str) -> Result<(), Fault> {
    cursor.skip_space();
    if cursor.rest().is_empty() { Ok(()) } else { Err(extra(cursor, what)) }
}

/// An octal number.
pub(crate) fn octal(cursor: &mut Cursor<'_>, option: &str) -> Result<i64, Fault> {
    let len = cursor.rest().iter().take_while(|b| matches!(b, b'0'..=b'7')).count();
    if len == 0 {
        let text = format!("octal integer expected for {option}");
        return Err(Fault::new("config.value.octal", text, rest_of(cursor)));
    }
    let digits = &cursor.rest()[..len];
    let value = digits.iter().try_fold(0_i64, |value, b| {
        let next = value * 8 + i64::from(b - b'0');
        (next <= i64::from(i32::MAX)).then_some(next)
    });
    let Some(value) = value else {
        let text = format!("octal integer value for {option} is too large");
        return Err(Fault::new("config.value.range", text, (cursor.at, len)));
    };
    cursor.at += len;
    ended(cursor, &format!("octal integer value for {option}"))?;
    Ok(value)
}

/// A number with decimals, in thousandths; digits beyond the third are not looked at.
pub(crate) fn fixed(cursor: &mut Cursor<'_>, option: &str) -> Result<i64, Fault> {
    let start = cursor.at;
    let Some((whole, len)) = number(cursor.rest(), |_| (10, 0)) else {
        let text = format!("fixed-point number expected for {option}");
        return Err(Fault::new("config.value.fixed", text, rest_of(cursor)));
    };
    cursor.at += len;
    if whole < 0 || whole > i128::from(i32::MAX / 1000) {
        let shown = String::from_utf8_lossy(&cursor.text.bytes[start..cursor.at]).into_owned();
        let text = format!("integer \"{shown}\" is too large (overflow)");
        return Err(Fault::new("config.value.range", text, (start, len)));
    }
    let mut value = whole as i64 * 1000;
    if cursor.take(b'.') {
        let mut unit = 100;
        while let Some(digit) = cursor.peek().filter(u8::is_ascii_digit) {
            value += unit * i64::from(digit - b'0');
            unit /= 10;
            cursor.at += 1;
        }
    }
    ended(cursor, &format!("fixed-point value for {option}"))?;
    Ok(value)
}

/// A period such as `1w2d3h4m5s`, in seconds; `None` when it is not one.
pub(crate) fn period(text: &[u8]) -> Option<i64> {
    interval::parse(text).map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX))
}

fn bad_period(cursor: &Cursor<'_>, option: &str) -> Fault {
    let text = format!("invalid time value for {option}");
    let fault = Fault::new("config.value.time", text, rest_of(cursor));
    fault.helped("a time is numbers with units: 1w2d3h4m5s; a unit is never left out")
}

/// One period.
pub(crate) fn time(cursor: &mut Cursor<'_>, option: &str) -> Result<i64, Fault> {
    period(cursor.rest()).ok_or_else(|| bad_period(cursor, option))
}

/// Periods separated by colons, each longer than the one before. `0s` alone means none, as does nothing.
pub(crate) fn times(cursor: &mut Cursor<'_>, option: &str) -> Result<Vec<i64>, Fault> {
    if cursor.rest().is_empty() {
        return Ok(Vec::new());
    }
    let mut out: Vec<i64> = Vec::new();
    for item in cursor.rest().split(|b| *b == b':') {
        let value = period(item.trim_ascii()).ok_or_else(|| bad_period(cursor, option))?;
        if out.last().is_some_and(|before| *before >= value) {
            let text = format!("time value out of order for {option}");
            return Err(Fault::new("config.value.time", text, rest_of(cursor)));
        }
        out.push(value);
    }
    if out.first() == Some(&0) {
        out.remove(0);
    }
    Ok(out)
}

/// A string: the rest of the line, or what stands between double quotes with escapes undone.
pub(crate) fn string(cursor: &mut Cursor<'_>, option: &str) -> Result<Text, Fault> {
    if cursor.peek() != Some(b'"') {
        let out = cursor.text.part(cursor.at..cursor.text.bytes.len());
        cursor.at = cursor.text.bytes.len();
        return Ok(out);
    }
    let start = cursor.at;
    let (out, end) = quoted(cursor.text, start).ok_or_else(|| {
        let text = format!("missing quote at end of string value for {option}");
        Fault::new("config.value.quote", text, (start, cursor.text.bytes.len() - start))
    })?;
    cursor.at = end;
    cursor.skip_space();
    if cursor.rest().is_empty() {
        return Ok(out);
    }
    let text = format!("extra characters follow string value for {option}");
    Err(Fault::new("config.value.extra", text, rest_of(cursor)))
}

/// A quoted string from the quote at `start`; also returns the offset after it. `None` when it has no end.
pub(crate) fn quoted(text: &Text, start: usize) -> Option<(Text, usize)> {
    let bytes = &text.bytes;
    let mut out = Text::default();
    let mut at = start + 1;
    loop {
        let here = text.span_at(at, 1);
        match bytes.get(at)? {
            b'"' => return Some((out, at + 1)),
            b'\\' => {
                let rest = bytes.get(at + 1..).filter(|rest| !rest.is_empty())?;
                let (byte, used) = expand::interpret_escape(rest);
                out.push_byte(byte, here);
                at += 1 + used;
                if at == bytes.len() && byte == b'"' {
                    // Exim looks for a quote at the end of the line, and does not mind that this one is text.
                    return Some((out, at));
                }
            }
            byte => {
                out.push_byte(*byte, here);
                at += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests;
