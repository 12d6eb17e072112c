//! A look at what a running server has stored, which changes nothing.
//!
//! # Invariants
//! * No file is made, written or removed.
//!
//! # Failure
//! A file that can't be read is an error in words; one that is missing holds nothing.

use std::path::Path;

use mail_types::Timestamp;
use rusqlite::{OpenFlags, OptionalExtension as _, params};

use super::connection::{BUSY_TIMEOUT, file_name};
use crate::store::Database;

/// A record of [`crate::Hints::set_misc`] in the files of `directory`, with the time that it was made.
///
/// # Errors
/// The file is there and can't be read: its name, and why.
pub fn stored_record(directory: &Path, key: &[u8]) -> Result<Option<(Timestamp, Vec<u8>)>, String> {
    let path = directory.join(file_name(&Database::Misc));
    if let Err(error) = path.symlink_metadata()
        && error.kind() == std::io::ErrorKind::NotFound
    {
        return Ok(None);
    }
    record(&path, key).map_err(|error| format!("hints database {}: {error}", path.display()))
}

fn record(path: &Path, key: &[u8]) -> rusqlite::Result<Option<(Timestamp, Vec<u8>)>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_URI;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    // Without a log nobody has the file open for writing, and the library would begin one.
    let still = if Path::new(&log).symlink_metadata().is_ok() { "" } else { "?immutable=1" };
    let sqlite = rusqlite::Connection::open_with_flags(format!("file:{}{still}", escaped(path)), flags)?;
    sqlite.busy_timeout(BUSY_TIMEOUT)?;
    sqlite.pragma_update(None, "trusted_schema", false)?;
    let text = "SELECT touched, value FROM hint WHERE key = ?1 AND sub = ?2";
    let row = |row: &rusqlite::Row<'_>| Ok((Timestamp(row.get(0)?), row.get(1)?));
    sqlite.query_row(text, params![key, b""], row).optional()
}

/// A path as it stands in a URI.
fn escaped(path: &Path) -> String {
    use std::fmt::Write as _;
    use std::os::unix::ffi::OsStrExt as _;
    let mut text = String::new();
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.".contains(byte) {
            text.push(char::from(*byte));
        } else {
            // Writing into a string does not fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}
