//! Which messages wait, by the time at which they are next worth a try.
//!
//! # Invariants
//! * Each message stands once; every operation costs the logarithm of the length.

use std::collections::{BTreeSet, HashMap, HashSet};

use mail_types::{MessageId, Timestamp};

/// The messages of the spool, as far as the manager knows.
#[derive(Debug, Default)]
pub(super) struct Index {
    next_try: HashMap<MessageId, Timestamp>,
    by_time: BTreeSet<(Timestamp, MessageId)>,
}

impl Index {
    /// Puts a message in, or at another time.
    pub(super) fn put(&mut self, id: MessageId, next_try: Timestamp) {
        if let Some(before) = self.next_try.insert(id, next_try) {
            self.by_time.remove(&(before, id));
        }
        self.by_time.insert((next_try, id));
    }

    /// Puts a message in unless it stands already.
    pub(super) fn put_new(&mut self, id: MessageId, next_try: Timestamp) {
        if !self.next_try.contains_key(&id) {
            self.put(id, next_try);
        }
    }

    /// Takes a message out.
    pub(super) fn remove(&mut self, id: &MessageId) {
        if let Some(time) = self.next_try.remove(id) {
            self.by_time.remove(&(time, *id));
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.next_try.len()
    }

    /// All of them, those first whose time comes first.
    pub(super) fn in_order(&self) -> Vec<MessageId> {
        self.by_time.iter().map(|(_, id)| *id).collect()
    }

    /// Takes over what a look through the spool showed. Messages that are being tried now, or arrived while it lasted
    /// (`keep`), stay whatever it says.
    pub(super) fn reconcile(
        &mut self,
        seen: &HashSet<MessageId>,
        now: Timestamp,
        keep: impl Fn(&MessageId) -> bool,
    ) {
        let gone: Vec<MessageId> =
            self.next_try.keys().filter(|id| !seen.contains(*id) && !keep(id)).copied().collect();
        for id in gone {
            self.remove(&id);
        }
        for id in seen {
            self.put_new(*id, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u64) -> MessageId {
        MessageId::long(1, n, 0)
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    #[test]
    fn the_next_to_be_tried_comes_first() {
        let mut index = Index::default();
        for (n, time) in [(1, 30), (2, 10), (3, 20), (1, 5)] {
            index.put(id(n), at(time));
        }
        assert_eq!(index.in_order(), [id(1), id(2), id(3)]);
        index.remove(&id(2));
        index.remove(&id(2));
        index.put_new(id(3), at(1));
        assert_eq!((index.in_order(), index.len()), (vec![id(1), id(3)], 2));
    }

    #[test]
    fn a_look_through_the_spool_is_believed_but_for_what_is_under_way() {
        let mut index = Index::default();
        for n in 1..=3 {
            index.put(id(n), at(50));
        }
        let seen = HashSet::from([id(2), id(4)]);
        index.reconcile(&seen, at(9), |kept| *kept == id(3));
        assert_eq!(index.in_order(), [id(4), id(2), id(3)]);
    }
}
