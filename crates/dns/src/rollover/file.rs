//! Where the state of the trust anchors is kept.
//!
//! # Invariants
//! * The file is whole or not there: a new one takes the old one's name when it is on disk.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use mail_types::limits;

use super::Rollover;
use crate::validate::anchor::TrustAnchors;

/// A file with the state of trust anchors.
#[derive(Clone, Debug)]
pub struct AnchorsFile {
    path: PathBuf,
}

impl AnchorsFile {
    /// In the folder of the databases.
    pub fn within(folder: &Path) -> Self {
        Self { path: folder.join("postrider-trust-anchors") }
    }

    /// What it says of these configured anchors; none where there is no file.
    pub fn load(&self, configured: &TrustAnchors) -> Result<Option<Rollover>, String> {
        let told = |error: &dyn std::fmt::Display| format!("{}: {error}", self.path.display());
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(told(&error)),
        };
        let mut text = Vec::new();
        file.take(limits::DNSSEC_ANCHORS_FILE).read_to_end(&mut text).map_err(|error| told(&error))?;
        Rollover::read(&text, configured).map(Some).map_err(|error| told(&error))
    }

    /// Writes it anew, durably.
    pub fn save(&self, rollover: &Rollover) -> io::Result<()> {
        let folder = self.path.parent().ok_or(ErrorKind::InvalidFilename)?;
        let new = self.path.with_extension("new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o640).open(&new)?;
        file.write_all(rollover.to_text().as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&new, &self.path)?;
        File::open(folder)?.sync_all()
    }
}
