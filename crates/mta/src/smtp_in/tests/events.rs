//! Events of sessions: which, when, and what their answers do.

use tls::{AnchorSource, ConnectorRequest};

use super::OPEN;
use crate::testing::{Bench, Dialogue};

/// Writes each event into the log.
const ACTION: &str = "event_action = ${acl{event}}\n";
const EVENT: &str = "begin acl\nevent:\n  accept logwrite = $event_name <$event_data> h=$sender_helo_name \
                     ${certextract{subject,CN}{$tls_in_peercert}{$value}{-}}\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn errors_of_the_client() {
    let bench = Bench::new(&format!("{OPEN}{ACTION}{EVENT}"));
    let mut client = Dialogue::connect(&bench);
    client
        .follow(
            "S: 220 …
             C: NOSUCH
             S: 500 …
             C: EHLO x
             S: 250-…
             C: MAIL FROM:<a@b.example>
             S: 250 OK
             C: MAIL FROM:<a@b.example>
             S: 503 sender already given",
        )
        .await;
    client.close().await;
    let log: Vec<String> = bench.main_log().into_iter().filter(|line| line.starts_with("smtp:")).collect();
    assert_eq!(
        log,
        ["smtp:fail:syntax <unrecognized command> h= -", "smtp:fail:protocol <sender already given> h=x -"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn handshakes_that_fail_and_certificates_of_clients() {
    let folder = Bench::new("");
    let pem = folder.directory().join("client.pem");
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, "somebody");
    let certificate = params.self_signed(&key).unwrap();
    std::fs::write(&pem, format!("{}{}", certificate.pem(), key.serialize_pem())).unwrap();
    let refusing =
        ACTION.replace("{event}}", "{event}}${if eq{$event_name$sender_helo_name}{tls:certrefused}{no}}");
    let options = "tls_try_verify_hosts = *\ntls_verify_certificates =\n";
    let bench = Bench::new(&format!("{OPEN}{refusing}{options}{EVENT}"));
    let request = ConnectorRequest {
        anchors: AnchorSource::None,
        identity: Some((pem.clone(), pem)),
        ..ConnectorRequest::default()
    };
    let told = |name: &str| format!("tls:cert <0> h={name} somebody");

    let mut client = Dialogue::connect(&bench);
    client.follow("S: 220 …\nC: EHLO taken\nS: 250-…\nC: STARTTLS\nS: 220 TLS go ahead").await;
    client.secure(&request).await.expect("nobody minds");
    client.follow("C: EHLO taken\nS: 250-…\nC: QUIT\nS: 221 …").await;
    client.closed().await;
    assert_eq!(bench.main_log(), [told("taken")]);

    let mut client = Dialogue::connect(&bench);
    client.follow("S: 220 …\nC: EHLO refused\nS: 250-…\nC: STARTTLS\nS: 220 TLS go ahead").await;
    // With TLS 1.3 the client hears of it after its own side is done.
    let _ = client.secure(&request).await;
    client.closed().await;
    let why = "(SSL_accept): certificate verification failed: denied by event-action: no";
    assert_eq!(
        bench.main_log()[1..],
        [
            told("refused"),
            "SSL verify denied by event-action: depth=0: no".to_owned(),
            format!("tls:fail:connect <{why}> h=refused -"),
            format!("TLS error on connection from (refused) [192.0.2.7] {why}"),
        ]
    );
}

/// The oracle's words, in both logs; the session goes on as if nobody listened.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_action_that_can_not_be_expanded() {
    let bench = Bench::new(&format!("{OPEN}event_action = ${{lookup{{x}}lsearch{{/no/such/file}}}}\n"));
    let mut client = Dialogue::connect(&bench);
    client
        .follow("S: 220 …\nC: NOSUCH\nS: 500 …\nC: EHLO x\nS: 250-…\nC: STARTTLS\nS: 220 TLS go ahead")
        .await;
    client.send("no hello").await;
    client.closed().await;
    let failed = |event: &str| {
        format!(
            "failed to expand event_action {event} in main: failed to open /no/such/file for linear search: \
             No such file or directory"
        )
    };
    let error = "TLS error on connection from (x) [192.0.2.7] (SSL_accept): received corrupt message of type \
                 InvalidContentType";
    assert_eq!(bench.main_log(), [failed("smtp:fail:syntax"), failed("tls:fail:connect"), error.to_owned()]);
    assert_eq!(bench.panic_log(), [failed("smtp:fail:syntax"), failed("tls:fail:connect")]);
}
