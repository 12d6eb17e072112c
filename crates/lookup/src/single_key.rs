//! Files of the single-key types, opened for searching.

use std::fs::File;
use std::io;

use expand::EvalError;
use expand::lookup::LookupSpec;
use mail_types::text::Text;
use mail_types::value::Clean;

use crate::dbm::{self, Database};
use crate::file_cache::{Complaint, FileCache, Opening, PARSED, whole};
use crate::json::JsonFile;
use crate::linear_file::LinearFile;
use crate::psl::SuffixList;
use crate::{Search, Shared, cannot_open, cdb, dsearch, iplsearch, lmdb, reason, wildlsearch};

/// Files of all types.
#[derive(Debug, Default)]
pub(crate) struct Files {
    linear: FileCache<LinearFile>,
    wild: FileCache<wildlsearch::WildFile>,
    networks: FileCache<iplsearch::NetworkFile>,
    json: FileCache<JsonFile>,
    suffixes: FileCache<SuffixList>,
    /// Files that are searched on disk: each holds a descriptor.
    open: FileCache<Open>,
    databases: FileCache<Database<File>>,
}

/// A file that is searched where it stands.
#[derive(Debug)]
enum Open {
    Cdb(File),
    Lmdb(File),
}

impl Files {
    /// A search of the spec's type in a file.
    pub(crate) fn search<'a>(
        &self,
        spec: &'a LookupSpec,
        file: &'a Clean,
        how: Opening,
    ) -> Result<Box<Search<'a>>, EvalError> {
        let full = spec.option("ret") == Some(b"full");
        Ok(match spec.kind {
            "lsearch" => {
                let lines =
                    parsed(&self.linear, file, how, spec.kind, linear, |text| Ok(LinearFile::parse(text)))?;
                Box::new(move |key| Ok(lines.find(key).map(|entry| entry.value(full))))
            }
            "wildlsearch" | "nwildlsearch" => {
                let make = |text: &[u8]| Ok(wildlsearch::WildFile::parse(text));
                let lines = parsed(&self.wild, file, how, spec.kind, linear, make)?;
                let expanded = spec.kind == "wildlsearch";
                Box::new(move |key| Ok(lines.find(key, expanded)?.map(|entry| entry.value(full))))
            }
            "iplsearch" => {
                let make = |text: &[u8]| Ok(iplsearch::NetworkFile::parse(text));
                let lines = parsed(&self.networks, file, how, spec.kind, linear, make)?;
                Box::new(move |key| Ok(lines.find(key)?.map(|entry| entry.value(full))))
            }
            "json" => {
                let text =
                    parsed(&self.json, file, how, spec.kind, json, |text| JsonFile::parse(file, text))?;
                Box::new(move |key| Ok(text.find(key).map(Text::from)))
            }
            "psl" | "regdom" => {
                let make = |text: &[u8]| Ok(SuffixList::parse(text));
                let list = parsed(&self.suffixes, file, how, spec.kind, suffixes, make)?;
                let registered = spec.kind == "regdom";
                Box::new(move |key| {
                    let found = if registered { list.registered(key) } else { list.suffix(key) };
                    Ok(found.map(Text::from))
                })
            }
            "cdb" | "lmdb" => self.on_disk(spec, file, how)?,
            "dbm" | "dbmnz" | "dbmjz" => self.dbm(spec.kind, file, how)?,
            _ => {
                dsearch::check(file)?;
                Box::new(|key| Ok(dsearch::find(file, spec, key)?.map(Text::from)))
            }
        })
    }

    /// The file itself or, where there is none of that name, ndbm's file of pages.
    fn dbm<'a>(&self, kind: &'a str, file: &'a Clean, how: Opening) -> Result<Box<Search<'a>>, EvalError> {
        let pages = Clean::from_config([file.bytes(), b".pag"].concat());
        let is_pair = !file.as_path().exists() && pages.as_path().exists();
        let name = if is_pair { &pages } else { file };
        let make = if is_pair { Database::open_ndbm } else { Database::open };
        let database = self
            .databases
            .open(name, how, berkeley, |opened| make(opened).map_err(|e| berkeley(file, &e)))?;
        Ok(Box::new(move |key| {
            let found = database.find(&dbm::key(kind, key)).map_err(|e| {
                EvalError::defer(format!("{}: {kind} lookup: {}", file.as_path().display(), reason(&e)))
            })?;
            Ok(found.map(|data| dbm::text(data).into()))
        }))
    }

    fn on_disk<'a>(
        &self,
        spec: &LookupSpec,
        file: &'a Clean,
        how: Opening,
    ) -> Result<Box<Search<'a>>, EvalError> {
        let (kind, complaint) = match spec.kind {
            "cdb" => ("cdb", constant as Complaint),
            _ => ("lmdb", mapped as Complaint),
        };
        let open = self.open.open(file, how, complaint, |opened| match kind {
            "cdb" => open_cdb(file, opened),
            _ => {
                lmdb::check(&opened).map_err(|e| mapped(file, &e))?;
                Ok(Open::Lmdb(opened))
            }
        })?;
        let failed = move |e: io::Error| {
            EvalError::defer(format!("{}: {kind} lookup: {}", file.as_path().display(), reason(&e)))
        };
        Ok(match (&*open, kind) {
            (Open::Cdb(_), "cdb") | (Open::Lmdb(_), "lmdb") => Box::new(move |key| {
                let found = match &*open {
                    Open::Cdb(file) => cdb::find(file, key),
                    Open::Lmdb(file) => lmdb::find(file, key),
                };
                Ok(found.map_err(failed)?.map(Text::from))
            }),
            _ => return Err(complaint(file, &io::Error::other("it is another kind of database"))),
        })
    }
}

fn parsed<T>(
    cache: &FileCache<T>,
    file: &Clean,
    how: Opening,
    kind: &str,
    complaint: Complaint,
    make: impl FnOnce(&[u8]) -> Result<T, EvalError>,
) -> Result<Shared<T>, EvalError> {
    let how = Opening { most: PARSED, ..how };
    cache.open(file, how, complaint, |opened| make(&whole(file, opened, kind, complaint)?))
}

fn open_cdb(path: &Clean, file: File) -> Result<Open, EvalError> {
    let name = path.as_path().display();
    let status = file.metadata().map_err(|e| constant(path, &e))?;
    if status.is_dir() {
        return Err(EvalError::failed(format!(
            "failed to open cannot read header from {name} for cdb lookup: Is a directory"
        )));
    }
    if status.len() < cdb::HEADER as u64 {
        return Err(EvalError::failed(format!("failed to open {name} too short for cdb lookup: Success")));
    }
    Ok(Open::Cdb(file))
}

fn linear(path: &Clean, error: &io::Error) -> EvalError {
    cannot_open(path, "linear search", error)
}

fn json(path: &Clean, error: &io::Error) -> EvalError {
    cannot_open(path, "json search", error)
}

fn suffixes(path: &Clean, error: &io::Error) -> EvalError {
    cannot_open(path, "public suffix search", error)
}

fn constant(path: &Clean, error: &io::Error) -> EvalError {
    cannot_open(path, "cdb lookup", error)
}

fn berkeley(path: &Clean, error: &io::Error) -> EvalError {
    EvalError::failed(format!(
        "failed to open {} as a db (v4.1+) file: {}",
        path.as_path().display(),
        reason(error)
    ))
}

fn mapped(path: &Clean, error: &io::Error) -> EvalError {
    EvalError::failed(format!("Unable to open lmdb file {}: {}", path.as_path().display(), reason(error)))
}
