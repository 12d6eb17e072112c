//! Which servers to ask, and how.
//!
//! # Compatibility
//! `resolv.conf` as resolv.conf(5) describes it: `nameserver`, `search`, `domain`, and of `options` `ndots`, `timeout`,
//! `attempts`, `edns0` and `trust-ad`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mail_types::bytes::trim;
use mail_types::dns::RecordType;

use crate::hosts::HostsFile;
use crate::validate::anchor::TrustAnchors;

/// How a [`crate::Resolver`] works.
#[derive(Clone, Debug)]
pub struct ResolverConfig {
    /// Name servers in the order of preference.
    pub servers: Vec<SocketAddr>,
    /// How long to wait for a server before the next is asked (`dns_retrans`).
    pub retrans: Duration,
    /// How many times each server is asked (`dns_retry`).
    pub tries: u32,
    /// Domains to try after a name that is not complete.
    pub search: Vec<Vec<u8>>,
    /// A name with at least so many dots is tried as it is first.
    pub ndots: usize,
    /// Ask with EDNS (`dns_use_edns0`).
    pub edns0: bool,
    /// Who says what is secure.
    pub validation: Validation,
    /// Each question counts as one that asks for DNSSEC (`dns_dnssec_ok = 1`).
    pub dnssec_always: bool,
    /// Zones whose servers' own answers (AA) count as secure (`dns_trust_aa`).
    pub trusted_authorities: Names,
    /// Names that count as missing where the servers fail (`dns_again_means_nonexist`).
    pub again_means_nonexist: Names,
    /// Names that are not asked for (`dns_check_names_pattern`): there is no such name. Names of
    /// addresses (PTR) are all asked for.
    pub unasked: Names,
    /// Who hears of lookups that took long (`slow_lookup_log`).
    pub slow: Option<SlowLookups>,
    /// What `/etc/hosts` says.
    pub hosts: HostsFile,
}

/// Who hears of lookups that took longer than a limit.
#[derive(Clone)]
pub struct SlowLookups {
    /// The limit.
    pub limit: Duration,
    /// Is told the name, the type, and how long it took.
    pub tell: Arc<Told>,
}

/// Hears of a slow lookup: name, type, time.
type Told = dyn Fn(&[u8], RecordType, Duration) + Send + Sync;

impl fmt::Debug for SlowLookups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "slower than {:?}", self.limit)
    }
}

/// Who says what DNSSEC says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Validation {
    /// Nobody: all is [`mail_types::dns::Security::Indeterminate`].
    Nobody,
    /// The server: its AD bit is believed, as the C library does with `trust-ad`.
    Upstream,
    /// We, down from these anchors, where a question asks for it.
    Own(TrustAnchors),
}

/// Names that a predicate knows.
#[derive(Clone, Default)]
pub struct Names(Option<Arc<Predicate>>);

type Predicate = dyn Fn(&[u8]) -> bool + Send + Sync;

impl Names {
    /// The predicate gets names in lower case.
    pub fn matching(predicate: impl Fn(&[u8]) -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(predicate)))
    }

    pub(crate) fn contain(&self, name: &[u8]) -> bool {
        self.0.as_ref().is_some_and(|predicate| predicate(name))
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "some" } else { "none" })
    }
}

impl Default for ResolverConfig {
    /// The C library's defaults, with a server on this machine.
    fn default() -> Self {
        Self {
            servers: vec![SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), DNS_PORT)],
            retrans: Duration::from_secs(5),
            tries: 2,
            search: Vec::new(),
            ndots: 1,
            edns0: true,
            validation: Validation::Upstream,
            dnssec_always: false,
            trusted_authorities: Names::default(),
            again_means_nonexist: Names::default(),
            unasked: Names::default(),
            slow: None,
            hosts: HostsFile::default(),
        }
    }
}

impl ResolverConfig {
    /// Asks these servers and no others; knows no search list and no hosts file. For tests and for the option that
    /// names a server.
    pub fn with_servers(servers: impl Into<Vec<SocketAddr>>) -> Self {
        Self { servers: servers.into(), ..Self::default() }
    }

    /// Reads `/etc/resolv.conf` and `/etc/hosts`. A file that can't be read counts as empty, as for the C library.
    pub fn system() -> Self {
        let resolv_conf = std::fs::read("/etc/resolv.conf").unwrap_or_default();
        let hosts = std::fs::read("/etc/hosts").unwrap_or_default();
        Self { hosts: HostsFile::parse(&hosts), ..Self::from_resolv_conf(&resolv_conf) }
    }

    /// Takes the text of a `resolv.conf`.
    pub fn from_resolv_conf(text: &[u8]) -> Self {
        let mut config = Self { servers: Vec::new(), edns0: true, ..Self::default() };
        for line in text.split(|byte| *byte == b'\n') {
            let line = line.split(|byte| *byte == b'#' || *byte == b';').next().unwrap_or_default();
            let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            match words.next() {
                Some(b"nameserver") => config.servers.extend(words.next().and_then(server)),
                Some(b"search") => config.search = words.take(SEARCH_MAX).map(trim_dot).collect(),
                Some(b"domain") => config.search = words.take(1).map(trim_dot).collect(),
                Some(b"options") => words.for_each(|word| config.option(word)),
                _ => {}
            }
        }
        config.servers.truncate(SERVERS_MAX);
        if config.servers.is_empty() {
            config.servers = Self::default().servers;
        }
        config
    }

    fn option(&mut self, word: &[u8]) {
        let (name, value) = match word.iter().position(|byte| *byte == b':') {
            Some(at) => {
                (&word[..at], std::str::from_utf8(&word[at + 1..]).ok().and_then(|text| text.parse().ok()))
            }
            None => (word, None),
        };
        match (name, value) {
            (b"ndots", Some(dots)) => self.ndots = usize::min(dots, 15),
            (b"timeout", Some(seconds)) => {
                self.retrans = Duration::from_secs(u64::clamp(seconds as u64, 1, 30));
            }
            (b"attempts", Some(tries)) => self.tries = u32::clamp(tries as u32, 1, 5),
            _ => {}
        }
    }
}

/// An address; behind one of IPv6 the interface may stand by which it is reached.
fn server(word: &[u8]) -> Option<SocketAddr> {
    let text = std::str::from_utf8(trim(word)).ok()?;
    let (address, interface) = text.split_once('%').unwrap_or((text, ""));
    Some(match address.parse().ok()? {
        IpAddr::V6(address) => SocketAddrV6::new(address, DNS_PORT, 0, interface_number(interface)).into(),
        address @ IpAddr::V4(_) => SocketAddr::new(address, DNS_PORT),
    })
}

/// The number of an interface given by name or number; 0 for one that is not there.
fn interface_number(interface: &str) -> u32 {
    let number = |text: &str| text.trim().parse().ok();
    let by_name = || {
        let path = Path::new("/sys/class/net").join(Path::new(interface).file_name()?).join("ifindex");
        std::fs::read_to_string(path).ok().and_then(|text| number(&text))
    };
    number(interface).or_else(by_name).unwrap_or_default()
}

fn trim_dot(word: &[u8]) -> Vec<u8> {
    word.strip_suffix(b".").unwrap_or(word).to_ascii_lowercase()
}

const DNS_PORT: u16 = 53;
/// The C library takes three servers.
const SERVERS_MAX: usize = 3;
/// Domains of a search list that are tried.
const SEARCH_MAX: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resolv_conf() {
        let config = ResolverConfig::from_resolv_conf(
            b"# by hand\nnameserver 192.0.2.1\nnameserver 2001:db8::1 ; second\nnameserver nonsense\n\
              domain ignored.example\nsearch A.example. b.example\noptions ndots:3 timeout:2 attempts:9 rotate\n",
        );
        assert_eq!(config.servers, ["192.0.2.1:53".parse().unwrap(), "[2001:db8::1]:53".parse().unwrap()]);
        assert_eq!(config.search, [b"a.example".to_vec(), b"b.example".to_vec()]);
        assert_eq!((config.ndots, config.retrans, config.tries), (3, Duration::from_secs(2), 5));
    }

    /// What routers announce is often an address that means something on one interface alone.
    #[test]
    fn servers_behind_an_interface() {
        let text = "nameserver fe80::1%lo\nnameserver fe80::2%7\nnameserver fe80::3%nosuch0\n";
        let servers = ResolverConfig::from_resolv_conf(text.as_bytes()).servers;
        let expected = [("fe80::1", 1), ("fe80::2", 7), ("fe80::3", 0)]
            .map(|(address, scope)| SocketAddrV6::new(address.parse().unwrap(), DNS_PORT, 0, scope).into());
        assert_eq!(servers, expected);
    }

    #[test]
    fn an_empty_one_means_this_machine() {
        let config = ResolverConfig::from_resolv_conf(b"");
        assert_eq!(config.servers, ["127.0.0.1:53".parse().unwrap()]);
        assert_eq!((config.ndots, config.tries), (1, 2));
    }
}
