//! `eval` and `eval10`: integer arithmetic.
//!
//! # Invariants
//! * Nesting is bounded; nothing overflows into a panic.
//!
//! # Compatibility
//! The texts of errors, the wrapping of products and shifts and the saturation of numbers are Exim's.

use super::Call;
use crate::EvalError;
use mail_types::bytes::is_space;
use mail_types::limits;
use mail_types::text::Text;
use mail_types::value::Value;

pub(super) fn eval(call: &Call<'_>) -> Result<Value, EvalError> {
    evaluate(call.bytes(), false)
}

pub(super) fn eval10(call: &Call<'_>) -> Result<Value, EvalError> {
    evaluate(call.bytes(), true)
}

fn evaluate(text: &[u8], decimal: bool) -> Result<Value, EvalError> {
    let mut sum = Arithmetic { text, at: 0, decimal, depth: 0 };
    let result = sum.whole().map_err(|problem| {
        let done = String::from_utf8_lossy(&text[..sum.at]);
        EvalError::failed(format!("error in expression evaluation: {problem} (after processing \"{done}\")"))
    })?;
    Ok(Value::clean(Text::of(result)))
}

/// A binary operator.
#[derive(Debug, Clone, Copy)]
struct Binary {
    sign: &'static [u8],
    /// How strongly it binds.
    level: u8,
    apply: fn(i64, i64) -> Result<i64, &'static str>,
}

/// The binary operators.
static OPERATORS: [Binary; 10] = [
    Binary { sign: b"+", level: 4, apply: add },
    Binary { sign: b"-", level: 4, apply: subtract },
    Binary { sign: b"*", level: 5, apply: |x, y| Ok(x.wrapping_mul(y)) },
    Binary { sign: b"/", level: 5, apply: divide },
    Binary { sign: b"%", level: 5, apply: remainder },
    Binary { sign: b"<<", level: 3, apply: |x, y| Ok(x.wrapping_shl(y as u32)) },
    Binary { sign: b">>", level: 3, apply: |x, y| Ok(x.wrapping_shr(y as u32)) },
    Binary { sign: b"&", level: 2, apply: |x, y| Ok(x & y) },
    Binary { sign: b"^", level: 1, apply: |x, y| Ok(x ^ y) },
    Binary { sign: b"|", level: 0, apply: |x, y| Ok(x | y) },
];

/// Only results that are too large are noticed; those that are too small wrap.
fn add(x: i64, y: i64) -> Result<i64, &'static str> {
    match x.checked_add(y) {
        Some(sum) => Ok(sum),
        None if x >= 0 => Err("overflow in sum"),
        None => Ok(x.wrapping_add(y)),
    }
}

fn subtract(x: i64, y: i64) -> Result<i64, &'static str> {
    match x.checked_sub(y) {
        Some(difference) => Ok(difference),
        None if x >= 0 => Err("overflow in difference"),
        None => Ok(x.wrapping_sub(y)),
    }
}

fn divide(x: i64, y: i64) -> Result<i64, &'static str> {
    if y == 0 { Err("divide by zero") } else { Ok(x.checked_div(y).unwrap_or(i64::MAX)) }
}

fn remainder(x: i64, y: i64) -> Result<i64, &'static str> {
    if y == 0 { Err("modulo by zero") } else { Ok(x.checked_rem(y).unwrap_or(i64::MAX)) }
}

struct Arithmetic<'a> {
    text: &'a [u8],
    at: usize,
    decimal: bool,
    depth: usize,
}

impl Arithmetic<'_> {
    fn whole(&mut self) -> Result<i64, &'static str> {
        let value = self.binary(0)?;
        if self.at < self.text.len() { Err("expecting operator") } else { Ok(value) }
    }

    /// Reads on as long as operators bind at least as strongly as this level.
    fn binary(&mut self, level: u8) -> Result<i64, &'static str> {
        let mut value = self.unary()?;
        while let Some(operator) = self.operator().filter(|operator| operator.level >= level) {
            self.at += operator.sign.len();
            let second = self.binary(operator.level + 1)?;
            value = (operator.apply)(value, second)?;
        }
        Ok(value)
    }

    /// The operator that comes next.
    fn operator(&self) -> Option<&'static Binary> {
        let first = self.peek()?;
        OPERATORS.iter().find(|operator| operator.sign[0] == first && self.rest().starts_with(operator.sign))
    }

    /// Signs are collected first, so that a long row of them does not nest.
    fn unary(&mut self) -> Result<i64, &'static str> {
        let mut signs = Vec::new();
        self.skip_space();
        while let Some(sign @ (b'+' | b'-' | b'~')) = self.peek() {
            signs.push(sign);
            self.at += 1;
            self.skip_space();
        }
        let mut value = self.primary()?;
        for sign in signs.into_iter().rev() {
            match sign {
                b'-' => value = value.wrapping_neg(),
                b'~' => value = !value,
                _ => {}
            }
        }
        Ok(value)
    }

    fn primary(&mut self) -> Result<i64, &'static str> {
        match self.peek() {
            Some(b'(') => self.parenthesis(),
            Some(byte) if byte.is_ascii_digit() => Ok(self.number()),
            _ => Err("expecting number or opening parenthesis"),
        }
    }

    fn parenthesis(&mut self) -> Result<i64, &'static str> {
        if self.depth >= limits::EXPANSION_DEPTH {
            return Err("expression is nested too deeply");
        }
        self.depth += 1;
        self.at += 1;
        let value = self.binary(0)?;
        self.depth -= 1;
        if self.peek() != Some(b')') {
            return Err("expecting closing parenthesis");
        }
        self.at += 1;
        self.skip_space();
        Ok(value)
    }

    fn number(&mut self) -> i64 {
        let hexadecimal = matches!(self.rest(), [b'0', b'x' | b'X', ..]);
        let radix = match self.peek() {
            _ if self.decimal => 10,
            Some(b'0') if hexadecimal => {
                self.at += 2;
                16
            }
            Some(b'0') => 8,
            _ => 10,
        };
        let mut value = 0i64;
        while let Some(digit) = self.peek().and_then(|byte| char::from(byte).to_digit(radix)) {
            value = value.saturating_mul(i64::from(radix)).saturating_add(i64::from(digit));
            self.at += 1;
        }
        let scale = match self.peek().map(|byte| byte.to_ascii_lowercase()) {
            Some(b'k') => 1 << 10,
            Some(b'm') => 1 << 20,
            Some(b'g') => 1 << 30,
            _ => 1,
        };
        if scale > 1 {
            self.at += 1;
        }
        self.skip_space();
        value.wrapping_mul(scale)
    }

    fn rest(&self) -> &[u8] {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Result<String, String> {
        evaluate(text.as_bytes(), false).map(|value| value.to_lossy()).map_err(|error| error.to_string())
    }

    #[test]
    fn sums() {
        let cases = [
            ("1+2*3", "7"),
            ("-(~255&0x1234)", "-4608"),
            ("9223372036854775807*2", "-2"),
            ("(-9223372036854775807-1)/-1", "9223372036854775807"),
            ("1<<64", "1"),
            ("99999999999999999999", "9223372036854775807"),
        ];
        for (text, want) in cases {
            assert_eq!(value(text), Ok(want.to_owned()), "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        assert!(value(&"(".repeat(100_000)).unwrap_err().contains("nested too deeply"));
        assert_eq!(value(&format!("{}1", "-".repeat(100_000))), Ok("1".to_owned()));
    }
}
