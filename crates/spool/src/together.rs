//! Commits and endings of several messages at once: what one sync can serve is served by one.
//!
//! A commit alone needs two syncs, one of its files and one of the directory, and an ending one of the directory. For
//! many of them at a time the number is the same.
//!
//! # Invariants
//! * A commit's -H gets its name only after its own files are durable; its result is there only after its name is, too.
//! * What goes wrong with one message is no other's error, unless a sync failed that was for both.
//!
//! # Failure
//! A message that could not be committed leaves nothing behind. One that could not be ended is still there, and
//! nothing that was delivered of it is forgotten.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use spool_format::Header;

use crate::disk::DiskFile;
use crate::error::{SpoolError, SpoolFault};
use crate::incoming::{Committed, DataWriter};
use crate::layout::Part;
use crate::locked::LockedMessage;
use crate::store::Spool;

/// A message to be removed: all of it is dealt with.
pub struct Ending {
    /// The message.
    pub message: LockedMessage,
    /// Deliveries that its journal does not hold. When the message can't be removed, the journal gets them, so that
    /// they are not repeated.
    pub delivered: Vec<Vec<u8>>,
    /// The message's log is moved to `msglog.OLD` instead of being removed (option `preserve_message_logs`).
    pub keep_log: bool,
}

/// A commit whose files are written.
struct Written {
    writer: DataWriter,
    header: Header,
    new: PathBuf,
    file: Box<dyn DiskFile>,
}

impl Spool {
    /// Makes messages of what was written, and ends others; all of them belong to this spool directory. When this
    /// returns, the new ones survive a power cut and the ended ones don't come back. The results are in the order of
    /// what was asked for.
    #[expect(clippy::type_complexity, reason = "two lists of results, named by the two lists of questions")]
    pub fn carry_out(
        &self,
        commits: Vec<(DataWriter, Header)>,
        endings: Vec<Ending>,
    ) -> (Vec<Result<Committed, SpoolError>>, Vec<Result<(), SpoolError>>) {
        let written: Vec<_> =
            commits.into_iter().map(|(writer, header)| self.written(writer, header)).collect();
        let unlinked: Vec<_> = endings.into_iter().map(Ending::unlink).collect();
        let named = self.named_after_sync(written);
        let new_places = named.iter().flatten().map(|(writer, _)| writer.place().dir());
        let old_places = unlinked.iter().flatten().map(|message| message.place().dir());
        let mut synced = HashMap::new();
        for directory in new_places.chain(old_places) {
            if !synced.contains_key(directory) {
                synced.insert(
                    directory.to_path_buf(),
                    self.shared.syncs.sync_dir(&*self.shared.disk, directory),
                );
            }
        }
        let committed = named.into_iter().map(|one| {
            let (writer, header) = one?;
            result_of(&synced, writer.place().dir())?;
            Ok(writer.into_committed(header))
        });
        let committed = committed.collect();
        let ended = unlinked.into_iter().map(|one| {
            let message = one?;
            result_of(&synced, message.place().dir())?;
            message.forget_journal()
        });
        (committed, ended.collect())
    }

    /// Writes -D to its end, and the new -H under its first name.
    fn written(&self, mut writer: DataWriter, header: Header) -> Result<Written, SpoolError> {
        let (id, place) = (writer.id(), writer.place().clone());
        if header.id != id {
            let path = place.file(&id, Part::Header);
            let detail = "the header is another message's";
            return Err(SpoolError::of(SpoolFault::Refused, "writing", &path, detail));
        }
        let encoded = header.encode();
        let bytes = encoded.map_err(|error| SpoolError::refused(&place.file(&id, Part::Header), &error))?;
        writer.flush()?;
        let new = place.file(&id, Part::NewHeader);
        let file = self.shared.write_new_header(&new, &bytes).inspect_err(|_| {
            // The error that is reported is the first one; recovery removes what this can't.
            let _ = self.shared.disk.unlink(&new);
        })?;
        Ok(Written { writer, header, new, file })
    }

    /// Syncs the files and gives each -H its name.
    fn named_after_sync(
        &self,
        written: Vec<Result<Written, SpoolError>>,
    ) -> Vec<Result<(DataWriter, Header), SpoolError>> {
        let shared = &*self.shared;
        let sets: Vec<_> = written
            .iter()
            .flatten()
            .map(|one| ([one.writer.file(), &*one.file], one.writer.failures()))
            .collect();
        let from = shared.config.group_sync_from;
        let synced = shared.syncs.sync_sets(&*shared.disk, &*shared.clock, from, &sets);
        let mut synced = synced.into_iter();
        let mut named = Vec::with_capacity(written.len());
        for one in written {
            named.push(one.and_then(|one| {
                let sync = synced.next().unwrap_or(Ok(()));
                let renamed =
                    sync.map_err(|error| SpoolError::io("syncing", &one.new, error)).and_then(|()| {
                        let header = one.writer.place().file(&one.writer.id(), Part::Header);
                        let renamed = shared.disk.rename(&one.new, &header);
                        renamed.map_err(|error| SpoolError::io("renaming", &one.new, error))
                    });
                if renamed.is_err() {
                    // As above.
                    let _ = shared.disk.unlink(&one.new);
                }
                renamed.map(|()| (one.writer, one.header))
            }));
        }
        named
    }
}

impl Ending {
    /// Takes the files' names away, all but the journal's.
    fn unlink(mut self) -> Result<LockedMessage, SpoolError> {
        // -H first: without it there is no message, and what is left is garbage that recovery removes.
        if let Err(error) = self.message.unlink(Part::Header) {
            if !self.delivered.is_empty() {
                let delivered: Vec<&[u8]> = self.delivered.iter().map(Vec::as_slice).collect();
                self.message.journal_append(&delivered)?;
            }
            return Err(error);
        }
        self.message.unlink(Part::Data)?;
        if self.keep_log {
            self.message.preserve_log();
        } else {
            self.message.unlink_log();
        }
        Ok(self.message)
    }
}

/// What the one sync of a directory came to, for each of those that wanted it.
fn result_of(synced: &HashMap<PathBuf, io::Result<()>>, directory: &Path) -> Result<(), SpoolError> {
    match synced.get(directory) {
        Some(Err(error)) => {
            let own = error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error);
            Err(SpoolError::io("syncing the directory", directory, own))
        }
        _ => Ok(()),
    }
}
