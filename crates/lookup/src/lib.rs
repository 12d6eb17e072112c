//! Lookup types, one module each.
//!
//! [`Lookups`] does what `${lookup` and lookup items of lists ask: partial matching and default keys in [`keys`], the
//! searching in the module of the type.
//!
//! # Invariants
//! * A file is parsed once and again when it changes: device, inode, size and both times are compared at each use.
//! * What is found is clean: the administrator wrote it. So is a key that was found (`ret=key`).
//!
//! # Security
//! File names must be clean, by type.
//!
//! # Failure
//! A file that cannot be opened is a failure with Exim's text; what may be better later is [`EvalError::Defer`].
//!
//! # Compatibility
//! Exim specification, chapter "File and database lookups".

mod dsearch;
mod file_cache;
mod iplsearch;
mod keys;
mod linear_file;
mod passwd;
#[cfg(test)]
mod tests;
mod wildlsearch;

use std::sync::Arc;

use expand::EvalError;
use expand::lookup::{Lookup, LookupAnswer, LookupRequest, LookupStyle};
use mail_types::value::{Clean, Taint, Value};

use file_cache::FileCache;
use linear_file::LinearFile;

/// The types that are served.
pub const SERVED: &[&str] = &["dsearch", "iplsearch", "lsearch", "nwildlsearch", "passwd", "wildlsearch"];

/// All lookup types, with their caches.
#[derive(Debug, Default)]
pub struct Lookups {
    linear: FileCache<LinearFile>,
    wild: FileCache<wildlsearch::WildFile>,
    networks: FileCache<iplsearch::NetworkFile>,
}

/// One search with one key: the data, if the key is there.
type Search<'a> = dyn FnMut(&[u8]) -> Result<Option<Vec<u8>>, EvalError> + 'a;

impl Lookups {
    /// With empty caches.
    pub fn new() -> Self {
        Self::default()
    }

    fn single_key(&self, request: &LookupRequest<'_>) -> Result<LookupAnswer, EvalError> {
        let spec = request.spec;
        let file = file_name(request)?;
        let full = spec.option("ret") == Some(b"full");
        let mut search: Box<Search<'_>> = match spec.kind {
            "lsearch" => {
                let lines = self.linear.open(&file, LinearFile::parse)?;
                Box::new(move |key| Ok(lines.find(key).map(|entry| entry.value(full))))
            }
            "wildlsearch" | "nwildlsearch" => {
                let expanded = spec.kind == "wildlsearch";
                let lines = self.wild.open(&file, wildlsearch::WildFile::parse)?;
                Box::new(move |key| lines.find(key, expanded))
            }
            "iplsearch" => {
                let lines = self.networks.open(&file, iplsearch::NetworkFile::parse)?;
                Box::new(move |key| Ok(lines.find(key)?.map(|entry| entry.value(full))))
            }
            _ => {
                dsearch::check(&file)?;
                Box::new(|key| dsearch::find(&file, spec, key))
            }
        };
        let found = keys::search(spec, request.key.bytes(), &mut *search)?;
        Ok(match found {
            None => LookupAnswer::NotFound,
            Some(found) => {
                let returns_key = spec.option("ret") == Some(b"key");
                let data = if returns_key { request.key.bytes().to_vec() } else { found.data };
                // The parts of the key are as hostile as the key was.
                let part = |bytes: Vec<u8>| Value::new(bytes, request.key.taint().clone());
                let captures = found.parts.map(|(wild, fixed)| (part(wild), part(fixed)));
                LookupAnswer::Found { data: Value::new(data, Taint::Clean), captures }
            }
        })
    }
}

impl Lookup for Lookups {
    fn lookup(&self, request: &LookupRequest<'_>) -> Result<LookupAnswer, EvalError> {
        let kind = request.spec.kind;
        if !SERVED.contains(&kind) {
            return Err(EvalError::defer(format!(
                "lookup type \"{kind}\" is not served by this version yet"
            )));
        }
        match request.spec.style {
            LookupStyle::SingleKey => self.single_key(request),
            LookupStyle::Query => passwd::lookup(request.key.bytes()),
        }
    }

    /// None of the types served has a query language of its own.
    fn quote(&self, _kind: &str, _text: &[u8], _options: Option<&[u8]>) -> Option<Vec<u8>> {
        None
    }
}

fn file_name(request: &LookupRequest<'_>) -> Result<Clean, EvalError> {
    let kind = request.spec.kind;
    let file = request
        .file
        .as_ref()
        .ok_or_else(|| EvalError::failed(format!("a file name is missing for lookup type \"{kind}\"")))?;
    file.require_clean("file name for lookup").map_err(|_| {
        EvalError::failed(format!("Tainted filename '{}'", String::from_utf8_lossy(file.bytes())))
    })
}

/// A file opened for searching, or Exim's text why not.
fn cannot_open(path: &Clean, how: &str, error: &std::io::Error) -> EvalError {
    let reason = match error.kind() {
        std::io::ErrorKind::NotFound => "No such file or directory".to_owned(),
        std::io::ErrorKind::NotADirectory => "Not a directory".to_owned(),
        std::io::ErrorKind::PermissionDenied => {
            let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
            format!("Permission denied (euid={uid} egid={gid})")
        }
        _ => error.to_string(),
    };
    EvalError::failed(format!("failed to open {} for {how}: {reason}", path.as_path().display()))
}

/// Shared content of a file.
type Shared<T> = Arc<T>;
