//! Settings made ready once and kept while the files behind them stay the same.
//!
//! # Invariants
//! * What is handed out was made from the files as they are now: each use looks at their times and sizes.
//! * At most [`KEPT`] settings of each side are kept.
//!
//! # Failure
//! A failure is not remembered; the next use tries again.
//!
//! # Compatibility
//! Specification, section "Caching of static server configuration items"; here expanded values profit as well.

use std::collections::HashMap;
use std::hash::Hash;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use mail_types::clock::Clock;

use crate::cipher::Choice;
use crate::client::{Connector, ConnectorSettings};
use crate::dane::Associations;
use crate::error::TlsError;
use crate::group;
use crate::identity::Identity;
use crate::proof_file::ProofFile;
use crate::server::{Acceptor, AcceptorSettings, Tickets};
use crate::session::Proof;
use crate::trust::{Anchors, Revocations};
use crate::verify::{Requirement, Strictness};

/// Settings kept for each side.
const KEPT: usize = 128;
/// How long a certificate of our own making is shown before another is made; it lasts longer.
const OWN_CERTIFICATE_SECS: i64 = 7 * 24 * 3600;

/// Where trust anchors come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum AnchorSource {
    /// Nobody is believed.
    #[default]
    None,
    /// The system's collection.
    System,
    /// A PEM file, or a directory of them.
    Path(PathBuf),
}

impl AnchorSource {
    /// What `tls_verify_certificates` means, expanded: nothing, `system`, or a file or directory.
    pub fn of(value: Option<PathBuf>) -> Self {
        match value {
            None => Self::None,
            Some(path) if path.as_os_str() == "system" || path.as_os_str() == "system,cache" => Self::System,
            Some(path) => Self::Path(path),
        }
    }
}

/// What a server needs, by names of files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AcceptorRequest {
    /// Certificate files, each with the file of its key.
    pub identities: Vec<(PathBuf, PathBuf)>,
    /// Whose name stands in the certificate that is made where none is given.
    pub own_name: String,
    /// Files of stapled proofs, one for each certificate as far as there are any.
    pub proofs: Vec<ProofFile>,
    /// What is done about the client's certificate.
    pub client: Strictness,
    /// Whom we believe.
    pub anchors: AnchorSource,
    /// `tls_crl`.
    pub revocations: Option<PathBuf>,
    /// `tls_require_ciphers`.
    pub ciphers: String,
    /// Items of `tls_eccurve`; none leave what the ciphers choose.
    pub curves: Option<Vec<String>>,
    /// `tls_alpn`.
    pub alpn: Vec<Vec<u8>>,
    /// Tickets are given.
    pub resumption: bool,
    /// `tls_early_banner_hosts`.
    pub early: bool,
}

/// What a client needs, by names of files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConnectorRequest {
    /// Our certificate and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// What is done about the server's certificate.
    pub server: Strictness,
    /// Names of which it must hold one; empty for any.
    pub names: Vec<String>,
    /// TLSA records that take the place of names and anchors.
    pub dane: Option<Arc<Associations>>,
    /// Whom we believe.
    pub anchors: AnchorSource,
    /// `tls_crl`.
    pub revocations: Option<PathBuf>,
    /// `tls_require_ciphers`.
    pub ciphers: String,
    /// `tls_alpn`.
    pub alpn: Vec<Vec<u8>>,
    /// `hosts_request_ocsp`, `hosts_require_ocsp`.
    pub proof: Proof,
    /// Sessions may be resumed.
    pub resumption: bool,
    /// What, beside the name, tells servers apart whose sessions are not each other's (`host_name_extract`).
    pub site: Vec<u8>,
}

/// A file as it was when it was read: times (ns), size, inode.
type Stamp = (i64, i64, u64, u64);

fn stamp(path: &Path) -> Stamp {
    std::fs::metadata(path)
        .map_or((0, 0, 0, 0), |meta| (meta.mtime(), meta.mtime_nsec(), meta.size(), meta.ino()))
}

/// Something made from files.
struct Kept<T> {
    files: Vec<(PathBuf, Stamp)>,
    /// Seconds since 1970 after which it is made again.
    until: Option<i64>,
    used: u64,
    made: T,
}

/// What was made, by what was asked for.
struct Shelf<K, T> {
    kept: HashMap<K, Kept<T>>,
    uses: u64,
}

impl<K: Clone + Eq + Hash, T: Clone> Shelf<K, T> {
    fn new() -> Self {
        Self { kept: HashMap::new(), uses: 0 }
    }

    fn take(&mut self, key: &K, now: i64) -> Option<T> {
        self.uses += 1;
        let kept = self.kept.get_mut(key)?;
        let current = kept.files.iter().all(|(path, read)| stamp(path) == *read);
        if !current || kept.until.is_some_and(|until| now > until) {
            self.kept.remove(key);
            return None;
        }
        kept.used = self.uses;
        Some(kept.made.clone())
    }

    fn put(&mut self, key: K, files: Vec<(PathBuf, Stamp)>, until: Option<i64>, made: T) {
        if self.kept.len() >= KEPT
            && let Some(oldest) =
                self.kept.iter().min_by_key(|(_, kept)| kept.used).map(|(key, _)| key.clone())
        {
            self.kept.remove(&oldest);
        }
        self.kept.insert(key, Kept { files, until, used: self.uses, made });
    }
}

/// Settings that are ready, for both sides.
pub struct Store {
    clock: Arc<dyn Clock>,
    /// Made when the first server asks: collecting the random numbers takes a program longer than its whole start.
    tickets: OnceLock<Option<Tickets>>,
    acceptors: Mutex<Shelf<AcceptorRequest, Acceptor>>,
    connectors: Mutex<Shelf<ConnectorRequest, Connector>>,
    anchors: Mutex<Shelf<AnchorSource, Arc<Anchors>>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // What is behind the locks is whole at every step: a panic elsewhere does no harm.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    /// Nothing made yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            tickets: OnceLock::new(),
            acceptors: Mutex::new(Shelf::new()),
            connectors: Mutex::new(Shelf::new()),
            anchors: Mutex::new(Shelf::new()),
        }
    }

    /// Without random numbers there is no TLS at all; the handshakes will say so.
    fn tickets(&self) -> Option<Tickets> {
        self.tickets.get_or_init(|| Tickets::new().ok()).clone()
    }

    /// A server's settings that were made before, and whose files are what they were. Reads no file, and asks the
    /// system for the times of a few: nothing for which the runtime would have to move to another thread.
    pub fn kept_acceptor(&self, request: &AcceptorRequest) -> Option<Acceptor> {
        lock(&self.acceptors).take(request, self.clock.now().secs())
    }

    /// A server's settings. Reads files: to be called where that may block.
    ///
    /// # Errors
    /// What can't be used, with the name of the file.
    pub fn acceptor(&self, request: &AcceptorRequest) -> Result<Acceptor, TlsError> {
        let now = self.clock.now().secs();
        if let Some(kept) = self.kept_acceptor(request) {
            return Ok(kept);
        }
        // Times are taken before the files are read: a change in between is seen at the next use.
        let certificates = request.identities.iter().flat_map(|(certificate, key)| [certificate, key]);
        let files =
            certificates.chain(request.proofs.iter().map(|proof| &proof.path)).chain(&request.revocations);
        let files = stamps(files.chain(file_of(&request.anchors)));
        let mut identities = Vec::new();
        for (certificate, key) in &request.identities {
            identities.push(Identity::load(certificate, key)?);
        }
        let mut until = identities.is_empty().then_some(now + OWN_CERTIFICATE_SECS);
        if identities.is_empty() {
            identities.push(Identity::self_signed(&request.own_name, &*self.clock)?);
        }
        let mut unsent_proofs = Vec::new();
        for (identity, proof) in identities.iter_mut().zip(&request.proofs) {
            let mut responses = proof.read()?;
            let chosen = crate::ocsp::stapled_of(&responses, &identity.0.cert, now);
            let chosen = chosen.map_err(|why| TlsError::content(&proof.path, why))?;
            if responses.len() > usize::from(chosen.is_some()) {
                unsent_proofs.push(proof.path.display().to_string());
            }
            // One that is out of date, or does not say how long it holds, is left out.
            if let Some((at, end)) = chosen {
                *identity = identity.with_proof(responses.swap_remove(at));
                until = Some(until.map_or(end, |until| until.min(end)));
            }
        }
        let mut ciphers = ciphers(&request.ciphers)?;
        let mut unknown_curves = Vec::new();
        if let Some(items) = &request.curves {
            let (groups, unknown) = group::curves(items);
            ciphers = ciphers.among(&groups);
            if ciphers.groups.is_empty() {
                return Err(TlsError::Curves { list: items.join(":") });
            }
            unknown_curves = unknown;
        }
        let settings = AcceptorSettings {
            identities,
            client: self.requirement(
                request.client,
                &request.anchors,
                request.revocations.as_deref(),
                &[],
            )?,
            ciphers,
            alpn: request.alpn.clone(),
            tickets: if request.resumption { self.tickets() } else { None },
            early: request.early,
        };
        let mut made = Acceptor::new(settings, Arc::clone(&self.clock))?;
        made.unknown_curves = unknown_curves;
        made.unsent_proofs = unsent_proofs;
        lock(&self.acceptors).put(request.clone(), files, until, made.clone());
        Ok(made)
    }

    /// A client's settings that were made before; as [`Self::kept_acceptor`].
    pub fn kept_connector(&self, request: &ConnectorRequest) -> Option<Connector> {
        lock(&self.connectors).take(request, self.clock.now().secs())
    }

    /// A client's settings. Reads files: to be called where that may block.
    ///
    /// # Errors
    /// What can't be used, with the name of the file.
    pub fn connector(&self, request: &ConnectorRequest) -> Result<Connector, TlsError> {
        if let Some(kept) = self.kept_connector(request) {
            return Ok(kept);
        }
        let certificates = request.identity.iter().flat_map(|(certificate, key)| [certificate, key]);
        let files = stamps(certificates.chain(&request.revocations).chain(file_of(&request.anchors)));
        let identity = match &request.identity {
            Some((certificate, key)) => Some(Identity::load(certificate, key)?),
            None => None,
        };
        let settings = ConnectorSettings {
            identity,
            server: match &request.dane {
                Some(dane) => Requirement {
                    strictness: request.server,
                    dane: Some(Arc::clone(dane)),
                    ..Requirement::default()
                },
                None => self.requirement(
                    request.server,
                    &request.anchors,
                    request.revocations.as_deref(),
                    &request.names,
                )?,
            },
            ciphers: ciphers(&request.ciphers)?,
            alpn: request.alpn.clone(),
            resumption: request.resumption,
            proof: request.proof,
        };
        let made = Connector::new(settings, Arc::clone(&self.clock))?;
        lock(&self.connectors).put(request.clone(), files, None, made.clone());
        Ok(made)
    }

    fn requirement(
        &self,
        strictness: Strictness,
        anchors: &AnchorSource,
        revocations: Option<&Path>,
        names: &[String],
    ) -> Result<Requirement, TlsError> {
        if strictness == Strictness::Ignore {
            return Ok(Requirement::default());
        }
        let revocations = match revocations {
            Some(path) => Some(Arc::new(Revocations::load(path)?)),
            None => None,
        };
        let anchors = match self.anchors(anchors) {
            // Where a good certificate is not asked for, a system without any authorities is no obstacle.
            Err(_) if strictness == Strictness::Try && *anchors == AnchorSource::System => Arc::default(),
            anchors => anchors?,
        };
        Ok(Requirement { strictness, anchors, revocations, names: names.to_vec(), dane: None })
    }

    fn anchors(&self, source: &AnchorSource) -> Result<Arc<Anchors>, TlsError> {
        let path = match source {
            AnchorSource::None => return Ok(Arc::default()),
            AnchorSource::System => None,
            AnchorSource::Path(path) => Some(path),
        };
        if let Some(kept) = lock(&self.anchors).take(source, self.clock.now().secs()) {
            return Ok(kept);
        }
        let files = stamps(path);
        let made = Arc::new(match path {
            Some(path) => Anchors::load(path)?,
            None => Anchors::system()?,
        });
        lock(&self.anchors).put(source.clone(), files, None, Arc::clone(&made));
        Ok(made)
    }
}

fn file_of(source: &AnchorSource) -> Option<&PathBuf> {
    match source {
        AnchorSource::Path(path) => Some(path),
        AnchorSource::None | AnchorSource::System => None,
    }
}

fn stamps<'a>(files: impl IntoIterator<Item = &'a PathBuf>) -> Vec<(PathBuf, Stamp)> {
    let mut stamps: Vec<(PathBuf, Stamp)> = Vec::new();
    for path in files {
        // A key often stands in the file of its certificate.
        if stamps.iter().all(|(known, _)| known != path) {
            stamps.push((path.clone(), stamp(path)));
        }
    }
    stamps
}

fn ciphers(list: &str) -> Result<Choice, TlsError> {
    let choice = Choice::parse(list);
    if choice.is_empty() { Err(TlsError::Ciphers { list: list.to_owned() }) } else { Ok(choice) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_types::clock::{FixedClock, Timestamp};

    #[test]
    fn what_files_say_now_is_what_counts() {
        let folder = std::env::temp_dir().join(format!("postrider-tls-{}-store", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("mx.pem");
        let write = |name: &str| {
            let key = rcgen::KeyPair::generate().unwrap();
            let certificate =
                rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
            std::fs::write(&path, format!("{}{}", certificate.pem(), key.serialize_pem())).unwrap();
        };
        let store = Store::new(Arc::new(FixedClock::new(Timestamp::from_secs(1_700_000_000))));
        let request =
            AcceptorRequest { identities: vec![(path.clone(), path.clone())], ..AcceptorRequest::default() };
        assert!(store.acceptor(&request).is_err(), "there is no file yet");
        write("a.example");
        let first = store.acceptor(&request).unwrap();
        let again = store.acceptor(&request).unwrap();
        assert!(Arc::ptr_eq(&first.config, &again.config), "made once");
        write("longer.name.example");
        let changed = store.acceptor(&request).unwrap();
        assert!(!Arc::ptr_eq(&first.config, &changed.config), "the file has changed");
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(store.acceptor(&request).is_err(), "the file has gone");
    }

    #[test]
    fn servers_that_are_told_apart_share_no_sessions() {
        let store = Store::new(Arc::new(FixedClock::new(Timestamp::from_secs(1_700_000_000))));
        let of =
            |site: &[u8]| ConnectorRequest { site: site.to_vec(), resumption: true, ..Default::default() };
        let first = store.connector(&of(b"one")).unwrap();
        assert!(store.kept_connector(&of(b"two")).is_none());
        let second = store.connector(&of(b"two")).unwrap();
        assert!(!Arc::ptr_eq(&first.config, &second.config));
        assert!(Arc::ptr_eq(&first.config, &store.kept_connector(&of(b"one")).unwrap().config));
    }

    #[test]
    fn a_server_without_a_certificate_makes_one_and_another_in_time() {
        let clock = Arc::new(FixedClock::new(Timestamp::from_secs(1_700_000_000)));
        let store = Store::new(Arc::clone(&clock) as Arc<dyn Clock>);
        let request = AcceptorRequest { own_name: "mx.example".to_owned(), ..AcceptorRequest::default() };
        let first = store.acceptor(&request).unwrap();
        assert!(Arc::ptr_eq(&first.config, &store.acceptor(&request).unwrap().config));
        clock.set(Timestamp::from_secs(1_700_000_000 + OWN_CERTIFICATE_SECS + 1));
        assert!(!Arc::ptr_eq(&first.config, &store.acceptor(&request).unwrap().config));
    }
}
