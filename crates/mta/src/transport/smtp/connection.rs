//! A TCP connection to a host, and replies read from it with a deadline.
//!
//! # Invariants
//! * Every read and write has a deadline.
//!
//! # Security
//! What the host says goes through `smtp_proto`'s reply parser and its limits.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use smtp_proto::client::{Handshake, HandshakeStep};
use smtp_proto::extension::Capabilities;
use smtp_proto::reply::{PeerReply, ReplyParser};
use tls::{Connector, Established, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::dscp;
use super::fault::Link;
use super::run::Farewell;
use super::secure::TlsFailure;
use crate::context::facts::TlsFacts;
use crate::transport::limits::Place;

/// Octets read at a time.
const BLOCK: usize = 4096;
/// How long a server may take over QUIT before we go.
const QUIT_PATIENCE: Duration = Duration::from_secs(2);

/// A connection that can carry mail.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream<TcpStream>,
    parser: ReplyParser,
    unread: Vec<u8>,
    /// What the server offered.
    pub(super) offered: Capabilities,
    /// Its whole answer to our hello, codes included.
    pub(super) hello_reply: Vec<u8>,
    /// Messages that went through.
    pub(super) messages: u64,
    /// RSET has to come before the next MAIL.
    pub(super) needs_reset: bool,
    /// How the session began: `s` TLS, `e` EHLO, `h` HELO, `l` LHLO (log selector `protocol_detail`).
    pub(super) startup: String,
    /// Our end.
    pub(super) local: Option<SocketAddr>,
    /// The encrypted session.
    pub(super) tls: Option<Box<TlsFacts>>,
    /// Places at the host, for as long as the connection is open.
    _places: Vec<Place>,
    /// Told of the end, where the transport listens to events.
    pub(super) farewell: Option<Box<Farewell>>,
}

/// Where to connect to, and from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Endpoint {
    pub(super) address: IpAddr,
    pub(super) port: u16,
    pub(super) interface: Option<IpAddr>,
    /// `dscp`: the octet that marks packets.
    pub(super) service: Option<u8>,
}

impl Connection {
    /// Connects.
    pub(super) async fn open(endpoint: Endpoint, limit: Duration, keepalive: bool) -> io::Result<Self> {
        let socket = if endpoint.address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_keepalive(keepalive)?;
        if let Some(octet) = endpoint.service {
            // What the system does not take is no reason to keep mail.
            let _ = dscp::mark(&socket, endpoint.address, octet);
        }
        if let Some(interface) = endpoint.interface {
            socket.bind(SocketAddr::new(interface, 0))?;
        }
        let connecting = socket.connect(SocketAddr::new(endpoint.address, endpoint.port));
        let stream = if limit.is_zero() {
            connecting.await?
        } else {
            timeout(limit, connecting)
                .await
                .map_err(|_elapsed| io::Error::from(io::ErrorKind::TimedOut))??
        };
        stream.set_nodelay(true)?;
        let local = stream.local_addr().ok();
        Ok(Self {
            stream: Stream::new(stream),
            parser: ReplyParser::new(),
            unread: Vec::new(),
            offered: Capabilities::default(),
            hello_reply: Vec::new(),
            messages: 0,
            needs_reset: false,
            startup: String::new(),
            local,
            tls: None,
            _places: Vec::new(),
            farewell: None,
        })
    }

    /// Keeps places at the host for as long as it is open.
    pub(super) fn holding(self, places: Vec<Place>) -> Self {
        Self { _places: places, ..self }
    }

    /// Asks for TLS.
    pub(super) async fn starttls(&mut self, limit: Duration) -> Result<PeerReply, Link> {
        self.send(b"STARTTLS\r\n", limit).await?;
        self.reply(limit).await
    }

    /// The handshake of TLS. What the host said in clear beyond its last reply is an error: it was injected.
    pub(super) async fn secure(
        &mut self,
        connector: &Connector,
        sni: Option<&str>,
        peer: IpAddr,
        limit: Duration,
    ) -> Result<Established, TlsFailure> {
        if !self.unread.is_empty() || !self.parser.is_empty() {
            return Err(TlsFailure::of_protocol("synch error before connect"));
        }
        self.offered = Capabilities::default();
        match timeout(limit_of(limit), self.stream.connect(connector, sni, peer)).await {
            Ok(Ok(session)) => {
                self.startup.push('s');
                Ok(session)
            }
            Ok(Err(fault)) => Err(TlsFailure::of(fault)),
            Err(_elapsed) => Err(TlsFailure::of_protocol("(SSL_connect): timed out")),
        }
    }

    /// What TLS failed with since it was asked last: a connection that was cut without a word, garbage.
    pub(super) fn take_tls_fault(&mut self) -> Option<String> {
        self.stream.take_fault()
    }

    fn note_hello(&mut self, command: &[u8]) {
        self.startup.extend(command.first().map(|letter| char::from(letter.to_ascii_lowercase())));
    }

    /// Hears the next reply of a greeting.
    pub(super) async fn greeting(
        &mut self,
        handshake: &mut Handshake,
        limit: Duration,
    ) -> Result<Heard, GreetError> {
        let after = handshake.command();
        let words = after.clone().unwrap_or_else(|| b"initial connection".to_vec());
        let reply = self.reply(limit).await.map_err(|link| GreetError::Lost(link, words))?;
        let text = reply.text();
        match handshake.on_reply(reply) {
            HandshakeStep::Send(line) => Ok(Heard { after, text, next: Some(line) }),
            HandshakeStep::Ready(offered) => {
                self.offered = *offered;
                self.hello_reply.clone_from(&text);
                Ok(Heard { after, text, next: None })
            }
            HandshakeStep::Failed(failure) => Err(GreetError::Refused(failure.after, failure.reply)),
        }
    }

    /// Sends a line of a greeting.
    pub(super) async fn hello(
        &mut self,
        handshake: &Handshake,
        line: &[u8],
        limit: Duration,
    ) -> Result<(), GreetError> {
        let words = handshake.command().unwrap_or_default();
        self.note_hello(&words);
        self.send(line, limit).await.map_err(|link| GreetError::Lost(link, words))
    }

    /// Sends octets.
    pub(super) async fn send(&mut self, octets: &[u8], limit: Duration) -> Result<(), Link> {
        let sending = async {
            self.stream.write_all(octets).await?;
            self.stream.flush().await
        };
        match timeout(limit_of(limit), sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Link::from_error(&error)),
            Err(_elapsed) => Err(Link::TimedOut),
        }
    }

    /// The next reply.
    pub(super) async fn reply(&mut self, limit: Duration) -> Result<PeerReply, Link> {
        match timeout(limit_of(limit), self.next_reply()).await {
            Ok(result) => result,
            Err(_elapsed) => Err(Link::TimedOut),
        }
    }

    async fn next_reply(&mut self) -> Result<PeerReply, Link> {
        loop {
            let unread = std::mem::take(&mut self.unread);
            let (used, reply) = self.parser.push(&unread).map_err(|bad| Link::Malformed(bad.text))?;
            self.unread = unread[used..].to_vec();
            if let Some(reply) = reply {
                return Ok(reply);
            }
            self.unread.reserve(BLOCK);
            match self.stream.read_buf(&mut self.unread).await {
                Ok(0) => return Err(Link::Closed),
                Ok(_) => {}
                Err(error) => return Err(Link::from_error(&error)),
            }
        }
    }

    /// Nothing waits to be read and the peer has not closed: an idle connection may be used again.
    pub(super) fn is_quiet(&self) -> bool {
        let mut block = [0; 1];
        // Under TLS, too, anything that arrives now ends the use of the connection.
        let quiet = self.stream.inner().is_some_and(
            |tcp| matches!(tcp.try_read(&mut block), Err(error) if error.kind() == io::ErrorKind::WouldBlock),
        );
        quiet && self.unread.is_empty() && self.parser.is_empty()
    }

    /// Says goodbye, and waits a little for the answer.
    pub(super) async fn say_goodbye(mut self) {
        if self.send(b"QUIT\r\n", QUIT_PATIENCE).await.is_ok() {
            // The reply is of no interest; waiting for it lets the peer close first.
            let _ = self.reply(QUIT_PATIENCE).await;
            if self.stream.is_secured() {
                // The last word of TLS; the peer may be gone.
                let _ = timeout(QUIT_PATIENCE, self.stream.shutdown()).await;
            }
        }
    }
}

/// A reply of a greeting that was not the last word.
pub(super) struct Heard {
    /// The command that it answers; none for the banner.
    pub(super) after: Option<Vec<u8>>,
    /// The reply, codes included.
    pub(super) text: Vec<u8>,
    /// What is to be sent next; none when the session is ready.
    pub(super) next: Option<Vec<u8>>,
}

/// Why a greeting failed.
#[derive(Debug)]
pub(super) enum GreetError {
    /// The connection failed, after these words.
    Lost(Link, Vec<u8>),
    /// The server refused, after this command.
    Refused(Option<Vec<u8>>, PeerReply),
    /// An event asks to close the connection.
    Unwelcome(Vec<u8>),
}

/// Zero means no limit; there is one all the same, longer than any patience.
fn limit_of(limit: Duration) -> Duration {
    if limit.is_zero() { Duration::from_hours(24) } else { limit }
}
