//! The resolver against a name server that answers, fails and lies.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use mail_types::clock::{FixedClock, SeededEntropy};
use mail_types::dns::{Answer, DnsFailure, QueryOptions, RecordData, RecordType, Resolve as _, Security};
use mail_types::{Timestamp, limits};

use super::{Families, Resolver, SearchOptions};
use crate::config::ResolverConfig;
use crate::fixture::{Fault, FixtureServer};
use crate::hosts::HostsFile;
use crate::validate::anchor::TrustAnchors;

const ZONE: &str = r#"
    example.net.            SOA  ns.example.net. host.example.net. 1 3600 600 86400 30
    example.net.            MX   10 mx.example.net.
    example.net.            MX   5 backup.example.net.
    example.net.            TXT  "v=spf1 -all" "second; string"
    mx.example.net.   60    A    192.0.2.1
    mx.example.net.   90    AAAA 2001:db8::1
    alias.example.net. 20   CNAME mx.example.net.
    two.example.net.        CNAME alias.example.net.
    loop.example.net.       CNAME pool.example.net.
    pool.example.net.       CNAME loop.example.net.
    _25._tcp.mx.example.net. TLSA 3 1 1 00ff
    _smtp._tcp.example.net. SRV  1 2 25 mx.example.net.
    1.2.0.192.in-addr.arpa. PTR  MX.example.net.
    nothing.example.        MX   0 .
    odd.example.            TYPE65280 0102
    *.wild.example.         A    192.0.2.9
    signed.example.         A    192.0.2.7
    signed.example.         FLAG ad
"#;

struct World {
    server: FixtureServer,
    clock: Arc<FixedClock>,
    resolver: Resolver,
    runtime: tokio::runtime::Runtime,
}

impl World {
    fn new(zone: &str) -> Self {
        Self::with(zone, |_| {})
    }

    fn with(zone: &str, change: impl FnOnce(&mut ResolverConfig)) -> Self {
        let server = FixtureServer::start(zone).unwrap();
        let mut config = ResolverConfig::with_servers([server.address()]);
        change(&mut config);
        let clock = Arc::new(FixedClock::new(Timestamp::from_secs(1_000)));
        let resolver = Resolver::new(config, clock.clone(), Arc::new(SeededEntropy::new(1)));
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { server, clock, resolver, runtime }
    }

    fn ask(&self, name: &str, rtype: RecordType) -> Result<Answer, DnsFailure> {
        self.runtime.block_on(self.resolver.query(name.as_bytes(), rtype))
    }

    fn data(&self, name: &str, rtype: RecordType) -> Vec<RecordData> {
        self.ask(name, rtype).unwrap().records.into_iter().map(|record| record.data).collect()
    }

    fn questions(&self) -> usize {
        self.server.seen().len()
    }

    /// Of a name that was not answered: the server reads them when it comes to it, so it is asked for something else and
    /// that is waited for.
    fn questions_about(&self, name: &str) -> usize {
        let config = ResolverConfig::with_servers([self.server.address()]);
        let patient = Resolver::new(config, self.clock.clone(), Arc::new(SeededEntropy::new(2)));
        let answered = self.runtime.block_on(patient.query(b"last.example", RecordType::A));
        assert_eq!(answered, Err(DnsFailure::NxDomain));
        self.server.seen().iter().filter(|seen| seen.name == name.as_bytes()).count()
    }
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn every_type_that_we_ask_for() {
    let world = World::new(ZONE);
    let text = |text: &str| text.as_bytes().to_vec();
    for (name, rtype, expected) in [
        ("mx.example.net", RecordType::A, RecordData::A("192.0.2.1".parse().unwrap())),
        ("MX.Example.NET.", RecordType::Aaaa, RecordData::Aaaa("2001:db8::1".parse().unwrap())),
        ("example.net", RecordType::Mx, RecordData::Mx { preference: 10, exchange: text("mx.example.net") }),
        ("example.net", RecordType::Txt, RecordData::Txt(vec![text("v=spf1 -all"), text("second; string")])),
        ("1.2.0.192.in-addr.arpa", RecordType::Ptr, RecordData::Ptr(text("MX.example.net"))),
        ("alias.example.net", RecordType::Cname, RecordData::Cname(text("mx.example.net"))),
        (
            "_25._tcp.mx.example.net",
            RecordType::Tlsa,
            RecordData::Tlsa { usage: 3, selector: 1, matching: 1, association: vec![0, 255] },
        ),
        (
            "_smtp._tcp.example.net",
            RecordType::Srv,
            RecordData::Srv { priority: 1, weight: 2, port: 25, target: text("mx.example.net") },
        ),
        ("nothing.example", RecordType::Mx, RecordData::Mx { preference: 0, exchange: Vec::new() }),
        ("odd.example", RecordType::Other(65_280), RecordData::Other(vec![1, 2])),
        ("any.thing.wild.example", RecordType::A, RecordData::A("192.0.2.9".parse().unwrap())),
    ] {
        assert_eq!(world.data(name, rtype)[0], expected, "{name} {rtype}");
    }
    let soa = world.data("example.net", RecordType::Soa);
    assert!(matches!(&soa[0], RecordData::Soa { serial: 1, minimum: 30, .. }), "{soa:?}");
}

#[test]
fn aliases_are_followed_and_loops_end() {
    let world = World::new(ZONE);
    let answer = world.ask("two.example.net", RecordType::A).unwrap();
    assert_eq!(answer.canonical_name, b"mx.example.net");
    assert_eq!(answer.ttl, 20, "the shortest lifetime on the way");
    assert_eq!(world.ask("loop.example.net", RecordType::A), Err(DnsFailure::AliasLoop));
    assert!(world.questions() <= limits::DNS_CNAMES + 2);
}

#[test]
fn answers_are_kept_as_long_as_they_live() {
    let world = World::new(ZONE);
    assert_eq!(world.ask("mx.example.net", RecordType::A).unwrap().ttl, 60);
    world.clock.advance(Duration::from_secs(59));
    assert_eq!(world.ask("mx.EXAMPLE.net", RecordType::A).unwrap().ttl, 1);
    assert_eq!(world.questions(), 1);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.ask("mx.example.net", RecordType::A).unwrap().ttl, 60);
    assert_eq!(world.questions(), 2);
}

#[test]
fn the_absence_of_records_is_kept_too() {
    let world = World::new(ZONE);
    for (name, rtype, failure) in [
        ("gone.example.net", RecordType::A, DnsFailure::NxDomain),
        ("example.net", RecordType::Aaaa, DnsFailure::NoData),
        ("_tcp.mx.example.net", RecordType::A, DnsFailure::NoData),
    ] {
        let before = world.questions();
        assert_eq!(world.ask(name, rtype), Err(failure.clone()), "{name}");
        assert_eq!(world.ask(name, rtype), Err(failure.clone()), "{name}");
        assert_eq!(world.questions(), before + 1, "{name}");
        world.clock.advance(Duration::from_secs(30));
        assert_eq!(world.ask(name, rtype), Err(failure), "{name}");
        assert_eq!(world.questions(), before + 2, "{name}");
    }
}

#[test]
fn failures_have_names_and_are_not_kept() {
    let zone = "a.example. A 192.0.2.1\na.example. FAULT servfail\nb.example. FAULT refuse\n\
                c.example. FAULT garbage\nd.example. FAULT timeout";
    let world = World::new(zone);
    for (name, failure) in [
        ("a.example", DnsFailure::ServFail),
        ("b.example", DnsFailure::Refused),
        ("c.example", DnsFailure::Malformed),
        ("d.example", DnsFailure::Timeout),
    ] {
        let retrans = (failure == DnsFailure::Timeout).then_some(Duration::from_millis(20));
        let options = QueryOptions { retrans, ..QueryOptions::default() };
        let asked = world.resolver.query_with(name.as_bytes(), RecordType::A, &options);
        assert_eq!(world.runtime.block_on(asked), Err(failure), "{name}");
        assert_eq!(world.questions_about(name), 2, "asked twice: {name}");
    }
    world.server.change(|zone| zone.fault("a.example", None));
    assert!(world.ask("a.example", RecordType::A).is_ok());
}

#[test]
fn what_is_truncated_or_large_comes_by_tcp() {
    let large = (0..90).map(|n| format!("big.example. TXT \"{n:0>60}\"")).collect::<Vec<_>>().join("\n");
    let world = World::new(&format!("cut.example. A 192.0.2.1\ncut.example. FAULT truncate\n{large}"));
    assert_eq!(world.data("cut.example", RecordType::A).len(), 1);
    assert_eq!(world.data("big.example", RecordType::Txt).len(), 90);
    let by_tcp: Vec<bool> = world.server.seen().iter().map(|seen| seen.tcp).collect();
    assert_eq!(by_tcp, [false, true, false, true]);
}

#[test]
fn forged_answers_are_passed_over() {
    for fault in [Fault::WrongId, Fault::WrongQuestion] {
        let world = World::new(ZONE);
        world.server.change(|zone| zone.fault("mx.example.net", Some(fault)));
        assert_eq!(world.data("mx.example.net", RecordType::A).len(), 1, "{fault:?}");
        assert_eq!(world.questions(), 1, "{fault:?}");
    }
}

#[test]
fn a_server_without_edns_is_asked_again() {
    let world = World::new("old.example. A 192.0.2.1\nold.example. FAULT no-edns");
    assert_eq!(world.data("old.example", RecordType::A).len(), 1);
}

#[test]
fn the_next_server_is_asked_when_one_fails() {
    let good = FixtureServer::start(ZONE).unwrap();
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let servers = [silent.local_addr().unwrap(), good.address()];
    let world = World::with("mx.example.net. FAULT servfail", |config| {
        config.retrans = Duration::from_millis(200);
        let failing = config.servers[0];
        config.servers = vec![failing, servers[0], servers[1]];
    });
    assert_eq!(world.data("mx.example.net", RecordType::A).len(), 1);
}

#[test]
fn nobody_listens() {
    let world = World::new("");
    let closed = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = ResolverConfig::with_servers([closed]);
    let resolver = Resolver::new(config, world.clock.clone(), Arc::new(SeededEntropy::new(1)));
    let outcome = world.runtime.block_on(resolver.query(b"x.example", RecordType::A));
    assert_eq!(outcome, Err(DnsFailure::Unreachable));
}

#[test]
fn an_answer_that_is_slow_is_waited_for() {
    let world = World::new("slow.example. A 192.0.2.1\nslow.example. FAULT hold");
    let resolver = world.resolver.clone();
    let task = world.runtime.spawn(async move { resolver.query(b"slow.example", RecordType::A).await });
    while world.server.held() == 0 {
        std::thread::yield_now();
    }
    world.server.release("slow.example.");
    assert!(world.runtime.block_on(task).unwrap().is_ok());
}

#[test]
fn ad_is_believed_when_the_whole_way_has_it() {
    let world = World::new(ZONE);
    for (name, security) in
        [("signed.example", Security::Secure), ("mx.example.net", Security::Indeterminate)]
    {
        assert_eq!(world.ask(name, RecordType::A).unwrap().security, security, "{name}");
    }
    let doubting = World::with(ZONE, |config| config.validation = crate::Validation::Nobody);
    assert_eq!(doubting.ask("signed.example", RecordType::A).unwrap().security, Security::Indeterminate);
}

/// A server's own answers for the zones in the list; what validation says otherwise is of no account (specification,
/// `dns_trust_aa`).
#[test]
fn a_servers_word_about_its_own_zones() {
    let zone = "\
        own.example.        FLAG aa
        own.example.        SOA  ns.own.example. host.own.example. 1 3600 600 86400 30
        mx.own.example.     A    192.0.2.1
        other.example.      FLAG aa
        mx.other.example.   A    192.0.2.2
        mx.nobody.example.  A    192.0.2.3
        from.other.example. CNAME mx.own.example.";
    let own = crate::Validation::Own(TrustAnchors::none());
    for validation in [crate::Validation::Upstream, crate::Validation::Nobody, own] {
        let world = World::with(zone, |config| {
            config.validation = validation.clone();
            config.trusted_authorities = crate::Names::matching(|zone| zone == b"own.example");
        });
        let security = |name: &str, rtype| {
            let asked = world.resolver.examine(name.as_bytes(), rtype, &QueryOptions::DNSSEC);
            world.runtime.block_on(asked).security
        };
        for (name, rtype, secure) in [
            ("mx.own.example", RecordType::A, true),
            ("MX.Own.Example", RecordType::Aaaa, true),
            ("mx.other.example", RecordType::A, false),
            ("mx.other.example", RecordType::Mx, false),
            ("mx.nobody.example", RecordType::A, false),
            ("gone.own.example", RecordType::A, true),
            ("from.other.example", RecordType::A, false),
        ] {
            let found = security(name, rtype);
            assert_eq!(found == Security::Secure, secure, "{name} {rtype:?} {validation:?}: {found:?}");
        }
    }
}

/// How often a silent server is asked (`dns_retry`), and what a lookup's own numbers say instead.
#[test]
fn a_silent_server_is_asked_as_often_as_wanted() {
    for (tries, own, questions) in [(1, None, 1), (3, None, 3), (1, Some(2), 2), (4, Some(1), 1)] {
        let world = World::with("silent.example. FAULT timeout", |config| {
            config.retrans = Duration::from_millis(5);
            config.tries = tries;
        });
        let options = QueryOptions { retry: own, ..Default::default() };
        let asked = world.resolver.query_with(b"silent.example", RecordType::A, &options);
        assert_eq!(world.runtime.block_on(asked).unwrap_err(), DnsFailure::Timeout);
        assert_eq!(world.questions_about("silent.example"), questions, "{tries} {own:?}");
    }
}

#[test]
fn search_lists() {
    let zone = "mail.one.example. A 192.0.2.1\nmail.two.example. A 192.0.2.2\nmail. A 192.0.2.3\n\
                a.b.two.example. A 192.0.2.4";
    let world =
        World::with(zone, |config| config.search = vec![b"one.example".to_vec(), b"two.example".to_vec()]);
    let find = |name: &str, qualify_single, search_parents| {
        let options = SearchOptions { qualify_single, search_parents, dnssec: false };
        let outcome = world.runtime.block_on(world.resolver.search(name.as_bytes(), RecordType::A, options));
        outcome.map(|answer| String::from_utf8(answer.canonical_name).unwrap())
    };
    assert_eq!(find("mail", false, false).unwrap(), "mail");
    assert_eq!(find("mail", true, false).unwrap(), "mail.one.example");
    assert_eq!(find("a.b", true, false), Err(DnsFailure::NxDomain));
    assert_eq!(find("a.b", true, true).unwrap(), "a.b.two.example");
    assert_eq!(find("mail.", true, true).unwrap(), "mail");
}

#[test]
fn hosts_come_from_the_file_and_from_the_dns() {
    let world = World::with(ZONE, |config| {
        config.hosts = HostsFile::parse(b"192.0.2.200 local.example local\n::1 local");
    });
    let find = |name: &str, families| {
        let found = world.resolver.host_addresses(name.as_bytes(), families, SearchOptions::default());
        world
            .runtime
            .block_on(found)
            .map(|host| (String::from_utf8(host.canonical_name).unwrap(), host.addresses))
    };
    let local = ("local.example".to_owned(), vec![address("::1"), address("192.0.2.200")]);
    assert_eq!(find("Local", Families::BOTH).unwrap(), local);
    let both = ("mx.example.net".to_owned(), vec![address("2001:db8::1"), address("192.0.2.1")]);
    assert_eq!(find("alias.example.net", Families::BOTH).unwrap(), both);
    assert_eq!(find("mx.example.net", Families::IPV4).unwrap().1, [address("192.0.2.1")]);
    assert_eq!(find("gone.example", Families::BOTH), Err(DnsFailure::NxDomain));
    assert_eq!(find("example.net", Families::BOTH), Err(DnsFailure::NoData));
    let names = world.runtime.block_on(world.resolver.names_by_dns(address("192.0.2.1"))).unwrap();
    assert_eq!(names.0, [b"mx.example.net".to_vec()]);
}

#[test]
fn code_on_its_own_thread_can_ask() {
    let world = World::new(ZONE);
    let blocking = world.resolver.blocking(world.runtime.handle().clone());
    assert_eq!(blocking.query(b"mx.example.net", RecordType::A).unwrap().records.len(), 1);
    assert_eq!(blocking.query(b"a..b", RecordType::A), Err(DnsFailure::BadName));
}
