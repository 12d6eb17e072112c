//! Whether a message that was just received is delivered at once.
//!
//! # Compatibility
//! Options `queue_only`, `queue_only_file`, `queue_only_load`, `queue_only_override`, `smtp_accept_queue`,
//! `smtp_accept_queue_per_connection`, `queue_only_load_latch`; `control = queue`.

use std::path::Path;
use std::sync::Arc;

use config::options::main;
use observe::Event;
use observe::event::MessageEvent;

use super::commit_order::CommitOrder;
use crate::context::Context;
use crate::context::facts::{ConnectionFacts, Origin};
use crate::context::variable::load_average;
use crate::services::Arrival;

/// How soon the message is tried: what ACLs, the command line and options say.
pub(super) fn arrival(order: &CommitOrder, context: &mut Context) -> Arrival {
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
fn busy(order: &CommitOrder, context: &mut Context) -> Option<String> {
    let config = Arc::clone(&context.config);
    let options = &config.main;
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
    let over = by_load(load, limit, options.get(main::QUEUE_ONLY_LOAD_LATCH), &mut context.facts.connection);
    over.then(|| format!("load average {:.2}", load as f64 / 1000.0))
}

/// Whether the load is too high, or, with the latch, was for an earlier message of the connection.
fn by_load(load: u64, limit: i64, latch: bool, connection: &mut ConnectionFacts) -> bool {
    if latch && connection.queued_by_load {
        return true;
    }
    connection.queued_by_load = i64::try_from(load).is_ok_and(|load| load > limit);
    connection.queued_by_load
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_met_a_high_load_remembers_it() {
        for (latch, expected) in [(true, [false, true, true]), (false, [false, true, false])] {
            let mut connection = ConnectionFacts::default();
            let met = [4_000, 6_000, 1_000].map(|load| by_load(load, 5_000, latch, &mut connection));
            assert_eq!(met, expected, "latch {latch}");
        }
    }
}
