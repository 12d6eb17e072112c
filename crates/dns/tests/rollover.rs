//! The root changes its keys, day by day, and the trust anchors follow; what must not move them does not.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

#[allow(dead_code, reason = "the tests of liars use the rest")]
#[path = "liar/server.rs"]
mod server;
#[allow(dead_code, reason = "the tests of liars use the rest")]
#[path = "liar/signer.rs"]
mod signer;

extern crate postrider_dns as dns;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use dns::{AnchorsFile, Resolver, ResolverConfig, Rollover, TrustAnchors, Validation};
use mail_types::clock::{Clock as _, FixedClock, SystemEntropy};
use mail_types::dns::{DnsFailure, QueryOptions, RecordType, Security};
use mail_types::{Timestamp, limits};

use server::Server;
use signer::{A, DNSKEY, Rec, Reply, Times, Zone, sign, tag};

const NOW: i64 = 1_800_000_000;
const DAY: Duration = Duration::from_hours(24);
const TTL: u32 = 172_800;

/// How a key stands in the set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum As {
    Key,
    /// With the REVOKE bit.
    Revoked,
}
use As::{Key, Revoked};

struct World {
    /// Answers as long as it lives.
    _server: Server,
    entries: Vec<Ed25519KeyPair>,
    zone_key: Vec<u8>,
    published: Arc<Mutex<Vec<Rec>>>,
    anchors: TrustAnchors,
    rollover: Rollover,
    resolver: Resolver,
    clock: Arc<FixedClock>,
}

impl World {
    /// A root with the name `host`; the first so many of its keys are configured.
    fn new(configured: usize) -> Self {
        let pair = || {
            let bytes = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("randomness");
            Ed25519KeyPair::from_pkcs8(bytes.as_ref()).expect("its own form")
        };
        let entries: Vec<Ed25519KeyPair> = (0..3).map(|_| pair()).collect();
        let mut root = Zone::new("");
        root.flags = 0;
        root.push("host", A, vec![192, 0, 2, 1]);
        let zone_key = root.key_record();
        let server = Server::start(vec![root]);
        let published: Arc<Mutex<Vec<Rec>>> = Arc::default();
        let shown = Arc::clone(&published);
        server.lie(move |asked, _, honest| {
            let keys = Reply { answer: shown.lock().expect("unpoisoned").clone(), ..Reply::default() };
            Some(if asked.1 == DNSKEY { keys } else { honest })
        });
        let lines: String = entries.iter().take(configured).map(ds_line).collect();
        let anchors = TrustAnchors::parse(lines.as_bytes()).expect("anchors");
        let config = ResolverConfig {
            validation: Validation::Own(anchors.clone()),
            retrans: Duration::from_millis(500),
            tries: 1,
            ..ResolverConfig::with_servers([server.address])
        };
        let clock = Arc::new(FixedClock::new(Timestamp::from_secs(NOW)));
        let resolver = Resolver::new(config, clock.clone(), Arc::new(SystemEntropy));
        let rollover = Rollover::new(&anchors);
        Self { _server: server, entries, zone_key, published, anchors, rollover, resolver, clock }
    }

    fn record(&self, key: usize, how: As) -> Vec<u8> {
        record(&self.entries[key], how)
    }

    /// The tag under which the log knows a key.
    fn tag(&self, key: usize) -> u16 {
        tag(&self.record(key, Key))
    }

    /// What the root has from now on, and who signed it.
    fn publish(&self, keys: &[(usize, As)], signers: &[(usize, As)]) {
        let mut data: Vec<Vec<u8>> = keys.iter().map(|(key, how)| self.record(*key, *how)).collect();
        data.push(self.zone_key.clone());
        data.sort();
        let now = self.clock.now().secs() as u32;
        let times = Times { from: now - 86_400, to: now + 20 * 86_400, ttl: TTL };
        let signatures = signers.iter().map(|(key, how)| {
            sign((&self.entries[*key], &self.record(*key, *how)), "", ("", DNSKEY), &data, times)
        });
        let signatures: Vec<Rec> = signatures.collect();
        let keys = data.into_iter().map(|data| Rec { owner: String::new(), rtype: DNSKEY, data });
        *self.published.lock().expect("unpoisoned") = keys.chain(signatures).collect();
    }

    /// What becomes of the keys, a line each, and what was wrong.
    async fn look(&mut self) -> Vec<String> {
        let followed = self.resolver.follow_anchors(&mut self.rollover).await;
        // Each look may be the last of a process: the next one reads what this one wrote.
        self.rollover =
            Rollover::read(self.rollover.to_text().as_bytes(), &self.anchors).expect("its own form");
        let changes = followed.changes.iter().map(ToString::to_string);
        changes.chain(followed.troubles).collect()
    }

    /// Looks each time that it is due, for so long; the root signs anew each time.
    async fn live(&mut self, time: Duration, keys: &[(usize, As)], signers: &[(usize, As)]) -> Vec<String> {
        let end = self.clock.now().plus(time);
        let mut said = Vec::new();
        loop {
            let due = self.rollover.due().max(self.clock.now());
            if due > end {
                self.clock.set(end);
                return said;
            }
            self.clock.set(due);
            self.publish(keys, signers);
            said.extend(self.look().await);
            assert!(self.rollover.due().since(due) >= Duration::from_hours(1), "rfc5011#2.3");
        }
    }

    async fn asks(&self) -> Result<Security, DnsFailure> {
        self.resolver.forget();
        let answer = self.resolver.query_with(b"host", RecordType::A, &QueryOptions::DNSSEC).await;
        answer.map(|answer| answer.security)
    }

    fn line(&self, key: usize, what: &str) -> String {
        format!("DNSSEC trust anchor of ., key {} (algorithm 15): {what}", self.tag(key))
    }
}

fn record(pair: &Ed25519KeyPair, how: As) -> Vec<u8> {
    let flags = if how == Revoked { 0x81 } else { 1 };
    [&[1, flags, 3, 15], pair.public_key().as_ref()].concat()
}

fn ds_line(pair: &Ed25519KeyPair) -> String {
    let record = record(pair, Key);
    let hash = digest(&SHA256, &[&[0], &record[..]].concat());
    let hex = |half: u8| char::from_digit(u32::from(half), 16).expect("a digit");
    let digest: String = hash.as_ref().iter().flat_map(|byte| [hex(byte >> 4), hex(byte & 15)]).collect();
    format!(". IN DS {} 15 2 {digest}\n", tag(&record))
}

const SECURE: Result<Security, DnsFailure> = Ok(Security::Secure);
const OLD_TRUSTED: &str = "seen, trusted as configured";

#[tokio::test]
async fn a_whole_rollover() {
    let mut world = World::new(1);
    world.publish(&[(0, Key)], &[(0, Key)]);
    assert_eq!(world.look().await, [world.line(0, OLD_TRUSTED)]);
    assert_eq!(world.asks().await, SECURE);
    // Half of the records' lifetime.
    assert_eq!(world.rollover.due().secs(), NOW + i64::from(TTL) / 2);

    world.clock.advance(DAY);
    world.publish(&[(0, Key), (1, Key)], &[(0, Key)]);
    assert_eq!(world.look().await, [world.line(1, "new, will be trusted after 20270215080000Z")]);
    let quiet = world.live(29 * DAY, &[(0, Key), (1, Key)], &[(0, Key)]).await;
    assert_eq!(quiet, Vec::<String>::new(), "its time is not over");
    let over = world.live(2 * DAY, &[(0, Key), (1, Key)], &[(0, Key)]).await;
    assert_eq!(over, [world.line(1, "trusted from now on")]);
    world.publish(&[(0, Key), (1, Key)], &[(1, Key)]);
    assert_eq!(world.asks().await, SECURE, "the new key alone is enough");

    let both = [(0, Revoked), (1, Key)];
    let revoked = world.live(2 * DAY, &both, &both).await;
    assert_eq!(revoked, [world.line(0, "revoked, never to be trusted again")]);
    world.publish(&[(0, Key), (1, Key)], &[(0, Key)]);
    assert!(matches!(world.asks().await, Err(DnsFailure::Bogus(_))), "a revoked key vouches for nothing");
    let after = world.live(31 * DAY, &[(1, Key)], &[(1, Key)]).await;
    assert_eq!(after, [world.line(0, "revoked long ago, put away")]);
    assert_eq!(world.asks().await, SECURE);

    // The configuration still names the old key; whoever has stolen it can't use it.
    let back = world.live(40 * DAY, &[(0, Key), (1, Key)], &[(1, Key)]).await;
    assert_eq!(back, Vec::<String>::new());
    world.publish(&[(0, Key)], &[(0, Key)]);
    assert!(matches!(world.asks().await, Err(DnsFailure::Bogus(_))));
    let text = world.rollover.describe();
    for part in [
        format!("key {} algorithm 15: removed since", world.tag(0)),
        format!("key {} algorithm 15: valid since", world.tag(1)),
    ] {
        assert!(text.contains(&part), "{part} in {text}");
    }
}

#[tokio::test]
async fn a_key_that_no_anchor_has_signed_is_never_trusted() {
    let mut world = World::new(1);
    world.publish(&[(0, Key)], &[(0, Key)]);
    world.look().await;
    let refused = world.live(40 * DAY, &[(0, Key), (2, Key)], &[(2, Key)]).await;
    assert!(!refused.is_empty());
    for line in &refused {
        assert!(line.starts_with("DNSSEC trust anchors of .: signature of . DNSKEY by key"), "{line}");
    }
    world.publish(&[(2, Key)], &[(2, Key)]);
    let Err(DnsFailure::Bogus(reason)) = world.asks().await else { panic!("must be refused") };
    assert!(reason.contains("no key of . fits its DS"), "{reason}");
    // Corrected in one field, the signer, the same key is.
    let trusted = world.live(32 * DAY, &[(0, Key), (2, Key)], &[(0, Key)]).await;
    assert_eq!(trusted.last(), Some(&world.line(2, "trusted from now on")));
    world.publish(&[(2, Key)], &[(2, Key)]);
    assert_eq!(world.asks().await, SECURE);
}

#[tokio::test]
async fn a_key_that_goes_away_on_trial_begins_anew() {
    let mut world = World::new(1);
    let (with, without) = ([(0, Key), (1, Key)], [(0, Key)]);
    let first = world.live(20 * DAY, &with, &[(0, Key)]).await;
    assert_eq!(first.len(), 2, "{first:?}");
    let gone = world.live(2 * DAY, &without, &[(0, Key)]).await;
    assert_eq!(gone, [world.line(1, "gone before it was trusted, forgotten")]);
    let again = world.live(20 * DAY, &with, &[(0, Key)]).await;
    assert_eq!(again.len(), 1, "{again:?}");
    assert!(again[0].contains("new, will be trusted after"), "{again:?}");
    world.publish(&with, &[(1, Key)]);
    assert!(matches!(world.asks().await, Err(DnsFailure::Bogus(_))), "forty days in all, twenty at a time");
    let over = world.live(12 * DAY, &with, &[(0, Key)]).await;
    assert_eq!(over, [world.line(1, "trusted from now on")]);
}

/// rfc5011#2.2: where all keys that announced a key are revoked before its time is over, its time begins anew.
#[tokio::test]
async fn a_key_whose_announcers_were_all_revoked_begins_anew() {
    for announcers in [&[(0, Key)][..], &[(0, Key), (1, Key)]] {
        let mut world = World::new(2);
        let announced = [(0, Key), (1, Key), (2, Key)];
        let first = world.live(20 * DAY, &announced, announcers).await;
        assert_eq!(first.len(), 3, "{first:?}");
        let then = world.live(2 * DAY, &[(0, Revoked), (1, Key), (2, Key)], &[(0, Revoked), (1, Key)]).await;
        assert_eq!(then[0], world.line(0, "revoked, never to be trusted again"));
        let later = world.live(12 * DAY, &[(1, Key), (2, Key)], &[(1, Key)]).await;
        if announcers.len() == 1 {
            assert_eq!(
                then[1],
                world.line(2, "all keys that announced it have been revoked, forgotten"),
                "{then:?}"
            );
            assert!(then[2].contains("new, will be trusted after"), "{then:?}");
            assert_eq!(later, Vec::<String>::new(), "its time is not over");
            let over = world.live(20 * DAY, &[(1, Key), (2, Key)], &[(1, Key)]).await;
            assert!(over.contains(&world.line(2, "trusted from now on")), "{over:?}");
        } else {
            assert_eq!(then.len(), 1, "the other announcer still vouches: {then:?}");
            assert_eq!(later, [world.line(2, "trusted from now on")]);
        }
    }
}

#[tokio::test]
async fn an_anchor_that_is_missing_is_still_one() {
    let mut world = World::new(2);
    world.publish(&[(0, Key), (1, Key)], &[(0, Key)]);
    assert_eq!(world.look().await.len(), 2);
    let missing = world.live(60 * DAY, &[(0, Key)], &[(0, Key)]).await;
    assert_eq!(missing, [world.line(1, "missing among the zone's keys, still trusted")]);
    let back = world.live(2 * DAY, &[(1, Key)], &[(1, Key)]).await;
    let mut expected =
        [world.line(0, "missing among the zone's keys, still trusted"), world.line(1, "there again")];
    expected.sort();
    let mut back = back;
    back.sort();
    assert_eq!(back, expected);
    assert_eq!(world.asks().await, SECURE);
}

#[tokio::test]
async fn only_the_key_itself_can_revoke_itself() {
    let mut world = World::new(2);
    world.publish(&[(0, Key), (1, Key)], &[(0, Key)]);
    world.look().await;
    let by_another = world.live(2 * DAY, &[(0, Revoked), (1, Key)], &[(1, Key)]).await;
    assert_eq!(by_another, [world.line(0, "missing among the zone's keys, still trusted")]);
    let by_itself = world.live(2 * DAY, &[(0, Revoked), (1, Key)], &[(0, Revoked)]).await;
    assert_eq!(by_itself[0], world.line(0, "revoked, never to be trusted again"));
    assert!(by_itself[1].starts_with("DNSSEC trust anchors of .: "), "and nothing else: {by_itself:?}");
}

#[tokio::test]
async fn a_zone_whose_anchors_are_all_revoked_is_no_trust_point() {
    let mut world = World::new(1);
    world.publish(&[(0, Revoked)], &[(0, Revoked)]);
    let said = world.look().await;
    assert_eq!(said[0], world.line(0, "revoked, never to be trusted again"));
    assert_eq!(world.asks().await, Ok(Security::Indeterminate));
    assert!(world.rollover.describe().contains("nothing is trusted"), "{}", world.rollover.describe());
    // A new release, or the administrator, brings another anchor: what was revoked stays so.
    let lines = ds_line(&world.entries[0]) + &ds_line(&world.entries[1]);
    let configured = TrustAnchors::parse(lines.as_bytes()).expect("anchors");
    world.rollover = Rollover::read(world.rollover.to_text().as_bytes(), &configured).expect("its own form");
    world.anchors = configured;
    world.publish(&[(1, Key)], &[(1, Key)]);
    assert_eq!(world.look().await, [world.line(1, OLD_TRUSTED)]);
    assert_eq!(world.asks().await, SECURE);
    world.publish(&[(0, Key)], &[(0, Key)]);
    assert!(matches!(world.asks().await, Err(DnsFailure::Bogus(_))));
}

#[tokio::test]
async fn a_silent_server_changes_nothing() {
    let mut world = World::new(1);
    world.publish(&[(0, Key)], &[(0, Key)]);
    world.look().await;
    world.published.lock().expect("unpoisoned").clear();
    world.clock.advance(DAY);
    let before = world.rollover.describe();
    let said = world.look().await;
    assert_eq!(said, ["DNSSEC trust anchors of .: the name servers give no keys"]);
    assert_eq!(world.rollover.due(), world.clock.now().plus(Duration::from_hours(1)));
    let keys = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(keys(&before), keys(&world.rollover.describe()));
}

#[tokio::test]
async fn the_number_of_keys_is_bounded() {
    let mut world = World::new(1);
    let mut data = vec![world.record(0, Key), world.zone_key.clone()];
    for n in 0..=limits::DNSSEC_ANCHORS as u8 {
        data.push([&[1, 1, 3, 15], &[n; 32][..]].concat());
    }
    data.sort();
    let now = NOW as u32;
    let times = Times { from: now - 1, to: now + 86_400, ttl: TTL };
    let signature = sign((&world.entries[0], &world.record(0, Key)), "", ("", DNSKEY), &data, times);
    let keys = data.into_iter().map(|data| Rec { owner: String::new(), rtype: DNSKEY, data });
    *world.published.lock().expect("unpoisoned") = keys.chain([signature]).collect();
    let said = world.look().await;
    let with = |what: &str| said.iter().filter(|line| line.contains(what)).count();
    assert_eq!(with("ignored, 16 keys are being followed already"), 2, "{said:?}");
    assert_eq!(with(OLD_TRUSTED), 1, "{said:?}");
}

#[test]
fn the_file_is_read_strictly() {
    let pair = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("randomness");
    let pair = Ed25519KeyPair::from_pkcs8(pair.as_ref()).expect("its own form");
    let anchors = TrustAnchors::parse(ds_line(&pair).as_bytes()).expect("anchors");
    let read = |text: &str| Rollover::read(text.as_bytes(), &anchors).map(|_| ());
    assert_eq!(read("version 1\n; nothing else\n"), Ok(()));
    for (text, error) in [
        ("", "empty"),
        ("version 2\n", "line 1: another version"),
        ("zone . 00 - 0\n", "line 1: another version"),
        ("version 1\nkey valid 0 0 257 3 15 AAAA\n", "line 2: a key of no zone"),
        ("version 1\nzone . 00 - x\n", "line 2: not a time"),
        ("version 1\nzone . 00 - 0\nkey good 0 0 257 3 15 AAAA\n", "line 3: no such state"),
        ("version 1\nzone . 00 - 0\nkey valid 0 0 257 3 15 A\n", "line 3: not base64"),
        ("version 1\nzone . 00 - 0\nkey valid 0 0 385 3 15 AAAA\n", "line 3: the key signs no zone"),
        ("version 1\nword\n", "line 2: makes no sense"),
    ] {
        assert_eq!(read(text), Err(error.to_owned()), "{text:?}");
    }
    let folder = std::env::temp_dir().join(format!("postrider-anchors-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("scratch");
    let file = AnchorsFile::within(&folder);
    assert_eq!(file.load(&anchors), Ok(None));
    let rollover = Rollover::new(&anchors);
    file.save(&rollover).expect("scratch");
    assert_eq!(file.load(&anchors), Ok(Some(rollover)));
    std::fs::write(folder.join("postrider-trust-anchors"), "nonsense").expect("scratch");
    let problem = file.load(&anchors).expect_err("nonsense");
    assert!(problem.ends_with("postrider-trust-anchors: line 1: another version"), "{problem}");
    std::fs::remove_dir_all(&folder).expect("scratch");
}
