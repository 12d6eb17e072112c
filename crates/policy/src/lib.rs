//! Lists, ACLs, rewriting and retry rules, compiled at load.
//!
//! * [`list`]: domain, host, address, local part and string lists.
//! * [`acl`]: access control lists; a run is a state that is stepped.
//! * [`rewrite`]: address rewriting rules.
//! * [`retry`]: retry rules and the arithmetic of the next try.
//!
//! # Invariants
//! * Nothing here does I/O of its own: the world comes through [`expand::Env`], [`list::ListEnv`] and
//!   [`acl::AclWorld`].
//! * Text without `$` is compiled once, at load; text born at run time is compiled through bounded caches.
//!
//! # Compatibility
//! Exim specification, chapters "Domain, host, address, and local part lists", "Access control lists", "Address
//! rewriting", "Retry configuration". Differences: docs/compat.md.

pub mod acl;
pub mod list;
pub mod manual;
pub mod retry;
pub mod rewrite;
mod rule_words;
