//! Bounce messages, delay warnings, and notices to administrators.
//!
//! What they say is `mail_message::bounce`'s affair; here it is decided what goes back with them and to whom, and they
//! are submitted like messages of a local user: through `acl_not_smtp`, with a `Received:` line, durably.
//!
//! # Invariants
//! * When a function here returns an id, that message is on disk.
//! * Each report has the null sender: none is ever answered by another.
//!
//! # Security
//! Addresses, error texts and the original are hostile. The text that is written is made line by line by
//! `mail_message::bounce`; recipients are given apart from it.
//!
//! # Failure
//! A report that can't be queued is an error for the caller, who keeps the message and freezes it. A template that
//! can't be read or expanded is logged, and the built-in text takes its place.
//!
//! # Compatibility
//! Specification chapter "Customizing bounce and warning messages"; options `bounce_message_file`,
//! `bounce_message_text`, `bounce_return_body`, `bounce_return_size_limit`, `bounce_return_linesize_limit`, `dsn_from`,
//! `errors_copy`, `errors_reply_to`, `freeze_tell`, `warn_message_file`. Reports of success (`NOTIFY=SUCCESS`) are not
//! made: docs/compat.md.

mod bounce;
mod copies;
mod failure_report;
mod frame;
mod notice;
mod original;
mod submission;
mod submit;
mod template;
mod warning;

use std::fmt;

pub use mail_message::bounce::Target;
use observe::event::RemoteHost;

pub use bounce::bounce;
pub use failure_report::{FailureReport, failure_report};
pub use notice::{freeze_notice, syntax_error_notice};
pub use submission::{Original, SubmissionError, submission_error};
pub(crate) use submit::{Report as Submission, submit as hand_in};
pub use warning::warning;

/// One address as a report shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportedAddress {
    /// The address that was tried.
    pub address: Vec<u8>,
    /// The recipient in the envelope that led to it.
    pub original: Vec<u8>,
    /// There were others between the two.
    pub ultimately: bool,
    /// For a file or a command: what is done with it, and the address that named it.
    pub generated: Option<(Target, Vec<u8>)>,
    /// `hide_child_in_errmsg`: only the recipient in the envelope is shown.
    pub hidden: bool,
    /// The host that was tried.
    pub host: Option<RemoteHost>,
    /// What went wrong, for people.
    pub error: Vec<u8>,
    /// The reply of a remote server.
    pub smtp_reply: Option<Vec<u8>>,
    /// RFC 3461's ORCPT.
    pub orcpt: Option<Vec<u8>>,
    /// RFC 3461's NOTIFY, as the spool file has it: 2 NEVER, 4 SUCCESS, 8 FAILURE, 16 DELAY; 0 without.
    pub notify: u8,
    /// Output of a command that goes back.
    pub output: Option<Vec<u8>>,
}

/// A bounce to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BounceRequest {
    /// To whom.
    pub to: Vec<u8>,
    /// The message's sender, when the bounce goes to somebody else (`errors_to`).
    pub other_sender: Option<Vec<u8>>,
    /// The failed addresses, in the order in which the text is to name them.
    pub addresses: Vec<ReportedAddress>,
}

/// A delay warning to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WarningRequest {
    /// To whom.
    pub to: Vec<u8>,
    /// The addresses that wait.
    pub addresses: Vec<ReportedAddress>,
    /// Seconds since the message arrived.
    pub queue_time: u64,
}

/// A report could not be queued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DsnError {
    /// Why.
    pub message: String,
}

impl DsnError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

impl fmt::Display for DsnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DsnError {}

/// Bits of [`ReportedAddress::notify`].
mod notify {
    pub(super) const FAILURE: u8 = 8;
    pub(super) const DELAY: u8 = 16;
}

impl ReportedAddress {
    /// Whether the sender wants to hear of something; without NOTIFY, of failures and delays.
    fn wants(&self, bit: u8) -> bool {
        self.notify == 0 || self.notify & bit != 0
    }

    /// The address as the report's text and status show it.
    fn shown<'a>(&'a self, host: Option<&'a ShownHost>) -> mail_message::bounce::Address<'a> {
        mail_message::bounce::Address {
            address: if self.hidden { &self.original } else { &self.address },
            original: &self.original,
            ultimately: self.ultimately,
            generated: self
                .generated
                .as_ref()
                .filter(|_| !self.hidden)
                .map(|(target, by)| (*target, by.as_slice())),
            host: host.map(|host| (host.name.as_slice(), host.address.as_slice())),
            error: &self.error,
            smtp_reply: self.smtp_reply.as_deref(),
            orcpt: self.orcpt.as_deref(),
            output: self.output.as_deref(),
        }
    }

    fn shown_host(&self) -> Option<ShownHost> {
        let host = self.host.as_ref()?;
        let address = host.address?.to_string().into_bytes();
        Some(ShownHost { name: host.name.clone(), address })
    }
}

/// Name and address of a host as bytes.
struct ShownHost {
    name: Vec<u8>,
    address: Vec<u8>,
}

#[cfg(test)]
mod tests;
