//! Words of mail: values with taint, addresses, message ids, outcomes, diagnostics, limits, the DNS view.
//!
//! Every other crate speaks in these types. Nothing here opens a file or a socket; the two exceptions to purity are
//! [`clock::SystemClock`] and [`clock::SystemEntropy`], which exist so that nobody else has to ask the system.
//!
//! # Invariants
//! * Mail data is bytes; text appears only where a format says so.
//! * Nothing here panics or recurses on outside input.

#![forbid(unsafe_code)]

pub mod address;
pub mod base64;
pub mod bytes;
pub mod clock;
pub mod diagnostic;
pub mod dns;
pub mod interval;
pub mod limits;
pub mod log_selector;
pub mod manual;
pub mod message_id;
pub mod outcome;
pub mod quick_map;
pub mod suggest;
pub mod text;
pub mod trace;
pub mod value;
pub mod zone;

pub use address::Address;
pub use clock::{Clock, Entropy, Timestamp};
pub use diagnostic::{Diagnostic, FileId, Severity, SourceText, Span};
pub use message_id::MessageId;
pub use outcome::{EnhancedStatus, Outcome, Reason, Reply, Verdict};
pub use value::{Clean, Taint, TaintError, Value};
