//! Input that is too much: what it costs is bounded by named limits, and the verdict is the RFC's.

mod support;

use std::sync::atomic::Ordering;

use mail_types::dns::DnsFailure;
use mail_types::limits;
use postrider_sender_auth::arc::chain::ChainState;
use postrider_sender_auth::arc::verify::ArcVerifier;
use postrider_sender_auth::dkim::Canon;
use postrider_sender_auth::dkim::body::{BodyHasher, BodyHashes};
use postrider_sender_auth::dkim::crypto::{Hash, KeyError, KeyType, PublicKey};
use postrider_sender_auth::dkim::sign::SignRequest;
use postrider_sender_auth::dkim::verify::{Policy, Verifier};
use postrider_sender_auth::dmarc::{self, Authenticated, DmarcStatus, Mode};
use postrider_sender_auth::spf::{self, SpfQuery, SpfVerdict};
use support::{Zone, key, key_for, signed, slices, split, verdicts, verify_parts};

const MESSAGE: &str = "From: a@example.org\nSubject: x\n\nbody\n";

fn request<'a>() -> SignRequest<'a> {
    SignRequest {
        domain: b"example.org",
        selector: b"sel",
        identity: None,
        canon: Canon::Relaxed,
        hash: Hash::Sha256,
        names: b"From:Subject",
        created: None,
        expires: None,
    }
}

/// The message with these signatures on top, verified.
fn outcome(fields_on_top: &[Vec<u8>], zone: &Zone, policy: &Policy) -> Vec<String> {
    let (mut fields, body) = split(MESSAGE);
    fields.splice(0..0, fields_on_top.iter().cloned());
    verdicts(&verify_parts(&fields, &body, zone, policy))
}

fn one_signature(name: &str) -> (Vec<u8>, Zone) {
    let (fields, body) = split(MESSAGE);
    let key = key(name);
    (signed(&request(), &fields, &body, &key), Zone::default().with_key("sel", "example.org", &key))
}

#[test]
fn ten_thousand_signatures_are_taken_for_none() {
    let (field, zone) = one_signature("ed25519");
    assert_eq!(outcome(std::slice::from_ref(&field), &zone, &Policy::default()), ["pass/"]);
    assert_eq!(outcome(&vec![field.clone(); limits::DKIM_SIGNATURES], &zone, &Policy::default()).len(), 20);
    assert_eq!(zone.questions.load(Ordering::SeqCst), 2, "one question for each message");
    let many = vec![field; 10_000];
    assert!(outcome(&many, &zone, &Policy::default()).is_empty());
    assert!(Verifier::new(&slices(&many), &Policy::default()).excess);
    assert_eq!(zone.questions.load(Ordering::SeqCst), 2);
}

#[test]
fn two_hundred_sets_fail_without_a_question() {
    let set = |instance: usize| {
        format!(
            "ARC-Seal: i={instance}; cv=pass; a=rsa-sha256; d=a.example; s=s; b=AAAA\n\
             ARC-Message-Signature: i={instance}; a=rsa-sha256; d=a.example; s=s; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\n\
             ARC-Authentication-Results: i={instance}; a.example; arc=pass\n"
        )
    };
    let message: String = (1..=200).map(set).collect::<Vec<_>>().concat() + MESSAGE;
    let (fields, _) = split(&message);
    let verifier = ArcVerifier::new(&slices(&fields));
    assert_eq!(verifier.body_forms().count(), 0);
    let zone = Zone::default();
    let result = verifier.verify(&BodyHashes::default(), &zone, &Policy::default());
    assert_eq!((result.state, result.reason.as_deref()), (ChainState::Fail, Some("too many sets")));
    assert_eq!(zone.questions.load(Ordering::SeqCst), 0);
}

#[test]
fn a_key_of_32768_bits_is_not_used() {
    let mut modulus = vec![0x30, 0x82, 0x10, 0x09, 0x02, 0x82, 0x10, 0x01, 0x00];
    modulus.extend(vec![0xc1; 4096]);
    modulus.extend([0x02, 0x03, 0x01, 0x00, 0x01]);
    let length = u16::try_from(modulus.len() - 4).unwrap().to_be_bytes();
    modulus[2..4].copy_from_slice(&length);
    assert_eq!(PublicKey::parse(KeyType::Rsa, &modulus), Err(KeyError::TooLarge));
    let (field, _) = one_signature("rsa2048");
    let zone =
        Zone::default().with("sel._domainkey.example.org", &format!("p={}", support::base64(&modulus)));
    assert_eq!(outcome(&[field], &zone, &Policy::default()), ["invalid/pubkey_der_syntax"]);
}

#[test]
fn a_record_of_64_kib_is_no_key() {
    let (field, _) = one_signature("ed25519");
    let zone = Zone::default()
        .with("sel._domainkey.example.org", &format!("v=DKIM1; n={}; p=AAAA", "x".repeat(64 << 10)));
    assert_eq!(outcome(&[field], &zone, &Policy::default()), ["invalid/pubkey_dns_syntax"]);
}

fn policy(sender: &[u8], zone: &Zone) -> (SpfVerdict, usize) {
    let before = zone.questions.load(Ordering::SeqCst);
    let query = SpfQuery {
        ip: [192, 0, 2, 7].into(),
        helo: b"h.example",
        sender,
        receiver: b"me.example",
        now: 1,
        template: b"",
    };
    let verdict = spf::check(&query, zone).verdict;
    (verdict, zone.questions.load(Ordering::SeqCst) - before)
}

#[test]
fn policies_of_64_kib_and_loops_end_as_the_rfc_has_it() {
    // RFC 7208 limits what is asked, not how much is written.
    let long = format!("v=spf1 {}-all", "ip4:198.51.100.1 ".repeat(3_900));
    let wrong = format!("v=spf1 ip4:{} -all", "9".repeat(64 << 10));
    let zone = Zone::default()
        .with("long.example", &long)
        .with("wrong.example", &wrong)
        .with("loop.example", "v=spf1 include:loop.example -all")
        .with("one.example", "v=spf1 include:two.example -all")
        .with("two.example", "v=spf1 redirect=one.example");
    assert!(long.len() > 64 << 10);
    for (domain, want) in [
        ("long.example", (SpfVerdict::Fail, 1)),
        ("wrong.example", (SpfVerdict::PermError, 1)),
        ("loop.example", (SpfVerdict::PermError, 1 + limits::SPF_LOOKUPS)),
        ("one.example", (SpfVerdict::PermError, 1 + limits::SPF_LOOKUPS)),
    ] {
        assert_eq!(policy(format!("a@{domain}").as_bytes(), &zone), want, "{domain}");
    }
}

#[test]
fn a_dmarc_record_of_64_kib_names_few_destinations() {
    let many = format!("v=DMARC1; p=reject; rua={}mailto:x@y.example", "mailto:x@y.example,".repeat(3_500));
    let tags = (0..9_000).map(|number| format!("; t{number}=x")).collect::<Vec<_>>().concat();
    let zone = Zone::default()
        .with("_dmarc.many.example", &many)
        .with("_dmarc.tags.example", &format!("v=DMARC1; p=reject{tags}"));
    for (domain, status, destinations) in [
        (b"many.example", DmarcStatus::Reject, limits::DMARC_REPORT_URIS),
        // More tags than a list may have: it cannot be read, which is no record (RFC 7489 section 6.6.3).
        (b"tags.example", DmarcStatus::NoRecord, 0),
    ] {
        let message = Authenticated { authors: &[domain.to_vec()], spf: None, dkim: &[], roll: 0 };
        let outcome = dmarc::check(&message, Mode::TreeWalk, &zone);
        let named = outcome.record.map_or(0, |record| record.aggregate.len());
        assert_eq!((outcome.status, named), (status, destinations));
    }
}

#[test]
fn more_forms_of_the_body_than_the_limit_are_invalid() {
    let (field, zone) = one_signature("ed25519");
    let text = String::from_utf8(field).unwrap();
    let verifiers: Vec<Vec<u8>> =
        (0..20).map(|length| text.replace("; q=", &format!("; l={length}; q=")).into_bytes()).collect();
    let verifier = Verifier::new(&slices(&verifiers), &Policy::default());
    let forms =
        verifier.body_forms().chain((0..200).map(|length| postrider_sender_auth::dkim::body::BodyForm {
            canon: Canon::Simple,
            hash: Hash::Sha256,
            length: Some(length),
        }));
    let hashes = BodyHasher::new(forms).finish();
    let made = verifier.body_forms().filter(|form| hashes.hash(*form).is_some()).count();
    assert_eq!(made, 20);
    drop(zone);
}

#[test]
fn verdicts_of_keys() {
    let cases: [(&str, &str); 9] = [
        ("v=DKIM1; k=rsa; p=", "invalid/pubkey_der_syntax"),
        ("v=DKIM1; k=ed25519; p=", "invalid/pubkey_der_syntax"),
        ("v=DKIM1; k=ed25519; p=AAAA", "invalid/pubkey_der_syntax"),
        ("v=DKIM1; k=unknown; p=KEY", "invalid/pubkey_der_syntax"),
        ("v=DKIM2; k=ed25519; p=KEY", "invalid/pubkey_dns_syntax"),
        ("v=DKIM1; k=ed25519; s=tlsrpt; p=KEY", "invalid/pubkey_dns_syntax"),
        ("v=DKIM1; k=ed25519; h=sha1; p=KEY", "fail/"),
        ("v=DKIM1; k=ed25519; t=y; h=sha1:sha256; s=tlsrpt:email; p=KEY", "pass/"),
        ("v=DKIM1; k=ed25519; t=s; p=KEY", "pass/"),
    ];
    let (field, _) = one_signature("ed25519");
    let public = support::base64(&key("ed25519").public_octets());
    for (record, want) in cases {
        let zone = Zone::default().with("sel._domainkey.example.org", &record.replace("KEY", &public));
        assert_eq!(outcome(std::slice::from_ref(&field), &zone, &Policy::default()), [want], "{record}");
    }
    let name = "sel._domainkey.example.org";
    for (failure, temporary) in
        [(DnsFailure::NxDomain, false), (DnsFailure::ServFail, true), (DnsFailure::Timeout, true)]
    {
        let zone = Zone::default().failing(name, failure);
        let (mut fields, body) = split(MESSAGE);
        fields.insert(0, field.clone());
        let results = verify_parts(&fields, &body, &zone, &Policy::default());
        assert_eq!(verdicts(&results), ["invalid/pubkey_unavailable"]);
        assert_eq!(results[0].is_temporary(), temporary);
    }
    let zone = Zone::default().with(name, "another text").with(name, &format!("k=ed25519; p={public}"));
    assert_eq!(
        outcome(std::slice::from_ref(&field), &zone, &Policy::default()),
        ["pass/"],
        "the record that can be read"
    );
}

#[test]
fn identities_in_subdomains_need_a_key_that_lets_them() {
    let (fields, body) = split(MESSAGE);
    let key = key("ed25519");
    let field =
        signed(&SignRequest { identity: Some(b"joe@sub.example.org"), ..request() }, &fields, &body, &key);
    let public = support::base64(&key.public_octets());
    for (flags, want) in
        [("y", "pass/"), ("s", "invalid/pubkey_no_subdomains"), ("y:s", "invalid/pubkey_no_subdomains")]
    {
        let zone =
            Zone::default().with("sel._domainkey.example.org", &format!("k=ed25519; t={flags}; p={public}"));
        assert_eq!(outcome(std::slice::from_ref(&field), &zone, &Policy::default()), [want], "t={flags}");
    }
}

#[test]
fn sizes_hashes_and_key_types_are_the_administrators() {
    let rsa1024 = one_signature("rsa1024");
    let strict = Policy { min_bits: vec![(KeyType::Rsa, 2048)], ..Policy::default() };
    assert_eq!(outcome(std::slice::from_ref(&rsa1024.0), &rsa1024.1, &Policy::default()), ["pass/"]);
    assert_eq!(outcome(std::slice::from_ref(&rsa1024.0), &rsa1024.1, &strict), ["fail/pubkey_too_short"]);
    // RFC 8301 section 3.2, whatever the administrator says.
    let rsa768 = one_signature("rsa768");
    let lax = Policy { min_bits: Vec::new(), ..Policy::default() };
    assert_eq!(outcome(&[rsa768.0], &rsa768.1, &lax), ["fail/signature_incorrect"]);
    let only_ed = Policy { key_types: vec![KeyType::Ed25519], ..Policy::default() };
    assert!(outcome(&[rsa1024.0], &rsa1024.1, &only_ed).is_empty());
    let (fields, body) = split(MESSAGE);
    let sha1 = signed(
        &SignRequest { hash: Hash::Sha1, ..request() },
        &fields,
        &body,
        &key_for("rsa2048", Hash::Sha1),
    );
    let zone = Zone::default().with_key("sel", "example.org", &key("rsa2048"));
    assert!(outcome(std::slice::from_ref(&sha1), &zone, &Policy::default()).is_empty(), "not looked at");
    let with_sha1 = Policy { hashes: vec![Hash::Sha1], ..Policy::default() };
    assert_eq!(outcome(&[sha1], &zone, &with_sha1), ["pass/"]);
}

#[test]
fn the_first_that_passes_is_enough_where_the_option_says_so() {
    let (field, zone) = one_signature("ed25519");
    let minimal = Policy { minimal: true, ..Policy::default() };
    assert_eq!(outcome(&[field.clone(), field], &zone, &minimal), ["pass/", "none/"]);
}
