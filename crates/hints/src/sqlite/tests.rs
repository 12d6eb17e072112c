//! Both stores, and what may happen to files.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mail_types::clock::FixedClock;
use mail_types::{MessageId, Timestamp};

use super::{SqliteHints, stored_record};
use crate::{CalloutRecord, CalloutResult, Hints, MemoryHints, RetryKey, RetryRecord};

struct Scratch {
    directory: PathBuf,
    reports: Arc<Mutex<Vec<String>>>,
}

impl Scratch {
    fn new(name: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("hints-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&directory);
        Self { directory, reports: Arc::default() }
    }

    fn open(&self) -> SqliteHints {
        let reports = self.reports.clone();
        let clock = Arc::new(FixedClock::new(Timestamp::from_secs(1_000)));
        SqliteHints::open(&self.directory, clock, move |text| reports.lock().unwrap().push(text.to_owned()))
            .unwrap()
    }

    fn reports(&self) -> Vec<String> {
        self.reports.lock().unwrap().clone()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn record(errno: i32) -> RetryRecord {
    RetryRecord {
        first_failed: Timestamp::from_secs(100),
        last_try: Timestamp::from_secs(200),
        next_try: Timestamp::from_secs(300),
        expired: false,
        basic_errno: errno,
        more_errno: 65,
        text: b"Connection refused".to_vec(),
    }
}

fn settle(hints: &SqliteHints) {
    hints.flush(Duration::from_secs(30));
}

fn id(n: u64) -> MessageId {
    MessageId::long(1_795_361_539, n, 0)
}

/// What both stores must do.
fn remembers_and_forgets(hints: &dyn Hints) {
    let key = RetryKey::host(b"mx.example", b"192.0.2.1", Some(2525));
    assert_eq!(hints.retry(&key), None);
    hints.set_retry(&key, record(111));
    assert_eq!(hints.retry(&key), Some(record(111)));
    hints.set_retry(&key, record(110));
    hints.flush(Duration::from_secs(30));
    assert_eq!(hints.retry(&key), Some(record(110)));
    hints.remove_retry(&key);
    assert_eq!(hints.retry(&key), None);
    let callout =
        CalloutRecord { time: Timestamp(9), result: CalloutResult::Accept, random: None, postmaster: None };
    hints.set_callout(b"a@b", callout.clone());
    assert_eq!(hints.callout(b"a@b"), Some(callout));
    hints.set_misc(b"k", Timestamp(4), b"v");
    assert_eq!(hints.misc(b"k"), Some((Timestamp(4), b"v".to_vec())));
}

/// Messages wait in their order and are taken once.
fn messages_wait(hints: &dyn Hints) {
    for n in 1..=5 {
        hints.add_waiting(b"remote_smtp", b"mx.example", &id(n));
    }
    hints.add_waiting(b"remote_smtp", b"other.example", &id(9));
    hints.remove_waiting(b"remote_smtp", b"mx.example", &id(2));
    assert_eq!(hints.take_waiting(b"remote_smtp", b"mx.example", 2), [id(1), id(3)]);
    hints.flush(Duration::from_secs(30));
    assert_eq!(hints.take_waiting(b"remote_smtp", b"mx.example", 9), [id(4), id(5)]);
    assert_eq!(hints.take_waiting(b"remote_smtp", b"mx.example", 9), []);
    assert_eq!(hints.take_waiting(b"lmtp", b"other.example", 9), []);
    assert_eq!(hints.take_waiting(b"remote_smtp", b"other.example", 9), [id(9)]);
}

#[test]
fn both_stores_keep_the_contract() {
    let scratch = Scratch::new("contract");
    let memory = MemoryHints::new(Arc::new(FixedClock::new(Timestamp(0))));
    let sqlite = scratch.open();
    for hints in [&memory as &dyn Hints, &sqlite] {
        remembers_and_forgets(hints);
        messages_wait(hints);
    }
    assert_eq!(scratch.reports(), [""; 0]);
}

/// However the writer's thread gets on meanwhile, what was taken is not there any more.
#[test]
fn what_was_taken_is_gone_at_once() {
    let scratch = Scratch::new("taken");
    let hints = scratch.open();
    for round in 0..300 {
        hints.add_waiting(b"t", b"h", &id(round));
        settle(&hints);
        assert_eq!(hints.take_waiting(b"t", b"h", 1), [id(round)]);
        for _ in 0..20 {
            assert_eq!(hints.take_waiting(b"t", b"h", 1), [], "round {round}");
        }
    }
}

#[test]
fn hints_outlive_the_program_and_other_programs_see_them() {
    let scratch = Scratch::new("outlive");
    let key = RetryKey::routing_domain(b"example.com");
    let first = scratch.open();
    first.set_retry(&key, record(1));
    settle(&first);
    let second = scratch.open();
    assert_eq!(second.retry(&key), Some(record(1)));
    second.set_retry(&key, record(2));
    settle(&second);
    assert_eq!(first.retry(&key), Some(record(2)));
    drop(first);
    drop(second);
    assert_eq!(scratch.open().retry(&key), Some(record(2)));
}

#[test]
fn dropping_the_store_writes_what_was_pending() {
    let scratch = Scratch::new("drop");
    let key = RetryKey::routing_domain(b"example.com");
    scratch.open().set_retry(&key, record(7));
    assert_eq!(scratch.open().retry(&key), Some(record(7)));
}

#[test]
fn deleted_files_are_begun_anew() {
    let scratch = Scratch::new("deleted");
    let hints = scratch.open();
    let (a, b) = (RetryKey::routing_domain(b"a"), RetryKey::routing_domain(b"b"));
    hints.set_retry(&a, record(1));
    settle(&hints);
    std::fs::remove_file(scratch.directory.join("postrider-retry.sqlite")).unwrap();
    assert_eq!(hints.retry(&a), None);
    hints.set_retry(&b, record(2));
    settle(&hints);
    assert_eq!((hints.retry(&a), hints.retry(&b)), (None, Some(record(2))));
    drop(hints);
    assert_eq!(scratch.open().retry(&b), Some(record(2)));
    assert_eq!(scratch.reports(), [""; 0]);
}

#[test]
fn a_deleted_directory_is_reported_once_and_stops_nothing() {
    let scratch = Scratch::new("directory");
    let hints = scratch.open();
    std::fs::remove_dir_all(&scratch.directory).unwrap();
    let key = RetryKey::routing_domain(b"a");
    for errno in 0..3 {
        hints.set_retry(&key, record(errno));
        settle(&hints);
        assert_eq!(hints.retry(&key), None);
    }
    assert_eq!(scratch.reports().len(), 1, "{:?}", scratch.reports());
}

#[test]
fn rubbish_is_replaced() {
    let scratch = Scratch::new("rubbish");
    std::fs::create_dir_all(&scratch.directory).unwrap();
    std::fs::write(scratch.directory.join("postrider-retry.sqlite"), [b'x'; 5_000]).unwrap();
    let hints = scratch.open();
    let key = RetryKey::routing_domain(b"a");
    assert_eq!(hints.retry(&key), None);
    hints.set_retry(&key, record(3));
    settle(&hints);
    assert_eq!(hints.retry(&key), Some(record(3)));
}

#[test]
fn cve_2025_26794_and_67896_quotes_in_keys_are_only_bytes() {
    let scratch = Scratch::new("quotes");
    let hints = scratch.open();
    let hostile = br#""x'/**/UNION/**/SELECT/**/X'00'--"@a"#;
    let key = RetryKey::routing_address(hostile, b"a'; DROP TABLE hint; --");
    hints.set_retry(&key, record(4));
    settle(&hints);
    assert_eq!(hints.retry(&key), Some(record(4)));
    assert_eq!(hints.retry(&RetryKey::routing_address(b"x", b"a")), None);
    hints.set_misc(b"forged", Timestamp(1), &[0xff; 100]);
    settle(&hints);
    let forged = rusqlite::Connection::open(scratch.directory.join("postrider-retry.sqlite")).unwrap();
    forged.execute("UPDATE hint SET value = X'FFFFFFFF'", []).unwrap();
    assert_eq!(hints.retry(&key), None);
}

#[test]
fn old_hints_are_tidied_away() {
    let scratch = Scratch::new("tidy");
    let hints = scratch.open();
    let (old, new) = (RetryKey::routing_domain(b"old"), RetryKey::routing_domain(b"new"));
    hints.set_retry(&old, record(1));
    hints.set_retry(&new, RetryRecord { last_try: Timestamp::from_secs(900), ..record(2) });
    hints.tidy(Timestamp::from_secs(500));
    settle(&hints);
    assert_eq!(hints.retry(&old), None);
    assert!(hints.retry(&new).is_some());
}

#[test]
fn keys_that_are_too_long_are_not_kept() {
    let scratch = Scratch::new("long");
    let hints = scratch.open();
    let key = RetryKey::routing_domain(&[b'x'; 5_000]);
    hints.set_retry(&key, record(1));
    assert_eq!(hints.retry(&key), None);
}

#[test]
fn exims_keys() {
    let id = MessageId::parse(b"1xV9i8-0000Hb-1C").unwrap();
    for (key, text) in [
        (RetryKey::host(b"127.0.0.1", b"127.0.0.1", Some(2598)), "T:127.0.0.1:127.0.0.1:2598"),
        (
            RetryKey::host_and_message(b"127.0.0.1", b"127.0.0.1", Some(2598), &id),
            "T:127.0.0.1:127.0.0.1:2598:1xV9i8-0000Hb-1C",
        ),
        (RetryKey::address_and_sender(b"rdef", b"sink.test", b"s@x.test"), "R:rdef@sink.test:<s@x.test>"),
        (RetryKey::transport_address(b"quota", b"local.test"), "T:quota@local.test"),
        (RetryKey::routing_domain(b"x.test"), "R:x.test"),
    ] {
        assert_eq!(key.as_bytes(), text.as_bytes());
    }
}

#[test]
fn what_is_stored_can_be_looked_at_without_a_trace() {
    let scratch = Scratch::new("look at%20me");
    let look = |key: &[u8]| stored_record(&scratch.directory, key);
    assert_eq!(look(b"key"), Ok(None), "there is nothing yet");
    assert!(!scratch.directory.exists());
    let hints = scratch.open();
    hints.set_misc(b"key", Timestamp::from_secs(7), b"value");
    hints.flush(Duration::from_secs(10));
    let known = Ok(Some((Timestamp::from_secs(7), b"value".to_vec())));
    assert_eq!(look(b"key"), known, "while the server runs");
    assert_eq!(look(b"other"), Ok(None));
    drop(hints);
    let files = || {
        let entries = std::fs::read_dir(&scratch.directory).unwrap().map(|entry| entry.unwrap());
        let mut files: Vec<_> =
            entries.map(|entry| (entry.file_name(), entry.metadata().unwrap().len())).collect();
        files.sort();
        files
    };
    let before = files();
    assert_eq!(look(b"key"), known, "after its end");
    assert_eq!(files(), before);
    std::fs::write(scratch.directory.join("postrider-misc.sqlite"), "no database at all").unwrap();
    assert!(look(b"key").unwrap_err().contains("postrider-misc.sqlite: "));
    assert_eq!(
        std::fs::read(scratch.directory.join("postrider-misc.sqlite")).unwrap(),
        b"no database at all"
    );
}
