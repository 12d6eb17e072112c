//! Whether a message that was just received is delivered at once.
//!
//! # Compatibility
//! Options `queue_only`, `queue_only_file`, `queue_only_load`, `queue_only_override`, `smtp_accept_queue`,
//! `smtp_accept_queue_per_connection`; `control = queue`. The load is read for each message, so that
//! `queue_only_load_latch` makes no difference; docs/compat.md.

use std::path::Path;

use config::options::main;
use observe::Event;
use observe::event::MessageEvent;

use super::commit::Submission;
use crate::context::Context;
use crate::context::facts::Origin;
use crate::context::variable::load_average;
use crate::services::Arrival;

/// How soon the message is tried: what ACLs, the command line and options say.
pub(super) fn arrival(order: &Submission, context: &Context) -> Arrival {
    if context.config.main.get(main::MUA_WRAPPER) {
        return Arrival::Deliver;
    }
    let wishes = &context.wishes.message;
    if wishes.queue {
        context.log_event(&Event::Message(MessageEvent::NoImmediateDelivery(b"queued by ACL".to_vec())));
        return if wishes.queue_first_pass { Arrival::QueueRemote } else { Arrival::Queue };
    }
    let options = &context.config.main;
    if let Some(arrival) = order.arrival
        && options.get(main::QUEUE_ONLY_OVERRIDE)
    {
        return arrival;
    }
    if options.get(main::QUEUE_ONLY) {
        return Arrival::Queue;
    }
    if let Some(arrival) = by_file(context) {
        return arrival;
    }
    if let Some(reason) = busy(order, context) {
        context.log_event(&Event::Message(MessageEvent::NoImmediateDelivery(reason.into_bytes())));
        return Arrival::Queue;
    }
    order.arrival.unwrap_or(Arrival::Deliver)
}

/// `queue_only_file`: a path that exists; `smtp` before it holds back remote deliveries only.
fn by_file(context: &Context) -> Option<Arrival> {
    context.config.main.get(main::QUEUE_ONLY_FILE).iter().find_map(|item| {
        let text = str::from_utf8(item).ok()?.trim();
        let (path, how) = match text.strip_prefix("smtp") {
            Some(rest) if rest.starts_with('/') => (rest, Arrival::QueueRemote),
            _ => (text, Arrival::Queue),
        };
        Path::new(path).exists().then_some(how)
    })
}

/// Why this machine is too busy, if it is.
fn busy(order: &Submission, context: &Context) -> Option<String> {
    let options = &context.config.main;
    let connection = &context.facts.connection;
    let open = i64::from(connection.smtp_count_at_connection_start);
    let accept_queue = options.get(main::SMTP_ACCEPT_QUEUE);
    if accept_queue > 0 && open > accept_queue {
        return Some(format!("too many connections ({open}, max {accept_queue})"));
    }
    let per_connection = options.get(main::SMTP_ACCEPT_QUEUE_PER_CONNECTION);
    let received = i64::from(order.messages_before) + 1;
    if connection.origin == Origin::Tcp && per_connection > 0 && received > per_connection {
        return Some(format!("more than {per_connection} messages received in one connection"));
    }
    let limit = options.get(main::QUEUE_ONLY_LOAD)?;
    let load = load_average()?;
    let over = i64::try_from(load).is_ok_and(|load| load > limit);
    over.then(|| format!("load average {:.2}", load as f64 / 1000.0))
}
