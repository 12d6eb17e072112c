//! What one side shows of itself: a certificate with its chain, and the key.
//!
//! # Security
//! Keys are read as whoever the process is; they are never logged and never leave the crate.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use mail_types::clock::Clock;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::error::TlsError;

/// A certificate with its chain and its key.
#[derive(Clone)]
pub struct Identity(pub(crate) Arc<CertifiedKey>);

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({} certificates)", self.0.cert.len())
    }
}

impl Identity {
    /// Reads PEM files; the key may stand in the file of the certificate.
    ///
    /// # Errors
    /// A file that can't be read, holds no certificate or no key, or a key that does not belong to the certificate.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let text = fs::read(certificate).map_err(|error| TlsError::file(certificate, &error))?;
        let chain = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|error| TlsError::content(certificate, format!("bad PEM: {error}")))?;
        if chain.is_empty() {
            return Err(TlsError::content(certificate, "no certificate in it (PEM is expected)"));
        }
        let text = fs::read(key).map_err(|error| TlsError::file(key, &error))?;
        let secret = PrivateKeyDer::from_pem_slice(&text).map_err(|_| {
            TlsError::content(key, "no private key in it (PEM without a password is expected)")
        })?;
        Self::of(chain, secret).map_err(|reason| TlsError::content(key, reason))
    }

    /// A certificate for a server that was given none: it lasts 30 days and names the host and who made it.
    ///
    /// # Errors
    /// A host name that no certificate can hold.
    pub fn self_signed(host: &str, clock: &dyn Clock) -> Result<Self, TlsError> {
        let refused =
            |error: rcgen::Error| TlsError::Refused(format!("self-signed certificate for {host}: {error}"));
        let key = rcgen::KeyPair::generate().map_err(refused)?;
        let mut parameters = rcgen::CertificateParams::new(vec![host.to_owned()]).map_err(refused)?;
        let mut subject = rcgen::DistinguishedName::new();
        subject.push(rcgen::DnType::OrganizationName, "Postrider, self-signed");
        subject.push(rcgen::DnType::CommonName, host);
        parameters.distinguished_name = subject;
        let now =
            SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(clock.now().secs()).unwrap_or(0));
        let day = Duration::from_hours(24);
        parameters.not_before = (now - day).into();
        parameters.not_after = (now + 30 * day).into();
        let certificate = parameters.self_signed(&key).map_err(refused)?;
        let secret = PrivateKeyDer::try_from(key.serialize_der())
            .map_err(|reason| TlsError::Refused(reason.to_owned()))?;
        Self::of(vec![certificate.der().clone()], secret).map_err(TlsError::Refused)
    }

    /// The certificate itself (DER).
    pub fn certificate(&self) -> &[u8] {
        self.0.cert.first().map(AsRef::as_ref).unwrap_or_default()
    }

    /// The same, with a proof to staple.
    #[must_use]
    pub fn with_proof(&self, ocsp: Vec<u8>) -> Self {
        let mut shown = CertifiedKey::clone(&self.0);
        shown.ocsp = Some(ocsp);
        Self(Arc::new(shown))
    }

    fn of(chain: Vec<CertificateDer<'static>>, secret: PrivateKeyDer<'static>) -> Result<Self, String> {
        let key = default_provider().key_provider.load_private_key(secret);
        let key = key.map_err(|error| format!("the private key can't be used: {error}"))?;
        let certified = CertifiedKey::new(chain, key);
        match certified.keys_match() {
            // A key whose public half can't be told is shown as it is; the peer will see whether it fits.
            Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {
                Ok(Self(Arc::new(certified)))
            }
            Err(_) => Err("the private key does not belong to the certificate".to_owned()),
        }
    }
}
