//! Listings as the oracle prints them.

use mail_types::clock::FixedClock;
use spool::{HeaderKind, HeaderLine, Recipient, SpoolConfig};
use std::sync::Arc;

use super::*;

const NOW: i64 = 1_795_366_136;

struct Scratch(Spool);

impl Scratch {
    fn new() -> Self {
        let disk = Arc::new(spool::disk::SimDisk::new());
        let clock = Arc::new(FixedClock::new(Timestamp::from_secs(NOW)));
        Self(Spool::on_disk(disk, SpoolConfig::default(), clock))
    }

    fn add(&self, sender: &str, change: impl FnOnce(&mut Header)) -> MessageId {
        let id = self.0.allocate_id().unwrap();
        let mut writer = self.0.begin(id).unwrap();
        writer.write(b"line1\nline2\n").unwrap();
        let mut header = Header::new(id, sender, Timestamp::from_secs(NOW));
        header.recipients = ["user@local.test", "b@local.test"].map(Recipient::new).to_vec();
        header.headers = vec![HeaderLine { kind: HeaderKind::Other, text: b"Subject: s1\n".to_vec() }];
        change(&mut header);
        drop(self.0.commit(writer, header).unwrap());
        id
    }

    fn list(&self, style: ListingStyle, only: &[MessageId]) -> String {
        let mut text = Vec::new();
        list(&self.0, style, only, Timestamp::from_secs(NOW), &mut |piece| text.extend_from_slice(piece))
            .unwrap();
        String::from_utf8(text).unwrap()
    }
}

#[test]
fn ages_are_the_oracles() {
    for (seconds, text) in [
        (3, " 0m"),
        (59, " 0m"),
        (60, " 1m"),
        (119, " 1m"),
        (3_599, "59m"),
        (3_600, "60m"),
        (5_400, "90m"),
        (86_399, "24h"),
        (90_000, "25h"),
        (172_799, "48h"),
        (345_600, " 4d"),
        (3_456_000, "40d"),
        (34_560_000, "400d"),
        (-5, " 0m"),
    ] {
        assert_eq!(age(Timestamp::from_secs(NOW), Timestamp::from_secs(NOW - seconds)), text, "{seconds}");
    }
}

#[test]
fn sizes_are_the_oracles() {
    for (size, text) in [
        (304, "  304"),
        (1_203, " 1.2K"),
        (1_803, " 1.8K"),
        (10_542, "  10K"),
        (20_303, "  20K"),
        (102_703, " 100K"),
        (999_727, " 976K"),
        (1_048_879, " 1.0M"),
        (10_486_063, "  10M"),
        (104_857_903, " 100M"),
    ] {
        assert_eq!(size_words(size), text, "{size}");
    }
}

#[test]
fn listings() {
    let queue = Scratch::new();
    let first = queue.add("s@x.test", |header| {
        header.nonrecipients.insert(b"user@local.test");
        header.nonrecipients.insert(b"child@local.test");
    });
    let second = queue.add("", |header| header.frozen = Some(NOW));
    let plain = ListingStyle::default();
    assert_eq!(
        queue.list(plain, &[]),
        format!(
            " 0m    25 {first} <s@x.test>\n        D user@local.test\n          b@local.test\n\n \
             0m    25 {second} <> *** frozen ***\n          user@local.test\n          b@local.test\n\n"
        )
    );
    assert_eq!(
        queue.list(ListingStyle { undelivered: true, ..plain }, &[first]),
        format!(" 0m    25 {first} <s@x.test>\n          b@local.test\n\n")
    );
    assert_eq!(
        queue.list(ListingStyle { generated: true, ..plain }, &[first]),
        format!(
            " 0m    25 {first} <s@x.test>\n        D user@local.test\n          b@local.test\n       \
             +D child@local.test\n\n"
        )
    );
    assert_eq!(queue.list(ListingStyle { ids: true, ..plain }, &[]), format!("{first}\n{second}\n"));
    assert_eq!(count(&queue.0).unwrap(), 2);
}
