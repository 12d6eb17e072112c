//! Times as Exim's configuration writes them: `30`, `5m`, `1h30m`, `4w2d`.
//!
//! # Compatibility
//! Specification, section "Time intervals": the units w, d, h, m and s, each preceded by digits; a number alone is in
//! seconds.

use std::time::Duration;

/// Reads a time; `None` when the text is none.
pub fn parse(text: &[u8]) -> Option<Duration> {
    if text.is_empty() {
        return None;
    }
    let mut total: u64 = 0;
    let mut number: Option<u64> = None;
    for &byte in text {
        if byte.is_ascii_digit() {
            let digit = u64::from(byte - b'0');
            number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(digit)?);
            continue;
        }
        let unit = match byte {
            b'w' => 7 * 86_400,
            b'd' => 86_400,
            b'h' => 3_600,
            b'm' => 60,
            b's' => 1,
            _ => return None,
        };
        total = total.checked_add(number.take()?.checked_mul(unit)?)?;
    }
    Some(Duration::from_secs(total.checked_add(number.unwrap_or(0))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let cases = [
            ("0", Some(0)),
            ("30", Some(30)),
            ("5m", Some(300)),
            ("1h30m", Some(5_400)),
            ("4w2d", Some(2_592_000)),
            ("1m30", Some(90)),
            ("", None),
            ("x", None),
            ("m", None),
            ("1x", None),
            ("-1", None),
            ("99999999999999999999w", None),
        ];
        for (text, want) in cases {
            assert_eq!(parse(text.as_bytes()), want.map(Duration::from_secs), "{text}");
        }
    }
}
