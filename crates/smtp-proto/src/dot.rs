//! Message content on its way out: from spool form to wire octets.
//!
//! [`Encoder`] turns LF into CR LF and, after `DATA`, doubles dots at the start of lines. It works on slices:
//! feed it the header, then the body in pieces, then [`Encoder::finish`].
//!
//! # Invariants
//! * Every CR on the wire is followed by LF and every LF preceded by CR, whatever the spool held.
//! * The terminating dot stands only where [`Encoder::finish`] puts it.
//!
//! # References
//! RFC 5321 section 4.5.2.

use memchr::memchr2;

use crate::content::Framing;

/// Turns spool form into wire form.
#[derive(Clone, Debug)]
pub struct Encoder {
    framing: Framing,
    at_line_start: bool,
    after_cr: bool,
}

impl Encoder {
    /// At the start of a message.
    pub fn new(framing: Framing) -> Self {
        Self { framing, at_line_start: true, after_cr: false }
    }

    /// Appends the wire form of the next piece to `out`.
    pub fn encode(&mut self, mut input: &[u8], out: &mut Vec<u8>) {
        if self.after_cr {
            self.after_cr = false;
            // The line break for the CR is out already; the LF of the pair adds nothing.
            if let [b'\n', rest @ ..] = input {
                input = rest;
            }
        }
        out.reserve(input.len() + input.len() / 32);
        while let Some(&first) = input.first() {
            if self.at_line_start && first == b'.' && self.framing == Framing::Dot {
                out.push(b'.');
            }
            let Some(length) = memchr2(b'\r', b'\n', input) else {
                out.extend_from_slice(input);
                self.at_line_start = false;
                return;
            };
            out.extend_from_slice(&input[..length]);
            out.extend_from_slice(b"\r\n");
            self.at_line_start = true;
            let is_cr = input[length] == b'\r';
            input = &input[length + 1..];
            if is_cr {
                match input {
                    [] => self.after_cr = true,
                    [b'\n', rest @ ..] => input = rest,
                    _ => {}
                }
            }
        }
    }

    /// Ends the last line and, after `DATA`, the message.
    pub fn finish(self, out: &mut Vec<u8>) {
        if !self.at_line_start {
            out.extend_from_slice(b"\r\n");
        }
        if self.framing == Framing::Dot {
            out.extend_from_slice(b".\r\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{Decoder, LineMode};

    fn encoded(framing: Framing, input: &[u8], step: usize) -> Vec<u8> {
        let mut encoder = Encoder::new(framing);
        let mut out = Vec::new();
        for piece in input.chunks(step.max(1)) {
            encoder.encode(piece, &mut out);
        }
        encoder.finish(&mut out);
        out
    }

    #[test]
    fn dots_and_line_ends() {
        let cases: [(&[u8], &[u8]); 7] = [
            (b"", b".\r\n"),
            (b"a\n", b"a\r\n.\r\n"),
            (b"a", b"a\r\n.\r\n"),
            (b".\n..\na.\n", b"..\r\n...\r\na.\r\n.\r\n"),
            (b"a\rb\r\nc\n\n", b"a\r\nb\r\nc\r\n\r\n.\r\n"),
            (b"a\r", b"a\r\n.\r\n"),
            (b"a\r.\n", b"a\r\n..\r\n.\r\n"),
        ];
        for (input, wire) in cases {
            for step in 1..=input.len().max(1) {
                assert_eq!(encoded(Framing::Dot, input, step), wire, "{} by {step}", input.escape_ascii());
            }
        }
    }

    #[test]
    fn counted_form_has_no_dots() {
        assert_eq!(encoded(Framing::Counted, b".\nx", 1), b".\r\nx\r\n");
    }

    #[test]
    fn what_is_encoded_decodes_to_itself() {
        let alphabet = *b"\n.xy";
        for n in 0..4usize.pow(6) {
            let body: Vec<u8> = (0..6).map(|i| alphabet[n / 4usize.pow(i) % 4]).collect();
            let text = [&b"h: v\n\n"[..], &body, b"\n"].concat();
            let wire = encoded(Framing::Dot, &text, 4);
            let mut back = Vec::new();
            let done = Decoder::new(Framing::Dot, LineMode::Strict).decode(&wire, &mut back);
            assert!(done.finished && done.consumed == wire.len());
            assert_eq!(back, text);
        }
    }
}
