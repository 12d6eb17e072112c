//! Going through a queue.
//!
//! # Invariants
//! * One pass over the names, nothing kept: the cost is that of reading the directories.
//! * Both layouts are seen, whatever the option says.

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use mail_types::MessageId;

use crate::disk::Visit;
use crate::error::SpoolError;
use crate::layout::{self, Part};
use crate::store::Spool;

/// What is called for a directory of messages, with the letter of a subdirectory.
pub(crate) type VisitDirectory<'a> =
    dyn FnMut(&Spool, &Path, Option<u8>) -> Result<ControlFlow<()>, SpoolError> + 'a;

/// A message that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScanEntry {
    /// Its id.
    pub id: MessageId,
    /// The letter of its subdirectory, where it is in one.
    pub subdirectory: Option<u8>,
}

impl Spool {
    /// Calls for each message, in no order. A message may be gone by then: only [`Spool::lock`] knows.
    pub fn scan(&self, visit: &mut dyn FnMut(ScanEntry) -> ControlFlow<()>) -> Result<(), SpoolError> {
        self.each_directory(&mut |spool, directory, letter| {
            let mut stopped = ControlFlow::Continue(());
            spool.list(directory, &mut |name| {
                if let Some((id, Part::Header)) = Part::of_name(name) {
                    stopped = visit(ScanEntry { id, subdirectory: letter });
                }
                stopped
            })?;
            Ok(stopped)
        })
    }

    /// All messages, sorted by id, which is by time.
    pub fn message_ids(&self) -> Result<Vec<MessageId>, SpoolError> {
        let mut ids = Vec::new();
        self.scan(&mut |entry| {
            ids.push(entry.id);
            ControlFlow::Continue(())
        })?;
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    /// The directories in which changes of the queue show, for whoever watches them. Those that don't exist are left out.
    pub fn directories(&self) -> Result<Vec<PathBuf>, SpoolError> {
        let mut found = Vec::new();
        self.each_directory(&mut |_, directory, _| {
            found.push(directory.to_path_buf());
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }

    /// Calls for `input` and each of its subdirectories.
    pub(crate) fn each_directory(&self, visit: &mut VisitDirectory<'_>) -> Result<(), SpoolError> {
        let input = layout::kind_dir(self.queue(), "input");
        if !self.shared.disk.stat(&input).is_ok_and(|stat| stat.is_dir) {
            return Ok(());
        }
        let mut letters = Vec::new();
        self.list(&input, &mut |name| {
            letters.extend(name.first().filter(|_| layout::is_split_letter(name)));
            ControlFlow::Continue(())
        })?;
        if visit(self, &input, None)?.is_break() {
            return Ok(());
        }
        letters.sort_unstable();
        for letter in letters {
            if visit(self, &input.join(char::from(letter).to_string()), Some(letter))?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The names of a directory; none where there is no directory.
    pub(crate) fn list(&self, directory: &Path, visit: &mut Visit<'_>) -> Result<(), SpoolError> {
        match self.shared.disk.list(directory, visit) {
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(())
            }
            Err(error) => Err(SpoolError::io("listing", directory, error)),
            Ok(()) => Ok(()),
        }
    }
}
