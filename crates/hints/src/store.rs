//! The trait that everybody else sees, and the plain table below it.

use std::time::Duration;

use mail_types::{MessageId, Timestamp};

use crate::key::RetryKey;
use crate::record::{CalloutRecord, RetryRecord};

/// A store of hints. Calls wait for no disk longer than a read takes; no call fails.
pub trait Hints: Send + Sync {
    /// What is remembered of a host or an address.
    fn retry(&self, key: &RetryKey) -> Option<RetryRecord>;

    /// Remembers.
    fn set_retry(&self, key: &RetryKey, record: RetryRecord);

    /// Forgets: it worked.
    fn remove_retry(&self, key: &RetryKey);

    /// Remembers that a message waits for a host.
    fn add_waiting(&self, transport: &[u8], host: &[u8], id: &MessageId);

    /// Takes up to `limit` messages that wait for a host, oldest first. They are no longer waiting then.
    fn take_waiting(&self, transport: &[u8], host: &[u8], limit: usize) -> Vec<MessageId>;

    /// Forgets that a message waits for a host: it has been dealt with.
    fn remove_waiting(&self, transport: &[u8], host: &[u8], id: &MessageId);

    /// What a callout to a domain or an address came to.
    fn callout(&self, key: &[u8]) -> Option<CalloutRecord>;

    /// Remembers a callout.
    fn set_callout(&self, key: &[u8], record: CalloutRecord);

    /// A small record of the caller's, with the time that it was made.
    fn misc(&self, key: &[u8]) -> Option<(Timestamp, Vec<u8>)>;

    /// Remembers a small record.
    fn set_misc(&self, key: &[u8], time: Timestamp, data: &[u8]);

    /// Forgets what was last touched before `before`.
    fn tidy(&self, before: Timestamp);

    /// Waits, but no longer than `patience`, until all that was remembered has been written.
    fn flush(&self, patience: Duration);
}

/// Which file a row belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Database {
    Retry,
    Callout,
    Misc,
    Wait(Vec<u8>),
}

/// The place of a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Slot {
    pub(crate) database: Database,
    pub(crate) key: Vec<u8>,
    /// Tells rows of the same key apart: the message id in a wait database, else empty.
    pub(crate) sub: Vec<u8>,
}

/// A row's contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) touched: Timestamp,
    pub(crate) value: Vec<u8>,
}

/// Rows under slots: all that a store has to offer.
pub(crate) trait Table: Send + Sync {
    fn read(&self, slot: &Slot) -> Option<Row>;
    /// All rows of a key, by their `sub`.
    fn rows(&self, database: &Database, key: &[u8]) -> Vec<(Vec<u8>, Row)>;
    fn write(&self, slot: Slot, row: Row);
    fn delete(&self, slot: Slot);
    fn forget_before(&self, before: Timestamp);
    fn settle(&self, patience: Duration);
    fn now(&self) -> Timestamp;
}

impl<T: Table> Hints for T {
    fn retry(&self, key: &RetryKey) -> Option<RetryRecord> {
        let slot = plain(Database::Retry, key.as_bytes())?;
        RetryRecord::decode(&self.read(&slot)?.value)
    }

    fn set_retry(&self, key: &RetryKey, record: RetryRecord) {
        let Some(slot) = plain(Database::Retry, key.as_bytes()) else { return };
        let row = Row { touched: record.last_try, value: record.encode() };
        self.write(slot, row);
    }

    fn remove_retry(&self, key: &RetryKey) {
        if let Some(slot) = plain(Database::Retry, key.as_bytes())
            && self.read(&slot).is_some()
        {
            self.delete(slot);
        }
    }

    fn add_waiting(&self, transport: &[u8], host: &[u8], id: &MessageId) {
        if let Some(slot) = waiting(transport, host, id) {
            self.write(slot, Row { touched: self.now(), value: Vec::new() });
        }
    }

    fn take_waiting(&self, transport: &[u8], host: &[u8], limit: usize) -> Vec<MessageId> {
        let mut rows = self.rows(&Database::Wait(transport.to_vec()), host);
        rows.sort_by(|a, b| (a.1.touched, &a.0).cmp(&(b.1.touched, &b.0)));
        let mut taken = Vec::new();
        for (sub, _) in rows {
            let id = MessageId::parse(&sub);
            if taken.len() == limit && id.is_some() {
                break;
            }
            self.delete(Slot { database: Database::Wait(transport.to_vec()), key: host.to_vec(), sub });
            taken.extend(id);
        }
        taken
    }

    fn remove_waiting(&self, transport: &[u8], host: &[u8], id: &MessageId) {
        if let Some(slot) = waiting(transport, host, id)
            && self.read(&slot).is_some()
        {
            self.delete(slot);
        }
    }

    fn callout(&self, key: &[u8]) -> Option<CalloutRecord> {
        CalloutRecord::decode(&self.read(&plain(Database::Callout, key)?)?.value)
    }

    fn set_callout(&self, key: &[u8], record: CalloutRecord) {
        if let Some(slot) = plain(Database::Callout, key) {
            self.write(slot, Row { touched: record.time, value: record.encode() });
        }
    }

    fn misc(&self, key: &[u8]) -> Option<(Timestamp, Vec<u8>)> {
        let row = self.read(&plain(Database::Misc, key)?)?;
        Some((row.touched, row.value))
    }

    fn set_misc(&self, key: &[u8], time: Timestamp, data: &[u8]) {
        if let Some(slot) = plain(Database::Misc, key)
            && data.len() <= MISC_MAX
        {
            self.write(slot, Row { touched: time, value: data.to_vec() });
        }
    }

    fn tidy(&self, before: Timestamp) {
        self.forget_before(before);
    }

    fn flush(&self, patience: Duration) {
        self.settle(patience);
    }
}

fn plain(database: Database, key: &[u8]) -> Option<Slot> {
    (key.len() <= RetryKey::MAX).then(|| Slot { database, key: key.to_vec(), sub: Vec::new() })
}

fn waiting(transport: &[u8], host: &[u8], id: &MessageId) -> Option<Slot> {
    let fits = transport.len() <= TRANSPORT_MAX && host.len() <= RetryKey::MAX;
    fits.then(|| Slot {
        database: Database::Wait(transport.to_vec()),
        key: host.to_vec(),
        sub: id.as_bytes().to_vec(),
    })
}

/// Longest record of [`Hints::set_misc`].
const MISC_MAX: usize = 4_096;
/// Longest name of a transport (Exim's own limit for driver names).
const TRANSPORT_MAX: usize = 64;
