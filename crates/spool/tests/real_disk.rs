//! The spool on the kernel's file system: files, names, modes, locks, layouts, and many at once.

#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

use std::collections::HashSet;
use std::io::Read;
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use mail_types::clock::FixedClock;
use mail_types::{Clock, MessageId, Timestamp};
use postrider_spool::disk::{SimDisk, Survivors};
use postrider_spool::{
    Committed, Header, HeaderKind, HeaderLine, LockOutcome, LockedMessage, NonRecipients, QueueName,
    Recipient, Spool, SpoolConfig, SpoolFault,
};
use rustix::io::Errno;

/// A spool directory of a test's own, removed at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("spool-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn open(&self, config: SpoolConfig) -> Spool {
        // Not the present: ages are taken against the times of real files.
        let clock = FixedClock::new(Timestamp::from_secs(1_795_354_770));
        Spool::open(&self.0, config, Arc::new(clock)).unwrap()
    }

    fn files(&self, directory: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.0.join(directory)) else { return Vec::new() };
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn header(id: MessageId) -> Header {
    let mut header = Header::new(id, "a@b.example", id.time());
    header.login = b"mail".to_vec();
    header.recipients = vec![Recipient::new("joe@c.example"), Recipient::new("ann@c.example")];
    header.headers = vec![HeaderLine { kind: HeaderKind::Other, text: b"Subject: x\n".to_vec() }];
    header
}

fn commit(spool: &Spool, body: &[u8]) -> Committed {
    let id = spool.allocate_id().unwrap();
    let mut writer = spool.begin(id).unwrap();
    writer.write(body).unwrap();
    assert_eq!(writer.body_len(), body.len() as u64);
    spool.commit(writer, header(id)).unwrap()
}

fn locked(spool: &Spool, id: &MessageId) -> Box<LockedMessage> {
    match spool.lock(id).unwrap() {
        LockOutcome::Locked(message) => message,
        LockOutcome::Busy => panic!("{id} is busy"),
        LockOutcome::Gone => panic!("{id} is gone"),
    }
}

fn is_busy(spool: &Spool, id: &MessageId) -> bool {
    matches!(spool.lock(id).unwrap(), LockOutcome::Busy)
}

fn body_of(message: &LockedMessage) -> Vec<u8> {
    let mut body = Vec::new();
    message.data_file().reader().read_to_end(&mut body).unwrap();
    body
}

#[test]
fn files_are_exims() {
    let scratch = Scratch::new();
    let spool = scratch.open(SpoolConfig::default());
    let id = commit(&spool, b"line\n").id();
    assert_eq!(scratch.files("input"), [format!("{id}-D"), format!("{id}-H")]);
    let read = |suffix: &str| std::fs::read(scratch.0.join(format!("input/{id}-{suffix}"))).unwrap();
    assert_eq!(read("D"), format!("{id}-D\nline\n").as_bytes());
    assert_eq!(read("H"), header(id).encode().unwrap());
    let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(scratch.0.join("input")), 0o750);
    for suffix in ["D", "H"] {
        assert_eq!(mode(scratch.0.join(format!("input/{id}-{suffix}"))), 0o640);
    }
    let counts = spool.sync_counts();
    assert_eq!((counts.files, counts.directory_requests >= 2), (2, true), "-D, -H, and the directories");
}

#[test]
fn a_body_of_any_size_comes_back() {
    let scratch = Scratch::new();
    let spool = scratch.open(SpoolConfig::default());
    for size in [0, 1, 16_000, 16_384, 16_385, 100_000] {
        let body: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
        let id = spool.allocate_id().unwrap();
        let mut writer = spool.begin(id).unwrap();
        for chunk in body.chunks(5_000) {
            writer.write(chunk).unwrap();
        }
        writer.flush().unwrap();
        let mut first = [0; 10];
        assert_eq!(writer.read_body_at(&mut first, 0).unwrap(), size.min(10));
        drop(spool.commit(writer, header(id)).unwrap());
        let message = locked(&spool, &id);
        assert_eq!(message.data_file().body_len().unwrap(), size as u64);
        assert_eq!(body_of(&message), body);
    }
}

#[test]
fn a_message_that_is_not_committed_leaves_nothing() {
    let scratch = Scratch::new();
    let spool = scratch.open(SpoolConfig::default());
    let id = spool.allocate_id().unwrap();
    drop(spool.begin(id).unwrap());
    spool.begin(id).unwrap().abandon().unwrap();
    let mut refused = header(id);
    refused.sender = b"a\n-local".to_vec();
    let error = spool.commit(spool.begin(id).unwrap(), refused).err().unwrap();
    assert_eq!((error.fault(), error.is_temporary()), (SpoolFault::Refused, false));
    assert_eq!(scratch.files("input"), [""; 0]);
}

#[test]
fn an_id_is_used_once() {
    let scratch = Scratch::new();
    let spool = scratch.open(SpoolConfig::default());
    let id = commit(&spool, b"").id();
    assert_eq!(spool.begin(id).err().unwrap().fault(), SpoolFault::IdInUse);
    assert_eq!(locked(&spool, &id).header().id, id, "the first one is still there");
}

#[test]
fn one_holder_at_a_time_in_this_process_and_among_all() {
    let scratch = Scratch::new();
    let spool = scratch.open(SpoolConfig::default());
    let other = scratch.open(SpoolConfig::default());
    let committed = commit(&spool, b"body");
    let id = committed.id();
    assert!(is_busy(&spool, &id) && is_busy(&other, &id), "the receiver has it");
    let message = committed.into_locked();
    assert!(is_busy(&spool, &id) && is_busy(&other, &id), "the first delivery has it");
    drop(message);
    let message = locked(&other, &id);
    assert!(is_busy(&spool, &id));
    message.finish().unwrap();
    assert!(matches!(spool.lock(&id).unwrap(), LockOutcome::Gone));
    assert_eq!(scratch.files("input"), [""; 0]);
}

#[test]
fn a_child_that_has_the_descriptor_keeps_the_lock() {
    let scratch = Scratch::new();
    let spool = scratch.open(SpoolConfig::default());
    let id = commit(&spool, b"body").id();
    let message = locked(&spool, &id);
    let descriptor = message.data_file().duplicate().unwrap();
    drop(message);
    assert!(is_busy(&spool, &id));
    drop(descriptor);
    locked(&spool, &id);
}

#[test]
fn reading_without_the_lock() {
    let scratch = Scratch::new();
    let spool = scratch.open(SpoolConfig::default());
    let mut message = commit(&spool, b"body").into_locked();
    let id = message.id();
    message.journal_append(&[b"joe@c.example"]).unwrap();
    let seen = spool.read_header(&id).unwrap().unwrap();
    assert!(seen.nonrecipients.contains(b"joe@c.example"));
    assert_eq!(spool.read_header_bytes(&id).unwrap().unwrap(), header(id).encode().unwrap());
    assert_eq!(spool.open_data(&id).unwrap().unwrap().body_len().unwrap(), 4);
    let unknown = "1abcDE-000000ABCDE-01Fh".parse().unwrap();
    assert!(spool.read_header(&unknown).unwrap().is_none() && spool.open_data(&unknown).unwrap().is_none());
}

#[test]
fn the_journal_is_merged() {
    let scratch = Scratch::new();
    let spool = scratch.open(SpoolConfig::default());
    let mut message = commit(&spool, b"").into_locked();
    let id = message.id();
    message.journal_append(&[b"joe@c.example"]).unwrap();
    assert_eq!(std::fs::read(scratch.0.join(format!("input/{id}-J"))).unwrap(), b"joe@c.example\n");
    // A header that was made before the delivery doesn't make it undone.
    message.rewrite_header(header(id)).unwrap();
    assert!(message.header().nonrecipients.contains(b"joe@c.example") && !message.has_journal());
    assert_eq!(scratch.files("input").len(), 2, "-J is gone");
    drop(message);

    // Half a line at the end, as a crash leaves it.
    std::fs::write(scratch.0.join(format!("input/{id}-J")), "ann@c.example\nhalf@c").unwrap();
    let mut message = locked(&spool, &id);
    assert!(message.has_journal());
    let want: NonRecipients = [&b"joe@c.example"[..], b"ann@c.example"].into_iter().collect();
    assert_eq!(message.header().nonrecipients, want);
    message.journal_append(&[b"late@c.example"]).unwrap();
    let journal = std::fs::read(scratch.0.join(format!("input/{id}-J"))).unwrap();
    assert_eq!(journal, b"ann@c.example\nlate@c.example\n");
}

#[test]
fn both_layouts_and_both_lengths_are_read() {
    let scratch = Scratch::new();
    let mut written = Vec::new();
    for (split, short_ids) in [(false, false), (true, false), (false, true), (true, true)] {
        let spool = scratch.open(SpoolConfig { split, short_ids, ..SpoolConfig::default() });
        let id = commit(&spool, b"").id();
        assert_eq!(id.is_long(), !short_ids);
        let directory =
            if split { format!("input/{}", char::from(id.as_bytes()[5])) } else { "input".into() };
        assert!(scratch.files(&directory).contains(&format!("{id}-H")));
        written.push(id);
    }
    written.sort();
    for split in [false, true] {
        let spool = scratch.open(SpoolConfig { split, ..SpoolConfig::default() });
        assert_eq!(spool.message_ids().unwrap(), written);
        for id in &written {
            assert_eq!(locked(&spool, id).header().id, *id);
        }
    }
}

#[test]
fn named_queues_are_apart() {
    let scratch = Scratch::new();
    let spool = scratch.open(SpoolConfig { split: true, ..SpoolConfig::default() });
    let slow = spool.named(QueueName::parse(b"slow").unwrap());
    let (here, there) = (commit(&spool, b"").id(), commit(&slow, b"").id());
    assert_eq!(spool.message_ids().unwrap(), [here]);
    assert_eq!(slow.message_ids().unwrap(), [there]);
    assert_eq!(scratch.files("slow/input"), [char::from(there.as_bytes()[5]).to_string()]);
    assert!(matches!(spool.lock(&there).unwrap(), LockOutcome::Gone));
    assert_eq!(spool.queue_names().unwrap(), [slow.queue().clone()]);
}

#[test]
fn a_scan_can_be_stopped_and_skips_what_is_no_message() {
    let scratch = Scratch::new();
    let spool = scratch.open(SpoolConfig::default());
    assert_eq!(spool.message_ids().unwrap(), [], "a spool without a directory yet");
    for _ in 0..5 {
        commit(&spool, b"");
    }
    for name in ["README", "1abcDE-00ABCD-Fh-K", "hdr.x", "1abcDE-00ABCD-Fh-J"] {
        std::fs::write(scratch.0.join("input").join(name), "").unwrap();
    }
    assert_eq!(spool.message_ids().unwrap().len(), 5);
    let mut seen = 0;
    let stop_at_two = &mut |_| {
        seen += 1;
        if seen == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    spool.scan(stop_at_two).unwrap();
    assert_eq!(seen, 2);
}

#[test]
fn links_are_not_followed() {
    let scratch = Scratch::new();
    let spool = scratch.open(SpoolConfig::default());
    let id = commit(&spool, b"").id();
    let header = scratch.0.join(format!("input/{id}-H"));
    std::fs::rename(&header, scratch.0.join("elsewhere")).unwrap();
    std::os::unix::fs::symlink(scratch.0.join("elsewhere"), &header).unwrap();
    assert!(spool.lock(&id).is_err());
}

#[test]
fn damaged_messages_are_told_and_put_aside() {
    let scratch = Scratch::new();
    let spool = scratch.open(SpoolConfig::default());
    for (suffix, content) in [("H", "nonsense"), ("H", ""), ("D", "1abcDE-00ABCD-Fh-D\n"), ("D", "")] {
        let id = commit(&spool, b"body").id();
        std::fs::write(scratch.0.join(format!("input/{id}-{suffix}")), content).unwrap();
        let error = spool.lock(&id).err().unwrap();
        assert_eq!((error.fault(), error.is_temporary()), (SpoolFault::Damaged, false));
        assert!(spool.set_aside(&id).unwrap());
        assert!(matches!(spool.lock(&id).unwrap(), LockOutcome::Gone));
        assert!(scratch.files("damaged").contains(&format!("{id}-{suffix}")));
    }
    assert_eq!(spool.message_ids().unwrap(), []);
}

#[test]
fn another_messages_header_is_damage() {
    let scratch = Scratch::new();
    let spool = scratch.open(SpoolConfig::default());
    let (one, two) = (commit(&spool, b"").id(), commit(&spool, b"").id());
    let path = |id| scratch.0.join(format!("input/{id}-H"));
    std::fs::copy(path(one), path(two)).unwrap();
    assert_eq!(spool.lock(&two).err().unwrap().fault(), SpoolFault::Damaged);
}

#[test]
fn what_may_be_under_way_is_not_recovered() {
    let scratch = Scratch::new();
    let clock = Arc::new(FixedClock::new(Timestamp::from_secs(i64::from(i32::MAX) * 2)));
    let spool = Spool::open(&scratch.0, SpoolConfig::default(), clock).unwrap();
    let writer = spool.begin(spool.allocate_id().unwrap()).unwrap();
    let report = scratch.open(SpoolConfig::default()).recover().unwrap();
    assert!(report.removed.is_empty(), "younger than a day");
    assert!(spool.recover().unwrap().removed.is_empty(), "old by that clock, but locked");
    let id = writer.id();
    drop(spool.commit(writer, header(id)).unwrap());
    std::fs::remove_file(scratch.0.join(format!("input/{id}-D"))).unwrap();
    let report = spool.recover().unwrap();
    assert_eq!(report.put_aside, [id]);
    assert_eq!(scratch.files("damaged"), [format!("{id}-H")]);
}

#[test]
fn many_commits_at_once_share_their_syncs() {
    let scratch = Scratch::new();
    let spool = scratch.open(SpoolConfig::default());
    let ids: Vec<MessageId> = std::thread::scope(|scope| {
        let commits = || (0..20).map(|_| commit(&spool, b"body").id()).collect::<Vec<_>>();
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(commits)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 320);
    assert_eq!(spool.message_ids().unwrap().len(), 320);
    let counts = spool.sync_counts();
    let own_syncs = counts.files + counts.filesystems;
    assert!((1..=640).contains(&own_syncs), "{counts:?}");
    assert!(counts.directory_requests >= 320, "{counts:?}");
    assert!(counts.directories <= counts.directory_requests, "{counts:?}");
}

#[test]
fn several_spools_on_one_directory_give_different_ids() {
    let scratch = Scratch::new();
    let ids: Vec<MessageId> = std::thread::scope(|scope| {
        let one_spool = || {
            let spool = scratch.open(SpoolConfig::default());
            (0..50).map(|_| spool.allocate_id().unwrap()).collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(one_spool)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 400);
}

#[test]
fn the_message_log_goes_with_the_message() {
    let scratch = Scratch::new();
    let spool = scratch.open(SpoolConfig { split: true, ..SpoolConfig::default() });
    let message = commit(&spool, b"").into_locked();
    let id = message.id();
    message.log(b"one\n").unwrap();
    message.log(b"two\n").unwrap();
    assert_eq!(spool.read_message_log(&id).unwrap().unwrap(), b"one\ntwo\n");
    let reader = scratch.open(SpoolConfig::default());
    assert_eq!(reader.read_message_log(&id).unwrap().unwrap(), b"one\ntwo\n");
    message.finish().unwrap();
    assert_eq!(spool.read_message_log(&id).unwrap(), None);
}

#[test]
fn a_failed_sync_of_the_directory_takes_the_message_back() {
    let disk = SimDisk::new();
    let clock = Arc::new(FixedClock::new(Timestamp::from_secs(1_795_354_770)));
    let spool = Spool::on_disk(Arc::new(disk.clone()), SpoolConfig::default(), clock);
    commit(&spool, b"");
    let before = disk.files();
    let id = spool.allocate_id().unwrap();
    let mut writer = spool.begin(id).unwrap();
    writer.write(b"body").unwrap();
    // write -D, sync it, create, write and sync hdr., rename it; then the directory.
    disk.fail_after(6, Errno::IO);
    let error = spool.commit(writer, header(id)).err().unwrap();
    assert!(error.to_string().contains("syncing the directory"), "{error}");
    assert_eq!(error.reply().code, 451);
    assert_eq!(disk.files(), before);
}

#[test]
fn a_journal_that_failed_is_replaced_by_a_new_header() {
    let disk = SimDisk::new();
    let clock = Arc::new(FixedClock::new(Timestamp::from_secs(1_795_354_770)));
    let spool = Spool::on_disk(Arc::new(disk.clone()), SpoolConfig::default(), clock);
    let mut message = commit(&spool, b"").into_locked();
    message.journal_append(&[b"joe@c.example"]).unwrap();
    // The write succeeds, the sync fails: that file is never synced again.
    disk.fail_after(1, Errno::IO);
    message.journal_append(&[b"ann@c.example"]).unwrap();
    assert!(!message.has_journal());
    let id = message.id();
    drop(message);
    let message = locked(&spool, &id);
    for address in [&b"joe@c.example"[..], b"ann@c.example"] {
        assert!(message.header().nonrecipients.contains(address));
    }
}

#[test]
fn a_failed_sync_of_everything_fails_all_whose_data_it_lost() {
    let disk = SimDisk::new();
    let clock = Arc::new(FixedClock::new(Timestamp::from_secs(1_795_354_770)));
    let config = SpoolConfig { group_sync_from: 1, ..SpoolConfig::default() };
    let spool = Spool::on_disk(Arc::new(disk.clone()), config, clock);
    let (one, two) = (spool.allocate_id().unwrap(), spool.allocate_id().unwrap());
    let mut early = spool.begin(one).unwrap();
    early.write(b"body").unwrap();
    early.flush().unwrap();
    // Another message's sync fails, and with it the write-out of the first one's data.
    let writer = spool.begin(two).unwrap();
    disk.fail_after(3, Errno::IO);
    let error = spool.commit(writer, header(two)).err().unwrap();
    assert!(error.to_string().starts_with("syncing"), "{error}");
    // Now the sync of everything succeeds, but the data are gone.
    assert_eq!(spool.commit(early, header(one)).err().unwrap().reply().code, 451);
    assert_eq!(spool.message_ids().unwrap(), []);
    commit(&spool, b"the next one is safe again");
    disk.reboot(Survivors::Synced);
    assert_eq!(spool.message_ids().unwrap().len(), 1);
}

#[test]
fn a_slow_sync_of_everything_is_not_repeated_at_once() {
    /// A clock on which every look takes a second.
    struct SlowClock(AtomicU32);
    impl Clock for SlowClock {
        fn now(&self) -> Timestamp {
            Timestamp::from_secs(i64::from(self.0.fetch_add(1, Ordering::Relaxed)))
        }
    }
    let config = SpoolConfig { group_sync_from: 1, ..SpoolConfig::default() };
    let spool = Spool::on_disk(Arc::new(SimDisk::new()), config, Arc::new(SlowClock(AtomicU32::new(1))));
    commit(&spool, b"");
    let first = spool.sync_counts();
    assert_eq!((first.filesystems, first.files), (1, 0));
    commit(&spool, b"");
    let second = spool.sync_counts();
    assert_eq!((second.filesystems, second.files), (1, 2));
}
