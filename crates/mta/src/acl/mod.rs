//! Access control lists in the flow: what they do, and what they wait for.
//!
//! The language is `policy::acl`'s. Here stand its sides that touch a running program: [`run`] steps through the ACL of a
//! place, `world` notes what statements change, `effect` performs what they wait for; [`refuse`] logs a refusal and `reply`
//! has the words of it.
//!
//! # Invariants
//! * An ACL that is run by a stage is awaited; one that an expansion calls blocks a thread of the runtime and never
//!   the runtime itself.

pub mod effect;
mod refusal;
pub(crate) mod reply;
mod run;
mod world;

pub(crate) use refusal::{discard_text, refuse};
pub(crate) use run::{Came, Running, drops, goes_on, run};
