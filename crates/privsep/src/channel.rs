//! Typed messages over a Unix socket: a length, the message, and at most one descriptor.
//!
//! # Invariants
//! * Received descriptors are close-on-exec.
//! * A length over [`MAX_MESSAGE`] ends the conversation before anything is allocated for it.
//!
//! # Failure
//! End of file between messages is `None`; inside one it is an error.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::message::MAX_MESSAGE;

/// What is made room for at a time.
const PIECE: usize = 64 << 10;

/// One end of a conversation.
#[derive(Debug)]
pub struct Channel {
    stream: UnixStream,
}

impl Channel {
    /// Two ends of a new conversation.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (a, b) = UnixStream::pair()?;
        Ok((Self { stream: a }, Self { stream: b }))
    }

    /// Takes over a socket that was received from another process.
    pub fn from_fd(fd: OwnedFd) -> Self {
        Self { stream: UnixStream::from(fd) }
    }

    /// Waits for a message no longer than this.
    pub fn set_patience(&self, limit: Option<Duration>) -> io::Result<()> {
        self.stream.set_read_timeout(limit)
    }

    /// The socket, to be polled or given away.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        std::os::fd::AsFd::as_fd(&self.stream)
    }

    /// Sends a message, with a descriptor if given (the receiver gets a duplicate).
    pub fn send<T: Serialize>(&self, message: &T, fd: Option<BorrowedFd<'_>>) -> io::Result<()> {
        let body = postcard::to_stdvec(message).map_err(io::Error::other)?;
        let len = u32::try_from(body.len()).ok().filter(|_| body.len() <= MAX_MESSAGE);
        let Some(len) = len else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "message between processes is too long"));
        };
        let mut frame = Vec::with_capacity(4 + body.len());
        frame.extend_from_slice(&len.to_le_bytes());
        frame.extend_from_slice(&body);
        let sent = match fd {
            Some(fd) => {
                let fds = [fd.as_raw_fd()];
                let control = [ControlMessage::ScmRights(&fds)];
                let slices = [IoSlice::new(&frame)];
                sendmsg::<()>(self.stream.as_raw_fd(), &slices, &control, MsgFlags::MSG_NOSIGNAL, None)?
            }
            None => 0,
        };
        (&self.stream).write_all(&frame[sent..])
    }

    /// Receives a message and the descriptor that came with it; `None` when the other end is gone.
    pub fn receive<T: DeserializeOwned>(&self) -> io::Result<Option<(T, Option<OwnedFd>)>> {
        let mut length = [0u8; 4];
        let (mut got, fd) = self.receive_first(&mut length)?;
        if got == 0 {
            return Ok(None);
        }
        while got < length.len() {
            match (&self.stream).read(&mut length[got..])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => got += n,
            }
        }
        let length = u32::from_le_bytes(length) as usize;
        if length > MAX_MESSAGE {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "message between processes is too long"));
        }
        let mut body = Vec::new();
        while body.len() < length {
            // Piece by piece: what the other end announces is believed only as it comes.
            let (done, piece) = (body.len(), (length - body.len()).min(PIECE));
            body.resize(done + piece, 0);
            (&self.stream).read_exact(&mut body[done..])?;
        }
        let message =
            postcard::from_bytes(&body).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))?;
        Ok(Some((message, fd)))
    }

    /// The first bytes of a message; descriptors travel with them.
    fn receive_first(&self, buffer: &mut [u8]) -> io::Result<(usize, Option<OwnedFd>)> {
        let mut space = nix::cmsg_space!([RawFd; 1]);
        let mut slices = [IoSliceMut::new(buffer)];
        let flags = MsgFlags::MSG_CMSG_CLOEXEC;
        let received = loop {
            match recvmsg::<()>(self.stream.as_raw_fd(), &mut slices, Some(&mut space), flags) {
                Err(nix::errno::Errno::EINTR) => {}
                other => break other?,
            }
        };
        let mut fd = None;
        for control in received.cmsgs()? {
            if let ControlMessageOwned::ScmRights(fds) = control {
                for raw in fds {
                    // SAFETY: the kernel has just made this descriptor for us; nobody else owns it.
                    #[expect(unsafe_code, reason = "a received descriptor has no owner until we take it")]
                    let owned = unsafe { OwnedFd::from_raw_fd(raw) };
                    fd = Some(owned);
                }
            }
        }
        Ok((received.bytes, fd))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::os::fd::AsFd;

    #[test]
    fn a_message_arrives_with_its_descriptor() {
        let (a, b) = Channel::pair().unwrap();
        let file = File::open("/dev/null").unwrap();
        a.send(&"hello", Some(file.as_fd())).unwrap();
        a.send(&7u32, None).unwrap();
        let (word, fd) = b.receive::<String>().unwrap().unwrap();
        assert_eq!((word.as_str(), fd.is_some()), ("hello", true));
        assert_eq!(b.receive::<u32>().unwrap().unwrap().0, 7);
        drop(a);
        assert!(b.receive::<u32>().unwrap().is_none());
    }

    #[test]
    fn a_lying_length_is_refused_without_allocating() {
        let (a, b) = Channel::pair().unwrap();
        (&a.stream).write_all(&u32::MAX.to_le_bytes()).unwrap();
        assert_eq!(b.receive::<u32>().unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_cut_message_is_an_error() {
        let (a, b) = Channel::pair().unwrap();
        (&a.stream).write_all(&[9, 0, 0, 0, 1]).unwrap();
        drop(a);
        assert_eq!(b.receive::<u32>().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
