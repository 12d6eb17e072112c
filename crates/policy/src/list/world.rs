//! What matching a list may ask of the world, beyond what an expansion asks.
//!
//! # Security
//! Names of hosts come from the DNS: they are tainted and only compared.

use std::net::IpAddr;

use expand::variable::Variable;
use expand::{Env, EvalError};
use mail_types::dns::{DnsFailure, RecordData, RecordType};

use super::ListError;

/// The names of a host, as far as they could be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostNames {
    /// The name and its aliases, each checked to lead back to the address.
    Known(Vec<Vec<u8>>),
    /// There is none, or the DNS did not answer.
    Unknown,
}

/// What the log hears of an item of a host list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostTrouble<'a> {
    /// This name has no address.
    NoAddress(&'a [u8]),
    /// Something could not be found, and the list says that this is a match.
    Accepted {
        /// What.
        what: &'a str,
        /// The item that says so.
        by: &'static str,
    },
}

/// The addresses of a host name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostAddresses {
    /// At least one.
    Known(Vec<IpAddr>),
    /// There is none.
    Unknown,
    /// The DNS did not answer.
    Deferred,
}

/// The world as list matching sees it. Everything but the local addresses has a default.
pub trait ListEnv: Env {
    /// The addresses of this host's interfaces, as `local_interfaces` and `extra_local_interfaces` give them (`@[]`).
    fn local_addresses(&mut self) -> Vec<IpAddr>;

    /// Whether `hosts_treat_as_local` names this host (`@mx_any` and its like).
    fn treats_as_local(&mut self, _host: &[u8]) -> Result<bool, ListError> {
        Ok(false)
    }

    /// The names of the connected host, found on first use (`$sender_host_name` and its aliases).
    fn sender_host_names(&mut self) -> Result<HostNames, EvalError> {
        if let Some(name) = self.variable(Variable::SenderHostName)?
            && !name.is_empty()
        {
            return Ok(HostNames::Known(vec![name.bytes().to_vec()]));
        }
        Ok(HostNames::Unknown)
    }

    /// Something about a host could not be found.
    fn tell_of_host(&mut self, _trouble: HostTrouble<'_>) {}

    /// The addresses that this host's own file (`/etc/hosts`) has for a name; they go before the DNS.
    fn hosts_file_addresses(&mut self, _name: &[u8]) -> Vec<IpAddr> {
        Vec::new()
    }

    /// The addresses of a host name, as `gethostbyname` finds them.
    fn host_addresses(&mut self, name: &[u8]) -> HostAddresses {
        let listed = self.hosts_file_addresses(name);
        if !listed.is_empty() {
            return HostAddresses::Known(listed);
        }
        let Some(resolver) = self.resolver() else {
            return HostAddresses::Unknown;
        };
        let mut found = Vec::new();
        let mut deferred = false;
        for rtype in [RecordType::A, RecordType::Aaaa] {
            match resolver.query(name, rtype) {
                Ok(answer) => {
                    found.extend(answer.records.iter().filter_map(|record| address_of(&record.data)));
                }
                Err(failure) => deferred |= DnsFailure::is_temporary(&failure),
            }
        }
        self.resolver_was_asked();
        match (found.is_empty(), deferred) {
            (false, _) => HostAddresses::Known(found),
            (true, true) => HostAddresses::Deferred,
            (true, false) => HostAddresses::Unknown,
        }
    }
}

pub(crate) fn address_of(data: &RecordData) -> Option<IpAddr> {
    match data {
        RecordData::A(address) => Some(IpAddr::V4(*address)),
        RecordData::Aaaa(address) => Some(IpAddr::V6(*address)),
        _ => None,
    }
}

/// Without a message and without interfaces: for constants and tests.
impl ListEnv for expand::BareEnv {
    fn local_addresses(&mut self) -> Vec<IpAddr> {
        Vec::new()
    }
}
