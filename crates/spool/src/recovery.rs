//! What a start does about the traces of a crash.
//!
//! # Invariants
//! * Nothing that may still be under way is touched: the lock and the age are asked first.
//! * Nothing that could be mail is removed: a -H without a -D is put aside, under `damaged`.
//!
//! # Failure
//! An error at one message is reported and the others go on.
//!
//! # Compatibility
//! Exim leaves a lone -H or -J in place; here it leaves the queue, and the report says so.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use mail_types::MessageId;

use crate::error::SpoolError;
use crate::layout::{DAMAGED, Part, Place, kind_dir, message_log};
use crate::locked::{HoldOutcome, LockOutcome};
use crate::store::Spool;

/// Age from which files of an unfinished reception are garbage, in seconds.
const ABANDONED: i64 = 24 * 3600;

/// Age from which a -H without -D is no race with somebody who is just removing both.
const SETTLED: i64 = 60;

/// What recovery did.
#[derive(Debug, Default)]
pub struct Recovery {
    /// -H files without a -D: now under `damaged`.
    pub put_aside: Vec<MessageId>,
    /// Files that belonged to no message.
    pub removed: Vec<PathBuf>,
    /// Messages whose journal went into their -H.
    pub merged: Vec<MessageId>,
    /// What could not be done.
    pub errors: Vec<SpoolError>,
}

/// Which files of a message a directory holds.
#[derive(Clone, Copy, Default)]
struct Files {
    data: bool,
    header: bool,
    journal: bool,
    new_header: bool,
}

impl Spool {
    /// Clears away what crashes have left in this queue. Safe while others work on the spool.
    pub fn recover(&self) -> Result<Recovery, SpoolError> {
        let mut report = Recovery::default();
        self.each_directory(&mut |spool, directory, _| {
            spool.recover_directory(&Place::at(directory.to_path_buf()), &mut report)?;
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(report)
    }

    /// Puts a message aside whose files can't be read, so that it isn't tried again and again. False when somebody
    /// else works on it.
    pub fn set_aside(&self, id: &MessageId) -> Result<bool, SpoolError> {
        let held = match self.hold(id)? {
            HoldOutcome::Held(held) => held,
            HoldOutcome::Busy => return Ok(false),
            HoldOutcome::Gone => return Ok(true),
        };
        self.move_aside(&held.place, id)?;
        Ok(true)
    }

    /// Moves a message and its log out of the queue, to the directories with an `F` before their names
    /// (`move_frozen_messages`). False when somebody else works on it.
    pub fn move_frozen(&self, id: &MessageId) -> Result<bool, SpoolError> {
        let held = match self.hold(id)? {
            HoldOutcome::Held(held) => held,
            HoldOutcome::Busy => return Ok(false),
            HoldOutcome::Gone => return Ok(true),
        };
        self.move_to(&held.place, id, "Finput")?;
        let logs = kind_dir(self.queue(), "Fmsglog");
        self.shared.prepare(&logs)?;
        for split in [false, true] {
            // There need not be one.
            let _ = self.shared.disk.rename(&message_log(self.queue(), id, split), &logs.join(id.as_str()));
        }
        Ok(true)
    }

    /// Removes a message whose files make no sense, its log too. False when somebody else works on it.
    pub fn remove_malformed(&self, id: &MessageId) -> Result<bool, SpoolError> {
        let held = match self.hold(id)? {
            HoldOutcome::Held(held) => held,
            HoldOutcome::Busy => return Ok(false),
            HoldOutcome::Gone => return Ok(true),
        };
        for part in [Part::Header, Part::Data, Part::Journal] {
            self.shared.unlink_if_there(&held.place.file(id, part))?;
        }
        for split in [false, true] {
            // A log is no part of the message; what stays is removed by the next clean-up.
            let _ = self.shared.unlink_if_there(&message_log(self.queue(), id, split));
        }
        self.shared.sync_dir(held.place.dir())?;
        Ok(true)
    }

    fn recover_directory(&self, place: &Place, report: &mut Recovery) -> Result<(), SpoolError> {
        let mut odd: HashMap<MessageId, Files> = HashMap::new();
        self.list(place.dir(), &mut |name| {
            if let Some((id, part)) = Part::of_name(name) {
                let files = odd.entry(id).or_default();
                match part {
                    Part::Data => files.data = true,
                    Part::Header => files.header = true,
                    Part::Journal => files.journal = true,
                    Part::NewHeader => files.new_header = true,
                }
            }
            ControlFlow::Continue(())
        })?;
        odd.retain(|_, files| !(files.data && files.header) || files.journal || files.new_header);
        for (id, files) in odd {
            if let Err(error) = self.recover_message(place, &id, files, report) {
                report.errors.push(error);
            }
        }
        Ok(())
    }

    fn recover_message(
        &self,
        place: &Place,
        id: &MessageId,
        files: Files,
        report: &mut Recovery,
    ) -> Result<(), SpoolError> {
        if files.new_header {
            self.remove_old(&place.file(id, Part::NewHeader), report)?;
        }
        match files {
            Files { data: true, header: true, journal: true, .. } => self.merge_journal(id, report),
            Files { data: true, header: false, .. } => self.remove_data_without_header(place, id, report),
            Files { data: false, header: true, .. } => self.put_aside_header_without_data(place, id, report),
            Files { data: false, header: false, journal: true, .. } => {
                self.remove_old_or_orphan_journal(place, id, report)
            }
            Files { .. } => Ok(()),
        }
    }

    fn merge_journal(&self, id: &MessageId, report: &mut Recovery) -> Result<(), SpoolError> {
        let LockOutcome::Locked(mut message) = self.lock(id)? else { return Ok(()) };
        let header = message.header().clone();
        message.rewrite_header(header)?;
        report.merged.push(*id);
        Ok(())
    }

    /// A reception that was cut off. Its file is locked while it is under way, but for the moment between creation and
    /// lock; the age covers that.
    fn remove_data_without_header(
        &self,
        place: &Place,
        id: &MessageId,
        report: &mut Recovery,
    ) -> Result<(), SpoolError> {
        if !self.is_older(&place.file(id, Part::Data), ABANDONED) {
            return Ok(());
        }
        let HoldOutcome::Held(_held) = self.hold(id)? else { return Ok(()) };
        if self.shared.disk.stat(&place.file(id, Part::Header)).is_ok() {
            return Ok(());
        }
        for part in [Part::Data, Part::Journal] {
            self.remove(&place.file(id, part), report)?;
        }
        Ok(())
    }

    fn put_aside_header_without_data(
        &self,
        place: &Place,
        id: &MessageId,
        report: &mut Recovery,
    ) -> Result<(), SpoolError> {
        let elsewhere =
            self.places_to_read(id).iter().any(|p| self.shared.disk.stat(&p.file(id, Part::Data)).is_ok());
        if elsewhere || !self.is_older(&place.file(id, Part::Header), SETTLED) {
            return Ok(());
        }
        self.move_aside(place, id)?;
        report.put_aside.push(*id);
        Ok(())
    }

    fn remove_old_or_orphan_journal(
        &self,
        place: &Place,
        id: &MessageId,
        report: &mut Recovery,
    ) -> Result<(), SpoolError> {
        // The message is finished: its -J is the last to go.
        let path = place.file(id, Part::Journal);
        if self.is_older(&path, SETTLED) { self.remove(&path, report) } else { Ok(()) }
    }

    fn remove_old(&self, path: &Path, report: &mut Recovery) -> Result<(), SpoolError> {
        if self.is_older(path, ABANDONED) { self.remove(path, report) } else { Ok(()) }
    }

    fn remove(&self, path: &Path, report: &mut Recovery) -> Result<(), SpoolError> {
        if self.shared.disk.stat(path).is_ok() {
            self.shared.unlink_if_there(path)?;
            report.removed.push(path.to_path_buf());
        }
        Ok(())
    }

    fn is_older(&self, path: &Path, seconds: i64) -> bool {
        let now = self.shared.clock.now().secs();
        self.shared.disk.stat(path).is_ok_and(|stat| now.saturating_sub(stat.modified) > seconds)
    }

    fn move_aside(&self, place: &Place, id: &MessageId) -> Result<(), SpoolError> {
        self.move_to(place, id, DAMAGED)
    }

    /// Moves all files of a message to another directory, durably there before they are durably gone here.
    fn move_to(&self, place: &Place, id: &MessageId, directory: &str) -> Result<(), SpoolError> {
        let damaged = kind_dir(self.queue(), directory);
        self.shared.prepare(&damaged)?;
        for part in [Part::Header, Part::Journal, Part::Data] {
            let from = place.file(id, part);
            if self.shared.disk.stat(&from).is_ok() {
                let to = damaged.join(part.name(id));
                self.shared
                    .disk
                    .rename(&from, &to)
                    .map_err(|error| SpoolError::io("moving", &from, error))?;
            }
        }
        self.shared.sync_dir(&damaged)?;
        self.shared.sync_dir(place.dir())
    }
}
