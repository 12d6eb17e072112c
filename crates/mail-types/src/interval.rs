//! Time intervals as Exim writes them: `1w2d3h4m5s`.
//!
//! # Compatibility
//! Specification section 6.16, "Time intervals"; the form of `-bP`, of log times and of `${time_interval:}`.

use std::fmt::Write as _;
use std::time::Duration;

const UNITS: [(u8, u64); 5] = [(b'w', 604_800), (b'd', 86_400), (b'h', 3_600), (b'm', 60), (b's', 1)];

/// Seconds of an interval; every number has a unit. `None` when it is not an interval or too long.
pub fn parse(text: &[u8]) -> Option<u64> {
    let mut rest = text;
    let mut total: u64 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.iter().take_while(|c| c.is_ascii_digit()).count();
        let number: u64 = std::str::from_utf8(rest.get(..digits)?).ok()?.parse().ok()?;
        rest = rest.get(digits..)?;
        let (unit, tail) = rest.split_first()?;
        let factor = UNITS.iter().find(|(u, _)| u == unit)?.1;
        rest = tail;
        total = total.checked_add(number.checked_mul(factor)?)?;
    }
    Some(total)
}

/// The same as a duration.
pub fn parse_duration(text: &[u8]) -> Option<Duration> {
    parse(text).map(Duration::from_secs)
}

/// The shortest form: `0s`, `1m30s`, `1w`.
pub fn format(seconds: u64) -> String {
    let mut rest = seconds;
    let mut out = String::new();
    for (unit, length) in UNITS {
        let count = rest / length;
        rest %= length;
        if count > 0 {
            // Writing to a String cannot fail.
            let _ = write!(out, "{count}{}", unit as char);
        }
    }
    if out.is_empty() { "0s".to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_read_and_written() {
        for (text, seconds, written) in [
            ("0s", 0, "0s"),
            ("90s", 90, "1m30s"),
            ("5m", 300, "5m"),
            ("1w2d3h4m5s", 788_645, "1w2d3h4m5s"),
            ("24h", 86_400, "1d"),
            ("225s", 225, "3m45s"),
            ("1w1d1h1m1s", 694_861, "1w1d1h1m1s"),
        ] {
            assert_eq!(parse(text.as_bytes()), Some(seconds), "{text}");
            assert_eq!(format(seconds), written);
        }
        for bad in
            ["", "90", "1h30", "x", "5x", "m", "-1s", "1.5h", "99999999999999999999s", "99999999999999999w"]
        {
            assert_eq!(parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
