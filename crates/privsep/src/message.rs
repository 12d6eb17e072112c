//! Everything that one role says to another. Change [`VERSION`] with any change here.
//!
//! # Security
//! What the worker says is believed only as far as the receiver's own configuration agrees; see
//! [`child`](crate::child).

use mta::services::local_agent::{AsUserReply, AsUserRequest, LocalReply, LocalRequest, RunAs};
use serde::{Deserialize, Serialize};

/// Of this contract. Both ends are forks of one program, so a difference is a bug; it is checked all the same.
pub const VERSION: u8 = 1;

/// The longest message, bytes: a header block of a megabyte and a batch of fifty thousand addresses fit.
pub const MAX_MESSAGE: usize = 64 << 20;

/// Worker to parent. The first two come with the child's end of a socket pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToParent {
    /// Fork a child that reads files as a user.
    SpawnAsUser,
    /// Fork a child that delivers as a recipient.
    SpawnLocal,
    /// The caller's command is done and has this exit code; what is left goes on in the background.
    Detach(u8),
}

/// Worker to an `as-user` or `local` child.
#[derive(Debug, Serialize, Deserialize)]
pub enum ToChild {
    /// First message to `as-user`: whose rights to take.
    Become(RunAs),
    /// First message to `local`: read by a grandchild as the mail user, which says whose uid this delivery has.
    Identify(Box<LocalRequest>),
    /// To `local`: deliver; comes with the -D file.
    Deliver(Box<LocalRequest>),
    /// To `as-user`.
    Read(AsUserRequest),
}

/// Child to worker.
#[derive(Debug, Serialize, Deserialize)]
pub enum FromChild {
    /// The child has taken the uid and waits for work.
    Ready {
        /// [`VERSION`] of the child.
        version: u8,
        /// Whom it became.
        run_as: RunAs,
    },
    /// The child will not or cannot become that user; it ends.
    Refused(String),
    /// The request was read and is under way; before this word, nothing has been done.
    Begun,
    /// Answer to `Deliver`.
    Delivered(Box<LocalReply>),
    /// Answer to `Read`.
    Read(Box<AsUserReply>),
}
