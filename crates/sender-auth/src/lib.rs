//! Who really sent this: SPF, DKIM, DMARC, ARC, SRS and Authentication-Results, without I/O.
//!
//! The crate reads the DNS through [`mail_types::dns::Resolve`], takes the time as an argument and
//! never opens anything. `mta` wires it to ACLs, transports and expansion.
//!
//! # Security
//! All input is hostile: every count, length and number of DNS questions has a limit with a name in
//! [`mail_types::limits`].

#![forbid(unsafe_code)]

mod alabel;
pub mod arc;
pub mod authres;
pub mod dkim;
pub mod dmarc;
pub mod spf;
pub mod srs;
pub mod tag_list;

use mail_types::base64;
