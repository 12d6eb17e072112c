//! Absence by NSEC3, opt-out, wildcards and DNAME, in zones signed in memory: each proof, and the same without one part of it.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use mail_types::dns::Security::{Bogus, Insecure, Secure};

use super::signer::Rec;
use super::*;

const SOA: u16 = 6;
const DNAME: u16 = 39;
const NSEC3: u16 = 50;
const NSEC3_OPT_OUT: u8 = 1;

/// The names of a zone by their hashes, with their types.
struct Chain<'a> {
    zone: &'a Zone,
    flags: u8,
    /// Of each name: hash and types.
    names: Vec<(Vec<u8>, &'static [u16])>,
}

impl<'a> Chain<'a> {
    fn new(zone: &'a Zone, flags: u8, names: &[(&str, &'static [u16])]) -> Self {
        let mut names: Vec<_> = names.iter().map(|(name, types)| (hash(name), *types)).collect();
        names.sort();
        Self { zone, flags, names }
    }

    /// The record at a place, signed.
    fn record(&self, at: usize) -> Vec<Rec> {
        let (own, types) = &self.names[at];
        let next = &self.names[(at + 1) % self.names.len()].0;
        let mut bits = [0; 32];
        for rtype in *types {
            bits[usize::from(rtype / 8)] |= 0x80 >> (rtype % 8);
        }
        let head = [1, self.flags, 0, 0, 0, 20];
        let data = [&head[..], next, &[0, 32], &bits].concat();
        self.zone.signed(&format!("{}.{}", base32(own), self.zone.apex), NSEC3, vec![data])
    }

    /// The record of a name.
    fn of(&self, name: &str) -> Vec<Rec> {
        let at = self.names.iter().position(|(known, _)| *known == hash(name));
        self.record(at.expect("a name of this zone"))
    }

    /// The record that covers a name that is not there.
    fn around(&self, name: &str) -> Vec<Rec> {
        let hash = hash(name);
        let after = self.names.iter().rposition(|(known, _)| *known < hash);
        self.record(after.unwrap_or(self.names.len() - 1))
    }
}

/// rfc5155#5, without salt and further iterations.
fn hash(name: &str) -> Vec<u8> {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, &wire(name)).as_ref().to_vec()
}

/// Base 32 with extended hex alphabet of twenty bytes.
fn base32(bytes: &[u8]) -> String {
    let bit = |at: usize| bytes[at / 8] >> (7 - at % 8) & 1;
    let letter = |at: usize| (0..5).fold(0, |value, next| value << 1 | bit(at * 5 + next));
    (0..bytes.len() * 8 / 5)
        .map(|at| char::from(b"0123456789abcdefghijklmnopqrstuv"[usize::from(letter(at))]))
        .collect()
}

/// What `good.test` has.
fn good(zones: &[Zone]) -> Chain<'_> {
    let names: &[(&str, &'static [u16])] = &[
        ("good.test", &[NS, SOA, RRSIG, DNSKEY, 51]),
        ("www.good.test", &[A, RRSIG]),
        ("mail.good.test", &[A, RRSIG]),
        ("alias.good.test", &[CNAME, RRSIG]),
        ("text.good.test", &[16, RRSIG]),
        ("below.good.test", &[NS]),
        ("wild.good.test", &[16, RRSIG]),
    ];
    Chain::new(zone(zones, "good.test"), 0, names)
}

/// What `test` has; `bare.test` is not in the chain where it may be left out.
fn test(zones: &[Zone], flags: u8) -> Chain<'_> {
    let names: &[(&str, &'static [u16])] = &[
        ("test", &[NS, SOA, RRSIG, DNSKEY, 51]),
        ("good.test", &[NS, DS, RRSIG]),
        ("evil.test", &[NS, DS, RRSIG]),
    ];
    Chain::new(zone(zones, "test"), flags, names)
}

/// Only the SOA record of an honest reply, and proofs.
fn denied(rcode: u8, honest: &Reply, proofs: Vec<Vec<Rec>>) -> Reply {
    let is_soa = |record: &&Rec| record.rtype == SOA || (record.rtype == RRSIG && record.data[..2] == [0, 6]);
    let soa: Vec<Rec> = honest.authority.iter().filter(is_soa).cloned().collect();
    Reply { rcode, authority: soa.into_iter().chain(proofs.concat()).collect(), ..Reply::default() }
}

type Lie = fn(&Asked, &[Zone], &Reply) -> Option<Reply>;

/// What is found out where the server answers questions like this; none keeps the honest answer.
async fn verdict(name: &str, lie: Lie) -> (Security, Result<(), String>) {
    let world = World::new();
    world.server.lie(move |asked, zones, honest| Some(lie(asked, zones, &honest).unwrap_or(honest)));
    let examined = world.resolver.examine(name.as_bytes(), RecordType::A, &QueryOptions::DNSSEC).await;
    (examined.security, examined.outcome.map(|_| ()).map_err(|failure| failure.to_string()))
}

/// A table: the name, the lie, the verdict, and words of the reason.
async fn verdicts(table: &[(&str, &str, Lie, Security, &str)]) {
    for (what, name, lie, want, words) in table {
        let (security, outcome) = verdict(name, *lie).await;
        assert_eq!(security, *want, "{what}: {outcome:?}");
        let said = outcome.err().unwrap_or_else(|| "found".to_owned());
        assert!(said.contains(words), "{what}: {said}");
    }
}

#[tokio::test]
async fn names_that_hashes_deny() {
    const GONE: &str = "gone.good.test";
    verdicts(&[
        (
            "whole",
            GONE,
            |asked, zones, honest| {
                let chain = || good(zones);
                let proofs =
                    || vec![chain().of("good.test"), chain().around(GONE), chain().around("*.good.test")];
                (asked.0 == GONE).then(|| denied(3, honest, proofs()))
            },
            Secure,
            "no such name",
        ),
        (
            "no closest encloser",
            GONE,
            |asked, zones, honest| {
                let proofs = || vec![good(zones).around(GONE), good(zones).around("*.good.test")];
                (asked.0 == GONE).then(|| denied(3, honest, proofs()))
            },
            Bogus,
            "no proof that there is no such name",
        ),
        (
            "the name is not covered",
            "www.good.test",
            |asked, zones, honest| {
                let proofs = || {
                    vec![
                        good(zones).of("good.test"),
                        good(zones).of("www.good.test"),
                        good(zones).around("*.good.test"),
                    ]
                };
                (asked.0 == "www.good.test").then(|| denied(3, honest, proofs()))
            },
            Bogus,
            "no proof that there is no such name",
        ),
        (
            "the records of another zone",
            GONE,
            |asked, zones, honest| {
                let proofs = || vec![test(zones, 0).of("test"), test(zones, 0).around("good.test")];
                (asked.0 == GONE).then(|| denied(3, honest, proofs()))
            },
            Bogus,
            "no proof that there is no such name",
        ),
    ])
    .await;
}

#[tokio::test]
async fn types_that_hashes_deny() {
    const TEXT: &str = "text.good.test";
    verdicts(&[
        (
            "whole",
            TEXT,
            |asked, zones, honest| (asked.0 == TEXT).then(|| denied(0, honest, vec![good(zones).of(TEXT)])),
            Secure,
            "no record of this type",
        ),
        (
            "the type is there",
            "www.good.test",
            |asked, zones, honest| {
                (asked.0 == "www.good.test").then(|| denied(0, honest, vec![good(zones).of("www.good.test")]))
            },
            Bogus,
            "no proof that there is no A record",
        ),
        (
            "another name's",
            TEXT,
            |asked, zones, honest| {
                (asked.0 == TEXT).then(|| denied(0, honest, vec![good(zones).of("wild.good.test")]))
            },
            Bogus,
            "no proof that there is no A record",
        ),
        (
            "an alias",
            "alias.good.test",
            |asked, zones, honest| {
                (asked.0 == "alias.good.test")
                    .then(|| denied(0, honest, vec![good(zones).of("alias.good.test")]))
            },
            Bogus,
            "no proof that there is no A record",
        ),
    ])
    .await;
}

/// rfc5155#6: a delegation that is not signed may be left out of the chain, where the record around it says so.
#[tokio::test]
async fn delegations_left_out() {
    fn no_ds(asked: &Asked, zones: &[Zone], honest: &Reply, flags: u8) -> Option<Reply> {
        let proofs = || vec![test(zones, flags).of("test"), test(zones, flags).around("bare.test")];
        (asked.0 == "bare.test" && asked.1 == DS).then(|| denied(0, honest, proofs()))
    }
    verdicts(&[
        (
            "opted out",
            "www.bare.test",
            |asked, zones, honest| no_ds(asked, zones, honest, NSEC3_OPT_OUT),
            Insecure,
            "found",
        ),
        (
            "the same without the flag",
            "www.bare.test",
            |asked, zones, honest| no_ds(asked, zones, honest, 0),
            Bogus,
            "bare.test",
        ),
        (
            "a signed one",
            "www.good.test",
            |asked, zones, honest| {
                let proofs = || {
                    vec![
                        test(zones, NSEC3_OPT_OUT).of("test"),
                        test(zones, NSEC3_OPT_OUT).around("bare.test"),
                    ]
                };
                (asked.0 == "good.test" && asked.1 == DS).then(|| denied(0, honest, proofs()))
            },
            Bogus,
            "no proof that there is no DS record",
        ),
    ])
    .await;
}

const WILD: &str = "x.wild.good.test";

/// The record of a wildcard for a name below it, with these proofs.
fn from_wildcard(zones: &[Zone], proofs: Vec<Vec<Rec>>) -> Reply {
    let mut answer = zone(zones, "good.test").signed("*.wild.good.test", A, vec![vec![192, 0, 2, 9]]);
    for record in &mut answer {
        WILD.clone_into(&mut record.owner);
    }
    Reply { answer, authority: proofs.concat(), ..Reply::default() }
}

#[tokio::test]
async fn wildcards() {
    verdicts(&[
        (
            "by hashes",
            WILD,
            |asked, zones, _| (asked.0 == WILD).then(|| from_wildcard(zones, vec![good(zones).around(WILD)])),
            Secure,
            "found",
        ),
        (
            "by names",
            WILD,
            |asked, zones, _| {
                let nsec =
                    || zone(zones, "good.test").nsec("wild.good.test", "www.good.test", &[16, RRSIG, NSEC]);
                (asked.0 == WILD).then(|| from_wildcard(zones, vec![nsec()]))
            },
            Secure,
            "found",
        ),
        (
            "without a proof",
            WILD,
            |asked, zones, _| (asked.0 == WILD).then(|| from_wildcard(zones, Vec::new())),
            Bogus,
            "no proof",
        ),
        (
            "the name itself is there",
            WILD,
            |asked, zones, _| {
                (asked.0 == WILD).then(|| from_wildcard(zones, vec![good(zones).of("wild.good.test")]))
            },
            Bogus,
            "no proof",
        ),
    ])
    .await;
}

const MOVED: &str = "www.old.good.test";

/// `old.good.test DNAME good.test`, the alias that it makes, and the end of it.
fn renamed(zones: &[Zone], target: &str, signed: bool) -> Reply {
    let zone = zone(zones, "good.test");
    let mut dname = zone.signed("old.good.test", DNAME, vec![wire("good.test")]);
    dname.retain(|record| signed || record.rtype == DNAME);
    let alias = Rec { owner: MOVED.to_owned(), rtype: CNAME, data: wire(target) };
    let end = zone.answer(target, A).answer;
    Reply { answer: dname.into_iter().chain([alias]).chain(end).collect(), ..Reply::default() }
}

#[tokio::test]
async fn whole_trees_that_moved() {
    verdicts(&[
        (
            "as it is",
            MOVED,
            |asked, zones, _| (asked.0 == MOVED).then(|| renamed(zones, "www.good.test", true)),
            Secure,
            "found",
        ),
        (
            "led elsewhere",
            MOVED,
            |asked, zones, _| (asked.0 == MOVED).then(|| renamed(zones, "mail.good.test", true)),
            Bogus,
            "www.old.good.test CNAME",
        ),
        (
            "not signed",
            MOVED,
            |asked, zones, _| (asked.0 == MOVED).then(|| renamed(zones, "www.good.test", false)),
            Bogus,
            "old.good.test DNAME",
        ),
    ])
    .await;
}
