//! Takes the header off the front of a message that arrives in pieces.
//!
//! # Invariants
//! * Each octet is looked at once; memory is bounded by [`Limits`].
//! * What is handed back as body plus the header lines is all that came in, but for the blank line between them.
//!
//! # Security
//! The input is hostile: continuation lines count towards the limits as they arrive, not at their end.
//!
//! # Compatibility
//! As observed with Exim 4.96: a field's name runs to the colon and may be empty, blanks may stand before the
//! colon, a line that is neither field nor continuation begins the body, continuation lines of nothing but blanks
//! at the end of a field go away, a NUL in the header becomes a question mark.

use mail_types::limits::HEADER_LINES;

use crate::header::{HeaderLine, HeaderType, Limits};

/// A message's header, as read.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HeaderBlock {
    /// The fields in order.
    pub lines: Vec<HeaderLine>,
    /// The envelope `From ` line that stood before the header, without its LF.
    pub from_line: Option<Vec<u8>>,
}

/// How far the reader is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Progress {
    /// All octets were used; more are needed.
    More,
    /// The header is complete. The body begins with `carried` and goes on at `offset` of the octets just pushed.
    Body {
        /// A first line of the body that was read as a possible header line.
        carried: Vec<u8>,
        /// Where in the pushed octets the rest of the body starts.
        offset: usize,
    },
}

/// The header broke a limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HeaderError {
    /// A field is longer than `header_line_maxsize`.
    LineTooLong,
    /// `header_maxsize` was passed, or there were too many fields.
    TooLarge,
}

/// Judges whether a first line is an envelope `From ` line (`uucp_from_pattern`).
pub type FromLineTest = Box<dyn Fn(&[u8]) -> bool + Send>;

/// Reads header lines out of message octets in spool form (LF line ends).
pub struct HeaderReader {
    limits: Limits,
    from_line_test: Option<FromLineTest>,
    block: HeaderBlock,
    /// The field whose lines are being collected.
    field: Vec<u8>,
    /// A line whose end has not come yet.
    line: Vec<u8>,
    size: usize,
    any_line: bool,
}

impl HeaderReader {
    /// A reader at the start of a message.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            from_line_test: None,
            block: HeaderBlock::default(),
            field: Vec::new(),
            line: Vec::new(),
            size: 0,
            any_line: false,
        }
    }

    /// An envelope `From ` line may stand first; the test says whether a line is one.
    #[must_use]
    pub fn accept_from_line(mut self, test: FromLineTest) -> Self {
        self.from_line_test = Some(test);
        self
    }

    /// Takes the next octets.
    pub fn push(&mut self, octets: &[u8]) -> Result<Progress, HeaderError> {
        let mut at = 0;
        while let Some(length) = memchr::memchr(b'\n', &octets[at..]) {
            let end = at + length + 1;
            self.take(&octets[at..end])?;
            let line = std::mem::take(&mut self.line);
            if let Some(carried) = self.end_line(line)? {
                return Ok(Progress::Body { carried, offset: end });
            }
            at = end;
        }
        self.take(&octets[at..])?;
        Ok(Progress::More)
    }

    /// The message ended within the header: what was read, and what of it is body.
    pub fn finish(mut self) -> Result<(HeaderBlock, Vec<u8>), HeaderError> {
        let mut body = Vec::new();
        if !self.line.is_empty() {
            let mut line = std::mem::take(&mut self.line);
            line.push(b'\n');
            body = self.end_line(line)?.unwrap_or_default();
        }
        self.end_field()?;
        Ok((self.block, body))
    }

    /// Everything that was read of the header so far, also when it broke a limit.
    pub fn into_text(self) -> Vec<u8> {
        let mut text: Vec<u8> = self.block.lines.into_iter().flat_map(|line| line.text).collect();
        text.extend(self.field);
        text.extend(self.line);
        text
    }

    /// The header, after [`Progress::Body`].
    pub fn into_block(self) -> HeaderBlock {
        self.block
    }

    fn take(&mut self, octets: &[u8]) -> Result<(), HeaderError> {
        let room = self.limits.max_size.saturating_sub(self.size).min(octets.len());
        self.size = self.size.saturating_add(octets.len());
        // One over: the line that ends the header is not part of it.
        if self.size > self.limits.max_size.saturating_add(1) {
            self.line.extend_from_slice(&octets[..room]);
            return Err(HeaderError::TooLarge);
        }
        self.line.extend_from_slice(octets);
        let continues = matches!(self.line.first(), Some(b' ' | b'\t'));
        self.check_line(self.line.len() + if continues { self.field.len() } else { 0 })
    }

    fn check_line(&self, length: usize) -> Result<(), HeaderError> {
        let max = self.limits.max_line;
        if max > 0 && length > max { Err(HeaderError::LineTooLong) } else { Ok(()) }
    }

    /// Takes a whole line; gives what of it is body when the header ended.
    fn end_line(&mut self, line: Vec<u8>) -> Result<Option<Vec<u8>>, HeaderError> {
        let first = !std::mem::replace(&mut self.any_line, true);
        if line == b"\n" {
            self.end_field()?;
            return Ok(Some(Vec::new()));
        }
        if matches!(line.first(), Some(b' ' | b'\t')) && !self.field.is_empty() {
            self.field.extend_from_slice(&line);
            return Ok(None);
        }
        if first && self.from_line_test.as_ref().is_some_and(|test| test(&line)) {
            self.block.from_line = Some(line.strip_suffix(b"\n").unwrap_or(&line).to_vec());
            return Ok(None);
        }
        self.end_field()?;
        if name_length(&line).is_none() {
            return Ok(Some(line));
        }
        self.field = line;
        Ok(None)
    }

    fn end_field(&mut self) -> Result<(), HeaderError> {
        let mut text = std::mem::take(&mut self.field);
        if text.is_empty() {
            return Ok(());
        }
        if self.block.lines.len() >= HEADER_LINES {
            return Err(HeaderError::TooLarge);
        }
        trim_blank_lines(&mut text);
        for byte in &mut text {
            if *byte == 0 {
                *byte = b'?';
            }
        }
        let kind =
            name_length(&text).map_or(HeaderType::Other, |length| HeaderType::of_name(&text[..length]));
        self.block.lines.push(HeaderLine { kind, text });
        Ok(())
    }
}

/// The length of a field's name when the line begins a field.
pub fn name_length(line: &[u8]) -> Option<usize> {
    let length = line.iter().position(|b| *b <= b' ' || *b == b':' || *b == 0x7f)?;
    let after = line[length..].iter().position(|b| !matches!(b, b' ' | b'\t'))?;
    (line[length + after] == b':').then_some(length)
}

/// Removes lines of nothing but blanks from the end of a field.
fn trim_blank_lines(text: &mut Vec<u8>) {
    while let Some(body) = text.strip_suffix(b"\n") {
        let Some(start) = memchr::memrchr(b'\n', body) else { return };
        if !body[start + 1..].iter().all(|b| matches!(b, b' ' | b'\t')) {
            return;
        }
        text.truncate(start + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(block: &HeaderBlock) -> Vec<(char, String)> {
        let text = |l: &HeaderLine| String::from_utf8_lossy(&l.text).into_owned();
        block.lines.iter().map(|l| (l.kind.letter() as char, text(l))).collect()
    }

    /// Reads in pieces; gives the header's lines joined by `|` and the body.
    fn read(input: &[u8], step: usize) -> (String, Vec<u8>) {
        let mut reader = HeaderReader::new(Limits::default());
        let mut at = 0;
        for piece in input.chunks(step) {
            if let Progress::Body { mut carried, offset } = reader.push(piece).unwrap() {
                carried.extend_from_slice(&input[at + offset..]);
                let joined = texts(&reader.into_block()).into_iter().map(|(_, t)| t).collect::<Vec<_>>();
                return (joined.join("|"), carried);
            }
            at += piece.len();
        }
        let (block, body) = reader.finish().unwrap();
        (texts(&block).into_iter().map(|(_, t)| t).collect::<Vec<_>>().join("|"), body)
    }

    #[test]
    fn header_and_body_part_as_in_exim() {
        // Each was observed with Exim 4.96.
        let cases: [(&[u8], &str, &[u8]); 18] = [
            (b"a: b\n\nx\n", "a: b\n", b"x\n"),
            (b"", "", b""),
            (b"\nx\n", "", b"x\n"),
            (b"x\n", "", b"x\n"),
            (b"a: b\n c\n\td\n x: y\n\nx\n", "a: b\n c\n\td\n x: y\n", b"x\n"),
            (b"a: b\nnot a header\nc: d\n\nx\n", "a: b\n", b"not a header\nc: d\n\nx\n"),
            (b"a : b\n\nx\n", "a : b\n", b"x\n"),
            (b"From x y\na: b\n\nx\n", "", b"From x y\na: b\n\nx\n"),
            (b" a: b\nc: d\n\nx\n", "", b" a: b\nc: d\n\nx\n"),
            (b"a\x80: b\nc: d\n\nx\n", "a\u{fffd}: b\n|c: d\n", b"x\n"),
            (b": b\nc: d\n\nx\n", ": b\n|c: d\n", b"x\n"),
            (b"a: b  \n \nc: d\n\nx\n", "a: b  \n|c: d\n", b"x\n"),
            (b"a:b\nc d: e\n\nx\n", "a:b\n", b"c d: e\n\nx\n"),
            (b"a\tb:b\n\nx\n", "", b"a\tb:b\n\nx\n"),
            (b"a:b\nx\0y: e\n\nx\n", "a:b\n", b"x\0y: e\n\nx\n"),
            (b"a: x\0y\n\nx\n", "a: x?y\n", b"x\n"),
            (b"a: b", "a: b\n", b""),
            (b"a: b\nx", "a: b\n", b"x\n"),
        ];
        for (input, lines, body) in cases {
            for step in 1..=input.len().max(1) {
                assert_eq!(read(input, step), (lines.to_owned(), body.to_vec()), "{}", input.escape_ascii());
            }
        }
    }

    #[test]
    fn a_line_is_measured_with_its_continuations_alone() {
        let outcome = |input: &[u8]| {
            let mut reader = HeaderReader::new(Limits { max_line: 10, ..Limits::default() });
            reader.push(input).map(drop)
        };
        assert_eq!(outcome(b"a: 34567\nb: 34567\nc: 34567\n\n"), Ok(()));
        assert_eq!(outcome(b"a: 345\n 345\n\n"), Err(HeaderError::LineTooLong));
    }

    #[test]
    fn types() {
        let mut reader = HeaderReader::new(Limits::default());
        let input = b"TO: a\nresent-to: b\nReply-to : c\nReceived: d\nResent-Received: e\nmessage-ID: f\n\n";
        assert!(matches!(reader.push(input), Ok(Progress::Body { .. })));
        let letters: String = reader.into_block().lines.iter().map(|l| l.kind.letter() as char).collect();
        assert_eq!(letters, "TTRP I");
    }

    #[test]
    fn from_line_only_first_and_only_when_allowed() {
        let test: FromLineTest = Box::new(|line| line.starts_with(b"From "));
        let mut reader = HeaderReader::new(Limits::default()).accept_from_line(test);
        let done = reader.push(b"From a Fri Jan  5 12:35 GMT 1996\nx: y\nFrom b\n").unwrap();
        let Progress::Body { carried, .. } = done else { panic!("the second From line is body") };
        assert_eq!(carried, b"From b\n");
        let block = reader.into_block();
        assert_eq!(block.from_line.unwrap(), b"From a Fri Jan  5 12:35 GMT 1996");
        assert_eq!(block.lines.len(), 1);
    }

    #[test]
    fn limits_hold_within_lines() {
        let limits = Limits { max_size: 100, max_line: 0 };
        let mut reader = HeaderReader::new(limits);
        assert_eq!(reader.push(&[b'x'; 102]), Err(HeaderError::TooLarge));
        let mut reader = HeaderReader::new(limits);
        reader.push(b"a: b\n").unwrap();
        let endless = (0..100).find_map(|_| reader.push(b" c\n").err());
        assert_eq!(endless, Some(HeaderError::TooLarge));
        let mut reader = HeaderReader::new(Limits { max_size: 1000, max_line: 20 });
        reader.push(b"a: 1234567890\n").unwrap();
        assert_eq!(reader.push(b" 1234567890\n"), Err(HeaderError::LineTooLong));
        let many = b"a:\n".repeat(HEADER_LINES + 1);
        assert_eq!(HeaderReader::new(Limits::default()).push(&many), Ok(Progress::More));
        assert_eq!(
            HeaderReader::new(Limits::default()).push(&b"a:\n".repeat(HEADER_LINES + 2)),
            Err(HeaderError::TooLarge)
        );
    }
}
