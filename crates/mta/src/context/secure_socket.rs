//! `${readsocket` with `tls=yes`: a request and its answer under TLS.
//!
//! # Invariants
//! * The request is not sent before there is a session.
//!
//! # Security
//! The server's certificate is not looked at: the item has no word for what it should be.
//!
//! # Failure
//! The handshake, the request and each read of the answer may take as long as the item says.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use expand::env::{Conversation, SocketFailure};
use expand::system::{Connected, connect};
use tls::{Connector, ConnectorRequest};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

/// Connects, and asks under TLS; `name` is the server name to ask for, if any.
pub(super) fn converse(
    asked: &Conversation,
    name: &[u8],
    limit: usize,
    store: &tls::Store,
) -> Result<Vec<u8>, SocketFailure> {
    let connector =
        store.connector(&ConnectorRequest::default()).map_err(|e| SocketFailure::Secure(e.to_string()))?;
    let name = std::str::from_utf8(name).ok().filter(|name| !name.is_empty());
    let connected = connect(&asked.place, asked.timeout)?;
    // Whoever calls may be on a thread that drives a runtime already.
    let answer = std::thread::scope(|scope| {
        let work = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(SocketFailure::Connect)?;
            runtime.block_on(async {
                let unknown = IpAddr::from(Ipv4Addr::UNSPECIFIED);
                match connected {
                    Connected::Unix(stream) => {
                        stream.set_nonblocking(true).map_err(SocketFailure::Connect)?;
                        let stream = UnixStream::from_std(stream).map_err(SocketFailure::Connect)?;
                        talk(stream, (name, unknown), &connector, asked, limit).await
                    }
                    Connected::Tcp(stream) => {
                        stream.set_nonblocking(true).map_err(SocketFailure::Connect)?;
                        let peer = stream.peer_addr().map_or(unknown, |peer| peer.ip());
                        let stream = TcpStream::from_std(stream).map_err(SocketFailure::Connect)?;
                        talk(stream, (name, peer), &connector, asked, limit).await
                    }
                }
            })
        };
        scope.spawn(work).join()
    });
    answer.unwrap_or_else(|_| Err(SocketFailure::Secure("the session broke down".to_owned())))
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    (name, peer): (Option<&str>, IpAddr),
    connector: &Connector,
    asked: &Conversation,
    limit: usize,
) -> Result<Vec<u8>, SocketFailure> {
    let mut stream = tls::Stream::new(stream);
    match timeout(asked.timeout, Box::pin(stream.connect(connector, name, peer))).await {
        Ok(Ok(_)) => {}
        Ok(Err(fault)) => return Err(SocketFailure::Secure(fault.to_string())),
        Err(_elapsed) => return Err(SocketFailure::Secure("the handshake took too long".to_owned())),
    }
    let sending = async {
        stream.write_all(&asked.request).await?;
        stream.flush().await
    };
    in_time(asked.timeout, sending).await.map_err(SocketFailure::Write)?;
    let mut answer = Vec::new();
    while in_time(asked.timeout, stream.read_buf(&mut answer)).await.map_err(SocketFailure::Read)? > 0 {
        if answer.len() > limit {
            return Err(SocketFailure::Read(io::ErrorKind::FileTooLarge.into()));
        }
    }
    Ok(answer)
}

async fn in_time<T>(most: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(most, work).await.unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into()))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tls::AcceptorRequest;
    use tokio::net::TcpListener;

    use super::*;
    use crate::context::tests::bare_context;

    /// A server that answers each session with the name it was asked for and what it heard; `rude` ones speak no TLS, and
    /// silent ones not at all.
    fn serve(manner: &'static str) -> SocketAddr {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = bare_context()
            .services
            .tls
            .acceptor(&AcceptorRequest { own_name: "a.example".to_owned(), ..AcceptorRequest::default() })
            .unwrap();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                let (mut stream, _) = listener.accept().await.unwrap();
                if manner == "rude" {
                    stream.write_all(b"500 no such command\r\n").await.unwrap();
                    return;
                }
                let mut stream = tls::Stream::new(stream);
                let asked = stream.hello().await.unwrap().sni;
                stream.accept(&acceptor).await.unwrap();
                let mut heard = [0; 5];
                stream.read_exact(&mut heard).await.unwrap();
                if manner == "silent" {
                    let _ = stream.read(&mut heard).await;
                    return;
                }
                let heard = String::from_utf8_lossy(&heard);
                stream.write_all(format!("{asked:?} {heard}\n.\n").as_bytes()).await.unwrap();
                stream.shutdown().await.unwrap();
            });
        });
        address
    }

    #[test]
    fn a_request_and_its_answer_under_tls() {
        let cases = [
            ("polite", "3s:tls=yes", "None hello|.|"),
            ("polite", "3s:sni=b.example", "Some(\"b.example\") hello|.|"),
            ("polite", "3s:tls=yes:shutdown=yes", "None hello|.|"),
            ("rude", "3s:tls=yes", "Failed: TLS session with socket inet:ADDRESS failed: "),
            ("silent", "1s:tls=yes", "Failed: socket read timed out"),
        ];
        for (manner, options, want) in cases {
            let address = serve(manner);
            let text = format!("${{readsocket{{inet:{address}}}{{hello}}{{{options}}}{{|}}}}");
            let got = match expand::expand_once(text.as_bytes(), &mut bare_context()) {
                Ok(value) => value.to_lossy(),
                Err(error) => format!("Failed: {error}"),
            };
            assert!(
                got.starts_with(&want.replace("ADDRESS", &address.to_string())),
                "{manner} {options}: {got}"
            );
        }
    }
}
