//! The facts of a session that was set up.

use rustls::CommonState;
use serde::{Deserialize, Serialize};

use crate::certificate::distinguished_name;
use crate::cipher;
use crate::error::Unverified;

/// What became of a stapled OCSP proof; the numbers are those of `$tls_in_ocsp` and `$tls_out_ocsp`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ocsp {
    /// Not asked for.
    #[default]
    NotRequested = 0,
    /// Asked for, and none came.
    NotResponded = 1,
    /// It was not checked.
    NotTried = 2,
    /// It does not hold.
    Failed = 3,
    /// It says that the certificate is good.
    Verified = 4,
}

/// Whether a stapled OCSP proof is wanted of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Proof {
    /// One that comes is not looked at.
    #[default]
    Ignore,
    /// It is looked at, and the session goes on whatever it says.
    Request,
    /// Without a good one there is no session.
    Require,
}

/// A session that was set up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Established {
    /// `TLS1.2` or `TLS1.3`.
    pub version: String,
    /// OpenSSL's name of the cipher suite.
    pub suite: String,
    /// IANA's name of the cipher suite.
    pub suite_std: String,
    /// Bits of the cipher's key.
    pub bits: u32,
    /// The peer's certificate (DER).
    pub peer_certificate: Option<Vec<u8>>,
    /// All that it sent (DER), its own first; empty where a session was resumed.
    pub chain: Vec<Vec<u8>>,
    /// Its subject, in OpenSSL's form with slashes.
    pub peer_dn: Option<Vec<u8>>,
    /// The certificate that we showed (DER).
    pub our_certificate: Option<Vec<u8>>,
    /// The peer's certificate was verified.
    pub verified: bool,
    /// It was TLSA records that vouched for it.
    pub dane: bool,
    /// `$tls_out_tlsa_usage`: a bit for each usage among the records that counted.
    pub tlsa_usage: u8,
    /// Why it was not, where that was tried.
    pub verify_error: Option<Unverified>,
    /// The server name that the client named.
    pub sni: Option<Vec<u8>>,
    /// The protocol chosen by ALPN.
    pub alpn: Option<Vec<u8>>,
    /// An earlier session was resumed.
    pub resumed: bool,
    /// The stapled proof.
    pub ocsp: Ocsp,
}

impl Established {
    /// What every connection tells.
    pub(crate) fn of(state: &CommonState) -> Self {
        let version = match state.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_3) => "TLS1.3",
            Some(rustls::ProtocolVersion::TLSv1_2) => "TLS1.2",
            _ => "",
        };
        let suite = state.negotiated_cipher_suite().and_then(|suite| cipher::by_id(u16::from(suite.suite())));
        let sent = state.peer_certificates().unwrap_or_default();
        let peer = sent.first();
        let resumed = state.handshake_kind() == Some(rustls::HandshakeKind::Resumed);
        let fresh = if resumed { &[] } else { sent };
        Self {
            chain: fresh.iter().map(|der| der.as_ref().to_vec()).collect(),
            version: version.to_owned(),
            suite: suite.map(|suite| suite.openssl).unwrap_or_default().to_owned(),
            suite_std: suite.map(|suite| suite.iana).unwrap_or_default().to_owned(),
            bits: suite.map_or(0, |suite| suite.bits),
            peer_certificate: peer.map(|der| der.as_ref().to_vec()),
            peer_dn: peer.and_then(|der| distinguished_name(der.as_ref())),
            alpn: state.alpn_protocol().map(<[u8]>::to_vec),
            resumed,
            ..Self::default()
        }
    }

    /// `$tls_in_cipher`, `$tls_out_cipher` and the `X=` item: `TLS1.3:TLS_AES_256_GCM_SHA384:256`.
    pub fn cipher(&self) -> String {
        format!("{}:{}:{}", self.version, self.suite, self.bits)
    }
}
