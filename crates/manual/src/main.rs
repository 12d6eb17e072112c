//! What `cargo xtask manual` runs: writes `docs/manual` and the input of its parity case; with `coverage`, prints what
//! works and what does not.
#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a command-line tool: printing is its interface"
)]

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => postrider_manual::write_all(),
        ["coverage"] => postrider_manual::coverage().map(|text| print!("{text}")),
        ["coverage", list] => std::fs::read_to_string(list)
            .map_err(|e| format!("{list}: {e}"))
            .and_then(|list| postrider_manual::uncovered(&list))
            .map(|text| print!("{text}")),
        other => Err(format!("unknown words: {other:?}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("manual: {why}");
            ExitCode::FAILURE
        }
    }
}
