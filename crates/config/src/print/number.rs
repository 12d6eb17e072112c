//! Numbers as `-bP` shows them.
//!
//! # Compatibility
//! Seen from Exim 4.96.

use mail_types::interval;

/// A period: `1w2d3h4m5s`.
pub fn display_time(seconds: i64) -> String {
    let sign = if seconds < 0 { "-" } else { "" };
    format!("{sign}{}", interval::format(seconds.unsigned_abs()))
}

/// A size: `100K`, `10M`, or plain where it is no multiple of 1024.
pub fn display_bytes(bytes: i64) -> String {
    let megabyte = 1 << 20;
    match bytes {
        0 => "0".into(),
        _ if bytes % megabyte == 0 => format!("{}M", bytes / megabyte),
        _ if bytes % 1024 == 0 => format!("{}K", bytes / 1024),
        _ => bytes.to_string(),
    }
}

/// A size that Exim keeps in kilobytes.
pub fn display_kilobytes(bytes: i64) -> String {
    let mut value = bytes / 1024;
    if value == 0 {
        return "0".into();
    }
    let mut units = "KMGT".chars().peekable();
    while value % 1024 == 0 && units.peek().is_some_and(|unit| *unit != 'T') {
        value /= 1024;
        units.next();
    }
    format!("{value}{}", units.next().unwrap_or('T'))
}

/// A mode: `0700`.
pub fn display_octal(value: i64) -> String {
    if value == 0 { "0".into() } else { format!("0{value:o}") }
}

/// A number in thousandths, with at least one decimal.
pub fn display_fixed(thousandths: i64) -> String {
    let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    let short = text.trim_end_matches('0');
    if short.ends_with('.') { format!("{short}0") } else { short.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_look_as_exim_prints_them() {
        let times = [
            (0, "0s"),
            (5400, "1h30m"),
            (788_645, "1w2d3h4m5s"),
            (604_800, "1w"),
            (86_400, "1d"),
            (61, "1m1s"),
        ];
        for (seconds, want) in times {
            assert_eq!(display_time(seconds), want);
        }
        for (bytes, want) in
            [(500, "500"), (2048, "2K"), (2 << 20, "2M"), (102_400, "100K"), (0, "0"), (1_048_577, "1048577")]
        {
            assert_eq!(display_bytes(bytes), want);
        }
        let sizes = [
            (3_072_000, "3000K"),
            (3072, "3K"),
            (3 << 30, "3G"),
            (30 << 30, "30G"),
            (3 << 40, "3T"),
            (1500 << 20, "1500M"),
            (0, "0"),
        ];
        for (bytes, want) in sizes {
            assert_eq!(display_kilobytes(bytes), want);
        }
        for (value, want) in [(0o700, "0700"), (0, "0"), (0o022, "022"), (0o1_777_777, "01777777")] {
            assert_eq!(display_octal(value), want);
        }
        for (value, want) in [(1234, "1.234"), (1200, "1.2"), (1000, "1.0"), (10_125, "10.125"), (0, "0.0")] {
            assert_eq!(display_fixed(value), want);
        }
    }
}
