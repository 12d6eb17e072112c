//! A helper that expands later lines on another processor, while the earlier ones are expanded here.
//!
//! # Invariants
//! * A line that has an effect, or leaves other captures and the like behind than it found, is not answered here: the
//!   helper stops before it.
//!
//! # Failure
//! A helper that cannot be had, or that failed, costs time only: the lines are answered in order.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use ::expand::Scope;
use ::expand::lookup::Moment;
use mail_types::trace::{self, Category};
use mta::context::Context;
use tokio::runtime::Handle;

use super::lines::{Lines, MANY_ANSWERS, answer};

/// Somebody who works ahead.
pub(super) enum Helper {
    /// There is none.
    Off,
    /// One may be called.
    Callable,
    /// There is one.
    At(Sender<Errand>, Receiver<Ahead>),
}

/// Lines to be answered.
pub(super) struct Errand {
    lines: Vec<u8>,
    scope: Scope,
    moment: Option<Moment>,
}

/// What the helper did.
pub(super) struct Ahead {
    /// How many bytes of the lines are answered.
    pub(super) answered: usize,
    pub(super) answers: Vec<u8>,
}

impl Helper {
    /// One where there is a processor for it. A trace is that of one line after the other.
    pub(super) fn new() -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        if processors > 1 && !trace::on(Category::Expand) { Self::Callable } else { Self::Off }
    }

    /// Gives lines to the helper, which takes the scope to be as it is now; false when there is none.
    pub(super) fn begin(&mut self, lines: &[u8], context: &Context) -> bool {
        if matches!(self, Self::Callable) {
            *self = Self::call(context.to_work_ahead());
        }
        let errand = Errand { lines: lines.to_vec(), scope: context.scope.clone(), moment: context.moment() };
        matches!(self, Self::At(errands, _) if errands.send(errand).is_ok())
    }

    /// Waits for what the helper did.
    pub(super) fn finish(&mut self) -> Option<Ahead> {
        let Self::At(_, done) = self else { return None };
        let ahead = done.recv().ok();
        if ahead.is_none() {
            *self = Self::Off;
        }
        ahead
    }

    /// There will be none any more.
    pub(super) fn dismiss(&mut self) {
        *self = Self::Off;
    }

    fn call(mut context: Context) -> Self {
        let (errands, received) = channel::<Errand>();
        let (send, done) = channel();
        let runtime = Handle::current();
        let work = move || {
            let _inside = runtime.enter();
            while let Ok(errand) = received.recv() {
                if send.send(errand.run(&mut context)).is_err() {
                    break;
                }
            }
        };
        match thread::Builder::new().name("ahead".to_owned()).spawn(work) {
            Ok(_) => Self::At(errands, done),
            Err(_) => Self::Off,
        }
    }
}

impl Errand {
    fn run(self, context: &mut Context) -> Ahead {
        context.scope = self.scope.clone();
        context.set_moment(self.moment);
        let effects = context.effects();
        let mut ahead = Ahead { answered: 0, answers: Vec::with_capacity(self.lines.len()) };
        let mut lines = Lines::new(&self.lines);
        while ahead.answers.len() < MANY_ANSWERS {
            let Some(line) = lines.next() else { break };
            let before = ahead.answers.len();
            answer(line, context, &mut ahead.answers);
            if context.effects() != effects || context.scope != self.scope {
                ahead.answers.truncate(before);
                break;
            }
            ahead.answered = lines.at;
        }
        ahead
    }
}
