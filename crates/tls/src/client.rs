//! The client's side.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mail_types::clock::Clock;
use rustls::ClientConfig;
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::pki_types::UnixTime;
use rustls::sign::CertifiedKey;
use rustls::time_provider::TimeProvider;

use crate::cipher::Choice;
use crate::error::TlsError;
use crate::identity::Identity;
use crate::remembered::Remembered;
use crate::server::{provider, versions};
use crate::session::Proof;
use crate::verify::{Requirement, Verifier};

/// What a client needs to know for a handshake.
#[derive(Debug, Default)]
pub struct ConnectorSettings {
    /// The certificate to show when the server asks for one.
    pub identity: Option<Identity>,
    /// What is asked of the server's certificate.
    pub server: Requirement,
    /// Ciphers and versions.
    pub ciphers: Choice,
    /// Protocols of ALPN to offer.
    pub alpn: Vec<Vec<u8>>,
    /// Sessions may be resumed.
    pub resumption: bool,
    /// Whether a stapled proof is wanted.
    pub proof: Proof,
}

/// A client's settings, ready for handshakes.
#[derive(Clone, Debug)]
pub struct Connector {
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) server: Requirement,
    pub(crate) identity: Option<Identity>,
    pub(crate) proof: Proof,
    pub(crate) sessions: Option<Remembered>,
    pub(crate) clock: Arc<LibraryClock>,
    dropped: Vec<String>,
}

impl Connector {
    /// Words of the list of ciphers that ask for something that does not exist here.
    pub fn dropped(&self) -> &[String] {
        &self.dropped
    }

    /// Makes the settings ready.
    ///
    /// # Errors
    /// No cipher, or what the library refuses.
    pub fn new(settings: ConnectorSettings, clock: Arc<dyn Clock>) -> Result<Self, TlsError> {
        let provider = Arc::new(provider(&settings.ciphers)?);
        let algorithms = provider.signature_verification_algorithms;
        let clock = Arc::new(LibraryClock(clock));
        let verifier = Arc::new(Verifier { requirement: settings.server.clone(), algorithms });
        let builder =
            ClientConfig::builder_with_details(provider, Arc::clone(&clock) as Arc<dyn TimeProvider>)
                .with_protocol_versions(&versions(&settings.ciphers))
                .map_err(|error| TlsError::Refused(error.to_string()))?
                .dangerous()
                .with_custom_certificate_verifier(verifier);
        let mut config = match &settings.identity {
            Some(identity) => builder.with_client_cert_resolver(Arc::new(Shown(Arc::clone(&identity.0)))),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols.clone_from(&settings.alpn);
        let sessions = settings.resumption.then(Remembered::new);
        config.resumption = match &sessions {
            Some(sessions) => Resumption::store(Arc::new(sessions.clone())),
            None => Resumption::disabled(),
        };
        let ConnectorSettings { server, identity, proof, ciphers, .. } = settings;
        let dropped = ciphers.dropped;
        Ok(Self { config: Arc::new(config), server, identity, proof, sessions, clock, dropped })
    }
}

/// The one certificate of a client.
#[derive(Debug)]
struct Shown(Arc<CertifiedKey>);

impl ResolvesClientCert for Shown {
    fn resolve(&self, _hints: &[&[u8]], schemes: &[rustls::SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.key.choose_scheme(schemes).map(|_| Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Our clock as the library wants it.
pub(crate) struct LibraryClock(pub(crate) Arc<dyn Clock>);

impl LibraryClock {
    pub(crate) fn now(&self) -> Duration {
        Duration::from_secs(u64::try_from(self.0.now().secs()).unwrap_or(0))
    }
}

impl fmt::Debug for LibraryClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LibraryClock")
    }
}

impl TimeProvider for LibraryClock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(self.now()))
    }
}
