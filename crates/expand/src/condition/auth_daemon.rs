//! `saslauthd` and `pwcheck`: the daemons of Cyrus SASL that check passwords for others.
//!
//! # Failure
//! A daemon that cannot be asked, or that says neither yes nor no, is a failure of the expansion.
//!
//! # Compatibility
//! Both protocols are those of Cyrus SASL: `saslauthd` takes four counted strings (user, password, service, realm)
//! and answers with one; `pwcheck` takes user and password, each with a zero octet behind it, and answers `OK` or `NO`.

use super::OneString;
use crate::EvalError;
use crate::env::{Conversation, SocketFailure, SocketPlace};
use crate::eval::{Machine, Mode};
use crate::parse::{Arguments, Parser};
use crate::system::error_text;
use crate::tree::Test;
use mail_types::limits;
use mail_types::value::{Clean, Value};

#[derive(Debug)]
struct Saslauthd {
    arguments: Arguments,
}

pub(super) fn parse_saslauthd(parser: &mut Parser<'_>) -> Box<dyn Test> {
    parser.may_block = true;
    parser.skip_space();
    if !parser.take(b'{') {
        return Box::new(parser.fail("missing { after \"saslauthd\""));
    }
    Box::new(Saslauthd { arguments: Arguments::parse_nested(parser, "saslauthd", 2, 4) })
}

pub(super) fn parse_pwcheck(parser: &mut Parser<'_>) -> Box<dyn Test> {
    parser.may_block = true;
    OneString::parse(parser, "pwcheck", pwcheck)
}

impl Test for Saslauthd {
    fn test(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<bool, EvalError> {
        let values = self.arguments.eval(machine, mode)?;
        if mode.is_skip() {
            return Ok(false);
        }
        let mut request = Vec::new();
        for number in 0..4 {
            let text = values.get(number).map_or(&b""[..], Value::bytes);
            let Ok(length) = u16::try_from(text.len()) else {
                return Err(EvalError::failed("an argument of saslauthd is too long"));
            };
            request.extend_from_slice(&length.to_be_bytes());
            request.extend_from_slice(text);
        }
        let socket = machine.env.settings().saslauthd_socket.clone();
        let answer = ask(machine, "saslauthd", socket, request)?;
        decide("saslauthd", counted(&answer).unwrap_or_default())
    }
}

/// The string behind its length.
fn counted(answer: &[u8]) -> Option<&[u8]> {
    let (length, text) = answer.split_first_chunk::<2>()?;
    text.get(..usize::from(u16::from_be_bytes(*length)))
}

fn pwcheck(machine: &mut Machine<'_>, value: Value) -> Result<bool, EvalError> {
    let bytes = value.bytes();
    let Some(colon) = memchr::memchr(b':', bytes) else {
        return Err(EvalError::failed("pwcheck needs a user name and a password with a colon between them"));
    };
    let request = [&bytes[..colon], b"\0", &bytes[colon + 1..], b"\0"].concat();
    let socket = machine.env.settings().pwcheck_socket.clone();
    let answer = ask(machine, "pwcheck", socket, request)?;
    decide("pwcheck", &answer)
}

fn ask(machine: &mut Machine<'_>, name: &str, socket: Clean, request: Vec<u8>) -> Result<Vec<u8>, EvalError> {
    let shown = String::from_utf8_lossy(socket.bytes()).into_owned();
    let asked = Conversation {
        place: SocketPlace::Unix(socket),
        request,
        shutdown: false,
        tls: None,
        timeout: machine.time_left()?.min(limits::EXPANSION_AUTH_DAEMON),
    };
    machine.env.files().converse(&asked, ANSWER).map_err(|failure| {
        EvalError::failed(match failure {
            SocketFailure::Connect(error) => {
                format!("cannot connect to {name} daemon at {shown}: {}", error_text(&error))
            }
            SocketFailure::Write(error) | SocketFailure::Read(error) => {
                format!("no answer from {name} daemon at {shown}: {}", error_text(&error))
            }
            SocketFailure::NoAddress | SocketFailure::NoService | SocketFailure::Secure(_) => {
                format!("cannot connect to {name} daemon at {shown}")
            }
        })
    })
}

/// Longest answer of a daemon, in bytes.
const ANSWER: usize = 65_537;

fn decide(name: &str, answer: &[u8]) -> Result<bool, EvalError> {
    match answer {
        [b'O', b'K', ..] => Ok(true),
        [b'N', b'O', ..] => Ok(false),
        _ => {
            let shown = String::from_utf8_lossy(answer);
            Err(EvalError::failed(format!("{name} daemon answered neither OK nor NO: \"{shown}\"")))
        }
    }
}
