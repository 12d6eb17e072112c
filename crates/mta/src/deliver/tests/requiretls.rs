//! Messages with REQUIRETLS, and messages that waive what domains promise (RFC 8689).

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use spool::{HeaderKind, HeaderLine};
use tls::AnchorSource;
use tokio::net::TcpListener;

use super::Office;
use super::dane::{association, issuer, serve_at, serve_with};
use super::mta_sts::{ENFORCE, Shown, World, ok};
use crate::deliver::AttemptKind;
use crate::services::PolicySource;
use crate::testing::Bench;

const ON: &str = "mta_sts_domains = *\n";
const OFFERS: &str = "mta_sts_domains = *\n# offers REQUIRETLS\n";

const OFFERS_IT: &[u8] = b"250-sink\r\n250 REQUIRETLS\r\n";
const PLAIN: &[u8] = b"250 sink\r\n";
const PAIR: &str = "d.example. MX 10 mx1.d.example.\nd.example. MX 20 mx2.d.example.\n\
                    mx1.d.example. A 127.0.0.1\nmx2.d.example. A 127.0.0.2\n";

/// Mail goes by MX records to hosts with this port.
fn by_dns(port: u16) -> String {
    format!(
        "local_interfaces = 192.0.2.99\nbegin routers\n\
         dns:\n  driver = dnslookup\n  self = send\n  transport = remote\n\
         begin transports\n\
         remote:\n  driver = smtp\n  allow_localhost\n  port = {port}\n  hosts_try_chunking =\n\
         begin retry\n* * F,2h,15m\n"
    )
}

/// Two hosts of a domain, and somebody who sends to it.
struct Pair {
    office: Office,
    heard: [Arc<Mutex<Vec<String>>>; 2],
    _folder: Bench,
    _server: dns::fixture::FixtureServer,
}

impl Pair {
    /// `zone` is told of the port and the certificate.
    async fn new(hellos: [&'static [u8]; 2], zone: impl FnOnce(u16, &[u8]) -> String) -> Self {
        let folder = Bench::new("");
        let authority = issuer("whom everybody trusts");
        let key = rcgen::KeyPair::generate().unwrap();
        let names = ["mx1.d.example", "mx2.d.example"].map(str::to_owned);
        let certificate = rcgen::CertificateParams::new(names).unwrap().signed_by(&key, &authority).unwrap();
        let [pem, anchors] = ["host.pem", "anchors.pem"].map(|file| folder.directory().join(file));
        std::fs::write(&pem, format!("{}{}", certificate.pem(), key.serialize_pem())).unwrap();
        std::fs::write(&anchors, authority.pem()).unwrap();
        let heard: [Arc<Mutex<Vec<String>>>; 2] = Default::default();
        // One port at two addresses.
        let first = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = first.local_addr().unwrap().port();
        let next = TcpListener::bind(("127.0.0.2", port)).await.unwrap();
        for ((listener, hello), heard) in [first, next].into_iter().zip(hellos).zip(&heard) {
            serve_at(listener, pem.clone(), hello, Arc::clone(heard));
        }
        let (bench, server) =
            Bench::with_zone_and(&by_dns(port), &zone(port, certificate.der()), |services| {
                services.mta_sts = PolicySource::new(1, AnchorSource::Path(anchors));
            });
        let office = Office { bench, agent: Arc::default() };
        Self { office, heard, _folder: folder, _server: server }
    }

    /// What the log says of a message right after it arrived.
    async fn send(&self, requiretls: bool) -> Vec<String> {
        let id = self
            .office
            .post_with("carol@test.example", &["x@d.example"], |header| header.requiretls = requiretls);
        self.office.attempt(id, AttemptKind::Arrival).await;
        let shorten = |line: &String| {
            line.replace(" R=dns T=remote", "")
                .replace("x@d.example", "x")
                .replace(".d.example", "")
                .replace(" [127.0.0.1]", "")
                .replace(" [127.0.0.2]", "")
                .replace(" X=TLS1.3:TLS_AES_256_GCM_SHA384:256", " X")
                .replace(" C=\"250 taken\"", "")
        };
        self.office.log_of(id).iter().map(shorten).collect()
    }

    fn heard(&self) -> [String; 2] {
        [0, 1].map(|at| self.heard[at].lock().unwrap().join("|"))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_promise_is_passed_on_or_the_message_comes_back() {
    let none = "version: STSv1\nmode: none\nmax_age: 1\n";
    let sent = |how: &str| vec![format!("=> x H=mx X {how}"), "Completed".to_owned()];
    let fails = |why: &str| vec![format!("** x: REQUIRETLS: {why}"), "Completed".to_owned()];
    let lacking = "H=mx: REQUIRETLS is not offered by the host".to_owned();
    let unvouched = "H=mx: REQUIRETLS: neither DNSSEC nor MTA-STS vouches for the host".to_owned();
    let expired =
        "== x defer (-37) H=mx: TLS session: (certificate verification failed): certificate has expired";
    let table = vec![
        (
            "carol@test.example",
            Shown::Good,
            ENFORCE,
            OFFERS,
            sent("CV=yes"),
            "MAIL FROM:<carol@test.example> REQUIRETLS",
        ),
        (
            "carol@test.example",
            Shown::Good,
            ENFORCE,
            ON,
            [vec![lacking], fails("none of the hosts offers it")].concat(),
            "",
        ),
        (
            "carol@test.example",
            Shown::Good,
            none,
            OFFERS,
            [vec![unvouched], fails("neither DNSSEC nor MTA-STS vouches for the host")].concat(),
            "",
        ),
        ("carol@test.example", Shown::Expired, ENFORCE, OFFERS, vec![expired.to_owned()], ""),
        // A bounce asks for it where it can, and goes on where it can't.
        ("", Shown::Good, ENFORCE, OFFERS, sent("CV=yes"), "MAIL FROM:<> REQUIRETLS"),
        ("", Shown::Good, ENFORCE, ON, sent("CV=yes"), "MAIL FROM:<>"),
        ("", Shown::Expired, none, OFFERS, sent("CV=no"), "MAIL FROM:<> REQUIRETLS"),
        ("", Shown::Expired, none, ON, sent("CV=no"), "MAIL FROM:<>"),
    ];
    for (sender, shown, policy, options, want, mail) in table {
        let world = World::new(shown, Shown::Good, ok(policy), options).await;
        let id = world.office.post_with(sender, &["x@sts.example"], |header| header.requiretls = true);
        let mut log = world.attempt(id).await;
        for line in &mut log {
            // The router's name stands in lines about addresses that no host was tried for.
            *line = line.replace(" R=dns T=remote", "").replace(" <x>", "");
        }
        assert_eq!(log, want, "{sender} {shown:?} {policy} {options}");
        assert_eq!(world.heard.lock().unwrap().join("|"), mail);
        if !log.iter().any(|line| line.starts_with("** ")) {
            continue;
        }
        // What comes back says why, without the body, and is protected itself.
        let (header, data) = world.office.bench.only_message();
        assert!(header.contains("\n-requiretls\n"), "{header}");
        assert!(data.contains("\nStatus: 5.7.30\n") && !data.contains("\nbody\n"), "{data}");
    }
}

/// The first host does not offer it, the second does: there the message goes, and nowhere else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_host_is_asked_where_one_lacks_it() {
    let lacking = |name: &str| format!("H={name}: REQUIRETLS is not offered by the host");
    let none = "** x: REQUIRETLS: none of the hosts offers it".to_owned();
    let second = vec![lacking("mx1"), "=> x H=mx2 X CV=yes".to_owned(), "Completed".to_owned()];
    for (hellos, sent, want) in [
        ([PLAIN, OFFERS_IT], [false, true], second),
        ([OFFERS_IT, PLAIN], [true, false], vec!["=> x H=mx1 X CV=yes".to_owned(), "Completed".to_owned()]),
        ([PLAIN, PLAIN], [false, false], vec![lacking("mx1"), lacking("mx2"), none, "Completed".to_owned()]),
    ] {
        let pair = Pair::new(hellos, |_, _| format!("{PAIR}d.example. FLAG ad\n")).await;
        assert_eq!(pair.send(true).await, want, "{sent:?}");
        assert_eq!(pair.heard().map(|heard| !heard.is_empty()), sent);
    }
}

/// The first host stands in a zone that is not signed, the second in one that is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_host_is_asked_where_nobody_vouches_for_one() {
    let unvouched = "H=mx1: REQUIRETLS: neither DNSSEC nor MTA-STS vouches for the host".to_owned();
    let end = |last: &str| vec![unvouched.clone(), last.to_owned()];
    let zone = "d.example. MX 10 mx1.other.example.\nd.example. MX 20 mx2.d.example.\nd.example. FLAG ad\n\
                mx1.other.example. A 127.0.0.1\nmx2.d.example. A 127.0.0.2\n";
    for (second, want, heard) in [
        (OFFERS_IT, end("=> x H=mx2 X CV=yes"), true),
        (
            PLAIN,
            [
                end("H=mx2: REQUIRETLS is not offered by the host"),
                vec![
                    "** x: REQUIRETLS: none of the hosts offers it, or nobody vouches for the host"
                        .to_owned(),
                ],
            ]
            .concat(),
            false,
        ),
    ] {
        let pair = Pair::new([OFFERS_IT, second], |_, _| zone.to_owned()).await;
        let mut log = pair.send(true).await;
        assert_eq!(log.pop().as_deref(), Some("Completed"));
        log[0] = log[0].replace(".other.example", "");
        assert_eq!(log, want);
        assert_eq!(pair.heard().map(|heard| !heard.is_empty()), [false, heard]);
    }
}

/// A name that no MX record gave needs nobody to vouch for it, its certificate does (rfc8689#4.2.1).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_without_mx_records_is_its_own_host() {
    let zone = "mx1.d.example. A 127.0.0.1\nother.example. A 127.0.0.1\n";
    let pair = Pair::new([OFFERS_IT, PLAIN], |_, _| zone.to_owned()).await;
    for (domain, want) in [("mx1.d.example", "=> x@mx1.d.example "), ("other.example", "== x@other.example ")]
    {
        let id = pair.office.post_with("carol@test.example", &[&format!("x@{domain}")], |header| {
            header.requiretls = true;
        });
        pair.office.attempt(id, AttemptKind::Arrival).await;
        let log = pair.office.log_of(id);
        assert!(log[0].starts_with(want), "{log:?}");
        let how =
            if domain.starts_with("mx1") { " CV=yes " } else { ": certificate is not for other.example" };
        assert!(log[0].contains(how), "{log:?}");
    }
    assert_eq!(pair.heard()[0], "MAIL FROM:<carol@test.example> REQUIRETLS");
}

/// A connection that has carried other messages is no way round the promise, and the message that can't go there stands in
/// nobody's way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_connection_is_asked_as_a_new_one_is() {
    // By a TLSA record, messages with the promise and without ask the same of the session.
    let zone = |port: u16, certificate: &[u8]| {
        let data = association(1, 1, certificate);
        let host = "d.example. MX 10 mx1.d.example.\nd.example. FLAG ad\nmx1.d.example. A 127.0.0.1\n";
        format!("{host}_{port}._tcp.mx1.d.example. TLSA 3 1 1 {data}\n")
    };
    let pair = Pair::new([PLAIN, PLAIN], zone).await;
    let sent = |host: &str| vec![format!("=> x H={host} X CV=dane"), "Completed".to_owned()];
    assert_eq!(pair.send(false).await, sent("mx1"));
    let refused = [
        "H=mx1: REQUIRETLS is not offered by the host",
        "** x: REQUIRETLS: none of the hosts offers it",
        "Completed",
    ];
    assert_eq!(pair.send(true).await, refused);
    // Nothing is remembered against the host.
    assert_eq!(pair.send(false).await, sent("mx1"));
    assert_eq!(pair.heard()[0].matches("MAIL").count(), 2);
    // Where it is offered, the open connection will do.
    let pair = Pair::new([OFFERS_IT, PLAIN], zone).await;
    assert_eq!(pair.send(false).await, sent("mx1"));
    assert_eq!(pair.send(true).await, sent("mx1*"));
    assert!(pair.heard()[0].ends_with("|MAIL FROM:<carol@test.example> REQUIRETLS"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_may_waive_a_policy_where_that_is_honoured() {
    let refused =
        "== x defer (-37) H=mx: TLS session: (certificate verification failed): certificate has expired";
    for (options, field, requiretls, want) in [
        ("tls_required_header\n", "TLS-Required: No\n", false, "=> x H=mx X CV=no"),
        ("tls_required_header\n", "tls-required:  no \n", false, "=> x H=mx X CV=no"),
        ("tls_required_header\n", "TLS-Required: Yes\n", false, refused),
        ("tls_required_header\n", "X-TLS-Required: No\n", false, refused),
        ("tls_required_header\n", "TLS-Required: No\n", true, refused),
        ("", "TLS-Required: No\n", false, refused),
        // Somebody has removed it.
        ("tls_required_header\n", "*TLS-Required: No\n", false, refused),
        // Only a report of our own is believed to be one.
        ("", "TLS-Report-Domain: x\nTLS-Required: No\n", false, refused),
    ] {
        let world = World::new(Shown::Expired, Shown::Good, ok(ENFORCE), &format!("{ON}{options}")).await;
        let id = world.office.post_with("carol@test.example", &["x@sts.example"], |header| {
            header.requiretls = requiretls;
            let lines = field.split_inclusive('\n');
            header.headers.extend(lines.map(|text| match text.strip_prefix('*') {
                Some(text) => HeaderLine { kind: HeaderKind::Old, text: text.into() },
                None => HeaderLine { kind: HeaderKind::Other, text: text.into() },
            }));
        });
        assert_eq!(world.attempt(id).await[0], want, "{options} {field} {requiretls}");
    }
}

/// Without any policy: DNSSEC vouches for the host, a certificate or a TLSA record for the session.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_way_to_the_host_is_as_good_as_a_policy() {
    const NAME: &str = "mx.d.example";
    let offers: &[u8] = b"250-sink\r\n250 REQUIRETLS\r\n";
    let refused = "== x defer (-37) H=mx: TLS session: (certificate verification failed): ";
    let table = [
        ("signed", NAME, "=> x H=mx X CV=yes", true),
        ("signed with a record", NAME, "=> x H=mx X CV=dane", true),
        ("signed with a record", "other.example", "=> x H=mx X CV=dane", true),
        ("signed", "other.example", &[refused, "certificate is not for mx"].concat(), false),
        ("", NAME, "H=mx: REQUIRETLS: neither DNSSEC nor MTA-STS vouches for the host", false),
    ];
    for (signed, name, want, arrives) in table {
        let folder = Bench::new("");
        let authority = issuer("whom everybody trusts");
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        let [pem, anchors] = ["host.pem", "anchors.pem"].map(|file| folder.directory().join(file));
        std::fs::write(&pem, format!("{}{}", certificate.pem(), key.serialize_pem())).unwrap();
        std::fs::write(&anchors, authority.pem()).unwrap();
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let port = serve_with(pem, offers, Arc::clone(&heard)).await;
        let mut zone = format!("d.example. MX 10 {NAME}.\n{NAME}. A 127.0.0.1\n");
        if signed.starts_with("signed") {
            zone.push_str("d.example. FLAG ad\n");
        }
        if signed.ends_with("record") {
            let data = association(1, 1, certificate.der());
            writeln!(zone, "_{port}._tcp.{NAME}. TLSA 3 1 1 {data}").unwrap();
        }
        let (bench, _server) = Bench::with_zone_and(&by_dns(port), &zone, |services| {
            services.mta_sts = PolicySource::new(1, AnchorSource::Path(anchors));
        });
        let office = Office { bench, agent: Arc::default() };
        let id = office.post_with("carol@test.example", &["x@d.example"], |header| header.requiretls = true);
        office.attempt(id, AttemptKind::Forced).await;
        let line = office.log_of(id).first().cloned().unwrap_or_default();
        let line = line
            .replace(" R=dns T=remote", "")
            .replace("x@d.example", "x")
            .replace(" <x>", "")
            .replace(NAME, "mx")
            .replace(" [127.0.0.1]", "")
            .replace(" X=TLS1.3:TLS_AES_256_GCM_SHA384:256", " X")
            .replace(" C=\"250 taken\"", "");
        assert_eq!(line, want, "{signed} {name}");
        let sent = if arrives { "MAIL FROM:<carol@test.example> REQUIRETLS" } else { "" };
        assert_eq!(heard.lock().unwrap().join("|"), sent, "{signed} {name}");
    }
}
