//! Folding and unfolding of header fields, and the Received line.
//!
//! # Invariants
//! * Folding breaks a line only where there is a blank, and loses no octet but the blanks it breaks at.
//!
//! # Security
//! A Received line holds text from the peer (its HELO name, its PTR record): control octets become `?`.
//!
//! # References
//! RFC 5322 sections 2.2.3 and 3.6.7.

use crate::header::{HeaderLine, HeaderType};

/// The longest Received line that is kept; what is longer is cut before the date.
const RECEIVED_LINE: usize = 8_192;

/// The body of a field on one line: each line break goes, the blanks around it stay.
pub fn unfold(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|b| !matches!(b, b'\n' | b'\r')).collect()
}

/// Breaks lines longer than `width` at blanks, continuing with a tab.
pub fn fold(text: &[u8], width: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 32);
    let (body, end) = match text.strip_suffix(b"\n") {
        Some(body) => (body, &b"\n"[..]),
        None => (text, &b""[..]),
    };
    for (n, line) in body.split(|b| *b == b'\n').enumerate() {
        if n > 0 {
            out.push(b'\n');
        }
        fold_line(line, width, &mut out);
    }
    out.extend_from_slice(end);
    out
}

fn fold_line(mut line: &[u8], width: usize, out: &mut Vec<u8>) {
    while line.len() > width {
        let is_blank = |b: &u8| matches!(b, b' ' | b'\t');
        // A blank within the width, else the first one after it; never the leading one.
        let within = line[..=width].iter().skip(1).rposition(is_blank).map(|at| at + 1);
        let Some(at) = within.or_else(|| line.iter().skip(1).position(is_blank).map(|at| at + 1)) else {
            break;
        };
        let rest = line[at..].trim_ascii_start();
        if rest.is_empty() {
            break;
        }
        out.extend_from_slice(&line[..at]);
        out.extend_from_slice(b"\n\t");
        line = rest;
    }
    out.extend_from_slice(line);
}

/// The Received line: what `received_header_text` expanded to (it begins with `Received:`), a semicolon and the date.
pub fn received_line(expanded: &[u8], date: &[u8]) -> HeaderLine {
    let cut = expanded.len().min(RECEIVED_LINE);
    let mut text: Vec<u8> = Vec::with_capacity(cut + date.len() + 8);
    for &byte in expanded[..cut].trim_ascii_end() {
        text.push(if byte < b' ' && !matches!(byte, b'\t' | b'\n') || byte == 0x7f { b'?' } else { byte });
    }
    // A line break that no blank follows would end the field.
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\n', &text[at..]) {
        at += found + 1;
        if !matches!(text.get(at), Some(b' ' | b'\t')) {
            text.insert(at, b'\t');
        }
    }
    text.extend_from_slice(b";\n\t");
    text.extend_from_slice(date);
    text.push(b'\n');
    HeaderLine { kind: HeaderType::Received, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding() {
        let cases: [(&[u8], usize, &[u8]); 6] = [
            (b"a b c\n", 80, b"a b c\n"),
            (b"aaa bbb ccc\n", 7, b"aaa bbb\n\tccc\n"),
            (b"aaaaaaaaaa bbb\n", 4, b"aaaaaaaaaa\n\tbbb\n"),
            (b"aaaaaaaaaa\n", 4, b"aaaaaaaaaa\n"),
            (b"aa bb\n cc dd ee", 5, b"aa bb\n cc\n\tdd ee"),
            (b"aaaa     \n", 4, b"aaaa     \n"),
        ];
        for (text, width, want) in cases {
            assert_eq!(fold(text, width), want, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn unfolding() {
        assert_eq!(unfold(b"a\n b\r\n\tc\n"), b"a b\tc");
    }

    #[test]
    fn received() {
        let line = received_line(b"Received: from x by y\n\tid z", b"DATE");
        assert_eq!(line.text, b"Received: from x by y\n\tid z;\n\tDATE\n");
        let line = received_line(b"Received: from \x1b[2J\r\nEvil: x by y", b"D");
        assert_eq!(line.text, b"Received: from ?[2J?\n\tEvil: x by y;\n\tD\n");
        let line = received_line(&vec![b'x'; 20_000], b"D");
        assert!(line.text.len() < 8_300 && line.text.ends_with(b";\n\tD\n"));
    }
}
