//! What `-bP` says to words: names, lists, kinds, wrong ones, several of them, with `-n` and without.
//!
//! `tests/words.txt` holds questions (`$ words`), what Exim printed, and its exit code. `UPDATE_REF=1 cargo test -p
//! postrider-config --test words` asks Exim anew; where it is installed its answers are compared with the record.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a test may fail loudly")]

mod oracle;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use oracle::{ORACLE, Scratch, installed};
use postrider_config as config;
use postrider_config::print::{Asker, answer};
use postrider_config::{BuildDefaults, Config, Facts, LoadRequest, SystemFiles};

const CONFIGURATION: &str = include_str!("words.conf");

fn record() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/words.txt")
}

/// The questions of the record.
fn questions(text: &str) -> Vec<Vec<&str>> {
    text.lines().filter_map(|line| line.strip_prefix("$ ")).map(|line| line.split(' ').collect()).collect()
}

/// All questions with their answers; the file's path and the version are masked.
fn answers(text: &str, path: &Path, ask: impl Fn(bool, &[&str]) -> (String, bool)) -> String {
    let mut out = String::new();
    for question in questions(text) {
        let values_only = question.first() == Some(&"-n");
        let words = &question[usize::from(values_only)..];
        let (printed, ok) = ask(values_only, words);
        let printed = printed.replace(&path.display().to_string(), "FILE").replace("(4.96)", "(4.99)");
        writeln!(out, "$ {}\n{printed}exit {}\n", question.join(" "), i32::from(!ok)).unwrap();
    }
    out
}

fn exim(path: &Path, values_only: bool, words: &[&str]) -> (String, bool) {
    let mut command = Command::new(ORACLE);
    command.env_clear().env("LC_ALL", "C").arg("-C").arg(path);
    if values_only {
        command.arg("-n");
    }
    let output = command.arg("-bP").args(words).output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.success())
}

fn load(path: &Path) -> std::sync::Arc<Config> {
    let loaded = config::load(&LoadRequest {
        candidates: vec![path.to_path_buf()],
        macros: Vec::new(),
        files: &SystemFiles,
        build: BuildDefaults::default(),
        facts: Facts { hostname: "host.example".into(), ipv6: true, ..Facts::default() },
        strict: false,
    });
    loaded.config.expect("the configuration is good")
}

#[test]
fn words_are_answered_as_exim_answers_them() {
    let scratch = Scratch::new("words");
    let path = scratch.0.join("test.conf");
    std::fs::write(&path, CONFIGURATION).unwrap();
    let update = std::env::var_os("UPDATE_REF").is_some();
    let recorded = std::fs::read_to_string(record()).unwrap();
    if installed(&[ORACLE]) {
        let theirs = answers(&recorded, &path, |values_only, words| exim(&path, values_only, words));
        if update {
            std::fs::write(record(), &theirs).unwrap();
        }
        assert_eq!(theirs, std::fs::read_to_string(record()).unwrap(), "Exim says something else now");
    }
    let recorded = std::fs::read_to_string(record()).unwrap();
    let config = load(&path);
    let ours = answers(&recorded, &path, |values_only, words| {
        let answer = answer(&config, words, Asker { admin: true, values_only });
        (answer.text, answer.ok)
    });
    assert_eq!(ours, recorded);
}
