//! The server's queue manager: first deliveries as soon as messages arrive, queue runs at their interval.
//!
//! One task owns the index and everything under way; all others send it words. Each attempt is a task of its own.
//!
//! # Invariants
//! * At most [`ManagerOptions::deliveries`] attempts at a time, first deliveries before those of queue runs.
//! * A message is tried once at a time; a word about it that comes meanwhile is not lost: it is tried again after.
//!
//! # Failure
//! Words beyond [`WORDS_MAX`] are dropped; the next look through the spool finds the messages.

mod state;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use config::options::main;
use mail_types::{MessageId, Timestamp};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::run::Run;
use super::run_request::RunRequest;
use super::tasks::attempt_guarded;
use crate::context::Context;
use crate::context::facts::Facts;
use crate::deliver::{AttemptKind, AttemptReport};
use crate::services::{Arrival, QueueWaker, Services};
use state::State;

/// How the manager works.
#[derive(Clone, Debug)]
pub struct ManagerOptions {
    /// Time between queue runs; none without `-q<time>`.
    pub interval: Option<Duration>,
    /// The kind of these runs.
    pub run: RunRequest,
    /// Most attempts at a time.
    pub deliveries: usize,
    /// Most attempts of one queue run at a time.
    pub of_a_run: usize,
    /// How often the spool's directories are looked at for changes of others.
    pub watch: Duration,
}

impl Default for ManagerOptions {
    fn default() -> Self {
        Self {
            interval: None,
            run: RunRequest::default(),
            deliveries: 100,
            of_a_run: 10,
            watch: Duration::from_secs(5),
        }
    }
}

/// A word to the manager.
#[derive(Debug)]
pub(super) enum Word {
    /// A message stands in the spool.
    Arrived(MessageId, Arrival),
    /// Somebody asks for attempts; he hears when they are over.
    Deliver(Vec<MessageId>, AttemptKind, oneshot::Sender<()>),
    /// Somebody asks for a queue run; he hears when it is over.
    Run(Box<RunRequest>, oneshot::Sender<()>),
}

/// The end of the channel that everybody else holds.
#[derive(Clone, Debug)]
pub struct Waker {
    words: mpsc::Sender<Word>,
    size: Arc<AtomicU64>,
}

/// The manager's end.
#[derive(Debug)]
pub struct Inbox {
    words: mpsc::Receiver<Word>,
    size: Arc<AtomicU64>,
}

/// Makes both ends: the services need one before there can be a manager.
pub fn channel() -> (Waker, Inbox) {
    let (sender, receiver) = mpsc::channel(WORDS_MAX);
    let size = Arc::new(AtomicU64::new(0));
    (Waker { words: sender, size: Arc::clone(&size) }, Inbox { words: receiver, size })
}

impl QueueWaker for Waker {
    fn message_arrived(&self, id: MessageId, how: Arrival) {
        // A full channel loses the word; the next look through the spool finds the message.
        let _ = self.words.try_send(Word::Arrived(id, how));
    }

    fn size(&self) -> u64 {
        self.size.load(Ordering::Relaxed)
    }

    fn writes_overdue_logs(&self) -> bool {
        true
    }
}

impl Waker {
    /// Has messages tried, and waits for the end of it. False when there is no manager any more.
    pub async fn deliver(&self, ids: Vec<MessageId>, kind: AttemptKind) -> bool {
        let (done, over) = oneshot::channel();
        let sent = self.words.send(Word::Deliver(ids, kind, done)).await.is_ok();
        wait(over).await;
        sent
    }

    /// Has a queue run made, and waits for its end.
    pub async fn run(&self, request: RunRequest) -> bool {
        let (done, over) = oneshot::channel();
        let sent = self.words.send(Word::Run(Box::new(request), done)).await.is_ok();
        wait(over).await;
        sent
    }
}

/// The manager drops its end when the work is over.
async fn wait(over: oneshot::Receiver<()>) {
    let _dropped = over.await;
}

/// The server's queue manager.
pub struct Manager {
    services: Arc<Services>,
    options: ManagerOptions,
    state: State,
    attempts: JoinSet<(MessageId, Option<usize>, AttemptReport)>,
    size: Arc<AtomicU64>,
    watched: Option<SystemTime>,
}

impl Manager {
    /// Serves until `stopped` says so; attempts that are under way then are waited for.
    pub async fn serve(
        inbox: Inbox,
        services: Arc<Services>,
        options: ManagerOptions,
        mut stopped: watch::Receiver<bool>,
    ) {
        let Inbox { mut words, size } = inbox;
        let first_run = Instant::now();
        let mut runs = interval_at(first_run, options.interval.unwrap_or(NEVER));
        runs.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut watch = interval_at(Instant::now() + options.watch, options.watch);
        watch.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let has_runs = options.interval.is_some();
        let mut manager = Self {
            services,
            options,
            state: State::default(),
            attempts: JoinSet::new(),
            size,
            watched: None,
        };
        manager.look_through().await;
        loop {
            manager.start_what_can_be().await;
            tokio::select! {
                biased;
                _ = stopped.changed() => break,
                Some(ended) = manager.attempts.join_next() => manager.ended(ended),
                Some(word) = words.recv() => manager.word(word),
                _ = runs.tick(), if has_runs => manager.periodic_run().await,
                _ = watch.tick() => {
                    manager.services.log.write_overdue();
                    manager.look_for_changes().await;
                }
            }
        }
        while manager.attempts.join_next().await.is_some() {}
        manager.services.log.write_all_handed_on();
    }

    fn word(&mut self, word: Word) {
        match word {
            Word::Arrived(id, how) => {
                let now = self.now();
                self.state.index.put_new(id, now);
                match how {
                    Arrival::Queue => {}
                    Arrival::Deliver => self.state.ask(id, AttemptKind::Arrival),
                    Arrival::QueueRemote => self.state.ask(id, AttemptKind::ArrivalLocalOnly),
                }
            }
            Word::Deliver(ids, kind, done) => self.state.ask_all(ids, kind, done),
            Word::Run(request, done) => self.begin_run(&request, Some(done)),
        }
        self.tell_size();
    }

    async fn periodic_run(&mut self) {
        let most = self.queue_run_max().await;
        if most > 0 && self.state.runs_under_way() >= most {
            return;
        }
        let request = self.options.run.clone();
        self.begin_run(&request, None);
    }

    /// `queue_run_max`; 0 is no limit.
    async fn queue_run_max(&self) -> usize {
        let config = self.services.snapshot();
        let Some(text) = config.main.get(main::QUEUE_RUN_MAX) else { return 0 };
        let mut context =
            Context::with_config(Facts::default(), Arc::clone(&config), Arc::clone(&self.services));
        match context.on_pool(|context| context.eval(text)).await {
            Some(Ok(value)) => {
                let value = value.unwrap_or_default();
                std::str::from_utf8(value.bytes()).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
            }
            Some(Err(error)) => {
                self.services.log.problem(None, format!("queue_run_max: {}", error.message()));
                0
            }
            None => 0,
        }
    }

    fn begin_run(&mut self, request: &RunRequest, done: Option<oneshot::Sender<()>>) {
        let ids = self.state.index.in_order();
        if let Some(run) = Run::begin(request, ids, &self.services) {
            self.state.begin(run, done);
        }
    }

    /// Starts attempts while there is room: those that were asked for first, then those of runs.
    async fn start_what_can_be(&mut self) {
        while self.attempts.len() < self.options.deliveries {
            if let Some((id, kind)) = self.state.next_asked() {
                self.start(id, kind, None);
                continue;
            }
            let Some(number) = self.state.run_with_room(self.options.of_a_run) else { break };
            match self.state.next_of_run(number, &self.services).await {
                Some((id, kind)) => {
                    if self.state.claim(id) {
                        self.state.count_in(number);
                        self.start(id, kind, Some(number));
                    }
                }
                None => self.state.exhausted(number),
            }
        }
        for run in self.state.take_finished_runs() {
            run.end(&self.services);
        }
    }

    fn start(&mut self, id: MessageId, kind: AttemptKind, run: Option<usize>) {
        let services = Arc::clone(&self.services);
        self.attempts.spawn(async move { (id, run, attempt_guarded(id, kind, &services).await) });
    }

    fn ended(&mut self, ended: Result<(MessageId, Option<usize>, AttemptReport), tokio::task::JoinError>) {
        match ended {
            Ok((id, run, report)) => {
                let now = self.now();
                self.state.over(id, run, &report, now);
                self.tell_size();
            }
            // Attempts catch their own panics; one that was cancelled belongs to a runtime that ends.
            Err(error) => self.services.log.problem(None, format!("a delivery task ended: {error}")),
        }
    }

    /// A look at the times of the spool's directories; when they show a change, a look through the spool.
    async fn look_for_changes(&mut self) {
        let newest = self.newest_change().await;
        if newest.is_some() && newest != self.watched {
            self.look_through().await;
        }
    }

    async fn newest_change(&self) -> Option<SystemTime> {
        let spool = Arc::clone(&self.services.spool);
        let root = self.services.process.spool_directory.clone();
        let look = move || {
            let directories = spool.directories().unwrap_or_default();
            let changed =
                |path: &std::path::PathBuf| root.join(path).metadata().and_then(|data| data.modified()).ok();
            directories.iter().filter_map(changed).max()
        };
        self.services.pools.spool.run(look).await.ok().flatten()
    }

    async fn look_through(&mut self) {
        self.watched = self.newest_change().await;
        let spool = Arc::clone(&self.services.spool);
        match self.services.pools.spool.run(move || spool.message_ids()).await {
            Ok(Ok(ids)) => {
                let seen: HashSet<MessageId> = ids.into_iter().collect();
                let now = self.now();
                self.state.saw(&seen, now);
                self.tell_size();
            }
            Ok(Err(error)) => self.services.log.problem(None, format!("the queue can't be read: {error}")),
            Err(_) => {}
        }
    }

    fn tell_size(&self) {
        self.size.store(self.state.index.len() as u64, Ordering::Relaxed);
    }

    fn now(&self) -> Timestamp {
        self.services.clock.now()
    }
}

/// Words that wait for the manager.
const WORDS_MAX: usize = 10_000;
/// An interval for a timer that nobody looks at.
const NEVER: Duration = Duration::from_hours(24 * 365);
