//! DKIM and ARC per message, beside the crate mail-auth: one thread, keys at hand, nothing asked of a network.
//!
//! Prints microseconds a message, the best of several rounds. Started by `cargo xtask bench dkim`.

mod load;
mod theirs;

use std::hint::black_box;
use std::time::Instant;

use mail_types::dns::{Answer, DnsFailure, Record, RecordData, RecordType, Resolve};
use sender_auth::arc::seal::{BODY_FORM, SealRequest, seal};
use sender_auth::arc::verify::ArcVerifier;
use sender_auth::dkim::Canon;
use sender_auth::dkim::body::BodyHasher;
use sender_auth::dkim::crypto::{Hash, PrivateKey};
use sender_auth::dkim::sign::{SignRequest, sign};
use sender_auth::dkim::verify::{Policy, Verdict, Verifier};

/// Folder of the keys that the tests use.
const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/keys");

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => compare(),
        ["messages", count, size, folder] => {
            let number = |text: &str| text.parse().expect("a number");
            load::write(number(count), number(size), folder.as_ref());
        }
        ["load", address, folder] => load::send(address, folder.as_ref()),
        other => panic!("unknown arguments {other:?}"),
    }
}

fn compare() {
    println!("{:<44}{:>10}{:>12}{:>8}", "microseconds a message", "postrider", "mail-auth", "ratio");
    for (kind, file) in [("rsa2048", "rsa2048"), ("ed25519", "ed25519")] {
        let key = Key::load(file);
        for (size, name) in [(10 << 10, "10 KB"), (1 << 20, "1 MB")] {
            for (text, spaces) in [("", false), (", every line changed", true)] {
                if spaces && kind == "ed25519" {
                    continue;
                }
                let message = Message::new(size, spaces);
                let what = format!("{kind} {name}{text}");
                let rounds = if size > 100_000 { 20 } else { 400 };
                verify(&what, &message, &key, rounds);
                signing(&what, &message, &key, rounds.min(200));
            }
        }
    }
    chains();
}

/// A key and its record.
pub(crate) struct Key {
    pub(crate) private: PrivateKey,
    pub(crate) pem: String,
    pub(crate) record: String,
    pub(crate) file: &'static str,
}

impl Key {
    pub(crate) fn load(file: &'static str) -> Self {
        let pem = std::fs::read_to_string(format!("{KEYS}/{file}.pem")).expect("the tests' keys are there");
        let private = PrivateKey::from_pem(pem.as_bytes(), Hash::Sha256).expect("a key");
        let record = format!("v=DKIM1; k={}; p={}", private.kind().name(), base64(&private.public_octets()));
        Self { private, pem, record, file }
    }
}

/// A message of text, in spool form.
pub(crate) struct Message {
    pub(crate) fields: Vec<Vec<u8>>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    pub(crate) fn new(size: usize, spaces: bool) -> Self {
        let fields = [
            "From: Sender <sender@example.org>",
            "To: Recipient <recipient@example.net>",
            "Subject: Minutes of the meeting of last week",
            "Date: Sun, 22 Nov 2026 12:00:00 +0000",
            "Message-ID: <20261122120000.12345@example.org>",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
        ];
        let line: &[u8] = if spaces {
            b"It was said that  the roof leaks,\tand that nobody knows whose roof it is.  \n"
        } else {
            b"It was said that the roof leaks, and that nobody knows whose roof it is.\n"
        };
        let body = line.iter().copied().cycle().take(size / line.len() * line.len()).collect();
        Self { fields: fields.iter().map(|field| format!("{field}\n").into_bytes()).collect(), body }
    }

    pub(crate) fn header(&self) -> Vec<&[u8]> {
        self.fields.iter().map(Vec::as_slice).collect()
    }

    /// As it goes over the wire.
    pub(crate) fn wire(&self) -> Vec<u8> {
        let text = [&self.fields.concat()[..], b"\n", &self.body].concat();
        text.iter().flat_map(|byte| if *byte == b'\n' { vec![b'\r', b'\n'] } else { vec![*byte] }).collect()
    }

    pub(crate) fn with_on_top(&self, field: Vec<u8>) -> Self {
        let mut fields = vec![field];
        fields.extend(self.fields.iter().cloned());
        Self { fields, body: self.body.clone() }
    }
}

/// A DNS that gives one record.
struct OneRecord(Vec<u8>);

impl Resolve for OneRecord {
    fn query(&self, name: &[u8], rtype: RecordType) -> Result<Answer, DnsFailure> {
        let record =
            Record { name: name.into(), rtype, ttl: 60, data: RecordData::Txt(vec![self.0.clone()]) };
        Ok(Answer { records: vec![record], ..Answer::default() })
    }
}

fn request() -> SignRequest<'static> {
    SignRequest {
        domain: b"example.org",
        selector: b"sel",
        identity: None,
        canon: Canon::Relaxed,
        hash: Hash::Sha256,
        names: b"From:To:Subject:Date:Message-ID:MIME-Version:Content-Type",
        created: None,
        expires: None,
    }
}

pub(crate) fn signed(message: &Message, key: &Key) -> Vec<u8> {
    let request = request();
    let form = request.body_form(&key.private);
    let mut hasher = BodyHasher::new([form]);
    for piece in message.body.chunks(64 << 10) {
        hasher.feed(piece);
    }
    let hashes = hasher.finish();
    let body_hash = &hashes.hash(form).expect("it was asked for").octets;
    sign(&request, &message.header(), body_hash, &key.private).expect("it signs")
}

fn verify(what: &str, message: &Message, key: &Key, rounds: usize) {
    let message = message.with_on_top(signed(message, key));
    let dns = OneRecord(key.record.clone().into_bytes());
    let policy = Policy::default();
    let ours = best(rounds, || {
        let verifier = Verifier::new(&message.header(), &policy);
        let mut hasher = BodyHasher::new(verifier.body_forms());
        for piece in message.body.chunks(64 << 10) {
            hasher.feed(piece);
        }
        let results = verifier.verify(&hasher.finish(), &dns);
        assert_eq!(results[0].verdict, Verdict::Pass);
    });
    let theirs = theirs::verify(&message.wire(), key, rounds);
    row(&format!("verify, {what}"), ours, theirs);
}

fn signing(what: &str, message: &Message, key: &Key, rounds: usize) {
    let ours = best(rounds, || {
        black_box(signed(message, key));
    });
    row(&format!("sign, {what}"), ours, theirs::sign(&message.wire(), key, rounds));
}

fn chains() {
    let key = Key::load("rsa2048");
    let dns = OneRecord(key.record.clone().into_bytes());
    let mut message = Message::new(10 << 10, false);
    for hop in 1..=3 {
        let arc = if hop == 1 { "none" } else { "pass" };
        message.fields.insert(0, format!("Authentication-Results: example.org; arc={arc}\n").into_bytes());
        let mut hasher = BodyHasher::new([BODY_FORM]);
        hasher.feed(&message.body);
        let hashes = hasher.finish();
        let request = SealRequest {
            admd: b"example.org",
            selector: b"sel",
            created: None,
            expires: None,
            fold_results: false,
        };
        let body_hash = &hashes.hash(BODY_FORM).expect("it was asked for").octets;
        let set = seal(&request, &message.header(), body_hash, &key.private).expect("it seals");
        let text = String::from_utf8(set).expect("text");
        let (seal_field, rest) = text.split_at(text.find("ARC-Message").expect("three fields"));
        let (signature, results) = rest.split_at(rest.find("ARC-Auth").expect("three fields"));
        for field in [results, signature, seal_field] {
            message.fields.insert(0, field.as_bytes().to_vec());
        }
        let policy = Policy::default();
        let verify = || {
            let verifier = ArcVerifier::new(&message.header());
            let mut hasher = BodyHasher::new(verifier.body_forms());
            hasher.feed(&message.body);
            let result = verifier.verify(&hasher.finish(), &dns, &policy);
            assert_eq!(result.state.name(), "pass", "{:?}", result.reason);
            result
        };
        let theirs = theirs::arc(&message.wire(), &key, 200);
        let ours = best(200, || {
            black_box(verify());
        });
        row(&format!("ARC verify, rsa2048 10 KB, {hop} sets"), ours, theirs);
        // mail-auth has nothing of the kind: its figure is that of the row above.
        let ours = best(200, || assert_eq!(verify().oldest_pass(), 1));
        row(&format!("the same and the oldest pass, {hop} sets"), ours, theirs);
    }
}

/// Microseconds of one call, the best of five rounds.
pub(crate) fn best(calls: usize, mut call: impl FnMut()) -> f64 {
    let round = |call: &mut dyn FnMut()| {
        let start = Instant::now();
        for _ in 0..calls {
            call();
        }
        start.elapsed().as_secs_f64() * 1e6 / calls as f64
    };
    (0..5).map(|_| round(&mut call)).fold(f64::INFINITY, f64::min)
}

fn row(what: &str, ours: f64, theirs: f64) {
    println!("{what:<44}{ours:>10.1}{theirs:>12.1}{:>8.2}", ours / theirs);
}

fn base64(octets: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in octets.chunks(3) {
        let group =
            chunk.iter().fold(0u32, |sum, byte| sum << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = ALPHABET[(group >> (18 - 6 * place) & 63) as usize];
            out.push(if place <= chunk.len() { digit as char } else { '=' });
        }
    }
    out
}
