//! STARTTLS and TLS from the first octet. Certificates are those that the server makes for itself, unless a test is
//! about files.

use std::sync::Arc;

use mail_types::clock::SystemClock;
use tls::{AnchorSource, ConnectorRequest, Strictness};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::OPEN;
use crate::smtp_in::{Client, SessionEnd, session};
use crate::testing::{Bench, Dialogue};

/// Tells in the log what a hello's ACL sees.
const TELLING: &str =
    "acl_smtp_rcpt = accept\nacl_smtp_helo = tell\nqueue_only\nlog_selector = +tls_sni +tls_peerdn\n";
const TELL: &str = "begin acl\ntell:\n  accept logwrite = $received_protocol $tls_in_cipher $tls_in_cipher_std \
                    $tls_in_ver $tls_in_bits cv=$tls_in_certificate_verified sni=$tls_in_sni old=$tls_cipher\n";

/// A message after its MAIL.
const REST: &str = "C: RCPT TO:<b@test.example>
                    S: 250 Accepted
                    C: DATA
                    S: 354 …
                    C: Subject: hello
                    C:
                    C: .
                    S: 250 OK id=…
                    C: QUIT
                    S: 221 …";

pub(super) async fn begin(bench: &Bench) -> Dialogue {
    let mut client = Dialogue::connect(bench);
    client.follow("S: 220 …\nC: EHLO x\nS: 250-…|250-STARTTLS|…\nC: STARTTLS\nS: 220 TLS go ahead").await;
    client
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_message_under_tls() {
    let bench = Bench::new(&format!("{TELLING}{TELL}"));
    let mut client = begin(&bench).await;
    let session = client.secure(&ConnectorRequest::default()).await.expect("the handshake is good");
    assert_eq!(session.peer_dn.as_deref(), Some(&b"/O=Postrider, self-signed/CN=mx.test.example"[..]));
    client
        .follow(
            "C: MAIL FROM:<a@client.example>
             S: 503 HELO or EHLO required
             C: EHLO client.example
             S: 250-mx.test.example Hello client.example [192.0.2.7]|250-SIZE 52428800|250-8BITMIME|250-PIPELINING|250-CHUNKING|250-SMTPUTF8|250 HELP
             C: STARTTLS
             S: 503 STARTTLS command used when not advertised
             C: MAIL FROM:<a@client.example>
             S: 250 OK",
        )
        .await;
    client.follow(REST).await;
    client.closed().await;
    let log = bench.main_log();
    assert_eq!(log[0], "smtp    0 cv=0 sni= old=");
    assert_eq!(log[1], "rejected MAIL from [192.0.2.7]: no HELO/EHLO given");
    assert_eq!(
        log[2],
        "smtps TLS1.3:TLS_AES_256_GCM_SHA384:256 TLS_AES_256_GCM_SHA384 TLS1.3 256 cv=0 sni=mx.test.example \
         old=TLS1.3:TLS_AES_256_GCM_SHA384:256"
    );
    assert!(
        log[3].contains(" P=esmtps X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no SNI=mx.test.example S="),
        "{log:?}"
    );
    let (header, _) = bench.only_message();
    for line in [
        "-received_protocol esmtps\n",
        "-tls_cipher TLS1.3:TLS_AES_256_GCM_SHA384:256\n",
        "--tls_sni mx.test.example\n",
        "-tls_ourcert -----BEGIN CERTIFICATE-----\\n",
        "-tls_ver TLS1.3\n",
        "with esmtps  (TLS1.3) tls TLS_AES_256_GCM_SHA384\n",
    ] {
        assert!(header.contains(line), "{line:?} in {header}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn requiretls_is_offered_within_tls_alone() {
    let bench = Bench::new(&format!("{OPEN}requiretls_advertise_hosts = *\n"));
    let mut client = begin(&bench).await;
    client.secure(&ConnectorRequest::default()).await.expect("the handshake is good");
    client
        .follow(
            "C: EHLO client.example
             S: 250-…|250-SMTPUTF8|250-REQUIRETLS|250 HELP
             C: MAIL FROM:<a@client.example> REQUIRETLS=x
             S: 501 …
             C: MAIL FROM:<a@client.example> requiretls
             S: 250 OK",
        )
        .await;
    client.follow(REST).await;
    client.closed().await;
    assert!(bench.only_message().0.contains("\n-requiretls\n"), "{}", bench.only_message().0);
    // Not in clear, and not to others.
    for options in ["requiretls_advertise_hosts = *\n", ""] {
        let bench = Bench::new(&format!("{OPEN}{options}"));
        let mut client = begin(&bench).await;
        if options.is_empty() {
            client.close().await;
            client = begin(&bench).await;
            client.secure(&ConnectorRequest::default()).await.expect("the handshake is good");
        } else {
            client.close().await;
            client = Dialogue::connect(&bench);
            client.follow("S: 220 …").await;
        }
        client
            .follow(
                "C: EHLO x\nS: 250-…|250-SMTPUTF8|250 HELP\nC: MAIL FROM:<a@b.example> REQUIRETLS\nS: 501 …",
            )
            .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn certificates_are_read_by_expansions() {
    let tell = "begin acl\ntell:\n  accept logwrite = $tls_in_ourcert ${strlen:${md5:$tls_in_ourcert}} \
                ${length_4:${base64:$tls_in_ourcert}} ${certextract{subject,CN}{$tls_in_ourcert}} \
                ${certextract{version}{$tls_in_ourcert}{v$value}} ${if def:tls_in_peercert{peer}{none}} \
                ${certextract{subject}{$tls_in_peercert}{$value}{no peer}} \
                ${if eq{${sha256:$tls_in_ourcert}}{${sha256:<cert>}}{text}{fingerprint}}\n";
    let bench = Bench::new(&format!("{TELLING}{tell}"));
    let mut client = begin(&bench).await;
    client.secure(&ConnectorRequest::default()).await.expect("the handshake is good");
    client.follow("C: EHLO client.example\nS: 250-…").await;
    client.close().await;
    assert_eq!(bench.main_log()[1], "<cert> 32 MIIB mx.test.example v3 none no peer fingerprint");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_came_in_clear_does_not_count_under_tls() {
    let bench = Bench::new(&format!(
        "{OPEN}acl_smtp_connect = acl\nbegin acl\nacl:\n  accept control = no_enforce_sync\n"
    ));
    let mut client = Dialogue::connect(&bench);
    client.follow("S: 220 …\nC: EHLO x\nS: 250-…").await;
    client.send("STARTTLS\r\nMAIL FROM:<injected@evil.example>\r\nRCPT TO:<b@test.example>\r\n").await;
    assert_eq!(client.reply().await, "220 TLS go ahead");
    client.secure(&ConnectorRequest::default()).await.expect("the handshake is good");
    client.follow("C: EHLO x\nS: 250-…\nC: RCPT TO:<b@test.example>\nS: 503 sender not yet given").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_handshake_that_fails_ends_the_connection() {
    let bench = Bench::new(OPEN);
    let mut client = begin(&bench).await;
    client.send("MAIL FROM:<a@b.example>\r\n").await;
    client.closed().await;
    let log = bench.main_log();
    assert!(log[0].starts_with("TLS error on connection from (x) [192.0.2.7] (SSL_accept): "), "{log:?}");
    let client = begin(&bench).await;
    client.close().await;
    assert_eq!(
        bench.main_log()[1..].first().map(String::as_str),
        Some("TLS error on connection from (x) [192.0.2.7] (SSL_accept): the peer closed the connection")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_certificate_that_is_not_there_is_454() {
    let bench = Bench::new(&format!("{OPEN}tls_certificate = /no/such/file.pem\n"));
    let mut client = Dialogue::connect(&bench);
    client
        .follow(
            "S: 220 …
             C: EHLO x
             S: 250-…|250-STARTTLS|…
             C: STARTTLS
             S: 454 TLS currently unavailable
             C: MAIL FROM:<a@b.example>
             S: 250 OK",
        )
        .await;
    assert_eq!(
        bench.main_log(),
        [
            "TLS error on connection from (x) [192.0.2.7] (cert/key setup): /no/such/file.pem: No such file or directory"
        ]
    );
}

/// Words of either dialect that choose nothing here are named once, not for each client.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn ciphers_that_do_not_exist_here_are_named() {
    for (list, left_out, cipher) in [
        (
            "ECDHE-ECDSA-AES128-GCM-SHA256:AES256-SHA:RC4-MD5",
            "AES256-SHA, RC4-MD5",
            "TLS1.3:TLS_AES_256_GCM_SHA384:256",
        ),
        ("NORMAL:-VERS-ALL:+VERS-TLS1.2:+3DES-CBC", "+3DES-CBC", "TLS1.2:ECDHE-ECDSA-AES256-GCM-SHA384:256"),
    ] {
        let bench = Bench::new(&format!("{OPEN}tls_require_ciphers = {list}\n"));
        for _ in 0..2 {
            let mut client = begin(&bench).await;
            let session = client.secure(&ConnectorRequest::default()).await.expect("the handshake is good");
            assert_eq!(session.cipher(), cipher, "{list}");
            client.follow("C: QUIT\nS: 221 …").await;
            client.closed().await;
        }
        let warning = format!("Warning: tls_require_ciphers: not supported and left out: {left_out}");
        assert_eq!(bench.main_log(), [warning], "{list}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn without_any_group_there_is_no_tls() {
    for list in ["secp521r1 : X448", "", "${if eq{1}{2}{P-256}}"] {
        let bench = Bench::new(&format!("{OPEN}tls_eccurve = {list}\n"));
        let mut client = Dialogue::connect(&bench);
        client
            .follow(
                "S: 220 …
                 C: EHLO x
                 S: 250-…
                 C: STARTTLS
                 S: 454 TLS currently unavailable",
            )
            .await;
        let log = bench.main_log();
        assert!(
            log.iter().any(|line| line.contains("(cert/key setup): tls_eccurve \"")
                && line.contains("leaves no group: X25519MLKEM768, ")),
            "{list}: {log:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_server_name_never_names_a_file() {
    let bench = Bench::new(&format!(
        "{OPEN}tls_certificate = ${{if eq{{$tls_in_sni}}{{}}{{}}{{/certificates/$tls_in_sni}}}}\n"
    ));
    let mut client = begin(&bench).await;
    let fault = client.secure(&ConnectorRequest::default()).await.expect_err("there is no certificate");
    assert_eq!(fault.to_string(), "received fatal alert: InternalError");
    client.closed().await;
    let log = bench.main_log();
    assert!(
        log[0].contains("Tainted '/certificates/mx.test.example' (tls_certificate) not permitted"),
        "{log:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_client_that_has_to_offer_a_protocol_hears_that() {
    let bench = Bench::new(&format!("{OPEN}hosts_require_alpn = *\n"));
    let mut client = begin(&bench).await;
    let fault = client.secure(&ConnectorRequest::default()).await.expect_err("it offers none");
    assert_eq!(fault.to_string(), "received fatal alert: NoApplicationProtocol");
    client.closed().await;
    assert!(bench.main_log()[0].ends_with("no ALPN offered, and hosts_require_alpn asks for it"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_acl_may_refuse() {
    let bench =
        Bench::new(&format!("{OPEN}acl_smtp_starttls = no\nbegin acl\nno:\n  deny message = not you\n"));
    let mut client = Dialogue::connect(&bench);
    client.follow("S: 220 …\nC: EHLO x\nS: 250-…\nC: STARTTLS\nS: 550 not you\nC: NOOP\nS: 250 OK").await;
    assert_eq!(bench.main_log(), ["H=(x) [192.0.2.7] rejected STARTTLS: not you"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_client_without_a_certificate_where_one_is_required() {
    let bench = Bench::new(&format!("{OPEN}tls_verify_hosts = *\ntls_verify_certificates = system\n"));
    let mut client = begin(&bench).await;
    // With TLS 1.3 the client hears of it after its own side is done.
    let _ = client.secure(&ConnectorRequest::default()).await;
    client.closed().await;
    let log = bench.main_log();
    let words = "(SSL_accept): certificate verification failed: the peer did not return a certificate";
    let anchors = "the system's certificates";
    assert!(log[0].contains(words) || log[0].contains(anchors), "{log:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn acl_conditions_know_of_tls() {
    let bench = Bench::new(
        "acl_smtp_rcpt = acl\nqueue_only\nbegin acl\nacl:\n  \
         deny !encrypted = *\n       message = in clear\n  \
         deny !encrypted = ^TLS_.*AES_256.*SHA384\n       message = too weak\n  \
         deny !encrypted = nosuch : TLS_AES_256_GCM_SHA384\n       message = another suite\n  \
         deny encrypted = *256 : ^TLS1 : +nosuch : TLS1.3 : TLS1.3*\n       message = no suite\n  \
         deny !verify = certificate\n       message = not verified\n  accept\n",
    );
    let mut client = Dialogue::connect(&bench);
    client
        .follow("S: 220 …\nC: EHLO x\nS: 250-…\nC: MAIL FROM:<a@b.example>\nS: 250 OK\nC: RCPT TO:<c@d.example>\nS: 550 in clear\nC: STARTTLS\nS: 220 …")
        .await;
    client.secure(&ConnectorRequest::default()).await.expect("the handshake is good");
    client
        .follow("C: EHLO x\nS: 250-…\nC: MAIL FROM:<a@b.example>\nS: 250 OK\nC: RCPT TO:<c@d.example>\nS: 550 not verified")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn tls_from_the_first_octet() {
    let bench =
        Bench::new(&format!("tls_on_connect_ports = 25 : 465\nacl_smtp_connect = tell\n{TELLING}{TELL}"));
    let mut client = Dialogue::connect(&bench);
    let request = ConnectorRequest {
        server: Strictness::Try,
        anchors: AnchorSource::None,
        alpn: vec![b"smtp".to_vec()],
        ..ConnectorRequest::default()
    };
    let session = client.secure(&request).await.expect("the handshake is good");
    assert_eq!((session.alpn.as_deref(), session.verified), (Some(&b"smtp"[..]), false));
    client.follow("S: 220 …\nC: HELO x\nS: 250 …").await;
    assert!(bench.main_log()[0].starts_with("smtp TLS1.3:"), "{:?}", bench.main_log());
}

/// `log_selector = +tls_on_connect`: words of their own for TLS that no STARTTLS began, and for it alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn tls_from_the_first_octet_has_words_of_its_own() {
    for (ports, hello, selector, word) in [
        ("25", "EHLO", "+", "essmtp"),
        ("25", "HELO", "+", "ssmtp"),
        ("25", "EHLO", "-", "esmtps"),
        ("25", "HELO", "-", "smtps"),
        ("26", "EHLO", "+", "esmtps"),
        ("26", "HELO", "+", "smtps"),
    ] {
        let bench = Bench::new(&format!(
            "tls_on_connect_ports = {ports}\nlog_selector = {selector}tls_on_connect\nacl_smtp_mail = tell\n{OPEN}\
             begin acl\ntell:\n  accept logwrite = $received_protocol\n"
        ));
        let mut client = Dialogue::connect(&bench);
        if ports == "26" {
            client.follow("S: 220 …\nC: EHLO x\nS: 250-…\nC: STARTTLS\nS: 220 TLS go ahead").await;
        }
        client.secure(&ConnectorRequest::default()).await.expect("the handshake is good");
        if ports == "25" {
            client.follow("S: 220 …").await;
        }
        let reply = if hello == "EHLO" { "250-…" } else { "250 …" };
        let message = "C: MAIL FROM:<a@b.example>\nS: 250 OK\nC: RCPT TO:<b@test.example>\nS: 250 Accepted\nC: DATA\nS: 354 …\n\
                       C: Subject: x\nC:\nC: y\nC: .\nS: 250 OK id=…";
        client.follow(&format!("C: {hello} x\nS: {reply}\n{message}")).await;
        let log = bench.main_log();
        assert_eq!(log[0], word, "{ports} {hello} {selector}");
        assert!(log[1].contains(&format!(" P={word} X=TLS1.3:")), "{log:?}");
    }
}

/// A client that goes within a message leaves none, whether it says close_notify or not (CVE-2026-45185 and its kin).
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_connection_that_ends_within_a_message_leaves_no_message() {
    let within_data = "Subject: cut\r\n\r\nall but the end\r\n";
    let within_chunk = "BDAT 100 LAST\r\nSubject: cut\r\n\r\nall but the end\r\n";
    let before_last = "BDAT 16\r\nSubject: cut\r\n\r\n";
    for content in [within_data, within_chunk, before_last] {
        for polite in [false, true] {
            let bench = Bench::new(OPEN);
            let mut client = begin(&bench).await;
            client.secure(&ConnectorRequest::default()).await.expect("the handshake is good");
            client
                .follow(
                    "C: EHLO client.example
                     S: 250-…
                     C: MAIL FROM:<a@client.example>
                     S: 250 OK
                     C: RCPT TO:<b@test.example>
                     S: 250 Accepted",
                )
                .await;
            if content == within_data {
                assert_eq!(client.command("DATA").await.get(..3), Some("354"));
            }
            client.send(content).await;
            if content == before_last {
                assert_eq!(client.reply().await.get(..3), Some("250"));
            }
            let _ = if polite { client.close_politely().await } else { client.close().await };
            assert_eq!(bench.spool_files(), Vec::<String>::new(), "{content:?} {polite}");
            let log = bench.main_log();
            let lost =
                log.iter().any(|line| line.contains("unexpected disconnection") || line.contains(" lost"));
            assert!(lost && !log.iter().any(|line| line.contains(" <= ")), "{content:?} {polite} {log:?}");
            let cut = "TLS error on connection from (client.example) [192.0.2.7] (recv): the connection was closed \
                       without close_notify";
            assert_eq!(log[0].ends_with(cut), !polite, "{content:?} {polite} {log:?}");
        }
    }
}

/// A client under TLS that says QUIT and then closes its side, or throws the connection away.
async fn quit(bench: &Bench, resets: bool) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (mut theirs, _) = listener.accept().await.unwrap();
    let (services, shutdown) = (Arc::clone(&bench.services), bench.shutdown.subscribe());
    let (peer, local) = (([192, 0, 2, 7], 4000).into(), ([192, 0, 2, 25], 25).into());
    let client = Client::Tcp { peer, local, count: None };
    let serving = tokio::spawn(async move { session(&mut theirs, client, services, shutdown).await });
    rustix::net::sockopt::set_socket_linger(&tcp, resets.then_some(std::time::Duration::ZERO)).unwrap();
    let mut stream = tls::Stream::new(tcp);
    let connector = tls::Store::new(Arc::new(SystemClock)).connector(&ConnectorRequest::default()).unwrap();
    stream.connect(&connector, None, [192, 0, 2, 25].into()).await.unwrap();
    let mut heard = Vec::new();
    stream.write_all(b"HELO client.example\r\n").await.unwrap();
    while !heard.ends_with(b"[192.0.2.7]\r\n") {
        assert_ne!(stream.read_buf(&mut heard).await.unwrap(), 0);
    }
    stream.write_all(b"QUIT\r\n").await.unwrap();
    while !heard.ends_with(b"closing connection\r\n") {
        assert_ne!(stream.read_buf(&mut heard).await.unwrap(), 0);
    }
    drop(stream);
    assert_eq!(serving.await.unwrap(), SessionEnd::Closed { messages: 0, abnormal: false });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_reset_straight_after_quit_is_told_of_where_that_is_selected() {
    let on = "log_selector = +protocol_detail\n";
    let told = "SMTP connection from (client.example) [192.0.2.7] was reset straight after QUIT";
    for (selector, resets, lines) in [(on, true, vec![told]), (on, false, vec![]), ("", true, vec![])] {
        let bench = Bench::new(&format!("tls_on_connect_ports = 25\n{OPEN}{selector}"));
        quit(&bench, resets).await;
        assert_eq!(bench.main_log(), lines, "{selector} {resets}");
        assert_eq!(bench.panic_log(), Vec::<String>::new());
    }
}
