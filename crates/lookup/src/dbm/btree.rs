//! Berkeley DB files of the btree family.

use std::cmp::Ordering;
use std::io;

use super::broken;
use super::page::{self, Page, slice};
use crate::read_at::{ReadAt, bytes_at};

/// Kinds of page.
const INTERNAL: u8 = 3;
const UNSORTED_INTERNAL: u8 = 4;
const LEAF: u8 = 5;
const UNSORTED_LEAF: u8 = 6;
const DUPLICATES_LEAF: u8 = 12;
/// Kinds of item; the highest bit marks a deleted one.
const PLAIN: u8 = 1;
const DUPLICATES: u8 = 2;
const OVERFLOW: u8 = 3;
const DELETED: u8 = 0x80;
/// Record numbers instead of keys.
const RECORD_NUMBERS: u32 = 2;
/// Items in a packed form.
const COMPRESSED: u32 = 0x80;
/// Deeper trees do not occur.
const DEPTH: usize = 32;

/// What the first page says.
#[derive(Debug)]
pub(super) struct Meta {
    page: page::Meta,
    root: u32,
}

impl Meta {
    pub(super) fn read<R: ReadAt + ?Sized>(source: &R, page: page::Meta) -> io::Result<Self> {
        if page.flags & (RECORD_NUMBERS | COMPRESSED) != 0 {
            return Err(broken("a database of record numbers, or a compressed one"));
        }
        let root = page.order.u32(&bytes_at(source, 88, 4)?, 0)?;
        Ok(Self { page, root })
    }
}

pub(super) fn find<R: ReadAt + ?Sized>(source: &R, meta: &Meta, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let tree = Tree { source, meta: &meta.page };
    let mut number = meta.root;
    for _ in 0..DEPTH {
        let page = tree.meta.page(source, number)?;
        match page.kind {
            INTERNAL if page.count > 0 => number = tree.child(&page, key)?,
            LEAF => return tree.leaf(&page, key),
            _ => return Err(broken("a page of the wrong kind")),
        }
    }
    Err(broken("the tree is too deep"))
}

/// The first value of a tree of duplicates.
pub(super) fn first<R: ReadAt + ?Sized>(source: &R, meta: &page::Meta, root: u32) -> io::Result<Vec<u8>> {
    let tree = Tree { source, meta };
    let mut number = root;
    for _ in 0..DEPTH {
        let page = meta.page(source, number)?;
        match page.kind {
            INTERNAL => number = page.order.u32(&page.bytes, page.offset(0)? + 4)?,
            UNSORTED_INTERNAL => number = page.order.u32(&page.bytes, page.offset(0)?)?,
            UNSORTED_LEAF | DUPLICATES_LEAF => {
                for at in 0..page.count {
                    let item = Item::read(&page, at)?;
                    if item.kind & DELETED == 0 {
                        return tree.bytes(&item);
                    }
                }
                number = page.next;
            }
            _ => return Err(broken("a page of the wrong kind")),
        }
    }
    Err(broken("the tree is too deep"))
}

struct Tree<'a, R: ?Sized> {
    source: &'a R,
    meta: &'a page::Meta,
}

/// An item of a page.
struct Item<'a> {
    kind: u8,
    /// The bytes, or what says where they are.
    content: &'a [u8],
}

impl<'a> Item<'a> {
    /// An item of a leaf: length, kind, bytes; or two unused, kind, one unused, page, length.
    fn read(page: &'a Page, at: usize) -> io::Result<Self> {
        let start = page.offset(at)?;
        let kind = slice(&page.bytes, start, 3)?[2];
        let content = if kind & !DELETED == PLAIN {
            slice(&page.bytes, start + 3, usize::from(page.order.u16(&page.bytes, start)?))?
        } else {
            slice(&page.bytes, start + 4, 8)?
        };
        Ok(Self { kind, content })
    }

    /// An item of an internal page: length, kind, unused, page, records; then the key, or what says where it is.
    fn internal(page: &'a Page, at: usize) -> io::Result<Self> {
        let start = page.offset(at)?;
        let kind = slice(&page.bytes, start, 3)?[2];
        let length = usize::from(page.order.u16(&page.bytes, start)?);
        let content = slice(&page.bytes, start + 12, length)?;
        // The key of an overflow is a whole such item.
        let content = if kind & !DELETED == OVERFLOW { slice(content, 4, 8)? } else { content };
        Ok(Self { kind, content })
    }
}

impl<R: ReadAt + ?Sized> Tree<'_, R> {
    fn bytes(&self, item: &Item<'_>) -> io::Result<Vec<u8>> {
        let order = self.meta.order;
        match item.kind & !DELETED {
            PLAIN => Ok(item.content.to_vec()),
            OVERFLOW => {
                let (page, length) = (order.u32(item.content, 0)?, order.u32(item.content, 4)?);
                self.meta.overflow(self.source, page, length)
            }
            DUPLICATES => first(self.source, self.meta, order.u32(item.content, 0)?),
            _ => Err(broken("an item of an unknown kind")),
        }
    }

    fn compare(&self, item: &Item<'_>, key: &[u8]) -> io::Result<Ordering> {
        if item.kind & !DELETED == PLAIN {
            return Ok(item.content.cmp(key));
        }
        Ok(self.bytes(item)?.as_slice().cmp(key))
    }

    /// The child under which a key is: the last one whose key is not above. The first one's key counts as empty.
    fn child(&self, page: &Page, key: &[u8]) -> io::Result<u32> {
        let (mut low, mut high) = (1, page.count);
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.compare(&Item::internal(page, middle)?, key)? == Ordering::Greater {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        page.order.u32(&page.bytes, page.offset(low - 1)? + 4)
    }

    /// A leaf holds keys and values in turn; duplicates repeat the key's offset.
    fn leaf(&self, page: &Page, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        let (mut low, mut high) = (0, page.count / 2);
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.compare(&Item::read(page, middle * 2)?, key)? == Ordering::Less {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        for pair in low..page.count / 2 {
            let (found, value) = (Item::read(page, pair * 2)?, Item::read(page, pair * 2 + 1)?);
            if self.compare(&found, key)? != Ordering::Equal {
                break;
            }
            if (found.kind | value.kind) & DELETED == 0 {
                return self.bytes(&value).map(Some);
            }
        }
        Ok(None)
    }
}
