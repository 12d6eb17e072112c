//! Berkeley DB files of the hash family: buckets that double.

use std::io;

use super::broken;
use super::page::{self, Page, slice};
use crate::read_at::{ReadAt, bytes_at};

/// The text whose hash the file keeps, so that a reader can tell whether it has the same function.
pub(super) const TEST_KEY: &[u8] = b"%$sniglet^&\0";
/// Kinds of page: items in any order, items sorted.
const UNSORTED: u8 = 2;
const SORTED: u8 = 13;
/// Kinds of item.
const PLAIN: u8 = 1;
const DUPLICATES: u8 = 2;
const OFF_PAGE: u8 = 3;
const OFF_PAGE_DUPLICATES: u8 = 4;

/// What the first page says.
#[derive(Debug)]
pub(super) struct Meta {
    page: page::Meta,
    max_bucket: u32,
    high_mask: u32,
    low_mask: u32,
    /// By the power of two of a bucket's number: what to add to get its page.
    spares: Vec<u32>,
    function: fn(&[u8]) -> u32,
}

impl Meta {
    pub(super) fn read<R: ReadAt + ?Sized>(source: &R, page: page::Meta) -> io::Result<Self> {
        let bytes = bytes_at(source, 0, 224)?;
        let number = |at| page.order.u32(&bytes, at);
        let spares = (0..32).map(|n| number(96 + n * 4)).collect::<io::Result<Vec<u32>>>()?;
        let expected = number(92)?;
        let functions: [fn(&[u8]) -> u32; 2] = [fnv, torek];
        let function = functions.into_iter().find(|function| function(TEST_KEY) == expected);
        let function = function.ok_or_else(|| broken("the database has a hash function of its own"))?;
        let (max_bucket, high_mask, low_mask) = (number(72)?, number(76)?, number(80)?);
        Ok(Self { page, max_bucket, high_mask, low_mask, spares, function })
    }

    fn bucket_page(&self, hash: u32) -> io::Result<u32> {
        let mut bucket = hash & self.high_mask;
        if bucket > self.max_bucket {
            bucket &= self.low_mask;
        }
        let power = (u64::from(bucket) + 1).next_power_of_two().trailing_zeros() as usize;
        let spare = self.spares.get(power).ok_or_else(|| broken("a bucket that is not there"))?;
        bucket.checked_add(*spare).ok_or_else(|| broken("a bucket that is not there"))
    }
}

pub(super) fn find<R: ReadAt + ?Sized>(source: &R, meta: &Meta, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let mut number = meta.bucket_page((meta.function)(key))?;
    for _ in 0..=meta.page.count(source)? {
        let page = meta.page.page(source, number)?;
        if !matches!(page.kind, UNSORTED | SORTED) {
            // A bucket that was never used has no page yet.
            return if page.bytes.iter().all(|byte| *byte == 0) {
                Ok(None)
            } else {
                Err(broken("a page of the wrong kind"))
            };
        }
        for pair in 0..page.count / 2 {
            if key_is(source, meta, item(&page, pair * 2)?, key)? {
                return value(source, meta, item(&page, pair * 2 + 1)?).map(Some);
            }
        }
        match page.next {
            0 => return Ok(None),
            next => number = next,
        }
    }
    Err(broken("a bucket has too many pages"))
}

/// An item ends where the one before it begins.
fn item(page: &Page, at: usize) -> io::Result<&[u8]> {
    let start = page.offset(at)?;
    let end = if at == 0 { page.bytes.len() } else { page.offset(at - 1)? };
    let length = end.checked_sub(start).filter(|length| *length > 0);
    slice(&page.bytes, start, length.ok_or_else(|| broken("an item without content"))?)
}

fn key_is<R: ReadAt + ?Sized>(source: &R, meta: &Meta, item: &[u8], key: &[u8]) -> io::Result<bool> {
    match item[0] {
        PLAIN => Ok(&item[1..] == key),
        OFF_PAGE => {
            let (page, length) = off_page(meta, item)?;
            Ok(length as usize == key.len() && meta.page.overflow(source, page, length)? == key)
        }
        _ => Err(broken("a key of an unknown kind")),
    }
}

fn value<R: ReadAt + ?Sized>(source: &R, meta: &Meta, item: &[u8]) -> io::Result<Vec<u8>> {
    match item[0] {
        PLAIN => Ok(item[1..].to_vec()),
        OFF_PAGE => {
            let (page, length) = off_page(meta, item)?;
            meta.page.overflow(source, page, length)
        }
        DUPLICATES => {
            let length = usize::from(meta.page.order.u16(item, 1)?);
            slice(item, 3, length).map(<[u8]>::to_vec)
        }
        OFF_PAGE_DUPLICATES => super::btree::first(source, &meta.page, meta.page.order.u32(item, 4)?),
        _ => Err(broken("a value of an unknown kind")),
    }
}

fn off_page(meta: &Meta, item: &[u8]) -> io::Result<(u32, u32)> {
    Ok((meta.page.order.u32(item, 4)?, meta.page.order.u32(item, 8)?))
}

/// The hash function of Berkeley DB since version 3 (Fowler, Noll, Vo).
pub(super) fn fnv(key: &[u8]) -> u32 {
    key.iter().fold(0, |hash: u32, byte| hash.wrapping_mul(16_777_619) ^ u32::from(*byte))
}

/// The one before (Torek).
fn torek(key: &[u8]) -> u32 {
    key.iter().fold(0, |hash: u32, byte| hash.wrapping_mul(33).wrapping_add(u32::from(*byte)))
}
