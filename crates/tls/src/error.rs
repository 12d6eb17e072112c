//! What can go wrong before and during a handshake.

use std::fmt;
use std::path::{Path, PathBuf};

use mail_types::limits;
use serde::{Deserialize, Serialize};

/// A setting that can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsError {
    /// A file can't be read.
    File {
        /// The file.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// A file holds something else than it should.
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A cipher list of which nothing is left.
    Ciphers {
        /// The list.
        list: String,
    },
    /// A `tls_eccurve` of which nothing is left.
    Curves {
        /// Its items.
        list: String,
    },
    /// The library refuses the combination.
    Refused(String),
}

impl TlsError {
    pub(crate) fn file(path: &Path, error: &std::io::Error) -> Self {
        let text = error.to_string();
        let reason = text.split(" (os error").next().unwrap_or_default().to_owned();
        Self::File { path: path.to_owned(), reason }
    }

    pub(crate) fn content(path: &Path, reason: impl Into<String>) -> Self {
        Self::Content { path: path.to_owned(), reason: reason.into() }
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, reason } => write!(f, "{}: {reason}", path.display()),
            Self::Content { path, reason } => write!(f, "{}: {reason}", path.display()),
            Self::Ciphers { list } => {
                write!(
                    f,
                    "\"{list}\" leaves no cipher suite or no group: TLS 1.2 and 1.3 with ECDHE and AEAD are supported"
                )
            }
            Self::Curves { list } => {
                write!(
                    f,
                    "tls_eccurve \"{list}\" leaves no group: X25519MLKEM768, X25519, prime256v1 and secp384r1 are supported"
                )
            }
            Self::Refused(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for TlsError {}

/// What kind of thing is wrong with a certificate, as reports to other domains tell it (rfc8460#4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Flaw {
    /// It is for another name.
    Misnamed,
    /// It, or one above it, has expired.
    Expired,
    /// Nobody whom we believe vouches for it, or it was revoked, or it can't be read.
    Untrusted,
}

/// Why a certificate is not good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unverified {
    /// What kind of thing is wrong.
    pub flaw: Flaw,
    /// The same in words.
    pub words: String,
}

impl Unverified {
    pub(crate) fn expired() -> Self {
        Self { flaw: Flaw::Expired, words: "certificate has expired".to_owned() }
    }

    pub(crate) fn misnamed(names: &[String]) -> Self {
        Self { flaw: Flaw::Misnamed, words: format!("certificate is not for {}", names.join(", ")) }
    }

    pub(crate) fn untrusted(words: impl Into<String>) -> Self {
        Self { flaw: Flaw::Untrusted, words: words.into() }
    }
}

impl fmt::Display for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for Unverified {}

/// A handshake that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandshakeFault {
    /// The peer closed the connection.
    Closed,
    /// The connection failed.
    Io(String),
    /// The peer's certificate is not what is required.
    Certificate(Unverified),
    /// The stapled proof about the peer's certificate is not what is required.
    Status(&'static str),
    /// The protocol failed: our reason, or the peer's alert.
    Protocol(String),
}

impl HandshakeFault {
    pub(crate) fn of(error: &std::io::Error) -> Self {
        if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return match error {
                rustls::Error::InvalidCertificate(why) => Self::Certificate(crate::verify::refused(why)),
                rustls::Error::NoCertificatesPresented => {
                    Self::Certificate(Unverified::untrusted("the peer did not return a certificate"))
                }
                other => Self::Protocol(protocol_words(other)),
            };
        }
        match error.kind() {
            std::io::ErrorKind::UnexpectedEof => Self::Closed,
            _ => {
                let text = error.to_string();
                Self::Io(text.split(" (os error").next().unwrap_or_default().to_owned())
            }
        }
    }
}

/// What an established session failed with.
pub(crate) fn session_words(error: &std::io::Error) -> String {
    match HandshakeFault::of(error) {
        HandshakeFault::Closed => "the connection was closed without close_notify".to_owned(),
        fault => fault.to_string(),
    }
}

/// The library's words, with the name of the limit where one was reached. The numbers are the library's own;
/// `limits` in `mail_types` repeats them, and a test holds them against it.
fn protocol_words(error: &rustls::Error) -> String {
    use rustls::{Error, InvalidMessage, PeerMisbehaved};
    let (what, limit, count) = match error {
        Error::InvalidMessage(InvalidMessage::HandshakePayloadTooLarge) => (
            "the peer's handshake message is too long",
            "tls_handshake_message",
            limits::TLS_HANDSHAKE_MESSAGE,
        ),
        Error::PeerMisbehaved(PeerMisbehaved::TooManyEmptyFragments) => {
            ("too many empty records", "tls_empty_records", limits::TLS_EMPTY_RECORDS as usize)
        }
        Error::PeerMisbehaved(PeerMisbehaved::TooManyKeyUpdateRequests) => {
            ("too many key updates", "tls_key_updates", limits::TLS_KEY_UPDATES as usize)
        }
        Error::PeerMisbehaved(PeerMisbehaved::TooManyRenegotiationRequests) => (
            "renegotiation was refused and is asked for again",
            "tls_renegotiations",
            limits::TLS_RENEGOTIATIONS as usize,
        ),
        Error::PeerMisbehaved(PeerMisbehaved::TooManyWarningAlertsReceived) => {
            ("too many warning alerts", "tls_warning_alerts", limits::TLS_WARNING_ALERTS as usize)
        }
        other => return other.to_string(),
    };
    format!("{what} (limit {limit}: {count})")
}

impl fmt::Display for HandshakeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the peer closed the connection"),
            Self::Io(text) | Self::Protocol(text) => f.write_str(text),
            Self::Status(why) => write!(f, "certificate status check failed: {why}"),
            Self::Certificate(why) => write!(f, "certificate verification failed: {why}"),
        }
    }
}

impl std::error::Error for HandshakeFault {}
