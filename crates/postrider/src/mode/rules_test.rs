//! `-brt` and `-brw`: what the retry and rewriting rules say of an address.
//!
//! # Compatibility
//! Spec 5.2; the texts are Exim's.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use mail_types::Value;
use mail_types::address::{ParseOptions, addresses_of_header};
use mta::context::Context;
use mta::context::facts::Facts;
use policy::retry::{RetryError, RetrySubject};
use policy::rewrite::AddressUse;

use super::Start;
use crate::argv::Mode;

/// Runs the mode.
pub(crate) fn run(start: &Start<'_>) -> ExitCode {
    let Ok(runtime) = crate::runtime() else { return ExitCode::FAILURE };
    let _inside = runtime.enter();
    let services = match crate::assembly::test_services(&start.config) {
        Ok((services, _)) => services,
        Err(reason) => {
            crate::say_error(&reason);
            return ExitCode::FAILURE;
        }
    };
    let mut context = Context::with_config(Facts::default(), Arc::clone(&start.config), services);
    let told = match start.invocation.mode {
        Mode::RetryTest => retry(start, &mut context),
        _ => rewrite(start, &mut context),
    };
    match told {
        Ok(text) => {
            crate::say(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(reason) => {
            // The answer, whatever it is, goes to standard output.
            crate::say(format!("{reason}\n").as_bytes());
            ExitCode::FAILURE
        }
    }
}

/// `-brt KEY [HOST] [ERROR]`.
fn retry(start: &Start<'_>, context: &mut Context) -> Result<String, String> {
    let Some((key, rest)) = start.invocation.operands.split_first() else {
        return Err("-brt needs a domain or address argument".to_owned());
    };
    let mut out = String::new();
    if !key.contains(&b'@') && !key.contains(&b'.') {
        let shown = String::from_utf8_lossy(key);
        let _ = writeln!(
            out,
            "Warning: \"{shown}\" contains no '@' and no '.' characters. It is being \ntreated as a one-component domain, not as a local part.\n"
        );
    }
    let (alternate, error) = match rest {
        [] => (None, None),
        [host, rest @ ..] if host.contains(&b'.') => (Some(host), rest.first()),
        [error, ..] => (None, Some(error)),
    };
    let error = error.map_or(Ok(RetryError::Other), |name| RetryError::parse(name))?;
    let sender = start.invocation.sender.clone().map(Value::clean);
    let subject = RetrySubject { key, alternate: alternate.map(Vec::as_slice), error: &error };
    let config = Arc::clone(&start.config);
    let found = config.retry.find_for(subject, sender.as_ref(), context).map_err(|e| e.message)?;
    match found {
        Some(rule) => {
            let _ = writeln!(out, "Retry rule: {rule}");
        }
        None => out.push_str("No retry information found\n"),
    }
    Ok(out)
}

/// The places of an address, as `-brw` names them.
const PLACES: [(&str, AddressUse); 8] = [
    ("  sender", AddressUse::Sender),
    ("    from", AddressUse::From),
    ("      to", AddressUse::To),
    ("      cc", AddressUse::Cc),
    ("     bcc", AddressUse::Bcc),
    ("reply-to", AddressUse::ReplyTo),
    ("env-from", AddressUse::EnvelopeFrom),
    ("  env-to", AddressUse::EnvelopeTo),
];

/// `-brw ADDRESS`.
fn rewrite(start: &Start<'_>, context: &mut Context) -> Result<String, String> {
    let config = Arc::clone(&start.config);
    let text = start.invocation.operands.first().ok_or("-brw needs an address argument")?;
    if config.rewrite.is_empty() {
        return Ok("No rewrite rules are defined\n".to_owned());
    }
    let options = ParseOptions { allow_domain_literals: true, allow_utf8: true, ..ParseOptions::default() };
    let found = addresses_of_header(text, options).into_iter().next().ok_or("syntax error in the address")?;
    let address =
        found.address.map_err(|e| format!("syntax error in {}: {e}", String::from_utf8_lossy(text)))?;
    let address = Value::tainted(address.qualified_with(context.qualify_domain()).to_bytes());
    let mut out = String::new();
    for (name, place) in PLACES {
        let rewritten = config.rewrite.rewrite(&address, place, context).map_err(|e| e.message)?;
        let in_header = !matches!(place, AddressUse::EnvelopeFrom | AddressUse::EnvelopeTo);
        let (result, whole) = rewritten.map_or((address.clone(), false), |r| (r.address, r.whole));
        let shown = match (in_header, whole) {
            (true, false) => [&text[..found.place.start], result.bytes(), &text[found.place.end..]].concat(),
            _ => result.into_bytes(),
        };
        let _ = writeln!(out, "{name}: {}", String::from_utf8_lossy(&shown));
    }
    Ok(out)
}
