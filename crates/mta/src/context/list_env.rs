//! What lists ask beyond what expansions ask: local addresses, the client's names.

use std::net::IpAddr;

use config::options::main;
use expand::EvalError;
use observe::event::{Event, SmtpNews, Streams};
use policy::list::{HostNames, HostTrouble, ListEnv, ListError, Subject};

use super::{Context, host_name};

impl ListEnv for Context {
    fn local_addresses(&mut self) -> Vec<IpAddr> {
        crate::services::interfaces::local_addresses(&self.config)
    }

    fn treats_as_local(&mut self, host: &[u8]) -> Result<bool, ListError> {
        self.matches_option(main::HOSTS_TREAT_AS_LOCAL, Subject::Text(host))
    }

    fn hosts_file_addresses(&mut self, name: &[u8]) -> Vec<IpAddr> {
        self.services.resolver.addresses_by_hosts_file(name)
    }

    fn tell_of_host(&mut self, trouble: HostTrouble<'_>) {
        match trouble {
            HostTrouble::NoAddress(name) => self.log_smtp(SmtpNews::NoHostAddress { name: name.to_vec() }),
            HostTrouble::Accepted { what, by } => {
                let text = format!("{what}: accepted by {by}").into_bytes();
                self.log_event(&Event::Text { text, streams: Streams::MAIN });
            }
        }
    }

    fn sender_host_names(&mut self) -> Result<HostNames, EvalError> {
        self.look_up_sender_host_name();
        let facts = &self.facts.connection;
        Ok(match &facts.sender_host_name {
            Some(name) => {
                let aliases = facts.sender_host_aliases.iter().cloned();
                HostNames::Known(std::iter::once(name.clone()).chain(aliases).collect())
            }
            None => HostNames::Unknown,
        })
    }
}

impl Context {
    /// Find the client's verified names, once a connection. Blocks on the DNS.
    pub fn look_up_sender_host_name(&mut self) {
        let Some(address) = self.facts.connection.sender_host_address else { return };
        let facts = &self.facts.connection;
        if facts.sender_host_name.is_some() || facts.host_lookup_done {
            return;
        }
        let file = self.services.resolver.names_by_hosts_file(address);
        let order = self.host_lookup_order();
        let ipv6 = !self.config.main.get(main::DISABLE_IPV6);
        let found = host_name::find(address, file, self.blocking_dns().as_ref(), &order, ipv6);
        self.tell_failed_lookups();
        host_name::record(found, self);
    }
}
