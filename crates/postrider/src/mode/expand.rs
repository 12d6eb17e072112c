//! `-be`: expansions from the command line or from standard input, one a line; `-bem FILE` loads a message first.
//!
//! # Compatibility
//! Spec 5.2. Prompts and results have Exim's form; a line that ends with a backslash goes on with the next.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use ::expand::Expansion;
use mail_types::diagnostic::{SourceText, Span};
use mta::context::Context;
use mta::local_submission::{Caller, MessageRequest, preview, without_message};
use mta::services::Services;

use super::Start;

/// Runs the mode.
pub(crate) fn run(start: &Start<'_>, message: Option<&[u8]>) -> ExitCode {
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
        // Whoever closed the other end wants no more answers.
        let _ = from_input(&mut context);
    } else {
        for text in &start.invocation.operands {
            crate::say(&answer(text, &mut context));
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

/// Answers are written when no more input is at hand: whoever waits for one gets it.
fn from_input(context: &mut Context) -> std::io::Result<()> {
    let input = std::io::stdin().as_fd().try_clone_to_owned()?;
    let mut input = BufReader::with_capacity(BUFFER, File::from(input));
    let mut output = BufWriter::with_capacity(BUFFER, std::io::stdout().lock());
    output.write_all(b"> ")?;
    let mut logical = Vec::new();
    let mut line = Vec::new();
    loop {
        if input.buffer().is_empty() {
            output.flush()?;
        }
        if input.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line).trim_ascii_end();
        let piece = if logical.is_empty() { text } else { text.trim_ascii_start() };
        if let Some(more) = piece.strip_suffix(b"\\") {
            logical.extend_from_slice(more);
        } else {
            logical.extend_from_slice(piece);
            output.write_all(&answer(&logical, context))?;
            output.write_all(b"> ")?;
            logical.clear();
        }
        line.clear();
    }
    output.write_all(b"\n")?;
    output.flush()
}

/// Bytes of input and output that are held.
const BUFFER: usize = 64 * 1024;

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
