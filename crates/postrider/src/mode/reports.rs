//! `postrider reports`: TLS and DMARC reports, those that come and those that go.
//!
//! `ingest FILE ...` (`-` is standard input) reads what others sent, in JSON, XML, gzip, zip or a message with one of these
//! attached, and says what is in it.
//!
//! # Security
//! Files are hostile; they are read by the caller, with the caller's rights, and without a configuration.
//!
//! # Compatibility
//! An addition; under Exim's name the word is a recipient. The exit code is 0, or 1 when a file had no report.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::process::ExitCode;

use mail_types::limits;

use super::Start;
use crate::argv::Invocation;

const USAGE: &str = "usage: postrider reports ingest FILE ...";

/// `reports ingest` needs no configuration.
pub(crate) fn is_ingest(invocation: &Invocation) -> bool {
    invocation.operands.first().is_some_and(|word| word == b"ingest")
}

/// Says what is in files.
pub(crate) fn ingest(files: &[Vec<u8>]) -> ExitCode {
    if files.is_empty() {
        crate::say_error(USAGE);
        return ExitCode::from(2);
    }
    let mut code = ExitCode::SUCCESS;
    for file in files {
        match contents(file).and_then(|octets| reports::ingest::read(&octets)) {
            Ok(found) => found.iter().for_each(|report| crate::say(report.to_string().as_bytes())),
            Err(why) => {
                crate::say_error(&format!("{}: {why}", String::from_utf8_lossy(file)));
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

fn contents(file: &[u8]) -> Result<Vec<u8>, String> {
    let mut octets = Vec::new();
    let limit = limits::REPORT_FILE + 1;
    let read = if file == b"-" {
        std::io::stdin().take(limit).read_to_end(&mut octets)
    } else {
        File::open(OsStr::from_bytes(file)).and_then(|file| file.take(limit).read_to_end(&mut octets))
    };
    read.map(|_length| octets).map_err(|error| error.to_string())
}

/// Runs the words that need a configuration.
pub(crate) fn run(_start: &Start<'_>) -> ExitCode {
    crate::say_error(USAGE);
    ExitCode::from(2)
}
