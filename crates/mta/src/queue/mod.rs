//! The queue: what waits, when it is tried, and what people may do to it.
//!
//! [`Manager`] is the server's own: it hears of new messages, starts attempts and queue runs, and keeps an index of the
//! spool. [`run`] holds a queue run as commands do it, one message after the other; [`act`] and [`listing`] are what
//! `-M…` and `-bp…` do; [`control`] lets programs talk to the server.
//!
//! # Invariants
//! * The index is a hint: each attempt takes the message's lock and reads the envelope anew.
//! * One attempt at a message at a time; a panic costs that attempt and nothing else.
//! * The cost of an arrival or of the end of an attempt grows with the logarithm of the queue's length at most.
//!
//! # Failure
//! A word that is lost on its way to the manager costs time: the spool is looked through again when it changes.
//!
//! # Compatibility
//! Specification chapter "The Exim command line", options `-q`, `-R`, `-S`, `-M…`, `-bp…`; main options
//! `queue_run_max`, `queue_run_in_order`, `queue_only`.

pub mod act;
pub mod control;
mod index;
pub mod listing;
pub mod run;
mod run_request;
mod select;
mod server;
mod tasks;

pub use run::run_once;
pub use run_request::{RunRequest, Select};
pub use server::{Inbox, Manager, ManagerOptions, Waker, channel};

#[cfg(test)]
mod tests;
