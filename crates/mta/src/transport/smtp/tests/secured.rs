//! TLS towards hosts. What is expected is what Exim 4.96 did with the same hosts, in our library's words.

use mail_types::clock::FixedClock;
use tls::{AcceptorRequest, AnchorSource, ConnectorRequest, Store, Stream};

use super::*;

/// A server's handshake with a certificate of its own making; gives what the client named, or the failure.
pub(super) async fn handshake(stream: &mut Stream<TcpStream>) -> String {
    // The client has this time, too: what is made now would not be valid for it yet.
    let store = Store::new(Arc::new(FixedClock::new(crate::testing::NOW)));
    let request = AcceptorRequest { own_name: "mx.rem.test".to_owned(), ..AcceptorRequest::default() };
    let acceptor = store.acceptor(&request).unwrap();
    let secured = async {
        stream.hello().await?;
        stream.accept(&acceptor).await
    };
    match secured.await {
        Ok(session) => format!("<tls {}>", String::from_utf8(session.sni.unwrap_or_default()).unwrap()),
        Err(_) => "<no tls>".to_owned(),
    }
}

const OFFERED: (&str, &str) = ("EHLO", "250-sink\r\n250-STARTTLS\r\n250 PIPELINING");

/// What the server saw of a delivery, up to the first RCPT, and what came of it.
async fn delivery(script: Script, options: &str) -> (Vec<String>, BatchReply, SocketAddr) {
    let sink = Sink::start(script).await;
    let run = Run::new(options, &[sink.address]);
    let reply = run.deliver().await;
    let mut seen = sink.seen();
    // Goodbyes are said, and failures noticed by the server, while nobody waits.
    seen.retain(|line| !matches!(line.as_str(), "QUIT" | "<no tls>"));
    seen.retain(|line| ["<", "STARTTLS", "EHLO", "MAIL"].iter().any(|start| line.starts_with(start)));
    for line in &mut seen {
        line.truncate(line.find(' ').filter(|_| !line.starts_with('<')).unwrap_or(line.len()));
    }
    (seen, reply, sink.address)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_message_goes_out_encrypted_where_that_is_offered() {
    let (seen, reply, _) = delivery(&[OFFERED, ("STARTTLS", "220 go")], " tls_sni = mx.rem.test\n").await;
    assert_eq!(seen, ["<connection>", "EHLO", "STARTTLS", "<tls mx.rem.test>", "EHLO", "MAIL"]);
    let session = reply.results[0].session.clone().unwrap().tls.unwrap();
    assert_eq!(session.cipher.unwrap(), b"TLS1.3:TLS_AES_256_GCM_SHA384:256");
    assert_eq!(session.verified, Some("no"), "nobody vouches for the certificate, and nobody has to");
    assert_eq!(session.peer_dn.unwrap(), b"/O=Postrider, self-signed/CN=mx.rem.test");
}

/// A list that can't be decided is no reason to send in clear, or without what it may ask for.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_list_that_cannot_be_decided_makes_the_message_wait() {
    const OPEN: &str = "failed to open /no/such/file for linear search: No such file or directory";
    for option in [
        "hosts_require_tls",
        "hosts_require_dane",
        "hosts_try_dane",
        "tls_verify_hosts",
        "hosts_require_ocsp",
    ] {
        let (seen, reply, _) =
            delivery(&[OFFERED, ("STARTTLS", "220 go")], &format!(" {option} = net-lsearch;/no/such/file\n"))
                .await;
        assert_eq!(seen, [""; 0], "{option}: nobody was spoken to");
        for result in &reply.results {
            assert_eq!(result.verdict, Verdict::Defer, "{option}");
            let said = String::from_utf8(result.message.clone().unwrap()).unwrap();
            assert_eq!(said, format!("failed to check \"{option}\" of transport s: {OPEN}"));
            assert!(result.panic, "{option}: the panic log has it");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_list_on_which_nothing_depends_does_not_stop_a_message() {
    let options = " hosts_avoid_pipelining = net-lsearch;/no/such/file\n";
    let (seen, reply, _) = delivery(&[OFFERED, ("STARTTLS", "220 go")], options).await;
    assert_eq!(seen, ["<connection>", "EHLO", "STARTTLS", "<tls >", "EHLO", "MAIL"]);
    assert_eq!(reply.results[0].verdict, Verdict::Accept);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_offered_and_not_to_be_had() {
    const IN_CLEAR: [&str; 2] = ["Accept 0", "Accept 0"];
    let required = |but: &str| {
        let text = format!("a TLS session is required, but {but}");
        vec![
            format!("Defer -38 {text}"),
            format!("Defer -38 {text}"),
            format!("host: {text}"),
            HOST.to_owned(),
        ]
    };
    let unverified = || {
        let text = "Defer -37 TLS session: (certificate verification failed): unable to get local issuer certificate";
        vec![text.to_owned(), text.to_owned(), HOST.to_owned()]
    };
    let in_clear = || IN_CLEAR.map(str::to_owned).to_vec();
    let table: [(Script, &str, &[&str], Vec<String>); 7] = [
        (&[OFFERED, ("STARTTLS", "554 no")], "", &["<connection>", "EHLO", "STARTTLS", "MAIL"], in_clear()),
        (&[OFFERED, ("STARTTLS", "454 no")], "", &["<connection>", "EHLO", "STARTTLS", "MAIL"], in_clear()),
        (&[OFFERED], " hosts_avoid_tls = *\n", &["<connection>", "EHLO", "MAIL"], in_clear()),
        (
            &[OFFERED, ("STARTTLS", "454 no")],
            " tls_tempfail_tryclear = false\n",
            &["<connection>", "EHLO", "STARTTLS"],
            vec![
                "Defer 0 SMTP error from remote mail server after STARTTLS: 454 no".to_owned(),
                "Defer 0 SMTP error from remote mail server after STARTTLS: 454 no".to_owned(),
                "host: SMTP error from remote mail server after STARTTLS: 454 no".to_owned(),
                HOST.to_owned(),
            ],
        ),
        (
            &[],
            " hosts_require_tls = *\n",
            &["<connection>", "EHLO"],
            required("the server did not offer TLS support"),
        ),
        (
            &[OFFERED, ("STARTTLS", "554 no")],
            " hosts_require_tls = *\n",
            &["<connection>", "EHLO", "STARTTLS"],
            required("an attempt to start TLS failed"),
        ),
        (
            &[OFFERED, ("STARTTLS", "220 go")],
            " hosts_require_tls = *\n tls_verify_hosts = *\n tls_verify_certificates =\n",
            &["<connection>", "EHLO", "STARTTLS"],
            unverified(),
        ),
    ];
    for (script, options, dialogue, result) in table {
        let (seen, reply, at) = delivery(script, options).await;
        assert_eq!(seen, dialogue, "{script:?} {options}");
        assert_eq!(shown(&reply, at), result, "{script:?} {options}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_failed_handshake_means_another_connection_in_clear_and_a_line_in_the_log() {
    // The reply after the 220 was not sent by the server of the session to come.
    let script: Script = &[OFFERED, ("STARTTLS", "220 go\r\n250 injected")];
    let (seen, reply, _) = delivery(script, "").await;
    assert_eq!(seen[..3], ["<connection>", "EHLO", "STARTTLS"]);
    assert_eq!(seen.iter().filter(|line| *line == "<connection>").count(), 2);
    assert_eq!(seen.last().map(String::as_str), Some("MAIL"));
    assert!(reply.results.iter().all(|result| result.verdict == Verdict::Accept));
    let lines: Vec<String> =
        reply.log_lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    assert_eq!(
        lines,
        [
            "TLS session: synch error before connect: delivering unencrypted to H=mx.rem.test [127.0.0.1] (not in hosts_require_tls)"
        ]
    );
}

/// With TLS 1.3 a host that does not want this client says so after the client's handshake is done.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_host_that_goes_at_the_first_word_under_tls_has_not_been_secured() {
    const CUT: &str = "H=mx.rem.test [127.0.0.1] TLS error on connection (recv): the connection was closed without close_notify";
    const CLEAR: &str = "TLS session: error on first read: delivering unencrypted to H=mx.rem.test [127.0.0.1] (not in hosts_require_tls)";
    let going: Script = &[OFFERED, ("STARTTLS", "220 go"), ("TLS EHLO", "DROP")];
    let later: Script = &[OFFERED, ("STARTTLS", "220 go"), ("TLS MAIL", "DROP")];
    let lost = "Defer -18 Remote host closed connection in response to pipelined MAIL FROM:<s@q.test>";
    for (script, options, lines, result) in [
        (going, "", &[CUT, CLEAR][..], "Accept 0"),
        (going, " hosts_require_tls = *\n", &[CUT], "Defer -37 TLS session: error on first read"),
        (going, " tls_tempfail_tryclear = false\n", &[CUT], "Defer -37 TLS session: error on first read"),
        (later, "", &[CUT], lost),
    ] {
        let (_, reply, at) = delivery(script, options).await;
        let said: Vec<_> = reply.log_lines.iter().map(|line| String::from_utf8_lossy(line)).collect();
        assert_eq!(said, lines, "{script:?} {options}");
        assert_eq!(shown(&reply, at)[0], result, "{script:?} {options}");
    }
}

/// Servers behind one name that do not know each other's sessions are told apart by their answers to EHLO.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn sessions_are_kept_by_the_name_in_the_answer_to_ehlo() {
    let plain = " tls_try_verify_hosts = :\n hosts_request_ocsp =\n tls_resumption_hosts = *\n";
    let extract = " host_name_extract = ${if match{$item}{\\N^250-(\\w+)\\s\\N}{$host/$1}}\n";
    for (options, site) in [
        // The default knows the names of one site only.
        (plain.to_owned(), ""),
        (format!("{plain}{extract}"), "mx.rem.test/sink"),
    ] {
        let sink = Sink::start(&[OFFERED, ("STARTTLS", "220 go")]).await;
        let run = Run::new(&options, &[sink.address]);
        let reply = run.deliver().await;
        assert!(reply.results.iter().all(|result| result.verdict == Verdict::Accept), "{options}");
        for kept in ["", "sink", "mx.rem.test/sink"] {
            let request = ConnectorRequest {
                anchors: AnchorSource::System,
                resumption: true,
                site: kept.as_bytes().to_vec(),
                ..ConnectorRequest::default()
            };
            let connector = run.bench.services.tls.kept_connector(&request);
            assert_eq!(connector.is_some(), kept == site, "{options}: {kept:?}");
        }
    }
    // What can't be expanded is no reason to send in clear.
    let broken = format!(
        "{plain} host_name_extract = ${{lookup{{x}}lsearch{{/no/such/file}}}}\n tls_tempfail_tryclear = false\n"
    );
    let (seen, reply, at) = delivery(&[OFFERED, ("STARTTLS", "220 go")], &broken).await;
    assert_eq!(seen, ["<connection>", "EHLO", "STARTTLS"]);
    let why = &shown(&reply, at)[0];
    assert!(why.contains("host_name_extract") && why.contains("/no/such/file"), "{why}");
}
