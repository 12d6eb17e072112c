//! The `.pag` file of the old ndbm and of sdbm: blocks of 1024 bytes.
//!
//! A block begins with the number of offsets and the offsets; keys and values in turn stand from its end downwards. Which
//! block a key belongs in depends on the maker's hash function, of which there are several; so all blocks are looked at.

use std::io;

use crate::read_at::{ReadAt, bytes_at};

const BLOCK: usize = 1024;

/// Whether the file is made of such blocks.
pub(super) fn is_whole<R: ReadAt + ?Sized>(source: &R) -> io::Result<bool> {
    let size = source.size()?;
    if size % BLOCK as u64 != 0 {
        return Ok(false);
    }
    for number in 0..(size / BLOCK as u64).min(4) {
        if pairs(&bytes_at(source, number * BLOCK as u64, BLOCK)?).is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) fn find<R: ReadAt + ?Sized>(source: &R, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
    for number in 0..source.size()? / BLOCK as u64 {
        let block = bytes_at(source, number * BLOCK as u64, BLOCK)?;
        let found = pairs(&block).unwrap_or_default().into_iter().find(|(name, _)| *name == key);
        if let Some((_, value)) = found {
            return Ok(Some(value.to_vec()));
        }
    }
    Ok(None)
}

/// Keys and values of a block; none when it makes no sense.
fn pairs(block: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let offset = |at: usize| {
        block.get(at * 2..at * 2 + 2).map(|two| usize::from(u16::from_ne_bytes([two[0], two[1]])))
    };
    let count = offset(0)?;
    if count % 2 != 0 || count * 2 >= BLOCK {
        return None;
    }
    let mut end = BLOCK;
    let mut pairs = Vec::with_capacity(count / 2);
    for pair in 0..count / 2 {
        let (key, value) = (offset(pair * 2 + 1)?, offset(pair * 2 + 2)?);
        pairs.push((block.get(key..end)?, block.get(value..key)?));
        end = value;
    }
    Some(pairs)
}
