//! Whole handshakes over a pipe in memory.

use std::sync::Arc;

use mail_types::clock::{Clock, FixedClock, SystemClock};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use crate::cipher::Choice;
use crate::{
    Acceptor, AcceptorSettings, Anchors, Connector, ConnectorSettings, Established, HandshakeFault, Hello,
    Identity, Ocsp, Proof, Requirement, Revocations, Stream, Strictness, Tickets, TlsError,
};

/// An authority with what it signs, in a folder of its own.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: std::path::PathBuf,
}

impl Authority {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("postrider-tls-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(rcgen::DnType::CommonName, format!("authority {name}"));
        let issuer = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
        std::fs::write(folder.join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    fn anchors(&self) -> Arc<Anchors> {
        Arc::new(Anchors::load(&self.folder.join("ca.pem")).unwrap())
    }

    fn identity(&self, host: &str) -> Identity {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(vec![host.to_owned()]).unwrap();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters.distinguished_name.push(rcgen::DnType::CountryName, "NL");
        parameters.distinguished_name.push(rcgen::DnType::CommonName, host);
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        let path = self.folder.join(format!("{host}.pem"));
        std::fs::write(&path, format!("{}{}", certificate.pem(), key.serialize_pem())).unwrap();
        Identity::load(&path, &path).unwrap()
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

fn server(identity: Identity, change: impl FnOnce(&mut AcceptorSettings)) -> Acceptor {
    let mut settings = AcceptorSettings {
        identities: vec![identity],
        client: Requirement::default(),
        ciphers: Choice::default(),
        alpn: vec![b"smtp".to_vec(), b"esmtp".to_vec()],
        tickets: None,
        early: false,
    };
    change(&mut settings);
    Acceptor::new(settings, clock()).unwrap()
}

fn client(change: impl FnOnce(&mut ConnectorSettings)) -> Connector {
    let mut settings = ConnectorSettings::default();
    change(&mut settings);
    Connector::new(settings, clock()).unwrap()
}

fn checked(strictness: Strictness, anchors: Arc<Anchors>, name: &str) -> Requirement {
    Requirement { strictness, anchors, names: vec![name.to_owned()], ..Requirement::default() }
}

type Side = Result<Established, HandshakeFault>;

/// Shakes hands, and says a word each way if that went well. TLS 1.3 clients hear of a refusal only then.
async fn handshake(acceptor: &Acceptor, connector: &Connector, sni: Option<&str>) -> (Side, Side, Hello) {
    let (near, far) = duplex(64 * 1024);
    let (mut accepting, mut connecting) = (Stream::new(near), Stream::new(far));
    let serving = async {
        let hello = accepting.hello().await.unwrap();
        let facts = accepting.accept(acceptor).await?;
        exchange(&mut accepting).await;
        Ok::<_, HandshakeFault>((facts, hello))
    };
    let asking = async {
        let facts = connecting.connect(connector, sni, [192, 0, 2, 1].into()).await?;
        exchange(&mut connecting).await;
        Ok(facts)
    };
    let (served, asked) = tokio::join!(serving, asking);
    let hello = served.as_ref().map(|(_, hello)| hello.clone()).unwrap_or_default();
    (served.map(|(facts, _)| facts), asked, hello)
}

async fn exchange(stream: &mut Stream<DuplexStream>) {
    // The other side may have refused by now; the facts are what is looked at.
    let _ = stream.write_all(b"word").await;
    let _ = stream.flush().await;
    let _ = stream.read_exact(&mut [0; 4]).await;
}

#[tokio::test]
async fn a_session_tells_what_it_is() {
    let authority = Authority::new("facts");
    let acceptor = server(authority.identity("mx.example"), |_| {});
    let connector = client(|settings| {
        settings.server = checked(Strictness::Require, authority.anchors(), "mx.example");
        settings.alpn = vec![b"smtp".to_vec()];
    });
    let (served, asked, hello) = handshake(&acceptor, &connector, Some("mx.example")).await;
    let (served, asked) = (served.unwrap(), asked.unwrap());
    assert_eq!(hello, Hello { sni: Some("mx.example".to_owned()), alpn: vec![b"smtp".to_vec()] });
    assert_eq!(served.cipher(), "TLS1.3:TLS_AES_256_GCM_SHA384:256");
    assert_eq!(served.sni.as_deref(), Some(&b"mx.example"[..]));
    assert_eq!(served.alpn.as_deref(), Some(&b"smtp"[..]));
    assert!(!served.verified && served.peer_dn.is_none());
    assert!(asked.verified && !asked.resumed);
    assert_eq!(asked.peer_dn.as_deref(), Some(&b"/C=NL/CN=mx.example"[..]));
}

/// OpenSSL's responses, stapled: what is wanted, what is stapled, who is believed, and how it ends.
#[tokio::test]
async fn stapled_proofs() {
    let fixture =
        |name: &str| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ocsp/fixtures").join(name);
    let anchors = Arc::new(Anchors::load(&fixture("ca.pem")).unwrap());
    let identity = Identity::load(&fixture("chain.pem"), &fixture("leaf.key")).unwrap();
    let late: Arc<dyn Clock> =
        Arc::new(FixedClock::new(mail_types::clock::Timestamp::from_secs(1_800_000_000)));
    let failed = |why| Err(HandshakeFault::Status(why));
    for (proof, staple, strictness, want) in [
        (Proof::Ignore, Some("revoked"), Strictness::Require, Ok(Ocsp::NotRequested)),
        (Proof::Request, None, Strictness::Require, Ok(Ocsp::NotResponded)),
        (Proof::Request, Some("good"), Strictness::Require, Ok(Ocsp::Verified)),
        (Proof::Request, Some("revoked"), Strictness::Try, Ok(Ocsp::Failed)),
        (Proof::Request, Some("good"), Strictness::Ignore, Ok(Ocsp::NotTried)),
        (Proof::Require, Some("good"), Strictness::Require, Ok(Ocsp::Verified)),
        (Proof::Require, Some("delegated"), Strictness::Try, Ok(Ocsp::Verified)),
        (Proof::Require, None, Strictness::Require, failed("no proof was sent")),
        (Proof::Require, Some("revoked"), Strictness::Require, failed("the certificate was revoked")),
        (Proof::Require, Some("old"), Strictness::Require, failed("the response is out of date")),
        (Proof::Require, Some("good"), Strictness::Ignore, failed("the certificate itself is not verified")),
    ] {
        let shown = match staple {
            Some(name) => identity.with_proof(std::fs::read(fixture(&format!("{name}.der"))).unwrap()),
            None => identity.clone(),
        };
        for list in ["", "NORMAL:-VERS-TLS1.3"] {
            let acceptor = server(shown.clone(), |settings| settings.ciphers = Choice::parse(list));
            let settings = ConnectorSettings {
                server: checked(strictness, Arc::clone(&anchors), "mx.example"),
                proof,
                ..ConnectorSettings::default()
            };
            let connector = Connector::new(settings, Arc::clone(&late)).unwrap();
            let (served, asked, _) = handshake(&acceptor, &connector, Some("mx.example")).await;
            assert_eq!(asked.map(|facts| facts.ocsp), want, "{proof:?} {staple:?} {strictness:?} {list}");
            // The library's client always asks. It is the server who is told here.
            let sent = if staple.is_some() { Ocsp::Verified } else { Ocsp::NotResponded };
            if let Ok(served) = served {
                assert_eq!(served.ocsp, sent, "{proof:?} {staple:?} {strictness:?} {list}");
            }
        }
    }
}

/// A server whose proof failed is asked anew each time, until it has a good one.
#[tokio::test]
async fn what_was_not_proved_is_not_resumed() {
    let fixture =
        |name: &str| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ocsp/fixtures").join(name);
    let anchors = Arc::new(Anchors::load(&fixture("ca.pem")).unwrap());
    let identity = Identity::load(&fixture("chain.pem"), &fixture("leaf.key")).unwrap();
    let late: Arc<dyn Clock> =
        Arc::new(FixedClock::new(mail_types::clock::Timestamp::from_secs(1_800_000_000)));
    let tickets = Tickets::new().unwrap();
    let revoked = HandshakeFault::Status("the certificate was revoked");
    for list in ["", "NORMAL:-VERS-TLS1.3"] {
        let stapling = |name: &str| {
            let shown = identity.with_proof(std::fs::read(fixture(name)).unwrap());
            server(shown, |settings| {
                settings.tickets = Some(tickets.clone());
                settings.ciphers = Choice::parse(list);
            })
        };
        let (bad, good) = (stapling("revoked.der"), stapling("good.der"));
        for proof in [Proof::Require, Proof::Request] {
            let settings = ConnectorSettings {
                server: checked(Strictness::Try, Arc::clone(&anchors), "mx.example"),
                proof,
                resumption: true,
                ..ConnectorSettings::default()
            };
            let connector = Connector::new(settings, Arc::clone(&late)).unwrap();
            let mut seen = Vec::new();
            for acceptor in [&bad, &bad, &good, &good, &good] {
                let (_, asked, _) = handshake(acceptor, &connector, Some("mx.example")).await;
                seen.push(asked.map(|facts| (facts.verified, facts.resumed)));
            }
            let refused = if proof == Proof::Require { Err(revoked.clone()) } else { Ok((false, false)) };
            assert_eq!(seen[..3], [refused.clone(), refused, Ok((true, false))], "{proof:?} {list}");
            assert_eq!(seen[4], Ok((true, true)), "{proof:?} {list}");
        }
    }
}

/// The word of an authority that it takes a certificate back counts, where it is listened to, and so does a word that is
/// none of its own, or of another day.
#[tokio::test]
async fn what_is_revoked_or_vouched_for_falsely_is_not_verified() {
    let fixture =
        |name: &str| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ocsp/fixtures").join(name);
    let anchors = Arc::new(Anchors::load(&fixture("ca.pem")).unwrap());
    let identity = Identity::load(&fixture("chain.pem"), &fixture("leaf.key")).unwrap();
    let late: Arc<dyn Clock> =
        Arc::new(FixedClock::new(mail_types::clock::Timestamp::from_secs(1_800_000_000)));
    for (staple, proof, strictness, verified) in [
        ("revoked", Proof::Ignore, Strictness::Require, Some(true)),
        ("revoked", Proof::Request, Strictness::Try, Some(false)),
        ("revoked", Proof::Request, Strictness::Require, None),
        ("old", Proof::Ignore, Strictness::Require, Some(true)),
        ("old", Proof::Request, Strictness::Try, Some(false)),
        ("old", Proof::Request, Strictness::Require, None),
        ("another", Proof::Request, Strictness::Try, Some(false)),
        ("not_delegated", Proof::Request, Strictness::Try, Some(false)),
        ("unknown", Proof::Request, Strictness::Require, Some(true)),
    ] {
        let shown = identity.with_proof(std::fs::read(fixture(&format!("{staple}.der"))).unwrap());
        let settings = ConnectorSettings {
            server: checked(strictness, Arc::clone(&anchors), "mx.example"),
            proof,
            ..ConnectorSettings::default()
        };
        let connector = Connector::new(settings, Arc::clone(&late)).unwrap();
        let (_, asked, _) = handshake(&server(shown, |_| {}), &connector, Some("mx.example")).await;
        match verified {
            Some(verified) => assert_eq!(asked.unwrap().verified, verified, "{staple} {proof:?}"),
            None => assert!(matches!(asked, Err(HandshakeFault::Certificate(_))), "{asked:?}"),
        }
    }
}

#[tokio::test]
async fn ciphers_and_versions_are_those_of_the_list() {
    let authority = Authority::new("ciphers");
    let table = [
        ("NORMAL:-VERS-TLS1.3:-AES-256-GCM:-CHACHA20-POLY1305", "TLS1.2:ECDHE-ECDSA-AES128-GCM-SHA256:128"),
        ("NORMAL:-VERS-ALL:+VERS-TLS1.3:-AES-256-GCM", "TLS1.3:TLS_AES_128_GCM_SHA256:128"),
        ("NORMAL:-VERS-TLS1.3:-CIPHER-ALL:+CHACHA20-POLY1305", "TLS1.2:ECDHE-ECDSA-CHACHA20-POLY1305:256"),
    ];
    for (list, cipher) in table {
        let acceptor =
            server(authority.identity("mx.example"), |settings| settings.ciphers = Choice::parse(list));
        let (served, asked, _) = handshake(&acceptor, &client(|_| {}), None).await;
        assert_eq!(served.unwrap().cipher(), cipher, "{list}");
        assert_eq!(asked.unwrap().cipher(), cipher, "{list}");
    }
    let old = Choice::parse("NONE:+VERS-TLS1.0:+3DES-CBC:+RSA");
    let refused = Connector::new(ConnectorSettings { ciphers: old, ..ConnectorSettings::default() }, clock());
    assert!(matches!(refused, Err(TlsError::Ciphers { .. })));
}

#[tokio::test]
async fn a_servers_certificate_is_judged_as_asked() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let acceptor = server(ours.identity("mx.example"), |_| {});
    let alone = Identity::self_signed("mx.example", &SystemClock).unwrap();
    let lonely = server(alone, |_| {});
    let table = [
        (&acceptor, checked(Strictness::Require, ours.anchors(), "mx.example"), Ok(true)),
        (
            &acceptor,
            checked(Strictness::Require, ours.anchors(), "other.example"),
            Err("certificate is not for other.example"),
        ),
        (&acceptor, checked(Strictness::Try, ours.anchors(), "other.example"), Ok(false)),
        (
            &acceptor,
            checked(Strictness::Require, theirs.anchors(), "mx.example"),
            Err("unable to get local issuer certificate"),
        ),
        (&acceptor, checked(Strictness::Try, theirs.anchors(), "mx.example"), Ok(false)),
        (
            &lonely,
            checked(Strictness::Require, ours.anchors(), "mx.example"),
            Err("unable to get local issuer certificate"),
        ),
        (&lonely, Requirement::default(), Ok(false)),
    ];
    for (acceptor, requirement, expected) in table {
        let said = format!("{requirement:?}");
        let connector = client(|settings| settings.server = requirement);
        let (_, asked, _) = handshake(acceptor, &connector, Some("mx.example")).await;
        match expected {
            Ok(verified) => assert_eq!(asked.unwrap().verified, verified, "{said}"),
            Err(words) => {
                let want = format!("certificate verification failed: {words}");
                assert_eq!(asked.unwrap_err().to_string(), want, "{said}");
            }
        }
    }
}

#[tokio::test]
async fn a_trusted_certificate_may_stand_alone_until_it_expires() {
    let folder = std::env::temp_dir().join(format!("postrider-tls-{}-alone", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["mx.example".to_owned()]).unwrap().self_signed(&key).unwrap();
    let path = folder.join("mx.pem");
    std::fs::write(&path, format!("{}{}", certificate.pem(), key.serialize_pem())).unwrap();
    let identity = Identity::load(&path, &path).unwrap();
    let anchors = Arc::new(Anchors::load(&path).unwrap());
    std::fs::remove_dir_all(&folder).unwrap();
    let requirement = checked(Strictness::Try, anchors, "mx.example");
    let acceptor = server(identity, |_| {});
    let connector = client(|settings| settings.server = requirement.clone());
    let (_, asked, _) = handshake(&acceptor, &connector, Some("mx.example")).await;
    assert!(asked.unwrap().verified);
    let far_future = Arc::new(FixedClock::new(mail_types::clock::Timestamp::from_secs(90_000_000_000)));
    let settings = ConnectorSettings { server: requirement, ..ConnectorSettings::default() };
    let connector = Connector::new(settings, far_future).unwrap();
    let (_, asked, _) = handshake(&acceptor, &connector, Some("mx.example")).await;
    assert_eq!(asked.unwrap().verify_error, Some(crate::Unverified::expired()));
}

#[tokio::test]
async fn a_clients_certificate_is_judged_as_asked() {
    let (ours, theirs) = (Authority::new("clients"), Authority::new("strangers"));
    let known = client(|settings| settings.identity = Some(ours.identity("client.example")));
    let strange = client(|settings| settings.identity = Some(theirs.identity("client.example")));
    let nobody = client(|_| {});
    let asked = |strictness| {
        let requirement = Requirement { strictness, anchors: ours.anchors(), ..Requirement::default() };
        server(ours.identity("mx.example"), |settings| settings.client = requirement)
    };
    let (required, tried, ignored) =
        (asked(Strictness::Require), asked(Strictness::Try), asked(Strictness::Ignore));
    let table = [
        (&required, &known, Ok((true, true))),
        (&required, &strange, Err("unable to get local issuer certificate")),
        (&required, &nobody, Err("the peer did not return a certificate")),
        (&tried, &known, Ok((true, true))),
        (&tried, &strange, Ok((false, true))),
        (&tried, &nobody, Ok((false, false))),
        (&ignored, &known, Ok((false, false))),
    ];
    for (at, (acceptor, connector, expected)) in table.into_iter().enumerate() {
        let (served, _, _) = handshake(acceptor, connector, None).await;
        match (served, expected) {
            (Ok(facts), Ok((verified, shown))) => {
                assert_eq!((facts.verified, facts.peer_certificate.is_some()), (verified, shown), "row {at}");
            }
            (Err(HandshakeFault::Certificate(why)), Err(words)) => assert_eq!(why.words, words, "row {at}"),
            (served, _) => panic!("row {at}: {served:?}"),
        }
    }
}

#[tokio::test]
async fn sessions_are_resumed_only_with_tickets() {
    let authority = Authority::new("tickets");
    let tickets = Tickets::new().unwrap();
    let giving =
        server(authority.identity("mx.example"), |settings| settings.tickets = Some(tickets.clone()));
    let refusing = server(authority.identity("mx.example"), |_| {});
    for (acceptor, resumed) in [(&giving, true), (&refusing, false)] {
        let connector = client(|settings| {
            settings.resumption = true;
            settings.server = checked(Strictness::Require, authority.anchors(), "mx.example");
        });
        let (_, first, _) = handshake(acceptor, &connector, Some("mx.example")).await;
        let (served, second, _) = handshake(acceptor, &connector, Some("mx.example")).await;
        let second = second.unwrap();
        assert!(!first.unwrap().resumed && second.verified);
        assert_eq!((served.unwrap().resumed, second.resumed), (resumed, resumed));
    }
}

#[tokio::test]
async fn another_protocol_is_refused() {
    let authority = Authority::new("alpn");
    let acceptor = server(authority.identity("mx.example"), |_| {});
    let browser = client(|settings| settings.alpn = vec![b"http/1.1".to_vec()]);
    let (served, _, _) = handshake(&acceptor, &browser, None).await;
    assert!(matches!(served, Err(HandshakeFault::Protocol(_))), "{served:?}");
}

#[tokio::test]
async fn what_is_no_hello_is_a_fault() {
    let (near, mut far) = duplex(1024);
    let mut accepting = Stream::new(near);
    far.write_all(b"EHLO me\r\nMAIL FROM:<>\r\n").await.unwrap();
    assert!(matches!(accepting.hello().await, Err(HandshakeFault::Protocol(_))));
    assert!(accepting.read_exact(&mut [0; 1]).await.is_err(), "nothing goes on in clear");
    let (near, far) = duplex(1024);
    drop(far);
    assert_eq!(Stream::new(near).hello().await.unwrap_err(), HandshakeFault::Closed);
}

#[test]
fn files_that_are_none_are_named() {
    let authority = Authority::new("files");
    let missing = authority.folder.join("missing.pem");
    let empty = authority.folder.join("empty.pem");
    std::fs::write(&empty, "nothing").unwrap();
    let table = [
        (Identity::load(&missing, &missing).unwrap_err(), "missing.pem: No such file or directory"),
        (Identity::load(&empty, &empty).unwrap_err(), "empty.pem: no certificate in it (PEM is expected)"),
        (
            Identity::load(&authority.folder.join("ca.pem"), &empty).unwrap_err(),
            "empty.pem: no private key in it (PEM without a password is expected)",
        ),
    ];
    for (error, words) in table {
        assert!(error.to_string().ends_with(words), "{error}");
    }
    authority.identity("a.example");
    authority.identity("b.example");
    let mixed =
        Identity::load(&authority.folder.join("a.example.pem"), &authority.folder.join("b.example.pem"));
    assert!(mixed.unwrap_err().to_string().contains("does not belong to the certificate"));
}

#[tokio::test]
async fn revocation_lists_are_a_file_or_the_files_of_a_folder() {
    let authority = Authority::new("revocations");
    let identity = authority.identity("mx.example");
    let (_, certificate) = x509_parser::parse_x509_certificate(identity.certificate()).unwrap();
    let serial = rcgen::SerialNumber::from_slice(certificate.raw_serial());
    let folder = authority.folder.join("lists");
    std::fs::create_dir(&folder).unwrap();
    let list = |revoked: bool| {
        let entry = rcgen::RevokedCertParams {
            serial_number: if revoked { serial.clone() } else { 7_u64.into() },
            revocation_time: rcgen::date_time_ymd(2026, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let list = rcgen::CertificateRevocationListParams {
            this_update: rcgen::date_time_ymd(2026, 1, 1),
            next_update: rcgen::date_time_ymd(2090, 1, 1),
            crl_number: 1_u64.into(),
            issuing_distribution_point: None,
            revoked_certs: vec![entry],
            key_identifier_method: rcgen::KeyIdMethod::Sha256,
        };
        std::fs::write(folder.join("list.r0"), list.signed_by(&authority.issuer).unwrap().pem().unwrap())
            .unwrap();
    };
    std::fs::write(folder.join("notes"), "no list").unwrap();
    let acceptor = server(identity, |_| {});
    for (revoked, words) in [(false, None), (true, Some("certificate was revoked"))] {
        list(revoked);
        for path in [folder.clone(), folder.join("list.r0")] {
            let mut requirement = checked(Strictness::Try, authority.anchors(), "mx.example");
            requirement.revocations = Some(Arc::new(Revocations::load(&path).unwrap()));
            let connector = client(|settings| settings.server = requirement);
            let (_, asked, _) = handshake(&acceptor, &connector, Some("mx.example")).await;
            let facts = asked.unwrap();
            assert_eq!(facts.verify_error.map(|why| why.words).as_deref(), words, "{}", path.display());
        }
    }
    assert!(Revocations::load(&folder.join("notes")).is_err(), "a file has to hold one");
}
