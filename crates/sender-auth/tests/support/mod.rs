//! What the tests of signatures share: a DNS of literals, messages split into fields, fixed keys.

#![allow(dead_code, clippy::unwrap_used, reason = "each test binary uses its part; a test may fail")]

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use mail_types::dns::{Answer, DnsFailure, Record, RecordData, RecordType, Resolve};
use postrider_sender_auth::dkim::body::BodyHasher;
use postrider_sender_auth::dkim::crypto::{Hash, PrivateKey};
use postrider_sender_auth::dkim::sign::{SignRequest, sign};
use postrider_sender_auth::dkim::verify::{Policy, SignatureResult, Verifier};

/// TXT records by name; a name that is not there does not exist.
#[derive(Default)]
pub(crate) struct Zone {
    texts: HashMap<String, Result<Vec<Vec<String>>, DnsFailure>>,
    pub(crate) questions: AtomicUsize,
}

impl Zone {
    pub(crate) fn with(mut self, name: &str, text: &str) -> Self {
        let records = self.texts.entry(name.to_owned()).or_insert_with(|| Ok(Vec::new()));
        records.as_mut().unwrap().push(vec![text.to_owned()]);
        self
    }

    pub(crate) fn failing(mut self, name: &str, failure: DnsFailure) -> Self {
        self.texts.insert(name.to_owned(), Err(failure));
        self
    }

    /// The public half of a key of ours under a selector.
    pub(crate) fn with_key(self, selector: &str, domain: &str, key: &PrivateKey) -> Self {
        let kind = key.kind().name();
        let text = format!("v=DKIM1; k={kind}; p={}", base64(&key.public_octets()));
        self.with(&format!("{selector}._domainkey.{domain}"), &text)
    }
}

impl Resolve for Zone {
    fn query(&self, name: &[u8], rtype: RecordType) -> Result<Answer, DnsFailure> {
        self.questions.fetch_add(1, Ordering::SeqCst);
        assert_eq!(rtype, RecordType::Txt);
        let name = String::from_utf8_lossy(name).into_owned();
        let texts = match self.texts.get(&name) {
            None => return Err(DnsFailure::NxDomain),
            Some(Err(failure)) => return Err(failure.clone()),
            Some(Ok(texts)) => texts,
        };
        let record = |strings: &Vec<String>| Record {
            name: name.clone().into_bytes(),
            rtype,
            ttl: 60,
            data: RecordData::Txt(strings.iter().map(|text| text.clone().into_bytes()).collect()),
        };
        Ok(Answer { records: texts.iter().map(record).collect(), ..Answer::default() })
    }
}

/// A message in spool form: fields and body.
pub(crate) fn split(message: &str) -> (Vec<Vec<u8>>, Vec<u8>) {
    split_bytes(message.replace("\r\n", "\n").as_bytes())
}

pub(crate) fn split_bytes(message: &[u8]) -> (Vec<Vec<u8>>, Vec<u8>) {
    let mut fields: Vec<Vec<u8>> = Vec::new();
    let mut rest = message;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, after) = rest.split_at(at + 1);
        rest = after;
        match (line[0], fields.last_mut()) {
            (b'\n', _) => break,
            (b' ' | b'\t', Some(field)) => field.extend_from_slice(line),
            _ => fields.push(line.to_vec()),
        }
    }
    (fields, rest.to_vec())
}

pub(crate) fn slices(fields: &[Vec<u8>]) -> Vec<&[u8]> {
    fields.iter().map(Vec::as_slice).collect()
}

pub(crate) fn verify(message: &str, zone: &Zone, policy: &Policy) -> Vec<SignatureResult> {
    let (fields, body) = split(message);
    verify_parts(&fields, &body, zone, policy)
}

pub(crate) fn verify_parts(
    fields: &[Vec<u8>],
    body: &[u8],
    zone: &Zone,
    policy: &Policy,
) -> Vec<SignatureResult> {
    let verifier = Verifier::new(&slices(fields), policy);
    let mut hasher = BodyHasher::new(verifier.body_forms());
    hasher.feed(body);
    verifier.verify(&hasher.finish(), zone)
}

/// `status/reason` of each signature.
pub(crate) fn verdicts(results: &[SignatureResult]) -> Vec<String> {
    results.iter().map(|r| format!("{}/{}", r.verdict.status(), r.verdict.reason())).collect()
}

/// The signature field over a message.
pub(crate) fn signed(
    request: &SignRequest<'_>,
    fields: &[Vec<u8>],
    body: &[u8],
    key: &PrivateKey,
) -> Vec<u8> {
    let form = request.body_form(key);
    let mut hasher = BodyHasher::new([form]);
    hasher.feed(body);
    sign(request, &slices(fields), &hasher.finish().hash(form).unwrap().octets, key).unwrap()
}

pub(crate) fn key(name: &str) -> PrivateKey {
    key_for(name, Hash::Sha256)
}

pub(crate) fn key_for(name: &str, hash: Hash) -> PrivateKey {
    let path = format!("{}/tests/keys/{name}.pem", env!("CARGO_MANIFEST_DIR"));
    PrivateKey::from_pem(&std::fs::read(path).unwrap(), hash).unwrap()
}

pub(crate) fn base64(octets: &[u8]) -> String {
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
