//! Missing directories on the way to a mailbox.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use config::options::transport::appendfile as options;

use super::super::Job;
use super::super::trouble::{Trouble, words};
use super::{checks, shown};

/// Most levels that are made for one mailbox.
const LEVELS: usize = 64;

/// Makes the directory that a mailbox file stands in, when it is missing and may be made.
pub(super) fn make_parent(job: &Job<'_>, path: &Path) -> Result<(), Trouble> {
    if !job.transport.options.get(options::CREATE_DIRECTORY) {
        return Ok(());
    }
    let Some(parent) = path.parent() else { return Ok(()) };
    if parent.is_dir() {
        return Ok(());
    }
    checks::may_create(job, path)?;
    make_all(parent, job.transport.options.get(options::DIRECTORY_MODE)).map_err(|error| {
        let text = format!("failed to create directories for {}: {}", shown(path), words(&error));
        Trouble::system(&error, text)
    })
}

/// Makes a directory and all that is missing above it; whatever was made has the mode.
pub(super) fn make_all(path: &Path, mode: u32) -> io::Result<()> {
    let mut missing: Vec<PathBuf> = Vec::new();
    let mut at = path;
    while std::fs::symlink_metadata(at).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        if missing.len() >= LEVELS {
            return Err(io::Error::from_raw_os_error(rustix::io::Errno::NAMETOOLONG.raw_os_error()));
        }
        missing.push(at.to_path_buf());
        match at.parent() {
            Some(parent) => at = parent,
            None => break,
        }
    }
    for directory in missing.iter().rev() {
        match DirBuilder::new().mode(mode).create(directory) {
            // The umask took bits away; nobody else can have put anything there that this would widen.
            Ok(()) => std::fs::set_permissions(directory, std::fs::Permissions::from_mode(mode))?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        if let Some(parent) = directory.parent() {
            sync(parent)?;
        }
    }
    Ok(())
}

/// Puts the names of a directory on disk. A directory that we may write but not read can't be synced.
pub(super) fn sync(directory: &Path) -> io::Result<()> {
    match std::fs::File::open(directory) {
        Ok(file) => file.sync_all(),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_made_with_the_mode() {
        let root = std::env::temp_dir().join(format!("postrider-directory-{}", std::process::id()));
        let deep = root.join("a/b");
        make_all(&deep, 0o710).unwrap();
        make_all(&deep, 0o700).unwrap();
        let mode = std::fs::metadata(&deep).unwrap().permissions().mode();
        std::fs::remove_dir_all(&root).unwrap();
        assert_eq!(mode & 0o7777, 0o710);
    }
}
