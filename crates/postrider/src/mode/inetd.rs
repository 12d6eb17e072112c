//! `-bs` started by inetd: standard input is a connection from the network.
//!
//! # Invariants
//! * Nothing goes to standard error once the session runs: it is most often the same socket.
//!
//! # Security
//! The client is as hostile as any that the daemon serves, and nothing of the caller's rights is his.
//!
//! # Compatibility
//! Spec 5.2 (`-bs`) and 13.4. A socket of the file system is no inetd: there the caller is who started the program.

use std::net::{SocketAddr, TcpStream as Blocking};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::pin::Pin;
use std::task::{Context, Poll};

use config::options::main;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, Stdout};
use tokio::net::TcpStream;

use super::Start;
use crate::argv::Mode;

/// Ports below this one are only for root to bind: whoever listens there was let.
const FIRST_UNPRIVILEGED_PORT: u16 = 1024;

/// The connection that standard input is.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: Blocking,
    pub(crate) peer: SocketAddr,
    pub(crate) local: SocketAddr,
}

/// The connection of `-bs` from inetd; none where standard input is something else.
pub(crate) fn connection(start: &Start<'_>) -> Option<Connection> {
    if start.invocation.mode != Mode::Smtp {
        return None;
    }
    // Of anything but a connected socket of the Internet the system tells no such address.
    let stream = Blocking::from(std::io::stdin().as_fd().try_clone_to_owned().ok()?);
    let (peer, local) = (stream.peer_addr().ok()?, stream.local_addr().ok()?);
    let kind = nix::sys::socket::getsockopt(&stream, nix::sys::socket::sockopt::SockType).ok()?;
    (kind == nix::sys::socket::SockType::Stream).then_some(Connection { stream, peer, local })
}

/// Why this caller may not serve a connection, if he may not.
pub(crate) fn refusal(start: &Start<'_>, connection: &Connection) -> Option<&'static str> {
    let mail_user = start.config.main.get(main::EXIM_USER).map(|user| user.uid);
    if start.caller.is_root() || mail_user == Some(start.caller.uid) {
        return None;
    }
    if connection.local.port() >= FIRST_UNPRIVILEGED_PORT {
        return Some("Permission denied (unprivileged user, unprivileged port)");
    }
    start.invocation.may_use_server(&start.config).then_some(
        "inetd started this program as an ordinary user, who can take no mail from the network: it has to be root or the \
         mail user",
    )
}

/// Both directions of the connection, as the program was given them.
pub(crate) struct Streams {
    from: TcpStream,
    /// Where standard output is something else, that is what the client hears.
    to: Option<Stdout>,
}

impl Connection {
    /// To be called within the runtime.
    ///
    /// # Errors
    /// What the system says about the socket.
    pub(crate) fn streams(&self) -> std::io::Result<Streams> {
        let stream = self.stream.try_clone()?;
        stream.set_nonblocking(true)?;
        let to = if is_standard_output(&stream) { None } else { Some(tokio::io::stdout()) };
        Ok(Streams { from: TcpStream::from_std(stream)?, to })
    }
}

fn is_standard_output(stream: &Blocking) -> bool {
    let identity = |fd: BorrowedFd<'_>| nix::sys::stat::fstat(fd).ok().map(|stat| (stat.st_dev, stat.st_ino));
    let ours = identity(stream.as_fd());
    ours.is_some() && ours == identity(std::io::stdout().as_fd())
}

impl AsyncRead for Streams {
    fn poll_read(
        mut self: Pin<&mut Self>,
        waker: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.from).poll_read(waker, buffer)
    }
}

impl AsyncWrite for Streams {
    fn poll_write(
        mut self: Pin<&mut Self>,
        waker: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        match &mut self.to {
            Some(to) => Pin::new(to).poll_write(waker, octets),
            None => Pin::new(&mut self.from).poll_write(waker, octets),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, waker: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match &mut self.to {
            Some(to) => Pin::new(to).poll_flush(waker),
            None => Pin::new(&mut self.from).poll_flush(waker),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, waker: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match &mut self.to {
            Some(to) => Pin::new(to).poll_shutdown(waker),
            None => Pin::new(&mut self.from).poll_shutdown(waker),
        }
    }
}
