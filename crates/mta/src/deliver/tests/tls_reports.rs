//! Deliveries whose TLS ends up in a report, and the report on its way.

use std::time::Duration;

use mail_types::clock::Timestamp;
use reports::ingest::{Found, read};
use reports::{Period, TlsReport};

use super::mta_sts::{ENFORCE, Shown, World, ok};
use crate::deliver::AttemptKind;
use crate::report::Pressure;
use crate::report::tests::{arrived, host_of};

const ON: &str = "mta_sts_domains = *\ntls_reports_domains = *\nreports_from = Reports <r@us.example>\n";

/// What the store has about the domain: `policy good failed type type …`.
fn counted(world: &World) -> Vec<String> {
    let services = &world.office.bench.services;
    let day = Period::day_of(services.clock.now());
    let policies = services.reports.tls_policies("sts.example", day).expect("a store");
    let line = |policy: &reports::tlsrpt::PolicyReport| {
        let (of, sum) = (&policy.policy, policy.summary);
        let failures = policy.failure_details.iter().map(|failure| format!(" {}", failure.result_type));
        format!(
            "{} {} {} {}{}",
            of.policy_type,
            of.policy_domain,
            sum.total_successful_session_count,
            sum.total_failure_session_count,
            failures.collect::<String>()
        )
    };
    policies.iter().map(line).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_end_of_a_handshake_is_a_result() {
    let testing = ENFORCE.replace("enforce", "testing");
    let other = ENFORCE.replace("mx.sts", "*.sts2");
    let none = "version: STSv1\nmode: none\nmax_age: 1\n";
    let table: Vec<(Shown, Shown, String, &str, &[&str])> = vec![
        (Shown::Good, Shown::Good, ok(ENFORCE), ON, &["sts sts.example 1 0"]),
        (Shown::Misnamed, Shown::Good, ok(ENFORCE), ON, &["sts sts.example 0 1 certificate-host-mismatch"]),
        (Shown::Expired, Shown::Good, ok(ENFORCE), ON, &["sts sts.example 0 1 certificate-expired"]),
        (Shown::Untrusted, Shown::Good, ok(ENFORCE), ON, &["sts sts.example 0 1 certificate-not-trusted"]),
        (Shown::Good, Shown::Good, ok(&other), ON, &["sts sts.example 0 1 validation-failure"]),
        (Shown::Good, Shown::Good, ok(&testing), ON, &["sts sts.example 1 0"]),
        (Shown::Untrusted, Shown::Good, ok(&testing), ON, &["sts sts.example 0 1 certificate-not-trusted"]),
        (
            Shown::Good,
            Shown::Good,
            ok(&other.replace("enforce", "testing")),
            ON,
            &["sts sts.example 0 1 validation-failure"],
        ),
        (Shown::Untrusted, Shown::Good, ok(none), ON, &["no-policy-found sts.example 1 0"]),
        (
            Shown::Untrusted,
            Shown::Misnamed,
            ok(ENFORCE),
            ON,
            &["no-policy-found sts.example 1 0", "sts sts.example 0 1 sts-webpki-invalid"],
        ),
        (
            Shown::Untrusted,
            Shown::Good,
            ok("<html>"),
            ON,
            &["no-policy-found sts.example 1 0", "sts sts.example 0 1 sts-policy-invalid"],
        ),
        (
            Shown::Untrusted,
            Shown::Good,
            String::new(),
            ON,
            &["no-policy-found sts.example 1 0", "sts sts.example 0 1 sts-policy-fetch-error"],
        ),
        // Nobody asked for reports, or not about this domain.
        (Shown::Expired, Shown::Good, ok(ENFORCE), "mta_sts_domains = *\ntls_reports_domains = *\n", &[]),
        (
            Shown::Expired,
            Shown::Good,
            ok(ENFORCE),
            "mta_sts_domains = *\ntls_reports_domains = !sts.example : *\nreports_from = r@us.example\n",
            &[],
        ),
    ];
    for (mail, web, answer, options, want) in table {
        let world = World::new(mail, web, answer.clone(), options).await;
        world.send("sts.example").await;
        let mut found = counted(&world);
        found.sort();
        assert_eq!(found, want, "{mail:?} {web:?} {answer} {options}");
    }
}

/// A failing handshake becomes a signed message about it, which arrives although TLS fails, and is not reported itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_is_reported_the_next_day() {
    let folder = crate::testing::Bench::new("");
    let key = folder.directory().join("key.pem");
    std::fs::write(&key, rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap().serialize_pem())
        .unwrap();
    let options = format!("{ON}reports_dkim_selector = sel\nreports_dkim_private_key = {}\n", key.display());
    let world = World::new(Shown::Expired, Shown::Good, ok(ENFORCE), &options).await;
    let refused = world.send("sts.example").await;
    assert!(refused[0].ends_with("certificate has expired"), "{refused:?}");
    let bench = &world.office.bench;
    let at_its_time = || Box::pin(arrived(&bench.services, Pressure::AtTheirTime));
    assert_eq!(at_its_time().await, 0, "the day is not over");
    let midnight = Period::day_of(bench.services.clock.now()).end;
    bench.clock.set(Timestamp::from_secs(midnight.secs() + 60));
    assert_eq!(at_its_time().await, 0, "the day has just ended");
    bench.clock.advance(Duration::from_hours(5));
    let before = bench.spool_files();
    assert_eq!(at_its_time().await, 1);
    assert_eq!(at_its_time().await, 0, "once");
    let told = bench.main_log();
    let line =
        told.iter().find(|line| line.starts_with("TLS report about sts.example to mailto:tls@sts.example: "));
    let id = line.expect("it is told of").rsplit(' ').next().unwrap();
    let id = mail_types::MessageId::parse(id.as_bytes()).expect("an id");
    assert_eq!(bench.spool_files().len(), before.len() + 2, "one message more");
    let header = bench.services.spool.read_header(&id).unwrap().unwrap();
    assert_eq!(
        (header.sender.as_slice(), header.recipients[0].address.as_slice()),
        (&b"r@us.example"[..], &b"tls@sts.example"[..])
    );
    let lines: Vec<u8> = header.live_headers().flat_map(|line| line.text.clone()).collect();
    let text = String::from_utf8_lossy(&lines).into_owned();
    let report = format!("20261122.tls.sts.example.{}@us.example", host_of(bench));
    for wanted in [
        &format!("Subject: Report Domain: sts.example\n Submitter: us.example\n Report-ID: <{report}>\n"),
        &format!("Message-ID: <{report}>\n"),
        "DKIM-Signature: v=1; a=ed25519-sha256; ",
        "d=us.example; s=sel; ",
        "TLS-Report-Domain: sts.example\nTLS-Report-Submitter: us.example\nTLS-Required: No\n",
        "From: Reports <r@us.example>\n",
    ] {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
    let data = std::fs::read(bench.directory().join("input").join(format!("{id}-D"))).unwrap();
    let body = &data[data.iter().position(|byte| *byte == b'\n').unwrap() + 1..];
    let found = read(&[&lines[..], b"\n", body].concat()).expect("a report");
    let [Found::Tls(TlsReport { policies, organization_name, report_id, .. })] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!((organization_name, report_id), (&"us.example".to_owned(), &report));
    let [policy] = policies.as_slice() else { panic!("{policies:?}") };
    assert_eq!(policy.policy.policy_string, ENFORCE.lines().collect::<Vec<_>>());
    let [failure] = policy.failure_details.as_slice() else { panic!("{policy:?}") };
    assert_eq!(failure.receiving_mx_hostname, "mx.sts.example");
    assert_eq!((failure.receiving_ip.as_str(), failure.sending_mta_ip.as_str()), ("127.0.0.1", "127.0.0.1"));
    // The report goes where the policy would not let it, and is no session of the next report.
    world.office.attempt(id, AttemptKind::Forced).await;
    let log = world.office.log_of(id);
    assert!(
        log.iter().any(|line| line.starts_with("=> tls@sts.example ") && line.contains("CV=no")),
        "{log:?}"
    );
    assert_eq!(counted(&world), Vec::<String>::new());
    // Another start of the program finds nothing to do.
    let again = hints::ReportStore::new(&bench.directory().join("db"));
    let sent = again.sent(reports::mail::Kind::Tls, "sts.example", midnight_before(midnight)).unwrap();
    assert!(sent.iter().all(|row| row.done) && sent.len() == 2, "{sent:?}");
}

fn midnight_before(midnight: Timestamp) -> Timestamp {
    Timestamp::from_secs(midnight.secs() - 86_400)
}

/// The host that takes reports puts one off: it waits in the queue as any message does, and there is no second one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_that_is_put_off_arrives_once() {
    let world = World::new(Shown::Untrusted, Shown::Good, ok(ENFORCE), ON).await;
    assert!(world.send("plain.example").await[0].starts_with("=> "));
    let bench = &world.office.bench;
    bench.clock.advance(Duration::from_hours(30));
    let at_its_time = || Box::pin(arrived(&bench.services, Pressure::AtTheirTime));
    assert_eq!(at_its_time().await, 1);
    let log = bench.main_log();
    let line = log
        .iter()
        .find(|line| line.starts_with("TLS report about plain.example to mailto:later@plain.example: "));
    let id = line.expect("it is told of").rsplit(' ').next().unwrap();
    let id = mail_types::MessageId::parse(id.as_bytes()).expect("an id");
    world.office.attempt(id, AttemptKind::Arrival).await;
    let log = world.office.log_of(id);
    assert!(log.last().is_some_and(|line| line.contains("451 come back")), "{log:?}");
    // The scheduler looks again, and the queue runner comes by.
    bench.clock.advance(Duration::from_hours(3));
    assert_eq!(at_its_time().await, 0);
    world.office.attempt(id, AttemptKind::QueueRun).await;
    let log = world.office.log_of(id);
    assert!(log[log.len() - 2].starts_with("=> later@plain.example "), "{log:?}");
    assert_eq!(log.last().map(String::as_str), Some("Completed"));
    assert_eq!(world.heard.lock().unwrap().len(), 3, "a message, and a report twice");
    assert_eq!(bench.spool_files(), Vec::<String>::new());
}

/// A session that carries mail for two domains is told of to both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_for_two_domains_counts_for_each() {
    let options = ON.replace("mta_sts_domains = *", "mta_sts_domains = else.example");
    let world = World::new(Shown::Untrusted, Shown::Good, ok(ENFORCE), &options).await;
    let id = world.office.post("carol@test.example", &["x@sts.example", "y@plain.example"]);
    world.attempt(id).await;
    assert_eq!(world.heard.lock().unwrap().len(), 1);
    let services = &world.office.bench.services;
    let day = Period::day_of(services.clock.now());
    for domain in ["sts.example", "plain.example"] {
        let [policy] = &services.reports.tls_policies(domain, day).unwrap()[..] else { panic!("{domain}") };
        assert_eq!(
            (policy.policy.policy_domain.as_str(), policy.summary.total_successful_session_count),
            (domain, 1)
        );
    }
}
