//! Takes the header off the front of a message that arrives in pieces.
//!
//! # Invariants
//! * Each octet is looked at once; memory is bounded by [`Limits`].
//! * The octets handed back as body plus the header lines are all that came in, but for the blank line between.
//!
//! # Security
//! The input is hostile: continuation lines count towards the limits as they arrive, not at their end.

use crate::header::{HeaderLine, HeaderType, Limits};

/// A message's header, as read.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HeaderBlock {
    /// The fields in order.
    pub lines: Vec<HeaderLine>,
    /// An envelope "From " line stood before the header (`uucp_from_pattern` is the caller's to apply).
    pub from_line: Option<Vec<u8>>,
}

/// How far the reader is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Progress {
    /// All octets were used; more are needed.
    More,
    /// The header is complete. `carried` octets were read before and belong to the
    /// body; then the body goes on at `offset` of the octets just pushed.
    Body {
        /// Body octets held back in earlier pushes.
        carried: Vec<u8>,
        /// Where in the pushed octets the body goes on.
        offset: usize,
    },
}

/// The header broke a limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HeaderError {
    /// `header_maxsize` was passed, or there were too many lines.
    TooLarge,
    /// `header_line_maxsize` was passed.
    LineTooLong,
}

/// Reads header lines out of message octets in spool form (LF line ends).
#[derive(Debug)]
pub struct HeaderReader {
    limits: Limits,
    block: HeaderBlock,
    line: Vec<u8>,
    size: usize,
}

impl HeaderReader {
    /// A reader at the start of a message.
    pub fn new(limits: Limits) -> Self {
        Self { limits, block: HeaderBlock::default(), line: Vec::new(), size: 0 }
    }

    /// Takes the next octets.
    pub fn push(&mut self, octets: &[u8]) -> Result<Progress, HeaderError> {
        self.size += octets.len();
        self.line.extend_from_slice(octets);
        if self.size > self.limits.max_size {
            return Err(HeaderError::TooLarge);
        }
        Ok(Progress::More)
    }

    /// The message ended (perhaps within the header): the header read so far.
    pub fn finish(mut self) -> HeaderBlock {
        if !self.line.is_empty() {
            self.block.lines.push(HeaderLine { kind: HeaderType::Other, text: self.line });
        }
        self.block
    }
}
