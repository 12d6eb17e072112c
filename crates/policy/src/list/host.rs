//! Items of host lists, and the items of domain lists that are about this host.
//!
//! # Security
//! Names of the peer are found in the DNS and only compared.
//!
//! # Failure
//! A name or an address that cannot be found ends the search: the host is not in the list, unless `+include_unknown` or
//! `+ignore_unknown` says otherwise. A DNS that has no answer about a name in the list defers, unless `+include_defer` or
//! `+ignore_defer`.
//!
//! # Compatibility
//! Specification, sections "Host lists" to "Host list patterns for query-style lookups". A DNS that has no answer about the
//! client's own name means, as with the oracle, that it has none.

use std::net::IpAddr;

use expand::lookup::LookupStyle;
use mail_types::bytes::Printable;
use mail_types::dns::{DnsFailure, RecordData, RecordType};
use mail_types::value::{Taint, Value};

use super::compile::Compiled;
use super::entry::{Entry, LookupItem, Mx, MxPattern, Pattern, unknown_type};
use super::net::{lookup_key, parse_address};
use super::run::{Hit, Name, Search, lower_case};
use super::{
    HostAddresses, HostNames, HostSubject, HostTrouble, ListEnv, ListError, ListKind, NamesFrom, Subject,
};

/// What to do when something about the host cannot be found: take it as a match, or pass the item over.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HostPolicy {
    /// There is no name or no address.
    pub(crate) unknown: Option<bool>,
    /// The DNS did not answer.
    pub(crate) defer: Option<bool>,
}

impl HostPolicy {
    fn on_unknown(self, what: &str, env: &mut dyn ListEnv) -> Hit {
        match self.unknown {
            Some(true) => {
                env.tell_of_host(HostTrouble::Accepted { what, by: "+include_unknown" });
                Hit::End(true)
            }
            Some(false) => Hit::Miss,
            None => Hit::End(false),
        }
    }

    fn on_defer(self, name: &[u8], env: &mut dyn ListEnv) -> Result<Hit, ListError> {
        let what = format!("DNS lookup of \"{}\" deferred", Printable::new(name));
        match self.defer {
            Some(true) => {
                env.tell_of_host(HostTrouble::Accepted { what: &what, by: "+include_defer" });
                Ok(Hit::End(true))
            }
            Some(false) => Ok(Hit::Miss),
            None => Err(ListError::unanswered(what)),
        }
    }
}

impl Search<'_> {
    /// An item against a host.
    pub(crate) fn host(
        &mut self,
        list: &Compiled,
        entry: &Entry,
        host: HostSubject<'_>,
        policy: HostPolicy,
    ) -> Result<Hit, ListError> {
        let yes = || Hit::Match { value: None, captures: Vec::new() };
        match &entry.pattern {
            Pattern::Suffix(rest) if rest.is_empty() => return Ok(yes()),
            Pattern::Empty => return Ok(if host.address.is_none() { yes() } else { Hit::Miss }),
            Pattern::Wrong(_) if host.address.is_none() => return Ok(Hit::Miss),
            Pattern::Wrong(message) => return Err(ListError::wrong(&**message)),
            _ => {}
        }
        let Some(address) = host.address.map(|address| address.to_canonical()) else {
            return Ok(Hit::Miss);
        };
        match &entry.pattern {
            Pattern::Net(net) if net.contains(address) => Ok(yes()),
            Pattern::LocalAddress if self.env.local_addresses().contains(&address) => Ok(yes()),
            Pattern::NetLookup { bits, item } => self.by_address(list, item, address, *bits),
            Pattern::Lookup(item) if item.spec.style == LookupStyle::Query => {
                self.lookup(list, item, &Value::empty())
            }
            Pattern::Lookup(item) if matches!(host.names, NamesFrom::Nowhere) => {
                if item.is_for_names() {
                    return Err(ListError::wrong(unknown_type(&entry.text)));
                }
                self.by_address(list, item, address, None)
            }
            Pattern::PrimaryHostname => {
                let name = self.primary_hostname()?;
                self.by_name(name.bytes(), address, host, policy)
            }
            Pattern::Exact(name) => self.by_name(name, address, host, policy),
            Pattern::Suffix(_) | Pattern::Regex(_) | Pattern::Lookup(_) => {
                let hit = self.names_of_host(list, &entry.pattern, (host, address), policy)?;
                Ok(match hit {
                    // Of items that match names, as of those in files, the item is the value.
                    Hit::Match { value: None, captures } => {
                        Hit::Match { value: Some(list.value(entry)), captures }
                    }
                    other => other,
                })
            }
            _ => Ok(Hit::Miss),
        }
    }

    /// A single-key lookup of the address.
    fn by_address(
        &mut self,
        list: &Compiled,
        item: &LookupItem,
        address: IpAddr,
        bits: Option<u8>,
    ) -> Result<Hit, ListError> {
        let separator = if item.spec.kind == "iplsearch" { ':' } else { '.' };
        let key = Value::clean(lookup_key(address, bits, separator));
        self.lookup(list, item, &key)
    }

    /// A plain name: its addresses are compared with the host's.
    fn by_name(
        &mut self,
        name: &[u8],
        address: IpAddr,
        host: HostSubject<'_>,
        policy: HostPolicy,
    ) -> Result<Hit, ListError> {
        let yes = Hit::Match { value: None, captures: Vec::new() };
        match host.names {
            NamesFrom::Nowhere => return Ok(policy.on_unknown(&no_name(address), self.env)),
            NamesFrom::Given(names) if names.iter().any(|known| known.eq_ignore_ascii_case(name)) => {
                return Ok(yes);
            }
            _ => {}
        }
        if name.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.') {
            // Neither an address nor a name: the search ends without a word.
            return Ok(Hit::End(false));
        }
        if !name.iter().copied().all(may_stand_in_name) {
            return Ok(Hit::Miss);
        }
        match self.env.host_addresses(name) {
            HostAddresses::Known(addresses)
                if addresses.iter().any(|found| found.to_canonical() == address) =>
            {
                Ok(yes)
            }
            HostAddresses::Known(_) => Ok(Hit::Miss),
            HostAddresses::Unknown => {
                self.env.tell_of_host(HostTrouble::NoAddress(name));
                let what = format!("failed to find IP address for {}", Printable::new(name));
                Ok(policy.on_unknown(&what, self.env))
            }
            HostAddresses::Deferred => policy.on_defer(name, self.env),
        }
    }

    /// An item that needs the host's names: any of them may match.
    fn names_of_host(
        &mut self,
        list: &Compiled,
        pattern: &Pattern,
        (host, address): (HostSubject<'_>, IpAddr),
        policy: HostPolicy,
    ) -> Result<Hit, ListError> {
        let names: Vec<Vec<u8>> = match host.names {
            NamesFrom::Nowhere => return Ok(policy.on_unknown(&no_name(address), self.env)),
            NamesFrom::Given(names) => names.iter().map(|name| name.to_vec()).collect(),
            NamesFrom::SenderHost => match self.env.sender_host_names()? {
                HostNames::Known(names) => names,
                HostNames::Unknown => return Ok(policy.on_unknown(&no_name(address), self.env)),
            },
        };
        for name in names {
            let name = lower_case(&Value::tainted(name));
            let hit = self.name(list, pattern, Name { value: &name, lower: &name }, false)?;
            if let Hit::Match { value, .. } = hit {
                return Ok(Hit::Match { value, captures: Vec::new() });
            }
        }
        Ok(Hit::Miss)
    }

    /// `@[]` in a domain list: a literal with an address of this host.
    pub(crate) fn address_literal(&mut self, domain: &[u8]) -> Hit {
        let literal = domain.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]"));
        let Some(text) = literal.and_then(|literal| std::str::from_utf8(literal).ok()) else {
            return Hit::Miss;
        };
        let text = match text.get(..5) {
            Some(tag) if tag.eq_ignore_ascii_case("ipv6:") => &text[5..],
            _ => text,
        };
        match parse_address(text) {
            Some(address) if self.env.local_addresses().contains(&address) => {
                Hit::Match { value: None, captures: Vec::new() }
            }
            _ => Hit::Miss,
        }
    }

    /// `@mx_any`, `@mx_primary`, `@mx_secondary`.
    pub(crate) fn mx(&mut self, pattern: &MxPattern, domain: &[u8]) -> Result<Hit, ListError> {
        let Some(resolver) = self.env.resolver() else {
            return Ok(Hit::Miss);
        };
        let answer = resolver.query(domain, RecordType::Mx);
        self.env.resolver_was_asked();
        let answer = match answer {
            Ok(answer) => answer,
            Err(failure) if DnsFailure::is_temporary(&failure) => {
                let domain = String::from_utf8_lossy(domain);
                return Err(ListError::unanswered(format!(
                    "DNS lookup of MX records for {domain} deferred: {failure}"
                )));
            }
            Err(_) => return Ok(Hit::Miss),
        };
        let mut exchangers: Vec<(u16, &[u8])> = answer
            .records
            .iter()
            .filter_map(|record| match &record.data {
                RecordData::Mx { preference, exchange } if !exchange.is_empty() => {
                    Some((*preference, &exchange[..]))
                }
                _ => None,
            })
            .collect();
        exchangers.sort_unstable();
        // The lowest preference of those that are not ignored.
        let mut lowest = None;
        let (mut primary, mut secondary) = (false, false);
        for (preference, exchange) in exchangers {
            let Some(local) = self.is_this_host(exchange, pattern)? else { continue };
            let lowest = *lowest.get_or_insert(preference);
            let counts = if preference == lowest { &mut primary } else { &mut secondary };
            *counts |= local;
        }
        let found = match pattern.which {
            Mx::Any => primary || secondary,
            Mx::Primary => primary,
            Mx::Secondary => secondary && !primary,
        };
        Ok(if found { Hit::Match { value: None, captures: Vec::new() } } else { Hit::Miss })
    }

    /// Whether a name in an MX record is this host; none if all its addresses are ignored.
    fn is_this_host(&mut self, exchange: &[u8], pattern: &MxPattern) -> Result<Option<bool>, ListError> {
        if self.env.treats_as_local(exchange)? {
            return Ok(Some(true));
        }
        let HostAddresses::Known(addresses) = self.env.host_addresses(exchange) else {
            return Ok(Some(false));
        };
        let local = self.env.local_addresses();
        let mut found = None;
        for address in addresses {
            if !self.is_ignored(address, pattern)? {
                found = Some(found == Some(true) || local.contains(&address));
            }
        }
        Ok(found)
    }

    fn is_ignored(&mut self, address: IpAddr, pattern: &MxPattern) -> Result<bool, ListError> {
        let Some(list) = &pattern.ignore else {
            return Ok(false);
        };
        let list = self.compiled(&Value::new(&**list, Taint::Clean), ListKind::Host);
        Ok(self.subject(&list, Subject::address(Some(address)))?.matched)
    }
}

fn no_name(address: IpAddr) -> String {
    format!("failed to find host name for {address}")
}

/// What a name that is asked for in the DNS is made of; anything else names no host.
fn may_stand_in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii() || matches!(byte, b'-' | b'.' | b'_')
}
