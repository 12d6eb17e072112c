//! `cargo xtask <chore>`: what keeps the tree honest. Each chore is a module; this file only dispatches.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a command-line tool: printing is its interface

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["bench", rest @ ..] => xtask::bench::run(rest),
        ["fuzz", rest @ ..] => xtask::fuzz::run(rest),
        ["manual"] => xtask::manual(&[]),
        ["coverage"] => xtask::manual(&["coverage"]),
        ["coverage", list] => xtask::manual(&["coverage", list]),
        ["tidy"] => xtask::tidy::run(),
        ["parity", rest @ ..] => xtask::parity::run(rest),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

const USAGE: &str = "usage: cargo xtask tidy
       cargo xtask bench [accept] [maildir] [relay] [idle] [syncs] [expand] [lists] [--messages N] [--only SERVER]
       cargo xtask fuzz [SECONDS]
       cargo xtask manual
       cargo xtask coverage [LIST]
       cargo xtask parity record|check|report [expand|flow] [CASE]";
