//! Connections over real sockets on the loopback interface.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{serve, tune};
use crate::testing::Bench;

async fn banner(address: std::net::SocketAddr) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(address).await.expect("somebody listens");
    let mut text = vec![0; 512];
    let count = stream.read(&mut text).await.expect("something is said");
    text.truncate(count);
    (stream, String::from_utf8_lossy(&text).trim_end().to_owned())
}

fn listen() -> (std::net::TcpListener, std::net::SocketAddr) {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("the loopback interface is there");
    let address = socket.local_addr().expect("it is bound");
    (socket, address)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_beyond_the_limit_hear_421() {
    let bench = Bench::new(
        "acl_smtp_rcpt = accept\nsmtp_accept_max = 2\nsmtp_accept_max_per_host = 1\nhost_lookup =\n",
    );
    let (socket, address) = listen();
    let server = tokio::spawn(serve(vec![socket], Arc::clone(&bench.services), bench.shutdown.subscribe()));
    let (first, greeting) = banner(address).await;
    assert!(greeting.starts_with("220 mx.test.example ESMTP"), "{greeting}");
    let (second, reply) = banner(address).await;
    assert_eq!(
        reply,
        "421 Too many concurrent SMTP connections from this IP address; please try again later."
    );
    drop((first, second));
    bench.shutdown.send(true).expect("the server listens");
    server.await.expect("it does not panic").expect("it ends well");
    let expected = "Connection from [127.0.0.1] refused: too many connections from that IP address";
    assert!(bench.main_log().contains(&expected.to_owned()), "{:?}", bench.main_log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_over_tcp_and_a_clean_stop() {
    let bench = Bench::new("acl_smtp_rcpt = accept\nqueue_only\n");
    let (socket, address) = listen();
    let server = tokio::spawn(serve(vec![socket], Arc::clone(&bench.services), bench.shutdown.subscribe()));
    let (mut stream, _) = banner(address).await;
    stream.write_all(b"QUIT\r\n").await.expect("the server reads");
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.expect("the server closes");
    assert_eq!(rest, "221 mx.test.example closing connection\r\n");
    bench.shutdown.send(true).expect("the server listens");
    server.await.expect("it does not panic").expect("it ends well");
}

#[tokio::test]
async fn accepted_connections_are_tuned_as_the_options_say() {
    for (options, nodelay, keepalive) in [
        ("", true, true),
        ("tcp_nodelay = false\n", false, true),
        ("smtp_accept_keepalive = false\n", true, false),
    ] {
        let bench = Bench::new(options);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (_client, accepted) =
            tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        let (stream, _) = accepted.unwrap();
        tune(&stream, &bench.services);
        let found = (stream.nodelay().unwrap(), socket2::SockRef::from(&stream).keepalive().unwrap());
        assert_eq!(found, (nodelay, keepalive), "{options}");
    }
}
