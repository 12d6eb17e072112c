//! Texts and changes as the oracle has them.

use mail_types::Timestamp;
use mail_types::clock::FixedClock;
use observe::{LogSettings, MemorySink};
use spool::SpoolConfig;
use std::sync::Arc;

use super::*;

struct World {
    spool: Spool,
    log: Log,
    lines: Arc<MemorySink>,
    id: MessageId,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(FixedClock::new(Timestamp::from_secs(1_795_366_136)));
        let spool =
            Spool::on_disk(Arc::new(spool::disk::SimDisk::new()), SpoolConfig::default(), clock.clone());
        let (log, lines) = Log::to_memory(LogSettings::default(), clock);
        let id = spool.allocate_id().unwrap();
        let mut writer = spool.begin(id).unwrap();
        writer.write(b"body\n").unwrap();
        let mut header = Header::new(id, "s2@local.test", Timestamp::from_secs(1_795_366_000));
        header.recipients = ["user@local.test", "b@local.test"].map(Recipient::new).to_vec();
        drop(spool.commit(writer, header).unwrap());
        Self { spool, log, lines, id }
    }

    fn change(&self, change: &Change) -> (String, bool) {
        let actor = Actor { spool: &self.spool, log: &self.log, user: b"root", now: 1_795_366_136 };
        let done = actor.change(&self.id, change);
        (done.text.replace(self.id.as_str(), "ID"), done.ok)
    }

    fn header(&self) -> Header {
        self.spool.read_header(&self.id).unwrap().unwrap()
    }

    fn log(&self) -> Vec<String> {
        self.lines.main().iter().map(|line| line[20..].replace(self.id.as_str(), "ID")).collect()
    }
}

fn list(items: &[&str]) -> Vec<Vec<u8>> {
    items.iter().map(|item| item.as_bytes().to_vec()).collect()
}

#[test]
fn freezing_and_thawing() {
    let world = World::new();
    for (change, text, ok) in [
        (Change::Thaw, "Message ID is not frozen\n", false),
        (Change::Freeze, "Message ID is now frozen\n", true),
        (Change::Freeze, "Message ID is already frozen\n", false),
    ] {
        assert_eq!(world.change(&change), (text.to_owned(), ok));
    }
    assert_eq!((world.header().frozen, world.header().manual_thaw), (Some(1_795_366_136), false));
    assert_eq!(world.change(&Change::Thaw), ("Message ID is no longer frozen\n".to_owned(), true));
    assert_eq!((world.header().frozen, world.header().manual_thaw), (None, true));
    assert_eq!(world.log(), ["ID frozen by root", "ID unfrozen by root"]);
}

#[test]
fn marking_as_delivered() {
    let world = World::new();
    assert_eq!(
        world.change(&Change::MarkDelivered(list(&["user@local.test", "USER@local.test"]))),
        (
            "Message ID - error while marking as delivered:\n  USER@local.test is not a recipient: message not updated\n"
                .to_owned(),
            false
        )
    );
    // As with Exim: what was understood is in the log, although nothing was written.
    assert_eq!((world.header().pending().count(), world.log().len()), (2, 1));
    assert!(world.change(&Change::MarkDelivered(list(&["b@local.test"]))).1);
    assert_eq!(world.header().pending().count(), 1);
    assert_eq!(world.change(&Change::MarkAllDelivered), ("Message ID has been modified\n".to_owned(), true));
    assert_eq!(world.header().pending().count(), 0);
    assert_eq!(world.log()[1], "ID address <b@local.test> marked delivered by root");
}

#[test]
fn senders_and_recipients() {
    let world = World::new();
    for (change, text, ok) in [
        (Change::EditSender(b"<>".to_vec()), "Message ID has been modified\n", true),
        (
            Change::EditSender(b"local".to_vec()),
            "Message ID - error while editing sender:\n  bad address local: domain missing\n",
            false,
        ),
        (
            Change::EditSender(Vec::new()),
            "Message ID - error while editing sender:\n  bad address : empty address\n",
            false,
        ),
        (Change::EditSender(b"<a@b>".to_vec()), "Message ID has been modified\n", true),
        (
            Change::AddRecipients(list(&["unq", "\"q q\"@x", "bad addr"])),
            "Message ID - error while adding recipient:\n  bad address unq: domain missing\n\
             - error while adding recipient:\n  \
             bad address bad addr: missing or malformed local part (expected word or \"<\")\n",
            false,
        ),
        (Change::AddRecipients(list(&["add@x.test", "add2@x.test"])), "Message ID has been modified\n", true),
    ] {
        assert_eq!(world.change(&change), (text.to_owned(), ok));
    }
    let header = world.header();
    assert_eq!((header.sender.as_slice(), header.recipients.len()), (&b"a@b"[..], 4));
    assert_eq!(
        world.log(),
        [
            "ID sender address changed to <> by root",
            "ID sender address changed to <a@b> by root",
            // As with Exim: what was understood is in the log, although nothing was written.
            "ID recipient <\"q q\"@x> added by root",
            "ID recipient <add@x.test> added by root",
            "ID recipient <add2@x.test> added by root",
        ]
    );
}

#[test]
fn removing() {
    let world = World::new();
    assert_eq!(world.change(&Change::Remove), ("Message ID has been removed\n".to_owned(), true));
    assert_eq!(world.spool.message_ids().unwrap(), []);
    let missing = "Spool data file for ID does not exist\n";
    assert_eq!(world.change(&Change::Freeze), (missing.to_owned(), false));
    assert_eq!(
        world.change(&Change::Remove),
        (
            format!(
                "{missing}Continuing, to ensure all files removed\nSpool read error for ID-H: No such file or directory\n\
                 Continuing to ensure all files removed\nMessage ID has been removed or did not exist\n"
            ),
            false
        )
    );
    assert_eq!(world.log()[..3], ["ID removed by root", "ID Completed", "ID Spool file ID-D not found"]);
}

#[test]
fn a_message_in_other_hands_is_left_alone() {
    let world = World::new();
    let LockOutcome::Locked(held) = world.spool.lock(&world.id).unwrap() else {
        panic!("nobody else has it")
    };
    assert_eq!(world.change(&Change::Remove), ("Message ID is locked\n".to_owned(), false));
    assert_eq!(world.log(), ["ID Spool file for ID is locked (another process is handling this message)"]);
    drop(held);
}
