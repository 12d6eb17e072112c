//! A full disk, a read-only spool, too few descriptors: the server answers 4xx, loses nothing it accepted, and works
//! again by itself when the cause is gone.
#![allow(clippy::expect_used, reason = "test code outside #[test] functions")]

mod harness;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::{Client, POSTRIDER, Reply, Scratch, Server, has, inside, is_root, mail_user, until};

const CONFIG: &str = "\
primary_hostname = mail.example.net
spool_directory = @DIR@/spool
log_file_path = @DIR@/log/%slog
keep_environment =
tls_advertise_hosts =
check_spool_space = 0
check_spool_inodes = 0
check_log_space = 0
smtp_accept_max = 200
smtp_accept_queue_per_connection = 0
queue_only = @QUEUE_ONLY@
acl_smtp_rcpt = accept
begin routers
local:
  driver = accept
  domains = local.example
  transport = box
begin transports
box:
  driver = appendfile
  directory = @DIR@/mail/box
  maildir_format
  create_directory
  user = Debian-exim
begin retry
* * F,1h,1s
";

fn can_run() -> bool {
    has(is_root(), "root") && has(mail_user().is_some(), "the user Debian-exim (exim4-base)")
}

/// A scratch directory whose spool is a small disk of its own (in this test's mount namespace).
fn small_disk(name: &str, queue_only: bool) -> (Scratch, PathBuf) {
    let scratch = Scratch::new(name);
    let spool = scratch.at("spool");
    mount(&["-t", "tmpfs", "-o", "size=512k,mode=0750", "tmpfs"], &spool);
    harness::give_to_mail_user(&spool);
    let config = scratch.write("exim.conf", &CONFIG.replace("@QUEUE_ONLY@", &queue_only.to_string()));
    (scratch, config)
}

fn mount(args: &[&str], place: &Path) {
    harness::succeeded(&harness::run_command(Command::new("mount").args(args).arg(place), b""));
}

fn hints_elsewhere(spool: &Path) -> Mounted {
    let hints = spool.join("db");
    fs::create_dir(&hints).expect("a directory");
    mount(&["-t", "tmpfs", "-o", "mode=0750", "tmpfs"], &hints);
    harness::give_to_mail_user(&hints);
    Mounted(hints)
}

/// Makes the mount read-only or writable; false while a file on it is open for writing.
fn remount(place: &Path, how: &str) -> bool {
    let options = format!("remount,bind,{how}");
    harness::run_command(Command::new("mount").args(["-o", &options]).arg(place), b"").status.success()
}

/// Unmounts when the test ends, so that the scratch directory can be removed.
struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        // A failure shows in the scratch directory that stays; the namespace ends with the test.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

fn send(client: &mut Client, id: u64) -> Reply {
    client.send("sender@sender.example", &["someone@local.example".to_owned()], &harness::message(id))
}

fn greeted(server: &Server) -> Client {
    let mut client = Client::connect(server.port()).expect("the server greets");
    assert_eq!(client.say(b"EHLO client.example\r\n").code, 250);
    client
}

/// Runs the queue with the server stopped until it is empty, and compares what was delivered with what was accepted.
fn all_arrive(scratch: &Scratch, config: &Path, accepted: &BTreeSet<u64>) {
    until("the queue becomes empty", || {
        harness::succeeded(&harness::run(POSTRIDER, &["-C", &config.to_string_lossy(), "-qff"], b""));
        scratch.queue().is_empty().then_some(())
    });
    let messages = harness::maildir(&scratch.at("mail/box"));
    let delivered: BTreeSet<u64> = messages.iter().map(|m| harness::unaltered(m)).collect();
    assert_eq!(&delivered, accepted, "accepted and delivered differ");
    assert_eq!(messages.len(), delivered.len(), "something was delivered twice");
}

#[test]
fn a_full_disk_answers_452_and_recovers() {
    if !can_run() || !inside("a_full_disk_answers_452_and_recovers", ":") {
        return;
    }
    let (scratch, config) = small_disk("full", true);
    let _mounted = Mounted(scratch.at("spool"));
    let server = Server::start(&config, harness::free_port(), &[]);
    let mut client = greeted(&server);
    let mut accepted = BTreeSet::new();
    let mut refusals = 0;
    // 512 KiB are full after some tens of messages; three refusals show that the session outlives them.
    for id in 0..1000 {
        let reply = send(&mut client, id);
        match reply.code {
            250 => {
                accepted.insert(id);
            }
            451 | 452 => refusals += 1,
            _ => panic!("message {id} of a full disk: {reply:?}"),
        }
        if refusals == 3 {
            break;
        }
        // A refusal at MAIL or RCPT leaves the transaction open.
        assert_eq!(client.say(b"RSET\r\n").code, 250);
    }
    assert_eq!(refusals, 3, "the disk never became full");
    assert!(accepted.len() > 3, "{accepted:?}");
    // What was accepted before is deliverable from the full disk, and that frees it.
    let ran = harness::run(POSTRIDER, &["-C", &config.to_string_lossy(), "-qff"], b"");
    harness::succeeded(&ran);
    assert!(scratch.queue().is_empty(), "a full spool is not delivered: {:?}", scratch.queue());
    for id in 2000..2005 {
        let reply = send(&mut client, id);
        assert_eq!(reply.code, 250, "after space came free: {reply:?}");
        accepted.insert(id);
    }
    drop(client);
    server.stop();
    all_arrive(&scratch, &config, &accepted);
}

#[test]
fn a_disk_that_fills_under_deliveries_loses_nothing() {
    if !can_run() || !inside("a_disk_that_fills_under_deliveries_loses_nothing", ":") {
        return;
    }
    let (scratch, config) = small_disk("filling", false);
    let _mounted = Mounted(scratch.at("spool"));
    let server = Server::start(&config, harness::free_port(), &[]);
    let mut client = greeted(&server);
    let mut accepted = BTreeSet::new();
    assert_eq!(send(&mut client, 0).code, 250);
    accepted.insert(0);
    let filler = scratch.at("spool/filler");
    // Takes every block that is left; the error is the point.
    let _ = fs::write(&filler, vec![b'x'; 1 << 20]);
    let mut refused = false;
    for id in 1..20 {
        let reply = send(&mut client, id);
        match reply.code {
            // A block that a delivery freed can be enough for one more.
            250 => {
                accepted.insert(id);
            }
            451 | 452 => refused = true,
            _ => panic!("message {id} of a full disk: {reply:?}"),
        }
        assert_eq!(client.say(b"RSET\r\n").code, 250);
    }
    assert!(refused, "the disk was full");
    fs::remove_file(&filler).expect("the filler can go");
    let reply = send(&mut client, 100);
    assert_eq!(reply.code, 250, "after space came free: {reply:?}");
    accepted.insert(100);
    drop(client);
    server.stop();
    all_arrive(&scratch, &config, &accepted);
}

#[test]
fn a_read_only_spool_answers_4xx_and_recovers() {
    if !can_run() || !inside("a_read_only_spool_answers_4xx_and_recovers", ":") {
        return;
    }
    let (scratch, config) = small_disk("readonly", true);
    let spool = scratch.at("spool");
    let _mounted = Mounted(spool.clone());
    // The hints are open for writing all the time, which would keep the mount writable: they get their own.
    let _hints = hints_elsewhere(&spool);
    let server = Server::start(&config, harness::free_port(), &[]);
    let mut client = greeted(&server);
    let mut accepted = BTreeSet::new();
    assert_eq!(send(&mut client, 1).code, 250);
    accepted.insert(1);
    until("the mount can be made read-only", || remount(&spool, "ro").then_some(()));
    for id in 2..5 {
        let reply = send(&mut client, id);
        assert!((450..460).contains(&reply.code), "message {id} on a read-only spool: {reply:?}");
        assert_eq!(client.say(b"RSET\r\n").code, 250);
    }
    let reply = greeted(&server).say(b"NOOP\r\n");
    assert_eq!(reply.code, 250, "new connections are still served: {reply:?}");
    assert!(remount(&spool, "rw"), "the mount can be made writable");
    let reply = send(&mut client, 5);
    assert_eq!(reply.code, 250, "writable again: {reply:?}");
    accepted.insert(5);
    drop(client);
    server.stop();
    all_arrive(&scratch, &config, &accepted);
}

#[test]
fn too_few_descriptors_answer_421_and_recover() {
    if !can_run() {
        return;
    }
    let scratch = Scratch::new("descriptors");
    let config = scratch.write("exim.conf", &CONFIG.replace("@QUEUE_ONLY@", "false"));
    let mut command = harness::command("prlimit");
    command.args(["--nofile=64:64", POSTRIDER, "-C"]).arg(&config);
    let server = Server::start_command(command, harness::free_port(), &["-q1s"]);
    let mut accepted = BTreeSet::new();

    let mut idle = Vec::new();
    let mut refused = 0;
    for id in 0..100 {
        let mut client = Client::connect_silently(server.port()).expect("the kernel accepts");
        let greeting = client.reply();
        match greeting.code {
            220 => {
                assert_eq!(client.say(b"EHLO client.example\r\n").code, 250);
                let reply = send(&mut client, id);
                match reply.code {
                    250 => {
                        accepted.insert(id);
                    }
                    421 | 450..=459 => refused += 1,
                    _ => panic!("message {id} without descriptors: {reply:?}"),
                }
                idle.push(client);
            }
            421 => refused += 1,
            _ => panic!("connection {id} without descriptors: {greeting:?}"),
        }
    }
    assert!(refused > 10, "64 descriptors were enough for {} clients", idle.len());
    assert!(!accepted.is_empty(), "nothing was accepted while there were descriptors");
    drop(idle);
    // The idle connections are gone: served as before, without a restart.
    let mut client = until("the server greets again", || Client::connect(server.port()).ok());
    assert_eq!(client.say(b"EHLO client.example\r\n").code, 250);
    let reply = send(&mut client, 1000);
    assert_eq!(reply.code, 250, "descriptors are free again: {reply:?}");
    accepted.insert(1000);
    drop(client);
    // Every message arrives by itself: queue runs find what could not be delivered at once.
    until("the queue becomes empty", || scratch.queue().is_empty().then_some(()));
    server.stop();
    all_arrive(&scratch, &config, &accepted);
}
