//! `-brt` and `-brw`: what the retry and rewriting rules say of an address.

use std::process::ExitCode;

use super::Start;

/// Runs the mode.
pub(crate) fn run(_start: &Start<'_>) -> ExitCode {
    crate::say_error("options -brt and -brw are not served yet");
    ExitCode::FAILURE
}
