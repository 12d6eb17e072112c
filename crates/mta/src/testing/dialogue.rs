//! One SMTP client that speaks and listens in turn, over a stream in memory.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use mail_types::clock::SystemClock;
use tls::{ConnectorRequest, Established, HandshakeFault, Store, Stream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinHandle;

use super::Bench;
use super::wire::{Gate, Wire};
use crate::smtp_in::{Client, SessionEnd, session};

/// How long a reply may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A client.
pub(crate) struct Dialogue {
    stream: Stream<Wire>,
    gate: Gate,
    session: JoinHandle<SessionEnd>,
    heard: Vec<u8>,
}

impl Dialogue {
    /// Connect from an address of the documentation's network.
    pub(crate) fn connect(bench: &Bench) -> Self {
        Self::connect_from(bench, [192, 0, 2, 7])
    }

    /// Connect from an address.
    pub(crate) fn connect_from(bench: &Bench, address: impl Into<IpAddr>) -> Self {
        let peer = SocketAddr::new(address.into(), 4000);
        let local = SocketAddr::from(([192, 0, 2, 25], 25));
        Self::open(bench, Client::Tcp { peer, local, count: Some(1) })
    }

    /// Begin a session as any kind of client.
    pub(crate) fn open(bench: &Bench, client: Client) -> Self {
        let (ours, mut theirs) = tokio::io::duplex(64 * 1024);
        let services = Arc::clone(&bench.services);
        let shutdown = bench.shutdown.subscribe();
        let session = tokio::spawn(async move { session(&mut theirs, client, services, shutdown).await });
        let gate = Gate::default();
        Self { stream: Stream::new(Wire::new(ours, gate.clone())), gate, session, heard: Vec::new() }
    }

    /// The client's handshake, after the server's 220 or at once.
    pub(crate) async fn secure(&mut self, request: &ConnectorRequest) -> Result<Established, HandshakeFault> {
        let store = Store::new(Arc::new(SystemClock));
        let connector = store.connector(request).expect("the test's settings are sound");
        self.stream.connect(&connector, Some("mx.test.example"), [192, 0, 2, 25].into()).await
    }

    /// From now on the server hears nothing that the client says after it has heard something: no more than a hello of TLS.
    pub(crate) fn hold_back(&self) {
        self.gate.close();
    }

    /// The server hears what was held back, changed as a test likes.
    pub(crate) async fn let_go(&mut self, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
        self.gate.open(change);
        // A server that has closed the connection does not hear it.
        let _ = self.stream.flush().await;
    }

    /// The next reply, all its lines, joined by `|`.
    pub(crate) async fn reply(&mut self) -> String {
        let mut lines = Vec::new();
        loop {
            let Some(line) = self.line().await else {
                lines.push("(closed)".to_owned());
                return lines.join("|");
            };
            let last = line.as_bytes().get(3) != Some(&b'-');
            lines.push(line);
            if last {
                return lines.join("|");
            }
        }
    }

    async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(at) = self.heard.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.heard.drain(..=at).collect();
                let text = line.strip_suffix(b"\r\n").expect("replies end with CR LF");
                return Some(String::from_utf8_lossy(text).into_owned());
            }
            let mut chunk = [0; 4096];
            let count = tokio::time::timeout(PATIENCE, self.stream.read(&mut chunk)).await;
            let count = count.expect("a reply comes in time").unwrap_or(0);
            if count == 0 {
                return None;
            }
            self.heard.extend_from_slice(&chunk[..count]);
        }
    }

    /// Send octets as they are. A server that has closed the connection does not hear them.
    pub(crate) async fn send(&mut self, octets: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(octets.as_ref()).await;
        let _ = self.stream.flush().await;
    }

    /// Send octets while replies are read and forgotten, until the server has answered all or has closed.
    pub(crate) async fn send_while_reading(&mut self, octets: &[u8]) {
        let (mut read, mut write) = tokio::io::split(&mut self.stream);
        let forget = async {
            let mut chunk = [0; 4096];
            while read.read(&mut chunk).await.is_ok_and(|count| count > 0) {}
        };
        let send = async {
            let sent = write.write_all(octets).await;
            // A server that closed early has nothing more to say.
            let _ = sent.is_ok() && write.shutdown().await.is_ok();
        };
        let both = async { tokio::join!(forget, send) };
        tokio::time::timeout(PATIENCE, both).await.expect("the server answers or closes");
    }

    /// Send a command and hear its reply.
    pub(crate) async fn command(&mut self, command: &str) -> String {
        self.send(format!("{command}\r\n")).await;
        self.reply().await
    }

    /// Walk through lines of `C: …` and `S: …`; each is sent or must be heard, `…` standing for anything.
    pub(crate) async fn follow(&mut self, script: &str) {
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if let Some(text) = line.strip_prefix("C:") {
                self.send(format!("{}\r\n", text.strip_prefix(' ').unwrap_or(text))).await;
            } else if let Some(expected) = line.strip_prefix("S: ") {
                let heard = self.reply().await;
                assert!(fits(&heard, expected), "expected {expected:?}, heard {heard:?}");
            } else {
                panic!("a line of a dialogue begins with C: or S: {line:?}");
            }
        }
    }

    /// Close our side and wait for the end of the session.
    pub(crate) async fn close(self) -> SessionEnd {
        drop(self.stream);
        tokio::time::timeout(PATIENCE, self.session)
            .await
            .expect("the session ends")
            .expect("it does not panic")
    }

    /// Say goodbye at the level of the stream (close_notify under TLS), and wait for the end of the session.
    pub(crate) async fn close_politely(mut self) -> SessionEnd {
        let _ = self.stream.shutdown().await;
        self.close().await
    }

    /// Wait for the server to close the connection.
    pub(crate) async fn closed(mut self) -> SessionEnd {
        while self.line().await.is_some() {}
        self.close().await
    }
}

/// Whether a text is the pattern, in which `…` stands for anything.
pub(crate) fn fits(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('…');
    let Some(first) = parts.next() else { return text == pattern };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}
