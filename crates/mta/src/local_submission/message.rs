//! `-bm` and `-t`: one bare message.
//!
//! # Invariants
//! * Exit code 0 means that the message is durable.
//!
//! # Compatibility
//! ACLs `acl_not_smtp_start` and `acl_not_smtp`; an envelope "From " line sets the sender for trusted callers
//! (`uucp_from_pattern`, `uucp_from_sender`). Texts on standard error are the oracle's with `-oep`.

use std::sync::Arc;

use config::options::main;
use expand::Captures;
use expand::regex::{Flags, Regex};
use mail_types::address::{ParseOptions, parse_address};
use mail_types::message_id::MessageId;
use mail_types::value::Value;
use observe::event::Rejected;
use policy::acl::{AclOutcome, AclPlace, AclVerdict};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::input::LocalInput;
use super::{Caller, recipients};
use crate::context::Context;
use crate::context::facts::{Facts, Origin as From, RecipientFacts};
use crate::receive::{Arriving, BeginError, CommitOrder, Discarded, Incoming, Origin, from_line_test};
use crate::services::{Arrival, Services};
use crate::smtp_in::acl;

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
}

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// The program's exit code.
    pub exit_code: u8,
    /// For standard error, without `exim: ` and without a newline; empty when there is nothing to say.
    pub error: String,
    /// The message, when it is in the spool.
    pub id: Option<MessageId>,
}

impl Submitted {
    fn refused(error: impl Into<String>) -> Self {
        Self { exit_code: 1, error: error.into(), id: None }
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
        Err(error) => Submitted::refused(error),
    }
}

fn begin(request: &MessageRequest, services: Arc<Services>) -> Context {
    let caller = &request.caller;
    let facts = Facts { connection: caller.connection_facts(From::LocalMessage), ..Facts::default() };
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
        given.or_else(|| caller.sends_own_mail(From::LocalMessage).then(|| own.clone()));
    facts.sender_address = caller.sender.clone().unwrap_or(own);
    context
}

async fn take<R: AsyncRead + Unpin>(
    input: &mut R,
    request: &MessageRequest,
    context: &mut Context,
) -> Result<Submitted, String> {
    let arguments = recipients::of_arguments(&request.arguments, &request.caller, context)?;
    if let Some(verdict) = acl::run(AclPlace::NotSmtpStart, context).await
        && !acl::goes_on(&verdict)
    {
        return Err(rejected(&verdict, context));
    }
    let mut incoming = incoming(context).await?;
    read(input, request.dot_ends, &mut incoming, context).await?;
    incoming.complete(context).await;
    if let Some(line) = incoming.header().and_then(|block| block.from_line.clone()) {
        sender_of_from_line(&line, &request.caller, context)?;
    }
    let raw_sender = context.facts.message.sender_address.clone();
    let found = if request.extract_recipients {
        let lines = incoming.header().map(|block| block.lines.as_slice()).unwrap_or_default();
        let found = recipients::of_header(lines, arguments, context);
        found.inspect_err(|_| log_trouble("bad addresses found in headers", &incoming, context))?
    } else {
        recipients::Found { recipients: arguments, removed: Vec::new() }
    };
    if found.recipients.is_empty() {
        log_trouble("no recipients found in headers", &incoming, context);
        return Err("no recipients in message".to_owned());
    }
    let with_address = |address| RecipientFacts { address, ..RecipientFacts::default() };
    context.facts.message.recipients = found.recipients.into_iter().map(with_address).collect();
    accept(incoming, Parties { raw_sender, removed: found.removed }, request, context).await
}

async fn incoming(context: &mut Context) -> Result<Incoming, String> {
    let limit = crate::smtp_in::message_size_limit(context);
    let test = from_line_test(&context.config);
    Incoming::begin(context, limit, test).await.map_err(|error| match error {
        BeginError::Spool(error) => format!("spool: {error}"),
        BeginError::QueueName => "an ACL named a queue that cannot be one".to_owned(),
        BeginError::ShuttingDown => "shutting down".to_owned(),
    })
}

async fn read<R: AsyncRead + Unpin>(
    input: &mut R,
    dot_ends: bool,
    incoming: &mut Incoming,
    context: &mut Context,
) -> Result<(), String> {
    let mut form = LocalInput::new(dot_ends);
    let mut chunk = vec![0; CHUNK];
    while !form.ended() {
        let count =
            input.read(&mut chunk).await.map_err(|error| format!("error reading message: {error}"))?;
        if count == 0 {
            break;
        }
        let octets = form.push(&chunk[..count]);
        incoming.push(&octets, context).await;
    }
    let rest = form.finish();
    if !rest.is_empty() {
        incoming.push(&rest, context).await;
    }
    Ok(())
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

/// What the envelope does not show.
struct Parties {
    /// The sender before rewriting.
    raw_sender: Vec<u8>,
    /// Recipients that the arguments take away.
    removed: Vec<Vec<u8>>,
}

async fn accept(
    incoming: Incoming,
    parties: Parties,
    request: &MessageRequest,
    context: &mut Context,
) -> Result<Submitted, String> {
    let origin = Origin::Local(Box::new(request.caller.clone()));
    let limit = crate::smtp_in::message_size_limit(context);
    let arriving = Arriving::new(incoming, &origin, context).await.map_err(|refused| {
        let text = refused.reply.lines.join(&b'\n');
        let text = String::from_utf8_lossy(&text).into_owned();
        let text =
            if text.starts_with("Message size") { format!("message too big (max={limit})") } else { text };
        format!("message rejected: {text}")
    })?;
    let (mut discarded, mut discard_text) = (None, None);
    if let Some(verdict) = acl::run(AclPlace::NotSmtp, context).await {
        match verdict.outcome {
            AclOutcome::Accept => {}
            AclOutcome::Discard => {
                discarded = Some(Discarded::ByNonSmtp);
                discard_text = acl::discard_text(&verdict);
            }
            _ => return Err(rejected(&verdict, context)),
        }
    }
    let own = request.caller.sends_own_mail(From::LocalMessage)
        && context.facts.message.authenticated_sender.is_some();
    let order = CommitOrder {
        raw_sender: parties.raw_sender,
        dont_deliver: request.dont_deliver,
        local: own,
        sender_set_untrusted: request.caller.sender.is_some() && !request.caller.trusted,
        bounce_of: request.bounce_of,
        arrival: request.arrival,
        discard_text,
        nonrecipients: parties.removed,
        ..CommitOrder::default()
    };
    let accepted = arriving.commit(order, discarded, context).await.map_err(|refused| {
        let text = refused.reply.lines.join(&b'\n');
        format!("message rejected: {}", String::from_utf8_lossy(&text))
    })?;
    Ok(match discarded {
        // As the oracle has it: a discarded message is no success.
        Some(_) => Submitted { exit_code: 1, error: String::new(), id: None },
        None => Submitted { exit_code: 0, error: String::new(), id: Some(accepted.id) },
    })
}

fn rejected(verdict: &AclVerdict, context: &mut Context) -> String {
    let reply = acl::refuse(verdict, Rejected::NonSmtp, 550, context);
    let text = reply.lines.join(&b'\n');
    format!("message rejected by non-SMTP ACL: {}", String::from_utf8_lossy(&text))
}
