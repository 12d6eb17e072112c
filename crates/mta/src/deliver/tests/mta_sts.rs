//! Whole deliveries to a domain with an MTA-STS policy, which an HTTPS server of the test's own gives out.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use mail_types::clock::{Clock as _, SystemClock, Timestamp};
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use tls::{AcceptorRequest, AnchorSource, Store, Stream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::dane::{association, issuer, serve_with};
use super::{Office, ScriptedAgent};
use crate::context::Context;
use crate::context::facts::Facts;
use crate::deliver::AttemptKind;
use crate::route::{RouteAddress, RouteMode, route};
use crate::services::PolicySource;
use crate::services::Services;
use crate::testing::Bench;
use crate::transport::smtp::explain;

pub(super) const ENFORCE: &str = "version: STSv1\nmode: enforce\nmx: mx.sts.example\nmax_age: 604800\n";

fn authority() -> &'static CertifiedIssuer<'static, KeyPair> {
    static AUTHORITY: OnceLock<CertifiedIssuer<'static, KeyPair>> = OnceLock::new();
    AUTHORITY.get_or_init(|| issuer("whom everybody trusts"))
}

/// Which certificate a server shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Good,
    Misnamed,
    Expired,
    Untrusted,
}

/// PEM of a certificate for a host, with its key.
fn pem(shown: Shown, host: &str) -> String {
    let name = if shown == Shown::Misnamed { "other.example" } else { host };
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    if shown == Shown::Expired {
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    }
    let key = KeyPair::generate().unwrap();
    let certificate = if shown == Shown::Untrusted {
        params.signed_by(&key, &issuer("a stranger")).unwrap()
    } else {
        params.signed_by(&key, authority()).unwrap()
    };
    format!("{}{}", certificate.pem(), key.serialize_pem())
}

/// An HTTPS server that says one thing to everybody.
struct Web {
    port: u16,
    requests: Arc<AtomicUsize>,
    answer: Arc<Mutex<String>>,
}

impl Web {
    async fn start(pem: PathBuf, answer: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let request = AcceptorRequest {
            identities: vec![(pem.clone(), pem)],
            alpn: vec![b"http/1.1".to_vec()],
            ..AcceptorRequest::default()
        };
        let acceptor = Store::new(Arc::new(SystemClock)).acceptor(&request).unwrap();
        let (requests, answer) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(answer)));
        let shared = (Arc::clone(&requests), Arc::clone(&answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (requests, answer) = shared.clone();
                tokio::spawn(exchange(stream, acceptor.clone(), requests, answer));
            }
        });
        Self { port, requests, answer }
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

async fn exchange(
    stream: TcpStream,
    acceptor: tls::Acceptor,
    requests: Arc<AtomicUsize>,
    answer: Arc<Mutex<String>>,
) -> Option<()> {
    requests.fetch_add(1, Ordering::SeqCst);
    let mut stream = Stream::new(stream);
    stream.hello().await.ok()?;
    stream.accept(&acceptor).await.ok()?;
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
    }
    let expected = b"GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.sts.example\r\n";
    assert!(request.starts_with(expected), "{}", String::from_utf8_lossy(&request));
    let answer = answer.lock().unwrap().clone();
    stream.write_all(answer.as_bytes()).await.ok()?;
    stream.shutdown().await.ok()
}

pub(super) fn ok(policy: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{policy}", policy.len())
}

/// A domain with a mail host, a policy, and somebody who sends to it.
pub(super) struct World {
    pub(super) office: Office,
    /// MAIL commands that the host got.
    pub(super) heard: Arc<Mutex<Vec<String>>>,
    web: Web,
    _server: dns::fixture::FixtureServer,
    _folder: Bench,
}

impl World {
    pub(super) async fn new(mail: Shown, web: Shown, answer: String, options: &str) -> Self {
        Self::with(mail, web, answer, options, |_| {}).await
    }

    /// A domain that is signed, whose host has a TLSA record, which speaks of its certificate or of another.
    async fn signed(mail: Shown, answer: String, fits: bool) -> Self {
        let pem = pem(mail, "mx.sts.example");
        let shown = if fits { pem.clone() } else { self::pem(mail, "mx.sts.example") };
        let body = shown.split("-----").nth(2).unwrap().replace(['\r', '\n'], "");
        let certificate = mail_types::base64::decode(body.as_bytes()).unwrap();
        let data = association(1, 1, &certificate);
        let records = move |port: u16| {
            format!("sts.example. FLAG ad\n_{port}._tcp.mx.sts.example. TLSA 3 1 1 {data}\n")
        };
        Self::made((pem, Shown::Good), answer, ON, records, |_| {}).await
    }

    async fn with(
        mail: Shown,
        web: Shown,
        answer: String,
        options: &str,
        change: impl FnOnce(&mut Services),
    ) -> Self {
        Self::made((pem(mail, "mx.sts.example"), web), answer, options, |_| String::new(), change).await
    }

    async fn made(
        (mail, web): (String, Shown),
        answer: String,
        options: &str,
        records: impl FnOnce(u16) -> String,
        change: impl FnOnce(&mut Services),
    ) -> Self {
        let folder = Bench::new("");
        let file = |name: &str, text: String| {
            let path = folder.directory().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let anchors = file("ca.pem", authority().pem());
        let heard = Arc::default();
        let hello: &[u8] = if options.contains("# offers REQUIRETLS") {
            b"250-sink\r\n250 REQUIRETLS\r\n"
        } else {
            b"250 sink\r\n"
        };
        let port = serve_with(file("mx.pem", mail), hello, Arc::clone(&heard)).await;
        let web = Web::start(file("web.pem", pem(web, "mta-sts.sts.example")), answer).await;
        let router = if options.contains(SMART) {
            "manualroute\n  route_list = * sts.example/MX"
        } else {
            "dnslookup"
        };
        let source = PolicySource::new(web.port, AnchorSource::Path(anchors));
        let zone = "sts.example. MX 10 mx.sts.example.\nmx.sts.example. A 127.0.0.1\n\
                    mta-sts.sts.example. A 127.0.0.1\n_mta-sts.sts.example. TXT \"v=STSv1; id=1;\"\n\
                    _smtp._tls.sts.example. TXT \"v=TLSRPTv1; rua=mailto:tls@sts.example\"\n\
                    plain.example. MX 10 mx.sts.example.\n\
                    _smtp._tls.plain.example. TXT \"v=TLSRPTv1; rua=mailto:later@plain.example\"\n\
                    alias.example. MX 10 mx.alias.example.\nmx.alias.example. CNAME mx.sts.example.\n\
                    xn--bcher-kva.example. MX 10 mx.sts.example.\n"
            .to_owned()
            + &records(port);
        let (bench, server) = Bench::with_zone_and(
            &format!(
                "local_interfaces = 192.0.2.99\n{options}begin routers\n\
                 dns:\n  driver = {router}\n  self = send\n  transport = remote\n\
                 begin transports\n\
                 remote:\n  driver = smtp\n  allow_localhost\n  port = {port}\n  hosts_try_chunking =\n  connection_max_messages = 1\n\
                 begin retry\n* * F,30d,2h\n"
            ),
            &zone,
            |services| {
                services.mta_sts = source;
                change(services);
            },
        );
        let office = Office { bench, agent: Arc::<ScriptedAgent>::default() };
        Self { office, web, heard, _server: server, _folder: folder }
    }

    /// What the log says of a message to a domain.
    pub(super) async fn send(&self, domain: &str) -> Vec<String> {
        let id = self.office.post("carol@test.example", &[&format!("x@{domain}")]);
        self.attempt(id).await
    }

    /// What the log says of an attempt.
    pub(super) async fn attempt(&self, id: mail_types::MessageId) -> Vec<String> {
        self.office.attempt(id, AttemptKind::Forced).await;
        let log = self.office.log_of(id);
        let shorten = |line: &String| {
            line.replace(" R=dns T=remote", "")
                .replace("x@sts.example", "x")
                .replace("mx.sts.example", "mx")
                .replace(" [127.0.0.1]", "")
                .replace(" X=TLS1.3:TLS_AES_256_GCM_SHA384:256", " X")
                .replace(" C=\"250 taken\"", "")
        };
        log.iter().map(shorten).collect()
    }
}

const ON: &str = "mta_sts_domains = *\n";
/// Mail goes by the hosts of `sts.example`, whomever it is for.
const SMART: &str = "# by a smart host\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_in_force_asks_for_a_certificate_and_for_hosts_of_its_list() {
    let not_good = |why: &str| {
        vec![format!("== x defer (-37) H=mx: TLS session: (certificate verification failed): {why}")]
    };
    let sent = |how: &str| vec![format!("=> x H=mx X {how}"), "Completed".to_owned()];
    let other = ENFORCE.replace("mx.sts", "*.sts2");
    let unlisted = ["H=mx: ", "== x defer (-36): "]
        .map(|start| format!("{start}MTA-STS error: mx is not in the policy of the domain"));
    let table: Vec<(Shown, String, &str, Vec<String>)> = vec![
        (Shown::Good, ENFORCE.to_owned(), ON, sent("CV=yes")),
        (Shown::Good, ENFORCE.replace("mx.sts", "*.sts"), ON, sent("CV=yes")),
        (Shown::Misnamed, ENFORCE.to_owned(), ON, not_good("certificate is not for mx")),
        (Shown::Expired, ENFORCE.to_owned(), ON, not_good("certificate has expired")),
        (Shown::Untrusted, ENFORCE.to_owned(), ON, not_good("unable to get local issuer certificate")),
        (Shown::Good, other.clone(), ON, unlisted.to_vec()),
        (Shown::Untrusted, ENFORCE.replace("enforce", "testing"), ON, sent("CV=no")),
        (Shown::Good, other.replace("enforce", "testing"), ON, sent("CV=no")),
        (Shown::Untrusted, "version: STSv1\nmode: none\nmax_age: 1\n".to_owned(), ON, sent("CV=no")),
        // Off, as nobody asked for it.
        (Shown::Untrusted, ENFORCE.to_owned(), "", sent("CV=no")),
        (Shown::Good, ENFORCE.to_owned(), "log_selector = +protocol_detail\n", sent("CV=no PS=ese")),
        (Shown::Untrusted, ENFORCE.to_owned(), "mta_sts_domains = !sts.example : *\n", sent("CV=no")),
    ];
    for (mail, policy, options, want) in table {
        let world = World::new(mail, Shown::Good, ok(&policy), options).await;
        assert_eq!(world.send("sts.example").await, want, "{mail:?} {policy} {options}");
        assert_eq!(world.web.requests(), usize::from(options == ON));
    }
}

/// rfc8461#2: a policy never makes good what DANE refuses; and where DANE verifies, nothing else is asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dane_decides_where_a_domain_has_a_policy_as_well() {
    let failed = "(certificate verification failed): no TLSA record matches the certificates shown";
    let refused = || {
        vec![
            format!("DANE attempt failed; TLS connection to mx: {failed}"),
            format!("== x defer (-37) H=mx: TLS session: {failed}"),
        ]
    };
    let sent = || vec!["=> x H=mx X CV=dane".to_owned(), "Completed".to_owned()];
    let other = ENFORCE.replace("mx.sts", "*.sts2");
    for (mail, policy, fits, want) in [
        (Shown::Good, ENFORCE, true, sent()),
        (Shown::Untrusted, ENFORCE, true, sent()),
        (Shown::Good, &other, true, sent()),
        (Shown::Good, ENFORCE, false, refused()),
    ] {
        let world = World::signed(mail, ok(policy), fits).await;
        assert_eq!(world.send("sts.example").await, want, "{mail:?} {policy} {fits}");
        let (code, text) = explained(&world, "sts.example").await;
        assert_eq!(code, u8::from(!fits), "{text}");
        let listed = if policy == ENFORCE { "listed" } else { "not listed" };
        for line in [
            "  MTA-STS: enforce, ",
            "  DANE: usable TLSA records\n",
            &format!("  MTA-STS: {listed}\n"),
            "  decision: encrypt, with a certificate that fits a TLSA record, because of: ",
        ] {
            assert!(text.contains(line), "{line} {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_that_cannot_be_had_is_none_and_is_told_of() {
    let moved = "HTTP/1.1 301 Moved\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n";
    let long = ok(&format!("{ENFORCE}{}", "x: y\n".repeat(20_000)));
    let table: Vec<(Shown, String, &str)> = vec![
        (
            Shown::Misnamed,
            ok(ENFORCE),
            "mta-sts.sts.example: certificate verification failed: certificate is not for mta-sts.sts.example",
        ),
        (
            Shown::Expired,
            ok(ENFORCE),
            "mta-sts.sts.example: certificate verification failed: certificate has expired",
        ),
        (
            Shown::Untrusted,
            ok(ENFORCE),
            "mta-sts.sts.example: certificate verification failed: unable to get local issuer certificate",
        ),
        (Shown::Good, moved.to_owned(), "the answer is \"HTTP/1.1 301 Moved\""),
        (Shown::Good, ok(ENFORCE).replace("text/plain", "text/html"), "the answer is not text/plain"),
        (Shown::Good, long, "the policy is too long"),
        (Shown::Good, ok("<html>"), "the policy makes no sense: a line without a colon"),
        (Shown::Good, ok(ENFORCE).replace("Length: ", "Length: 1"), "the answer ends too early"),
        (Shown::Good, String::new(), "the answer ends too early"),
    ];
    for (web, answer, why) in table {
        let world = World::new(Shown::Untrusted, web, answer, ON).await;
        let line = format!("MTA-STS policy of sts.example can't be had: {why}");
        let sent = "=> x H=mx X CV=no".to_owned();
        assert_eq!(world.send("sts.example").await, [line.clone(), sent.clone(), "Completed".to_owned()]);
        // Nobody asks again at once.
        let again = [format!("{line} (tried a moment ago)"), sent, "Completed".to_owned()];
        assert_eq!(world.send("sts.example").await, again);
        assert_eq!(world.web.requests(), 1, "{why}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_is_kept_and_renewed_when_its_record_changes() {
    let world = World::new(Shown::Untrusted, Shown::Good, ok(ENFORCE), ON).await;
    let refused = [
        "== x defer (-37) H=mx: TLS session: (certificate verification failed): unable to get local issuer certificate",
    ];
    assert_eq!(world.send("sts.example").await, refused);
    // It binds while the web server has nothing to say.
    *world.web.answer.lock().unwrap() = String::new();
    assert_eq!(world.send("sts.example").await, refused);
    assert_eq!(world.web.requests(), 1, "kept");
    // Kept as hints are: another resolver, another run of the program.
    let kept = world.office.bench.services.hints.misc(b"mta-sts:sts.example").unwrap().1;
    assert_eq!(kept, format!("1\n{ENFORCE}").into_bytes());
    // Half its life later a newer text is asked for beside the delivery, which goes by the old one. A failure is told of.
    let clock = &world.office.bench.clock;
    let later = |seconds: i64| clock.set(Timestamp::from_secs(clock.now().secs() + seconds));
    later(604_800 / 2 + 60);
    assert_eq!(world.send("sts.example").await, refused);
    let told =
        "MTA-STS policy of sts.example can't be renewed, the old one counts on: the answer ends too early";
    while !world.office.bench.main_log().iter().any(|line| line == told) {
        tokio::task::yield_now().await;
    }
    later(301);
    *world.web.answer.lock().unwrap() = ok(&ENFORCE.replace("enforce", "testing"));
    assert_eq!(world.send("sts.example").await, refused);
    while !world
        .office
        .bench
        .services
        .hints
        .misc(b"mta-sts:sts.example")
        .unwrap()
        .1
        .ends_with(ENFORCE.replace("enforce", "testing").as_bytes())
    {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.send("sts.example").await, ["=> x H=mx X CV=no", "Completed"]);
    assert_eq!(world.web.requests(), 3);
    // A domain without a record asks nobody.
    assert_eq!(world.send("plain.example").await[0], "=> x@plain.example H=mx X CV=no");
    assert_eq!(world.web.requests(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_survives_a_restart() {
    let folder = Bench::new("");
    let place = folder.directory().join("db");
    let hints = |services: &mut Services| {
        let clock = Arc::clone(&services.clock);
        let report = |text: &str| panic!("{text}");
        services.hints = Arc::new(hints::SqliteHints::open(&place, clock, report).unwrap());
    };
    let refused = [
        "== x defer (-37) H=mx: TLS session: (certificate verification failed): unable to get local issuer certificate",
    ];
    let before = World::with(Shown::Untrusted, Shown::Good, ok(ENFORCE), ON, hints).await;
    assert_eq!(before.send("sts.example").await, refused);
    assert_eq!(before.web.requests(), 1);
    drop(before);
    // Another process, the same directory: the policy binds although nobody gives it out any more.
    let after = World::with(Shown::Untrusted, Shown::Expired, String::new(), ON, hints).await;
    assert_eq!(after.send("sts.example").await, refused);
    assert_eq!(after.web.requests(), 0);
}

/// What `postrider tls-policy` prints, without what differs from run to run.
async fn explained(world: &World, domain: &str) -> (u8, String) {
    let mut context = Context::new(Facts::default(), Arc::clone(&world.office.bench.services));
    let address = RouteAddress::new(format!("postmaster@{domain}").as_bytes());
    let outcome = Box::pin(route(&address, RouteMode::Test, &mut context)).await;
    let assignment = outcome.assignment().expect("the domain has a host");
    let (hosts, facts) = (assignment.hosts.clone(), assignment.facts.clone());
    let said = Box::pin(explain(&assignment.transport, hosts, facts, &mut context)).await;
    let lines = said.text.lines().map(|line| line.split(" port ").next().unwrap_or_default());
    (said.exit_code, lines.fold(String::new(), |text, line| format!("{text}{line}\n")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_decision_is_told_with_all_that_it_rests_on() {
    let world = World::new(Shown::Good, Shown::Good, ok(ENFORCE), ON).await;
    assert_eq!(
        explained(&world, "sts.example").await,
        (
            0,
            "domain sts.example\n\
             \x20 MTA-STS: enforce, fetched, for 604800 seconds, hosts mx.sts.example\n\
             host mx.sts.example [127.0.0.1]\n\
             \x20 DNSSEC: the way to it is not secure\n\
             \x20 DANE: nothing is believed of a host found without DNSSEC\n\
             \x20 MTA-STS: listed\n\
             \x20 decision: encrypt, with a certificate for the host's name from a known authority, because of: MTA-STS policy of the domain\n\
             \x20 decision for a message with REQUIRETLS: encrypt, with a certificate for the host's name from a known authority, because of: MTA-STS policy of the domain\n\
             \x20 session: TLS1.3:TLS_AES_256_GCM_SHA384:256, certificate /CN=rcgen self signed cert verified\n\
             \x20 REQUIRETLS: not offered\n"
                .to_owned()
        )
    );
    let world = World::new(Shown::Expired, Shown::Good, ok(ENFORCE), ON).await;
    let (code, text) = explained(&world, "sts.example").await;
    assert_eq!(code, 1);
    let session = "  session: TLS session: (certificate verification failed): certificate has expired\n";
    assert!(text.ends_with(session), "{text}");
    let (code, text) = explained(&world, "plain.example").await;
    assert_eq!(code, 0);
    assert!(text.contains("MTA-STS: no policy\n"), "{text}");
    assert!(
        text.contains("decision: encrypt where that is offered, because of: nobody asks for more\n"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_policy_is_told_with_its_time() {
    let world = World::new(Shown::Good, Shown::Good, ok(ENFORCE), ON).await;
    let since = world.office.bench.clock.now();
    // What another process, the server, has stored.
    let directory = std::env::temp_dir().join(format!("postrider-mta-{}-kept-policy", std::process::id()));
    {
        let clock = Arc::clone(&world.office.bench.clock);
        let server = hints::SqliteHints::open(&directory, clock, |_| {}).unwrap();
        hints::Hints::set_misc(&server, b"mta-sts:sts.example", since, format!("0\n{ENFORCE}").as_bytes());
        hints::Hints::flush(&server, std::time::Duration::from_secs(10));
        let services = &world.office.bench.services;
        crate::transport::mta_sts::recall(b"STS.example", &directory, services).unwrap();
    }
    let (code, text) = explained(&world, "sts.example").await;
    let shown = |seconds: i64| {
        let time = Timestamp::from_secs(since.secs() + seconds);
        mail_types::zone::Zone::utc().rfc5322(time)
    };
    let want = format!(
        "domain sts.example\n  MTA-STS: enforce, kept since {}, holds until {}, hosts mx.sts.example\n  \
         (the domain announces another policy: a delivery fetches it)\n",
        shown(0),
        shown(604_800)
    );
    assert!(code == 0 && text.starts_with(&want), "{text}");
    // Its time is over: it is asked for anew.
    world.office.bench.clock.set(Timestamp::from_secs(since.secs() + 604_801));
    let services = &world.office.bench.services;
    crate::transport::mta_sts::recall(b"sts.example", &directory, services).unwrap();
    let (_, text) = explained(&world, "sts.example").await;
    assert!(text.contains("  MTA-STS: enforce, fetched, for 604800 seconds,"), "{text}");
    // Hints that make no sense are told of.
    std::fs::write(directory.join("postrider-misc.sqlite"), "nothing").unwrap();
    let refused = crate::transport::mta_sts::recall(b"sts.example", &directory, services);
    assert!(refused.unwrap_err().contains("postrider-misc.sqlite"));
    std::fs::remove_dir_all(&directory).unwrap();
}

/// What is kept and makes no sense is as if there were nothing: the policy is fetched, and in force.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_policy_that_makes_no_sense_is_fetched_again() {
    let nonsense: [&[u8]; 5] =
        [b"", b"1", b"1\n", b"1\nversion: STSv1\nmode: enforce\n", b"\xff\xfe\n\0\0\0"];
    for record in nonsense {
        let world = World::new(Shown::Untrusted, Shown::Good, ok(ENFORCE), ON).await;
        let bench = &world.office.bench;
        bench.services.hints.set_misc(b"mta-sts:sts.example", bench.clock.now(), record);
        let refused =
            "TLS session: (certificate verification failed): unable to get local issuer certificate";
        assert_eq!(world.send("sts.example").await, [format!("== x defer (-37) H=mx: {refused}")]);
        assert_eq!(world.web.requests(), 1, "{}", record.escape_ascii());
        let kept = bench.services.hints.misc(b"mta-sts:sts.example").unwrap().1;
        assert_eq!(kept, format!("1\n{ENFORCE}").into_bytes());
    }
}

/// What a domain asks of a host concerns mail for this domain: mail for others goes to the host at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_stands_in_the_way_of_its_own_domain_alone() {
    let unlisted = ENFORCE.replace("mx.sts", "*.sts2");
    for (mail, policy, why) in [
        (Shown::Untrusted, ENFORCE, "TLS session: (certificate verification failed): "),
        (Shown::Good, &unlisted, "MTA-STS error: mx is not in the policy of the domain"),
    ] {
        let world = World::new(mail, Shown::Good, ok(policy), ON).await;
        let office = &world.office;
        for (domain, arrives) in [("sts.example", false), ("plain.example", true), ("sts.example", false)] {
            let id = office.post("carol@test.example", &[&format!("x@{domain}")]);
            office.attempt(id, AttemptKind::Arrival).await;
            let log = office.log_of(id).join("|").replace("mx.sts.example", "mx");
            assert_eq!(log.contains("=> "), arrives, "{domain} {log}");
            assert!(arrives || log.contains(why), "{domain} {log}");
        }
        // The message itself waits for its time.
        let id = office.post("carol@test.example", &["x@sts.example"]);
        office.attempt(id, AttemptKind::Arrival).await;
        office.attempt(id, AttemptKind::QueueRun).await;
        let log = office.log_of(id).join("|");
        assert!(log.ends_with("retry time not reached for any host for 'sts.example'"), "{log}");
    }
}

/// Who only looks asks for no policy in place of the one that is kept, whatever its age.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn telling_of_a_kept_policy_fetches_none() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let change = |services: &mut Services| services.mta_sts = PolicySource::new(port, AnchorSource::System);
    let world = World::with(Shown::Good, Shown::Good, ok(ENFORCE), ON, change).await;
    let services = &world.office.bench.services;
    let record = format!("0\n{ENFORCE}");
    services.hints.set_misc(b"mta-sts:sts.example", world.office.bench.clock.now(), record.as_bytes());
    let (_, text) = explained(&world, "sts.example").await;
    assert!(text.contains("(the domain announces another policy: a delivery fetches it)"), "{text}");
    assert!(!services.mta_sts.is_renewing("sts.example"));
    // A delivery does; nobody answers it.
    world.send("sts.example").await;
    assert!(services.mta_sts.is_renewing("sts.example"));
}

impl World {
    /// A policy that is kept for a domain.
    fn keep(&self, domain: &str, policy: &str) {
        let bench = &self.office.bench;
        let record = format!("1\n{policy}");
        bench.services.hints.set_misc(
            format!("mta-sts:{domain}").as_bytes(),
            bench.clock.now(),
            record.as_bytes(),
        );
    }
}

/// Two recipients whose domains have the same host: the one with a policy gets no worse treatment for the other's company.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recipient_elsewhere_does_not_take_the_policy_away() {
    let refused = "== x defer (-37) H=mx: TLS session: (certificate verification failed): \
                   unable to get local issuer certificate";
    for recipients in [["x@sts.example", "y@plain.example"], ["y@plain.example", "x@sts.example"]] {
        let world = World::new(Shown::Untrusted, Shown::Good, ok(ENFORCE), ON).await;
        let id = world.office.post("carol@test.example", &recipients);
        let mut log = world.attempt(id).await;
        log.sort();
        assert_eq!(log, [refused, "=> y@plain.example H=mx X CV=no"], "{recipients:?}");
    }
    // Where neither has one, they still go together.
    let world =
        World::new(Shown::Untrusted, Shown::Good, ok(ENFORCE), "mta_sts_domains = else.example\n").await;
    let id = world.office.post("carol@test.example", &["x@sts.example", "y@plain.example"]);
    let log = world.attempt(id).await;
    assert!(log[1].starts_with("-> "), "{log:?}");
}

/// rfc8461#3.4: the policy is the smart host's, not the recipient's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_smart_host_has_a_policy_of_its_own() {
    let elsewhere = ENFORCE.replace("mx.sts", "*.elsewhere");
    let options = format!("{ON}{SMART}");
    let refused = "== x@far.example defer (-37) H=mx: TLS session: (certificate verification failed): \
                   unable to get local issuer certificate";
    for (mail, want) in [(Shown::Good, "=> x@far.example H=mx X CV=yes"), (Shown::Untrusted, refused)] {
        let world = World::new(mail, Shown::Good, ok(ENFORCE), &options).await;
        world.keep("far.example", &elsewhere);
        assert_eq!(world.send("far.example").await[0], want);
        assert_eq!(world.web.requests(), 1);
        let (_, text) = explained(&world, "far.example").await;
        assert!(text.starts_with("domain sts.example\n  MTA-STS: enforce, kept since "), "{text}");
    }
}

/// A policy lists names of MX records, and the certificate is to be for such a name: where it leads nobody vouches for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_name_in_the_record_counts_where_it_is_an_alias() {
    let named = |name: &str| ENFORCE.replace("mx.sts.example", name);
    for (policy, why) in [
        (named("mx.alias.example"), "certificate is not for mx.alias.example"),
        (named("mx.sts.example"), "MTA-STS error: mx is not in the policy of the domain"),
    ] {
        let world = World::new(Shown::Good, Shown::Good, String::new(), ON).await;
        world.keep("alias.example", &policy);
        let log = world.send("alias.example").await;
        assert!(log[log.len() - 1].ends_with(why), "{log:?}");
    }
}

/// A domain in UTF-8 has the policy of its A-labels.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_in_utf_8_has_its_policy() {
    for domain in ["xn--bcher-kva.example", "b\u{fc}cher.example"] {
        let world = World::new(Shown::Good, Shown::Good, String::new(), ON).await;
        world.keep("xn--bcher-kva.example", &ENFORCE.replace("mx.sts", "*.elsewhere"));
        let log = world.send(domain).await;
        assert!(log[0].ends_with("MTA-STS error: mx is not in the policy of the domain"), "{log:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_come_together_wait_for_one_fetch() {
    let world = World::new(Shown::Good, Shown::Good, ok(ENFORCE), ON).await;
    let logs = tokio::join!(
        Box::pin(world.send("sts.example")),
        Box::pin(world.send("sts.example")),
        Box::pin(world.send("sts.example")),
        Box::pin(world.send("sts.example"))
    );
    for log in <[Vec<String>; 4]>::from(logs) {
        assert_eq!(log, ["=> x H=mx X CV=yes", "Completed"]);
    }
    assert_eq!(world.web.requests(), 1);
}

/// rfc8461#10.2: once a day; a failure is told of once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_is_renewed_every_day() {
    let world = World::new(Shown::Good, Shown::Good, String::new(), ON).await;
    world.keep("sts.example", ENFORCE);
    let bench = &world.office.bench;
    let later = |seconds: i64| bench.clock.set(Timestamp::from_secs(bench.clock.now().secs() + seconds));
    let sent = ["=> x H=mx X CV=yes", "Completed"];
    later(86_000);
    assert_eq!(world.send("sts.example").await, sent);
    assert!(!bench.services.mta_sts.is_renewing("sts.example"));
    later(500);
    assert_eq!(world.send("sts.example").await, sent);
    let told = || bench.main_log().iter().filter(|line| line.contains("can't be renewed")).count();
    while told() == 0 || bench.services.mta_sts.is_renewing("sts.example") {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.send("sts.example").await, sent);
    assert!(!bench.services.mta_sts.is_renewing("sts.example"));
    assert_eq!((told(), world.web.requests()), (1, 1));
}
