//! What lies under a test client's session: a pipe that can keep to itself what the client says after it has heard something.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

/// A pipe with a [`Gate`].
pub(crate) struct Wire {
    pipe: DuplexStream,
    gate: Gate,
    heard: bool,
}

/// Holds back what a client writes once it has heard something: its side of a TLS handshake behind the hello.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    closed: bool,
    octets: Vec<u8>,
}

impl Gate {
    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on nothing gets through behind what the client hears.
    pub(crate) fn close(&self) {
        self.held().closed = true;
    }

    /// What was held goes out with the next flush, changed as a test likes.
    pub(crate) fn open(&self, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
        let mut held = self.held();
        held.closed = false;
        held.octets = change(std::mem::take(&mut held.octets));
    }
}

impl Wire {
    pub(crate) fn new(pipe: DuplexStream, gate: Gate) -> Self {
        Self { pipe, gate, heard: false }
    }

    fn poll_let_go(&mut self, waker: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut held = self.gate.held();
        while !held.closed && !held.octets.is_empty() {
            match Pin::new(&mut self.pipe).poll_write(waker, &held.octets)? {
                Poll::Ready(count) => drop(held.octets.drain(..count)),
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        waker: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.pipe).poll_read(waker, buffer);
        self.heard |= polled.is_ready();
        polled
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        waker: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        {
            let mut held = self.gate.held();
            if held.closed && self.heard {
                held.octets.extend_from_slice(octets);
                return Poll::Ready(Ok(octets.len()));
            }
        }
        match self.poll_let_go(waker)? {
            Poll::Ready(()) => Pin::new(&mut self.pipe).poll_write(waker, octets),
            Poll::Pending => Poll::Pending,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, waker: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.poll_let_go(waker)? {
            Poll::Ready(()) => Pin::new(&mut self.pipe).poll_flush(waker),
            Poll::Pending => Poll::Pending,
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, waker: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_shutdown(waker)
    }
}
