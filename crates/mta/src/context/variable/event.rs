//! Variables of events.

use expand::variable::Variable;

use super::{Family, clean, number};
use crate::context::Context;

pub(super) fn value(context: &mut Context, variable: Variable) -> Family {
    let event = &context.facts.event;
    let value = match variable {
        Variable::EventName => event.name.clone().and_then(clean),
        Variable::EventData => event.data.clone(),
        Variable::EventDeferErrno => number(event.defer_errno),
        _ => return None,
    };
    Some(Ok(value))
}
