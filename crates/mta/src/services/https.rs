//! The way to a server that speaks HTTPS: its addresses, TCP, TLS. What is said there is the caller's.
//!
//! # Invariants
//! * A few addresses are tried, each for a bounded time; the caller bounds the whole.
//!
//! # Security
//! How much the server's certificate matters is in the request. Names and addresses come from outside.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tls::{ConnectorRequest, HandshakeFault};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Services;

/// Addresses of the server that are tried.
const ADDRESSES: usize = 4;

/// Why there is no session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unreached {
    /// The server's certificate is not good.
    Certificate(String),
    /// Anything else.
    Otherwise(String),
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(why) | Self::Otherwise(why) => f.write_str(why),
        }
    }
}

/// The addresses of a host.
pub(crate) async fn addresses(host: &str, services: &Services) -> Result<Vec<IpAddr>, Unreached> {
    let ipv6 = !services.snapshot().main.get(config::options::main::DISABLE_IPV6);
    let families = dns::Families { ipv4: true, ipv6 };
    let found = services.resolver.host_addresses(host.as_bytes(), families, dns::SearchOptions::default());
    let found = found.await.map_err(|failure| Unreached::Otherwise(format!("{host}: {failure}")))?;
    Ok(found.addresses)
}

/// Sets up a session with a host at one of its addresses; `patience` is for each.
pub(crate) async fn reach(
    host: &str,
    at: (&[IpAddr], u16),
    request: ConnectorRequest,
    patience: Duration,
    services: &Services,
) -> Result<tls::Stream<TcpStream>, Unreached> {
    let request = ConnectorRequest { alpn: vec![b"http/1.1".to_vec()], ..request };
    let store = Arc::clone(&services.tls);
    let connector = services.pools.files.run(move || store.connector(&request)).await;
    let connector = connector
        .map_err(|_stopped| Unreached::Otherwise("the program is stopping".to_owned()))?
        .map_err(|error| Unreached::Otherwise(error.to_string()))?;
    let connected = connect(at, patience).await;
    let (stream, address) = connected.map_err(Unreached::Otherwise)?;
    let mut stream = tls::Stream::new(stream);
    match stream.connect(&connector, Some(host), address).await {
        Ok(_session) => Ok(stream),
        Err(fault @ HandshakeFault::Certificate(_)) => {
            Err(Unreached::Certificate(format!("{host}: {fault}")))
        }
        Err(fault) => Err(Unreached::Otherwise(format!("{host}: {fault}"))),
    }
}

async fn connect(
    (addresses, port): (&[IpAddr], u16),
    patience: Duration,
) -> Result<(TcpStream, IpAddr), String> {
    let mut why = "no address".to_owned();
    for address in addresses.iter().take(ADDRESSES) {
        match timeout(patience, TcpStream::connect(SocketAddr::new(*address, port))).await {
            Ok(Ok(stream)) => return Ok((stream, *address)),
            Ok(Err(error)) => why = format!("[{address}]: {error}"),
            Err(_elapsed) => why = format!("[{address}]: connecting took too long"),
        }
    }
    Err(why)
}
