//! One question put to the servers until one of them answers.
//!
//! # Security
//! rfc5452: a new socket, connected to the server, for each question sent; a random id; what doesn't fit is passed over
//! and the true answer waited for.
//!
//! # Failure
//! A server that is silent, fails or refuses makes us ask the next one; what the last one said is the failure.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use mail_types::clock::Entropy;
use mail_types::dns::{DnsFailure, QueryOptions};
use mail_types::limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::config::ResolverConfig;
use crate::wire::{self, Edns, Failed, NotAnAnswer, Question, Response, ResponseKind, UDP_PAYLOAD};

/// Asks the servers in turn; with `proof_from` for all that a validator needs, and the server of this number first.
pub(crate) async fn ask(
    question: &Question,
    proof_from: Option<usize>,
    config: &ResolverConfig,
    options: &QueryOptions,
    entropy: &dyn Entropy,
) -> Result<Response, DnsFailure> {
    let mut failure = DnsFailure::Unreachable;
    let wait = options.retrans.unwrap_or(config.retrans);
    let edns = Edns { enabled: config.edns0, dnssec_ok: proof_from.is_some() };
    let (front, back) = config.servers.split_at(proof_from.unwrap_or(0).min(config.servers.len()));
    for _ in 0..options.retry.unwrap_or(config.tries).max(1) {
        for server in back.iter().chain(front) {
            match ask_server(*server, question, (edns, wait), entropy).await {
                Ok(response) => return Ok(response),
                // A real answer, even a bad one, tells more than silence.
                Err(DnsFailure::Timeout | DnsFailure::Unreachable) if failure != DnsFailure::Unreachable => {}
                Err(other) => failure = other,
            }
        }
    }
    Err(failure)
}

async fn ask_server(
    server: SocketAddr,
    question: &Question,
    (edns, wait): (Edns, Duration),
    entropy: &dyn Entropy,
) -> Result<Response, DnsFailure> {
    let mut options = edns;
    let mut response = ask_over_udp(server, question, (wait, options), entropy).await?;
    if response.kind == ResponseKind::FormErr && options.enabled {
        // rfc6891#7: a server of old that doesn't know EDNS.
        options = Edns { enabled: false, dnssec_ok: false };
        response = ask_over_udp(server, question, (wait, options), entropy).await?;
    }
    if response.truncated {
        response = within(wait, ask_over_tcp(server, question, options, entropy)).await?;
    }
    match response.kind {
        ResponseKind::NoError | ResponseKind::NxDomain => Ok(response),
        ResponseKind::FormErr => Err(DnsFailure::Malformed),
        ResponseKind::Failure(Failed::ServFail) => Err(DnsFailure::ServFail),
        ResponseKind::Failure(Failed::Refused | Failed::Lame) => Err(DnsFailure::Refused),
    }
}

async fn ask_over_udp(
    server: SocketAddr,
    question: &Question,
    how: (Duration, Edns),
    entropy: &dyn Entropy,
) -> Result<Response, DnsFailure> {
    let id = entropy.next_u64() as u16;
    let message = wire::query(id, question, how.1)?;
    within(how.0, async {
        let socket = UdpSocket::bind(any_port(server)).await.map_err(unreachable)?;
        socket.connect(server).await.map_err(unreachable)?;
        socket.send(&message).await.map_err(unreachable)?;
        let mut buffer = [0; UDP_PAYLOAD as usize * 4];
        loop {
            let length = socket.recv(&mut buffer).await.map_err(unreachable)?;
            match wire::response(&buffer[..length], id, question, how.1) {
                Ok(response) => return Ok(response),
                Err(NotAnAnswer::Malformed) => return Err(DnsFailure::Malformed),
                Err(NotAnAnswer::NotOurs) => {}
            }
        }
    })
    .await
}

async fn ask_over_tcp(
    server: SocketAddr,
    question: &Question,
    options: Edns,
    entropy: &dyn Entropy,
) -> Result<Response, DnsFailure> {
    let id = entropy.next_u64() as u16;
    let message = wire::query(id, question, options)?;
    let mut stream = TcpStream::connect(server).await.map_err(unreachable)?;
    let mut framed = Vec::with_capacity(message.len() + 2);
    framed.extend_from_slice(&(message.len() as u16).to_be_bytes());
    framed.extend_from_slice(&message);
    stream.write_all(&framed).await.map_err(unreachable)?;
    let length = usize::from(stream.read_u16().await.map_err(unreachable)?).min(limits::DNS_MESSAGE);
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await.map_err(unreachable)?;
    match wire::response(&bytes, id, question, options) {
        Ok(response) if !response.truncated => Ok(response),
        _ => Err(DnsFailure::Malformed),
    }
}

async fn within<T>(
    wait: Duration,
    work: impl Future<Output = Result<T, DnsFailure>>,
) -> Result<T, DnsFailure> {
    timeout(wait, work).await.unwrap_or(Err(DnsFailure::Timeout))
}

fn any_port(server: SocketAddr) -> SocketAddr {
    match server {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    }
}

fn unreachable(_: io::Error) -> DnsFailure {
    DnsFailure::Unreachable
}
