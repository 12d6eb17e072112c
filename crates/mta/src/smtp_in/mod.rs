//! The SMTP server's sessions.
//!
//! [`session`] speaks with one client over any stream. The protocol itself (states, counters, framing) is
//! `smtp_proto::server`; what it asks is answered here, one file a question: `connect`, `hello`, `mail`, `rcpt`, `data`,
//! `verify_commands`, `quit`.
//!
//! # Invariants
//! * One question is answered at a time; nothing of the client's input is used while it is open.
//! * A session holds the configuration that was in force when it began.
//! * `250` for a message is sent after the spool's commit returned, never before.
//!
//! # Security
//! Runs in the worker. Everything that comes in is hostile. A panic costs this session only: it ends with 421 and a
//! line in the panic log.
//!
//! # Failure
//! What this machine cannot do now (descriptors, memory, disk, a configuration that does not expand) is answered with
//! 4xx.
//!
//! # Compatibility
//! Specification, chapters "SMTP processing" and "Access control lists". Replies and log lines are the oracle's.

mod acl;
mod client;
mod connect;
mod data;
mod dkim;
mod faults;
mod hello;
mod link;
mod mail;
mod parameters;
mod quit;
mod rcpt;
mod session;
mod starttls;
#[cfg(test)]
mod tests;
mod verify_commands;

pub use client::Client;
pub(crate) use parameters::{message_size_limit, receive_timeout, recipients_max};
pub use session::{SessionEnd, session};
