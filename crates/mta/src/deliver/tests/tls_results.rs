//! What becomes of sessions in a report: for each kind of result (rfc8460#4.3) a delivery that ends so, and its twin that
//! does not. Kinds that MTA-STS policies bring about stand in `tls_reports`.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use reports::Period;
use reports::mail::Kind;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::Office;
use super::dane::{answer, association, issuer, serve};
use crate::context::facts::Facts;
use crate::deliver::AttemptKind;
use crate::report::{Report, Settings};
use crate::testing::Bench;

/// How the host behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    /// TLS, with a certificate for a name that is good until a year.
    Tls(&'static str, i32),
    /// It does not offer STARTTLS.
    Clear,
    /// It offers STARTTLS, and says something else when TLS begins.
    Rubbish,
    /// It offers STARTTLS, and refuses it.
    Refuses,
}

const NAME: &str = "mx.d.example";
const GOOD: Host = Host::Tls(NAME, 2999);

/// A certificate and the one above it (DER), and what its server needs (PEM).
fn certificates(name: &str, year: i32) -> ([Vec<u8>; 2], String) {
    let authority = issuer("above");
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_after = rcgen::date_time_ymd(year, 1, 1);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let pem = format!("{}{}{}", certificate.pem(), authority.pem(), key.serialize_pem());
    ([certificate.der().to_vec(), authority.der().to_vec()], pem)
}

impl Host {
    /// Starts it; its port, its certificate and the one above.
    async fn start(self, folder: &Path) -> (u16, [Vec<u8>; 2]) {
        let (name, year) = if let Self::Tls(name, year) = self { (name, year) } else { (NAME, 2999) };
        let (shown, pem) = certificates(name, year);
        if matches!(self, Self::Tls(..)) {
            let file = folder.join("host.pem");
            std::fs::write(&file, pem).unwrap();
            return (serve(file).await, shown);
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(self.session(stream));
            }
        });
        (port, shown)
    }

    /// A session without TLS.
    async fn session(self, stream: TcpStream) -> Option<()> {
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 sink\r\n").await.ok()?;
        let mut line = String::new();
        loop {
            line.clear();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let reply: &[u8] = match line.trim_end().split(' ').next()? {
                "EHLO" if self == Self::Clear => b"250 sink\r\n",
                "EHLO" => b"250-sink\r\n250 STARTTLS\r\n",
                "STARTTLS" if self == Self::Refuses => b"554 no\r\n",
                "STARTTLS" => {
                    stream.write_all(b"220 go\r\n").await.ok()?;
                    // Only once the client has begun: before, it would be an injected reply.
                    stream.fill_buf().await.ok()?;
                    return stream.write_all(b"421 what was that?\r\n").await.ok();
                }
                other => answer(other, &mut stream).await?,
            };
            stream.write_all(reply).await.ok()?;
        }
    }
}

/// The zone around the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Zone {
    Unsigned,
    Signed,
    /// Signed, and the records can't be looked up.
    Broken,
}

/// A record: usage, selector, matching type, and whether it is about the certificate above.
type Record = (u8, u8, u8, bool);

/// Sends a message to `x@d.example`; what the report says of it.
async fn told(host: Host, zone: Zone, records: &[Record], options: &str) -> Vec<String> {
    let folder = Bench::new("");
    let (port, shown) = host.start(folder.directory()).await;
    let mut text = format!("d.example. MX 10 {NAME}.\n{NAME}. A 127.0.0.1\n");
    if zone != Zone::Unsigned {
        text.push_str("d.example. FLAG ad\n");
    }
    if zone == Zone::Broken {
        writeln!(text, "_{port}._tcp.{NAME}. FAULT servfail").unwrap();
    }
    for (usage, selector, matching, above) in records {
        let data = association(*selector, *matching, &shown[usize::from(*above)]);
        writeln!(text, "_{port}._tcp.{NAME}. TLSA {usage} {selector} {matching} {data}").unwrap();
    }
    let (bench, _server) = Bench::with_zone(
        &format!(
            "local_interfaces = 192.0.2.99\ntls_reports_domains = *\nreports_from = r@us.example\nbegin routers\n\
             dns:\n  driver = dnslookup\n  self = send\n  transport = remote\n\
             begin transports\n\
             remote:\n  driver = smtp\n  allow_localhost\n  port = {port}\n  hosts_try_chunking =\n{options}\
             begin retry\n* * F,2h,15m\n"
        ),
        &text,
    );
    let office = Office { bench, agent: Arc::default() };
    let id = office.post("carol@test.example", &["x@d.example"]);
    office.attempt(id, AttemptKind::Arrival).await;
    in_the_report(&office.bench)
}

/// The lines of today's report, which has to have the form of RFC 8460.
fn in_the_report(bench: &Bench) -> Vec<String> {
    let context = crate::context::Context::new(Facts::default(), Arc::clone(&bench.services));
    let settings = Settings::of(&context).unwrap().unwrap();
    let today = Period::day_of(bench.services.clock.now());
    let report = Report::of(Kind::Tls, "d.example", today, &settings, &bench.services.reports).unwrap();
    let Some(report) = report else { return Vec::new() };
    let json: serde_json::Value = serde_json::from_slice(&report.content).unwrap();
    assert_eq!(formless(&json), None, "{json:#}");
    let word = |of: &serde_json::Value, name: &str| of[name].as_str().unwrap_or("-").to_owned();
    let mut lines = Vec::new();
    for policy in json["policies"].as_array().unwrap() {
        let (of, sum) = (&policy["policy"], &policy["summary"]);
        let mut line = format!("{} {}", word(of, "policy-type"), word(of, "policy-domain"));
        write!(line, " {} {}", sum["total-successful-session-count"], sum["total-failure-session-count"])
            .unwrap();
        for failure in policy["failure-details"].as_array().unwrap_or(&Vec::new()) {
            assert_eq!(word(failure, "receiving-mx-hostname"), NAME);
            write!(line, " {}", word(failure, "result-type")).unwrap();
        }
        lines.push(line);
    }
    lines
}

/// What a report lacks of the form of rfc8460#4.4 and its registry of result types; nothing when it is well-formed.
fn formless(json: &serde_json::Value) -> Option<String> {
    const TYPES: [&str; 11] = [
        "starttls-not-supported",
        "certificate-host-mismatch",
        "certificate-expired",
        "certificate-not-trusted",
        "validation-failure",
        "tlsa-invalid",
        "dnssec-invalid",
        "dane-required",
        "sts-policy-fetch-error",
        "sts-policy-invalid",
        "sts-webpki-invalid",
    ];
    let mut missing: Vec<String> = Vec::new();
    let mut want = |found: bool, what: &str| {
        if !found {
            missing.push(what.to_owned());
        }
    };
    for name in ["organization-name", "contact-info", "report-id"] {
        want(json[name].is_string(), name);
    }
    for name in ["start-datetime", "end-datetime"] {
        let time = json["date-range"][name].as_str().unwrap_or_default();
        want(time.len() == 20 && time.ends_with('Z') && time.as_bytes()[10] == b'T', name);
    }
    let policies = json["policies"].as_array();
    want(policies.is_some_and(|policies| !policies.is_empty()), "policies");
    for policy in policies.into_iter().flatten() {
        let (of, sum) = (&policy["policy"], &policy["summary"]);
        let kind = of["policy-type"].as_str().unwrap_or_default();
        want(["tlsa", "sts", "no-policy-found"].contains(&kind), "policy-type");
        want(of["policy-domain"].is_string(), "policy-domain");
        for list in ["policy-string", "mx-host"] {
            want(of[list].is_null() || of[list].is_array(), list);
        }
        want(sum["total-successful-session-count"].is_u64(), "successes");
        let failed = sum["total-failure-session-count"].as_u64();
        want(failed.is_some(), "failures");
        let details: Vec<_> = policy["failure-details"].as_array().into_iter().flatten().collect();
        let counted =
            details.iter().map(|failure| failure["failed-session-count"].as_u64().unwrap_or(0)).sum();
        want(failed == Some(counted), "failures that add up");
        for failure in details {
            want(TYPES.contains(&failure["result-type"].as_str().unwrap_or_default()), "result-type");
            for name in ["sending-mta-ip", "receiving-ip"] {
                let address = failure[name].as_str().map(str::parse::<std::net::IpAddr>);
                want(address.is_none_or(|address| address.is_ok()), name);
            }
        }
    }
    (!missing.is_empty()).then(|| missing.join(", "))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_without_a_policy() {
    for (host, options, want) in [
        (GOOD, "", &["no-policy-found d.example 1 0"][..]),
        // Nobody promised a good certificate.
        (Host::Tls("other.example", 2020), "", &["no-policy-found d.example 1 0"]),
        (Host::Clear, "", &["no-policy-found d.example 0 1 starttls-not-supported"]),
        (Host::Refuses, "", &["no-policy-found d.example 0 1 starttls-not-supported"]),
        (Host::Clear, "  hosts_require_tls = *\n", &["no-policy-found d.example 0 1 starttls-not-supported"]),
        (Host::Rubbish, "", &["no-policy-found d.example 0 1 validation-failure"]),
        // What the administrator asks for fails like a policy …
        (
            Host::Tls("other.example", 2999),
            "  tls_verify_hosts = *\n  tls_verify_certificates = system\n",
            &["no-policy-found d.example 0 1 certificate-not-trusted"],
        ),
        // … and what fails on our side is nobody's business.
        (GOOD, "  tls_certificate = /nowhere/at/all.pem\n", &[]),
        (GOOD, "  hosts_avoid_tls = *\n", &[]),
        (Host::Clear, "  hosts_avoid_tls = *\n", &[]),
    ] {
        assert_eq!(told(host, Zone::Unsigned, &[], options).await, want, "{host:?} {options}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_with_tlsa_records() {
    let (own, above): (&[Record], &[Record]) = (&[(3, 1, 1, false)], &[(2, 0, 1, true)]);
    let required = "  hosts_require_dane = *\n";
    let expired = Host::Tls(NAME, 2020);
    let table = [
        (GOOD, Zone::Signed, own, "", &["tlsa mx.d.example 1 0"][..]),
        (GOOD, Zone::Signed, above, "", &["tlsa mx.d.example 1 0"]),
        (GOOD, Zone::Signed, own, required, &["tlsa mx.d.example 1 0"]),
        // Neither names nor dates count with usage 3.
        (expired, Zone::Signed, own, "", &["tlsa mx.d.example 1 0"]),
        (expired, Zone::Signed, above, "", &["tlsa mx.d.example 0 1 certificate-expired"]),
        (
            Host::Tls("other.example", 2999),
            Zone::Signed,
            above,
            "",
            &["tlsa mx.d.example 0 1 certificate-host-mismatch"],
        ),
        // A record about the other certificate.
        (GOOD, Zone::Signed, &[(3, 1, 1, true)], "", &["tlsa mx.d.example 0 1 certificate-not-trusted"]),
        (Host::Clear, Zone::Signed, own, "", &["tlsa mx.d.example 0 1 starttls-not-supported"]),
        (Host::Rubbish, Zone::Signed, own, "", &["tlsa mx.d.example 0 1 validation-failure"]),
        // No record that can be used: told of once, and the session is another matter.
        (
            GOOD,
            Zone::Signed,
            &[(1, 1, 1, false)],
            "",
            &["no-policy-found d.example 1 0", "tlsa mx.d.example 0 1 tlsa-invalid"],
        ),
        (GOOD, Zone::Signed, &[(1, 1, 1, false)], required, &["tlsa mx.d.example 0 1 tlsa-invalid"]),
        (GOOD, Zone::Broken, &[], "", &["tlsa mx.d.example 0 1 dnssec-invalid"]),
        (GOOD, Zone::Broken, &[], required, &["tlsa mx.d.example 0 1 dnssec-invalid"]),
        (GOOD, Zone::Signed, &[], "", &["no-policy-found d.example 1 0"]),
        (GOOD, Zone::Signed, &[], required, &["tlsa mx.d.example 0 1 dane-required"]),
        (GOOD, Zone::Unsigned, own, required, &["tlsa mx.d.example 0 1 dane-required"]),
        // Unsigned records are none.
        (GOOD, Zone::Unsigned, &[(3, 1, 1, true)], "", &["no-policy-found d.example 1 0"]),
    ];
    for (host, zone, records, options, want) in table {
        assert_eq!(told(host, zone, records, options).await, want, "{host:?} {zone:?} {records:?} {options}");
    }
}

#[test]
fn the_form_is_looked_at() {
    let good = include_bytes!("../../../../reports/tests/fixtures/rfc8460-appendix-b.json");
    let mut json: serde_json::Value = serde_json::from_slice(good).unwrap();
    // The example has one text where we, and the erratum, have a list.
    json["policies"][0]["policy"]["mx-host"] = serde_json::json!(["*.mail.company-y.example"]);
    assert_eq!(formless(&json), None);
    for (at, value, want) in [
        ("/policies/0/failure-details/0/result-type", "certificate-too-old", "result-type"),
        ("/policies/0/failure-details/1/receiving-ip", "here", "receiving-ip"),
        ("/policies/0/policy/policy-type", "dane", "policy-type"),
        ("/date-range/start-datetime", "yesterday", "start-datetime"),
    ] {
        let mut wrong = json.clone();
        *wrong.pointer_mut(at).unwrap() = value.into();
        assert_eq!(formless(&wrong).as_deref(), Some(want));
    }
    json["policies"][0]["summary"]["total-failure-session-count"] = 7.into();
    assert_eq!(formless(&json).as_deref(), Some("failures that add up"));
}
