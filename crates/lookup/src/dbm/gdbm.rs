//! GDBM files: a directory of buckets by the first bits of a hash, elements in them by the rest.
//!
//! Numbers have the byte order of the machine that wrote the file; those with 64-bit places are read, of both orders.

use std::io;

use mail_types::limits;

use super::broken;
use super::page::{Order, slice};
use crate::read_at::{ReadAt, bytes_at};

/// Bytes of a bucket before its elements: free places, bits, count.
const BUCKET_HEADER: usize = 112;
/// Bytes of an element: hash, start of the key, place, lengths.
const ELEMENT: usize = 24;
/// Where the extended header's fields push nothing we need; the numbers are those of both layouts.
const MAGICS: [u32; 3] = [0x1357_9ACE, 0x1357_9ACF, 0x1357_9AD1];

/// What the file begins with.
#[derive(Debug)]
pub(super) struct Header {
    order: Order,
    directory: u64,
    directory_size: u32,
    bits: u32,
    bucket_size: usize,
    elements: u32,
}

impl Header {
    /// None when it is no GDBM file.
    pub(super) fn parse(start: &[u8]) -> Option<io::Result<Self>> {
        let order = [Order::Little, Order::Big]
            .into_iter()
            .find(|order| order.u32(start, 0).is_ok_and(|magic| MAGICS.contains(&magic)))?;
        Some(Self::read(start, order))
    }

    fn read(start: &[u8], order: Order) -> io::Result<Self> {
        let header = Self {
            order,
            directory: u64_at(order, start, 8)?,
            directory_size: order.u32(start, 16)?,
            bits: order.u32(start, 20)?,
            bucket_size: order.u32(start, 24)? as usize,
            elements: order.u32(start, 28)?,
        };
        let whole = u64::from(header.elements) * ELEMENT as u64 + BUCKET_HEADER as u64;
        if header.bits > 31
            || header.elements == 0
            || header.bucket_size > 1 << 24
            || whole > header.bucket_size as u64
        {
            return Err(broken("a GDBM header that makes no sense"));
        }
        Ok(header)
    }
}

pub(super) fn find<R: ReadAt + ?Sized>(
    source: &R,
    header: &Header,
    key: &[u8],
) -> io::Result<Option<Vec<u8>>> {
    let hash = hash(key);
    let index = u64::from(hash >> (31 - header.bits));
    if index * 8 >= u64::from(header.directory_size) {
        return Err(broken("a bucket that is not there"));
    }
    let place = bytes_at(source, header.directory.saturating_add(index * 8), 8)?;
    let bucket = bytes_at(source, u64_at(header.order, &place, 0)?, header.bucket_size)?;
    for step in 0..header.elements {
        let at = (hash % header.elements + step) % header.elements;
        let element = slice(&bucket, BUCKET_HEADER + at as usize * ELEMENT, ELEMENT)?;
        let found = header.order.u32(element, 0)?;
        if found == u32::MAX {
            return Ok(None);
        }
        let key_length = header.order.u32(element, 16)? as usize;
        if found == hash && key_length == key.len() {
            let place = u64_at(header.order, element, 8)?;
            if bytes_at(source, place, key_length)? == key {
                let length = header.order.u32(element, 20)? as usize;
                if length > limits::LOOKUP_VALUE {
                    return Err(broken("a value is too long"));
                }
                return bytes_at(source, place.saturating_add(key_length as u64), length).map(Some);
            }
        }
    }
    Ok(None)
}

/// 31 bits.
fn hash(key: &[u8]) -> u32 {
    let start = (key.len() as u32).wrapping_mul(0x238F_13AF);
    let value = key
        .iter()
        .enumerate()
        .fold(start, |value, (at, byte)| value.wrapping_add(u32::from(*byte) << (at * 5 % 24)) & 0x7FFF_FFFF);
    value.wrapping_mul(1_103_515_243).wrapping_add(12_345) & 0x7FFF_FFFF
}

fn u64_at(order: Order, bytes: &[u8], at: usize) -> io::Result<u64> {
    let (first, second) = (order.u32(bytes, at)?, order.u32(bytes, at + 4)?);
    let (low, high) = if order == Order::Little { (first, second) } else { (second, first) };
    Ok(u64::from(low) | u64::from(high) << 32)
}
