//! `radius`: a RADIUS server says whether a password is right.
//!
//! # Failure
//! A configuration that can't be read, servers that do not answer and a challenge are failures of the expansion.
//!
//! # Compatibility
//! Specification, condition `radius`: a list of the user's name and the password, as for `pam`. `radius_config_file` is in
//! radiusclient's form: `authserver HOST[:PORT[:SECRET]]`, `servers FILE`, `radius_timeout`, `radius_retries`; other lines are
//! for accounting and login programs.
//!
//! # References
//! RFC 2865.

use std::time::Duration;

use super::OneString;
use crate::EvalError;
use crate::env::{Datagram, SocketFailure};
use crate::eval::Machine;
use crate::list::ListItems;
use crate::parse::Parser;
use crate::radius::{Question, Verdict};
use crate::system::error_text;
use crate::tree::Test;
use crate::variable::Variable;
use mail_types::limits;
use mail_types::value::{Clean, Value};

/// Longest configuration and list of secrets, in bytes.
const FILE: usize = 1 << 16;
const PORT: &str = "1812";
/// radiusclient's own defaults.
const TIMEOUT: u64 = 10;
const RETRIES: u64 = 3;
const RETRIES_MOST: u64 = 10;

pub(super) fn parse(parser: &mut Parser<'_>) -> Box<dyn Test> {
    parser.may_block = true;
    OneString::parse(parser, "radius", radius)
}

fn radius(machine: &mut Machine<'_>, value: Value) -> Result<bool, EvalError> {
    let mut items = ListItems::new(value.bytes());
    let user = items.next().unwrap_or_default();
    let password = items.next().unwrap_or_default();
    let path = machine.env.settings().radius_config_file.clone();
    let config = Config::parse(&read(machine, &path)?);
    if config.servers.is_empty() {
        return Err(EvalError::failed(format!("RADIUS: no authserver in {}", shown(path.bytes()))));
    }
    let client = machine.env.variable(Variable::PrimaryHostname)?.unwrap_or_default();
    let mut failure = String::new();
    for server in &config.servers {
        let secret = match (&server.secret, &config.secrets) {
            (Some(secret), _) => secret.clone(),
            (None, Some(file)) => {
                let file = Clean::from_config(file.clone());
                secret_of(&read(machine, &file)?, &server.host).ok_or_else(|| {
                    EvalError::failed(format!("RADIUS: no secret for server {}", shown(&server.host)))
                })?
            }
            (None, None) => {
                return Err(EvalError::failed(format!(
                    "RADIUS: no secret for server {}",
                    shown(&server.host)
                )));
            }
        };
        for _ in 0..=config.retries {
            let timeout = machine.time_left()?.min(config.timeout);
            match ask(machine, server, &secret, [&user, &password, client.bytes()], timeout) {
                Ok(Verdict::Accept) => return Ok(true),
                Ok(Verdict::Reject) => return Ok(false),
                Ok(Verdict::Challenge) => {
                    return Err(EvalError::failed("RADIUS: the server asks for a response to a challenge"));
                }
                Err(why) => failure = why,
            }
        }
    }
    Err(EvalError::failed(format!("RADIUS: {failure}")))
}

fn ask(
    machine: &mut Machine<'_>,
    server: &Server,
    secret: &[u8],
    [user, password, client]: [&[u8]; 3],
    timeout: Duration,
) -> Result<Verdict, String> {
    let mut random = [0; 17];
    machine.env.entropy().fill(&mut random);
    let [identifier, authenticator @ ..] = random;
    let question = Question { identifier, authenticator, secret };
    let packet = question.packet(user, password, client).ok_or("the user's name or password is too long")?;
    let datagram = Datagram {
        host: Clean::from_config(server.host.clone()),
        port: Clean::from_config(server.port.clone()),
        packet,
        timeout,
    };
    let place = format!("server {}:{}", shown(&server.host), shown(&server.port));
    let answer = machine.env.files().exchange(&datagram, crate::radius::PACKET).map_err(|e| match e {
        SocketFailure::NoAddress => format!("{place} has no address"),
        SocketFailure::NoService => format!("{place} has an unknown port"),
        SocketFailure::Secure(why) => format!("no session with {place}: {why}"),
        SocketFailure::Connect(error) | SocketFailure::Write(error) | SocketFailure::Read(error) => {
            format!("no answer from {place}: {}", error_text(&error))
        }
    })?;
    question.verdict(&answer).ok_or_else(|| format!("the answer from {place} is not authentic"))
}

fn read(machine: &mut Machine<'_>, path: &Clean) -> Result<Vec<u8>, EvalError> {
    machine.env.files().read(path, FILE).map_err(|error| {
        EvalError::failed(format!("RADIUS: can't open {}: {}", shown(path.bytes()), error_text(&error)))
    })
}

fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

#[derive(Debug)]
struct Config {
    servers: Vec<Server>,
    secrets: Option<Vec<u8>>,
    timeout: Duration,
    retries: u64,
}

#[derive(Debug, PartialEq, Eq)]
struct Server {
    host: Vec<u8>,
    port: Vec<u8>,
    secret: Option<Vec<u8>>,
}

impl Config {
    fn parse(text: &[u8]) -> Self {
        let number = |word: &[u8]| std::str::from_utf8(word).ok().and_then(|word| word.parse::<u64>().ok());
        let mut config = Self {
            servers: Vec::new(),
            secrets: None,
            timeout: Duration::from_secs(TIMEOUT),
            retries: RETRIES,
        };
        for (name, values) in lines(text) {
            let Some(first) = values.first() else { continue };
            match name {
                b"authserver" => config.servers.extend(values.iter().map(|value| server(value))),
                b"servers" => config.secrets = Some(first.to_vec()),
                b"radius_timeout" => {
                    let most = limits::EXPANSION_AUTH_DAEMON.as_secs();
                    let seconds = number(first).unwrap_or(TIMEOUT).clamp(1, most);
                    config.timeout = Duration::from_secs(seconds);
                }
                b"radius_retries" => config.retries = number(first).unwrap_or(RETRIES).min(RETRIES_MOST),
                _ => {}
            }
        }
        config
    }
}

/// The first word of each line and the others; comments are left out.
fn lines(text: &[u8]) -> impl Iterator<Item = (&[u8], Vec<&[u8]>)> {
    text.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii_start().starts_with(b"#")).filter_map(
        |line| {
            let mut words = line
                .split(|byte| byte.is_ascii_whitespace() || *byte == b',')
                .filter(|word| !word.is_empty());
            Some((words.next()?, words.collect()))
        },
    )
}

/// `HOST`, `HOST:PORT`, `HOST:PORT:SECRET`; an IPv6 address stands in brackets.
fn server(text: &[u8]) -> Server {
    let (host, rest) = match text.strip_prefix(b"[").and_then(|inner| {
        let end = memchr::memchr(b']', inner)?;
        Some((&inner[..end], &inner[end + 1..]))
    }) {
        Some((host, rest)) => (host, rest),
        None => text.split_at(memchr::memchr(b':', text).unwrap_or(text.len())),
    };
    let mut fields = rest.strip_prefix(b":").unwrap_or(rest).splitn(2, |&byte| byte == b':');
    let port = fields.next().filter(|port| !port.is_empty()).unwrap_or(PORT.as_bytes());
    Server { host: host.to_vec(), port: port.to_vec(), secret: fields.next().map(<[u8]>::to_vec) }
}

/// The secret behind a host's name in a list of servers; `NAME/OTHER` names both ends.
fn secret_of(text: &[u8], host: &[u8]) -> Option<Vec<u8>> {
    lines(text).find_map(|(name, values)| {
        let mut ends = name.split(|&byte| byte == b'/');
        ends.any(|end| end.eq_ignore_ascii_case(host))
            .then(|| values.first().map(|secret| secret.to_vec()))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations_of_radiusclient_are_read() {
        let config = Config::parse(
            b"# comment\nauth_order radius\nauthserver\tone.example\nauthserver two.example:1645\n\
              authserver [::1]:1812:s:t\nservers /etc/radiusclient/servers\nradius_timeout 2\nradius_retries 99\n\
              radius_deadtime\n",
        );
        let want =
            [("one.example", "1812", None), ("two.example", "1645", None), ("::1", "1812", Some("s:t"))];
        let want = want.map(|(host, port, secret)| Server {
            host: host.into(),
            port: port.into(),
            secret: secret.map(Into::into),
        });
        assert_eq!(config.servers, want);
        assert_eq!(config.secrets.as_deref(), Some(&b"/etc/radiusclient/servers"[..]));
        assert_eq!((config.timeout, config.retries), (Duration::from_secs(2), RETRIES_MOST));
    }

    #[test]
    fn secrets_are_found_by_host() {
        let list = b"#x no\nother\tno\nme/Server.example  right\nempty\n";
        assert_eq!(secret_of(list, b"server.example"), Some(b"right".to_vec()));
        assert_eq!(secret_of(list, b"empty"), None);
        assert_eq!(secret_of(list, b"absent"), None);
    }
}
