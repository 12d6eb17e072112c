//! Debian's Exim as the witness of what `-bP` shows.

#![allow(dead_code, clippy::unwrap_used, clippy::print_stdout, reason = "each test file uses a part of it")]

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) const ORACLE: &str = "/usr/sbin/exim4";

/// True when all of these exist.
pub(crate) fn installed(paths: &[&str]) -> bool {
    let missing: Vec<&&str> = paths.iter().filter(|path| !Path::new(path).exists()).collect();
    let ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(missing.is_empty() || !ci, "CI must have {missing:?}");
    if !missing.is_empty() {
        println!("skipped: {missing:?} is not installed");
    }
    missing.is_empty()
}

/// A directory that goes when the test ends.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("postrider-config-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What Exim prints for `-bP`.
pub(crate) fn ask(file: &Path, words: &[&str]) -> String {
    let output = Command::new(ORACLE).arg("-C").arg(file).arg("-bP").args(words).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Options whose default changed between the installed Exim and 4.99; docs/compat.md names them.
const NEWER: [&str; 4] = ["exim_version", "openssl_options", "queue_fast_ramp", "remote_max_parallel"];

/// The name of the option on a line of `-bP`.
pub(crate) fn name_of(line: &str) -> &str {
    let name = line.split(' ').next().unwrap_or(line);
    name.strip_prefix("no_").unwrap_or(name)
}

/// Compares the lines of options that both sides know, in order.
pub(crate) fn compare(theirs: &str, ours: &str) -> Result<(), String> {
    let names = |text| -> HashSet<String> { str::lines(text).map(|line| name_of(line).to_owned()).collect() };
    let known = |line: &&str, other: &HashSet<String>| {
        let name = name_of(line);
        line.is_empty() || line.ends_with(':') || (!NEWER.contains(&name) && other.contains(name))
    };
    let (their_names, our_names) = (names(theirs), names(ours));
    let left: Vec<&str> = theirs.lines().filter(|line| known(line, &our_names)).collect();
    let right: Vec<&str> = ours.lines().filter(|line| known(line, &their_names)).collect();
    match left.iter().zip(&right).find(|(theirs, ours)| theirs != ours) {
        Some((theirs, ours)) => Err(format!("Exim shows {theirs:?}, we {ours:?}")),
        None if left.len() != right.len() => {
            Err(format!("Exim shows {} lines, we {}", left.len(), right.len()))
        }
        None => Ok(()),
    }
}
