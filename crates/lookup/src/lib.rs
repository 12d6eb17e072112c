//! Lookup types, one module each.
//!
//! [`Lookups`] does what `${lookup` and lookup items of lists ask: partial matching and default keys in [`keys`], the
//! searching in the module of the type.
//!
//! # Invariants
//! * A file is opened or parsed once and again when it changes: device, inode, size and both times are compared at each
//!   use. Single-key types therefore need no cache of answers; those of query-style types are kept in the caller's
//!   [`LookupState`](expand::lookup::LookupState).
//! * What is found is clean: the administrator wrote it. So is a key that was found (`ret=key`).
//!
//! # Security
//! File names must be clean, by type. Readers of binary formats check each place and length of a file before they use it.
//!
//! # Failure
//! A file that cannot be opened is a failure with Exim's text; what may be better later is [`EvalError::Defer`].
//!
//! # Compatibility
//! Exim specification, chapter "File and database lookups".

pub mod build;
pub mod cdb;
pub mod dbm;
mod dnsdb;
mod dsearch;
mod file_cache;
mod iplsearch;
mod json;
mod keys;
mod ldap;
mod linear_file;
pub mod lmdb;
mod passwd;
pub mod psl;
mod quote;
mod read_at;
mod readsock;
mod served;
mod single_key;
mod spf;
mod sqlite;
#[cfg(test)]
mod tests;
mod wildlsearch;

use std::sync::Arc;

use expand::EvalError;
use expand::lookup::{Lookup, LookupAnswer, LookupRequest, LookupStyle, LookupWorld};
use mail_types::text::Text;
use mail_types::value::{Clean, Taint, Value};

use file_cache::Opening;

pub use dnsdb::csa;
pub use read_at::ReadAt;
pub use served::SERVED;

/// All lookup types, with their caches.
#[derive(Debug, Default)]
pub struct Lookups {
    files: single_key::Files,
    sqlite: sqlite::Connections,
}

/// One search with one key: the data, if the key is there.
type Search<'a> = dyn FnMut(&[u8]) -> Result<Option<Text>, EvalError> + 'a;

impl Lookups {
    /// With empty caches.
    pub fn new() -> Self {
        Self::default()
    }

    fn single_key(
        &self,
        request: &LookupRequest<'_>,
        world: &LookupWorld<'_>,
    ) -> Result<LookupAnswer, EvalError> {
        if request.spec.kind == "spf" {
            return spf::lookup(request, world);
        }
        let file = file_name(request)?;
        let how = Opening { most: world.settings.open_max, moment: world.state.moment };
        let mut search = self.files.search(request.spec, &file, how)?;
        let found = keys::search(request.spec, request.key.bytes(), &mut *search)?;
        Ok(match found {
            None => LookupAnswer::NotFound,
            Some(found) => {
                // The parts of the key are as hostile as the key was.
                let part = |bytes: Vec<u8>| Value::new(bytes, request.key.taint().clone());
                let captures = found.parts.map(|(wild, fixed)| Box::new((part(wild), part(fixed))));
                LookupAnswer::Found { data: Value::new(found.data, Taint::Clean), captures }
            }
        })
    }

    fn query(
        &self,
        request: &LookupRequest<'_>,
        world: &mut LookupWorld<'_>,
    ) -> Result<LookupAnswer, EvalError> {
        let kind = request.spec.kind;
        // A bind takes its values apart from the query's text: nothing in them can change what is asked.
        if kind != "ldapauth" && quote::is_unquoted(kind, request.key.taint()) {
            let query = request.key.to_lossy();
            world.state.complaints.push(format!("tainted search query is not properly quoted: {query}"));
        }
        if let Some(answer) = world.state.kept(request, world.clock.now()) {
            return Ok(answer);
        }
        match kind {
            "dnsdb" => dnsdb::lookup(request, world),
            "ldapauth" => ldap::lookup(request, world.settings),
            "readsock" => readsock::lookup(request, world),
            "sqlite" => self.sqlite.lookup(request, world),
            _ => passwd::lookup(request.key.bytes()),
        }
    }
}

impl Lookup for Lookups {
    fn lookup(
        &self,
        request: &LookupRequest<'_>,
        world: &mut LookupWorld<'_>,
    ) -> Result<LookupAnswer, EvalError> {
        served::check(request.spec.kind)?;
        let answer = match request.spec.style {
            LookupStyle::SingleKey => self.single_key(request, world)?,
            LookupStyle::Query => self.query(request, world)?,
        };
        Ok(match answer {
            // As the oracle has it, for queries too.
            LookupAnswer::Found { captures, .. } if request.spec.option("ret") == Some(b"key") => {
                LookupAnswer::Found { data: Value::clean(request.key.bytes()), captures }
            }
            answer => answer,
        })
    }

    fn quote(&self, kind: &str, text: &[u8], option: Option<&[u8]>) -> Option<Vec<u8>> {
        quote::text(kind, text, option)
    }
}

fn file_name(request: &LookupRequest<'_>) -> Result<Clean, EvalError> {
    let kind = request.spec.kind;
    let file = request
        .file
        .as_ref()
        .ok_or_else(|| EvalError::failed(format!("a file name is missing for lookup type \"{kind}\"")))?;
    clean_file(file)
}

/// A file's name, which must not come from outside.
fn clean_file(file: &Value) -> Result<Clean, EvalError> {
    file.require_clean("file name for lookup").map_err(|_| {
        EvalError::failed(format!("Tainted filename for search: '{}'", String::from_utf8_lossy(file.bytes())))
    })
}

/// A file opened for searching, or Exim's text why not.
fn cannot_open(path: &Clean, how: &str, error: &std::io::Error) -> EvalError {
    EvalError::failed(format!("failed to open {} for {how}: {}", path.as_path().display(), reason(error)))
}

/// The system's reason, in the system's words.
fn reason(error: &std::io::Error) -> String {
    match error.raw_os_error().map(nix::errno::Errno::from_raw) {
        Some(errno @ (nix::errno::Errno::EACCES | nix::errno::Errno::EPERM)) => {
            let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
            format!("{} (euid={uid} egid={gid})", errno.desc())
        }
        Some(errno) => errno.desc().to_owned(),
        None => error.to_string(),
    }
}

/// Shared content of a file.
type Shared<T> = Arc<T>;
