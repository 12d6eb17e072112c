//! dkimpy, both ways.

use postrider_sender_auth::dkim::Canon;
use postrider_sender_auth::dkim::crypto::Hash;
use postrider_sender_auth::dkim::sign::SignRequest;
use postrider_sender_auth::dkim::verify::Policy;

use crate::messages;
use crate::support::{Zone, base64, key, signed, split_bytes, verdicts, verify_parts};
use crate::{Dkimpy, decoded};

const KINDS: [(&str, &str); 2] = [("rsa", "rsa2048"), ("ed25519", "ed25519")];

#[test]
fn dkimpy_verifies_what_is_signed_here() {
    let Some(mut dkimpy) = Dkimpy::start() else { return };
    for (kind, file) in KINDS {
        let key = key(file);
        let public = base64(&key.public_octets());
        dkimpy.key(&format!("s{kind}._domainkey.ours.example"), &format!("v=DKIM1; k={kind}; p={public}"));
        for (number, message) in messages::all().iter().enumerate().filter(|(_, m)| !m.is_obsolete()) {
            for canon in [Canon::Relaxed, Canon::Simple] {
                let request = SignRequest {
                    domain: b"ours.example",
                    selector: &[b"s", kind.as_bytes()].concat(),
                    identity: None,
                    canon,
                    hash: Hash::Sha256,
                    names: b"+From:=Subject:=X-Many:X-Long",
                    created: None,
                    expires: None,
                };
                let field = signed(&request, &message.fields, &message.body, &key);
                let answer = dkimpy.ask(&["verify", &base64(&message.wire(&field))]);
                assert_eq!(answer, "pass", "message {number}, {kind}, {canon:?}");
                if number % 10 == 0 {
                    let mut changed = message.wire(&field);
                    changed.extend_from_slice(b"more\r\n");
                    assert_eq!(dkimpy.ask(&["verify", &base64(&changed)]), "fail");
                }
            }
        }
    }
}

#[test]
fn what_dkimpy_signs_verifies_here() {
    let Some(mut dkimpy) = Dkimpy::start() else { return };
    for (kind, file) in KINDS {
        let key = key(file);
        let zone = Zone::default().with_key(&format!("peer{kind}"), "peer.example", &key);
        for (number, message) in messages::all().iter().enumerate().filter(|(_, m)| !m.is_obsolete()) {
            for (header, body) in
                [("relaxed", "relaxed"), ("relaxed", "simple"), ("simple", "relaxed"), ("simple", "simple")]
            {
                let answer = dkimpy.ask(&["sign", &base64(&message.wire(b"")), kind, header, body]);
                assert!(!answer.starts_with("error"), "message {number}: {answer}");
                let wire = message.wire(&decoded(&answer).replace_crlf());
                let (fields, body_text) = split_bytes(&wire.replace_crlf());
                let results = verify_parts(&fields, &body_text, &zone, &Policy::default());
                assert_eq!(verdicts(&results), ["pass/"], "message {number}, {kind}, {header}/{body}");
            }
        }
    }
}

/// CR LF to LF.
pub(crate) trait ReplaceCrlf {
    fn replace_crlf(&self) -> Vec<u8>;
}

impl ReplaceCrlf for Vec<u8> {
    fn replace_crlf(&self) -> Vec<u8> {
        let mut out: Vec<u8> = Vec::with_capacity(self.len());
        for byte in self {
            if *byte == b'\n' && out.last() == Some(&b'\r') {
                out.pop();
            }
            out.push(*byte);
        }
        out
    }
}
