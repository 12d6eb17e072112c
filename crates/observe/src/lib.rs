//! Events and their renderings: mainlog, rejectlog, paniclog, and the log of each message.
//!
//! Code that has something to report fills in an [`Event`] and gives it to a [`Log`]; the [`Renderer`] makes Exim's line
//! of it, and a [`LogSink`] puts the line where it belongs.
//!
//! # Invariants
//! * No other crate formats a log line.
//! * One line is one `write` to a file opened for appending: lines of several processes never mix.
//! * Nothing that comes from outside can begin a new line.
//!
//! # Compatibility
//! Specification chapter "Log files". Lines are compared with those of Debian's Exim 4.96.

pub mod event;
mod file_sink;
mod log;
mod log_path;
mod memory_sink;
pub mod render;
mod sink;
mod syslog;

pub use event::{Event, Streams};
pub use file_sink::{FileSink, MessageLogDir};
pub use log::{HeldMessageLog, Log, LogSettings};
pub use log_path::{LogPathError, LogPaths};
pub use mail_types::log_selector::{SELECTORS, Selector, SelectorError, Selectors};
pub use memory_sink::MemorySink;
pub use render::Renderer;
pub use sink::{LogSink, Stream};
pub use syslog::{SyslogSettings, facility};
