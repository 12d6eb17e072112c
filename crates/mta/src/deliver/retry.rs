//! Retry hints: whether something may be tried now, and what a failure means for the next time.
//!
//! # Invariants
//! * Hints are hints: without them everything is tried at once, and nothing is lost.
//! * An address times out when every failure that it met has, by its retry rule, gone on for too long.
//!
//! # Compatibility
//! Specification chapter "Retry configuration".

use std::time::Duration;

use config::options::main;
use hints::{RetryKey, RetryRecord};
use mail_types::Timestamp;
use mail_types::value::Value;
use policy::retry::{RetryError, RetrySubject, RetryTimes};

use super::node::{End, Node, NodeId, RetryItem, Trouble};
use super::run::Run;
use crate::route::{AddressKind, RouteDeferral, errno};

/// The record of a routing failure.
pub(super) fn routing_item(node: &Node, deferral: &RouteDeferral) -> RetryItem {
    let address = &node.address;
    let (key, subject) = if deferral.retry_use_local_part {
        let subject = [address.local_part.as_slice(), b"@", address.domain.as_slice()].concat();
        (RetryKey::routing_address(&address.local_part, &address.domain), subject)
    } else {
        (RetryKey::routing_domain(&address.domain), address.domain.clone())
    };
    let error = if deferral.errno == errno::UNKNOWN_HOST { RetryError::Lookup } else { RetryError::Other };
    RetryItem {
        key,
        subject,
        alternate: None,
        error,
        errno: deferral.errno,
        more_errno: 0,
        text: deferral.message.clone(),
        about_message: false,
    }
}

/// The key of a local delivery, and what rules are matched against.
pub(super) fn local_key(node: &Node, use_local_part: bool) -> (RetryKey, Vec<u8>) {
    let address = &node.address;
    if address.kind != AddressKind::Address {
        return (RetryKey::from_bytes([b"T:", address.unique.as_slice()].concat()), address.domain.clone());
    }
    if use_local_part {
        let subject = [address.local_part.as_slice(), b"@", address.domain.as_slice()].concat();
        (RetryKey::transport_address(&address.local_part, &address.domain), subject)
    } else {
        (RetryKey::transport_domain(&address.domain), address.domain.clone())
    }
}

/// An address was routed: what is remembered of earlier failures is out of date.
pub(super) fn routed(run: &Run, id: NodeId) {
    let address = &run.node(id).address;
    for key in [
        RetryKey::routing_domain(&address.domain),
        RetryKey::routing_address(&address.local_part, &address.domain),
    ] {
        forget(run, &key);
    }
}

/// Forgets a record, if there is one.
pub(super) fn forget(run: &Run, key: &RetryKey) {
    if run.services.hints.retry(key).is_some() {
        run.services.hints.remove_retry(key);
    }
}

/// Whether routing an address has to wait.
pub(super) async fn routing_must_wait(run: &mut Run, id: NodeId) -> bool {
    let address = &run.node(id).address;
    let keys = [
        RetryKey::routing_domain(&address.domain),
        RetryKey::routing_address(&address.local_part, &address.domain),
        RetryKey::address_and_sender(&address.local_part, &address.domain, &run.header.sender),
    ];
    let subject = [address.local_part.as_slice(), b"@", address.domain.as_slice()].concat();
    for (index, key) in keys.iter().enumerate() {
        let Some(record) = known(run, key) else { continue };
        // A domain that has failed for too long is tried, so that the address can time out.
        let expired = index == 0 && record.expired;
        if !expired && must_wait(run, &record, &subject).await {
            return true;
        }
    }
    false
}

/// Whether a local delivery has to wait.
pub(super) async fn local_must_wait(run: &mut Run, key: &RetryKey, subject: &[u8]) -> bool {
    match known(run, key) {
        Some(record) => must_wait(run, &record, subject).await,
        None => false,
    }
}

/// A record that is not too old.
fn known(run: &Run, key: &RetryKey) -> Option<RetryRecord> {
    let record = run.services.hints.retry(key)?;
    let expire = u64::try_from(run.config.main.get(main::RETRY_DATA_EXPIRE)).unwrap_or(0);
    let age = run.services.clock.now().since(record.last_try).as_secs();
    (age <= expire).then_some(record)
}

/// The time has not come; unless the message has waited so long that this is its last try.
async fn must_wait(run: &mut Run, record: &RetryRecord, subject: &[u8]) -> bool {
    let now = run.services.clock.now();
    if now >= record.next_try {
        return false;
    }
    let item = RetryItem {
        key: RetryKey::from_bytes(Vec::new()),
        subject: subject.to_vec(),
        alternate: None,
        error: RetryError::Other,
        errno: record.basic_errno,
        more_errno: record.more_errno,
        text: Vec::new(),
        about_message: false,
    };
    let waits = match rule(run, &item).await {
        Some(Some(rule)) => {
            rule.final_cutoff().is_none_or(|cutoff| now.since(run.header.received_time) < cutoff)
        }
        _ => true,
    };
    if waits {
        earlier(&mut run.next_try, record.next_try);
    }
    waits
}

/// Keeps the earlier of two times.
pub(super) fn earlier(kept: &mut Option<Timestamp>, time: Timestamp) {
    *kept = Some(kept.map_or(time, |known| known.min(time)));
}

/// The rule for a failure. None when it cannot be told.
async fn rule(run: &mut Run, item: &RetryItem) -> Option<Option<policy::retry::RetryRule>> {
    let config = std::sync::Arc::clone(&run.config);
    let sender = Value::tainted(run.header.sender.clone());
    let subject =
        RetrySubject { key: &item.subject, alternate: item.alternate.as_deref(), error: &item.error };
    let found = run
        .context
        .on_pool(|context| config.retry.find(subject, &sender, context).map(Option::<&_>::cloned))
        .await?;
    match found {
        Ok(rule) => Some(rule),
        Err(error) => {
            run.services.log.problem(Some(&run.header.id), error.message);
            None
        }
    }
}

/// Remembers a failure. True when it has gone on for too long.
async fn remember(run: &mut Run, item: &RetryItem) -> bool {
    let now = run.services.clock.now();
    let Some(found) = rule(run, item).await else { return false };
    // Without a rule there are no retries.
    let Some(rule) = found else { return true };
    let record = known(run, &item.key);
    let mut first_failed = record.as_ref().map_or(now, |record| record.first_failed);
    if item.about_message {
        first_failed = first_failed.min(run.header.received_time);
    }
    let times = RetryTimes {
        first_failed,
        last_try: record.as_ref().map_or(first_failed, |record| record.last_try),
        next_try: record.as_ref().map_or(first_failed, |record| record.next_try),
    };
    let longest = u64::try_from(run.config.main.get(main::RETRY_INTERVAL_MAX)).unwrap_or(u64::MAX);
    let next = rule.next_try_within(
        (record.is_some() || item.about_message).then_some(&times),
        now,
        Duration::from_secs(longest),
        run.services.entropy.as_ref(),
    );
    let on_queue = now.since(run.header.received_time);
    let outlived = rule.final_cutoff().is_none_or(|cutoff| on_queue >= cutoff);
    if outlived && !next.expired {
        // The message has outlived the rule while other messages got through: no new time is set for those.
        return true;
    }
    let text = item.text.clone();
    let record = RetryRecord {
        first_failed,
        last_try: now,
        next_try: next.next_try,
        expired: next.expired,
        basic_errno: item.errno,
        more_errno: item.more_errno,
        text,
    };
    run.services.hints.set_retry(&item.key, record);
    if !next.expired {
        earlier(&mut run.next_try, next.next_try);
    }
    next.expired
}

/// After all deliveries: remembers what failed, and fails the addresses whose time is over.
pub(super) async fn update(run: &mut Run) {
    let mut judged: Vec<(RetryKey, bool)> = Vec::new();
    for id in run.all_nodes() {
        if !matches!(run.node(id).end, End::Deferred(_)) {
            continue;
        }
        let items = std::mem::take(&mut run.node_mut(id).retry_items);
        if items.is_empty() {
            continue;
        }
        let mut all_over = true;
        for item in &items {
            let over = match judged.iter().find(|(key, _)| *key == item.key) {
                Some((_, over)) => *over,
                None => {
                    let over = remember(run, item).await;
                    judged.push((item.key.clone(), over));
                    over
                }
            };
            all_over &= over;
        }
        if all_over {
            time_out(run, id);
        }
    }
}

fn time_out(run: &mut Run, id: NodeId) {
    let End::Deferred(trouble) = std::mem::take(&mut run.node_mut(id).end) else { return };
    run.log_timed_out(run.node(id), b"retry timeout exceeded");
    let mut message = trouble.message.clone();
    // The system's words alone (a refused connection) are not told.
    let errno = if message.is_empty() { errno::NONE } else { trouble.errno };
    if !message.is_empty() {
        message.extend_from_slice(b": ");
    }
    message.extend_from_slice(b"retry timeout exceeded");
    let smtp_reply = trouble.smtp_reply.map(|reply| [reply.as_slice(), b": retry timeout exceeded"].concat());
    run.node_mut(id).end = End::Failed(Trouble { errno, message, smtp_reply, ..trouble });
    run.failed.push(id);
}
