//! The same messages, signed here and verified by other programs, and the other way round.
//!
//! The others are dkimpy (PyPI; `POSTRIDER_PYTHON` names the Python that has it, else `python3`), Debian's OpenDKIM and
//! Debian's Exim.
//! Where one is missing its tests are skipped with a word, in CI they fail.

#![allow(
    clippy::unwrap_used,
    clippy::type_complexity,
    clippy::print_stderr,
    reason = "a test may fail, and says what it skips"
)]

#[path = "../support/mod.rs"]
mod support;

mod arc;
mod dkimpy;
mod exim;
mod messages;
mod milter;
mod opendkim;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// dkimpy, running.
pub(crate) struct Dkimpy {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Dkimpy {
    /// Starts it; none when it is not there.
    pub(crate) fn start() -> Option<Self> {
        let python = std::env::var("POSTRIDER_PYTHON").unwrap_or_else(|_| "python3".into());
        let has =
            Command::new(&python).args(["-c", "import authres, dkim, nacl"]).stderr(Stdio::null()).status();
        if !has.is_ok_and(|status| status.success()) {
            missing("dkimpy");
            return None;
        }
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
        let mut child = Command::new(&python)
            .arg(format!("{folder}/peers/dkimpy_peer.py"))
            .arg(format!("{folder}/keys"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Some(Self { child, input, output })
    }

    /// One command and its answer.
    pub(crate) fn ask(&mut self, words: &[&str]) -> String {
        writeln!(self.input, "{}", words.join(" ")).unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Tells it a key.
    pub(crate) fn key(&mut self, name: &str, text: &str) {
        assert_eq!(self.ask(&["key", name, &support::base64(text.as_bytes())]), "ok");
    }
}

impl Drop for Dkimpy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A peer is not installed.
pub(crate) fn missing(name: &str) {
    assert!(std::env::var_os("CI").is_none(), "{name} is not installed");
    eprintln!("skipped: {name} is not installed");
}

/// Base 64, decoded.
pub(crate) fn decoded(text: &str) -> Vec<u8> {
    let digit = |byte: u8| {
        let place = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
            .iter()
            .position(|b| *b == byte);
        u32::try_from(place.unwrap()).unwrap()
    };
    let digits: Vec<u32> = text.bytes().filter(|byte| *byte != b'=').map(digit).collect();
    let mut out = Vec::new();
    for chunk in digits.chunks(4) {
        let group = chunk.iter().fold(0, |sum, digit| sum << 6 | digit) << (6 * (4 - chunk.len()));
        out.extend_from_slice(&group.to_be_bytes()[1..chunk.len()]);
    }
    out
}
