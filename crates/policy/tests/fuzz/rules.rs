//! Any lines are an ACL, rewriting rules or retry rules, or are told to be wrong; what compiles can be applied.

use expand::BareEnv;
use mail_types::clock::{SeededEntropy, Timestamp};
use mail_types::{SourceText, Span, Value};
use policy::acl::Acl;
use policy::list::NamedLists;
use policy::retry::{RetryError, RetryRules, RetrySubject, RetryTimes};
use policy::rewrite::{AddressUse, RewriteRules};

/// Gives one input to it.
pub(crate) fn run(input: &[u8]) {
    if input.len() > 4096 {
        return;
    }
    let lists = NamedLists::new();
    let lines: Vec<SourceText> = input.split(|byte| *byte == b'\n').map(SourceText::nowhere).collect();
    let _ = Acl::compile(b"a", Span::NOWHERE, &lines, &lists);
    let mut env = BareEnv::new();
    let (rules, _) = RewriteRules::compile(&lines, &lists);
    let address = Value::tainted("local.part@some.domain.example");
    for usage in [AddressUse::EnvelopeFrom, AddressUse::From, AddressUse::SmtpArgument] {
        let _ = rules.rewrite(&address, usage, &mut env);
    }
    let (rules, _) = RetryRules::compile(&lines, &lists);
    let error = RetryError::Rcpt(452);
    let subject =
        RetrySubject { key: b"host.example", alternate: Some(b"some.domain.example"), error: &error };
    if let Ok(Some(rule)) = rules.find(subject, &address, &mut env) {
        let now = Timestamp::from_secs(1_000_000);
        let first_failed = Timestamp::from_secs(990_000);
        let times = RetryTimes { first_failed, last_try: first_failed, next_try: now };
        let next = rule.next_try(Some(&times), now, &SeededEntropy::new(1));
        assert!(next.next_try >= now);
        let _ = rule.to_string();
    }
}
