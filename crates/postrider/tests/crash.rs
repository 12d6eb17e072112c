//! The whole program is killed at random moments while clients load it: nothing that was answered 250 is lost or
//! altered, and only deliveries under way at a kill happen twice.
#![allow(clippy::expect_used, clippy::print_stderr, reason = "test code outside #[test] functions")]

mod harness;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use harness::{Client, PATIENCE, POSTRIDER, Random, Scratch, Server};

const CLIENTS: u64 = 4;
const SEED: u64 = 20_261_122;
/// Rounds under CI and elsewhere; `POSTRIDER_CRASH_ROUNDS` overrides both.
const ROUNDS_IN_CI: u64 = 20;
const ROUNDS: u64 = 5;

const CONFIG: &str = "\
primary_hostname = mail.example.net
spool_directory = @DIR@/spool
log_file_path = @DIR@/log/%slog
keep_environment =
tls_advertise_hosts =
acl_smtp_rcpt = accept
split_spool_directory
prod_requires_admin = false
smtp_accept_queue_per_connection = 0
begin routers
local:
  driver = accept
  domains = local.example
  transport = box
begin transports
box:
  driver = appendfile
  directory = @DIR@/mail/${lookup{$local_part}lsearch{@DIR@/boxes}}
  maildir_format
  create_directory
@USER@begin retry
* * F,1h,1s
";

/// A message to a mailbox.
type Delivery = (u64, String);

#[test]
fn killed_at_random_moments_nothing_accepted_is_lost() {
    if harness::is_root()
        && !harness::has(harness::mail_user().is_some(), "the user Debian-exim (exim4-base)")
    {
        return;
    }
    let rounds = std::env::var("POSTRIDER_CRASH_ROUNDS").ok().and_then(|n| n.parse().ok());
    let rounds = rounds.unwrap_or(if harness::in_ci() { ROUNDS_IN_CI } else { ROUNDS });
    let scratch = Scratch::new("crash");
    scratch.write("boxes", "one: one\ntwo: two\n");
    let user = if harness::is_root() { "  user = Debian-exim\n" } else { "" };
    let config = scratch.write("exim.conf", &CONFIG.replace("@USER@", user));

    let port = harness::free_port();
    let mut load = Load::start(port);
    let mut random = Random::new(SEED);
    let mut under_way = BTreeMap::new();
    for round in 0..rounds {
        let server = Server::start(&config, port, &["-q1s"]);
        load.wait_for(5 + random.below(60), round);
        // Somewhere within the handling of the next messages.
        std::thread::park_timeout(Duration::from_micros(random.below(20_000)));
        server.kill();
        for (delivery, copies) in deliveries_under_way(&scratch) {
            let most: &mut usize = under_way.entry(delivery).or_default();
            *most = copies.max(*most);
        }
    }
    let accepted = load.finish();

    let begin = Instant::now();
    while !scratch.queue().is_empty() {
        let ran = harness::run(POSTRIDER, &["-C", &config.to_string_lossy(), "-qff"], b"");
        harness::succeeded(&ran);
        assert!(begin.elapsed() < PATIENCE, "the queue never became empty: {:?}", scratch.queue());
    }
    judge(&scratch, &accepted, &under_way, rounds);
}

/// The same in the form of decision 9 without privileges: the tests run as root, so the test starts itself as nobody.
#[test]
fn killed_as_an_ordinary_user_nothing_accepted_is_lost() {
    if !harness::is_root() || !harness::has(Path::new("/usr/bin/setpriv").exists(), "setpriv (util-linux)") {
        return;
    }
    let this = std::env::current_exe().expect("this program has a path");
    let as_nobody = || {
        let mut command = std::process::Command::new("/usr/bin/setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
        command.env("POSTRIDER_CRASH_ROUNDS", "2");
        command
    };
    let reachable = as_nobody().args(["test", "-x", POSTRIDER]).status().is_ok_and(|status| status.success());
    if !harness::has(reachable, "a build directory that nobody may enter") {
        return;
    }
    let output = as_nobody()
        .arg(this)
        .args(["--exact", "--nocapture", "killed_at_random_moments_nothing_accepted_is_lost"])
        .output()
        .expect("the test starts");
    harness::succeeded(&output);
    assert!(harness::both(&output).contains("2 rounds, "), "{}", harness::both(&output));
}

/// `under_way`: the copies that a delivery had left behind when it was cut off; one more may follow.
fn judge(scratch: &Scratch, accepted: &BTreeSet<u64>, under_way: &BTreeMap<Delivery, usize>, rounds: u64) {
    let delivered = delivered(scratch);
    let wanted = accepted.iter().flat_map(|id| mailboxes(*id).into_iter().map(|mailbox| (*id, mailbox)));
    let lost: Vec<Delivery> = wanted.filter(|delivery| !delivered.contains_key(delivery)).collect();
    assert!(lost.is_empty(), "accepted and lost: {}", harness::some_of(&lost));
    let duplicates: usize = delivered.values().map(|copies| copies - 1).sum();
    eprintln!(
        "{rounds} rounds, {} messages accepted, {} deliveries under way at a kill, {duplicates} duplicates",
        accepted.len(),
        under_way.len()
    );
    let explained = |d: &Delivery| under_way.get(d).copied().unwrap_or_default() + 1;
    let unexplained: Vec<_> = delivered.iter().filter(|(d, copies)| **copies > explained(d)).collect();
    assert!(unexplained.is_empty(), "delivered again, not under way: {}", harness::some_of(&unexplained));
}

/// How often every message stands in every Maildir, all of them unaltered.
fn delivered(scratch: &Scratch) -> BTreeMap<Delivery, usize> {
    let mut delivered = BTreeMap::new();
    for mailbox in ["one", "two"] {
        for message in harness::maildir(&scratch.at("mail").join(mailbox)) {
            *delivered.entry((harness::unaltered(&message), mailbox.to_owned())).or_default() += 1;
        }
    }
    delivered
}

/// The mailboxes that message `id` goes to: every third goes to both, so that one delivery of two may be done.
fn mailboxes(id: u64) -> Vec<String> {
    let names: &[&str] = match id % 3 {
        0 => &["one"],
        1 => &["two"],
        _ => &["one", "two"],
    };
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// What stands in a Maildir of a message that the queue still holds and does not record as done for that mailbox.
fn deliveries_under_way(scratch: &Scratch) -> BTreeMap<Delivery, usize> {
    let mut pending: BTreeSet<Delivery> = BTreeSet::new();
    for header in harness::files_below(&scratch.at("spool/input")) {
        if header.to_string_lossy().ends_with("-H") {
            let text = harness::read_text(&header);
            let journal = harness::read_text(Path::new(&header.to_string_lossy().replace("-H", "-J")));
            let id = text.lines().find_map(|l| l.split_once("X-Case: ")).and_then(|(_, id)| id.parse().ok());
            let id: u64 = id.expect("every message carries its case");
            pending
                .extend(mailboxes(id).into_iter().filter(|m| !is_done(&text, &journal, m)).map(|m| (id, m)));
        }
    }
    let mut found = delivered(scratch);
    found.retain(|delivery, _| pending.contains(delivery));
    found
}

/// Whether the tree of addresses that are done (lines `YN address`) or the journal names the mailbox.
fn is_done(header: &str, journal: &str, mailbox: &str) -> bool {
    let address = format!("{mailbox}@local.example");
    let tree = ["NN", "YN", "NY", "YY"].map(|branches| format!("{branches} {address}"));
    header.lines().any(|line| tree.iter().any(|node| node == line))
        || journal.lines().any(|line| line == address)
}

/// Clients that send as fast as they can and connect again whenever the server goes away.
struct Load {
    threads: Vec<JoinHandle<()>>,
    ends: Arc<AtomicBool>,
    accepted: Receiver<u64>,
    seen: BTreeSet<u64>,
}

impl Load {
    fn start(port: u16) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let next = Arc::new(AtomicU64::new(0));
        let (tell, accepted) = channel();
        let threads = (0..CLIENTS)
            .map(|_| {
                let (ends, next, tell) = (Arc::clone(&ends), Arc::clone(&next), tell.clone());
                std::thread::spawn(move || client(port, &ends, &next, &tell))
            })
            .collect();
        Self { threads, ends, accepted, seen: BTreeSet::new() }
    }

    /// Waits until `count` more messages were accepted.
    fn wait_for(&mut self, count: u64, round: u64) {
        for _ in 0..count {
            let id = self.accepted.recv_timeout(PATIENCE);
            let id = id.unwrap_or_else(|e| panic!("round {round}: the server accepts nothing: {e}"));
            self.seen.insert(id);
        }
    }

    fn finish(self) -> BTreeSet<u64> {
        self.ends.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().expect("a client ends well");
        }
        let mut seen = self.seen;
        seen.extend(self.accepted.try_iter());
        seen
    }
}

fn client(port: u16, ends: &AtomicBool, next: &AtomicU64, tell: &Sender<u64>) {
    while !ends.load(Ordering::Relaxed) {
        let Ok(mut session) = Client::connect(port) else {
            std::thread::park_timeout(Duration::from_millis(5));
            continue;
        };
        if session.say(b"EHLO client.example\r\n").code != 250 {
            continue;
        }
        while !ends.load(Ordering::Relaxed) {
            let id = next.fetch_add(1, Ordering::Relaxed);
            let to: Vec<String> = mailboxes(id).iter().map(|m| format!("{m}@local.example")).collect();
            let reply = session.send("sender@sender.example", &to, &harness::message(id));
            if reply.code != 250 {
                // Nobody is refused here: the server was killed.
                assert!(matches!(reply.code, 0 | 421), "message {id}: {reply:?}");
                break;
            }
            tell.send(id).expect("the test listens");
        }
    }
}
