//! Header lines and their types.
//!
//! # Invariants
//! * [`HeaderLine::text`] holds the whole field as it stands in the message: name, colon, body, LF at the end.
//!
//! # Compatibility
//! The letters are those of Exim's -H file.

use serde::{Deserialize, Serialize};

/// What kind of header field a line is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum HeaderType {
    /// `B`: Bcc.
    Bcc,
    /// `C`: Cc.
    Cc,
    /// `F`: From.
    From,
    /// `I`: Message-ID.
    MessageId,
    /// `*`: replaced or deleted; kept in the spool, not sent.
    Old,
    /// blank: anything else.
    Other,
    /// `P`: Received.
    Received,
    /// `R`: Reply-To.
    ReplyTo,
    /// `S`: Sender.
    Sender,
    /// `T`: To.
    To,
}

impl HeaderType {
    /// The letter of the -H file.
    pub fn letter(self) -> u8 {
        match self {
            Self::Bcc => b'B',
            Self::Cc => b'C',
            Self::From => b'F',
            Self::MessageId => b'I',
            Self::Old => b'*',
            Self::Other => b' ',
            Self::Received => b'P',
            Self::ReplyTo => b'R',
            Self::Sender => b'S',
            Self::To => b'T',
        }
    }

    /// The type of a letter; unknown letters are `None`.
    pub fn from_letter(letter: u8) -> Option<Self> {
        Some(match letter {
            b'B' => Self::Bcc,
            b'C' => Self::Cc,
            b'F' => Self::From,
            b'I' => Self::MessageId,
            b'*' => Self::Old,
            b' ' => Self::Other,
            b'P' => Self::Received,
            b'R' => Self::ReplyTo,
            b'S' => Self::Sender,
            b'T' => Self::To,
            _ => return None,
        })
    }

    /// The type of a field by its name (with or without `Resent-`, any case).
    pub fn of_name(name: &[u8]) -> Self {
        let resent = name.len() > 7 && name[..7].eq_ignore_ascii_case(b"resent-");
        let plain = if resent { &name[7..] } else { name };
        match plain.to_ascii_lowercase().as_slice() {
            b"bcc" => Self::Bcc,
            b"cc" => Self::Cc,
            b"from" => Self::From,
            b"message-id" => Self::MessageId,
            b"received" if !resent => Self::Received,
            b"reply-to" => Self::ReplyTo,
            b"sender" => Self::Sender,
            b"to" => Self::To,
            _ => Self::Other,
        }
    }
}

/// One header field.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct HeaderLine {
    /// Its type.
    pub kind: HeaderType,
    /// The whole field, LF at its end and before each continuation.
    pub text: Vec<u8>,
}

impl HeaderLine {
    /// A line from its text; the type is that of its name, and an LF is added where there is none.
    pub fn new(text: impl Into<Vec<u8>>) -> Self {
        let mut text = text.into();
        if text.last() != Some(&b'\n') {
            text.push(b'\n');
        }
        let colon = text.iter().position(|b| *b == b':').unwrap_or(0);
        let kind = HeaderType::of_name(text[..colon].trim_ascii_end());
        Self { kind, text }
    }

    /// The field's name as written.
    pub fn name(&self) -> &[u8] {
        let colon = self.text.iter().position(|b| *b == b':').unwrap_or(0);
        self.text[..colon].trim_ascii_end()
    }

    /// What follows the colon, with its LFs.
    pub fn body(&self) -> &[u8] {
        let start = self.text.iter().position(|b| *b == b':').map_or(self.text.len(), |at| at + 1);
        &self.text[start..]
    }
}

/// The bounds of a header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// `header_maxsize`: octets of all header lines.
    pub max_size: usize,
    /// `header_line_maxsize`: octets of one field with its continuations; 0 for none.
    pub max_line: usize,
}

impl Default for Limits {
    /// Exim's defaults.
    fn default() -> Self {
        Self { max_size: 1024 * 1024, max_line: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_types_agree() {
        for letter in b"BCFI PRST*" {
            assert_eq!(HeaderType::from_letter(*letter).map(HeaderType::letter), Some(*letter));
        }
        assert_eq!(HeaderType::from_letter(b'Q'), None);
    }

    #[test]
    fn parts_of_a_line() {
        let line = HeaderLine::new("Resent-To : a@b,\n c@d");
        assert_eq!(line.kind, HeaderType::To);
        assert_eq!(line.name(), b"Resent-To");
        assert_eq!(line.body(), b" a@b,\n c@d\n");
        let odd = HeaderLine::new("no colon");
        assert_eq!((odd.kind, odd.name(), odd.body()), (HeaderType::Other, &b""[..], &b""[..]));
    }
}
