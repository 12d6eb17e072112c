//! `inlist` and `inlisti`.

use crate::EvalError;
use crate::eval::Machine;
use crate::list::ListItems;
use mail_types::value::Value;

/// Whether the subject is in the list; a match sets `$value` to the item, with the taint of the list.
pub(super) fn test(
    machine: &mut Machine<'_>,
    subject: &Value,
    list: &Value,
    caseless: bool,
) -> Result<bool, EvalError> {
    for item in ListItems::new(list.bytes()) {
        machine.step(item.len())?;
        let equal =
            if caseless { item.eq_ignore_ascii_case(subject.bytes()) } else { *item == *subject.bytes() };
        if equal {
            machine.env.scope().value = Some(Value::new(item, list.taint().clone()));
            return Ok(true);
        }
    }
    Ok(false)
}
