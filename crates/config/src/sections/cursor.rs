//! Walking along one logical line.
//!
//! # Invariants
//! * Positions never go past the end.

use mail_types::bytes::trim_start;

use crate::reader::macros::end_of_name;
use crate::reader::text::Text;

/// Longest name of an option or a driver instance that Exim reads; the rest is not looked at.
pub(crate) const NAME_MAX: usize = 63;

/// A position in a line.
pub(crate) struct Cursor<'a> {
    pub(crate) text: &'a Text,
    pub(crate) at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a Text) -> Self {
        Self { text, at: 0 }
    }

    /// What is left.
    pub(crate) fn rest(&self) -> &'a [u8] {
        &self.text.bytes[self.at..]
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.bytes.get(self.at).copied()
    }

    pub(crate) fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - trim_start(rest).len();
    }

    /// Takes one byte if it is next.
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// A name and the white space after it.
    pub(crate) fn name(&mut self) -> Name {
        self.skip_space();
        let start = self.at;
        if !self.peek().is_some_and(|b| b.is_ascii_alphabetic()) {
            return Name { start, text: String::new() };
        }
        self.any_name(start)
    }

    /// A name that may begin with a digit or an underscore.
    pub(crate) fn loose_name(&mut self) -> Name {
        self.skip_space();
        self.any_name(self.at)
    }

    fn any_name(&mut self, start: usize) -> Name {
        self.at = end_of_name(&self.text.bytes, start);
        let bytes = &self.text.bytes[start..self.at];
        // Letters, digits and underscores only: always UTF-8.
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.skip_space();
        Name { start, text }
    }
}

/// A name in a line.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) start: usize,
    pub(crate) text: String,
}

impl Name {
    /// The name as far as Exim reads it.
    pub(crate) fn shown(&self) -> &str {
        self.text.get(..NAME_MAX.min(self.text.len())).unwrap_or(&self.text)
    }
}
