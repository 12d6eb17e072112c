//! Byte strings in print, and the few ASCII operations that mail needs.
//!
//! # Invariants
//! * What [`Printable`] writes holds no control byte: it can't add a line to a log.
//!
//! # Compatibility
//! The escapes are those of Exim's log lines: `\n`, `\r`, `\t`, `\b`, `\v`, `\f`, otherwise `\ooo` in octal; a
//! backslash is doubled.

use std::fmt;

/// Which bytes are printed as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PrintOptions {
    /// Bytes from 0x80 on are printing (option `print_topbitchars`), or the text is valid UTF-8 that may stand.
    pub topbit: bool,
    /// Tabs stay tabs.
    pub keep_tab: bool,
    /// Spaces are escaped too.
    pub escape_space: bool,
}

/// Displays bytes with everything escaped that doesn't print.
#[derive(Clone, Copy, Debug)]
pub struct Printable<'a>(pub &'a [u8], pub PrintOptions);

impl<'a> Printable<'a> {
    /// With Exim's default: ASCII only.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes, PrintOptions::default())
    }
}

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&printable(self.0, self.1)))
    }
}

/// The bytes with everything escaped that doesn't print.
pub fn printable(bytes: &[u8], options: PrintOptions) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    push_printable(&mut out, bytes, options);
    out
}

/// Appends to `out` what [`printable`] gives.
pub fn push_printable(out: &mut Vec<u8>, bytes: &[u8], options: PrintOptions) {
    for &byte in bytes {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b' ' if options.escape_space => push_octal(out, byte),
            b' '..=b'~' => out.push(byte),
            b'\t' if options.keep_tab => out.push(byte),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            8 => out.extend_from_slice(b"\\b"),
            11 => out.extend_from_slice(b"\\v"),
            12 => out.extend_from_slice(b"\\f"),
            0x80.. if options.topbit => out.push(byte),
            _ => push_octal(out, byte),
        }
    }
}

fn push_octal(out: &mut Vec<u8>, byte: u8) {
    out.extend_from_slice(&[b'\\', b'0' + (byte >> 6), b'0' + ((byte >> 3) & 7), b'0' + (byte & 7)]);
}

/// ASCII lower case; other bytes stay.
pub fn to_lower(bytes: &[u8]) -> Vec<u8> {
    bytes.to_ascii_lowercase()
}

/// ASCII upper case; other bytes stay.
pub fn to_upper(bytes: &[u8]) -> Vec<u8> {
    bytes.to_ascii_uppercase()
}

/// Equal but for the case of ASCII letters.
pub fn eq_ignore_case(a: &[u8], b: &[u8]) -> bool {
    a.eq_ignore_ascii_case(b)
}

/// True when `bytes` begins with `prefix`, ASCII case ignored.
pub fn starts_with_ignore_case(bytes: &[u8], prefix: &[u8]) -> bool {
    bytes.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

/// True when `bytes` ends with `suffix`, ASCII case ignored.
pub fn ends_with_ignore_case(bytes: &[u8], suffix: &[u8]) -> bool {
    bytes.len().checked_sub(suffix.len()).is_some_and(|at| bytes[at..].eq_ignore_ascii_case(suffix))
}

/// C's `isspace`: space, tab, newline, carriage return, form feed and vertical tab.
pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | 9..=13)
}

/// Without white space (as [`is_space`]) at both ends.
pub fn trim(bytes: &[u8]) -> &[u8] {
    trim_end(trim_start(bytes))
}

/// Without leading white space.
pub fn trim_start(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|b| !is_space(*b)).unwrap_or(bytes.len());
    &bytes[start..]
}

/// Without trailing white space.
pub fn trim_end(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|b| !is_space(*b)).map_or(0, |at| at + 1);
    &bytes[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_control_byte_survives() {
        let all: Vec<u8> = (0..=255).collect();
        let text = printable(&all, PrintOptions::default());
        assert!(text.iter().all(|b| (b' '..=b'~').contains(b)), "{}", text.escape_ascii());
        assert_eq!(printable(b"a\\b\n\x00\x7f\x1b\xff", PrintOptions::default()), br"a\\b\n\000\177\033\377");
    }

    #[test]
    fn options_let_bytes_stand() {
        let options = PrintOptions { topbit: true, keep_tab: true, escape_space: false };
        assert_eq!(printable(b"\xc3\xa4\t ", options), b"\xc3\xa4\t ");
        let options = PrintOptions { escape_space: true, ..PrintOptions::default() };
        assert_eq!(printable(b"a b", options), br"a\040b");
    }

    #[test]
    fn ends_and_starts() {
        assert!(starts_with_ignore_case(b"MAIL FROM:", b"mail"));
        assert!(!starts_with_ignore_case(b"MA", b"mail"));
        assert!(ends_with_ignore_case(b"a.EXAMPLE", b".example"));
        assert_eq!(trim(b" \t\x0b a b\r\n"), b"a b");
        assert_eq!(trim(b"  "), b"");
    }
}
