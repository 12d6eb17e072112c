//! Pages of Berkeley DB files, of both families.
//!
//! A page begins with its log number, its own number, the previous and the next page, the number of items, the start of
//! the items, its level and its kind; then come the items' offsets. Numbers have the byte order of the machine that
//! wrote them, told by the magic number.

use std::io;

use mail_types::limits;

use super::broken;
use crate::read_at::{ReadAt, bytes_at};

/// Pages of one value that does not fit into a page of items.
const OVERFLOW: u8 = 7;
/// Bytes before the offsets; with a checksum there are six more.
const HEADER: usize = 26;
const HEADER_CHECKSUM: usize = 32;

/// Which family a file is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Hash,
    Btree,
}

/// What both families' first pages hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meta {
    pub(super) kind: Kind,
    pub(super) page_size: usize,
    pub(super) order: Order,
    pub(super) flags: u32,
    header: usize,
}

/// The byte order of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    pub(super) fn u32(self, bytes: &[u8], at: usize) -> io::Result<u32> {
        let four = slice(bytes, at, 4)?;
        let four = [four[0], four[1], four[2], four[3]];
        Ok(if self == Self::Little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) })
    }

    pub(super) fn u16(self, bytes: &[u8], at: usize) -> io::Result<u16> {
        let two = slice(bytes, at, 2)?;
        Ok(if self == Self::Little {
            u16::from_le_bytes([two[0], two[1]])
        } else {
            u16::from_be_bytes([two[0], two[1]])
        })
    }
}

impl Meta {
    /// Reads the first 72 bytes; none when this is no Berkeley DB file, an error when it is one that can't be read.
    pub(super) fn parse(start: &[u8]) -> io::Result<Option<Self>> {
        const HASH: u32 = 0x0006_1561;
        const BTREE: u32 = 0x0005_3162;
        let found =
            [Order::Little, Order::Big].into_iter().find_map(|order| match order.u32(start, 12).ok()? {
                HASH => Some((Kind::Hash, order)),
                BTREE => Some((Kind::Btree, order)),
                _ => None,
            });
        let Some((kind, order)) = found else { return Ok(None) };
        let oldest = if kind == Kind::Hash { 7 } else { 8 };
        if !(oldest..=10).contains(&order.u32(start, 16)?) {
            return Err(broken("a Berkeley DB file of a version that is not known"));
        }
        let page_size = order.u32(start, 20)? as usize;
        if !page_size.is_power_of_two() || !(512..=1 << 16).contains(&page_size) {
            return Err(broken("no such page size"));
        }
        let (encrypted, flags) = (start[24], start[26]);
        if encrypted != 0 {
            return Err(broken("the database is encrypted"));
        }
        let header = if flags & 1 != 0 { HEADER_CHECKSUM } else { HEADER };
        Ok(Some(Self { kind, page_size, order, flags: order.u32(start, 48)?, header }))
    }

    pub(super) fn page<R: ReadAt + ?Sized>(&self, source: &R, number: u32) -> io::Result<Page> {
        let place = u64::from(number) * self.page_size as u64;
        let bytes = bytes_at(source, place, self.page_size)?;
        Ok(Page {
            next: self.order.u32(&bytes, 16)?,
            count: usize::from(self.order.u16(&bytes, 20)?),
            start: usize::from(self.order.u16(&bytes, 22)?),
            kind: bytes[25],
            bytes,
            order: self.order,
            header: self.header,
        })
    }

    /// How many pages the file has: no chain is longer.
    pub(super) fn count<R: ReadAt + ?Sized>(&self, source: &R) -> io::Result<u64> {
        Ok(source.size()? / self.page_size as u64)
    }

    /// A value on pages of its own.
    pub(super) fn overflow<R: ReadAt + ?Sized>(
        &self,
        source: &R,
        first: u32,
        length: u32,
    ) -> io::Result<Vec<u8>> {
        let length = length as usize;
        if length > limits::LOOKUP_VALUE {
            return Err(broken("a value is too long"));
        }
        let mut value = Vec::new();
        let mut number = first;
        let mut left = self.count(source)?;
        while value.len() < length {
            left = left.saturating_sub(1);
            if number == 0 || left == 0 {
                return Err(broken("a value ends too early"));
            }
            let page = self.page(source, number)?;
            // On such a page the field of the items' start says how much of the value is there.
            let here = page.start.min(length - value.len());
            if page.kind != OVERFLOW || here == 0 {
                return Err(broken("a page of the wrong kind"));
            }
            value.extend_from_slice(slice(&page.bytes, self.header, here)?);
            number = page.next;
        }
        Ok(value)
    }
}

/// A page in memory.
pub(super) struct Page {
    pub(super) bytes: Vec<u8>,
    pub(super) next: u32,
    pub(super) count: usize,
    pub(super) kind: u8,
    start: usize,
    pub(super) order: Order,
    header: usize,
}

impl Page {
    /// Where an item begins.
    pub(super) fn offset(&self, item: usize) -> io::Result<usize> {
        if item >= self.count {
            return Err(broken("an item that is not there"));
        }
        Ok(usize::from(self.order.u16(&self.bytes, self.header + item * 2)?))
    }
}

/// Bytes within bytes.
pub(super) fn slice(bytes: &[u8], start: usize, length: usize) -> io::Result<&[u8]> {
    start
        .checked_add(length)
        .and_then(|end| bytes.get(start..end))
        .ok_or_else(|| broken("an item outside of its page"))
}
