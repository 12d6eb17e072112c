//! How a message is to be committed: what its stage knows beside the context's facts.

use mail_types::message_id::MessageId;
use observe::event::Pipelining;

use crate::services::Arrival;

/// How a message is to be committed.
#[derive(Debug, Clone, Default)]
pub struct CommitOrder {
    /// The sender before rewriting.
    pub raw_sender: Vec<u8>,
    /// Content came by BDAT.
    pub chunking: bool,
    /// `RET=` as Exim's number.
    pub dsn_ret: i64,
    /// `ENVID=`.
    pub dsn_envid: Option<Vec<u8>>,
    /// `-N`.
    pub dont_deliver: bool,
    /// From a local sender whose address is the caller's own.
    pub local: bool,
    /// The sender was set by an untrusted caller.
    pub sender_set_untrusted: bool,
    /// A bounce made here, about this message.
    pub bounce_of: Option<MessageId>,
    /// A report made here.
    pub local_error: bool,
    /// How soon the message is to be tried: what the command line said.
    pub arrival: Option<Arrival>,
    /// What the ACL that discarded the message has to say about it.
    pub discard_text: Option<Vec<u8>>,
    /// Recipients that are not to get the message (arguments beside `-t`).
    pub nonrecipients: Vec<Vec<u8>>,
    /// How PIPELINING stood.
    pub pipelining: Pipelining,
    /// Messages that were accepted in this connection before.
    pub messages_before: u32,
}
