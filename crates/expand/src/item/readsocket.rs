//! `readsocket`: what a Unix or TCP socket answers.
//!
//! # Security
//! The name of the socket must be clean; the request may come from outside.
//!
//! # Failure
//! What the socket did wrong is a failure of the expansion, unless there is a fifth argument to say instead. TLS is
//! refused as long as there is none.

use super::readfile::replace_newlines;
use crate::EvalError;
use crate::env::{Conversation, SocketFailure, SocketPlace};
use crate::eval::{Machine, Mode};
use crate::list::ListItems;
use crate::parse::{Arguments, Parser};
use crate::system::error_text;
use crate::tree::{Broken, Item, Sequence};
use mail_types::bytes::trim;
use mail_types::value::{Clean, Value};
use mail_types::{interval, limits};
use std::time::Duration;

#[derive(Debug)]
struct ReadSocket {
    arguments: Arguments,
    /// What to say when the socket fails.
    failure: Option<Sequence>,
    close: Option<Broken>,
}

pub(super) fn parse(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    parser.may_block = true;
    let arguments = Arguments::parse_open(parser, "readsocket", 2, 4);
    let readable = arguments.broken.is_none() && !parser.stopped;
    let failure = (readable && parser.peek() == Some(b'{')).then(|| parser.braced());
    let mut close = None;
    if readable && !parser.stopped {
        parser.skip_space();
        close = (!parser.take(b'}')).then(|| parser.fail("missing '}' closing readsocket"));
    }
    Box::new(ReadSocket { arguments, failure, close })
}

impl Item for ReadSocket {
    fn eval(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<Value, EvalError> {
        let values = self.arguments.eval(machine, mode)?;
        let answer =
            if mode.is_skip() { Ok(Value::empty()) } else { ask(machine.time_left()?, machine, &values) };
        let value = match (answer, &self.failure) {
            (Ok(value), None) => value,
            (Ok(value), Some(failure)) => {
                machine.walk(failure)?;
                value
            }
            (Err(_), Some(failure)) => machine.sequence(failure, mode)?,
            (Err(text), None) => return Err(EvalError::failed(text)),
        };
        match &self.close {
            Some(broken) => broken.raise(),
            None => Ok(value),
        }
    }
}

fn ask(time_left: Duration, machine: &mut Machine<'_>, values: &[Value]) -> Result<Value, String> {
    let options = Options::parse(values.get(2).map_or(&b""[..], Value::bytes));
    let place = place(&values[0])?;
    let asked = Conversation {
        place,
        request: values[1].bytes().to_vec(),
        shutdown: options.shutdown,
        tls: options.tls,
        timeout: options.timeout.min(time_left),
    };
    let answer = machine.env.files().converse(&asked, limits::EXPANSION_RESULT);
    let answer = answer.map_err(|failure| explain(&values[0], &asked, &failure))?;
    Ok(Value::clean(match values.get(3) {
        Some(end_of_line) if !end_of_line.is_empty() => replace_newlines(&answer, end_of_line.bytes()),
        _ => answer,
    }))
}

#[derive(Debug, PartialEq, Eq)]
struct Options {
    timeout: Duration,
    shutdown: bool,
    /// TLS, and the server name to ask for.
    tls: Option<Vec<u8>>,
}

impl Options {
    /// The time comes first; options that are not known are passed over, as in Exim.
    fn parse(text: &[u8]) -> Self {
        let mut options = Self { timeout: limits::EXPANSION_SOCKET, shutdown: true, tls: None };
        for (number, item) in ListItems::new(text).enumerate() {
            let item = trim(&item);
            if number == 0 {
                if let Some(seconds @ 1..) = interval::parse(item) {
                    options.timeout = Duration::from_secs(seconds);
                }
                continue;
            }
            let Some(equals) = item.iter().position(|&byte| byte == b'=') else { continue };
            let value = trim(&item[equals + 1..]);
            match trim(&item[..equals]) {
                b"shutdown" => options.shutdown = value != b"no",
                b"tls" if value == b"yes" => options.tls = Some(options.tls.unwrap_or_default()),
                // A server name means TLS.
                b"sni" if !value.is_empty() => options.tls = Some(value.to_vec()),
                _ => {}
            }
        }
        options
    }
}

/// The place that a name means, which must be clean.
pub fn place(name: &Value) -> Result<SocketPlace, String> {
    let clean = name.require_clean("socket name").map_err(|error| error.to_string())?;
    let Some(rest) = clean.bytes().strip_prefix(b"inet:") else { return Ok(SocketPlace::Unix(clean)) };
    let shown = String::from_utf8_lossy(rest);
    let colon = memchr::memrchr(b':', rest).filter(|&at| !rest[at..].contains(&b']'));
    let Some(colon) = colon else { return Err(format!("missing port number in \"{shown}\"")) };
    let host = rest[..colon].strip_prefix(b"[").and_then(|host| host.strip_suffix(b"]"));
    Ok(SocketPlace::Tcp {
        host: Clean::from_config(host.unwrap_or(&rest[..colon])),
        port: Clean::from_config(&rest[colon + 1..]),
    })
}

/// Exim's text for what a socket did wrong.
pub fn explain(name: &Value, asked: &Conversation, failure: &SocketFailure) -> String {
    let shown = name.to_lossy();
    let inet = shown.strip_prefix("inet:").and_then(|rest| rest.rsplit_once(':'));
    match failure {
        SocketFailure::NoAddress => {
            format!("no IP address found for host {}", inet.map_or(shown.as_str(), |(host, _)| host))
        }
        SocketFailure::NoService => {
            format!("unknown port \"{}\"", inet.map_or("", |(_, port)| port))
        }
        SocketFailure::Connect(error) => match (&asked.place, inet) {
            (SocketPlace::Tcp { .. }, Some((host, _))) => {
                format!("failed to connect to any address for {host}: {}", error_text(error))
            }
            _ => format!("failed to connect to socket {shown}: {}", error_text(error)),
        },
        SocketFailure::Secure(why) => format!("TLS session with socket {shown} failed: {why}"),
        SocketFailure::Write(error) => format!("request write to socket failed: {}", error_text(error)),
        SocketFailure::Read(error) if error.kind() == std::io::ErrorKind::TimedOut => {
            "socket read timed out".to_owned()
        }
        SocketFailure::Read(error) => format!("reading from socket failed: {}", error_text(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_as_exim_reads_them() {
        let usual = || Options { timeout: Duration::from_secs(5), shutdown: true, tls: None };
        let table = [
            ("", usual()),
            ("xx", usual()),
            ("3", usual()),
            ("0s", usual()),
            ("3s", Options { timeout: Duration::from_secs(3), ..usual() }),
            ("3s : shutdown = no", Options { timeout: Duration::from_secs(3), shutdown: false, ..usual() }),
            (
                "<; 1m;tls=yes;foo=bar;odd",
                Options { timeout: Duration::from_mins(1), tls: Some(Vec::new()), ..usual() },
            ),
            ("3s:tls=no:sni=:tls=maybe", Options { timeout: Duration::from_secs(3), ..usual() }),
            (
                "3s:sni=a.example",
                Options { timeout: Duration::from_secs(3), tls: Some(b"a.example".to_vec()), ..usual() },
            ),
            (
                "3s: sni = a :tls=yes",
                Options { timeout: Duration::from_secs(3), tls: Some(b"a".to_vec()), ..usual() },
            ),
            ("3s:cache=yes", Options { timeout: Duration::from_secs(3), ..usual() }),
        ];
        for (text, wanted) in table {
            assert_eq!(Options::parse(text.as_bytes()), wanted, "{text}");
        }
    }

    #[test]
    fn places() {
        let tcp = |host: &str, port: &str| SocketPlace::Tcp {
            host: Clean::from_config(host),
            port: Clean::from_config(port),
        };
        let table = [
            ("/a/b", Ok(SocketPlace::Unix(Clean::from_config("/a/b")))),
            ("inet:h.example:25", Ok(tcp("h.example", "25"))),
            ("inet:[::1]:smtp", Ok(tcp("::1", "smtp"))),
            ("inet:::1:25", Ok(tcp("::1", "25"))),
            ("inet:[::1]", Err("missing port number in \"[::1]\"".to_owned())),
            ("inet:h", Err("missing port number in \"h\"".to_owned())),
        ];
        for (text, wanted) in table {
            assert_eq!(place(&Value::clean(text)), wanted, "{text}");
        }
        let refused = place(&Value::tainted("/a/b")).unwrap_err();
        assert_eq!(refused, "Tainted '/a/b' (socket name) not permitted");
    }
}
