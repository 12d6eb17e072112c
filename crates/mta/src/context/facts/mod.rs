//! What is known about a connection, a message, an address and a host while mail flows.
//!
//! Plain data, serialisable, so that the same facts can be handed to a child process that delivers as the
//! recipient. Nothing here looks anything up; `Context` joins the facts with a configuration and services.
//!
//! # Invariants
//! * Bytes that came from outside are held raw here and become tainted values where a variable is answered.
//! * Empty and "not set" are different where Exim tells them apart: such fields are `Option`.

mod address;
mod connection;
mod event;
mod host;
mod message;
mod tls;

pub use address::{AddressFacts, LocalUser, SrsFacts};
pub use connection::{ConnectionFacts, Origin, OwnFacts};
pub use event::EventFacts;
pub use host::HostFacts;
pub use message::{BodyFacts, DnsListFacts, MessageFacts, RecipientFacts, VerifyMode};
pub use tls::TlsFacts;

use serde::{Deserialize, Serialize};

/// Everything that an expansion can ask about, apart from the configuration and the machine.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Facts {
    /// The incoming connection, or the local caller.
    pub connection: ConnectionFacts,
    /// The message being received, routed or delivered.
    pub message: MessageFacts,
    /// The address being checked, routed or delivered.
    pub address: AddressFacts,
    /// The remote host being talked to.
    pub host: HostFacts,
    /// The event that is being handled.
    #[serde(default)]
    pub event: EventFacts,
}
