//! Message content on its way in: from wire octets to spool form.
//!
//! One [`Decoder`] reads a whole message, whether it comes after `DATA` or in
//! `BDAT` chunks; [`Framing`] says which, and with it where the message ends.
//!
//! # Invariants
//! * After `DATA`, only CR LF `.` CR LF ends a message (or `.` CR LF at its very start). The one exception is
//!   [`LineMode::LfAllowed`], for local programs that speak LF only.
//! * The result holds no CR: CR LF becomes LF, a bare CR or LF becomes what the specification says below.
//! * The result ends with LF or is empty.
//!
//! # Security
//! The input is hostile. Memory does not grow with the input: what was decoded is handed out at once.
//!
//! # Compatibility
//! Specification, "Line endings": a bare CR ends a line; in the header a blank follows it, so that it can't end
//! the header. When the first line ends with CR LF, a bare LF in the header is treated likewise and in the body
//! becomes a blank; when it ends with LF, a bare LF ends a line. Stricter than Exim: in LF form a line of one dot
//! does not end the message (docs/compat.md).
//!
//! # References
//! RFC 5321 sections 2.3.8, 4.1.1.4 and 4.5.2; RFC 3030.

use memchr::memchr2;

/// How the end of the content is found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Framing {
    /// After `DATA`: dots are doubled, a lone dot ends it.
    Dot,
    /// After `BDAT`: octets are counted by the caller.
    Counted,
}

/// Whether a message may end with LF `.` LF.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LineMode {
    /// Never: whoever is connected over a network.
    Strict,
    /// Where its first line ended with LF alone: a local program on standard input.
    LfAllowed,
}

/// What a call of [`Decoder::decode`] did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Decoded {
    /// Input octets used.
    pub consumed: usize,
    /// The end of the message was found; what follows in the input is not part of it.
    pub finished: bool,
}

/// How the lines of this message end, known from its first line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum LineEnd {
    Unknown,
    CrLf,
    Lf,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    /// At the start of a line; `after_crlf`: the line before ended properly.
    LineStart { after_crlf: bool },
    /// After a dot at the start of a line.
    Dot { after_crlf: bool },
    /// After a dot and a CR.
    DotCr { after_crlf: bool },
    /// Within a line.
    InLine,
    /// After a CR within a line.
    Cr,
}

/// Turns wire octets into spool form, in slices as long as lines are.
#[derive(Clone, Debug)]
pub struct Decoder {
    framing: Framing,
    mode: LineMode,
    line_end: LineEnd,
    place: Place,
    in_header: bool,
    line_is_empty: bool,
    ends_with_lf: bool,
}

impl Decoder {
    /// At the start of a message.
    pub fn new(framing: Framing, mode: LineMode) -> Self {
        Self {
            framing,
            mode,
            line_end: LineEnd::Unknown,
            place: Place::LineStart { after_crlf: true },
            in_header: true,
            line_is_empty: true,
            ends_with_lf: true,
        }
    }

    /// Decodes what it can, appending to `out`. All input is used unless the message ends within it.
    pub fn decode(&mut self, input: &[u8], out: &mut Vec<u8>) -> Decoded {
        let mut at = 0;
        while at < input.len() {
            let byte = input[at];
            match self.place {
                Place::LineStart { after_crlf } if byte == b'.' && self.framing == Framing::Dot => {
                    self.place = Place::Dot { after_crlf };
                    at += 1;
                }
                Place::LineStart { .. } | Place::InLine => at += self.take_slice(&input[at..], out),
                Place::Dot { after_crlf } if byte == b'\r' => {
                    self.place = Place::DotCr { after_crlf };
                    at += 1;
                }
                Place::Dot { .. } if byte == b'\n' && self.lf_line() => {
                    at += 1;
                    if self.lone_dot(out) {
                        return Decoded { consumed: at, finished: true };
                    }
                }
                // A doubled dot, or a dot that a careless client left single: it goes away (rfc5321#4.5.2).
                Place::Dot { .. } => self.place = Place::InLine,
                Place::DotCr { after_crlf } if byte == b'\n' => {
                    at += 1;
                    if after_crlf || self.lone_dot(out) {
                        return Decoded { consumed: at, finished: true };
                    }
                }
                Place::DotCr { .. } => self.bare_cr(out),
                Place::Cr if byte == b'\n' => {
                    at += 1;
                    self.proper_line_end(out);
                }
                Place::Cr => self.bare_cr(out),
            }
        }
        Decoded { consumed: at, finished: false }
    }

    /// The content ended by count: completes a last line that was not ended.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if matches!(self.place, Place::Cr | Place::DotCr { .. }) || !self.ends_with_lf {
            out.push(b'\n');
            self.ends_with_lf = true;
        }
        self.place = Place::LineStart { after_crlf: true };
    }

    /// The header's end was passed.
    pub fn is_in_body(&self) -> bool {
        !self.in_header
    }

    /// Copies up to the next CR or LF and handles that octet; gives how many octets were used.
    fn take_slice(&mut self, input: &[u8], out: &mut Vec<u8>) -> usize {
        let length = memchr2(b'\r', b'\n', input).unwrap_or(input.len());
        if length > 0 {
            out.extend_from_slice(&input[..length]);
            self.line_is_empty = false;
            self.ends_with_lf = false;
            self.place = Place::InLine;
        }
        match input.get(length) {
            None => length,
            Some(b'\r') => {
                self.place = Place::Cr;
                length + 1
            }
            Some(_) => {
                self.bare_lf(out);
                length + 1
            }
        }
    }

    fn proper_line_end(&mut self, out: &mut Vec<u8>) {
        if self.line_end == LineEnd::Unknown {
            self.line_end = LineEnd::CrLf;
        }
        self.end_line(out);
        self.place = Place::LineStart { after_crlf: true };
    }

    fn end_line(&mut self, out: &mut Vec<u8>) {
        out.push(b'\n');
        self.ends_with_lf = true;
        if self.line_is_empty {
            self.in_header = false;
        }
        self.line_is_empty = true;
    }

    fn bare_lf(&mut self, out: &mut Vec<u8>) {
        if self.line_end == LineEnd::Unknown {
            self.line_end = LineEnd::Lf;
        }
        if self.line_end == LineEnd::Lf {
            self.end_line(out);
            self.place = Place::LineStart { after_crlf: false };
            return;
        }
        self.place = Place::InLine;
        if self.in_header {
            self.continue_line(out);
        } else {
            out.push(b' ');
            self.line_is_empty = false;
            self.ends_with_lf = false;
        }
    }

    fn bare_cr(&mut self, out: &mut Vec<u8>) {
        self.place = Place::InLine;
        if self.in_header {
            self.continue_line(out);
        } else {
            out.push(b'\n');
            self.ends_with_lf = true;
        }
    }

    /// A line break in the header that does not end the field.
    fn continue_line(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\n ");
        self.line_is_empty = false;
        self.ends_with_lf = false;
    }

    fn lf_line(&self) -> bool {
        self.line_end != LineEnd::CrLf
    }

    /// A line of one dot that did not end with CR LF on both sides: the end of a message from a local program,
    /// content from anybody else.
    fn lone_dot(&mut self, out: &mut Vec<u8>) -> bool {
        if self.mode == LineMode::LfAllowed {
            return true;
        }
        out.push(b'.');
        self.line_is_empty = false;
        self.end_line(out);
        self.place = Place::LineStart { after_crlf: false };
        if self.line_end == LineEnd::Unknown {
            self.line_end = LineEnd::Lf;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes in pieces of `step` octets; gives the content and, when it ended, what was left.
    fn run(framing: Framing, mode: LineMode, input: &[u8], step: usize) -> (Vec<u8>, Option<Vec<u8>>) {
        let mut decoder = Decoder::new(framing, mode);
        let mut out = Vec::new();
        let mut at = 0;
        for piece in input.chunks(step) {
            let done = decoder.decode(piece, &mut out);
            at += done.consumed;
            if done.finished {
                return (out, Some(input[at..].to_vec()));
            }
        }
        (out, None)
    }

    fn check(mode: LineMode, input: &[u8], content: &[u8], left: Option<&[u8]>) {
        for step in 1..=input.len() {
            let found = run(Framing::Dot, mode, input, step);
            let want = (content.to_vec(), left.map(<[u8]>::to_vec));
            assert_eq!(found, want, "{} in steps of {step}", input.escape_ascii());
        }
    }

    #[test]
    fn content_is_what_exim_stores() {
        // Each pair was observed with Exim 4.96: what was sent, what the spool held.
        let cases: [(&[u8], &[u8]); 13] = [
            (b".\r\n", b""),
            (b"\r\n.\r\n", b"\n"),
            (b"a: b\r\n\r\nx\ry\r\n.\r\n", b"a: b\n\nx\ny\n"),
            (b"a: b\r\n\r\nx\ny\r\n.\r\n", b"a: b\n\nx y\n"),
            (b"a: b\r\n\r\nx\r\n..y\r\n...\r\n.z\r\n.\r\n", b"a: b\n\nx\n.y\n..\nz\n"),
            (b"a: b\r\nc: d\re: f\r\n\r\nx\r\n.\r\n", b"a: b\nc: d\n e: f\n\nx\n"),
            (b"a: b\r\nc: d\ne: f\r\n\r\nx\r\n.\r\n", b"a: b\nc: d\n e: f\n\nx\n"),
            (b"a: b\rc: d\r\n\r\nx\ny\r\n.\r\n", b"a: b\n c: d\n\nx y\n"),
            (b"a: b\r\n\r\nx\r\n.\ny\r\n.\r\n", b"a: b\n\nx\n y\n"),
            (b"a: b\r\n\r\nx\r\n.\ry\r\n.\r\n", b"a: b\n\nx\n\ny\n"),
            (b"a: b\r\n\r\nx\r..y\r\n.\r\n", b"a: b\n\nx\n..y\n"),
            (b"a: b\r\n\r\nx\n..y\r\n.\r\n", b"a: b\n\nx ..y\n"),
            (b"a: b\r\n\r\nx\0y\x80\r\r\nq\r\n.\r\n", b"a: b\n\nx\0y\x80\n\nq\n"),
        ];
        for (input, content) in cases {
            check(LineMode::Strict, input, content, Some(b""));
        }
    }

    #[test]
    fn smuggled_ends_are_content() {
        for fake in [
            &b"\n.\n"[..],
            b"\n.\r\n",
            b"\r.\r\n",
            b"\r\n.\n",
            b"\r\n.\r",
            b"\r\n.\r\r\n",
            b"\r.\r",
            b"\n.\r",
        ] {
            let input = [&b"a: b\r\n\r\nx"[..], fake, b"MAIL FROM:<evil>\r\n"].concat();
            for step in 1..=input.len() {
                let (content, left) = run(Framing::Dot, LineMode::Strict, &input, step);
                assert_eq!(left, None, "{} ended a message", fake.escape_ascii());
                assert!(content.ends_with(b"MAIL FROM:<evil>\n"));
            }
        }
    }

    #[test]
    fn lf_only_messages() {
        let input = b"a: b\n\nx\n..y\n.z\n.\nq\n";
        check(LineMode::LfAllowed, input, b"a: b\n\nx\n.y\nz\n", Some(b"q\n"));
        check(LineMode::Strict, input, b"a: b\n\nx\n.y\nz\n.\nq\n", None);
        check(LineMode::Strict, b"a: b\n\nx\n.\r\nq\r\n.\r\nNOOP", b"a: b\n\nx\n.\nq\n", Some(b"NOOP"));
        check(LineMode::Strict, b".\nx\r\n.\r\n", b".\nx\n", Some(b""));
        // A message that began with CR LF never ends with LF alone.
        let input = b"a: b\r\n\r\nx\n.\n";
        let (_, left) = run(Framing::Dot, LineMode::LfAllowed, input, 3);
        assert_eq!(left, None);
    }

    #[test]
    fn counted_content_keeps_its_dots() {
        let cases: [(&[u8], &[u8]); 5] = [
            (b"a: b\r\n\r\n.\r\n..\r\n", b"a: b\n\n.\n..\n"),
            (b"a:bcd", b"a:bcd\n"),
            (b"a: b\r\n\r\nx\r", b"a: b\n\nx\n"),
            (b"", b""),
            (b"a: b\r\n\r\nx\n", b"a: b\n\nx \n"),
        ];
        for (input, content) in cases {
            let mut decoder = Decoder::new(Framing::Counted, LineMode::Strict);
            let mut out = Vec::new();
            for piece in input.chunks(2) {
                assert!(!decoder.decode(piece, &mut out).finished);
            }
            decoder.finish(&mut out);
            assert_eq!(out, content, "{}", input.escape_ascii());
        }
    }

    #[test]
    fn nothing_that_comes_out_holds_cr() {
        // All strings of four over the octets that matter.
        let alphabet = *b"\r\n.x";
        for n in 0..4usize.pow(6) {
            let body: Vec<u8> = (0..6).map(|i| alphabet[n / 4usize.pow(i) % 4]).collect();
            let input = [&b"h: v\r\n\r\n"[..], &body].concat();
            let (content, _) = run(Framing::Dot, LineMode::Strict, &input, input.len());
            assert!(!content.contains(&b'\r'), "{}", input.escape_ascii());
            let (again, _) = run(Framing::Dot, LineMode::Strict, &input, 1);
            assert_eq!(content, again, "{}", input.escape_ascii());
        }
    }
}
