//! Frames: four octets of length, then the content.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::FRAME_MAX;

/// Reads a frame; none at a clean end.
pub(super) async fn read_octets<R: AsyncRead + Unpin>(from: &mut R) -> io::Result<Option<Vec<u8>>> {
    let length = match from.read_u32().await {
        Ok(length) => length as usize,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    };
    if length > FRAME_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame is too long"));
    }
    let mut octets = vec![0; length];
    from.read_exact(&mut octets).await?;
    Ok(Some(octets))
}

/// Writes a frame.
pub(super) async fn write_octets<W: AsyncWrite + Unpin>(to: &mut W, octets: &[u8]) -> io::Result<()> {
    if octets.len() > FRAME_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a frame is too long"));
    }
    to.write_u32(octets.len() as u32).await?;
    to.write_all(octets).await
}

/// Reads a value.
pub(super) async fn read<T: DeserializeOwned, R: AsyncRead + Unpin>(from: &mut R) -> io::Result<Option<T>> {
    let Some(octets) = read_octets(from).await? else { return Ok(None) };
    let value =
        postcard::from_bytes(&octets).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    Ok(Some(value))
}

/// Writes a value.
pub(super) async fn write<T: Serialize, W: AsyncWrite + Unpin>(to: &mut W, value: &T) -> io::Result<()> {
    let octets =
        postcard::to_stdvec(value).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    write_octets(to, &octets).await?;
    to.flush().await
}
