//! The hosts of a domain: MX records, or the domain's own addresses.
//!
//! # Invariants
//! * Hosts are in the order of preference; those of equal preference are in random order.
//!
//! # Security
//! Everything here came from the DNS. The number of hosts is capped.
//!
//! # Compatibility
//! Specification, "The dnslookup router"; a null MX (RFC 7505) ends the search.
//!
//! # References
//! RFC 5321 section 5.1, RFC 7505.

use config::RouterInstance;
use config::options::main;
use mail_types::dns::{Answer, DnsFailure, RecordData, RecordType, Security};
use mail_types::limits;

use super::hosts::{self, Addresses, Dnssec, Families};
use super::outcome::{HostSource, HostTls, RouteHost};
use super::state::State;

/// What the options of a router say about the search.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Search {
    pub(crate) families: Families,
    pub(crate) dnssec: Dnssec,
    /// Without MX records, the domain's own addresses do.
    pub(crate) addresses_do: bool,
    /// A failure of the MX lookup counts as "no MX records".
    pub(crate) mx_failure_is_none: bool,
}

/// The hosts of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// At least one, whose address may not be known now.
    Hosts(Vec<RouteHost>),
    /// There is no such domain, or nothing in it that takes mail.
    Nothing,
    /// Its owner says that it takes no mail.
    NullMx,
    /// MX records, but none that leads to an address; true when one of them is an address itself.
    NoAddresses { literal: bool },
    /// All addresses are to be ignored.
    AllIgnored,
    /// Not known now.
    Again,
    /// What was found is not secure, and must be.
    Insecure,
    /// The name cannot be asked for; the name.
    BadName(Vec<u8>),
}

/// Looks for the hosts of a domain.
pub(crate) async fn find(
    state: &mut State<'_>,
    router: &RouterInstance,
    domain: &[u8],
    search: Search,
) -> Found {
    match state.world.query(domain, RecordType::Mx, search.dnssec.requested).await {
        Ok(answer) if !search.dnssec.accepts(&answer) => {
            if search.mx_failure_is_none {
                own_addresses(state, router, domain, search).await
            } else {
                Found::Insecure
            }
        }
        Ok(answer) => from_records(state, router, domain, &answer, search).await,
        Err(DnsFailure::NxDomain | DnsFailure::BadName) => Found::Nothing,
        Err(DnsFailure::NoData) => own_addresses(state, router, domain, search).await,
        Err(_) if search.mx_failure_is_none => own_addresses(state, router, domain, search).await,
        Err(_) => Found::Again,
    }
}

async fn own_addresses(
    state: &mut State<'_>,
    router: &RouterInstance,
    domain: &[u8],
    search: Search,
) -> Found {
    if !search.addresses_do {
        return Found::Nothing;
    }
    let pattern = RouteHost {
        name: domain.to_vec(),
        address: None,
        port: None,
        mx: None,
        sort_key: 0,
        dnssec: None,
        tls: HostTls::default(),
        alias: None,
        source: Some(HostSource { domain: domain.to_vec(), name: domain.to_vec() }),
    };
    match hosts::look_up(state, domain, hosts::Method::Dns, search.families, search.dnssec, false).await {
        Addresses::Found { mut addresses, dnssec, name, alias } => {
            if hosts::drop_ignored(state, router, domain, &mut addresses).await.is_none() {
                return Found::Again;
            }
            if addresses.is_empty() {
                return Found::AllIgnored;
            }
            Found::Hosts(hosts::as_hosts(
                &RouteHost { name, dnssec: dnssec.then_some(true), alias, ..pattern },
                &addresses,
            ))
        }
        Addresses::Again => Found::Again,
        Addresses::Insecure => Found::Insecure,
        Addresses::Unknown | Addresses::BadName => Found::Nothing,
    }
}

async fn from_records(
    state: &mut State<'_>,
    router: &RouterInstance,
    domain: &[u8],
    answer: &Answer,
    search: Search,
) -> Found {
    let mut targets = targets(answer);
    if targets.iter().all(|(_, name)| name.is_empty() || name == b".") {
        return if targets.is_empty() { Found::Nothing } else { Found::NullMx };
    }
    let services = state.world.services();
    hosts::shuffle(&mut targets, services.entropy.as_ref());
    targets.sort_by_key(|(preference, _)| *preference);
    targets.truncate(limits::HOSTS_PER_ADDRESS);
    let secure = search.dnssec.requested.then_some(answer.security == Security::Secure);
    let mut tally = Tally::default();
    for (preference, name) in targets {
        let key = hosts::sort_key(services.entropy.as_ref());
        let pattern = RouteHost {
            source: Some(HostSource { domain: domain.to_vec(), name: name.clone() }),
            name,
            address: None,
            port: None,
            mx: Some(preference),
            sort_key: key,
            dnssec: secure,
            tls: HostTls::default(),
            alias: None,
        };
        one_target(state, router, pattern, search, &mut tally).await;
    }
    tally.verdict()
}

/// What the targets of the MX records led to.
#[derive(Default)]
pub(crate) struct Tally {
    hosts: Vec<RouteHost>,
    /// Names whose addresses are not known now.
    waiting: bool,
    /// Names whose addresses are not secure.
    insecure: bool,
    literal: bool,
    ignored: bool,
    /// Names without an address are shown among the hosts.
    shows_unknown: bool,
}

impl Tally {
    /// For the targets of SRV records.
    pub(crate) fn of_services() -> Self {
        Self { shows_unknown: true, ..Self::default() }
    }

    pub(crate) fn verdict(self) -> Found {
        if self.hosts.iter().any(|host| host.address.is_some()) {
            return Found::Hosts(self.hosts);
        }
        if self.insecure {
            return Found::Insecure;
        }
        if self.waiting {
            return Found::Again;
        }
        if self.ignored {
            return Found::AllIgnored;
        }
        Found::NoAddresses { literal: self.literal }
    }
}

pub(crate) async fn one_target(
    state: &mut State<'_>,
    router: &RouterInstance,
    pattern: RouteHost,
    search: Search,
    tally: &mut Tally,
) {
    if hosts::literal(&pattern.name).is_some() && !state.world.config().main.get(main::ALLOW_MX_TO_IP) {
        tally.literal = true;
        return;
    }
    match hosts::look_up(state, &pattern.name, hosts::Method::Dns, search.families, search.dnssec, false)
        .await
    {
        Addresses::Found { mut addresses, dnssec, name, alias } => {
            let Some(ignored) = hosts::drop_ignored(state, router, &pattern.name, &mut addresses).await
            else {
                tally.waiting = true;
                tally.hosts.push(pattern);
                return;
            };
            tally.ignored |= ignored;
            let alias = alias.filter(|_| pattern.dnssec == Some(true));
            let dnssec = pattern.dnssec.map(|of_mx| of_mx && dnssec);
            let pattern = RouteHost { name, dnssec, alias, ..pattern };
            tally.hosts.extend(hosts::as_hosts(&pattern, &addresses));
        }
        Addresses::Again => {
            tally.waiting = true;
            tally.hosts.push(pattern);
        }
        Addresses::Insecure => {
            tally.insecure = true;
            tally.hosts.push(pattern);
        }
        Addresses::Unknown if tally.shows_unknown => tally.hosts.push(pattern),
        Addresses::Unknown | Addresses::BadName => {}
    }
}

fn targets(answer: &Answer) -> Vec<(u16, Vec<u8>)> {
    let target = |data: &RecordData| match data {
        RecordData::Mx { preference, exchange } => {
            let name = exchange.strip_suffix(b".").unwrap_or(exchange);
            Some((*preference, name.to_ascii_lowercase()))
        }
        _ => None,
    };
    answer.records.iter().filter_map(|record| target(&record.data)).collect()
}
