//! Codec of Exim's spool files (-H, -D, -J).
//!
//! [`Header`] is everything that a -H file says; [`Header::encode`] and [`Header::decode`] are the only writer and the
//! only reader of that format. [`data`] knows the first line of a -D file, [`journal`] the lines of a -J file.
//!
//! # Invariants
//! * Decoding what was encoded gives the same header; encoding what Exim wrote gives the same bytes.
//! * Lines that we don't know stay in the file as they are.
//!
//! # Security
//! A spool file is untrusted input: it may be damaged, or written by whoever owns the mail user. Nothing panics or
//! recurses on it, and lengths in it are checked before they are believed. On the way out, one writer refuses every
//! byte that would begin a line of its own.
//!
//! # Compatibility
//! Specification chapter "Format of spool files"; details as Exim 4.96 writes them.

#![forbid(unsafe_code)]

pub mod data;
mod decode;
mod encode;
mod error;
mod header;
pub mod journal;
mod nonrecipients;
mod option_line;
mod recipient_line;

pub use error::{DecodeError, EncodeError};
pub use header::{
    AclScope, AclVariable, BodyCounts, Header, HeaderKind, HeaderLine, HostPort, Recipient, Spam, Tls,
    UnknownLine, Utf8Downcast,
};
pub use nonrecipients::{Branch, NonRecipients};
