//! The Received: line that every message gets.
//!
//! # Compatibility
//! Option `received_header_text`; the time after the semicolon is that of the beginning while ACLs look at it, and that
//! of acceptance in the spool. An empty expansion gives no line.

use config::options::main;
use mail_message::folding::received_line;
use mail_message::header::HeaderLine;

use crate::context::Context;

/// The text of the line, without its time; none when the option asks for no line.
pub(super) fn text(context: &mut Context) -> Result<Option<Vec<u8>>, String> {
    let recipients = &context.facts.message.recipients;
    context.facts.message.received_for = match recipients.as_slice() {
        [only] => Some(only.address.clone()),
        _ => None,
    };
    let expanded = context.expanded(main::RECEIVED_HEADER_TEXT);
    context.facts.message.received_for = None;
    match expanded {
        Ok(text) => Ok(text.map(mail_types::value::Value::into_bytes).filter(|text| !text.is_empty())),
        Err(error) => {
            let what = context.config.main.text(main::RECEIVED_HEADER_TEXT).unwrap_or_default();
            let what = String::from_utf8_lossy(what);
            Err(format!("expansion of \"{what}\" (received_header_text) failed: {}", error.message()))
        }
    }
}

/// The line with the time of now.
pub(super) fn line(text: &[u8], context: &Context) -> HeaderLine {
    let date = context.zone.rfc5322(context.services.clock.now());
    received_line(text, date.as_bytes())
}
