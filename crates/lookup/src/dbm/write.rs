//! Making a Berkeley DB file of the hash family, as `exim_dbmbuild` does.
//!
//! # Invariants
//! * All buckets stand one after the other behind the first page; pages that a full bucket needs more, and the pages of
//!   long items, come behind them. Items are sorted in each page.

use std::collections::HashMap;
use std::io;

use super::broken;
use super::hash::{TEST_KEY, fnv};

const PAGE: usize = 4096;
const HEADER: usize = 26;
/// Longer items stand on pages of their own.
const LONG: usize = PAGE / 4;
/// How full the first page of a bucket is meant to be.
const FILL: usize = PAGE / 2;

/// Which of several values of a key counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicate {
    /// The one that came first.
    First,
    /// The one that came last.
    Last,
}

/// Collects keys and values; [`HashWriter::finish`] gives the file.
#[derive(Debug, Default)]
pub struct HashWriter {
    entries: HashMap<Vec<u8>, Vec<u8>>,
}

impl HashWriter {
    /// Without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key; false when it was there already.
    pub fn add(&mut self, key: Vec<u8>, value: Vec<u8>, duplicate: Duplicate) -> bool {
        let known = self.entries.contains_key(&key);
        if !known || duplicate == Duplicate::Last {
            self.entries.insert(key, value);
        }
        !known
    }

    /// The value of a key.
    pub(crate) fn value(&self, key: &[u8]) -> Option<&[u8]> {
        self.entries.get(key).map(Vec::as_slice)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True without keys.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The whole file; the id should be another one for each file.
    pub fn finish(self, id: [u8; 20]) -> io::Result<Vec<u8>> {
        let count = self.entries.len();
        let bytes: usize = self.entries.iter().map(|(key, value)| on_page(key) + on_page(value)).sum();
        let buckets = (bytes / FILL + 1).next_power_of_two().max(2);
        let mut sorted = vec![Vec::new(); buckets];
        for (key, value) in self.entries {
            sorted[fnv(&key) as usize & (buckets - 1)].push((key, value));
        }
        let mut file = Pages { bytes: vec![0; PAGE * (buckets + 1)] };
        for (bucket, mut entries) in sorted.into_iter().enumerate() {
            entries.sort();
            file.bucket(bucket + 1, &entries)?;
        }
        file.meta(buckets, count, id)?;
        Ok(file.bytes)
    }
}

/// Bytes that an item and its offset take of a page.
fn on_page(item: &[u8]) -> usize {
    2 + if item.len() > LONG { 12 } else { item.len() + 1 }
}

struct Pages {
    bytes: Vec<u8>,
}

impl Pages {
    /// Appends a page and says its number.
    fn append(&mut self) -> usize {
        self.bytes.resize(self.bytes.len() + PAGE, 0);
        self.bytes.len() / PAGE - 1
    }

    fn put(&mut self, page: usize, at: usize, bytes: &[u8]) {
        let start = page * PAGE + at;
        self.bytes[start..start + bytes.len()].copy_from_slice(bytes);
    }

    fn put32(&mut self, page: usize, at: usize, number: usize) -> io::Result<()> {
        let number = u32::try_from(number).map_err(|_| broken("the file would be too large"))?;
        self.put(page, at, &number.to_le_bytes());
        Ok(())
    }

    fn put16(&mut self, page: usize, at: usize, number: usize) {
        self.put(page, at, &(number as u16).to_le_bytes());
    }

    fn header(&mut self, page: usize, previous: usize, kind: u8) -> io::Result<()> {
        // The log number of a file that knows no log.
        self.put32(page, 4, 1)?;
        self.put32(page, 8, page)?;
        self.put32(page, 12, previous)?;
        self.put(page, 25, &[kind]);
        Ok(())
    }

    /// The pages of one bucket.
    fn bucket(&mut self, first: usize, entries: &[(Vec<u8>, Vec<u8>)]) -> io::Result<()> {
        let mut page = first;
        self.header(page, 0, 13)?;
        let (mut items, mut start) = (0, PAGE);
        for (key, value) in entries {
            if HEADER + items * 2 + on_page(key) + on_page(value) > start {
                self.close(page, items, start);
                let next = self.append();
                self.put32(page, 16, next)?;
                self.header(next, page, 13)?;
                (page, items, start) = (next, 0, PAGE);
            }
            for item in [key, value] {
                let item = self.item(item)?;
                start -= item.len();
                self.put(page, start, &item);
                self.put16(page, HEADER + items * 2, start);
                items += 1;
            }
        }
        self.close(page, items, start);
        Ok(())
    }

    fn close(&mut self, page: usize, items: usize, start: usize) {
        self.put16(page, 20, items);
        self.put16(page, 22, start);
    }

    /// An item as it stands on a bucket's page.
    fn item(&mut self, item: &[u8]) -> io::Result<Vec<u8>> {
        if item.len() <= LONG {
            return Ok([&[1], item].concat());
        }
        let first = self.overflow(item)?;
        let length = u32::try_from(item.len()).map_err(|_| broken("a value is too long"))?;
        Ok([&[3, 0, 0, 0], &(first as u32).to_le_bytes()[..], &length.to_le_bytes()].concat())
    }

    /// The pages of a long item; says the first one's number.
    fn overflow(&mut self, item: &[u8]) -> io::Result<usize> {
        let first = self.bytes.len() / PAGE;
        let chunks: Vec<&[u8]> = item.chunks(PAGE - HEADER).collect();
        for (at, chunk) in chunks.iter().enumerate() {
            let page = self.append();
            self.header(page, if at == 0 { 0 } else { page - 1 }, 7)?;
            if at + 1 < chunks.len() {
                self.put32(page, 16, page + 1)?;
            }
            self.put16(page, 20, 1);
            self.put16(page, 22, chunk.len());
            self.put(page, HEADER, chunk);
        }
        Ok(first)
    }

    fn meta(&mut self, buckets: usize, count: usize, id: [u8; 20]) -> io::Result<()> {
        let last = self.bytes.len() / PAGE - 1;
        let powers = buckets.trailing_zeros() as usize;
        let numbers = [(4, 1), (12, 0x0006_1561), (16, 9), (20, PAGE), (32, last)];
        let buckets = [(72, buckets - 1), (76, buckets - 1), (80, buckets / 2 - 1), (88, count)];
        let spares = (0..=powers).map(|power| (96 + power * 4, 1));
        for (at, number) in numbers.into_iter().chain(buckets).chain(spares) {
            self.put32(0, at, number)?;
        }
        self.put32(0, 92, fnv(TEST_KEY) as usize)?;
        self.put(0, 25, &[8]);
        self.put(0, 52, &id);
        Ok(())
    }
}
