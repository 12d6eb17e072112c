//! Making a database out of a text in the form of `lsearch`, as `exim_dbmbuild` does.
//!
//! # Compatibility
//! Spec section "Making DBM files (exim_dbmbuild)". Keys are in lower case and keys and data end with a zero byte, unless
//! the options say otherwise.

use std::io;

use mail_types::bytes::to_lower;

use crate::cdb::CdbWriter;
use crate::dbm::{Duplicate, HashWriter};
use crate::linear_file::entries_of;

/// What to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildOptions {
    /// Keys get lower case (not with `-nolc`).
    pub lower_case: bool,
    /// Keys and data end with a zero byte (not with `-nozero`).
    pub zero: bool,
    /// Which of several values of a key counts (`-lastdup`: the last).
    pub duplicate: Duplicate,
    /// A cdb instead of a DBM file; it has no zero bytes.
    pub cdb: bool,
}

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// The file's content.
    pub file: Vec<u8>,
    /// How many keys it has.
    pub written: usize,
    /// Keys that came again, each time.
    pub duplicates: Vec<Vec<u8>>,
    /// Lines at the start that continue nothing.
    pub stray: Vec<Vec<u8>>,
}

/// Makes the content of a database; `id` should be another one for each file.
pub fn build(text: &[u8], options: &BuildOptions, id: [u8; 20]) -> io::Result<Built> {
    let mut writer = HashWriter::new();
    let mut order = Vec::new();
    let mut duplicates = Vec::new();
    for entry in entries_of(text) {
        let key = if options.lower_case { to_lower(&entry.key) } else { entry.key };
        let terminated = |mut bytes: Vec<u8>| {
            if options.zero && !options.cdb {
                bytes.push(0);
            }
            bytes
        };
        if writer.add(terminated(key.clone()), terminated(entry.data), options.duplicate) {
            order.push(key);
        } else {
            duplicates.push(key);
        }
    }
    let written = writer.len();
    let file = if options.cdb { constant(&writer, &order)? } else { writer.finish(id)? };
    Ok(Built { file, written, duplicates, stray: stray(text) })
}

/// A cdb with the keys in their order.
fn constant(entries: &HashWriter, order: &[Vec<u8>]) -> io::Result<Vec<u8>> {
    let mut writer = CdbWriter::new();
    for key in order {
        if let Some(value) = entries.value(key) {
            writer.add(key, value)?;
        }
    }
    writer.finish()
}

/// Lines that begin with white space before there is anything to continue.
fn stray(text: &[u8]) -> Vec<Vec<u8>> {
    let content = text
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.trim_ascii().is_empty() && line.first() != Some(&b'#'));
    content.take_while(|line| line[0].is_ascii_whitespace()).map(<[u8]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dbm::Database;

    const OPTIONS: BuildOptions =
        BuildOptions { lower_case: true, zero: true, duplicate: Duplicate::First, cdb: false };

    struct Content(Vec<u8>);

    impl crate::ReadAt for Content {
        fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
            self.0[..].read_exact_at(buffer, offset)
        }

        fn size(&self) -> io::Result<u64> {
            self.0[..].size()
        }
    }

    #[test]
    fn texts_become_databases() {
        let text = b"  stray\nA: x\nb:y\n  z\na: 1\n\"q s\": v\n#c\nnothing\n";
        let built = build(text, &OPTIONS, [0; 20]).unwrap();
        assert_eq!((built.written, &built.duplicates), (4, &vec![b"a".to_vec()]));
        assert_eq!(built.stray, [b"  stray".to_vec()]);
        let database = Database::open(Content(built.file)).unwrap();
        for (key, want) in [("a", "x"), ("b", "y z"), ("q s", "v"), ("nothing", "")] {
            let found = database.find(&[key.as_bytes(), b"\0"].concat()).unwrap();
            assert_eq!(found, Some([want.as_bytes(), b"\0"].concat()), "{key}");
        }
        let options = BuildOptions { lower_case: false, duplicate: Duplicate::Last, cdb: true, ..OPTIONS };
        let built = build(b"K: 1\nk: 2\nk: 3\n", &options, [0; 20]).unwrap();
        assert_eq!(crate::cdb::find(&built.file[..], b"K").unwrap(), Some(b"1".to_vec()));
        assert_eq!(crate::cdb::find(&built.file[..], b"k").unwrap(), Some(b"3".to_vec()));
    }
}
