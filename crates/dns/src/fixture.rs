//! A name server for tests: zones from a literal, over real UDP and TCP, that can misbehave on demand.
//!
//! ```
//! use postrider_dns::fixture::FixtureServer;
//!
//! let server = FixtureServer::start(
//!     "example.net.     MX  10 mx.example.net.
//!      mx.example.net.  A   192.0.2.1
//!      lost.example.    FAULT timeout",
//! ).unwrap();
//! assert!(server.address().ip().is_loopback());
//! ```
//!
//! # Invariants
//! * Nothing here waits for time to pass: a slow answer is one that is held back until [`FixtureServer::release`].

mod message;
mod server;
mod zone;

pub use server::{FixtureServer, Seen};
pub use zone::{Fault, Zone, ZoneError};
