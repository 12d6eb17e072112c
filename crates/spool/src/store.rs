//! The spool as a whole: its directory, its ids, who works on what.
//!
//! # Invariants
//! * A directory that messages are put into is durable itself before the first message in it is.
//! * A message id is claimed by at most one holder in this process.
//!
//! # Failure
//! See [`SpoolError`]; nothing here ends the process.

use std::collections::HashSet;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mail_types::{Clock, MessageId};

use crate::disk::{Disk, DiskFile, RealDisk};
use crate::error::{SpoolError, SpoolFault};
use crate::generation;
use crate::group_sync::{GroupSync, SyncCounts};
use crate::id_allocator::{IdAllocator, IdForm};
use crate::layout::{self, Part, Place, QueueName};

pub use crate::disk::Space;

/// How a spool is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpoolConfig {
    /// Option `split_spool_directory`.
    pub split: bool,
    /// Write ids of 16 characters, as Exim 4.96 and before need them.
    pub short_ids: bool,
    /// Option `localhost_number`.
    pub localhost_number: Option<u16>,
    /// From how many commits at once on the whole file system is synced instead of each file (see [`crate::group_sync`]);
    /// `u64::MAX` for never.
    pub group_sync_from: u64,
    /// Mode of directories that we make.
    pub directory_mode: u32,
    /// Mode of files that we make.
    pub file_mode: u32,
}

impl Default for SpoolConfig {
    /// Debian's values.
    fn default() -> Self {
        Self {
            split: false,
            short_ids: false,
            localhost_number: None,
            group_sync_from: 4,
            directory_mode: 0o750,
            file_mode: 0o640,
        }
    }
}

/// One queue of the spool directory. Clones are the same queue; see [`Spool::named`] for others.
#[derive(Clone)]
pub struct Spool {
    pub(crate) shared: Arc<Shared>,
    queue: QueueName,
}

pub(crate) struct Shared {
    pub(crate) config: SpoolConfig,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) syncs: GroupSync,
    ids: IdAllocator,
    claims: Mutex<HashSet<MessageId>>,
    /// Directories that are known to be durable.
    known: Mutex<HashSet<PathBuf>>,
}

impl Spool {
    /// Opens the default queue of a spool directory, which must exist.
    pub fn open(directory: &Path, config: SpoolConfig, clock: Arc<dyn Clock>) -> Result<Self, SpoolError> {
        let disk = RealDisk::open(directory).map_err(|error| SpoolError::io("opening", directory, error))?;
        Ok(Self::on_disk(Arc::new(disk), config, clock))
    }

    /// The default queue on any disk.
    pub fn on_disk(disk: Arc<dyn Disk>, config: SpoolConfig, clock: Arc<dyn Clock>) -> Self {
        let shared = Shared {
            config,
            disk,
            clock,
            syncs: GroupSync::default(),
            ids: IdAllocator::default(),
            claims: Mutex::default(),
            known: Mutex::default(),
        };
        Self { shared: Arc::new(shared), queue: QueueName::default() }
    }

    /// Another queue of the same spool directory.
    #[must_use]
    pub fn named(&self, queue: QueueName) -> Self {
        Self { shared: Arc::clone(&self.shared), queue }
    }

    /// Which queue this is.
    pub fn queue(&self) -> &QueueName {
        &self.queue
    }

    /// The named queues that exist.
    pub fn queue_names(&self) -> Result<Vec<QueueName>, SpoolError> {
        let root = Path::new("");
        let mut found = Vec::new();
        let mut visit = |name: &[u8]| {
            found.extend(QueueName::parse(name).ok());
            ControlFlow::Continue(())
        };
        self.shared.disk.list(root, &mut visit).map_err(|e| SpoolError::io("listing", root, e))?;
        found.retain(|queue| {
            let input = layout::kind_dir(queue, "input");
            !queue.is_default() && self.shared.disk.stat(&input).is_ok_and(|stat| stat.is_dir)
        });
        found.sort();
        Ok(found)
    }

    /// A new id. Nothing is on disk yet under it.
    pub fn allocate_id(&self) -> Result<MessageId, SpoolError> {
        let shared = &*self.shared;
        let form =
            IdForm { short: shared.config.short_ids, localhost_number: shared.config.localhost_number };
        let new_generation = || {
            let directory = Path::new(generation::DIRECTORY);
            shared.prepare(directory)?;
            let drawn = generation::draw(&*shared.disk, shared.config.file_mode);
            drawn.map_err(|error| SpoolError::io("drawing a number in", directory, error))
        };
        shared.ids.next(form, shared.clock.now(), std::process::id(), new_generation)
    }

    /// How often the disk was told to make things durable, since the spool was opened.
    pub fn sync_counts(&self) -> SyncCounts {
        self.shared.syncs.counts()
    }

    /// Room on the file system, for `check_spool_space` and `check_spool_inodes`.
    pub fn space(&self) -> Result<Space, SpoolError> {
        self.shared
            .disk
            .space()
            .map_err(|error| SpoolError::io("asking for the space of", Path::new(""), error))
    }

    /// Where new messages with this id go.
    pub(crate) fn place_to_write(&self, id: &MessageId) -> Place {
        Place::of(&self.queue, id, self.shared.config.split)
    }

    /// Where a message may be, the likelier place first.
    pub(crate) fn places_to_read(&self, id: &MessageId) -> [Place; 2] {
        let split = self.shared.config.split;
        [split, !split].map(|split| Place::of(&self.queue, id, split))
    }
}

impl Shared {
    /// Makes a directory and those above it, durably. Cheap when it is known already.
    pub(crate) fn prepare(&self, directory: &Path) -> Result<(), SpoolError> {
        if lock(&self.known).contains(directory) {
            return Ok(());
        }
        let above: Vec<&Path> = directory.ancestors().filter(|path| !path.as_os_str().is_empty()).collect();
        for path in above.into_iter().rev() {
            match self.disk.make_dir(path, self.config.directory_mode) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                result => result.map_err(|error| SpoolError::io("making", path, error))?,
            }
            // Also when it was there: whoever made it may not have come to this.
            self.sync_dir(path.parent().unwrap_or(Path::new("")))?;
        }
        lock(&self.known).insert(directory.to_path_buf());
        Ok(())
    }

    /// Creates a file in a directory that may not exist yet.
    pub(crate) fn create(&self, path: &Path) -> Result<Box<dyn DiskFile>, SpoolError> {
        let directory = path.parent().unwrap_or(Path::new(""));
        self.prepare(directory)?;
        let mut result = self.disk.create_new(path, self.config.file_mode);
        if result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            // Somebody removed the directory.
            lock(&self.known).clear();
            self.prepare(directory)?;
            result = self.disk.create_new(path, self.config.file_mode);
        }
        result.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                SpoolError::of(SpoolFault::IdInUse, "creating", path, "it is there already")
            }
            _ => SpoolError::io("creating", path, error),
        })
    }

    /// Makes the names of a directory durable, together with others who want that.
    pub(crate) fn sync_dir(&self, path: &Path) -> Result<(), SpoolError> {
        self.syncs
            .sync_dir(&*self.disk, path)
            .map_err(|error| SpoolError::io("syncing the directory", path, error))
    }

    /// Makes the content of a file durable. `failures` is what [`GroupSync::failures`] said before it was written.
    pub(crate) fn sync_file(
        &self,
        file: &dyn DiskFile,
        path: &Path,
        failures: u64,
    ) -> Result<(), SpoolError> {
        let from = self.config.group_sync_from;
        let results = self.syncs.sync_sets(&*self.disk, &*self.clock, from, &[([file], failures)]);
        let result: io::Result<()> = results.into_iter().collect();
        result.map_err(|error| SpoolError::io("syncing", path, error))
    }

    /// Writes a new -H in place of the old one, durably. When this fails, the old one may or may not be replaced, and
    /// `hdr.<id>` is gone as far as possible.
    pub(crate) fn replace_header(
        &self,
        place: &Place,
        id: &MessageId,
        bytes: &[u8],
        failures: u64,
    ) -> Result<(), SpoolError> {
        let new = place.file(id, Part::NewHeader);
        let header = place.file(id, Part::Header);
        let written = self.write_new_header(&new, bytes).and_then(|file| {
            self.sync_file(&*file, &new, failures)?;
            self.disk.rename(&new, &header).map_err(|error| SpoolError::io("renaming", &new, error))
        });
        if let Err(error) = written {
            // The error that we report is the first one; recovery removes what this can't.
            let _ = self.disk.unlink(&new);
            return Err(error);
        }
        self.sync_dir(place.dir())
    }

    pub(crate) fn write_new_header(&self, new: &Path, bytes: &[u8]) -> Result<Box<dyn DiskFile>, SpoolError> {
        let file = match self.create(new) {
            // Left by a crash: the caller holds the message's lock, so nobody is writing it.
            Err(error) if error.fault() == SpoolFault::IdInUse => {
                self.unlink_if_there(new)?;
                self.create(new)?
            }
            result => result?,
        };
        file.append(bytes).map_err(|error| SpoolError::io("writing", new, error))?;
        Ok(file)
    }

    /// Takes a name away, if it is there.
    pub(crate) fn unlink_if_there(&self, path: &Path) -> Result<(), SpoolError> {
        match self.disk.unlink(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(SpoolError::io("removing", path, error))
            }
            _ => Ok(()),
        }
    }

    /// Claims a message within this process.
    pub(crate) fn claim(self: &Arc<Self>, id: MessageId) -> Option<Claim> {
        lock(&self.claims).insert(id).then(|| Claim { shared: Arc::clone(self), id })
    }
}

/// The claim on a message within this process; it ends when this is dropped.
pub(crate) struct Claim {
    shared: Arc<Shared>,
    id: MessageId,
}

impl Drop for Claim {
    fn drop(&mut self) {
        lock(&self.shared.claims).remove(&self.id);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
