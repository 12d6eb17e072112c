//! SPF: may this host send mail for that domain?
//!
//! [`check`] is the `check_host()` of RFC 7208, [`check_guess`] the same with a record of the administrator's where the
//! domain has none.
//!
//! # Invariants
//! * A record is read whole before any of it is evaluated: a mistake at its end costs no question.
//! * Every evaluation asks a bounded number of questions: see the limits `SPF_...` in [`mail_types::limits`].
//!
//! # Security
//! Sender, HELO name and all records are hostile.
//!
//! # Failure
//! Temporary failures of the DNS give `temperror`, never `none`.
//!
//! # References
//! RFC 7208; `tests/vectors/openspf` is the suite that comes with it.

mod evaluate;
mod macros;
mod record;
mod report;

use std::fmt;
use std::net::IpAddr;

use mail_types::dns::Resolve;

/// The result of a check (RFC 7208 section 2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpfVerdict {
    /// No policy, or no domain to look for one.
    None,
    /// The domain says nothing about this host.
    Neutral,
    /// The host may send.
    Pass,
    /// The host may not send.
    Fail,
    /// The host probably may not send.
    SoftFail,
    /// The DNS failed; later may help.
    TempError,
    /// The record can't be understood.
    PermError,
}

impl SpfVerdict {
    /// The word in headers, lists and variables.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Neutral => "neutral",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::SoftFail => "softfail",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}

impl fmt::Display for SpfVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Whose domain was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpfIdentity {
    /// The envelope sender's.
    MailFrom,
    /// That of EHLO or HELO, for the empty sender.
    Helo,
}

/// Who sends what.
#[derive(Clone, Copy, Debug)]
pub struct SpfQuery<'a> {
    /// The client. An IPv4 address mapped into IPv6 counts as IPv4.
    pub ip: IpAddr,
    /// The name in EHLO or HELO.
    pub helo: &'a [u8],
    /// The envelope sender; empty for bounces.
    pub sender: &'a [u8],
    /// This host's name, for explanations.
    pub receiver: &'a [u8],
    /// Seconds since 1970, for explanations.
    pub now: i64,
    /// What a refusal says where the domain owner says nothing, with SPF macros (`spf_smtp_comment_template`).
    pub template: &'a [u8],
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpfOutcome {
    /// The result.
    pub verdict: SpfVerdict,
    /// Whose domain was looked at.
    pub identity: SpfIdentity,
    /// The domain that was looked at.
    pub domain: Vec<u8>,
    /// The sender that stands for the identity, with `postmaster` where it had no local part.
    pub sender: Vec<u8>,
    /// The domain owner's words for `fail`, in printable ASCII.
    pub explanation: Option<Vec<u8>>,
    /// What a refusal may say (`$spf_smtp_comment`); empty for results that refuse nothing.
    pub smtp_comment: Vec<u8>,
    /// What was wrong, for `temperror` and `permerror`.
    pub problem: Option<SpfProblem>,
    /// The verdict comes from the administrator's record.
    pub guessed: bool,
    /// The client is this host, which may send for everybody.
    pub localhost: bool,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpfProblem {
    /// A term that the grammar doesn't know.
    Syntax {
        /// Whose record.
        domain: Vec<u8>,
        /// The first wrong term.
        term: Vec<u8>,
    },
    /// More than one record.
    SeveralRecords(Vec<u8>),
    /// `include` or `redirect` names a domain without a record.
    NoRecord(Vec<u8>),
    /// More than ten terms that ask the DNS.
    TooManyLookups,
    /// More than two names that are not there.
    TooManyVoidLookups,
    /// A mail exchanger list of more than ten hosts.
    TooManyNames(Vec<u8>),
    /// The DNS gave no answer about this name.
    Dns(Vec<u8>),
}

impl fmt::Display for SpfProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |text: &[u8]| mail_types::bytes::Printable::new(text).to_string();
        match self {
            Self::Syntax { domain, term } => {
                write!(f, "bad term \"{}\" in the record of {}", name(term), name(domain))
            }
            Self::SeveralRecords(domain) => write!(f, "{} has more than one record", name(domain)),
            Self::NoRecord(domain) => write!(f, "{} has no record", name(domain)),
            Self::TooManyLookups => f.write_str("too many terms that ask the DNS"),
            Self::TooManyVoidLookups => f.write_str("too many names that do not exist"),
            Self::TooManyNames(domain) => write!(f, "{} has too many mail exchangers", name(domain)),
            Self::Dns(domain) => write!(f, "no answer from the DNS about {}", name(domain)),
        }
    }
}

/// Checks a sender as Exim does: this host itself is always allowed.
pub fn check_client(query: &SpfQuery<'_>, guess: Option<&[u8]>, dns: &dyn Resolve) -> SpfOutcome {
    match guess {
        _ if query.ip.is_loopback() => evaluate::localhost(query),
        None => check(query, dns),
        Some(guess) => check_guess(query, guess, dns),
    }
}

/// Checks a sender.
pub fn check(query: &SpfQuery<'_>, dns: &dyn Resolve) -> SpfOutcome {
    evaluate::run(query, dns, None)
}

/// Checks a sender; where its domain has no record, `guess` stands for one.
pub fn check_guess(query: &SpfQuery<'_>, guess: &[u8], dns: &dyn Resolve) -> SpfOutcome {
    let outcome = check(query, dns);
    if outcome.verdict != SpfVerdict::None {
        return outcome;
    }
    evaluate::run(query, dns, Some(guess))
}
