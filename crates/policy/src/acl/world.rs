//! What the conditions and modifiers of an ACL do to the world.
//!
//! # Invariants
//! * Facts (sender, recipient, host, cipher) are read as variables; only what changes the world has a method here.

use expand::variable::{AclScope, Variable};
use mail_types::address::ParseOptions;
use mail_types::value::Value;

use super::{AclEffect, AclEffectAnswer, Control};
use crate::list::ListEnv;

/// Where `add_header` puts a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HeaderPlace {
    /// After all others.
    #[default]
    AtEnd,
    /// Before all others.
    AtStart,
    /// After the first block of Received: lines.
    AfterReceived,
    /// Before the first line that is neither Received: nor Resent-something:.
    AtStartRfc,
}

/// One header line that an ACL adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedHeader {
    /// Where it goes.
    pub place: HeaderPlace,
    /// The line with its continuation lines and its final newline.
    pub text: Value,
}

/// Which logs a line goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogTargets {
    /// The main log.
    pub main: bool,
    /// The reject log.
    pub reject: bool,
    /// The panic log.
    pub panic: bool,
}

/// One header line of the message, as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderLine {
    /// The name, without the colon.
    pub name: Vec<u8>,
    /// The body, continuation lines included, without the final newline.
    pub body: Vec<u8>,
}

/// The world of an ACL.
pub trait AclWorld: ListEnv {
    /// `set acl_c...`, `set acl_m...`; the name is what follows the scope letter.
    fn set_acl_variable(&mut self, scope: AclScope, name: &[u8], value: Value);

    /// Sets or clears a variable that ACLs fill: `$domain_data`, `$dnslist_...`, `$acl_arg1`, `$acl_verify_message` ...
    fn set_variable(&mut self, variable: Variable, value: Option<Value>);

    /// `add_header`, one call a header line.
    fn add_header(&mut self, header: AddedHeader);

    /// `remove_header`: a name, or a `^regex` for names.
    fn remove_header(&mut self, name: Value);

    /// `control`. The error is a text for the log; the ACL then fails with it.
    fn control(&mut self, control: &Control) -> Result<(), String>;

    /// `queue`: the name of the queue that the message goes to; empty for the default one.
    fn set_queue(&mut self, name: Value);

    /// Writes a log line. The client's identification (`H=...`) is added by the log where Exim has it.
    fn log(&mut self, targets: LogTargets, text: &[u8]);

    /// Writes the line of a `warn` statement, unless the same line was written for this message already.
    fn log_warning(&mut self, text: &[u8]);

    /// Writes the line of a `warn` statement that a deferred condition skipped (selector `acl_warn_skipped`).
    fn log_skipped_warning(&mut self, text: &[u8]);

    /// The header lines of the message, in order; empty before the message is there.
    fn header_lines(&mut self) -> Vec<HeaderLine>;

    /// The recipients accepted so far, as full addresses.
    fn recipients(&mut self) -> Vec<Vec<u8>>;

    /// Whether header addresses without a domain are allowed, for senders and for recipients
    /// (`sender_unqualified_hosts`, `recipient_unqualified_hosts`; both for local input).
    fn unqualified_allowed(&mut self) -> (bool, bool);

    /// How addresses in header lines are read.
    fn header_address_options(&mut self) -> ParseOptions {
        ParseOptions { allow_domain_literals: true, allow_utf8: true, ..ParseOptions::default() }
    }

    /// Performs an effect and waits for it: for ACLs that are called from an expansion, where nothing can be awaited.
    fn perform(&mut self, effect: &AclEffect) -> AclEffectAnswer;
}

impl LogTargets {
    /// The main log only.
    pub const MAIN: Self = Self { main: true, reject: false, panic: false };
    /// Where rejections go by default.
    pub const MAIN_AND_REJECT: Self = Self { main: true, reject: true, panic: false };
    /// Main and panic log.
    pub const MAIN_AND_PANIC: Self = Self { main: true, reject: false, panic: true };
    /// Nowhere.
    pub const NONE: Self = Self { main: false, reject: false, panic: false };
}
