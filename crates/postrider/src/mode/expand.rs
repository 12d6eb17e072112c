//! `-be`: expansions from the command line or from standard input, one a line; `-bem FILE` loads a message first.
//!
//! # Compatibility
//! Spec 5.2. Prompts and results have Exim's form; a line that ends with a backslash goes on with the next.

use std::io::BufRead;
use std::process::ExitCode;
use std::sync::Arc;

use ::expand::Expansion;
use mail_types::diagnostic::{SourceText, Span};
use mta::context::Context;
use mta::context::facts::Facts;

use super::Start;

/// Runs the mode.
pub(crate) fn run(start: &Start<'_>, message: Option<&[u8]>) -> ExitCode {
    if message.is_some() {
        crate::say_error("option -bem is not served yet");
        return ExitCode::FAILURE;
    }
    let runtime = match crate::runtime() {
        Ok(runtime) => runtime,
        Err(e) => {
            crate::say_error(&format!("cannot start: {e}"));
            return ExitCode::FAILURE;
        }
    };
    let _inside = runtime.enter();
    let services = match crate::assembly::test_services(&start.config) {
        Ok((services, _)) => services,
        Err(reason) => {
            crate::say_error(&reason);
            return ExitCode::FAILURE;
        }
    };
    let mut context = Context::with_config(facts(start), Arc::clone(&start.config), services);
    if start.invocation.operands.is_empty() {
        from_input(&mut context);
    } else {
        for text in &start.invocation.operands {
            crate::say(&answer(text, &mut context));
        }
    }
    ExitCode::SUCCESS
}

/// What `-oM...` says of the origin.
fn facts(start: &Start<'_>) -> Facts {
    let fields = super::submit::host_fields(&start.invocation.origin);
    let mut facts = Facts::default();
    let connection = &mut facts.connection;
    connection.sender_host_address = fields.address.map(|(address, _)| address);
    connection.sender_host_port = fields.address.map_or(0, |(_, port)| port);
    connection.received_ip_address = fields.interface.map(|(address, _)| address);
    connection.received_port = fields.interface.map_or(0, |(_, port)| port);
    connection.sender_host_name = fields.name;
    connection.sender_host_authenticated = fields.authenticator;
    connection.authenticated_id = fields.authenticated_id;
    connection.sender_ident = fields.ident;
    let message = &mut facts.message;
    message.received_protocol = fields.protocol;
    message.authenticated_sender = fields.authenticated_sender;
    facts
}

fn from_input(context: &mut Context) {
    let mut input = std::io::stdin().lock();
    crate::say(b"> ");
    let mut logical = Vec::new();
    let mut line = Vec::new();
    while matches!(input.read_until(b'\n', &mut line), Ok(1..)) {
        let text = line.strip_suffix(b"\n").unwrap_or(&line).trim_ascii_end();
        let piece = if logical.is_empty() { text } else { text.trim_ascii_start() };
        if let Some(more) = piece.strip_suffix(b"\\") {
            logical.extend_from_slice(more);
        } else {
            logical.extend_from_slice(piece);
            let mut out = answer(&logical, context);
            out.extend_from_slice(b"> ");
            crate::say(&out);
            logical.clear();
        }
        line.clear();
    }
    crate::say(b"\n");
}

/// The result of one expansion, with its newline.
fn answer(text: &[u8], context: &mut Context) -> Vec<u8> {
    let expansion = Expansion::parse(&SourceText::plain(text.to_vec(), Span::default()));
    let mut out = match expansion.eval(context) {
        Ok(value) => value.into_bytes(),
        Err(error) => format!("Failed: {error}").into_bytes(),
    };
    out.push(b'\n');
    out
}
