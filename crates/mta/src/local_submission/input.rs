//! A bare message on standard input: line ends made ours, a lone dot found.
//!
//! # Compatibility
//! A line of one dot ends the message unless `-oi` was given; dots are not doubled in this form.

use smtp_proto::content::{Decoder, Framing, LineMode};

/// Turns what a program writes into spool form.
pub(super) struct LocalInput {
    decoder: Decoder,
    dot_ends: bool,
    at_line_start: bool,
    held_dot: bool,
    ended: bool,
}

impl LocalInput {
    /// An input; `dot_ends` without `-oi`.
    pub(super) fn new(dot_ends: bool) -> Self {
        Self {
            decoder: Decoder::new(Framing::Counted, LineMode::LfAllowed),
            dot_ends,
            at_line_start: true,
            held_dot: false,
            ended: false,
        }
    }

    /// Whether a lone dot has ended the message.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Take octets, give octets in spool form.
    pub(super) fn push(&mut self, octets: &[u8]) -> Vec<u8> {
        let mut decoded = Vec::with_capacity(octets.len());
        self.decoder.decode(octets, &mut decoded);
        self.filter(&decoded)
    }

    /// The end of the input: what was held back, with a final newline.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        if self.ended {
            return Vec::new();
        }
        let mut decoded = Vec::new();
        self.decoder.finish(&mut decoded);
        let mut rest = self.filter(&decoded);
        if std::mem::take(&mut self.held_dot) && !self.ended {
            rest.push(b'.');
            self.at_line_start = false;
        }
        if !self.at_line_start && !self.ended {
            rest.push(b'\n');
        }
        rest
    }

    fn filter(&mut self, decoded: &[u8]) -> Vec<u8> {
        if !self.dot_ends {
            if let Some(last) = decoded.last() {
                self.at_line_start = *last == b'\n';
            }
            return decoded.to_vec();
        }
        let mut out = Vec::with_capacity(decoded.len() + 1);
        for &octet in decoded {
            if self.ended {
                break;
            }
            if std::mem::take(&mut self.held_dot) {
                if octet == b'\n' {
                    self.ended = true;
                    break;
                }
                out.push(b'.');
                self.at_line_start = false;
            }
            if octet == b'.' && self.at_line_start {
                self.held_dot = true;
                continue;
            }
            out.push(octet);
            self.at_line_start = octet == b'\n';
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&str], dot_ends: bool) -> (String, bool) {
        let mut input = LocalInput::new(dot_ends);
        let mut out = Vec::new();
        for piece in pieces {
            out.extend(input.push(piece.as_bytes()));
        }
        let ended = input.ended();
        out.extend(input.finish());
        (String::from_utf8_lossy(&out).into_owned(), ended)
    }

    #[test]
    fn a_lone_dot_ends_the_message_unless_told_otherwise() {
        let table: [(&[&str], bool, &str, bool); 8] = [
            (&["a\nb\n"], true, "a\nb\n", false),
            (&["a\n.\nb\n"], true, "a\n", true),
            (&["a\n.\nb\n"], false, "a\n.\nb\n", false),
            (&["a\n", ".", "\nb"], true, "a\n", true),
            (&["a\n..\n.b\n"], true, "a\n..\n.b\n", false),
            (&["a\r\n.\r\n"], true, "a\n", true),
            (&["no newline"], true, "no newline\n", false),
            (&["a\n."], true, "a\n", false),
        ];
        for (pieces, dot_ends, expected, ended) in table {
            assert_eq!(read(pieces, dot_ends), (expected.to_owned(), ended), "{pieces:?}");
        }
    }
}
