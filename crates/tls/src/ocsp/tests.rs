//! Responses that OpenSSL made, and what they say.

use super::*;

/// 15 January 2027: the fixtures hold from November 2026 on.
const NOW: u64 = 1_800_000_000;

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("fixtures/", $name, ".der")).as_slice()
    };
}

#[test]
fn what_responses_say() {
    let (leaf, ca, other) = (fixture!("leaf"), fixture!("ca"), fixture!("other"));
    for (name, response, chain, want) in [
        ("by the issuer", fixture!("good"), ca, Ok(())),
        ("by whom the issuer named", fixture!("delegated"), ca, Ok(())),
        ("with SHA-256", fixture!("sha256"), ca, Ok(())),
        (
            "by somebody else whose certificate the issuer signed",
            fixture!("not_delegated"),
            ca,
            Err("the signature of the response is not its issuer's"),
        ),
        ("revoked", fixture!("revoked"), ca, Err("the certificate was revoked")),
        ("unknown", fixture!("unknown"), ca, Err("the responder does not know the certificate")),
        ("another", fixture!("another"), ca, Err("the response is about another certificate")),
        ("old", fixture!("old"), ca, Err("the response is out of date")),
        ("future", fixture!("future"), ca, Err("the response is from the future")),
        ("unlimited", fixture!("unlimited"), ca, Err("the response does not say how long it holds")),
        ("refused", fixture!("refused"), ca, Err("the responder has no answer")),
        ("same name, other key", fixture!("good"), other, Err("the response is about another certificate")),
        ("no issuer", fixture!("good"), leaf, Err("nobody is known who issued the certificate")),
        ("rubbish", b"rubbish", ca, Err("the response can't be read")),
        ("nothing", b"", ca, Err("the response can't be read")),
    ] {
        assert_eq!(check(response, leaf, &[chain], &[], NOW).map_err(Unproven::words), want, "{name}");
    }
}

#[test]
fn the_issuer_may_be_one_of_the_anchors() {
    let der = CertificateDer::from(fixture!("ca"));
    let anchor = webpki::anchor_from_trusted_cert(&der).unwrap().to_owned();
    assert_eq!(check(fixture!("good"), fixture!("leaf"), &[], &[anchor], NOW), Ok(()));
}

#[test]
fn no_change_of_a_response_is_good_and_none_panics() {
    let good = fixture!("good");
    let part = basic(good).unwrap().unwrap().data;
    let from = good.windows(part.len()).position(|window| window == part).unwrap();
    let signed = from..from + part.len();
    for at in 0..good.len() {
        let mut changed = good.to_vec();
        changed[at] ^= 0x41;
        // What is not signed may be changed: the type of the outermost pieces, names in the signer's copy of its certificate.
        let verdict = check(&changed, fixture!("leaf"), &[fixture!("ca")], &[], NOW);
        if signed.contains(&at) {
            assert!(verdict.is_err(), "octet {at}");
        }
        assert!(check(&good[..at], fixture!("leaf"), &[fixture!("ca")], &[], NOW).is_err(), "cut at {at}");
    }
}

#[test]
fn times() {
    for (text, want) in [
        ("19700101000000Z", Some(0)),
        ("20000229235959Z", Some(951_868_799)),
        ("20270115080000Z", Some(1_800_000_000)),
        ("20271301000000Z", None),
        ("20270100000000Z", None),
        ("2027011508000Z", None),
        ("20270115080000", None),
    ] {
        assert_eq!(time(text.as_bytes()), want, "{text}");
    }
}

#[test]
fn of_several_responses_that_about_the_servers_own_certificate_is_stapled() {
    let now = i64::try_from(NOW).unwrap();
    let chain = [fixture!("leaf"), fixture!("ca")];
    let (good, another, old) = (fixture!("good"), fixture!("another"), fixture!("old"));
    for (what, responses, chain, want) in [
        ("one", vec![good], &chain[..], Ok(Some(0))),
        ("twice", vec![good, good], &chain[..], Ok(Some(0))),
        ("an old one first", vec![old, good], &chain[..], Ok(Some(1))),
        ("an old one alone", vec![old], &chain[..], Ok(None)),
        ("a stranger's behind it", vec![good, another], &chain[..], Err(ANOTHER)),
        ("about the certificate above", vec![good], &[chain[1], chain[0]][..], Ok(None)),
        ("about one that is not shown", vec![good], &chain[1..], Err(ANOTHER)),
        ("nothing", vec![], &chain[..], Ok(None)),
    ] {
        let responses: Vec<Vec<u8>> = responses.into_iter().map(<[u8]>::to_vec).collect();
        let chosen = stapled_of(&responses, chain, now);
        assert_eq!(chosen.map(|chosen| chosen.map(|(at, _)| at)), want, "{what}");
    }
}

#[test]
fn what_a_server_may_staple() {
    let now = i64::try_from(NOW).unwrap();
    for (name, response, want) in [
        ("good", fixture!("good"), Ok(true)),
        ("unknown", fixture!("unknown"), Ok(true)),
        ("old", fixture!("old"), Ok(false)),
        ("unlimited", fixture!("unlimited"), Ok(false)),
        ("revoked", fixture!("revoked"), Err("the certificate was revoked")),
        ("another", fixture!("another"), Err(ANOTHER)),
        ("refused", fixture!("refused"), Err("the responder has no answer")),
        ("rubbish", b"rubbish", Err(UNREADABLE)),
    ] {
        let until = stapled_until(response, fixture!("leaf"), now);
        assert_eq!(until.map(|until| until.is_some_and(|until| until > now)), want, "{name}");
    }
}
