//! What the manager knows: the index, what was asked for, what is under way.
//!
//! # Invariants
//! * `active` holds a message from the start of its attempt to the end; nothing starts a second one.

use std::collections::{HashMap, HashSet, VecDeque};

use mail_types::{MessageId, Timestamp};
use tokio::sync::oneshot;

use super::super::index::Index;
use super::super::run::Run;
use crate::deliver::{AttemptEnd, AttemptKind, AttemptReport};
use crate::services::Services;

#[derive(Default)]
pub(super) struct State {
    pub(super) index: Index,
    asked: VecDeque<(MessageId, AttemptKind)>,
    /// Under way; the kind is that of a further attempt that was asked for meanwhile.
    active: HashMap<MessageId, Option<AttemptKind>>,
    /// Who waits for messages to be tried.
    waiting: Vec<Waiting>,
    runs: HashMap<usize, UnderWay>,
    next_run: usize,
}

/// Somebody who asked for attempts.
struct Waiting {
    left: HashSet<MessageId>,
    /// Dropped when all are over, which tells him.
    _done: oneshot::Sender<()>,
}

struct UnderWay {
    run: Run,
    attempts: usize,
    exhausted: bool,
    _done: Option<oneshot::Sender<()>>,
}

impl State {
    /// A message is to be tried.
    pub(super) fn ask(&mut self, id: MessageId, kind: AttemptKind) {
        match self.active.get_mut(&id) {
            Some(again) => *again = Some(kind),
            None => self.asked.push_back((id, kind)),
        }
    }

    /// Messages are to be tried, and `done` to be told.
    pub(super) fn ask_all(&mut self, ids: Vec<MessageId>, kind: AttemptKind, done: oneshot::Sender<()>) {
        for id in &ids {
            self.ask(*id, kind);
        }
        if !ids.is_empty() {
            self.waiting.push(Waiting { left: ids.into_iter().collect(), _done: done });
        }
    }

    /// The next message that was asked for and is not under way; it is then.
    pub(super) fn next_asked(&mut self) -> Option<(MessageId, AttemptKind)> {
        while let Some((id, kind)) = self.asked.pop_front() {
            if self.claim(id) {
                return Some((id, kind));
            }
            self.ask(id, kind);
        }
        None
    }

    /// Takes a message for an attempt; false when there is one under way.
    pub(super) fn claim(&mut self, id: MessageId) -> bool {
        let free = !self.active.contains_key(&id);
        if free {
            self.active.insert(id, None);
        }
        free
    }

    /// An attempt is over.
    pub(super) fn over(&mut self, id: MessageId, run: Option<usize>, report: &AttemptReport, now: Timestamp) {
        let again = self.active.remove(&id).flatten();
        match report.end {
            AttemptEnd::Completed | AttemptEnd::Gone => self.index.remove(&id),
            AttemptEnd::Deferred | AttemptEnd::Frozen | AttemptEnd::Locked | AttemptEnd::Unreadable => {
                self.index.put(id, report.next_try.unwrap_or(now));
                if let Some(kind) = again {
                    self.ask(id, kind);
                }
            }
        }
        for waiting in &mut self.waiting {
            waiting.left.remove(&id);
        }
        self.waiting.retain(|waiting| !waiting.left.is_empty());
        if let Some(under_way) = run.and_then(|number| self.runs.get_mut(&number)) {
            under_way.attempts -= 1;
        }
    }

    /// A look through the spool showed these messages.
    pub(super) fn saw(&mut self, seen: &HashSet<MessageId>, now: Timestamp) {
        let (active, asked) = (&self.active, &self.asked);
        let asked: HashSet<MessageId> = asked.iter().map(|(id, _)| *id).collect();
        self.index.reconcile(seen, now, |id| active.contains_key(id) || asked.contains(id));
    }

    pub(super) fn begin(&mut self, run: Run, done: Option<oneshot::Sender<()>>) {
        self.runs.insert(self.next_run, UnderWay { run, attempts: 0, exhausted: false, _done: done });
        self.next_run += 1;
    }

    pub(super) fn runs_under_way(&self) -> usize {
        self.runs.len()
    }

    /// A run that may have another attempt.
    pub(super) fn run_with_room(&self, most: usize) -> Option<usize> {
        let room = |run: &&UnderWay| !run.exhausted && run.attempts < most;
        let fitting = self.runs.iter().filter(|(_, run)| room(run));
        fitting.min_by_key(|(number, run)| (run.attempts, **number)).map(|(number, _)| *number)
    }

    pub(super) async fn next_of_run(
        &mut self,
        number: usize,
        services: &Services,
    ) -> Option<(MessageId, AttemptKind)> {
        self.runs.get_mut(&number)?.run.next(services).await
    }

    pub(super) fn count_in(&mut self, number: usize) {
        if let Some(run) = self.runs.get_mut(&number) {
            run.attempts += 1;
        }
    }

    /// A run has no further messages.
    pub(super) fn exhausted(&mut self, number: usize) {
        if let Some(run) = self.runs.get_mut(&number) {
            run.exhausted = true;
        }
    }

    /// Runs whose last attempt is over.
    pub(super) fn take_finished_runs(&mut self) -> Vec<Run> {
        let finished = |run: &UnderWay| run.exhausted && run.attempts == 0;
        let numbers: Vec<usize> =
            self.runs.iter().filter(|(_, run)| finished(run)).map(|(number, _)| *number).collect();
        numbers.iter().filter_map(|number| self.runs.remove(number)).map(|under_way| under_way.run).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u64) -> MessageId {
        MessageId::long(1, n, 0)
    }

    fn report(end: AttemptEnd) -> AttemptReport {
        AttemptReport::ended(end)
    }

    #[test]
    fn a_message_is_tried_once_at_a_time_and_again_when_asked_meanwhile() {
        let mut state = State::default();
        state.ask(id(1), AttemptKind::Arrival);
        assert_eq!(state.next_asked(), Some((id(1), AttemptKind::Arrival)));
        assert!(!state.claim(id(1)));
        state.ask(id(1), AttemptKind::Forced);
        assert_eq!(state.next_asked(), None);
        state.over(id(1), None, &report(AttemptEnd::Deferred), Timestamp(5));
        assert_eq!(state.next_asked(), Some((id(1), AttemptKind::Forced)));
        state.over(id(1), None, &report(AttemptEnd::Completed), Timestamp(6));
        assert_eq!((state.next_asked(), state.index.len()), (None, 0));
    }

    #[test]
    fn who_asked_hears_of_the_end() {
        let mut state = State::default();
        let (done, mut over) = oneshot::channel();
        state.ask_all(vec![id(1), id(2)], AttemptKind::Forced, done);
        for n in 1..=2 {
            assert!(over.try_recv().is_err_and(|error| error == oneshot::error::TryRecvError::Empty));
            let (next, _) = state.next_asked().unwrap();
            assert_eq!(next, id(n));
            state.over(next, None, &report(AttemptEnd::Completed), Timestamp(0));
        }
        assert!(over.try_recv().is_err_and(|error| error == oneshot::error::TryRecvError::Closed));
    }

    #[test]
    fn a_look_through_the_spool_leaves_what_is_under_way() {
        let mut state = State::default();
        for n in 1..=3 {
            state.index.put(id(n), Timestamp(0));
        }
        assert!(state.claim(id(1)));
        state.ask(id(2), AttemptKind::Arrival);
        state.saw(&HashSet::from([id(4)]), Timestamp(9));
        assert_eq!(state.index.in_order(), [id(1), id(2), id(4)]);
    }
}
