//! The power goes off after every single file-system call; any single call fails. Nothing that was acknowledged is lost.
//!
//! One scenario does everything that a message can meet: commit, journal, rewriting, a second round, the end. It keeps
//! account of what was acknowledged. After each cut the disk is started again with one of several ideas of what survives,
//! recovery runs, and the account is compared with what is there.

#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use mail_types::clock::FixedClock;
use mail_types::{Clock, MessageId, Timestamp};
use postrider_spool::disk::{SimDisk, Survivors};
use postrider_spool::{
    DataWriter, Ending, Header, HeaderKind, HeaderLine, LockOutcome, Recipient, Spool, SpoolConfig,
    SpoolError,
};
use rustix::io::Errno;

const START: Timestamp = Timestamp(1_795_354_770_123_456);

/// What is known of a message.
#[derive(Clone, Debug, Default)]
struct Account {
    body: Vec<u8>,
    committed: bool,
    /// Deliveries that were acknowledged, and those that were tried.
    noted: BTreeSet<Vec<u8>>,
    tried: BTreeSet<Vec<u8>>,
    /// Counts of warnings that -H may hold: from the last acknowledged on.
    warnings: Vec<i64>,
    ending: bool,
    ended: bool,
}

struct World {
    disk: SimDisk,
    clock: Arc<FixedClock>,
    spool: Spool,
    accounts: BTreeMap<MessageId, Account>,
    errors: Vec<SpoolError>,
}

impl World {
    fn new(split: bool) -> Self {
        let disk = SimDisk::new();
        let clock = Arc::new(FixedClock::new(START));
        disk.set_time(START.secs());
        let spool = open(&disk, &clock, split);
        Self { disk, clock, spool, accounts: BTreeMap::new(), errors: Vec::new() }
    }

    /// Everything, in order; a step that fails ends the work on its message.
    fn scenario(&mut self) {
        for (number, size) in [(1, 10), (2, 50_000), (3, 0)] {
            let result = self.message(number, size);
            self.errors.extend(result.err());
        }
        if let Err(error) = self.together() {
            self.errors.push(error);
        }
    }

    /// Two come, then one more comes while those two go: each time with syncs that are for all of them.
    fn together(&mut self) -> Result<(), SpoolError> {
        let arriving = vec![self.writer(4)?, self.writer(5)?];
        let endings = self.carry_out(arriving, Vec::new());
        let arriving = self.writer(6).into_iter().collect();
        self.carry_out(arriving, endings);
        Ok(())
    }

    fn writer(&mut self, number: u8) -> Result<DataWriter, SpoolError> {
        let id = self.spool.allocate_id()?;
        let body = vec![b'a' + number; usize::from(number) * 1000];
        self.accounts.insert(id, Account { body: body.clone(), warnings: vec![0], ..Account::default() });
        let mut writer = self.spool.begin(id)?;
        writer.write(&body)?;
        Ok(writer)
    }

    /// Gives what is to be ended next: all that was committed now, with a delivery that no journal holds.
    fn carry_out(&mut self, arriving: Vec<DataWriter>, leaving: Vec<Ending>) -> Vec<Ending> {
        let arriving: Vec<_> = arriving
            .into_iter()
            .map(|writer| {
                let header = header(writer.id(), self.clock.now());
                (writer, header)
            })
            .collect();
        let leaving_ids: Vec<MessageId> = leaving.iter().map(|ending| ending.message.id()).collect();
        for ending in &leaving {
            let delivered = ending.delivered.clone();
            let account = self.account(ending.message.id());
            account.tried.extend(delivered);
            account.ending = true;
        }
        let (committed, ended) = self.spool.carry_out(arriving, leaving);
        for (id, result) in leaving_ids.into_iter().zip(ended) {
            match result {
                Ok(()) => self.account(id).ended = true,
                Err(error) => self.errors.push(error),
            }
        }
        let mut next = Vec::new();
        for result in committed {
            match result {
                Ok(committed) => {
                    self.account(committed.id()).committed = true;
                    let delivered = vec![b"one@b.example".to_vec()];
                    next.push(Ending { message: committed.into_locked(), delivered, keep_log: false });
                }
                Err(error) => self.errors.push(error),
            }
        }
        next
    }

    fn message(&mut self, number: usize, size: usize) -> Result<(), SpoolError> {
        let id = self.spool.allocate_id()?;
        let body = vec![b'a' + number as u8; size];
        self.accounts.insert(id, Account { body: body.clone(), warnings: vec![0], ..Account::default() });
        let mut writer = self.spool.begin(id)?;
        for chunk in body.chunks(7_000) {
            writer.write(chunk)?;
        }
        let mut message = self.spool.commit(writer, header(id, self.clock.now()))?.into_locked();
        self.account(id).committed = true;

        self.note(&mut message, &["one@b.example"])?;
        self.note(&mut message, &["two@b.example", "three@b.example"])?;
        self.warn(&mut message)?;
        drop(message);

        let LockOutcome::Locked(mut message) = self.spool.lock(&id)? else { panic!("{id} is busy or gone") };
        self.note(&mut message, &["four@b.example"])?;
        self.warn(&mut message)?;
        self.note(&mut message, &["five@b.example"])?;
        if number == 3 {
            return Ok(());
        }
        self.account(id).ending = true;
        message.finish()?;
        self.account(id).ended = true;
        Ok(())
    }

    fn note(
        &mut self,
        message: &mut postrider_spool::LockedMessage,
        addresses: &[&str],
    ) -> Result<(), SpoolError> {
        let addresses: Vec<&[u8]> = addresses.iter().map(|address| address.as_bytes()).collect();
        let account = self.account(message.id());
        account.tried.extend(addresses.iter().map(|address| address.to_vec()));
        if let Err(error) = message.journal_append(&addresses) {
            // Whoever delivers tries once more: what is delivered must be noted.
            self.errors.push(error);
            message.journal_append(&addresses)?;
        }
        self.account(message.id()).noted.extend(addresses.iter().map(|address| address.to_vec()));
        Ok(())
    }

    fn warn(&mut self, message: &mut postrider_spool::LockedMessage) -> Result<(), SpoolError> {
        let mut header = message.header().clone();
        header.warning_count += 1;
        let count = header.warning_count;
        self.account(message.id()).warnings.push(count);
        message.rewrite_header(header)?;
        self.account(message.id()).warnings = vec![count];
        Ok(())
    }

    fn account(&mut self, id: MessageId) -> &mut Account {
        self.accounts.entry(id).or_default()
    }

    /// Starts the disk again, recovers, and compares.
    fn check(mut self, survivors: Survivors, split: bool, case: &str) {
        let case = format!("{case}, {survivors:?}; calls:\n{}", self.disk.trace().join("\n"));
        self.disk.reboot(survivors);
        self.disk.fail_changes(None);
        self.clock.advance(Duration::from_hours(72));
        // The other layout than the one that wrote: both are read.
        self.spool = open(&self.disk, &self.clock, !split);
        let report = self.spool.recover().unwrap_or_else(|error| panic!("{error}, {case}"));
        assert!(report.errors.is_empty(), "{:?}, {case}", report.errors);
        let listed: BTreeSet<MessageId> = self.spool.message_ids().unwrap().into_iter().collect();
        for (id, account) in &self.accounts {
            self.check_message(*id, account, listed.contains(id), &case);
        }
        assert!(listed.iter().all(|id| self.accounts.contains_key(id)), "{case}");
        let expected = listed.len() * 2;
        let ours =
            |path: &&std::path::PathBuf| !path.starts_with("generation") && !path.starts_with("damaged");
        let files = self.disk.files();
        assert_eq!(files.iter().filter(ours).count(), expected, "left over: {files:?}, {case}");
    }

    fn check_message(&self, id: MessageId, account: &Account, listed: bool, case: &str) {
        let must_exist = account.committed && !account.ending;
        assert!(!must_exist || listed, "{id} is lost, {case}");
        assert!(!account.ended || !listed, "{id} came back, {case}");
        if !listed {
            return;
        }
        let LockOutcome::Locked(message) = self.spool.lock(&id).unwrap_or_else(|e| panic!("{e}, {case}"))
        else {
            panic!("{id} is listed and can't be locked, {case}");
        };
        let mut body = Vec::new();
        message.data_file().reader().read_to_end(&mut body).unwrap();
        assert!(body == account.body, "the body of {id} is altered, {case}");
        let mut found = message.header().clone();
        let delivered: BTreeSet<Vec<u8>> = found.nonrecipients.iter().map(<[u8]>::to_vec).collect();
        assert!(delivered.is_superset(&account.noted), "deliveries of {id} are forgotten, {case}");
        assert!(delivered.is_subset(&account.tried), "deliveries of {id} were invented, {case}");
        assert!(account.warnings.contains(&found.warning_count), "{}, {case}", found.warning_count);
        found.nonrecipients = postrider_spool::NonRecipients::default();
        found.warning_count = 0;
        assert_eq!(found, header(id, found.received_time), "{case}");
    }
}

fn open(disk: &SimDisk, clock: &Arc<FixedClock>, split: bool) -> Spool {
    // Both ways of syncing, too: file by file, and all at once.
    let group_sync_from = if split { 1 } else { u64::MAX };
    let config = SpoolConfig { split, group_sync_from, ..SpoolConfig::default() };
    Spool::on_disk(Arc::new(disk.clone()), config, Arc::clone(clock) as Arc<dyn Clock>)
}

fn header(id: MessageId, now: Timestamp) -> Header {
    let mut header = Header::new(id, "sender@a.example", now);
    header.login = b"mail".to_vec();
    let names = ["one", "two", "three", "four", "five"];
    header.recipients = names.iter().map(|name| Recipient::new(format!("{name}@b.example"))).collect();
    let text = |text: &str| text.as_bytes().to_vec();
    header.headers = vec![
        HeaderLine { kind: HeaderKind::From, text: text("From: sender@a.example\n") },
        HeaderLine { kind: HeaderKind::Other, text: text("Subject: folded\n\tonce\n") },
    ];
    header
}

const SURVIVORS: [Survivors; 8] = [
    Survivors::Synced,
    Survivors::Everything,
    Survivors::Names,
    Survivors::Contents,
    Survivors::Some(1),
    Survivors::Some(2),
    Survivors::Some(3),
    Survivors::Some(4),
];

fn calls_of_the_scenario(split: bool) -> u64 {
    let mut world = World::new(split);
    world.scenario();
    assert!(world.errors.is_empty(), "{:?}", world.errors);
    let calls = world.disk.calls();
    world.check(Survivors::Synced, split, "no cut");
    calls
}

#[test]
fn the_power_goes_off_after_every_call() {
    for split in [false, true] {
        for cut in 0..=calls_of_the_scenario(split) {
            for survivors in SURVIVORS {
                let mut world = World::new(split);
                world.disk.power_off_after(cut);
                world.scenario();
                world.check(survivors, split, &format!("power off after call {cut}"));
            }
        }
    }
}

#[test]
fn every_call_fails_once() {
    for errno in [Errno::NOSPC, Errno::IO, Errno::ROFS, Errno::MFILE] {
        for split in [false, true] {
            for call in 0..calls_of_the_scenario(split) {
                for survivors in [Survivors::Synced, Survivors::Everything] {
                    let mut world = World::new(split);
                    world.disk.fail_after(call, errno);
                    world.scenario();
                    for error in &world.errors {
                        assert!((400..500).contains(&error.reply().code), "{error}");
                    }
                    world.check(survivors, split, &format!("call {} fails with {errno:?}", call + 1));
                }
            }
        }
    }
}

#[test]
fn every_call_fails_and_some_after_it() {
    for count in [2, 3, 5] {
        for split in [false, true] {
            for call in 0..calls_of_the_scenario(split) {
                let mut world = World::new(split);
                world.disk.fail_some_after(call, count, Errno::IO);
                world.scenario();
                world.check(Survivors::Synced, split, &format!("{count} calls fail from {}", call + 1));
            }
        }
    }
}

/// A failure and then a power cut: what was removed after the failure may come back, but never as an altered message.
#[test]
fn every_call_fails_once_and_the_power_goes_off_some_calls_later() {
    for call in 0..calls_of_the_scenario(false) {
        for later in [1, 2, 4, 9] {
            for survivors in [Survivors::Synced, Survivors::Names, Survivors::Some(call)] {
                let mut world = World::new(false);
                world.disk.fail_after(call, Errno::IO);
                world.disk.power_off_after(call + later);
                world.scenario();
                world.check(survivors, false, &format!("call {} fails, power off {later} later", call + 1));
            }
        }
    }
}

#[test]
fn a_full_disk_refuses_and_then_works_again_by_itself() {
    for errno in [Errno::NOSPC, Errno::ROFS, Errno::MFILE] {
        let mut world = World::new(true);
        world.disk.fail_changes(Some(errno));
        world.scenario();
        let codes: BTreeSet<u16> = world.errors.iter().map(|error| error.reply().code).collect();
        assert_eq!(codes, BTreeSet::from([if errno == Errno::NOSPC { 452 } else { 451 }]), "{errno:?}");
        world.disk.fail_changes(None);
        world.errors.clear();
        world.scenario();
        assert!(world.errors.is_empty(), "{:?}", world.errors);
        assert_eq!(world.accounts.values().filter(|account| account.ended).count(), 4);
        world.check(Survivors::Synced, true, "after the disk had room again");
    }
}
