//! What a delivery has to tell about TLS: one result for each policy that was met (RFC 8460 section 4).
//!
//! # Invariants
//! * Nothing is kept unless `reports_from` is set and the domain is in `tls_reports_domains`.
//! * A session is counted once, when it is set up or fails to be; a connection that is used again is no new session.
//! * A report about TLS is never a cause of the next one (rfc8460#3).
//!
//! # Security
//! What other hosts said reaches the store as bounded text.
//!
//! # Failure
//! A result that cannot be kept is a line in the panic log; the delivery goes on.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use config::options::postrider;
use hints::TlsSession;
use mail_message::header::{HeaderLine, HeaderType};
use mail_types::bytes::Printable;
use policy::list::Subject;
use reports::tlsrpt::{FailureDetails, PolicyDescription, ResultType};
use tls::mta_sts::{Mode, Policy};
use tls::policy::{Dane, MtaSts, Reason};
use tls::{Flaw, Unverified};

use super::demand::Demand;
use super::hosts::Candidate;
use super::secure::{Blame, TlsFailure};
use crate::context::Context;
use crate::context::facts::TlsFacts;
use crate::transport::mta_sts::Stage;

/// Why a session was not what it could be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The host does not offer STARTTLS, or refuses it.
    NotOffered,
    /// The handshake came to nothing.
    Handshake(TlsFailure),
    /// The certificate is not good, and the session goes on.
    Certificate(Unverified),
}

/// What there is to tell about one host.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    domain: String,
    policy: PolicyDescription,
    host: String,
    address: IpAddr,
    /// A policy that is tried out: its certificate check counts for the report alone.
    pub(super) tried_out: bool,
}

/// Begins to watch a host, when anybody wants to hear of it. Troubles of the policies themselves are counted at once.
pub(super) async fn watch(
    host: &Candidate,
    demand: &Demand,
    domain: &[u8],
    context: &mut Context,
) -> Option<Watch> {
    if !is_wanted(domain, context).await || is_report(context) {
        return None;
    }
    let text = |bytes: &[u8]| Printable::new(bytes).to_string();
    let watch = |policy: PolicyDescription| Watch {
        domain: text(domain),
        policy,
        host: text(host.record_name()),
        address: host.address,
        tried_out: false,
    };
    let described = |kind: &str, of: &[u8]| PolicyDescription {
        policy_type: kind.to_owned(),
        policy_domain: text(of),
        ..PolicyDescription::default()
    };
    let known = demand.sts.as_ref();
    let policy_domain = host.policy_domain().map_or(Cow::Borrowed(domain), dns::a_labels);
    let policy_domain = policy_domain.as_ref();
    if let Some(trouble) = known.and_then(|known| known.trouble.clone()) {
        let kind = match trouble.stage {
            Stage::Fetch => ResultType::StsPolicyFetchError,
            Stage::Certificate => ResultType::StsWebpkiInvalid,
            Stage::Policy => ResultType::StsPolicyInvalid,
        };
        watch(described("sts", policy_domain)).keep(Some((kind, trouble.words)), None, context).await;
    }
    let tlsa = described("tlsa", &host.name);
    if demand.inputs.dane == Dane::Unusable {
        let why = (ResultType::TlsaInvalid, "no record that can be used".to_owned());
        watch(tlsa.clone()).keep(Some(why), None, context).await;
    }
    match (&demand.inputs.dane, demand.inputs.mta_sts, known.and_then(|known| known.policy.as_ref())) {
        (Dane::Usable(records), _, _) => {
            let policy_domain = records.base().to_owned();
            Some(watch(PolicyDescription { policy_string: records.texts(), policy_domain, ..tlsa }))
        }
        (Dane::Failed, _, _) => Some(watch(tlsa)),
        _ if demand.decision.reason == Reason::HostsRequireDane => Some(watch(tlsa)),
        (_, MtaSts::Enforced { .. } | MtaSts::Testing { .. }, Some(policy)) => {
            let lines = sts_lines(policy);
            let mx_host = policy.mx.iter().map(|pattern| text(pattern)).collect();
            let sts = PolicyDescription { policy_string: lines, mx_host, ..described("sts", policy_domain) };
            let mut watch = watch(sts);
            watch.tried_out = policy.mode == Mode::Testing;
            if demand.inputs.mta_sts == (MtaSts::Testing { listed: false }) {
                watch.unlisted(context).await;
                return None;
            }
            Some(watch)
        }
        _ => Some(watch(described("no-policy-found", domain))),
    }
}

impl Watch {
    /// The host is not used: what was decided is the reason.
    pub(super) async fn refused(self, reason: Reason, dane: &Dane, why: &str, context: &mut Context) {
        let kind = match (reason, dane) {
            (Reason::TlsaUnknown, _) => ResultType::DnssecInvalid,
            // Records that can't be used were told of when they were found.
            (Reason::HostsRequireDane, Dane::Unusable) => return,
            (Reason::HostsRequireDane, _) => ResultType::DaneRequired,
            (Reason::MtaSts, _) => return self.unlisted(context).await,
            _ => return,
        };
        self.keep(Some((kind, why.to_owned())), None, context).await;
    }

    /// A host that the policy does not name.
    async fn unlisted(self, context: &mut Context) {
        let why = (ResultType::ValidationFailure, "the host is not in the policy".to_owned());
        self.keep(Some(why), None, context).await;
    }

    /// There is a connection, or there was to be one; without a trouble and without TLS nothing is known of TLS.
    pub(super) async fn ended(
        self,
        session: Option<&TlsFacts>,
        trouble: Option<Trouble>,
        local: Option<IpAddr>,
        context: &mut Context,
    ) {
        let failure = match trouble {
            Some(Trouble::NotOffered) => Some((ResultType::StarttlsNotSupported, String::new())),
            Some(Trouble::Handshake(why)) => match why.blame {
                Blame::Ours => return,
                Blame::Certificate(flaw) => Some((kind_of(flaw), why.words)),
                Blame::Protocol => Some((ResultType::ValidationFailure, why.words)),
            },
            // Nobody promised a good certificate where there is no policy.
            Some(Trouble::Certificate(why)) if self.tried_out => Some((kind_of(why.flaw), why.words)),
            _ if session.is_none() => return,
            _ => None,
        };
        self.keep(failure, local, context).await;
    }

    async fn keep(self, failure: Option<(ResultType, String)>, local: Option<IpAddr>, context: &mut Context) {
        let failure = failure.map(|(kind, why)| FailureDetails {
            result_type: kind.word().to_owned(),
            sending_mta_ip: local.map(|address| address.to_string()).unwrap_or_default(),
            receiving_mx_hostname: self.host,
            receiving_ip: self.address.to_string(),
            failure_reason_code: why.chars().filter(|letter| !letter.is_control()).take(REASON).collect(),
            ..FailureDetails::default()
        });
        let session = TlsSession {
            at: context.services.clock.now(),
            domain: self.domain,
            policy: self.policy,
            failure,
        };
        let store = Arc::clone(&context.services.reports);
        let kept = context.services.pools.files.run(move || store.add_tls(&session)).await;
        if let Ok(Err(problem)) = kept {
            context.log_problem(format!("TLS result not kept: {problem}"));
        }
    }
}

/// Letters of a reason that are kept.
const REASON: usize = 200;

async fn is_wanted(domain: &[u8], context: &mut Context) -> bool {
    let main = &context.config.main;
    if main.get(postrider::REPORTS_FROM).is_none() || main.get(postrider::TLS_REPORTS_DOMAINS).is_none() {
        return false;
    }
    let asked = context
        .on_pool(|context| context.matches_option(postrider::TLS_REPORTS_DOMAINS, Subject::Text(domain)))
        .await;
    match asked {
        Some(Ok(wanted)) => wanted,
        // The session is left out, and the delivery goes on.
        Some(Err(error)) => {
            context.log_problem(format!("failed to check \"tls_reports_domains\": {error}"));
            false
        }
        None => false,
    }
}

/// A message with a report about TLS.
pub(super) fn is_report(context: &Context) -> bool {
    let name = b"tls-report-domain:";
    live_headers(context)
        .any(|line| line.text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))
}

/// `TLS-Required: No` of a message, where that counts: by the configuration, or in a report of our own, which must arrive
/// although TLS fails (rfc8460#3, rfc8689#4.2.2).
pub(super) fn is_waived(context: &Context) -> bool {
    let value = |name: &[u8]| {
        live_headers(context).find_map(|line| {
            let (start, rest) = line.text.split_at_checked(name.len())?;
            start.eq_ignore_ascii_case(name).then(|| rest.trim_ascii().to_ascii_lowercase())
        })
    };
    if value(b"tls-required:").is_none_or(|value| value != b"no") {
        return false;
    }
    let local = context.facts.connection.sender_host_address.is_none();
    context.config.main.get(postrider::TLS_REQUIRED_HEADER)
        || (local && is_report(context) && context.config.main.get(postrider::REPORTS_FROM).is_some())
}

/// The lines that are still in the message: what somebody had removed asks for nothing.
fn live_headers(context: &Context) -> impl Iterator<Item = &HeaderLine> {
    context.facts.message.headers.iter().filter(|line| line.kind != HeaderType::Old)
}

fn kind_of(flaw: Flaw) -> ResultType {
    match flaw {
        Flaw::Misnamed => ResultType::CertificateHostMismatch,
        Flaw::Expired => ResultType::CertificateExpired,
        Flaw::Untrusted => ResultType::CertificateNotTrusted,
    }
}

/// A policy line by line, as its domain published it.
fn sts_lines(policy: &Policy) -> Vec<String> {
    let mode = match policy.mode {
        Mode::Enforce => "enforce",
        Mode::Testing => "testing",
        Mode::None => "none",
    };
    let mut lines = vec!["version: STSv1".to_owned(), format!("mode: {mode}")];
    lines.extend(policy.mx.iter().map(|pattern| format!("mx: {}", Printable::new(pattern))));
    lines.push(format!("max_age: {}", policy.max_age));
    lines
}
