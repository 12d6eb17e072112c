//! Access control lists.
//!
//! An [`Acl`] is compiled once: verbs, conditions, modifiers, their lists and expansions. An [`AclRun`] is the state of
//! one evaluation: it is stepped until it is [`AclStep::Done`]; where Exim would block (a delay, the DNS, the
//! verification of an address) the step ends with [`AclStep::Wait`] and goes on after [`AclRun::resume`].
//!
//! # Invariants
//! * Every verdict carries a reason id, and the place of the statement that decided, if one did.
//! * A run that was not answered does not move: stepping it again returns the same effect.
//!
//! # Security
//! Texts of messages are expanded when the verdict falls; they are tainted when what went into them was.
//!
//! # Compatibility
//! Exim specification, chapter "Access control lists". Differences: docs/compat.md, "Access control lists".

mod condition;
mod control;
mod dnslist;
mod effect;
mod evaluate;
mod header_check;
mod parse;
mod place;
mod run;
mod set;
mod statement;
mod told;
mod verdict;
mod verify;
mod world;

pub use condition::served;
pub use control::Control;
pub use effect::{AclEffect, AclEffectAnswer, Verified, VerifyAddress, VerifyResult, VerifyRole};
pub use place::{AclPlace, Places};
pub use run::{AclRun, AclStep};
pub use set::AclSet;
pub use statement::{Acl, Verb};
pub use verdict::{AclOutcome, AclVerdict, FailedAddress};
pub use verify::VerifyOptions;
pub use world::{AclWorld, AddedHeader, HeaderLine, HeaderPlace, LogTargets};

pub(crate) use condition::entries as condition_entries;
pub(crate) use control::entries as control_entries;
pub(crate) use verify::entries as verify_entries;

#[cfg(test)]
mod tests;
