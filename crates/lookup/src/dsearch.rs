//! `dsearch`: is there a file of this name in the directory?
//!
//! # Security
//! A key with a slash is refused, so the answer is always an entry of that directory itself; with `key=path` it may be
//! one further down, but never goes up by `..`. What is found is the key made clean: the way from a tainted name to a
//! file.
//!
//! # Compatibility
//! Spec section "Single-key lookup types": `ret=full` gives the path, `filter=file|dir|subdir` asks for a kind.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use expand::EvalError;
use expand::lookup::LookupSpec;
use mail_types::value::Clean;

use crate::{cannot_open, reason};

/// Checks that the directory can be searched.
pub(crate) fn check(directory: &Clean) -> Result<(), EvalError> {
    let readable = std::fs::read_dir(directory.as_path());
    readable.map(drop).map_err(|e| cannot_open(directory, "directory search", &e))
}

/// One name in the directory.
pub(crate) fn find(directory: &Clean, spec: &LookupSpec, key: &[u8]) -> Result<Option<Vec<u8>>, EvalError> {
    let shown = || String::from_utf8_lossy(key).into_owned();
    if spec.option("key") == Some(b"path") {
        if key.split(|byte| *byte == b'/').any(|component| component == b"..") {
            return Err(EvalError::defer(format!("key for dsearch lookup contains \"..\": {}", shown())));
        }
    } else if key.contains(&b'/') {
        return Err(EvalError::defer(format!("key for dsearch lookup contains a slash: {}", shown())));
    }
    // Not `join`: a key that begins with a slash stays below the directory.
    let path = PathBuf::from(OsString::from_vec([directory.bytes(), b"/", key].concat()));
    let status = match std::fs::symlink_metadata(&path) {
        Ok(status) => status,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(e) => return Err(EvalError::defer(format!("{}: lstat: {}", path.display(), reason(&e)))),
    };
    let wanted = match spec.option("filter") {
        None => true,
        Some(b"file") => status.is_file(),
        Some(b"dir") => status.is_dir(),
        Some(b"subdir") => status.is_dir() && !matches!(key, b"." | b".."),
        // Exim takes no notice of another word.
        Some(_) => true,
    };
    if !wanted {
        return Ok(None);
    }
    let full = spec.option("ret") == Some(b"full");
    Ok(Some(if full { [directory.bytes(), b"/", key].concat() } else { key.to_vec() }))
}
