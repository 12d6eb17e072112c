//! Any records under any names: an evaluation ends, asks a bounded number of questions, and leaves texts without line
//! ends. The input is cut at line ends; the lines are the sender, the HELO name, and the records that answer in turn.

use std::sync::atomic::{AtomicUsize, Ordering};

use mail_types::dns::{Answer, DnsFailure, Record, RecordData, RecordType, Resolve};
use sender_auth::spf::{SpfQuery, check, check_guess};

struct Records<'a> {
    lines: Vec<&'a [u8]>,
    asked: AtomicUsize,
}

impl Resolve for Records<'_> {
    fn query(&self, name: &[u8], rtype: RecordType) -> Result<Answer, DnsFailure> {
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        let line = self.lines.get(number % self.lines.len().max(1)).copied().unwrap_or_default();
        let record = |data| Record { name: name.to_vec(), rtype, ttl: 1, data };
        // As many as are looked at, or more.
        let many = |data: RecordData| vec![record(data); 10 + number % 2 * 2];
        let records = match rtype {
            RecordType::Txt => vec![record(RecordData::Txt(vec![line.to_vec()]))],
            RecordType::A if line.first() == Some(&b'!') => return Err(DnsFailure::NxDomain),
            RecordType::A => many(RecordData::A([192, 0, 2, 1].into())),
            RecordType::Mx => many(RecordData::Mx { preference: 1, exchange: line.to_vec() }),
            RecordType::Ptr => many(RecordData::Ptr(line.to_vec())),
            _ => return Err(DnsFailure::NoData),
        };
        Ok(Answer { records, ..Answer::default() })
    }
}

/// The target.
pub(crate) fn run(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let (sender, helo) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let guess = lines.clone().next().unwrap_or_default();
    let records = Records { lines: lines.collect(), asked: AtomicUsize::new(0) };
    let query = SpfQuery {
        ip: [192, 0, 2, 7].into(),
        helo,
        sender,
        receiver: b"me.example",
        now: 1,
        template: guess,
    };
    for outcome in [check(&query, &records), check_guess(&query, guess, &records)] {
        // 11 records, 10 lists of 10 hosts with their own question, the client's names, an explanation.
        let asked = records.asked.swap(0, Ordering::Relaxed);
        assert!(asked <= 2 * (11 + 10 * 11 + 11 + 1), "{asked} questions");
        let field = outcome.received(&query);
        assert!(!field.iter().any(u8::is_ascii_control));
        assert!(outcome.explanation.is_none_or(|text| text.iter().all(|byte| matches!(byte, b' '..=b'~'))));
    }
}
