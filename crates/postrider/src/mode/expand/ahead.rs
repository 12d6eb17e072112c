//! Helpers that expand later lines, each on a processor of its own, before their turn comes.
//!
//! # Invariants
//! * A line that has an effect, or leaves other captures and the like behind than it found, is not answered here: the
//!   helper stops before it.
//!
//! # Failure
//! A helper that cannot be had, or that failed, costs time only: the lines are answered in order.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use ::expand::Scope;
use ::expand::lookup::Moment;
use mail_types::trace::{self, Category};
use mta::context::Context;
use tokio::runtime::Handle;

use super::lines::{Lines, MANY_ANSWERS, answer};

/// More helpers than this are not called, however many processors there are.
const MOST: usize = 8;

/// Those who work ahead.
pub(super) enum Helpers {
    /// There are none.
    Off,
    /// So many may be called.
    Callable(usize),
    /// They are at work.
    At(Crew),
}

/// An errand, and where to say what came of it.
type Order = (Errand, Sender<Ahead>);

/// Helpers that take errands from one queue.
pub(super) struct Crew {
    errands: Sender<Order>,
    count: usize,
    /// The effects of the context that they are copies of.
    effects: u64,
}

/// Lines to be answered.
pub(super) struct Errand {
    /// Complete lines.
    pub(super) lines: Arc<Vec<u8>>,
    /// What they find.
    pub(super) scope: Arc<Scope>,
    /// When lookups look at their files.
    pub(super) moment: Option<Moment>,
}

/// What a helper did.
pub(super) struct Ahead {
    /// How many bytes of the lines are answered.
    pub(super) answered: usize,
    pub(super) answers: Vec<u8>,
}

impl Helpers {
    /// One for each processor, if there is more than one. A trace is that of one line after the other.
    pub(super) fn new() -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        if processors > 1 && !trace::on(Category::Expand) {
            Self::Callable(processors.min(MOST))
        } else {
            Self::Off
        }
    }

    /// Those who see the world as this context does now, if there are any.
    pub(super) fn crew(&mut self, context: &Context) -> Option<&Crew> {
        if let Self::Callable(most) = *self {
            *self = Crew::call(most, context).map_or(Self::Off, Self::At);
        }
        if matches!(self, Self::At(crew) if crew.effects != context.effects()) {
            *self = Self::Off;
        }
        if let Self::At(crew) = self { Some(crew) } else { None }
    }
}

impl Crew {
    fn call(most: usize, context: &Context) -> Option<Self> {
        let (errands, queue) = channel();
        let queue = Arc::new(Mutex::new(queue));
        let count = (0..most).filter(|_| start(context.to_work_ahead(), Arc::clone(&queue))).count();
        (count > 0).then(|| Self { errands, count, effects: context.effects() })
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Gives one of them an errand. Where it fails, nothing comes of it.
    pub(super) fn send(&self, errand: Errand) -> Receiver<Ahead> {
        let (done, ahead) = channel();
        // An errand that nobody takes is told by the receiver.
        let _ = self.errands.send((errand, done));
        ahead
    }
}

/// Starts one; false when it cannot be had.
fn start(mut context: Context, queue: Arc<Mutex<Receiver<Order>>>) -> bool {
    let runtime = Handle::current();
    let work = move || {
        let _inside = runtime.enter();
        loop {
            // The lock is held while the next errand is waited for, and no longer.
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok((errand, done)) = next else { break };
            // Whoever sent it may have changed his mind.
            let _ = done.send(errand.run(&mut context));
        }
    };
    thread::Builder::new().name("ahead".to_owned()).spawn(work).is_ok()
}

impl Errand {
    fn run(self, context: &mut Context) -> Ahead {
        context.scope = Scope::clone(&self.scope);
        context.set_moment(self.moment);
        let effects = context.effects();
        let mut ahead = Ahead { answered: 0, answers: Vec::with_capacity(self.lines.len()) };
        let mut lines = Lines::new(&self.lines);
        while ahead.answers.len() < MANY_ANSWERS {
            let Some(line) = lines.next() else { break };
            let before = ahead.answers.len();
            answer(line, context, &mut ahead.answers);
            if context.effects() != effects || context.scope != *self.scope {
                ahead.answers.truncate(before);
                break;
            }
            ahead.answered = lines.at;
        }
        ahead
    }
}
