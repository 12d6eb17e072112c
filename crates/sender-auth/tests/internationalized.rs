//! RFC 8616: domains with U-labels count as those with the A-labels; local parts that are not ASCII are no labels.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use postrider_sender_auth::dkim::Canon;
use postrider_sender_auth::dkim::crypto::Hash;
use postrider_sender_auth::dkim::sign::SignRequest;
use postrider_sender_auth::dkim::verify::Policy;
use postrider_sender_auth::dmarc::{self, Authenticated, DmarcStatus, Mode, SignedBy};
use postrider_sender_auth::spf::{self, SpfQuery, SpfVerdict};
use support::{Zone, key, signed, split, verdicts, verify_parts};

#[test]
fn keys_of_signers_with_u_labels_are_found() {
    let key = key("ed25519");
    let zone = Zone::default().with_key("schlssel-95a", "xn--bcher-kva.example", &key);
    let (mut fields, body) = split("From: a@bücher.example\nSubject: x\n\nbody\n");
    for (identity, want) in [
        ("a@bücher.example", "pass/"),
        ("a@xn--bcher-kva.example", "pass/"),
        ("a@sub.bücher.example", "pass/"),
        ("a@cher.example", "invalid/identity_mismatch"),
    ] {
        let request = SignRequest {
            domain: "bücher.example".as_bytes(),
            selector: b"schlssel-95a",
            identity: Some(identity.as_bytes()),
            canon: Canon::Relaxed,
            hash: Hash::Sha256,
            names: b"From:Subject",
            created: None,
            expires: None,
        };
        let field = signed(&request, &fields, &body, &key);
        fields.insert(0, field);
        assert_eq!(verdicts(&verify_parts(&fields, &body, &zone, &Policy::default())), [want], "{identity}");
        fields.remove(0);
    }
}

#[test]
fn authors_and_signers_are_aligned_in_either_form() {
    let zone = Zone::default().with("_dmarc.xn--bcher-kva.example", "v=DMARC1; p=reject; adkim=s; aspf=s");
    for author in ["bücher.example", "Bücher.Example", "xn--bcher-kva.example"] {
        let field = format!("Ann <a@{author}>");
        let authors = dmarc::author_domains([field.as_bytes()]);
        for signer in ["bücher.example", "xn--bcher-kva.example", "xn--Bcher-kva.example."] {
            let dkim = [SignedBy { domain: signer.as_bytes(), passed: true, temporary: false }];
            let message = Authenticated { authors: &authors, spf: None, dkim: &dkim, roll: 0 };
            let outcome = dmarc::check(&message, Mode::TreeWalk, &zone);
            assert_eq!(outcome.status, DmarcStatus::Accept, "{author}, {signer}");
        }
        let spf = Some((&b"cher.example"[..], SpfVerdict::Pass));
        let message = Authenticated { authors: &authors, spf, dkim: &[], roll: 0 };
        assert_eq!(dmarc::check(&message, Mode::TreeWalk, &zone).status, DmarcStatus::Reject, "{author}");
    }
}

#[test]
fn sender_policies_of_u_labels_and_local_parts() {
    let zone = Zone::default()
        .with("xn--bcher-kva.example", "v=spf1 ip4:192.0.2.0/24 -all")
        .with("terms.example", "v=spf1 exists:%{l}.x.example include:%{s}.y.example -all exp=%{l}.z.example")
        .with("redirect.example", "v=spf1 redirect=%{l}.x.example")
        .with("by-domain.example", "v=spf1 include:%{h} ?all");
    for (sender, helo, want, questions) in [
        ("a@bücher.example", "h.example", SpfVerdict::Pass, 1),
        ("", "bücher.example", SpfVerdict::Pass, 1),
        // The record alone is asked for.
        ("ö@terms.example", "h.example", SpfVerdict::Fail, 1),
        ("ö@redirect.example", "h.example", SpfVerdict::Neutral, 1),
        ("ö@by-domain.example", "bücher.example", SpfVerdict::Pass, 2),
    ] {
        let before = zone.questions.load(std::sync::atomic::Ordering::SeqCst);
        let query = SpfQuery {
            ip: [192, 0, 2, 7].into(),
            helo: helo.as_bytes(),
            sender: sender.as_bytes(),
            receiver: b"me.example",
            now: 1,
            template: b"",
        };
        let outcome = spf::check(&query, &zone);
        assert_eq!((outcome.verdict, outcome.explanation), (want, None), "{sender} {helo}");
        let asked = zone.questions.load(std::sync::atomic::Ordering::SeqCst) - before;
        assert_eq!(asked, questions, "{sender} {helo}");
    }
}
