//! The client's name: from its address by reverse lookup, and back to check it.
//!
//! # Invariants
//! * A name counts only if its own addresses hold the client's.
//!
//! # Security
//! Names come from whoever owns the address. They are tainted, capped in number and length, and those with bytes that
//! no host name has are dropped.
//!
//! # Compatibility
//! Options `host_lookup` and `host_lookup_order`. `byaddr` reads /etc/hosts and then the DNS, as the C library does
//! with its usual settings; other name services are not asked.

use std::net::IpAddr;

use mail_types::dns::{RecordData, RecordType, Resolve, Security};
use observe::event::SmtpNews;

use super::Context;

/// Names taken from one reverse lookup.
const NAMES_LIMIT: usize = 16;

/// Where names are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookupOrder {
    /// The DNS.
    ByDns,
    /// /etc/hosts, then the DNS.
    ByAddr,
}

impl LookupOrder {
    /// The items of `host_lookup_order`; unknown words are left out.
    pub fn parse(items: &[Vec<u8>]) -> Vec<Self> {
        items
            .iter()
            .filter_map(|item| match item.trim_ascii() {
                b"bydns" => Some(Self::ByDns),
                b"byaddr" => Some(Self::ByAddr),
                _ => None,
            })
            .collect()
    }
}

/// What a reverse lookup came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Names that lead back to the address, the first one being the name.
    Names {
        /// At least one.
        names: Vec<Vec<u8>>,
        /// Every answer on the way was signed.
        secure: bool,
    },
    /// The address has no name.
    NoName,
    /// It has names, and none of them leads back.
    Mismatch {
        /// The names.
        names: Vec<Vec<u8>>,
    },
    /// The DNS did not answer.
    Deferred,
}

/// Look up the names of an address; `from_hosts_file` are those that /etc/hosts has for it. Blocks on the DNS.
pub fn find(
    address: IpAddr,
    from_hosts_file: Vec<Vec<u8>>,
    resolver: &dyn Resolve,
    order: &[LookupOrder],
) -> Found {
    let mut deferred = false;
    for source in order {
        if *source == LookupOrder::ByAddr && !from_hosts_file.is_empty() {
            // The file leads from the name to the address as well.
            return Found::Names { names: from_hosts_file, secure: false };
        }
        match reverse(address, resolver) {
            Ok((names, _)) if names.is_empty() => {}
            Ok((names, secure)) => return checked(names, secure, address, resolver),
            Err(temporary) => deferred |= temporary,
        }
    }
    if deferred { Found::Deferred } else { Found::NoName }
}

/// Keep the names that lead back.
fn checked(names: Vec<Vec<u8>>, secure: bool, address: IpAddr, resolver: &dyn Resolve) -> Found {
    let mut secure = secure;
    let (good, _): (Vec<_>, Vec<_>) =
        names.iter().cloned().partition(|name| forward(name, address, resolver, &mut secure));
    if good.is_empty() { Found::Mismatch { names } } else { Found::Names { names: good, secure } }
}

/// Keep the result in the connection's facts and write the log line.
pub fn record(found: Found, context: &mut Context) {
    let facts = &mut context.facts.connection;
    facts.host_lookup_done = true;
    let Some(address) = facts.sender_host_address else { return };
    let failure = match found {
        Found::Names { mut names, secure } => {
            facts.sender_host_aliases = names.split_off(1);
            facts.sender_host_name = names.pop();
            facts.sender_host_dnssec = secure;
            return;
        }
        Found::Deferred => {
            facts.host_lookup_deferred = true;
            format!("host name lookup deferred for IP address {address}")
        }
        Found::NoName => {
            facts.host_lookup_failed = true;
            format!("no host name found for IP address {address}")
        }
        Found::Mismatch { names } => {
            facts.host_lookup_failed = true;
            let first =
                names.first().map(|name| String::from_utf8_lossy(name).into_owned()).unwrap_or_default();
            format!("{address} does not match any IP address for {first}")
        }
    };
    context.log_smtp(SmtpNews::HostLookupFailed { text: failure.into_bytes() });
}

/// The PTR names of an address. The error says whether trying again may help.
fn reverse(address: IpAddr, resolver: &dyn Resolve) -> Result<(Vec<Vec<u8>>, bool), bool> {
    let answer = resolver
        .query(reverse_name(address).as_bytes(), RecordType::Ptr)
        .map_err(|failure| failure.is_temporary())?;
    let names = answer.records.iter().filter_map(|record| match &record.data {
        RecordData::Ptr(name) => Some(host_name(name)),
        _ => None,
    });
    let names = names.flatten().take(NAMES_LIMIT).collect();
    Ok((names, (answer.security == Security::Secure)))
}

/// A name as we keep it: lower case, no final dot, only bytes that host names have.
fn host_name(name: &[u8]) -> Option<Vec<u8>> {
    let name = name.strip_suffix(b".").unwrap_or(name);
    let sound = !name.is_empty()
        && name.len() <= mail_types::limits::DOMAIN
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    sound.then(|| name.to_ascii_lowercase())
}

/// Whether one of the addresses of a name is this one.
fn forward(name: &[u8], address: IpAddr, resolver: &dyn Resolve, secure: &mut bool) -> bool {
    let rtype = if address.is_ipv4() { RecordType::A } else { RecordType::Aaaa };
    let Ok(answer) = resolver.query(name, rtype) else { return false };
    let leads_back = answer.records.iter().any(|record| match record.data {
        RecordData::A(found) => IpAddr::V4(found) == address,
        RecordData::Aaaa(found) => IpAddr::V6(found) == address,
        _ => false,
    });
    *secure &= answer.security == Security::Secure;
    leads_back
}

/// `4.3.2.1.in-addr.arpa`, or the nibbles under `ip6.arpa`.
pub fn reverse_name(address: IpAddr) -> String {
    use std::fmt::Write as _;
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(address) => {
            let mut name = String::with_capacity(72);
            for octet in address.octets().iter().rev() {
                // Writing to a String cannot fail.
                let _ = write!(name, "{:x}.{:x}.", octet & 15, octet >> 4);
            }
            name + "ip6.arpa"
        }
    }
}

#[cfg(test)]
mod tests;
