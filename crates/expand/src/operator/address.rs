//! `address`, `addresses`, `domain`, `local_part`.

use super::Call;
use crate::EvalError;
use crate::eval::Machine;
use crate::list::ListBuilder;
use mail_types::Address;
use mail_types::address::{ParseOptions, addresses_of_header, parse_address};
use mail_types::value::Value;

/// Addresses in header text may be of any kind that Exim can parse.
const OPTIONS: ParseOptions = ParseOptions {
    allow_null: false,
    allow_utf8: true,
    allow_domain_literals: true,
    strip_trailing_dot: false,
    strip_excess_angle_brackets: false,
};

fn parsed(call: &Call<'_>) -> Option<Address> {
    parse_address(call.bytes(), OPTIONS).ok().map(|(address, _)| address)
}

pub(super) fn address(call: &Call<'_>) -> Value {
    call.derived(parsed(call).map(|address| address.to_bytes()).unwrap_or_default())
}

pub(super) fn domain(call: &Call<'_>) -> Value {
    call.derived(parsed(call).map(|address| address.domain).unwrap_or_default())
}

pub(super) fn local_part(call: &Call<'_>) -> Value {
    call.derived(parsed(call).map(|address| address.local_part).unwrap_or_default())
}

/// All addresses as a list; what cannot be parsed is left out. `>x` at the beginning sets the separator.
pub(super) fn addresses(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<Value, EvalError> {
    let text = mail_types::bytes::trim_start(call.bytes());
    let (separator, text) = match text {
        [b'>'] => {
            return Err(EvalError::failed(format!(
                "output separator missing in expanding ${{addresses:{}}}",
                String::from_utf8_lossy(text)
            )));
        }
        [b'>', separator, rest @ ..] => (*separator, rest),
        _ => (b':', text),
    };
    let mut list = ListBuilder::new(separator);
    for item in addresses_of_header(text, OPTIONS) {
        machine.step(list.len())?;
        if let Ok(address) = item.address {
            list.push(&address.to_bytes());
        }
    }
    Ok(call.derived(list.into_bytes()))
}
