//! Files as list items: each line is an item.
//!
//! # Security
//! The file's name must be clean. What is in the file is the administrator's: its lines are clean.
//!
//! # Failure
//! A file that can't be read is an error, so that callers defer.

use std::sync::Arc;

use mail_types::limits;
use mail_types::value::Value;

use super::compile::Compiled;
use super::{ListEnv, ListError, ListKind, NamedLists};

/// Reads a file of items. It is read each time; it is compiled again only when its text has changed.
pub(crate) fn read(
    path: &Value,
    kind: ListKind,
    named: &NamedLists,
    env: &mut dyn ListEnv,
) -> Result<Arc<Compiled>, ListError> {
    let clean =
        path.require_clean("file or directory name").map_err(|error| ListError::wrong(error.to_string()))?;
    let text = env.files().read(&clean, limits::LIST_FILE).map_err(|error| {
        let path = path.to_lossy();
        ListError::unreadable(format!(
            "failed to open {path} when checking \"{path}\": {}",
            system_text(&error)
        ))
    })?;
    Ok(named.cache().compile_lines(&text, kind))
}

/// The system's words for an error, without the number that Rust adds.
fn system_text(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
