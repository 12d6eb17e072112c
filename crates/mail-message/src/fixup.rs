//! What Exim does to the header of a message it receives.
//!
//! # Compatibility
//! Specification, chapter "Message processing", sections on Bcc, Date, From, Message-ID, Sender, Resent- lines.

/// Where a message came from, as far as fix-ups care.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// Over TCP.
    RemoteSmtp,
    /// By a local process (`-bm`, `-t`, `-bs`).
    Local,
}
