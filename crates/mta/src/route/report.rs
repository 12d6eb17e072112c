//! What `-bt` and `-bv` print.
//!
//! # Security
//! Only an administrator sees why an address failed: the reason may hold names and passwords of databases.
//!
//! # Compatibility
//! Layout and exit codes are those of Debian's Exim.

use std::collections::HashSet;
use std::fmt::Write as _;

use mail_types::address::{ParseOptions, addresses_of_header};
use mail_types::limits;

use super::address::{AddressKind, Ancestor, RouteAddress, Special};
use super::outcome::{Assignment, Decision, RouteHost, RouteLog, RouteOutcome};
use super::{RouteMode, route};
use crate::context::Context;

/// What to print for one argument, and how well it went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TestReport {
    /// For standard output.
    pub text: String,
    /// 0: all is well; 1: something could not be told now; 2: something failed.
    pub exit_code: i32,
    /// Lines for the logs.
    pub log: Vec<RouteLog>,
}

/// How an address is asked about.
#[derive(Debug, Clone, Copy)]
struct Question {
    mode: RouteMode,
    /// Everything that routing led to is shown, not just one line.
    full: bool,
    /// Reasons are shown.
    admin: bool,
}

/// `-bt` with one argument: everything that routing leads to.
pub async fn test_address(argument: &[u8], admin: bool, context: &mut Context) -> TestReport {
    ask(argument, Question { mode: RouteMode::Test, full: true, admin }, context).await
}

/// `-bv` and `-bvs` with one argument; `verbose` is `-v`.
pub async fn verify_address(
    argument: &[u8],
    as_sender: bool,
    verbose: bool,
    admin: bool,
    context: &mut Context,
) -> TestReport {
    let mode = if as_sender { RouteMode::VerifySender } else { RouteMode::VerifyRecipient };
    ask(argument, Question { mode, full: verbose, admin }, context).await
}

async fn ask(argument: &[u8], question: Question, context: &mut Context) -> TestReport {
    let mut report = TestReport::default();
    let allow_utf8 = context.config.main.get(config::options::main::ALLOW_UTF8_DOMAINS);
    let options = ParseOptions { allow_domain_literals: true, allow_utf8, ..ParseOptions::default() };
    for item in addresses_of_header(argument, options) {
        match item.address {
            Err(error) => {
                report.line(&format!("syntax error: {}", error.message));
                report.worsen(2);
            }
            Ok(address) => {
                let domain = match question.mode {
                    RouteMode::VerifySender => context.qualify_domain(),
                    _ => context.qualify_recipient(),
                };
                let address = address.qualified_with(domain).to_bytes();
                one_address(&mut report, &address, question, context).await;
            }
        }
    }
    report
}

impl TestReport {
    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn worsen(&mut self, code: i32) {
        self.exit_code = self.exit_code.max(code);
    }
}

/// An address with its transport, to be shown after all others.
struct Accepted {
    address: RouteAddress,
    assignment: Assignment,
}

async fn one_address(report: &mut TestReport, address: &[u8], question: Question, context: &mut Context) {
    let top = String::from_utf8_lossy(address).into_owned();
    let mut waiting = vec![RouteAddress::new(address)];
    let mut local: Vec<Accepted> = Vec::new();
    let mut remote: Vec<Accepted> = Vec::new();
    let mut steps = 0;
    while let Some(address) = waiting.pop() {
        steps += 1;
        if steps > limits::REDIRECT_ADDRESSES {
            report.line("too many addresses");
            return report.worsen(1);
        }
        if address.kind != AddressKind::Address {
            show_special(report, &address);
            continue;
        }
        let outcome = route(&address, question.mode, context).await;
        report.log.extend(outcome.log.iter().cloned());
        let bad = matches!(outcome.decision, Decision::Failed(_) | Decision::Deferred(_));
        if bad {
            show_bad(report, &address, &outcome, question, &top);
        }
        let RouteOutcome { decision, generated, .. } = outcome;
        if !question.full {
            if bad {
                return;
            }
            let single = matches!(decision, Decision::Redirected { .. }) && generated.len() == 1;
            if !single || generated.iter().any(|child| child.kind != AddressKind::Address) {
                return report.line(&format!("{top} verified"));
            }
        }
        match decision {
            Decision::Assigned(assignment) => {
                let list = if is_remote(context, &assignment) { &mut remote } else { &mut local };
                list.insert(0, Accepted { address, assignment: *assignment });
            }
            Decision::Discarded { .. } => {
                report.line(&format!("mail to {} is discarded", String::from_utf8_lossy(&address.address)));
            }
            _ => {}
        }
        waiting.extend(generated.into_iter().rev());
    }
    show_accepted(report, &local, &remote);
}

fn is_remote(context: &Context, assignment: &Assignment) -> bool {
    context.config.transport(&assignment.transport).is_some_and(|transport| transport.driver == "smtp")
}

/// A failure or a deferral. In the short form of `-bv` the line is about the address that was asked for.
fn show_bad(
    report: &mut TestReport,
    address: &RouteAddress,
    outcome: &RouteOutcome,
    question: Question,
    top: &str,
) {
    let (words, message, code) = match &outcome.decision {
        Decision::Failed(failure) if question.mode.is_verify() => ("failed to verify", &failure.message, 2),
        Decision::Failed(failure) => ("is undeliverable", &failure.message, 2),
        Decision::Deferred(deferral) => ("cannot be resolved at this time", &deferral.message, 1),
        _ => return,
    };
    let shown =
        if question.full { String::from_utf8_lossy(&address.address).into_owned() } else { top.to_owned() };
    let mut line = format!("{shown} {words}");
    if question.admin {
        let _ = write!(line, ": {}", String::from_utf8_lossy(message));
    }
    report.line(&line);
    if question.full {
        show_parents(report, address);
    }
    report.worsen(code);
}

fn show_parents(report: &mut TestReport, address: &RouteAddress) {
    for ancestor in Ancestor::chain(address.parent.as_ref()) {
        report.line(&format!("    <-- {}", String::from_utf8_lossy(&ancestor.address)));
    }
}

fn show_special(report: &mut TestReport, address: &RouteAddress) {
    let parent = address.parent.as_ref().map(|parent| String::from_utf8_lossy(&parent.address).into_owned());
    let mut line = format!("{} -> {}", parent.unwrap_or_default(), String::from_utf8_lossy(&address.address));
    match &address.special {
        Some(Special::Assigned(assignment)) => {
            report.line(&line);
            report.line(&format!("  transport = {}", assignment.transport));
        }
        Some(Special::Forbidden(..)) => {
            line.push_str(" *** forbidden ***");
            report.line(&line);
        }
        Some(Special::Deferred(deferral)) => {
            report.line(&line);
            report.line("*** Error in setting up pipe, file, or autoreply:");
            report.line(&String::from_utf8_lossy(&deferral.message));
        }
        None => report.line(&line),
    }
}

fn show_accepted(report: &mut TestReport, local: &[Accepted], remote: &[Accepted]) {
    for list in [local, remote] {
        // One that stands further down the list was routed earlier, and is the one that would be delivered.
        let mut seen = HashSet::new();
        for accepted in list {
            let mut line = String::from_utf8_lossy(&accepted.address.address).into_owned();
            if !seen.insert(accepted.address.unique.clone()) {
                line.push_str("   [duplicate, would not be delivered]");
            }
            report.line(&line);
            show_parents(report, &accepted.address);
            let Assignment { router, transport, .. } = &accepted.assignment;
            if transport.is_empty() {
                report.line(&format!("  router = {router}, transport = unset"));
            } else {
                report.line(&format!("  router = {router}, transport = {transport}"));
            }
            show_hosts(report, &accepted.assignment);
        }
    }
}

fn show_hosts(report: &mut TestReport, assignment: &Assignment) {
    if let Some(list) = &assignment.host_list {
        report.line(&format!("  host {}", String::from_utf8_lossy(list)));
        return;
    }
    let shown: Vec<_> = assignment.hosts.iter().map(Shown::new).collect();
    let names = shown.iter().map(|host| host.name.len()).max().unwrap_or(0);
    let addresses = shown.iter().map(|host| host.address.len()).max().unwrap_or(0);
    for host in &shown {
        let mut line = format!("  host {:names$} {:addresses$}", host.name, host.address);
        line.push_str(&host.rest);
        report.line(&line);
    }
}

struct Shown {
    name: String,
    address: String,
    rest: String,
}

impl Shown {
    fn new(host: &RouteHost) -> Self {
        let address = match host.address {
            Some(address) => format!("[{address}]"),
            None => "[unknown]".to_owned(),
        };
        let mut rest = String::new();
        if let Some(mx) = host.mx {
            let _ = write!(rest, " MX={mx}");
        }
        if let Some(port) = host.port {
            let _ = write!(rest, " port={port}");
        }
        if host.address.is_none() {
            rest.push_str(" ** unusable **");
        }
        Self { name: String::from_utf8_lossy(&host.name).into_owned(), address, rest }
    }
}
