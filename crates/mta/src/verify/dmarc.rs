//! The DMARC policy of the author's domain, checked once for a message.
//!
//! # Security
//! Runs on the capped pool for lookups. The From fields, and what they lead to, are hostile.
//!
//! # Failure
//! What the DNS doesn't answer, and a public suffix list that can't be read, is `temperror`: the ACL says what follows.
//! A history file that can't be written is a line in the panic log; the message goes on.
//!
//! # Compatibility
//! ACL condition `dmarc_status`: without `dmarc_tld_file` nothing is checked and the status is `off`. SPF counts when an
//! ACL has checked it. A guessed SPF result, and one that only says that the client is this host, authenticate nobody.
//! `dmarc_policy_discovery` is Postrider's own.

use std::cell::RefCell;

use config::options::{main, postrider};
use expand::Env as _;
use expand::lookup::{DefaultKey, LookupAnswer, LookupRequest, LookupSpec, LookupStyle};
use mail_types::dns::Resolve;
use mail_types::value::Value;
use policy::list::{MatchOptions, Subject};
use sender_auth::dkim::verify::Verdict;
use sender_auth::dmarc::{self, Authenticated, DmarcOutcome, DmarcStatus, Mode, SignedBy, SuffixRules};

use super::{dmarc_history, dmarc_report};
use crate::context::Context;
use crate::context::sender_auth::DmarcChecked;

/// Checks the author's domain, unless that was done; the word for it. Blocks on the DNS and on files.
pub fn check(context: &mut Context) -> &'static str {
    if let Some(known) = &context.sender_auth.dmarc {
        return known.outcome.status.word();
    }
    if context.wishes.message.dmarc_disable_verify {
        return keep(DmarcStatus::Off.into_outcome(), context);
    }
    let list = match context.expanded(main::DMARC_TLD_FILE) {
        Ok(list) => list.filter(|list| !list.is_empty()),
        Err(error) => {
            context.log_problem(format!("failed to expand dmarc_tld_file: {error}"));
            return keep(DmarcStatus::TempError.into_outcome(), context);
        }
    };
    let Some(list) = list else { return keep(DmarcStatus::Off.into_outcome(), context) };
    let mut outcome = outcome(&list, context);
    ask_chain(&mut outcome, context);
    let word = keep(outcome, context);
    dmarc_history::append(context);
    dmarc_report::find_destinations(&list, context);
    word
}

/// `dmarc_arc_trusted_sealers`: a chain that these sealed may explain a failure.
fn ask_chain(outcome: &mut DmarcOutcome, context: &mut Context) {
    let config = std::sync::Arc::clone(&context.config);
    let Some(sealers) = config.main.get(postrider::DMARC_ARC_TRUSTED_SEALERS) else { return };
    if outcome.status == DmarcStatus::Accept || super::arc::verify(context) != "pass" {
        return;
    }
    let Some(chain) = context.arc.result.clone() else { return };
    dmarc::vouched_for(outcome, &chain, |domain| {
        let found = sealers.matches_with(Subject::Text(domain), MatchOptions::default(), context);
        found.is_ok_and(|found| found.matched)
    });
}

fn keep(outcome: DmarcOutcome, context: &mut Context) -> &'static str {
    let word = outcome.status.word();
    context.sender_auth.dmarc = Some(DmarcChecked { outcome });
    word
}

fn outcome(list: &Value, context: &mut Context) -> DmarcOutcome {
    let lines = policy::acl::AclWorld::header_lines(context);
    let from = lines.iter().filter(|line| line.name.eq_ignore_ascii_case(b"from"));
    let authors = dmarc::author_domains(from.map(|line| line.body.as_slice()));
    let spf = context.sender_auth.spf.as_ref().map(|spf| spf.outcome.clone());
    let spf = spf.filter(|spf| !spf.guessed && !spf.localhost);
    let signatures = context.dkim.results.clone();
    let dkim: Vec<SignedBy<'_>> = signatures
        .iter()
        .map(|found| SignedBy {
            domain: &found.signature.domain,
            passed: found.verdict == Verdict::Pass,
            temporary: found.is_temporary(),
        })
        .collect();
    let roll = (context.services.entropy.next_u64() % 100) as u8;
    let spf = spf.as_ref().map(|spf| (spf.domain.as_slice(), spf.verdict));
    let message = Authenticated { authors: &authors, spf, dkim: &dkim, roll };
    with_mode(list, context, |mode, dns| dmarc::check(&message, mode, dns)).unwrap_or_else(|error| {
        context.log_problem(format!("dmarc_tld_file: {error}"));
        DmarcStatus::TempError.into_outcome()
    })
}

/// Works with the list that is configured; the error is why the list could not be read.
pub(super) fn with_mode<T>(
    list: &Value,
    context: &mut Context,
    work: impl FnOnce(Mode<'_>, &dyn Resolve) -> T,
) -> Result<T, String> {
    let dns = std::sync::Arc::clone(context.blocking_dns());
    let done = in_mode(list, context, |mode| work(mode, dns.as_ref()));
    context.tell_failed_lookups();
    done
}

fn in_mode<T>(list: &Value, context: &mut Context, work: impl FnOnce(Mode<'_>) -> T) -> Result<T, String> {
    let walk = context.config.main.get(postrider::DMARC_POLICY_DISCOVERY).unwrap_or_default() == b"tree_walk";
    if walk {
        return Ok(work(Mode::TreeWalk));
    }
    if list.bytes() == b"builtin" {
        return Ok(work(Mode::SuffixList(&BuiltinRules)));
    }
    let rules = FileRules { file: list.clone(), context: RefCell::new(context), failed: RefCell::default() };
    let done = work(Mode::SuffixList(&rules));
    match rules.failed.into_inner() {
        None => Ok(done),
        Some(error) => Err(error),
    }
}

/// The list that is compiled in (`builtin`).
struct BuiltinRules;

impl SuffixRules for BuiltinRules {
    fn registered<'d>(&self, domain: &'d [u8]) -> Option<&'d [u8]> {
        psl::domain(domain).map(|found| found.as_bytes())
    }
}

/// The list in a file, read and kept by the lookup type `regdom`.
struct FileRules<'a> {
    file: Value,
    context: RefCell<&'a mut Context>,
    failed: RefCell<Option<String>>,
}

impl SuffixRules for FileRules<'_> {
    fn registered<'d>(&self, domain: &'d [u8]) -> Option<&'d [u8]> {
        let spec = LookupSpec {
            kind: "regdom",
            style: LookupStyle::SingleKey,
            partial: None,
            default_key: DefaultKey::None,
            options: Vec::new(),
        };
        let request =
            LookupRequest { spec: &spec, key: Value::tainted(domain), file: Some(self.file.clone()) };
        match self.context.borrow_mut().lookup(&request) {
            // The answer is the end of the key.
            Ok(LookupAnswer::Found { data, .. }) => {
                domain.len().checked_sub(data.len()).map(|at| &domain[at..])
            }
            Ok(LookupAnswer::NotFound) => None,
            Err(error) => {
                self.failed.borrow_mut().get_or_insert_with(|| error.to_string());
                None
            }
        }
    }
}
