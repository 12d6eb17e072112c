//! What a client's hello asks for and the library does not tell: a stapled proof about the server's certificate.
//!
//! The octets are looked at on their way to the library, which judges them; this reader only finds one extension.
//!
//! # Invariants
//! * What is cut short, malformed, or lies behind the first [`TLS_HELLO_OCTETS`] octets asks for nothing.
//! * One pass, no copy of a hello that fills one record.
//!
//! # Security
//! The first octets of anybody at all. Every length is held against what is there.
//!
//! # Compatibility
//! `$tls_in_ocsp` is 0 or 1 by this, where no proof is sent.
//!
//! # References
//! RFC 8446 section 4.1.2 (ClientHello) and 5.1 (records), RFC 6066 section 8 (status_request).

use std::borrow::Cow;
use std::pin::Pin;
use std::task::{Context, Poll};

use mail_types::limits::TLS_HELLO_OCTETS;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Record type of a handshake.
const HANDSHAKE: u8 = 22;
/// Handshake type of a client's hello.
const CLIENT_HELLO: u8 = 1;
/// The client's version and its random octets.
const VERSION_AND_RANDOM: usize = 2 + 32;
/// The extension `status_request`.
const STATUS_REQUEST: u16 = 5;
/// The type of status that is an OCSP response.
const OCSP: u8 = 1;

/// Whether a client that begins TLS with these octets wants an OCSP response stapled.
pub fn asks_for_status(octets: &[u8]) -> bool {
    let fragments = fragments(octets);
    let hello = Fields(&fragments);
    status_request(hello).is_some_and(|request| request.first() == Some(&OCSP))
}

/// The content of the handshake records at the beginning, joined.
fn fragments(octets: &[u8]) -> Cow<'_, [u8]> {
    let mut records = Fields(octets);
    let first = record(&mut records).unwrap_or_default();
    let Some(second) = record(&mut records) else { return Cow::Borrowed(first) };
    let mut joined = [first, second].concat();
    while let Some(fragment) = record(&mut records) {
        joined.extend_from_slice(fragment);
    }
    Cow::Owned(joined)
}

/// The next handshake record, or as much of it as there is.
fn record<'a>(octets: &mut Fields<'a>) -> Option<&'a [u8]> {
    let [HANDSHAKE, _, _, high, low] = *octets.take(5)? else { return None };
    let length = usize::from(u16::from_be_bytes([high, low])).min(octets.0.len());
    octets.take(length)
}

/// The content of the extension. Of a hello whose end is not there the beginning counts.
fn status_request(mut hello: Fields<'_>) -> Option<&[u8]> {
    let [CLIENT_HELLO, high, middle, low] = *hello.take(4)? else { return None };
    let length = u32::from_be_bytes([0, high, middle, low]) as usize;
    let mut hello = Fields(hello.0.get(..length).unwrap_or(hello.0));
    hello.take(VERSION_AND_RANDOM)?;
    let session = hello.short()?;
    hello.take(session)?;
    let suites = hello.long()?;
    hello.take(suites)?;
    let compression = hello.short()?;
    hello.take(compression)?;
    let extensions = hello.long()?;
    let mut extensions = Fields(hello.0.get(..extensions).unwrap_or(hello.0));
    loop {
        let kind = extensions.long()?;
        let length = extensions.long()?;
        let content = extensions.take(length)?;
        if kind == usize::from(STATUS_REQUEST) {
            return Some(content);
        }
    }
}

/// Octets that are taken from the front.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number of one octet.
    fn short(&mut self) -> Option<usize> {
        self.take(1).map(|octets| octets.iter().copied().map(usize::from).sum())
    }

    /// A number of two octets.
    fn long(&mut self) -> Option<usize> {
        let [high, low] = *self.take(2)? else { return None };
        Some(usize::from(u16::from_be_bytes([high, low])))
    }
}

/// A stream that remembers the first octets which were read from it.
#[derive(Debug)]
pub(crate) struct Overheard<S> {
    pub(crate) stream: S,
    pub(crate) octets: Vec<u8>,
}

impl<S> Overheard<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, octets: Vec::new() }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Overheard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        waker: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(waker, buffer);
        let heard = buffer.filled().get(before..).unwrap_or_default();
        let room = TLS_HELLO_OCTETS.saturating_sub(self.octets.len());
        self.octets.extend_from_slice(heard.get(..room).unwrap_or(heard));
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Overheard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        waker: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(waker, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, waker: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(waker)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, waker: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(waker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hello with these extensions, in records of at most `most` octets.
    fn hello(extensions: &[(u16, &[u8])], most: usize) -> Vec<u8> {
        let mut list = Vec::new();
        for (kind, content) in extensions {
            list.extend(kind.to_be_bytes());
            list.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
            list.extend_from_slice(content);
        }
        let mut body = [&[3, 3][..], &[7; 32], &[4, 1, 2, 3, 4], &[0, 2, 0x13, 1], &[1, 0]].concat();
        body.extend(u16::try_from(list.len()).unwrap().to_be_bytes());
        body.extend(list);
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        let message = [&[CLIENT_HELLO], &length[1..], &body].concat();
        let record = |part: &[u8]| {
            [&[HANDSHAKE, 3, 1][..], &u16::try_from(part.len()).unwrap().to_be_bytes(), part].concat()
        };
        message.chunks(most).flat_map(record).collect()
    }

    type Extension = (u16, &'static [u8]);
    const ASKS: Extension = (5, &[1, 0, 0, 0, 0]);
    const NAME: Extension = (0, b"\0\x05\0\0\x02mx");

    #[test]
    fn the_extension_is_what_asks() {
        let table: [(&str, &[Extension], bool); 6] = [
            ("alone", &[ASKS], true),
            ("behind others", &[NAME, (10, &[0, 2, 0, 23]), ASKS], true),
            ("none", &[NAME], false),
            ("no extensions", &[], false),
            ("of another type", &[(5, &[2, 0, 0])], false),
            ("empty", &[(5, &[])], false),
        ];
        for (what, extensions, asks) in table {
            for most in [1, 7, 40, 16384] {
                assert_eq!(asks_for_status(&hello(extensions, most)), asks, "{what}, records of {most}");
            }
        }
    }

    #[test]
    fn what_is_cut_short_asks_for_nothing() {
        let whole = hello(&[NAME, ASKS], 16384);
        for end in 0..whole.len() {
            assert!(!asks_for_status(&whole[..end]), "{end} octets");
        }
        assert!(asks_for_status(&whole));
        for (at, what) in [(0, "no handshake"), (5, "another message")] {
            let mut other = whole.clone();
            other[at] = 2;
            assert!(!asks_for_status(&other), "{what}");
        }
    }

    #[test]
    fn what_follows_the_hello_is_not_part_of_it() {
        let mut octets = hello(&[NAME], 16384);
        octets.extend(hello(&[ASKS], 16384));
        assert!(!asks_for_status(&octets));
    }

    #[tokio::test]
    async fn what_is_remembered_has_a_limit() {
        use tokio::io::AsyncReadExt as _;
        let many = vec![b'x'; TLS_HELLO_OCTETS + 100];
        let mut stream = Overheard::new(&many[..]);
        let mut read = Vec::new();
        stream.read_to_end(&mut read).await.unwrap();
        assert_eq!((read.len(), stream.octets.len()), (many.len(), TLS_HELLO_OCTETS));
    }
}
