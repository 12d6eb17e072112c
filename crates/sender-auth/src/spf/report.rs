//! What a check says in words: the Received-SPF field and its comment.
//!
//! # Security
//! Sender and HELO name are hostile: they are written without control characters, so that they can't begin a line.
//!
//! # Compatibility
//! The sentences are those of Exim 4.96 with libspf2, except those for errors, which it leaves empty.
//!
//! # References
//! RFC 7208 section 9.1.

use mail_types::bytes::printable;

use super::{SpfOutcome, SpfQuery, SpfVerdict};

impl SpfOutcome {
    /// `$spf_header_comment`: the result as a sentence.
    pub fn header_comment(&self, query: &SpfQuery<'_>) -> Vec<u8> {
        let domain = printed(&self.domain);
        let ip = query.ip.to_string().into_bytes();
        let sentence: &[&[u8]] = match self.verdict {
            _ if self.localhost => &[b"localhost is always allowed."],
            SpfVerdict::Pass => &[b"domain of ", &domain, b" designates ", &ip, b" as permitted sender"],
            SpfVerdict::Fail => {
                &[b"domain of ", &domain, b" does not designate ", &ip, b" as permitted sender"]
            }
            SpfVerdict::SoftFail => {
                &[b"transitioning domain of ", &domain, b" does not designate ", &ip, b" as permitted sender"]
            }
            SpfVerdict::Neutral => &[&ip, b" is neither permitted nor denied by domain of ", &domain],
            SpfVerdict::None => &[b"domain of ", &domain, b" does not provide an SPF record"],
            SpfVerdict::TempError | SpfVerdict::PermError => {
                &[b"error in checking domain of ", &domain, b": ", &self.problem_text()]
            }
        };
        [&printed(query.receiver)[..], b": ", &sentence.concat()].concat()
    }

    /// `$spf_received`: the Received-SPF field without its line end.
    pub fn received(&self, query: &SpfQuery<'_>) -> Vec<u8> {
        let mut out = b"Received-SPF: ".to_vec();
        out.extend_from_slice(self.verdict.word().as_bytes());
        out.extend_from_slice(b" (");
        push_comment(&self.header_comment(query), &mut out);
        out.extend_from_slice(b") client-ip=");
        out.extend_from_slice(query.ip.to_string().as_bytes());
        out.extend_from_slice(b"; envelope-from=");
        out.extend_from_slice(&printed(&self.sender));
        out.extend_from_slice(b"; helo=");
        out.extend_from_slice(&printed(query.helo));
        out.push(b';');
        out
    }

    fn problem_text(&self) -> Vec<u8> {
        self.problem.as_ref().map(ToString::to_string).unwrap_or_default().into_bytes()
    }
}

fn printed(text: &[u8]) -> Vec<u8> {
    // Addresses and names pass as they are: a backslash is no escape in them.
    if text.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_vec();
    }
    printable(text, mail_types::bytes::PrintOptions::default())
}

/// A comment can't be closed by what stands in it (RFC 5322 section 3.2.2).
fn push_comment(text: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        if matches!(byte, b'(' | b')') {
            out.push(b'\\');
        }
        out.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{SpfIdentity, SpfProblem};
    use super::*;

    #[test]
    fn sentences() {
        let query = SpfQuery {
            ip: "192.0.2.7".parse().unwrap(),
            helo: b"client.example",
            sender: b"a@b.example",
            receiver: b"mail.example.net",
            now: 0,
            template: b"",
        };
        let outcome = |verdict, problem| SpfOutcome {
            verdict,
            identity: SpfIdentity::MailFrom,
            domain: b"b.example".to_vec(),
            sender: b"a@b.example".to_vec(),
            explanation: None,
            smtp_comment: Vec::new(),
            problem,
            guessed: false,
            localhost: false,
        };
        let syntax = SpfProblem::Syntax { domain: b"b.example".to_vec(), term: b"x)\ny".to_vec() };
        for (outcome, want) in [
            (
                outcome(SpfVerdict::Pass, None),
                "pass (mail.example.net: domain of b.example designates 192.0.2.7 as permitted sender)",
            ),
            (
                outcome(SpfVerdict::Neutral, None),
                "neutral (mail.example.net: 192.0.2.7 is neither permitted nor denied by domain of b.example)",
            ),
            (
                outcome(SpfVerdict::PermError, Some(syntax)),
                "permerror (mail.example.net: error in checking domain of b.example: bad term \"x\\)\\ny\" in the \
                 record of b.example)",
            ),
        ] {
            let field = String::from_utf8(outcome.received(&query)).unwrap();
            let end = "client-ip=192.0.2.7; envelope-from=a@b.example; helo=client.example;";
            assert_eq!(field, format!("Received-SPF: {want} {end}"));
        }
    }
}
