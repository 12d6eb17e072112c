//! The rewriting rules, applied to a message that is received.
//!
//! # Compatibility
//! Specification, chapter "Address rewriting": flag `S` before a path is parsed, `F` and `T` for the envelope, the
//! small letters for header lines. What was rewritten stays in the -H file as deleted lines.

use std::sync::Arc;

use mail_message::address_field::map_addresses;
use mail_message::header::{HeaderLine, HeaderType};
use mail_types::address::ParseOptions;
use mail_types::value::Value;
use policy::rewrite::AddressUse;

use crate::context::Context;

/// Apply the rules with flag `S` to the path of a command.
pub(crate) async fn smtp_argument(path: &[u8], context: &mut Context) -> Result<Vec<u8>, String> {
    if !context.config.rewrite.concerns(AddressUse::SmtpArgument) {
        return Ok(path.to_vec());
    }
    let path = path.to_vec();
    let rewritten = context.on_pool(|context| one(&path, AddressUse::SmtpArgument, context)).await;
    match rewritten {
        Some(Ok(rewritten)) => Ok(rewritten.unwrap_or(path)),
        Some(Err(error)) => Err(error),
        None => Err("shutting down".to_owned()),
    }
}

/// Apply the rules to the envelope; the lines that record it go at the end of the header.
pub(super) fn envelope(context: &mut Context) -> Result<Vec<HeaderLine>, String> {
    let mut records = Vec::new();
    if context.config.rewrite.concerns(AddressUse::EnvelopeTo) {
        for at in 0..context.facts.message.recipients.len() {
            let address = context.facts.message.recipients[at].address.clone();
            if let Some(new) = one(&address, AddressUse::EnvelopeTo, context)? {
                records.push(record(b"X-rewrote-original-recipient: ", &address));
                context.facts.message.recipients[at].address = new;
            }
        }
    }
    if context.config.rewrite.concerns(AddressUse::EnvelopeFrom) {
        let address = context.facts.message.sender_address.clone();
        if !address.is_empty()
            && let Some(new) = one(&address, AddressUse::EnvelopeFrom, context)?
        {
            records.push(record(b"X-rewrote-sender: ", &address));
            context.facts.message.sender_address = new;
        }
    }
    Ok(records)
}

/// Apply the rules to the header lines that hold addresses.
pub(super) fn header_lines(parse: ParseOptions, context: &mut Context) -> Result<(), String> {
    let mut at = 0;
    while at < context.facts.message.headers.len() {
        let line = context.facts.message.headers[at].clone();
        at += 1;
        let Some(usage) = usage_of(line.kind) else { continue };
        if !context.config.rewrite.concerns(usage) {
            continue;
        }
        let mut failure = None;
        let text = map_addresses(&line, parse, |address| {
            one(&address.to_bytes(), usage, context).unwrap_or_else(|error| {
                failure = Some(error);
                None
            })
        });
        if let Some(error) = failure {
            return Err(error);
        }
        if let Some(text) = text {
            context.facts.message.headers[at - 1].kind = HeaderType::Old;
            context.facts.message.headers.insert(at, HeaderLine { kind: line.kind, text });
            at += 1;
        }
    }
    Ok(())
}

fn usage_of(kind: HeaderType) -> Option<AddressUse> {
    Some(match kind {
        HeaderType::From => AddressUse::From,
        HeaderType::To => AddressUse::To,
        HeaderType::Cc => AddressUse::Cc,
        HeaderType::Bcc => AddressUse::Bcc,
        HeaderType::ReplyTo => AddressUse::ReplyTo,
        HeaderType::Sender => AddressUse::Sender,
        _ => return None,
    })
}

fn one(address: &[u8], usage: AddressUse, context: &mut Context) -> Result<Option<Vec<u8>>, String> {
    let config = Arc::clone(&context.config);
    let rewritten = config.rewrite.rewrite(&Value::tainted(address), usage, context);
    match rewritten {
        Ok(rewritten) => Ok(rewritten.map(|found| found.address.into_bytes())),
        Err(error) => Err(error.message),
    }
}

fn record(name: &[u8], address: &[u8]) -> HeaderLine {
    HeaderLine { kind: HeaderType::Old, text: [name, address, b"\n"].concat() }
}
