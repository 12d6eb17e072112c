//! One name server lies and another does not: the truth is found; where none tells it, the answer is refused.

use super::*;

/// A liar and an honest server, in this order or the other.
struct Pair {
    liar: World,
    honest: Server,
    resolver: Resolver,
}

impl Pair {
    fn new(liar_first: bool) -> Self {
        let liar = World::new();
        let honest = liar.server.another();
        let mut servers = vec![liar.server.address, honest.address];
        if !liar_first {
            servers.reverse();
        }
        let config = ResolverConfig { servers, ..liar.resolver.config().clone() };
        let resolver = Resolver::new(config, liar.clock.clone(), Arc::new(SystemEntropy));
        Self { liar, honest, resolver }
    }

    async fn ask(&self, name: &str) -> Result<Security, DnsFailure> {
        let answer = self.resolver.query_with(name.as_bytes(), RecordType::A, &QueryOptions::DNSSEC).await;
        answer.map(|answer| answer.security)
    }
}

type Lying = fn(&Asked, &[Zone], Reply) -> Reply;

fn lies(server: &Server, lie: Lying) {
    server.lie(move |asked, zones, reply| Some(lie(asked, zones, reply)));
}

fn without_signatures(_: &Asked, _: &[Zone], reply: Reply) -> Reply {
    stripped(reply)
}

/// Says that it has checked what it took the signatures from.
fn feigned(_: &Asked, _: &[Zone], reply: Reply) -> Reply {
    Reply { authentic: true, ..stripped(reply) }
}

fn forged(asked: &Asked, _: &[Zone], mut reply: Reply) -> Reply {
    if asked.1 == A {
        reply.answer.iter_mut().filter(|record| record.rtype == A).for_each(|record| record.data[3] ^= 1);
    }
    reply
}

fn denied(asked: &Asked, _: &[Zone], reply: Reply) -> Reply {
    if asked.1 == A { Reply { rcode: 3, ..Reply::default() } } else { reply }
}

fn cut_off(asked: &Asked, _: &[Zone], reply: Reply) -> Reply {
    let (name, rtype) = asked;
    if name == "good.test" && *rtype == DS { Reply::default() } else { stripped_of(asked, reply) }
}

/// Neither an answer nor the word of an authority.
fn lame(_: &Asked, _: &[Zone], _: Reply) -> Reply {
    Reply { lame: true, ..Reply::default() }
}

#[tokio::test]
async fn another_server_is_asked_before_an_answer_counts_as_forged() {
    let kinds: &[(&str, Lying)] = &[
        ("without signatures", without_signatures),
        ("feigned", feigned),
        ("forged", forged),
        ("denied", denied),
        ("cut off", cut_off),
        ("lame", lame),
    ];
    for (what, lie) in kinds {
        for liar_first in [true, false] {
            let pair = Pair::new(liar_first);
            lies(&pair.liar.server, *lie);
            assert_eq!(pair.ask("www.good.test").await, Ok(Security::Secure), "{what}, first: {liar_first}");
            assert_eq!(pair.ask("mail.good.test").await, Ok(Security::Secure), "{what}, first: {liar_first}");
            // Alone it is found out, or known to be of no use.
            let alone = pair.liar.ask("www.good.test").await;
            assert_ne!(alone, Ok(Security::Secure), "{what}");
        }
    }
}

#[tokio::test]
async fn the_server_that_told_the_truth_is_asked_first_afterwards() {
    let pair = Pair::new(true);
    lies(&pair.liar.server, without_signatures);
    assert_eq!(pair.ask("www.good.test").await, Ok(Security::Secure));
    assert_ne!(pair.liar.server.seen(), []);
    pair.honest.seen();
    assert_eq!(pair.ask("mail.good.test").await, Ok(Security::Secure));
    assert_eq!(pair.liar.server.seen(), []);
    assert_eq!(pair.honest.seen(), [("mail.good.test".to_owned(), A)]);
}

#[tokio::test]
async fn where_all_lie_the_answer_is_refused() {
    let pair = Pair::new(true);
    assert_eq!(pair.ask("mail.good.test").await, Ok(Security::Secure));
    lies(&pair.liar.server, forged);
    lies(&pair.honest, forged);
    let Err(DnsFailure::Bogus(reason)) = pair.ask("www.good.test").await else { panic!("must be refused") };
    assert!(reason.contains("does not fit the data"), "{reason}");
    pair.honest.tell_the_truth();
    pair.liar.clock.advance(Duration::from_secs(61));
    assert_eq!(pair.ask("www.good.test").await, Ok(Security::Secure));
}
