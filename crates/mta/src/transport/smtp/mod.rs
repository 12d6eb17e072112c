//! The `smtp` transport: mail to other hosts, by SMTP or LMTP over TCP.
//!
//! [`deliver`] takes a batch of addresses through their hosts. Connections that carried a message stay open for a few
//! seconds in [`Connections`], for the next message to the same host.
//!
//! # Invariants
//! * Each address gets one result.
//! * Nothing is written to hints or log here: the reply says what to write.
//!
//! # Security
//! Hosts are hostile. Runs in the worker, without privilege.
//!
//! # Compatibility
//! Specification, chapter "The smtp transport", and "Outgoing SMTP and LMTP over TCP/IP". AUTH is not
//! spoken yet (docs/compat.md).

mod batch;
mod connection;
mod connections;
mod demand;
mod dialogue;
mod dscp;
mod fault;
mod hosts;
mod run;
mod secure;
mod settings;
mod sign;
mod tls_report;

pub use batch::{
    Acceptance, AddressResult, Batch, BatchAddress, BatchReply, Journal, RetryChange, RetryFailure,
};
pub use connections::Connections;
pub use demand::tlsa;
pub use run::{Explained, deliver, explain};

#[cfg(test)]
mod tests;
