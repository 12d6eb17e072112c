//! Programs and the running server: a Unix socket on which mail is handed in and the queue is worked on.
//!
//! A program connects, sends one [`Request`] and gets [`Answer`]s until [`Answer::Done`]. Mail follows its request as
//! pieces; an SMTP session takes over the connection.
//!
//! # Invariants
//! * Who is calling is what the kernel says; nothing in a request names a user.
//!
//! # Security
//! Any local user may connect: he may hand in mail and nothing else. Requests are read with a limit before anything is
//! decoded; a caller who says nothing is let go after [`PATIENCE`]. At most [`CALLERS_MAX`] callers are served at once.
//!
//! # Failure
//! A program that meets no server is told so ([`Client::connect`] gives none) and works on the spool itself, under the
//! messages' locks, if it may.

mod client;
mod frame;
mod serve;

use std::path::{Path, PathBuf};
use std::time::Duration;

use mail_types::MessageId;
use serde::{Deserialize, Serialize};

use super::act::Change;
use super::listing::ListingStyle;
use super::run_request::RunRequest;
use crate::local_submission::ErrorMode;

pub use client::Client;
pub use serve::{Listener, serve};

/// The socket of a spool directory.
pub fn socket_path(spool_directory: &Path) -> PathBuf {
    spool_directory.join("postrider-control")
}

/// What a program asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Takes a message; its octets follow. Anybody may.
    Submit(Box<Submission>),
    /// `-bs`: the rest of the connection is an SMTP session. Anybody may.
    Smtp(Box<Submission>),
    /// Messages stand in the spool and are to be delivered.
    Arrived(Vec<MessageId>),
    /// `-M`, `-Mc`, `-Mg`.
    Deliver {
        /// The messages.
        ids: Vec<MessageId>,
        /// How.
        how: HowToDeliver,
    },
    /// `-q`, `-R`, `-S`.
    Run(RunRequest),
    /// `-Mf` and its like.
    Change {
        /// The messages.
        ids: Vec<MessageId>,
        /// The change.
        change: Change,
    },
    /// `-bp`.
    List {
        /// How.
        style: ListingStyle,
        /// Only these; all when empty.
        only: Vec<MessageId>,
    },
    /// `-bpc`.
    Count,
}

/// The kinds of `-M`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HowToDeliver {
    /// `-M`.
    Forced,
    /// `-Mc`.
    IfDue,
    /// `-Mg`.
    GiveUp,
}

/// What a command line says of a message or session; who calls is not part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// Addresses among the arguments.
    pub arguments: Vec<Vec<u8>>,
    /// `-t`.
    pub extract_recipients: bool,
    /// Without `-oi`.
    pub dot_ends: bool,
    /// `-f`.
    pub sender: Option<Vec<u8>>,
    /// `-F`.
    pub full_name: Option<Vec<u8>>,
    /// `-bnq`.
    pub no_qualify: bool,
    /// `-odq`: leave it to a queue run.
    pub queue_only: bool,
    /// `-odi`: wait for the first delivery.
    pub wait: bool,
    /// `-N`.
    pub dont_deliver: bool,
    /// `-G`.
    pub suppress_local_fixups: bool,
    /// `-B7BIT`, `-B8BITMIME`: 7, 8, else 0.
    pub body_type: u8,
    /// `-oe…`.
    pub errors: ErrorMode,
    /// `-tls-on-connect`.
    pub tls_on_connect: bool,
}

/// What the server says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// A piece of text for standard output.
    Output(Vec<u8>),
    /// A line for standard error.
    Complaint(String),
    /// An SMTP session begins.
    Session,
    /// That was all; the exit code.
    Done(u8),
}

/// A caller who says nothing for so long is let go.
const PATIENCE: Duration = Duration::from_mins(5);
/// Callers served at once.
const CALLERS_MAX: usize = 200;
/// Longest frame: a list of arguments, or a piece of a message.
const FRAME_MAX: usize = 1 << 20;
/// Octets of a message in one frame.
const PIECE: usize = 64 << 10;

#[cfg(test)]
mod tests;
