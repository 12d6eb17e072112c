//! Replies: writing ours, reading theirs.
//!
//! # Invariants
//! * What [`write`] appends is one well-formed reply: no text can add a line or a second reply to it.
//! * [`ReplyParser`] holds no more than the limits allow, whatever the peer sends.
//!
//! # Security
//! Replies of a peer are hostile text. They are kept as they came, by lines; whoever logs them escapes them.
//!
//! # Compatibility
//! Specification, "Outgoing SMTP and LMTP over TCP/IP": a reply line may end with LF alone.
//!
//! # References
//! RFC 5321 section 4.2; RFC 2034.

use mail_types::limits::{SMTP_REPLY_LINE, SMTP_REPLY_LINES};
use mail_types::outcome::Reply;

/// Appends the wire form of a reply.
pub fn write(reply: &Reply, out: &mut Vec<u8>) {
    let prefix = reply.enhanced.map(|code| format!("{code} ")).unwrap_or_default();
    write_lines(reply.code, &prefix, &reply.lines, out);
}

/// Appends a reply of one line.
pub(crate) fn write_text(code: u16, text: &[u8], out: &mut Vec<u8>) {
    push_line(code, b' ', "", text, out);
}

fn write_lines(code: u16, prefix: &str, lines: &[Vec<u8>], out: &mut Vec<u8>) {
    let Some((last, before)) = lines.split_last() else {
        push_line(code, b' ', prefix, b"", out);
        return;
    };
    for line in before {
        push_line(code, b'-', prefix, line, out);
    }
    push_line(code, b' ', prefix, last, out);
}

fn push_line(code: u16, separator: u8, prefix: &str, text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(format!("{:03}", code % 1000).as_bytes());
    out.push(separator);
    out.extend_from_slice(prefix.as_bytes());
    // A line break or a NUL inside a line would be the peer's next reply.
    out.extend(text.iter().map(|b| if matches!(b, b'\r' | b'\n' | 0) { b' ' } else { *b }));
    out.extend_from_slice(b"\r\n");
}

/// A reply from a peer.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PeerReply {
    /// Its code.
    pub code: u16,
    /// Its text by lines, without the codes.
    pub lines: Vec<Vec<u8>>,
}

impl PeerReply {
    /// 2xx.
    pub fn is_success(&self) -> bool {
        self.code / 100 == 2
    }

    /// 3xx.
    pub fn is_intermediate(&self) -> bool {
        self.code / 100 == 3
    }

    /// 4xx.
    pub fn is_temporary(&self) -> bool {
        self.code / 100 == 4
    }

    /// 5xx.
    pub fn is_permanent(&self) -> bool {
        self.code / 100 == 5
    }

    /// The reply as received, codes included, lines joined by LF: the form of Exim's error texts.
    pub fn text(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (n, line) in self.lines.iter().enumerate() {
            let last = n + 1 == self.lines.len();
            out.extend_from_slice(format!("{:03}{}", self.code, if last { ' ' } else { '-' }).as_bytes());
            out.extend_from_slice(line);
            if !last {
                out.push(b'\n');
            }
        }
        out
    }
}

/// The peer sent something that is no reply.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Malformed {
    /// What it sent, cut.
    pub text: Vec<u8>,
}

/// Reads replies from octets that arrive in pieces.
#[derive(Clone, Debug, Default)]
pub struct ReplyParser {
    line: Vec<u8>,
    reply: Option<PeerReply>,
}

impl ReplyParser {
    /// A parser with nothing read.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes octets; gives how many were used and the reply when one is complete.
    /// Octets after a complete reply are left for the next call.
    pub fn push(&mut self, octets: &[u8]) -> Result<(usize, Option<PeerReply>), Malformed> {
        let mut used = 0;
        while used < octets.len() {
            let rest = &octets[used..];
            let end = memchr::memchr(b'\n', rest);
            let length = end.map_or(rest.len(), |at| at + 1);
            self.line.extend_from_slice(&rest[..length]);
            used += length;
            if self.line.len() > SMTP_REPLY_LINE {
                return Err(self.malformed());
            }
            if end.is_some() && self.end_line()? {
                return Ok((used, self.reply.take()));
            }
        }
        Ok((used, None))
    }

    /// Nothing of a reply was read yet.
    pub fn is_empty(&self) -> bool {
        self.line.is_empty() && self.reply.is_none()
    }

    /// What was read of an unfinished reply, for the log.
    pub fn partial(&self) -> Vec<u8> {
        let mut text = self.reply.as_ref().map(PeerReply::text).unwrap_or_default();
        text.extend_from_slice(&self.line);
        text
    }

    /// Takes the collected line; true when the reply is complete.
    fn end_line(&mut self) -> Result<bool, Malformed> {
        let mut line = std::mem::take(&mut self.line);
        while line.last().is_some_and(|b| matches!(b, b'\n' | b'\r')) {
            line.pop();
        }
        let Some((code, last)) = code_of(&line) else {
            self.line = line;
            return Err(self.malformed());
        };
        let reply = self.reply.get_or_insert_with(|| PeerReply { code, lines: Vec::new() });
        if reply.code != code || reply.lines.len() >= SMTP_REPLY_LINES {
            self.line = line;
            return Err(self.malformed());
        }
        // Exim logs no white space at the end of a line.
        reply.lines.push(line.get(4..).unwrap_or_default().trim_ascii_end().to_vec());
        Ok(last)
    }

    fn malformed(&mut self) -> Malformed {
        let mut text = std::mem::take(&mut self.line);
        text.truncate(SMTP_REPLY_LINE);
        self.reply = None;
        Malformed { text }
    }
}

/// A line's code, and whether it is the last of its reply.
fn code_of(line: &[u8]) -> Option<(u16, bool)> {
    let digits = line.get(..3)?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let code = digits.iter().fold(0, |n, b| n * 10 + u16::from(b - b'0'));
    if !(100..600).contains(&code) {
        return None;
    }
    match line.get(3) {
        None | Some(b' ') => Some((code, true)),
        Some(b'-') => Some((code, false)),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_written_by_lines() {
        let mut out = Vec::new();
        let reply = Reply { code: 550, enhanced: None, lines: vec![b"no".to_vec(), b"sorry".to_vec()] };
        write(&reply.clone().enhanced(5, 7, 1), &mut out);
        assert_eq!(out, b"550-5.7.1 no\r\n550 5.7.1 sorry\r\n");
        out.clear();
        write(&Reply::new(250, b"a\r\n250 b\0".to_vec()), &mut out);
        assert_eq!(out, b"250 a  250 b \r\n");
        out.clear();
        write(&Reply { code: 250, enhanced: None, lines: Vec::new() }, &mut out);
        assert_eq!(out, b"250 \r\n");
    }

    #[test]
    fn replies_are_read_in_pieces() {
        let input = b"220-one\r\n220 two\n250\r\n";
        for step in 1..=input.len() {
            let mut parser = ReplyParser::new();
            let mut found = Vec::new();
            for mut piece in input.chunks(step) {
                while !piece.is_empty() {
                    let (used, reply) = parser.push(piece).unwrap();
                    piece = &piece[used..];
                    found.extend(reply);
                }
            }
            let want = [
                PeerReply { code: 220, lines: vec![b"one".to_vec(), b"two".to_vec()] },
                PeerReply { code: 250, lines: vec![b"".to_vec()] },
            ];
            assert_eq!(found, want);
            assert!(parser.is_empty());
        }
    }

    #[test]
    fn hostile_replies_are_refused() {
        let long = [&b"220 "[..], &vec![b'x'; SMTP_REPLY_LINE]].concat();
        let many = b"220-x\r\n".repeat(SMTP_REPLY_LINES + 1);
        let cases: [&[u8]; 8] = [
            b"hello\r\n",
            b"22\r\n",
            b"999 x\r\n",
            b"220-a\r\n250 b\r\n",
            b"220x\r\n",
            b"\r\n",
            &long,
            &many,
        ];
        for input in cases {
            assert!(ReplyParser::new().push(input).is_err(), "{}", input.escape_ascii());
        }
    }

    #[test]
    fn text_keeps_the_codes() {
        let reply = PeerReply { code: 550, lines: vec![b"a".to_vec(), b"b".to_vec()] };
        assert_eq!(reply.text(), b"550-a\n550 b");
    }
}
