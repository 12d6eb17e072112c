//! Header fields: parsing, folding, fix-ups, Received lines, bounce bodies.
//!
//! A message's header is a list of [`header::HeaderLine`]s, typed with the letters
//! of Exim's -H file. Everything here is a pure function over such lists; what
//! needs policy (qualification, rewriting, the text of `received_header_text`)
//! is handed in by the caller.
//!
//! # Invariants
//! * A header line ends with exactly one LF; lines inside it are continued by white space.
//! * No function here looks at a clock, a file or a socket.
//!
//! # Security
//! Header text is hostile: sizes and counts are capped by the caller's [`header::Limits`].
//!
//! # Compatibility
//! Specification, chapters "Message processing" and "Format of spool files".
//!
//! # References
//! RFC 5322, RFC 3464 (delivery status), RFC 6522 (multipart/report), RFC 6533.

#![forbid(unsafe_code)]

pub mod address_field;
pub mod bounce;
mod charset;
pub mod encoded_word;
pub mod fixup;
pub mod folding;
pub mod header;
pub mod phrase;
pub mod reader;
