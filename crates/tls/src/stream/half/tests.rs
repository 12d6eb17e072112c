//! Clients driven by hand, which keep their side of the handshake to themselves.

use std::io::Read as _;
use std::sync::Arc;

use mail_types::clock::SystemClock;
use rustls::crypto::aws_lc_rs::kx_group::{MLKEM768, X25519};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use crate::stream::Stream;
use crate::{
    Acceptor, AcceptorRequest, AnchorSource, ConnectorRequest, Established, HandshakeFault, Store, Strictness,
};

const TLS12: &str = "NORMAL:-VERS-ALL:+VERS-TLS1.2";

/// Runs one side as far as it goes without the other; whether it came to its end.
macro_rules! advance {
    ($side:expr) => {
        tokio::select! { biased; out = $side => Some(out), () = async {} => None }
    };
}

struct ByHand {
    io: DuplexStream,
    connection: ClientConnection,
}

impl ByHand {
    fn new(io: DuplexStream, config: Arc<ClientConfig>) -> Self {
        let name = ServerName::try_from("mx.example").unwrap();
        Self { io, connection: ClientConnection::new(config, name).unwrap() }
    }

    /// What the client has to say.
    fn records(&mut self) -> Vec<u8> {
        let mut records = Vec::new();
        while self.connection.wants_write() {
            self.connection.write_tls(&mut records).unwrap();
        }
        records
    }

    async fn send(&mut self) {
        let records = self.records();
        self.io.write_all(&records).await.unwrap();
    }

    /// Takes in what the server has sent by now; the words in it.
    async fn hear(&mut self) -> String {
        let mut chunk = [0; 2048];
        while let Some(count) = advance!(self.io.read(&mut chunk)) {
            let mut octets = &chunk[..count.unwrap()];
            if octets.is_empty() {
                break;
            }
            while !octets.is_empty() {
                self.connection.read_tls(&mut octets).unwrap();
                self.connection.process_new_packets().unwrap();
            }
        }
        let mut words = [0; 100];
        let count = self.connection.reader().read(&mut words).unwrap_or(0);
        String::from_utf8_lossy(&words[..count]).into_owned()
    }
}

fn acceptor(store: &Store, change: impl FnOnce(&mut AcceptorRequest)) -> Acceptor {
    let mut request =
        AcceptorRequest { own_name: "mx.example".to_owned(), early: true, ..AcceptorRequest::default() };
    change(&mut request);
    store.acceptor(&request).unwrap()
}

fn config(store: &Store, change: impl FnOnce(&mut ConnectorRequest)) -> Arc<ClientConfig> {
    let mut request = ConnectorRequest::default();
    change(&mut request);
    Arc::clone(&store.connector(&request).unwrap().config)
}

/// A client that begins with a group of which the server has not heard.
fn guessing_wrong(store: &Store) -> Arc<ClientConfig> {
    let config = config(store, |_| {});
    let mut provider = (**config.crypto_provider()).clone();
    provider.kx_groups = vec![MLKEM768, X25519];
    let builder = ClientConfig::builder_with_provider(Arc::new(provider));
    let builder = builder.with_protocol_versions(&[&rustls::version::TLS13]).unwrap();
    let verifier = crate::verify::Verifier {
        requirement: crate::Requirement::default(),
        algorithms: config.crypto_provider().signature_verification_algorithms,
    };
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    Arc::new(builder.with_no_client_auth())
}

/// Greets as early as it may, and hears four octets. The facts when it could speak, and at the end.
async fn serve(near: DuplexStream, acceptor: &Acceptor) -> (bool, Established, Established, Vec<u8>) {
    let mut stream = Stream::new(near);
    stream.hello().await.unwrap();
    let first = stream.accept_half(acceptor).await.unwrap();
    let early = stream.is_half_secured();
    assert_eq!(stream.is_secured(), !early);
    let mut heard = vec![0; 4];
    if early {
        let refused = stream.read(&mut heard).await.unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::NotConnected, "nothing is read before the end");
    }
    stream.write_all(b"220 mx").await.unwrap();
    stream.flush().await.unwrap();
    let last = if early { stream.finish().await.unwrap() } else { first.clone() };
    assert!(stream.is_secured() && !stream.is_half_secured());
    stream.read_exact(&mut heard).await.unwrap();
    (early, first, last, heard)
}

#[tokio::test]
async fn the_first_word_comes_before_the_clients_finished() {
    let store = Store::new(Arc::new(SystemClock));
    let plain = |store: &Store| config(store, |_| {});
    let old = |store: &Store| config(store, |request| request.ciphers = TLS12.to_owned());
    type Make = fn(&Store) -> Arc<ClientConfig>;
    type Change = fn(&mut AcceptorRequest);
    let table: [(&str, Make, Change, bool); 7] = [
        ("TLS 1.3", plain, |_| {}, true),
        ("a second hello", guessing_wrong, |_| {}, true),
        ("without the option", plain, |request| request.early = false, false),
        ("a second hello without it", guessing_wrong, |request| request.early = false, false),
        ("a client of TLS 1.2", old, |_| {}, false),
        ("a server of TLS 1.2", plain, |request| request.ciphers = TLS12.to_owned(), false),
        ("a certificate is asked for", plain, |request| request.client = Strictness::Try, false),
    ];
    for (what, make, change, expected) in table {
        let acceptor = acceptor(&store, change);
        let (near, far) = duplex(1 << 16);
        let mut client = ByHand::new(far, make(&store));
        let mut serving = Box::pin(serve(near, &acceptor));
        let mut before = String::new();
        // Hellos go out, and what is the client's Finished does not.
        while client.connection.is_handshaking() {
            client.send().await;
            assert!(advance!(&mut serving).is_none(), "{what}");
            before = client.hear().await;
            if client.connection.protocol_version() == Some(rustls::ProtocolVersion::TLSv1_2) {
                // Its client has to send Finished before it is sure of anything.
                assert_eq!(before, "", "{what}");
                before.clear();
                client.send().await;
                assert!(advance!(&mut serving).is_none(), "{what}");
                break;
            }
        }
        assert_eq!(before == "220 mx", expected, "{what}: {before:?}");
        let after = {
            client.send().await;
            assert!(advance!(&mut serving).is_none(), "{what}");
            client.hear().await
        };
        assert_eq!(before + &after, "220 mx", "{what}: once, sooner or later");
        std::io::Write::write_all(&mut client.connection.writer(), b"QUIT").unwrap();
        client.send().await;
        let (early, first, last, heard) = advance!(&mut serving).expect("it has heard all");
        assert_eq!((early, heard.as_slice()), (expected, &b"QUIT"[..]), "{what}");
        // What was known early was right, and nothing was known of the client.
        assert_eq!(first, last, "{what}");
        assert_eq!(first.sni.as_deref(), Some(&b"mx.example"[..]), "{what}");
        assert!(first.cipher().len() > 10 && first.our_certificate.is_some(), "{what}: {first:?}");
        assert!(first.peer_dn.is_none() && !first.verified, "{what}");
    }
}

/// How a server's handshake ends with what a client sends instead of its Finished.
async fn fault(acceptor: &Acceptor, store: &Store, instead: &[u8]) -> HandshakeFault {
    let (near, far) = duplex(1 << 16);
    let mut client = ByHand::new(far, config(store, |_| {}));
    client.send().await;
    let mut stream = Stream::new(near);
    stream.hello().await.unwrap();
    let mut shaking = Box::pin(async {
        stream.accept_half(acceptor).await?;
        stream.write_all(b"220 mx").await.unwrap();
        stream.flush().await.unwrap();
        stream.finish().await
    });
    assert!(advance!(&mut shaking).is_none());
    client.hear().await;
    client.io.write_all(instead).await.unwrap();
    drop(client);
    let fault = shaking.await.unwrap_err();
    assert!(!stream.is_secured() && stream.write_all(b"more").await.is_err());
    fault
}

#[tokio::test]
async fn a_handshake_that_fails_later_fails_in_the_same_words() {
    let store = Store::new(Arc::new(SystemClock));
    let (early, usual) = (acceptor(&store, |_| {}), acceptor(&store, |request| request.early = false));
    let sealed = [&[0x17, 3, 3, 0, 32][..], &[b'z'; 32]].concat();
    let table: [(&str, &[u8]); 5] = [
        ("it goes away", b""),
        ("words in clear", b"EHLO client.example\r\n"),
        ("an alert in clear", &[0x15, 3, 3, 0, 2, 2, 48]),
        ("a record that is not sealed as it should be", &sealed),
        ("a record of 64 KiB", &[0x17, 3, 3, 0xff, 0xff, 1]),
    ];
    for (what, instead) in table {
        let faults = [fault(&early, &store, instead).await, fault(&usual, &store, instead).await];
        assert_eq!(faults[0], faults[1], "{what}");
        assert_eq!(faults[0] == HandshakeFault::Closed, instead.is_empty(), "{what}: {faults:?}");
    }
}

/// A session that is resumed shows no certificate again, and there the library would let the server speak.
#[tokio::test]
async fn a_resumed_session_is_greeted_early_only_where_no_certificate_counts() {
    let store = Store::new(Arc::new(SystemClock));
    for (client, expected) in [(Strictness::Ignore, true), (Strictness::Try, false)] {
        let acceptor = acceptor(&store, |request| {
            (request.client, request.anchors, request.resumption) = (client, AnchorSource::None, true);
        });
        let site = vec![u8::from(expected)];
        let config = config(&store, |request| (request.resumption, request.site) = (true, site));
        for resumed in [false, true] {
            let (near, far) = duplex(1 << 16);
            let mut client = ByHand::new(far, Arc::clone(&config));
            let mut serving = Box::pin(serve(near, &acceptor));
            client.send().await;
            assert!(advance!(&mut serving).is_none());
            assert_eq!(client.hear().await == "220 mx", expected, "resumed: {resumed}");
            client.send().await;
            assert!(advance!(&mut serving).is_none());
            // The ticket comes with it.
            client.hear().await;
            std::io::Write::write_all(&mut client.connection.writer(), b"QUIT").unwrap();
            client.send().await;
            let (early, first, last, _) = advance!(&mut serving).expect("it has heard all");
            assert_eq!((early, last.resumed), (expected, resumed));
            assert_eq!((first.resumed, first.our_certificate.is_some()), (resumed, true));
        }
    }
}

/// A first word that is longer than what is between the two goes out piece by piece.
#[tokio::test]
async fn a_long_first_word_waits_for_room() {
    let store = Store::new(Arc::new(SystemClock));
    let acceptor = acceptor(&store, |_| {});
    let (near, far) = duplex(512);
    let word = vec![b'x'; 200_000];
    let serving = async {
        let mut stream = Stream::new(near);
        stream.hello().await.unwrap();
        stream.accept_half(&acceptor).await.unwrap();
        assert!(stream.is_half_secured());
        stream.write_all(&word).await.unwrap();
        stream.flush().await.unwrap();
        stream.finish().await.unwrap();
        stream.shutdown().await.unwrap();
    };
    let asking = async {
        let mut stream = Stream::new(far);
        let connector = store.connector(&ConnectorRequest::default()).unwrap();
        stream.connect(&connector, None, [192, 0, 2, 1].into()).await.unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.unwrap();
        heard
    };
    let ((), heard) = tokio::join!(serving, asking);
    assert_eq!(heard.len(), word.len());
}

/// One that is given up after its first word says so.
#[tokio::test]
async fn half_a_session_can_be_closed() {
    let store = Store::new(Arc::new(SystemClock));
    let acceptor = acceptor(&store, |_| {});
    let (near, far) = duplex(1 << 16);
    let mut client = ByHand::new(far, config(&store, |_| {}));
    client.send().await;
    let mut stream = Stream::new(near);
    stream.hello().await.unwrap();
    stream.accept_half(&acceptor).await.unwrap();
    stream.write_all(b"554 no").await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(client.hear().await, "554 no");
    assert_eq!(client.connection.reader().read(&mut [0; 9]).unwrap(), 0, "close_notify");
}
