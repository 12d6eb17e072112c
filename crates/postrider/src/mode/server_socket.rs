//! Programs of ordinary users and the running server.
//!
//! # Failure
//! Without a server the caller is told what is missing; the message was never accepted.

use std::process::ExitCode;

use mail_types::MessageId;

use super::Start;

/// Whether this caller cannot write the spool himself.
pub(crate) fn is_needed(start: &Start<'_>) -> bool {
    let mail_user = start.config.main.get(config::options::main::EXIM_USER).map(|u| u.uid);
    let owns_spool = start.caller.is_root() || mail_user == Some(start.caller.uid);
    !owns_spool && !start.invocation.is_private()
}

/// Hands a message or a session to the server.
pub(crate) fn submit(_start: &Start<'_>) -> ExitCode {
    crate::say_error("the mail server is not running, and only it can take mail from you: ask the administrator to start it (exim -bd)");
    ExitCode::from(75)
}

/// Tells the server about messages that wait for their first delivery; false when there is none.
pub(crate) fn tell_of(_start: &Start<'_>, _ids: &[MessageId]) -> bool {
    false
}
