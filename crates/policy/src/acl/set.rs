//! The named ACLs of a configuration, and those that were born at run time.

use std::collections::HashMap;
use std::sync::Arc;

use super::Acl;
use crate::list::NamedLists;

/// All ACLs of one configuration.
#[derive(Debug, Default)]
pub struct AclSet {
    named: HashMap<Vec<u8>, Arc<Acl>>,
    lists: NamedLists,
}

impl AclSet {
    /// An empty set; `lists` are the named lists of the same configuration.
    pub fn new(lists: NamedLists) -> Self {
        Self { named: HashMap::new(), lists }
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

    /// The named lists.
    pub fn lists(&self) -> &NamedLists {
        &self.lists
    }
}
