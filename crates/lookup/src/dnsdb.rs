//! `dnsdb`: records of the DNS.
//!
//! # Security
//! What the DNS says comes from outside; as in Exim, it is data of a lookup and so clean. Names go to the resolver, which
//! refuses what is no name.
//!
//! # Failure
//! A name that the DNS has no answer about now makes the lookup defer as the `defer_` modifier says: always (`strict`),
//! never, or only when nothing else was found (`lax`, the default).
//!
//! # Compatibility
//! Spec section "More about dnsdb".

pub mod csa;
mod query;
mod render;

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use expand::EvalError;
use expand::list::ListItems;
use expand::lookup::{LookupAnswer, LookupRequest, LookupWorld};
use mail_types::bytes::Printable;
use mail_types::dns::{Answer, DnsFailure, QueryOptions, RecordType, Resolve, Security};
use mail_types::value::Value;

use query::{Dnssec, OnDefer, Query, Wanted};

/// One lookup.
pub(crate) fn lookup(
    request: &LookupRequest<'_>,
    world: &mut LookupWorld<'_>,
) -> Result<LookupAnswer, EvalError> {
    let query = Query::parse(request.key.bytes())?;
    let Some(resolver) = world.resolver else {
        return Err(EvalError::defer("there is no DNS here"));
    };
    let mut asked = Asked {
        resolver,
        query: &query,
        out: Vec::new(),
        ttl: u32::MAX,
        authenticated: None,
        deferred: false,
        trouble: Vec::new(),
    };
    let outcome = query.names().iter().try_for_each(|name| asked.name(name, world));
    world.state.dnssec_authenticated = asked.authenticated.filter(|_| query.dnssec != Dnssec::Never);
    world.state.complaints.append(&mut asked.trouble);
    outcome?;
    if !asked.out.is_empty() {
        let answer = LookupAnswer::Found { data: Value::clean(asked.out), captures: None };
        let until = world.clock.now().plus(Duration::from_secs(u64::from(asked.ttl)));
        world.state.keep(request, &answer, Some(until));
        return Ok(answer);
    }
    if asked.deferred { Err(EvalError::defer(String::new())) } else { Ok(LookupAnswer::NotFound) }
}

/// A lookup under way.
struct Asked<'a> {
    resolver: &'a dyn Resolve,
    query: &'a Query,
    /// What was found; an empty text is none.
    out: Vec<u8>,
    ttl: u32,
    /// Whether the answer asked for last was signed.
    authenticated: Option<bool>,
    /// Something could not be asked now.
    deferred: bool,
    /// For the log.
    trouble: Vec<String>,
}

/// What came of one question.
enum Reply {
    Answer(Answer),
    Nothing,
    Later,
}

impl Asked<'_> {
    /// Everything about one name of the list.
    fn name(&mut self, name: &[u8], world: &LookupWorld<'_>) -> Result<(), EvalError> {
        match self.query.wanted {
            Wanted::Addresses => {
                self.plain(name, RecordType::Aaaa)?;
                self.plain(name, RecordType::A)
            }
            Wanted::ZoneServers => self.upwards(name, RecordType::Ns),
            Wanted::Csa => self.csa(name, world),
            wanted if wanted.record_type() == RecordType::Soa => self.upwards(name, RecordType::Soa),
            wanted => self.plain(&turned(name, wanted), wanted.record_type()),
        }
    }

    fn plain(&mut self, name: &[u8], rtype: RecordType) -> Result<(), EvalError> {
        match self.ask(name, rtype) {
            Reply::Answer(answer) => self.take(&answer),
            Reply::Nothing => {}
            Reply::Later => self.defer()?,
        }
        Ok(())
    }

    /// The name and, while there is nothing, what remains of it without its first component.
    fn upwards(&mut self, name: &[u8], rtype: RecordType) -> Result<(), EvalError> {
        let mut rest = name;
        loop {
            match self.ask(rest, rtype) {
                Reply::Answer(answer) => {
                    self.take(&answer);
                    return Ok(());
                }
                Reply::Later => return self.defer(),
                Reply::Nothing => match memchr::memchr(b'.', rest) {
                    Some(dot) => rest = &rest[dot + 1..],
                    None => return Ok(()),
                },
            }
        }
    }

    fn csa(&mut self, name: &[u8], world: &LookupWorld<'_>) -> Result<(), EvalError> {
        let found = csa::find(name, world.settings.csa_search_limit, true, |name| {
            match self.ask(name, RecordType::Srv) {
                Reply::Answer(answer) => Ok(Some(answer)),
                Reply::Nothing => Ok(None),
                Reply::Later => Err(csa::Later),
            }
        });
        match found {
            Ok(found) => found.iter().for_each(|said| self.append(&said.to_text())),
            Err(csa::Later) => self.defer()?,
        }
        Ok(())
    }

    fn ask(&mut self, name: &[u8], rtype: RecordType) -> Reply {
        let options = QueryOptions { dnssec: self.query.dnssec != Dnssec::Never, ..self.query.options };
        match self.resolver.query_with(name, rtype, &options) {
            Ok(answer) => {
                let secure = answer.security == Security::Secure;
                self.authenticated = Some(secure);
                if self.query.dnssec == Dnssec::Strict && !secure {
                    return Reply::Later;
                }
                Reply::Answer(answer)
            }
            Err(DnsFailure::NxDomain | DnsFailure::NoData | DnsFailure::BadName) => {
                let security = self.resolver.security(name, rtype, &options);
                self.authenticated = Some(security == Security::Secure);
                Reply::Nothing
            }
            Err(failure) => {
                self.trouble.extend(told(name, rtype, &failure));
                Reply::Later
            }
        }
    }

    fn take(&mut self, answer: &Answer) {
        self.ttl = self.ttl.min(answer.ttl);
        for record in &answer.records {
            if let Some(text) = render::record(&record.data, self.query) {
                self.append(&text);
            }
        }
    }

    fn append(&mut self, text: &[u8]) {
        if !self.out.is_empty() {
            self.out.extend_from_slice(&self.query.separator);
        }
        self.out.extend_from_slice(text);
    }

    /// There was no answer now.
    fn defer(&mut self) -> Result<(), EvalError> {
        match self.query.on_defer {
            OnDefer::Strict => Err(EvalError::defer(String::new())),
            OnDefer::Lax => {
                self.deferred = true;
                Ok(())
            }
            OnDefer::Never => Ok(()),
        }
    }
}

/// What the log is told of a failure; the others are the servers' affair.
fn told(name: &[u8], rtype: RecordType, failure: &DnsFailure) -> Option<String> {
    let name = Printable::new(name);
    match failure {
        DnsFailure::AliasLoop => Some(format!("CNAME loop for {name} encountered")),
        DnsFailure::Bogus(reason) => Some(format!("DNSSEC validation failed for {name} {rtype}: {reason}")),
        _ => None,
    }
}

/// An address as text; the interface that may stand behind one of IPv6 counts for nothing.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    text.parse().ok().or_else(|| text.split_once('%')?.0.parse().map(IpAddr::V6).ok())
}

/// For `ptr` an address becomes the name that its records stand under.
fn turned(name: &[u8], wanted: Wanted) -> Vec<u8> {
    match address(name) {
        Some(address) if wanted.record_type() == RecordType::Ptr => mail_types::dns::reverse_name(address),
        _ => name.to_vec(),
    }
}

impl Query {
    /// The names of the list; one IPv6 address alone is no list.
    fn names(&self) -> Vec<Vec<u8>> {
        let text = self.list.trim_ascii();
        let is_ipv6 = address(text).is_some_and(|address| address.is_ipv6());
        if self.wanted.record_type() == RecordType::Ptr && is_ipv6 {
            return vec![text.to_vec()];
        }
        ListItems::new(&self.list).map(Cow::into_owned).collect()
    }
}
