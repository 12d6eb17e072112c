//! The judgement of a peer's certificate.
//!
//! # Invariants
//! * What is only tried never ends a handshake; it is judged after it, with the same function.
//! * A proof of possession of the key is demanded in every mode.
//!
//! # Compatibility
//! As with OpenSSL a certificate that names itself as its issuer and stands among the trusted ones is believed, whether
//! or not it is marked as an authority. Unlike OpenSSL the common name of the subject is not looked at where names are
//! compared (RFC 9525 section 6).

use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme,
};
use webpki::{EndEntityCert, ExpirationPolicy, KeyUsage, RevocationOptionsBuilder, UnknownStatusPolicy};

use crate::certificate::is_current;
use crate::dane::Associations;
use crate::error::Unverified;
use crate::signature;
use crate::trust::{Anchors, Revocations};

tokio::task_local! {
    /// The proof that came with the certificate in the handshake that this task is about: the library shows it to the
    /// verifier alone, which serves many connections.
    pub(crate) static STAPLED: std::cell::RefCell<Vec<u8>>;
}

/// What is done about a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Strictness {
    /// It is not looked at.
    #[default]
    Ignore,
    /// It is judged, and the session goes on whatever the result.
    Try,
    /// Without a good one there is no session.
    Require,
}

/// What is asked of the peer's certificate.
#[derive(Clone, Debug, Default)]
pub struct Requirement {
    /// How much it matters.
    pub strictness: Strictness,
    /// Whom we believe.
    pub anchors: Arc<Anchors>,
    /// What was revoked; none means that nobody asks.
    pub revocations: Option<Arc<Revocations>>,
    /// Names of which the certificate must hold one; empty for any name.
    pub names: Vec<String>,
    /// TLSA records, which then say all: anchors, names and revocations above are not asked.
    pub dane: Option<Arc<Associations>>,
}

/// Which side the peer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    Client,
    Server,
}

impl Requirement {
    /// Judges a chain, the peer's own certificate first. `now` in seconds since 1970.
    pub(crate) fn judge(
        &self,
        chain: &[CertificateDer<'_>],
        peer: Peer,
        now: Duration,
    ) -> Result<(), Unverified> {
        if let Some(dane) = &self.dane {
            let chain: Vec<&[u8]> = chain.iter().map(AsRef::as_ref).collect();
            return dane.judge(&chain, now.as_secs());
        }
        let Some((own, others)) = chain.split_first() else {
            return Err(Unverified::untrusted("no certificate was shown"));
        };
        if self.anchors.expected.iter().any(|expected| expected == own.as_ref()) {
            is_current(own, i64::try_from(now.as_secs()).unwrap_or(i64::MAX))?;
            return match EndEntityCert::try_from(own) {
                Ok(certificate) => self.judge_names(&certificate),
                Err(_) if self.names.is_empty() => Ok(()),
                Err(error) => Err(path_fault(&error)),
            };
        }
        let certificate = EndEntityCert::try_from(own).map_err(|error| path_fault(&error))?;
        self.judge_path(&certificate, others, peer, now)?;
        self.judge_names(&certificate)
    }

    fn judge_path(
        &self,
        certificate: &EndEntityCert<'_>,
        others: &[CertificateDer<'_>],
        peer: Peer,
        now: Duration,
    ) -> Result<(), Unverified> {
        let usage = match peer {
            Peer::Client => KeyUsage::client_auth(),
            Peer::Server => KeyUsage::server_auth(),
        };
        let lists: Vec<&webpki::CertRevocationList<'_>> =
            self.revocations.iter().flat_map(|lists| lists.0.iter()).collect();
        let revocation = match RevocationOptionsBuilder::new(&lists) {
            Ok(options) => Some(
                options
                    .with_status_policy(UnknownStatusPolicy::Deny)
                    .with_expiration_policy(ExpirationPolicy::Enforce)
                    .build(),
            ),
            // No list, nothing to ask.
            Err(_) => None,
        };
        let path = certificate.verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &self.anchors.authorities,
            others,
            UnixTime::since_unix_epoch(now),
            usage,
            revocation,
            None,
        );
        path.map(|_| ()).map_err(|error| path_fault(&error))
    }

    fn judge_names(&self, certificate: &EndEntityCert<'_>) -> Result<(), Unverified> {
        if self.names.is_empty() || self.names.iter().any(|name| holds_name(certificate, name)) {
            return Ok(());
        }
        Err(Unverified::misnamed(&self.names))
    }
}

/// Whether a certificate is for a name; the common name of its subject is not looked at (but by DANE, see there).
pub(crate) fn holds_name(certificate: &EndEntityCert<'_>, name: &str) -> bool {
    ServerName::try_from(name).is_ok_and(|name| certificate.verify_is_valid_for_subject_name(&name).is_ok())
}

/// What a path failed on, in plain words.
pub(crate) fn path_fault(error: &webpki::Error) -> Unverified {
    Unverified::untrusted(match error {
        webpki::Error::CertExpired { .. } => return Unverified::expired(),
        webpki::Error::CertNotValidYet { .. } => "certificate is not yet valid".to_owned(),
        webpki::Error::InvalidSignatureForPublicKey => "certificate signature failure".to_owned(),
        webpki::Error::CertRevoked => "certificate was revoked".to_owned(),
        webpki::Error::CrlExpired { .. } => "the revocation list has expired".to_owned(),
        webpki::Error::UnknownRevocationStatus => "no revocation list of the issuer".to_owned(),
        webpki::Error::UnknownIssuer => "unable to get local issuer certificate".to_owned(),
        webpki::Error::CaUsedAsEndEntity => {
            "the certificate of an authority was shown as a host's".to_owned()
        }
        other => other.to_string(),
    })
}

/// Why a certificate was refused within a handshake.
pub(crate) fn refused(why: &CertificateError) -> Unverified {
    let ours = match why {
        CertificateError::Other(other) => other.0.downcast_ref::<Unverified>(),
        _ => None,
    };
    ours.cloned().unwrap_or_else(|| Unverified::untrusted(why.to_string()))
}

fn refusal(why: Unverified) -> Error {
    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(why))))
}

/// The judge within a handshake.
#[derive(Debug)]
pub(crate) struct Verifier {
    pub(crate) requirement: Requirement,
    pub(crate) algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    fn judge(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        peer: Peer,
        now: UnixTime,
    ) -> Result<(), Error> {
        if self.requirement.strictness != Strictness::Require {
            return Ok(());
        }
        let chain: Vec<CertificateDer<'_>> = std::iter::once(own).chain(others).cloned().collect();
        self.requirement.judge(&chain, peer, Duration::from_secs(now.as_secs())).map_err(refusal)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // Outside of a handshake of ours nobody waits for it.
        let _ = STAPLED.try_with(|stapled| stapled.replace(ocsp.to_vec()));
        self.judge(own, others, Peer::Server, now).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        signature::tls12(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        signature::tls13(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for Verifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // No hints: a client shows what it has.
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        self.requirement.strictness == Strictness::Require
    }

    fn verify_client_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.judge(own, others, Peer::Client, now).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        signature::tls12(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        signature::tls13(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
