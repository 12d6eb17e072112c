//! A queue run: `-q` with its letters, `-R`, `-S`.
//!
//! # Invariants
//! * What a run takes is decided when it begins; what has arrived or gone since is met at the attempt, under the lock.
//!
//! # Compatibility
//! Specification sections on `-q`, `-R` and `-S`. Of a selection the first message is tried whatever its retry times
//! say. `-qq` is a run like any other (docs/compat.md): connections are shared between messages all the same.

use std::sync::Arc;

use config::options::main;
use mail_types::MessageId;
use mail_types::clock::Entropy;
use observe::Event;
use observe::event::{MessageEvent, ProcessEvent};

use super::run_request::RunRequest;
use super::select::Choice;
use super::tasks::attempt_guarded;
use crate::context::variable::load_average;
use crate::deliver::AttemptKind;
use crate::services::Services;

/// A run as a command does it: one message after the other, and what they give rise to.
pub async fn run_once(request: &RunRequest, services: &Arc<Services>) {
    let ids = match all_ids(services).await {
        Ok(ids) => ids,
        Err(problem) => {
            services.log.problem(None, format!("queue run: {problem}"));
            return;
        }
    };
    let Some(mut run) = Run::begin(request, ids, services) else { return };
    while let Some((id, kind)) = run.next(services).await {
        let report = attempt_guarded(id, kind, services).await;
        if !services.snapshot().main.get(main::QUEUE_ONLY) {
            for made in report.made {
                attempt_guarded(made, AttemptKind::Arrival, services).await;
            }
        }
    }
    run.end(services);
}

async fn all_ids(services: &Services) -> Result<Vec<MessageId>, String> {
    let spool = Arc::clone(&services.spool);
    let ids = services.pools.spool.run(move || spool.message_ids()).await;
    ids.map_err(|_| "shutting down".to_owned())?.map_err(|error| error.to_string())
}

/// A run under way.
pub(super) struct Run {
    request: RunRequest,
    choice: Choice,
    /// Those that are left, the next one last.
    left: Vec<MessageId>,
    /// The next message is the first of a selection.
    first: bool,
}

impl Run {
    /// Says that a run begins; none when its patterns make no sense.
    pub(super) fn begin(request: &RunRequest, mut ids: Vec<MessageId>, services: &Services) -> Option<Self> {
        let choice = match Choice::new(request) {
            Ok(choice) => choice,
            Err(problem) => {
                services.log.problem(None, format!("queue run: {problem}"));
                return None;
            }
        };
        ids.retain(|id| request.takes_id(id));
        if services.snapshot().main.get(main::QUEUE_RUN_IN_ORDER) {
            ids.sort_unstable();
        } else {
            shuffle(&mut ids, services.entropy.as_ref());
        }
        ids.reverse();
        let (pid, options) = (std::process::id(), request.options());
        services.log.write(&Event::Process(ProcessEvent::QueueRunStarted { pid, options, queue: None }));
        Some(Self { request: request.clone(), choice, left: ids, first: true })
    }

    /// The next message that the run is for.
    pub(super) async fn next(&mut self, services: &Services) -> Option<(MessageId, AttemptKind)> {
        while let Some(id) = self.left.pop() {
            if !self.request.force && !self.request.thaw && self.is_abandoned(services) {
                return None;
            }
            if self.choice.is_picky() && !self.picks(id, services).await {
                continue;
            }
            let mut kind = self.request.kind();
            if self.choice.is_selection() && std::mem::take(&mut self.first) && kind == AttemptKind::QueueRun
            {
                kind = AttemptKind::QueueRunForced;
            }
            return Some((id, kind));
        }
        None
    }

    /// `deliver_queue_load_max`: looked at before each message; a forced run takes no notice.
    fn is_abandoned(&mut self, services: &Services) -> bool {
        let Some(max) = services.snapshot().main.get(main::DELIVER_QUEUE_LOAD_MAX) else { return false };
        let Some(load) = load_average().filter(|load| is_over(*load, max)) else { return false };
        self.left.clear();
        let pid = std::process::id();
        let options = self.request.options();
        services.log.write(&Event::Process(ProcessEvent::QueueRunAbandoned { pid, options, load, max }));
        true
    }

    async fn picks(&self, id: MessageId, services: &Services) -> bool {
        let spool = Arc::clone(&services.spool);
        let read = services.pools.spool.run(move || spool.read_header(&id)).await;
        let Ok(Ok(Some(header))) = read else {
            // The attempt tells what is wrong with it, if it is still there.
            return matches!(read, Ok(Err(_)));
        };
        if self.choice.is_selection() && header.frozen.is_some() && !self.request.thaw {
            services.log.write(&MessageEvent::IsFrozen.into());
            return false;
        }
        self.choice.takes(&header)
    }

    /// Says that the run is over.
    pub(super) fn end(self, services: &Services) {
        let (pid, options) = (std::process::id(), self.request.options());
        services.log.write(&Event::Process(ProcessEvent::QueueRunEnded { pid, options, queue: None }));
    }
}

fn shuffle(ids: &mut [MessageId], entropy: &dyn Entropy) {
    for last in (1..ids.len()).rev() {
        let other = entropy.next_u64() % (last as u64 + 1);
        ids.swap(last, other as usize);
    }
}

/// Whether a load is above a limit, both times 1000.
fn is_over(load: u64, max: i64) -> bool {
    i64::try_from(load).is_ok_and(|load| load > max)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The flow case `queue_run_abandoned_by_load` needs a machine that does something; this does not.
    #[test]
    fn a_load_at_the_limit_is_none_too_many() {
        for (load, max, over) in [(0, 0, false), (1, 0, true), (1000, 1000, false), (1010, 1000, true)] {
            assert_eq!(is_over(load, max), over, "{load} {max}");
        }
        assert!(!is_over(u64::MAX, 0), "no load");
    }
}
