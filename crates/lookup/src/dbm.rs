//! `dbm`, `dbmnz`, `dbmjz`: database files of three families, told apart by what they begin with.
//!
//! Berkeley DB (hash and btree, of versions 3.1 to 5.3), GDBM, and the pair of files of the old ndbm (`FILE.pag`). The code is
//! our own: GDBM is GPL-3 and Berkeley DB Sleepycat or AGPL, so neither may be linked.
//!
//! # Invariants
//! * Files are only read, at places, without locks, as Exim reads them.
//!
//! # Security
//! A broken file gives an error or no answer: places and lengths are checked, chains of pages are bounded.
//!
//! # Compatibility
//! Spec section "Single-key lookup types". The key has a zero byte at its end for `dbm`, none for `dbmnz`; for `dbmjz` it
//! is a list whose items are joined by zero bytes. A value ends at its first zero byte.

mod btree;
mod gdbm;
mod hash;
mod ndbm;
mod page;
mod write;

use std::io;

use expand::list::ListItems;

use crate::read_at::{ReadAt, bytes_at};
pub use write::{Duplicate, HashWriter};

/// An opened database.
#[derive(Debug)]
pub struct Database<R> {
    source: R,
    format: Format,
}

#[derive(Debug)]
enum Format {
    Hash(hash::Meta),
    Btree(btree::Meta),
    Gdbm(gdbm::Header),
    Ndbm,
}

impl<R: ReadAt> Database<R> {
    /// Reads what the file begins with.
    pub fn open(source: R) -> io::Result<Self> {
        let format = Format::of(&source)?;
        Ok(Self { source, format })
    }

    /// The `.pag` file of the old ndbm, which begins with nothing by which it could be told.
    pub fn open_ndbm(source: R) -> io::Result<Self> {
        let format = match Format::of(&source) {
            // The GDBM library's emulation of ndbm.
            Ok(format) => format,
            Err(_) if ndbm::is_whole(&source)? => Format::Ndbm,
            Err(error) => return Err(error),
        };
        Ok(Self { source, format })
    }

    /// The value of a key; of several values the first.
    pub fn find(&self, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        match &self.format {
            Format::Hash(meta) => hash::find(&self.source, meta, key),
            Format::Btree(meta) => btree::find(&self.source, meta, key),
            Format::Gdbm(header) => gdbm::find(&self.source, header, key),
            Format::Ndbm => ndbm::find(&self.source, key),
        }
    }
}

impl Format {
    fn of<R: ReadAt>(source: &R) -> io::Result<Self> {
        if source.size()? >= 72 {
            let start = bytes_at(source, 0, 72)?;
            if let Some(meta) = page::Meta::parse(&start)? {
                return match meta.kind {
                    page::Kind::Hash => hash::Meta::read(source, meta).map(Self::Hash),
                    page::Kind::Btree => btree::Meta::read(source, meta).map(Self::Btree),
                };
            }
            if let Some(header) = gdbm::Header::parse(&start) {
                return header.map(Self::Gdbm);
            }
        }
        Err(broken("not a database of a kind that is known"))
    }
}

/// The key as it stands in the file, for a lookup type.
pub(crate) fn key(kind: &str, key: &[u8]) -> Vec<u8> {
    match kind {
        "dbm" => [key, b"\0"].concat(),
        "dbmjz" => ListItems::new(key).collect::<Vec<_>>().join(&0),
        _ => key.to_vec(),
    }
}

/// A value up to its first zero byte: `exim_dbmbuild` puts one at the end.
pub(crate) fn text(mut value: Vec<u8>) -> Vec<u8> {
    let end = memchr::memchr(0, &value).unwrap_or(value.len());
    value.truncate(end);
    value
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
