//! `-bm` and `-t`: one bare message.
//!
//! # Invariants
//! * Exit code 0 means that the message is durable.
//!
//! # Compatibility
//! ACLs `acl_not_smtp_start` and `acl_not_smtp`; an envelope "From " line sets the sender for trusted callers
//! (`uucp_from_pattern`, `uucp_from_sender`). Texts on standard error are the oracle's with
//! `-oep`; by default errors are mailed to the sender.

use std::sync::Arc;

use config::options::main;
use expand::Captures;
use expand::regex::{Flags, Regex};
use mail_types::address::{ParseOptions, parse_address};
use mail_types::limits;
use mail_types::message_id::MessageId;
use mail_types::outcome::Reply;
use mail_types::value::Value;
use observe::event::Rejected;
use observe::{Event, Streams};
use policy::acl::{AclOutcome, AclPlace, AclVerdict};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::input::LocalInput;
use super::recipients;
use crate::acl;
use crate::context::Context;
use crate::context::facts::{Facts, Origin as Source, RecipientFacts};
use crate::dsn::{self, Original, SubmissionError};
use crate::receive::Caller;
use crate::receive::{
    Arriving, BeginError, CommitOrder, ContentFault, Discarded, Incoming, Origin, Refused, from_line_test,
};
use crate::services::{Arrival, Services};

/// Octets read at a time.
const CHUNK: usize = 32 * 1024;

/// What the command line asks for.
#[derive(Debug, Clone, Default)]
pub struct MessageRequest {
    /// Who calls.
    pub caller: Caller,
    /// The arguments that are addresses.
    pub arguments: Vec<Vec<u8>>,
    /// `-t`.
    pub extract_recipients: bool,
    /// Without `-oi`: a line of one dot ends the message.
    pub dot_ends: bool,
    /// `-odb`, `-odq`, `-odi`, when given.
    pub arrival: Option<Arrival>,
    /// `-N`.
    pub dont_deliver: bool,
    /// `-oMm`: the message that this one is about.
    pub bounce_of: Option<MessageId>,
    /// `-G`: the header is not repaired.
    pub suppress_local_fixups: bool,
    /// `-B7BIT` or `-B8BITMIME`: 7 or 8; 0 without.
    pub body_type: u8,
    /// `-oe…`.
    pub errors: ErrorMode,
    /// As MAIL's REQUIRETLS.
    pub requiretls: bool,
    /// A report made here.
    pub local_error: bool,
}

/// How errors in the message are reported (`-oe…`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ErrorMode {
    /// `-oem`, `-oew`: by mail to the sender, and the exit code says so.
    Mail,
    /// `-oee`: by mail; exit code 0 once it was sent.
    MailQuietly,
    /// `-oep`, `-oeq`: on standard error.
    #[default]
    Print,
}

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// The program's exit code.
    pub exit_code: u8,
    /// For standard error, without `exim: ` and without a newline; empty when there is nothing to say.
    pub error: String,
    /// Why the message was not taken, also where that went by mail.
    pub why: String,
    /// The message, when it is in the spool.
    pub id: Option<MessageId>,
}

impl Submitted {
    fn refused(error: &SubmissionError) -> Self {
        Self { exit_code: 1, error: error.printed(), why: error.printed(), id: None }
    }
}

/// Take one message from a program's standard input.
pub async fn message<R>(input: &mut R, request: MessageRequest, services: Arc<Services>) -> Submitted
where
    R: AsyncRead + Unpin,
{
    let mut context = begin(&request, services);
    match Box::pin(take(input, &request, &mut context)).await {
        Ok(submitted) => submitted,
        Err(Failed { error, .. }) if request.errors == ErrorMode::Print => Submitted::refused(&error),
        Err(Failed { error, original }) => {
            let original = match original {
                Some(original) => original,
                None => unread(input, request.dot_ends).await,
            };
            let mailed = mail_back(&error, &original, &request, &mut context).await;
            let exit_code = match (mailed, request.errors) {
                (true, ErrorMode::MailQuietly) => 0,
                (false, _) if error == SubmissionError::NoRecipients => 2,
                _ => 1,
            };
            Submitted { exit_code, error: String::new(), why: error.printed(), id: None }
        }
    }
}

/// A message that is not taken.
pub(super) struct Failed {
    pub(super) error: SubmissionError,
    /// What was read of it; none when nothing was.
    original: Option<Original>,
}

impl From<String> for Failed {
    fn from(text: String) -> Self {
        Self { error: SubmissionError::Other { text }, original: None }
    }
}

/// The message that an argument's error left unread, as a report shows it: raw, to its end.
async fn unread<R: AsyncRead + Unpin>(input: &mut R, dot_ends: bool) -> Original {
    let mut text = Vec::new();
    // What cannot be read is missing in the report.
    let _ = input.take(limits::UNREAD_SUBMISSION as u64).read_to_end(&mut text).await;
    if dot_ends {
        let lines = text.split_inclusive(|byte| *byte == b'\n');
        let ends = lines.scan(0, |end, line| {
            *end += line.len();
            Some((*end, line == b".\n"))
        });
        if let Some((end, _)) = ends.into_iter().find(|(_, is_dot)| *is_dot) {
            text.truncate(end);
        }
    }
    Original { header: Vec::new(), body: Some(text), read: 0 }
}

/// Mail an error to the sender; false when there is none, or it could not be done.
async fn mail_back(
    error: &SubmissionError,
    original: &Original,
    request: &MessageRequest,
    context: &mut Context,
) -> bool {
    let whole = original.body.is_some() && !original.header.is_empty();
    if !whole {
        // Before there is a message, log lines name none.
        context.facts.message.id = None;
    }
    if context.facts.message.sender_address.is_empty() {
        let about = request.bounce_of.map(|id| format!(" (R={id})")).unwrap_or_default();
        let text =
            format!("Error while reading message with no usable sender address{about}: {}", error.logged());
        context.log_event(&Event::Text { text: text.into_bytes(), streams: Streams::MAIN });
        return false;
    }
    match Box::pin(dsn::submission_error(error, original, context)).await {
        Ok(_) => true,
        Err(_why_was_logged) => {
            let text = b"Child mail process returned status 1".to_vec();
            context.log_event(&Event::Text { text, streams: Streams::MAIN });
            false
        }
    }
}

pub(super) fn begin(request: &MessageRequest, services: Arc<Services>) -> Context {
    let caller = &request.caller;
    let facts = Facts { connection: caller.connection_facts(Source::LocalMessage), ..Facts::default() };
    let mut context = Context::new(facts, services);
    context.allow_unqualified_sender = !caller.no_qualify;
    context.allow_unqualified_recipient = !caller.no_qualify;
    context.extract_recipients = request.extract_recipients;
    context.wishes.message.suppress_local_fixups = request.suppress_local_fixups;
    let own = caller.own_address(&context);
    let facts = &mut context.facts.message;
    facts.received_protocol = Some(caller.host.protocol.clone().unwrap_or_else(|| b"local".to_vec()));
    facts.originator_uid = caller.uid;
    facts.originator_gid = caller.gid;
    facts.originator_login.clone_from(&caller.login);
    facts.body_8bitmime = request.body_type;
    facts.sender_set = true;
    let given = caller.host.authenticated_sender.clone();
    facts.authenticated_sender =
        given.or_else(|| caller.sends_own_mail(Source::LocalMessage).then(|| own.clone()));
    facts.sender_address = caller.sender.clone().unwrap_or(own);
    context
}

async fn take<R: AsyncRead + Unpin>(
    input: &mut R,
    request: &MessageRequest,
    context: &mut Context,
) -> Result<Submitted, Failed> {
    let arguments = recipients::of_arguments(&request.arguments, &request.caller, context)
        .map_err(|error| Failed { error, original: None })?;
    if let Some(verdict) = acl::run(AclPlace::NotSmtpStart, context).await
        && !acl::goes_on(&verdict)
    {
        return Err(Failed { error: rejected(&verdict, context), original: None });
    }
    let mut incoming = incoming(context).await?;
    read(input, request.dot_ends, &mut incoming, context).await?;
    incoming.complete(context).await;
    if let Some(line) = incoming.header().and_then(|block| block.from_line.clone()) {
        sender_of_from_line(&line, &request.caller, context)?;
    }
    let raw_sender = context.facts.message.sender_address.clone();
    let found = found(&incoming, arguments, request, context);
    let with_address = |address| RecipientFacts { address, ..RecipientFacts::default() };
    context.facts.message.recipients = found.recipients.into_iter().map(with_address).collect();
    let arrived = arrive(incoming, request, context).await;
    let (mut arriving, read) = match (arrived, found.error) {
        (Err(failed), _) => return Err(failed),
        (Ok((mut arriving, read)), Some(error)) => {
            let original = original_of(&mut arriving, read, false, request, context).await;
            if request.errors == ErrorMode::Print
                || !matches!(error, SubmissionError::BadAddresses { others: true, .. })
            {
                return Err(Failed { error, original: Some(original) });
            }
            // The others get the message all the same.
            mail_back(&error, &original, request, context).await;
            (arriving, read)
        }
        (Ok(arrived), None) => arrived,
    };
    if let Some(verdict) = acl::run(AclPlace::NotSmtp, context).await {
        match verdict.outcome {
            AclOutcome::Accept => {}
            AclOutcome::Discard => {
                return commit(arriving, (raw_sender, found.removed), Some(&verdict), request, context).await;
            }
            _ => {
                let error = rejected(&verdict, context);
                let original = original_of(&mut arriving, read, true, request, context).await;
                return Err(Failed { error, original: Some(original) });
            }
        }
    }
    commit(arriving, (raw_sender, found.removed), None, request, context).await
}

/// The recipients, and what is wrong with them; that is logged.
fn found(
    incoming: &Incoming,
    arguments: Vec<Vec<u8>>,
    request: &MessageRequest,
    context: &Context,
) -> recipients::Found {
    let mut found = if request.extract_recipients {
        let lines = incoming.header().map(|block| block.lines.as_slice()).unwrap_or_default();
        recipients::of_header(lines, arguments, context)
    } else {
        recipients::Found { recipients: arguments, ..recipients::Found::default() }
    };
    if incoming.fault().is_some() {
        // The message goes no further, and that is told.
    } else if found.error.is_some() {
        log_trouble("bad addresses found in headers", incoming, context);
    } else if found.recipients.is_empty() {
        log_trouble("no recipients found in headers", incoming, context);
        found.error = Some(SubmissionError::NoRecipients);
    }
    found
}

/// What is done to every message that has arrived; also the octets that were read of it.
pub(super) async fn arrive(
    mut incoming: Incoming,
    request: &MessageRequest,
    context: &mut Context,
) -> Result<(Arriving, u64), Failed> {
    let origin = Origin::Local(Box::new(request.caller.clone()));
    let read = incoming.size();
    let faulty = incoming.fault().is_some() && request.errors != ErrorMode::Print;
    let text = incoming.broken_header();
    let text = text.strip_suffix(b"\n").unwrap_or(text).to_vec();
    let broken_header = Original { read: text.len() as u64, header: vec![text], body: None };
    let body = if faulty { incoming.body_copy(context).await } else { Vec::new() };
    match Arriving::new(incoming, &origin, context).await {
        Ok(arriving) => Ok((arriving, read)),
        Err(Refused { fault: Some(fault), .. }) => Err(match fault {
            ContentFault::TooBig { limit } => Failed {
                error: SubmissionError::TooBig { limit },
                original: Some(Original { header: header_text(context, true), body: Some(body), read }),
            },
            ContentFault::HeaderTooLarge { limit } => {
                Failed { error: SubmissionError::HeaderTooLong { limit }, original: Some(broken_header) }
            }
            ContentFault::HeaderLineTooLong { limit } => {
                Failed { error: SubmissionError::HeaderLineTooLong { limit }, original: Some(broken_header) }
            }
        }),
        Err(Refused { reply, .. }) => Err(refused(&reply).into()),
    }
}

fn refused(reply: &Reply) -> String {
    format!("message rejected: {}", String::from_utf8_lossy(&reply.lines.join(&b'\n')))
}

/// `-be`: what is known of a caller before there is a message.
pub fn without_message(caller: Caller, services: Arc<Services>) -> Context {
    let request = MessageRequest { caller, ..MessageRequest::default() };
    let mut context = begin(&request, services);
    as_before_delivery(&request.caller, &mut context);
    context
}

/// A test shows only the protocol that was given, and no return path, which the first delivery would set.
fn as_before_delivery(caller: &Caller, context: &mut Context) {
    context.facts.message.received_protocol.clone_from(&caller.host.protocol);
    context.facts.message.return_path = Some(Vec::new());
}

/// `-bem`: a message read and repaired as one that is submitted, but without a Received: line; nothing stays in the spool.
/// Also says what was odd about it.
///
/// # Errors
/// The message cannot be read, or would be refused: a text for standard error.
pub async fn preview<R>(
    input: &mut R,
    request: MessageRequest,
    services: Arc<Services>,
) -> Result<(Context, Option<&'static str>), String>
where
    R: AsyncRead + Unpin,
{
    let mut context = begin(&request, services);
    let told = |failed: Failed| failed.error.printed();
    let mut incoming = incoming(&mut context).await.map_err(told)?;
    read(input, request.dot_ends, &mut incoming, &mut context).await.map_err(told)?;
    incoming.complete(&mut context).await;
    let lines = incoming.header().map_or(0, |block| block.lines.len());
    let warning = (lines == 0).then_some("no message headers read");
    let size = incoming.size();
    let header_lines = |block: &mail_message::reader::HeaderBlock| {
        block.lines.iter().flat_map(|line| &line.text).filter(|&&octet| octet == b'\n').count()
    };
    let header_lines = incoming.header().map_or(0, header_lines);
    let addressed = if request.extract_recipients {
        let lines = incoming.header().map(|block| block.lines.as_slice()).unwrap_or_default();
        recipients::of_header(lines, Vec::new(), &context).recipients
    } else {
        Vec::new()
    };
    let with_address = |address| RecipientFacts { address, ..RecipientFacts::default() };
    context.facts.message.recipients = addressed.into_iter().map(with_address).collect();
    arrive(incoming, &request, &mut context).await.map_err(|failed| failed.error.printed())?;
    let facts = &mut context.facts.message;
    if facts.received_count > 0 && !facts.headers.is_empty() {
        facts.headers.remove(0);
    }
    // Without what the repairs added.
    facts.size = Some(size);
    facts.linecount = header_lines as u64 + 1 + facts.body.linecount;
    as_before_delivery(&request.caller, &mut context);
    Ok((context, warning))
}

/// The message for a report; our own Received: line is shown where an ACL has seen it.
async fn original_of(
    arriving: &mut Arriving,
    read: u64,
    with_received: bool,
    request: &MessageRequest,
    context: &Context,
) -> Original {
    if request.errors == ErrorMode::Print {
        return Original::default();
    }
    let body = arriving.body_copy(context).await;
    Original { header: header_text(context, with_received), body: Some(body), read }
}

fn header_text(context: &Context, with_received: bool) -> Vec<Vec<u8>> {
    let lines = context.facts.message.headers.iter();
    let ours = usize::from(!with_received && context.facts.message.received_count > 0);
    lines.skip(ours).map(|line| line.text.clone()).collect()
}

pub(super) async fn incoming(context: &mut Context) -> Result<Incoming, Failed> {
    let limit = crate::smtp_in::message_size_limit(context);
    let test = from_line_test(&context.config);
    Incoming::begin(context, limit, test).await.map_err(|error| {
        Failed::from(match error {
            BeginError::Spool(error) => format!("spool: {error}"),
            BeginError::QueueName => "an ACL named a queue that cannot be one".to_owned(),
            BeginError::ShuttingDown => "shutting down".to_owned(),
        })
    })
}

async fn read<R: AsyncRead + Unpin>(
    input: &mut R,
    dot_ends: bool,
    incoming: &mut Incoming,
    context: &mut Context,
) -> Result<(), Failed> {
    let patience = context.services.local_patience();
    let mut form = LocalInput::new(dot_ends);
    let mut chunk = vec![0; CHUNK];
    while !form.ended() {
        let read = input.read(&mut chunk);
        let read = match patience {
            Some(patience) => tokio::time::timeout(patience, read).await.map_err(|_| timed_out(context))?,
            None => read.await,
        };
        let count = read.map_err(|error| Failed::from(format!("error reading message: {error}")))?;
        if count == 0 {
            break;
        }
        let octets = form.push(&chunk[..count]);
        let room = incoming.room().min(octets.len());
        incoming.push(&octets[..room], context).await;
        if room < octets.len() {
            // Nobody waits for the end of a message that is too big.
            return Ok(());
        }
    }
    let rest = form.finish();
    if !rest.is_empty() {
        incoming.push(&rest, context).await;
    }
    Ok(())
}

/// The caller has stopped speaking: nothing of his is mailed anywhere.
fn timed_out(context: &mut Context) -> Failed {
    context.log_abandoned("timed out while reading local message");
    Failed { error: SubmissionError::TimedOut, original: None }
}

/// A trusted caller's envelope "From " line sets the sender, unless `-f` did.
fn sender_of_from_line(line: &[u8], caller: &Caller, context: &mut Context) -> Result<(), String> {
    if !caller.trusted || caller.sender.is_some() {
        return Ok(());
    }
    let config = Arc::clone(&context.config);
    let (Some(pattern), Some(expansion)) =
        (config.main.get(main::UUCP_FROM_PATTERN), config.main.get(main::UUCP_FROM_SENDER))
    else {
        return Ok(());
    };
    let regex = Regex::compile(pattern, Flags::default()).map_err(|error| error.message)?;
    let Some(groups) = regex.captures_at(line, 0).map_err(|error| error.message)? else { return Ok(()) };
    let values = (0..groups.count()).map(|group| Value::tainted(groups.text(line, group)));
    context.scope.captures = Captures::new(values.collect());
    let text = context.eval(expansion).map_err(|error| error.message().to_owned())?;
    context.scope.captures = Captures::default();
    let Some(text) = text else { return Ok(()) };
    let options = ParseOptions { allow_null: true, ..ParseOptions::default() };
    // A line that names no address changes nothing.
    if let Ok((address, _place)) = parse_address(text.bytes(), options) {
        let address = address.qualified_with(context.qualify_domain()).to_bytes();
        context.facts.message.sender_address = address;
        context.facts.message.authenticated_sender = None;
        context.facts.connection.authenticated_id = None;
    }
    Ok(())
}

/// A message that `-t` cannot address: main and panic log, the id twice as Exim has it.
fn log_trouble(what: &str, incoming: &Incoming, context: &Context) {
    let id = incoming.id();
    context.services.log.problem(Some(&id), format!("{id} {what}"));
}

/// Make the message durable. `parties` are the sender before rewriting, and recipients that the arguments take away.
pub(super) async fn commit(
    arriving: Arriving,
    parties: (Vec<u8>, Vec<Vec<u8>>),
    discard: Option<&AclVerdict>,
    request: &MessageRequest,
    context: &mut Context,
) -> Result<Submitted, Failed> {
    context.facts.message.requiretls |= request.requiretls;
    let own = request.caller.sends_own_mail(Source::LocalMessage)
        && context.facts.message.authenticated_sender.is_some();
    let order = CommitOrder {
        raw_sender: parties.0,
        dont_deliver: request.dont_deliver,
        local: own,
        sender_set_untrusted: request.caller.sender.is_some() && !request.caller.trusted,
        bounce_of: request.bounce_of,
        local_error: request.local_error,
        arrival: request.arrival,
        discard_text: discard.and_then(acl::discard_text),
        nonrecipients: parties.1,
        ..CommitOrder::default()
    };
    let discarded = discard.map(|_| Discarded::ByNonSmtp);
    let committed = arriving.commit(order, discarded, context).await;
    let accepted = committed.map_err(|failed| Failed::from(refused(&failed.reply)))?;
    Ok(match discarded {
        // As the oracle has it: a discarded message is no success.
        Some(_) => {
            Submitted { exit_code: 1, error: String::new(), why: "discarded by an ACL".to_owned(), id: None }
        }
        None => Submitted { exit_code: 0, error: String::new(), why: String::new(), id: Some(accepted.id) },
    })
}

pub(super) fn rejected(verdict: &AclVerdict, context: &mut Context) -> SubmissionError {
    let reply = acl::refuse(verdict, Rejected::NonSmtp, 550, context);
    let own = verdict.user_message.as_ref().is_some_and(|text| !text.bytes().is_empty());
    if verdict.outcome == AclOutcome::Error || !own {
        return SubmissionError::ByAcl { text: "local configuration problem".to_owned() };
    }
    let text = reply.lines.join(&b'\n');
    SubmissionError::ByAcl { text: String::from_utf8_lossy(&text).into_owned() }
}
