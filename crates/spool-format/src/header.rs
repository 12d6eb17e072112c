//! What a -H file says, as a struct.
//!
//! # Invariants
//! * Every field stands for exactly one thing in the file; what the struct doesn't know is in [`Header::unknown`].
//!
//! # Compatibility
//! Field names are the names of the lines in the file, as far as they have one.

use mail_types::{MessageId, Timestamp, Value};
use serde::{Deserialize, Serialize};

use crate::NonRecipients;

/// The envelope, the state and the header lines of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The message's id.
    pub id: MessageId,
    /// Login name of the process that called us.
    pub login: Vec<u8>,
    /// Its user id.
    pub uid: i64,
    /// Its group id.
    pub gid: i64,
    /// The envelope's sender, without brackets; empty for a bounce.
    pub sender: Vec<u8>,
    /// When reception began.
    pub received_time: Timestamp,
    /// The microseconds of `received_time` stand in the file (`-received_time_usec`).
    pub received_time_usec: bool,
    /// When reception was complete (`-received_time_complete`).
    pub received_time_complete: Option<Timestamp>,
    /// How many warnings of delay have been sent.
    pub warning_count: i64,

    /// No delivery has been tried yet.
    pub deliver_firsttime: bool,
    /// When the message was frozen, in seconds since the epoch.
    pub frozen: Option<i64>,
    /// An administrator thawed it.
    pub manual_thaw: bool,
    /// `-N`: deliveries are only pretended.
    pub dont_deliver: bool,

    /// What the peer called itself.
    pub helo_name: Option<Value>,
    /// The peer's address and port.
    pub host_address: Option<HostPort>,
    /// The peer's name, when it was looked up.
    pub host_name: Option<Value>,
    /// Looking the peer's name up failed.
    pub host_lookup_failed: bool,
    /// Looking the peer's name up was deferred.
    pub host_lookup_deferred: bool,
    /// Name of the authenticator.
    pub host_auth: Option<Value>,
    /// Its public name.
    pub host_auth_pubname: Option<Value>,
    /// `$authenticated_id`.
    pub auth_id: Option<Value>,
    /// `$authenticated_sender`.
    pub auth_sender: Option<Value>,
    /// Our own address and port.
    pub interface_address: Option<HostPort>,
    /// `$smtp_active_hostname` where it isn't the primary host name.
    pub active_hostname: Option<Value>,
    /// `$sender_ident`.
    pub ident: Option<Value>,
    /// `$received_protocol`.
    pub received_protocol: Option<Value>,

    /// ACL variables, connection's and message's, in the order of the file.
    pub acl_variables: Vec<AclVariable>,
    /// Sizes of the body.
    pub body: BodyCounts,
    /// The -D file has CRLF line ends.
    pub spool_file_wireformat: bool,

    /// Unqualified recipients in header lines stay so.
    pub allow_unqualified_recipient: bool,
    /// Unqualified senders in header lines stay so.
    pub allow_unqualified_sender: bool,
    /// From a local sender.
    pub local: bool,
    /// A bounce message made here.
    pub localerror: bool,
    /// The sender was set by an untrusted local caller.
    pub sender_set_untrusted: bool,
    /// `$local_scan_data`.
    pub local_scan: Option<Value>,
    /// What SpamAssassin said.
    pub spam: Spam,
    /// About the encrypted connection.
    pub tls: Tls,
    /// The message needs SMTPUTF8.
    pub smtputf8: bool,
    /// REQUIRETLS of the MAIL command (a line of Postrider's own).
    pub requiretls: bool,
    /// Whether to convert UTF-8 addresses on delivery.
    pub utf8_downcast: Utf8Downcast,
    /// ENVID of the DSN extension.
    pub dsn_envid: Option<Value>,
    /// RET of the DSN extension, as Exim's number (1: FULL, 2: HDRS); 0 when there is none.
    pub dsn_ret: i64,

    /// Lines of the option block that this version doesn't know, kept as they are.
    pub unknown: Vec<UnknownLine>,

    /// Who has it already, or must not get it.
    pub nonrecipients: NonRecipients,
    /// All recipients, delivered or not.
    pub recipients: Vec<Recipient>,
    /// The message's header lines.
    pub headers: Vec<HeaderLine>,
}

impl Header {
    /// A header with everything empty but what every message has.
    pub fn new(id: MessageId, sender: impl Into<Vec<u8>>, received_time: Timestamp) -> Self {
        Self {
            id,
            login: Vec::new(),
            uid: 0,
            gid: 0,
            sender: sender.into(),
            received_time,
            received_time_usec: true,
            received_time_complete: None,
            warning_count: 0,
            deliver_firsttime: false,
            frozen: None,
            manual_thaw: false,
            dont_deliver: false,
            helo_name: None,
            host_address: None,
            host_name: None,
            host_lookup_failed: false,
            host_lookup_deferred: false,
            host_auth: None,
            host_auth_pubname: None,
            auth_id: None,
            auth_sender: None,
            interface_address: None,
            active_hostname: None,
            ident: None,
            received_protocol: None,
            acl_variables: Vec::new(),
            body: BodyCounts::default(),
            spool_file_wireformat: false,
            allow_unqualified_recipient: false,
            allow_unqualified_sender: false,
            local: false,
            localerror: false,
            sender_set_untrusted: false,
            local_scan: None,
            spam: Spam::default(),
            tls: Tls::default(),
            smtputf8: false,
            requiretls: false,
            utf8_downcast: Utf8Downcast::default(),
            dsn_envid: None,
            dsn_ret: 0,
            unknown: Vec::new(),
            nonrecipients: NonRecipients::default(),
            recipients: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// The header lines that are part of the message: all but the deleted and replaced ones.
    pub fn live_headers(&self) -> impl Iterator<Item = &HeaderLine> {
        self.headers.iter().filter(|line| line.kind != HeaderKind::Old)
    }

    /// Recipients that are still to be delivered.
    pub fn pending(&self) -> impl Iterator<Item = &Recipient> {
        self.recipients.iter().filter(|r| !self.nonrecipients.contains(&r.address))
    }
}

/// An address of the network with a port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostPort {
    /// The IP address as text.
    pub address: Value,
    /// The port; 0 when the file has none.
    pub port: u16,
}

/// Whose an ACL variable is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AclScope {
    /// `acl_c...`
    Connection,
    /// `acl_m...`
    Message,
}

/// An ACL variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AclVariable {
    /// Whose it is.
    pub scope: AclScope,
    /// The name after `acl_c` or `acl_m`.
    pub name: Vec<u8>,
    /// The value.
    pub value: Value,
}

/// Sizes of the body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyCounts {
    /// Lines (`-body_linecount`); absent for a body in wire format.
    pub lines: Option<i64>,
    /// Zero bytes (`-body_zerocount`).
    pub zeros: i64,
    /// The longest line that was received (`-max_received_linelength`).
    pub longest_line: Option<i64>,
}

/// What SpamAssassin said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spam {
    /// `$spam_bar`
    pub bar: Option<Value>,
    /// `$spam_score`
    pub score: Option<Value>,
    /// `$spam_score_int`
    pub score_int: Option<Value>,
}

/// About the encrypted connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tls {
    /// The peer's certificate was verified.
    pub certificate_verified: bool,
    /// Cipher suite.
    pub cipher: Option<Value>,
    /// The peer's certificate in PEM, on one line: its newlines are written `\\n`.
    pub peercert: Option<Value>,
    /// The peer's distinguished name.
    pub peerdn: Option<Value>,
    /// Server name that the peer asked for.
    pub sni: Option<Value>,
    /// Our own certificate, as `peercert`.
    pub ourcert: Option<Value>,
    /// OCSP state, Exim's number.
    pub ocsp: Option<i64>,
    /// Session resumption, Exim's letter.
    pub resumption: Option<Value>,
    /// Version of the protocol.
    pub version: Option<Value>,
}

/// Whether to convert UTF-8 addresses on delivery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Utf8Downcast {
    /// No.
    #[default]
    No,
    /// Always (`-utf8_downcvt`).
    Always,
    /// Where the next hop needs it (`-utf8_optdowncvt`).
    IfNeeded,
}

/// A line of the option block that we don't know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownLine {
    /// Rank of the known line that it follows, so that it goes back to its place.
    pub after: u8,
    /// The whole line without its newline, with its hyphens.
    pub text: Vec<u8>,
}

/// One recipient.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// The address.
    pub address: Vec<u8>,
    /// Where errors go, when not to the envelope's sender.
    pub errors_to: Option<Vec<u8>>,
    /// For a child made permanent by `one_time`: its parent's number in the list.
    pub parent: Option<usize>,
    /// ORCPT of the DSN extension.
    pub orcpt: Option<Vec<u8>>,
    /// NOTIFY of the DSN extension, as Exim's flags (2 NEVER, 4 SUCCESS, 8 FAILURE, 16 DELAY); 0 when there is none.
    pub dsn_flags: i64,
}

impl Recipient {
    /// A plain recipient.
    pub fn new(address: impl Into<Vec<u8>>) -> Self {
        Self { address: address.into(), ..Self::default() }
    }
}

/// What kind of header line it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HeaderKind {
    /// Nothing special.
    #[default]
    Other,
    /// Bcc:
    Bcc,
    /// Cc:
    Cc,
    /// From:
    From,
    /// Message-ID:
    MessageId,
    /// Received:
    Received,
    /// Reply-To:
    ReplyTo,
    /// Sender:
    Sender,
    /// To:
    To,
    /// Replaced or deleted: kept for debugging, not part of the message.
    Old,
    /// A letter that we don't know.
    Unknown(u8),
}

impl HeaderKind {
    /// Its letter in the file.
    pub fn letter(self) -> u8 {
        match self {
            Self::Other => b' ',
            Self::Bcc => b'B',
            Self::Cc => b'C',
            Self::From => b'F',
            Self::MessageId => b'I',
            Self::Received => b'P',
            Self::ReplyTo => b'R',
            Self::Sender => b'S',
            Self::To => b'T',
            Self::Old => b'*',
            Self::Unknown(letter) => letter,
        }
    }

    /// The kind with this letter.
    pub fn from_letter(letter: u8) -> Self {
        match letter {
            b' ' => Self::Other,
            b'B' => Self::Bcc,
            b'C' => Self::Cc,
            b'F' => Self::From,
            b'I' => Self::MessageId,
            b'P' => Self::Received,
            b'R' => Self::ReplyTo,
            b'S' => Self::Sender,
            b'T' => Self::To,
            b'*' => Self::Old,
            other => Self::Unknown(other),
        }
    }

    /// The kind of a header line by its name; the `Resent-` forms are of the same kind.
    pub fn of_name(name: &[u8]) -> Self {
        let name = name.trim_ascii_end().to_ascii_lowercase();
        match name.strip_prefix(b"resent-").unwrap_or(&name) {
            b"bcc" => Self::Bcc,
            b"cc" => Self::Cc,
            b"from" => Self::From,
            b"message-id" => Self::MessageId,
            b"received" => Self::Received,
            b"reply-to" => Self::ReplyTo,
            b"sender" => Self::Sender,
            b"to" => Self::To,
            _ => Self::Other,
        }
    }
}

/// One header line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderLine {
    /// Its kind.
    pub kind: HeaderKind,
    /// Name, colon, text and newline (`\n`, also where it is folded).
    pub text: Vec<u8>,
}
