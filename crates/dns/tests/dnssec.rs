//! Zones signed by Debian's ldnsutils, served by its nsd: our verdict on each answer is that of Debian's unbound.
//!
//! The hierarchy is real: a root, `test.` (NSEC3 with opt-out), and below it a zone for each way of being right or wrong.
//! What is wrong is wrong in one place, and has a twin that differs in that place alone and is right.

#![allow(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test may fail loudly, and says that it is skipped"
)]

#[path = "dnssec/daemons.rs"]
mod daemons;
#[path = "dnssec/zones.rs"]
mod zones;

extern crate postrider_dns as dns;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use dns::{Resolver, ResolverConfig, TrustAnchors, Validation};
use mail_types::clock::{SystemClock, SystemEntropy};
use mail_types::dns::{DnsFailure, QueryOptions, RecordType, Security};

use zones::{DsIn, PLAIN, Signed, Spec, ZoneKeys, without};

const SPECS: &[Spec] = &[
    Spec { name: ".", records: "", ..PLAIN },
    Spec { name: "test", nsec3: Some((0, true)), records: "", ..PLAIN },
    Spec {
        name: "good.test",
        records: "\
www A 192.0.2.1
@ MX 10 Mail
Mail A 192.0.2.2
*.wild A 192.0.2.3
*.walias CNAME www
_25._tcp.mail TLSA 3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
a.empty A 192.0.2.4
to-www CNAME www
to-unsigned CNAME www.unsigned.test.
to-corrupted CNAME www.corrupted.test.
to-nothing CNAME nothing.nsec3.test.
to-tlsa CNAME _25._tcp.mail.nsec3.test.
old DNAME nsec3.test.
big TXT BIG
",
        ..PLAIN
    },
    Spec { name: "nsec3.test", nsec3: Some((5, false)), ..PLAIN },
    Spec { name: "optout.test", nsec3: Some((0, true)), ..PLAIN },
    Spec { name: "island.optout.test", algorithm: None, ..PLAIN },
    Spec { name: "costly.test", nsec3: Some((200, false)), ..PLAIN },
    Spec { name: "unsigned.test", algorithm: None, ..PLAIN },
    Spec { name: "island.good.test", algorithm: None, ..PLAIN },
    Spec { name: "island.nsec3.test", algorithm: None, ..PLAIN },
    Spec { name: "nods.test", ds: DsIn::Missing, ..PLAIN },
    Spec { name: "alg5.test", algorithm: Some("RSASHA1"), ..PLAIN },
    Spec { name: "alg8.test", algorithm: Some("RSASHA256"), ..PLAIN },
    Spec { name: "alg10.test", algorithm: Some("RSASHA512"), ..PLAIN },
    Spec { name: "alg14.test", algorithm: Some("ECDSAP384SHA384"), ..PLAIN },
    Spec { name: "alg15.test", algorithm: Some("ED25519"), ..PLAIN },
    Spec { name: "rollover.test", ds: DsIn::Rollover, ..PLAIN },
    Spec { name: "doubleds.test", ds: DsIn::Double, ..PLAIN },
    Spec { name: "short8.test", algorithm: Some("RSASHA256:1024"), ..PLAIN },
    Spec { name: "long10.test", algorithm: Some("RSASHA512:3072"), ..PLAIN },
    Spec { name: "sha384ds.test", ds: DsIn::Sha384, ..PLAIN },
    Spec { name: "sha1ds.test", ds: DsIn::Sha1, ..PLAIN },
    Spec { name: "sha1only.test", ds: DsIn::Sha1BesideWrong, ..PLAIN },
    Spec { name: "split.test", zone_keys: ZoneKeys::One, ..PLAIN },
    Spec { name: "bothsign.test", zone_keys: ZoneKeys::BothSign, ..PLAIN },
    Spec { name: "prepublished.test", zone_keys: ZoneKeys::PrePublished, ..PLAIN },
    Spec {
        name: "toosoon.test",
        zone_keys: ZoneKeys::BothSign,
        fault: |text| without_first(&text, "DNSKEY\t256 "),
        ..PLAIN
    },
    Spec { name: "lame.test", ..PLAIN },
    Spec { name: "wrongds.test", ds: DsIn::Wrong, ..PLAIN },
    Spec { name: "expired.test", signed: Signed::Past, ..PLAIN },
    Spec { name: "future.test", signed: Signed::Future, ..PLAIN },
    Spec { name: "corrupted.test", fault: |text| text.replace("192.0.2.1", "192.0.2.66"), ..PLAIN },
    Spec {
        name: "bare.test",
        fault: |text| without(&text, |line| line.starts_with("www.") && line.contains("RRSIG\tA ")),
        ..PLAIN
    },
    Spec {
        name: "nokeys.test",
        fault: |text| without(&text, |line| line.contains("RRSIG\tDNSKEY")),
        ..PLAIN
    },
    Spec {
        name: "noproof.test",
        fault: |text| without(&text, |line| line.contains("\tNSEC\t") || line.contains("RRSIG\tNSEC ")),
        ..PLAIN
    },
    Spec { name: "liar.test", fault: another_next_name, ..PLAIN },
    Spec { name: "keytrap.test", fault: many_wrong_signatures, ..PLAIN },
    Spec { name: "fewwrong.test", fault: few_wrong_signatures, ..PLAIN },
];

/// The NSEC record of one name reaches further than what was signed.
fn another_next_name(text: String) -> String {
    let change = |line: &str| {
        if line.starts_with("www.") && line.contains("\tNSEC\t") {
            line.replace("\tNSEC\t", "\tNSEC\tx.")
        } else {
            line.to_owned()
        }
    };
    text.lines().map(|line| change(line) + "\n").collect()
}

fn many_wrong_signatures(text: String) -> String {
    wrong_signatures(text, 60)
}

fn few_wrong_signatures(text: String) -> String {
    wrong_signatures(text, 3)
}

/// A key is taken out that was there when the keys were signed.
fn without_first(text: &str, unwanted: &str) -> String {
    let line = text.lines().find(|line| line.contains(unwanted)).expect("a key");
    text.replacen(&format!("{line}\n"), "", 1)
}

/// Beside the right signature of `www A` so many that are none.
fn wrong_signatures(text: String, count: usize) -> String {
    let right =
        text.lines().find(|line| line.starts_with("www.") && line.contains("RRSIG\tA ")).expect("signed");
    let (fields, _) = right.rsplit_once(' ').expect("a signature");
    let wrong = |n: usize| format!("{fields} {n:02}{}==\n", "A".repeat(84));
    let wrong: String = (0..count).map(wrong).collect();
    text.replacen(right, &(wrong + right), 1)
}

const SHA1_REASON: &str = "alg5.test is signed with nothing that is supported (algorithm/digest 5/2)";

/// Name, type, what unbound and we say, what our reason has in it.
type Case = (&'static str, RecordType, Verdict, &'static str);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Secure,
    Insecure,
    Bogus,
    /// No such name, proven.
    NoName,
    /// No such record, proven.
    NoData,
    NoNameInsecure,
    NoDataInsecure,
}
use Verdict::{Bogus, Insecure, NoData, NoDataInsecure, NoName, NoNameInsecure, Secure};

const A: RecordType = RecordType::A;
const MX: RecordType = RecordType::Mx;
const TLSA: RecordType = RecordType::Tlsa;
const TXT: RecordType = RecordType::Txt;

const CASES: &[Case] = &[
    ("good.test", MX, Secure, ""),
    ("WWW.Good.test", A, Secure, ""),
    ("_25._tcp.mail.good.test", TLSA, Secure, ""),
    ("big.good.test", TXT, Secure, ""),
    ("nothing.good.test", A, NoName, ""),
    ("a.b.c.nothing.good.test", A, NoName, ""),
    ("www.good.test", MX, NoData, ""),
    ("empty.good.test", A, NoData, ""),
    ("wild.good.test", A, NoData, ""),
    ("x.wild.good.test", A, Secure, ""),
    ("x.y.wild.good.test", A, Secure, ""),
    ("x.wild.good.test", MX, NoData, ""),
    ("to-www.good.test", A, Secure, ""),
    ("x.walias.good.test", A, Secure, ""),
    ("to-www.good.test", MX, NoData, ""),
    ("to-nothing.good.test", A, NoName, ""),
    ("to-tlsa.good.test", TLSA, Secure, ""),
    ("www.old.good.test", A, Secure, ""),
    ("nothing.old.good.test", A, NoName, ""),
    ("to-unsigned.good.test", A, Insecure, "within an NSEC3 opt-out range"),
    ("to-corrupted.good.test", A, Bogus, "signature of www.corrupted.test A by key"),
    ("nsec3.test", MX, Secure, ""),
    ("nothing.nsec3.test", A, NoName, ""),
    ("www.nsec3.test", MX, NoData, ""),
    ("empty.nsec3.test", A, NoData, ""),
    ("x.wild.nsec3.test", A, Secure, ""),
    ("x.wild.nsec3.test", MX, NoData, ""),
    ("www.optout.test", A, Secure, ""),
    ("nothing.optout.test", A, NoNameInsecure, "within an NSEC3 opt-out range"),
    ("www.optout.test", MX, NoData, ""),
    ("www.island.optout.test", A, Insecure, "island.optout.test is within an NSEC3 opt-out range"),
    ("www.costly.test", A, Secure, ""),
    ("nothing.costly.test", A, NoNameInsecure, "wants 200 NSEC3 iterations, more than 150"),
    ("www.costly.test", MX, NoDataInsecure, "wants 200 NSEC3 iterations"),
    ("www.unsigned.test", A, Insecure, "unsigned.test is within an NSEC3 opt-out range"),
    ("nothing.unsigned.test", A, NoNameInsecure, "unsigned.test"),
    ("_25._tcp.mail.unsigned.test", TLSA, Insecure, "unsigned.test"),
    ("www.island.good.test", A, Insecure, "island.good.test is delegated without DS"),
    ("www.island.nsec3.test", A, Insecure, "island.nsec3.test is delegated without DS"),
    ("www.nods.test", A, Insecure, "nods.test"),
    ("www.alg8.test", A, Secure, ""),
    ("nothing.alg8.test", A, NoName, ""),
    ("www.alg10.test", A, Secure, ""),
    ("www.alg14.test", A, Secure, ""),
    ("nothing.alg14.test", A, NoName, ""),
    ("www.alg15.test", A, Secure, ""),
    ("nothing.alg15.test", A, NoName, ""),
    ("www.rollover.test", A, Secure, ""),
    ("www.doubleds.test", A, Secure, ""),
    ("nothing.doubleds.test", A, NoName, ""),
    ("www.short8.test", A, Secure, ""),
    ("nothing.short8.test", A, NoName, ""),
    ("www.long10.test", A, Secure, ""),
    ("www.sha384ds.test", A, Secure, ""),
    ("nothing.sha384ds.test", A, NoName, ""),
    ("www.sha1ds.test", A, Secure, ""),
    ("nothing.sha1ds.test", A, NoName, ""),
    ("www.split.test", A, Secure, ""),
    ("nothing.split.test", A, NoName, ""),
    ("www.bothsign.test", A, Secure, ""),
    ("www.prepublished.test", A, Secure, ""),
    ("www.toosoon.test", A, Bogus, "signature of toosoon.test DNSKEY by key"),
    ("www.lame.test", A, Secure, ""),
    ("nothing.lame.test", A, NoName, ""),
    ("www.wrongds.test", A, Bogus, "no key of wrongds.test fits its DS"),
    ("www.expired.test", A, Bogus, "expired at 20210101000000Z, and this machine's clock says"),
    ("www.future.test", A, Bogus, "not valid before 20360101000000Z, and this machine's clock says"),
    ("www.corrupted.test", A, Bogus, "does not fit the data"),
    ("mail.corrupted.test", A, Secure, ""),
    ("www.bare.test", A, Bogus, "no signature of www.bare.test A by its zone bare.test"),
    ("mail.bare.test", A, Secure, ""),
    ("www.nokeys.test", A, Bogus, "no signature of nokeys.test DNSKEY by its zone nokeys.test"),
    ("nothing.noproof.test", A, Bogus, "nothing.noproof.test: no proof that there is no"),
    ("www.noproof.test", MX, Bogus, "www.noproof.test: no proof that there is no"),
    ("x.wild.noproof.test", A, Bogus, "no proof that there is nothing closer"),
    ("www.noproof.test", A, Secure, ""),
    ("www.liar.test", MX, Bogus, "signature of www.liar.test NSEC by key"),
    ("mail.liar.test", MX, NoData, ""),
    ("www.keytrap.test", A, Bogus, "one question leads to too many wrong signatures"),
    ("www.fewwrong.test", A, Secure, ""),
    ("nothing.test", A, NoNameInsecure, "within an NSEC3 opt-out range"),
    ("nothing", A, NoName, ""),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn our_verdicts_are_those_of_unbound() {
    let programs = ["/usr/sbin/nsd", "/usr/sbin/unbound", "/usr/bin/ldns-signzone"];
    if let Some(missing) = programs.iter().find(|program| !Path::new(program).exists()) {
        assert!(std::env::var_os("CI").is_none(), "{missing} is not installed");
        eprintln!("skipped: {missing} is not installed");
        return;
    }
    let folder = Scratch::new();
    let (mut made, root_ds) = zones::make(&folder.0, SPECS);
    let anchor = folder.0.join("root.ds");
    std::fs::write(&anchor, &root_ds).expect("scratch");
    let nsd = daemons::nsd(&folder.0, &made);
    let elsewhere = folder.0.join("lame");
    std::fs::create_dir(&elsewhere).expect("scratch");
    let lame = daemons::nsd(&elsewhere, &[]);
    for zone in made.iter_mut().filter(|zone| zone.name == "lame.test") {
        zone.lame = Some(lame.address);
    }
    let validator = daemons::unbound(&folder.0, &made, nsd.address, Some(&anchor));
    let iterator = daemons::unbound(&folder.0, &made, nsd.address, None);
    let anchors = TrustAnchors::parse(root_ds.as_bytes()).expect("one anchor");
    let by_resolver = resolver(&[iterator.address], &anchors);
    // A validating resolver before us hides nothing: it is told not to check (CD).
    let by_validator = resolver(&[validator.address], &anchors);
    let direct = resolver(&[nsd.address], &anchors);
    // A server that has none of the zones is no obstacle.
    let beside_lame = resolver(&[lame.address, nsd.address], &anchors);
    let believing = Resolver::new(
        ResolverConfig::with_servers([validator.address]),
        Arc::new(SystemClock),
        Arc::new(SystemEntropy),
    );
    let mut wrong = Vec::new();
    // rfc9905#2: signatures with SHA-1 count no more. Debian's unbound is older.
    assert_eq!(verdict_of_unbound(&believing, "www.alg5.test", A).await, Some(Secure));
    let ours = our_verdict(&by_resolver, "www.alg5.test", A).await;
    assert_eq!(ours, (Some(Insecure), SHA1_REASON.to_owned()));
    // rfc4509#3: SHA-1 counts no more beside SHA-256. Unbound takes either.
    assert_eq!(verdict_of_unbound(&believing, "www.sha1only.test", A).await, Some(Secure));
    let (ours, why) = our_verdict(&by_resolver, "www.sha1only.test", A).await;
    assert!(ours == Some(Bogus) && why.contains("no key of sha1only.test fits its DS"), "{ours:?} {why}");
    for &(name, rtype, expected, reason) in CASES {
        let theirs = verdict_of_unbound(&believing, name, rtype).await;
        if theirs != Some(expected) {
            wrong.push(format!("{name} {rtype}: unbound says {theirs:?}, not {expected:?}"));
        }
        let ways = [
            ("resolver", &by_resolver),
            ("validator", &by_validator),
            ("nsd", &direct),
            ("lame", &beside_lame),
        ];
        for (way, ours) in ways {
            let (verdict, why) = our_verdict(ours, name, rtype).await;
            if verdict != Some(expected) || !why.contains(reason) {
                wrong.push(format!(
                    "{name} {rtype} by {way}: we say {verdict:?} ({why}), not {expected:?} ({reason})"
                ));
            }
        }
    }
    wrong.extend(everything_else(&believing, &by_resolver).await);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Names of each zone, there or not.
const LABELS: &[&str] = &[
    "",
    "www.",
    "nothing.",
    "a.b.nothing.",
    "*.",
    "wild.",
    "*.wild.",
    "x.wild.",
    "x.y.wild.",
    "empty.",
    "a.empty.",
    "b.empty.",
    "_25._tcp.mail.",
    "_tcp.mail.",
    "x.walias.",
    "old.",
    "www.old.",
    "to-www.",
    "x.to-www.",
    "island.",
    "www.island.",
];

/// A, NS, CNAME, SOA, MX, TXT, DNAME, DS, DNSKEY, TLSA.
const TYPES: &[u16] = &[1, 2, 5, 6, 15, 16, 39, 43, 48, 52];

/// Where unbound is not followed: SHA-1 counts for it, and of a DNAME below a DNAME it knows nothing.
fn is_known_difference(name: &str, rtype: RecordType) -> bool {
    name.ends_with("alg5.test")
        || name.ends_with("sha1only.test")
        || (name == "www.old.good.test" && rtype == RecordType::Other(39))
}

/// Each name of each zone with each type: where our verdict is not unbound's.
async fn everything_else(believing: &Resolver, ours: &Resolver) -> Vec<String> {
    let mut zones = tokio::task::JoinSet::new();
    for spec in SPECS {
        zones.spawn(whole_zone(spec, believing.clone(), ours.clone()));
    }
    let (mut wrong, mut same) = (Vec::new(), 0);
    while let Some(zone) = zones.join_next().await {
        let (differ, agree) = zone.expect("no panic");
        wrong.extend(differ);
        same += agree;
    }
    assert!(same > 7_500, "{same} questions");
    wrong
}

/// The differences, and how many questions had the same answer.
async fn whole_zone(spec: &'static Spec, believing: Resolver, ours: Resolver) -> (Vec<String>, usize) {
    let (mut wrong, mut same) = (Vec::new(), 0);
    for labels in LABELS {
        let name = format!("{labels}{}", spec.name.trim_matches('.'));
        let name = name.trim_end_matches('.');
        for rtype in TYPES.iter().map(|code| RecordType::from_code(*code)) {
            if is_known_difference(name, rtype) {
                continue;
            }
            let theirs = verdict_of_unbound(&believing, name, rtype).await;
            let (verdict, why) = our_verdict(&ours, name, rtype).await;
            if verdict.is_some() && verdict == theirs {
                same += 1;
            } else {
                wrong.push(format!("{name} {rtype}: we say {verdict:?} ({why}), unbound {theirs:?}"));
            }
        }
    }
    (wrong, same)
}

/// A folder that goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("postrider-dnssec-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("scratch");
        Self(folder)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn resolver(servers: &[SocketAddr], anchors: &TrustAnchors) -> Resolver {
    let config = ResolverConfig {
        validation: Validation::Own(anchors.clone()),
        ..ResolverConfig::with_servers(servers)
    };
    Resolver::new(config, Arc::new(SystemClock), Arc::new(SystemEntropy))
}

async fn our_verdict(resolver: &Resolver, name: &str, rtype: RecordType) -> (Option<Verdict>, String) {
    let examined = resolver.examine(name.as_bytes(), rtype, &QueryOptions::DNSSEC).await;
    let verdict = match (&examined.outcome, examined.security) {
        (Ok(_), Security::Secure) => Some(Secure),
        (Ok(_), Security::Insecure) => Some(Insecure),
        (Err(DnsFailure::NxDomain), Security::Secure) => Some(NoName),
        (Err(DnsFailure::NxDomain), Security::Insecure) => Some(NoNameInsecure),
        (Err(DnsFailure::NoData), Security::Secure) => Some(NoData),
        (Err(DnsFailure::NoData), Security::Insecure) => Some(NoDataInsecure),
        (Err(DnsFailure::Bogus(_)), Security::Bogus) => Some(Bogus),
        _ => None,
    };
    let why = examined.reason.map(|reason| reason.to_string()).unwrap_or_default();
    (verdict, if verdict.is_none() { format!("{:?} {why}", examined.outcome) } else { why })
}

/// The AD bit from the bytes; what it is about from a resolver that believes it.
async fn verdict_of_unbound(validator: &Resolver, name: &str, rtype: RecordType) -> Option<Verdict> {
    let mut wire = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        wire.push(label.len() as u8);
        wire.extend_from_slice(label.as_bytes());
    }
    wire.push(0);
    let server = validator.config().servers[0];
    let (_, authentic) = daemons::ask(server, &wire, rtype.code(), Duration::from_secs(5))?;
    match (validator.query(name.as_bytes(), rtype).await, authentic) {
        (Ok(_), true) => Some(Secure),
        (Ok(_), false) => Some(Insecure),
        (Err(DnsFailure::NoData), true) => Some(NoData),
        (Err(DnsFailure::NoData), false) => Some(NoDataInsecure),
        (Err(DnsFailure::NxDomain), true) => Some(NoName),
        (Err(DnsFailure::NxDomain), false) => Some(NoNameInsecure),
        (Err(DnsFailure::ServFail), false) => Some(Bogus),
        _ => None,
    }
}
