//! The body on its way to the disk: counted, peeked at, gathered into large writes.
//!
//! # Invariants
//! * A body is never whole in memory unless it is smaller than one write.
//! * The -D file is not begun before there is a reason to: a small message is written in one go at its end.
//!
//! # Failure
//! The first error of the spool is kept; what follows is counted and thrown away, so that the client can be told at the
//! end of its data.

use std::collections::VecDeque;
use std::sync::Arc;

use mail_types::message_id::MessageId;
use spool::{DataWriter, Spool, SpoolError};
use spool_format::data;

use crate::context::facts::BodyFacts;
use crate::services::Pool;

/// Octets that are gathered before they are written.
const CHUNK: usize = 64 * 1024;

/// Where a body goes.
pub(crate) struct BodySink {
    spool: Arc<Spool>,
    id: MessageId,
    writer: Option<DataWriter>,
    pending: Vec<u8>,
    visible: usize,
    start: Vec<u8>,
    end: VecDeque<u8>,
    size: u64,
    linecount: u64,
    zerocount: u64,
    /// CRLF stands in the file for each line end; lines and zeros are not counted then.
    wire: bool,
    failure: Option<SpoolFailure>,
}

/// Why a message cannot be kept.
#[derive(Debug)]
pub(crate) enum SpoolFailure {
    /// The spool said so.
    Spool(SpoolError),
    /// The program is shutting down.
    ShuttingDown,
}

impl BodySink {
    /// A sink for the body of a message; `visible` octets are kept from its start and its end.
    pub(super) fn new(spool: Arc<Spool>, id: MessageId, visible: usize) -> Self {
        Self {
            spool,
            id,
            writer: None,
            pending: Vec::new(),
            visible,
            start: Vec::new(),
            end: VecDeque::new(),
            size: 0,
            linecount: 0,
            zerocount: 0,
            wire: false,
            failure: None,
        }
    }

    /// Keeps the body with CRLF as line ends (`spool_wireformat`).
    pub(super) fn in_wire_form(&mut self) {
        self.wire = true;
    }

    /// Whether it does.
    pub(super) fn is_in_wire_form(&self) -> bool {
        self.wire
    }

    /// Octets that the wire form has added so far.
    pub(super) fn added(&self) -> u64 {
        if self.wire { self.linecount } else { 0 }
    }

    /// Take octets with LF as line ends.
    pub(super) async fn push(&mut self, octets: &[u8], pool: &Pool) {
        if self.wire {
            let mut wire = Vec::new();
            data::to_wire(octets, &mut wire);
            self.push_as_is(&wire, pool).await;
        } else {
            self.push_as_is(octets, pool).await;
        }
    }

    async fn push_as_is(&mut self, octets: &[u8], pool: &Pool) {
        self.count(octets);
        if self.failure.is_some() {
            return;
        }
        self.pending.extend_from_slice(octets);
        if self.pending.len() >= CHUNK {
            self.write(pool).await;
        }
    }

    fn count(&mut self, octets: &[u8]) {
        self.size += octets.len() as u64;
        self.linecount += memchr::memchr_iter(b'\n', octets).count() as u64;
        self.zerocount += memchr::memchr_iter(0, octets).count() as u64;
        let missing = self.visible.saturating_sub(self.start.len()).min(octets.len());
        self.start.extend_from_slice(&octets[..missing]);
        let tail = &octets[octets.len().saturating_sub(self.visible)..];
        let surplus = (self.end.len() + tail.len()).saturating_sub(self.visible);
        self.end.drain(..surplus.min(self.end.len()));
        self.end.extend(tail);
    }

    async fn write(&mut self, pool: &Pool) {
        let pending = std::mem::take(&mut self.pending);
        let writer = self.writer.take();
        let (spool, id) = (Arc::clone(&self.spool), self.id);
        let written = pool.run(move || write(writer, &pending, &spool, id)).await;
        match written {
            Ok(Ok(writer)) => self.writer = Some(writer),
            Ok(Err(error)) => self.failure = Some(SpoolFailure::Spool(error)),
            Err(_) => self.failure = Some(SpoolFailure::ShuttingDown),
        }
    }

    /// Octets so far.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// What reading the body showed. The longest line is the whole message's and not known here.
    pub(super) fn facts(&self) -> BodyFacts {
        BodyFacts {
            size: self.size,
            linecount: if self.wire { 0 } else { self.linecount },
            zerocount: if self.wire { 0 } else { self.zerocount },
            max_line: 0,
            start: self.start.clone(),
            end: self.end.iter().copied().collect(),
            wire: self.wire,
        }
    }

    /// The first error, if there was one.
    pub(super) fn failure(&mut self) -> Option<SpoolFailure> {
        self.failure.take()
    }

    /// All octets so far, read back; what cannot be read is missing.
    pub(super) async fn copy(&mut self, pool: &Pool) -> Vec<u8> {
        let octets = self.copy_as_is(pool).await;
        if self.wire { data::from_wire(&octets) } else { octets }
    }

    async fn copy_as_is(&mut self, pool: &Pool) -> Vec<u8> {
        let Some(writer) = self.writer.take() else { return self.pending.clone() };
        let pending = std::mem::take(&mut self.pending);
        let read = pool.run(move || read_back(writer, &pending)).await;
        match read {
            Ok((writer, octets)) => {
                self.writer = Some(writer);
                octets
            }
            Err(_) => {
                self.failure = Some(SpoolFailure::ShuttingDown);
                Vec::new()
            }
        }
    }

    /// What is to be written yet, and the file that it goes to. Blocks when the file must be made.
    pub(super) fn into_writer(self) -> Result<DataWriter, SpoolError> {
        write(self.writer, &self.pending, &self.spool, self.id)
    }
}

fn read_back(mut writer: DataWriter, pending: &[u8]) -> (DataWriter, Vec<u8>) {
    let mut octets = Vec::new();
    // An error of the disk shows again when the message is committed.
    if writer.write(pending).and_then(|()| writer.flush()).is_ok() {
        let mut piece = vec![0; CHUNK];
        while let Ok(count @ 1..) = writer.read_body_at(&mut piece, octets.len() as u64) {
            octets.extend_from_slice(&piece[..count]);
        }
    }
    (writer, octets)
}

fn write(
    writer: Option<DataWriter>,
    octets: &[u8],
    spool: &Spool,
    id: MessageId,
) -> Result<DataWriter, SpoolError> {
    let mut writer = match writer {
        Some(writer) => writer,
        None => spool.begin(id)?,
    };
    writer.write(octets)?;
    Ok(writer)
}
