//! Message identifications: `1abcDE-000000ABCDE-01Fh` (23 characters, Exim 4.97 and later) and `1abcDE-00ABCD-Fh` (16, before).
//!
//! # Invariants
//! * A [`MessageId`] holds base-62 digits and two hyphens at fixed places, so that it can stand in any file name.
//!
//! # Compatibility
//! Specification chapter "How Exim receives and delivers mail", section "Message identification".

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// Digits of base 62 by rising value.
pub const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Length of the long form.
pub const LONG: usize = 23;
/// Length of the short form.
pub const SHORT: usize = 16;

/// A message identification of either length.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MessageId {
    /// The text, filled up with zero bytes.
    text: [u8; LONG],
    len: u8,
}

impl MessageId {
    /// A long id from the seconds, the second field (process and whatever makes it unique) and the last field
    /// (fraction of the second, host number).
    pub fn long(secs: u64, process: u64, fraction: u64) -> Self {
        let mut text = [b'-'; LONG];
        write_base62(&mut text[..6], secs);
        write_base62(&mut text[7..18], process);
        write_base62(&mut text[19..], fraction);
        Self { text, len: LONG as u8 }
    }

    /// A short id from the same fields; what doesn't fit is cut off at the left.
    pub fn short(secs: u64, process: u64, fraction: u64) -> Self {
        let mut text = [0; LONG];
        text[6] = b'-';
        text[13] = b'-';
        write_base62(&mut text[..6], secs);
        write_base62(&mut text[7..13], process);
        write_base62(&mut text[14..SHORT], fraction);
        Self { text, len: SHORT as u8 }
    }

    /// Reads an id of either length.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let second = match text.len() {
            LONG => 18,
            SHORT => 13,
            _ => return None,
        };
        let fits = |(at, byte): (usize, &u8)| {
            if at == 6 || at == second { *byte == b'-' } else { byte.is_ascii_alphanumeric() }
        };
        if !text.iter().enumerate().all(fits) {
            return None;
        }
        let mut id = Self { text: [0; LONG], len: text.len() as u8 };
        id.text[..text.len()].copy_from_slice(text);
        Some(id)
    }

    /// Reads an id at the start of a text such as `1abcDE-000000ABCDE-01Fh-D`; gives the id and the rest.
    pub fn parse_prefix(text: &[u8]) -> Option<(Self, &[u8])> {
        for len in [LONG, SHORT] {
            let (head, rest) = text.split_at_checked(len).unwrap_or((b"", text));
            if let Some(id) = Self::parse(head)
                && !rest.first().is_some_and(u8::is_ascii_alphanumeric)
            {
                return Some((id, rest));
            }
        }
        None
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        // Only ASCII letters, digits and hyphens are ever put there.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.text[..usize::from(self.len)]
    }

    /// True for the form of Exim 4.97 and later.
    pub fn is_long(&self) -> bool {
        usize::from(self.len) == LONG
    }

    /// Time of arrival, to the second.
    pub fn time(&self) -> Timestamp {
        Timestamp::from_secs(
            read_base62(&self.text[..6]).and_then(|secs| i64::try_from(secs).ok()).unwrap_or(0),
        )
    }

    /// The character that names the subdirectory of a split spool: the last digit of the seconds.
    pub fn split_letter(&self) -> u8 {
        self.text[5]
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for MessageId {
    type Err = NotAMessageId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text.as_bytes()).ok_or(NotAMessageId)
    }
}

impl TryFrom<String> for MessageId {
    type Error = NotAMessageId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<MessageId> for String {
    fn from(id: MessageId) -> Self {
        id.as_str().to_owned()
    }
}

/// A text that is not a message id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAMessageId;

impl fmt::Display for NotAMessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a message id")
    }
}

impl std::error::Error for NotAMessageId {}

/// Writes a number in base 62 with leading zeros; what doesn't fit is cut off at the left.
pub fn write_base62(out: &mut [u8], mut number: u64) {
    for digit in out.iter_mut().rev() {
        *digit = BASE62[(number % 62) as usize];
        number /= 62;
    }
}

/// Reads a number in base 62. Nothing for other characters, for an empty text, or for a number beyond 64 bits.
pub fn read_base62(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |number, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            b'a'..=b'z' => byte - b'a' + 36,
            _ => return None,
        };
        number.checked_mul(62)?.checked_add(u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lengths_are_read() {
        for text in ["1abcDE-000000ABCDE-01Fh", "1abcDE-00ABCD-Fh"] {
            let id: MessageId = text.parse().unwrap();
            assert_eq!(id.to_string(), text);
            assert_eq!(id.is_long(), text.len() == LONG);
            assert_eq!(id.split_letter(), b'E');
        }
    }

    #[test]
    fn other_texts_are_not_ids() {
        for text in [
            "",
            "1abcDE-00ABCD-F",
            "1abcDE-00ABCD-F/",
            "1abcDE_00ABCD-Fh",
            "1abcDE-000000ABCDE_01Fh",
            "../../etc/passwd",
        ] {
            assert_eq!(text.parse::<MessageId>(), Err(NotAMessageId), "{text}");
        }
    }

    #[test]
    fn prefixes() {
        let (id, rest) = MessageId::parse_prefix(b"1abcDE-00ABCD-Fh-H\n").unwrap();
        assert_eq!((id.as_str(), rest), ("1abcDE-00ABCD-Fh", &b"-H\n"[..]));
        let (id, rest) = MessageId::parse_prefix(b"1abcDE-000000ABCDE-01Fh").unwrap();
        assert_eq!((id.is_long(), rest), (true, &b""[..]));
        assert_eq!(MessageId::parse_prefix(b"1abcDE-00ABCD-Fhx"), None);
    }

    #[test]
    fn time_and_fields() {
        let id = MessageId::long(1_700_000_000, 123_456, 789);
        assert_eq!(id.time().secs(), 1_700_000_000);
        assert_eq!(MessageId::parse(id.as_bytes()), Some(id));
        assert_eq!(MessageId::short(1_700_000_000, 123_456, 789).as_str(), "1r31eq-000W7E-Cj");
        assert_eq!(id.as_str(), "1r31eq-00000000W7E-00Cj");
    }

    #[test]
    fn base62_goes_both_ways() {
        for number in [0, 61, 62, 1_700_000_000, u64::MAX] {
            let mut text = [0; 11];
            write_base62(&mut text, number);
            assert_eq!(read_base62(&text), Some(number));
        }
        assert_eq!(read_base62(b"zzzzzzzzzzzz"), None, "beyond 64 bits");
        assert_eq!(read_base62(b""), None);
        assert_eq!(read_base62(b"a-b"), None);
    }
}
