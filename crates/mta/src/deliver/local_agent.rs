//! The agent of the ordinary-user form: everything is done in this process, as whoever started it.
//!
//! # Invariants
//! * One delivery or one look at a file is one job on the pool for files; nothing blocks the runtime.
//!
//! # Security
//! No uid is changed: what the user who started the program may not do is not done. A delivery that the configuration
//! gives to root or to somebody in `never_users` is refused all the same. Servers started as root use the agent of
//! `privsep` instead.
//!
//! # Compatibility
//! An Exim without root privilege defers a delivery for another user; this one delivers as itself (docs/compat.md).

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::{Arc, OnceLock, Weak};

use mail_types::outcome::Verdict;

use super::identity::{self, Refusal};
use crate::context::Context;
use crate::services::Services;
use crate::services::local_agent::{
    AgentFuture, AsUserAction, AsUserReply, AsUserRequest, LocalAgent, LocalReply, LocalRequest, LocalResult,
};
use crate::transport::local;

/// Delivers and reads as the user that runs this process.
#[derive(Default)]
pub struct InProcessAgent {
    services: OnceLock<Weak<Services>>,
}

impl InProcessAgent {
    /// An agent that still has to be told about the services it belongs to.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells the agent about the services; they hold the agent, so it holds them weakly. Only the first call counts.
    pub fn attach(&self, services: &Arc<Services>) {
        // A second call would name the same services.
        let _ = self.services.set(Arc::downgrade(services));
    }

    fn services(&self) -> Option<Arc<Services>> {
        self.services.get().and_then(Weak::upgrade)
    }
}

impl LocalAgent for InProcessAgent {
    fn changes_user(&self) -> bool {
        false
    }

    fn deliver(&self, request: LocalRequest, data: File) -> AgentFuture<'_, LocalReply> {
        Box::pin(async move {
            let count = request.addresses.len();
            let Some(services) = self.services() else { return refused(count, "the program is ending") };
            let pool = services.pools.files.clone();
            pool.run(move || deliver(&request, data, services))
                .await
                .unwrap_or_else(|_| refused(count, "the program is ending"))
        })
    }

    fn read_as_user(&self, request: AsUserRequest) -> AgentFuture<'_, AsUserReply> {
        Box::pin(async move {
            let ending = || AsUserReply::Refused { reason: "the program is ending".to_owned() };
            let Some(services) = self.services() else { return ending() };
            services.pools.files.run(move || look(&request.what)).await.unwrap_or_else(|_| ending())
        })
    }
}

fn deliver(request: &LocalRequest, data: File, services: Arc<Services>) -> LocalReply {
    let config = services.snapshot();
    let mut context = Context::with_config(request.facts.clone(), Arc::clone(&config), services);
    match identity::authorise(request, &config, &mut context) {
        Err(Refusal { always: true, message, .. }) => refused(request.addresses.len(), &message),
        // Any other trouble with the user is none here, where there is only one.
        Ok(_) | Err(_) => local::run(request, &mut context, &data),
    }
}

fn refused(count: usize, reason: &str) -> LocalReply {
    let result =
        LocalResult::new(Verdict::Defer, crate::route::errno::NONE, Some(reason.as_bytes().to_vec()));
    LocalReply { results: vec![result; count] }
}

/// Looks at or reads a file with the rights of this process. Blocks.
pub fn look(action: &AsUserAction) -> AsUserReply {
    match action {
        AsUserAction::Exists { path } => match std::fs::metadata(as_path(path)) {
            Ok(_) => AsUserReply::Exists,
            Err(error) => failed(&error, path),
        },
        AsUserAction::Read { path, max_size, directory } => read(path, *max_size, directory.as_deref()),
    }
}

fn read(path: &[u8], max_size: u64, directory: Option<&[u8]>) -> AsUserReply {
    // Not blocking: a named pipe in place of a forward file must not hold anybody up.
    let opened = File::options()
        .read(true)
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32)
        .open(as_path(path));
    let file = match opened {
        Ok(file) => file,
        Err(error) => return not_opened(&error, path, directory),
    };
    match content(file, max_size) {
        Ok(reply) => reply,
        Err(error) => failed(&error, path),
    }
}

fn content(file: File, max_size: u64) -> io::Result<AsUserReply> {
    let status = file.metadata()?;
    let mut bytes = Vec::new();
    if status.is_file() {
        file.take(max_size.saturating_add(1)).read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > max_size {
        return Ok(AsUserReply::TooLong);
    }
    Ok(AsUserReply::Content { bytes, uid: status.uid(), gid: status.gid(), mode: status.mode() })
}

/// A missing file may be a directory that is not mounted.
fn not_opened(error: &io::Error, path: &[u8], directory: Option<&[u8]>) -> AsUserReply {
    if error.kind() == io::ErrorKind::NotFound
        && let Some(directory) = directory
    {
        let inside = [directory, b"/."].concat();
        if let Err(missing) = std::fs::metadata(as_path(&inside)) {
            return failed(&missing, directory);
        }
    }
    failed(error, path)
}

fn failed(error: &io::Error, path: &[u8]) -> AsUserReply {
    match error.raw_os_error() {
        Some(errno) => AsUserReply::Errno { errno, path: path.to_vec() },
        None => AsUserReply::Refused { reason: error.to_string() },
    }
}

fn as_path(path: &[u8]) -> &Path {
    Path::new(std::ffi::OsStr::from_bytes(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(path: &str, max_size: u64) -> AsUserReply {
        let directory = Path::new(path).parent().map(|parent| parent.as_os_str().as_bytes().to_vec());
        look(&AsUserAction::Read { path: path.as_bytes().to_vec(), max_size, directory })
    }

    #[test]
    fn files_that_are_there_and_files_that_are_not() {
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let AsUserReply::Content { bytes, mode, .. } = reading(here, 1 << 20) else { panic!("it is there") };
        assert!(bytes.starts_with(b"[package]") && mode & 0o170_000 == 0o100_000);
        assert_eq!(reading(here, 3), AsUserReply::TooLong);
        let missing = concat!(env!("CARGO_MANIFEST_DIR"), "/no-such-file");
        assert_eq!(reading(missing, 9), AsUserReply::Errno { errno: 2, path: missing.into() });
        let no_directory = concat!(env!("CARGO_MANIFEST_DIR"), "/no-such-directory/file");
        let parent = concat!(env!("CARGO_MANIFEST_DIR"), "/no-such-directory");
        assert_eq!(reading(no_directory, 9), AsUserReply::Errno { errno: 2, path: parent.into() });
    }

    #[test]
    fn a_directory_is_told_by_its_mode() {
        let AsUserReply::Content { bytes, mode, .. } = reading(env!("CARGO_MANIFEST_DIR"), 9) else {
            panic!("a directory can be opened")
        };
        assert!(bytes.is_empty() && mode & 0o170_000 == 0o040_000);
    }
}
