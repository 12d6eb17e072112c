//! Reports that mail systems send each other once a day: TLS (RFC 8460) and DMARC aggregate (RFC 7489).
//!
//! A report is a struct ([`TlsReport`], [`Feedback`]) that can be written and read; [`mail`] puts one into a message,
//! [`ingest`] finds the reports in whatever file somebody has. Storing, scheduling and sending is `mta::report`'s affair.
//!
//! # Invariants
//! * What is written here is read back as the same struct.
//! * Nothing here looks at a clock, a file or a socket.
//!
//! # Security
//! Reports that come in, and records that ask for them, are hostile: sizes, rows and depths have limits with names in
//! [`mail_types::limits`]; entities are never expanded, document types are refused.
//!
//! # References
//! RFC 8460, RFC 7489 section 7.2 and appendix C, RFC 9990, RFC 1952 (gzip).

#![forbid(unsafe_code)]

pub mod aggregate;
pub mod ingest;
pub mod mail;
mod mime;
pub mod packed;
mod summary;
pub mod tlsrpt;
mod xml;

pub use aggregate::Feedback;
pub use tlsrpt::TlsReport;

use mail_types::Timestamp;

/// The time that a report is about: from `begin` up to, and without, `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Period {
    /// Its first moment.
    pub begin: Timestamp,
    /// The first moment after it.
    pub end: Timestamp,
}

/// Seconds of a day.
const DAY_SECS: i64 = 86_400;

impl Period {
    /// The day (UTC) that a moment lies in.
    pub fn day_of(moment: Timestamp) -> Self {
        let begin = moment.secs().div_euclid(DAY_SECS).saturating_mul(DAY_SECS);
        Self { begin: Timestamp::from_secs(begin), end: Timestamp::from_secs(begin.saturating_add(DAY_SECS)) }
    }

    /// The day before.
    #[must_use]
    pub fn before(self) -> Self {
        let length = self.end.secs().saturating_sub(self.begin.secs());
        Self { begin: Timestamp::from_secs(self.begin.secs().saturating_sub(length)), end: self.begin }
    }

    /// The last whole second in it.
    pub fn last_second(self) -> Timestamp {
        Timestamp::from_secs(self.end.secs().saturating_sub(1))
    }

    /// `receiver!domain!begin!end!host.KIND.gz`, as both kinds of report are named (rfc8460#5.1, RFC 7489 section 7.2.1.1);
    /// `unique` tells the reports of a receiver's hosts apart.
    pub fn file_name(self, submitter: &str, domain: &str, unique: &str, kind: &str) -> String {
        let (begin, end) = (self.begin.secs(), self.last_second().secs());
        let [submitter, domain, unique] = [submitter, domain, unique].map(file_word);
        format!("{submitter}!{domain}!{begin}!{end}!{unique}.{kind}.gz")
    }
}

/// Letters, digits, hyphens and full stops: all that domains need, nothing that a path or a header could stumble over.
pub fn file_word(text: &str) -> String {
    let good = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_');
    text.chars().map(|letter| if good(letter) { letter } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_names() {
        let day = Period::day_of(Timestamp::from_secs(86_400 * 3 + 5));
        assert_eq!((day.begin.secs(), day.end.secs()), (86_400 * 3, 86_400 * 4));
        assert_eq!(day.before(), Period::day_of(Timestamp::from_secs(86_400 * 2)));
        assert_eq!(Period::day_of(Timestamp::from_secs(-1)).begin.secs(), -86_400);
        assert_eq!(day.file_name("mx.a", "b/..\n", "7!", "json"), "mx.a!b_.._!259200!345599!7_.json.gz");
    }
}
