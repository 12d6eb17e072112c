//! What a check, a router or a transport decided, with every audience's share.
//!
//! # Invariants
//! * The reply's text is for the peer: it holds no path and nothing of the configuration. Detail goes to the log.
//! * A reason's name never changes its meaning.
//!
//! # References
//! RFC 5321 section 4.2 (replies), RFC 3463 (enhanced status codes).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::diagnostic::Span;

/// The decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Verdict {
    /// Yes.
    Accept,
    /// Not now.
    Defer,
    /// No.
    Fail,
    /// Keep it and touch it no more.
    Freeze,
    /// Yes, and drop it.
    Discard,
}

/// An enhanced status code, `class.subject.detail`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EnhancedStatus {
    /// 2, 4 or 5.
    pub class: u8,
    /// Subject.
    pub subject: u16,
    /// Detail.
    pub detail: u16,
}

impl EnhancedStatus {
    /// From its three numbers.
    pub const fn new(class: u8, subject: u16, detail: u16) -> Self {
        Self { class, subject, detail }
    }

    /// Reads `c.s.d` at the start of a text; gives the code and what follows it and its blanks.
    pub fn split(text: &[u8]) -> Option<(Self, &[u8])> {
        let end = text.iter().position(|b| !b.is_ascii_digit() && *b != b'.').unwrap_or(text.len());
        if text.get(end).is_some_and(|b| !b.is_ascii_whitespace()) {
            return None;
        }
        let mut numbers = text[..end].split(|b| *b == b'.');
        let class = decimal(numbers.next()?, 1)?;
        let subject = decimal(numbers.next()?, 3)?;
        let detail = decimal(numbers.next()?, 3)?;
        if numbers.next().is_some() || !matches!(class, 2 | 4 | 5) {
            return None;
        }
        Some((Self::new(class as u8, subject, detail), text[end..].trim_ascii_start()))
    }
}

/// A number of at most `digits` digits.
fn decimal(text: &[u8], digits: usize) -> Option<u16> {
    if text.is_empty() || text.len() > digits {
        return None;
    }
    text.iter().try_fold(0, |n: u16, b| b.is_ascii_digit().then(|| n * 10 + u16::from(b - b'0')))
}

impl fmt::Display for EnhancedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// A reply to an SMTP command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Three digits.
    pub code: u16,
    /// The enhanced status code, where there is one.
    pub enhanced: Option<EnhancedStatus>,
    /// The text, by lines.
    pub lines: Vec<Vec<u8>>,
}

impl Reply {
    /// A reply of one line.
    pub fn new(code: u16, text: impl Into<Vec<u8>>) -> Self {
        Self { code, enhanced: None, lines: vec![text.into()] }
    }

    /// With an enhanced status code.
    #[must_use]
    pub fn enhanced(mut self, class: u8, subject: u16, detail: u16) -> Self {
        self.enhanced = Some(EnhancedStatus::new(class, subject, detail));
        self
    }

    /// 2xx or 3xx.
    pub fn is_positive(&self) -> bool {
        (200..400).contains(&self.code)
    }

    /// 4xx.
    pub fn is_temporary(&self) -> bool {
        (400..500).contains(&self.code)
    }

    /// 5xx.
    pub fn is_permanent(&self) -> bool {
        (500..600).contains(&self.code)
    }
}

/// The stable dotted name of a reason, such as `acl.rcpt.relay_denied`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reason(pub &'static str);

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A decision and its reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The decision.
    pub verdict: Verdict,
    /// What the peer hears.
    pub reply: Option<Reply>,
    /// What metrics and documentation call it.
    pub reason: Reason,
    /// The line of the configuration that decided, for the operator.
    pub at: Option<Span>,
    /// For the log.
    pub detail: Option<String>,
}

impl Outcome {
    /// A decision with a reason and nothing else.
    pub fn new(verdict: Verdict, reason: &'static str) -> Self {
        Self { verdict, reply: None, reason: Reason(reason), at: None, detail: None }
    }

    /// With a reply for the peer.
    #[must_use]
    pub fn reply(mut self, reply: Reply) -> Self {
        self.reply = Some(reply);
        self
    }

    /// With the place in the configuration.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.at = Some(span);
        self
    }

    /// With words for the log.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enhanced_codes_are_read() {
        let cases =
            [("5.7.1 no", "5.7.1", "no"), ("2.0.0", "2.0.0", ""), ("4.123.999  later", "4.123.999", "later")];
        for (text, code, rest) in cases {
            let found = EnhancedStatus::split(text.as_bytes()).map(|(code, rest)| (code.to_string(), rest));
            assert_eq!(found, Some((code.to_owned(), rest.as_bytes())), "{text}");
        }
        for text in ["3.0.0 x", "5.7 x", "5.7.1.2 x", "5.7.1234 x", "5.7.1x", "", "."] {
            assert_eq!(EnhancedStatus::split(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn reply_classes() {
        assert!(Reply::new(354, "go").is_positive());
        assert!(Reply::new(451, "later").is_temporary());
        assert!(Reply::new(550, "no").enhanced(5, 7, 1).is_permanent());
    }
}
