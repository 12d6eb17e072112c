//! A server's handshake of which our side is done: we may send already, and do not read before the client's side is done.
//!
//! # Security
//! What is sent here goes to a peer that has shown nothing of itself yet: nothing but what anybody would be told. There is
//! no way to read from it.
//!
//! # References
//! RFC 8446 section 4.4.4: after its Finished a server may send data at once.

use std::cell::RefCell;
use std::io::{self, Write as _};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::{HandshakeKind, ProtocolVersion, ServerConnection};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio_rustls::{StartHandshake, TlsAcceptor, server};

use super::Said;
use crate::error::HandshakeFault;
use crate::server::{Acceptor, SHOWN};
use crate::session::Established;

/// Octets that are read at a time while a client answers a request for another hello.
const CHUNK: usize = 1024;

/// A handshake between the server's Finished and the client's, or one that has not come to that yet.
pub(super) struct Half<S> {
    io: S,
    connection: ServerConnection,
    acceptor: Acceptor,
    said: Said,
    /// Data may be sent right after our Finished, which is made.
    may_send: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Half<S> {
    /// Answers the hello, and sends that if [`Half::may_send`].
    ///
    /// # Errors
    /// The hello is refused, or the connection fails.
    pub(super) async fn begin(
        started: StartHandshake<S>,
        asks_for_status: bool,
        acceptor: &Acceptor,
    ) -> io::Result<Self> {
        let StartHandshake { accepted, mut io, .. } = started;
        let config = Arc::clone(&acceptor.config);
        let (connection, shown) = SHOWN
            .sync_scope(RefCell::default(), || (accepted.into_connection(config), SHOWN.with(RefCell::take)));
        let connection = match connection {
            Ok(connection) => connection,
            Err((error, mut alert)) => {
                let mut told = Vec::new();
                alert.write_all(&mut told)?;
                // The client may be gone; why it was refused is what counts.
                let _ = io.write_all(&told).await.is_ok() && io.flush().await.is_ok();
                return Err(refused(error));
            }
        };
        let said = Said { shown, asks_for_status };
        let mut half = Self { io, connection, acceptor: acceptor.clone(), said, may_send: false };
        if half.connection.protocol_version() == Some(ProtocolVersion::TLSv1_3) {
            if half.connection.handshake_kind() == Some(HandshakeKind::FullWithHelloRetryRequest) {
                half.hear_second_hello().await?;
            }
            half.may_send = acceptor.speaks_first();
            if half.may_send {
                // What the client has to work on does not wait for our first word.
                std::future::poll_fn(|waker| half.poll_flush(waker)).await?;
            }
        }
        Ok(half)
    }

    /// What is written now is sent right after our Finished: the version is TLS 1.3, and no certificate is asked for.
    pub(super) fn may_send(&self) -> bool {
        self.may_send
    }

    /// What the client's hello and ours have settled. Nothing is known of the client itself.
    pub(super) fn facts(&self) -> Established {
        self.said.facts(&self.connection, &self.acceptor)
    }

    /// The client's side of the handshake; what was written before is sent first.
    ///
    /// # Errors
    /// Why there is no session.
    pub(super) async fn finish(self) -> Result<(server::TlsStream<S>, Established), HandshakeFault> {
        let Self { io, connection, acceptor, said, may_send: _ } = self;
        // The library takes no connection that has begun already, but lets one be changed before it begins.
        let finishing = TlsAcceptor::from(Arc::clone(&acceptor.config))
            .accept_with(io, |fresh| *fresh = connection)
            .await;
        let stream = finishing.map_err(|error| HandshakeFault::of(&error))?;
        let facts = said.judged(stream.get_ref().1, &acceptor)?;
        Ok((stream, facts))
    }

    /// A client that guessed no group of ours was asked for another hello, and sends it.
    async fn hear_second_hello(&mut self) -> io::Result<()> {
        let mut chunk = [0; CHUNK];
        std::future::poll_fn(|waker| self.poll_flush(waker)).await?;
        // The answer to it is the next thing that is to be sent.
        while !self.connection.wants_write() {
            let count = self.io.read(&mut chunk).await?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let mut octets = chunk.get(..count).unwrap_or_default();
            while !octets.is_empty() {
                self.connection.read_tls(&mut octets)?;
                if let Err(error) = self.connection.process_new_packets() {
                    // Why it was refused counts more than whether the client can be told.
                    let _ = std::future::poll_fn(|waker| self.poll_flush(waker)).await;
                    return Err(refused(error));
                }
            }
        }
        Ok(())
    }

    /// Hands all that the library has to send to what lies under it.
    fn poll_send(&mut self, waker: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.connection.wants_write() {
            match self.connection.write_tls(&mut Under { io: &mut self.io, waker }) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    }

    pub(super) fn poll_write(&mut self, waker: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        match self.poll_send(waker)? {
            Poll::Ready(()) => Poll::Ready(self.connection.writer().write(octets)),
            Poll::Pending => Poll::Pending,
        }
    }

    pub(super) fn poll_flush(&mut self, waker: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.poll_send(waker)? {
            Poll::Ready(()) => Pin::new(&mut self.io).poll_flush(waker),
            Poll::Pending => Poll::Pending,
        }
    }

    pub(super) fn poll_shutdown(&mut self, waker: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.connection.send_close_notify();
        match self.poll_send(waker)? {
            Poll::Ready(()) => Pin::new(&mut self.io).poll_shutdown(waker),
            Poll::Pending => Poll::Pending,
        }
    }
}

fn refused(error: rustls::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// What lies under TLS, as the library writes to it: without waiting.
struct Under<'a, 'w, S> {
    io: &'a mut S,
    waker: &'a mut Context<'w>,
}

impl<S: AsyncWrite + Unpin> io::Write for Under<'_, '_, S> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match Pin::new(&mut *self.io).poll_write(self.waker, octets) {
            Poll::Ready(written) => written,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
