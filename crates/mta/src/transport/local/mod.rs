//! Local deliveries: appendfile and pipe.
//!
//! [`run`] is synchronous and needs no runtime: it works in a short-lived process that already is the recipient, and
//! in the server's own process where that runs as an ordinary user.
//!
//! # Invariants
//! * A reply has one result per address, in order.
//! * A delivery that did not succeed leaves a mailbox as it was.
//!
//! # Security
//! Runs as the recipient. File names and commands come from the configuration or are clean; the directories it works
//! in belong to others: links are not followed, what was opened is checked after opening.
//!
//! # Failure
//! Every failure of the system defers, with Exim's text and number.
//!
//! # Compatibility
//! Specification, chapters "The appendfile transport", "The pipe transport", "Generic options for transports".

mod appendfile;
mod expanded;
mod pipe;
mod trouble;
mod writer;

use std::fs::File;
use std::sync::Arc;

use config::TransportInstance;
use mail_types::outcome::Verdict;

use super::outgoing;
use crate::context::Context;
use crate::services::local_agent::{LocalReply, LocalRequest, LocalResult};
use trouble::Trouble;

/// One delivery under way.
struct Job<'a> {
    request: &'a LocalRequest,
    transport: &'a TransportInstance,
    context: &'a mut Context,
    data: &'a File,
}

/// What a delivery did, when it succeeded or failed in its own way.
#[derive(Debug, Default)]
struct Done {
    /// Octets written; none where nothing was.
    size: Option<u64>,
    /// Output of a command to keep.
    output: Option<Vec<u8>>,
    /// It goes back to the sender.
    return_output: bool,
    /// Lines for the main log.
    log_lines: Vec<Vec<u8>>,
}

/// Carries out one run of a local transport. `context` holds the configuration; its facts are replaced.
pub fn run(request: &LocalRequest, context: &mut Context, data: &File) -> LocalReply {
    let config = Arc::clone(&context.config);
    let Some(transport) = config.transport(&request.transport) else {
        let text = format!("{} transport: no such transport in the configuration", request.transport);
        return reply(request, Err(Trouble::new(trouble::UNKNOWN, text)));
    };
    context.facts = request.facts.clone();
    if let Some(first) = request.addresses.first() {
        context.facts.address = first.clone();
    }
    context.facts.address.transport_name = Some(transport.name.clone());
    context.event_transport = Some(transport.name.clone());
    if let Some(home) = &request.home_directory {
        context.facts.address.home = Some(home.clone());
    }
    let mut job = Job { request, transport, context, data };
    let outcome = job.find_home().and_then(|()| job.too_big()).and_then(|()| match transport.driver {
        "appendfile" => appendfile::deliver(&mut job),
        "pipe" => pipe::deliver(&mut job),
        other => Err(Trouble::new(trouble::UNKNOWN, format!("the {other} transport is not implemented yet"))),
    });
    reply(request, outcome)
}

fn reply(request: &LocalRequest, outcome: Result<Done, Trouble>) -> LocalReply {
    let result = match outcome {
        Ok(done) => LocalResult {
            size: done.size,
            output: done.output,
            return_output: done.return_output,
            log_lines: done.log_lines,
            ..LocalResult::new(Verdict::Accept, 0, None)
        },
        Err(trouble) => LocalResult {
            more_errno: trouble.more_errno,
            user_message: trouble.user_message,
            output: trouble.output,
            return_output: trouble.return_output,
            log_lines: trouble.log_lines,
            panic: trouble.panic,
            ..LocalResult::new(trouble.verdict, trouble.errno, Some(trouble.message))
        },
    };
    LocalReply { results: vec![result; request.addresses.len().max(1)] }
}

impl Job<'_> {
    /// The header of this delivery. `what` is said to have failed when it cannot be made.
    fn header(&mut self, what: &str) -> Result<Vec<u8>, Trouble> {
        let return_path = self.return_path();
        let recipients = self.envelope_recipients();
        let envelope = outgoing::Envelope {
            headers_add: &self.request.headers_add,
            headers_remove: &self.request.headers_remove,
            return_path: &return_path,
            recipients: &recipients,
        };
        outgoing::header(self.transport, envelope, self.context).map_err(|trouble| {
            let words = format!("{what}: {}", trouble.0);
            Trouble::setting(outgoing::HeaderTrouble::NUMBER, words)
        })
    }

    /// Where bounces of this delivery would go.
    fn return_path(&self) -> Vec<u8> {
        let message = &self.context.facts.message;
        message.return_path.clone().unwrap_or_else(|| message.sender_address.clone())
    }

    /// The recipients of the envelope that the addresses come from.
    fn envelope_recipients(&self) -> Vec<Vec<u8>> {
        outgoing::envelope_recipients(self.request.addresses.iter().map(|facts| (original(facts), facts)))
    }

    /// The addresses as a batch names them in RCPT.
    fn recipients(&self) -> Vec<Vec<u8>> {
        let affixes = self.transport.options.get(config::options::transport::generic::RCPT_INCLUDE_AFFIXES);
        self.request.addresses.iter().map(|facts| super::rcpt_address(facts, affixes)).collect()
    }

    fn message<'m>(&'m self, header: &'m [u8]) -> writer::Message<'m> {
        writer::Message {
            header,
            data: self.data,
            body_offset: self.request.body_offset,
            wire: self.request.facts.message.body.wire,
        }
    }

    /// The transport's `home_directory` wins over the router's.
    fn find_home(&mut self) -> Result<(), Trouble> {
        if let Some(home) = self.directory(config::options::transport::generic::HOME_DIRECTORY, "home")? {
            self.context.facts.address.home = Some(home);
        }
        Ok(())
    }

    /// `message_size_limit`.
    fn too_big(&mut self) -> Result<(), Trouble> {
        use config::options::transport::generic::MESSAGE_SIZE_LIMIT;
        let Some(text) = self.transport.options.get(MESSAGE_SIZE_LIMIT) else { return Ok(()) };
        let limit = self.number(text, "message_size_limit")?;
        let size = self.context.facts.message.size.unwrap_or(0);
        if limit > 0 && size > limit {
            let text = format!("message is too big (transport limit = {limit})");
            return Err(Trouble {
                verdict: Verdict::Fail,
                user_message: Some(Vec::new()),
                ..Trouble::new(0, text)
            });
        }
        Ok(())
    }
}

/// A size with an optional K, M or G.
pub(super) fn size(text: &[u8]) -> Option<u64> {
    expanded::parse_size(text).map(|(number, _)| number)
}

/// The system's words for an error.
pub(super) fn system_words(error: &std::io::Error) -> String {
    trouble::words(error)
}

/// The address that stood in the envelope.
fn original(facts: &crate::context::facts::AddressFacts) -> Vec<u8> {
    if let Some(recipient) = &facts.recipient {
        return recipient.clone();
    }
    match (&facts.original_local_part, &facts.original_domain) {
        (Some(local), Some(domain)) if !domain.is_empty() => [local.bytes(), b"@", domain.bytes()].concat(),
        _ => facts.address.clone(),
    }
}

/// MAIL, RCPT and DATA in front of a message in batch form.
fn bsmtp_envelope(job: &Job<'_>, crlf: bool) -> Vec<u8> {
    let end: &[u8] = if crlf { b"\r\n" } else { b"\n" };
    let one_line =
        |text: &[u8]| text.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n' | 0)).collect::<Vec<u8>>();
    let mut out = [b"MAIL FROM:<", one_line(&job.return_path()).as_slice(), b">", end].concat();
    for recipient in job.recipients() {
        out.extend_from_slice(&[b"RCPT TO:<", one_line(&recipient).as_slice(), b">", end].concat());
    }
    out.extend_from_slice(b"DATA");
    out.extend_from_slice(end);
    out
}

#[cfg(test)]
mod tests;
