//! What became of an address.

use std::time::Duration;

use super::{Auth, Pipelining, RemoteHost, Tls};

/// An address with its ancestry, as delivery lines show it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogAddress {
    /// What was delivered to: an address, a local part, `:blackhole:`, a file name, `|command`.
    pub target: Vec<u8>,
    /// Further forms between the target and the original, nearest first.
    pub parents: Vec<Vec<u8>>,
    /// The recipient in the envelope, where it differs.
    pub original: Option<Vec<u8>>,
}

/// The flag of a delivery line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeliveryKind {
    /// `=>`.
    #[default]
    First,
    /// `->`: a further address of the same delivery.
    Further,
    /// `>>`: cutthrough.
    Cutthrough,
    /// `*>`: `-N`.
    Suppressed,
}

/// What the SMTP session of a delivery was like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// Who authenticated.
    pub auth: Option<Auth>,
    /// TLS.
    pub tls: Option<Tls>,
    /// How the session began, a letter a step (`PS=`).
    pub startup: String,
    /// `L`.
    pub pipelining: Pipelining,
    /// PIPECONNECT was used (`L*`).
    pub early_pipe: bool,
    /// `K`.
    pub chunking: bool,
    /// `PRDR`.
    pub prdr: bool,
    /// The proxy that we went through (`PRX=`).
    pub proxy: Option<Vec<u8>>,
    /// The reply to the final dot (`C=`).
    pub confirmation: Option<Vec<u8>>,
}

/// What a `=>` line tells.
#[derive(Clone, Debug, Default)]
pub struct Delivered {
    /// The flag.
    pub kind: DeliveryKind,
    /// The address.
    pub address: LogAddress,
    /// `F=`: the message's sender.
    pub sender: Vec<u8>,
    /// `SRS=`: the sender that a redirect router rewrote.
    pub srs: Option<Vec<u8>>,
    /// `P=`: the return path that went out; none where nothing was delivered (`:blackhole:`, `/dev/null`).
    pub return_path: Option<Vec<u8>>,
    /// `R=`.
    pub router: Option<Vec<u8>>,
    /// `T=`.
    pub transport: Option<Vec<u8>>,
    /// `S=`.
    pub size: Option<u64>,
    /// `H=`, for SMTP.
    pub host: Option<RemoteHost>,
    /// The session, for SMTP.
    pub session: Option<Session>,
    /// `Q=`, for a named queue.
    pub queue: Option<Vec<u8>>,
    /// `ST=`: the shadow transport, with its error in parentheses.
    pub shadow: Option<Vec<u8>>,
    /// The text in quotes after `C=` of a pipe's or LMTP's answer.
    pub message: Option<Vec<u8>>,
    /// `QT=`: from the arrival to now, and the time that the reception took.
    pub queue_time: Option<(Duration, Duration)>,
    /// `DT=`.
    pub deliver_time: Option<Duration>,
}

/// What a `**` line tells.
#[derive(Clone, Debug, Default)]
pub struct Failed {
    /// The address.
    pub address: LogAddress,
    /// `F=`: the message's sender.
    pub sender: Vec<u8>,
    /// `P=`: the return path, where a transport was started.
    pub return_path: Option<Vec<u8>>,
    /// `R=`.
    pub router: Option<Vec<u8>>,
    /// `T=`.
    pub transport: Option<Vec<u8>>,
    /// `H=`.
    pub host: Option<RemoteHost>,
    /// TLS of the session.
    pub tls: Option<Tls>,
    /// The system's reason, where there is one.
    pub errno_text: Option<String>,
    /// What is wrong.
    pub message: Vec<u8>,
    /// `DT=`.
    pub deliver_time: Option<Duration>,
}

/// Where in the work an address was deferred; decides the words before `defer`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeferReason {
    /// `R= T= defer (n)`.
    #[default]
    Delivery,
    /// "retry time not reached" and its like: left out without `retry_defer`.
    RetryTime,
    /// `routing defer (n)`: left out without `retry_defer`.
    RoutingRetryTime,
}

/// What a `==` line tells.
#[derive(Clone, Debug, Default)]
pub struct Deferred {
    /// The address.
    pub address: LogAddress,
    /// `R=`.
    pub router: Option<Vec<u8>>,
    /// `T=`.
    pub transport: Option<Vec<u8>>,
    /// What was under way.
    pub reason: DeferReason,
    /// The number in parentheses.
    pub errno: i32,
    /// The system's words for a positive number.
    pub errno_text: Option<String>,
    /// `H=`.
    pub host: Option<RemoteHost>,
    /// What is wrong, if more is to be said.
    pub message: Option<Vec<u8>>,
    /// `DT=`.
    pub deliver_time: Option<Duration>,
    /// The panic log has the line as well.
    pub panic: bool,
}

/// A host that failed while others may still be tried: `H=mx [192.0.2.1]: SMTP error …`.
#[derive(Clone, Debug, Default)]
pub struct HostError {
    /// The host.
    pub host: RemoteHost,
    /// The whole text after it; a colon stands between unless `plain`.
    pub message: Vec<u8>,
    /// No colon before the text (`H=mx [192.0.2.1] Connection refused`).
    pub plain: bool,
}
