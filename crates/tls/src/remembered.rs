//! The sessions that a client may resume.
//!
//! # Invariants
//! * A server whose stapled proof failed has none until a whole handshake went well: a resumed one brings no proof that
//!   could be judged.
//!
//! # References
//! RFC 8446 section 4.6.1, RFC 5077, RFC 6066 section 8.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::NamedGroup;
use rustls::client::{
    ClientSessionMemoryCache, ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue,
};
use rustls::pki_types::ServerName;

/// Sessions that are remembered for each connector, and servers of which none is.
const REMEMBERED: usize = 256;

/// Sessions by the name of the server.
#[derive(Clone, Debug)]
pub(crate) struct Remembered {
    sessions: Arc<ClientSessionMemoryCache>,
    unproved: Arc<Mutex<HashSet<ServerName<'static>>>>,
}

impl Remembered {
    pub(crate) fn new() -> Self {
        Self { sessions: Arc::new(ClientSessionMemoryCache::new(REMEMBERED)), unproved: Arc::default() }
    }

    fn unproved(&self) -> std::sync::MutexGuard<'_, HashSet<ServerName<'static>>> {
        // The set is whole at every step: a panic elsewhere does no harm.
        self.unproved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_unproved(&self, server: &ServerName<'_>) -> bool {
        self.unproved().contains(&server.to_owned())
    }

    /// A whole handshake with `server` went well, or its proof failed.
    pub(crate) fn judged(&self, server: &ServerName<'static>, good: bool) {
        if good {
            self.unproved().remove(server);
            return;
        }
        {
            let mut unproved = self.unproved();
            if unproved.len() >= REMEMBERED {
                // Sessions of those that are let go were dropped when they failed.
                unproved.clear();
            }
            unproved.insert(server.clone());
        }
        self.sessions.remove_tls12_session(server);
        while self.sessions.take_tls13_ticket(server).is_some() {}
    }
}

impl ClientSessionStore for Remembered {
    fn set_kx_hint(&self, server: ServerName<'static>, group: NamedGroup) {
        self.sessions.set_kx_hint(server, group);
    }

    fn kx_hint(&self, server: &ServerName<'_>) -> Option<NamedGroup> {
        self.sessions.kx_hint(server)
    }

    fn set_tls12_session(&self, server: ServerName<'static>, session: Tls12ClientSessionValue) {
        if !self.is_unproved(&server) {
            self.sessions.set_tls12_session(server, session);
        }
    }

    fn tls12_session(&self, server: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.sessions.tls12_session(server)
    }

    fn remove_tls12_session(&self, server: &ServerName<'static>) {
        self.sessions.remove_tls12_session(server);
    }

    fn insert_tls13_ticket(&self, server: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        if !self.is_unproved(&server) {
            self.sessions.insert_tls13_ticket(server, ticket);
        }
    }

    fn take_tls13_ticket(&self, server: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.sessions.take_tls13_ticket(server)
    }
}
