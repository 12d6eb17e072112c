//! Any text as From field and as record: what is not a pass is never accepted, an aligned pass for every author always is,
//! and a record's reports go to addresses that stand on one line.

use mail_types::dns::{Answer, DnsFailure, Record, RecordData, RecordType, Resolve};
use sender_auth::authres::{MethodResult, field};
use sender_auth::dmarc::{Authenticated, DmarcRecord, DmarcStatus, Mode, SignedBy, author_domains, check};

struct One<'a>(&'a [u8]);

impl Resolve for One<'_> {
    fn query(&self, name: &[u8], rtype: RecordType) -> Result<Answer, DnsFailure> {
        assert!(name.starts_with(b"_dmarc.") || rtype == RecordType::A);
        let data = RecordData::Txt(vec![self.0.to_vec()]);
        Ok(Answer { records: vec![Record { name: name.to_vec(), rtype, ttl: 1, data }], ..Answer::default() })
    }
}

/// The target.
pub(crate) fn run(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let (from, record) = (&data[..at], data.get(at + 1..).unwrap_or_default());
    let authors = author_domains([from]);
    if let Some(record) = DmarcRecord::parse(record) {
        assert!(record.percent <= 100);
        for uri in record.aggregate.iter().chain(&record.forensic) {
            assert!(uri.address.iter().all(u8::is_ascii_graphic));
        }
    }
    for passed in [false, true] {
        let dkim: Vec<_> =
            authors.iter().map(|author| SignedBy { domain: author, passed, temporary: false }).collect();
        let message = Authenticated { authors: &authors, spf: None, dkim: &dkim, roll: 50 };
        let outcome = check(&message, Mode::TreeWalk, &One(record));
        assert_eq!(outcome.status == DmarcStatus::Accept, passed && outcome.record.is_some());
        let result = MethodResult::new("dmarc", "pass").property("header.from", outcome.author);
        let text = field(b"me", &[result.reason(from)]);
        assert_eq!(text.split(|byte| *byte == b'\n').count(), 2);
    }
}
