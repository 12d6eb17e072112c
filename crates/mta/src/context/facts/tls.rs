//! Facts about an encrypted session, of either side.

use serde::{Deserialize, Serialize};

/// An encrypted session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsFacts {
    /// `$tls_in_ver`: `TLS1.3`.
    pub version: Vec<u8>,
    /// `$tls_in_cipher`: `TLS1.3:TLS_AES_256_GCM_SHA384:256`.
    pub cipher: Vec<u8>,
    /// `$tls_in_cipher_std`: IANA's name of the suite.
    pub cipher_std: Vec<u8>,
    /// `$tls_in_bits`.
    pub bits: u32,
    /// `$tls_in_certificate_verified`.
    pub certificate_verified: bool,
    /// `$tls_out_dane`: it was TLSA records that vouched for the certificate.
    pub dane: bool,
    /// `$tls_in_peerdn`.
    pub peer_dn: Option<Vec<u8>>,
    /// `$tls_in_sni`, `$tls_out_sni`.
    pub sni: Option<Vec<u8>>,
    /// `$tls_in_peercert`, in PEM.
    pub peer_certificate: Option<Vec<u8>>,
    /// `$tls_in_ourcert`, in PEM.
    pub our_certificate: Option<Vec<u8>>,
    /// `$tls_in_ocsp`.
    pub ocsp: u8,
    /// `$tls_in_resumption`: the bits of the specification's section "TLS Resumption".
    pub resumption: u8,
}

/// `$tls_…_resumption`: tickets can be made here.
const SUPPORTED: u8 = 0x01;
/// The client asked for a ticket: every client of TLS 1.3 does.
const TICKET_REQUESTED: u8 = 0x02;
/// The server gave one.
const TICKET_ISSUED: u8 = 0x08;
/// The session was resumed, so one was offered.
const RESUMED: u8 = 0x10 | 0x04;

impl TlsFacts {
    /// The facts of a session that was set up; `tickets` says that the configuration lets sessions be resumed.
    pub fn of(session: &tls::Established, tickets: bool) -> Self {
        let mut resumption = SUPPORTED;
        if tickets {
            resumption |= TICKET_REQUESTED | TICKET_ISSUED;
        }
        if session.resumed {
            resumption |= RESUMED;
        }
        Self {
            version: session.version.clone().into_bytes(),
            cipher: session.cipher().into_bytes(),
            cipher_std: session.suite_std.clone().into_bytes(),
            bits: session.bits,
            certificate_verified: session.verified,
            dane: session.dane,
            peer_dn: session.peer_dn.clone(),
            sni: session.sni.clone(),
            peer_certificate: session.peer_certificate.as_deref().map(pem),
            our_certificate: session.our_certificate.as_deref().map(pem),
            ocsp: session.ocsp as u8,
            resumption,
        }
    }

    /// One certificate (DER) of a chain that is looked at.
    pub fn showing(certificate: &[u8]) -> Self {
        Self { peer_certificate: Some(pem(certificate)), ..Self::default() }
    }

    /// The session is a resumed one.
    pub fn is_resumed(&self) -> bool {
        self.resumption & RESUMED == RESUMED
    }
}

/// A certificate (DER) in PEM.
fn pem(der: &[u8]) -> Vec<u8> {
    let mut text = b"-----BEGIN CERTIFICATE-----\n".to_vec();
    for line in mail_types::base64::encode(der).chunks(64) {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    text.extend_from_slice(b"-----END CERTIFICATE-----\n");
    text
}
