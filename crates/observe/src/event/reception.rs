//! The arrival of a message.

use std::time::Duration;

use mail_types::MessageId;

use super::{Auth, Peer, Tls};

/// How PIPELINING stood when a message arrived or left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pipelining {
    /// It was not offered.
    #[default]
    No,
    /// Offered and not used (`L-`).
    Offered,
    /// Used (`L`).
    Used,
}

/// The BODY argument of MAIL (`M8S=`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyType {
    /// There was none.
    #[default]
    None,
    /// 7BIT.
    SevenBit,
    /// 8BITMIME.
    EightBitMime,
}

/// What a `<=` line tells.
#[derive(Clone, Debug, Default)]
pub struct Received {
    /// The reply was a faked rejection (`(=`).
    pub fake_reject: bool,
    /// The envelope sender; empty for a bounce.
    pub sender: Vec<u8>,
    /// The message that this bounce is about (`R=`).
    pub bounce_of: Option<MessageId>,
    /// Where it came from.
    pub peer: Peer,
    /// `P=`.
    pub protocol: Vec<u8>,
    /// `L`.
    pub pipelining: Pipelining,
    /// PIPECONNECT: whether it was offered, and if so whether it was used (`L.`, `L*`).
    pub early_pipe: Option<bool>,
    /// TLS of the session.
    pub tls: Option<Tls>,
    /// Who authenticated.
    pub auth: Option<Auth>,
    /// `PRDR`.
    pub prdr: bool,
    /// The proxy's address towards us (`PRX=`).
    pub proxy: Option<Vec<u8>>,
    /// `K`: BDAT was used.
    pub chunking: bool,
    /// The names of the peer were found with signed lookups (`DS`).
    pub dnssec: bool,
    /// `S=`.
    pub size: u64,
    /// `M8S=`.
    pub body: BodyType,
    /// `Q=`, for a named queue.
    pub queue: Option<Vec<u8>>,
    /// `RT=`.
    pub receive_time: Duration,
    /// `id=`: the Message-ID without its angle brackets.
    pub message_id_header: Option<Vec<u8>>,
    /// The Message-ID was made here (`id*=`).
    pub message_id_created: bool,
    /// `T=`: the subject with its MIME words decoded.
    pub subject: Option<Vec<u8>>,
    /// `from`: the sender before rewriting.
    pub raw_sender: Vec<u8>,
    /// `for`: the recipients.
    pub recipients: Vec<Vec<u8>>,
    /// `DKIM=`: a domain whose signature verified.
    pub dkim: Option<Vec<u8>>,
    /// `ARC`: the chain holds.
    pub arc: bool,
    /// `SPF`, `DMARC`: what policies of the sender's domains came to.
    pub policies: SenderPolicies,
}

/// Results of sender policies that were checked, as words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderPolicies {
    /// `SPF`.
    pub spf: Option<&'static str>,
    /// `DMARC`.
    pub dmarc: Option<&'static str>,
}
