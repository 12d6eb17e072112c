//! Lookups that got no answer, for whoever wants to hear of them.
//!
//! # Invariants
//! * "There is no such name" and "there is no such record" are answers.
//! * What became of a failure afterwards (`dns_again_means_nonexist`, `defer_never`) changes nothing.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::{DnsFailure, RecordType};

/// A lookup that got no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedLookup {
    /// What was asked for.
    pub name: Vec<u8>,
    /// Of which type.
    pub rtype: RecordType,
    /// What went wrong.
    pub failure: DnsFailure,
}

/// Reason, name and type.
impl fmt::Display for FailedLookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.failure.word(), self.name.escape_ascii(), self.rtype)
    }
}

/// Failed lookups that nobody was told of yet.
#[derive(Debug, Default)]
pub struct FailedLookups(Mutex<Vec<FailedLookup>>);

impl FailedLookups {
    /// Writes down a lookup without records, where that is because it failed.
    pub fn note(&self, name: &[u8], rtype: RecordType, failure: &DnsFailure) {
        if failure.is_temporary() {
            let failed = FailedLookup { name: name.to_vec(), rtype, failure: failure.clone() };
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(failed);
        }
    }

    /// All that have been written down, in order; they are forgotten here.
    pub fn take(&self) -> Vec<FailedLookup> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
