//! Variables whose feature is not there yet but which Exim shows as a constant before anything set them.
//!
//! # Compatibility
//! The constants are the oracle's answers to `-be` for a build that has the feature.

use expand::EvalError;
use expand::variable::Variable;
use mail_types::value::Value;

/// The constant, if the variable has one.
pub(super) fn value(variable: Variable) -> Option<Result<Option<Value>, EvalError>> {
    let constant = match variable {
        Variable::AvFailed
        | Variable::MimeAnomalyLevel
        | Variable::MimeContentSize
        | Variable::MimeIsCoverletter
        | Variable::MimeIsMultipart
        | Variable::MimeIsRfc822
        | Variable::ProxyExternalPort
        | Variable::ProxyLocalPort => "0",
        Variable::MimePartCount => "-1",
        Variable::ProxySession => "no",
        _ => return None,
    };
    Some(Ok(Some(Value::clean(constant))))
}
