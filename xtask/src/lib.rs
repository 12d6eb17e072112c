//! Chores of the tree, as a library so that tests replay with the same code that records.
//!
//! * [`bench`]: Postrider beside Exim and Postfix on the same work.
//! * [`fuzz`]: the fuzz targets of all crates, for a few seconds each.
//! * [`tidy`]: the conventions that a compiler does not check (layers, module headers).
//! * [`parity`]: the same configuration and input given to Debian's Exim and to Postrider.
#![allow(clippy::print_stdout, clippy::print_stderr)] // chores print; it is their interface

pub mod bench;
pub mod fuzz;
pub mod parity;
pub mod tidy;

use std::path::PathBuf;

/// The root of the workspace.
#[must_use]
pub fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or(here.clone(), PathBuf::from)
}
