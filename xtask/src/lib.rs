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

/// Writes `docs/manual`. The crate `manual` does it: it knows the tables of the policy language, on which the tests of those
/// tables, which use this crate, must not depend.
///
/// # Errors
/// It said why it could not.
pub fn manual(words: &[&str]) -> Result<(), String> {
    let mut command = std::process::Command::new("cargo");
    let status = command
        .args(["run", "--quiet", "--package", "postrider-manual", "--"])
        .args(words)
        .current_dir(root())
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("manual: {status}")),
        Err(e) => Err(format!("cargo: {e}")),
    }
}
