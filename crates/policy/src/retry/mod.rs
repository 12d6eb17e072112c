//! Retry rules, and the arithmetic of the next try.
//!
//! # Compatibility
//! Exim specification, chapter "Retry configuration".

use std::time::Duration;

use mail_types::clock::{Entropy, Timestamp};
use mail_types::diagnostic::{Diagnostic, SourceText, Span};
use mail_types::value::Value;

use crate::list::{ListEnv, NamedLists};

/// The kind of a temporary error, as retry rules name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryError {
    /// Nothing that a rule could name.
    Other,
    /// Authentication failed (`auth_failed`).
    AuthFailed,
    /// A 4xx reply to MAIL (`mail_4xx`).
    Mail(u16),
    /// A 4xx reply to RCPT (`rcpt_4xx`).
    Rcpt(u16),
    /// A 4xx reply to DATA or after it (`data_4xx`).
    Data(u16),
    /// The connection was lost (`lost_connection`).
    LostConnection,
    /// DNS lookup failed (`lookup`).
    Lookup,
    /// The connection was refused (`refused`); true for a host from an MX record.
    Refused(Route),
    /// A timeout (`timeout`): on connecting or later.
    Timeout {
        /// While connecting (`timeout_connect`).
        connecting: bool,
        /// How the host was found.
        route: Route,
    },
    /// TLS was required and not to be had (`tls_required`).
    TlsRequired,
    /// The mailbox is full (`quota`); the time since it was last read, when known.
    Quota(Option<Duration>),
}

/// How a host was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// From an address record (`_A`).
    Address,
    /// From an MX record (`_MX`).
    Mx,
    /// Otherwise.
    Other,
}

/// All retry rules of a configuration.
#[derive(Clone, Debug, Default)]
pub struct RetryRules {
    rules: Vec<RetryRule>,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct RetryRule {
    span: Span,
}

/// What is retried.
#[derive(Clone, Copy, Debug)]
pub struct RetrySubject<'a> {
    /// The address, the domain, the host name, or `host:ip` key.
    pub key: &'a [u8],
    /// Another key to try against each rule (the domain, for a host).
    pub alternate: Option<&'a [u8]>,
    /// The error.
    pub error: &'a RetryError,
}

/// The times of something that is retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryTimes {
    /// When it first failed.
    pub first_failed: Timestamp,
    /// When it was last tried.
    pub last_try: Timestamp,
    /// When it was to be tried next, after the last failure.
    pub next_try: Timestamp,
}

/// When to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextTry {
    /// Not before.
    pub next_try: Timestamp,
    /// The final cutoff has passed.
    pub expired: bool,
}

impl RetryRules {
    /// Compiles the lines of the retry section.
    pub fn compile(lines: &[SourceText], lists: &NamedLists) -> (Self, Vec<Diagnostic>) {
        let _ = lists;
        (
            Self { rules: lines.iter().map(|l| RetryRule { span: l.span_at(0, l.bytes.len()) }).collect() },
            Vec::new(),
        )
    }

    /// Finds the rule for a failure; `sender` is the envelope sender.
    pub fn find(
        &self,
        subject: RetrySubject<'_>,
        sender: &Value,
        env: &mut dyn ListEnv,
    ) -> Result<Option<&RetryRule>, crate::list::ListError> {
        let _ = (subject, sender, env);
        Ok(self.rules.first())
    }
}

impl RetryRule {
    /// Where it is defined.
    pub fn span(&self) -> Span {
        self.span
    }

    /// When to try again after a failure at `now`.
    pub fn next_try(&self, times: Option<&RetryTimes>, now: Timestamp, entropy: &dyn Entropy) -> NextTry {
        let _ = (times, entropy);
        NextTry { next_try: now, expired: true }
    }

    /// The final cutoff: how long after the first failure this rule gives up; `None` for a rule without times.
    pub fn final_cutoff(&self) -> Option<Duration> {
        None
    }
}
