//! The named ACLs of a configuration, and those that were born at run time.
//!
//! # Invariants
//! * At most [`limits::ACL_CACHE`] ACLs from texts and files are kept.
//!
//! # Security
//! The text must be clean, whatever it means: a peer does not choose its ACL.
//!
//! # Failure
//! Text that is no ACL, or a file that can't be read, is an error with Exim's text: the run ends with
//! [`super::AclOutcome::Error`].
//!
//! # Compatibility
//! Specification, section "Finding an ACL to use". A file is read once in the life of a configuration.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use expand::Env;
use mail_types::limits;
use mail_types::value::Clean;

use super::Acl;
use super::parse::lossy;
use crate::list::NamedLists;

/// All ACLs of one configuration.
#[derive(Debug, Default)]
pub struct AclSet {
    named: HashMap<Vec<u8>, Arc<Acl>>,
    lists: NamedLists,
    born: Mutex<HashMap<Vec<u8>, Arc<Acl>>>,
}

impl AclSet {
    /// An empty set; `lists` are the named lists of the same configuration.
    pub fn new(lists: NamedLists) -> Self {
        Self { lists, ..Self::default() }
    }

    /// Adds an ACL; false when the name is taken.
    pub fn insert(&mut self, acl: Acl) -> bool {
        let name = acl.name().to_vec();
        if self.named.contains_key(&name) {
            return false;
        }
        self.named.insert(name, Arc::new(acl));
        true
    }

    /// Finds an ACL by name.
    pub fn find(&self, name: &[u8]) -> Option<Arc<Acl>> {
        self.named.get(name).cloned()
    }

    /// The names of all, in order.
    pub fn names(&self) -> Vec<&[u8]> {
        let mut names: Vec<&[u8]> = self.named.keys().map(Vec::as_slice).collect();
        names.sort_unstable();
        names
    }

    /// The named lists.
    pub fn lists(&self) -> &NamedLists {
        &self.lists
    }

    /// Finds what a text means: a file, a name, or the text of an ACL.
    pub(crate) fn resolve(&self, text: &Clean, env: &mut dyn Env) -> Result<Arc<Acl>, String> {
        let bytes = mail_types::bytes::trim(text.bytes());
        if bytes.first() == Some(&b'/') {
            return self.file(text, bytes, env);
        }
        if let Some(acl) = self.named.get(bytes) {
            return Ok(Arc::clone(acl));
        }
        self.obtain(bytes, || Acl::compile_text(b"inline", bytes, &self.lists))
    }

    fn file(&self, text: &Clean, path: &[u8], env: &mut dyn Env) -> Result<Arc<Acl>, String> {
        self.obtain(path, || {
            let content = env.files().read(text, limits::ACL_FILE).map_err(|error| {
                let error = error.to_string();
                let words = error.split(" (os error").next().unwrap_or_default();
                format!("failed to open ACL file \"{}\": {words}", lossy(path))
            })?;
            Acl::compile_text(path, &content, &self.lists)
        })
    }

    fn obtain(&self, key: &[u8], compile: impl FnOnce() -> Result<Acl, String>) -> Result<Arc<Acl>, String> {
        if let Some(acl) = self.born.lock().unwrap_or_else(PoisonError::into_inner).get(key) {
            return Ok(Arc::clone(acl));
        }
        let acl = Arc::new(compile()?);
        let mut born = self.born.lock().unwrap_or_else(PoisonError::into_inner);
        if born.len() >= limits::ACL_CACHE {
            born.clear();
        }
        born.insert(key.to_vec(), Arc::clone(&acl));
        Ok(acl)
    }
}
