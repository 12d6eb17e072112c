//! What `cargo xtask manual` runs: writes `docs/manual` and the input of its parity case.
#![allow(clippy::print_stderr, reason = "a command-line tool: printing is its interface")]

use std::process::ExitCode;

fn main() -> ExitCode {
    match postrider_manual::write_all() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("manual: {why}");
            ExitCode::FAILURE
        }
    }
}
