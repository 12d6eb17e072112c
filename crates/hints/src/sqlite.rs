//! Hints in SQLite files.
//!
//! One file a database (`postrider-retry.sqlite`, `postrider-wait-<transport>.sqlite` …) in `<spool>/db`, with a
//! write-ahead log, so that the daemon and the command-line tools work on them at the same time. What is to be written
//! is kept in memory first; a thread writes it in batches, one transaction each, and readers see it at once.
//!
//! # Invariants
//! * A caller waits for at most one read of one row; never for a write.
//! * Memory is bounded: beyond [`PENDING_MAX`] changes a new one is dropped.
//!
//! # Security
//! Keys are bound parameters. Files have mode 0640 and are not opened through symbolic links.
//!
//! # Failure
//! A file that was deleted or replaced is opened anew; one that is no database is removed and begun anew; a full disk
//! loses hints. Each such thing is reported once until it works again.

mod connection;
mod glance;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use mail_types::{Clock, Timestamp};

use crate::store::{Database, Row, Slot, Table};
use connection::Connection;
pub use glance::stored_record;

/// Told in words when something is wrong with the files.
pub(crate) type Report = Box<dyn Fn(&str) + Send + Sync>;

/// Keeps hints in SQLite files.
pub struct SqliteHints {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

struct Shared {
    directory: PathBuf,
    clock: Arc<dyn Clock>,
    report: Report,
    complained: Mutex<Option<String>>,
    queue: Mutex<Queue>,
    changed: Condvar,
    settled: Condvar,
    readers: Mutex<HashMap<Database, Arc<Mutex<Connection>>>>,
}

/// Changes on their way to the disk. `None` is a deletion.
#[derive(Default)]
struct Queue {
    pending: BTreeMap<Slot, Option<Row>>,
    in_flight: BTreeMap<Slot, Option<Row>>,
    forget_before: Option<Timestamp>,
    busy: bool,
    closing: bool,
}

impl SqliteHints {
    /// Opens the hints in `directory`, which is made when it is missing. `report` is told of trouble.
    pub fn open(
        directory: &Path,
        clock: Arc<dyn Clock>,
        report: impl Fn(&str) + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let shared = Arc::new(Shared {
            directory: directory.to_owned(),
            clock,
            report: Box::new(report),
            complained: Mutex::new(None),
            queue: Mutex::new(Queue::default()),
            changed: Condvar::new(),
            settled: Condvar::new(),
            readers: Mutex::new(HashMap::new()),
        });
        let for_writer = shared.clone();
        let writer =
            std::thread::Builder::new().name("hints".into()).spawn(move || for_writer.write_behind())?;
        Ok(Self { shared, writer: Some(writer) })
    }
}

impl Drop for SqliteHints {
    fn drop(&mut self) {
        self.shared.lock().closing = true;
        self.shared.changed.notify_all();
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has lost hints and nothing else.
            let _ = writer.join();
        }
    }
}

impl Table for SqliteHints {
    fn read(&self, slot: &Slot) -> Option<Row> {
        // Apart from the match, so that the lock is not held while the disk is read.
        let change = self.shared.lock().newest(slot).cloned();
        match change {
            Some(change) => change,
            None => {
                self.shared.on_disk(&slot.database, |connection| connection.read(&slot.key, &slot.sub))?
            }
        }
    }

    fn rows(&self, database: &Database, key: &[u8]) -> Vec<(Vec<u8>, Row)> {
        // What is on its way is looked at before the disk: what arrives there in between is seen twice, the other way
        // round it would not be seen at all.
        let changes = self.shared.lock().changes(database, key);
        let stored = self.shared.on_disk(database, |connection| connection.rows(key)).unwrap_or_default();
        let mut rows: BTreeMap<Vec<u8>, Row> = stored.into_iter().collect();
        for (sub, change) in changes {
            match change {
                Some(row) => rows.insert(sub, row),
                None => rows.remove(&sub),
            };
        }
        rows.into_iter().collect()
    }

    fn write(&self, slot: Slot, row: Row) {
        self.shared.enqueue(slot, Some(row));
    }

    fn delete(&self, slot: Slot) {
        self.shared.enqueue(slot, None);
    }

    fn forget_before(&self, before: Timestamp) {
        self.shared.lock().forget_before = Some(before);
        self.shared.changed.notify_all();
    }

    fn settle(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let mut queue = self.shared.lock();
        while queue.has_work() || queue.busy {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            queue = self.shared.settled.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }
}

impl Queue {
    fn newest(&self, slot: &Slot) -> Option<&Option<Row>> {
        self.pending.get(slot).or_else(|| self.in_flight.get(slot))
    }

    /// The changes of a key's rows, the newest last.
    fn changes(&self, database: &Database, key: &[u8]) -> Vec<(Vec<u8>, Option<Row>)> {
        let first = Slot { database: database.clone(), key: key.to_vec(), sub: Vec::new() };
        let of_key = |changes: &BTreeMap<Slot, Option<Row>>| -> Vec<_> {
            let rest = changes.range(first.clone()..);
            let of_key = rest.take_while(|(slot, _)| slot.database == *database && slot.key == key);
            of_key.map(|(slot, change)| (slot.sub.clone(), change.clone())).collect()
        };
        [of_key(&self.in_flight), of_key(&self.pending)].concat()
    }

    fn has_work(&self) -> bool {
        !self.pending.is_empty() || self.forget_before.is_some()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enqueue(&self, slot: Slot, change: Option<Row>) {
        let mut queue = self.lock();
        if queue.pending.len() < PENDING_MAX || queue.pending.contains_key(&slot) {
            queue.pending.insert(slot, change);
            self.changed.notify_all();
        }
    }

    /// The writer's thread: takes all that is pending, writes it, until the store is closed and nothing is left.
    fn write_behind(&self) {
        let mut writers: HashMap<Database, Connection> = HashMap::new();
        let mut queue = self.lock();
        loop {
            while !queue.has_work() {
                queue.busy = false;
                self.settled.notify_all();
                if queue.closing {
                    return;
                }
                queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
            queue.busy = true;
            queue.in_flight = std::mem::take(&mut queue.pending);
            let forget_before = queue.forget_before.take();
            let batch = queue.in_flight.clone();
            drop(queue);
            self.write_batch(&mut writers, &batch);
            if let Some(before) = forget_before {
                self.forget(&mut writers, before);
            }
            queue = self.lock();
            queue.in_flight.clear();
        }
    }

    fn write_batch(&self, writers: &mut HashMap<Database, Connection>, batch: &BTreeMap<Slot, Option<Row>>) {
        let mut changes = batch.iter().peekable();
        while let Some(database) = changes.peek().map(|(slot, _)| slot.database.clone()) {
            let mut of_one = Vec::new();
            while let Some(change) = changes.next_if(|(slot, _)| slot.database == database) {
                of_one.push((change.0, change.1.as_ref()));
            }
            let connection = writers.entry(database).or_insert_with_key(|database| self.connection(database));
            self.check(connection.write(&of_one));
        }
    }

    fn forget(&self, writers: &mut HashMap<Database, Connection>, before: Timestamp) {
        for database in connection::databases_in(&self.directory) {
            let connection = writers.entry(database).or_insert_with_key(|database| self.connection(database));
            self.check(connection.forget_before(before));
        }
    }

    fn on_disk<T>(
        &self,
        database: &Database,
        read: impl FnOnce(&mut Connection) -> Result<T, connection::Trouble>,
    ) -> Option<T> {
        let connection = {
            let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
            let open = || Arc::new(Mutex::new(self.connection(database)));
            readers.entry(database.clone()).or_insert_with(open).clone()
        };
        let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        self.check(read(&mut connection))
    }

    fn connection(&self, database: &Database) -> Connection {
        Connection::new(&self.directory, database)
    }

    /// Reports trouble once; a success makes the next trouble worth a report again.
    fn check<T>(&self, result: Result<T, connection::Trouble>) -> Option<T> {
        let mut complained = self.complained.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(value) => {
                *complained = None;
                Some(value)
            }
            Err(trouble) => {
                let text = trouble.to_string();
                if complained.as_ref() != Some(&text) {
                    (self.report)(&text);
                    *complained = Some(text);
                }
                None
            }
        }
    }
}

/// Most changes that wait for the disk.
const PENDING_MAX: usize = 20_000;

#[cfg(test)]
mod tests;
