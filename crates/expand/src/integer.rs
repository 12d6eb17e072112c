//! Numbers as conditions read them: optional sign, decimal digits, `K`, `M` or `G`.

/// Reads a number; the error is Exim's text.
pub(crate) fn parse(text: &[u8]) -> Result<i64, String> {
    let body = mail_types::bytes::trim_start(text);
    let shown = || String::from_utf8_lossy(body).into_owned();
    if body.is_empty() {
        return Ok(0);
    }
    let (negative, digits) = match body[0] {
        b'-' => (true, &body[1..]),
        b'+' => (false, &body[1..]),
        _ => (false, body),
    };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 {
        return Err(format!("integer expected but \"{}\" found", shown()));
    }
    let (scale, tail) = match digits.get(count).map(u8::to_ascii_lowercase) {
        Some(b'k') => (1 << 10, &digits[count + 1..]),
        Some(b'm') => (1 << 20, &digits[count + 1..]),
        Some(b'g') => (1 << 30, &digits[count + 1..]),
        _ => (1, &digits[count..]),
    };
    let value = decimal(&digits[..count], negative).and_then(|value| value.checked_mul(scale));
    let Some(value) = value else {
        return Err(format!("absolute value of integer \"{}\" is too large (overflow)", shown()));
    };
    if tail.iter().all(|&byte| mail_types::bytes::is_space(byte)) {
        Ok(value)
    } else {
        Err(format!("invalid integer \"{}\"", shown()))
    }
}

fn decimal(digits: &[u8], negative: bool) -> Option<i64> {
    digits.iter().try_fold(0i64, |value, &digit| {
        let digit = i64::from(digit - b'0');
        let value = value.checked_mul(10)?;
        if negative { value.checked_sub(digit) } else { value.checked_add(digit) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let cases: [(&str, Result<i64, &str>); 9] = [
            ("", Ok(0)),
            (" 1K ", Ok(1024)),
            ("-2m", Ok(-2 << 20)),
            ("+3G", Ok(3 << 30)),
            ("-9223372036854775808", Ok(i64::MIN)),
            ("x", Err("integer expected but \"x\" found")),
            ("1 K", Err("invalid integer \"1 K\"")),
            (
                "9223372036854775808",
                Err("absolute value of integer \"9223372036854775808\" is too large (overflow)"),
            ),
            (
                "9223372036854775807K",
                Err("absolute value of integer \"9223372036854775807K\" is too large (overflow)"),
            ),
        ];
        for (text, want) in cases {
            assert_eq!(parse(text.as_bytes()), want.map_err(str::to_owned), "{text:?}");
        }
    }
}
