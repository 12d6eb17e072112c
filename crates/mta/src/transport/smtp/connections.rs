//! Connections that stay open for the next message to the same host.
//!
//! # Invariants
//! * A kept connection has carried at least one message, holds no open transaction, and is kept for a few seconds only.
//! * What is kept is bounded, per host and in all.
//!
//! # Security
//! Connections are kept apart by all that makes a session: transport, address, port, interface, hello, protocol and TLS.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mail_types::message_id::MessageId;
use tokio::task::JoinSet;

use super::connection::{Connection, Endpoint};
use super::secure::Plan;
use crate::transport::limits::Limits;

/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_secs(5);
/// Idle connections to one host.
const PER_HOST: usize = 8;
/// Idle connections in all.
const IN_ALL: usize = 256;

/// What makes two sessions the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) transport: String,
    pub(super) endpoint: Endpoint,
    pub(super) helo: Vec<u8>,
    pub(super) tls: Plan,
}

/// The open connections, shared by all deliveries.
#[derive(Clone, Debug, Default)]
pub struct Connections {
    idle: Arc<Mutex<HashMap<Key, Vec<Kept>>>>,
    /// Connections on which QUIT has been sent and not answered yet.
    goodbyes: Arc<Mutex<JoinSet<()>>>,
    /// Who may deliver at the same time.
    pub(crate) limits: Limits,
}

#[derive(Debug)]
struct Kept {
    connection: Connection,
    /// What it carried last.
    message: Option<MessageId>,
    number: u64,
}

impl Connections {
    /// None open.
    pub fn new() -> Self {
        Self::default()
    }

    /// A connection that can be used again.
    ///
    /// Never one that has just carried another copy of the same message: those have connections of their own, as they
    /// have with Exim.
    pub(super) fn take(&self, key: &Key, message: Option<&MessageId>) -> Option<Connection> {
        let mut idle = self.lock();
        let kept = idle.get_mut(key)?;
        let mut found = None;
        let mut at = kept.len();
        while let Some(next) = at.checked_sub(1) {
            at = next;
            if message.is_some() && kept[at].message.as_ref() == message {
                continue;
            }
            let next = kept.remove(at);
            if next.connection.is_quiet() {
                found = Some(next.connection);
                break;
            }
        }
        if kept.is_empty() {
            idle.remove(key);
        }
        found
    }

    /// Keeps a connection for a while.
    pub(super) fn keep(&self, key: Key, message: Option<MessageId>, connection: Connection) {
        use std::sync::atomic::{AtomicU64, Ordering};
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        {
            let mut idle = self.lock();
            let full = idle.values().map(Vec::len).sum::<usize>() >= IN_ALL;
            let of_host = idle.entry(key.clone()).or_default();
            if full || of_host.len() >= PER_HOST {
                if of_host.is_empty() {
                    idle.remove(&key);
                }
                drop(idle);
                self.part(connection);
                return;
            }
            of_host.push(Kept { connection, message, number });
        }
        // Somebody may wait for it.
        self.limits.tell();
        let this = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(IDLE).await;
            this.expire(&key, number);
        });
    }

    /// Lets go of an idle connection to an address that is in the way of another one there.
    pub(super) fn make_room(&self, address: IpAddr, port: u16) {
        let mut idle = self.lock();
        let there = |key: &&Key| key.endpoint.address == address && key.endpoint.port == port;
        let Some(key) = idle.keys().find(there).cloned() else { return };
        let Some(kept) = idle.get_mut(&key) else { return };
        let oldest = kept.remove(0);
        if kept.is_empty() {
            idle.remove(&key);
        }
        drop(idle);
        self.part(oldest.connection);
    }

    /// Says goodbye on a connection without keeping anybody waiting; [`Connections::close`] waits for it.
    pub(super) fn part(&self, connection: Connection) {
        let mut goodbyes = self.goodbyes.lock().unwrap_or_else(PoisonError::into_inner);
        while goodbyes.try_join_next().is_some() {}
        goodbyes.spawn(connection.say_goodbye());
    }

    /// Closes all of them, and comes back when the goodbyes are said.
    pub async fn close(&self) {
        let all: Vec<Kept> = self.lock().drain().flat_map(|(_, kept)| kept).collect();
        for kept in all {
            self.part(kept.connection);
        }
        let mut goodbyes = std::mem::take(&mut *self.goodbyes.lock().unwrap_or_else(PoisonError::into_inner));
        while goodbyes.join_next().await.is_some() {}
    }

    fn expire(&self, key: &Key, number: u64) {
        let mut idle = self.lock();
        let Some(kept) = idle.get_mut(key) else { return };
        let Some(at) = kept.iter().position(|kept| kept.number == number) else { return };
        let expired = kept.remove(at);
        if kept.is_empty() {
            idle.remove(key);
        }
        drop(idle);
        self.part(expired.connection);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Vec<Kept>>> {
        // A panic elsewhere leaves the map whole: its operations don't panic half way.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
