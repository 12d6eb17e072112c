//! Deliveries by a command: right away, one message after the other.
//!
//! # Invariants
//! * A bounce or warning that an attempt made is tried too, after the message that caused it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use mail_types::MessageId;
use mta::deliver::{AttemptKind, attempt};
use mta::services::{Arrival, QueueWaker, Services};

/// Hears of new messages in a command. In the foreground (`-odi`) each is tried before the command goes on; otherwise
/// they are remembered.
pub(crate) struct Foreground {
    services: OnceLock<Weak<Services>>,
    at_once: OnceLock<bool>,
    waiting: Mutex<Vec<MessageId>>,
    /// With `mua_wrapper`: why a message was not delivered.
    failure: Mutex<Option<String>>,
}

impl Foreground {
    /// One that has not been told about the services yet.
    pub(crate) fn new() -> Self {
        Self {
            services: OnceLock::new(),
            at_once: OnceLock::new(),
            waiting: Mutex::default(),
            failure: Mutex::default(),
        }
    }

    /// Tells about the services; they hold the waker, so it holds them weakly. Only the first call counts.
    pub(crate) fn attach(&self, services: &Arc<Services>, at_once: bool) {
        let _ = self.services.set(Arc::downgrade(services));
        let _ = self.at_once.set(at_once);
    }

    /// Why a message for which `mua_wrapper` holds was not delivered.
    pub(crate) fn failure(&self) -> Option<String> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The messages that wait for their first delivery.
    pub(crate) fn take(&self) -> Vec<MessageId> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl QueueWaker for Foreground {
    fn message_arrived(&self, id: MessageId, how: Arrival) {
        let kind = match how {
            Arrival::Queue => return,
            Arrival::Deliver => AttemptKind::Arrival,
            Arrival::QueueRemote => AttemptKind::ArrivalLocalOnly,
        };
        match self.services.get().and_then(Weak::upgrade) {
            Some(services) if self.at_once.get() == Some(&true) => {
                // The session that brought the message waits for its delivery: that is what -odi asks for.
                let report = tokio::task::block_in_place(|| {
                    // What the attempt gives rise to is heard of here, in its turn.
                    tokio::runtime::Handle::current().block_on(attempt(id, kind, &services))
                });
                if report.mua_failure.is_some() {
                    *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = report.mua_failure;
                }
            }
            _ => self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(id),
        }
    }

    fn ends_session(&self) -> bool {
        self.failure().is_some()
    }

    fn size(&self) -> u64 {
        let services = self.services.get().and_then(Weak::upgrade);
        services.and_then(|s| mta::queue::listing::count(&s.spool).ok()).map_or(0, |count| count as u64)
    }
}

/// First attempts at these messages, and at what comes of them.
pub(crate) async fn deliver_all(ids: Vec<MessageId>, services: &Arc<Services>) {
    deliver(ids, AttemptKind::Arrival, services).await;
}

/// Attempts of one kind; what they make is tried as newly arrived.
pub(crate) async fn deliver(ids: Vec<MessageId>, kind: AttemptKind, services: &Arc<Services>) {
    let mut todo: std::collections::VecDeque<(MessageId, AttemptKind)> =
        ids.into_iter().map(|id| (id, kind)).collect();
    while let Some((id, kind)) = todo.pop_front() {
        let report = attempt(id, kind, services).await;
        for made in report.made.into_iter().rev() {
            todo.push_front((made, AttemptKind::Arrival));
        }
    }
}
