//! What can happen to a message, a connection or the program, told once.
//!
//! An [`Event`] holds facts and no sentence; [`crate::render`] makes Exim's line of it, for the logs that it belongs to.
//! A caller fills in all it knows, whatever `log_selector` says: what shows is the renderer's affair.
//!
//! # Invariants
//! * Each variant has one rendering, tested against lines of Debian's Exim.
//!
//! # Security
//! Nearly every byte string here comes from a peer; the renderer escapes control bytes.
//!
//! # Compatibility
//! Specification chapter "Log files".

mod connection;
mod delivery;
mod message;
mod process;
mod reception;
mod smtp;

pub use connection::{Auth, Peer, RemoteHost, Tls};
pub use delivery::{DeferReason, Deferred, Delivered, DeliveryKind, Failed, HostError, LogAddress, Session};
pub use message::{FrozenBy, MessageEvent};
pub use process::{ListenOn, Listening, ProcessEvent};
pub use reception::{BodyType, Pipelining, Received, SenderPolicies};
pub use smtp::{Dropped, Rejected, RejectedMessage, Rejection, SmtpEvent, SmtpNews, TooBig};

/// One thing that happened and that an administrator may want to know.
#[derive(Clone, Debug)]
pub enum Event {
    /// `<=` and `(=`: a message arrived.
    Received(Box<Received>),
    /// `=>`, `->`, `>>`, `*>`: an address was delivered.
    Delivered(Box<Delivered>),
    /// `**`: an address failed.
    Failed(Box<Failed>),
    /// `==`: an address was deferred.
    Deferred(Box<Deferred>),
    /// One host of several could not take a message.
    HostError(Box<HostError>),
    /// A change of a message's state.
    Message(MessageEvent),
    /// Something in an incoming SMTP session.
    Smtp(Box<SmtpEvent>),
    /// Something about the program itself.
    Process(ProcessEvent),
    /// Text that an ACL or a filter wants in the log (`log_message` of `warn`, `logwrite`).
    Text {
        /// The text as configured.
        text: Vec<u8>,
        /// Where it goes.
        streams: Streams,
    },
    /// Something is wrong with this system; main log and panic log.
    Problem(Vec<u8>),
}

impl From<MessageEvent> for Event {
    fn from(event: MessageEvent) -> Self {
        Self::Message(event)
    }
}

impl From<ProcessEvent> for Event {
    fn from(event: ProcessEvent) -> Self {
        Self::Process(event)
    }
}

/// The logs that a line goes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Streams {
    /// The main log.
    pub main: bool,
    /// The reject log.
    pub reject: bool,
    /// The panic log.
    pub panic: bool,
}

impl Streams {
    /// The main log alone.
    pub const MAIN: Self = Self { main: true, reject: false, panic: false };
    /// The main log and the reject log.
    pub const REJECT: Self = Self { main: true, reject: true, panic: false };
    /// The main log and the panic log.
    pub const PANIC: Self = Self { main: true, reject: false, panic: true };
    /// No log.
    pub const NONE: Self = Self { main: false, reject: false, panic: false };
}
