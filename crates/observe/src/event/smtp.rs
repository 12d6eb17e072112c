//! What happens in an incoming SMTP session.

use std::time::Duration;

use super::{Auth, Peer, SenderPolicies, Streams, Tls};

/// Something in an incoming session, with the peer that it concerns.
#[derive(Clone, Debug)]
pub struct SmtpEvent {
    /// The peer.
    pub peer: Peer,
    /// What happened.
    pub news: SmtpNews,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum SmtpNews {
    /// A connection was accepted, with the number of connections that are open now (none for `-bs`).
    Opened {
        /// Connections now open.
        count: Option<u32>,
    },
    /// A connection was turned away before its greeting: `refused: too many connections …`.
    Refused {
        /// Exim's reason.
        reason: Vec<u8>,
    },
    /// The connection is over: `by QUIT`, `by DROP in ACL`.
    Closed {
        /// How.
        how: &'static str,
    },
    /// The client closed the connection between transactions.
    Lost {
        /// The system's error, if it was not a plain end.
        error: Option<String>,
        /// Length of the session.
        duration: Duration,
    },
    /// The client closed the connection within a transaction.
    UnexpectedDisconnection {
        /// The system's error.
        error: Option<String>,
        /// Length of the session.
        duration: Duration,
    },
    /// The client closed the connection while it sent a message.
    LostWhileReading {
        /// `header` before the first line, `after header` before the body, none in the body.
        stage: Option<&'static str>,
    },
    /// Under TLS, the client threw the connection away instead of reading the answer to QUIT.
    ResetAfterQuit,
    /// No command in time.
    CommandTimeout,
    /// No more data in time.
    DataTimeout {
        /// Envelope sender.
        sender: Vec<u8>,
    },
    /// The session ended without MAIL.
    NoMail {
        /// Length of the session.
        duration: Duration,
        /// The last 20 commands.
        commands: Vec<Vec<u8>>,
        /// Whether there were more.
        more: bool,
        /// Authentication.
        auth: Option<Auth>,
        /// TLS.
        tls: Option<Tls>,
    },
    /// A transaction gave no message.
    IncompleteTransaction {
        /// What ended it: `RSET`, `QUIT`, `connection lost` …
        cause: &'static str,
        /// Envelope sender.
        sender: Vec<u8>,
        /// Recipients that had been accepted.
        recipients: Vec<Vec<u8>>,
    },
    /// A command that makes no sense.
    SyntaxError {
        /// The command line.
        command: Vec<u8>,
        /// What is wrong.
        problem: Vec<u8>,
    },
    /// A command out of place.
    ProtocolError {
        /// The command line.
        command: Vec<u8>,
        /// What is wrong.
        problem: Vec<u8>,
    },
    /// The session was ended because of the client's behaviour.
    Dropped(Dropped),
    /// Input came before the greeting.
    SyncGreeting {
        /// The input.
        input: Vec<u8>,
    },
    /// Input came before the reply.
    SyncCommand {
        /// The command.
        command: Vec<u8>,
        /// The input after it.
        input: Vec<u8>,
        /// PIPELINING had been offered.
        pipelining_advertised: bool,
    },
    /// `syntactically invalid argument(s)`.
    HeloInvalid {
        /// `HELO` or `EHLO`.
        verb: &'static str,
        /// The argument.
        argument: Vec<u8>,
    },
    /// `helo_verify_hosts`: the argument is not the client's own name.
    HeloNotVerified {
        /// Verb and argument.
        command: Vec<u8>,
        /// It could not be found out.
        temporary: bool,
    },
    /// `refused connection from … (host_reject_connection)`: an option names the client.
    HostRejected {
        /// The option.
        option: &'static str,
    },
    /// `smtp_accept_max_per_connection` was reached.
    TooManyMessages,
    /// VRFY was allowed, and the address is no good.
    VrfyFailed {
        /// The argument.
        address: Vec<u8>,
    },
    /// MAIL without HELO.
    NoHelo,
    /// An ACL or a check refused something.
    Rejected(Box<Rejection>),
    /// `discard` in the RCPT or the MAIL ACL.
    RcptDiscarded {
        /// Envelope sender.
        sender: Vec<u8>,
        /// The recipient.
        recipient: Vec<u8>,
        /// The ACL: `RCPT`, or `MAIL` for all recipients of a message.
        by: &'static str,
        /// `log_message`.
        message: Option<Vec<u8>>,
    },
    /// `sender verify fail` / `sender verify defer`.
    SenderVerifyFailed {
        /// The sender.
        sender: Vec<u8>,
        /// It was only a defer.
        temporary: bool,
        /// Why.
        message: Option<Vec<u8>>,
    },
    /// An address without a domain.
    Unqualified {
        /// `sender` or `recipient`.
        which: &'static str,
        /// The address.
        address: Vec<u8>,
    },
    /// `recipients_max` was reached.
    TooManyRecipients {
        /// Envelope sender.
        sender: Vec<u8>,
        /// The excess was refused for the time being.
        temporary: bool,
    },
    /// `message_size_limit` was reached.
    TooBig(TooBig),
    /// `log_message` of a `warn` verb.
    Warning {
        /// The text.
        text: Vec<u8>,
    },
    /// ETRN.
    Etrn {
        /// The argument.
        argument: Vec<u8>,
    },
    /// No name for the client's address: `no host name found for IP address …`.
    HostLookupFailed {
        /// The whole sentence.
        text: Vec<u8>,
    },
    /// A name in a host list has no address: `no IP address found for host …`.
    NoHostAddress {
        /// The name.
        name: Vec<u8>,
    },
    /// A condition of a `warn` verb could not be decided.
    WarnSkipped {
        /// The rest of the sentence.
        text: Vec<u8>,
    },
    /// TLS went wrong: `TLS error on connection from … (step): reason`.
    TlsError {
        /// The step.
        step: &'static str,
        /// The reason.
        reason: Vec<u8>,
    },
}

/// Why a session was ended.
#[derive(Clone, Debug)]
pub enum Dropped {
    /// `smtp_max_unknown_commands`.
    UnknownCommands {
        /// The last one.
        last: Vec<u8>,
    },
    /// `smtp_accept_max_nonmail`.
    NonmailCommands {
        /// The last one.
        last: Vec<u8>,
    },
    /// `smtp_max_synprot_errors`.
    SynprotErrors {
        /// The last command line.
        last: Vec<u8>,
        /// The command history.
        commands: Vec<Vec<u8>>,
    },
}

/// Where a message was found to be too big.
#[derive(Clone, Debug)]
pub enum TooBig {
    /// The SIZE argument of MAIL.
    Announced {
        /// Envelope sender.
        sender: Vec<u8>,
        /// SIZE.
        size: u64,
        /// The limit.
        max: u64,
    },
    /// The data.
    Read {
        /// Envelope sender.
        sender: Vec<u8>,
        /// Bytes read.
        read: u64,
        /// The limit.
        max: u64,
        /// For the reject log.
        rejected: RejectedMessage,
    },
}

/// What was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// The connection: `connection in "connect" ACL`.
    Connection,
    /// `EHLO or HELO name`.
    Helo(Vec<u8>),
    /// `MAIL <address>`.
    Mail(Vec<u8>),
    /// `RCPT <address>`.
    Rcpt(Vec<u8>),
    /// The DATA command.
    Data,
    /// The message.
    AfterData,
    /// A signature: `DKIM`.
    Dkim,
    /// A command with its argument: `VRFY x`, `EXPN x`, `ETRN x`, `AUTH x`, `STARTTLS`.
    Command(Vec<u8>),
    /// A message that did not come by SMTP (`by non-SMTP ACL`).
    NonSmtp,
    /// Anything else, in Exim's words (`by local_scan()` …).
    Other(Vec<u8>),
}

/// A refusal.
#[derive(Clone, Debug)]
pub struct Rejection {
    /// What.
    pub what: Rejected,
    /// 4xx instead of 5xx.
    pub temporary: bool,
    /// `F=`: the sender, once MAIL was accepted.
    pub sender: Option<Vec<u8>>,
    /// Authentication (`A=`).
    pub auth: Option<Auth>,
    /// TLS.
    pub tls: Option<Tls>,
    /// What policies of the sender's domains came to.
    pub policies: SenderPolicies,
    /// The text for the log.
    pub message: Option<Vec<u8>>,
    /// Envelope and header for the reject log.
    pub rejected: Option<RejectedMessage>,
    /// The logs that hear of it (`log_reject_target`).
    pub streams: Streams,
}

/// Envelope and header of a message that was refused, for the reject log.
#[derive(Clone, Debug, Default)]
pub struct RejectedMessage {
    /// Envelope sender.
    pub sender: Vec<u8>,
    /// Recipients.
    pub recipients: Vec<Vec<u8>>,
    /// Header lines with the letter of their kind (`P`, `F`, `T`, ` ` …).
    pub headers: Vec<(u8, Vec<u8>)>,
}
