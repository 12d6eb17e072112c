//! Variables about the message: envelope, header, body, counters.

use expand::variable::Variable;
use mail_types::address::Address;
use mail_types::value::Value;

use super::{Family, clean, number, tainted, yes_no};
use crate::context::facts::{MessageFacts, VerifyMode};
use crate::context::{Context, header, sender_auth};

pub(super) fn value(context: &mut Context, variable: Variable) -> Family {
    envelope(context, variable)
        .or_else(|| content(context, variable))
        .or_else(|| sender_auth::value(context, variable))
        .or_else(|| checks(&context.facts.message, variable))
        .or_else(|| counters(&context.facts.message, variable))
        .or_else(|| arguments(variable))
}

fn envelope(context: &mut Context, variable: Variable) -> Family {
    let facts = &context.facts.message;
    Some(Ok(match variable {
        Variable::MessageEximId | Variable::MessageId => facts.id.and_then(|id| clean(id.to_string())),
        Variable::SenderAddress => tainted(facts.sender_address.clone()),
        Variable::SenderAddressLocalPart => tainted(Address::split(&facts.sender_address).local_part),
        Variable::SenderAddressDomain => tainted(Address::split(&facts.sender_address).domain),
        Variable::ReturnPath => {
            tainted(facts.return_path.clone().unwrap_or_else(|| facts.sender_address.clone()))
        }
        Variable::Recipients => recipients(facts),
        Variable::RecipientsList => recipients_list(facts),
        Variable::RecipientsCount => number(facts.recipients.len()),
        Variable::ReceivedProtocol => facts.received_protocol.clone().and_then(clean),
        Variable::ReceivedTime => number(facts.received_time.secs()),
        Variable::ReceivedFor => facts.received_for.clone().and_then(tainted),
        Variable::AuthenticatedSender => facts.authenticated_sender.clone().and_then(tainted),
        Variable::OriginatorUid => number(facts.originator_uid),
        Variable::OriginatorGid => number(facts.originator_gid),
        Variable::QueueName => clean(facts.queue_name.clone()),
        Variable::MessageSmtputf8 => yes_no(facts.smtputf8),
        Variable::PrdrRequested => yes_no(false),
        Variable::BounceRecipient => facts.bounce_recipient.clone().and_then(tainted),
        Variable::WarnMessageDelay | Variable::WarnmsgDelay => {
            facts.warn_message_delay.clone().and_then(clean)
        }
        Variable::WarnMessageRecipients
        | Variable::WarnMessageRecipient
        | Variable::WarnmsgRecipients
        | Variable::WarnmsgRecipient => facts.warn_message_recipients.clone().and_then(tainted),
        _ => return None,
    }))
}

fn content(context: &mut Context, variable: Variable) -> Family {
    let keep_newlines = context.config.main.get(config::options::main::MESSAGE_BODY_NEWLINES);
    let facts = &context.facts.message;
    Some(Ok(match variable {
        Variable::MessageBody => visible(&facts.body.start, keep_newlines),
        Variable::MessageBodyEnd => visible(&facts.body.end, keep_newlines),
        Variable::MessageBodySize => number(facts.body.size),
        Variable::BodyLinecount => number(facts.body.linecount),
        Variable::BodyZerocount => number(facts.body.zerocount),
        Variable::MaxReceivedLinelength => number(facts.body.max_line),
        Variable::MessageSize => number(facts.size.unwrap_or(0)),
        Variable::MessageLinecount => number(facts.linecount),
        Variable::MessageAge => number(facts.age_secs),
        Variable::ReceivedCount => number(facts.received_count),
        Variable::MessageHeaders => header::all(context, expand::HeaderForm::Decoded),
        Variable::MessageHeadersRaw => header::all(context, expand::HeaderForm::Raw),
        Variable::HeadersAdded => headers_added(context),
        Variable::ReplyAddress => reply_address(context),
        _ => return None,
    }))
}

fn checks(facts: &MessageFacts, variable: Variable) -> Family {
    Some(Ok(match variable {
        Variable::VerifyMode => match facts.verify_mode {
            VerifyMode::None => None,
            VerifyMode::Sender => clean("S"),
            VerifyMode::Recipient => clean("R"),
        },
        Variable::AclVerifyMessage => facts.acl_verify_message.clone(),
        Variable::SenderAddressData => facts.sender_address_data.clone(),
        Variable::SenderData => facts.sender_data.clone(),
        Variable::RecipientData => facts.recipient_data.clone(),
        Variable::SenderVerifyFailure => facts.sender_verify_failure.clone().and_then(clean),
        Variable::RecipientVerifyFailure => facts.recipient_verify_failure.clone().and_then(clean),
        Variable::DnslistDomain => tainted(facts.dnslist.domain.clone()),
        Variable::DnslistMatched => tainted(facts.dnslist.matched.clone()),
        Variable::DnslistText => tainted(facts.dnslist.text.clone()),
        Variable::DnslistValue => tainted(facts.dnslist.value.clone()),
        _ => return None,
    }))
}

fn counters(facts: &MessageFacts, variable: Variable) -> Family {
    Some(Ok(match variable {
        Variable::RcptCount => number(facts.rcpt_count),
        Variable::RcptDeferCount => number(facts.rcpt_defer_count),
        Variable::RcptFailCount => number(facts.rcpt_fail_count),
        // Names only while a filter runs.
        counter if counter.is_filter_counter() => None,
        _ => return None,
    }))
}

/// Arguments of a called ACL and what its conditions leave, before any ACL has set them.
fn arguments(variable: Variable) -> Family {
    Some(Ok(match variable {
        Variable::AclNarg => number(0),
        Variable::AclArg1
        | Variable::AclArg2
        | Variable::AclArg3
        | Variable::AclArg4
        | Variable::AclArg5
        | Variable::AclArg6
        | Variable::AclArg7
        | Variable::AclArg8
        | Variable::AclArg9
        | Variable::SenderRate
        | Variable::SenderRateLimit
        | Variable::SenderRatePeriod => None,
        // Callouts, local_scan() and inbound SRS are not there; nothing sets these.
        Variable::CalloutAddress | Variable::LocalScanData | Variable::RegexCachesize => None,
        // Set while an authenticator runs.
        Variable::Auth1 | Variable::Auth2 | Variable::Auth3 | Variable::Auth4 => None,
        _ => return None,
    }))
}

/// `$recipients`: joined by a comma and a space; empty before there are any.
fn recipients(facts: &MessageFacts) -> Option<Value> {
    if facts.recipients.is_empty() || facts.id.is_none() {
        return None;
    }
    let addresses: Vec<&[u8]> =
        facts.recipients.iter().map(|recipient| recipient.address.as_slice()).collect();
    tainted(addresses.join(&b", "[..]))
}

/// `$recipients_list`: a list with colons, those inside addresses doubled.
fn recipients_list(facts: &MessageFacts) -> Option<Value> {
    let mut list = Vec::new();
    for recipient in &facts.recipients {
        if !list.is_empty() {
            list.push(b':');
        }
        for &byte in &recipient.address {
            list.push(byte);
            if byte == b':' {
                list.push(b':');
            }
        }
    }
    if list.is_empty() { None } else { tainted(list) }
}

/// What `$message_body` shows: newlines (unless kept) and NULs as spaces.
fn visible(octets: &[u8], keep_newlines: bool) -> Option<Value> {
    let shown: Vec<u8> = octets
        .iter()
        .map(|&octet| match octet {
            b'\n' if !keep_newlines => b' ',
            0 => b' ',
            other => other,
        })
        .collect();
    if shown.is_empty() { None } else { tainted(shown) }
}

fn headers_added(context: &Context) -> Option<Value> {
    let mut lines = Vec::new();
    for (index, line) in context.wishes.added_headers.iter().enumerate() {
        if index > 0 {
            lines.push(b'\n');
        }
        let text = line.text.bytes();
        // The lines are a list: its separator is doubled inside an item.
        for byte in text.strip_suffix(b"\n").unwrap_or(text) {
            lines.extend(std::iter::repeat_n(*byte, if *byte == b'\n' { 2 } else { 1 }));
        }
    }
    if lines.is_empty() { None } else { tainted(lines) }
}

/// `$reply_address`: Reply-To: if there is one with something in it, else From:.
fn reply_address(context: &Context) -> Option<Value> {
    [&b"reply-to"[..], b"from"].iter().find_map(|name| {
        let found = header::named(context, name, expand::HeaderForm::Decoded);
        found.filter(|value| !value.is_empty())
    })
}
