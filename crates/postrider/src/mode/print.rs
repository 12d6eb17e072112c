//! `-bP`: the configuration's values.

use std::process::ExitCode;

use config::print::{Asker, answer};

use super::Start;

/// Runs the mode.
pub(crate) fn run(start: &Start<'_>) -> ExitCode {
    let words: Vec<String> =
        start.invocation.operands.iter().map(|w| String::from_utf8_lossy(w).into_owned()).collect();
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    if !start.invocation.whole_configuration && words.first() == Some(&"config") {
        // As in Exim the word means nothing in another place.
        words.retain(|word| *word != "config");
        if words.is_empty() {
            return ExitCode::SUCCESS;
        }
    }
    let asker = Asker { admin: start.caller.admin, values_only: start.invocation.values_only };
    let answer = answer(&start.config, &words, asker);
    crate::say(answer.text.as_bytes());
    if !answer.error.is_empty() {
        crate::say_error_as_is(answer.error.trim_end());
    }
    if answer.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
