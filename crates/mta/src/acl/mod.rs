//! Access control lists in the flow: what they do, and what they wait for.
//!
//! The language is `policy::acl`'s. Here stand its two sides that touch a running program: `world` notes what
//! statements change, `effect` performs what they wait for.
//!
//! # Invariants
//! * An ACL that is run by a stage is awaited; one that an expansion calls blocks a thread of the runtime and never
//!   the runtime itself.

pub mod effect;
mod world;
