//! Messages handed over on standard input: `-bm`, `-t`, `-bS`, and `-bs`.
//!
//! The program reads its command line, identifies its [`Caller`](crate::receive::Caller) and calls [`message`] or [`smtp`] with its standard
//! streams. Nothing here looks at the command line or at a file descriptor.
//!
//! # Security
//! The caller is any local user. Only trusted callers choose the sender and the facts about the host; what the message
//! says is as hostile as a message from the network.
//!
//! # Failure
//! An error is a text for standard error and exit code 1, or a mail to the sender ([`ErrorMode`]).
//!
//! # Compatibility
//! Specification, chapter "The Exim command line" and section "Constructed addresses".

mod batch;
mod input;
mod message;
mod recipients;
#[cfg(test)]
mod tests;

pub use batch::{Batched, batch};
pub use message::{ErrorMode, MessageRequest, Submitted, message, preview, without_message};

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use crate::services::Services;
use crate::smtp_in::{Client, SessionEnd, session};

/// `-bs`: an SMTP session on the program's standard streams, with the caller or whom inetd brings. The result is the exit
/// code.
pub async fn smtp<S>(
    stream: &mut S,
    client: Client,
    services: Arc<Services>,
    shutdown: watch::Receiver<bool>,
) -> u8
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match session(stream, client, services, shutdown).await {
        SessionEnd::Closed { abnormal: false, .. } => 0,
        SessionEnd::Closed { abnormal: true, .. } | SessionEnd::Panicked => 1,
    }
}
