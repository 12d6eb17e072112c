//! `-bI:`, and `-bi` (`newaliases`).

use std::process::{Command, ExitCode};

use config::options::main;

use super::Start;

const HELP: &str = "\
The -bI: flag takes a string indicating which information to provide.
If the string is not recognised, you'll get this help (on stderr).

  exim -bI:help    this information
  exim -bI:dscp    list of known dscp value keywords
  exim -bI:sieve   list of supported sieve extensions
";

/// Names of code points for `dscp` options (RFC 2474, RFC 2597, RFC 3246).
const DSCP: [&str; 18] = [
    "af11",
    "af12",
    "af13",
    "af21",
    "af22",
    "af23",
    "af31",
    "af32",
    "af33",
    "af41",
    "af42",
    "af43",
    "ef",
    "lowcost",
    "lowdelay",
    "mincost",
    "reliability",
    "throughput",
];

/// `-bI:WHAT`.
pub(crate) fn run(what: &[u8]) -> ExitCode {
    match what.to_ascii_lowercase().as_slice() {
        b"help" => crate::say(HELP.as_bytes()),
        b"dscp" => crate::say((DSCP.join("\n") + "\n").as_bytes()),
        // No filters yet, so no extensions of Sieve; the empty list is the true one.
        b"sieve" | b"modules" => {}
        _ => {
            crate::say_error_as_is(HELP.trim_end());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// `-bi`: runs `bi_command` with the caller's rights, or does nothing when it is not set.
pub(crate) fn build_aliases(start: &Start<'_>) -> ExitCode {
    let Some(command) = start.config.main.get(main::BI_COMMAND) else { return ExitCode::SUCCESS };
    let command = String::from_utf8_lossy(command).into_owned();
    let mut words = command.split_whitespace();
    let Some(program) = words.next() else { return ExitCode::SUCCESS };
    match Command::new(program).args(words).status() {
        Ok(status) => ExitCode::from(status.code().and_then(|c| u8::try_from(c).ok()).unwrap_or(1)),
        Err(e) => {
            crate::say_error(&format!("bi_command {program}: {e}"));
            ExitCode::FAILURE
        }
    }
}
