//! The configuration in force, and its replacement on reload.

use std::sync::{Arc, PoisonError, RwLock};

use config::Config;

/// A slot that holds the current snapshot. Taking one is a reference count; replacing it disturbs nobody who holds
/// an older one.
pub struct ConfigHandle {
    current: RwLock<Arc<Config>>,
}

impl ConfigHandle {
    /// A handle whose first snapshot is `config`.
    pub fn new(config: Arc<Config>) -> Self {
        Self { current: RwLock::new(config) }
    }

    /// The snapshot in force now.
    pub fn snapshot(&self) -> Arc<Config> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Put a validated configuration in force for whoever asks from now on.
    pub fn replace(&self, config: Arc<Config>) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = config;
    }
}
