//! Backslashes: `\n`, `\t`, `\r`, `\b`, `\f`, `\v`, `\101`, `\x41`, `\N...\N`.
//!
//! # Compatibility
//! Exim specification, section "Character escape sequences in expanded strings".

use super::Parser;
use crate::tree::Broken;
use mail_types::text::Text;

impl Parser<'_> {
    /// Reads one escape; the backslash is next.
    pub(super) fn escape(&mut self, out: &mut Text) -> Result<(), Broken> {
        let rest = self.rest();
        match rest.get(1).copied() {
            None => return Err(self.fail("\\ at end of string")),
            Some(b'N') => {
                let body = &rest[2..];
                let end = find_close(body);
                self.look(end.unwrap_or(body.len()));
                out.push(&body[..end.unwrap_or(body.len())]);
                self.at += 2 + end.map_or(body.len(), |at| at + 2);
            }
            Some(_) => {
                let (byte, used) = interpret(&rest[1..]);
                out.push(&[byte]);
                self.at += 1 + used;
            }
        }
        Ok(())
    }
}

fn find_close(body: &[u8]) -> Option<usize> {
    memchr::memmem::find(body, b"\\N")
}

/// Interprets what follows a backslash, as in expanded strings and in quoted ones; returns the byte and how many bytes
/// it took. The text is not empty.
pub fn interpret(text: &[u8]) -> (u8, usize) {
    match text[0] {
        b'n' => (b'\n', 1),
        b'r' => (b'\r', 1),
        b't' => (b'\t', 1),
        b'b' => (0x08, 1),
        b'v' => (0x0b, 1),
        b'f' => (0x0c, 1),
        b'x' => number(&text[1..], 16, 2).map_or((0, 1), |(value, used)| (value, used + 1)),
        b'0'..=b'7' => number(text, 8, 3).unwrap_or((text[0], 1)),
        other => (other, 1),
    }
}

fn number(text: &[u8], radix: u32, most: usize) -> Option<(u8, usize)> {
    let mut value = 0;
    let mut used = 0;
    while used < most
        && let Some(digit) = text.get(used).and_then(|&byte| char::from(byte).to_digit(radix))
    {
        value = value * radix + digit;
        used += 1;
    }
    (used > 0).then_some((value as u8, used))
}
