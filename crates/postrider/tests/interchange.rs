//! One spool directory, two programs: what Debian's Exim queued Postrider delivers, and the other way round.
//!
//! The messages carry ACL variables, 8-bit bodies, the null sender, parent addresses, a recipient that is done already
//! (in the -H, or only in a -J because the deliverer was killed), and one is frozen; the spool is split.
#![allow(clippy::expect_used, reason = "test code outside #[test] functions")]

mod harness;

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Output, Stdio};

use harness::{EXIM, POSTRIDER, Scratch, has, inside, is_root, until};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// Where Debian's Exim looks; the test's namespace has an empty directory there.
const EXIM_CONFIG: &str = "/etc/exim4/exim4.conf";

const CONFIG: &str = r"primary_hostname = mail.example.net
spool_directory = @DIR@/spool
log_file_path = @DIR@/log/%slog
keep_environment =
tls_advertise_hosts =
qualify_domain = local.example
split_spool_directory
acl_not_smtp = check
acl_smtp_rcpt = accept
acl_smtp_data = check
begin acl
check:
  warn set acl_m_word = for $recipients
       set acl_m0 = two\nlines
  accept
begin routers
alias:
  driver = redirect
  domains = local.example
  data = ${lookup{$local_part}lsearch{@DIR@/aliases}}
later:
  driver = redirect
  allow_defer
  condition = ${if exists{@DIR@/later}}
  local_parts = late
  data = :defer: not now
stuck:
  driver = accept
  condition = ${if exists{@DIR@/stuck}}
  local_parts = hangs
  transport = hang
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
  envelope_to_add
  return_path_add
  headers_add = X-Word: $acl_m_word ${sg{$acl_m0}{\\n}{/}}
  user = Debian-exim
hang:
  driver = pipe
  command = /bin/sh @DIR@/hang.sh
  user = Debian-exim
begin retry
* * F,1h,1s
";

/// One of the two programs with the configuration.
#[derive(Clone)]
struct Program {
    binary: &'static str,
    config: Vec<String>,
}

impl Program {
    fn run(&self, args: &[&str], input: &[u8]) -> Output {
        let args: Vec<&str> = self.config.iter().map(String::as_str).chain(args.iter().copied()).collect();
        let output = harness::run(self.binary, &args, input);
        harness::succeeded(&output);
        output
    }
}

/// What arrived in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Delivered {
    mailbox: &'static str,
    return_path: String,
    envelope_to: String,
    word: String,
    body: Vec<u8>,
}

fn delivered(mailbox: &'static str, sender: &str, to: &str, body: &[u8]) -> Delivered {
    Delivered {
        mailbox,
        return_path: format!("<{sender}>"),
        envelope_to: format!("{to}@local.example"),
        word: format!("for {to}@local.example two/lines"),
        body: body.to_vec(),
    }
}

fn scene(name: &str) -> Option<(Scratch, Program, Program)> {
    let exim = Path::new(EXIM).exists() && harness::mail_user().is_some();
    if !has(is_root(), "root")
        || !has(exim, "exim4-daemon-heavy")
        || !inside(name, "mount -t tmpfs none /etc/exim4")
    {
        return None;
    }
    let scratch = Scratch::new("interchange");
    scratch.write("boxes", "one: one\nlate: late\nhangs: hangs\n");
    scratch.write("aliases", "both: one, late\nstuck: one, hangs\n");
    scratch.write("hang.sh", "echo $$ > @DIR@/mail/reached\nexec sleep 600\n");
    let config = scratch.write("exim.conf", CONFIG);
    fs::copy(&config, EXIM_CONFIG).expect("Exim's configuration");
    let ours = scratch.write("postrider.conf", &format!("message_id_format = short\n{CONFIG}"));
    let exim = Program { binary: EXIM, config: Vec::new() };
    let postrider =
        Program { binary: POSTRIDER, config: vec!["-C".to_owned(), ours.to_string_lossy().into_owned()] };
    Some((scratch, exim, postrider))
}

/// Queues every kind of message with `writer`; answers what shall arrive in the end.
fn fill(scratch: &Scratch, writer: &Program) -> Vec<Delivered> {
    let mut expected = Vec::new();
    let sender = "a@sender.example";
    let submit = |how: &str, to: &str, body: &[u8]| {
        let message = [b"From: a@sender.example\nSubject: x\n\n", body].concat();
        writer.run(&[how, "-f", sender, &format!("{to}@local.example")], &message);
    };

    submit("-odq", "one", b"plain\n.dot\nFrom here\n");
    expected.push(delivered("one", sender, "one", b"plain\n.dot\nFrom here\n"));

    let eight = b"8-bit \xe9\xff \xc3\xa9\n";
    let session = [
        b"EHLO client.example\r\nMAIL FROM:<> BODY=8BITMIME\r\nRCPT TO:<late@local.example>\r\nDATA\r\n",
        &b"From: b@sender.example\r\nSubject: x\r\n\r\n8-bit \xe9\xff \xc3\xa9\r\n.\r\nQUIT\r\n"[..],
    ];
    let said = writer.run(&["-bs", "-odq"], &session.concat());
    assert!(harness::both(&said).contains("250 OK id="), "{}", harness::both(&said));
    expected.push(delivered("late", "", "late", eight));

    // The oldest so far are two; the frozen one is known by being new.
    let before = scratch.queue();
    submit("-odq", "one", b"frozen\n");
    let frozen = scratch.queue().into_iter().find(|id| !before.contains(id)).expect("it was queued");
    writer.run(&["-Mf", frozen.trim_end_matches("-H")], b"");
    expected.push(delivered("one", sender, "one", b"frozen\n"));

    // One of two children done, recorded in the -H.
    scratch.write("later", "");
    submit("-odi", "both", b"to both\n");
    expected.push(delivered("one", sender, "both", b"to both\n"));
    expected.push(delivered("late", sender, "both", b"to both\n"));
    assert_eq!(harness::maildir(&scratch.at("mail/one")).len(), 1, "one child is done");

    // One of two children done, recorded in the -J only: killed during the other.
    scratch.write("stuck", "");
    let before = scratch.queue();
    submit("-odq", "stuck", b"to both, killed\n");
    let id = scratch.queue().into_iter().find(|id| !before.contains(id)).expect("it was queued");
    kill_while_it_hangs(scratch, writer, id.trim_end_matches("-H"));
    expected.push(delivered("one", sender, "stuck", b"to both, killed\n"));
    expected.push(delivered("hangs", sender, "stuck", b"to both, killed\n"));

    assert_eq!(scratch.queue().len(), 5);
    for name in ["later", "stuck"] {
        fs::remove_file(scratch.at(name)).expect("it was there");
    }
    expected.sort();
    expected
}

/// Delivers a message until one recipient is in the journal and the other's command runs, and kills everything then.
fn kill_while_it_hangs(scratch: &Scratch, writer: &Program, id: &str) {
    let mut command = harness::command(writer.binary);
    command.args(&writer.config).args(["-M", id]).stdin(Stdio::null()).process_group(0);
    let mut child = command.spawn().expect("the program starts");
    let journal = format!("{id}-J");
    let hanging = until("a journal and a command that hangs", || {
        let files = harness::files_below(&scratch.at("spool/input"));
        let written = files.iter().any(|p| p.ends_with(&journal) && !harness::read_text(p).is_empty());
        harness::read_text(&scratch.at("mail/reached")).trim().parse().ok().filter(|_| written)
    });
    // The command is the leader of a group of its own.
    let group = Pid::from_raw(child.id().cast_signed());
    killpg(group, Signal::SIGKILL).expect("it runs");
    child.wait().expect("it has ended");
    // The command may have been ended together with its parent.
    let _ = nix::sys::signal::kill(Pid::from_raw(hanging), Signal::SIGKILL);
    until("every process is gone", || (!harness::lives(&child.id().to_string())).then_some(()));
    let files = harness::files_below(&scratch.at("spool/input"));
    assert!(files.iter().any(|p| p.ends_with(&journal)), "the journal is left behind");
}

fn arrived(scratch: &Scratch) -> Vec<Delivered> {
    let mut all = Vec::new();
    for mailbox in ["one", "late", "hangs"] {
        for message in harness::maildir(&scratch.at("mail").join(mailbox)) {
            let header = |name: &str| harness::header_of(&message, name).unwrap_or_default();
            all.push(Delivered {
                mailbox,
                return_path: header("Return-path"),
                envelope_to: header("Envelope-to"),
                word: header("X-Word"),
                body: harness::body_of(&message).to_vec(),
            });
        }
    }
    all.sort();
    all
}

fn hand_over(scratch: &Scratch, writer: &Program, reader: &Program) {
    let expected = fill(scratch, writer);
    reader.run(&["-qf"], b"");
    assert_eq!(scratch.queue().len(), 1, "the frozen message stays until -qff: {:?}", scratch.queue());
    reader.run(&["-qff"], b"");
    assert!(scratch.queue().is_empty(), "{:?}\n{}", scratch.queue(), scratch.main_log());
    let arrived = arrived(scratch);
    assert!(arrived == expected, "arrived {arrived:#?}\nexpected {expected:#?}");
}

#[test]
fn postrider_delivers_what_exim_queued() {
    if let Some((scratch, exim, postrider)) = scene("postrider_delivers_what_exim_queued") {
        hand_over(&scratch, &exim, &postrider);
    }
}

#[test]
fn exim_delivers_what_postrider_queued() {
    if let Some((scratch, exim, postrider)) = scene("exim_delivers_what_postrider_queued") {
        hand_over(&scratch, &postrider, &exim);
    }
}
