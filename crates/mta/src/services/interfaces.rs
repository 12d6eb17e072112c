//! `local_interfaces`, `daemon_smtp_ports`, `extra_local_interfaces`, `tls_on_connect_ports`: where the daemon listens, how it
//! speaks there, and what is local.
//!
//! # Compatibility
//! Specification, chapter "Starting the daemon and the use of network interfaces". Scoped IPv6 addresses are not
//! understood; docs/compat.md.

use std::net::{IpAddr, SocketAddr};
use std::sync::LazyLock;

use config::Config;
use config::options::main;
use policy::list::split;

/// What is wrong with an interface or port setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceError {
    /// Exim's text.
    pub message: String,
}

/// One place to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// Address and port; an unspecified address stands for all interfaces of its family.
    pub address: SocketAddr,
}

/// Where the daemon is to listen, by `-oX` (when given) and the options.
pub fn endpoints(config: &Config, override_list: Option<&[u8]>) -> Result<Vec<Endpoint>, InterfaceError> {
    let options = &config.main;
    let mut interfaces = options.get(main::LOCAL_INTERFACES).to_vec();
    let mut ports = items(options.get(main::DAEMON_SMTP_PORTS).unwrap_or(b"smtp"));
    if let Some(list) = override_list {
        let (addresses, plain): (Vec<_>, Vec<_>) =
            items(list).into_iter().partition(|item| item.iter().any(|byte| matches!(byte, b'.' | b':')));
        if !addresses.is_empty() {
            interfaces = addresses;
        }
        if !plain.is_empty() {
            ports = plain;
        }
    }
    let ports = ports.iter().map(|port| port_number(port)).collect::<Result<Vec<u16>, _>>()?;
    let no_ipv6 = options.get(main::DISABLE_IPV6);
    let mut endpoints = Vec::new();
    for item in &interfaces {
        let (address, port) = interface(item)?;
        if address.is_ipv6() && no_ipv6 {
            continue;
        }
        match port {
            Some(port) => endpoints.push(Endpoint { address: SocketAddr::new(address, port) }),
            None => {
                let all = ports.iter().map(|&port| Endpoint { address: SocketAddr::new(address, port) });
                endpoints.extend(all);
            }
        }
    }
    Ok(endpoints)
}

/// Whether TLS begins with the connection on a port (`tls_on_connect_ports`).
pub fn is_on_connect_port(config: &Config, port: u16) -> bool {
    let ports = config.main.get(main::TLS_ON_CONNECT_PORTS);
    ports.iter().any(|named| on_connect_port(named) == Ok(u64::from(port)))
}

/// Whether every name in `tls_on_connect_ports` is that of a service.
///
/// # Errors
/// The first that is not.
pub fn check_on_connect_ports(config: &Config) -> Result<(), InterfaceError> {
    config.main.get(main::TLS_ON_CONNECT_PORTS).iter().try_for_each(|named| on_connect_port(named).map(drop))
}

/// An item of `tls_on_connect_ports`: the number that it begins with, which need not be that of any port, or the port of a
/// service.
fn on_connect_port(item: &[u8]) -> Result<u64, InterfaceError> {
    let item = item.trim_ascii();
    let digits = item.iter().take_while(|byte| byte.is_ascii_digit());
    if item.first().is_some_and(u8::is_ascii_digit) {
        let number = digits
            .fold(0_u64, |number, digit| number.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
        return Ok(number);
    }
    named_port(&String::from_utf8_lossy(item)).map(u64::from)
}

/// The addresses of this host: those of its interfaces that `local_interfaces` names, and the extra ones.
pub fn local_addresses(config: &Config) -> Vec<IpAddr> {
    let named = config.main.get(main::LOCAL_INTERFACES);
    let mut addresses = Vec::new();
    for (address, _port) in named.iter().filter_map(|item| interface(item).ok()) {
        if address.is_unspecified() {
            let family = own_addresses().into_iter().filter(|own| own.is_ipv4() == address.is_ipv4());
            addresses.extend(family);
        } else {
            addresses.push(address);
        }
    }
    let extra = config.main.get(main::EXTRA_LOCAL_INTERFACES);
    addresses.extend(extra.iter().filter_map(|item| interface(item).ok()).map(|found| found.0));
    addresses.dedup();
    addresses
}

/// The addresses of this machine's network interfaces.
fn own_addresses() -> Vec<IpAddr> {
    let Ok(interfaces) = nix::ifaddrs::getifaddrs() else { return Vec::new() };
    interfaces
        .filter_map(|interface| {
            let storage = interface.address?;
            let v4 = storage.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
            v4.or_else(|| storage.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
        })
        .collect()
}

fn items(list: &[u8]) -> Vec<Vec<u8>> {
    split(list).map(|item| item.bytes).filter(|item| !item.is_empty()).collect()
}

/// An address with or without a port: `192.0.2.1`, `192.0.2.1.25`, `[192.0.2.1]:25`, and the same with IPv6.
fn interface(item: &[u8]) -> Result<(IpAddr, Option<u16>), InterfaceError> {
    let bad = || InterfaceError {
        message: format!("malformed IP address in local_interfaces: {}", String::from_utf8_lossy(item)),
    };
    let text = str::from_utf8(item).map_err(|_| bad())?.trim();
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest
            .split_once("]:")
            .map_or((rest.strip_suffix(']'), None), |(address, port)| (Some(address), Some(port)));
        let address = address.and_then(|address| address.parse().ok()).ok_or_else(bad)?;
        let port = port.map(|port| port.parse().map_err(|_| bad())).transpose()?;
        return Ok((address, port));
    }
    if let Ok(address) = text.parse() {
        return Ok((address, None));
    }
    let (address, port) = text.rsplit_once('.').ok_or_else(bad)?;
    Ok((address.parse().map_err(|_| bad())?, Some(port.parse().map_err(|_| bad())?)))
}

/// A port by number or by its name in /etc/services.
fn port_number(item: &[u8]) -> Result<u16, InterfaceError> {
    let text = String::from_utf8_lossy(item).trim().to_owned();
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return text.parse().map_err(|_| InterfaceError { message: format!("invalid SMTP port: {text}") });
    }
    named_port(&text)
}

/// The port of a service.
fn named_port(name: &str) -> Result<u16, InterfaceError> {
    /// The table as it was when the first name was looked for: connections do not wait for it again.
    static SERVICES: LazyLock<String> =
        LazyLock::new(|| std::fs::read_to_string("/etc/services").unwrap_or_default());
    service_port(&SERVICES, name)
        .or_else(|| well_known(name))
        .ok_or_else(|| InterfaceError { message: format!("TCP port \"{name}\" not found") })
}

fn service_port(services: &str, name: &str) -> Option<u16> {
    services.lines().find_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        let first = words.next()?;
        let (port, protocol) = words.next()?.split_once('/')?;
        let named = first == name || words.any(|alias| alias == name);
        if protocol == "tcp" && named { port.parse().ok() } else { None }
    })
}

/// The mail ports, for machines without /etc/services.
fn well_known(name: &str) -> Option<u16> {
    match name {
        "smtp" => Some(25),
        "submissions" | "smtps" | "ssmtp" => Some(465),
        "submission" => Some(587),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_with_and_without_ports() {
        let table = [
            ("192.0.2.1", Some(("192.0.2.1", None))),
            ("192.0.2.1.25", Some(("192.0.2.1", Some(25)))),
            ("[192.0.2.1]:25", Some(("192.0.2.1", Some(25)))),
            ("::1", Some(("::1", None))),
            ("::1.25", Some(("::1", Some(25)))),
            ("[::1]:25", Some(("::1", Some(25)))),
            ("[::1]", Some(("::1", None))),
            ("", None),
            ("host.example", None),
            ("192.0.2.1.99999", None),
            ("[192.0.2.1]:smtp", None),
            ("[192.0.2.1", None),
        ];
        for (text, expected) in table {
            let expected =
                expected.map(|(address, port)| (address.parse().expect("a literal of this test"), port));
            assert_eq!(interface(text.as_bytes()).ok(), expected, "{text}");
        }
    }

    #[test]
    fn ports_by_name() {
        let services = "smtp 25/tcp mail # comment\ndomain 53/udp\nurd 465/tcp submissions ssmtp\n";
        assert_eq!(service_port(services, "smtp"), Some(25));
        assert_eq!(service_port(services, "ssmtp"), Some(465));
        assert_eq!(service_port(services, "domain"), None);
        assert_eq!(port_number(b"2525"), Ok(2525));
        let refused = |item: &[u8]| port_number(item).unwrap_err().message;
        assert_eq!(refused(b"no-such-service"), "TCP port \"no-such-service\" not found");
        assert_eq!(refused(b"2525x"), "invalid SMTP port: 2525x");
        assert_eq!(refused(b"70000"), "invalid SMTP port: 70000");
    }

    /// The oracle's readings, one daemon each.
    #[test]
    fn on_connect_ports_as_the_oracle_reads_them() {
        let table: [(&str, Result<u64, &str>); 16] = [
            ("2465", Ok(2465)),
            (" 2465 ", Ok(2465)),
            ("02465", Ok(2465)),
            ("2465x", Ok(2465)),
            ("2465/tcp", Ok(2465)),
            ("2465 2466", Ok(2465)),
            ("2465:1", Ok(2465)),
            ("0x9a1", Ok(0)),
            // Not the port that they are modulo 65536.
            ("68001", Ok(68_001)),
            ("99999999999999999999999", Ok(u64::MAX)),
            ("smtps", Ok(465)),
            ("submissions", Ok(465)),
            ("Smtps", Err("TCP port \"Smtps\" not found")),
            ("-2465", Err("TCP port \"-2465\" not found")),
            ("!2465", Err("TCP port \"!2465\" not found")),
            (":", Err("TCP port \":\" not found")),
        ];
        for (text, expected) in table {
            let found = on_connect_port(text.as_bytes()).map_err(|error| error.message);
            assert_eq!(found, expected.map_err(str::to_owned), "{text}");
        }
    }
}
