//! What a run of an ACL waits for, and what it is told.
//!
//! # Invariants
//! * An effect describes itself completely: whoever performs it needs nothing of the run.

use std::time::Duration;

use mail_types::dns::{Answer, DnsFailure, RecordType};
use mail_types::value::Value;

/// Something to be done before the run can go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AclEffect {
    /// `delay`: wait. Output is flushed first, unless the control `no_delay_flush` was given (the world knows).
    Delay(Duration),
    /// One DNS question, for `dnslists`.
    Dns {
        /// The name.
        name: Vec<u8>,
        /// The type.
        rtype: RecordType,
    },
    /// `dmarc_status`: check the policy of the author's domain, unless that was done for this message.
    CheckDmarc,
    /// `spf`, `spf_guess`: check the sender's policy, unless that was done for this message.
    CheckSpf {
        /// A sender without a policy is checked by option `spf_guess`.
        guess: bool,
    },
    /// `verify = arc`: check the chain, unless that was done for this message.
    VerifyArc,
    /// `verify = sender`, `verify = recipient` and one address of `verify = header_sender`: route an address.
    VerifyAddress(VerifyAddress),
    /// `verify = csa`, of this name or of the client's.
    VerifyCsa(Option<Value>),
    /// `verify = helo`.
    VerifyHelo,
    /// `verify = reverse_host_lookup`: find the client's verified names.
    VerifyHostName,
}

/// An address to be verified by routing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyAddress {
    /// The address.
    pub address: Value,
    /// Whose address it is.
    pub role: VerifyRole,
    /// `/success_on_redirect`: any redirection counts as success.
    pub success_on_redirect: bool,
}

/// What an address that is verified is to the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VerifyRole {
    /// The envelope sender; the result may be kept for the message.
    Sender,
    /// Another address, verified as a sender (`sender=`, `header_sender`): never kept.
    AsSender,
    /// The recipient of the RCPT command.
    Recipient,
}

/// The answer to an effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AclEffectAnswer {
    /// The delay is over.
    Done,
    /// What the DNS said.
    Dns(Result<Answer, DnsFailure>),
    /// What sender authentication came to, in a word that a list of results may hold.
    Result(&'static str),
    /// What verification found.
    Verified(Verified),
}

/// How a verification ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// The result.
    pub result: VerifyResult,
    /// What the peer may be told ("Unrouteable address").
    pub user_message: Option<Value>,
    /// What the log is told, where it differs.
    pub log_message: Option<Value>,
    /// `$address_data` at the end of routing.
    pub address_data: Option<Value>,
    /// The word for `$sender_verify_failure` or `$recipient_verify_failure` (`route`, `qualify`, `mail`, `recipient`,
    /// `postmaster`).
    pub failure: Option<&'static str>,
}

/// Success, failure, or not known yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VerifyResult {
    /// Verified.
    #[default]
    Ok,
    /// Not valid.
    Fail,
    /// It could not be found out.
    Defer,
}
