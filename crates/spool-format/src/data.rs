//! The first line of a -D file.
//!
//! The body follows it as it is: lines with `\n`, or with CRLF when the -H file says `-spool_file_wireformat`.

use mail_types::MessageId;

use crate::DecodeError;

/// Length of the first line, newline included, of the file of this message.
pub fn prefix_len(id: &MessageId) -> usize {
    id.as_bytes().len() + 3
}

/// The first line.
pub fn prefix(id: &MessageId) -> Vec<u8> {
    let mut line = Vec::with_capacity(prefix_len(id));
    line.extend_from_slice(id.as_bytes());
    line.extend_from_slice(b"-D\n");
    line
}

/// Checks that a file begins as the data file of this message does.
pub fn check_prefix(start: &[u8], id: &MessageId) -> Result<(), DecodeError> {
    if start.starts_with(&prefix(id)) {
        return Ok(());
    }
    Err(DecodeError { what: "the first line of the data file isn't its name", offset: 0 })
}

/// Appends a piece of a body with LF as its line ends to `out`, with CRLF in their place (`spool_wireformat`).
pub fn to_wire(piece: &[u8], out: &mut Vec<u8>) {
    let mut start = 0;
    for at in memchr::memchr_iter(b'\n', piece) {
        out.extend_from_slice(&piece[start..at]);
        out.extend_from_slice(b"\r\n");
        start = at + 1;
    }
    out.extend_from_slice(&piece[start..]);
}

/// Turns a body with CRLF as its line ends into one with LF, piece by piece. A CR elsewhere stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct FromWire {
    after_cr: bool,
}

impl FromWire {
    /// Appends the next piece to `out`. A CR at its end is kept back until it is known what follows.
    pub fn convert(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        out.reserve(piece.len() + 1);
        for byte in piece {
            if self.after_cr && *byte != b'\n' {
                out.push(b'\r');
            }
            self.after_cr = *byte == b'\r';
            if !self.after_cr {
                out.push(*byte);
            }
        }
    }

    /// At the end of the body.
    pub fn finish(self, out: &mut Vec<u8>) {
        if self.after_cr {
            out.push(b'\r');
        }
    }
}

/// A whole text, as [`FromWire`] makes it.
pub fn from_wire(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut ends = FromWire::default();
    ends.convert(text, &mut out);
    ends.finish(&mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_survive_any_cuts() {
        for (wire, plain) in [
            (&b"a\r\nb\r\n"[..], &b"a\nb\n"[..]),
            (b"a\rb\r\r\n\r", b"a\rb\r\n\r"),
            (b"", b""),
            (b"\n", b"\n"),
        ] {
            for step in 1..=wire.len().max(1) {
                let (mut out, mut ends) = (Vec::new(), FromWire::default());
                wire.chunks(step).for_each(|piece| ends.convert(piece, &mut out));
                ends.finish(&mut out);
                assert_eq!(out, plain, "{} by {step}", wire.escape_ascii());
            }
        }
        let mut out = Vec::new();
        to_wire(b"a\n\nb", &mut out);
        assert_eq!(out, b"a\r\n\r\nb");
    }

    #[test]
    fn the_first_line_is_the_name() {
        for text in ["1abcDE-000000ABCDE-01Fh", "1abcDE-00ABCD-Fh"] {
            let id: MessageId = text.parse().unwrap();
            let line = prefix(&id);
            assert_eq!(line, format!("{text}-D\n").as_bytes());
            assert_eq!(line.len(), prefix_len(&id));
            assert_eq!(check_prefix(&[&line[..], b"body"].concat(), &id), Ok(()));
            assert!(check_prefix(&line[..5], &id).is_err());
        }
    }
}
