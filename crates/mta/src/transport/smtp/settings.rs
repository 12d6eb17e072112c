//! The options of one run, expanded.

use std::net::IpAddr;
use std::time::Duration;

use config::TransportInstance;
use config::options::kind::Hosts;
use config::options::transport::smtp as options;
use config::options::value::FlagValue;
use expand::{EvalError, Expansion};
use mail_types::bytes::Printable;
use mail_types::value::Value;
use smtp_proto::client::Protocol;

use crate::context::Context;

/// What a run of the transport needs to know of its options.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) protocol: Protocol,
    pub(super) port: u16,
    /// `protocol = smtps`.
    pub(super) tls_at_once: bool,
    pub(super) connect_timeout: Duration,
    pub(super) command_timeout: Duration,
    pub(super) data_timeout: Duration,
    pub(super) final_timeout: Duration,
    pub(super) size_addition: Option<u64>,
    pub(super) max_tries: usize,
    pub(super) hard_limit: usize,
    pub(super) max_messages: u64,
    pub(super) line_limit: u64,
    pub(super) keepalive: bool,
    pub(super) retry_with_address: bool,
    pub(super) retry_with_sender: bool,
}

/// An option that is wrong: the addresses wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misconfigured(pub(super) String);

/// Tells whether a host is in a list of the transport, or why that is not known.
pub(super) type InList<'a> =
    dyn FnMut(config::Opt<Hosts>, &mut Context) -> Result<bool, Misconfigured> + Send + 'a;

impl Settings {
    pub(super) fn of(transport: &TransportInstance, context: &mut Context) -> Result<Self, Misconfigured> {
        let set = &transport.options;
        let (protocol, default_port) = match set.get(options::PROTOCOL).unwrap_or(b"smtp") {
            b"smtp" => (Protocol::Smtp, b"smtp".to_vec()),
            b"smtps" => (Protocol::Smtp, b"smtps".to_vec()),
            b"lmtp" => (Protocol::Lmtp, b"lmtp".to_vec()),
            other => {
                let text = format!(
                    "protocol \"{}\" of {} transport is none of smtp, lmtp and smtps",
                    Printable::new(other),
                    transport.name
                );
                return Err(Misconfigured(text));
            }
        };
        let port = match set.get(options::PORT) {
            Some(text) if set.is_set(options::PORT) => {
                expanded(text, "port", transport, context)?.map(Value::into_bytes)
            }
            _ => None,
        };
        let port = port.unwrap_or(default_port);
        let Some(port) = port_number(&port) else {
            let (port, transport) = (Printable::new(&port), &transport.name);
            let text = format!("TCP port \"{port}\" is not defined for {transport} transport");
            return Err(Misconfigured(text));
        };
        let seconds = |value: i64| Duration::from_secs(u64::try_from(value).unwrap_or(0));
        let count = |value: i64| u64::try_from(value).unwrap_or(0);
        Ok(Self {
            protocol,
            port,
            tls_at_once: set.get(options::PROTOCOL) == Some(b"smtps"),
            connect_timeout: seconds(set.get(options::CONNECT_TIMEOUT)),
            command_timeout: seconds(set.get(options::COMMAND_TIMEOUT)),
            data_timeout: seconds(set.get(options::DATA_TIMEOUT)),
            final_timeout: seconds(set.get(options::FINAL_TIMEOUT)),
            size_addition: u64::try_from(set.get(options::SIZE_ADDITION)).ok(),
            max_tries: usize::try_from(set.get(options::HOSTS_MAX_TRY)).unwrap_or(5).max(1),
            hard_limit: usize::try_from(set.get(options::HOSTS_MAX_TRY_HARDLIMIT)).unwrap_or(50).max(1),
            max_messages: count(set.get(options::CONNECTION_MAX_MESSAGES)),
            line_limit: count(set.get(options::MESSAGE_LINELENGTH_LIMIT)),
            keepalive: set.get(options::KEEPALIVE),
            retry_with_address: flag(
                set.get(options::RETRY_INCLUDE_IP_ADDRESS),
                "retry_include_ip_address",
                transport,
                context,
            )?,
            retry_with_sender: set.get(options::ADDRESS_RETRY_INCLUDE_SENDER),
        })
    }
}

/// Expands; none when it was forced to fail.
pub(super) fn expanded(
    text: &Expansion,
    name: &str,
    transport: &TransportInstance,
    context: &mut Context,
) -> Result<Option<Value>, Misconfigured> {
    match text.eval(context) {
        Ok(value) => Ok(Some(value)),
        Err(EvalError::Forced { .. }) => Ok(None),
        Err(error) => {
            let source = Printable::new(&text.source().bytes).to_string();
            let (transport, reason) = (&transport.name, error.message());
            // Each of these has words of its own.
            let text = match name {
                "hosts" | "fallback_hosts" => {
                    format!("failed to expand list of hosts \"{source}\" in {transport} transport: {reason}")
                }
                "interface" => {
                    format!("failed to expand \"interface\" option for {transport} transport: {reason}")
                }
                "return_path" => format!("Failed to expand return path \"{source}\": {reason}"),
                _ => {
                    format!(
                        "failed to expand \"{source}\" (\"{name}\" option) for {transport} transport: {reason}"
                    )
                }
            };
            Err(Misconfigured(text))
        }
    }
}

/// A flag that may have to be expanded.
pub(super) fn flag(
    value: &FlagValue,
    name: &str,
    transport: &TransportInstance,
    context: &mut Context,
) -> Result<bool, Misconfigured> {
    let text = match value {
        FlagValue::Fixed(on) => return Ok(*on),
        FlagValue::Expanded(text) => expanded(text, name, transport, context)?.unwrap_or_else(Value::empty),
    };
    match text.bytes().trim_ascii().to_ascii_lowercase().as_slice() {
        b"yes" | b"true" | b"1" => Ok(true),
        b"no" | b"false" | b"0" | b"" => Ok(false),
        other => Err(Misconfigured(format!(
            "\"{}\" is not a valid value for the \"{name}\" option",
            Printable::new(other)
        ))),
    }
}

/// A port by number or by the name of its service.
fn port_number(text: &[u8]) -> Option<u16> {
    Some(match text.trim_ascii() {
        b"smtp" => 25,
        b"lmtp" => 24,
        b"submission" => 587,
        b"smtps" | b"submissions" | b"ssmtp" => 465,
        number => std::str::from_utf8(number).ok()?.parse().ok().filter(|port| *port > 0)?,
    })
}

/// `interface`: the first address of the family of the host.
pub(super) fn interface(
    transport: &TransportInstance,
    host: IpAddr,
    context: &mut Context,
) -> Result<Option<IpAddr>, Misconfigured> {
    let Some(text) = transport.options.get(options::INTERFACE) else { return Ok(None) };
    let Some(list) = expanded(text, "interface", transport, context)? else { return Ok(None) };
    for item in items(list.bytes()) {
        let parsed = std::str::from_utf8(&item).ok().and_then(|item| item.parse::<IpAddr>().ok());
        let Some(address) = parsed else {
            let text = format!(
                "\"{}\" is not a valid IP address for the \"interface\" option for {} transport",
                Printable::new(&item),
                transport.name
            );
            return Err(Misconfigured(text));
        };
        if address.is_ipv4() == host.is_ipv4() {
            return Ok(Some(address));
        }
    }
    Ok(None)
}

/// The items of a list; `<` and a character at its beginning change the separator, a doubled one stands for itself.
pub(super) fn items(list: &[u8]) -> Vec<Vec<u8>> {
    let list = list.trim_ascii_start();
    let (separator, mut rest) = match list {
        [b'<', separator, rest @ ..] if separator.is_ascii_punctuation() => (*separator, rest),
        _ => (b':', list),
    };
    let mut items = Vec::new();
    let mut item = Vec::new();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != separator {
            item.push(byte);
        } else if rest.first() == Some(&separator) {
            item.push(separator);
            rest = &rest[1..];
        } else {
            items.push(std::mem::take(&mut item));
        }
    }
    items.push(item);
    items.into_iter().map(|item| item.trim_ascii().to_vec()).filter(|item| !item.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        let cases: [(&str, &[&str]); 5] = [
            ("a : b:c", &["a", "b", "c"]),
            ("<; ::1 ; 192.0.2.1", &["::1", "192.0.2.1"]),
            ("a::25 : b", &["a:25", "b"]),
            ("", &[]),
            (" : ", &[]),
        ];
        for (list, want) in cases {
            let found: Vec<String> =
                items(list.as_bytes()).into_iter().map(|i| String::from_utf8(i).unwrap()).collect();
            assert_eq!(found, want, "{list}");
        }
    }

    #[test]
    fn ports() {
        assert_eq!(port_number(b"smtp"), Some(25));
        assert_eq!(port_number(b" 2525 "), Some(2525));
        assert_eq!(port_number(b"0"), None);
        assert_eq!(port_number(b"70000"), None);
        assert_eq!(port_number(b"no-such"), None);
    }
}
