//! One delivery attempt of one message.
//!
//! [`attempt`] takes the lock, reads the envelope, routes every recipient that is left, hands the addresses to their
//! transports, and then either ends the message or writes back what is left of it. What happened to each address is in
//! the log; what the queue needs to know is in the [`AttemptReport`].
//!
//! # Invariants
//! * An address that was delivered is in the journal, durably, before the next delivery begins, or the message ends at
//!   once.
//! * A bounce is queued, durably, before the addresses that it reports count as dealt with.
//! * Nothing here removes a message that still has an address without an end.
//!
//! # Security
//! Runs in the worker. Local deliveries are requests to the `LocalAgent`; who they run as is decided by
//! [`identity::authorise`] on the agent's side from its own configuration.
//!
//! # Failure
//! A crash at any point leaves the message in the spool; at most the deliveries that were under way happen again. A
//! panic costs this attempt.
//!
//! # Compatibility
//! Specification chapters 3 ("Delivery in detail"), 23, 25, 32 and 53; log lines as Debian's Exim writes them.

mod attempt;
mod batch;
mod bounce;
mod events;
mod finish;
mod hold;
pub mod identity;
mod local;
mod local_agent;
mod message;
mod mua_wrapper;
mod node;
mod plan;
mod remote;
mod retry;
mod run;
mod shadow;
mod tell;

pub use identity::{Refusal, authorise};
pub use local_agent::{InProcessAgent, look};
pub use message::facts as facts_of_queued;

use std::sync::Arc;

use config::options::main;
use mail_types::Timestamp;
use mail_types::message_id::MessageId;

use crate::services::Services;

/// Why and how a message is tried now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AttemptKind {
    /// Right after it arrived (`-odi`, `-odb`, the daemon's normal way).
    #[default]
    Arrival,
    /// Right after it arrived, local deliveries only (`queue_smtp_domains` for all, `-odqs`).
    ArrivalLocalOnly,
    /// In a queue run (`-q`).
    QueueRun,
    /// In a queue run, local deliveries only (`-ql`).
    QueueRunLocalOnly,
    /// In a queue run that does not ask about retry times (`-qf`).
    QueueRunForced,
    /// As that, frozen messages too (`-qff`).
    QueueRunForcedThaw,
    /// By name (`-M`, `-Mc` without forcing is `QueueRun`).
    Forced,
    /// Given up by an administrator (`-Mg`): every address fails.
    GiveUp,
}

impl AttemptKind {
    /// Part of a queue run.
    pub fn in_queue_run(self) -> bool {
        matches!(
            self,
            Self::QueueRun | Self::QueueRunLocalOnly | Self::QueueRunForced | Self::QueueRunForcedThaw
        )
    }

    /// Retry times, `hold_domains` and `queue_domains` do not count.
    pub fn is_forced(self) -> bool {
        matches!(self, Self::QueueRunForced | Self::QueueRunForcedThaw | Self::Forced | Self::GiveUp)
    }

    /// Frozen messages are thawed.
    pub fn thaws(self) -> bool {
        matches!(self, Self::QueueRunForcedThaw | Self::Forced | Self::GiveUp)
    }

    /// Remote deliveries wait.
    pub fn local_only(self) -> bool {
        matches!(self, Self::ArrivalLocalOnly | Self::QueueRunLocalOnly)
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptEnd {
    /// Every address is dealt with; the message is gone.
    Completed,
    /// Addresses are left for another time.
    Deferred,
    /// It is frozen, or was and stays so.
    Frozen,
    /// Somebody else works on it.
    Locked,
    /// There is no such message.
    Gone,
    /// It could not be read or written; the log has the reason.
    Unreadable,
}

/// What the queue learns from an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptReport {
    /// How it ended.
    pub end: AttemptEnd,
    /// The earliest time at which one of the addresses left may be tried, as far as retry hints say.
    pub next_try: Option<Timestamp>,
    /// Domains of the addresses that are left.
    pub waiting_domains: Vec<Vec<u8>>,
    /// Addresses that were delivered in this attempt.
    pub delivered: usize,
    /// Messages that were made in this attempt (bounces, warnings): to be delivered soon.
    pub made: Vec<MessageId>,
    /// With `mua_wrapper`: why the message was not delivered, for whoever waits for it.
    pub mua_failure: Option<String>,
}

impl AttemptReport {
    pub(crate) fn ended(end: AttemptEnd) -> Self {
        Self {
            end,
            next_try: None,
            waiting_domains: Vec::new(),
            delivered: 0,
            made: Vec::new(),
            mua_failure: None,
        }
    }
}

/// Tries to deliver a message to everybody who does not have it yet.
pub async fn attempt(id: MessageId, kind: AttemptKind, services: &Arc<Services>) -> AttemptReport {
    let report = Box::pin(attempt::attempt(id, kind, services)).await;
    if report.end == AttemptEnd::Frozen && services.snapshot().main.get(main::MOVE_FROZEN_MESSAGES) {
        return moved(id, report, services).await;
    }
    report
}

/// `move_frozen_messages`: a message that an attempt froze, or found frozen, leaves the queue.
async fn moved(id: MessageId, report: AttemptReport, services: &Arc<Services>) -> AttemptReport {
    let spool = Arc::clone(&services.spool);
    match services.pools.spool.run(move || spool.move_frozen(&id)).await {
        Ok(Ok(true)) => AttemptReport { end: AttemptEnd::Gone, ..report },
        Ok(Ok(false)) | Err(_) => report,
        Ok(Err(error)) => {
            services.log.problem(Some(&id), format!("failed to move the frozen message: {error}"));
            report
        }
    }
}

#[cfg(test)]
mod tests;
