//! New message ids.
//!
//! The time is the clock's, pushed on by the smallest step while it stands still. The second field is the process id
//! with a *generation* above it: a number that each process draws from the spool (see [`crate::generation`]) before its
//! first id, and again when it sees the clock go back. So neither a process id that comes again nor a clock that was
//! stepped back gives an id twice.
//!
//! # Invariants
//! * Within a generation, times only grow. No two processes share a generation.
//!
//! # Failure
//! Without a generation no id is given, and the peer hears 4xx. Generations that were deleted start again at one; then
//! the exclusive creation of -D is what stands against a collision.
//!
//! # Compatibility
//! Specification section "Message identification"; option `localhost_number`. The generation is ours: the second field
//! is larger than the process id alone.

use std::sync::{Mutex, PoisonError};

use mail_types::{MessageId, Timestamp};

/// How many process ids there are (Linux: 2^22 at most).
const PROCESSES: u64 = 1 << 22;

/// A step back of the clock that is smaller than this is waited out by running ahead.
const TOLERANCE_MICROS: i64 = 1_000_000;

/// What an id looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct IdForm {
    pub(crate) short: bool,
    pub(crate) localhost_number: Option<u16>,
}

impl IdForm {
    /// Length of a unit of the last field, in microseconds.
    fn unit(self) -> i64 {
        match (self.short, self.localhost_number) {
            (false, None) => 1,
            (false, Some(_)) => 2,
            (true, None) => 500,
            (true, Some(_)) => 5_000,
        }
    }

    fn make(self, time: Timestamp, process: u64) -> MessageId {
        let unit = self.unit();
        let units_in_a_second = 1_000_000 / unit;
        let host = self.localhost_number.map_or(0, u64::from) * units_in_a_second as u64;
        let fraction = host + u64::from(time.subsec_micros()) / unit as u64;
        let secs = u64::try_from(time.secs()).unwrap_or(0);
        if self.short {
            MessageId::short(secs, process, fraction)
        } else {
            MessageId::long(secs, process, fraction)
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct IdAllocator {
    state: Mutex<Option<Sequence>>,
}

#[derive(Debug)]
struct Sequence {
    generation: u64,
    last: Timestamp,
}

impl IdAllocator {
    /// The next id. `new_generation` is asked when one is needed.
    pub(crate) fn next<E>(
        &self,
        form: IdForm,
        now: Timestamp,
        pid: u32,
        new_generation: impl FnOnce() -> Result<u64, E>,
    ) -> Result<MessageId, E> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let unit = form.unit();
        let tick = Timestamp(now.micros().div_euclid(unit) * unit);
        let (generation, time) = match &*state {
            Some(s) if tick > s.last => (s.generation, tick),
            Some(s) if s.last.micros() - tick.micros() < TOLERANCE_MICROS.max(unit * 2) => {
                (s.generation, Timestamp(s.last.micros() + unit))
            }
            _ => (new_generation()?, tick),
        };
        *state = Some(Sequence { generation, last: time });
        Ok(form.make(time, generation.wrapping_mul(PROCESSES).wrapping_add(u64::from(pid))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::convert::Infallible;

    const NOW: Timestamp = Timestamp(1_795_354_770_123_456);

    fn ids(
        form: IdForm,
        times: impl IntoIterator<Item = Timestamp>,
        generations: &mut u64,
    ) -> Vec<MessageId> {
        let allocator = IdAllocator::default();
        let next = |now| {
            let new_generation = || {
                *generations += 1;
                Ok::<_, Infallible>(*generations)
            };
            let Ok(id) = allocator.next(form, now, 7, new_generation);
            id
        };
        times.into_iter().map(next).collect()
    }

    #[test]
    fn fields_are_those_of_the_specification() {
        let cases = [
            (false, None, 123_456),
            (false, Some(3), 3 * 500_000 + 123_456 / 2),
            (true, None, 123_456 / 500),
            (true, Some(3), 3 * 200 + 123_456 / 5000),
        ];
        for (short, localhost_number, fraction) in cases {
            let id = ids(IdForm { short, localhost_number }, [NOW], &mut 0)[0];
            let make = if short { MessageId::short } else { MessageId::long };
            assert_eq!(id, make(NOW.secs() as u64, PROCESSES + 7, fraction));
            assert_eq!((id.is_long(), id.time().secs()), (!short, NOW.secs()));
        }
    }

    #[test]
    fn a_clock_that_stands_still_gives_new_ids() {
        for short in [false, true] {
            let form = IdForm { short, localhost_number: None };
            let mut generations = 0;
            let made: HashSet<_> = ids(form, vec![NOW; 5000], &mut generations).into_iter().collect();
            assert_eq!(made.len(), 5000, "short: {short}");
        }
    }

    #[test]
    fn a_clock_that_goes_back_gives_new_ids() {
        let hour = std::time::Duration::from_hours(1);
        let times = [NOW, NOW.plus(hour), NOW, NOW.plus(hour), NOW, NOW.minus(hour), NOW];
        for short in [false, true] {
            let mut generations = 0;
            let form = IdForm { short, localhost_number: None };
            let made = ids(form, times, &mut generations);
            assert_eq!(made.iter().collect::<HashSet<_>>().len(), times.len());
            assert!(made.iter().zip(times).all(|(id, time)| id.time().secs() == time.secs()));
        }
    }

    #[test]
    fn a_process_id_that_comes_again_gives_new_ids() {
        let mut generations = 0;
        let first = ids(IdForm::default(), [NOW; 10], &mut generations);
        let second = ids(IdForm::default(), [NOW; 10], &mut generations);
        assert!(second.iter().all(|id| !first.contains(id)));
    }
}
