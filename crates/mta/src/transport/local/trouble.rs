//! Why a local delivery did not happen.
//!
//! # Compatibility
//! The numbers are those that Exim shows after `defer`; they were observed with Exim 4.96.

use std::io;

use mail_types::outcome::Verdict;

use crate::services::local_agent::PanicLog;

/// A home or current directory that cannot be had.
pub(super) const DIRECTORY: i32 = crate::route::errno::EXPANSION;
/// No number in particular.
pub(super) const UNKNOWN: i32 = -1;
/// The target is not what it should be.
pub(super) const NOT_REGULAR: i32 = -4;
/// It has the wrong owner or group.
pub(super) const BAD_OWNER: i32 = -6;
/// It has the wrong mode.
pub(super) const BAD_MODE: i32 = -7;
/// It changed while it was looked at.
pub(super) const INODE_CHANGED: i32 = -8;
/// It could not be locked.
pub(super) const LOCK_FAILED: i32 = -9;
/// It may not be created there.
pub(super) const BAD_CREATE: i32 = -12;
/// It appeared and vanished again and again.
pub(super) const EXIST_RACE: i32 = -10;
/// The path is not absolute.
pub(super) const NOT_ABSOLUTE: i32 = -21;
/// A quota of ours was passed.
pub(super) const QUOTA: i32 = -22;

/// A failure or a deferral.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// Defer, Fail or Freeze.
    pub(super) verdict: Verdict,
    /// The number.
    pub(super) errno: i32,
    /// More about it.
    pub(super) more_errno: i32,
    /// Text for the log.
    pub(super) message: Vec<u8>,
    /// Text for the sender where the log's is not for him.
    pub(super) user_message: Option<Vec<u8>>,
    /// Output of a command.
    pub(super) output: Option<Vec<u8>>,
    /// It goes back to the sender.
    pub(super) return_output: bool,
    /// Lines for the main log.
    pub(super) log_lines: Vec<Vec<u8>>,
    /// What the panic log is told.
    pub(super) panic: PanicLog,
}

impl Trouble {
    /// A deferral.
    pub(super) fn new(errno: i32, message: impl Into<Vec<u8>>) -> Self {
        Self {
            verdict: Verdict::Defer,
            errno,
            more_errno: 0,
            message: message.into(),
            user_message: None,
            output: None,
            return_output: false,
            log_lines: Vec::new(),
            panic: PanicLog::Nothing,
        }
    }

    /// A deferral for an error of the system.
    pub(super) fn system(error: &io::Error, message: impl Into<Vec<u8>>) -> Self {
        Self::new(error.raw_os_error().unwrap_or(UNKNOWN), message)
    }

    /// A setting that cannot be expanded: the panic log has the line as well.
    pub(super) fn setting(errno: i32, message: impl Into<Vec<u8>>) -> Self {
        Self { panic: PanicLog::Line, ..Self::new(errno, message) }
    }

    /// The message is to be frozen, too.
    pub(super) fn freezing(mut self) -> Self {
        self.verdict = Verdict::Freeze;
        self
    }
}

/// The system's words for an error.
pub(super) fn words(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => {
            let text = error.to_string();
            text.strip_suffix(&format!(" (os error {number})")).unwrap_or(&text).to_owned()
        }
        None => error.to_string(),
    }
}
