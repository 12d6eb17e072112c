//! The answer to every `$variable`, split by what it is about.
//!
//! # Invariants
//! * Each variable of the table that some part of the flow can set belongs to exactly one family; those whose
//!   feature is not there yet are unset, with the constants that Exim shows for some of them.
//!
//! # Security
//! What came from a peer, a caller or the DNS is answered as a tainted value; numbers, addresses that we formatted
//! ourselves and text of the configuration are clean.
//!
//! # Compatibility
//! Specification, section "Expansion variables". The forms of unset numbers (`0`, `-1`, empty) are the oracle's.

mod address;
mod connection;
mod dkim;
mod event;
mod message;
mod pending;
mod process;
mod system;
mod tls;

pub(crate) use system::{load_average, room};

use expand::EvalError;
use expand::variable::Variable;
use mail_types::text::Text;
use mail_types::value::Value;

use super::Context;

/// What a family says about a variable: not one of its own, or the answer.
type Family = Option<Result<Option<Value>, EvalError>>;

pub(super) use tls::certificate;

/// The value of a variable.
pub(super) fn value(context: &mut Context, variable: Variable) -> Result<Option<Value>, EvalError> {
    if let Some(set) = context.acl_set.get(&variable) {
        return Ok(Some(set.clone()));
    }
    let families: [fn(&mut Context, Variable) -> Family; 9] = [
        address::value,
        connection::value,
        dkim::value,
        event::value,
        message::value,
        process::value,
        system::value,
        tls::value,
        |_context, variable| pending::value(variable),
    ];
    families.iter().find_map(|family| family(context, variable)).unwrap_or(Ok(None))
}

// The answers of most variables are options: these give theirs in the same form.

/// A number.
#[expect(clippy::unnecessary_wraps, reason = "the form of every answer")]
fn number(number: impl std::fmt::Display) -> Option<Value> {
    Some(Value::clean(number.to_string()))
}

/// `yes` or `no`.
#[expect(clippy::unnecessary_wraps, reason = "the form of every answer")]
fn yes_no(flag: bool) -> Option<Value> {
    Some(Value::clean(if flag { "yes" } else { "no" }))
}

/// Text of the configuration, or made by this program.
#[expect(clippy::unnecessary_wraps, reason = "the form of every answer")]
fn clean(text: impl Into<Text>) -> Option<Value> {
    Some(Value::clean(text))
}

/// Text from outside.
#[expect(clippy::unnecessary_wraps, reason = "the form of every answer")]
fn tainted(text: impl Into<Text>) -> Option<Value> {
    Some(Value::tainted(text))
}

#[cfg(test)]
mod tests {
    use expand::variable::{Availability, VARIABLES};

    use super::*;
    use crate::context::tests::bare_context;

    /// Variables that the expansion's own scope holds; they are never asked for here.
    const OF_THE_SCOPE: &[Variable] = &[
        Variable::Item,
        Variable::Value,
        Variable::Runrc,
        Variable::PrvscheckAddress,
        Variable::PrvscheckKeynum,
        Variable::PrvscheckResult,
    ];

    #[test]
    fn every_available_variable_has_one_family() {
        let mut context = bare_context();
        let mut wrong = Vec::new();
        for row in VARIABLES {
            let families: [fn(&mut Context, Variable) -> Family; 8] = [
                address::value,
                connection::value,
                dkim::value,
                event::value,
                message::value,
                process::value,
                system::value,
                tls::value,
            ];
            let owners =
                families.iter().filter(|family| family(&mut context, row.variable).is_some()).count();
            let needed = row.available == Availability::Now
                && !OF_THE_SCOPE.contains(&row.variable)
                && pending::value(row.variable).is_none();
            if owners > 1 || (needed && owners == 0) {
                wrong.push(row.name);
            }
        }
        assert_eq!(wrong, Vec::<&str>::new());
    }
}
