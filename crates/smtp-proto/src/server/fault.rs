//! What a peer did wrong: one variant per sin, with Exim's log words.
//!
//! The caller knows the peer (`H=...`) and the log's selectors; the texts here are what stands around them.

use std::fmt;

use super::NotQuitReason;

/// The other side broke the protocol, or went away within a transaction. Alphabetical.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PeerFault {
    /// The command line was longer than allowed; it was skipped.
    CommandTooLong {
        /// The limit in octets.
        limit: usize,
    },
    /// The connection ended where a command or content was expected.
    ConnectionLost {
        /// Where within a message, if in one.
        within: Option<MessagePart>,
    },
    /// A transaction ended without a message: selector `smtp_incomplete_transaction`,
    /// `incomplete transaction (<reason>) from <sender> for ...`.
    IncompleteTransaction {
        /// `RSET`, `EHLO`, `HELO`, `QUIT`, `connection lost`, `sync failure`, `command timeout`, ...
        reason: &'static str,
    },
    /// MAIL before HELO: `rejected MAIL from ...: no HELO/EHLO given`.
    MailBeforeHello,
    /// `SIZE=` beyond the limit: `rejected MAIL FROM:<...> ...: message too big: size=S max=M`.
    MessageTooBig {
        /// The path as given.
        path: Vec<u8>,
        /// The size announced.
        size: u64,
        /// The limit.
        max: u64,
    },
    /// A command out of its place: selector `smtp_protocol_error`, `SMTP protocol error in "<command>" ... <text>`.
    Protocol {
        /// The command line received.
        command: Vec<u8>,
        /// Exim's reason.
        text: Vec<u8>,
    },
    /// Input arrived before it was allowed: `SMTP protocol synchronization error (...): rejected ...`.
    Synchronization {
        /// The command after which it came; `None` for input before the banner.
        command: Option<Vec<u8>>,
        /// The next input, cut.
        next_input: Vec<u8>,
        /// PIPELINING had been offered to this client.
        pipelining_advertised: bool,
    },
    /// A malformed command: selector `smtp_syntax_error`, `SMTP syntax error in "<command>" ... <text>`.
    Syntax {
        /// The command line received.
        command: Vec<u8>,
        /// Exim's reason.
        text: Vec<u8>,
    },
    /// Nothing came in time: `SMTP command timeout on connection from ...` or `SMTP data timeout ...`.
    Timeout {
        /// Where within a message, if in one.
        within: Option<MessagePart>,
    },
    /// `rejected MAIL command ...: too many messages in one connection`.
    TooManyMessages,
    /// `SMTP call from ... dropped: too many nonmail commands (last was "...")`.
    TooManyNonMail {
        /// The last command's verb.
        verb: Vec<u8>,
    },
    /// `too many recipients: excess temporarily rejected: sender=...`; once a message.
    TooManyRecipients {
        /// The message is refused (`recipients_max_reject`): `too many recipients: message rejected: ...`.
        rejected: bool,
    },
    /// `SMTP call from ... dropped: too many syntax or protocol errors (last command was "...", ...)`.
    TooManySyntaxErrors {
        /// The last command line.
        command: Vec<u8>,
    },
    /// `SMTP call from ... dropped: too many unrecognized commands (last was "...")`.
    TooManyUnknown {
        /// The last command line.
        command: Vec<u8>,
    },
}

/// Where in a message a connection ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MessagePart {
    /// `lost while reading message data (header)`.
    Header,
    /// `lost while reading message data (after header)`.
    Body,
}

impl PeerFault {
    /// What the fault makes of `$smtp_notquit_reason` when it ends the session.
    pub fn notquit_reason(&self) -> Option<NotQuitReason> {
        Some(match self {
            Self::ConnectionLost { .. } => NotQuitReason::ConnectionLost,
            Self::Synchronization { .. } => NotQuitReason::SynchronizationError,
            Self::Timeout { within: None } => NotQuitReason::CommandTimeout,
            Self::Timeout { within: Some(_) } => NotQuitReason::DataTimeout,
            Self::TooManyNonMail { .. } | Self::TooManySyntaxErrors { .. } | Self::TooManyUnknown { .. } => {
                NotQuitReason::BadCommands
            }
            _ => return None,
        })
    }
}

impl fmt::Display for PeerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandTooLong { limit } => write!(f, "command line longer than {limit} octets"),
            Self::ConnectionLost { within: Some(MessagePart::Header) } => {
                f.write_str("lost while reading message data (header)")
            }
            Self::ConnectionLost { within: Some(MessagePart::Body) } => {
                f.write_str("lost while reading message data (after header)")
            }
            Self::ConnectionLost { within: None } => {
                f.write_str("unexpected disconnection while reading SMTP command")
            }
            Self::IncompleteTransaction { reason } => write!(f, "incomplete transaction ({reason})"),
            Self::MailBeforeHello => f.write_str("no HELO/EHLO given"),
            Self::MessageTooBig { size, max, .. } => {
                // Exim's counter stops at 2^31-1 and says so.
                let sign = if *size >= 0x7fff_ffff { ">=" } else { "=" };
                write!(f, "message too big: size{sign}{} max={max}", (*size).min(0x7fff_ffff))
            }
            Self::Protocol { text, .. } | Self::Syntax { text, .. } => {
                f.write_str(&String::from_utf8_lossy(text))
            }
            Self::Synchronization { command: None, .. } => {
                f.write_str("SMTP protocol synchronization error (input sent without waiting for greeting)")
            }
            Self::Synchronization { pipelining_advertised, .. } => {
                let not = if *pipelining_advertised { "" } else { " not" };
                write!(
                    f,
                    "SMTP protocol synchronization error (next input sent too soon: pipelining was{not} advertised)"
                )
            }
            Self::Timeout { within: Some(_) } => f.write_str("SMTP data timeout (message abandoned)"),
            Self::Timeout { within: None } => f.write_str("SMTP command timeout"),
            Self::TooManyMessages => f.write_str("too many messages in one connection"),
            Self::TooManyNonMail { .. } => f.write_str("too many nonmail commands"),
            Self::TooManyRecipients { rejected: true } => {
                f.write_str("too many recipients: message rejected")
            }
            Self::TooManyRecipients { rejected: false } => {
                f.write_str("too many recipients: excess temporarily rejected")
            }
            Self::TooManySyntaxErrors { .. } => f.write_str("too many syntax or protocol errors"),
            Self::TooManyUnknown { .. } => f.write_str("too many unrecognized commands"),
        }
    }
}

impl std::error::Error for PeerFault {}
