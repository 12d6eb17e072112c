//! ARC chains, ours and dkimpy's, mixed; and broken at each hop.

use postrider_sender_auth::arc::chain::ChainState;
use postrider_sender_auth::arc::seal::{BODY_FORM, SealRequest, seal};
use postrider_sender_auth::arc::verify::{ArcResult, ArcVerifier};
use postrider_sender_auth::dkim::body::BodyHasher;
use postrider_sender_auth::dkim::verify::Policy;

use crate::dkimpy::ReplaceCrlf;
use crate::messages::{self, Message};
use crate::support::{Zone, base64, key, slices, split_bytes};
use crate::{Dkimpy, decoded};

fn zone() -> Zone {
    Zone::default()
        .with_key("peerrsa", "peer.example", &key("rsa2048"))
        .with_key("sel", "ours.example", &key("ed25519"))
        .with_key("selrsa", "ours.example", &key("rsa1024"))
}

fn verified(message: &Message) -> ArcResult {
    let verifier = ArcVerifier::new(&slices(&message.fields));
    let mut hasher = BodyHasher::new(verifier.body_forms());
    hasher.feed(&message.body);
    verifier.verify(&hasher.finish(), &zone(), &Policy::default())
}

/// A hop here: the results of its checks, then its set.
fn seal_here(message: &mut Message) {
    let state = verified(message).state;
    strip_results(message, "ours.example");
    let results = format!(
        "Authentication-Results: ours.example; spf=pass smtp.mailfrom=a@example.org;\n\tarc={}\n",
        state.name()
    );
    message.fields.insert(0, results.into_bytes());
    let mut hasher = BodyHasher::new([BODY_FORM]);
    hasher.feed(&message.body);
    let hashes = hasher.finish();
    let request = SealRequest {
        admd: b"ours.example",
        selector: b"selrsa",
        created: Some(1_700_000_000),
        expires: None,
        fold_results: false,
    };
    let body_hash = &hashes.hash(BODY_FORM).unwrap().octets;
    let set = seal(&request, &slices(&message.fields), body_hash, &key("rsa1024")).unwrap();
    prepend(message, &set);
}

/// A hop at dkimpy.
fn seal_there(message: &mut Message, dkimpy: &mut Dkimpy) {
    let cv = dkimpy.ask(&["arc-verify", &base64(&message.wire(b""))]);
    let cv = cv.split(' ').next().unwrap();
    strip_results(message, "peer.example");
    let results =
        format!("Authentication-Results: peer.example; spf=pass smtp.mailfrom=a@example.org; arc={cv}\n");
    message.fields.insert(0, results.into_bytes());
    let answer = dkimpy.ask(&["arc-sign", &base64(&message.wire(b"")), "peer.example"]);
    assert!(!answer.starts_with("error"), "{answer}");
    prepend(message, &decoded(&answer).replace_crlf());
}

/// A border removes what claims to be its own.
fn strip_results(message: &mut Message, admd: &str) {
    let own = format!("Authentication-Results: {admd};");
    message.fields.retain(|field| !field.starts_with(own.as_bytes()));
}

fn prepend(message: &mut Message, set: &[u8]) {
    let (fields, _) = split_bytes(&[set, b"\n"].concat());
    assert_eq!(fields.len(), 3);
    message.fields.splice(0..0, fields);
}

fn tell_keys(dkimpy: &mut Dkimpy) {
    for (name, file) in
        [("peerrsa._domainkey.peer.example", "rsa2048"), ("selrsa._domainkey.ours.example", "rsa1024")]
    {
        dkimpy.key(name, &format!("v=DKIM1; k=rsa; p={}", base64(&key(file).public_octets())));
    }
}

#[test]
fn chains_of_five_hops_hold_on_both_sides() {
    let Some(mut dkimpy) = Dkimpy::start() else { return };
    tell_keys(&mut dkimpy);
    for (number, mut message) in
        messages::all().into_iter().enumerate().filter(|(_, m)| !m.is_obsolete()).step_by(9)
    {
        for hop in 1..=5u32 {
            if (hop as usize + number).is_multiple_of(2) {
                seal_here(&mut message);
            } else {
                seal_there(&mut message, &mut dkimpy);
            }
            let ours = verified(&message);
            assert_eq!(
                (ours.state, ours.reason.clone()),
                (ChainState::Pass, None),
                "message {number}, hop {hop}"
            );
            assert_eq!((ours.instance, ours.oldest_pass()), (hop, 1), "message {number}, hop {hop}");
            let theirs = dkimpy.ask(&["arc-verify", &base64(&message.wire(b""))]);
            assert!(theirs.starts_with("pass"), "message {number}, hop {hop}: {theirs}");
        }
    }
}

#[test]
fn tampering_is_seen_on_both_sides_at_each_hop() {
    let Some(mut dkimpy) = Dkimpy::start() else { return };
    tell_keys(&mut dkimpy);
    let tampered: [(&str, fn(&mut Message)); 5] = [
        ("body", |message| message.body.extend_from_slice(b"more\n")),
        ("subject", |message| {
            let at =
                message.fields.iter().position(|f| f.to_ascii_lowercase().starts_with(b"subject")).unwrap();
            message.fields[at] = b"Subject: changed\n".to_vec();
        }),
        ("results", |message| change(message, b"ARC-Authentication-Results", b"spf=pass", b"spf=fail")),
        ("seal", |message| change(message, b"ARC-Seal", b"cv=", b"cv= ")),
        ("missing", |message| {
            let at = message.fields.iter().position(|f| f.starts_with(b"ARC-Message-Signature")).unwrap();
            message.fields.remove(at);
        }),
    ];
    for hops in 1..=5 {
        for (what, tamper) in tampered {
            let mut message = messages::all().swap_remove(15);
            for hop in 0..hops {
                if hop % 2 == 0 { seal_here(&mut message) } else { seal_there(&mut message, &mut dkimpy) }
            }
            tamper(&mut message);
            let ours = verified(&message);
            let theirs = dkimpy.ask(&["arc-verify", &base64(&message.wire(b""))]);
            // White space in a value that is folded away by the relaxed form changes nothing.
            if what == "seal" {
                assert_eq!(
                    ours.state == ChainState::Pass,
                    theirs.starts_with("pass"),
                    "{hops} hops, {what}: {theirs}"
                );
                continue;
            }
            assert_eq!(ours.state, ChainState::Fail, "{hops} hops, {what}");
            assert!(ours.reason.is_some());
            assert!(!theirs.starts_with("pass"), "{hops} hops, {what}: {theirs}");
        }
    }
}

/// In every field of this name.
fn change(message: &mut Message, name: &[u8], from: &[u8], to: &[u8]) {
    for field in message.fields.iter_mut().filter(|field| field.starts_with(name)) {
        let text = String::from_utf8_lossy(field).into_owned();
        *field = text.replace(&*String::from_utf8_lossy(from), &String::from_utf8_lossy(to)).into_bytes();
    }
}

#[test]
fn a_body_changed_between_hops_shows_in_oldest_pass() {
    let Some(mut dkimpy) = Dkimpy::start() else { return };
    tell_keys(&mut dkimpy);
    let mut message = messages::all().swap_remove(15);
    seal_here(&mut message);
    seal_there(&mut message, &mut dkimpy);
    message.body.extend_from_slice(b"a footer\n");
    // The hop that changed it verified before and seals after: its results say that the chain held.
    message.fields.insert(0, b"Authentication-Results: ours.example; arc=pass\n".to_vec());
    let mut hasher = BodyHasher::new([BODY_FORM]);
    hasher.feed(&message.body);
    let request = SealRequest {
        admd: b"ours.example",
        selector: b"selrsa",
        created: None,
        expires: None,
        fold_results: false,
    };
    let set = seal(
        &request,
        &slices(&message.fields),
        &hasher.finish().hash(BODY_FORM).unwrap().octets,
        &key("rsa1024"),
    )
    .unwrap();
    prepend(&mut message, &set);
    let ours = verified(&message);
    assert_eq!((ours.state, ours.oldest_pass(), ours.instance), (ChainState::Pass, 3, 3));
    let domains: Vec<_> = ours.domains.into_iter().flatten().collect();
    assert_eq!(domains, [&b"ours.example"[..], b"peer.example", b"ours.example"]);
    assert!(dkimpy.ask(&["arc-verify", &base64(&message.wire(b""))]).starts_with("pass"));
}
