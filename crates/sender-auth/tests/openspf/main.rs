//! The openspf.org test suite for RFC 7208: every case, expectations from the suite's own file, the DNS over UDP and TCP.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod yaml;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use dns::fixture::{Fault, FixtureServer};
use dns::{Resolver, ResolverConfig};
use mail_types::Timestamp;
use mail_types::clock::{FixedClock, SeededEntropy};
use mail_types::dns::{RecordData, RecordType};
use postrider_sender_auth::spf::{self, SpfQuery};
use yaml::Node;

const SUITE: &str = include_str!("../../../../tests/vectors/openspf/rfc7208-tests.yml");

#[test]
fn every_case_of_the_suite() {
    let scenarios = yaml::documents(SUITE);
    let written = SUITE.lines().filter(|line| line.starts_with("    result:")).count();
    // A scenario has a server and a thread of its own: names that time out hold up nobody else.
    let (ran, mut failed) = std::thread::scope(|scope| {
        let threads: Vec<_> = scenarios.iter().map(|scenario| scope.spawn(|| run(scenario))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).fold(
            (0, Vec::new()),
            |(ran, mut failed), (more, wrong)| {
                failed.extend(wrong);
                (ran + more, failed)
            },
        )
    });
    failed.sort();
    assert!(failed.is_empty(), "{} of {ran} cases fail:\n{}", failed.len(), failed.join("\n"));
    assert_eq!(ran, written, "cases that were run, cases in the file");
}

/// Runs the cases of a scenario: their number, and what is wrong.
fn run(scenario: &Node) -> (usize, Vec<String>) {
    let server = serve(scenario.field("zonedata").unwrap());
    let mut config = ResolverConfig::with_servers([server.address()]);
    // Long enough for a busy machine, short enough for the names that never answer.
    config.retrans = Duration::from_millis(300);
    let clock = Arc::new(FixedClock::new(Timestamp::from_secs(1_000)));
    let resolver = Resolver::new(config, clock, Arc::new(SeededEntropy::new(1)));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let resolver = resolver.blocking(runtime.handle().clone());
    let cases = scenario.field("tests").unwrap().fields();
    let wrong = cases.iter().filter_map(|(name, case)| wrong(name, case, &resolver)).collect();
    (cases.len(), wrong)
}

fn wrong(name: &str, case: &Node, resolver: &dns::BlockingResolver) -> Option<String> {
    let text = |field: &str| case.field(field).map(|node| node.text().to_vec()).unwrap_or_default();
    let ip: IpAddr = String::from_utf8(text("host")).unwrap().parse().unwrap();
    let query = SpfQuery {
        ip,
        helo: &text("helo"),
        sender: &text("mailfrom"),
        receiver: b"receiver.example",
        now: 1_000,
        template: b"",
    };
    let outcome = spf::check(&query, resolver);
    let results: Vec<String> = case.field("result").unwrap().items().into_iter().map(Node::string).collect();
    if !results.contains(&outcome.verdict.to_string()) {
        let why = outcome.problem.map(|problem| problem.to_string()).unwrap_or_default();
        return Some(format!("{name}: {} {why}, wanted {results:?}", outcome.verdict));
    }
    let explanation = case.field("explanation")?.string();
    let got = outcome.explanation.map_or("DEFAULT".to_owned(), |text| String::from_utf8(text).unwrap());
    (got != explanation).then(|| format!("{name}: explanation {got:?}, wanted {explanation:?}"))
}

fn serve(zonedata: &Node) -> FixtureServer {
    let server = FixtureServer::start("").unwrap();
    server.change(|zone| {
        for (name, records) in zonedata.fields() {
            let records = records.items();
            let has_txt =
                records.iter().any(|record| matches!(record, Node::Map(fields) if fields[0].0 == "TXT"));
            for record in records {
                match record {
                    Node::Text(word) if word == b"TIMEOUT" => zone.fault_where_missing(name, Fault::Timeout),
                    Node::Map(fields) => {
                        let (kind, value) = &fields[0];
                        if value != &Node::Text(b"NONE".to_vec())
                            && let Some((rtype, data)) = data(kind, value, has_txt)
                        {
                            zone.add(name, rtype, data);
                        }
                    }
                    other => panic!("unknown record {other:?}"),
                }
            }
        }
    });
    server
}

/// The records that an entry stands for: SPF entries are text records, too, unless the name has such of its own.
fn data(kind: &str, value: &Node, has_txt: bool) -> Option<(RecordType, RecordData)> {
    let name = |node: &Node| node.text().strip_suffix(b".").unwrap_or(node.text()).to_vec();
    let strings = || value.items().into_iter().map(|item| item.text().to_vec()).collect();
    Some(match kind {
        "SPF" if has_txt => return None,
        "SPF" | "TXT" => (RecordType::Txt, RecordData::Txt(strings())),
        "A" => (RecordType::A, RecordData::A(value.string().parse().unwrap())),
        "AAAA" => (RecordType::Aaaa, RecordData::Aaaa(value.string().parse().unwrap())),
        "PTR" => (RecordType::Ptr, RecordData::Ptr(name(value))),
        "CNAME" => (RecordType::Cname, RecordData::Cname(name(value))),
        "MX" => {
            let items = value.items();
            let preference = items[0].string().parse().unwrap();
            (RecordType::Mx, RecordData::Mx { preference, exchange: name(items[1]) })
        }
        other => panic!("unknown record type {other}"),
    })
}
