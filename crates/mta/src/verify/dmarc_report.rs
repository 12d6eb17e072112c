//! What goes on after a DMARC check: the result is kept for aggregate reports, a failure is reported to those who asked.
//!
//! # Invariants
//! * Nothing is kept without `dmarc_store_results`, nothing is sent without `control = dmarc_enable_forensic`.
//! * A report is never about a report.
//!
//! # Failure
//! A result that cannot be kept, a report that cannot be made: a line in the panic log; the message goes on.
//!
//! # Compatibility
//! `dmarc_forensic_sender`; without it the From: of bounces and the null sender. Postrider honours `fo`.

use config::options::{main, postrider};
use hints::{AuthResult, DmarcResult};
use mail_types::value::Value;
use observe::{Event, Streams};
use policy::acl::{AclOutcome, AclVerdict};
use sender_auth::dkim::verify::Verdict;
use sender_auth::dmarc::failure::{FailedSignature, Incident, destinations};
use sender_auth::dmarc::receivers::{Agreed, Wanted, agreed};
use sender_auth::dmarc::{AlignmentMode, DmarcOutcome, DmarcRecord, DmarcStatus};
use sender_auth::spf::SpfVerdict;

use crate::context::Context;
use crate::context::dkim::verdict_word;
use crate::dsn::{self, FailureReport};

/// Keeps the result of the check, once the ACL has said what becomes of the message: a report tells what was done
/// (RFC 7489 section 7.2). Of one that is put off nothing is kept, it comes again.
fn keep(ended: Option<AclOutcome>, context: &Context) {
    if matches!(ended, Some(AclOutcome::Defer | AclOutcome::Error))
        || !context.config.main.get(postrider::DMARC_STORE_RESULTS)
    {
        return;
    }
    let Some(outcome) = context.sender_auth.dmarc.as_ref().map(|checked| &checked.outcome) else { return };
    let Some(record) = &outcome.record else { return };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let facts = &context.facts;
    let spf = context.sender_auth.spf.as_ref().map(|spf| &spf.outcome);
    let mut auth: Vec<AuthResult> = context
        .dkim
        .results
        .iter()
        .map(|found| AuthResult {
            method: "dkim",
            domain: text(&found.signature.domain),
            selector: text(found.signature.selector.as_deref().unwrap_or_default()),
            result: verdict_word(found.verdict).0.to_owned(),
        })
        .collect();
    auth.extend(spf.map(|spf| AuthResult {
        method: "spf",
        domain: text(&spf.domain),
        // Which identity it was about: a null sender has none of its own.
        selector: if facts.message.sender_address.is_empty() { "helo" } else { "mfrom" }.to_owned(),
        result: spf.verdict.word().to_owned(),
    }));
    // The policy was not applied where the ACL took what the domain wants to have refused.
    let spared = outcome.status == DmarcStatus::Reject && matches!(ended, Some(AclOutcome::Accept));
    let (disposition, override_reason) = match &outcome.overridden {
        Some(why) => (disposition(outcome.status), why.clone()),
        None if spared => ("none", "the message was accepted".to_owned()),
        None => (disposition(outcome.status), String::new()),
    };
    let result = DmarcResult {
        received: context.services.clock.now(),
        message: facts.message.id.map(|id| id.to_string()).unwrap_or_default(),
        source: facts.connection.sender_host_address.map(|ip| ip.to_string()).unwrap_or_default(),
        author: text(&outcome.author),
        mail_from: text(spf.map_or(b"".as_slice(), |spf| spf.domain.as_slice())),
        policy_domain: text(&outcome.used_domain),
        record: published(record),
        disposition: disposition.to_owned(),
        dkim_aligned: outcome.dkim_aligned,
        spf_aligned: outcome.spf_aligned,
        override_reason,
        auth,
    };
    if let Err(problem) = context.services.reports.add_dmarc(&result) {
        context.log_problem(format!("DMARC result not kept: {problem}"));
    }
}

fn disposition(status: DmarcStatus) -> &'static str {
    match status {
        DmarcStatus::Reject => "reject",
        DmarcStatus::Quarantine => "quarantine",
        _ => "none",
    }
}

/// The policy as a report shows it.
fn published(record: &DmarcRecord) -> String {
    let mode = |mode| if mode == AlignmentMode::Strict { "s" } else { "r" };
    let mut tags = vec![format!("p={}", record.policy.word())];
    let further = [("sp", record.subdomain_policy), ("np", record.nonexistent_policy)];
    tags.extend(further.iter().filter_map(|(tag, policy)| Some(format!("{tag}={}", (*policy)?.word()))));
    tags.push(format!("adkim={}", mode(record.adkim)));
    tags.push(format!("aspf={}", mode(record.aspf)));
    tags.push(format!("pct={}", record.percent));
    let fo = record.failures;
    let wishes = [(fo.all_failed, "0"), (fo.any_failed, "1"), (fo.dkim, "d"), (fo.spf, "s")];
    let wishes: Vec<&str> = wishes.iter().filter(|(wish, _)| *wish).map(|(_, word)| *word).collect();
    if wishes != ["0"] {
        tags.push(format!("fo={}", wishes.join(":")));
    }
    let rua: Vec<String> = record
        .aggregate
        .iter()
        .map(|uri| {
            let limit = uri.limit.map(|limit| format!("!{limit}")).unwrap_or_default();
            format!("mailto:{}{limit}", escaped(&uri.address))
        })
        .collect();
    if !rua.is_empty() {
        tags.push(format!("rua={}", rua.join(",")));
    }
    tags.join("; ")
}

/// An address as a record has it: what means something there has been decoded (RFC 7489 section 6.2).
fn escaped(address: &[u8]) -> String {
    let octet = |byte: &u8| match byte {
        b'%' | b'!' | b'?' => format!("%{byte:02X}"),
        _ => char::from(*byte).to_string(),
    };
    address.iter().map(octet).collect()
}

/// The destinations of aggregate reports that may be written to, of those that the record of a domain names. Blocks on the
/// DNS.
///
/// # Errors
/// The public suffix list cannot be read.
pub(crate) fn agreed_destinations(
    record: &DmarcRecord,
    domain: &[u8],
    context: &mut Context,
) -> Result<Agreed, String> {
    let list = context.expanded(main::DMARC_TLD_FILE).map_err(|error| format!("dmarc_tld_file: {error}"))?;
    let list = list.filter(|list| !list.is_empty()).unwrap_or_else(|| Value::clean("builtin"));
    super::dmarc::with_mode(&list, context, |mode, dns| {
        agreed(&record.aggregate, Wanted::Aggregate, domain, mode, dns)
    })
    .map_err(|error| format!("dmarc_tld_file: {error}"))
}

/// Finds out who is to hear of a failure. Blocks on the DNS.
pub(super) fn find_destinations(list: &Value, context: &mut Context) {
    if !context.wishes.message.dmarc_enable_forensic || is_report(context) {
        return;
    }
    let Some(outcome) = context.sender_auth.dmarc.as_ref().map(|checked| checked.outcome.clone()) else {
        return;
    };
    let dkim_failed = context.dkim.results.iter().any(|found| found.verdict != Verdict::Pass);
    let spf = context.sender_auth.spf.as_ref().map(|spf| spf.outcome.verdict);
    let spf_failed = matches!(spf, Some(SpfVerdict::Fail | SpfVerdict::SoftFail));
    let known = !matches!(outcome.status, DmarcStatus::TempError);
    if known && outcome.wants_failure_report(dkim_failed, spf_failed) {
        let found = super::dmarc::with_mode(list, context, |mode, dns| destinations(&outcome, mode, dns));
        match found {
            Ok(found) => context.sender_auth.report_to = found,
            Err(error) => context.log_problem(format!("dmarc_tld_file: {error}")),
        }
    }
}

/// A message that is a feedback report itself.
fn is_report(context: &Context) -> bool {
    context.facts.message.headers.iter().any(|line| {
        let text = line.text.to_ascii_lowercase();
        text.starts_with(b"content-type:") && memchr::memmem::find(&text, b"feedback-report").is_some()
    })
}

/// Keeps the result for aggregate reports and sends the failure reports of this message. `verdict` is the ACL's on the data.
pub async fn dmarc_concluded(verdict: Option<&AclVerdict>, context: &mut Context) {
    let ended = verdict.map(|verdict| verdict.outcome);
    if context.sender_auth.dmarc.is_some() {
        // Without a pool the program is stopping.
        let _ = context.on_pool(move |context| keep(ended, context)).await;
    }
    let to = std::mem::take(&mut context.sender_auth.report_to);
    if to.is_empty() {
        return;
    }
    let Some(outcome) = context.sender_auth.dmarc.as_ref().map(|checked| checked.outcome.clone()) else {
        return;
    };
    let delivery = match verdict.map(|verdict| &verdict.outcome) {
        None | Some(AclOutcome::Accept) => "delivered",
        Some(AclOutcome::Discard) => "policy",
        Some(_) => "reject",
    };
    let sender = context.on_pool(|context| context.expanded(main::DMARC_FORENSIC_SENDER)).await;
    let sender = match sender {
        Some(Ok(value)) => value.map(Value::into_bytes).unwrap_or_default(),
        Some(Err(error)) => {
            context.log_problem(format!("failed to expand dmarc_forensic_sender: {error}"));
            return;
        }
        None => return,
    };
    for address in to {
        let report = FailureReport { sender: sender.clone(), to: address.clone(), delivery };
        let shown = String::from_utf8_lossy(&address).into_owned();
        // The report is a message of its own: its reception is not part of this future.
        let sent = Box::pin(dsn::failure_report(report, &outcome, context)).await;
        match sent {
            Ok(id) => {
                let text = format!("DMARC failure report {id} to {shown}").into_bytes();
                context.log_event(&Event::Text { text, streams: Streams::MAIN });
            }
            Err(error) => context.log_problem(format!("DMARC failure report to {shown}: {error}")),
        }
    }
}

/// What a report says of a message.
pub(crate) fn incident_parts(context: &Context) -> (Vec<FailedSignature>, Vec<Vec<u8>>, Vec<u8>) {
    let failed = context.dkim.results.iter().filter(|found| found.verdict != Verdict::Pass);
    let signatures = failed
        .map(|found| FailedSignature {
            domain: found.signature.domain.clone(),
            selector: found.signature.selector.clone().unwrap_or_default(),
            identity: found.signature.identity.clone(),
        })
        .collect();
    let recipients =
        context.facts.message.recipients.iter().map(|recipient| recipient.address.clone()).collect();
    let results = sender_auth::authres::field(context.primary_hostname(), &context.method_results());
    (signatures, recipients, results)
}

/// The body of a report.
pub(crate) fn report_body(
    outcome: &DmarcOutcome,
    delivery: &str,
    boundary: &[u8],
    context: &Context,
) -> Vec<u8> {
    let (signatures, recipients, results) = incident_parts(context);
    let facts = &context.facts;
    let header: Vec<&[u8]> = facts.message.headers.iter().map(|line| line.text.as_slice()).collect();
    Incident {
        reporter: context.primary_hostname(),
        agent: concat!("Postrider/", env!("CARGO_PKG_VERSION")),
        arrival: &context.zone.rfc5322(context.services.clock.now()),
        source: facts.connection.sender_host_address,
        mail_from: &facts.message.sender_address,
        recipients: &recipients,
        results: &results,
        delivery,
        outcome,
        signatures: &signatures,
        header: &header,
    }
    .body(boundary)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is kept of a record names the same destinations, with the same limits.
    #[test]
    fn destinations_are_kept_as_they_were_named() {
        for rua in ["mailto:a@b.example!10m", "mailto:a%21b%25c%3fd@b.example!1k,mailto:e@f.example"] {
            let text = format!("v=DMARC1; p=none; rua={rua}");
            let record = DmarcRecord::parse(text.as_bytes()).unwrap();
            let kept = format!("v=DMARC1; {}", published(&record));
            assert_eq!(DmarcRecord::parse(kept.as_bytes()).unwrap().aggregate, record.aggregate, "{kept}");
        }
    }
}
