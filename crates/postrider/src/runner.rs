//! Queue runs, and the daemon's first deliveries.
//!
//! # Invariants
//! * At most `queue_run_max` runs and `deliveries_max` deliveries at a time.
//! * A message is looked at under its lock; what a run saw before is only a hint.
//!
//! # Failure
//! A panic in one attempt costs that attempt: the message stays in the queue and the panic log says so.

use std::sync::{Arc, OnceLock, Weak};

use config::options::{main, postrider};
use expand::regex::{Flags, Regex};
use mail_types::MessageId;
use mta::deliver::AttemptKind;
use mta::services::{Arrival, QueueWaker, Services};
use observe::Event;
use observe::event::ProcessEvent;
use tokio::sync::Semaphore;

use crate::argv::{QueueRun, Select};
use crate::delivery::deliver;

/// One queue run: every message that the run is for, one after the other, in the order of their ids or at random.
pub(crate) async fn run_once(wanted: &QueueRun, services: &Arc<Services>) {
    let options = letters(wanted);
    let pid = std::process::id();
    services.log.write(&Event::from(ProcessEvent::QueueRunStarted { pid, options: options.clone(), queue: wanted.queue.clone() }));
    match pick(wanted, services).await {
        Ok(ids) => run_all(ids, kind(wanted), services).await,
        Err(reason) => services.log.problem(None, format!("the queue cannot be read: {reason}")),
    }
    services.log.write(&Event::from(ProcessEvent::QueueRunEnded { pid, options, queue: wanted.queue.clone() }));
}

async fn run_all(ids: Vec<MessageId>, kind: AttemptKind, services: &Arc<Services>) {
    for id in ids {
        guarded(id, kind, services).await;
    }
}

/// An attempt whose panic stays with it.
async fn guarded(id: MessageId, kind: AttemptKind, services: &Arc<Services>) {
    let owned = Arc::clone(services);
    let attempt = tokio::spawn(async move { deliver(vec![id], kind, &owned).await });
    if let Err(error) = attempt.await
        && error.is_panic()
    {
        services.log.problem(Some(&id), "the delivery attempt failed inside (a fault of this program); the message stays in the queue");
    }
}

/// The messages that a run is for.
async fn pick(wanted: &QueueRun, services: &Arc<Services>) -> Result<Vec<MessageId>, String> {
    let (wanted, shared) = (wanted.clone(), Arc::clone(services));
    let picked = services.pools.spool.run(move || {
        let mut ids = shared.spool.message_ids().map_err(|e| e.to_string())?;
        let bound = |text: &Option<Vec<u8>>| text.as_deref().and_then(MessageId::parse);
        let (from, to) = (bound(&wanted.from), bound(&wanted.to));
        ids.retain(|id| from.is_none_or(|from| *id >= from) && to.is_none_or(|to| *id <= to));
        if wanted.recipients.is_some() || wanted.senders.is_some() || wanted.initial_only {
            let choice = Choice::new(&wanted)?;
            ids.retain(|id| shared.spool.read_header(id).ok().flatten().is_some_and(|header| choice.takes(&header)));
        }
        if !shared.snapshot().main.get(main::QUEUE_RUN_IN_ORDER) && wanted.from.is_none() {
            shuffle(&mut ids, shared.entropy.as_ref());
        }
        Ok::<_, String>(ids)
    });
    picked.await.map_err(|_| "the program is ending".to_owned())?
}

/// Which messages `-R`, `-S` and `i` take.
struct Choice {
    recipients: Option<Pattern>,
    senders: Option<Pattern>,
    initial_only: bool,
}

enum Pattern {
    Text(Vec<u8>),
    Regex(Regex),
}

impl Choice {
    fn new(wanted: &QueueRun) -> Result<Self, String> {
        let pattern = |select: &Option<Select>| select.as_ref().map(Pattern::new).transpose();
        Ok(Self { recipients: pattern(&wanted.recipients)?, senders: pattern(&wanted.senders)?, initial_only: wanted.initial_only })
    }

    fn takes(&self, header: &spool::Header) -> bool {
        let sender = self.senders.as_ref().is_none_or(|p| p.matches(&header.sender));
        let recipient = self.recipients.as_ref().is_none_or(|p| header.pending().any(|r| p.matches(&r.address)));
        sender && recipient && (!self.initial_only || header.deliver_firsttime)
    }
}

impl Pattern {
    fn new(select: &Select) -> Result<Self, String> {
        if !select.regex {
            return Ok(Self::Text(select.text.to_ascii_lowercase()));
        }
        let compiled = Regex::compile(&select.text, Flags { caseless: true, ..Flags::default() });
        compiled.map(Self::Regex).map_err(|e| format!("the pattern does not compile: {}", e.message))
    }

    fn matches(&self, address: &[u8]) -> bool {
        match self {
            Self::Text(text) => address.to_ascii_lowercase().windows(text.len().max(1)).any(|w| w == text.as_slice()),
            Self::Regex(regex) => regex.is_match(address).unwrap_or(false),
        }
    }
}

fn shuffle(ids: &mut [MessageId], entropy: &dyn mail_types::Entropy) {
    for last in (1..ids.len()).rev() {
        let other = entropy.next_u64() % (last as u64 + 1);
        ids.swap(last, other as usize);
    }
}

fn kind(wanted: &QueueRun) -> AttemptKind {
    match (wanted.force_frozen, wanted.force, wanted.local_only) {
        (true, _, _) => AttemptKind::QueueRunForcedThaw,
        (_, true, _) => AttemptKind::QueueRunForced,
        (_, _, true) => AttemptKind::QueueRunLocalOnly,
        _ => AttemptKind::QueueRun,
    }
}

/// The letters of the run, as Exim logs them.
fn letters(wanted: &QueueRun) -> Vec<u8> {
    let mut text = String::new();
    for (on, letter) in [
        (wanted.two_stage, "q"),
        (wanted.initial_only, "i"),
        (wanted.force, "f"),
        (wanted.force_frozen, "f"),
        (wanted.local_only, "l"),
    ] {
        if on {
            text.push_str(letter);
        }
    }
    if text.is_empty() { Vec::new() } else { format!("-q{text}").into_bytes() }
}

/// The daemon's own: a first delivery for each message that arrives, as soon as there is room.
pub(crate) struct FirstDeliveries {
    services: OnceLock<Weak<Services>>,
    room: Arc<Semaphore>,
}

impl FirstDeliveries {
    /// At most so many at a time as the configuration says.
    pub(crate) fn new(config: &config::Config) -> Self {
        let most = usize::try_from(config.main.get(postrider::DELIVERIES_MAX)).unwrap_or(50).max(1);
        Self { services: OnceLock::new(), room: Arc::new(Semaphore::new(most)) }
    }

    /// Tells about the services; they hold the waker, so it holds them weakly. Only the first call counts.
    pub(crate) fn attach(&self, services: &Arc<Services>) {
        let _ = self.services.set(Arc::downgrade(services));
    }
}

impl QueueWaker for FirstDeliveries {
    fn message_arrived(&self, id: MessageId, how: Arrival) {
        let kind = match how {
            Arrival::Queue => return,
            Arrival::Deliver => AttemptKind::Arrival,
            Arrival::QueueRemote => AttemptKind::ArrivalLocalOnly,
        };
        let Some(services) = self.services.get().and_then(Weak::upgrade) else { return };
        let room = Arc::clone(&self.room);
        tokio::spawn(async move {
            // Closed only when the program ends; the queue keeps the message.
            let Ok(_permit) = room.acquire_owned().await else { return };
            guarded(id, kind, &services).await;
        });
    }

    fn size(&self) -> u64 {
        let services = self.services.get().and_then(Weak::upgrade);
        services.and_then(|s| mta::queue::listing::count(&s.spool).ok()).map_or(0, |count| count as u64)
    }
}
