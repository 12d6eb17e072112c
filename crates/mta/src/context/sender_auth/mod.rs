//! What sender authentication found out about the message that is being received.
//!
//! # Invariants
//! * All of it belongs to one message and goes with it.

mod dmarc;
mod spf;

use expand::EvalError;
use expand::variable::Variable;
use mail_types::value::Value;
use observe::event::SenderPolicies;
use sender_auth::authres::MethodResult;

use super::Context;
pub use dmarc::DmarcChecked;
pub use spf::SpfChecked;

/// Results by method; none where a method was not asked for.
#[derive(Debug, Default)]
pub struct SenderAuth {
    /// `spf`, `spf_guess`.
    pub spf: Option<SpfChecked>,
    /// One result for each DKIM signature, for Authentication-Results.
    pub dkim: Vec<MethodResult>,
    /// `dmarc_status`.
    pub dmarc: Option<DmarcChecked>,
    /// Who is to get a failure report about the message.
    pub report_to: Vec<Vec<u8>>,
    /// The chain of ARC sets, for Authentication-Results.
    pub arc: Option<MethodResult>,
}

impl SenderAuth {
    /// What the log's lines about the message say.
    pub fn policies(&self) -> SenderPolicies {
        SenderPolicies {
            spf: self.spf.as_ref().map(|spf| spf.outcome.verdict.word()),
            dmarc: self.dmarc.as_ref().map(|dmarc| dmarc.outcome.status.word()),
        }
    }
}

/// The value of a variable that a check fills; none for other variables.
pub(super) fn value(context: &Context, variable: Variable) -> Option<Result<Option<Value>, EvalError>> {
    let spf = context.sender_auth.spf.as_ref();
    let from_spf = |part: fn(&SpfChecked) -> &[u8]| spf.map(|spf| Value::tainted(part(spf)));
    Some(Ok(match variable {
        Variable::DmarcAlignmentDkim
        | Variable::DmarcAlignmentSpf
        | Variable::DmarcArHeader
        | Variable::DmarcDomainPolicy
        | Variable::DmarcStatus
        | Variable::DmarcStatusText
        | Variable::DmarcUsedDomain => dmarc::variable(context, variable),
        Variable::SpfHeaderComment => from_spf(|spf| &spf.header_comment),
        Variable::SpfReceived => from_spf(|spf| &spf.received),
        Variable::SpfResult => spf.map(|spf| Value::clean(spf.outcome.verdict.word())),
        Variable::SpfResultGuessed => {
            let guessed = spf.is_some_and(|spf| spf.outcome.guessed);
            Some(Value::clean(if guessed { "yes" } else { "no" }))
        }
        Variable::SpfSmtpComment => from_spf(|spf| &spf.outcome.smtp_comment),
        Variable::SpfUsedDomain => from_spf(|spf| &spf.outcome.domain),
        _ => return None,
    }))
}

impl Context {
    /// What `${authresults` tells, method by method.
    pub(crate) fn method_results(&self) -> Vec<MethodResult> {
        let mut results = Vec::new();
        results.extend(self.iprev());
        results.extend(self.auth_result());
        results.extend(self.sender_auth.spf.as_ref().map(SpfChecked::method_result));
        results.extend(self.sender_auth.dkim.iter().cloned());
        results.extend(self.sender_auth.dmarc.as_ref().and_then(DmarcChecked::method_result));
        results.extend(self.sender_auth.arc.clone());
        results
    }

    /// The client's name, once it was looked for.
    fn iprev(&self) -> Option<MethodResult> {
        let facts = &self.facts.connection;
        let address = facts.sender_host_address?.to_string();
        let result = match &facts.sender_host_name {
            Some(name) => MethodResult::new("iprev", "pass").comment(name.clone()),
            None if facts.host_lookup_deferred => MethodResult::new("iprev", "temperror"),
            None if facts.host_lookup_failed => MethodResult::new("iprev", "fail"),
            None => return None,
        };
        Some(result.property("smtp.remote-ip", address))
    }

    /// The client's authentication, if it tried.
    fn auth_result(&self) -> Option<MethodResult> {
        let facts = &self.facts.connection;
        let Some(mechanism) = &facts.sender_host_authenticated else {
            return facts.authentication_failed.then(|| MethodResult::new("auth", "fail"));
        };
        let result = MethodResult::new("auth", "pass").comment(mechanism.clone());
        let result = match &facts.authenticated_id {
            Some(id) => result.property("smtp.auth", id.clone()),
            None => result,
        };
        Some(match &self.facts.message.authenticated_sender {
            Some(sender) => result.property("smtp.mailfrom", sender.clone()),
            None => result,
        })
    }
}
