//! `listcount` and `listnamed`.

use super::Call;
use crate::EvalError;
use crate::env::ListKind;
use crate::eval::Machine;
use crate::list::{ListItems, doubled};
use mail_types::limits;
use mail_types::value::{Taint, Value};

pub(super) fn listcount(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<Value, EvalError> {
    machine.step(call.bytes().len())?;
    Ok(Value::clean(ListItems::new(call.bytes()).count().to_string()))
}

/// The content of a named list, with the lists that it names put in their places, as a list with colons.
pub(super) fn listnamed(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<Value, EvalError> {
    let kind = match call.suffix {
        None => None,
        Some(suffix) => Some(kind(suffix)?),
    };
    let name = call.bytes();
    let name = name.strip_prefix(b"+").unwrap_or(name);
    let mut out = Value::empty();
    append(machine, kind, name, &mut out, limits::LIST_DEPTH)?;
    Ok(out)
}

fn kind(suffix: &str) -> Result<ListKind, EvalError> {
    match suffix.as_bytes().first() {
        Some(b'a') => Ok(ListKind::Address),
        Some(b'd') => Ok(ListKind::Domain),
        Some(b'h') => Ok(ListKind::Host),
        Some(b'l') => Ok(ListKind::LocalPart),
        _ => Err(EvalError::failed("bad suffix on \"list\" operator")),
    }
}

fn append(
    machine: &mut Machine<'_>,
    kind: Option<ListKind>,
    name: &[u8],
    out: &mut Value,
    depth: usize,
) -> Result<(), EvalError> {
    let Some(list) = machine.env.named_list(kind, name).filter(|_| depth > 0) else {
        let word = match kind {
            None => "",
            Some(ListKind::Address) => "address ",
            Some(ListKind::Domain) => "domain ",
            Some(ListKind::Host) => "host ",
            Some(ListKind::LocalPart) => "localpart ",
            Some(ListKind::String) => "string ",
        };
        return Err(EvalError::failed(format!(
            "\"{}\" is not a {word}named list",
            String::from_utf8_lossy(name)
        )));
    };
    for item in ListItems::new(list.text.bytes()) {
        machine.step(out.len())?;
        if let Some(inner) = item.strip_prefix(b"+") {
            append(machine, Some(list.kind), inner, out, depth - 1)?;
            continue;
        }
        if !out.is_empty() {
            out.push_bytes(b" : ");
        }
        let taint: Taint = list.text.taint().clone();
        out.push_value(&Value::new(doubled(&item, b':'), taint));
    }
    Ok(())
}
