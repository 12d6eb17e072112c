//! The header of one delivery: what came in, less what is removed, with what is added.
//!
//! # Invariants
//! * The message's own header lines are not changed; the result is made anew for each delivery.
//! * It ends with the blank line that parts header and body.
//!
//! # Security
//! Header lines that options add come from the configuration, but what they expand to may hold text from outside;
//! as in Exim their line breaks are the administrator's responsibility.
//!
//! # Compatibility
//! Specification, "Adding and removing header lines in routers and transports" and the generic transport options.

use config::TransportInstance;
use config::options::transport::generic;
use expand::{EvalError, Expansion};
use mail_message::address_field::map_addresses;
use mail_message::header::{HeaderLine, HeaderType};
use mail_types::address::ParseOptions;
use mail_types::value::Value;
use policy::rewrite::{AddressUse, RewriteRules};

use crate::context::Context;
use crate::context::facts::AddressFacts;

/// What the routers and the envelope contribute.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Envelope<'a> {
    /// Header lines that routers added.
    pub(crate) headers_add: &'a [HeaderLine],
    /// Header names that routers removed.
    pub(crate) headers_remove: &'a [Vec<u8>],
    /// The return path of this delivery.
    pub(crate) return_path: &'a [u8],
    /// The envelope's recipients that this delivery is for.
    pub(crate) recipients: &'a [Vec<u8>],
}

/// Why a header could not be made (the reason that the expansion gives): always temporary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeaderTrouble(pub(crate) String);

impl HeaderTrouble {
    /// Exim's number for it.
    pub(crate) const NUMBER: i32 = -25;
}

/// The header text, LF line ends, the blank line at its end included.
pub(crate) fn header(
    transport: &TransportInstance,
    envelope: Envelope<'_>,
    context: &mut Context,
) -> Result<Vec<u8>, HeaderTrouble> {
    let removed = removed_names(transport, envelope, context)?;
    let mut out = final_fields(transport, envelope, context);
    let rewrite = transport.options.get(generic::HEADERS_REWRITE);
    let lines = std::mem::take(&mut context.facts.message.headers);
    let mut result = Ok(());
    for line in &lines {
        if line.kind == HeaderType::Old || removed.iter().any(|name| names(name, line.name())) {
            continue;
        }
        match rewritten(line, rewrite, context) {
            Ok(Some(text)) => out.extend_from_slice(&text),
            Ok(None) => out.extend_from_slice(&line.text),
            Err(trouble) => {
                result = Err(trouble);
                break;
            }
        }
    }
    context.facts.message.headers = lines;
    result?;
    for line in envelope.headers_add.iter().filter(|line| line.kind != HeaderType::Old) {
        push_line(&line.text, &mut out);
    }
    for added in added_lines(transport, context)? {
        push_line(&added, &mut out);
    }
    out.push(b'\n');
    Ok(out)
}

/// Whether the transport adds or removes header lines whose text is not always the same.
pub(crate) fn adds_what_varies(transport: &TransportInstance) -> bool {
    let varies = |text: &Expansion| text.source().bytes.contains(&b'$');
    transport.options.get(generic::HEADERS_ADD).iter().any(varies)
        || transport.options.get(generic::HEADERS_REMOVE).iter().any(varies)
}

fn push_line(text: &[u8], out: &mut Vec<u8>) {
    let end = text.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |at| at + 1);
    let text = &text[..end];
    if !text.is_empty() {
        out.extend_from_slice(text);
        out.push(b'\n');
    }
}

/// The recipients that a delivery is for: of several addresses that one recipient led to, one; a recipient that the
/// envelope holds twice is there twice.
pub(crate) fn envelope_recipients<'a>(
    addresses: impl Iterator<Item = (Vec<u8>, &'a AddressFacts)>,
) -> Vec<Vec<u8>> {
    let mut recipients: Vec<Vec<u8>> = Vec::new();
    for (own, facts) in addresses {
        recipients.extend(facts.same_for.iter().cloned());
        if facts.same_for.contains(&own) || !recipients.contains(&own) {
            recipients.push(own);
        }
    }
    recipients
}

/// Return-path, Envelope-to, Delivery-date.
fn final_fields(transport: &TransportInstance, envelope: Envelope<'_>, context: &Context) -> Vec<u8> {
    let mut out = Vec::new();
    if transport.options.get(generic::RETURN_PATH_ADD) {
        out.extend_from_slice(b"Return-path: <");
        out.extend_from_slice(envelope.return_path);
        out.extend_from_slice(b">\n");
    }
    if transport.options.get(generic::ENVELOPE_TO_ADD) && !envelope.recipients.is_empty() {
        out.extend_from_slice(b"Envelope-to: ");
        out.extend_from_slice(&envelope.recipients.join(&b",\n "[..]));
        out.push(b'\n');
    }
    if transport.options.get(generic::DELIVERY_DATE_ADD) {
        let now = context.services.clock.now();
        out.extend_from_slice(format!("Delivery-date: {}\n", context.zone.rfc5322(now)).as_bytes());
    }
    out
}

/// The names to leave out, of routers and transport.
fn removed_names(
    transport: &TransportInstance,
    envelope: Envelope<'_>,
    context: &mut Context,
) -> Result<Vec<Vec<u8>>, HeaderTrouble> {
    let mut removed = envelope.headers_remove.to_vec();
    for text in transport.options.get(generic::HEADERS_REMOVE) {
        let Some(value) = expanded(text, context)? else { continue };
        removed.extend(value.bytes().split(|b| *b == b':').map(|name| name.trim_ascii().to_vec()));
    }
    removed.retain(|name| !name.is_empty());
    Ok(removed)
}

/// Whether a name to be removed (perhaps with an asterisk at its end) names a field.
fn names(removed: &[u8], field: &[u8]) -> bool {
    match removed.strip_suffix(b"*") {
        Some(start) => field.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)),
        None => removed.eq_ignore_ascii_case(field),
    }
}

fn added_lines(transport: &TransportInstance, context: &mut Context) -> Result<Vec<Vec<u8>>, HeaderTrouble> {
    let mut added = Vec::new();
    for text in transport.options.get(generic::HEADERS_ADD) {
        if let Some(value) = expanded(text, context)? {
            added.push(value.into_bytes());
        }
    }
    Ok(added)
}

fn expanded(text: &Expansion, context: &mut Context) -> Result<Option<Value>, HeaderTrouble> {
    match text.eval(context) {
        Ok(value) => Ok(Some(value)),
        Err(EvalError::Forced { .. }) => Ok(None),
        Err(error) => Err(HeaderTrouble(error.message().to_owned())),
    }
}

/// The line under `headers_rewrite`; none when it stays.
fn rewritten(
    line: &HeaderLine,
    rules: Option<&RewriteRules>,
    context: &mut Context,
) -> Result<Option<Vec<u8>>, HeaderTrouble> {
    let (Some(rules), Some(usage)) = (rules, usage_of(line.kind)) else { return Ok(None) };
    if rules.is_empty() || !rules.concerns(usage) {
        return Ok(None);
    }
    let mut trouble = None;
    let parse = ParseOptions { allow_utf8: true, allow_domain_literals: true, ..ParseOptions::default() };
    let text = map_addresses(line, parse, |address| {
        match rules.rewrite(&Value::tainted(address.to_bytes()), usage, context) {
            Ok(found) => found.map(|rewritten| rewritten.address.into_bytes()),
            Err(error) => {
                trouble = Some(HeaderTrouble(error.message));
                None
            }
        }
    });
    trouble.map_or(Ok(text), Err)
}

fn usage_of(kind: HeaderType) -> Option<AddressUse> {
    Some(match kind {
        HeaderType::Bcc => AddressUse::Bcc,
        HeaderType::Cc => AddressUse::Cc,
        HeaderType::From => AddressUse::From,
        HeaderType::ReplyTo => AddressUse::ReplyTo,
        HeaderType::Sender => AddressUse::Sender,
        HeaderType::To => AddressUse::To,
        HeaderType::MessageId | HeaderType::Old | HeaderType::Other | HeaderType::Received => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removal_by_name_and_by_beginning() {
        assert!(names(b"subject", b"Subject") && !names(b"subject", b"Subjects"));
        assert!(names(b"X-Glob*", b"x-glob1") && names(b"x-*", b"X-") && !names(b"x-*", b"y-x-"));
    }

    #[test]
    fn added_lines_end_once() {
        let mut out = Vec::new();
        for text in [&b"X-A: 1\nX-B: 2"[..], b"X-C: 3 \n\n", b"", b"\n"] {
            push_line(text, &mut out);
        }
        assert_eq!(out, b"X-A: 1\nX-B: 2\nX-C: 3 \n");
    }
}
