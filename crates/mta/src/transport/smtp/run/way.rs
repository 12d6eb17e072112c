//! The way to a host: an open connection or the right to open one, and what a session with the host has to be like.
//!
//! # Invariants
//! * A connection is used again only for a [`Key`] that is equal in all its parts: never with less security than is asked.
//! * Nobody waits for a place at a host longer than [`PLACE_PATIENCE`].

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use config::TransportInstance;
use config::options::kind::Hosts;
use config::options::postrider as own;
use config::options::transport::smtp as options;
use mail_types::value::Value;
use policy::list::Subject;
use tls::policy::Action;

use super::super::batch::AddressResult;
use super::super::connection::{Connection, Endpoint};
use super::super::connections::Key;
use super::super::demand::{Demand, demand};
use super::super::hosts::Candidate;
use super::super::secure::Plan;
use super::super::settings::{Settings, expanded, interface};
use super::{Run, misconfigured};
use crate::context::Context;
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
        let endpoint = Endpoint { address: host.address, port, interface };
        let transport = self.transport;
        let mut matches = in_list(transport, host);
        let how = (settings.tls_at_once, action);
        let tls = Plan::of(transport, &host.name, how, &mut matches, self.context).map_err(misconfigured)?;
        Ok(Key { transport: transport.name.clone(), endpoint, helo, tls })
    }

    /// What is asked of a host.
    pub(super) async fn demand(&mut self, host: &Candidate, port: u16, settings: &Settings) -> Demand {
        let mut matches = in_list(self.transport, host);
        let domain = self.batch.only_domain();
        let at_once = settings.tls_at_once;
        demand(host, port, at_once, domain.as_deref(), &mut matches, self.context).await
    }

    pub(super) fn host_in(&mut self, option: config::Opt<Hosts>, host: &Candidate) -> bool {
        in_list(self.transport, host)(option, self.context)
    }
}

/// Tells whether a host is in a list of the transport.
pub(super) fn in_list<'a>(
    transport: &'a TransportInstance,
    host: &'a Candidate,
) -> impl FnMut(config::Opt<Hosts>, &mut Context) -> bool + use<'a> {
    move |option, context| {
        let Some(list) = transport.options.get(option) else { return false };
        let names: [&[u8]; 1] = [&host.name];
        list.matches(Subject::host(&names, Some(host.address)), context).is_ok_and(|found| found.matched)
    }
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
