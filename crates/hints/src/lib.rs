//! Hints: what earlier attempts taught about hosts and addresses.
//!
//! Retry times, messages that wait for a host, results of callouts and other things that are good to remember and no loss
//! to forget. Other code sees the trait [`Hints`]; [`SqliteHints`] keeps them in SQLite files, [`MemoryHints`] in memory.
//!
//! # Invariants
//! * Hints are never needed: each read may answer "nothing known", each write may be lost, the files may be deleted while
//!   the program runs.
//! * A record that doesn't make sense is the same as no record.
//!
//! # Security
//! Keys and texts come from peers: they are bound parameters of SQL statements and never part of one. Files are opened
//! by the mail user alone.
//!
//! # Failure
//! No call fails. Problems of the store are counted and told to the callback given at opening.
//!
//! # Compatibility
//! The contents are those of Exim's `retry`, `wait-<transport>` and `callout` databases; the files are of our own.

mod key;
mod memory;
mod record;
mod reports;
mod sqlite;
mod store;

pub use key::{RetryKey, RetryKind};
pub use memory::MemoryHints;
pub use record::{CalloutRecord, CalloutResult, RetryRecord};
pub use reports::{Alone, AuthResult, DmarcResult, ReportRow, ReportStore, Sending, SentReport, TlsSession};
pub use sqlite::{SqliteHints, stored_record};
pub use store::Hints;
