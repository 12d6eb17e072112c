//! What is repaired in a header: the caller's facts handed to `mail_message::fixup`.

use config::options::main;
use mail_message::address_field::{Qualify, qualify};
use mail_message::fixup::{self, FixedUp, LocalCaller, Settings};
use mail_types::address::ParseOptions;
use mail_types::value::Value;

use super::origin::Origin;
use crate::context::Context;

/// How addresses of this message's header are read.
pub(super) fn parse_options(context: &Context) -> ParseOptions {
    let options = &context.config.main;
    ParseOptions {
        allow_null: false,
        allow_utf8: context.facts.message.smtputf8 || context.config.main.get(main::ALLOW_UTF8_DOMAINS),
        allow_domain_literals: options.get(main::ALLOW_DOMAIN_LITERALS),
        strip_trailing_dot: options.get(main::STRIP_TRAILING_DOT),
        strip_excess_angle_brackets: options.get(main::STRIP_EXCESS_ANGLE_BRACKETS),
    }
}

/// Repair the header of the message in the context's facts.
pub(super) fn fix_up(origin: &Origin, context: &mut Context) -> Result<FixedUp, String> {
    let message_id = message_id_text(context)?;
    let date = context.zone.rfc5322(context.services.clock.now());
    let mut headers = std::mem::take(&mut context.facts.message.headers);
    let submission = context.wishes.message.submission.clone();
    let authenticated_id = context.facts.connection.authenticated_id.clone().unwrap_or_default();
    let bytes = |value: &Option<Value>| value.as_ref().map(|value| value.bytes().to_vec());
    let submission = submission
        .map(|wish| (bytes(&wish.domain), bytes(&wish.name).unwrap_or_default(), wish.sender_retain));
    let how = context.facts.connection.origin;
    let origin = match (origin, &submission) {
        (Origin::Local(caller), _) if !caller.stands_for_a_host() => {
            let own = caller.sends_own_mail(how);
            fixup::Origin::Local(LocalCaller {
                login: &caller.login,
                name: if own || caller.full_name_given { &caller.full_name } else { b"" },
                own,
                trusted: caller.trusted,
                smtp: how.is_smtp(),
            })
        }
        (_, Some((domain, name, sender_retain))) => fixup::Origin::Submission(fixup::Submission {
            authenticated_id: &authenticated_id,
            domain: domain.as_deref(),
            name,
            sender_retain: *sender_retain,
        }),
        (_, None) => fixup::Origin::Remote,
    };
    let options = &context.config.main;
    let settings = Settings {
        return_path_remove: options.get(main::RETURN_PATH_REMOVE),
        delivery_date_remove: options.get(main::DELIVERY_DATE_REMOVE),
        envelope_to_remove: options.get(main::ENVELOPE_TO_REMOVE),
        local_from_check: options.get(main::LOCAL_FROM_CHECK),
        local_from_prefix: options.get(main::LOCAL_FROM_PREFIX),
        local_from_suffix: options.get(main::LOCAL_FROM_SUFFIX),
        local_sender_retain: options.get(main::LOCAL_SENDER_RETAIN),
        suppress_local_fixups: context.wishes.message.suppress_local_fixups,
        extract_recipients: context.extract_recipients,
        qualify_domain: context.qualify_domain(),
        message_id: &message_id,
        date: date.as_bytes(),
        parse: parse_options(context),
    };
    let sender = context.facts.message.sender_address.clone();
    let fixed = fixup::fix_up(&mut headers, origin, &sender, &settings);
    let domains = Qualify {
        sender: context.allow_unqualified_sender.then(|| context.qualify_domain()),
        recipient: context.allow_unqualified_recipient.then(|| context.qualify_recipient()),
    };
    qualify(&mut headers, domains, settings.parse);
    context.facts.message.headers = headers;
    Ok(fixed)
}

/// What stands between the angle brackets of a new Message-ID.
fn message_id_text(context: &mut Context) -> Result<Vec<u8>, String> {
    let id = context.facts.message.id.map(|id| id.to_string()).unwrap_or_default();
    let extra = part(main::MESSAGE_ID_HEADER_TEXT, "message_id_header_text", context)?;
    let domain = part(main::MESSAGE_ID_HEADER_DOMAIN, "message_id_header_domain", context)?;
    let mut text = format!("E{id}").into_bytes();
    if !extra.is_empty() {
        text.push(b'.');
        text.extend(extra.iter().map(|&byte| if is_id_byte(byte) { byte } else { b'-' }));
    }
    text.push(b'@');
    if domain.is_empty() {
        text.extend_from_slice(context.primary_hostname());
    } else {
        text.extend(domain.iter().map(|&byte| if is_id_byte(byte) { byte } else { b'-' }));
    }
    Ok(text)
}

fn part(
    option: config::Opt<config::options::kind::Text>,
    name: &str,
    context: &mut Context,
) -> Result<Vec<u8>, String> {
    let expanded = context.expanded(option);
    let value = expanded.map_err(|error| format!("expansion of \"{name}\" failed: {}", error.message()))?;
    Ok(value.map(Value::into_bytes).unwrap_or_default())
}

/// Bytes that a message id holds without quoting.
fn is_id_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte)
}
