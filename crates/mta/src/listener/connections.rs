//! How many connections are open, in all and for each host.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Connections that are served at a time, whatever `smtp_accept_max` says; more wait in the kernel's queue.
const ABSOLUTE_MAX: usize = 20_000;

/// The open connections of a daemon.
pub struct Connections {
    hosts: Mutex<HashMap<IpAddr, u32>>,
    permits: Arc<Semaphore>,
    closed: Notify,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            hosts: Mutex::new(HashMap::new()),
            permits: Arc::new(Semaphore::new(ABSOLUTE_MAX)),
            closed: Notify::new(),
        }
    }
}

/// Room for one connection.
pub(super) struct Room {
    _permit: Option<OwnedSemaphorePermit>,
}

/// One open connection; it counts as long as this exists.
pub(super) struct Counted {
    connections: Arc<Connections>,
    host: IpAddr,
    total: u32,
    from_host: u32,
    _room: Room,
}

impl Connections {
    /// Wait until another connection may be served.
    pub(super) async fn room(self: &Arc<Self>) -> Room {
        // The semaphore is never closed.
        Room { _permit: Arc::clone(&self.permits).acquire_owned().await.ok() }
    }

    pub(super) fn open(self: &Arc<Self>, host: IpAddr, room: Room) -> Counted {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let from_host = hosts.entry(host).or_insert(0);
        *from_host += 1;
        let from_host = *from_host;
        let total = hosts.values().sum();
        Counted { connections: Arc::clone(self), host, total, from_host, _room: room }
    }

    /// Connections that are open now.
    pub fn total(&self) -> u32 {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }

    /// Resolves when none is open.
    pub(super) async fn all_closed(&self) {
        loop {
            let closed = self.closed.notified();
            if self.total() == 0 {
                return;
            }
            closed.await;
        }
    }
}

impl Counted {
    /// Open connections when this one was accepted, this one included.
    pub(super) fn total(&self) -> u32 {
        self.total
    }

    /// The same from this host.
    pub(super) fn same_host(&self) -> u32 {
        self.from_host
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut hosts = self.connections.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = hosts.get_mut(&self.host) {
            *count -= 1;
            if *count == 0 {
                hosts.remove(&self.host);
            }
        }
        drop(hosts);
        self.connections.closed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn connections_count_while_they_are_open() {
        let connections = Arc::new(Connections::default());
        let (a, b) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let first = connections.open(a, connections.room().await);
        let second = connections.open(a, connections.room().await);
        let third = connections.open(b, connections.room().await);
        assert_eq!((first.total(), second.total(), third.total()), (1, 2, 3));
        assert_eq!((second.same_host(), third.same_host()), (2, 1));
        drop((first, second));
        assert_eq!(connections.total(), 1);
        drop(third);
        connections.all_closed().await;
    }
}
