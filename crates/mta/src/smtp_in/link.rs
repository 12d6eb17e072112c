//! The byte stream to one client: input that was read and not used, output that was not sent yet.
//!
//! # Invariants
//! * An idle link holds no input buffer; output is flushed before the link waits for input.
//!
//! # Security
//! Input is read in pieces of a fixed size and only when the session has used up what it has: a client that sends
//! faster than it is served fills the kernel's buffers, not ours. A client that does not read its replies is given up
//! after the timeout of the session.
//!
//! # Failure
//! Any error of the stream ends the session like an end of input.

use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tls::Stream;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::sync::watch;

/// Input that is read at a time while commands are expected.
const COMMAND_CHUNK: usize = 4 * 1024;
/// Input that is read at a time while content flows.
const CONTENT_CHUNK: usize = 64 * 1024;
/// Replies that may wait before they are sent although more commands are there.
const OUTPUT_LIMIT: usize = 8 * 1024;

/// How long the last word within TLS may take to be sent.
const GOODBYE: Duration = Duration::from_secs(5);

/// What waiting for input came to.
#[derive(Debug)]
pub(crate) enum Arrived {
    /// More octets are in the buffer.
    Octets,
    /// The client closed its side, or the stream failed.
    End(Option<io::Error>),
    /// Nothing came in time.
    Timeout,
    /// The program is asked to stop.
    Shutdown,
}

/// The stream of one session.
pub(crate) struct Link<'s, S> {
    stream: Stream<&'s mut S>,
    input: Vec<u8>,
    used: usize,
    output: Vec<u8>,
    shutdown: watch::Receiver<bool>,
    /// How long to wait for the client; none waits for ever.
    pub(crate) timeout: Option<Duration>,
    failed: Option<io::Error>,
}

impl<'s, S: AsyncRead + AsyncWrite + Unpin> Link<'s, S> {
    pub(crate) fn new(stream: &'s mut S, shutdown: watch::Receiver<bool>) -> Self {
        Self {
            stream: Stream::new(stream),
            input: Vec::new(),
            used: 0,
            output: Vec::new(),
            shutdown,
            timeout: None,
            failed: None,
        }
    }

    /// Octets that were read and not yet used.
    pub(crate) fn input(&self) -> &[u8] {
        &self.input[self.used..]
    }

    /// These many octets are done with.
    pub(crate) fn consume(&mut self, count: usize) {
        self.used += count;
        if self.used >= self.input.len() {
            self.input.clear();
            self.used = 0;
            if self.input.capacity() > COMMAND_CHUNK {
                self.input = Vec::new();
            }
        }
    }

    /// Nothing that was read counts any more.
    pub(crate) fn forget_input(&mut self) {
        self.consume(self.input.len() - self.used);
    }

    /// What is read from and written to.
    pub(crate) fn stream(&mut self) -> &mut Stream<&'s mut S> {
        &mut self.stream
    }

    /// Put a reply into the output.
    pub(crate) fn queue(&mut self, replies: &[u8]) {
        self.output.extend_from_slice(replies);
    }

    /// More replies wait than should.
    pub(crate) fn wants_flush(&self) -> bool {
        self.output.len() > OUTPUT_LIMIT
    }

    /// Send what waits. A failure is kept and shows as the end of input.
    pub(crate) async fn flush(&mut self) {
        if self.output.is_empty() || self.failed.is_some() {
            return;
        }
        let output = std::mem::take(&mut self.output);
        let sending = async {
            self.stream.write_all(&output).await?;
            self.stream.flush().await
        };
        let sent = match self.timeout {
            Some(limit) => match tokio::time::timeout(limit, sending).await {
                Ok(sent) => sent,
                Err(_elapsed) => Err(io::Error::from(io::ErrorKind::TimedOut)),
            },
            None => sending.await,
        };
        self.failed = sent.err();
    }

    /// The last word within TLS: the client can tell the end of the session from a cut connection.
    pub(crate) async fn say_goodbye(&mut self) {
        if self.stream.is_secured() && self.failed.is_none() {
            // A client that is gone already misses nothing.
            let said = tokio::time::timeout(GOODBYE, self.stream.shutdown()).await;
            self.failed = said.ok().and_then(Result::err);
        }
    }

    /// After the goodbye: whether the client threw the connection away instead of closing it. Waits for its side.
    pub(crate) async fn was_reset(&mut self) -> bool {
        let reset = |error: &io::Error| {
            matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)
        };
        if let Some(error) = &self.failed {
            return reset(error);
        }
        let mut ignored = [0; 256];
        let until_end = async {
            loop {
                match self.stream.read(&mut ignored).await {
                    Ok(0) => return false,
                    Ok(_) => {}
                    Err(error) => return reset(&error),
                }
            }
        };
        tokio::time::timeout(GOODBYE, until_end).await.unwrap_or(false)
    }

    /// Take in what the client has sent already, without waiting; nothing while its side of a handshake is not done.
    pub(crate) async fn poll_available(&mut self) {
        if self.stream.is_half_secured() {
            return;
        }
        if self.failed.is_some() || self.input.len() - self.used > COMMAND_CHUNK {
            return;
        }
        let mut chunk = [0_u8; 1024];
        let polled = std::future::poll_fn(|waker| {
            let mut buffer = ReadBuf::new(&mut chunk);
            match Pin::new(&mut self.stream).poll_read(waker, &mut buffer) {
                Poll::Ready(Ok(())) => Poll::Ready(buffer.filled().len()),
                Poll::Ready(Err(error)) => {
                    self.failed = Some(error);
                    Poll::Ready(0)
                }
                Poll::Pending => Poll::Ready(0),
            }
        })
        .await;
        self.input.extend_from_slice(&chunk[..polled]);
    }

    /// Wait for more octets.
    pub(crate) async fn read(&mut self, content: bool) -> Arrived {
        self.flush().await;
        if let Some(error) = self.failed.take() {
            return Arrived::End(Some(error));
        }
        if *self.shutdown.borrow() {
            return Arrived::Shutdown;
        }
        // Wait without a buffer, so that an idle connection costs none.
        let chunk = if content { CONTENT_CHUNK } else { COMMAND_CHUNK };
        if self.used > 0 {
            self.input.drain(..self.used);
            self.used = 0;
        }
        let limit = self.timeout;
        let stream = &mut self.stream;
        let input = &mut self.input;
        let reading = std::future::poll_fn(|waker| {
            let start = input.len();
            input.resize(start + chunk, 0);
            let mut buffer = ReadBuf::new(&mut input[start..]);
            let polled = Pin::new(&mut *stream).poll_read(waker, &mut buffer);
            let filled = buffer.filled().len();
            input.truncate(start + filled);
            if polled.is_pending() && start == 0 {
                *input = Vec::new();
            }
            polled.map(|result| result.map(|()| filled))
        });
        let mut shutdown = self.shutdown.clone();
        tokio::select! {
            arrived = within(limit, reading) => arrived,
            // A sender that is gone can no longer ask for anything.
            Ok(_) = shutdown.wait_for(|stop| *stop) => Arrived::Shutdown,
        }
    }

    /// Resolves when the program is asked to stop.
    pub(crate) fn shutdown(&self) -> watch::Receiver<bool> {
        self.shutdown.clone()
    }
}

async fn within(limit: Option<Duration>, reading: impl Future<Output = io::Result<usize>>) -> Arrived {
    let result = match limit {
        Some(limit) => match tokio::time::timeout(limit, reading).await {
            Ok(result) => result,
            Err(_elapsed) => return Arrived::Timeout,
        },
        None => reading.await,
    };
    match result {
        Ok(0) => Arrived::End(None),
        Ok(_) => Arrived::Octets,
        Err(error) => Arrived::End(Some(error)),
    }
}
