//! Where MTA-STS policies come from: what all who fetch one share.

use std::collections::{HashMap, HashSet};
#[cfg(test)]
use std::sync::PoisonError;
use std::sync::{Arc, Mutex};

use tls::AnchorSource;

/// Where policies come from, and who is about to fetch one.
#[derive(Debug)]
pub struct PolicySource {
    /// The port of HTTPS.
    pub port: u16,
    /// Who may vouch for the server.
    pub anchors: AnchorSource,
    /// Domains whose policy is being renewed.
    pub(crate) renewing: Mutex<HashSet<String>>,
    /// Domains whose policy somebody waits for.
    pub(crate) fetching: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

impl Default for PolicySource {
    fn default() -> Self {
        Self::new(443, AnchorSource::System)
    }
}

impl PolicySource {
    /// A source on another port, or believed for other reasons.
    pub fn new(port: u16, anchors: AnchorSource) -> Self {
        Self { port, anchors, renewing: Mutex::default(), fetching: Mutex::default() }
    }

    /// Whether the policy of a domain is being renewed at this moment.
    #[cfg(test)]
    pub(crate) fn is_renewing(&self, domain: &str) -> bool {
        self.renewing.lock().unwrap_or_else(PoisonError::into_inner).contains(domain)
    }
}
