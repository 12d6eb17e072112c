//! `sqlite`: queries to a database in a file.
//!
//! # Invariants
//! * A connection serves one query at a time and is kept for the next one, until the file is replaced.
//!
//! # Security
//! File names are clean and absolute. The query is the administrator's; what comes from outside must have been quoted,
//! which the caller checks.
//!
//! # Failure
//! A statement that SQLite refuses finds nothing, as in Exim, and is complained of in the log. A database that cannot be
//! opened fails the expansion.
//!
//! # Compatibility
//! Spec section "More about SQLite". A value alone comes as it is; several come as `name=value ` each, in quotes when
//! empty or with white space in them; rows are lines. A missing value is `<NULL>`.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use expand::EvalError;
use expand::lookup::{LookupAnswer, LookupRequest, LookupWorld};
use mail_types::limits;
use mail_types::value::{Clean, Value};
use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::types::ValueRef;
use rusqlite::{Batch, Connection, OpenFlags, Row};

/// Connections that no query uses now, the one used last at the end.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    idle: Mutex<Vec<Idle>>,
}

#[derive(Debug)]
struct Idle {
    path: PathBuf,
    /// Device and inode: another file under the same name needs another connection.
    file: Option<(u64, u64)>,
    connection: Connection,
}

/// What came of a query's statements.
struct Outcome {
    rows: Option<Vec<u8>>,
    /// Something was, or may have been, changed.
    wrote: bool,
}

impl Connections {
    /// One lookup.
    pub(crate) fn lookup(
        &self,
        request: &LookupRequest<'_>,
        world: &mut LookupWorld<'_>,
    ) -> Result<LookupAnswer, EvalError> {
        let (path, query) = file_and_query(request, &world.settings.sqlite_dbfile)?;
        let idle = self.open(path.as_path())?;
        // A wait of zero is SQLite's word for none at all, as in Exim.
        let _ = idle.connection.busy_timeout(world.settings.sqlite_lock_timeout);
        let outcome = run(&idle.connection, &query);
        self.put_back(idle, world.settings.open_max);
        match outcome {
            Ok(Outcome { rows, wrote }) => {
                let answer = match rows {
                    Some(data) => LookupAnswer::Found { data: Value::clean(data), captures: None },
                    None => LookupAnswer::NotFound,
                };
                if wrote {
                    world.state.forget("sqlite");
                } else {
                    world.state.keep(request, &answer, None);
                }
                Ok(answer)
            }
            Err(error) => {
                let query = String::from_utf8_lossy(&query).into_owned();
                world.state.complaints.push(format!("sqlite: {error}: {query}"));
                Ok(LookupAnswer::NotFound)
            }
        }
    }

    fn open(&self, path: &Path) -> Result<Idle, EvalError> {
        let file = std::fs::metadata(path).ok().map(|status| (status.dev(), status.ino()));
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|kept| kept.path != path || kept.file == file && file.is_some());
        if let Some(at) = idle.iter().rposition(|kept| kept.path == path) {
            return Ok(idle.remove(at));
        }
        drop(idle);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)
            .or_else(|_| Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY))
            .map_err(|_| EvalError::failed("unable to open database file"))?;
        let file = std::fs::metadata(path).ok().map(|status| (status.dev(), status.ino()));
        Ok(Idle { path: path.to_owned(), file, connection })
    }

    fn put_back(&self, idle: Idle, most: usize) {
        let mut kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(idle);
        let over = kept.len().saturating_sub(most);
        kept.drain(..over);
    }
}

/// The file, from the option `file=`, the old form `/file query`, or `sqlite_dbfile`; and the query.
fn file_and_query(request: &LookupRequest<'_>, default: &[u8]) -> Result<(Clean, Vec<u8>), EvalError> {
    let text = request.key.bytes();
    let (file, query) = if let Some(file) = request.spec.option("file") {
        (Value::clean(file), text)
    } else if text.first() == Some(&b'/') {
        let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
        (Value::new(&text[..end], request.key.taint().clone()), &text[end..])
    } else {
        (Value::clean(default), text)
    };
    if file.bytes().first() != Some(&b'/') {
        return Err(EvalError::failed("absolute file name expected for \"sqlite\" lookup"));
    }
    Ok((crate::clean_file(&file)?, query.to_vec()))
}

fn run(connection: &Connection, query: &[u8]) -> Result<Outcome, String> {
    let query = String::from_utf8_lossy(query);
    let mut batch = Batch::new(connection, &query);
    let mut outcome = Outcome { rows: None, wrote: false };
    while let Some(mut statement) = batch.next().map_err(|e| e.to_string())? {
        outcome.wrote |= !statement.readonly();
        let names: Vec<Vec<u8>> = statement.column_names().map(|name| name.as_bytes().to_vec()).collect();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(|e| e.to_string())? {
            let out = match &mut outcome.rows {
                Some(out) => {
                    out.push(b'\n');
                    out
                }
                none => none.insert(Vec::new()),
            };
            append(connection, row, &names, out).map_err(|e| e.to_string())?;
            if out.len() > limits::LOOKUP_VALUE {
                return Err(format!("the answer has more than {} bytes", limits::LOOKUP_VALUE));
            }
        }
    }
    Ok(outcome)
}

fn append(
    connection: &Connection,
    row: &Row<'_>,
    names: &[Vec<u8>],
    out: &mut Vec<u8>,
) -> rusqlite::Result<()> {
    if let [_] = names {
        out.extend(text(connection, row.get_ref(0)?)?);
        return Ok(());
    }
    for (column, name) in names.iter().enumerate() {
        out.extend_from_slice(name);
        out.push(b'=');
        let value = text(connection, row.get_ref(column)?)?;
        crate::quote::field(&value, out);
        out.push(b' ');
    }
    Ok(())
}

/// A value as text. Exim's strings end at a zero byte.
fn text(connection: &Connection, value: ValueRef<'_>) -> rusqlite::Result<Vec<u8>> {
    let bytes = match value {
        ValueRef::Null => b"<NULL>".to_vec(),
        ValueRef::Integer(number) => number.to_string().into_bytes(),
        // How SQLite writes a number is its own knowledge.
        ValueRef::Real(number) => {
            let text: String = connection.query_row("SELECT CAST(?1 AS TEXT)", [number], |row| row.get(0))?;
            text.into_bytes()
        }
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.to_vec(),
    };
    let end = memchr::memchr(0, &bytes).unwrap_or(bytes.len());
    Ok(bytes[..end].to_vec())
}
