//! Making a cdb file.

use std::io;

use super::{HEADER, hash};

/// Collects records; [`CdbWriter::finish`] gives the file.
#[derive(Debug)]
pub struct CdbWriter {
    file: Vec<u8>,
    /// Hash and place of each record, by table.
    tables: Vec<Vec<(u32, u32)>>,
}

impl Default for CdbWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl CdbWriter {
    /// Without records.
    pub fn new() -> Self {
        Self { file: vec![0; HEADER], tables: vec![Vec::new(); 256] }
    }

    /// Adds a record; keys may come again, and the first one is what a search finds. A file has at most 4 GiB.
    pub fn add(&mut self, key: &[u8], data: &[u8]) -> io::Result<()> {
        let place = number(self.file.len())?;
        let hash = hash(key);
        self.file.extend_from_slice(&number(key.len())?.to_le_bytes());
        self.file.extend_from_slice(&number(data.len())?.to_le_bytes());
        self.file.extend_from_slice(key);
        self.file.extend_from_slice(data);
        self.tables[(hash & 255) as usize].push((hash, place));
        Ok(())
    }

    /// The whole file.
    pub fn finish(mut self) -> io::Result<Vec<u8>> {
        for (index, records) in self.tables.iter().enumerate() {
            let place = number(self.file.len())?;
            let slots = number(records.len() * 2)?;
            let mut table = vec![(0, 0); slots as usize];
            for (hash, record) in records {
                let first = ((hash >> 8) % slots) as usize;
                // Half of the slots are free, so there is one.
                if let Some(free) =
                    (0..table.len()).map(|n| (first + n) % table.len()).find(|n| table[*n].1 == 0)
                {
                    table[free] = (*hash, *record);
                }
            }
            self.file[index * 8..index * 8 + 4].copy_from_slice(&place.to_le_bytes());
            self.file[index * 8 + 4..index * 8 + 8].copy_from_slice(&slots.to_le_bytes());
            for (hash, record) in table {
                self.file.extend_from_slice(&hash.to_le_bytes());
                self.file.extend_from_slice(&record.to_le_bytes());
            }
        }
        number(self.file.len())?;
        Ok(self.file)
    }
}

fn number(size: usize) -> io::Result<u32> {
    u32::try_from(size)
        .map_err(|_| io::Error::new(io::ErrorKind::FileTooLarge, "a cdb file has at most 4 GiB"))
}
