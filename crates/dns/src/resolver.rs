//! The resolver that everybody asks.
//!
//! # Invariants
//! * Aliases are followed at most [`limits::DNS_CNAMES`] times.
//! * An answer is secure only if each part of the way to it was.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use mail_types::Clock;
use mail_types::clock::Entropy;
use mail_types::dns::{
    Answer, DnsFailure, FailedLookups, QueryOptions, Record, RecordData, RecordType, Security,
};
use mail_types::limits;
use mail_types::trace;

use crate::cache::Cache;
use crate::config::{ResolverConfig, Validation};
use crate::exchange;
use crate::name;
use crate::validate::anchor::TrustAnchors;
use crate::wire::{Question, Response, ResponseKind};

mod chain;
mod flight;
mod follow;
mod validated;

pub use follow::Followed;

/// A caching stub resolver; clones share the cache.
#[derive(Clone)]
pub struct Resolver {
    inner: Arc<Inner>,
    /// Where lookups that fail are written down.
    failed: Option<Arc<FailedLookups>>,
}

/// Name in lower case, type, and whether DNSSEC was asked for.
type Key = (Vec<u8>, RecordType, bool);

struct Inner {
    config: ResolverConfig,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    answers: Cache<Key, Examined>,
    flights: flight::Flights,
    links: chain::Links,
    /// Those in force: the configured ones, as far as nobody has followed them further.
    anchors: RwLock<Arc<TrustAnchors>>,
}

/// Whether a name may be completed from the search list, and what is asked of the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SearchOptions {
    /// A name without a dot is completed with the first domain of the list (`qualify_single`, `RES_DEFNAMES`).
    pub qualify_single: bool,
    /// Names are completed with each domain of the list (`search_parents`, `RES_DNSRCH`).
    pub search_parents: bool,
    /// Find out what DNSSEC says of the answer.
    pub dnssec: bool,
}

/// Which kinds of address are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Families {
    /// IPv4.
    pub ipv4: bool,
    /// IPv6.
    pub ipv6: bool,
}

impl Families {
    /// Both.
    pub const BOTH: Self = Self { ipv4: true, ipv6: true };
    /// IPv4 alone (`disable_ipv6`, `dns_ipv4_lookup`).
    pub const IPV4: Self = Self { ipv4: true, ipv6: false };

    fn wants(self, address: IpAddr) -> bool {
        if address.is_ipv4() { self.ipv4 } else { self.ipv6 }
    }
}

/// The addresses of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostAddresses {
    /// The name at the end of the aliases.
    pub canonical_name: Vec<u8>,
    /// IPv6 addresses first, else in the order of the answers.
    pub addresses: Vec<IpAddr>,
    /// What DNSSEC says of all of them.
    pub security: Security,
    /// Seconds that this holds.
    pub ttl: u32,
}

/// An answer, or its absence, and what DNSSEC says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// The answer.
    pub outcome: Result<Answer, DnsFailure>,
    /// What DNSSEC says.
    pub security: Security,
    /// Why it is not secure.
    pub reason: Option<Arc<str>>,
}

/// The same, and the seconds to keep it.
struct Looked {
    examined: Examined,
    seconds: u32,
}

impl Examined {
    fn failed(failure: DnsFailure) -> Self {
        Self { outcome: Err(failure), security: Security::Indeterminate, reason: None }
    }

    /// About so much memory.
    fn bytes(&self) -> usize {
        let records = self.outcome.as_ref().map_or(&[][..], |answer| &answer.records[..]);
        let record = |record: &Record| size_of::<Record>() + record.name.len() + record.data.bytes();
        let reason = self.reason.as_ref().map_or(0, |reason| reason.len());
        size_of::<Self>() + reason + records.iter().map(record).sum::<usize>()
    }
}

impl Resolver {
    /// With a configuration, and the time and chance that it depends on.
    pub fn new(config: ResolverConfig, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        let anchors = match &config.validation {
            Validation::Own(anchors) => anchors.clone(),
            Validation::Nobody | Validation::Upstream => TrustAnchors::none(),
        };
        Self {
            inner: Arc::new(Inner {
                config,
                clock,
                entropy,
                answers: Cache::default(),
                flights: flight::Flights::default(),
                links: chain::Links::default(),
                anchors: RwLock::new(Arc::new(anchors)),
            }),
            failed: None,
        }
    }

    /// The same resolver for somebody who wants to hear of lookups that fail; with none, for somebody who does not.
    #[must_use]
    pub fn noting(&self, failed: Option<Arc<FailedLookups>>) -> Self {
        Self { failed, ..self.clone() }
    }

    /// The configuration in force.
    pub fn config(&self) -> &ResolverConfig {
        &self.inner.config
    }

    /// The trust anchors in force.
    pub fn anchors(&self) -> Arc<TrustAnchors> {
        Arc::clone(&self.inner.anchors.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Other trust anchors are in force from now on; what the old ones proved is forgotten.
    pub fn trust(&self, anchors: TrustAnchors) {
        let mut present = self.inner.anchors.write().unwrap_or_else(PoisonError::into_inner);
        if **present != anchors {
            *present = Arc::new(anchors);
            drop(present);
            self.forget();
        }
    }

    /// Forgets all answers.
    pub fn forget(&self) {
        self.inner.answers.clear();
        self.inner.links.clear();
    }

    /// Asks one question about a complete name; aliases are followed.
    pub async fn query(&self, name: &[u8], rtype: RecordType) -> Result<Answer, DnsFailure> {
        self.query_with(name, rtype, &QueryOptions::default()).await
    }

    /// The same, as the asker wants it.
    pub async fn query_with(
        &self,
        name: &[u8],
        rtype: RecordType,
        options: &QueryOptions,
    ) -> Result<Answer, DnsFailure> {
        self.examine(name, rtype, options).await.outcome
    }

    /// The same, and what DNSSEC says of it, also where there is nothing: of a zone that is signed it is known that there
    /// is nothing.
    pub async fn examine(&self, name: &[u8], rtype: RecordType, options: &QueryOptions) -> Examined {
        let examined = self.look_up(name, rtype, options).await;
        if let (Some(failed), Err(failure)) = (&self.failed, &examined.outcome) {
            failed.note(name, rtype, failure);
        }
        if options.again_stays_again { examined } else { self.as_nonexistent(rtype, examined, name) }
    }

    async fn look_up(&self, name: &[u8], rtype: RecordType, options: &QueryOptions) -> Examined {
        let Inner { answers, clock, config, .. } = &*self.inner;
        let parsed = match name::parse(name) {
            Ok(parsed) => parsed,
            Err(failure) => return Examined::failed(failure),
        };
        if rtype != RecordType::Ptr && self.is_unasked(name, &name::to_text(&parsed)) {
            return Examined::failed(DnsFailure::NxDomain);
        }
        let own = match &config.validation {
            Validation::Own(_) if options.dnssec || config.dnssec_always => Some(self.anchors()),
            _ => None,
        };
        let key = (name::to_text(&parsed).to_ascii_lowercase(), rtype, own.is_some());
        if let Some((mut known, left)) = answers.find(&key, clock.now()) {
            known.outcome = known.outcome.map(|answer| aged(answer, left));
            return known;
        }
        let question = Question { name: parsed, rtype };
        let began = clock.now();
        let examined = self.asked_once(key.clone(), question, own, options).await;
        if let Some(slow) = config.slow.as_ref().filter(|_| !options.timed_by_caller) {
            let took = clock.now().since(began);
            if took > slow.limit {
                (slow.tell)(&key.0, rtype, took);
            }
        }
        match &examined.outcome {
            Ok(answer) => {
                let count = answer.records.len();
                trace!(Dns, "DNS lookup of {} ({rtype:?}): {count} records", key.0.escape_ascii());
            }
            Err(failure) => trace!(Dns, "DNS lookup of {} ({rtype:?}): {failure}", key.0.escape_ascii()),
        }
        examined
    }

    /// `dns_check_names_pattern`: looks at a name as it was written, too, where that has escapes.
    fn is_unasked(&self, written: &[u8], text: &[u8]) -> bool {
        let contains = |name: &[u8]| self.inner.config.unasked.contain(&name.to_ascii_lowercase());
        contains(text) || (written.contains(&b'\\') && contains(written))
    }

    /// `dns_again_means_nonexist`. Of TLSA records it matters for security whether they are not there or not known.
    fn as_nonexistent(&self, rtype: RecordType, examined: Examined, name: &[u8]) -> Examined {
        let again = &self.inner.config.again_means_nonexist;
        let temporary = examined.outcome.as_ref().is_err_and(DnsFailure::is_temporary);
        let canonical = || name::parse(name).map(|name| name::to_text(&name).to_ascii_lowercase());
        if temporary && rtype != RecordType::Tlsa && canonical().is_ok_and(|name| again.contain(&name)) {
            return Examined::failed(DnsFailure::NxDomain);
        }
        examined
    }

    /// Asks about a name that may be incomplete: the search list is tried as the options say.
    pub async fn search(
        &self,
        name: &[u8],
        rtype: RecordType,
        options: SearchOptions,
    ) -> Result<Answer, DnsFailure> {
        let mut first = None;
        let asked = QueryOptions { dnssec: options.dnssec, ..QueryOptions::default() };
        for candidate in self.candidates(name, options) {
            match self.query_with(&candidate, rtype, &asked).await {
                Err(failure @ (DnsFailure::NxDomain | DnsFailure::NoData)) => {
                    // A name without records of this type tells more than one that isn't there.
                    if first.is_none() || failure == DnsFailure::NoData {
                        first = Some(failure);
                    }
                }
                outcome => return outcome,
            }
        }
        Err(first.unwrap_or(DnsFailure::NxDomain))
    }

    /// The addresses of a host, from the hosts file or the DNS, as `gethostbyname` finds them.
    pub async fn host_addresses(
        &self,
        name: &[u8],
        families: Families,
        options: SearchOptions,
    ) -> Result<HostAddresses, DnsFailure> {
        if let Some(listed) = self.listed_addresses(name, families) {
            return Ok(listed);
        }
        self.dns_addresses(name, families, options).await
    }

    /// What the hosts file says. (Apart, so that the future above holds no iterator while it waits.)
    fn listed_addresses(&self, name: &[u8], families: Families) -> Option<HostAddresses> {
        let listed = self.inner.config.hosts.addresses(name);
        let mut known = listed.iter().filter(|(address, _)| families.wants(*address)).peekable();
        let canonical_name = known.peek()?.1.clone();
        let mut addresses: Vec<IpAddr> = known.map(|(address, _)| *address).collect();
        addresses.sort_by_key(IpAddr::is_ipv4);
        Some(HostAddresses { canonical_name, addresses, security: Security::Insecure, ttl: HOSTS_FILE_TTL })
    }

    /// The addresses of a host from the DNS alone.
    pub async fn dns_addresses(
        &self,
        name: &[u8],
        families: Families,
        options: SearchOptions,
    ) -> Result<HostAddresses, DnsFailure> {
        let mut found: Option<HostAddresses> = None;
        let mut failure = None;
        for (wanted, rtype) in [(families.ipv6, RecordType::Aaaa), (families.ipv4, RecordType::A)] {
            if !wanted {
                continue;
            }
            match self.search(name, rtype, options).await {
                Ok(answer) => merge(&mut found, &answer),
                Err(other) => failure = Some(worse(failure, other)),
            }
        }
        found.ok_or(failure.unwrap_or(DnsFailure::NoData))
    }

    /// The addresses of a host, from the hosts file alone.
    pub fn addresses_by_hosts_file(&self, name: &[u8]) -> Vec<IpAddr> {
        self.inner.config.hosts.addresses(name).iter().map(|(address, _)| *address).collect()
    }

    /// The names of an address, from the hosts file.
    pub fn names_by_hosts_file(&self, address: IpAddr) -> Vec<Vec<u8>> {
        self.inner.config.hosts.names(address).to_vec()
    }

    /// The names of an address from the DNS (PTR), in lower case.
    pub async fn names_by_dns(&self, address: IpAddr) -> Result<(Vec<Vec<u8>>, Security), DnsFailure> {
        let answer = self.query(&mail_types::dns::reverse_name(address), RecordType::Ptr).await?;
        let names = answer.records.iter().filter_map(|record| match &record.data {
            RecordData::Ptr(name) => Some(name.to_ascii_lowercase()),
            _ => None,
        });
        Ok((names.collect(), answer.security))
    }

    /// The complete names to try for a name, in order.
    fn candidates(&self, name: &[u8], options: SearchOptions) -> Vec<Vec<u8>> {
        let config = &self.inner.config;
        let dots = name.split(|byte| *byte == b'.').count() - 1;
        if name.ends_with(b".") {
            return vec![name.to_vec()];
        }
        let domains = if options.search_parents {
            &config.search[..]
        } else if options.qualify_single && dots == 0 {
            &config.search[..config.search.len().min(1)]
        } else {
            &[]
        };
        let mut completed = domains.iter().map(|domain| [name, domain].join(&b'.')).collect::<Vec<_>>();
        if dots >= config.ndots {
            completed.insert(0, name.to_vec());
        } else {
            completed.push(name.to_vec());
        }
        completed
    }

    /// Asks, and asks again for the target of an alias that the server did not follow. Gives the seconds to keep it too.
    async fn follow(&self, mut question: Question, options: &QueryOptions) -> Looked {
        let mut way = Way { ttl: u32::MAX, secure: true, hops: 0 };
        loop {
            let Inner { config, entropy, .. } = &*self.inner;
            let response = match exchange::ask(&question, None, config, options, &**entropy).await {
                Ok(response) => response,
                Err(failure) => return Looked { examined: Examined::failed(failure), seconds: 0 },
            };
            way.secure &= self.is_trusted(&response);
            match way.step(&question, &response) {
                Step::Found(answer) => {
                    let (seconds, security) = (answer.ttl, answer.security);
                    let examined = Examined { outcome: Ok(answer), security, reason: None };
                    return Looked { examined, seconds };
                }
                Step::Alias(target) => match name::parse(&target) {
                    Ok(target) => question.name = target,
                    Err(failure) => {
                        return Looked { examined: Examined::failed(failure), seconds: way.ttl };
                    }
                },
                Step::Nothing(failure) => {
                    let examined = Examined { security: way.security(), ..Examined::failed(failure) };
                    let seconds = response.negative_ttl.unwrap_or(0).min(way.ttl);
                    return Looked { examined, seconds };
                }
            }
        }
    }
}

impl Resolver {
    /// Whether the server's word makes an answer secure.
    fn is_trusted(&self, response: &Response) -> bool {
        let config = &self.inner.config;
        let by_authority =
            || response.authority_for.as_ref().is_some_and(|zone| config.trusted_authorities.contain(zone));
        (response.authentic && config.validation == Validation::Upstream) || by_authority()
    }
}

/// The way from the name asked for to the records.
struct Way {
    ttl: u32,
    secure: bool,
    hops: usize,
}

enum Step {
    Found(Answer),
    Alias(Vec<u8>),
    Nothing(DnsFailure),
}

impl Way {
    /// Follows the aliases within one response.
    fn step(&mut self, question: &Question, response: &Response) -> Step {
        let mut name = name::to_text(&question.name);
        let mut moved = false;
        loop {
            let of_name = |record: &&Record| record.name.eq_ignore_ascii_case(&name);
            let found: Vec<Record> = response
                .records
                .iter()
                .filter(of_name)
                .filter(|r| r.rtype == question.rtype)
                .cloned()
                .collect();
            if !found.is_empty() {
                return Step::Found(self.answer(found, name));
            }
            let alias = response.records.iter().filter(of_name).find_map(|record| match &record.data {
                RecordData::Cname(target) => Some((target.clone(), record.ttl)),
                _ => None,
            });
            let Some((target, ttl)) = alias else { break };
            self.ttl = self.ttl.min(ttl);
            self.hops += 1;
            if self.hops > limits::DNS_CNAMES {
                return Step::Nothing(DnsFailure::AliasLoop);
            }
            name = target;
            moved = true;
        }
        match response.kind {
            ResponseKind::NxDomain => Step::Nothing(DnsFailure::NxDomain),
            // The server knows no more of the target: either it has no such records, or it did not look.
            _ if moved && response.negative_ttl.is_none() => Step::Alias(name),
            _ => Step::Nothing(DnsFailure::NoData),
        }
    }

    fn security(&self) -> Security {
        if self.secure { Security::Secure } else { Security::Indeterminate }
    }

    fn answer(&self, records: Vec<Record>, canonical_name: Vec<u8>) -> Answer {
        let ttl = records.iter().map(|record| record.ttl).min().unwrap_or(0).min(self.ttl);
        let security = self.security();
        Answer { records, security, security_reason: None, ttl, canonical_name }
    }
}

fn aged(mut answer: Answer, left: u32) -> Answer {
    answer.ttl = left;
    for record in &mut answer.records {
        record.ttl = record.ttl.min(left);
    }
    answer
}

fn merge(found: &mut Option<HostAddresses>, answer: &Answer) {
    let addresses = answer.records.iter().filter_map(|record| match record.data {
        RecordData::A(address) => Some(IpAddr::V4(address)),
        RecordData::Aaaa(address) => Some(IpAddr::V6(address)),
        _ => None,
    });
    match found {
        Some(host) => {
            host.addresses.extend(addresses);
            host.ttl = host.ttl.min(answer.ttl);
            if host.security != answer.security {
                host.security = Security::Indeterminate;
            }
        }
        None => {
            *found = Some(HostAddresses {
                canonical_name: answer.canonical_name.clone(),
                addresses: addresses.collect(),
                security: answer.security,
                ttl: answer.ttl,
            });
        }
    }
}

/// Of two failures the one that tells more: a temporary one, else that the name is there.
fn worse(known: Option<DnsFailure>, other: DnsFailure) -> DnsFailure {
    match known {
        Some(known) if known.is_temporary() || other == DnsFailure::NxDomain => known,
        _ => other,
    }
}

/// The hosts file is read at start; what it says holds as long.
const HOSTS_FILE_TTL: u32 = 86_400;

#[cfg(test)]
mod tests;
