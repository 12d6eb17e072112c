//! A message that has arrived and is not accepted yet.
//!
//! # Invariants
//! * While an `Arriving` exists, the context's facts are this message's: id, envelope, header, body.
//!
//! # Compatibility
//! The order is the oracle's: envelope rewriting, fix-ups, qualification, header rewriting, the Received: line, lines
//! that earlier ACLs added.

use mail_message::fixup::logged_message_id;
use mail_message::header::{HeaderLine, HeaderType};
use mail_types::outcome::Reply;

use super::body::BodySink;
use super::incoming::{Arrived, ContentFault, Incoming};
use super::origin::Origin;
use super::refused::Refused;
use super::{acl_headers, fixes, received_line, refused, rewriting};
use crate::context::Context;

/// A message that has arrived.
pub struct Arriving {
    pub(super) body: BodySink,
    settled: Settled,
}

/// What was settled before the ACL.
struct Settled {
    /// The Received: line without its time; none when there is to be no line.
    received_text: Option<Vec<u8>>,
    /// The Message-ID was made here.
    message_id_created: bool,
}

impl Arriving {
    /// Take what has arrived, and do to it what is done to every message.
    pub async fn new(incoming: Incoming, origin: &Origin, context: &mut Context) -> Result<Self, Refused> {
        let arrived = incoming.finish(context).await;
        let Arrived { id, began, header, body, size, max_line, fault, failure } = arrived;
        let facts = &mut context.facts.message;
        facts.id = Some(id);
        facts.received_time = began;
        facts.headers = header.lines;
        facts.body = body.facts();
        facts.body.max_line = max_line;
        facts.size = Some(size);
        if let Some(failure) = failure {
            return Err(refused::spool_trouble(failure, context));
        }
        let settled = context.on_pool(|context| settle(origin, fault, context)).await;
        let settled = match settled {
            Some(settled) => settled?,
            None => {
                return Err(refused::spool_trouble(super::body::SpoolFailure::ShuttingDown, context));
            }
        };
        Ok(Self { body, settled })
    }

    /// The body as it arrived.
    pub(crate) async fn body_copy(&mut self, context: &Context) -> Vec<u8> {
        self.body.copy(&context.services.pools.spool).await
    }

    /// Whether the Message-ID was made here.
    pub(super) fn message_id_created(&self) -> bool {
        self.settled.message_id_created
    }

    /// The ACL for the data has accepted: take in what it asked for and give the Received: line its final time.
    pub(super) fn settle_after_acl(&mut self, context: &mut Context) {
        acl_headers::apply(context);
        if let Some(text) = &self.settled.received_text {
            let fresh = received_line::line(text, context);
            let ours =
                context.facts.message.headers.iter_mut().find(|line| line.kind == HeaderType::Received);
            if let Some(line) = ours {
                *line = fresh;
            }
        }
        count_size(self.body.size(), context);
    }
}

fn settle(origin: &Origin, fault: Option<ContentFault>, context: &mut Context) -> Result<Settled, Refused> {
    if let Some(fault) = &fault
        && !matches!(fault, ContentFault::TooBig { .. })
    {
        return Err(refused::content_fault(fault, context));
    }
    let broken = |error: String, context: &Context| {
        context.log_problem(error);
        let reply = Reply::new(451, "Temporary local problem - please try later");
        Refused { reply, fault: None }
    };
    count_lines(context);
    let records = rewriting::envelope(context).map_err(|error| broken(error, context))?;
    let had_message_id = logged_message_id(&context.facts.message.headers).is_some();
    let fixed = fixes::fix_up(origin, context).map_err(|error| broken(error, context))?;
    if let Some(sender) = fixed.new_sender {
        context.facts.message.sender_address = sender;
    }
    let parse = fixes::parse_options(context);
    rewriting::header_lines(parse, context).map_err(|error| broken(error, context))?;
    context.facts.message.headers.extend(records);
    if let Some(fault) = &fault {
        return Err(refused::content_fault(fault, context));
    }
    let text = received_line::text(context).map_err(|error| broken(error, context))?;
    if let Some(text) = &text {
        let line: HeaderLine = received_line::line(text, context);
        context.facts.message.headers.insert(0, line);
    }
    acl_headers::apply(context);
    let live = context.facts.message.headers.iter().filter(|line| line.kind == HeaderType::Received);
    context.facts.message.received_count = u32::try_from(live.count()).unwrap_or(u32::MAX);
    let has_message_id = logged_message_id(&context.facts.message.headers).is_some();
    Ok(Settled { received_text: text, message_id_created: has_message_id && !had_message_id })
}

/// `$message_linecount` as the ACLs for the data see it, and as `$message_size` is: of what was received, the blank line
/// included, without anything that we add.
fn count_lines(context: &mut Context) {
    let facts = &mut context.facts.message;
    let lines: usize = facts.headers.iter().map(|line| memchr::memchr_iter(b'\n', &line.text).count()).sum();
    let octets: usize = facts.headers.iter().map(|line| line.text.len()).sum();
    let blank = facts.size.is_some_and(|size| size > octets as u64 + facts.body.size);
    facts.linecount = lines as u64 + u64::from(blank) + facts.body.linecount;
}

fn count_size(body: u64, context: &mut Context) {
    let facts = &mut context.facts.message;
    let live = facts.headers.iter().filter(|line| line.kind != HeaderType::Old);
    let header: usize = live.map(|line| line.text.len()).sum();
    facts.size = Some(header as u64 + 1 + body);
}
