//! SRV records of the service `smtp-tls`: the host has TLS, or hears of no message.

use std::sync::Arc;

use mail_types::clock::FixedClock;
use tls::{AcceptorRequest, Store, Stream};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::Office;
use crate::deliver::AttemptKind;
use crate::testing::Bench;

/// A server that takes a message, under TLS from the first octet or in clear.
async fn server(under_tls: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let request = AcceptorRequest { own_name: "mx.srv.example".to_owned(), ..AcceptorRequest::default() };
    let acceptor = Store::new(Arc::new(FixedClock::new(crate::testing::NOW))).acceptor(&request).unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(session(stream, under_tls.then(|| acceptor.clone())));
        }
    });
    port
}

async fn session(stream: TcpStream, acceptor: Option<tls::Acceptor>) -> Option<()> {
    let mut stream = Stream::new(stream);
    if let Some(acceptor) = acceptor {
        stream.hello().await.ok()?;
        stream.accept(&acceptor).await.ok()?;
    }
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 sink\r\n").await.ok()?;
    let mut data = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        let reply: &[u8] = match line {
            "." => b"250 taken\r\n",
            _ if data => continue,
            "DATA" => b"354 go\r\n",
            _ => b"250 ok\r\n",
        };
        data = line == "DATA";
        stream.write_all(reply).await.ok()?;
        stream.flush().await.ok()?;
    }
}

async fn delivered(under_tls: bool, router: &str) -> Vec<String> {
    let port = server(under_tls).await;
    let zone = format!(
        "_smtp-tls._tcp.srv.example. SRV 1 0 {port} mx.srv.example.\n\
         _smtp._tcp.srv.example. SRV 1 0 {port} mx.srv.example.\nmx.srv.example. A 127.0.0.1\n"
    );
    let (bench, _server) = Bench::with_zone(
        &format!(
            "local_interfaces = 192.0.2.99\nbegin routers\n\
             dns:\n  driver = dnslookup\n  self = send\n  transport = remote\n{router}\
             begin transports\nremote:\n  driver = smtp\n  allow_localhost\n  hosts_try_chunking =\n  \
             connection_max_messages = 1\nbegin retry\n* * F,2h,15m\n"
        ),
        &zone,
    );
    let office = Office { bench, agent: Arc::default() };
    let id = office.post("carol@test.example", &["x@srv.example"]);
    office.attempt(id, AttemptKind::Arrival).await;
    office.log_of(id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_smtp_tls_is_spoken_to_under_tls_alone() {
    let both = "  check_srv = smtp-tls : smtp\n";
    assert_eq!(
        delivered(true, both).await,
        [
            "=> x@srv.example R=dns T=remote H=mx.srv.example [127.0.0.1] X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no \
             C=\"250 taken\"",
            "Completed"
        ]
    );
    // A host without TLS gets nothing, not even where another service would have it.
    let log = delivered(false, both).await;
    assert_eq!(log.len(), 1, "{log:?}");
    let start = "== x@srv.example R=dns T=remote defer (-37) H=mx.srv.example [127.0.0.1]: TLS session: (SSL_connect): ";
    assert!(log[0].starts_with(start), "{log:?}");
    // The twin: the service that promises nothing.
    let clear = "=> x@srv.example R=dns T=remote H=mx.srv.example [127.0.0.1] C=\"250 taken\"";
    assert_eq!(delivered(false, "  check_srv = nosuch : smtp\n").await, [clear, "Completed"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_are_translated() {
    let to = |text: &str| format!("  check_srv = smtp\n  translate_ip_address = {text}\n");
    let sent = |to: &str| {
        vec![
            format!("=> x@srv.example R=dns T=remote H=mx.srv.example [{to}] C=\"250 taken\""),
            "Completed".to_owned(),
        ]
    };
    assert_eq!(
        delivered(false, &to("${if eq{$host_address}{127.0.0.1}{127.0.0.1}fail}")).await,
        sent("127.0.0.1")
    );
    // A name's addresses, and a forced failure.
    assert_eq!(delivered(false, &to("mx.srv.example")).await, sent("127.0.0.1"));
    assert_eq!(delivered(false, &to("${if eq{a}{b}{x}fail}")).await, sent("127.0.0.1"));
    // Nobody listens at the other address.
    let log = delivered(false, &to("127.0.0.9")).await;
    assert!(log[0].starts_with("H=mx.srv.example [127.0.0.9] Connection refused"), "{log:?}");
    let log = delivered(false, &to("${if")).await;
    assert!(log[0].starts_with("== x@srv.example R=dns defer (-1): "), "{log:?}");
    let log = delivered(false, &to("nobody.srv.example")).await;
    let why = "host lookup of \"nobody.srv.example\" (translate_ip_address) did not complete";
    assert_eq!(log, [format!("== x@srv.example R=dns defer (-1): {why}")]);
}
