//! The recipients of a bare message: from the arguments, or with `-t` from the header.
//!
//! # Security
//! Both are hostile. What is not an address refuses the whole message: nobody gets half of it.
//!
//! # Compatibility
//! Option `extract_addresses_remove_arguments`; texts are the oracle's.

use config::options::main;
use mail_message::address_field;
use mail_message::header::HeaderLine;
use mail_types::address::{ParseOptions, find_address_end, parse_address};

use crate::context::Context;
use crate::dsn::SubmissionError;
use crate::receive::Caller;

/// Read the arguments: each holds one address or several with commas between them.
pub(super) fn of_arguments(
    arguments: &[Vec<u8>],
    caller: &Caller,
    context: &Context,
) -> Result<Vec<Vec<u8>>, SubmissionError> {
    let mut recipients = Vec::new();
    for argument in arguments {
        let mut rest = argument.as_slice();
        while !rest.trim_ascii().is_empty() {
            let end = find_address_end(rest);
            let item = &rest[..end];
            rest = rest.get(end + 1..).unwrap_or_default();
            let address = one(item, caller, context)
                .map_err(|why| SubmissionError::BadArgument { text: argument.clone(), why })?;
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

/// What the header names.
#[derive(Default)]
pub(super) struct Found {
    /// In the header's order, each as often as it stands there.
    pub(super) recipients: Vec<Vec<u8>>,
    /// Recipients that are not to get the message.
    pub(super) removed: Vec<Vec<u8>>,
    /// What is wrong.
    pub(super) error: Option<SubmissionError>,
}

/// Take them from the header. Arguments say who is not to get the message, or are added, as the option says.
pub(super) fn of_header(headers: &[HeaderLine], arguments: Vec<Vec<u8>>, context: &Context) -> Found {
    let (good, bad) = address_field::recipients(headers, options(context));
    let qualified = good.into_iter().map(|address| address.qualified_with(context.qualify_recipient()));
    let mut recipients: Vec<Vec<u8>> = qualified.map(|address| address.to_bytes()).collect();
    let mut removed = Vec::new();
    if context.config.main.get(main::EXTRACT_ADDRESSES_REMOVE_ARGUMENTS) {
        removed = arguments;
    } else {
        recipients.extend(arguments);
    }
    let others = !recipients.is_empty();
    let error = (!bad.is_empty()).then_some(SubmissionError::BadAddresses { bad, others });
    Found { recipients, removed, error }
}

fn options(context: &Context) -> ParseOptions {
    ParseOptions {
        allow_null: false,
        allow_utf8: context.facts.message.smtputf8 || context.config.main.get(main::ALLOW_UTF8_DOMAINS),
        allow_domain_literals: context.config.main.get(main::ALLOW_DOMAIN_LITERALS),
        strip_trailing_dot: context.config.main.get(main::STRIP_TRAILING_DOT),
        strip_excess_angle_brackets: context.config.main.get(main::STRIP_EXCESS_ANGLE_BRACKETS),
    }
}
