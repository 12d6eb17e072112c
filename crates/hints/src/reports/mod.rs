//! What daily reports are made of, and which have been sent.
//!
//! One SQLite file, `postrider-reports.sqlite` in `<spool>/db`, with a write-ahead log: DMARC results of messages, results
//! of TLS sessions, and a table of reports that were sent or could not be.
//!
//! # Security
//! All texts come from messages and from other hosts: they are bound parameters. The file has mode 0640 and is not opened
//! through a symbolic link.
//!
//! # Failure
//! A result that cannot be written is lost, and the caller is told why. A file that was deleted or replaced is opened anew.

mod alone;
mod dmarc;
mod sent;
mod tls;

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mail_types::Timestamp;
use rusqlite::OpenFlags;
use rustix::fs::{Mode, OFlags};

pub use alone::Alone;
pub use dmarc::{AuthResult, DmarcResult, ReportRow};
pub use sent::{Sending, SentReport};
pub use tls::TlsSession;

const FILE: &str = "postrider-reports.sqlite";
/// How long a writer waits for another one.
const BUSY: Duration = Duration::from_secs(5);

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS result (
    number INTEGER PRIMARY KEY, received INTEGER NOT NULL, message TEXT NOT NULL, source TEXT NOT NULL,
    author TEXT NOT NULL, mail_from TEXT NOT NULL, policy_domain TEXT NOT NULL, record TEXT NOT NULL,
    disposition TEXT NOT NULL, dkim TEXT NOT NULL, spf TEXT NOT NULL, override_reason TEXT NOT NULL,
    auth TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS by_domain ON result (policy_domain, received);
CREATE TABLE IF NOT EXISTS tls_session (
    day INTEGER NOT NULL, domain TEXT NOT NULL, policy TEXT NOT NULL, failure TEXT NOT NULL, sessions INTEGER NOT NULL,
    PRIMARY KEY (day, domain, policy, failure)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sent (
    kind TEXT NOT NULL, domain TEXT NOT NULL, day INTEGER NOT NULL, destination TEXT NOT NULL, done INTEGER NOT NULL,
    tries INTEGER NOT NULL, last INTEGER NOT NULL, said TEXT NOT NULL,
    PRIMARY KEY (kind, domain, day, destination)) WITHOUT ROWID;";

/// The store.
#[derive(Debug)]
pub struct ReportStore {
    path: Option<PathBuf>,
    open: Mutex<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    sqlite: rusqlite::Connection,
    device: u64,
    inode: u64,
}

impl ReportStore {
    /// A store in a directory; nothing is opened before it is needed.
    pub fn new(directory: &Path) -> Self {
        Self { path: Some(directory.join(FILE)), open: Mutex::new(None) }
    }

    /// A store for processes that have none: all writing fails.
    pub fn nowhere() -> Self {
        Self { path: None, open: Mutex::new(None) }
    }

    /// Forgets what is older than a time: it has been reported, or never will be.
    pub fn forget_before(&self, before: Timestamp) -> Result<(), String> {
        self.with(|sqlite| {
            let before = before.secs();
            sqlite.execute("DELETE FROM result WHERE received < ?1", [before])?;
            sqlite.execute("DELETE FROM tls_session WHERE day < ?1", [before])?;
            sqlite.execute("DELETE FROM sent WHERE day < ?1", [before]).map(drop)
        })
    }

    fn with<T>(&self, work: impl Fn(&rusqlite::Connection) -> rusqlite::Result<T>) -> Result<T, String> {
        let Some(path) = &self.path else { return Err("there is no store of DMARC results".to_owned()) };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let there = std::fs::metadata(path).ok().map(|status| (status.dev(), status.ino()));
        let kept = open.take().filter(|kept| there == Some((kept.device, kept.inode)));
        let text = |what: String| format!("{}: {what}{}", path.display(), room_beside(path));
        let kept = match kept {
            Some(kept) => kept,
            None => Open::new(path).map_err(text)?,
        };
        let answer = work(&kept.sqlite).map_err(|error| text(error.to_string()))?;
        *open = Some(kept);
        Ok(answer)
    }
}

impl Open {
    fn new(path: &Path) -> Result<Self, String> {
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory).map_err(|error| error.to_string())?;
        }
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file =
            rustix::fs::open(path, flags, Mode::from_raw_mode(0o640)).map_err(|error| error.to_string())?;
        let status = rustix::fs::fstat(&file).map_err(|error| error.to_string())?;
        drop(file);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let prepared = || {
            let sqlite = rusqlite::Connection::open_with_flags(path, flags)?;
            sqlite.busy_timeout(BUSY)?;
            sqlite.pragma_update(None, "journal_mode", "WAL")?;
            sqlite.pragma_update(None, "synchronous", "NORMAL")?;
            sqlite.execute_batch(SCHEMA)?;
            Ok(sqlite)
        };
        let sqlite = prepared().map_err(|error: rusqlite::Error| error.to_string())?;
        Ok(Self { sqlite, device: status.st_dev, inode: status.st_ino })
    }
}

/// What explains most failures: that there is no room left where the store is.
fn room_beside(path: &Path) -> &'static str {
    let room = path.parent().and_then(|directory| rustix::fs::statvfs(directory).ok());
    if room.is_some_and(|room| room.f_bavail == 0) { " (no space left there)" } else { "" }
}
