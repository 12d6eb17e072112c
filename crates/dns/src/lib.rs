//! Caching stub resolver, and the fixture name server for tests.
//!
//! A [`Resolver`] asks the name servers of `/etc/resolv.conf` (or any others) over UDP and TCP and keeps the answers as
//! long as their lifetimes say. It sees the world through `mail_types::dns`: no type of the DNS library shows.
//!
//! # Invariants
//! * An answer is only taken for the question that was asked, from the server that was asked.
//! * Of the same question one is under way at a time.
//! * What the peer sends is bounded: records of an answer, aliases followed, entries and bytes of the cache.
//! * A failure says whether asking later may help.
//!
//! # Security
//! Everything here parses bytes from the network. Transaction ids are random and each question has a socket, and so a
//! source port, of its own.
//!
//! # Compatibility
//! Exim asks through the C library's resolver; `dns_retrans`, `dns_retry`, `dns_use_edns0`, `qualify_single` and
//! `search_parents` mean here what they mean there.
//!
//! # References
//! RFC 1035, RFC 2308 (negative answers), RFC 6891 (EDNS), RFC 6840 section 5.7 (AD in questions), RFC 5452 (forgery).

mod blocking;
mod cache;
mod config;
mod exchange;
pub mod fixture;
mod hosts;
mod name;
pub mod probe;
mod resolver;
mod rollover;
mod validate;
mod wire;

pub use blocking::BlockingResolver;
pub use config::{Names, ResolverConfig, SlowLookups, Validation};
pub use hosts::HostsFile;
pub use mail_types::dns::reverse_name;
pub use name::a_labels;
pub use resolver::{Examined, Families, Followed, HostAddresses, Resolver, SearchOptions};
pub use rollover::{AnchorsFile, Change, Rollover};
pub use validate::anchor::{AnchorError, TrustAnchors};
