//! Reports on their way: to an HTTPS server of the test's own, to those who agree, and again after a failure.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hints::{AuthResult, DmarcResult, TlsSession};
use mail_types::clock::{Clock as _, SystemClock};
use reports::ingest::{Found, read};
use reports::tlsrpt::PolicyDescription;
use tls::{AcceptorRequest, Store, Stream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{Pressure, send_due};
use crate::testing::Bench;

/// A server that takes POSTs; the first ones it answers with an error.
struct Web {
    port: u16,
    taken: Arc<Mutex<Vec<Vec<u8>>>>,
    failures: Arc<AtomicUsize>,
}

impl Web {
    async fn start(folder: &Bench) -> Self {
        let key = rcgen::generate_simple_self_signed(vec!["elsewhere.example".to_owned()]).unwrap();
        let pem = folder.directory().join("web.pem");
        std::fs::write(&pem, format!("{}{}", key.cert.pem(), key.signing_key.serialize_pem())).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let request = AcceptorRequest { identities: vec![(pem.clone(), pem)], ..AcceptorRequest::default() };
        let acceptor = Store::new(Arc::new(SystemClock)).acceptor(&request).unwrap();
        let taken: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
        let failures = Arc::new(AtomicUsize::new(0));
        let shared = (Arc::clone(&taken), Arc::clone(&failures));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (taken, failures) = shared.clone();
                tokio::spawn(exchange(stream, acceptor.clone(), taken, failures));
            }
        });
        Self { port, taken, failures }
    }
}

async fn exchange(
    stream: TcpStream,
    acceptor: tls::Acceptor,
    taken: Arc<Mutex<Vec<Vec<u8>>>>,
    failures: Arc<AtomicUsize>,
) -> Option<()> {
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
    let fails = failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
    let answer: &[u8] = if fails {
        b"HTTP/1.1 503 Later\r\n\r\n"
    } else {
        taken.lock().unwrap().push(request);
        b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
    };
    stream.write_all(answer).await.ok()?;
    stream.shutdown().await.ok()
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
        "tls_reports_domains = *\nreports_from = r@us.example\nreports_organization = Us & Co\n",
        &zone,
    );
    let now = bench.clock.now();
    for domain in ["a.example", "silent.example"] {
        let policy =
            PolicyDescription { policy_type: "no-policy-found".to_owned(), ..PolicyDescription::default() };
        let session = TlsSession { at: now, domain: domain.to_owned(), policy, failure: None };
        bench.services.reports.add_tls(&session).unwrap();
    }
    let look = || Box::pin(send_due(&bench.services, Pressure::AtTheirTime));
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
    assert_eq!(Box::pin(send_due(&bench.services, Pressure::Now)).await, 3);
    let log = reported(&bench);
    assert_eq!(log.len(), 3, "{log:?}");
    let about = "DMARC report about own.example to mailto:";
    assert!(log[0].starts_with(&format!("{about}a@own.example: ")), "{log:?}");
    assert!(log[1].starts_with(&format!("{about}b@ext.example: ")), "{log:?}");
    assert!(log[2].starts_with(&format!("{about}d@own.example: not sent: ")), "{log:?}");
    assert!(log[2].ends_with(" octets, the limit is 1024"), "{log:?}");
    let id = log[1].rsplit(' ').next().unwrap().to_owned();
    let header = bench.services.spool.read_header(&mail_types::MessageId::parse(id.as_bytes()).unwrap());
    let lines: Vec<u8> = header.unwrap().unwrap().live_headers().flat_map(|line| line.text.clone()).collect();
    let data = std::fs::read(bench.directory().join("input").join(format!("{id}-D"))).unwrap();
    let body = &data[data.iter().position(|byte| *byte == b'\n').unwrap() + 1..];
    let found = read(&[&lines[..], b"\n", body].concat()).expect("a report");
    let [Found::Dmarc(report)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(report.report_id, "20261122.dmarc.own.example");
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
    let header = String::from_utf8_lossy(&lines).into_owned();
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
        assert_eq!(Box::pin(send_due(&bench.services, Pressure::Now)).await, 0, "{options}");
    }
    let bench = Bench::new("tls_reports_domains = *\nreports_from = nobody at all@\n");
    assert_eq!(Box::pin(send_due(&bench.services, Pressure::Now)).await, 0);
    assert!(bench.panic_log()[0].starts_with("reports_from: "), "{:?}", bench.panic_log());
}
