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

/// Whatever asks, and whatever becomes of it: a lookup without an answer is told of once, names that are not there never.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn lookups_without_an_answer() {
    let zone = "broken.test FAULT servfail\nlist.test FAULT refuse\nshut.test FAULT servfail\nmx.test MX 1 broken.test\n\
                7.2.0.192.in-addr.arpa FAULT servfail\n7.2.0.192.list.test FAULT refuse\nthere.test A 192.0.2.1\n";
    let event =
        "event:\n  accept logwrite = $event_name <$event_data> r=$router_name a=$local_part@$domain\n";
    let check = "check:\n  warn set acl_m_x = ${lookup dnsdb{defer_never,a=broken.test}{$value}{none}}\n\
                 \x20 warn set acl_m_x = ${lookup dnsdb{a=there.test:gone.test}{$value}{none}}\n\
                 \x20 warn set acl_m_x = ${lookup dnsdb{>;dnssec_never,defer_lax,a=there.test:broken.test}{$value}{none}}\n\
                 \x20 warn dnslists = list.test\n  warn domains = +ours\n\
                 \x20 require verify = recipient\n  accept\n";
    let main = "acl_smtp_rcpt = check\nqueue_only\nhost_lookup = *\ndns_retry = 1\ndns_again_means_nonexist = shut.test\n\
                domainlist ours = @mx_any\nevent_action = ${acl{event}}\n";
    let routers =
        "begin routers\ndns:\n  driver = dnslookup\n  transport = t\nbegin transports\nt:\n  driver = smtp\n";
    let (bench, _server) = Bench::with_zone(&format!("{main}begin acl\n{event}{check}{routers}"), zone);
    let mut client = Dialogue::connect(&bench);
    client
        .follow(
            "S: 220 …
             C: EHLO x
             S: 250-…
             C: MAIL FROM:<>
             S: 250 OK
             C: RCPT TO:<a@broken.test>
             S: 451 …
             C: RCPT TO:<a@shut.test>
             S: 550 …",
        )
        .await;
    client.close().await;
    let log: Vec<String> = bench.main_log().into_iter().filter(|line| line.starts_with("dns:")).collect();
    let [ptr, list] = ["servfail 7.2.0.192.in-addr.arpa PTR", "refused 7.2.0.192.list.test A"];
    let (broken, shut) = ("a@broken.test", "a@shut.test");
    let want = [
        // `host_lookup_order` has two items.
        (ptr, "", "@"),
        (ptr, "", "@"),
        ("servfail broken.test A", "", broken),
        ("servfail broken.test A", "", broken),
        (list, "", broken),
        ("servfail broken.test MX", "", broken),
        ("servfail broken.test MX", "dns", broken),
        // What the third statement found is known.
        ("servfail broken.test A", "", shut),
        (list, "", shut),
        ("servfail shut.test MX", "", shut),
        ("servfail shut.test MX", "dns", shut),
    ];
    let want = want.map(|(data, router, about)| format!("dns:fail <{data}> r={router} a={about}"));
    assert_eq!(log, want);
}
