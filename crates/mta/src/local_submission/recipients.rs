//! The recipients of a bare message: from the arguments, or with `-t` from the header.
//!
//! # Security
//! Both are hostile. What is not an address refuses the whole message: nobody gets half of it.
//!
//! # Compatibility
//! Option `extract_addresses_remove_arguments`; texts are the oracle's.

use std::collections::HashSet;

use config::options::main;
use mail_message::address_field;
use mail_message::header::HeaderLine;
use mail_types::address::{Address, ParseOptions, find_address_end, parse_address};

use super::Caller;
use crate::context::Context;

/// Read the arguments: each holds one address or several with commas between them.
pub(super) fn of_arguments(
    arguments: &[Vec<u8>],
    caller: &Caller,
    context: &Context,
) -> Result<Vec<Vec<u8>>, String> {
    let mut recipients = Vec::new();
    for argument in arguments {
        let mut rest = argument.as_slice();
        while !rest.trim_ascii().is_empty() {
            let end = find_address_end(rest);
            let item = &rest[..end];
            rest = rest.get(end + 1..).unwrap_or_default();
            let address = one(item, caller, context).map_err(|why| {
                format!("bad recipient address \"{}\": {why}", String::from_utf8_lossy(argument))
            })?;
            recipients.push(address);
        }
    }
    Ok(recipients)
}

fn one(item: &[u8], caller: &Caller, context: &Context) -> Result<Vec<u8>, String> {
    let (address, _place) =
        parse_address(item.trim_ascii(), options(context)).map_err(|error| error.message)?;
    if !address.is_qualified() && caller.no_qualify {
        return Err("unqualified recipient address not allowed".to_owned());
    }
    Ok(address.qualified_with(context.qualify_recipient()).to_bytes())
}

/// Take them from the header. Arguments are taken away from them, or added, as the option says.
pub(super) fn of_header(
    headers: &[HeaderLine],
    arguments: &[Vec<u8>],
    context: &Context,
) -> Result<Vec<Vec<u8>>, String> {
    let (good, bad) = address_field::recipients(headers, options(context));
    if let Some(first) = bad.first() {
        let word = if bad.len() == 1 { "address" } else { "addresses" };
        let text = String::from_utf8_lossy(&first.text);
        return Err(format!("invalid {word}: {text}: {}", first.message));
    }
    let qualified = good.into_iter().map(|address| address.qualified_with(context.qualify_recipient()));
    let remove = context.config.main.get(main::EXTRACT_ADDRESSES_REMOVE_ARGUMENTS);
    let without: HashSet<Vec<u8>> =
        if remove { arguments.iter().map(|address| folded(address)).collect() } else { HashSet::new() };
    let mut seen = HashSet::new();
    let mut recipients: Vec<Vec<u8>> = Vec::new();
    let added = if remove { &[][..] } else { arguments };
    for address in qualified.map(|address| address.to_bytes()).chain(added.iter().cloned()) {
        let key = folded(&address);
        if !without.contains(&key) && seen.insert(key) {
            recipients.push(address);
        }
    }
    Ok(recipients)
}

/// The address for comparison: only the domain's letters have no case.
fn folded(address: &[u8]) -> Vec<u8> {
    let parts = Address::split(address);
    Address::new(parts.local_part.clone(), parts.lower_domain()).to_bytes()
}

fn options(context: &Context) -> ParseOptions {
    ParseOptions {
        allow_null: false,
        allow_utf8: context.facts.message.smtputf8,
        allow_domain_literals: context.config.main.get(main::ALLOW_DOMAIN_LITERALS),
        strip_trailing_dot: context.config.main.get(main::STRIP_TRAILING_DOT),
    }
}
