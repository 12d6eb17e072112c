//! The hosts of a run, in the order in which they are tried.
//!
//! # Security
//! Host lists may expand to text from outside; names are only asked for, and what they lead to is only connected to.
//!
//! # Compatibility
//! Specification, options `hosts`, `hosts_override`, `hosts_randomize`, `fallback_hosts`, `allow_localhost`.

use std::net::IpAddr;
use std::sync::Arc;

use config::TransportInstance;
use config::options::main;
use config::options::transport::smtp as options;
use mail_types::bytes::Printable;
use mail_types::dns::Security;
use policy::list::{List, ListEnv, Subject};
use policy::retry::Route;

use super::batch::Batch;
use super::settings::{Misconfigured, expanded, flag, items};
use crate::context::Context;
use crate::route::{HostSource, HostTls, RouteHost};

/// A host to be tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) name: Vec<u8>,
    pub(super) address: IpAddr,
    pub(super) port: Option<u16>,
    pub(super) route: Route,
    pub(super) dnssec: bool,
    /// `$lookup_dnssec_authenticated`.
    pub(super) authenticated: Option<bool>,
    /// What is promised of its TLS.
    pub(super) tls: HostTls,
    /// Where its addresses stand; not `name` where that is the transport's own name for it and an alias.
    pub(super) canonical_name: Vec<u8>,
    /// The name that leads to `canonical_name`, where there is one that nobody can have forged.
    pub(super) alias: Option<Vec<u8>>,
    /// By which domain and record it was found.
    pub(super) source: Option<HostSource>,
}

impl Candidate {
    /// The name that the domain's record gives it: MTA-STS policies list such names, and certificates are to be for them.
    pub(super) fn record_name(&self) -> &[u8] {
        self.source.as_ref().map_or(&self.name, |source| &source.name)
    }

    /// The domain whose host it is: of a smart host its own, not the recipient's (rfc8461#3.4).
    pub(super) fn policy_domain(&self) -> Option<&[u8]> {
        self.source.as_ref().map(|source| source.domain.as_slice())
    }
}

/// Why there is nobody to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoHosts {
    /// An option is wrong.
    Misconfigured(Misconfigured),
    /// Names that could not be looked up now.
    Deferred(String),
    /// Neither the router nor the transport names a host.
    None,
}

impl From<Misconfigured> for NoHosts {
    fn from(wrong: Misconfigured) -> Self {
        Self::Misconfigured(wrong)
    }
}

/// The router's hosts, or the transport's own.
pub(super) async fn candidates(
    batch: &Batch,
    transport: &TransportInstance,
    context: &mut Context,
) -> Result<Vec<Candidate>, NoHosts> {
    let set = &transport.options;
    let own = set.get(options::HOSTS);
    let overridden = own.is_some() && set.get(options::HOSTS_OVERRIDE);
    if !batch.hosts.is_empty() && !overridden {
        let found: Vec<Candidate> = batch.hosts.iter().filter_map(from_router).collect();
        if found.is_empty() {
            let names: Vec<String> =
                batch.hosts.iter().map(|host| Printable::new(&host.name).to_string()).collect();
            return Err(NoHosts::Deferred(format!("lookup of host \"{}\" failed", names.join("\", \""))));
        }
        return Ok(found);
    }
    let Some(text) = own else { return Err(NoHosts::None) };
    let Some(list) = expanded(text, "hosts", transport, context)? else { return Err(NoHosts::None) };
    let mut names = items(list.bytes());
    if flag(set.get(options::HOSTS_RANDOMIZE), "hosts_randomize", transport, context)? {
        crate::route::shuffle(&mut names, context.services.entropy.as_ref());
    }
    by_name(&names, transport, context).await
}

/// `fallback_hosts` of the router or the transport.
pub(super) async fn fallback(
    batch: &Batch,
    transport: &TransportInstance,
    context: &mut Context,
) -> Result<Vec<Candidate>, NoHosts> {
    let list = match &batch.fallback_hosts {
        Some(list) => list.clone(),
        None => match transport.options.get(options::FALLBACK_HOSTS) {
            Some(text) => match expanded(text, "fallback_hosts", transport, context)? {
                Some(list) => list.into_bytes(),
                None => return Ok(Vec::new()),
            },
            None => return Ok(Vec::new()),
        },
    };
    let names = items(&list);
    if names.is_empty() { Ok(Vec::new()) } else { by_name(&names, transport, context).await }
}

fn from_router(host: &RouteHost) -> Option<Candidate> {
    let route = if host.mx.is_some() { Route::Mx } else { Route::Address };
    Some(Candidate {
        name: host.name.clone(),
        address: host.address?,
        port: host.port,
        route,
        dnssec: host.dnssec == Some(true),
        authenticated: host.dnssec,
        tls: host.tls,
        canonical_name: host.name.clone(),
        alias: host.alias.clone(),
        source: host.source.clone(),
    })
}

async fn by_name(
    names: &[Vec<u8>],
    transport: &TransportInstance,
    context: &mut Context,
) -> Result<Vec<Candidate>, NoHosts> {
    let allow_local = transport.options.get(options::ALLOW_LOCALHOST);
    let mut found = Vec::new();
    let mut trouble = None;
    for item in names {
        let (name, port) = name_and_port(item);
        let (found_addresses, canonical_name, dnssec) =
            addresses(name, transport, context, &mut trouble).await;
        let alias = (!canonical_name.eq_ignore_ascii_case(name)).then(|| name.to_vec());
        for address in found_addresses {
            if !allow_local && is_local(address, context) {
                let text = format!(
                    "host \"{}\" of {} transport is the local host",
                    Printable::new(name),
                    transport.name
                );
                return Err(NoHosts::Deferred(text));
            }
            found.push(Candidate {
                name: name.to_vec(),
                address,
                port,
                route: Route::Address,
                dnssec,
                authenticated: dnssec.then_some(true),
                tls: HostTls::default(),
                canonical_name: canonical_name.clone(),
                alias: alias.clone(),
                source: Some(HostSource { domain: name.to_vec(), name: name.to_vec() }),
            });
        }
    }
    if found.is_empty() {
        return Err(trouble.map_or(NoHosts::None, NoHosts::Deferred));
    }
    Ok(found)
}

fn is_local(address: IpAddr, context: &mut Context) -> bool {
    address.is_loopback() || context.local_addresses().contains(&address)
}

/// The addresses of a name, the name at the end of its aliases, and whether DNSSEC vouches for all of them.
async fn addresses(
    name: &[u8],
    transport: &TransportInstance,
    context: &mut Context,
    trouble: &mut Option<String>,
) -> (Vec<IpAddr>, Vec<u8>, bool) {
    let literal = name.strip_prefix(b"[").and_then(|name| name.strip_suffix(b"]")).unwrap_or(name);
    if let Some(address) = std::str::from_utf8(literal).ok().and_then(|text| text.parse().ok()) {
        return (vec![address], name.to_vec(), false);
    }
    let config = Arc::clone(&context.config);
    let set = &transport.options;
    let wishes = async {
        let ipv4_only =
            names(config.main.get(main::DNS_IPV4_LOOKUP), "dns_ipv4_lookup", name, context).await?;
        let required = set.get(options::DNSSEC_REQUIRE_DOMAINS);
        let required = names(required, "dnssec_require_domains", name, context).await?;
        let requested = set.get(options::DNSSEC_REQUEST_DOMAINS);
        let requested = required || names(requested, "dnssec_request_domains", name, context).await?;
        Ok::<_, String>((ipv4_only, required, requested))
    };
    let (ipv4_only, required, requested) = match wishes.await {
        Ok(wishes) => wishes,
        Err(undecided) => {
            *trouble = Some(undecided);
            return (Vec::new(), Vec::new(), false);
        }
    };
    let ipv6 = !config.main.get(main::DISABLE_IPV6) && !ipv4_only;
    let families = dns::Families { ipv4: true, ipv6 };
    let by_name = set.get(options::GETHOSTBYNAME);
    let search = dns::SearchOptions {
        qualify_single: by_name || set.get(options::DNS_QUALIFY_SINGLE),
        search_parents: by_name || set.get(options::DNS_SEARCH_PARENTS),
        dnssec: requested,
    };
    let resolver = context.dns();
    let found = if by_name {
        resolver.host_addresses(name, families, search).await
    } else {
        resolver.dns_addresses(name, families, search).await
    };
    context.tell_failed_lookups();
    match found {
        Ok(found) if required && found.security != Security::Secure => {
            *trouble = Some(format!("lookup of IP address for {} was insecure", Printable::new(name)));
            (Vec::new(), Vec::new(), false)
        }
        Ok(found) => (found.addresses, found.canonical_name, requested && found.security == Security::Secure),
        Err(failure) if !failure.is_temporary() => {
            *trouble = Some(format!("failed to lookup IP address for {}", Printable::new(name)));
            (Vec::new(), Vec::new(), false)
        }
        Err(_) => {
            *trouble = Some(format!("lookup of host \"{}\" failed", Printable::new(name)));
            (Vec::new(), Vec::new(), false)
        }
    }
}

/// Whether an option's list has a name in it. An item about which no DNS server answers does not fit; else what can't be
/// decided is an error.
async fn names(
    list: Option<&List>,
    option: &str,
    name: &[u8],
    context: &mut Context,
) -> Result<bool, String> {
    let Some(list) = list else { return Ok(false) };
    let found = if list.may_block() {
        context.on_pool(|context| list.matches(Subject::Text(name), context)).await
    } else {
        Some(list.matches(Subject::Text(name), context))
    };
    match found {
        Some(Ok(found)) => Ok(found.matched),
        Some(Err(error)) if error.unanswered => Ok(false),
        Some(Err(error)) => Err(format!("failed to check \"{option}\": {error}")),
        None => Err("shutting down".to_owned()),
    }
}

/// `name`, `name:port`, `[address]:port`; a bare IPv6 address has no port.
fn name_and_port(item: &[u8]) -> (&[u8], Option<u16>) {
    let port_after =
        |at: usize| std::str::from_utf8(&item[at + 1..]).ok().and_then(|text| text.parse::<u16>().ok());
    let Some(last) = item.iter().rposition(|b| *b == b':') else { return (item, None) };
    let bracketed = item.first() == Some(&b'[');
    let separates = (bracketed && item[..last].ends_with(b"]"))
        || (!bracketed && memchr::memchr(b':', item) == Some(last));
    match port_after(last).filter(|_| separates) {
        Some(port) => (&item[..last], Some(port)),
        None => (item, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ports() {
        for (item, name, port) in [
            ("mx.test", "mx.test", None),
            ("mx.test:2525", "mx.test", Some(2525)),
            ("::1", "::1", None),
            ("[::1]:25", "[::1]", Some(25)),
            ("192.0.2.1:26", "192.0.2.1", Some(26)),
            ("mx.test:x", "mx.test:x", None),
        ] {
            assert_eq!(name_and_port(item.as_bytes()), (name.as_bytes(), port), "{item}");
        }
    }
}
