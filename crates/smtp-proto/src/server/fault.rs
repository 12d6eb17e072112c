//! What a peer did wrong: one variant per sin, with Exim's log words.

use std::fmt;

/// The other side broke the protocol. Alphabetical.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PeerFault {
    /// The command line was longer than allowed.
    CommandTooLong {
        /// The limit in octets.
        limit: usize,
    },
    /// The connection ended where a command or content was expected.
    ConnectionLost {
        /// Within a message.
        in_message: bool,
    },
    /// A command out of its place (Exim's log selector `smtp_protocol_error`).
    Protocol {
        /// The command line received.
        command: Vec<u8>,
        /// Exim's reason.
        text: Vec<u8>,
    },
    /// A malformed command (selector `smtp_syntax_error`).
    Syntax {
        /// The command line received.
        command: Vec<u8>,
        /// Exim's reason.
        text: Vec<u8>,
    },
    /// Input arrived before it was allowed.
    Synchronization {
        /// The command after which it came; empty for input before the banner.
        command: Vec<u8>,
        /// The next input, cut.
        next_input: Vec<u8>,
        /// PIPELINING had been offered to this client.
        pipelining_advertised: bool,
    },
    /// Nothing came in time.
    Timeout {
        /// Within a message.
        in_message: bool,
    },
    /// The limit on non-mail commands was passed; the session ends.
    TooManyNonMail {
        /// The last command line.
        command: Vec<u8>,
    },
    /// The limit on syntax or protocol errors was passed; the session ends.
    TooManySyntaxErrors {
        /// The last command line.
        command: Vec<u8>,
    },
    /// The limit on unknown commands was passed; the session ends.
    TooManyUnknown {
        /// The last command line.
        command: Vec<u8>,
    },
}

impl fmt::Display for PeerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandTooLong { limit } => write!(f, "command line longer than {limit} octets"),
            Self::ConnectionLost { in_message: true } => {
                f.write_str("connection lost while reading message data")
            }
            Self::ConnectionLost { in_message: false } => f.write_str("connection lost"),
            Self::Protocol { text, .. } | Self::Syntax { text, .. } => {
                f.write_str(&String::from_utf8_lossy(text))
            }
            Self::Synchronization { .. } => f.write_str("SMTP protocol synchronization error"),
            Self::Timeout { in_message: true } => f.write_str("SMTP data timeout"),
            Self::Timeout { in_message: false } => f.write_str("SMTP command timeout"),
            Self::TooManyNonMail { .. } => f.write_str("too many nonmail commands"),
            Self::TooManySyntaxErrors { .. } => f.write_str("too many syntax or protocol errors"),
            Self::TooManyUnknown { .. } => f.write_str("too many unrecognized commands"),
        }
    }
}

impl std::error::Error for PeerFault {}
