//! The questions a session puts to policy, and the answers it takes.
//!
//! # Invariants
//! * One question is open at a time; the state that asked it is the one that takes the answer.
//!
//! # Compatibility
//! The phases are those of Exim's `acl_smtp_*` options.

use mail_types::outcome::Reply;

use crate::command::{MailCommand, RcptCommand};
use crate::extension::Extensions;

/// A question; the phase is in its name. Each is answered with [`Answer`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Ask {
    /// A connection came in: host checks, `acl_smtp_connect`, the banner.
    /// `Accept` must carry the 220 reply.
    Connect,
    /// `HELO` or `EHLO` with its argument (syntax not judged: `helo_accept_junk_hosts`
    /// and `helo_allow_chars` are the caller's; a bad one is answered with
    /// [`Answer::Syntax`]). Accepted with [`Answer::Hello`].
    Hello {
        /// Which of the two verbs.
        kind: HelloKind,
        /// What followed the verb, trimmed.
        argument: Vec<u8>,
    },
    /// `MAIL FROM:`, parameters parsed; `acl_smtp_mail`. The default reply is `250 OK`.
    Mail(MailCommand),
    /// `RCPT TO:`; `acl_smtp_rcpt`. The default reply is `250 Accepted`.
    Rcpt(RcptCommand),
    /// `DATA`, or the first `BDAT`; `acl_smtp_predata`. The default reply is the 354.
    Predata,
    /// The message's last octet was read and decoded (all of it went through
    /// `Output::content`): `acl_smtp_data`, commit. `Accept` must carry the reply (`250 OK id=...`).
    EndOfData,
    /// `VRFY` with its argument; accepted with the reply to send.
    Vrfy(Vec<u8>),
    /// `EXPN` with its argument; accepted with the reply to send.
    Expn(Vec<u8>),
    /// `ETRN` with its argument; accepted with the reply to send.
    Etrn(Vec<u8>),
    /// `STARTTLS`; `acl_smtp_starttls`.
    StartTls,
    /// The client may have TLS: certificate and key are made ready. Accepted with nothing; the `220` goes out and
    /// [`crate::server::Output::handshake`] says so.
    Secure,
    /// `QUIT`; `acl_smtp_quit`. The default reply is `221 <host> closing connection`.
    Quit,
    /// The session ends in another way; `acl_smtp_notquit`. The reply went out already: any answer ends the session.
    NotQuit(NotQuitReason),
}

/// The verb of a hello.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HelloKind {
    /// `HELO`.
    Helo,
    /// `EHLO`.
    Ehlo,
}

impl HelloKind {
    /// The verb as written in replies and logs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Helo => "HELO",
            Self::Ehlo => "EHLO",
        }
    }
}

/// Why a session ended without `QUIT`: Exim's `$smtp_notquit_reason`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NotQuitReason {
    /// An ACL said `drop`.
    AclDrop,
    /// Too many unknown or non-mail commands.
    BadCommands,
    /// No command within `smtp_receive_timeout`.
    CommandTimeout,
    /// The peer closed the connection.
    ConnectionLost,
    /// No data within `smtp_receive_timeout`.
    DataTimeout,
    /// A signal (shutdown).
    SignalExit,
    /// Input where none was allowed.
    SynchronizationError,
}

impl NotQuitReason {
    /// The word that `$smtp_notquit_reason` shows.
    pub fn word(self) -> &'static str {
        match self {
            Self::AclDrop => "acl-drop",
            Self::BadCommands => "bad-commands",
            Self::CommandTimeout => "command-timeout",
            Self::ConnectionLost => "connection-lost",
            Self::DataTimeout => "data-timeout",
            Self::SignalExit => "signal-exit",
            Self::SynchronizationError => "synchronization-error",
        }
    }
}

/// The answer to an [`Ask`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// Yes. `None` sends the command's default reply.
    Accept(Option<Reply>),
    /// Yes, for [`Ask::Hello`]: the text of the first line (`mx Hello foo [1.2.3.4]`) and,
    /// for EHLO, what is offered.
    Hello {
        /// First line's text; several lines when the ACL's message had several.
        greeting: Vec<Vec<u8>>,
        /// Offered extensions; ignored for HELO.
        extensions: Extensions,
    },
    /// No; the session goes on.
    Refuse(Reply),
    /// No, and the session ends after this reply (`drop`, or 421).
    Close(Reply),
    /// The argument is malformed: 501, counted as a syntax error.
    Syntax {
        /// The reply's text: for a path `<path as given>: <what the address parser says>`, for a hello
        /// `Syntactically invalid EHLO argument(s)`.
        text: Vec<u8>,
        /// The same for the log, without the argument.
        problem: Vec<u8>,
    },
}
