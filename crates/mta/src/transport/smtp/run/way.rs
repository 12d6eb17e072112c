//! The way to a host: an open connection or the right to open one, and what a session with the host has to be like.
//!
//! # Invariants
//! * A connection is used again only for a [`Key`] that is equal in all its parts: never with less security than is asked.
//! * Nobody waits for a place at a host longer than [`PLACE_PATIENCE`].

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use config::TransportInstance;
use config::options::kind::Hosts;
use config::options::postrider as own;
use config::options::transport::smtp as options;
use mail_types::outcome::Verdict;
use mail_types::value::Value;
use observe::event::RemoteHost;
use policy::list::Subject;
use tls::policy::{Action, Dane, Decision, Reason};

use super::super::batch::AddressResult;
use super::super::connection::{Connection, Endpoint};
use super::super::connections::Key;
use super::super::demand::{Demand, demand};
use super::super::dscp;
use super::super::fault::Fault;
use super::super::hosts::Candidate;
use super::super::secure::Plan;
use super::super::settings::{Misconfigured, Settings, expanded, interface};
use super::super::tls_report::{self, Watch};
use super::{Run, misconfigured, result};
use crate::context::Context;
use crate::route::{HostTls, errno};
use crate::transport::limits::Place;

impl Run<'_> {
    /// An open connection to a host, or the right to open one. Where `host_connections_max` are open, it waits until one of
    /// them can be used or is closed, but not for ever: what had to wait too long is for the next queue run.
    pub(super) async fn way_to(&mut self, host: &Candidate, key: &Key) -> Result<Way, Taken> {
        let most = self.context.config.main.get(own::HOST_CONNECTIONS_MAX);
        let most = u64::try_from(most).unwrap_or(0);
        let (address, port) = (key.endpoint.address, key.endpoint.port);
        let id = self.context.facts.message.id;
        let connections = Arc::clone(&self.context.services.connections);
        let search = async {
            loop {
                let mut changed = pin!(connections.limits.changed());
                // From here on nothing is missed.
                changed.as_mut().enable();
                if let Some(connection) = connections.take(key, id.as_ref()) {
                    return Way::Open(Box::new(connection));
                }
                if let Some(place) = connections.limits.at_address(address, port, most) {
                    return Way::New(vec![place]);
                }
                connections.make_room(address, port);
                changed.await;
            }
        };
        let way = tokio::time::timeout(PLACE_PATIENCE, search).await.map_err(|_elapsed| Taken)?;
        match way {
            Way::New(mut places) => {
                places.extend(self.place_at(host)?);
                Ok(Way::New(places))
            }
            open @ Way::Open(_) => Ok(open),
        }
    }

    /// The place at a host of `serialize_hosts`; none is needed at others. An error when somebody else has it.
    fn place_at(&mut self, host: &Candidate) -> Result<Option<Place>, Taken> {
        if !self.host_in(options::SERIALIZE_HOSTS, host) {
            return Ok(None);
        }
        self.context.services.connections.limits.alone_at(&host.name).map(Some).ok_or(Taken)
    }

    /// What is asked of a host; nothing where the host is not used, which is settled then.
    pub(super) async fn approach(
        &mut self,
        host: &Candidate,
        shown: &RemoteHost,
        pending: &[usize],
        settings: &Settings,
    ) -> Option<Approach> {
        let demand = match self.demand(host, shown.port, settings).await {
            Ok(demand) => demand,
            Err(wrong) => {
                self.everywhere(&misconfigured(wrong));
                return None;
            }
        };
        self.has_tlsa = matches!(demand.inputs.dane, Dane::Usable(_) | Dane::Unusable);
        let mut watches = Vec::new();
        for domain in self.batch.domains() {
            watches.extend(tls_report::watch(host, &demand, &domain, self.context).await);
        }
        let Decision { action, reason } = demand.decision;
        if let Action::Defer(why) | Action::Fail(why) = &action {
            for watch in watches.clone() {
                watch.refused(reason, &demand.inputs.dane, why, self.context).await;
            }
        }
        match action {
            Action::Defer(why) => {
                if matches!(demand.inputs.dane, Dane::Failed) {
                    // As the oracle has it.
                    let required = demand.inputs.configured.require_dane;
                    self.raise("dane:fail", if required { "dane-required" } else { "dnssec-invalid" });
                }
                let fault = Fault::policy_unknown(&why, host.route);
                let fault = if reason == Reason::MtaSts { fault.of_message_alone() } else { fault };
                self.host_failed(host, shown, &fault, pending, settings);
                return None;
            }
            // rfc8689#4.2.1: another host may do.
            Action::Fail(why) if reason == Reason::Requiretls => {
                self.unvouched += 1;
                self.promise_not_kept(&why, host, shown, settings);
                return None;
            }
            Action::Fail(why) => {
                if demand.inputs.configured.require_dane {
                    self.raise("dane:fail", "dane-required");
                }
                self.everywhere(&result(Verdict::Fail, errno::NONE, Some(why.into_bytes())));
                return None;
            }
            _ => {}
        }
        match self.key(host, shown.port, settings, &action) {
            Ok(mut key) => {
                if watches.iter().any(|watch| watch.tried_out) {
                    key.tls.try_name(host.record_name(), self.context);
                }
                let bound = matches!(reason, Reason::MtaSts | Reason::Requiretls);
                Some(Approach { key, watches, bound })
            }
            Err(refusal) => {
                self.everywhere(&refusal);
                None
            }
        }
    }

    /// Connects, and tells who wants to hear of it how that went.
    pub(super) async fn connect_watched(
        &mut self,
        host: &Candidate,
        key: &Key,
        watches: Vec<Watch>,
        settings: &Settings,
    ) -> Result<Connection, Fault> {
        let connected = self.connect(host, key, settings).await;
        let session = connected.as_ref().ok().and_then(|connection| connection.tls.as_deref());
        let trouble = self.tls_trouble.take();
        for watch in watches {
            watch.ended(session, trouble.clone(), self.local, self.context).await;
        }
        connected
    }

    /// What makes a session with this host: where from, where to, and as whom.
    pub(super) fn key(
        &mut self,
        host: &Candidate,
        port: u16,
        settings: &Settings,
        action: &Action,
    ) -> Result<Key, Box<AddressResult>> {
        let interface = interface(self.transport, host.address, self.context).map_err(misconfigured)?;
        let helo = match self.transport.options.get(options::HELO_DATA) {
            Some(text) => expanded(text, "helo_data", self.transport, self.context).map_err(misconfigured)?,
            None => None,
        };
        let helo = helo.map_or_else(|| self.context.primary_hostname().to_vec(), Value::into_bytes);
        // An ASCII word whatever the host offers: nothing was offered yet.
        let helo = match dns::a_labels(&helo) {
            Cow::Borrowed(_) => helo,
            Cow::Owned(labels) => labels,
        };
        let service = match self.transport.options.get(options::DSCP) {
            Some(text) => expanded(text, "dscp", self.transport, self.context).map_err(misconfigured)?,
            None => None,
        };
        let service = service.and_then(|value| dscp::octet(value.bytes()));
        let endpoint = Endpoint { address: host.address, port, interface, service };
        let transport = self.transport;
        let mut matches = in_list(transport, host);
        let how = (settings.tls_at_once || host.tls == HostTls::AtOnce, action);
        let name = if *action == Action::EncryptByName { host.record_name() } else { &host.name };
        let tls = Plan::of(transport, name, how, &mut matches, self.context).map_err(misconfigured)?;
        Ok(Key { transport: transport.name.clone(), endpoint, helo, tls })
    }

    /// What is asked of a host.
    pub(super) async fn demand(
        &mut self,
        host: &Candidate,
        port: u16,
        settings: &Settings,
    ) -> Result<Demand, Misconfigured> {
        let mut matches = in_list(self.transport, host);
        let at_once = settings.tls_at_once || host.tls == HostTls::AtOnce;
        demand(host, port, at_once, self.renewal, &mut matches, self.context).await
    }

    /// Whether a host is in a list on which no security depends: where that can't be decided it is in none, and the panic
    /// log says so.
    pub(super) fn host_in(&mut self, option: config::Opt<Hosts>, host: &Candidate) -> bool {
        in_list(self.transport, host)(option, self.context).unwrap_or_else(|wrong| {
            self.context.log_problem(wrong.0);
            false
        })
    }
}

/// Tells whether a host is in a list of the transport. An item about which no DNS server answers does not fit; else what
/// can't be decided is an error.
pub(super) fn in_list<'a>(
    transport: &'a TransportInstance,
    host: &'a Candidate,
) -> impl FnMut(config::Opt<Hosts>, &mut Context) -> Result<bool, Misconfigured> + use<'a> {
    move |option, context| {
        let Some(list) = transport.options.get(option) else { return Ok(false) };
        let names: [&[u8]; 1] = [&host.name];
        let subject = Subject::host(&names, Some(host.address));
        match list.matches(subject, context) {
            Ok(found) => Ok(found.matched),
            Err(error) if error.unanswered => Ok(false),
            Err(error) => {
                let (option, name) = (option.definition().name, &transport.name);
                Err(Misconfigured(format!("failed to check \"{option}\" of transport {name}: {error}")))
            }
        }
    }
}

/// What is asked of a host.
pub(super) struct Approach {
    /// As the key of a session with it.
    pub(super) key: Key,
    /// Who wants to hear how that ends.
    pub(super) watches: Vec<Watch>,
    /// What TLS has to be like was asked for by the message, or by the domain that it goes to, not by the host.
    pub(super) bound: bool,
}

/// How a host can be reached.
pub(super) enum Way {
    Open(Box<Connection>),
    New(Vec<Place>),
}

/// How long a message waits for a place at a host.
const PLACE_PATIENCE: Duration = Duration::from_mins(1);

/// Somebody else has the only place.
pub(super) struct Taken;
