//! A signed hierarchy in memory, and a server that lies about it: each lie is found out, and named; without it the same
//! question has a secure answer.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

#[path = "liar/clock.rs"]
mod clock;
#[path = "liar/hashed.rs"]
mod hashed;
#[path = "liar/server.rs"]
mod server;
#[path = "liar/several.rs"]
mod several;
#[path = "liar/signer.rs"]
mod signer;

extern crate postrider_dns as dns;

use std::sync::{Arc, Barrier};
use std::time::Duration;

use dns::{Resolver, ResolverConfig, TrustAnchors, Validation};
use mail_types::clock::{FixedClock, SystemEntropy};
use mail_types::dns::{DnsFailure, QueryOptions, RecordData, RecordType, Security};
use mail_types::{Timestamp, limits};

use server::{Asked, Server};
use signer::{A, CNAME, DNSKEY, DS, NS, NSEC, RRSIG, Rec, Reply, SOA, Times, Zone, wire};

/// In the middle of the time for which everything is signed.
const NOW: i64 = 1_800_000_000;

struct World {
    server: Server,
    resolver: Resolver,
    clock: Arc<FixedClock>,
}

impl World {
    fn new() -> Self {
        Self::with(|_| {})
    }

    /// Root, `test`, `good.test`, `evil.test`; `bare.test` is not signed.
    fn with(change: impl FnOnce(&mut Zone)) -> Self {
        let mut good = Zone::new("good.test");
        good.push("www.good.test", A, vec![192, 0, 2, 1]);
        good.push("mail.good.test", A, vec![192, 0, 2, 2]);
        good.push("alias.good.test", CNAME, wire("www.good.test"));
        good.push("below.good.test", NS, wire("ns.test"));
        change(&mut good);
        let mut evil = Zone::new("evil.test");
        evil.push("www.evil.test", A, vec![192, 0, 2, 66]);
        let mut test = Zone::new("test");
        test.push("good.test", NS, wire("ns.test"));
        test.push("good.test", DS, good.ds());
        test.push("evil.test", NS, wire("ns.test"));
        test.push("evil.test", DS, evil.ds());
        test.push("bare.test", NS, wire("ns.test"));
        let mut bare = Zone::new("bare.test");
        bare.push("www.bare.test", A, vec![192, 0, 2, 3]);
        let mut island = Zone::new("island.bare.test");
        island.push("www.island.bare.test", A, vec![192, 0, 2, 4]);
        let mut root = Zone::new("");
        root.push("test", NS, wire("ns.test"));
        root.push("test", DS, test.ds());
        let server = Server::start(vec![root, test, good, evil, bare, island]);
        let anchor = server.anchor("");
        Self::trusting(server, &anchor)
    }

    /// The same, with an anchor for `island.bare.test` beside the root's.
    fn on_an_island() -> Self {
        let server = Self::new().server.another();
        let anchors = [server.anchor(""), server.anchor("island.bare.test")].join("\n");
        Self::trusting(server, &anchors)
    }

    fn trusting(server: Server, anchors: &str) -> Self {
        let anchors = TrustAnchors::parse(anchors.as_bytes()).expect("an anchor");
        let config = ResolverConfig {
            validation: Validation::Own(anchors),
            retrans: Duration::from_millis(300),
            tries: 1,
            ..ResolverConfig::with_servers([server.address])
        };
        let clock = Arc::new(FixedClock::new(Timestamp::from_secs(NOW)));
        let resolver = Resolver::new(config, clock.clone(), Arc::new(SystemEntropy));
        Self { server, resolver, clock }
    }

    async fn ask(&self, name: &str) -> Result<Security, DnsFailure> {
        let answer = self.resolver.query_with(name.as_bytes(), RecordType::A, &QueryOptions::DNSSEC).await;
        answer.map(|answer| answer.security)
    }

    async fn reason(&self, name: &str) -> String {
        match self.resolver.query_with(name.as_bytes(), RecordType::A, &QueryOptions::DNSSEC).await {
            Err(DnsFailure::Bogus(reason)) => reason.to_string(),
            other => panic!("{name}: {other:?}"),
        }
    }

    /// The lie is named by these words; told the truth a minute later, the answer is secure.
    async fn finds_out(
        lie: impl Fn(&Asked, &[Zone], Reply) -> Option<Reply> + Send + 'static,
        name: &str,
        truth: Result<Security, DnsFailure>,
        words: &str,
    ) {
        let world = Self::new();
        world.server.lie(lie);
        let reason = world.reason(name).await;
        assert!(reason.contains(words), "{name}: {reason}");
        world.server.tell_the_truth();
        world.clock.advance(Duration::from_secs(61));
        assert_eq!(world.ask(name).await, truth, "{name}: {words}");
    }
}

fn stripped(mut reply: Reply) -> Reply {
    for section in [&mut reply.answer, &mut reply.authority] {
        section.retain(|record| record.rtype != RRSIG && record.rtype != NSEC);
    }
    reply
}

fn zone<'a>(zones: &'a [Zone], apex: &str) -> &'a Zone {
    zones.iter().find(|zone| zone.apex == apex).expect("a zone of this world")
}

#[tokio::test]
async fn a_warm_chain_costs_nothing_and_an_ordinary_question_is_one() {
    let world = World::new();
    assert_eq!(world.ask("www.good.test").await, Ok(Security::Secure));
    let asked = |name: &str, rtype| (name.to_owned(), rtype);
    assert_eq!(
        world.server.seen(),
        [
            asked("www.good.test", A),
            asked("", DNSKEY),
            asked("test", DS),
            asked("test", DNSKEY),
            asked("good.test", DS),
            asked("good.test", DNSKEY),
        ]
    );
    assert_eq!(world.ask("mail.good.test").await, Ok(Security::Secure));
    assert_eq!(world.server.seen(), [asked("mail.good.test", A)]);
    assert_eq!(world.ask("mail.good.test").await, Ok(Security::Secure));
    assert_eq!(world.server.seen(), []);
    let answer = world.resolver.query(b"www.evil.test", RecordType::A).await.expect("records");
    assert_eq!(answer.security, Security::Indeterminate);
    assert_eq!(world.server.seen(), [asked("www.evil.test", A)]);
    assert_eq!(world.ask("www.bare.test").await, Ok(Security::Insecure));
    assert_eq!(world.server.seen(), [asked("www.bare.test", A), asked("bare.test", DS)]);
}

#[tokio::test]
async fn the_absence_of_records_is_kept_and_keys_end() {
    let world = World::new();
    for _ in 0..2 {
        assert_eq!(world.ask("nothing.good.test").await, Err(DnsFailure::NxDomain));
    }
    assert_eq!(world.server.seen().len(), 6);
    world.clock.advance(Duration::from_secs(301));
    assert_eq!(world.ask("nothing.good.test").await, Err(DnsFailure::NxDomain));
    assert_eq!(world.server.seen().len(), 6, "the keys were asked for again");
}

/// What was proven is kept as long as its proof holds, and the SOA record, which nobody checks, has no say beyond that.
#[tokio::test]
async fn absence_is_kept_no_longer_than_its_proof() {
    for (name, rtype) in [("gone.good.test", A), ("www.good.test", DS)] {
        let world = World::new();
        let times = [
            Times { ttl: 20, ..Times::USUAL },
            // The last signature ends before the lifetime does.
            Times { to: NOW as u32 + 20, ..Times::USUAL },
        ];
        for times in times {
            world.resolver.forget();
            world.server.lie(move |asked, zones, mut reply| {
                if asked.0 == name && asked.1 == rtype {
                    let good = zone(zones, "good.test");
                    reply.authority.retain(|record| record.rtype == SOA);
                    let owner = if rtype == A { "good.test" } else { name };
                    let types =
                        if rtype == A { &[NS, SOA, RRSIG, NSEC, DNSKEY][..] } else { &[A, RRSIG, NSEC] };
                    reply.authority.extend(good.nsec_for(owner, "good.test", types, times));
                }
                Some(reply)
            });
            let rtype = RecordType::from_code(rtype);
            let asks = async || {
                let asked = world.resolver.examine(name.as_bytes(), rtype, &QueryOptions::DNSSEC).await;
                assert_eq!(asked.security, Security::Secure, "{name} {:?}", asked.reason);
                world.server.seen().len()
            };
            assert!(asks().await > 0, "{name}");
            world.clock.advance(Duration::from_secs(19));
            assert_eq!(asks().await, 0, "{name}");
            world.clock.advance(Duration::from_secs(1));
            if times.to == Times::USUAL.to {
                assert_eq!(asks().await, 1, "{name}");
            }
            world.clock.set(Timestamp::from_secs(NOW));
        }
    }
}

#[tokio::test]
async fn servers_that_know_no_signatures_leave_everything_open() {
    let world = World::new();
    world.server.lie(|_, _, reply| Some(stripped(reply)));
    let answer = world
        .resolver
        .query_with(b"www.good.test", RecordType::A, &QueryOptions::DNSSEC)
        .await
        .expect("mail flows");
    assert_eq!((answer.security, answer.records.len()), (Security::Indeterminate, 1));
    let reason = answer.security_reason.expect("a reason");
    assert!(reason.contains("do not pass signatures on"), "{reason}");
    assert_eq!(world.ask("nothing.good.test").await, Err(DnsFailure::NxDomain));
    // Servers that refuse to speak of the root, or fail at it, are no better.
    for rcode in [2, 4, 5] {
        let world = World::new();
        world.server.lie(move |asked, _, reply| {
            Some(if asked.1 == DNSKEY { Reply { rcode, ..Reply::default() } } else { stripped(reply) })
        });
        assert_eq!(world.ask("www.good.test").await, Ok(Security::Indeterminate), "{rcode}");
    }
}

#[tokio::test]
async fn once_signatures_were_seen_their_absence_is_forgery() {
    let world = World::new();
    assert_eq!(world.ask("www.good.test").await, Ok(Security::Secure));
    world.server.lie(|_, _, reply| Some(stripped(reply)));
    assert!(world.reason("mail.good.test").await.contains("no proof that there is no DS record"));
    world.clock.advance(Duration::from_secs(400));
    assert!(world.reason("mail.good.test").await.contains("no signature of . DNSKEY by its zone ."));
}

#[tokio::test]
async fn lame_servers_are_a_temporary_failure() {
    let world = World::new();
    assert_eq!(world.ask("www.evil.test").await, Ok(Security::Secure));
    world.server.lie(|asked, _, reply| {
        let lame = asked.0 == "good.test" && asked.1 == DNSKEY;
        Some(if lame { Reply { rcode: 2, ..Reply::default() } } else { reply })
    });
    assert_eq!(world.ask("www.good.test").await, Err(DnsFailure::ServFail));
    world.server.lie(|asked, _, reply| (asked.0 != "good.test").then_some(reply));
    assert_eq!(world.ask("www.good.test").await, Err(DnsFailure::Timeout));
    world.server.tell_the_truth();
    assert_eq!(world.ask("www.good.test").await, Ok(Security::Secure));
}

#[tokio::test]
async fn what_does_not_fit_comes_by_tcp() {
    let world = World::new();
    world.server.lie(|_, _, reply| Some(Reply { truncated: true, ..reply }));
    assert_eq!(world.ask("alias.good.test").await, Ok(Security::Secure));
}

#[tokio::test]
async fn forged_answers_are_found_out() {
    let secure = || Ok(Security::Secure);
    let changed = |asked: &Asked, _: &[Zone], mut reply: Reply| {
        if asked.1 == A {
            reply.answer[0].data = vec![192, 0, 2, 99];
        }
        Some(reply)
    };
    World::finds_out(changed, "www.good.test", secure(), "does not fit the data").await;
    // Signed rightly, by somebody else.
    let by_another = |asked: &Asked, zones: &[Zone], reply: Reply| {
        let forged = || zone(zones, "evil.test").signed("www.good.test", A, vec![vec![192, 0, 2, 66]]);
        Some(if asked.1 == A { Reply { answer: forged(), ..reply } } else { reply })
    };
    World::finds_out(by_another, "www.good.test", secure(), "no signature of www.good.test A").await;
    // Another name's record.
    let moved = |asked: &Asked, zones: &[Zone], reply: Reply| {
        let mut forged = zone(zones, "good.test").answer("mail.good.test", A);
        forged.answer.iter_mut().for_each(|record| record.owner.clone_from(&asked.0));
        Some(if asked.1 == A { forged } else { reply })
    };
    World::finds_out(moved, "www.good.test", secure(), "does not fit the data").await;
    let alias = |asked: &Asked, zones: &[Zone], mut reply: Reply| {
        if asked.1 == A {
            reply.answer[0].data = wire("www.evil.test");
            reply.answer.extend(zone(zones, "evil.test").answer("www.evil.test", A).answer);
        }
        Some(reply)
    };
    World::finds_out(alias, "alias.good.test", secure(), "signature of alias.good.test CNAME").await;
}

/// What is checked and what is answered are the same records, however many others the message has.
#[tokio::test]
async fn nothing_is_smuggled_in_beside_what_was_checked() {
    for filling in [0, 1, 509, 510, 511, 600] {
        let world = World::new();
        world.server.lie(move |asked, _, reply| {
            if asked.1 != A {
                return Some(reply);
            }
            let forged = Rec { owner: asked.0.clone(), rtype: A, data: vec![192, 0, 2, 66] };
            Some(Reply { behind: (filling, vec![forged]), truncated: true, ..reply })
        });
        let asked = world.resolver.query_with(b"www.good.test", RecordType::A, &QueryOptions::DNSSEC).await;
        match asked {
            // What stands so far behind counts for nobody.
            Ok(answer) => {
                assert_eq!(answer.security, Security::Secure);
                let honest = RecordData::A(std::net::Ipv4Addr::new(192, 0, 2, 1));
                assert_eq!(answer.records.iter().map(|record| &record.data).collect::<Vec<_>>(), [&honest]);
                assert!(filling >= 510, "{filling}");
            }
            Err(failure) => {
                assert!(matches!(failure, DnsFailure::Bogus(_)), "{filling}: {failure}");
                assert!(filling < 510, "{filling}");
            }
        }
    }
}

/// A zone with an anchor of its own below one that is not signed: who takes the signature out, or has another zone sign,
/// does not make it an unsigned one.
#[tokio::test]
async fn an_island_stays_secure_whoever_is_said_to_have_signed() {
    let world = World::on_an_island();
    assert_eq!(world.ask("www.island.bare.test").await, Ok(Security::Secure));
    for signer in ["bare.test", "test", ""] {
        let world = World::on_an_island();
        world.server.lie(move |asked, zones, reply| {
            let forge = |owner: &str, rtype, data| zone(zones, signer).signed(owner, rtype, vec![data]);
            Some(match (&*asked.0, asked.1) {
                ("www.island.bare.test", A) => {
                    Reply { answer: forge("www.island.bare.test", A, vec![192, 0, 2, 66]), ..reply }
                }
                ("gone.island.bare.test", A) => Reply {
                    rcode: 3,
                    authority: zone(zones, signer).nsec("island.bare.test", "z.bare.test", &[NS]),
                    ..Reply::default()
                },
                _ => reply,
            })
        });
        for name in ["www.island.bare.test", "gone.island.bare.test"] {
            let asked = world.ask(name).await;
            assert!(matches!(asked, Err(DnsFailure::Bogus(_))), "{name} by {signer:?}: {asked:?}");
        }
    }
}

/// A name of a hundred labels, each of which may begin a zone: there is an end to questions, and to time. What was learned
/// is kept, so that the next time leads further.
#[tokio::test]
async fn a_name_of_many_labels() {
    fn each_label_is_there(asked: &Asked, zones: &[Zone], reply: Reply) -> Reply {
        let there = |types: &[u16]| Reply {
            authority: zone(zones, "good.test").nsec(&asked.0, "good.test", types),
            ..Reply::default()
        };
        match asked.1 {
            DS if asked.0.ends_with(".good.test") => there(&[A, RRSIG, NSEC]),
            A => stripped(Reply {
                answer: zone(zones, "good.test").signed(&asked.0, A, vec![vec![192, 0, 2, 66]]),
                ..reply
            }),
            _ => reply,
        }
    }
    let name = |labels| format!("{}good.test", "a.".repeat(labels));
    let world = World::new();
    world.server.lie(|asked, zones, reply| Some(each_label_is_there(asked, zones, reply)));
    let reason = world.reason(&name(110)).await;
    assert_eq!(reason, "one question leads to too many others");
    let most = usize::try_from(limits::DNSSEC_QUESTIONS).expect("a small number");
    assert_eq!(world.server.seen().len(), most);
    // Of fewer labels, or where most of them are known, it's found out that the answer was not signed.
    for labels in [80, 111] {
        let reason = world.reason(&name(labels)).await;
        assert!(reason.contains("no signature of a.a."), "{labels}: {reason}");
    }
    // Each answer takes four seconds.
    let world = World::new();
    let clock = Arc::clone(&world.clock);
    world.server.lie(move |asked, zones, reply| {
        clock.advance(Duration::from_secs(4));
        Some(each_label_is_there(asked, zones, reply))
    });
    assert_eq!(world.ask(&name(80)).await, Err(DnsFailure::Timeout));
    assert_eq!(world.server.seen().len(), 16);
    assert_eq!(world.ask(&name(80)).await, Err(DnsFailure::Timeout));
    assert_eq!(world.server.seen().len(), 16, "other ones");
}

/// Anchors that change while a question is under way: what the old ones have proven is not there afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn anchors_that_change_meanwhile() {
    let world = World::new();
    assert_eq!(world.ask("www.good.test").await, Ok(Security::Secure));
    world.resolver.forget();
    let (asked, answer) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (has_asked, may_answer) = (Arc::clone(&asked), Arc::clone(&answer));
    world.server.lie(move |asked, _, reply| {
        if asked.1 == DNSKEY && asked.0.is_empty() {
            has_asked.wait();
            may_answer.wait();
        }
        Some(reply)
    });
    let resolver = world.resolver.clone();
    let patient = QueryOptions { retrans: Some(Duration::from_secs(20)), ..QueryOptions::DNSSEC };
    let asking =
        tokio::spawn(async move { resolver.query_with(b"www.good.test", RecordType::A, &patient).await });
    tokio::task::block_in_place(|| asked.wait());
    // The key of `test` does not sign the root.
    let revoked = world.server.anchor("test").replacen("test.", ".", 1);
    world.resolver.trust(TrustAnchors::parse(revoked.as_bytes()).expect("an anchor"));
    tokio::task::block_in_place(|| answer.wait());
    assert_eq!(asking.await.expect("no panic").map(|answer| answer.security), Ok(Security::Secure));
    world.server.tell_the_truth();
    for name in ["www.good.test", "mail.good.test"] {
        let again = world.ask(name).await;
        assert!(matches!(again, Err(DnsFailure::Bogus(_))), "{name}: {again:?}");
    }
}

#[tokio::test]
async fn forged_absence_is_found_out() {
    let secure = || Ok(Security::Secure);
    // The proof of another name.
    let replayed = |asked: &Asked, zones: &[Zone], reply: Reply| {
        let forged = || {
            let nsec =
                zone(zones, "good.test").nsec("mail.good.test", "nothing.good.test", &[A, RRSIG, NSEC]);
            Reply { rcode: 3, authority: nsec, ..Reply::default() }
        };
        Some(if asked.1 == A { forged() } else { reply })
    };
    World::finds_out(replayed, "www.good.test", secure(), "no proof that there is no such name").await;
    // The parent's record at a delegation says nothing of the zone below.
    let from_above = |asked: &Asked, zones: &[Zone], reply: Reply| {
        let forged = || {
            let nsec = zone(zones, "test").nsec("good.test", "test", &[NS, DS, RRSIG, NSEC]);
            Reply { rcode: 3, authority: nsec, ..Reply::default() }
        };
        Some(if asked.1 == A { forged() } else { reply })
    };
    World::finds_out(from_above, "www.good.test", secure(), "no proof that there is no such name").await;
    // A signed zone is made an unsigned one.
    let no_ds = |asked: &Asked, zones: &[Zone], reply: Reply| {
        let forged = || Reply {
            authority: zone(zones, "test").nsec("bare.test", "evil.test", &[NS]),
            ..Reply::default()
        };
        Some(if asked.0 == "good.test" && asked.1 == DS { forged() } else { stripped_of(asked, reply) })
    };
    World::finds_out(no_ds, "www.good.test", secure(), "good.test: no proof that there is no DS record")
        .await;
    let no_data = |asked: &Asked, zones: &[Zone], reply: Reply| {
        let forged = || Reply {
            authority: zone(zones, "good.test").nsec("www.good.test", "good.test", &[A]),
            ..Reply::default()
        };
        Some(if asked.1 == A { forged() } else { reply })
    };
    World::finds_out(no_data, "www.good.test", secure(), "no proof that there is no A record").await;
}

/// Without the signatures of what was asked for itself.
fn stripped_of(asked: &Asked, reply: Reply) -> Reply {
    if asked.1 == A { stripped(reply) } else { reply }
}

#[tokio::test]
async fn keys_that_share_a_tag_are_tried_only_so_often() {
    // The tag of a key is a sum: swapping two of its words keeps it. These twins stand before the true key.
    let twins = |count: usize| {
        World::with(|good| {
            let record = good.key_record();
            let swapped = |a: usize, b: usize| {
                let mut twin = record.clone();
                twin.swap(4 + 2 * a, 4 + 2 * b);
                twin.swap(5 + 2 * a, 5 + 2 * b);
                twin
            };
            let all = (0..16).flat_map(|a| (0..a).map(move |b| (a, b))).map(|(a, b)| swapped(a, b));
            good.more_keys = all.filter(|twin| *twin < record).take(count).collect();
            assert_eq!(good.more_keys.len(), count);
        })
    };
    assert_eq!(twins(3).ask("www.good.test").await, Ok(Security::Secure));
    assert!(twins(4).reason("www.good.test").await.contains("more than 4 keys share its tag"));
}
