//! What the rest of the program knows of the DNS.
//!
//! # Invariants
//! * Names are bytes in presentation form without the final dot, in lower case where we made them.
//! * "No such name" and "the server did not answer" never look alike: see [`DnsFailure::is_temporary`].
//!
//! # Security
//! Everything in a [`RecordData`] came from outside.

mod failed;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

pub use failed::{FailedLookup, FailedLookups};

/// The record types that we ask for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RecordType {
    /// IPv4 address.
    A,
    /// IPv6 address.
    Aaaa,
    /// Mail exchanger.
    Mx,
    /// Text.
    Txt,
    /// Name of an address.
    Ptr,
    /// Alias.
    Cname,
    /// Name server.
    Ns,
    /// Start of authority.
    Soa,
    /// Service.
    Srv,
    /// TLS certificate association.
    Tlsa,
    /// Any other, by number.
    Other(u16),
}

impl RecordType {
    /// The type's number.
    pub fn code(self) -> u16 {
        match self {
            Self::A => 1,
            Self::Ns => 2,
            Self::Cname => 5,
            Self::Soa => 6,
            Self::Ptr => 12,
            Self::Mx => 15,
            Self::Txt => 16,
            Self::Aaaa => 28,
            Self::Srv => 33,
            Self::Tlsa => 52,
            Self::Other(code) => code,
        }
    }

    /// The type with this number.
    pub fn from_code(code: u16) -> Self {
        match code {
            1 => Self::A,
            2 => Self::Ns,
            5 => Self::Cname,
            6 => Self::Soa,
            12 => Self::Ptr,
            15 => Self::Mx,
            16 => Self::Txt,
            28 => Self::Aaaa,
            33 => Self::Srv,
            52 => Self::Tlsa,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Mx => "MX",
            Self::Txt => "TXT",
            Self::Ptr => "PTR",
            Self::Cname => "CNAME",
            Self::Ns => "NS",
            Self::Soa => "SOA",
            Self::Srv => "SRV",
            Self::Tlsa => "TLSA",
            Self::Other(code) => return write!(f, "TYPE{code}"),
        })
    }
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RecordData {
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// A mail exchanger. An empty `exchange` is the null MX of RFC 7505.
    Mx {
        /// Lower is tried first.
        preference: u16,
        /// The host; empty for the root.
        exchange: Vec<u8>,
    },
    /// The character strings of a text record, not joined.
    Txt(Vec<Vec<u8>>),
    /// The name of an address.
    Ptr(Vec<u8>),
    /// The name that this one stands for.
    Cname(Vec<u8>),
    /// A name server.
    Ns(Vec<u8>),
    /// Start of authority.
    Soa {
        /// Primary server.
        mname: Vec<u8>,
        /// Mailbox, as a name.
        rname: Vec<u8>,
        /// Serial number.
        serial: u32,
        /// Refresh interval.
        refresh: u32,
        /// Retry interval.
        retry: u32,
        /// Expiry.
        expire: u32,
        /// Lifetime of negative answers.
        minimum: u32,
    },
    /// A service.
    Srv {
        /// Lower is tried first.
        priority: u16,
        /// Share among equals.
        weight: u16,
        /// Port.
        port: u16,
        /// The host; empty for the root ("not available").
        target: Vec<u8>,
    },
    /// A TLS certificate association.
    Tlsa {
        /// Certificate usage.
        usage: u8,
        /// Selector.
        selector: u8,
        /// Matching type.
        matching: u8,
        /// The data.
        association: Vec<u8>,
    },
    /// The bytes of any other record.
    Other(Vec<u8>),
}

impl RecordData {
    /// About so many bytes are held apart from the value itself.
    pub fn bytes(&self) -> usize {
        match self {
            Self::A(_) | Self::Aaaa(_) => 0,
            Self::Mx { exchange: name, .. } | Self::Srv { target: name, .. } => name.len(),
            Self::Ptr(name) | Self::Cname(name) | Self::Ns(name) => name.len(),
            Self::Txt(strings) => strings.iter().map(|text| size_of::<Vec<u8>>() + text.len()).sum(),
            Self::Soa { mname, rname, .. } => mname.len() + rname.len(),
            Self::Tlsa { association: data, .. } | Self::Other(data) => data.len(),
        }
    }
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// Owner.
    pub name: Vec<u8>,
    /// Type.
    pub rtype: RecordType,
    /// Lifetime in seconds.
    pub ttl: u32,
    /// Content.
    pub data: RecordData,
}

/// What DNSSEC says of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Security {
    /// Signed and valid.
    Secure,
    /// Provably not signed.
    Insecure,
    /// Signed and wrong.
    Bogus,
    /// Not asked, or not known.
    #[default]
    Indeterminate,
}

/// A positive answer: at least one record of the type asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Records of the type asked for, aliases followed.
    pub records: Vec<Record>,
    /// What DNSSEC says.
    pub security: Security,
    /// Why it is not secure, for the log and for diagnostics; not known where nobody asked.
    pub security_reason: Option<Arc<str>>,
    /// The shortest lifetime on the way.
    pub ttl: u32,
    /// The name at the end of the aliases.
    pub canonical_name: Vec<u8>,
}

/// Why there are no records.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DnsFailure {
    /// The name does not exist.
    NxDomain,
    /// The name exists, without a record of this type.
    NoData,
    /// No answer in time.
    Timeout,
    /// The server failed.
    ServFail,
    /// The server refused.
    Refused,
    /// The answer made no sense.
    Malformed,
    /// Aliases formed a loop or a chain that is too long.
    AliasLoop,
    /// The name cannot be asked for (a label too long, and so on).
    BadName,
    /// DNSSEC says that the answer was forged, or its zone is broken; why, for the log.
    Bogus(Arc<str>),
    /// No server could be reached, for a reason of this machine's.
    Unreachable,
}

impl DnsFailure {
    /// True when asking later may help.
    pub fn is_temporary(&self) -> bool {
        !matches!(self, Self::NxDomain | Self::NoData | Self::BadName)
    }

    /// One word for it (`$event_data` of `dns:fail`).
    pub fn word(&self) -> &'static str {
        match self {
            Self::NxDomain => "nonexistent",
            Self::NoData => "nodata",
            Self::Timeout => "timeout",
            Self::ServFail => "servfail",
            Self::Refused => "refused",
            Self::Malformed => "malformed",
            Self::AliasLoop => "cname-loop",
            Self::BadName => "badname",
            Self::Bogus(_) => "bogus",
            Self::Unreachable => "unreachable",
        }
    }
}

impl fmt::Display for DnsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NxDomain => "no such name",
            Self::NoData => "no record of this type",
            Self::Timeout => "timed out",
            Self::ServFail => "server failure",
            Self::Refused => "query refused",
            Self::Malformed => "malformed answer",
            Self::AliasLoop => "too many aliases",
            Self::BadName => "not a domain name",
            Self::Bogus(reason) => return write!(f, "DNSSEC validation failed: {reason}"),
            Self::Unreachable => "no name server could be reached",
        })
    }
}

impl std::error::Error for DnsFailure {}

/// The DNS for code that runs on a thread of its own.
pub trait Resolve: Send + Sync {
    /// Asks one question; aliases are followed.
    fn query(&self, name: &[u8], rtype: RecordType) -> Result<Answer, DnsFailure>;

    /// The same, as the asker wants it. What answers at once, like a table, need not look at the times.
    fn query_with(
        &self,
        name: &[u8],
        rtype: RecordType,
        options: &QueryOptions,
    ) -> Result<Answer, DnsFailure> {
        let _ = options;
        self.query(name, rtype)
    }

    /// What DNSSEC says of what was just asked, also when there was nothing.
    fn security(&self, name: &[u8], rtype: RecordType, options: &QueryOptions) -> Security {
        self.query_with(name, rtype, options).map_or(Security::Indeterminate, |answer| answer.security)
    }

    /// The same for somebody who wants to hear of lookups that fail. None: what answers from a table has nothing to tell.
    fn noting(&self, failed: &Arc<FailedLookups>) -> Option<Arc<dyn Resolve>> {
        let _ = failed;
        None
    }
}

/// How a question is to be asked, where it is not as configured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueryOptions {
    /// How long to wait for one answer of one server.
    pub retrans: Option<Duration>,
    /// How often each server is asked.
    pub retry: Option<u32>,
    /// Find out what DNSSEC says: [`Answer::security`] is then known, and what was forged is [`DnsFailure::Bogus`].
    /// Without it an answer costs one question and its security may be [`Security::Indeterminate`].
    pub dnssec: bool,
    /// Whoever asks tells of slow lookups himself (`slow_lookup_log`).
    pub timed_by_caller: bool,
    /// `dns_again_means_nonexist` is not for this question.
    pub again_stays_again: bool,
}

impl QueryOptions {
    /// As configured, with an answer of DNSSEC.
    pub const DNSSEC: Self =
        Self { retrans: None, retry: None, dnssec: true, timed_by_caller: false, again_stays_again: false };
}

/// The name under which the PTR records of an address stand: `1.2.0.192.in-addr.arpa`, `….ip6.arpa`.
pub fn reverse_name(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa").into_bytes()
        }
        IpAddr::V6(address) => {
            let mut name = String::with_capacity(72);
            for byte in address.octets().iter().rev() {
                for nibble in [byte & 15, byte >> 4] {
                    name.extend(char::from_digit(u32::from(nibble), 16));
                    name.push('.');
                }
            }
            name.push_str("ip6.arpa");
            name.into_bytes()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_numbers_go_both_ways() {
        for code in 0..=u16::MAX {
            assert_eq!(RecordType::from_code(code).code(), code);
        }
        assert_eq!(RecordType::Other(65).to_string(), "TYPE65");
        assert_eq!(RecordType::from_code(28).to_string(), "AAAA");
    }

    #[test]
    fn only_facts_are_permanent() {
        for failure in [DnsFailure::NxDomain, DnsFailure::NoData, DnsFailure::BadName] {
            assert!(!failure.is_temporary(), "{failure}");
        }
        for failure in [
            DnsFailure::Timeout,
            DnsFailure::ServFail,
            DnsFailure::Refused,
            DnsFailure::Malformed,
            DnsFailure::Bogus("x".into()),
        ] {
            assert!(failure.is_temporary(), "{failure}");
        }
    }

    #[test]
    fn reverse_names() {
        for (address, name) in [
            ("192.0.2.1", "1.2.0.192.in-addr.arpa"),
            ("2001:db8::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"),
        ] {
            assert_eq!(reverse_name(address.parse().unwrap()), name.as_bytes());
        }
    }
}
