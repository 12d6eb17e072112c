//! How many deliveries may go through a transport, or to a host, at the same time.
//!
//! # Invariants
//! * A place is taken before a delivery begins, and is free again when its [`Place`] is dropped.
//! * Whoever waits for a place holds none at another host, so that nobody waits for ever.
//!
//! # Compatibility
//! Options `max_parallel` and `serialize_hosts`. The deliveries of one server are counted; Exim counts those of all its
//! processes in a hints database (docs/compat.md).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// The places that are taken.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    taken: Arc<Mutex<HashMap<Subject, u64>>>,
    changed: Arc<Notify>,
}

/// What deliveries are counted by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Subject {
    Transport(String),
    Host(Vec<u8>),
    Address(IpAddr, u16),
}

/// A place among those that may deliver at the same time.
#[derive(Debug)]
pub struct Place {
    limits: Limits,
    subject: Subject,
}

impl Limits {
    /// A place in a transport that carries at most `most` deliveries at once; none when all are taken.
    pub(crate) fn of_transport(&self, transport: &str, most: u64) -> Option<Place> {
        self.take(Subject::Transport(transport.to_owned()), most)
    }

    /// The only place at a host; none when it is taken.
    pub(crate) fn alone_at(&self, host: &[u8]) -> Option<Place> {
        self.take(Subject::Host(host.to_ascii_lowercase()), 1)
    }

    /// A place among the connections to an address, of which at most `most` are open at once (0 is no limit).
    pub(crate) fn at_address(&self, address: IpAddr, port: u16, most: u64) -> Option<Place> {
        self.take(Subject::Address(address, port), if most == 0 { u64::MAX } else { most })
    }

    /// Comes back when a place has become free, or a connection can be used again, after this call.
    pub(crate) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Wakes those who wait for a place.
    pub(crate) fn tell(&self) {
        self.changed.notify_waiters();
    }

    fn take(&self, subject: Subject, most: u64) -> Option<Place> {
        let mut taken = self.lock();
        let count = taken.entry(subject.clone()).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Place { limits: self.clone(), subject })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Subject, u64>> {
        // A panic elsewhere leaves the map whole: its operations don't panic half way.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.limits.lock();
        if let Some(count) = taken.get_mut(&self.subject) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.remove(&self.subject);
            }
        }
        drop(taken);
        self.limits.tell();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_and_given_back() {
        let limits = Limits::default();
        let (first, second) = (limits.of_transport("t", 2), limits.of_transport("t", 2));
        assert!(first.is_some() && second.is_some() && limits.of_transport("t", 2).is_none());
        assert!(limits.of_transport("other", 1).is_some());
        drop(first);
        assert!(limits.of_transport("t", 2).is_some());
        let alone = limits.alone_at(b"MX.example");
        assert!(alone.is_some() && limits.alone_at(b"mx.example").is_none());
        drop(alone);
        assert!(limits.alone_at(b"mx.example").is_some());
        drop(second);
        assert!(limits.lock().is_empty(), "nothing is left behind");
    }
}
