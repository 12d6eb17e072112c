//! Process roles of a server that was started as root (DESIGN decision 9).
//!
//! ```text
//! parent   root, single-threaded, no runtime; forks the others, parses nothing that came from a peer
//!  ├─ worker    the mail user: SMTP in, routing, queue, SMTP out; asks the parent for the two below
//!  ├─ as-user   short-lived, a user's uid: reads forward files, looks whether files exist
//!  └─ local     short-lived, the recipient's uid: delivers to mailboxes and pipes
//! ```
//!
//! The worker makes a socket pair and sends one end to the parent with the name of a role; the parent forks, and the
//! child serves that socket. Nothing else passes between them, see [`message`].
//!
//! # Invariants
//! * The parent forks only while it is single-threaded, so a child may allocate and take locks.
//! * A process that has changed its uid cannot change it back: real, effective and saved ids are set together.
//! * No child runs as root, whatever it is asked for.
//!
//! # Security
//! SECURITY.md says what each role may open and what owning it gives. `local` decides whose uid it takes by
//! evaluating its own copy of the configuration, in a grandchild that runs as the mail user.
//!
//! # Failure
//! A child that dies costs one delivery, which is deferred; a worker that dies is started again.

pub mod agent;
pub mod channel;
pub mod child;
pub mod identity;
pub mod message;
pub mod pam;
pub mod parent;
