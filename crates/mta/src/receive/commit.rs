//! The durable commit of a message, its log line, and the word to the queue.
//!
//! # Invariants
//! * The order is: data and envelope on disk, log line, word to the queue; the caller answers 250 after that.
//!
//! # Failure
//! A spool that fails is 452 when it is full and 451 otherwise; the files are gone then, and the sender keeps the
//! message.
//!
//! # Compatibility
//! `<=` and `(=` lines; discarded messages are logged like accepted ones and never reach the disk.

use config::options::main;
use mail_message::fixup::logged_message_id;
use mail_types::clock::Timestamp;
use mail_types::message_id::MessageId;
use mail_types::outcome::Reply;
use observe::event::{
    BodyType, FrozenBy, MessageEvent, Pipelining, Received, RejectedMessage, SmtpNews, TooBig,
};
use observe::{Event, Selector};
use sender_auth::arc::chain::ChainState;
use spool::SpoolError;

use super::arriving::{Arriving, Refused};
use super::body::SpoolFailure;
use super::immediate;
use super::incoming::ContentFault;
use super::spool_header::{self, Rest};
use crate::context::{Context, header};
use crate::services::Arrival;

/// How a message is to be committed.
#[derive(Debug, Clone, Default)]
pub struct Submission {
    /// The sender before rewriting.
    pub raw_sender: Vec<u8>,
    /// Content came by BDAT.
    pub chunking: bool,
    /// `RET=` as Exim's number.
    pub dsn_ret: i64,
    /// `ENVID=`.
    pub dsn_envid: Option<Vec<u8>>,
    /// `-N`.
    pub dont_deliver: bool,
    /// From a local sender whose address is the caller's own.
    pub local: bool,
    /// The sender was set by an untrusted caller.
    pub sender_set_untrusted: bool,
    /// A bounce made here, about this message.
    pub bounce_of: Option<MessageId>,
    /// A report made here.
    pub local_error: bool,
    /// How soon the message is to be tried: what the command line said.
    pub arrival: Option<Arrival>,
    /// What the ACL that discarded the message has to say about it.
    pub discard_text: Option<Vec<u8>>,
    /// Recipients that are not to get the message (arguments beside `-t`).
    pub nonrecipients: Vec<Vec<u8>>,
    /// How PIPELINING stood.
    pub pipelining: Pipelining,
    /// Messages that were accepted in this connection before.
    pub messages_before: u32,
}

/// A message that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// Its id.
    pub id: MessageId,
}

/// Which ACL threw a message away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discarded {
    /// `MAIL ACL`.
    ByMail,
    /// `RCPT ACL`.
    ByRcpt,
    /// `DATA ACL`.
    ByData,
    /// `DKIM ACL`.
    ByDkim,
    /// `non-SMTP ACL`.
    ByNonSmtp,
}

impl Discarded {
    fn acl(self) -> &'static str {
        match self {
            Self::ByMail => "MAIL",
            Self::ByRcpt => "RCPT",
            Self::ByData => "DATA",
            Self::ByDkim => "DKIM",
            Self::ByNonSmtp => "non-SMTP",
        }
    }
}

impl Arriving {
    /// Make the message durable; or log it and throw it away, if an ACL said so.
    pub async fn commit(
        mut self,
        order: Submission,
        discarded: Option<Discarded>,
        context: &mut Context,
    ) -> Result<Accepted, Refused> {
        self.settle_after_acl(context);
        let completed = context.services.clock.now();
        let created = self.message_id_created();
        let Some(id) = context.facts.message.id else {
            return Err(spool_trouble(SpoolFailure::ShuttingDown, context));
        };
        if let Some(by) = discarded {
            log_received(&order, created, completed, context);
            context.log_event(&Event::Message(MessageEvent::DiscardedByAcl {
                acl: by.acl(),
                message: order.discard_text,
            }));
            context.log_event(&Event::Message(MessageEvent::Completed(None)));
            return Ok(Accepted { id });
        }
        self.write(id, &order, completed, context).await?;
        // Mostly the message is delivered at once, and its own log goes with it: until then it need not be on disk.
        let log = &context.services.log;
        let held = context.services.queue.writes_overdue_logs().then(|| log.hold_message_log(id));
        log_received(&order, created, completed, context);
        let frozen = freezes(context);
        if frozen {
            context.log_event(&Event::Message(MessageEvent::Frozen(FrozenBy::Acl)));
        } else {
            let arrival = immediate::arrival(&order, context);
            if let (Some(held), Arrival::Deliver) = (held, arrival) {
                held.hand_on();
            }
            context.services.queue.message_arrived(id, arrival);
        }
        Ok(Accepted { id })
    }

    async fn write(
        self,
        id: MessageId,
        order: &Submission,
        completed: Timestamp,
        context: &mut Context,
    ) -> Result<(), Refused> {
        let rest = Rest {
            completed,
            frozen: freezes(context),
            dsn_ret: order.dsn_ret,
            dsn_envid: order.dsn_envid.clone(),
            dont_deliver: order.dont_deliver,
            local: order.local,
            sender_set_untrusted: order.sender_set_untrusted,
            localerror: order.local_error || order.bounce_of.is_some(),
        };
        let mut header = spool_header::header(id, rest, context);
        for address in &order.nonrecipients {
            header.nonrecipients.insert(address);
        }
        let spool = context.services.spool.clone();
        let body = self.body;
        let writer = context.services.spool_writer.clone();
        let committed = writer.commit(&spool, move || Ok((body.into_writer()?, header))).await;
        match committed {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(spool_trouble(SpoolFailure::Spool(error), context)),
            Err(_) => Err(spool_trouble(SpoolFailure::ShuttingDown, context)),
        }
    }
}

/// What the peer hears, and the log, when the spool fails.
pub(super) fn spool_trouble(failure: SpoolFailure, context: &Context) -> Refused {
    let reply = match &failure {
        SpoolFailure::Spool(error) => {
            context.log_problem(spool_text(error));
            error.reply()
        }
        SpoolFailure::ShuttingDown => Reply::new(421, "Service not available - closing connection"),
    };
    Refused { reply, fault: None }
}

fn spool_text(error: &SpoolError) -> String {
    format!("spool: {error}")
}

/// What the peer hears, and the log, when the content is beyond a limit.
pub(super) fn content_fault(fault: &ContentFault, context: &Context) -> Refused {
    let from = context.peer_text();
    let reply = match fault {
        ContentFault::HeaderTooLarge { limit } => {
            context.log_abandoned(&format!(
                "ridiculously long message header received from {from} (more than {limit} characters): message abandoned"
            ));
            Reply::new(552, "Message header is ridiculously long")
        }
        ContentFault::HeaderLineTooLong { limit } => {
            context.log_abandoned(&format!(
                "overlong message header line received from {from} (more than {limit} characters): message abandoned"
            ));
            Reply::new(552, "A message header line is too long")
        }
        ContentFault::TooBig { limit } => {
            let facts = &context.facts.message;
            context.log_smtp(SmtpNews::TooBig(TooBig::Read {
                sender: facts.sender_address.clone(),
                read: facts.size.unwrap_or(0),
                max: *limit,
                rejected: RejectedMessage {
                    sender: facts.sender_address.clone(),
                    recipients: facts.recipients.iter().map(|found| found.address.clone()).collect(),
                    headers: facts
                        .headers
                        .iter()
                        .map(|line| (line.kind.letter(), line.text.clone()))
                        .collect(),
                },
            }));
            Reply::new(552, "Message size exceeds maximum permitted")
        }
    };
    Refused { reply, fault: Some(fault.clone()) }
}

/// An ACL wants it; a message that somebody waits for (`mua_wrapper`) is never frozen.
fn freezes(context: &Context) -> bool {
    context.wishes.message.freeze && !context.config.main.get(main::MUA_WRAPPER)
}

fn log_received(order: &Submission, message_id_created: bool, completed: Timestamp, context: &Context) {
    let facts = &context.facts.message;
    let connection = &context.facts.connection;
    let subject = header::named(context, b"subject", expand::HeaderForm::Decoded);
    let message_id = logged_message_id(&facts.headers);
    let wishes = &context.wishes.message;
    let received = Received {
        fake_reject: wishes.fake_reject.is_some() || wishes.fake_defer.is_some(),
        sender: facts.sender_address.clone(),
        bounce_of: order.bounce_of,
        peer: context.peer(),
        protocol: facts.received_protocol.clone().unwrap_or_default(),
        pipelining: order.pipelining,
        auth: context.auth(),
        tls: context.tls(),
        chunking: order.chunking,
        dnssec: connection.sender_host_dnssec,
        size: facts.size.unwrap_or(0),
        body: match facts.body_8bitmime {
            7 => BodyType::SevenBit,
            8 => BodyType::EightBitMime,
            _ => BodyType::None,
        },
        queue: (!facts.queue_name.is_empty()).then(|| facts.queue_name.clone()),
        receive_time: completed.since(facts.received_time),
        message_id_header: message_id.map(|id| {
            let bare = id.strip_prefix(b"<").unwrap_or(id);
            bare.strip_suffix(b">").unwrap_or(bare).to_vec()
        }),
        message_id_created,
        subject: subject
            .filter(|_| context.logs(Selector::Subject))
            .map(mail_types::value::Value::into_bytes),
        raw_sender: order.raw_sender.clone(),
        policies: context.sender_auth.policies(),
        dkim: context.dkim.passed.clone(),
        arc: context.arc.result.as_ref().is_some_and(|chain| chain.state == ChainState::Pass),
        recipients: facts.recipients.iter().map(|recipient| recipient.address.clone()).collect(),
        ..Received::default()
    };
    context.log_event(&Event::Received(Box::new(received)));
}
