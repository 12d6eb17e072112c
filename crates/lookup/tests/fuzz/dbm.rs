//! A database file of any of the families that anybody may have written: no panic, no endless search.

use std::io;

use lookup::ReadAt;
use lookup::dbm::Database;

struct Content<'a>(&'a [u8]);

impl ReadAt for Content<'_> {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }

    fn size(&self) -> io::Result<u64> {
        self.0.size()
    }
}

/// Gives one input to it.
pub(crate) fn run(data: &[u8]) {
    for open in [Database::open, Database::open_ndbm] {
        let Ok(database) = open(Content(data)) else { continue };
        for key in [&b"k1"[..], b"", b"key77", b"long"] {
            if let Ok(Some(value)) = database.find(key) {
                assert!(value.len() <= data.len(), "a value is longer than its file");
            }
        }
    }
}
