//! What a run remembers of hosts and recipients, and what it finds remembered.
//!
//! # Compatibility
//! Specification, "Retry configuration": a host's record has its name, address and port; one about a message at a host
//! has the id as well; a recipient's has the address, with the sender where `address_retry_include_sender` says so.

use std::sync::Arc;

use hints::RetryKey;
use observe::event::RemoteHost;

use super::super::batch::{RetryChange, RetryFailure};
use super::super::fault::{Concerns, Fault};
use super::super::hosts::Candidate;
use super::super::settings::Settings;
use super::{Run, system_words};

impl Run<'_> {
    /// Whether the hints say that this host's time has not come.
    pub(super) fn must_wait(&mut self, host: &Candidate, settings: &Settings) -> bool {
        let now = self.context.services.clock.now();
        let hints = Arc::clone(&self.context.services.hints);
        let keys = [Some(host_key(host, settings)), self.message_key(host, settings)];
        let waiting: Vec<_> = keys
            .iter()
            .flatten()
            .filter_map(|key| hints.retry(key))
            .filter(|record| record.next_try > now)
            .collect();
        if waiting.iter().any(|record| record.expired) {
            self.expired += 1;
            let arrived = self.context.facts.message.received_time;
            if waiting.iter().all(|record| record.last_try < arrived) {
                self.after_cutoff.push(host.clone());
            }
        }
        !waiting.is_empty()
    }

    fn message_key(&self, host: &Candidate, settings: &Settings) -> Option<RetryKey> {
        let id = self.context.facts.message.id.as_ref()?;
        let mut key = host_key(host, settings).as_bytes().to_vec();
        key.push(b':');
        key.extend_from_slice(id.as_bytes());
        Some(RetryKey::from_bytes(key))
    }

    pub(super) fn remember(
        &mut self,
        host: &Candidate,
        fault: &Fault,
        shown: &RemoteHost,
        settings: &Settings,
    ) {
        let key = match fault.concerns {
            Concerns::Host => host_key(host, settings),
            Concerns::Message => match self.message_key(host, settings) {
                Some(key) => key,
                None => return,
            },
            Concerns::Recipient | Concerns::Nothing => return,
        };
        self.reply.retry.push(RetryChange {
            key,
            subject: host.name.clone(),
            failure: Some(failure(fault, shown)),
        });
    }

    pub(super) fn remember_recipient(
        &mut self,
        at: usize,
        fault: &Fault,
        shown: &RemoteHost,
        settings: &Settings,
    ) {
        let Some((local, domain)) = self.parts(at) else { return };
        let key = if settings.retry_with_sender {
            RetryKey::address_and_sender(&local, &domain, &self.context.facts.message.sender_address)
        } else {
            RetryKey::routing_address(&local, &domain)
        };
        let subject = self.batch.addresses[at].facts.address.clone();
        self.reply.retry.push(RetryChange { key, subject, failure: Some(failure(fault, shown)) });
    }

    pub(super) fn delivered(&mut self, at: usize) {
        let Some((local, domain)) = self.parts(at) else { return };
        let sender = self.context.facts.message.sender_address.clone();
        let address = self.batch.addresses[at].facts.address.clone();
        self.clear(RetryKey::address_and_sender(&local, &domain, &sender), &address);
        self.clear(RetryKey::routing_address(&local, &domain), &address);
    }

    fn parts(&self, at: usize) -> Option<(Vec<u8>, Vec<u8>)> {
        let address = mail_types::Address::split(&self.batch.addresses.get(at)?.facts.address);
        Some((address.local_part.clone(), address.lower_domain()))
    }

    /// Forgets a failure, when there is one.
    pub(super) fn clear(&mut self, key: RetryKey, subject: &[u8]) {
        if self.context.services.hints.retry(&key).is_some() {
            self.reply.retry.push(RetryChange { key, subject: subject.to_vec(), failure: None });
        }
    }
}

/// The record of a host.
pub(super) fn host_key(host: &Candidate, settings: &Settings) -> RetryKey {
    let port = host.port.unwrap_or(settings.port);
    let address = if settings.retry_with_address { host.address.to_string() } else { String::new() };
    RetryKey::host(&host.name, address.as_bytes(), (port != 25).then_some(port))
}

/// What a retry record says: the host and the text, or the system's words.
fn failure(fault: &Fault, shown: &RemoteHost) -> RetryFailure {
    let text = match &fault.text {
        Some(text) => {
            let address = shown.address.map(|address| address.to_string()).unwrap_or_default();
            [b"H=", shown.name.as_slice(), b" [", address.as_bytes(), b"]: ", text].concat()
        }
        None => system_words(fault.errno).into_bytes(),
    };
    RetryFailure { error: fault.error.clone(), errno: fault.errno, more_errno: fault.more_errno, text }
}
