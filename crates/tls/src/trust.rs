//! Whom we believe: trust anchors and revocation lists.

use std::fs;
use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, TrustAnchor};
use webpki::OwnedCertRevocationList;

use crate::certificate::is_self_issued;
use crate::error::TlsError;

/// Certificates of authorities, and single certificates that are expected.
#[derive(Clone, Debug, Default)]
pub struct Anchors {
    pub(crate) authorities: Vec<TrustAnchor<'static>>,
    /// Certificates that name themselves as their issuer: a peer may show exactly one of these.
    pub(crate) expected: Vec<Vec<u8>>,
}

impl Anchors {
    /// The system's collection.
    ///
    /// # Errors
    /// None could be found, with the reasons.
    pub fn system() -> Result<Self, TlsError> {
        let found = rustls_native_certs::load_native_certs();
        if found.certs.is_empty() {
            let reasons: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
            let reasons = if reasons.is_empty() {
                "no certificates are installed".to_owned()
            } else {
                reasons.join("; ")
            };
            return Err(TlsError::Refused(format!("the system's certificates: {reasons}")));
        }
        let mut anchors = Self::default();
        for certificate in found.certs {
            anchors.add(certificate);
        }
        Ok(anchors)
    }

    /// The certificates of a PEM file, or of the files of a directory. There may be none: then nobody is believed.
    ///
    /// # Errors
    /// What can't be read.
    pub fn load(path: &Path) -> Result<Self, TlsError> {
        let mut anchors = Self::default();
        if !path.is_dir() {
            anchors.add_file(path)?;
            return Ok(anchors);
        }
        for file in files(path)? {
            // A directory may hold keys and notes as well.
            match anchors.add_file(&file) {
                Ok(()) | Err(TlsError::Content { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(anchors)
    }

    /// Certificates there are.
    pub fn len(&self) -> usize {
        self.authorities.len()
    }

    /// Nobody is believed.
    pub fn is_empty(&self) -> bool {
        self.authorities.is_empty()
    }

    fn add_file(&mut self, path: &Path) -> Result<(), TlsError> {
        let text = fs::read(path).map_err(|error| TlsError::file(path, &error))?;
        let certificates = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
        let certificates =
            certificates.map_err(|error| TlsError::content(path, format!("bad PEM: {error}")))?;
        for certificate in certificates {
            self.add(certificate);
        }
        Ok(())
    }

    /// One that can't be read is left out: it can't be the end of any chain.
    fn add(&mut self, certificate: CertificateDer<'static>) {
        if is_self_issued(&certificate) {
            self.expected.push(certificate.as_ref().to_vec());
        }
        if let Ok(anchor) = webpki::anchor_from_trusted_cert(&certificate) {
            self.authorities.push(anchor.to_owned());
        }
    }
}

/// Revocation lists (`tls_crl`).
#[derive(Debug, Default)]
pub struct Revocations(pub(crate) Vec<webpki::CertRevocationList<'static>>);

impl Revocations {
    /// Reads the lists of a PEM file, or of the files of a directory.
    ///
    /// # Errors
    /// A file that can't be read or holds no list; of a directory all of them may hold none.
    pub fn load(path: &Path) -> Result<Self, TlsError> {
        let mut all = Self::default();
        if !path.is_dir() {
            all.add_file(path)?;
            return Ok(all);
        }
        for file in files(path)? {
            match all.add_file(&file) {
                Ok(()) | Err(TlsError::Content { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    fn add_file(&mut self, path: &Path) -> Result<(), TlsError> {
        let text = fs::read(path).map_err(|error| TlsError::file(path, &error))?;
        let mut lists = Vec::new();
        for list in CertificateRevocationListDer::pem_slice_iter(&text) {
            let list = list.map_err(|error| TlsError::content(path, format!("bad PEM: {error}")))?;
            let list = OwnedCertRevocationList::from_der(&list)
                .map_err(|error| TlsError::content(path, format!("bad revocation list: {error}")))?;
            lists.push(list.into());
        }
        if lists.is_empty() {
            return Err(TlsError::content(path, "no revocation list in it (PEM is expected)"));
        }
        self.0.append(&mut lists);
        Ok(())
    }
}

/// The files of a directory.
fn files(folder: &Path) -> Result<Vec<PathBuf>, TlsError> {
    let entries = fs::read_dir(folder).map_err(|error| TlsError::file(folder, &error))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| TlsError::file(folder, &error))?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    Ok(files)
}
