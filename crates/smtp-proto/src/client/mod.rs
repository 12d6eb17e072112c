//! The client's side of an SMTP (or LMTP) session.
//!
//! [`Handshake`] takes a new connection to the point where mail may be sent; [`Transaction`] sends one message to
//! its recipients. Both are fed replies and say what to send; the caller owns the socket, the timeouts and the
//! words of the log. Content goes through [`crate::dot::Encoder`].
//!
//! # Invariants
//! * Each reply is matched with the command it answers; a reply too many ends the session.
//! * A recipient is delivered to only when the final reply said so.
//!
//! # Security
//! The peer is hostile: replies come through [`crate::reply::ReplyParser`] and its limits. What we send never holds
//! a line break that came from an address.
//!
//! # Compatibility
//! Specification, "Errors in outgoing SMTP"; the order of MAIL's parameters is Exim's.
//!
//! # References
//! RFC 5321, RFC 2033 (LMTP), RFC 2920, RFC 3030.

mod handshake;
mod transaction;

pub use handshake::{Handshake, HandshakeFailure, HandshakeStep, Protocol};
pub use transaction::{
    Content, Delivered, MailFrom, Recipient, RecipientOutcome, Stage, Step, Transaction, TransactionOutcome,
    bdat,
};
