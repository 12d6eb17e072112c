//! `-be`: expansions from the command line or from standard input, one a line; `-bem FILE` loads a message first, and
//! `-Mset ID` one from the queue.
//!
//! # Compatibility
//! Spec 5.2. Prompts and results have Exim's form; a line that ends with a backslash goes on with the next.

mod ahead;
mod lines;

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use mail_types::MessageId;
use mta::context::Context;
use mta::deliver::facts_of_queued;
use mta::local_submission::{MessageRequest, preview, without_message};
use mta::receive::Caller;
use mta::services::Services;

use self::ahead::Helpers;
use self::lines::Desk;
use super::Start;

/// Runs the mode.
pub(crate) fn run(start: &Start<'_>, message: Option<&[u8]>) -> ExitCode {
    if start.invocation.loaded_message.is_some() && !start.caller.admin {
        return super::permission_denied();
    }
    let runtime = match crate::runtime() {
        Ok(runtime) => runtime,
        Err(e) => {
            crate::say_error(&format!("cannot start: {e}"));
            return ExitCode::FAILURE;
        }
    };
    let _inside = runtime.enter();
    let context = crate::assembly::test_services(&start.config)
        .and_then(|(services, _)| runtime.block_on(context(start, message, services)));
    let mut context = match context {
        Ok(context) => context,
        Err(reason) => {
            crate::say_error(&reason);
            return ExitCode::FAILURE;
        }
    };
    if start.invocation.operands.is_empty() {
        // A message's context holds more than a helper's.
        let helpers = if message.is_some() || start.invocation.loaded_message.is_some() {
            Helpers::Off
        } else {
            Helpers::new()
        };
        // Whoever closed the other end wants no more answers.
        let _ = from_input(&mut context, helpers);
    } else {
        for text in &start.invocation.operands {
            let mut out = Vec::new();
            answer(text, &mut context, &mut out);
            crate::say(&out);
        }
    }
    ExitCode::SUCCESS
}

/// The world of the expansions: the caller's, and that of the message if there is one.
async fn context(
    start: &Start<'_>,
    message: Option<&[u8]>,
    services: Arc<Services>,
) -> Result<Context, String> {
    let request = super::submit::caller_request(start);
    let host = request.host.clone();
    let mut caller = Caller::identify(request, &services).await?;
    // Any caller may say where a message of a test came from.
    caller.host = host;
    if let Some(id) = start.invocation.loaded_message {
        let mut context = without_message(caller, services);
        load_queued(&id, &mut context)?;
        return Ok(context);
    }
    let Some(file) = message else { return Ok(without_message(caller, services)) };
    let path = Path::new(OsStr::from_bytes(file));
    let message = std::fs::read(path).map_err(|error| {
        format!("failed to open {}: {}", path.display(), ::expand::system::error_text(&error))
    })?;
    let request = MessageRequest {
        caller,
        extract_recipients: start.invocation.extract_recipients,
        dot_ends: !start.invocation.dot_is_data,
        ..MessageRequest::default()
    };
    let (context, warning) = preview(&mut message.as_slice(), request, services).await?;
    if let Some(warning) = warning {
        crate::say(format!("Warning: {warning}\n").as_bytes());
    }
    Ok(context)
}

/// `-Mset`: the facts of a message in the queue. One that cannot be loaded is told of, and the expansions go on without it.
fn load_queued(id: &MessageId, context: &mut Context) -> Result<(), String> {
    let spool = crate::assembly::open_spool_alone(&context.config)?;
    let read = spool.open_data(id).and_then(|data| Ok((data, spool.read_header(id)?)));
    let why = match read {
        Ok((Some(data), Some(header))) => {
            context.facts = facts_of_queued(&header, &data, &context.config, context.services.clock.now());
            return Ok(());
        }
        Ok((None, _)) => "not found".to_owned(),
        Ok((Some(_), None)) => "has no header file".to_owned(),
        Err(error) => error.to_string(),
    };
    crate::say(format!("Failed to load message datafile {id}\nFailed to load message {id}\n").as_bytes());
    crate::say_error_as_is(&format!("Spool file {id}-D {why}"));
    Ok(())
}

fn from_input(context: &mut Context, helpers: Helpers) -> std::io::Result<()> {
    let mut input = File::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    let output =
        BufWriter::with_capacity(BUFFER, File::from(std::io::stdout().as_fd().try_clone_to_owned()?));
    Desk { context, helpers, output }.answer_all(&mut input)
}

/// Bytes of output that are held.
const BUFFER: usize = 64 * 1024;

/// Appends the result of one expansion, with its newline.
fn answer(text: &[u8], context: &mut Context, out: &mut Vec<u8>) {
    let before = out.len();
    if let Err(error) = ::expand::expand_onto(text, context, out) {
        out.truncate(before);
        // What is written to memory cannot fail.
        let _ = write!(out, "Failed: {error}");
    }
    out.push(b'\n');
}
