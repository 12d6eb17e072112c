//! Hints that live as long as the program, for tests and for runs without a spool.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mail_types::{Clock, Timestamp};

use crate::store::{Database, Row, Slot, Table};

/// Keeps hints in memory.
pub struct MemoryHints {
    rows: Mutex<BTreeMap<Slot, Row>>,
    clock: Arc<dyn Clock>,
}

impl MemoryHints {
    /// Knows nothing yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { rows: Mutex::new(BTreeMap::new()), clock }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Slot, Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table for MemoryHints {
    fn read(&self, slot: &Slot) -> Option<Row> {
        self.lock().get(slot).cloned()
    }

    fn rows(&self, database: &Database, key: &[u8]) -> Vec<(Vec<u8>, Row)> {
        let first = Slot { database: database.clone(), key: key.to_vec(), sub: Vec::new() };
        let rows = self.lock();
        let of_key =
            rows.range(first..).take_while(|(slot, _)| slot.database == *database && slot.key == key);
        of_key.map(|(slot, row)| (slot.sub.clone(), row.clone())).collect()
    }

    fn write(&self, slot: Slot, row: Row) {
        self.lock().insert(slot, row);
    }

    fn delete(&self, slot: Slot) {
        self.lock().remove(&slot);
    }

    fn forget_before(&self, before: Timestamp) {
        self.lock().retain(|_, row| row.touched >= before);
    }

    fn settle(&self, _: Duration) {}

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
