//! Changes of a message's state.

use std::time::Duration;

use mail_types::MessageId;

/// Why a message is frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FrozenBy {
    /// An ACL (`control = freeze`).
    Acl,
    /// `-Mf`, with the caller's login name.
    User(Vec<u8>),
    /// A bounce that can't be delivered: `Frozen (delivery error message)`.
    DeliveryError,
    /// A router or filter asked for it, with its text.
    Delivery(Option<Vec<u8>>),
    /// The bounce could not be written: `Process failed (1) when writing error message to … (frozen)`.
    BounceNotWritten {
        /// The exit status.
        status: i32,
        /// Whom the bounce was for.
        to: Vec<u8>,
    },
}

/// A message's life between arrival and the last delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageEvent {
    /// All is delivered: time since arrival, and the time that the reception took.
    Completed(Option<(Duration, Duration)>),
    /// `=> blackhole (DATA ACL discarded recipients)`; holds the ACL's name.
    DiscardedByAcl {
        /// The ACL's name in the line.
        acl: &'static str,
        /// Its `log_message`, else its `message`.
        message: Option<Vec<u8>>,
    },
    /// It was frozen.
    Frozen(FrozenBy),
    /// `Message is frozen`: left out of a delivery.
    IsFrozen,
    /// Another process is delivering it.
    SpoolLocked {
        /// The message.
        id: MessageId,
    },
    /// `-Mt`, with the caller's login name.
    UnfrozenBy(Vec<u8>),
    /// `auto_thaw` has come.
    UnfrozenByAutoThaw,
    /// `-qff` or `-M`: a delivery thaws it.
    UnfrozenByForce,
    /// A frozen bounce or message older than its time: `cancelled by timeout_frozen_after`.
    CancelledByTimeout,
    /// `-Mg`.
    CancelledBy(Vec<u8>),
    /// `-Mrm`.
    RemovedBy(Vec<u8>),
    /// `-Mmd`, `-Mmad`.
    MarkedDelivered {
        /// The recipient.
        address: Vec<u8>,
        /// The caller.
        by: Vec<u8>,
    },
    /// `-Mes`.
    SenderChanged {
        /// The new sender.
        to: Vec<u8>,
        /// The caller.
        by: Vec<u8>,
    },
    /// `-Mar`.
    RecipientAdded {
        /// The recipient.
        address: Vec<u8>,
        /// The caller.
        by: Vec<u8>,
    },
    /// A message was not delivered at once; the reason.
    NoImmediateDelivery(Vec<u8>),
    /// A failed bounce was thrown away: `Cancelled by ignore_bounce_errors_after`, `error ignored`.
    ErrorIgnored(Vec<u8>),
    /// `=> discarded`: nobody is to have it (system filter, `-Mg` of nothing).
    Discarded,
    /// The -D file is missing.
    DataFileNotFound {
        /// Its name.
        file: Vec<u8>,
    },
    /// A spool file can't be read.
    SpoolReadError {
        /// Its name.
        file: Vec<u8>,
        /// What is wrong.
        problem: Vec<u8>,
    },
    /// The -H file makes no sense.
    FormatError {
        /// Its name.
        file: Vec<u8>,
        /// Its size.
        size: u64,
    },
    /// It could not be read for as long as `keep_malformed` says; the time in Exim's form.
    MalformedRemoved(String),
}
