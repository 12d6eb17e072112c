//! The course of one attempt: opening the message, routing, local deliveries, remote ones, the end.
//!
//! # Invariants
//! * The lock is held from the first look at the envelope to the end.

use std::sync::Arc;

use config::Config;
use config::options::main;
use mail_types::Timestamp;
use mail_types::message_id::MessageId;
use mail_types::{interval, trace};
use observe::event::MessageEvent;
use spool::{LockOutcome, LockedMessage, SpoolError, SpoolFault};

use super::finish::Finished;
use super::node::NodeId;
use super::run::Run;
use super::{AttemptEnd, AttemptKind, AttemptReport, message};
use crate::context::Context;
use crate::context::facts::Facts;
use crate::services::Services;

/// What was found in the spool.
struct Opened {
    message: Box<LockedMessage>,
    facts: Facts,
}

/// How far a thread of its own brings an attempt.
enum Stage {
    Over(Finished),
    /// These are for other hosts: from here on there is more waiting for the network than for the disk.
    Remote(Box<Run>, Vec<NodeId>),
}

/// The spool and local mailboxes are worked on by one thread, from the lock to the end, without changes of threads in
/// between. Conversations with other hosts are tasks of the runtime: a slow peer holds no thread.
pub(super) async fn attempt(id: MessageId, kind: AttemptKind, services: &Arc<Services>) -> AttemptReport {
    let pool = services.pools.deliveries.clone();
    let for_first = Arc::clone(services);
    let first = pool.run_future(async move { Box::pin(first_stage(id, kind, &for_first)).await });
    match first.await {
        Ok(Stage::Over(finished)) => finished.carry_out(services).await,
        Ok(Stage::Remote(mut run, remote)) => {
            run.deliver_remote(remote).await;
            let last = pool.run_future(async move { Box::pin(run.finish()).await });
            match last.await {
                Ok(finished) => finished.carry_out(services).await,
                Err(_shutting_down) => AttemptReport::ended(AttemptEnd::Deferred),
            }
        }
        Err(_shutting_down) => AttemptReport::ended(AttemptEnd::Deferred),
    }
}

async fn first_stage(id: MessageId, kind: AttemptKind, services: &Arc<Services>) -> Stage {
    let config = services.snapshot();
    let opened = match open(id, &config, services).await {
        Ok(opened) => opened,
        Err(report) => {
            // Whoever works on the message now removes its own log with it; of one that is gone nobody would.
            let held = services.log.hold_message_log(id);
            if report.end == AttemptEnd::Gone {
                held.forget();
            }
            return Stage::Over(Finished::Over(report));
        }
    };
    let header = opened.message.header().clone();
    let data = opened.message.data_file().clone();
    let mut context = Context::with_config(opened.facts, Arc::clone(&config), Arc::clone(services));
    context.first_delivery = header.deliver_firsttime;
    context.queue_running = kind.in_queue_run();
    let run = Run {
        services: Arc::clone(services),
        config,
        kind,
        header,
        context,
        held_log: Some(services.log.hold_message_log(id)),
        message: Some(opened.message),
        data,
        nodes: Vec::new(),
        unwritten: Vec::new(),
        delivered: 0,
        freeze: None,
        notices: Vec::new(),
        failed: Vec::new(),
        returned: Vec::new(),
        made: Vec::new(),
        dirty: false,
        last_batch: None,
        next_try: None,
        mua_failure: None,
    };
    trace!(Verbose, "delivering {id}");
    Box::pin(Box::new(run).until_remote()).await
}

/// Locks and reads the message.
async fn open(
    id: MessageId,
    config: &Arc<Config>,
    services: &Arc<Services>,
) -> Result<Opened, AttemptReport> {
    let (spool, config, now) = (Arc::clone(&services.spool), Arc::clone(config), services.clock.now());
    let job = services.pools.spool.run(move || -> Result<Result<Opened, LockOutcome>, SpoolError> {
        let mut message = match spool.lock(&id)? {
            LockOutcome::Locked(message) => message,
            other => return Ok(Err(other)),
        };
        if message.has_journal() {
            // A crash left it: what it says goes into the envelope before anything is delivered.
            let header = message.header().clone();
            message.rewrite_header(header)?;
        }
        let facts = message::facts(message.header(), message.data_file(), &config, now);
        Ok(Ok(Opened { message, facts }))
    });
    match job.await {
        Ok(Ok(Ok(opened))) => Ok(opened),
        Ok(Ok(Err(LockOutcome::Busy))) => {
            services.log.message(&id, &MessageEvent::SpoolLocked { id }.into());
            Err(AttemptReport::ended(AttemptEnd::Locked))
        }
        Ok(Ok(Err(_gone))) => Err(AttemptReport::ended(AttemptEnd::Gone)),
        Ok(Err(error)) => Err(AttemptReport::ended(if unreadable(id, &error, services).await {
            AttemptEnd::Gone
        } else {
            AttemptEnd::Unreadable
        })),
        Err(_shutting_down) => Err(AttemptReport::ended(AttemptEnd::Deferred)),
    }
}

/// Says what is wrong with a message. One whose -H makes no sense is removed after `keep_malformed`: then true.
async fn unreadable(id: MessageId, error: &SpoolError, services: &Arc<Services>) -> bool {
    let header = if error.fault() == SpoolFault::Damaged && error.path().ends_with(format!("{id}-H")) {
        let spool = Arc::clone(&services.spool);
        services
            .pools
            .spool
            .run(move || spool.read_header_bytes(&id))
            .await
            .ok()
            .and_then(Result::ok)
            .flatten()
    } else {
        None
    };
    let Some(header) = header else {
        services.log.problem(Some(&id), error.to_string());
        return false;
    };
    let (file, size) = (format!("{id}-H").into_bytes(), header.len() as u64);
    services.log.message(&id, &MessageEvent::FormatError { file, size }.into());
    let keep = u64::try_from(services.snapshot().main.get(main::KEEP_MALFORMED)).unwrap_or(0);
    if services.clock.now().since(id.time()).as_secs() <= keep {
        return false;
    }
    let spool = Arc::clone(&services.spool);
    match services.pools.spool.run(move || spool.remove_malformed(&id)).await {
        Ok(Ok(removed)) => {
            if removed {
                services.log.message(&id, &MessageEvent::MalformedRemoved(interval::format(keep)).into());
            }
            removed
        }
        Ok(Err(error)) => {
            services.log.problem(Some(&id), format!("failed to remove the message: {error}"));
            false
        }
        Err(_shutting_down) => false,
    }
}

impl Run {
    async fn until_remote(mut self: Box<Self>) -> Stage {
        if let Some(report) = self.before_routing() {
            return Stage::Over(Finished::Over(report));
        }
        let plan = self.plan().await;
        if self.wraps_mua() && !self.is_one_transaction(&plan).await {
            return Stage::Over(self.finish().await);
        }
        Box::pin(self.deliver_local(plan.local)).await;
        if plan.remote.is_empty() {
            return Stage::Over(self.finish().await);
        }
        // Other hosts may be slow: an administrator who looks meanwhile sees what there is.
        self.held_log = None;
        Stage::Remote(self, plan.remote)
    }

    /// Frozen messages, and what is not there yet.
    fn before_routing(&mut self) -> Option<AttemptReport> {
        if let Some(report) = self.frozen() {
            return Some(report);
        }
        if self.config.main.is_set(main::SYSTEM_FILTER) {
            self.services.log.problem(
                Some(&self.header.id),
                "delivery deferred: system_filter is set, and filters are not implemented yet",
            );
            return Some(AttemptReport::ended(AttemptEnd::Deferred));
        }
        None
    }

    fn frozen(&mut self) -> Option<AttemptReport> {
        let since = self.header.frozen?;
        let now = self.services.clock.now();
        let age = now.since(self.header.received_time).as_secs();
        let options = &self.config.main;
        let timeout = u64::try_from(options.get(main::TIMEOUT_FROZEN_AFTER)).unwrap_or(0);
        let ignore_bounce = u64::try_from(options.get(main::IGNORE_BOUNCE_ERRORS_AFTER)).unwrap_or(0);
        let auto_thaw = u64::try_from(options.get(main::AUTO_THAW)).unwrap_or(0);
        let frozen_for = now.since(Timestamp::from_secs(since)).as_secs();
        if self.kind == AttemptKind::GiveUp {
            // Whoever gives a message up means it, frozen or not.
        } else if timeout > 0 && age >= timeout {
            self.log(MessageEvent::CancelledByTimeout);
            self.kind = AttemptKind::GiveUp;
        } else if self.header.sender.is_empty() && age >= ignore_bounce && !self.header.manual_thaw {
            // The failure that froze it will be met again, and is then thrown away with the message.
        } else if self.kind.thaws() {
            self.log(MessageEvent::UnfrozenByForce);
        } else if auto_thaw > 0 && frozen_for >= auto_thaw && !self.header.sender.is_empty() {
            self.log(MessageEvent::UnfrozenByAutoThaw);
        } else {
            self.log(MessageEvent::IsFrozen);
            return Some(AttemptReport::ended(AttemptEnd::Frozen));
        }
        self.header.frozen = None;
        self.context.facts.message.frozen = false;
        self.dirty = true;
        None
    }
}
