//! What is asked of a host: finds out what has a say, and leaves the decision to [`tls::policy`].
//!
//! # Invariants
//! * Records count only where DNSSEC calls them secure, and are only looked for where the way to the host was.
//!
//! # Security
//! Without a signed way to the host, TLSA records say nothing: an attacker would name a host of his own.
//!
//! # Failure
//! A lookup that fails or is bogus makes the message wait (rfc7672#2.1.2).
//!
//! # Compatibility
//! Specification, section "DANE". Records are looked for under the name at the end of the host's aliases alone.

use std::sync::Arc;

use config::options::kind::Hosts;
use config::options::postrider;
use config::options::transport::smtp as options;
use mail_types::dns::{DnsFailure, QueryOptions, RecordData, RecordType, Security};
use observe::event::{Event, Streams};
use policy::list::Subject;
use policy::retry::Route;
use tls::policy::{Action, Configured, Dane, Decision, Inputs, MtaSts, decide};
use tls::{Associations, Tlsa};

use super::hosts::Candidate;
use super::tls_report;
use crate::context::Context;
use crate::route::HostTls;
use crate::transport::mta_sts;

/// What was found out about a host, and what follows.
pub(super) struct Demand {
    /// What is known of the domain's MTA-STS policy, where somebody looked.
    pub(super) sts: Option<mta_sts::Known>,
    pub(super) inputs: Inputs,
    pub(super) decision: Decision,
}

/// Decides about a host. `domain` is the one that the mail is for, when there is one; `at_once` means smtps.
pub(super) async fn demand(
    host: &Candidate,
    port: u16,
    at_once: bool,
    domain: Option<&[u8]>,
    matches: &mut (dyn FnMut(config::Opt<Hosts>, &mut Context) -> bool + Send),
    context: &mut Context,
) -> Demand {
    let configured = Configured {
        require: at_once || host.tls != HostTls::AsConfigured || matches(options::HOSTS_REQUIRE_TLS, context),
        avoid: matches(options::HOSTS_AVOID_TLS, context),
        require_dane: matches(options::HOSTS_REQUIRE_DANE, context),
    };
    let asks = configured.require_dane || matches(options::HOSTS_TRY_DANE, context);
    let dane = match (asks, host.dnssec) {
        (false, _) => Dane::NotAsked,
        (true, false) => Dane::InsecureHost,
        (true, true) => tlsa(&context.services.resolver, &host.name, port, domain).await,
    };
    let sts = match domain {
        // A host that the administrator chose is none of the domain's business.
        Some(domain) if host.route == Route::Mx || host.name == domain => policy(domain, context).await,
        _ => None,
    };
    let mta_sts = sts.as_ref().map_or(MtaSts::NotAsked, |known| known.of_host(&host.name));
    let requiretls = context.facts.message.requiretls;
    let waived = !requiretls && tls_report::is_waived(context);
    let inputs = Inputs { configured, dane, mta_sts, requiretls, waived, secure_mx: host.dnssec };
    let decision = decide(&inputs, &String::from_utf8_lossy(&host.name));
    context.facts.host.tlsa_usage = match &decision.action {
        Action::EncryptByDane(records) => records.usages(),
        _ => 0,
    };
    Demand { sts, inputs, decision }
}

/// The policy of a domain in `mta_sts_domains`.
async fn policy(domain: &[u8], context: &mut Context) -> Option<mta_sts::Known> {
    context.config.main.get(postrider::MTA_STS_DOMAINS)?;
    let asked = context
        .on_pool(|context| context.matches_option(postrider::MTA_STS_DOMAINS, Subject::Text(domain)))
        .await;
    match asked {
        Some(Ok(true)) => {}
        // A list that can't be decided leaves the host to the others.
        _ => return None,
    }
    let known = mta_sts::find(domain, &context.services).await;
    if let Some(trouble) = &known.trouble {
        let text = trouble.words.clone().into_bytes();
        context.log_event(&Event::Text { text, streams: Streams::MAIN });
    }
    Some(known)
}

/// The TLSA records of a host's port, whose name is known for certain. `domain` is a name for which the certificate may be
/// as well.
pub async fn tlsa(resolver: &dns::Resolver, host: &[u8], port: u16, domain: Option<&[u8]>) -> Dane {
    let name = [format!("_{port}._tcp.").as_bytes(), host].concat();
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
    let names = [Some(host), domain].into_iter().flatten();
    let mut names: Vec<String> = names.map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    names.dedup();
    Associations::usable(records, names).map_or(Dane::Unusable, |records| Dane::Usable(Arc::new(records)))
}
