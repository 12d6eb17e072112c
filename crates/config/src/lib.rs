//! The configuration reader, the option tables, the compiled snapshot.
//!
//! [`load`] reads Exim's configuration file through [`ConfigFiles`] and returns a [`Config`], or every mistake it found, or both
//! (warnings). A [`Config`] never changes: connections and deliveries hold an `Arc` of it.
//!
//! # Invariants
//! * The verdict is Exim's: what Exim loads is loaded, what Exim refuses is refused, and the first error carries Exim's text.
//! * All mistakes of a file are reported in one run.
//! * Every expandable string and every list without `$` is compiled here; evaluation never parses configuration text again.
//!
//! # Security
//! The file is trusted input once [`permissions`] accepted its owner and mode, yet the reader is fuzzed like hostile input.
//! It runs unprivileged or in the parent before any privilege is used.
//!
//! # Failure
//! Unreadable files, and files over [`mail_types::limits::CONFIG_FILE`], are diagnostics like any other.
//!
//! # Compatibility
//! Spec chapters 6 (the runtime configuration file) and 14 (main configuration). Differences: docs/compat.md.

pub mod builtin;
mod check;
pub mod diagnostic;
mod environment;
pub mod files;
mod load;
pub mod options;
pub mod permissions;
pub mod print;
mod reader;
mod sections;
mod sink;
mod snapshot;
mod srs_settings;
mod system;
pub mod trusted;

pub use check::main::read_localhost_number;
pub use files::{Account, ConfigFiles, FileContent, FileFacts};
pub use load::load;
pub use mail_types::suggest::nearest;
pub use options::{Class, Effect, Opt, OptionDef, OptionKind, OptionSet};
pub use snapshot::{
    AuthenticatorInstance, BuildDefaults, CommandLineMacro, Config, Facts, Instance, LoadRequest, Loaded,
    RouterInstance, SourceFile, Sources, TransportInstance,
};
pub use srs_settings::srs_settings;
pub use system::SystemFiles;
