//! The states of a session and what each owns.
//!
//! # Invariants
//! * [`Data`] and [`Chunk`] are made from an [`Envelope`] with at least one accepted recipient, and only by
//!   [`Envelope::begin_data`] and [`Envelope::begin_chunks`].
//! * Octets that belong to a refused `BDAT` go through [`Skip`]: they are never read as commands.

use super::Ask;
use super::fault::MessagePart;
use super::session::{Core, Output};
use crate::command::ChunkHeader;
use crate::content::{Decoder, Framing, LineMode};
use crate::reply::write_text;

/// How the next octets are read.
#[derive(Debug)]
pub enum ServerState {
    /// Nothing was said yet.
    Greeting,
    /// Commands; no transaction is open.
    Ready(Ready),
    /// Commands; MAIL was accepted.
    Envelope(Envelope),
    /// Content after DATA.
    Data(Data),
    /// Content in BDAT chunks, and the commands between them.
    Chunk(Chunk),
    /// Octets of a refused BDAT.
    Skip(Skip),
    /// The session is over.
    Closing,
}

impl ServerState {
    pub(super) fn is_reading_content(&self) -> bool {
        match self {
            Self::Data(_) | Self::Skip(_) => true,
            Self::Chunk(chunk) => chunk.is_reading(),
            _ => false,
        }
    }

    pub(super) fn is_in_transaction(&self) -> bool {
        match self {
            Self::Envelope(_) | Self::Data(_) | Self::Chunk(_) => true,
            Self::Skip(skip) => skip.next.is_in_transaction(),
            Self::Greeting | Self::Ready(_) | Self::Closing => false,
        }
    }

    /// Where within a message the session stands.
    pub(super) fn message_part(&self) -> Option<MessagePart> {
        let decoder = match self {
            Self::Data(data) => &data.decoder,
            Self::Chunk(chunk) => &chunk.decoder,
            _ => return None,
        };
        Some(if decoder.is_in_body() { MessagePart::Body } else { MessagePart::Header })
    }
}

/// What the open ask was about.
#[derive(Debug)]
pub(super) enum Pending {
    Connect,
    Hello {
        kind: super::HelloKind,
        line: Vec<u8>,
    },
    Mail {
        line: Vec<u8>,
    },
    Rcpt {
        line: Vec<u8>,
    },
    Predata {
        chunk: Option<ChunkHeader>,
    },
    EndOfData,
    /// VRFY, EXPN, ETRN: the answer's reply is all there is.
    Plain {
        line: Vec<u8>,
    },
    StartTls,
    Secure,
    Quit,
    NotQuit,
}

/// No transaction is open.
#[derive(Debug)]
pub struct Ready(());

impl Ready {
    pub(super) fn new() -> Self {
        Self(())
    }
}

/// MAIL was accepted.
#[derive(Debug, Default)]
pub struct Envelope {
    /// RCPT commands that were put to policy.
    pub(super) recipients_seen: u32,
    /// Recipients that policy accepted.
    pub(super) recipients_accepted: u32,
    /// `recipients_max` was passed.
    pub(super) too_many: bool,
}

impl Envelope {
    /// Content follows, ended by a dot.
    pub(super) fn begin_data(self, mode: LineMode) -> Option<Data> {
        (self.recipients_accepted > 0).then(|| Data { decoder: Decoder::new(Framing::Dot, mode) })
    }

    /// Content follows in chunks.
    pub(super) fn begin_chunks(self) -> Option<Chunk> {
        (self.recipients_accepted > 0).then(|| Chunk {
            decoder: Decoder::new(Framing::Counted, LineMode::Strict),
            header: ChunkHeader { size: 0, last: false },
            remaining: 0,
            total: 0,
            ends_line: false,
            broken: false,
        })
    }
}

/// Reading content after DATA.
#[derive(Debug)]
pub struct Data {
    decoder: Decoder,
}

impl Data {
    pub(super) fn on_octets(mut self, buffer: &[u8], core: &mut Core, out: &mut Output) -> ServerState {
        let done = self.decoder.decode(buffer, &mut out.content);
        out.consumed = done.consumed;
        if done.finished {
            core.ask(Ask::EndOfData, Pending::EndOfData, out);
        }
        ServerState::Data(self)
    }
}

/// Reading content in chunks.
#[derive(Debug)]
pub struct Chunk {
    decoder: Decoder,
    pub(super) header: ChunkHeader,
    remaining: u64,
    total: u64,
    ends_line: bool,
    /// A command other than BDAT came between chunks: only RSET helps.
    pub(super) broken: bool,
}

impl Chunk {
    /// Octets of a chunk are expected.
    pub(super) fn is_reading(&self) -> bool {
        self.remaining > 0
    }

    /// The next chunk.
    pub(super) fn begin(mut self, header: ChunkHeader, core: &mut Core, out: &mut Output) -> ServerState {
        self.header = header;
        self.remaining = header.size;
        if header.size == 0 { self.end(core, out) } else { ServerState::Chunk(self) }
    }

    /// Exim's count of the whole message.
    pub(super) fn total(&self) -> u64 {
        if self.ends_line { self.total } else { self.total.saturating_add(2) }
    }

    pub(super) fn on_octets(mut self, buffer: &[u8], core: &mut Core, out: &mut Output) -> ServerState {
        let length = usize::try_from(self.remaining).unwrap_or(usize::MAX).min(buffer.len());
        let taken = &buffer[..length];
        if let Some(last) = taken.last() {
            self.ends_line = *last == b'\n';
        }
        out.consumed = self.decoder.decode(taken, &mut out.content).consumed;
        self.remaining -= length as u64;
        self.total = self.total.saturating_add(length as u64);
        if self.remaining == 0 { self.end(core, out) } else { ServerState::Chunk(self) }
    }

    /// All octets of the chunk are here.
    fn end(mut self, core: &mut Core, out: &mut Output) -> ServerState {
        if self.header.last {
            self.decoder.finish(&mut out.content);
            core.ask(Ask::EndOfData, Pending::EndOfData, out);
        } else {
            write_text(250, format!("{} byte chunk received", self.header.size).as_bytes(), &mut out.replies);
        }
        ServerState::Chunk(self)
    }
}

/// Throwing away the octets of a refused BDAT.
#[derive(Debug)]
pub struct Skip {
    remaining: u64,
    next: Box<ServerState>,
}

impl Skip {
    /// Skips `count` octets, then goes on with `next`.
    pub(super) fn then(count: u64, next: ServerState) -> ServerState {
        if count == 0 { next } else { ServerState::Skip(Self { remaining: count, next: Box::new(next) }) }
    }

    pub(super) fn on_octets(mut self, buffer: &[u8], out: &mut Output) -> ServerState {
        let length = usize::try_from(self.remaining).unwrap_or(usize::MAX).min(buffer.len());
        out.consumed = length;
        self.remaining -= length as u64;
        if self.remaining == 0 { *self.next } else { ServerState::Skip(self) }
    }
}
