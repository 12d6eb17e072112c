//! The end of an attempt: reports, freezing, and the message's removal or its new envelope.
//!
//! # Invariants
//! * Bounces are queued before the addresses that they report count as dealt with.
//! * The message is removed only when every recipient stands in its list of non-recipients.
//!
//! # Failure
//! A bounce that cannot be queued leaves its addresses in the message, which is frozen. An envelope that cannot be
//! written leaves the old one, with the journal.

use config::options::main;
use mail_types::Timestamp;
use observe::HeldMessageLog;
use observe::event::{FrozenBy, MessageEvent};
use spool::Ending;

use super::node::{End, NodeId};
use super::run::Run;
use super::{AttemptEnd, AttemptReport, bounce, retry};
use crate::services::Services;

/// How an attempt ends.
pub(super) enum Finished {
    /// With this report.
    Over(AttemptReport),
    /// The message is to be removed, and this is the report then.
    Ending(Box<Ending>, Option<HeldMessageLog>, AttemptReport),
}

impl Finished {
    /// Removes the message where that is left to do. No thread waits for the disk meanwhile: it is the writer's work.
    pub(super) async fn carry_out(self, services: &Services) -> AttemptReport {
        let (ending, held_log, report) = match self {
            Self::Over(report) => return report,
            Self::Ending(ending, held_log, report) => (*ending, held_log, report),
        };
        let id = ending.message.id();
        let end = match services.spool_writer.end(ending).await {
            Ok(Ok(())) => {
                if let Some(held) = held_log {
                    held.forget();
                }
                return report;
            }
            Ok(Err(error)) => {
                services.log.problem(Some(&id), format!("failed to remove the message: {error}"));
                AttemptEnd::Unreadable
            }
            Err(_shutting_down) => AttemptEnd::Deferred,
        };
        AttemptReport { end, ..report }
    }
}

impl Run {
    pub(super) async fn finish(&mut self) -> Finished {
        if self.wraps_mua() {
            return self.finish_for_mua();
        }
        retry::update(self).await;
        // The text names the last that failed first, as Exim's does.
        let failed: Vec<NodeId> = std::mem::take(&mut self.failed).into_iter().rev().collect();
        bounce::report(self, failed).await;
        let left: Vec<NodeId> = self.all_nodes().filter(|id| self.is_left(*id)).collect();
        let complete = left.is_empty() && self.freeze.is_none() && self.nobody_is_left();
        if complete {
            return self.complete();
        }
        self.keep_one_time_children(&left);
        bounce::warn(self, &left).await;
        Finished::Over(self.keep(&left).await)
    }

    /// Waiting for another time, or failed without a report.
    fn is_left(&self, id: NodeId) -> bool {
        matches!(self.node(id).end, End::Deferred(_) | End::Failed(_))
    }

    /// What the envelope says: the last word, whatever the tree of addresses holds.
    pub(super) fn nobody_is_left(&self) -> bool {
        self.header.recipients.iter().all(|recipient| self.header.nonrecipients.contains(&recipient.address))
    }

    pub(super) fn complete(&mut self) -> Finished {
        let received = self.header.received_time;
        let now = self.services.clock.now();
        let reception =
            self.header.received_time_complete.map_or(std::time::Duration::ZERO, |at| at.since(received));
        let Some(message) = self.message.take() else {
            return Finished::Over(self.report(AttemptEnd::Deferred, &[]));
        };
        // The log line comes first, as with Exim: a crash between the two shows a message that is delivered twice
        // over, never one that vanished.
        self.log(MessageEvent::Completed(Some((now.since(received), reception))));
        self.tell_completed();
        let last = std::mem::take(&mut self.unwritten);
        let keep_log = self.config.main.get(main::PRESERVE_MESSAGE_LOGS);
        if keep_log {
            // What was held is written now, before the log is moved.
            self.held_log = None;
        }
        let ending = Box::new(Ending { message: *message, delivered: last, keep_log });
        Finished::Ending(ending, self.held_log.take(), self.report(AttemptEnd::Completed, &[]))
    }

    /// Children of a `one_time` redirection that have to wait take their parent's place in the envelope.
    fn keep_one_time_children(&mut self, left: &[NodeId]) {
        for id in left {
            let node = self.node(*id);
            if !node.address.inherited.one_time || !matches!(node.end, End::Deferred(_)) {
                continue;
            }
            let Some(top) = self.top_of(*id) else { continue };
            let Some(parent) = self.node(top).recipient else { continue };
            let node = self.node(*id);
            let recipient = spool::Recipient {
                address: node.address.address.clone(),
                // The envelope has one place only; through a rewritten sender errors find their way as well.
                errors_to: node.errors_to().or_else(|| node.srs_sender()).map(<[u8]>::to_vec),
                parent: Some(parent),
                orcpt: node.address.inherited.orcpt.clone(),
                dsn_flags: i64::from(node.address.inherited.notify),
            };
            if !self.header.recipients.iter().any(|known| known.address == recipient.address) {
                self.header.recipients.push(recipient);
            }
            if let Some(parent) = self.header.recipients.get(parent) {
                let address = parent.address.clone();
                self.header.nonrecipients.insert(&address);
            }
            self.dirty = true;
        }
    }

    fn top_of(&self, id: NodeId) -> Option<NodeId> {
        let mut top = id;
        while let Some(parent) = self.node(top).parent {
            top = parent;
        }
        (top != id).then_some(top)
    }

    /// Writes back what is left.
    async fn keep(&mut self, left: &[NodeId]) -> AttemptReport {
        let frozen = self.freeze.take();
        if let Some(by) = &frozen {
            self.header.frozen = Some(self.services.clock.now().secs());
            self.header.manual_thaw = false;
            self.log(MessageEvent::Frozen(by.clone()));
            bounce::tell_of_freezing(self, by).await;
            self.dirty = true;
        }
        if self.header.deliver_firsttime {
            self.header.deliver_firsttime = false;
            self.dirty = true;
        }
        if self.dirty || !self.unwritten.is_empty() {
            for key in std::mem::take(&mut self.unwritten) {
                self.header.nonrecipients.insert(&key);
            }
            let header = self.header.clone();
            if let Some(Err(error)) = self.with_message(move |message| message.rewrite_header(header)).await {
                self.services
                    .log
                    .problem(Some(&self.header.id), format!("failed to update the envelope: {error}"));
                return self.report(AttemptEnd::Unreadable, left);
            }
        }
        let end = if frozen.is_some() { AttemptEnd::Frozen } else { AttemptEnd::Deferred };
        self.report(end, left)
    }

    fn report(&mut self, end: AttemptEnd, left: &[NodeId]) -> AttemptReport {
        let mut domains: Vec<_> = left.iter().map(|id| self.node(*id).address.domain.clone()).collect();
        domains.sort();
        domains.dedup();
        AttemptReport {
            end,
            next_try: self.next_try,
            waiting_domains: domains,
            delivered: self.delivered,
            mua_failure: self.mua_failure.take(),
            made: std::mem::take(&mut self.made),
        }
    }

    /// A failed bounce whose time is over, by `ignore_bounce_errors_after`.
    pub(super) fn ignores_bounce_errors(&self) -> bool {
        let limit = u64::try_from(self.config.main.get(main::IGNORE_BOUNCE_ERRORS_AFTER)).unwrap_or(u64::MAX);
        let age = self.services.clock.now().since(self.header.received_time).as_secs();
        age >= limit
    }

    /// Freezes the message for want of somebody to report to.
    pub(super) fn freeze_undeliverable_bounce(&mut self) {
        self.freeze = Some(FrozenBy::DeliveryError);
    }

    /// The time now.
    pub(super) fn now(&self) -> Timestamp {
        self.services.clock.now()
    }
}
