//! A message that we work on.
//!
//! # Invariants
//! * Whoever has a [`LockedMessage`] is alone with the message, in this process and among all others.
//! * -H is only ever replaced whole; -J goes only after a -H that holds its entries is durable.
//! * What [`LockedMessage::journal_append`] returned for is never forgotten.
//!
//! # Security
//! File contents are untrusted: they are decoded with bounds, and an error leaves the message where it is.
//!
//! # Failure
//! A journal whose write or sync failed is not written to again: the next entries go into a new -H.
//!
//! # Compatibility
//! The lock is Exim's (a write lock of `fcntl` on the first line of -D), and it belongs to the open file: a child that
//! inherits a duplicate keeps the message locked until it ends too.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mail_types::{MessageId, limits};
use spool_format::{Header, data, journal};

use crate::disk::{Access, DiskFile, read_all};
use crate::error::{SpoolError, SpoolFault};
use crate::layout::{self, Part, Place};
use crate::store::{Claim, Spool};
use crate::together::Ending;

/// What came of trying to lock a message.
pub enum LockOutcome {
    /// It is ours.
    Locked(Box<LockedMessage>),
    /// Somebody else works on it.
    Busy,
    /// There is no such message (any more, or not yet).
    Gone,
}

/// What came of trying to lock a -D file.
pub(crate) enum HoldOutcome {
    Held(Held),
    Busy,
    Gone,
}

/// A locked -D file and the claim on its message.
pub(crate) struct Held {
    pub(crate) spool: Spool,
    pub(crate) id: MessageId,
    pub(crate) place: Place,
    pub(crate) data: DataFile,
    /// Kept for its end.
    #[expect(dead_code, reason = "dropping it ends the claim")]
    pub(crate) claim: Option<Claim>,
}

/// A message that nobody else works on.
pub struct LockedMessage {
    held: Held,
    header: Header,
    journal: Journal,
}

/// The -J file of a locked message.
#[derive(Default)]
struct Journal {
    /// There may be a -J file.
    exists: bool,
    /// Everything that is in it.
    entries: Vec<Vec<u8>>,
    /// The file, once we have written to it.
    file: Option<Box<dyn DiskFile>>,
    /// A write or a sync failed: never again in this file.
    failed: bool,
}

impl Spool {
    /// Takes a message, if nobody has it, and reads its envelope, with what its journal says.
    pub fn lock(&self, id: &MessageId) -> Result<LockOutcome, SpoolError> {
        let held = match self.hold(id)? {
            HoldOutcome::Held(held) => held,
            HoldOutcome::Busy => return Ok(LockOutcome::Busy),
            HoldOutcome::Gone => return Ok(LockOutcome::Gone),
        };
        held.data.check(id)?;
        let Some(header) = self.read_header_at(&held.place, id)? else { return Ok(LockOutcome::Gone) };
        let mut message = LockedMessage::new(held, header);
        message.read_journal()?;
        Ok(LockOutcome::Locked(Box::new(message)))
    }

    /// Takes the lock without reading anything.
    pub(crate) fn hold(&self, id: &MessageId) -> Result<HoldOutcome, SpoolError> {
        let Some(claim) = self.shared.claim(*id) else { return Ok(HoldOutcome::Busy) };
        for place in self.places_to_read(id) {
            let path = place.file(id, Part::Data);
            let file = match self.shared.disk.open(&path, Access::ReadWrite) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                result => result.map_err(|error| SpoolError::io("opening", &path, error))?,
            };
            let locked = file.try_lock(data::prefix_len(id) as u64);
            if !locked.map_err(|error| SpoolError::io("locking", &path, error))? {
                return Ok(HoldOutcome::Busy);
            }
            if !self.still_there(&*file, &path)? {
                return Ok(HoldOutcome::Gone);
            }
            let data = DataFile::new(Arc::from(file), id, path);
            return Ok(HoldOutcome::Held(Held {
                spool: self.clone(),
                id: *id,
                place,
                data,
                claim: Some(claim),
            }));
        }
        Ok(HoldOutcome::Gone)
    }

    /// Between our opening and our lock, the last holder may have finished the message.
    fn still_there(&self, file: &dyn DiskFile, path: &Path) -> Result<bool, SpoolError> {
        let ours = file.stat().map_err(|error| SpoolError::io("looking at", path, error))?;
        match self.shared.disk.stat(path) {
            Ok(named) => Ok(named.inode == ours.inode),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(SpoolError::io("looking at", path, error)),
        }
    }

    /// Reads the envelope of a message without a lock, with what its journal says, for listings.
    pub fn read_header(&self, id: &MessageId) -> Result<Option<Header>, SpoolError> {
        for place in self.places_to_read(id) {
            if let Some(mut header) = self.read_header_at(&place, id)? {
                let journal = self.read_file(&place.file(id, Part::Journal), limits::SPOOL_JOURNAL_FILE)?;
                for entry in journal::entries(&journal.unwrap_or_default()) {
                    header.nonrecipients.insert(entry);
                }
                return Ok(Some(header));
            }
        }
        Ok(None)
    }

    /// The bytes of the -H file, without a lock.
    pub fn read_header_bytes(&self, id: &MessageId) -> Result<Option<Vec<u8>>, SpoolError> {
        for place in self.places_to_read(id) {
            let bytes = self.read_file(&place.file(id, Part::Header), limits::SPOOL_HEADER_FILE)?;
            if bytes.is_some() {
                return Ok(bytes);
            }
        }
        Ok(None)
    }

    /// Opens the -D file for reading, without a lock.
    pub fn open_data(&self, id: &MessageId) -> Result<Option<DataFile>, SpoolError> {
        for place in self.places_to_read(id) {
            let path = place.file(id, Part::Data);
            match self.shared.disk.open(&path, Access::Read) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(SpoolError::io("opening", &path, error)),
                Ok(file) => {
                    let data = DataFile::new(Arc::from(file), id, path);
                    data.check(id)?;
                    return Ok(Some(data));
                }
            }
        }
        Ok(None)
    }

    /// The log of a message, for `-Mvl`.
    pub fn read_message_log(&self, id: &MessageId) -> Result<Option<Vec<u8>>, SpoolError> {
        let split = self.shared.config.split;
        for split in [split, !split] {
            let path = layout::message_log(self.queue(), id, split);
            let content = self.read_file(&path, limits::SPOOL_JOURNAL_FILE)?;
            if content.is_some() {
                return Ok(content);
            }
        }
        Ok(None)
    }

    fn read_header_at(&self, place: &Place, id: &MessageId) -> Result<Option<Header>, SpoolError> {
        let path = place.file(id, Part::Header);
        let Some(bytes) = self.read_file(&path, limits::SPOOL_HEADER_FILE)? else { return Ok(None) };
        let header = Header::decode(&bytes).map_err(|error| SpoolError::damaged(&path, &error))?;
        if header.id != *id {
            return Err(SpoolError::of(SpoolFault::Damaged, "reading", &path, "it names another message"));
        }
        Ok(Some(header))
    }

    pub(crate) fn read_file(&self, path: &Path, limit: u64) -> Result<Option<Vec<u8>>, SpoolError> {
        let file = match self.shared.disk.open(path, Access::Read) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            result => result.map_err(|error| SpoolError::io("opening", path, error))?,
        };
        read_all(&*file, limit).map(Some).map_err(|error| SpoolError::io("reading", path, error))
    }
}

impl LockedMessage {
    pub(crate) fn new(held: Held, header: Header) -> Self {
        Self { held, header, journal: Journal::default() }
    }

    /// The message's id.
    pub fn id(&self) -> MessageId {
        self.held.id
    }

    /// Which queue it is in.
    pub fn spool(&self) -> &Spool {
        &self.held.spool
    }

    /// The envelope, the state and the header lines. Its non-recipients hold what the journal says.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The body.
    pub fn data_file(&self) -> &DataFile {
        &self.held.data
    }

    /// True when the journal holds what -H doesn't yet. After [`Spool::lock`] that means a crash left it: Exim updates
    /// -H before it goes on.
    pub fn has_journal(&self) -> bool {
        !self.journal.entries.is_empty()
    }

    /// Replaces -H, durably, and then removes -J: whatever the journal holds is put into the new header first.
    pub fn rewrite_header(&mut self, mut header: Header) -> Result<(), SpoolError> {
        let Held { spool, id, place, .. } = &self.held;
        let path = place.file(id, Part::Header);
        if header.id != *id {
            return Err(SpoolError::of(
                SpoolFault::Refused,
                "writing",
                &path,
                "the header is another message's",
            ));
        }
        for entry in &self.journal.entries {
            header.nonrecipients.insert(entry);
        }
        let bytes = header.encode().map_err(|error| SpoolError::refused(&path, &error))?;
        let failures = spool.shared.syncs.failures();
        spool.shared.replace_header(place, id, &bytes, failures)?;
        self.header = header;
        if self.journal.exists {
            spool.shared.unlink_if_there(&place.file(id, Part::Journal))?;
        }
        self.journal = Journal::default();
        Ok(())
    }

    /// Notes deliveries that have succeeded, by the keys that Exim uses (mostly the address). When this returns, they
    /// survive a power cut. Not needed for the delivery that completes the message: then [`LockedMessage::finish`] at once.
    pub fn journal_append(&mut self, addresses: &[&[u8]]) -> Result<(), SpoolError> {
        let path = self.held.place.file(&self.held.id, Part::Journal);
        let mut lines = Vec::new();
        for address in addresses {
            journal::push_entry(&mut lines, address).map_err(|error| SpoolError::refused(&path, &error))?;
        }
        if !self.journal.failed {
            match self.write_journal(&path, &lines) {
                Ok(()) => {
                    self.remember(addresses);
                    return Ok(());
                }
                // It may be that the disk takes a new file; if not, the caller hears the second error.
                Err(_) => self.journal.failed = true,
            }
        }
        let mut header = self.header.clone();
        for address in addresses {
            header.nonrecipients.insert(address);
        }
        self.rewrite_header(header)
    }

    fn remember(&mut self, addresses: &[&[u8]]) {
        for address in addresses {
            self.header.nonrecipients.insert(address);
            self.journal.entries.push(address.to_vec());
        }
    }

    fn write_journal(&mut self, path: &Path, lines: &[u8]) -> Result<(), SpoolError> {
        let shared = &self.held.spool.shared;
        let created = if self.journal.file.is_none() {
            let created = !self.journal.exists;
            self.journal.file = Some(if created { shared.create(path)? } else { self.reopen_journal(path)? });
            self.journal.exists = true;
            created
        } else {
            false
        };
        if let Some(file) = &self.journal.file {
            let failures = shared.syncs.failures();
            file.append(lines).map_err(|error| SpoolError::io("writing", path, error))?;
            shared.sync_file(&**file, path, failures)?;
        }
        if created { shared.sync_dir(self.held.place.dir()) } else { Ok(()) }
    }

    /// Opens a journal that a crash left, and cuts off the half line at its end.
    fn reopen_journal(&self, path: &Path) -> Result<Box<dyn DiskFile>, SpoolError> {
        let disk = &self.held.spool.shared.disk;
        let file =
            disk.open(path, Access::ReadWrite).map_err(|error| SpoolError::io("opening", path, error))?;
        let bytes = read_all(&*file, limits::SPOOL_JOURNAL_FILE)
            .map_err(|error| SpoolError::io("reading", path, error))?;
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        if whole < bytes.len() {
            file.truncate(whole as u64).map_err(|error| SpoolError::io("cutting", path, error))?;
        }
        Ok(file)
    }

    fn read_journal(&mut self) -> Result<(), SpoolError> {
        let path = self.held.place.file(&self.held.id, Part::Journal);
        let Some(bytes) = self.held.spool.read_file(&path, limits::SPOOL_JOURNAL_FILE)? else {
            return Ok(());
        };
        self.journal.exists = true;
        for entry in journal::entries(&bytes) {
            self.header.nonrecipients.insert(entry);
            self.journal.entries.push(entry.to_vec());
        }
        Ok(())
    }

    /// Adds to the log of this message (option `message_logs`). Not durable: it is for people.
    pub fn log(&self, line: &[u8]) -> Result<(), SpoolError> {
        let Held { spool, id, .. } = &self.held;
        let shared = &spool.shared;
        let path = layout::message_log(spool.queue(), id, shared.config.split);
        let file = match shared.disk.open(&path, Access::ReadWrite) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => shared.create(&path)?,
            result => result.map_err(|error| SpoolError::io("opening", &path, error))?,
        };
        file.append(line).map_err(|error| SpoolError::io("writing", &path, error))
    }

    /// Ends the message: all of it is delivered, bounced or thrown away. When this returns, it doesn't come back.
    pub fn finish(self) -> Result<(), SpoolError> {
        let spool = self.held.spool.clone();
        let (_, mut ended) = spool
            .carry_out(Vec::new(), vec![Ending { message: self, delivered: Vec::new(), keep_log: false }]);
        ended.pop().unwrap_or(Ok(()))
    }

    pub(crate) fn place(&self) -> &Place {
        &self.held.place
    }

    /// Takes one of the names away, if it is there.
    pub(crate) fn unlink(&self, part: Part) -> Result<(), SpoolError> {
        let Held { spool, id, place, .. } = &self.held;
        spool.shared.unlink_if_there(&place.file(id, part))
    }

    /// Moves the log to `msglog.OLD`. It is for people: what cannot be moved stays where it is.
    pub(crate) fn preserve_log(&self) {
        let Held { spool, id, .. } = &self.held;
        let shared = &spool.shared;
        let kept = layout::kind_dir(spool.queue(), "msglog.OLD");
        if shared.prepare(&kept).is_err() {
            return;
        }
        for split in [false, true] {
            let _ =
                shared.disk.rename(&layout::message_log(spool.queue(), id, split), &kept.join(id.as_str()));
        }
    }

    /// Logs of a message are no part of it; what stays is removed by the next clean-up.
    pub(crate) fn unlink_log(&self) {
        let Held { spool, id, .. } = &self.held;
        for split in [false, true] {
            let _ = spool.shared.unlink_if_there(&layout::message_log(spool.queue(), id, split));
        }
    }

    /// The last step of an ending, after the sync: a message that came back without its journal would be delivered again.
    pub(crate) fn forget_journal(self) -> Result<(), SpoolError> {
        if self.journal.exists { self.unlink(Part::Journal) } else { Ok(()) }
    }
}

/// The -D file of a message.
#[derive(Clone)]
pub struct DataFile {
    file: Arc<dyn DiskFile>,
    start: u64,
    path: PathBuf,
}

impl DataFile {
    pub(crate) fn new(file: Arc<dyn DiskFile>, id: &MessageId, path: PathBuf) -> Self {
        Self { file, start: data::prefix_len(id) as u64, path }
    }

    /// Where the body begins in the file: after the first line.
    pub fn body_start(&self) -> u64 {
        self.start
    }

    /// Bytes of the body.
    pub fn body_len(&self) -> Result<u64, SpoolError> {
        let stat = self.file.stat().map_err(|error| SpoolError::io("looking at", &self.path, error))?;
        Ok(stat.len.saturating_sub(self.start))
    }

    /// Reads from a place in the body; 0 is the end.
    pub fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(out, offset.saturating_add(self.start))
    }

    /// Reads the body from its beginning, with a position of its own.
    pub fn reader(&self) -> DataReader {
        DataReader { data: self.clone(), offset: 0 }
    }

    /// A descriptor for a child. It keeps the message locked for as long as the child has it. Its file position is shared
    /// with all other duplicates: read from given places, or seek to [`DataFile::body_start`] first.
    pub fn duplicate(&self) -> io::Result<OwnedFd> {
        let fd = self.file.descriptor().ok_or_else(|| io::Error::from(io::ErrorKind::Unsupported))?;
        fd.try_clone_to_owned()
    }

    fn check(&self, id: &MessageId) -> Result<(), SpoolError> {
        let mut first_line = vec![0; self.start as usize];
        let count =
            self.file.read_at(&mut first_line, 0).map_err(|e| SpoolError::io("reading", &self.path, e))?;
        data::check_prefix(&first_line[..count], id).map_err(|error| SpoolError::damaged(&self.path, &error))
    }
}

/// Reads the body of a message.
pub struct DataReader {
    data: DataFile,
    offset: u64,
}

impl io::Read for DataReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.data.read_at(out, self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mail_types::clock::FixedClock;

    use super::*;
    use crate::SpoolConfig;
    use crate::disk::{Disk, SimDisk};

    #[test]
    fn a_file_that_was_finished_between_opening_and_locking_is_gone() {
        let disk = SimDisk::new();
        let clock = Arc::new(FixedClock::new(mail_types::Timestamp::default()));
        let spool = Spool::on_disk(Arc::new(disk.clone()), SpoolConfig::default(), clock);
        let path = Path::new("x-D");
        let file = disk.create_new(path, 0o640).unwrap();
        assert!(spool.still_there(&*file, path).unwrap());
        disk.unlink(path).unwrap();
        assert!(!spool.still_there(&*file, path).unwrap());
        disk.create_new(path, 0o640).unwrap();
        assert!(!spool.still_there(&*file, path).unwrap(), "another file of the same name");
    }
}
