//! Accepting connections: one loop for each listening socket, one task for each connection.
//!
//! Sockets are bound elsewhere when the program runs as root (the parent process binds, the worker accepts);
//! [`bind`] is for the form without privileges.
//!
//! # Invariants
//! * A connection is counted from its acceptance until its session is over, whatever way it ends.
//! * The accept loop never waits for a client, a lookup or a lock.
//!
//! # Security
//! Connections beyond the limits are told so and closed; beyond an absolute limit they wait in the kernel's queue.
//!
//! # Failure
//! Connections that would get one of the last descriptors hear 421: accepted mail needs those. When descriptors run
//! out all the same, a spare one is given up to accept the next connection and answer it with 421, so that the
//! loop neither spins nor leaves clients hanging.
//!
//! # Compatibility
//! Options `smtp_accept_max`, `smtp_accept_max_per_host`, `smtp_accept_reserve`, `smtp_reserve_hosts`,
//! `smtp_load_reserve`, `smtp_accept_keepalive`, `smtp_connect_backlog`; texts are the oracle's.

mod admission;
mod bound;
mod connections;
mod spare;
#[cfg(test)]
mod tests;

pub use bound::bind;
pub use connections::Connections;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use config::options::main as options;
use rustix::io::Errno;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::services::Services;
use crate::smtp_in::{Client, session};
use admission::Refusal;
use spare::Spare;

/// For connections that there are no descriptors for.
const TOO_MANY_FILES: &[u8] = b"421 Too many open files; please try again later.\r\n";
/// How long sessions may take to end after the program was asked to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// Pause after an error of `accept` that is not about descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long a refused client may take to read its reply.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(5);

/// Accept connections on sockets that are bound already, until `shutdown` says stop; then wait for the sessions.
pub async fn serve(
    sockets: Vec<std::net::TcpListener>,
    services: Arc<Services>,
    shutdown: watch::Receiver<bool>,
) -> io::Result<()> {
    let connections = Arc::new(Connections::default());
    let mut loops = tokio::task::JoinSet::new();
    for socket in sockets {
        socket.set_nonblocking(true)?;
        let listener = TcpListener::from_std(socket)?;
        let (services, shutdown) = (Arc::clone(&services), shutdown.clone());
        loops.spawn(accept_loop(listener, services, Arc::clone(&connections), shutdown));
    }
    while loops.join_next().await.is_some() {}
    // Sessions have been told; those that do not end are cut off with the process.
    let _ = tokio::time::timeout(DRAIN, connections.all_closed()).await;
    Ok(())
}

async fn accept_loop(
    listener: TcpListener,
    services: Arc<Services>,
    connections: Arc<Connections>,
    mut shutdown: watch::Receiver<bool>,
) {
    let mut spare = Spare::new();
    loop {
        let room = connections.room().await;
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = shutdown.wait_for(|stop| *stop) => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                spare.take_again();
                let open = connections.open(peer.ip().to_canonical(), room);
                let (services, shutdown) = (Arc::clone(&services), shutdown.clone());
                tokio::spawn(async move {
                    let counted = open;
                    connection(stream, peer, &counted, services, shutdown).await;
                });
            }
            Err(error) => recover(&error, &mut spare, &listener, &services).await,
        }
    }
}

/// `tcp_nodelay` and `smtp_accept_keepalive`. A connection that can't be tuned is as good as gone: its session will tell.
fn tune(stream: &TcpStream, services: &Services) {
    let config = services.snapshot();
    // Replies are small and each is waited for.
    let _ = stream.set_nodelay(config.main.get(options::TCP_NODELAY));
    if config.main.get(options::SMTP_ACCEPT_KEEPALIVE) {
        let _ = socket2::SockRef::from(stream).set_keepalive(true);
    }
}

/// One connection from its acceptance to its end.
async fn connection(
    mut stream: TcpStream,
    peer: SocketAddr,
    counted: &connections::Counted,
    services: Arc<Services>,
    shutdown: watch::Receiver<bool>,
) {
    if spare::is_among_the_last(&stream) {
        services.log.problem(None, "too few descriptors are left: connection refused with 421".to_owned());
        return refuse(&mut stream, TOO_MANY_FILES).await;
    }
    let Ok(local) = stream.local_addr() else { return };
    tune(&stream, &services);
    let client = Client::Tcp { peer, local, count: Some(counted.total()) };
    match admission::check(&client, counted, &services).await {
        Ok(()) => {
            let _end = session(&mut stream, client, services, shutdown).await;
        }
        Err(Refusal { reply }) => refuse(&mut stream, &reply).await,
    }
}

async fn refuse(stream: &mut TcpStream, reply: &[u8]) {
    // A client that does not read loses nothing but this text.
    let _ = tokio::time::timeout(REFUSAL_TIMEOUT, async {
        stream.write_all(reply).await?;
        stream.shutdown().await
    })
    .await;
}

/// `accept` failed.
async fn recover(error: &io::Error, spare: &mut Spare, listener: &TcpListener, services: &Services) {
    let out_of_descriptors =
        matches!(error.raw_os_error().map(Errno::from_raw_os_error), Some(Errno::MFILE | Errno::NFILE));
    if out_of_descriptors && spare.give_up() {
        services.log.problem(None, format!("accept() failed: {error}: connection refused with 421"));
        if let Ok(Ok((mut stream, _peer))) = tokio::time::timeout(ACCEPT_PAUSE, listener.accept()).await {
            refuse(&mut stream, TOO_MANY_FILES).await;
        }
        spare.take_again();
        return;
    }
    services.log.problem(None, format!("accept() failed: {error}"));
    tokio::time::sleep(ACCEPT_PAUSE).await;
}
