//! `tls_early_banner_hosts`: clients that are greeted while they keep their side of the handshake to themselves. Time
//! stands still unless all wait.

use std::time::Duration;

use tls::{ConnectorRequest, HandshakeFault};
use tokio::time::{Instant, sleep};

use super::OPEN;
use crate::smtp_in::SessionEnd;
use crate::testing::{Bench, Dialogue};

const AT_ONCE: &str = "tls_on_connect_ports = 25\nsmtp_receive_timeout = 10s\n";
const EARLY: &str = "tls_early_banner_hosts = 192.0.2.0/24\n";
const TLS12: &str = "tls_require_ciphers = NORMAL:-VERS-ALL:+VERS-TLS1.2\n";

/// Tells in the log what is known when a client connects, and when it says hello.
const TELL: &str = "acl_smtp_connect = connect\nacl_smtp_helo = hello\n";
const WHAT: &str = "$received_protocol $tls_in_cipher $tls_in_cipher_std $tls_in_ver $tls_in_bits sni=$tls_in_sni \
                    cv=$tls_in_certificate_verified dn=$tls_in_peerdn r=$tls_in_resumption \
                    ${if def:tls_in_ourcert{ours}} ${if def:tls_in_peercert{theirs}}";
const KNOWN: &str = "smtp TLS1.3:TLS_AES_256_GCM_SHA384:256 TLS_AES_256_GCM_SHA384 TLS1.3 256 sni=mx.test.example \
                     cv=0 dn= r=1 ours ";

/// A client whose hello alone is heard.
async fn held(bench: &Bench) -> (Dialogue, Result<(), HandshakeFault>) {
    let mut client = Dialogue::connect(bench);
    client.hold_back();
    let shaken = client.secure(&ConnectorRequest::default()).await;
    (client, shaken.map(|_session| ()))
}

#[tokio::test(start_paused = true)]
async fn a_client_is_greeted_before_its_side_of_the_handshake_is_done() {
    let acls = format!(
        "begin acl\nconnect:\n  accept encrypted = *\n         logwrite = connect {WHAT}\nhello:\n  accept logwrite = hello {WHAT}\n"
    );
    let bench = Bench::new(&format!("{AT_ONCE}{EARLY}{OPEN}{TELL}log_selector = +tls_sni\n{acls}"));
    let (mut client, shaken) = held(&bench).await;
    shaken.expect("the client has all it needs");
    client.follow("S: 220 mx.test.example ESMTP …").await;
    // Commands that are sent already wait for the end of the handshake.
    client.send("EHLO client.example\r\n").await;
    assert_eq!(bench.main_log(), [format!("connect {KNOWN}")]);
    client.let_go(|octets| octets).await;
    client
        .follow(
            "S: 250-mx.test.example Hello client.example [192.0.2.7]|250-SIZE 52428800|250-8BITMIME|250-PIPELINING|250-CHUNKING|250-SMTPUTF8|250 HELP
             C: MAIL FROM:<a@client.example>
             S: 250 OK
             C: RCPT TO:<b@test.example>
             S: 250 Accepted
             C: DATA
             S: 354 …
             C: Subject: hello
             C:
             C: .
             S: 250 OK id=…
             C: QUIT
             S: 221 …",
        )
        .await;
    assert_eq!(client.closed().await, SessionEnd::Closed { messages: 1, abnormal: false });
    let log = bench.main_log();
    // The hello's ACL knows no more, and no less.
    assert_eq!(log[1], format!("hello {KNOWN}"));
    assert!(log[2].contains(" P=esmtps X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no SNI=mx.test.example S="));
    assert!(bench.only_message().0.contains("-received_protocol esmtps\n"));
}

/// Who is not greeted early hears nothing before the server gives up, and is served when it does as others do.
#[tokio::test(start_paused = true)]
async fn others_are_greeted_in_the_usual_order() {
    let acl = "acl_smtp_connect = connect\nbegin acl\nconnect:\n  accept logwrite = connect $tls_in_ver\n";
    let table = [
        ("the option is unset", String::new()),
        ("the option is empty", "tls_early_banner_hosts =\n".to_owned()),
        ("another host", "tls_early_banner_hosts = 192.0.2.8 : 198.51.100.0/24\n".to_owned()),
        ("all but this one", "tls_early_banner_hosts = !192.0.2.7 : *\n".to_owned()),
        ("TLS 1.2", format!("{EARLY}{TLS12}")),
        ("a certificate is asked for", format!("{EARLY}tls_try_verify_hosts = *\n")),
    ];
    for (what, options) in table {
        let bench = Bench::new(&format!("{AT_ONCE}{options}{OPEN}{acl}"));
        let (mut client, shaken) = held(&bench).await;
        if shaken.is_ok() {
            assert_eq!(client.reply().await, "(closed)", "{what}");
        }
        client.closed().await;
        let given_up = "TLS error on connection from [192.0.2.7] (SSL_accept): timed out (limit smtp_receive_timeout: 10s)";
        assert_eq!(bench.main_log(), [given_up], "{what}");
        let mut client = Dialogue::connect(&bench);
        let session = client.secure(&ConnectorRequest::default()).await.expect(what);
        client.follow("S: 220 …\nC: EHLO x\nS: 250-…\nC: QUIT\nS: 221 …").await;
        client.closed().await;
        assert_eq!(bench.main_log()[1..], [format!("connect {}", session.version)], "{what}");
    }
}

/// A list that cannot be decided costs the early banner, not the connection; it is told of.
#[tokio::test(start_paused = true)]
async fn a_list_that_cannot_be_decided() {
    let bench = Bench::new(&format!("{AT_ONCE}tls_early_banner_hosts = ${{extract{{x}}{{{{}}\n{OPEN}"));
    let mut client = Dialogue::connect(&bench);
    client.secure(&ConnectorRequest::default()).await.expect("the handshake is good");
    client.follow("S: 220 …\nC: QUIT\nS: 221 …").await;
    client.closed().await;
    let log = bench.main_log();
    assert!(
        log.len() == 1 && log[0].starts_with("failed to expand \"${extract{x}{{}\" while checking a list: "),
        "{log:?}"
    );
}

/// STARTTLS has no banner after it.
#[tokio::test(start_paused = true)]
async fn after_starttls_all_is_as_usual() {
    let bench = Bench::new(&format!("tls_early_banner_hosts = *\n{OPEN}"));
    let mut client = super::tls::begin(&bench).await;
    client.secure(&ConnectorRequest::default()).await.expect("the handshake is good");
    client.follow("C: NOOP\nS: 250 OK\nC: EHLO x\nS: 250-…\nC: QUIT\nS: 221 …").await;
    client.closed().await;
    assert_eq!(bench.main_log(), Vec::<String>::new());
}

/// What is said instead of a banner comes as early, closes the session, and leaves the log that it leaves in the usual order.
#[tokio::test(start_paused = true)]
async fn a_refusal_comes_as_early() {
    let acl = |verdict: &str| format!("acl_smtp_connect = no\nbegin acl\nno:\n  {verdict}\n");
    let table = [
        (acl("deny message = not you"), "550 not you"),
        (acl("deny message = 554 5.7.1 not you\\nnor others"), "554-5.7.1 not you|554 5.7.1 nor others"),
        (acl("defer message = later"), "451 later"),
        (acl("drop message = 554 gone"), "554 gone"),
        ("host_reject_connection = *\n".to_owned(), "554 SMTP service not available"),
        (
            "smtp_banner = ${extract{x}{y}{z}{${lookup{a}lsearch{/no/such/file}}}}\n".to_owned(),
            "421 Temporary local problem - please try later",
        ),
        (acl("accept message = 220 come in"), "220 come in"),
    ];
    for (options, reply) in table {
        let mut logs = Vec::new();
        for early in [EARLY, ""] {
            let bench = Bench::new(&format!("{AT_ONCE}{early}{OPEN}{options}"));
            let (mut client, shaken) = held(&bench).await;
            shaken.expect("the client has all it needs");
            if early.is_empty() {
                client.let_go(|octets| octets).await;
            }
            assert_eq!(client.reply().await, reply, "{early}");
            client.let_go(|octets| octets).await;
            if reply.starts_with('2') {
                client.follow("C: QUIT\nS: 221 …").await;
            }
            let end = client.closed().await;
            assert!(matches!(end, SessionEnd::Closed { messages: 0, .. }), "{reply}");
            logs.push((bench.main_log(), bench.panic_log(), end));
        }
        assert_eq!(logs[0], logs[1], "{reply}");
        assert_eq!(logs[0].0.is_empty(), reply.starts_with('2'), "{reply} {logs:?}");
    }
}

/// The records of what a client held back: a change of cipher that means nothing, its Finished, then what it said.
fn from_record(octets: &[u8], number: usize) -> Vec<u8> {
    let mut rest = octets;
    for _ in 0..number {
        let length = usize::from(u16::from_be_bytes([rest[3], rest[4]]));
        rest = &rest[5 + length..];
    }
    rest.to_vec()
}

/// A handshake that fails after the greeting leaves the line that it leaves in the usual order, and no command was taken.
#[tokio::test(start_paused = true)]
async fn a_handshake_may_fail_after_the_greeting() {
    type Change = fn(Vec<u8>) -> Vec<u8>;
    let acls = format!(
        "{TELL}begin acl\nconnect:\n  accept logwrite = connect\nhello:\n  accept logwrite = hello\n"
    );
    let table: [(&str, Option<Change>, &str); 6] = [
        ("the client goes away", None, "the peer closed the connection"),
        ("the Finished is left out", Some(|held| from_record(&held, 2)), "cannot decrypt peer's message"),
        (
            "the Finished is changed",
            Some(|mut held| {
                held[15] ^= 1;
                held
            }),
            "cannot decrypt peer's message",
        ),
        (
            "words in clear",
            Some(|_| b"EHLO client.example\r\n".to_vec()),
            "received corrupt message of type InvalidContentType",
        ),
        (
            "a record of 64 KiB",
            Some(|_| vec![0x17, 3, 3, 0xff, 0xff, 1]),
            "received corrupt message of type MessageTooLarge",
        ),
        ("nothing more", Some(|_| Vec::new()), "timed out (limit smtp_receive_timeout: 10s)"),
    ];
    for (what, change, reason) in table {
        for early in [EARLY, ""] {
            let bench = Bench::new(&format!("{AT_ONCE}{early}{OPEN}{acls}"));
            let (mut client, shaken) = held(&bench).await;
            shaken.expect("the client has all it needs");
            if !early.is_empty() {
                client.follow("S: 220 …").await;
            }
            client.send("EHLO client.example\r\n").await;
            let end = match change {
                Some(change) => {
                    client.let_go(change).await;
                    client.closed().await
                }
                None => client.close().await,
            };
            assert_eq!(end, SessionEnd::Closed { messages: 0, abnormal: false }, "{what}");
            let line = format!("TLS error on connection from [192.0.2.7] (SSL_accept): {reason}");
            let lines = if early.is_empty() { vec![line] } else { vec!["connect".to_owned(), line] };
            assert_eq!(bench.main_log(), lines, "{what}");
        }
    }
}

/// The client's time is that of the whole handshake, and the time that an ACL takes is not the client's.
#[tokio::test(start_paused = true)]
async fn the_handshake_has_its_limit_as_a_whole() {
    let acl = "acl_smtp_connect = slow\nbegin acl\nslow:\n  accept delay = 50s\n";
    for (before, behind, good) in [(6, 3, true), (6, 5, false), (0, 9, true), (0, 11, false)] {
        let bench = Bench::new(&format!("{AT_ONCE}{EARLY}{OPEN}{acl}"));
        let mut client = Dialogue::connect(&bench);
        client.hold_back();
        sleep(Duration::from_secs(before)).await;
        let began = Instant::now();
        client
            .secure(&ConnectorRequest::default())
            .await
            .expect("the server's side does not wait for the ACL");
        assert!(began.elapsed() < Duration::from_secs(1));
        sleep(Duration::from_secs(50 + behind)).await;
        client.let_go(|octets| octets).await;
        client.follow("S: 220 …").await;
        if good {
            client.follow("C: QUIT\nS: 221 …").await;
        }
        client.closed().await;
        let line = "TLS error on connection from [192.0.2.7] (SSL_accept): timed out (limit smtp_receive_timeout: 10s)";
        let lines = if good { vec![] } else { vec![line] };
        assert_eq!(bench.main_log(), lines, "{before} {behind}");
    }
}

/// A server that is asked to stop waits neither for the end of the handshake nor for the ACL.
#[tokio::test(start_paused = true)]
async fn a_half_done_handshake_does_not_keep_the_server() {
    for acl in ["accept", "accept delay = 1h"] {
        let bench =
            Bench::new(&format!("{AT_ONCE}{EARLY}{OPEN}acl_smtp_connect = yes\nbegin acl\nyes:\n  {acl}\n"));
        let (client, shaken) = held(&bench).await;
        shaken.expect("the client has all it needs");
        bench.shutdown.send_replace(true);
        let began = Instant::now();
        client.closed().await;
        assert!(began.elapsed() < Duration::from_secs(20), "{acl}");
        assert_eq!(bench.main_log(), Vec::<String>::new(), "{acl}");
    }
}

/// Garbage instead of a hello costs one connection and one line, as in the usual order.
#[tokio::test(start_paused = true)]
async fn garbage_instead_of_a_hello() {
    let table: [(&str, &[u8], &str); 5] = [
        ("words in clear", b"EHLO client.example\r\n", "received corrupt message of type InvalidContentType"),
        (
            "an alert",
            &[0x15, 3, 3, 0, 2, 2, 80],
            "received unexpected message: got Alert when expecting Handshake",
        ),
        ("an empty record", &[0x16, 3, 1, 0, 0], "received corrupt message of type InvalidEmptyPayload"),
        (
            "data before any key",
            &[0x17, 3, 3, 0, 4, 1, 2, 3, 4],
            "received unexpected message: got ApplicationData when expecting Handshake",
        ),
        (
            "the beginning of a hello",
            &[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc],
            "timed out (limit smtp_receive_timeout: 10s)",
        ),
    ];
    for early in [EARLY, ""] {
        let bench = Bench::new(&format!("{AT_ONCE}{early}{OPEN}"));
        for (what, octets, reason) in table {
            let mut client = Dialogue::connect(&bench);
            client.send(octets).await;
            let end = client.closed().await;
            assert_eq!(end, SessionEnd::Closed { messages: 0, abnormal: false }, "{what}");
            let line = format!("TLS error on connection from [192.0.2.7] (SSL_accept): {reason}");
            assert_eq!(bench.main_log().last(), Some(&line), "{what}");
        }
        let (mut client, shaken) = held(&bench).await;
        shaken.expect("the next client is served");
        client.let_go(|octets| octets).await;
        client.follow("S: 220 …\nC: QUIT\nS: 221 …").await;
        client.closed().await;
        assert_eq!((bench.main_log().len(), bench.panic_log().len()), (table.len(), 0));
    }
}
