//! Facts about one message: envelope, header lines, sizes, and what ACLs attached to it.

use std::collections::BTreeMap;

use mail_message::header::HeaderLine;
use mail_types::clock::Timestamp;
use mail_types::message_id::MessageId;
use mail_types::value::Value;
use serde::{Deserialize, Serialize};

/// A recipient of the envelope.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RecipientFacts {
    /// The qualified address.
    pub address: Vec<u8>,
    /// `errors_to` of the router that made this recipient permanent (`one_time`).
    pub errors_to: Option<Vec<u8>>,
    /// Index of the parent recipient, for `one_time`.
    pub parent: Option<u32>,
    /// RFC 3461 ORCPT as sent.
    pub orcpt: Option<Vec<u8>>,
    /// RFC 3461 NOTIFY as Exim's bits: 2 never, 4 success, 8 failure, 16 delay.
    pub notify: u8,
}

/// What reading the body showed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BodyFacts {
    /// `$message_body_size`.
    pub size: u64,
    /// `$body_linecount`.
    pub linecount: u64,
    /// `$body_zerocount`.
    pub zerocount: u64,
    /// `$max_received_linelength`, header lines included.
    pub max_line: u64,
    /// `$message_body` before newlines are turned into spaces.
    pub start: Vec<u8>,
    /// `$message_body_end` likewise.
    pub end: Vec<u8>,
    /// The spool holds it with CRLF as line ends (`spool_wireformat`).
    pub wire: bool,
}

/// The last match of a `dnslists` condition.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DnsListFacts {
    /// `$dnslist_domain`.
    pub domain: Vec<u8>,
    /// `$dnslist_matched`.
    pub matched: Vec<u8>,
    /// `$dnslist_text`.
    pub text: Vec<u8>,
    /// `$dnslist_value`.
    pub value: Vec<u8>,
}

/// What `$verify_mode` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum VerifyMode {
    /// Not verifying.
    #[default]
    None,
    /// `S`
    Sender,
    /// `R`
    Recipient,
}

/// One message.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct MessageFacts {
    /// `$message_exim_id`.
    pub id: Option<MessageId>,
    /// `$sender_address`; empty for a bounce and before MAIL.
    pub sender_address: Vec<u8>,
    /// Whether MAIL (or its local equivalent) has been accepted.
    pub sender_set: bool,
    /// `$return_path` where delivery changed it; else the sender.
    pub return_path: Option<Vec<u8>>,
    /// The envelope's recipients.
    pub recipients: Vec<RecipientFacts>,
    /// Header lines in order.
    pub headers: Vec<HeaderLine>,
    /// What the body holds; default before it was read.
    pub body: BodyFacts,
    /// `$message_size`; before the data were read, the SIZE announced with MAIL, if any.
    pub size: Option<u64>,
    /// `$message_linecount`.
    pub linecount: u64,
    /// `$received_count`.
    pub received_count: u32,
    /// `$received_protocol`.
    pub received_protocol: Option<Vec<u8>>,
    /// `$received_time`.
    pub received_time: Timestamp,
    /// `$received_for`, set while the Received: line is made.
    pub received_for: Option<Vec<u8>>,
    /// `$message_smtputf8`.
    pub smtputf8: bool,
    /// REQUIRETLS of the MAIL command.
    pub requiretls: bool,
    /// `7` or `8` from BODY=, 0 when not given.
    pub body_8bitmime: u8,
    /// `$originator_uid`.
    pub originator_uid: u32,
    /// `$originator_gid`.
    pub originator_gid: u32,
    /// Login name of the submitter, as the -H file keeps it.
    pub originator_login: Vec<u8>,
    /// `$authenticated_sender`.
    pub authenticated_sender: Option<Vec<u8>>,
    /// `$rcpt_count`.
    pub rcpt_count: u32,
    /// `$rcpt_defer_count`.
    pub rcpt_defer_count: u32,
    /// `$rcpt_fail_count`.
    pub rcpt_fail_count: u32,
    /// `$queue_name`.
    pub queue_name: Vec<u8>,
    /// `$acl_m…`, keyed by what stands after `acl_m`.
    pub acl_m: BTreeMap<Vec<u8>, Value>,
    /// `$verify_mode`.
    pub verify_mode: VerifyMode,
    /// `$acl_verify_message`.
    pub acl_verify_message: Option<Value>,
    /// `$sender_address_data`.
    pub sender_address_data: Option<Value>,
    /// `$sender_data`.
    pub sender_data: Option<Value>,
    /// `$recipient_data`.
    pub recipient_data: Option<Value>,
    /// `$sender_verify_failure`.
    pub sender_verify_failure: Option<Vec<u8>>,
    /// `$recipient_verify_failure`.
    pub recipient_verify_failure: Option<Vec<u8>>,
    /// `$dnslist_…`.
    pub dnslist: DnsListFacts,
    /// `$n0` to `$n9`.
    pub filter_counters: [i64; 10],
    /// `$sn0` to `$sn9`.
    pub system_filter_counters: [i64; 10],
    /// Whether the message is frozen, as the -H file says.
    pub frozen: bool,
    /// `$message_age` as fixed at the start of a delivery.
    pub age_secs: u64,
    /// `$bounce_recipient`.
    pub bounce_recipient: Option<Vec<u8>>,
    /// `$warn_message_delay`.
    pub warn_message_delay: Option<Vec<u8>>,
    /// `$warn_message_recipients`.
    pub warn_message_recipients: Option<Vec<u8>>,
}
