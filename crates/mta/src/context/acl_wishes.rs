//! What ACLs asked for: header lines to add and remove, controls.
//!
//! # Invariants
//! * Controls of a message go when the message is over; controls of a connection stay.

use std::collections::BTreeSet;

use mail_types::value::Value;
use policy::acl::{AclPlace, AddedHeader};

/// What ACLs asked for while a message came in.
#[derive(Debug, Default)]
pub struct AclWishes {
    /// Where the ACL that runs now stands; none between ACLs.
    pub place: Option<AclPlace>,
    /// `add_header`, in order, not yet part of the message.
    pub added_headers: Vec<AddedHeader>,
    /// `remove_header`, in order.
    pub removed_headers: Vec<Value>,
    /// `control`s of this message.
    pub message: MessageControls,
    /// `control`s of this connection.
    pub connection: ConnectionControls,
    /// A refusal has told already why the sender does not verify.
    pub(crate) sender_failure_told: bool,
    /// Texts of `warn` lines that were written for this message.
    pub(crate) warned: BTreeSet<Vec<u8>>,
}

/// Controls that last as long as the message.
#[derive(Debug, Default)]
pub struct MessageControls {
    /// `caseful_local_part`.
    pub caseful_local_part: bool,
    /// `dmarc_disable_verify`.
    pub dmarc_disable_verify: bool,
    /// `dmarc_enable_forensic`.
    pub dmarc_enable_forensic: bool,
    /// `dkim_disable_verify`.
    pub dkim_disable_verify: bool,
    /// `fakereject`.
    pub fake_reject: Option<Value>,
    /// `fakedefer`.
    pub fake_defer: Option<Value>,
    /// `freeze`.
    pub freeze: bool,
    /// `freeze/no_tell`.
    pub freeze_no_tell: bool,
    /// `queue`.
    pub queue: bool,
    /// `queue/first_pass_route`.
    pub queue_first_pass: bool,
    /// `submission`.
    pub submission: Option<Submission>,
    /// `suppress_local_fixups`.
    pub suppress_local_fixups: bool,
    /// `utf8_downconvert`.
    pub utf8_downconvert: Option<i8>,
}

/// `control = submission`.
#[derive(Debug, Clone, Default)]
pub struct Submission {
    /// `/sender_retain`.
    pub sender_retain: bool,
    /// `/domain=`.
    pub domain: Option<Value>,
    /// `/name=`.
    pub name: Option<Value>,
}

/// Controls that last as long as the connection.
#[derive(Debug, Default)]
pub struct ConnectionControls {
    /// `enforce_sync` or `no_enforce_sync`.
    pub enforce_sync: Option<bool>,
    /// `no_pipelining`.
    pub no_pipelining: bool,
    /// `no_multiline_responses`.
    pub no_multiline_responses: bool,
    /// `no_delay_flush`.
    pub no_delay_flush: bool,
}

impl AclWishes {
    /// Forget what belonged to the message that is over.
    pub fn reset_message(&mut self) {
        self.added_headers.clear();
        self.removed_headers.clear();
        self.message = MessageControls::default();
        self.sender_failure_told = false;
        self.warned.clear();
    }
}
