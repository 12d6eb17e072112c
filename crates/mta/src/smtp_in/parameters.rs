//! The limits of one session, read from the options when it begins.
//!
//! # Compatibility
//! Options that are expanded are expanded here, once for the connection. One that fails to expand is logged and leaves
//! its default.

use std::sync::Arc;
use std::time::Duration;

use config::Opt;
use config::options::kind::{self, OptionType};
use config::options::main;
use config::options::value::NumberValue;
use expand::Expansion;
use mail_types::interval;
use smtp_proto::content::LineMode;
use smtp_proto::server::Parameters;

use super::client::Client;
use crate::context::Context;

/// Exim's default of `smtp_receive_timeout`, for a setting that does not expand.
const RECEIVE_TIMEOUT: i64 = 300;
/// Exim's default of `recipients_max`, likewise.
const RECIPIENTS_MAX: i64 = 50_000;
/// Exim's default of `smtp_accept_max_per_connection`, likewise.
const MAX_PER_CONNECTION: i64 = 1000;
/// Exim's default of `message_size_limit`, likewise.
const MESSAGE_SIZE_LIMIT: i64 = 50 << 20;

/// `smtp_receive_timeout`; none for no timeout.
pub(crate) fn receive_timeout(context: &mut Context) -> Option<Duration> {
    let secs = number(main::SMTP_RECEIVE_TIMEOUT, interval_secs, RECEIVE_TIMEOUT, context);
    let secs = context.services.process.smtp_timeout.unwrap_or(u64::try_from(secs).unwrap_or(0));
    let limit = Duration::from_secs(secs);
    (!limit.is_zero()).then_some(limit)
}

fn interval_secs(text: &[u8]) -> Option<i64> {
    interval::parse(text).and_then(|secs| i64::try_from(secs).ok())
}

/// `recipients_max`; 0 for no limit.
pub(crate) fn recipients_max(context: &mut Context) -> usize {
    usize::try_from(number(main::RECIPIENTS_MAX, parse_number, RECIPIENTS_MAX, context)).unwrap_or(0)
}

/// What the protocol needs to know.
pub(super) fn protocol(context: &mut Context, client: &Client) -> Parameters {
    let recipients_max = number(main::RECIPIENTS_MAX, parse_number, RECIPIENTS_MAX, context);
    let max_per_connection = text_number(main::SMTP_ACCEPT_MAX_PER_CONNECTION, MAX_PER_CONNECTION, context);
    let message_size_limit = message_size_limit(context);
    let options = &context.config.main;
    let local = matches!(client, Client::Local(_));
    Parameters {
        hostname: context.primary_hostname().to_vec(),
        enforce_sync: options.get(main::SMTP_ENFORCE_SYNC) && client.is_tcp(),
        early_pipelining: false,
        require_hello: true,
        max_synprot_errors: limit(options.get(main::SMTP_MAX_SYNPROT_ERRORS)),
        max_unknown_commands: limit(options.get(main::SMTP_MAX_UNKNOWN_COMMANDS)),
        max_nonmail: Some(limit(options.get(main::SMTP_ACCEPT_MAX_NONMAIL))),
        max_per_connection: if local { 0 } else { limit(max_per_connection) },
        recipients_max: limit(recipients_max),
        recipients_max_reject: options.get(main::RECIPIENTS_MAX_REJECT),
        message_size_limit,
        commands_by_acl: commands_by_acl(context),
        line_mode: if local || matches!(client, Client::AsIf { .. }) {
            LineMode::LfAllowed
        } else {
            LineMode::Strict
        },
        ..Parameters::default()
    }
}

/// ETRN is refused here whatever its ACL says, so HELP does not list it.
fn commands_by_acl(context: &Context) -> Vec<&'static str> {
    let options = &context.config.main;
    [(main::ACL_SMTP_EXPN, "EXPN"), (main::ACL_SMTP_VRFY, "VRFY")]
        .into_iter()
        .filter_map(|(option, word)| options.get(option).map(|_| word))
        .collect()
}

/// `message_size_limit`; 0 for none.
pub(crate) fn message_size_limit(context: &mut Context) -> u64 {
    u64::try_from(text_number(main::MESSAGE_SIZE_LIMIT, MESSAGE_SIZE_LIMIT, context)).unwrap_or(0)
}

fn limit(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(if number < 0 { 0 } else { u32::MAX })
}

/// A number of an option that may be expanded; `parse` reads what the expansion gives.
fn number<T>(option: Opt<T>, parse: fn(&[u8]) -> Option<i64>, default: i64, context: &mut Context) -> i64
where
    T: for<'a> OptionType<Ref<'a> = &'a NumberValue> + 'static,
{
    let config = Arc::clone(&context.config);
    match config.main.get(option) {
        NumberValue::Fixed(number) => *number,
        NumberValue::Expanded(expansion) => {
            parsed(expansion, option.definition().name, parse, context).unwrap_or(default)
        }
    }
}

/// A number of an option that is a string.
fn text_number(option: Opt<kind::Text>, default: i64, context: &mut Context) -> i64 {
    let config = Arc::clone(&context.config);
    let expansion = config.main.get(option);
    expansion
        .and_then(|expansion| parsed(expansion, option.definition().name, parse_number, context))
        .unwrap_or(default)
}

fn parsed(
    expansion: &Expansion,
    name: &str,
    parse: fn(&[u8]) -> Option<i64>,
    context: &mut Context,
) -> Option<i64> {
    let text = match context.eval(expansion) {
        Ok(text) => text?.into_bytes(),
        Err(error) => {
            context.log_problem(format!("failed to expand {name}: {}", error.message()));
            return None;
        }
    };
    let number = parse(text.trim_ascii());
    if number.is_none() {
        let text = String::from_utf8_lossy(&text);
        context.log_problem(format!("bad value for {name}: \"{text}\""));
    }
    number
}

/// Digits and a unit.
pub(crate) fn parse_number(text: &[u8]) -> Option<i64> {
    let (digits, unit) = match text.split_last()? {
        (b'k' | b'K', digits) => (digits, 1 << 10),
        (b'm' | b'M', digits) => (digits, 1 << 20),
        (b'g' | b'G', digits) => (digits, 1 << 30),
        _ => (text, 1_i64),
    };
    str::from_utf8(digits).ok()?.parse::<i64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_units() {
        let table = [
            ("0", Some(0)),
            ("50M", Some(50 << 20)),
            ("10k", Some(10 << 10)),
            ("2G", Some(2 << 30)),
            ("-1", Some(-1)),
            ("", None),
            ("K", None),
            ("x", None),
            ("99999999999G", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse_number(text.as_bytes()), expected, "{text}");
        }
    }
}
