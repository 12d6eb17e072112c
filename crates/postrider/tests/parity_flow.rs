//! Whole mail flows, compared with what Debian's Exim did with the same configuration and the same steps.
//!
//! The cases stand in `tests/parity/flow`; `cargo xtask parity record flow` asks the oracle. They need root: mail is
//! delivered as several users. An ordinary user sees one line that says so.
#![allow(clippy::print_stderr)]

use std::path::Path;

use xtask::parity::case::Case;
use xtask::parity::flow::replay;

#[test]
fn flows_are_equal_to_the_oracles() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("skipped: flow cases deliver as several users and need root");
        return;
    }
    let binary = Path::new(env!("CARGO_BIN_EXE_postrider"));
    let cases = Case::all(&xtask::root(), None).expect("the cases can be read");
    let needs_faketime = |case: &Case| case.steps.iter().any(|step| step.word == "clock");
    let faketime = Path::new("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1").exists();
    assert!(faketime || std::env::var_os("CI").is_none(), "CI installs faketime");
    let mut failures = Vec::new();
    for case in &cases {
        if needs_faketime(case) && !faketime {
            eprintln!("skipped: {} needs the package faketime", case.name);
            continue;
        }
        failures.extend(replay(case, binary).err());
    }
    assert!(
        failures.is_empty(),
        "{} of {} cases differ\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}
