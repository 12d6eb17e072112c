//! The server's side of an SMTP session.
//!
//! [`Session`] is stepped with [`Event`]s. It writes replies and decoded message
//! content into an [`Output`] and asks its [`Ask`]s there; the caller runs ACLs,
//! verification and the commit, and comes back with [`Event::Answer`].
//!
//! How a caller drives it: keep unread octets in a buffer; call [`Session::step`]
//! with the event and that buffer; drop `output.consumed` octets from its front;
//! write `output.replies` to the peer; store `output.content`; act on
//! `output.ask`; repeat while something was consumed or answered. While an ask is
//! open nothing is consumed. [`Session::is_closed`] ends it.
//!
//! # Security
//! Input is hostile. See `Parameters` for the limits.
//!
//! # Compatibility
//! Exim's replies and log texts (faults), word for word.

mod answer_step;
mod ask;
mod command_step;
mod fault;
mod parameters;
mod session;
mod state;

pub use crate::command::{MailCommand, RcptCommand};
pub use ask::{Answer, Ask, HelloKind, NotQuitReason};
pub use fault::{MessagePart, PeerFault};
pub use parameters::Parameters;
pub use session::{Event, Output, Session};
pub use state::ServerState;

#[cfg(test)]
mod tests;
