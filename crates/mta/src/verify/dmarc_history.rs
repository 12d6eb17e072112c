//! The file of DMARC results that OpenDMARC's importer reads (`dmarc_history_file`).
//!
//! # Security
//! Values come from the sender: what holds white space or control characters is left out, so that it can't make a line.
//!
//! # Failure
//! An entry is written in one piece at the end of the file; a failure is a line in the panic log.
//!
//! # Compatibility
//! A line a fact, `key value`; numbers as opendmarc-import(8) and opendmarc-reports(8) 1.4 take them.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use config::options::main;
use sender_auth::dkim::verify::Verdict;
use sender_auth::dmarc::{AlignmentMode, DmarcOutcome, DmarcStatus, Policy};
use sender_auth::spf::SpfVerdict;

use crate::context::Context;

/// Appends the message's entry, if there is a file for it and a policy to tell about.
pub(super) fn append(context: &mut Context) {
    let file = match context.expanded(main::DMARC_HISTORY_FILE) {
        Ok(file) => file.filter(|file| !file.is_empty()),
        Err(error) => return context.log_problem(format!("failed to expand dmarc_history_file: {error}")),
    };
    let Some(file) = file else { return };
    let Ok(path) = file.require_clean("file") else {
        return context.log_problem("dmarc_history_file: tainted file name".to_owned());
    };
    let Some(entry) = entry(context) else { return };
    let path = Path::new(std::ffi::OsStr::from_bytes(path.bytes()));
    let written =
        OpenOptions::new().create(true).append(true).open(path).and_then(|mut file| file.write_all(&entry));
    if let Err(error) = written {
        context.log_problem(format!("failed to write DMARC history to {}: {error}", path.display()));
    }
}

/// The lines for a message; none where there is no author to tell about.
fn entry(context: &Context) -> Option<Vec<u8>> {
    let outcome = &context.sender_auth.dmarc.as_ref()?.outcome;
    if outcome.author.is_empty() {
        return None;
    }
    let facts = &context.facts;
    let mut out = Vec::new();
    let job = facts.message.id.map(|id| id.to_string()).unwrap_or_default();
    line(&mut out, "job", job.as_bytes());
    line(&mut out, "reporter", context.primary_hostname());
    line(&mut out, "received", context.services.clock.now().secs().to_string().as_bytes());
    let ip = facts.connection.sender_host_address.map(|ip| ip.to_string()).unwrap_or_default();
    line(&mut out, "ipaddr", ip.as_bytes());
    line(&mut out, "from", &outcome.author);
    let spf = context.sender_auth.spf.as_ref().map(|spf| &spf.outcome);
    line(&mut out, "mfrom", spf.map_or(b"".as_slice(), |spf| spf.domain.as_slice()));
    for found in &context.dkim.results {
        let signature = &found.signature;
        let selector = signature.selector.as_deref().unwrap_or_default();
        if single(&signature.domain) && single(selector) {
            let passed: &[u8] = if found.verdict == Verdict::Pass { b"0" } else { b"7" };
            out.extend_from_slice(
                &[b"dkim ", &signature.domain[..], b" ", selector, b" ", passed, b"\n"].concat(),
            );
        }
    }
    line(&mut out, "spf", spf_number(spf.map(|spf| spf.verdict)).as_bytes());
    policy_lines(outcome, &mut out);
    chain_lines(context, outcome, &mut out);
    Some(out)
}

fn policy_lines(outcome: &DmarcOutcome, out: &mut Vec<u8>) {
    line(out, "pdomain", if outcome.used_domain.is_empty() { &outcome.author } else { &outcome.used_domain });
    let (policy, action) = match outcome.status {
        DmarcStatus::Accept => ("15", "2"),
        DmarcStatus::Reject => ("16", "0"),
        DmarcStatus::Quarantine => ("17", "4"),
        DmarcStatus::None => ("18", "2"),
        _ => ("14", "2"),
    };
    line(out, "policy", policy.as_bytes());
    if let Some(record) = &outcome.record {
        for uri in &record.aggregate {
            line(out, "rua", &[b"mailto:", &uri.address[..]].concat());
        }
        if record.aggregate.is_empty() {
            line(out, "rua", b"-");
        }
        line(out, "pct", record.percent.to_string().as_bytes());
        line(out, "adkim", mode_number(record.adkim).as_bytes());
        line(out, "aspf", mode_number(record.aspf).as_bytes());
        line(out, "p", policy_number(record.policy).as_bytes());
        let sp = record.subdomain_policy.map_or("0", policy_number);
        line(out, "sp", sp.as_bytes());
    } else {
        for (key, value) in
            [("rua", "-"), ("pct", "0"), ("adkim", "0"), ("aspf", "0"), ("p", "0"), ("sp", "0")]
        {
            line(out, key, value.as_bytes());
        }
    }
    line(out, "align_dkim", if outcome.dkim_aligned { b"4" } else { b"5" });
    line(out, "align_spf", if outcome.spf_aligned { b"4" } else { b"5" });
    line(out, "action", action.as_bytes());
}

/// The chain of ARC sets, which the importer of 1.4 insists on: 1 is a pass; of the policy 0 is a failure that the chain
/// explained, 1 a chain that nobody asked.
fn chain_lines(context: &Context, outcome: &DmarcOutcome, out: &mut Vec<u8>) {
    let state = context.arc.result.as_ref().map_or("none", |result| result.state.name());
    let state = match state {
        "pass" => "1",
        "fail" => "2",
        _ => "0",
    };
    line(out, "arc", state.as_bytes());
    let asked = if outcome.overridden.is_some() { "0" } else { "1" };
    out.extend_from_slice(format!("arc_policy {asked} json:[]\n").as_bytes());
}

/// `key value`; a value that would not stand in one word is `-`.
fn line(out: &mut Vec<u8>, key: &str, value: &[u8]) {
    out.extend_from_slice(key.as_bytes());
    out.push(b' ');
    out.extend_from_slice(if single(value) { value } else { b"-" });
    out.push(b'\n');
}

fn single(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().all(|byte| *byte > b' ' && *byte != 0x7f)
}

fn spf_number(verdict: Option<SpfVerdict>) -> &'static str {
    match verdict {
        None => "-1",
        Some(SpfVerdict::Pass) => "0",
        Some(SpfVerdict::SoftFail) => "2",
        Some(SpfVerdict::Neutral) => "3",
        Some(SpfVerdict::TempError) => "4",
        Some(SpfVerdict::PermError) => "5",
        Some(SpfVerdict::None) => "6",
        Some(SpfVerdict::Fail) => "7",
    }
}

/// The letter's number.
fn policy_number(policy: Policy) -> &'static str {
    match policy {
        Policy::None => "110",
        Policy::Quarantine => "113",
        Policy::Reject => "114",
    }
}

fn mode_number(mode: AlignmentMode) -> &'static str {
    match mode {
        AlignmentMode::Relaxed => "114",
        AlignmentMode::Strict => "115",
    }
}
