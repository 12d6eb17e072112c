//! A clock that is wrong is told from a zone that is.

use super::*;

const PROBABLY: &str = "this machine's clock is probably wrong: it says ";

#[tokio::test]
async fn a_wrong_clock_is_spoken_of() {
    for (wrong, words) in [
        (0, "19700101000000Z, and . DNSKEY is signed from 20260101000000Z to 20370101000000Z"),
        (2_200_000_000, "20390918230640Z, and . DNSKEY is signed from 20260101000000Z to 20370101000000Z"),
    ] {
        let world = World::new();
        world.clock.set(Timestamp::from_secs(wrong));
        assert_eq!(world.reason("www.good.test").await, format!("{PROBABLY}{words}"));
        // The same world with the right time.
        let right = World::new();
        assert_eq!(right.ask("www.good.test").await, Ok(Security::Secure));
        right.clock.set(Timestamp::from_secs(wrong));
        assert!(right.reason("www.good.test").await.starts_with(PROBABLY), "what was known has ended");
    }
}

/// Signatures that hold for a week, a year before this test's time.
const LONG_AGO: Times =
    Times { from: (NOW - 366 * 86_400) as u32, to: (NOW - 359 * 86_400) as u32, ttl: 300 };

#[tokio::test]
async fn a_top_level_domain_tells_of_the_clock_and_others_of_themselves() {
    for (name, rtype, probably) in
        [("test", DS, true), ("test", DNSKEY, true), ("good.test", DS, false), ("good.test", DNSKEY, false)]
    {
        let world = World::new();
        world.server.lie(move |asked, zones, reply| {
            let above =
                if rtype == DNSKEY { name } else { name.split_once('.').map_or("", |(_, rest)| rest) };
            let lie = || Reply {
                answer: zone(zones, above).answer_for(name, rtype, &reply, LONG_AGO),
                ..reply.clone()
            };
            Some(if *asked == (name.to_owned(), rtype) { lie() } else { reply })
        });
        let reason = world.reason("www.good.test").await;
        assert_eq!(reason.starts_with(PROBABLY), probably, "{name} {rtype}: {reason}");
        let words = if probably {
            "is signed from 20260114080000Z to 20260121080000Z"
        } else {
            "expired at 20260121080000Z"
        };
        assert!(reason.contains(words), "{name} {rtype}: {reason}");
        world.server.tell_the_truth();
        world.clock.advance(Duration::from_secs(61));
        assert_eq!(world.ask("www.good.test").await, Ok(Security::Secure), "{name} {rtype}");
    }
}

#[tokio::test]
async fn what_was_never_signed_does_not_speak_of_the_clock() {
    let world = World::new();
    world.clock.set(Timestamp::from_secs(0));
    world.server.lie(|_, _, mut reply| {
        for signature in reply.answer.iter_mut().filter(|record| record.rtype == RRSIG) {
            *signature.data.last_mut().expect("octets") ^= 1;
        }
        Some(reply)
    });
    let reason = world.reason("www.good.test").await;
    assert!(reason.starts_with("signature of . DNSKEY by key"), "{reason}");
}
