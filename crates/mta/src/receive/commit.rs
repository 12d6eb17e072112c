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
use observe::event::{BodyType, FrozenBy, MessageEvent, Received};
use observe::{Event, Selector};
use sender_auth::arc::chain::ChainState;

use super::arriving::Arriving;
use super::body::SpoolFailure;
use super::commit_order::CommitOrder;
use super::immediate;
use super::refused::{Refused, spool_trouble};
use super::spool_header::{self, Rest};
use crate::context::{Context, header};
use crate::services::Arrival;

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
        order: CommitOrder,
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
        order: &CommitOrder,
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

/// An ACL wants it; a message that somebody waits for (`mua_wrapper`) is never frozen.
fn freezes(context: &Context) -> bool {
    context.wishes.message.freeze && !context.config.main.get(main::MUA_WRAPPER)
}

fn log_received(order: &CommitOrder, message_id_created: bool, completed: Timestamp, context: &Context) {
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
