//! How an ACL ended, and what that means for the peer and the logs.
//!
//! # Invariants
//! * A reply's class fits the outcome, whatever code the administrator's message asks for.

use mail_types::diagnostic::Span;
use mail_types::outcome::Reason;
use mail_types::value::Value;

use super::{LogTargets, VerifyRole};

/// The ways an ACL ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AclOutcome {
    /// Go on.
    Accept,
    /// Go on, and drop the recipient or the message.
    Discard,
    /// Refuse for now.
    Defer,
    /// Refuse.
    Deny,
    /// Refuse and close the connection.
    Drop,
    /// The ACL itself is wrong: refuse for now.
    Error,
}

impl AclOutcome {
    /// As the trace names it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Accept => "ACCEPT",
            Self::Discard => "DISCARD",
            Self::Defer => "DEFER",
            Self::Deny => "DENY",
            Self::Drop => "DROP",
            Self::Error => "ERROR",
        }
    }
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclVerdict {
    /// How it ended.
    pub outcome: AclOutcome,
    /// A deferral because a condition could not be decided, not because a `defer` statement says so: what the
    /// verification of a sender has left is then for the log, unless `smtp_return_error_details`.
    pub by_condition: bool,
    /// The text of `message` or of a failed verification; `None` means Exim's default text.
    pub user_message: Option<Value>,
    /// The text for the log, where it differs from the peer's.
    pub log_message: Option<Value>,
    /// Stable name.
    pub reason: Reason,
    /// The statement that decided; `None` for the implicit end of the list.
    pub at: Option<Span>,
    /// Where a rejection is logged (`log_reject_target`).
    pub reject_log: LogTargets,
    /// The address whose verification failed, when that is why.
    pub failed_address: Option<FailedAddress>,
}

/// An address that did not verify, with the text that routing left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedAddress {
    /// What it is to the message.
    pub role: VerifyRole,
    /// The address.
    pub address: Value,
    /// Routing's text for the peer.
    pub user_message: Option<Value>,
    /// `/no_details`: only the last line goes to the peer.
    pub no_details: bool,
}
