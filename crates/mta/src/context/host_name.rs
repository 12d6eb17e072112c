//! The client's name: from its address by reverse lookup, and back to check it.
//!
//! # Invariants
//! * A name counts only if its own addresses, those in the DNS, hold the client's.
//!
//! # Security
//! Names come from whoever owns the address. They are tainted, capped in number and length, and those with bytes that
//! no host name has are dropped.
//!
//! # Compatibility
//! Options `host_lookup` and `host_lookup_order`; the oracle's answers are in `tests/parity/flow/host_names_of_clients`.
//! `byaddr` reads /etc/hosts and then the DNS, as the C library does with its usual settings; other name services are not
//! asked.

use std::net::IpAddr;

use mail_types::dns::{DnsFailure, QueryOptions, RecordData, RecordType, Resolve, Security};
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

/// Look up the names of an address; `from_hosts_file` are those that /etc/hosts has for it. Without `ipv6` no name leads to an
/// IPv6 address. Blocks on the DNS.
pub fn find(
    address: IpAddr,
    from_hosts_file: Vec<Vec<u8>>,
    resolver: &dyn Resolve,
    order: &[LookupOrder],
    ipv6: bool,
) -> Found {
    let lookups = (ipv6 || address.is_ipv4()).then_some(resolver);
    let mut deferred = false;
    for (at, source) in order.iter().enumerate() {
        if *source == LookupOrder::ByAddr && !from_hosts_file.is_empty() {
            return checked(from_hosts_file, false, address, lookups);
        }
        match reverse(address, *source, resolver) {
            Ok((names, _)) if names.is_empty() => {}
            Ok((names, secure)) => {
                let secure = secure && at == 0 && *source == LookupOrder::ByDns;
                return checked(names, secure, address, lookups);
            }
            Err(temporary) => deferred |= temporary,
        }
    }
    if deferred { Found::Deferred } else { Found::NoName }
}

/// Keep the names that lead back in the DNS; nothing is known while one of them can't be asked about.
fn checked(names: Vec<Vec<u8>>, mut secure: bool, address: IpAddr, resolver: Option<&dyn Resolve>) -> Found {
    let Some(resolver) = resolver else { return Found::Mismatch { names } };
    let mut good = Vec::new();
    for name in &names {
        match forward(name, address, resolver) {
            Ok(Leads { back, signed }) => {
                secure &= signed;
                good.extend(back.then(|| name.clone()));
            }
            Err(failure) if failure.is_temporary() => return Found::Deferred,
            Err(_) => {}
        }
    }
    if good.is_empty() { Found::Mismatch { names } } else { Found::Names { names: good, secure } }
}

/// Keep the result in the connection's facts and write the log line.
pub fn record(found: Found, context: &mut Context) {
    let facts = &mut context.facts.connection;
    let Some(address) = facts.sender_host_address else { return };
    // What could not be found out is looked for again.
    facts.host_lookup_done = found != Found::Deferred;
    facts.host_lookup_deferred = found == Found::Deferred;
    match found {
        Found::Names { mut names, secure } => {
            facts.sender_host_aliases = names.split_off(1);
            facts.sender_host_name = names.pop();
            facts.sender_host_dnssec = secure;
        }
        Found::Deferred => {}
        Found::NoName => {
            facts.host_lookup_failed = true;
            facts.host_lookup_trouble = Some("failed to find host name from IP address".to_owned());
            let text = format!("no host name found for IP address {address}").into_bytes();
            context.log_smtp(SmtpNews::HostLookupFailed { text });
        }
        Found::Mismatch { names } => {
            facts.host_lookup_failed = true;
            let first = names.first().map(|name| String::from_utf8_lossy(name)).unwrap_or_default();
            facts.host_lookup_trouble = Some(format!("{address} does not match any IP address for {first}"));
        }
    }
}

/// The PTR names of an address. The error says whether trying again may help.
fn reverse(
    address: IpAddr,
    source: LookupOrder,
    resolver: &dyn Resolve,
) -> Result<(Vec<Vec<u8>>, bool), bool> {
    // What the C library asks knows nothing of `dns_again_means_nonexist`.
    let options =
        QueryOptions { again_stays_again: source == LookupOrder::ByAddr, ..QueryOptions::default() };
    let answer = resolver
        .query_with(reverse_name(address).as_bytes(), RecordType::Ptr, &options)
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
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/'));
    sound.then(|| name.to_ascii_lowercase())
}

/// What the addresses of a name say.
struct Leads {
    /// One of them is the client's.
    back: bool,
    signed: bool,
}

/// Whether one of the addresses of a name is this one.
fn forward(name: &[u8], address: IpAddr, resolver: &dyn Resolve) -> Result<Leads, DnsFailure> {
    let rtype = if address.is_ipv4() { RecordType::A } else { RecordType::Aaaa };
    let answer = resolver.query(name, rtype)?;
    let leads_back = answer.records.iter().any(|record| match record.data {
        RecordData::A(found) => IpAddr::V4(found) == address,
        RecordData::Aaaa(found) => IpAddr::V6(found) == address,
        _ => false,
    });
    Ok(Leads { back: leads_back, signed: answer.security == Security::Secure })
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
