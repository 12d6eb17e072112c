//! What the DMARC check of a message came to, and its variables.

use expand::variable::Variable;
use mail_types::value::Value;
use sender_auth::authres::MethodResult;
use sender_auth::dmarc::DmarcOutcome;

use crate::context::Context;

/// What the check of this message came to.
#[derive(Debug, Clone)]
pub struct DmarcChecked {
    /// The result.
    pub outcome: DmarcOutcome,
}

impl DmarcChecked {
    /// What Authentication-Results says.
    pub fn method_result(&self) -> Option<MethodResult> {
        let result = MethodResult::new("dmarc", self.outcome.status.auth_result()?);
        Some(result.property("header.from", self.outcome.author.clone()))
    }
}

/// The value of one of the `$dmarc_...` variables; unset before the check.
pub(super) fn variable(context: &Context, variable: Variable) -> Option<Value> {
    let checked = context.sender_auth.dmarc.as_ref()?;
    let outcome = &checked.outcome;
    let yes_no = |flag: bool| Value::clean(if flag { "yes" } else { "no" });
    Some(match variable {
        Variable::DmarcAlignmentDkim => yes_no(outcome.dkim_aligned),
        Variable::DmarcAlignmentSpf => yes_no(outcome.spf_aligned),
        Variable::DmarcArHeader => {
            let results: Vec<MethodResult> = checked.method_result().into_iter().collect();
            Value::tainted(sender_auth::authres::field(context.primary_hostname(), &results))
        }
        Variable::DmarcDomainPolicy => Value::clean(outcome.policy.map_or("", |policy| policy.word())),
        Variable::DmarcStatus => Value::clean(outcome.status.word()),
        Variable::DmarcStatusText => Value::clean(outcome.status.text()),
        Variable::DmarcUsedDomain => Value::tainted(outcome.used_domain.clone()),
        _ => return None,
    })
}
