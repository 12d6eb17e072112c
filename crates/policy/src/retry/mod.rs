//! Retry rules, and the arithmetic of the next try.
//!
//! # Invariants
//! * The first rule whose error, pattern and senders match is the one. Without a rule there are no retries.
//!
//! # Failure
//! A pattern that can't be decided is an error: callers keep the message and try later.
//!
//! # Compatibility
//! Exim specification, chapter "Retry configuration".

mod error;
mod schedule;

use std::fmt;
use std::time::Duration;

use mail_types::clock::{Entropy, Timestamp};
use mail_types::diagnostic::{Diagnostic, SourceText, Span};
use mail_types::value::Value;

use crate::list::{List, ListEnv, ListError, ListKind, NamedLists, Subject};
use crate::rule_words::{Words, single_item};

pub use error::{RetryError, Route};

use error::ErrorPattern;
use schedule::Schedule;

/// The most that `retry_interval_max` may be, and its default.
pub const INTERVAL_MAX: Duration = Duration::from_hours(24);

/// Exim's warning.
const TIMEOUT_DNS: &str =
    "\"timeout_dns\" is no longer available in retry rules (it has never worked) - treated as \"timeout\"";

/// All retry rules of a configuration.
#[derive(Clone, Debug, Default)]
pub struct RetryRules {
    rules: Vec<RetryRule>,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct RetryRule {
    span: Span,
    pattern_text: SourceText,
    pattern: List,
    error: ErrorPattern,
    senders: Option<List>,
    sets: Vec<Schedule>,
}

/// What is retried.
#[derive(Clone, Copy, Debug)]
pub struct RetrySubject<'a> {
    /// The address, the domain, or the name of the host.
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
        let mut diagnostics = Vec::new();
        let mut rules = Vec::new();
        for line in lines {
            match RetryRule::parse(line, lists, &mut diagnostics) {
                Ok(rule) => rules.extend(rule),
                Err(text) => {
                    let span = line.span_at(0, line.bytes.len());
                    diagnostics.push(Diagnostic::error("retry.syntax", span, text.clone()).exim(text));
                }
            }
        }
        (Self { rules }, diagnostics)
    }

    /// Whether there are no rules: temporary errors are then permanent.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Finds the rule for a failure; `sender` is the envelope sender.
    pub fn find(
        &self,
        subject: RetrySubject<'_>,
        sender: &Value,
        env: &mut dyn ListEnv,
    ) -> Result<Option<&RetryRule>, ListError> {
        self.find_for(subject, Some(sender), env)
    }

    /// Finds the rule for a failure. Without a sender (`-brt` without `-f`), rules with `senders=` never match.
    pub fn find_for(
        &self,
        subject: RetrySubject<'_>,
        sender: Option<&Value>,
        env: &mut dyn ListEnv,
    ) -> Result<Option<&RetryRule>, ListError> {
        for rule in &self.rules {
            if rule.error.matches(subject.error)
                && (rule.is_for(subject.key, env)?
                    || subject.alternate.map_or(Ok(false), |key| rule.is_for(key, env))?)
                && rule.is_for_sender(sender, env)?
            {
                return Ok(Some(rule));
            }
        }
        Ok(None)
    }
}

impl RetryRule {
    fn parse(
        line: &SourceText,
        lists: &NamedLists,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<Option<Self>, String> {
        let mut words = Words::new(line);
        let Some(pattern_text) = words.next() else {
            return Ok(None);
        };
        let (rest, _) = words.rest();
        if rest.is_empty() {
            return Err("missing error type in retry rule".into());
        }
        // Whatever it is up to white space: Exim names all of it when it is unknown.
        let length = rest.iter().take_while(|b| !b.is_ascii_whitespace()).count();
        let error = ErrorPattern::parse(&rest[..length])?;
        if ErrorPattern::is_timeout_dns(&rest[..length]) {
            let span = line.span_at(0, line.bytes.len());
            diagnostics.push(Diagnostic::warning("retry.timeout_dns", span, TIMEOUT_DNS).exim(TIMEOUT_DNS));
        }
        words.skip(length);
        let senders = senders(&mut words)?;
        let sets = schedule::parse(words.rest().0)?;
        let (pattern, found) = List::compile(&single_item(&pattern_text), ListKind::Address, lists);
        diagnostics.extend(found);
        let senders = senders.map(|text| {
            let (list, found) = List::compile(&text, ListKind::Address, lists);
            diagnostics.extend(found);
            list
        });
        let span = line.span_at(0, line.bytes.len());
        Ok(Some(Self { span, pattern_text, pattern, error, senders, sets }))
    }

    /// Where it is defined.
    pub fn span(&self) -> Span {
        self.span
    }

    /// When to try again after a failure at `now`.
    pub fn next_try(&self, times: Option<&RetryTimes>, now: Timestamp, entropy: &dyn Entropy) -> NextTry {
        self.next_try_within(times, now, INTERVAL_MAX, entropy)
    }

    /// When to try again after a failure at `now`, with `retry_interval_max`.
    pub fn next_try_within(
        &self,
        times: Option<&RetryTimes>,
        now: Timestamp,
        longest: Duration,
        entropy: &dyn Entropy,
    ) -> NextTry {
        schedule::next_try(&self.sets, times, now, longest.min(INTERVAL_MAX), entropy)
    }

    /// The final cutoff: how long after the first failure this rule gives up; `None` for a rule without times.
    pub fn final_cutoff(&self) -> Option<Duration> {
        self.sets.last().map(Schedule::cutoff)
    }

    /// A domain alone is looked for as `*@domain`.
    fn is_for(&self, key: &[u8], env: &mut dyn ListEnv) -> Result<bool, ListError> {
        let key = if key.contains(&b'@') { key.to_vec() } else { [b"*@", key].concat() };
        Ok(self.pattern.matches(Subject::Text(&key), env)?.matched)
    }

    fn is_for_sender(&self, sender: Option<&Value>, env: &mut dyn ListEnv) -> Result<bool, ListError> {
        match (&self.senders, sender) {
            (None, _) => Ok(true),
            (Some(_), None) => Ok(false),
            (Some(list), Some(sender)) => Ok(list.matches(Subject::Value(sender), env)?.matched),
        }
    }
}

/// `senders=list`, if that is next.
fn senders(words: &mut Words<'_>) -> Result<Option<SourceText>, String> {
    let (rest, _) = words.rest();
    let Some(after) = rest.strip_prefix(b"senders") else {
        return Ok(None);
    };
    let blank = after.len() - after.trim_ascii_start().len();
    if after.get(blank) != Some(&b'=') {
        return Err("\"=\" expected after \"senders\" in retry rule".into());
    }
    words.skip(b"senders".len() + blank + 1);
    Ok(words.next())
}

impl fmt::Display for RetryRule {
    /// As `-brt` shows it after `Retry rule: `, with the blanks that end its line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}  ", String::from_utf8_lossy(&self.pattern_text.bytes), self.error.shown())?;
        for set in &self.sets {
            write!(f, "{set} ")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
