//! `postrider quickstart`: a mail server to try out. No root, no file, no network.

use std::process::ExitCode;

/// Runs the mode.
pub(crate) fn run() -> ExitCode {
    crate::say_error("quickstart is being written");
    ExitCode::FAILURE
}
