//! Reports on their way: to an HTTPS server of the test's own, to those who agree, and again after a failure.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hints::{AuthResult, DmarcResult, TlsSession};
use mail_types::clock::{Clock as _, SystemClock};
use rcgen::PublicKeyData as _;
use reports::ingest::{Found, read};
use reports::tlsrpt::PolicyDescription;
use tls::{AcceptorRequest, Store, Stream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};

use super::{Fate, Idle, Pressure, send_due};
use crate::services::Services;
use crate::testing::Bench;

/// How many reports arrived.
pub(crate) async fn arrived(services: &Arc<Services>, pressure: Pressure) -> usize {
    let outcomes = Box::pin(send_due(services, pressure)).await.unwrap_or_default();
    outcomes.iter().filter(|outcome| matches!(outcome.fate, Fate::Sent(_))).count()
}

/// A server that takes POSTs; the first ones it answers with an error.
#[derive(Clone)]
struct Web {
    port: u16,
    taken: Arc<Mutex<Vec<Vec<u8>>>>,
    failures: Arc<AtomicUsize>,
    /// An answer takes a permit.
    answers: Arc<Semaphore>,
    /// Somebody has posted.
    posted: Arc<Notify>,
}

impl Web {
    async fn start(folder: &Bench) -> Self {
        Self::start_with(folder, Semaphore::MAX_PERMITS).await
    }

    /// With so many answers for now.
    async fn start_with(folder: &Bench, answers: usize) -> Self {
        let key = rcgen::generate_simple_self_signed(vec!["elsewhere.example".to_owned()]).unwrap();
        let pem = folder.directory().join("web.pem");
        std::fs::write(&pem, format!("{}{}", key.cert.pem(), key.signing_key.serialize_pem())).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let request = AcceptorRequest { identities: vec![(pem.clone(), pem)], ..AcceptorRequest::default() };
        let acceptor = Store::new(Arc::new(SystemClock)).acceptor(&request).unwrap();
        let taken: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
        let failures = Arc::new(AtomicUsize::new(0));
        let (answers, posted) = (Arc::new(Semaphore::new(answers)), Arc::new(Notify::new()));
        let web = Self { port, taken, failures, answers, posted };
        let shared = web.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(exchange(stream, acceptor.clone(), shared.clone()));
            }
        });
        web
    }
}

async fn exchange(stream: TcpStream, acceptor: tls::Acceptor, web: Web) -> Option<()> {
    let mut stream = Stream::new(stream);
    stream.hello().await.ok()?;
    stream.accept(&acceptor).await.ok()?;
    let mut request = Vec::new();
    let (head, length) = loop {
        if stream.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
        let Some(end) = request.windows(4).position(|text| text == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&request[..end]).into_owned();
        let length =
            head.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse::<usize>().ok());
        break (end + 4, length?);
    };
    while request.len() < head + length {
        stream.read_buf(&mut request).await.ok()?;
    }
    let fails =
        web.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
    let answer: &[u8] = if fails {
        b"HTTP/1.1 503 Later\r\n\r\n"
    } else {
        web.taken.lock().unwrap().push(request);
        b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
    };
    web.posted.notify_one();
    web.answers.acquire().await.ok()?.forget();
    stream.write_all(answer).await.ok()?;
    stream.shutdown().await.ok()
}

/// What tells the reports of this host from others'.
pub(crate) fn host_of(bench: &Bench) -> String {
    let context =
        crate::context::Context::new(crate::context::facts::Facts::default(), Arc::clone(&bench.services));
    super::Settings::of(&context).unwrap().unwrap().host
}

fn reported(bench: &Bench) -> Vec<String> {
    bench.main_log().into_iter().filter(|line| line.contains(" report about ")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_is_repeated_until_it_arrives() {
    let folder = Bench::new("");
    let web = Web::start(&folder).await;
    web.failures.store(1, Ordering::SeqCst);
    let zone = format!(
        "_smtp._tls.a.example. TXT \"v=TLSRPTv1; rua=https://web.example:{}/v1/report?x=y,mailto:t@a.example\"\n\
         web.example. A 127.0.0.1\n",
        web.port
    );
    let (bench, _server) = Bench::with_zone(
        "tls_reports_domains = *\nreports_from = r@us.example\nreports_organization = Us & Co\nreports_ignore_target_hosts =\n",
        &zone,
    );
    let now = bench.clock.now();
    for domain in ["a.example", "silent.example"] {
        let policy =
            PolicyDescription { policy_type: "no-policy-found".to_owned(), ..PolicyDescription::default() };
        let session = TlsSession { at: now, domain: domain.to_owned(), policy, failure: None };
        bench.services.reports.add_tls(&session).unwrap();
    }
    let look = || Box::pin(arrived(&bench.services, Pressure::AtTheirTime));
    assert_eq!(look().await, 0);
    bench.clock.advance(Duration::from_hours(24));
    assert_eq!(look().await, 1, "the mail alone arrived");
    let log = reported(&bench);
    let post = format!("TLS report about a.example to https://web.example:{}/v1/report?x=y: ", web.port);
    assert_eq!(log[0], format!("{post}failed: the answer is \"HTTP/1.1 503 Later\""));
    assert!(log[1].starts_with("TLS report about a.example to mailto:t@a.example: "), "{log:?}");
    // Not at once, and only what failed.
    assert_eq!(look().await, 0);
    bench.clock.advance(Duration::from_mins(61));
    assert_eq!(look().await, 1);
    assert_eq!(reported(&bench)[2..], [format!("{post}HTTP/1.1 201 Created")]);
    let request = web.taken.lock().unwrap()[0].clone();
    let end = request.windows(4).position(|text| text == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&request[..end]).into_owned();
    let want = format!("POST /v1/report?x=y HTTP/1.1\r\nHost: web.example:{}\r\n", web.port);
    assert!(
        head.starts_with(&want) && head.contains("\r\nContent-Type: application/tlsrpt+gzip\r\n"),
        "{head}"
    );
    let [Found::Tls(report)] = &read(&request[end + 4..]).unwrap()[..] else { panic!("a TLS report") };
    assert_eq!(
        (report.organization_name.as_str(), report.contact_info.as_str()),
        ("Us & Co", "r@us.example")
    );
    assert_eq!(report.policies[0].summary.total_successful_session_count, 1);
    // Results are kept for some days, and then they are gone.
    bench.clock.advance(Duration::from_hours(24 * 5));
    assert_eq!(look().await, 0);
    let store = &bench.services.reports;
    assert!(store.tls_domains(reports::Period::day_of(now)).unwrap().is_empty());
    assert_eq!(bench.panic_log(), Vec::<String>::new());
}

/// A server that is never ready: each hour it is asked, until it is too late for the day that the report is about.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_is_given_up_in_time() {
    let folder = Bench::new("");
    let web = Web::start(&folder).await;
    web.failures.store(usize::MAX, Ordering::SeqCst);
    let (bench, _server) = with_results(&format!("https://web.example:{}/", web.port), "");
    let (hour, day) = (3600, 24 * 3600);
    let over = reports::Period::day_of(bench.clock.now()).begin;
    let look = || Box::pin(send_due(&bench.services, Pressure::AtTheirTime));
    let mut tries = Vec::new();
    while bench.clock.now().secs() < over.secs() + 2 * day {
        // A process that another test starts may hold our lock for the moment between fork and exec.
        let outcomes = loop {
            match look().await {
                Err(Idle::SomebodyElse) => tokio::task::yield_now().await,
                outcomes => break outcomes.unwrap(),
            }
        };
        for outcome in outcomes {
            assert!(matches!(outcome.fate, Fate::Failed(_)), "{outcome:?}");
            tries.push(bench.clock.now().secs() - over.secs());
        }
        bench.clock.advance(Duration::from_mins(10));
    }
    let last = tries[tries.len() - 1];
    assert!(last > day && last <= day + 12 * hour, "{last}");
    assert!(tries.windows(2).all(|pair| pair[1] - pair[0] == hour), "{tries:?}");
    // Who asks for it by hand gets another try.
    assert_eq!(arrived(&bench.services, Pressure::Now).await, 0);
    assert!(bench.main_log().len() > tries.len(), "it was tried");
}

/// A result of a domain that names four destinations.
fn failed(received: mail_types::Timestamp) -> DmarcResult {
    let rua = "mailto:a@own.example!10m,mailto:b@ext.example,mailto:c@deaf.example,mailto:d@own.example!1k";
    let auth = |method, selector: &str, result: &str| AuthResult {
        method,
        domain: "m.example".to_owned(),
        selector: selector.to_owned(),
        result: result.to_owned(),
    };
    DmarcResult {
        received,
        source: "192.0.2.7".to_owned(),
        author: "own.example".to_owned(),
        mail_from: "m.example".to_owned(),
        policy_domain: "own.example".to_owned(),
        record: format!("p=reject; adkim=r; aspf=s; pct=50; fo=1:d; rua={rua}"),
        disposition: "none".to_owned(),
        override_reason: "arc=pass as[1].d=list.example".to_owned(),
        auth: vec![auth("dkim", "s1", "fail"), auth("spf", "helo", "softfail")],
        ..DmarcResult::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dmarc_reports_go_to_those_who_agree() {
    let zone = "own.example._report._dmarc.ext.example. TXT \"v=DMARC1\"\n\
                own.example._report._dmarc.deaf.example. TXT \"v=spf1 -all\"\n";
    let (bench, _server) = Bench::with_zone(
        "dmarc_store_results = true\ndmarc_reports_domains = own.example\nreports_from = r@us.example\n",
        zone,
    );
    let result = failed(bench.clock.now());
    let sampled = DmarcResult {
        override_reason: String::new(),
        disposition: "quarantine".to_owned(),
        ..result.clone()
    };
    let store = &bench.services.reports;
    for one in [
        &result,
        &result,
        &sampled,
        &DmarcResult { policy_domain: "other.example".to_owned(), ..result.clone() },
    ] {
        store.add_dmarc(one).unwrap();
    }
    bench.clock.advance(Duration::from_hours(24));
    assert_eq!(Box::pin(arrived(&bench.services, Pressure::Now)).await, 2);
    let log = reported(&bench);
    assert_eq!(log.len(), 3, "{log:?}");
    let about = "DMARC report about own.example to mailto:";
    assert!(log[0].starts_with(&format!("{about}a@own.example: ")), "{log:?}");
    assert!(log[1].starts_with(&format!("{about}b@ext.example: ")), "{log:?}");
    assert!(log[2].starts_with(&format!("{about}d@own.example: not sent: ")), "{log:?}");
    assert!(log[2].ends_with(" octets, the limit is 1024"), "{log:?}");
    let id = log[1].rsplit(' ').next().unwrap().to_owned();
    let message = sent_message(&bench, &id);
    let found = read(&message).expect("a report");
    let [Found::Dmarc(report)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(report.report_id, format!("20261122.dmarc.own.example.{}@us.example", host_of(&bench)));
    let policy = &report.policy;
    assert_eq!(
        [&policy.domain, &policy.p, &policy.sp, &policy.aspf, &policy.pct, &policy.fo],
        ["own.example", "reject", "reject", "s", "50", "1:d"]
    );
    let shown: Vec<String> = report
        .records
        .iter()
        .map(|row| {
            let reasons = row.reasons.iter().map(|reason| format!("{} {}", reason.kind, reason.comment));
            let spf = &row.spf_results[0];
            format!(
                "{} {} {:?} {} {}",
                row.count,
                row.disposition,
                reasons.collect::<Vec<_>>(),
                spf.scope,
                spf.result
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "2 none [\"local_policy arc=pass as[1].d=list.example\"] helo softfail",
            "1 quarantine [\"sampled_out \"] helo softfail"
        ]
    );
    assert_eq!(report.records[0].dkim_results[0].selector, "s1");
    let header = String::from_utf8_lossy(&message).into_owned();
    assert!(!header.contains("TLS-") && header.contains("multipart/mixed"), "{header}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_that_nobody_configured() {
    for options in
        ["", "reports_from = r@us.example\n", "tls_reports_domains = *\ndmarc_reports_domains = *\n"]
    {
        let bench = Bench::new(options);
        let session =
            TlsSession { at: bench.clock.now(), domain: "a.example".to_owned(), ..TlsSession::default() };
        bench.services.reports.add_tls(&session).unwrap();
        bench.clock.advance(Duration::from_hours(24));
        let outcomes = Box::pin(send_due(&bench.services, Pressure::Now)).await;
        let unsaid = if options.contains("reports_from") { Ok(Vec::new()) } else { Err(Idle::NotConfigured) };
        assert_eq!(outcomes, unsaid, "{options}");
    }
    for (set, unset) in [
        ("reports_dkim_selector", "reports_dkim_private_key"),
        ("reports_dkim_private_key", "reports_dkim_selector"),
    ] {
        let bench = Bench::new(&format!(
            "tls_reports_domains = *\nreports_from = r@us.example\n{set} = /some/thing\n"
        ));
        let refused = Box::pin(send_due(&bench.services, Pressure::Now)).await;
        assert_eq!(refused, Err(Idle::Trouble(format!("{set} is set, and {unset} is not"))));
    }
    let bench = Bench::new("tls_reports_domains = *\nreports_from = nobody at all@\n");
    let refused = Box::pin(send_due(&bench.services, Pressure::Now)).await;
    assert!(matches!(&refused, Err(Idle::Trouble(why)) if why.starts_with("reports_from: ")), "{refused:?}");
}

/// Results of yesterday about a domain whose reports go to these places.
fn with_results(rua: &str, options: &str) -> (Bench, dns::fixture::FixtureServer) {
    let zone = format!("_smtp._tls.a.example. TXT \"v=TLSRPTv1; rua={rua}\"\nweb.example. A 127.0.0.1\n");
    let options = format!(
        "tls_reports_domains = *\nreports_from = Us <r@us.example>\nreports_ignore_target_hosts =\n{options}"
    );
    let (bench, server) = Bench::with_zone(&options, &zone);
    let policy =
        PolicyDescription { policy_type: "no-policy-found".to_owned(), ..PolicyDescription::default() };
    let session = TlsSession { at: bench.clock.now(), domain: "a.example".to_owned(), policy, failure: None };
    bench.services.reports.add_tls(&session).unwrap();
    bench.clock.advance(Duration::from_hours(24));
    (bench, server)
}

/// A record of anybody's is no way into our own network.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_posted_to_addresses_that_are_not_public() {
    let folder = Bench::new("");
    let web = Web::start(&folder).await;
    let hosts = ["web.example", "127.0.0.1", "inside.example", "mapped.example"];
    let uris: Vec<String> = hosts.iter().map(|host| format!("https://{host}:{}/", web.port)).collect();
    let zone = format!(
        "_smtp._tls.a.example. TXT \"v=TLSRPTv1; rua={}\"\nweb.example. A 127.0.0.1\n\
         inside.example. A 10.1.2.3\ninside.example. AAAA fd00::1\nmapped.example. AAAA ::ffff:127.0.0.1\n",
        uris.join(",")
    );
    let (bench, _server) = Bench::with_zone("tls_reports_domains = *\nreports_from = r@us.example\n", &zone);
    let policy =
        PolicyDescription { policy_type: "no-policy-found".to_owned(), ..PolicyDescription::default() };
    let session = TlsSession { at: bench.clock.now(), domain: "a.example".to_owned(), policy, failure: None };
    bench.services.reports.add_tls(&session).unwrap();
    bench.clock.advance(Duration::from_hours(24));
    let sent = Box::pin(send_due(&bench.services, Pressure::Now)).await.unwrap();
    let said: Vec<String> = sent.iter().map(ToString::to_string).collect();
    for (host, said) in hosts.iter().zip(&said) {
        let why = match *host {
            "127.0.0.1" => "no such name",
            _ => "all of its addresses are in reports_ignore_target_hosts",
        };
        let why = format!("failed: {host}: {why}");
        assert!(said.ends_with(&why), "{said}");
    }
    assert_eq!((said.len(), web.taken.lock().unwrap().len()), (hosts.len(), 0));
}

/// Who can't tell whether reports are wanted says so, and keeps the results.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_cannot_be_decided_is_no_no() {
    let list = "lsearch;/no/such/file";
    let bench = Bench::new(&format!("tls_reports_domains = {list}\nreports_from = r@us.example\n"));
    let session =
        TlsSession { at: bench.clock.now(), domain: "a.example".to_owned(), ..TlsSession::default() };
    bench.services.reports.add_tls(&session).unwrap();
    let day = reports::Period::day_of(bench.clock.now());
    bench.clock.advance(Duration::from_hours(24));
    let refused = Box::pin(send_due(&bench.services, Pressure::Now)).await;
    let why = "failed to check \"tls_reports_domains\": \
               failed to open /no/such/file for linear search: No such file or directory";
    assert_eq!(refused, Err(Idle::Trouble(why.to_owned())));
    assert_eq!(bench.services.reports.tls_domains(day).unwrap(), ["a.example"]);
}

/// The scheduler dies after the server has the report and before that is written down, while the command is about to send.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_sends_at_a_time_and_who_dies_loses_nothing() {
    let folder = Bench::new("");
    let web = Web::start_with(&folder, 0).await;
    let (bench, _server) = with_results(&format!("https://web.example:{}/", web.port), "");
    let services = Arc::clone(&bench.services);
    let first = tokio::spawn(async move { Box::pin(send_due(&services, Pressure::Now)).await });
    web.posted.notified().await;
    let now = || Box::pin(send_due(&bench.services, Pressure::Now));
    assert_eq!(now().await, Err(Idle::SomebodyElse));
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    web.answers.add_permits(9);
    let second = now().await.unwrap();
    assert_eq!(
        second.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [format!("TLS report about a.example to https://web.example:{}/: HTTP/1.1 201 Created", web.port)]
    );
    assert_eq!(now().await, Ok(Vec::new()), "it has arrived");
    let taken = web.taken.lock().unwrap().clone();
    let [one, two] = taken.as_slice() else { panic!("{} posts", taken.len()) };
    assert_eq!(one, two, "the same report, id included");
}

/// A message of the queue as it is sent.
fn sent_message(bench: &Bench, id: &str) -> Vec<u8> {
    let header = bench.services.spool.read_header(&mail_types::MessageId::parse(id.as_bytes()).unwrap());
    let lines: Vec<u8> = header.unwrap().unwrap().live_headers().flat_map(|line| line.text.clone()).collect();
    let data = std::fs::read(bench.directory().join("input").join(format!("{id}-D"))).unwrap();
    let body = &data[data.iter().position(|byte| *byte == b'\n').unwrap() + 1..];
    [&lines[..], b"\n", body].concat()
}

/// dkimpy's verdict on a message at a time, with the key that the DNS would have: `True` or `False`. None when it is not
/// there.
fn verified_by_dkimpy(message: &[u8], now: mail_types::Timestamp, name: &str, key: &str) -> Option<String> {
    let python = std::env::var("POSTRIDER_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has = Command::new(&python).args(["-c", "import dkim, nacl"]).stderr(Stdio::null()).status();
    if !has.is_ok_and(|status| status.success()) {
        assert!(std::env::var_os("CI").is_none(), "dkimpy is not installed");
        return None;
    }
    let code = "import dkim, sys, time\n\
                time.time = lambda: float(sys.argv[3])\n\
                name, key = (word.encode() for word in sys.argv[1:3])\n\
                ask = lambda asked, timeout=5: key if asked == name else None\n\
                print(dkim.verify(sys.stdin.buffer.read(), dnsfunc=ask))";
    let mut child = Command::new(&python)
        .args(["-c", code, name, key, &now.secs().to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let crlf = String::from_utf8(message.to_vec()).unwrap().replace('\n', "\r\n");
    child.stdin.take().unwrap().write_all(crlf.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_verify_the_signature_of_a_report() {
    for algorithm in [&rcgen::PKCS_ED25519, &rcgen::PKCS_RSA_SHA256] {
        let folder = Bench::new("");
        let pair = rcgen::KeyPair::generate_for(algorithm).unwrap();
        let file = folder.directory().join("key.pem");
        std::fs::write(&file, pair.serialize_pem()).unwrap();
        let (bench, _server) = with_results(
            "mailto:t@a.example",
            &format!("reports_dkim_selector = sel\nreports_dkim_private_key = {}\n", file.display()),
        );
        let outcomes = Box::pin(send_due(&bench.services, Pressure::Now)).await.unwrap();
        let Fate::Sent(id) = &outcomes[0].fate else { panic!("{outcomes:?}") };
        let message = sent_message(&bench, id);
        let (kind, key) = if *algorithm == rcgen::PKCS_ED25519 {
            ("ed25519", pair.public_key_raw().to_vec())
        } else {
            ("rsa", pair.subject_public_key_info())
        };
        let key = String::from_utf8(mail_types::base64::encode(&key)).unwrap();
        let record = format!("v=DKIM1; k={kind}; p={key}");
        let asked = |message: &[u8]| {
            verified_by_dkimpy(message, bench.clock.now(), "sel._domainkey.us.example.", &record)
        };
        if let Some(said) = asked(&message) {
            assert_eq!(said, "True", "{kind}");
            let changed = String::from_utf8(message)
                .unwrap()
                .replace("Report Domain: a.example", "Report Domain: b.example");
            assert_eq!(asked(changed.as_bytes()).as_deref(), Some("False"), "{kind}");
        }
    }
}

/// A destination elsewhere may name another address in its domain; one that does not answer is asked again, and keeps no
/// report from the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receivers_elsewhere_are_asked_until_they_answer() {
    let zone = "own.example._report._dmarc.ext.example. TXT \"v=DMARC1; rua=mailto:dmarc@ext.example!2m\"\n\
                own.example._report._dmarc.sly.example. TXT \"v=DMARC1; rua=mailto:x@victim.example\"\n\
                own.example._report._dmarc.mute.example. FAULT servfail\n";
    let (bench, _server) = Bench::with_zone(
        "dns_retry = 1\ndmarc_store_results = true\ndmarc_reports_domains = own.example\nreports_from = r@us.example\n",
        zone,
    );
    let rua = "mailto:a@own.example,mailto:b@ext.example,mailto:c@sly.example,mailto:d@mute.example";
    let result = DmarcResult { record: format!("p=none; rua={rua}"), ..failed(bench.clock.now()) };
    bench.services.reports.add_dmarc(&result).unwrap();
    bench.clock.advance(Duration::from_hours(29));
    let about = "DMARC report about own.example";
    let told = |outcomes: Vec<super::Outcome>| -> Vec<String> {
        let shown = |outcome: &super::Outcome| match &outcome.fate {
            Fate::Sent(_) => format!("{}: sent", outcome.what),
            _ => outcome.to_string(),
        };
        outcomes.iter().map(shown).collect()
    };
    let unknown = format!("{about}: failed: whether d@mute.example want the report can't be found out now");
    let now = || Box::pin(send_due(&bench.services, Pressure::AtTheirTime));
    assert_eq!(
        told(now().await.unwrap()),
        [
            unknown.clone(),
            format!("{about} to mailto:a@own.example: sent"),
            format!("{about} to mailto:dmarc@ext.example: sent"),
        ]
    );
    assert_eq!(told(now().await.unwrap()), Vec::<String>::new(), "not at once");
    bench.clock.advance(Duration::from_mins(61));
    assert_eq!(told(now().await.unwrap()), [unknown]);
}

/// A store that can't be read is told of, not taken for an empty one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_store_is_no_empty_store() {
    let bench = Bench::new("tls_reports_domains = *\nreports_from = r@us.example\n");
    let place = bench.directory().join("db");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join("postrider-reports.sqlite"), "no database at all, whatever its name says")
        .unwrap();
    let refused = Box::pin(send_due(&bench.services, Pressure::Now)).await;
    let Err(Idle::Trouble(why)) = refused else { panic!("{refused:?}") };
    assert!(why.contains("postrider-reports.sqlite: file is not a database"), "{why}");
}
