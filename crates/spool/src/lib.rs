//! The spool on disk: commit, lock, journal, scan, recovery.
//!
//! [`Spool`] is one queue of the spool directory (the default queue or a named one). A message comes in through
//! [`Spool::begin`] and [`Spool::commit`]; it is worked on through [`Spool::lock`], which gives a [`LockedMessage`];
//! it leaves through [`LockedMessage::finish`]. Everything blocks: callers on the async side use a pool.
//!
//! # Invariants
//! * When [`Spool::commit`] returns, the message survives a power cut, whole.
//! * What [`LockedMessage::journal_append`] was given is never delivered again, once it has returned.
//! * The spool files are the truth; nothing else is needed to start again.
//! * Whoever works on a message holds the lock on its -D file; the lock dies with its holder.
//!
//! # Security
//! Runs as the mail user, below one directory that is opened once; links are not followed. File contents are untrusted.
//!
//! # Failure
//! Each error says what the peer may hear ([`SpoolError::reply`]). A sync that failed is final: both files go, and the
//! sender keeps the message.
//!
//! # Compatibility
//! Files, names, modes and the lock are Exim's, so that both programs can work on one spool. Differences: docs/compat.md

pub mod disk;
mod error;
mod generation;
mod group_sync;
mod id_allocator;
mod incoming;
mod layout;
mod locked;
mod recovery;
mod scan;
mod store;
mod together;

pub use error::{SpoolError, SpoolFault};
pub use group_sync::SyncCounts;
pub use incoming::{Committed, DataWriter};
pub use layout::{NotAQueueName, QueueName};
pub use locked::{DataFile, DataReader, LockOutcome, LockedMessage};
pub use recovery::Recovery;
pub use scan::ScanEntry;
pub use spool_format::{Header, HeaderKind, HeaderLine, NonRecipients, Recipient};
pub use store::{Space, Spool, SpoolConfig};
pub use together::Ending;
