//! `-bS`: messages in batch form on standard input, envelopes as SMTP commands, without replies.
//!
//! # Invariants
//! * Each message that was taken is durable before the next is read.
//! * The first error ends the batch: what was taken stays taken.
//!
//! # Security
//! The caller is any local user; the input is as hostile as from the network.
//!
//! # Compatibility
//! Specification, section "Incoming batched SMTP". The report, its line numbers and the exit codes are the oracle's: the
//! transaction "starts" in the line after which the state was last reset. No ACL but `acl_not_smtp` is asked.

use std::sync::Arc;

use config::options::main;
use mail_types::address::{ParseOptions, parse_path};
use mail_types::limits;
use mail_types::message_id::MessageId;
use observe::event::SmtpNews;
use policy::acl::{AclOutcome, AclPlace};
use smtp_proto::content::{Decoder, Framing, LineMode};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::message::{self, MessageRequest};
use crate::acl;
use crate::context::Context;
use crate::context::facts::RecipientFacts;
use crate::receive::{Incoming, rewriting};
use crate::services::Services;
use crate::smtp_in::{receive_timeout, recipients_max};

/// How a batch went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batched {
    /// 0 all well, 1 an error after some messages, 2 an error before any.
    pub exit_code: u8,
    /// For standard output.
    pub output: String,
    /// For standard error.
    pub report: String,
    /// The messages that were taken.
    pub ids: Vec<MessageId>,
}

/// Takes messages until the input ends, QUIT, or an error.
pub async fn batch<R>(input: &mut R, request: MessageRequest, services: Arc<Services>) -> Batched
where
    R: AsyncRead + Unpin,
{
    let mut context = message::begin(&request, Arc::clone(&services));
    let patience = receive_timeout(&mut context);
    let mut run = Run {
        input: Input { source: input, buffer: Vec::new(), at: 0, lines: 0, patience },
        context,
        services,
        request,
        started: 0,
        sender_given: false,
        ids: Vec::new(),
    };
    match Box::pin(run.go()).await {
        Ok(()) => Batched { ids: run.ids, ..Batched::default() },
        Err(fault) => run.report(&fault),
    }
}

/// Why the batch ends.
struct Fault {
    code: u16,
    text: String,
    /// The command at fault; none where it was the data.
    command: Option<Vec<u8>>,
}

struct Run<'r, R> {
    input: Input<'r, R>,
    context: Context,
    services: Arc<Services>,
    request: MessageRequest,
    /// The line after which the state was last reset.
    started: u64,
    sender_given: bool,
    ids: Vec<MessageId>,
}

impl<R: AsyncRead + Unpin> Run<'_, R> {
    async fn go(&mut self) -> Result<(), Fault> {
        while let Some(line) = self.line().await? {
            let upper = line.to_ascii_uppercase();
            let word = upper.split(|byte| *byte == b' ').next().unwrap_or_default();
            let faulty =
                |code, text: &str| Fault { code, text: text.to_owned(), command: Some(line.clone()) };
            if upper.starts_with(b"MAIL FROM:") {
                self.mail(&line).await?;
            } else if upper.starts_with(b"RCPT TO:") {
                self.rcpt(&line).await?;
            } else if word == b"DATA" {
                if self.context.facts.message.recipients.is_empty() {
                    return Err(faulty(
                        503,
                        if self.sender_given {
                            "RCPT TO:<recipient> must precede DATA"
                        } else {
                            "MAIL FROM:<sender> command must precede DATA"
                        },
                    ));
                }
                self.data().await?;
            } else if word == b"QUIT" {
                return Ok(());
            } else if [&b"HELO"[..], b"EHLO", b"RSET", b"NOOP", b"VRFY", b"EXPN", b"ETRN", b"HELP"]
                .contains(&word)
            {
                if matches!(word, b"HELO" | b"EHLO" | b"RSET") {
                    self.reset();
                }
                self.started = self.input.lines;
            } else {
                return Err(faulty(500, "Command unrecognized"));
            }
        }
        Ok(())
    }

    async fn line(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        match self.input.line().await {
            Ok(line) => Ok(line),
            Err(Lost::Time) => {
                self.context.log_smtp(SmtpNews::CommandTimeout);
                Err(Fault { code: 421, text: "SMTP command timeout".to_owned(), command: None })
            }
            Err(Lost::TooLong) => {
                Err(Fault { code: 500, text: "Command unrecognized".to_owned(), command: Some(Vec::new()) })
            }
        }
    }

    /// Forgets the envelope.
    fn reset(&mut self) {
        self.context = message::begin(&self.request, Arc::clone(&self.services));
        self.sender_given = false;
    }

    async fn mail(&mut self, line: &[u8]) -> Result<(), Fault> {
        let faulty = |code, text: String| Fault { code, text, command: Some(line.to_vec()) };
        if self.sender_given {
            return Err(faulty(503, "Sender already given".to_owned()));
        }
        let path = &line["MAIL FROM:".len()..];
        let sender = self.address(path, true).await.map_err(|(code, text)| faulty(code, text))?;
        self.sender_given = true;
        if self.request.caller.may_set_sender(&sender, &mut self.context) {
            self.request.caller.sender = Some(sender);
            let recipients = std::mem::take(&mut self.context.facts.message.recipients);
            self.context = message::begin(&self.request, Arc::clone(&self.services));
            self.context.facts.message.recipients = recipients;
        }
        Ok(())
    }

    async fn rcpt(&mut self, line: &[u8]) -> Result<(), Fault> {
        let faulty = |code, text: String| Fault { code, text, command: Some(line.to_vec()) };
        if !self.sender_given {
            return Err(faulty(503, "No sender yet given".to_owned()));
        }
        let max = recipients_max(&mut self.context);
        if max > 0 && self.context.facts.message.recipients.len() >= max {
            return Err(faulty(552, "too many recipients".to_owned()));
        }
        let path = &line["RCPT TO:".len()..];
        let address = self.address(path, false).await.map_err(|(code, text)| faulty(code, text))?;
        self.context.facts.message.recipients.push(RecipientFacts { address, ..RecipientFacts::default() });
        Ok(())
    }

    /// The address of a path, completed.
    async fn address(&mut self, path: &[u8], is_sender: bool) -> Result<Vec<u8>, (u16, String)> {
        let text =
            rewriting::smtp_argument(path.trim_ascii(), &mut self.context).await.map_err(|why| (451, why))?;
        let options = &self.context.config.main;
        let options = ParseOptions {
            allow_null: is_sender,
            allow_utf8: options.get(main::ALLOW_UTF8_DOMAINS),
            allow_domain_literals: options.get(main::ALLOW_DOMAIN_LITERALS),
            strip_trailing_dot: options.get(main::STRIP_TRAILING_DOT),
            strip_excess_angle_brackets: options.get(main::STRIP_EXCESS_ANGLE_BRACKETS),
        };
        let address = parse_path(&text, options).map_err(|error| (501, error.message))?;
        if address.is_null() || address.is_qualified() {
            return Ok(address.to_bytes());
        }
        let (role, domain) = if is_sender {
            ("sender", self.context.qualify_domain())
        } else {
            ("recipient", self.context.qualify_recipient())
        };
        if self.request.caller.no_qualify || self.request.caller.stands_for_a_host() {
            return Err((501, format!("{role} address must contain a domain")));
        }
        Ok(address.qualified_with(domain).to_bytes())
    }

    async fn data(&mut self) -> Result<(), Fault> {
        let faulty = |code, text: String| Fault { code, text, command: None };
        let raw_sender = self.context.facts.message.sender_address.clone();
        let mut incoming = message::incoming(&mut self.context)
            .await
            .map_err(|failed| faulty(451, failed.error.printed()))?;
        if !self.input.content(&mut incoming, &mut self.context).await {
            let header = incoming.header().is_none();
            let stage = if header { Some("after header") } else { None };
            self.context.log_smtp(SmtpNews::LostWhileReading { stage });
            return Err(faulty(421, "Lost incoming connection".to_owned()));
        }
        incoming.complete(&mut self.context).await;
        let arrived = message::arrive(incoming, &self.request, &mut self.context).await;
        let (arriving, _) = arrived.map_err(|failed| faulty(550, failed.error.printed()))?;
        let verdict = acl::run(AclPlace::NotSmtp, &mut self.context).await;
        if let Some(verdict) = &verdict
            && !matches!(verdict.outcome, AclOutcome::Accept | AclOutcome::Discard)
        {
            let refusal = message::rejected(verdict, &mut self.context);
            let text = refusal.acl_text().unwrap_or_default().to_owned();
            return Err(faulty(if verdict.outcome == AclOutcome::Defer { 451 } else { 550 }, text));
        }
        let discard = verdict.as_ref().filter(|verdict| verdict.outcome == AclOutcome::Discard);
        let parties = (raw_sender, Vec::new());
        let done = message::commit(arriving, parties, discard, &self.request, &mut self.context).await;
        let done = done.map_err(|failed| faulty(451, failed.error.printed()))?;
        self.ids.extend(done.id);
        self.reset();
        self.started = self.input.lines;
        Ok(())
    }

    fn report(self, fault: &Fault) -> Batched {
        use std::fmt::Write as _;
        let (Fault { code, text, command }, lines, started) = (fault, self.input.lines, self.started);
        let count = self.ids.len();
        let mut report = format!(
            "An error was detected while processing a file of BSMTP input.\n\
             The error message was:\n\n  {code} {text}\n\n\
             The SMTP transaction started in line {started}.\n\
             The error was detected in line {lines}.\n"
        );
        let mut output =
            format!("{code} {text}\nTransaction started in line {started}\nError detected in line {lines}\n");
        if let Some(command) = command {
            let command = String::from_utf8_lossy(command);
            let _ = write!(report, "The SMTP command at fault was:\n\n   {command}\n\n");
            let _ = writeln!(output, "{command}");
        }
        let were = if count == 1 { "message was" } else { "messages were" };
        let _ = write!(
            report,
            "{count} previous {were} successfully processed.\nThe rest of the batch was abandoned.\n"
        );
        Batched { exit_code: if count > 0 { 1 } else { 2 }, output, report, ids: self.ids }
    }
}

/// Why no line came.
enum Lost {
    Time,
    TooLong,
}

/// Standard input, line by line for commands, in pieces for messages.
struct Input<'r, R> {
    source: &'r mut R,
    buffer: Vec<u8>,
    at: usize,
    /// Lines taken so far.
    lines: u64,
    patience: Option<std::time::Duration>,
}

impl<R: AsyncRead + Unpin> Input<'_, R> {
    /// Reads on; false at the end. An error of the system is an end.
    async fn fill(&mut self) -> Result<bool, Lost> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let mut chunk = vec![0; 32 * 1024];
        let read = self.source.read(&mut chunk);
        let count = match self.patience {
            Some(patience) => tokio::time::timeout(patience, read).await.map_err(|_| Lost::Time)?,
            None => read.await,
        };
        let count = count.unwrap_or(0);
        self.buffer.extend_from_slice(&chunk[..count]);
        Ok(count > 0)
    }

    /// The next line without its end; none at the end of the input. A last line need not be ended.
    async fn line(&mut self) -> Result<Option<Vec<u8>>, Lost> {
        let mut searched = 0;
        loop {
            let rest = &self.buffer[self.at..];
            if let Some(end) = memchr::memchr(b'\n', &rest[searched..]).map(|end| end + searched) {
                let line = rest[..end].trim_ascii_end().to_vec();
                self.at += end + 1;
                self.lines += 1;
                return Ok(Some(line));
            }
            searched = rest.len();
            if searched > limits::SMTP_COMMAND {
                return Err(Lost::TooLong);
            }
            if !self.fill().await? {
                let line = self.buffer.split_off(self.at);
                return Ok((!line.is_empty()).then(|| line.trim_ascii_end().to_vec()));
            }
        }
    }

    /// A message up to its dot; false when the input ends before it.
    async fn content(&mut self, incoming: &mut Incoming, context: &mut Context) -> bool {
        let mut decoder = Decoder::new(Framing::Dot, LineMode::LfAllowed);
        loop {
            let mut decoded = Vec::new();
            let piece = &self.buffer[self.at..];
            let came = decoder.decode(piece, &mut decoded);
            self.lines += memchr::memchr_iter(b'\n', &piece[..came.consumed]).count() as u64;
            self.at += came.consumed;
            incoming.push(&decoded, context).await;
            if came.finished {
                return true;
            }
            if !matches!(self.fill().await, Ok(true)) {
                // In the body the end counts as a line, as the oracle has it.
                self.lines += u64::from(incoming.header().is_some());
                return false;
            }
        }
    }
}
