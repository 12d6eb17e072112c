//! Reading at a place: files that are searched without being read whole.
//!
//! # Security
//! What is read is bounded by the caller before memory is taken; a place outside of the file is an error, never a panic.

use std::fs::File;
use std::io;

/// Something with bytes at places.
pub trait ReadAt {
    /// Fills the buffer from `offset` on; too few bytes there are an error.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;

    /// How many bytes there are now.
    fn size(&self) -> io::Result<u64>;
}

impl ReadAt for File {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(self, buffer, offset)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}

impl ReadAt for [u8] {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let start = usize::try_from(offset).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        let end = start.checked_add(buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(self.get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }
}

/// `length` bytes at a place; a length beyond the file's size is refused before memory is taken.
pub(crate) fn bytes_at<R: ReadAt + ?Sized>(source: &R, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    if offset.saturating_add(length as u64) > source.size()? {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut buffer = vec![0; length];
    source.read_exact_at(&mut buffer, offset)?;
    Ok(buffer)
}

/// A 32-bit number, least byte first, within bytes.
pub(crate) fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
