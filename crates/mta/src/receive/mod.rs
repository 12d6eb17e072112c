//! Taking in one message, from its first octet to the durable commit.
//!
//! [`Incoming`] takes octets in spool form as they arrive: header lines are collected within limits, the body goes to
//! its -D file. [`Arriving::new`] then does what Exim does to a message that it receives (rewriting, fix-ups,
//! qualification, the Received: line), the caller runs its ACL, and [`Arriving::commit`] makes the message durable,
//! logs it and tells the queue.
//!
//! # Invariants
//! * `commit` returns a message id only when data, envelope and names are on disk.
//! * Whatever fails before that leaves nothing behind in the spool.
//!
//! # Security
//! Everything that is read is hostile; limits hold as it arrives.
//!
//! # Failure
//! Each failure says what the peer may hear; those of this machine are 4xx.
//!
//! # Compatibility
//! Specification, chapters "Message processing" and "Format of spool files".

mod acl_headers;
mod arriving;
mod body;
mod caller;
mod commit;
mod commit_order;
mod fixes;
mod immediate;
mod incoming;
mod origin;
mod received_line;
mod refused;
pub(crate) mod rewriting;
mod signatures;
mod spool_header;

pub use arriving::Arriving;
pub use caller::{Caller, CallerRequest, HostFields};
pub use commit::{Accepted, Discarded};
pub use commit_order::CommitOrder;
pub(crate) use incoming::ContentFault;
pub use incoming::{BeginError, Incoming, from_line_test};
pub use origin::Origin;
pub use refused::Refused;
