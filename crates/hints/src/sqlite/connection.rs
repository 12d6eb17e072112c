//! One SQLite file, opened when it is first needed and again when another file has taken its place.

use std::fmt;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mail_types::Timestamp;
use rusqlite::{ErrorCode, OpenFlags, OptionalExtension as _, params};
use rustix::fs::{Mode, OFlags};

use crate::store::{Database, Row, Slot};

/// A file of rows.
pub(super) struct Connection {
    path: PathBuf,
    open: Option<Open>,
}

struct Open {
    sqlite: rusqlite::Connection,
    device: u64,
    inode: u64,
}

/// Something is wrong with a file.
#[derive(Debug)]
pub(super) struct Trouble {
    path: PathBuf,
    what: String,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hints database {}: {}", self.path.display(), self.what)
    }
}

impl Connection {
    pub(super) fn new(directory: &Path, database: &Database) -> Self {
        Self { path: directory.join(file_name(database)), open: None }
    }

    pub(super) fn read(&mut self, key: &[u8], sub: &[u8]) -> Result<Option<Row>, Trouble> {
        self.with(|sqlite| {
            let mut statement =
                sqlite.prepare_cached("SELECT touched, value FROM hint WHERE key = ?1 AND sub = ?2")?;
            let row =
                |row: &rusqlite::Row<'_>| Ok(Row { touched: Timestamp(row.get(0)?), value: row.get(1)? });
            statement.query_row(params![key, sub], row).optional()
        })
    }

    pub(super) fn rows(&mut self, key: &[u8]) -> Result<Vec<(Vec<u8>, Row)>, Trouble> {
        self.with(|sqlite| {
            let text = "SELECT sub, touched, value FROM hint WHERE key = ?1 ORDER BY touched LIMIT ?2";
            let mut statement = sqlite.prepare_cached(text)?;
            let rows = statement.query_map(params![key, ROWS_MAX], |row| {
                Ok((row.get(0)?, Row { touched: Timestamp(row.get(1)?), value: row.get(2)? }))
            })?;
            rows.collect()
        })
    }

    /// All changes in one transaction.
    pub(super) fn write(&mut self, changes: &[(&Slot, Option<&Row>)]) -> Result<(), Trouble> {
        self.with(|sqlite| {
            let transaction = sqlite.transaction()?;
            {
                let text = "INSERT OR REPLACE INTO hint (key, sub, touched, value) VALUES (?1, ?2, ?3, ?4)";
                let mut put = transaction.prepare_cached(text)?;
                let mut delete =
                    transaction.prepare_cached("DELETE FROM hint WHERE key = ?1 AND sub = ?2")?;
                for (slot, change) in changes {
                    match change {
                        Some(row) => {
                            put.execute(params![slot.key, slot.sub, row.touched.micros(), row.value])?
                        }
                        None => delete.execute(params![slot.key, slot.sub])?,
                    };
                }
            }
            transaction.commit()
        })
    }

    pub(super) fn forget_before(&mut self, before: Timestamp) -> Result<(), Trouble> {
        self.with(|sqlite| {
            sqlite.execute("DELETE FROM hint WHERE touched < ?1", params![before.micros()]).map(|_| ())
        })
    }

    /// Runs a piece of work on the open file. What is no database is replaced by an empty one, and the work is done
    /// once more.
    fn with<T>(
        &mut self,
        work: impl Fn(&mut rusqlite::Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Trouble> {
        if self.open.as_ref().is_some_and(|open| !open.is_still(&self.path)) {
            self.open = None;
        }
        let mut failure = None;
        for _ in 0..2 {
            match self.attempt(&work) {
                Ok(value) => return Ok(value),
                Err(error) => {
                    self.open = None;
                    let useless = is_useless(&error);
                    failure = Some(error.to_string());
                    if !useless {
                        break;
                    }
                    self.remove_files();
                }
            }
        }
        Err(Trouble { path: self.path.clone(), what: failure.unwrap_or_default() })
    }

    fn attempt<T>(
        &mut self,
        work: &impl Fn(&mut rusqlite::Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let open = match self.open.take() {
            Some(open) => open,
            None => Open::new(&self.path)?,
        };
        work(&mut self.open.insert(open).sqlite)
    }

    fn remove_files(&self) {
        for end in ["", "-wal", "-shm"] {
            let mut path = self.path.clone().into_os_string();
            path.push(end);
            // What can't be removed is met again at the next opening.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Open {
    fn new(path: &Path) -> rusqlite::Result<Self> {
        let unopened = |error: std::io::Error| {
            rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN),
                Some(error.to_string()),
            )
        };
        if path.symlink_metadata().is_err() {
            // A log left behind by a file that was deleted must not be played into the new one.
            for end in ["-wal", "-shm"] {
                let mut beside = path.as_os_str().to_owned();
                beside.push(end);
                let _ = std::fs::remove_file(beside);
            }
        }
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::open(path, flags, Mode::from_raw_mode(0o640));
        drop(file.map_err(|error| unopened(error.into()))?);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let sqlite = rusqlite::Connection::open_with_flags(path, flags)?;
        sqlite.busy_timeout(BUSY_TIMEOUT)?;
        sqlite.pragma_update(None, "journal_mode", "WAL")?;
        sqlite.pragma_update(None, "synchronous", "NORMAL")?;
        sqlite.pragma_update(None, "trusted_schema", false)?;
        sqlite.execute_batch(SCHEMA)?;
        let metadata = path.symlink_metadata().map_err(unopened)?;
        Ok(Self { sqlite, device: metadata.dev(), inode: metadata.ino() })
    }

    fn is_still(&self, path: &Path) -> bool {
        path.symlink_metadata()
            .is_ok_and(|metadata| metadata.dev() == self.device && metadata.ino() == self.inode)
    }
}

/// The databases that have a file.
pub(super) fn databases_in(directory: &Path) -> Vec<Database> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.filter_map(|name| database_of(&name)).collect()
}

/// `postrider-retry.sqlite` and so on; bytes of a transport's name that don't belong in a file name are in hexadecimal.
pub(super) fn file_name(database: &Database) -> String {
    let middle = match database {
        Database::Retry => "retry".to_owned(),
        Database::Callout => "callout".to_owned(),
        Database::Misc => "misc".to_owned(),
        Database::Wait(transport) => {
            let mut name = String::from("wait-");
            for byte in transport {
                if byte.is_ascii_alphanumeric() || *byte == b'_' || *byte == b'-' {
                    name.push(char::from(*byte));
                } else {
                    name.push('%');
                    name.extend(
                        [byte >> 4, byte & 15]
                            .map(|digit| char::from_digit(u32::from(digit), 16))
                            .into_iter()
                            .flatten(),
                    );
                }
            }
            name
        }
    };
    format!("postrider-{middle}.sqlite")
}

/// The database of a file; none for a name that we would not give.
fn database_of(name: &str) -> Option<Database> {
    let middle = name.strip_prefix("postrider-")?.strip_suffix(".sqlite")?;
    Some(match middle {
        "retry" => Database::Retry,
        "callout" => Database::Callout,
        "misc" => Database::Misc,
        _ => {
            let plain = middle.strip_prefix("wait-").filter(|name| !name.contains('%'))?;
            Database::Wait(plain.as_bytes().to_vec())
        }
    })
}

/// True when only an empty file can help.
fn is_useless(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::SchemaChanged)
    ) || matches!(
        error,
        rusqlite::Error::InvalidColumnType(..) | rusqlite::Error::FromSqlConversionFailure(..)
    ) || matches!(error, rusqlite::Error::SqliteFailure(_, Some(text)) if text.contains("no such column"))
}

/// Waiting for another process' transaction.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_millis(500);
/// Rows of one key that are read at once.
const ROWS_MAX: i64 = 10_000;
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS hint (
    key BLOB NOT NULL, sub BLOB NOT NULL, touched INTEGER NOT NULL, value BLOB NOT NULL, PRIMARY KEY (key, sub)
) STRICT, WITHOUT ROWID";
