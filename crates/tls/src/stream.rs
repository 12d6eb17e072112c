//! A stream that begins in clear and may be secured.
//!
//! # Invariants
//! * A handshake takes the stream away; only a good one puts it back. Between [`Stream::accept_half`] and
//!   [`Stream::finish`] it can be written to, and reading is an error.
//!
//! # Compatibility
//! A peer that closes without saying so within TLS ends the stream as one that does: SMTP's own framing tells whether a
//! message was complete. [`Stream::take_fault`] tells the two apart.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::ServerConnection;
use rustls::pki_types::ServerName;
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio_rustls::{LazyConfigAcceptor, StartHandshake, TlsConnector, client, server};

use crate::client::Connector;
use crate::client_hello::{Overheard, asks_for_status};
use crate::error::{HandshakeFault, Unverified, session_words};
use crate::ocsp::{self, Unproven};
use crate::server::{Acceptor, Hello, SHOWN};
use crate::session::{Established, Ocsp, Proof};
use crate::verify::{Peer, Requirement, STAPLED, Strictness};

mod half;

use half::Half;

/// A stream in clear or under TLS.
pub struct Stream<S> {
    state: State<S>,
    /// What TLS failed with within the session.
    fault: Option<String>,
}

enum State<S> {
    Clear(S),
    /// A client's hello was read; it may ask for a stapled proof.
    Greeted {
        started: Box<StartHandshake<S>>,
        asks_for_status: bool,
    },
    /// Our side of the handshake is done, the client's is not.
    Half(Box<Half<S>>),
    Server(Box<server::TlsStream<S>>),
    Client(Box<client::TlsStream<S>>),
    /// A handshake failed or was given up.
    Gone,
}

/// What a client hears that there will be no session for (rfc8446#6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alert {
    /// Something is wrong here.
    InternalError = 80,
    /// It offers no protocol, and has to.
    NoApplicationProtocol = 120,
}

impl<S> std::fmt::Debug for Stream<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = match &self.state {
            State::Clear(_) => "clear",
            State::Greeted { .. } => "greeted",
            State::Half(_) => "half secured",
            State::Server(_) | State::Client(_) => "secured",
            State::Gone => "gone",
        };
        write!(f, "Stream({state})")
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream<S> {
    /// A stream in clear.
    pub fn new(stream: S) -> Self {
        Self { state: State::Clear(stream), fault: None }
    }

    /// The session is encrypted.
    pub fn is_secured(&self) -> bool {
        matches!(self.state, State::Server(_) | State::Client(_))
    }

    /// The server may speak already, and not listen: [`Stream::finish`] is to come.
    pub fn is_half_secured(&self) -> bool {
        matches!(self.state, State::Half(_))
    }

    /// What lies under it; none after a failed handshake.
    pub fn inner(&self) -> Option<&S> {
        match &self.state {
            State::Clear(stream) => Some(stream),
            State::Server(stream) => Some(stream.get_ref().0),
            State::Client(stream) => Some(stream.get_ref().0),
            State::Greeted { .. } | State::Half(_) | State::Gone => None,
        }
    }

    /// What TLS failed with while the session was read, once; none where the peer ended it as it should.
    pub fn take_fault(&mut self) -> Option<String> {
        self.fault.take()
    }

    /// Reads a client's hello; [`Stream::accept`] goes on from there.
    ///
    /// # Errors
    /// The client did not begin TLS, or went away.
    pub async fn hello(&mut self) -> Result<Hello, HandshakeFault> {
        let State::Clear(stream) = std::mem::replace(&mut self.state, State::Gone) else {
            return Err(HandshakeFault::Protocol("TLS is active already".to_owned()));
        };
        let acceptor = rustls::server::Acceptor::default();
        let started = LazyConfigAcceptor::new(acceptor, Overheard::new(stream))
            .await
            .map_err(|error| HandshakeFault::of(&error))?;
        let asks_for_status = asks_for_status(&started.io.octets);
        let started = StartHandshake::from_parts(started.accepted, started.io.stream);
        let hello = started.client_hello();
        let sni = hello.server_name().map(str::to_owned);
        let alpn = hello.alpn().into_iter().flatten().map(<[u8]>::to_vec).collect();
        self.state = State::Greeted { started: Box::new(started), asks_for_status };
        Ok(Hello { sni, alpn })
    }

    /// Tells the client, after [`Stream::hello`], that there will be no session, and gives up.
    pub async fn turn_away(&mut self, why: Alert) {
        let State::Greeted { started, .. } = std::mem::replace(&mut self.state, State::Gone) else { return };
        let mut stream = started.io;
        // A client that has gone needs not be told.
        if stream.write_all(&[0x15, 3, 3, 0, 2, 2, why as u8]).await.is_ok() {
            let _ = stream.flush().await;
        }
    }

    /// The server's handshake, after [`Stream::hello`].
    ///
    /// # Errors
    /// Why there is no session.
    pub async fn accept(&mut self, acceptor: &Acceptor) -> Result<Established, HandshakeFault> {
        let State::Greeted { started, asks_for_status } = std::mem::replace(&mut self.state, State::Gone)
        else {
            return Err(HandshakeFault::Protocol("no hello was read".to_owned()));
        };
        let config = Arc::clone(&acceptor.config);
        let (stream, shown) = SHOWN
            .scope(std::cell::RefCell::default(), async {
                // The certificate is chosen before anything is awaited.
                (started.into_stream(config).await, SHOWN.with(std::cell::RefCell::take))
            })
            .await;
        let stream = stream.map_err(|error| HandshakeFault::of(&error))?;
        let said = Said { shown, asks_for_status };
        let facts = said.judged(stream.get_ref().1, acceptor)?;
        self.state = State::Server(Box::new(stream));
        Ok(facts)
    }

    /// The server's handshake, after [`Stream::hello`], as far as it goes before the server may speak: our side of it where
    /// [`AcceptorSettings::early`](crate::AcceptorSettings::early) and the client allow that, else the whole.
    ///
    /// What is settled is told either way; what is written after a half goes out at once, before the client's side of the
    /// handshake comes in (rfc8446#4.4.4). The client is anybody until [`Stream::finish`].
    ///
    /// # Errors
    /// Why there is no session.
    pub async fn accept_half(&mut self, acceptor: &Acceptor) -> Result<Established, HandshakeFault> {
        let State::Greeted { started, asks_for_status } = std::mem::replace(&mut self.state, State::Gone)
        else {
            return Err(HandshakeFault::Protocol("no hello was read".to_owned()));
        };
        let half = Half::begin(*started, asks_for_status, acceptor)
            .await
            .map_err(|error| HandshakeFault::of(&error))?;
        if !half.may_send() {
            let (stream, facts) = half.finish().await?;
            self.state = State::Server(Box::new(stream));
            return Ok(facts);
        }
        let facts = half.facts();
        self.state = State::Half(Box::new(half));
        Ok(facts)
    }

    /// The client's side of the handshake, after [`Stream::accept_half`].
    ///
    /// # Errors
    /// Why there is no session.
    pub async fn finish(&mut self) -> Result<Established, HandshakeFault> {
        let State::Half(half) = std::mem::replace(&mut self.state, State::Gone) else {
            return Err(HandshakeFault::Protocol("no handshake was begun".to_owned()));
        };
        let (stream, facts) = half.finish().await?;
        self.state = State::Server(Box::new(stream));
        Ok(facts)
    }

    /// The client's handshake. `sni` is the server name to send, or none; an address is not sent.
    ///
    /// # Errors
    /// Why there is no session.
    pub async fn connect(
        &mut self,
        connector: &Connector,
        sni: Option<&str>,
        peer: std::net::IpAddr,
    ) -> Result<Established, HandshakeFault> {
        let State::Clear(stream) = std::mem::replace(&mut self.state, State::Gone) else {
            return Err(HandshakeFault::Protocol("TLS is active already".to_owned()));
        };
        let named = sni.and_then(|name| ServerName::try_from(name.to_owned()).ok());
        let sent = named.as_ref().is_some_and(|name| matches!(name, ServerName::DnsName(_)));
        let name = named.unwrap_or_else(|| ServerName::from(peer));
        let connecting = TlsConnector::from(Arc::clone(&connector.config)).connect(name.clone(), stream);
        let stapled = std::cell::RefCell::new(Vec::new());
        let (stream, stapled) = STAPLED
            .scope(stapled, async { (connecting.await, STAPLED.with(std::cell::RefCell::take)) })
            .await;
        let stream = stream.map_err(|error| HandshakeFault::of(&error))?;
        let (_, connection) = stream.get_ref();
        let mut facts = Established::of(connection);
        facts.sni = sni.filter(|_| sent).map(|name| name.as_bytes().to_vec());
        facts.our_certificate = connector.identity.as_ref().map(|identity| identity.certificate().to_vec());
        let now = connector.clock.now();
        judge(&connector.server, connection.peer_certificates(), Peer::Server, now, &mut facts)?;
        let proved = prove(connector, connection.peer_certificates(), &stapled, now, &mut facts);
        if let Some(sessions) = &connector.sessions
            && !facts.resumed
        {
            sessions.judged(&name, proved.is_ok() && facts.ocsp != Ocsp::Failed);
        }
        proved?;
        self.state = State::Client(Box::new(stream));
        Ok(facts)
    }

    fn active(&mut self) -> io::Result<Active<'_, S>> {
        match &mut self.state {
            State::Clear(stream) => Ok(Active::Clear(Pin::new(stream))),
            State::Server(stream) => Ok(Active::Server(Pin::new(&mut **stream))),
            State::Client(stream) => Ok(Active::Client(Pin::new(&mut **stream))),
            State::Half(half) => Ok(Active::Half(half)),
            State::Greeted { .. } | State::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

/// What was said in a server's handshake, and the library does not remember.
struct Said {
    /// The certificate that we showed; none where a session was resumed.
    shown: Option<Arc<CertifiedKey>>,
    /// The client wants an OCSP response stapled.
    asks_for_status: bool,
}

impl Said {
    /// The facts of the session as far as it is set up.
    fn facts(&self, connection: &ServerConnection, acceptor: &Acceptor) -> Established {
        let mut facts = Established::of(connection);
        facts.sni = connection.server_name().map(|name| name.as_bytes().to_vec());
        let stapled = self.shown.as_ref().is_some_and(|shown| shown.ocsp.is_some()) && !facts.resumed;
        facts.ocsp = match (self.asks_for_status, stapled) {
            (false, _) => Ocsp::NotRequested,
            (true, false) => Ocsp::NotResponded,
            // What is stapled was looked at when it was read.
            (true, true) => Ocsp::Verified,
        };
        let shown = self.shown.as_ref().and_then(|shown| shown.cert.first());
        facts.our_certificate = shown.map(|der| der.as_ref().to_vec()).or_else(|| acceptor.shown.clone());
        facts
    }

    /// The facts of a session that is set up, if the client is whom we want.
    fn judged(
        &self,
        connection: &ServerConnection,
        acceptor: &Acceptor,
    ) -> Result<Established, HandshakeFault> {
        let mut facts = self.facts(connection, acceptor);
        let now = acceptor.clock.now();
        judge(&acceptor.client, connection.peer_certificates(), Peer::Client, now, &mut facts)?;
        Ok(facts)
    }
}

/// Fills in whether the peer's certificate is good. What is required was judged within the handshake; it is judged again
/// here, because a resumed session skips that.
fn judge(
    requirement: &Requirement,
    chain: Option<&[rustls::pki_types::CertificateDer<'static>]>,
    peer: Peer,
    now: std::time::Duration,
    facts: &mut Established,
) -> Result<(), HandshakeFault> {
    if requirement.strictness == Strictness::Ignore {
        return Ok(());
    }
    facts.tlsa_usage = requirement.dane.as_ref().map_or(0, |dane| dane.usages());
    match requirement.judge(chain.unwrap_or_default(), peer, now) {
        Ok(()) => {
            facts.verified = true;
            facts.dane = requirement.dane.is_some();
        }
        Err(why) if requirement.strictness == Strictness::Require => {
            return Err(HandshakeFault::Certificate(why));
        }
        Err(why) => facts.verify_error = Some(why),
    }
    Ok(())
}

/// Fills in what the stapled proof says.
fn prove(
    connector: &Connector,
    chain: Option<&[rustls::pki_types::CertificateDer<'static>]>,
    stapled: &[u8],
    now: std::time::Duration,
    facts: &mut Established,
) -> Result<(), HandshakeFault> {
    if connector.proof == Proof::Ignore {
        return Ok(());
    }
    let mut chain = chain.unwrap_or_default().iter().map(AsRef::as_ref);
    let own = chain.next().unwrap_or_default();
    let others: Vec<&[u8]> = chain.collect();
    let why = if facts.resumed {
        // The session that is resumed was set up under the same demands.
        facts.ocsp = if connector.proof == Proof::Require { Ocsp::Verified } else { Ocsp::NotResponded };
        return Ok(());
    } else if stapled.is_empty() {
        facts.ocsp = Ocsp::NotResponded;
        Unproven::Open("no proof was sent")
    } else if !facts.verified {
        // A proof by somebody of whom nobody knows anything.
        facts.ocsp = Ocsp::NotTried;
        Unproven::Open("the certificate itself is not verified")
    } else {
        match ocsp::check(stapled, own, &others, &connector.server.anchors.authorities, now.as_secs()) {
            Ok(()) => {
                facts.ocsp = Ocsp::Verified;
                return Ok(());
            }
            Err(why) => {
                facts.ocsp = Ocsp::Failed;
                why
            }
        }
    };
    if connector.proof == Proof::Require {
        return Err(HandshakeFault::Status(why.words()));
    }
    let words = match why {
        Unproven::Open(_) => return Ok(()),
        Unproven::Revoked => "certificate was revoked".to_owned(),
        // A client that asked has to check what it got, and may not go on as if it were nothing (rfc6066#8).
        Unproven::Invalid(why) => format!("certificate invalid: OCSP: {why}"),
    };
    // TLSA records speak of the key itself: nobody's word against the certificate counts there.
    if facts.dane {
        return Ok(());
    }
    let against = Unverified::untrusted(words);
    if connector.server.strictness == Strictness::Require {
        return Err(HandshakeFault::Certificate(against));
    }
    facts.verified = false;
    facts.verify_error = Some(against);
    Ok(())
}

enum Active<'a, S> {
    Clear(Pin<&'a mut S>),
    Half(&'a mut Half<S>),
    Server(Pin<&'a mut server::TlsStream<S>>),
    Client(Pin<&'a mut client::TlsStream<S>>),
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        waker: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = match self.active()? {
            Active::Clear(stream) => return stream.poll_read(waker, buffer),
            Active::Half(_) => return Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
            Active::Server(stream) => stream.poll_read(waker, buffer),
            Active::Client(stream) => stream.poll_read(waker, buffer),
        };
        if polled.is_pending() {
            // What the library has to say by itself (that there is no renegotiation) does not wait for our next word.
            // That it can't be sent shows with that word, or at the next read.
            let _ = match &mut self.state {
                State::Server(stream) if stream.get_ref().1.wants_write() => {
                    Pin::new(&mut **stream).poll_flush(waker).is_ready()
                }
                State::Client(stream) if stream.get_ref().1.wants_write() => {
                    Pin::new(&mut **stream).poll_flush(waker).is_ready()
                }
                _ => true,
            };
        }
        let Poll::Ready(Err(error)) = polled else { return polled };
        self.fault.get_or_insert_with(|| session_words(&error));
        let cut = error.kind() == io::ErrorKind::UnexpectedEof;
        Poll::Ready(if cut { Ok(()) } else { Err(error) })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        waker: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.active()? {
            Active::Clear(stream) => stream.poll_write(waker, octets),
            Active::Half(half) => half.poll_write(waker, octets),
            Active::Server(stream) => stream.poll_write(waker, octets),
            Active::Client(stream) => stream.poll_write(waker, octets),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, waker: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.active()? {
            Active::Clear(stream) => stream.poll_flush(waker),
            Active::Half(half) => half.poll_flush(waker),
            Active::Server(stream) => stream.poll_flush(waker),
            Active::Client(stream) => stream.poll_flush(waker),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, waker: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.active() {
            Ok(Active::Clear(stream)) => stream.poll_shutdown(waker),
            Ok(Active::Half(half)) => half.poll_shutdown(waker),
            Ok(Active::Server(stream)) => stream.poll_shutdown(waker),
            Ok(Active::Client(stream)) => stream.poll_shutdown(waker),
            // Nothing is left to be closed.
            Err(_) => Poll::Ready(Ok(())),
        }
    }
}

#[cfg(test)]
mod tests;
