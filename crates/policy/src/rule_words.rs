//! The words of rewriting and retry rules: separated by white space, in double quotes when they hold some.
//!
//! # Compatibility
//! Inside quotes a backslash escapes as in other quoted configuration strings; a quote that is never closed takes the
//! rest of the line, as Exim does it.

use std::borrow::Cow;

use mail_types::bytes::is_space;
use mail_types::diagnostic::SourceText;

/// The words of one line, one after the other.
pub(crate) struct Words<'a> {
    line: &'a SourceText,
    at: usize,
}

impl<'a> Words<'a> {
    pub(crate) fn new(line: &'a SourceText) -> Self {
        Self { line, at: 0 }
    }

    /// The next word, unquoted.
    pub(crate) fn next(&mut self) -> Option<SourceText> {
        self.skip_space();
        let text = &self.line.bytes;
        let start = self.at;
        if *text.get(start)? != b'"' {
            while text.get(self.at).is_some_and(|b| !is_space(*b)) {
                self.at += 1;
            }
            return Some(self.line.slice(start..self.at));
        }
        let inside = start + 1;
        self.at = inside;
        while text.get(self.at).is_some_and(|b| *b != b'"') {
            self.at += if text[self.at] == b'\\' { 2 } else { 1 };
        }
        let end = self.at.min(text.len());
        self.at = (end + 1).min(text.len());
        Some(match unescape(&text[inside.min(end)..end]) {
            Cow::Borrowed(_) => self.line.slice(inside..end),
            Cow::Owned(bytes) => SourceText::plain(bytes, self.line.span_at(inside, end - inside)),
        })
    }

    /// What follows the last word, with the offset where it begins.
    pub(crate) fn rest(&mut self) -> (&'a [u8], usize) {
        self.skip_space();
        (&self.line.bytes[self.at..], self.at)
    }

    /// Goes over some bytes of what follows.
    pub(crate) fn skip(&mut self, bytes: usize) {
        self.at = (self.at + bytes).min(self.line.bytes.len());
    }

    fn skip_space(&mut self) {
        while self.line.bytes.get(self.at).is_some_and(|b| is_space(*b)) {
            self.at += 1;
        }
    }
}

/// A text whose list has one item, whatever stands in it: the separator is a byte that no text holds.
pub(crate) fn single_item(text: &SourceText) -> SourceText {
    let mut bytes = b"<\x01".to_vec();
    bytes.extend_from_slice(&text.bytes);
    let mut segments = text.segments.clone();
    for segment in &mut segments {
        segment.offset += 2;
    }
    SourceText { bytes: bytes.into(), segments }
}

fn unescape(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'\\') {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at] != b'\\' || at + 1 == text.len() {
            out.push(text[at]);
            at += 1;
            continue;
        }
        at += 1;
        let number = |digits: &[u8], base: u8| {
            digits
                .iter()
                .fold(0_u32, |n, d| n * u32::from(base) + (*d as char).to_digit(u32::from(base)).unwrap_or(0))
                as u8
        };
        match text[at] {
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'0'..=b'7' => {
                let length = text[at..].iter().take(3).take_while(|b| matches!(b, b'0'..=b'7')).count();
                out.push(number(&text[at..at + length], 8));
                at += length - 1;
            }
            b'x' => {
                let length = text[at + 1..].iter().take(2).take_while(|b| b.is_ascii_hexdigit()).count();
                out.push(number(&text[at + 1..at + 1 + length], 16));
                at += length;
            }
            other => out.push(other),
        }
        at += 1;
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_quotes() {
        let cases: &[(&str, &[&str])] = &[
            ("a  b\tc", &["a", "b", "c"]),
            ("  \"a b\" c", &["a b", "c"]),
            ("\"a \\\"b\\\" \\\\N\\x41\\101\\t\" c", &["a \"b\" \\NAA\t", "c"]),
            ("\"a b", &["a b"]),
            ("\"a\\", &["a\\"]),
            ("\"", &[""]),
            ("", &[]),
        ];
        for (line, want) in cases {
            let line = SourceText::nowhere(line.as_bytes());
            let mut words = Words::new(&line);
            let found: Vec<String> = std::iter::from_fn(|| words.next())
                .map(|w| String::from_utf8(w.bytes.to_vec()).unwrap())
                .collect();
            assert_eq!(found, *want, "{line:?}");
        }
    }
}
