//! How far back a message is unchanged, by the message signatures of its chain.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use std::sync::atomic::Ordering;

use postrider_sender_auth::arc::chain::ChainState;
use postrider_sender_auth::arc::seal::{BODY_FORM, SealRequest, seal};
use postrider_sender_auth::arc::verify::{ArcResult, ArcVerifier};
use postrider_sender_auth::dkim::body::BodyHasher;
use postrider_sender_auth::dkim::verify::Policy;
use support::{Zone, key, slices, split};

struct Message {
    fields: Vec<Vec<u8>>,
    body: Vec<u8>,
}

/// One more set by the member with this number.
fn seal_by(message: &mut Message, number: usize) {
    let admd = format!("hop{number}.example");
    let cv = if number == 1 { "none" } else { "pass" };
    message.fields.insert(0, format!("Authentication-Results: {admd}; arc={cv}\n").into_bytes());
    let mut hasher = BodyHasher::new([BODY_FORM]);
    hasher.feed(&message.body);
    let hashes = hasher.finish();
    let request = SealRequest {
        admd: admd.as_bytes(),
        selector: b"s",
        created: None,
        expires: None,
        fold_results: false,
    };
    let body_hash = &hashes.hash(BODY_FORM).unwrap().octets;
    let mut set = seal(&request, &slices(&message.fields), body_hash, &key("ed25519")).unwrap();
    set.extend_from_slice(b"\n");
    let (fields, _) = split(std::str::from_utf8(&set).unwrap());
    message.fields.splice(0..0, fields);
}

fn zone(missing: usize) -> Zone {
    (1..=4).filter(|number| *number != missing).fold(Zone::default(), |zone, number| {
        zone.with_key("s", &format!("hop{number}.example"), &key("ed25519"))
    })
}

fn verified(message: &Message, zone: &Zone) -> ArcResult {
    let verifier = ArcVerifier::new(&slices(&message.fields));
    let mut hasher = BodyHasher::new(verifier.body_forms());
    hasher.feed(&message.body);
    verifier.verify(&hasher.finish(), zone, &Policy::default())
}

#[test]
fn the_oldest_pass_is_where_the_message_was_changed() {
    let subject = |message: &mut Message| {
        let at = message.fields.iter().position(|field| field.starts_with(b"Subject")).unwrap();
        message.fields[at] = b"Subject: changed\n".to_vec();
    };
    let body = |message: &mut Message| message.body.extend_from_slice(b"a footer\n");
    let nothing = |_: &mut Message| {};
    let changes: [fn(&mut Message); 3] = [subject, body, nothing];
    for (what, change) in ["subject", "body", "nothing"].into_iter().zip(changes) {
        for changed_before in 2..=4 {
            let (fields, octets) = split("From: a@b.example\nSubject: x\n\nbody\n");
            let mut message = Message { fields, body: octets };
            for number in 1..=4 {
                if number == changed_before {
                    change(&mut message);
                }
                seal_by(&mut message, number);
            }
            let zone = zone(0);
            let result = verified(&message, &zone);
            assert_eq!(result.state, ChainState::Pass, "{what} {changed_before}: {:?}", result.reason);
            let asked = zone.questions.load(Ordering::SeqCst);
            let want = if what == "nothing" { 1 } else { changed_before as u32 };
            assert_eq!(result.oldest_pass(), want, "{what} {changed_before}");
            assert_eq!(result.clone().oldest_pass(), want);
            assert_eq!(zone.questions.load(Ordering::SeqCst), asked, "nobody waits for the DNS then");
            assert_eq!(asked, 4);
        }
    }
}

#[test]
fn a_chain_that_fails_has_an_oldest_pass_where_its_newest_signature_holds() {
    let (fields, body) = split("From: a@b.example\nSubject: x\n\nbody\n");
    let mut message = Message { fields, body };
    (1..=4).for_each(|number| seal_by(&mut message, number));
    // A key that is gone: the seals do not hold, the message is unchanged from the member above it on.
    for (missing, want) in [(1, 2), (2, 3), (3, 4), (4, 0)] {
        let result = verified(&message, &zone(missing));
        assert_eq!((result.state, result.oldest_pass()), (ChainState::Fail, want), "{missing}");
    }
    message.body.extend_from_slice(b"more\n");
    let result = verified(&message, &zone(0));
    assert_eq!((result.state, result.oldest_pass()), (ChainState::Fail, 0));
}
