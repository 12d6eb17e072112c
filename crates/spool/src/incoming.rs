//! A message on its way in: the -D file is written while it arrives, the -H file makes it one.
//!
//! # Invariants
//! * The -D file is locked from its creation until the [`Committed`] is dropped, so nobody takes an unfinished message.
//! * A [`DataWriter`] that is dropped without a commit leaves nothing behind.
//! * [`Spool::commit`] returns only when data, envelope and names are durable.
//!
//! # Failure
//! Whatever fails, both files are removed and the error says what the peer may hear. A failed sync is not tried again.
//!
//! # Compatibility
//! The order is Exim's: -D, then `hdr.<id>`, rename to -H, sync of the directory. Only the sync of -D comes when
//! `hdr.<id>` is written, too, so that one can serve both.

use std::path::PathBuf;
use std::sync::Arc;

use mail_types::MessageId;
use spool_format::{Header, data};

use crate::disk::DiskFile;
use crate::error::{SpoolError, SpoolFault};
use crate::layout::{Part, Place};
use crate::locked::{DataFile, Held, LockedMessage};
use crate::store::{Claim, Spool};

/// How much is gathered before it is written.
const BUFFER: usize = 16 << 10;

/// A -D file that is being written.
pub struct DataWriter {
    spool: Spool,
    id: MessageId,
    place: Place,
    path: PathBuf,
    file: Arc<dyn DiskFile>,
    buffer: Vec<u8>,
    written: u64,
    claim: Option<Claim>,
    failed: bool,
    /// Failed syncs of the file system before this began.
    failures: u64,
}

impl Spool {
    /// Begins a message: creates and locks its -D file.
    pub fn begin(&self, id: MessageId) -> Result<DataWriter, SpoolError> {
        let place = self.place_to_write(&id);
        let path = place.file(&id, Part::Data);
        let claim = self.shared.claim(id).ok_or_else(|| {
            SpoolError::of(SpoolFault::IdInUse, "creating", &path, "somebody is working on it")
        })?;
        let failures = self.shared.syncs.failures();
        let file = Arc::from(self.shared.create(&path)?);
        let mut buffer = Vec::with_capacity(BUFFER);
        buffer.extend_from_slice(&data::prefix(&id));
        let spool = self.clone();
        let writer = DataWriter {
            spool,
            id,
            place,
            path,
            file,
            buffer,
            written: 0,
            claim: Some(claim),
            failed: false,
            failures,
        };
        match writer.file.try_lock(data::prefix_len(&id) as u64) {
            Ok(true) => Ok(writer),
            Ok(false) => {
                Err(SpoolError::of(SpoolFault::IdInUse, "locking", &writer.path, "somebody else has it"))
            }
            Err(error) => Err(SpoolError::io("locking", &writer.path, error)),
        }
    }

    /// Makes a message of what was written. When this returns, the message survives a power cut.
    pub fn commit(&self, writer: DataWriter, header: Header) -> Result<Committed, SpoolError> {
        let path = writer.path.clone();
        let (mut committed, _) = self.carry_out(vec![(writer, header)], Vec::new());
        let nothing = || SpoolError::of(SpoolFault::Disk, "writing", &path, "nothing came of it");
        committed.pop().unwrap_or_else(|| Err(nothing()))
    }
}

impl DataWriter {
    /// The message's id.
    pub fn id(&self) -> MessageId {
        self.id
    }

    /// Adds to the body.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), SpoolError> {
        if self.buffer.len() + bytes.len() <= BUFFER {
            self.buffer.extend_from_slice(bytes);
            return Ok(());
        }
        self.flush()?;
        if bytes.len() < BUFFER {
            self.buffer.extend_from_slice(bytes);
            return Ok(());
        }
        self.append(bytes)
    }

    /// Hands everything over to the system, so that others can read the body.
    pub fn flush(&mut self) -> Result<(), SpoolError> {
        let buffer = std::mem::take(&mut self.buffer);
        let result = self.append(&buffer);
        self.buffer = buffer;
        self.buffer.clear();
        result
    }

    /// Bytes of the body so far.
    pub fn body_len(&self) -> u64 {
        self.written + self.buffer.len() as u64 - data::prefix_len(&self.id) as u64
    }

    /// Reads what was flushed of the body.
    pub fn read_body_at(&self, out: &mut [u8], offset: u64) -> Result<usize, SpoolError> {
        let offset = offset.saturating_add(data::prefix_len(&self.id) as u64);
        self.file.read_at(out, offset).map_err(|error| SpoolError::io("reading", &self.path, error))
    }

    /// Throws the message away, and says so when that fails.
    pub fn abandon(mut self) -> Result<(), SpoolError> {
        let result = self.spool.shared.unlink_if_there(&self.path);
        self.claim = None;
        result
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn file(&self) -> &dyn DiskFile {
        &*self.file
    }

    /// Failed syncs of the file system before this began.
    pub(crate) fn failures(&self) -> u64 {
        self.failures
    }

    /// All of it is durable.
    pub(crate) fn into_committed(mut self, header: Header) -> Committed {
        let claim = self.claim.take();
        Committed { writer: self, header, claim }
    }

    /// After an error nothing more is written: a hole in the body must never be committed.
    fn append(&mut self, bytes: &[u8]) -> Result<(), SpoolError> {
        if self.failed {
            return Err(SpoolError::of(SpoolFault::Disk, "writing", &self.path, "an earlier write failed"));
        }
        let result = self.file.append(bytes);
        self.failed = result.is_err();
        self.written += bytes.len() as u64;
        result.map_err(|error| SpoolError::io("writing", &self.path, error))
    }
}

impl Drop for DataWriter {
    fn drop(&mut self) {
        // The claim goes with a commit or an abandonment; whoever still has it failed or gave up.
        if self.claim.is_some() {
            let shared = &self.spool.shared;
            // -H may be there when the sync after its rename failed. It goes first: alone, -D is only garbage.
            let _ = shared.unlink_if_there(&self.place.file(&self.id, Part::Header));
            let _ = shared.unlink_if_there(&self.path);
        }
    }
}

/// A message that is durable, and still locked by us.
pub struct Committed {
    writer: DataWriter,
    header: Header,
    claim: Option<Claim>,
}

impl Committed {
    /// The message's id.
    pub fn id(&self) -> MessageId {
        self.writer.id
    }

    /// What was written to -H.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Bytes of the body.
    pub fn body_len(&self) -> u64 {
        self.writer.body_len()
    }

    /// Goes on to a first delivery without giving the lock away.
    pub fn into_locked(self) -> LockedMessage {
        let Self { writer, header, claim } = self;
        let data = DataFile::new(Arc::clone(&writer.file), &writer.id, writer.path.clone());
        let held =
            Held { spool: writer.spool.clone(), id: writer.id, place: writer.place.clone(), data, claim };
        LockedMessage::new(held, header)
    }
}
