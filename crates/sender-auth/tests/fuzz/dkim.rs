//! Any header with any key in the DNS: it ends, nothing passes that this key did not sign, the results are bounded.

use mail_types::dns::{Answer, DnsFailure, Record, RecordData, RecordType, Resolve};
use mail_types::limits;
use sender_auth::dkim::body::BodyHasher;
use sender_auth::dkim::verify::{Policy, Verdict, Verifier};

struct OneRecord<'a>(&'a [u8]);

impl Resolve for OneRecord<'_> {
    fn query(&self, name: &[u8], rtype: RecordType) -> Result<Answer, DnsFailure> {
        assert!(name.len() <= limits::DOMAIN);
        let data = RecordData::Txt(vec![self.0.to_vec()]);
        let record = Record { name: name.to_vec(), rtype, ttl: 1, data };
        Ok(Answer { records: vec![record], ..Answer::default() })
    }
}

/// The target.
pub(crate) fn run(input: &[u8]) {
    let (record, header) = input.split_at(input.iter().position(|byte| *byte == 0).unwrap_or(0));
    let mut fields: Vec<Vec<u8>> = Vec::new();
    for line in header.split_inclusive(|byte| *byte == b'\n') {
        match fields.last_mut() {
            Some(field) if matches!(line.first(), Some(b' ' | b'\t')) => field.extend_from_slice(line),
            _ => fields.push(line.to_vec()),
        }
    }
    let fields: Vec<&[u8]> = fields.iter().map(Vec::as_slice).collect();
    let verifier = Verifier::new(&fields, &Policy::default());
    let mut hasher = BodyHasher::new(verifier.body_forms());
    hasher.feed(b"body\n");
    let results = verifier.verify(&hasher.finish(), &OneRecord(record));
    assert!(results.len() <= limits::DKIM_SIGNATURES);
    for result in results {
        assert!(!result.verdict.log_text().is_empty());
        assert!(result.verdict != Verdict::Pass || result.key.is_some());
    }
}
