//! The parameter sets of a rule, and the arithmetic of the next try.
//!
//! # Compatibility
//! Specification, section "Retry parameters". The interval that `G` and `H` go on from is the shorter of the one that
//! was planned and the one that passed, in whole seconds, as the oracle's hints show.

use std::fmt;
use std::time::Duration;

use mail_types::clock::{Entropy, Timestamp};

use mail_types::interval as time_text;

use super::{NextTry, RetryTimes};

/// One `letter,cutoff,arguments`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    letter: Letter,
    cutoff: Duration,
    interval: Duration,
    /// In thousandths.
    factor: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Letter {
    Fixed,
    Geometric,
    Random,
}

/// Reads all sets of a rule. The error is Exim's text.
pub(crate) fn parse(mut text: &[u8]) -> Result<Vec<Schedule>, String> {
    let mut sets = Vec::new();
    loop {
        text = text.trim_ascii_start();
        let Some((&letter, rest)) = text.split_first() else {
            return Ok(sets);
        };
        let (set, rest) = one(letter, rest)?;
        sets.push(set);
        text = rest.trim_ascii_start();
        match text.split_first() {
            None => return Ok(sets),
            Some((b';', rest)) => text = rest,
            Some(_) => return Err("semicolon expected".into()),
        }
    }
}

fn one(letter: u8, rest: &[u8]) -> Result<(Schedule, &[u8]), String> {
    let bad = || "bad parameters for retry rule".to_owned();
    let (cutoff, rest) = argument(rest, Argument::Time)?;
    let cutoff = time_text::parse_duration(cutoff);
    let letter = match letter.to_ascii_uppercase() {
        b'F' => Letter::Fixed,
        b'G' => Letter::Geometric,
        b'H' => Letter::Random,
        _ => return Err("unknown retry rule letter".into()),
    };
    let (interval, mut rest) = argument(rest, Argument::Time)?;
    let interval = time_text::parse_duration(interval);
    let mut factor = Some(1_000);
    if letter != Letter::Fixed {
        let text;
        (text, rest) = argument(rest, Argument::Factor)?;
        factor = thousandths(text).filter(|factor| *factor >= 1_000);
    }
    let set = Schedule {
        letter,
        cutoff: cutoff.filter(|cutoff| !cutoff.is_zero()).ok_or_else(bad)?,
        interval: interval.filter(|interval| !interval.is_zero()).ok_or_else(bad)?,
        factor: factor.ok_or_else(bad)?,
    };
    Ok((set, rest))
}

/// What kind of argument is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Argument {
    Time,
    Factor,
}

/// The letters and digits after a comma, and the dots of a factor.
fn argument(text: &[u8], kind: Argument) -> Result<(&[u8], &[u8]), String> {
    let Some(rest) = text.strip_prefix(b",") else {
        return Err("comma expected".into());
    };
    let rest = rest.trim_ascii_start();
    let dots = kind == Argument::Factor;
    let end = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || (dots && **b == b'.')).count();
    match rest.get(end) {
        Some(b) if !b.is_ascii_whitespace() && !matches!(b, b',' | b';') => {
            Err("comma or semicolon expected".into())
        }
        _ => Ok(rest.split_at(end)),
    }
}

/// A number with up to three places that count.
fn thousandths(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || !whole.bytes().chain(places.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut value = whole.parse::<u64>().ok()?.checked_mul(1_000)?;
    for (place, power) in places.bytes().take(3).zip([100, 10, 1]) {
        value = value.checked_add(u64::from(place - b'0') * power)?;
    }
    Some(value)
}

impl Schedule {
    pub(crate) fn cutoff(&self) -> Duration {
        self.cutoff
    }

    /// The interval to wait, after `last` was waited for.
    fn interval(&self, last: u64, entropy: &dyn Entropy) -> u64 {
        let first = self.interval.as_secs().max(1);
        let grown = last.saturating_mul(self.factor) / 1_000;
        match self.letter {
            Letter::Fixed => first,
            Letter::Geometric if last < first => first,
            Letter::Geometric => grown.max(last.saturating_add(1)),
            Letter::Random if grown <= first => first,
            Letter::Random => first + entropy.next_u64() % (grown - first + 1),
        }
    }
}

/// When to try again after a failure at `now`.
pub(crate) fn next_try(
    sets: &[Schedule],
    times: Option<&RetryTimes>,
    now: Timestamp,
    longest: Duration,
    entropy: &dyn Entropy,
) -> NextTry {
    // Whole seconds, and a cutoff that is just reached has not passed: both as the oracle's hints show.
    let failing = times.map_or(0, |times| now.secs().saturating_sub(times.first_failed.secs()));
    let failing = Duration::from_secs(failing.max(0) as u64);
    let active = sets.iter().find(|set| failing <= set.cutoff);
    let Some(set) = active.or(sets.last()) else {
        return NextTry { next_try: now, expired: true };
    };
    let last = times.map_or(0, |times| {
        let planned = times.next_try.since(times.last_try).as_secs();
        planned.min(now.since(times.last_try).as_secs())
    });
    let wait = Duration::from_secs(set.interval(last, entropy)).min(longest);
    NextTry { next_try: now.plus(wait), expired: active.is_none() }
}

impl fmt::Display for Schedule {
    /// As `-brt` shows it; the factor of `H` is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = match self.letter {
            Letter::Fixed => 'F',
            Letter::Geometric => 'G',
            Letter::Random => 'H',
        };
        write!(
            f,
            "{letter},{},{}",
            time_text::format(self.cutoff.as_secs()),
            time_text::format(self.interval.as_secs())
        )?;
        if self.letter == Letter::Geometric {
            let places = format!("{:03}", self.factor % 1_000);
            let places = places.trim_end_matches('0');
            write!(f, ",{}.{}", self.factor / 1_000, if places.is_empty() { "0" } else { places })?;
        }
        f.write_str(";")
    }
}
