//! Events: `event_action` of the main section and of transports.
//!
//! # Invariants
//! * Without an `event_action` an event costs one look at the configuration.
//! * An event that is raised while another one is handled is lost: no action can call itself.
//! * Captures, `$item` and `$value` of whoever raised it are the same afterwards.
//!
//! # Security
//! `$event_data` holds words of peers and is tainted.
//!
//! # Failure
//! An action that can't be expanded, or is forced to fail, is logged with its event and counts as empty.
//!
//! # Compatibility
//! Specification, chapter "Events". Moments, data and numbers are the oracle's.

use std::sync::Arc;

use config::options::main;
use config::options::transport::generic;
use config::{Config, TransportInstance};
use expand::Expansion;
use mail_types::value::Value;

use super::Context;
use crate::services::waiting;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// `$event_name`.
    pub name: &'static str,
    /// `$event_data`.
    pub data: Vec<u8>,
}

impl Happened {
    /// An event.
    pub fn new(name: &'static str, data: impl Into<Vec<u8>>) -> Self {
        Self { name, data: data.into() }
    }
}

/// Whether a transport wants to hear of events.
pub(crate) fn transport_listens(transport: &TransportInstance) -> bool {
    transport.options.get(generic::EVENT_ACTION).is_some()
}

/// Whether the main section wants to hear of events.
pub(crate) fn main_listens(config: &Config) -> bool {
    config.main.get(main::EVENT_ACTION).is_some()
}

impl Context {
    /// Raises an event of the main section. What the action says, where it says something.
    pub fn main_event(&mut self, happened: &Happened) -> Option<Vec<u8>> {
        let config = Arc::clone(&self.config);
        let action = config.main.get(main::EVENT_ACTION)?;
        self.raise(action, "main", happened)
    }

    /// Raises an event of a transport. What the action says, where it says something.
    pub fn transport_event(&mut self, transport: &TransportInstance, happened: &Happened) -> Option<Vec<u8>> {
        let action = transport.options.get(generic::EVENT_ACTION)?;
        self.raise(action, &transport.name, happened)
    }

    fn raise(&mut self, action: &Expansion, owner: &str, happened: &Happened) -> Option<Vec<u8>> {
        if self.facts.event.name.is_some() {
            return None;
        }
        let scope = std::mem::take(&mut self.scope);
        self.facts.event.name = Some(happened.name.to_owned());
        self.facts.event.data = (!happened.data.is_empty()).then(|| Value::tainted(happened.data.clone()));
        let said = waiting(|| action.eval(self));
        self.facts.event.name = None;
        self.facts.event.data = None;
        self.scope = scope;
        match said {
            Ok(value) => Some(value.into_bytes()).filter(|said| !said.is_empty()),
            Err(error) => {
                let name = happened.name;
                self.log_problem(format!("failed to expand event_action {name} in {owner}: {error}"));
                None
            }
        }
    }
}
