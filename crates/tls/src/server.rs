//! The server's side: what it shows, whom it asks for a certificate, which tickets it gives.

use std::fmt;
use std::sync::Arc;

use mail_types::clock::Clock;
use rustls::crypto::CryptoProvider;
use rustls::server::{
    ClientHello, NoClientAuth, NoServerSessionStorage, ProducesTickets, ResolvesServerCert,
};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, SignatureAlgorithm, SupportedProtocolVersion};

use crate::cipher::Choice;
use crate::error::TlsError;
use crate::identity::Identity;
use crate::key_schedule;
use crate::verify::{Requirement, Strictness, Verifier};

/// What a client says before anything is agreed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hello {
    /// The server name it wants, if it is a host name.
    pub sni: Option<String>,
    /// The protocols that it offers by ALPN.
    pub alpn: Vec<Vec<u8>>,
}

/// The keys of session tickets: shared by all acceptors of a server, renewed by themselves every few hours.
#[derive(Clone)]
pub struct Tickets(Arc<dyn ProducesTickets>);

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tickets")
    }
}

impl Tickets {
    /// New keys.
    ///
    /// # Errors
    /// The library's, where it has no random numbers.
    pub fn new() -> Result<Self, TlsError> {
        let ticketer = rustls::crypto::aws_lc_rs::Ticketer::new();
        Ok(Self(ticketer.map_err(|error| TlsError::Refused(error.to_string()))?))
    }
}

/// What a server needs to know for a handshake.
#[derive(Debug)]
pub struct AcceptorSettings {
    /// Certificates of different kinds (RSA, ECDSA); the first that the client can check is shown.
    pub identities: Vec<Identity>,
    /// What is asked of the client's certificate; one is asked for unless it is ignored.
    pub client: Requirement,
    /// Ciphers and versions.
    pub ciphers: Choice,
    /// Protocols of ALPN; a client that offers others only is refused. Empty: nobody looks.
    pub alpn: Vec<Vec<u8>>,
    /// Keys for tickets, where sessions may be resumed.
    pub tickets: Option<Tickets>,
    /// The server speaks before the client's side of the handshake is done, where that is possible: with TLS 1.3, and where
    /// no certificate is asked for. For [`Stream::accept_half`](crate::Stream::accept_half).
    pub early: bool,
}

/// A server's settings, ready for handshakes.
#[derive(Clone, Debug)]
pub struct Acceptor {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) client: Requirement,
    /// The first certificate: what stands for ours in a session that was resumed.
    pub(crate) shown: Option<Vec<u8>>,
    pub(crate) clock: Arc<crate::client::LibraryClock>,
    dropped: Vec<String>,
    pub(crate) unknown_curves: Vec<String>,
    pub(crate) unsent_proofs: Vec<String>,
}

impl Acceptor {
    /// Words of the list of ciphers that ask for something that does not exist here.
    pub fn dropped(&self) -> &[String] {
        &self.dropped
    }

    /// Items of `tls_eccurve` that name no group of ours.
    pub fn unknown_curves(&self) -> &[String] {
        &self.unknown_curves
    }

    /// Files of which a response is not stapled: one about a certificate above the server's own, or out of date.
    pub fn unsent_proofs(&self) -> &[String] {
        &self.unsent_proofs
    }

    /// The server may speak first, if the version allows it.
    pub(crate) fn speaks_first(&self) -> bool {
        self.config.send_half_rtt_data
    }

    /// Makes the settings ready.
    ///
    /// # Errors
    /// No certificate, no cipher, or what the library refuses.
    pub fn new(settings: AcceptorSettings, clock: Arc<dyn Clock>) -> Result<Self, TlsError> {
        if settings.identities.is_empty() {
            return Err(TlsError::Refused("a TLS server needs a certificate".to_owned()));
        }
        let provider = Arc::new(provider(&settings.ciphers)?);
        let algorithms = provider.signature_verification_algorithms;
        let clock = Arc::new(crate::client::LibraryClock(clock));
        let library_clock = Arc::clone(&clock) as Arc<dyn rustls::time_provider::TimeProvider>;
        let builder = ServerConfig::builder_with_details(provider, library_clock)
            .with_protocol_versions(&versions(&settings.ciphers))
            .map_err(|error| TlsError::Refused(error.to_string()))?;
        let verifier: Arc<dyn rustls::server::danger::ClientCertVerifier> =
            if settings.client.strictness == Strictness::Ignore {
                Arc::new(NoClientAuth)
            } else {
                Arc::new(Verifier { requirement: settings.client.clone(), algorithms })
            };
        let first = settings.identities.first().map(|identity| identity.certificate().to_vec());
        let identities = settings.identities.into_iter().map(|identity| identity.0).collect();
        let shown = Shown { identities, suites: settings.ciphers.spoken() };
        let mut config = builder.with_client_cert_verifier(verifier).with_cert_resolver(Arc::new(shown));
        config.alpn_protocols = settings.alpn;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        // The library looks at this for resumed sessions, in which it asks for no certificate: the client's counts all the same.
        config.send_half_rtt_data = settings.early && settings.client.strictness == Strictness::Ignore;
        if let Some(tickets) = settings.tickets {
            config.ticketer = tickets.0;
            config.send_tls13_tickets = 1;
        }
        let dropped = settings.ciphers.dropped;
        Ok(Self {
            config: Arc::new(config),
            client: settings.client,
            shown: first,
            clock,
            dropped,
            unknown_curves: Vec::new(),
            unsent_proofs: Vec::new(),
        })
    }
}

/// The cryptography with the chosen suites and groups only.
pub(crate) fn provider(ciphers: &Choice) -> Result<CryptoProvider, TlsError> {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    let all = std::mem::take(&mut provider.cipher_suites);
    for id in &ciphers.spoken() {
        let chosen = all.iter().filter(|suite| u16::from(suite.suite()) == *id);
        provider.cipher_suites.extend(chosen.map(|suite| key_schedule::scheduled(*suite)));
    }
    if ciphers.is_empty() {
        return Err(TlsError::Ciphers { list: ciphers.dropped.join(":") });
    }
    let groups = std::mem::take(&mut provider.kx_groups);
    for id in &ciphers.groups {
        provider.kx_groups.extend(groups.iter().find(|group| u16::from(group.name()) == *id));
    }
    Ok(provider)
}

/// The chosen versions, without one that has no suite.
pub(crate) fn versions(ciphers: &Choice) -> Vec<&'static SupportedProtocolVersion> {
    let has = |tls13: bool| {
        ciphers
            .suites
            .iter()
            .filter_map(|id| crate::cipher::by_id(*id))
            .any(|suite| suite.is_tls13() == tls13)
    };
    let mut versions = Vec::new();
    if ciphers.tls13 && has(true) {
        versions.push(&rustls::version::TLS13);
    }
    if ciphers.tls12 && has(false) {
        versions.push(&rustls::version::TLS12);
    }
    versions
}

/// The certificates of a server.
#[derive(Debug)]
struct Shown {
    identities: Vec<Arc<CertifiedKey>>,
    /// The suites that we speak.
    suites: Vec<u16>,
}

impl Shown {
    /// Whether a certificate goes with the signatures and the suites of a client: those of TLS 1.2 say by what kind of key
    /// a server shows who it is.
    fn fits(&self, shown: &CertifiedKey, hello: &ClientHello<'_>) -> bool {
        let word = match shown.key.algorithm() {
            SignatureAlgorithm::RSA => "RSA",
            _ => "ECDSA",
        };
        let offered = hello.cipher_suites().iter().map(|suite| u16::from(*suite));
        let mut common = offered.filter(|id| self.suites.contains(id)).filter_map(crate::cipher::by_id);
        let suite = common.any(|suite| suite.is_tls13() || suite.authentication() == word);
        suite && shown.key.choose_scheme(hello.signature_schemes()).is_some()
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let shown = self.identities.iter().find(|shown| self.fits(shown, &hello));
        let shown = shown.or_else(|| self.identities.first())?;
        // Outside of a handshake of ours nobody waits for it.
        let _ = SHOWN.try_with(|told| told.replace(Some(Arc::clone(shown))));
        Some(Arc::clone(shown))
    }
}

tokio::task_local! {
    /// The certificate that was shown in the handshake that this task is about: the library does not tell.
    pub(crate) static SHOWN: std::cell::RefCell<Option<Arc<CertifiedKey>>>;
}
