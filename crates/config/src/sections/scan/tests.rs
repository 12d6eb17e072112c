//! Values as Exim 4.96 reads them: every answer in this file was seen from it.

use mail_types::diagnostic::Span;

use super::*;

fn over<T>(value: &str, read: impl Fn(&mut Cursor<'_>) -> Result<T, Fault>) -> Result<T, String> {
    let text = Text::plain(value.as_bytes(), Span::NOWHERE);
    read(&mut Cursor::new(&text)).map_err(|fault| fault.text)
}

#[test]
fn integers() {
    let good = [
        ("3", 3),
        ("0x10", 16),
        ("010", 8),
        ("3K", 3072),
        ("3M", 3 << 20),
        ("3m", 3 << 20),
        ("-3", -3),
        ("+3", 3),
        ("2147483647", 2_147_483_647),
        ("1G", 1 << 30),
    ];
    for (value, want) in good {
        assert_eq!(over(value, |c| integer(c, "x", Width::Narrow)), Ok(want), "{value}");
    }
    let bad = [
        ("", "integer expected for x"),
        ("abc", "integer expected for x"),
        ("\"3\"", "integer expected for x"),
        ("K", "integer expected for x"),
        ("12x", "extra characters follow integer value for x"),
        ("3KK", "extra characters follow integer value for x"),
        ("08", "extra characters follow integer value for x"),
        ("0x", "extra characters follow integer value for x"),
        ("3 K", "extra characters follow integer value for x"),
        ("3 # foo", "extra characters follow integer value for x (# is comment only at line start)"),
        ("2G", "absolute value of integer \"2G\" is too large (overflow)"),
        ("2147483648", "absolute value of integer \"2147483648\" is too large (overflow)"),
        ("99999999999", "absolute value of integer \"99999999999\" is too large (overflow)"),
    ];
    for (value, want) in bad {
        assert_eq!(over(value, |c| integer(c, "x", Width::Narrow)), Err(want.to_owned()), "{value}");
    }
    assert!(over(&"9".repeat(5000), |c| integer(c, "x", Width::Wide)).is_err());
}

#[test]
fn sizes_in_kilobytes() {
    for (value, want) in [("3000", 3000 << 10), ("3K", 3 << 10), ("3G", 3 << 30), ("3T", 3 << 40), ("0", 0)] {
        assert_eq!(over(value, |c| kilobytes(c, "x")), Ok(want), "{value}");
    }
    assert!(over("9223372036854775807", |c| kilobytes(c, "x")).is_err());
}

#[test]
fn flags() {
    for (value, want) in [("", true), ("YES", true), ("true", true), ("no", false), ("False", false)] {
        assert_eq!(over(value, |c| flag(c, "x")), Ok(want), "{value}");
    }
    let bad = [
        ("maybe", "\"maybe\" is not a valid value for the \"x\" option"),
        ("\"yes\"", "\"\" is not a valid value for the \"x\" option"),
        ("nofoo", "\"nofoo\" is not a valid value for the \"x\" option"),
        ("no foo", "extra characters follow \"no\" for boolean option x"),
        ("no#", "extra characters follow \"no\" for boolean option x (# is comment only at line start)"),
    ];
    for (value, want) in bad {
        assert_eq!(over(value, |c| flag(c, "x")), Err(want.to_owned()), "{value}");
    }
}

#[test]
fn octal_and_fixed_point() {
    assert_eq!(over("700", |c| octal(c, "mode")), Ok(0o700));
    assert_eq!(over("1777777", |c| octal(c, "mode")), Ok(0o1_777_777));
    assert_eq!(over("99", |c| octal(c, "mode")), Err("octal integer expected for mode".into()));
    assert_eq!(
        over("0888", |c| octal(c, "mode")),
        Err("extra characters follow octal integer value for mode".into())
    );
    assert!(over(&"7".repeat(99), |c| octal(c, "mode")).is_err());
    for (value, want) in [("1.2345", 1234), ("1.2", 1200), ("1.", 1000), ("10.125", 10125), ("8", 8000)] {
        assert_eq!(over(value, |c| fixed(c, "x")), Ok(want), "{value}");
    }
    let bad = [
        (".5", "fixed-point number expected for x"),
        ("-1", "integer \"-1\" is too large (overflow)"),
        ("1.2 a", "extra characters follow fixed-point value for x"),
    ];
    for (value, want) in bad {
        assert_eq!(over(value, |c| fixed(c, "x")), Err(want.to_owned()), "{value}");
    }
}

#[test]
fn periods() {
    for (value, want) in
        [("1w2d3h4m5s", 788_645), ("90m", 5400), ("1d1d", 172_800), ("1m1h", 3660), ("0s", 0)]
    {
        assert_eq!(over(value, |c| time(c, "x")), Ok(want), "{value}");
    }
    for value in ["", "60", "0", "-1s", "\"3h\"", "3x", "3h junk", "s"] {
        assert_eq!(over(value, |c| time(c, "x")), Err("invalid time value for x".into()), "{value}");
    }
    for (value, want) in [("1h:2h: 3d", &[3600, 7200, 259_200][..]), ("", &[]), ("0s", &[])] {
        assert_eq!(over(value, |c| times(c, "x")).as_deref(), Ok(want), "{value}");
    }
    for (value, want) in [
        ("1h:", "invalid time value for x"),
        (":1h", "invalid time value for x"),
        ("3h:1h", "time value out of order for x"),
    ] {
        assert_eq!(over(value, |c| times(c, "x")), Err(want.to_owned()), "{value}");
    }
}

#[test]
fn strings() {
    let read = |value: &str| {
        over(value, |c| string(c, "x")).map(|text| String::from_utf8_lossy(&text.bytes).into_owned())
    };
    let good = [
        ("a\\nb \"x\"", "a\\nb \"x\""),
        ("\"a\\n\\t\\\\b\\x41\\101\\q\\\"\"", "a\n\t\\bAAq\""),
        ("\"\"", ""),
        ("a\"b", "a\"b"),
        ("\"\\$x\"", "$x"),
        ("\"\\xg\"", "\0g"),
        ("\"\\b\\f\\v\"", "\x08\x0c\x0b"),
        ("\"a\\\"", "a\""),
    ];
    for (value, want) in good {
        assert_eq!(read(value).as_deref(), Ok(want), "{value}");
    }
    let bad = [
        ("\"hello", "missing quote at end of string value for x"),
        ("\"hello\\", "missing quote at end of string value for x"),
        ("\"a\"b", "extra characters follow string value for x"),
        ("\"a\" # b", "extra characters follow string value for x"),
    ];
    for (value, want) in bad {
        assert_eq!(read(value), Err(want.to_owned()), "{value}");
    }
}

#[test]
fn escapes_keep_their_places() {
    let span = Span { file: mail_types::FileId(0), line: 1, column: 10, len: 9 };
    let text = Text::plain(b"\"a\\nbc\\\\d\"", span);
    let value = string(&mut Cursor::new(&text), "x").unwrap();
    assert_eq!(value.bytes, b"a\nbc\\d");
    assert_eq!(value.span_at(2, 1).column, 14);
    assert_eq!(value.span_at(5, 1).column, 18);
}
