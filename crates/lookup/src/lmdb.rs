//! `lmdb`: reading the main database of an LMDB file.
//!
//! A file is pages: two meta pages (the newer one counts), and a tree of branch and leaf pages whose nodes are sorted by
//! key. A value that does not fit into a leaf stands on pages of its own.
//!
//! # Invariants
//! * Nothing is written, not even to a lock file, and nothing is mapped: a file that is cut short gives an error where a
//!   mapping would give a signal.
//! * An answer is from one state of the database. A writer uses the pages of a state again only when two more states
//!   are complete; so the meta pages are read again after the search, and a search that was overtaken is done again.
//!
//! # Security
//! All places and lengths are checked; the tree's depth and the attempts are bounded.
//!
//! # References
//! LMDB's file format 1, as `mdb_load` writes it on 64-bit little-endian machines.

use std::cmp::Ordering;
use std::io;

use mail_types::limits;

use crate::read_at::{ReadAt, bytes_at, le32};

/// Bytes before the content of a page.
const PAGE_HEADER: usize = 16;
const MAGIC: u32 = 0xBEEF_C0DE;
const BRANCH: u16 = 1;
const LEAF: u16 = 2;
/// Values of equal length without node headers.
const LEAF2: u16 = 0x20;
/// The value stands on pages of its own.
const NODE_BIG: u16 = 1;
/// The value is a tree: of duplicates, or a named database.
const NODE_TREE: u16 = 2;
/// The value is a set of duplicates.
const NODE_DUPLICATES: u16 = 4;
/// Keys are compared from their ends.
const REVERSE_KEY: u16 = 2;
/// Keys are numbers of the machine.
const INTEGER_KEY: u16 = 8;
/// Deeper trees do not occur: the first level has at least two keys a page.
const DEPTH: usize = 32;
/// Searches that a busy writer may spoil.
const ATTEMPTS: usize = 20;

/// The root of a tree.
#[derive(Clone, Copy, Debug)]
struct Tree {
    flags: u16,
    root: u64,
}

/// A complete state of the database.
#[derive(Clone, Copy, Debug)]
struct State {
    transaction: u64,
    page_size: usize,
    main: Tree,
}

/// Finds the value of a key; of several values the first.
pub fn find<R: ReadAt + ?Sized>(source: &R, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
    for _ in 0..ATTEMPTS {
        let state = newest(source)?;
        let answer = Search { source, page_size: state.page_size }.tree(state.main, key);
        // The pages of this state were not used again before the second state after it was complete.
        if newest(source)?.transaction.saturating_sub(state.transaction) <= 1 {
            return answer;
        }
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, "the database changes too fast"))
}

/// Checks that it is such a file.
pub(crate) fn check<R: ReadAt + ?Sized>(source: &R) -> io::Result<()> {
    newest(source).map(drop)
}

fn newest<R: ReadAt + ?Sized>(source: &R) -> io::Result<State> {
    let first = meta(source, 0)?;
    let second = meta(source, first.page_size as u64)?;
    Ok(if second.transaction > first.transaction { second } else { first })
}

fn meta<R: ReadAt + ?Sized>(source: &R, place: u64) -> io::Result<State> {
    let page = bytes_at(source, place, PAGE_HEADER + 136)?;
    let meta = &page[PAGE_HEADER..];
    if le32(meta, 0) != Some(MAGIC) || le32(meta, 4) != Some(1) {
        return Err(broken("not an LMDB file of format 1"));
    }
    // The databases' records: free pages at 24, main at 72; the first one's padding holds the page size.
    let page_size = le32(meta, 24).unwrap_or_default() as usize;
    if !page_size.is_power_of_two() || !(256..=1 << 16).contains(&page_size) {
        return Err(broken("no such page size"));
    }
    let main = tree(&meta[72..])?;
    Ok(State { transaction: le64(meta, 128)?, page_size, main })
}

/// The record of a database.
fn tree(record: &[u8]) -> io::Result<Tree> {
    Ok(Tree { flags: le16(record, 4)?, root: le64(record, 40)? })
}

struct Search<'a, R: ?Sized> {
    source: &'a R,
    page_size: usize,
}

/// A page in memory.
struct Page {
    bytes: Vec<u8>,
}

/// One node of a page.
struct Node<'a> {
    flags: u16,
    key: &'a [u8],
    /// Length of the value, or the lower half of a branch's page number.
    size: u32,
    data: &'a [u8],
}

impl<R: ReadAt + ?Sized> Search<'_, R> {
    fn tree(&self, tree: Tree, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        if tree.flags & INTEGER_KEY != 0 {
            return Err(broken("the keys are numbers"));
        }
        if tree.root == u64::MAX {
            return Ok(None);
        }
        let mut number = tree.root;
        for _ in 0..DEPTH {
            let page = self.page(number)?;
            let count = page.count()?;
            match page.flags()? & (BRANCH | LEAF) {
                BRANCH if count > 0 => {
                    // The first key of a branch page is empty and stands for everything before the second.
                    let at = page.first_not_below(key, tree.flags, 1)?;
                    let exact = at < count && compare(page.node(at)?.key, key, tree.flags) == Ordering::Equal;
                    number = page.node(if exact { at } else { at - 1 })?.page();
                }
                LEAF => {
                    let at = page.first_not_below(key, tree.flags, 0)?;
                    if at == count {
                        return Ok(None);
                    }
                    let node = page.node(at)?;
                    return if node.key == key { self.value(&node) } else { Ok(None) };
                }
                _ => return Err(broken("a page of the wrong kind")),
            }
        }
        Err(broken("the tree is too deep"))
    }

    fn value(&self, node: &Node<'_>) -> io::Result<Option<Vec<u8>>> {
        let size = node.size as usize;
        if node.flags & NODE_DUPLICATES != 0 {
            return if node.flags & NODE_TREE != 0 {
                self.smallest(tree(node.data)?.root).map(Some)
            } else {
                first_of_page(node.data).map(Some)
            };
        }
        if node.flags & NODE_TREE != 0 {
            // A named database is no value.
            return Ok(None);
        }
        if node.flags & NODE_BIG == 0 {
            return Ok(Some(part(node.data, 0, size)?.to_vec()));
        }
        if size > limits::LOOKUP_VALUE {
            return Err(broken("a value is too long"));
        }
        let place = self.place(le64(node.data, 0)?)?.saturating_add(PAGE_HEADER as u64);
        bytes_at(self.source, place, size).map(Some)
    }

    /// The first key of a tree of duplicates, which are its keys.
    fn smallest(&self, root: u64) -> io::Result<Vec<u8>> {
        let mut number = root;
        for _ in 0..DEPTH {
            let page = self.page(number)?;
            if page.flags()? & BRANCH == 0 {
                return first_of_page(&page.bytes);
            }
            number = page.node(0)?.page();
        }
        Err(broken("the tree is too deep"))
    }

    fn page(&self, number: u64) -> io::Result<Page> {
        Ok(Page { bytes: bytes_at(self.source, self.place(number)?, self.page_size)? })
    }

    fn place(&self, number: u64) -> io::Result<u64> {
        number.checked_mul(self.page_size as u64).ok_or_else(|| broken("a page outside of the file"))
    }
}

impl Page {
    fn flags(&self) -> io::Result<u16> {
        le16(&self.bytes, 10)
    }

    fn count(&self) -> io::Result<usize> {
        Ok(usize::from(le16(&self.bytes, 12)?).saturating_sub(PAGE_HEADER) / 2)
    }

    fn node(&self, at: usize) -> io::Result<Node<'_>> {
        let start = usize::from(le16(&self.bytes, PAGE_HEADER + at * 2)?);
        let header = part(&self.bytes, start, 8)?;
        let key = part(&self.bytes, start + 8, usize::from(le16(header, 6)?))?;
        let data = &self.bytes[start + 8 + key.len()..];
        Ok(Node { flags: le16(header, 4)?, key, size: le32(header, 0).unwrap_or_default(), data })
    }

    /// The first node, from `from` on, whose key is not below.
    fn first_not_below(&self, key: &[u8], flags: u16, from: usize) -> io::Result<usize> {
        let (mut low, mut high) = (from, self.count()?.max(from));
        while low < high {
            let middle = usize::midpoint(low, high);
            if compare(self.node(middle)?.key, key, flags) == Ordering::Less {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }
}

impl Node<'_> {
    /// The page that a branch's node leads to: 48 bits, the upper 16 in the place of the flags.
    fn page(&self) -> u64 {
        u64::from(self.size) | u64::from(self.flags) << 32
    }
}

/// The first value on a page of duplicates.
fn first_of_page(bytes: &[u8]) -> io::Result<Vec<u8>> {
    if le16(bytes, 10)? & LEAF2 != 0 {
        return Ok(part(bytes, PAGE_HEADER, usize::from(le16(bytes, 8)?))?.to_vec());
    }
    let start = usize::from(le16(bytes, PAGE_HEADER)?);
    let length = usize::from(le16(bytes, start + 6)?);
    Ok(part(bytes, start + 8, length)?.to_vec())
}

fn compare(left: &[u8], right: &[u8], flags: u16) -> Ordering {
    if flags & REVERSE_KEY != 0 { left.iter().rev().cmp(right.iter().rev()) } else { left.cmp(right) }
}

fn part(bytes: &[u8], start: usize, length: usize) -> io::Result<&[u8]> {
    start
        .checked_add(length)
        .and_then(|end| bytes.get(start..end))
        .ok_or_else(|| broken("a node outside of its page"))
}

fn le16(bytes: &[u8], at: usize) -> io::Result<u16> {
    let two = part(bytes, at, 2)?;
    Ok(u16::from_le_bytes([two[0], two[1]]))
}

fn le64(bytes: &[u8], at: usize) -> io::Result<u64> {
    let low = le32(bytes, at).ok_or_else(|| broken("a node outside of its page"))?;
    let high = le32(bytes, at + 4).ok_or_else(|| broken("a node outside of its page"))?;
    Ok(u64::from(low) | u64::from(high) << 32)
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the LMDB file is broken: {what}"))
}
