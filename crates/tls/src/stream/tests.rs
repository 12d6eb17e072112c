//! Sessions that the client breaks: what the server's side says about it.

use std::sync::Arc;

use mail_types::clock::SystemClock;
use mail_types::limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use super::{State, Stream};
use crate::{AcceptorRequest, ConnectorRequest, Store};

/// Lists of ciphers of a server, and the version that they leave: OpenSSL's have no word for TLS 1.3, and cannot do without it.
const VERSIONS: [(&str, &str); 2] = [("", "TLS1.3"), ("NORMAL:-VERS-TLS1.3", "TLS1.2")];

/// A session that was set up, with this version and as many ciphers as `list` leaves.
async fn session((list, version): (&str, &str)) -> (Stream<DuplexStream>, Stream<DuplexStream>) {
    let store = Store::new(Arc::new(SystemClock));
    let acceptor = store.acceptor(&AcceptorRequest {
        own_name: "mx.example".to_owned(),
        ciphers: list.to_owned(),
        ..AcceptorRequest::default()
    });
    let connector = store.connector(&ConnectorRequest::default());
    let (acceptor, connector) = (acceptor.unwrap(), connector.unwrap());
    let (near, far) = duplex(1 << 20);
    let (mut serving, mut asking) = (Stream::new(near), Stream::new(far));
    let served = async {
        serving.hello().await.unwrap();
        serving.accept(&acceptor).await.unwrap()
    };
    let asked = async { asking.connect(&connector, None, [192, 0, 2, 1].into()).await.unwrap() };
    let (served, asked) = tokio::join!(served, asked);
    assert_eq!((served.version.as_str(), asked.version.as_str()), (version, version));
    (serving, asking)
}

/// What lies under the client's session.
fn wire(client: &mut Stream<DuplexStream>) -> (&mut DuplexStream, &mut rustls::ClientConnection) {
    match &mut client.state {
        State::Client(stream) => stream.get_mut(),
        _ => panic!("not a client's session"),
    }
}

/// What the server reads until the end, and why it ended.
async fn end(mut server: Stream<DuplexStream>) -> (usize, Option<String>) {
    let mut heard = Vec::new();
    let read = tokio::time::timeout(std::time::Duration::from_secs(20), server.read_to_end(&mut heard)).await;
    // How it ended is what is asked for.
    let _ = read.expect("the session ends");
    (heard.len(), server.take_fault())
}

#[tokio::test]
async fn what_is_no_record_ends_the_session_with_a_reason() {
    let sealed = [&[0x17, 3, 3, 0, 32][..], &[b'z'; 32]].concat();
    let table: [(&str, &[u8], &str); 4] = [
        (
            "words in clear",
            b"MAIL FROM:<a@b.example>\r\n",
            "received corrupt message of type InvalidContentType",
        ),
        ("a forged record", &sealed, "cannot decrypt peer's message"),
        (
            "a record of 64 KiB",
            &[0x17, 3, 3, 0xff, 0xff, 1],
            "received corrupt message of type MessageTooLarge",
        ),
        ("an alert in clear", &[0x15, 3, 3, 0, 2, 2, 80], "cannot decrypt peer's message"),
    ];
    for version in VERSIONS {
        for (what, octets, reason) in table {
            let (server, mut client) = session(version).await;
            client.write_all(b"NOOP\r\n").await.unwrap();
            client.flush().await.unwrap();
            wire(&mut client).0.write_all(octets).await.unwrap();
            assert_eq!(end(server).await.1.as_deref(), Some(reason), "{what}, {version:?}");
        }
    }
}

#[tokio::test]
async fn requests_for_new_keys_have_a_limit() {
    for (asked, between, reason) in [
        (limits::TLS_KEY_UPDATES, false, None),
        (
            limits::TLS_KEY_UPDATES + 1,
            false,
            Some("too many key updates (limit tls_key_updates: 32)".to_owned()),
        ),
        (limits::TLS_KEY_UPDATES + 1, true, None),
    ] {
        let (server, mut client) = session(VERSIONS[0]).await;
        let mut written = 0;
        for _ in 0..asked {
            let (io, connection) = wire(&mut client);
            connection.refresh_traffic_keys().unwrap();
            let mut records = Vec::new();
            connection.write_tls(&mut records).unwrap();
            io.write_all(&records).await.unwrap();
            if between {
                client.write_all(b"x").await.unwrap();
                written += 1;
            }
        }
        client.shutdown().await.unwrap();
        drop(client);
        assert_eq!(end(server).await, (written, reason), "{asked} {between}");
    }
}

#[tokio::test]
async fn a_cut_connection_is_told_from_one_that_was_closed() {
    for version in VERSIONS {
        for (polite, reason) in
            [(true, None), (false, Some("the connection was closed without close_notify"))]
        {
            let (server, mut client) = session(version).await;
            client.write_all(b"QUIT\r\n").await.unwrap();
            client.flush().await.unwrap();
            if polite {
                client.shutdown().await.unwrap();
            }
            drop(client);
            assert_eq!(end(server).await, (6, reason.map(str::to_owned)), "{version:?} {polite}");
        }
    }
}

/// The library's limit is the one that we name: a hello one octet longer is refused at its first record.
#[tokio::test]
async fn a_hello_may_not_be_longer_than_its_limit() {
    for (length, named) in [(limits::TLS_HANDSHAKE_MESSAGE, false), (limits::TLS_HANDSHAKE_MESSAGE + 1, true)]
    {
        let (near, mut far) = duplex(1 << 20);
        let length = u32::try_from(length).unwrap().to_be_bytes();
        far.write_all(&[&[0x16, 3, 1, 0, 8, 1], &length[1..], &[3, 3, 0, 0]].concat()).await.unwrap();
        drop(far);
        let fault = Stream::new(near).hello().await.unwrap_err().to_string();
        assert_eq!(fault.ends_with("(limit tls_handshake_message: 65535)"), named, "{fault}");
    }
}
