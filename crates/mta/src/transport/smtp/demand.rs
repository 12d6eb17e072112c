//! What is asked of a host: finds out what has a say, and leaves the decision to [`tls::policy`].
//!
//! # Invariants
//! * Records count only where DNSSEC calls them secure, and are only looked for under names to which the way was.
//!
//! # Security
//! Without a signed way to the host, TLSA records say nothing: an attacker would name a host of his own.
//!
//! # Failure
//! A lookup that fails or is bogus makes the message wait (rfc7672#2.1.2), and so does a list of hosts or domains that can't
//! be decided.
//!
//! # Compatibility
//! Specification, section "DANE". Of a host that goes by an alias, Exim looks for records under the name at the end of the
//! aliases alone; here the alias itself comes next (rfc7672#2.2.2).

use std::sync::Arc;

use config::options::postrider;
use config::options::transport::smtp as options;
use mail_types::dns::{DnsFailure, QueryOptions, RecordData, RecordType, Security};
use observe::event::{Event, Streams};
use policy::list::Subject;
use policy::retry::Route;
use tls::policy::{Configured, Dane, Decision, Inputs, MtaSts, decide};
use tls::{Associations, Tlsa};

use super::hosts::Candidate;
use super::settings::{InList, Misconfigured};
use super::tls_report;
use crate::context::Context;
use crate::route::HostTls;
use crate::transport::mta_sts::{self, Renewal};

/// What was found out about a host, and what follows.
pub(super) struct Demand {
    /// What is known of the domain's MTA-STS policy, where somebody looked.
    pub(super) sts: Option<mta_sts::Known>,
    pub(super) inputs: Inputs,
    pub(super) decision: Decision,
}

/// Decides about a host. `at_once` means smtps.
pub(super) async fn demand(
    host: &Candidate,
    port: u16,
    at_once: bool,
    renewal: Renewal,
    matches: &mut InList<'_>,
    context: &mut Context,
) -> Result<Demand, Misconfigured> {
    let configured = Configured {
        require: at_once
            || host.tls != HostTls::AsConfigured
            || matches(options::HOSTS_REQUIRE_TLS, context)?,
        avoid: matches(options::HOSTS_AVOID_TLS, context)?,
        require_dane: matches(options::HOSTS_REQUIRE_DANE, context)?,
    };
    let asks = configured.require_dane || matches(options::HOSTS_TRY_DANE, context)?;
    let dane = if asks { of_host(&context.dns(), host, port).await } else { Dane::NotAsked };
    context.tell_failed_lookups();
    let sts = match host.policy_domain() {
        Some(domain) => policy(domain, renewal, context).await?,
        None => None,
    };
    let mta_sts = sts.as_ref().map_or(MtaSts::NotAsked, |known| known.of_host(host.record_name()));
    let requiretls = context.facts.message.requiretls;
    let waived = !requiretls && tls_report::is_waived(context);
    let bounce = context.facts.message.sender_address.is_empty();
    // rfc8689#4.2.1, step 2, is about names that came out of MX records.
    let secure_mx = host.dnssec || host.route != Route::Mx;
    let inputs = Inputs { configured, dane, mta_sts, requiretls, bounce, waived, secure_mx };
    let decision = decide(&inputs, &String::from_utf8_lossy(&host.name));
    Ok(Demand { sts, inputs, decision })
}

/// The policy of a domain in `mta_sts_domains`.
async fn policy(
    domain: &[u8],
    renewal: Renewal,
    context: &mut Context,
) -> Result<Option<mta_sts::Known>, Misconfigured> {
    if context.config.main.get(postrider::MTA_STS_DOMAINS).is_none() {
        return Ok(None);
    }
    let asked = context
        .on_pool(|context| context.matches_option(postrider::MTA_STS_DOMAINS, Subject::Text(domain)))
        .await;
    match asked {
        Some(Ok(true)) => {}
        Some(Ok(false)) => return Ok(None),
        // To go on would be to go without what the domain promises.
        Some(Err(error)) => {
            return Err(Misconfigured(format!("failed to check \"mta_sts_domains\": {error}")));
        }
        None => return Err(Misconfigured("shutting down".to_owned())),
    }
    let known = mta_sts::find(domain, renewal, &context.dns(), &context.services).await;
    context.tell_failed_lookups();
    if let Some(trouble) = &known.trouble {
        let text = trouble.words.clone().into_bytes();
        context.log_event(&Event::Text { text, streams: Streams::MAIN });
    }
    Ok(Some(known))
}

/// Names under which the TLSA records of a host may stand, the first one with records counts. An error where that can't be
/// known now.
///
/// rfc7672#2.2.2: where the way to the addresses is signed, the name at its end, then the one at its beginning; where only
/// its first step is, the one at its beginning.
pub(super) async fn tlsa_bases<'a>(
    resolver: &dns::Resolver,
    host: &'a Candidate,
) -> Result<Vec<&'a [u8]>, DnsFailure> {
    let alias = host.alias.as_deref();
    if host.dnssec {
        return Ok([Some(&*host.canonical_name), alias].into_iter().flatten().collect());
    }
    let Some(alias) = alias else { return Ok(Vec::new()) };
    match resolver.query_with(alias, RecordType::Cname, &QueryOptions::DNSSEC).await {
        Ok(answer) if answer.security == Security::Secure => Ok(vec![alias]),
        Ok(answer) if answer.security == Security::Bogus => Err(DnsFailure::ServFail),
        // The alias may have come about otherwise, by a DNAME record.
        Ok(_) | Err(DnsFailure::NxDomain | DnsFailure::NoData | DnsFailure::BadName) => Ok(Vec::new()),
        Err(failure) => Err(failure),
    }
}

/// What the TLSA records of a host say.
async fn of_host(resolver: &dns::Resolver, host: &Candidate, port: u16) -> Dane {
    let Ok(bases) = tlsa_bases(resolver, host).await else { return Dane::Failed };
    if bases.is_empty() {
        return Dane::InsecureHost;
    }
    let others = other_names(resolver, host).await;
    for base in bases {
        match tlsa(resolver, base, port, &others).await {
            Dane::Nothing => {}
            found => return found,
        }
    }
    Dane::Nothing
}

/// Names beside the TLSA base domain for which a certificate below a DANE-TA(2) authority may be.
///
/// rfc7672#3.2.2: the domain whose host it is, and where MX records have led to it, what the domain is an alias of.
async fn other_names(resolver: &dns::Resolver, host: &Candidate) -> Vec<Vec<u8>> {
    let Some(domain) = host.policy_domain() else { return host.alias.iter().cloned().collect() };
    let mut names = vec![domain.to_vec()];
    // The router has asked already.
    if host.route == Route::Mx
        && let Ok(answer) = resolver.query_with(domain, RecordType::Mx, &QueryOptions::DNSSEC).await
        && answer.security == Security::Secure
    {
        names.push(answer.canonical_name.to_ascii_lowercase());
    }
    names
}

/// The TLSA records of a port under a name that is known for certain. `others` are more names for which the certificate may
/// be.
pub async fn tlsa(resolver: &dns::Resolver, base: &[u8], port: u16, others: &[Vec<u8>]) -> Dane {
    let name = tlsa_name(base, port);
    let answer = match resolver.query_with(&name, RecordType::Tlsa, &QueryOptions::DNSSEC).await {
        Ok(answer) => answer,
        Err(DnsFailure::NxDomain | DnsFailure::NoData | DnsFailure::BadName) => return Dane::Nothing,
        Err(_) => return Dane::Failed,
    };
    match answer.security {
        Security::Secure => {}
        Security::Bogus => return Dane::Failed,
        Security::Insecure | Security::Indeterminate => return Dane::Nothing,
    }
    let records = answer.records.iter().filter_map(|record| match &record.data {
        RecordData::Tlsa { usage, selector, matching, association } => {
            Some(Tlsa { usage: *usage, selector: *selector, matching: *matching, association })
        }
        _ => None,
    });
    let mut names: Vec<String> = Vec::new();
    for name in std::iter::once(base).chain(others.iter().map(Vec::as_slice)) {
        let name = String::from_utf8_lossy(name).into_owned();
        if !names.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
            names.push(name);
        }
    }
    Associations::usable(records, names).map_or(Dane::Unusable, |records| Dane::Usable(Arc::new(records)))
}

/// Where the TLSA records of a port stand.
pub(super) fn tlsa_name(base: &[u8], port: u16) -> Vec<u8> {
    [format!("_{port}._tcp.").as_bytes(), base].concat()
}
