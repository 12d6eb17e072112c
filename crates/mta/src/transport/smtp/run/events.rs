//! Events of a run: what `event_action` of the transport hears, and when a connection is over.
//!
//! # Invariants
//! * `tcp:close` is raised once for each connection that was opened, when it is closed, whoever keeps it by then.
//! * While the transport listens, lines about hosts are logged at once, so that they stand in the order of events.
//!
//! # Compatibility
//! Specification, chapter "Events". As with the oracle, variables speak of the whole batch until something is about one
//! address, and `$transport_name` is gone after a deferral was told of.

use std::sync::Arc;

use config::Config;
use mail_types::bytes::Printable;
use mail_types::outcome::Verdict;
use observe::event::{Event, HostError, RemoteHost, Streams};

use super::super::connection::Connection;
use super::super::fault::Fault;
use super::super::secure::TlsFailure;
use super::{Run, system_words};
use crate::context::Context;
use crate::context::event::Happened;
use crate::context::facts::{AddressFacts, Facts, TlsFacts};
use crate::services::Services;

/// What has to be told when a connection closes, and to whom.
pub(in crate::transport::smtp) struct Farewell {
    facts: Facts,
    transport: String,
    config: Arc<Config>,
    services: Arc<Services>,
}

impl std::fmt::Debug for Farewell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Farewell").field("transport", &self.transport).finish_non_exhaustive()
    }
}

impl Drop for Farewell {
    fn drop(&mut self) {
        let facts = std::mem::take(&mut self.facts);
        let config = Arc::clone(&self.config);
        let mut context = Context::with_config(facts, Arc::clone(&config), Arc::clone(&self.services));
        if let Some(transport) = config.transport(&self.transport) {
            context.transport_event(transport, &Happened::new("tcp:close", ""));
        }
    }
}

impl Run<'_> {
    /// Raises an event about the batch as a whole. What the action says, where it says something.
    pub(super) fn raise(&mut self, name: &'static str, data: impl Into<Vec<u8>>) -> Option<Vec<u8>> {
        if !self.listens {
            return None;
        }
        let facts = self.facts_of_batch();
        let own = std::mem::replace(&mut self.context.facts.address, facts);
        let said = self.context.transport_event(self.transport, &Happened::new(name, data));
        self.context.facts.address = own;
        said
    }

    fn facts_of_batch(&self) -> AddressFacts {
        let all: Vec<_> = self.batch.addresses.iter().map(|address| address.facts.clone()).collect();
        let transport_name = (!self.deferral_told).then(|| self.transport.name.clone());
        AddressFacts { router_name: None, transport_name, ..AddressFacts::of_batch(&all) }
    }

    /// Raises an event about a deferral of one address.
    pub(super) fn raise_deferral(&mut self, name: &'static str, at: usize, (data, errno): (Vec<u8>, i32)) {
        let Some(address) = self.batch.addresses.get(at).filter(|_| self.listens) else { return };
        let mut facts = address.facts.clone();
        facts.transport_name = Some(self.transport.name.clone());
        let own = std::mem::replace(&mut self.context.facts.address, facts);
        self.context.facts.event.defer_errno = errno;
        self.context.transport_event(self.transport, &Happened::new(name, data));
        self.context.facts.address = own;
        self.deferral_told = true;
    }

    /// A recipient was put off by a host.
    pub(super) fn recipient_deferred(&mut self, at: usize, fault: &Fault, host: &RemoteHost) {
        let text = fault.text.clone().unwrap_or_default();
        self.raise_deferral("msg:rcpt:host:defer", at, (text.clone(), fault.more_errno));
        if !self.more_hosts {
            self.raise_deferral("msg:rcpt:defer", at, (text, fault.more_errno));
        } else if fault.verdict == Verdict::Defer {
            // Its own line speaks of the last host alone.
            self.say_host_error(host, text, false);
        }
    }

    /// A host failed for the addresses that are left, the first of which stands for all.
    pub(super) fn host_deferred(&mut self, first: Option<usize>, fault: &Fault) {
        if let Some(first) = first {
            self.raise_deferral("msg:host:defer", first, words(fault));
            self.last_deferral = Some((first, words(fault)));
        }
    }

    /// The message was put off by a host.
    pub(super) fn message_deferred(&mut self, first: Option<usize>, fault: &Fault) {
        self.last_deferral = first.map(|first| (first, words(fault)));
    }

    /// Everything has been tried.
    pub(super) fn tell_of_deferral(&mut self) {
        if let Some((at, words)) = self.last_deferral.take() {
            self.raise_deferral("msg:defer", at, words);
        }
    }

    /// From now on the end of a connection is told of.
    pub(super) fn listen_to_end(&self, connection: &mut Connection) {
        if !self.listens {
            return;
        }
        let mut facts = self.context.facts.clone();
        facts.address = self.facts_of_batch();
        match &mut connection.farewell {
            Some(farewell) => farewell.facts = facts,
            None => {
                connection.farewell = Some(Box::new(Farewell {
                    facts,
                    transport: self.transport.name.clone(),
                    config: Arc::clone(&self.context.config),
                    services: Arc::clone(&self.context.services),
                }));
            }
        }
    }

    /// Says goodbye: at once where somebody listens, beside other work else.
    pub(super) async fn part(&mut self, mut connection: Connection) {
        self.listen_to_end(&mut connection);
        if self.listens {
            connection.say_goodbye().await;
        } else {
            self.context.services.connections.part(connection);
        }
    }

    /// A line about what went on with a host.
    pub(super) fn say(&mut self, line: Vec<u8>) {
        if self.listens {
            self.context.log_event(&Event::Text { text: line, streams: Streams::MAIN });
        } else {
            self.reply.log_lines.push(line);
        }
    }

    /// The line about a host that failed.
    pub(super) fn say_host_error(&mut self, host: &RemoteHost, message: Vec<u8>, plain: bool) {
        let error = HostError { host: host.clone(), message, plain };
        if self.listens {
            self.context.log_event(&Event::HostError(Box::new(error)));
        } else {
            self.reply.host_errors.push(error);
        }
    }

    /// Each certificate of a chain, the issuers first. An error is what the action says against one.
    pub(super) fn show_chain(&mut self, chain: &[Vec<u8>]) -> Result<(), TlsFailure> {
        if !self.listens {
            return Ok(());
        }
        for (depth, certificate) in chain.iter().enumerate().rev() {
            let facts = TlsFacts::showing(certificate);
            self.context.facts.host.tls = Some(Box::new(facts));
            if let Some(why) = self.raise("tls:cert", depth.to_string()) {
                let why = Printable::new(&why).to_string();
                let text = format!("SSL verify denied by event-action: depth={depth}: {why}");
                self.say(text.into_bytes());
                let words = format!("(certificate verification failed): denied by event-action: {why}");
                return Err(TlsFailure::ours(words));
            }
        }
        Ok(())
    }
}

/// Text and number of a fault, as events have them.
fn words(fault: &Fault) -> (Vec<u8>, i32) {
    let text = match &fault.text {
        Some(text) => text.clone(),
        None if fault.errno > 0 => system_words(fault.errno).into_bytes(),
        None => Vec::new(),
    };
    (text, fault.errno)
}
