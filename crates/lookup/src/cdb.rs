//! `cdb`: constant databases.
//!
//! A file is 256 pairs (place, slots) of hash tables, the records, and the tables: slots of (hash, place of record). All
//! numbers have 32 bits, least byte first.
//!
//! # Security
//! A broken file gives an error or no answer: lengths are checked against the file's size before memory is taken, and a
//! search looks at each slot at most once.
//!
//! # References
//! "A structure for constant databases" by D. J. Bernstein, <https://cr.yp.to/cdb/cdb.txt>.

mod write;

use std::io;

use mail_types::limits;

use crate::read_at::{ReadAt, bytes_at, le32};
pub use write::CdbWriter;

/// Bytes of the pairs at the start.
pub(crate) const HEADER: usize = 256 * 8;

/// Finds the first record of a key.
pub fn find<R: ReadAt + ?Sized>(source: &R, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let hash = hash(key);
    let pair = bytes_at(source, u64::from(hash & 255) * 8, 8)?;
    let (table, slots) = (number(&pair, 0), number(&pair, 4));
    if slots == 0 {
        return Ok(None);
    }
    if u64::from(table) + u64::from(slots) * 8 > source.size()? {
        return Err(broken());
    }
    let first = (hash >> 8) % slots;
    for step in 0..slots {
        let slot = (u64::from(first) + u64::from(step)) % u64::from(slots);
        let slot = bytes_at(source, u64::from(table) + slot * 8, 8)?;
        let (found, place) = (number(&slot, 0), number(&slot, 4));
        if place == 0 {
            return Ok(None);
        }
        if found == hash
            && let Some(data) = record(source, u64::from(place), key)?
        {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

/// The data of the record at a place, if it has that key.
fn record<R: ReadAt + ?Sized>(source: &R, place: u64, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let lengths = bytes_at(source, place, 8)?;
    let (key_length, data_length) = (number(&lengths, 0) as usize, number(&lengths, 4) as usize);
    if key_length != key.len() || bytes_at(source, place + 8, key_length)? != key {
        return Ok(None);
    }
    if data_length > limits::LOOKUP_VALUE {
        return Err(broken());
    }
    bytes_at(source, place + 8 + key_length as u64, data_length).map(Some)
}

/// The hash of a key.
pub(crate) fn hash(key: &[u8]) -> u32 {
    key.iter().fold(5381, |hash: u32, byte| (hash << 5).wrapping_add(hash) ^ u32::from(*byte))
}

fn number(bytes: &[u8], at: usize) -> u32 {
    le32(bytes, at).unwrap_or_default()
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the cdb file is broken")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(records: &[(&str, &str)]) -> Vec<u8> {
        let mut writer = CdbWriter::new();
        for (key, data) in records {
            writer.add(key.as_bytes(), data.as_bytes()).unwrap();
        }
        writer.finish().unwrap()
    }

    fn text(file: &[u8], key: &str) -> Option<String> {
        find(file, key.as_bytes()).unwrap().map(|data| String::from_utf8(data).unwrap())
    }

    #[test]
    fn what_was_written_is_found() {
        let file = written(&[("one", "1"), ("", "empty key"), ("two", ""), ("one", "second")]);
        assert_eq!(text(&file, "one"), Some("1".into()), "the first record of a key counts");
        assert_eq!(text(&file, ""), Some("empty key".into()));
        assert_eq!(text(&file, "two"), Some(String::new()));
        assert_eq!(text(&file, "three"), None);
    }

    #[test]
    fn many_keys() {
        let keys: Vec<String> = (0..5_000).map(|n| format!("key{n}")).collect();
        let records: Vec<(&str, &str)> = keys.iter().map(|key| (&**key, &key[3..])).collect();
        let file = written(&records);
        for key in &keys {
            assert_eq!(text(&file, key).as_deref(), Some(&key[3..]));
        }
        assert_eq!(text(&file, "key5000"), None);
    }

    #[test]
    fn a_broken_file_gives_an_error_and_no_panic() {
        let file = written(&[("one", "1")]);
        for length in 0..file.len() {
            let _ = find(&file[..length], b"one");
        }
        assert!(find(&file[..HEADER], b"one").is_err(), "the tables are missing");
        let mut huge = file.clone();
        huge[HEADER + 4..HEADER + 8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(find(&huge[..], b"one").is_err(), "a record of four gigabytes in a short file");
    }
}
