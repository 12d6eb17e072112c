//! The peer's proof, within the handshake, that it holds the key of its certificate.
//!
//! The library checks it with the certificate as its verifier reads it, and refuses certificates that it finds odd
//! (version 1, unknown critical extensions). Where nobody asks for a verified certificate such a peer is still worth
//! encrypting to, so the proof is checked against the key alone.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, DigitallySignedStruct, Error};
use x509_parser::prelude::{FromDer, X509Certificate};

/// Checks a signature of TLS 1.2.
pub(crate) fn tls12(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    match rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms) {
        Err(Error::InvalidCertificate(why)) if why != CertificateError::BadSignature => {
            by_key(message, certificate, signed, algorithms)
        }
        judged => judged,
    }
}

/// Checks a signature of TLS 1.3.
pub(crate) fn tls13(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    match rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms) {
        Err(Error::InvalidCertificate(why)) if why != CertificateError::BadSignature => {
            by_key(message, certificate, signed, algorithms)
        }
        judged => judged,
    }
}

fn by_key(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    let bad = || Error::InvalidCertificate(CertificateError::BadEncoding);
    let (_, read) = X509Certificate::from_der(certificate).map_err(|_| bad())?;
    let key = &read.tbs_certificate.subject_pki;
    // The identifier without its outer SEQUENCE, as algorithms name themselves.
    let raw = key.raw;
    let identifier = algorithm_identifier(raw).ok_or_else(bad)?;
    let fitting = algorithms.mapping.iter().filter(|(scheme, _)| *scheme == signed.scheme);
    for algorithm in fitting.flat_map(|(_, algorithms)| algorithms.iter()) {
        if algorithm.public_key_alg_id().as_ref() == identifier
            && algorithm.verify_signature(&key.subject_public_key.data, message, signed.signature()).is_ok()
        {
            return Ok(HandshakeSignatureValid::assertion());
        }
    }
    Err(Error::InvalidCertificate(CertificateError::BadSignature))
}

/// The content of AlgorithmIdentifier within SubjectPublicKeyInfo: SEQUENCE { SEQUENCE { this } BIT STRING }.
fn algorithm_identifier(spki: &[u8]) -> Option<&[u8]> {
    let (_, inner) = sequence(spki)?;
    let (_, identifier) = sequence(inner)?;
    Some(identifier)
}

/// What follows a DER SEQUENCE, and its content.
pub(crate) fn sequence(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
        0x82 => (usize::from(*rest.first()?) << 8 | usize::from(*rest.get(1)?), rest.get(2..)?),
        _ => return None,
    };
    (tag == 0x30 && rest.len() >= length).then(|| (&rest[length..], &rest[..length]))
}
