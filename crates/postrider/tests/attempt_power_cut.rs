//! The power goes off after every single file-system call of a message's whole life, and after every word of a next hop
//! that it has the message: from the first octet that arrives to the removal from the queue.
//!
//! The real program runs once, under `strace`, with deliveries to a Maildir, a mailbox file and two next hops at once, and
//! one that has to wait for a second attempt (journal, new -H, removal). From the trace follows what a disk would hold
//! after each call if the power went off then. On each such disk the program is started again and runs the queue.
//!
//! What had been answered 250 must then stand, whole, where it belongs; and there may be two of it only where that
//! delivery was under way at the cut.
#![allow(clippy::expect_used, clippy::print_stderr, reason = "test code outside #[test] functions")]

mod harness;
mod traced;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use harness::{POSTRIDER, Scratch};
use traced::{Disk, Event, Survivors, Tree};

/// Without lock files: one that a crash leaves keeps others away for `lockfile_timeout`, as with Exim.
const CONFIG: &str = "\
primary_hostname = mail.example.net
spool_directory = @DIR@/spool
log_file_path = @DIR@/log/%slog
keep_environment =
tls_advertise_hosts =
check_spool_space = 0
check_log_space = 0
acl_smtp_rcpt = accept
begin routers
wait:
  driver = redirect
  domains = late.example
  condition = ${if !exists{@DIR@/ready}}
  allow_defer
  data = :defer: not yet
hop:
  driver = manualroute
  route_list = hop.example 127.0.0.1::@PORT@ hop ; other.example 127.0.0.1::@OTHER@ hop
  self = send
boxes:
  driver = accept
  domains = maildir.example
  transport = maildir
mbox:
  driver = accept
  transport = mbox
begin transports
hop:
  driver = smtp
  allow_localhost
  hosts_try_auth =
maildir:
  driver = appendfile
  directory = @DIR@/mail/box
  maildir_format
  create_directory
  envelope_to_add
@USER@mbox:
  driver = appendfile
  file = @DIR@/mail/mbox
  envelope_to_add
  use_lockfile = false
@USER@begin retry
* * F,1h,1s
";

const RECIPIENTS: [&str; 5] =
    ["r@maildir.example", "r@mbox.example", "r@hop.example", "r@other.example", "r@late.example"];
const BODY: &str =
    "The first line.\r\n.A line with a dot.\r\nFrom a line that mailboxes escape.\r\nThe last line.\r\n";
/// What a next hop says when it has a message.
const TAKEN: &str = "250 taken by the next hop";

/// A next hop that takes everything, and counts what came whole.
#[derive(Clone)]
struct Hop {
    port: u16,
    whole: Arc<AtomicUsize>,
    /// Messages that were not the one that was sent.
    altered: Arc<Mutex<Vec<String>>>,
}

impl Hop {
    fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let hop = Self { port, whole: Arc::default(), altered: Arc::default() };
        let serving = hop.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = serving.clone();
                std::thread::spawn(move || serving.serve(stream));
            }
        });
        hop
    }

    fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut output = stream.try_clone().ok()?;
        let mut lines = BufReader::new(stream).lines();
        output.write_all(b"220 hop\r\n").ok()?;
        while let Some(Ok(line)) = lines.next() {
            let reply = match line.get(..4).unwrap_or_default() {
                "DATA" => {
                    output.write_all(b"354 go\r\n").ok()?;
                    let mut message = String::new();
                    loop {
                        let line = lines.next()?.ok()?;
                        if line == "." {
                            break;
                        }
                        message.push_str(line.strip_prefix('.').unwrap_or(&line));
                        message.push('\n');
                    }
                    if is_whole(&message) {
                        self.whole.fetch_add(1, Ordering::SeqCst);
                    } else {
                        self.altered.lock().expect("no thread panics with the lock").push(message);
                    }
                    TAKEN
                }
                "EHLO" => "250 hop",
                _ => "250 ok",
            };
            output.write_all(format!("{reply}\r\n").as_bytes()).ok()?;
        }
        Some(())
    }
}

/// Header, blank line and the body as it was sent.
fn is_whole(message: &str) -> bool {
    let body = BODY.replace("\r\n", "\n");
    message.split_once("\n\n").is_some_and(|(head, found)| head.contains("Subject: test") && found == body)
}

/// The spool's, the log's and the mailboxes' place, with a configuration.
fn place(name: &str, hops: &[Hop; 2]) -> (Scratch, PathBuf) {
    let scratch = Scratch::new(name);
    let user = if harness::is_root() { "  user = Debian-exim\n" } else { "" };
    let text = CONFIG
        .replace("@USER@", user)
        .replace("@PORT@", &hops[0].port.to_string())
        .replace("@OTHER@", &hops[1].port.to_string());
    let config = scratch.write("exim.conf", &text);
    (scratch, config)
}

/// Runs the program under strace.
fn traced(scratch: &Scratch, config: &Path, args: &[&str], input: &str) -> String {
    let trace = scratch.at("trace");
    let mut command = harness::command("strace");
    command.args(["-f", "-yy", "-qq", "-s", "65536", "-e", "signal=none", "-e", traced::CALLS, "-o"]);
    command.arg(&trace).arg(POSTRIDER).arg("-C").arg(config).args(args);
    harness::succeeded(&harness::run_command(&mut command, input.as_bytes()));
    harness::read_text(&trace)
}

fn dialogue() -> String {
    let mut text = "EHLO client.example\r\nMAIL FROM:<s@sender.example>\r\n".to_owned();
    for recipient in RECIPIENTS {
        text.extend(["RCPT TO:<", recipient, ">\r\n"]);
    }
    let stuffed = BODY.replace("\r\n.", "\r\n..");
    text + &format!("DATA\r\nSubject: test\r\n\r\n{stuffed}.\r\nQUIT\r\n")
}

/// What a message met, as it happened.
struct Life {
    events: Vec<Event>,
    root: PathBuf,
    /// How many events there were when 250 could be said.
    answered: usize,
    ports: [u16; 2],
}

impl Life {
    fn lived(hops: &[Hop; 2]) -> Self {
        let (scratch, config) = place("power-cut", hops);
        let root = scratch.path().to_path_buf();
        let first = traced(&scratch, &config, &["-bs", "-odi"], &dialogue());
        scratch.write("ready", "");
        let second = traced(&scratch, &config, &["-qff"], "");
        assert!(scratch.queue().is_empty(), "it ended: {}", scratch.main_log());
        let mut events = traced::events(&first, &root);
        events.extend(traced::events(&second, &root));
        // The reply waits in a buffer for the end of the dialogue; the log line is written just before it is made.
        let is_accepted = |event: &Event| {
            matches!(event, Event::Write(path, _, text)
            if path.ends_with("log/mainlog") && text.windows(4).any(|word| word == b" <= "))
        };
        let answered = 1 + events.iter().position(is_accepted).expect("the message was accepted");
        let life = Self { events, root, answered, ports: [hops[0].port, hops[1].port] };
        life.check_model();
        life
    }

    /// The model and the real disk agree at the end: the trace was understood.
    fn check_model(&self) {
        let mut disk = self.disk();
        for event in &self.events {
            disk.apply(event);
        }
        let end = disk.survivors(Survivors::Everything);
        for (path, content) in &end {
            let is_aside = ["log", "spool/db"].iter().any(|aside| path.starts_with(self.root.join(aside)));
            if let (Some(content), false) = (content, is_aside) {
                assert_eq!(std::fs::read(path).ok().as_ref(), Some(content), "{}", path.display());
            }
        }
        let real = harness::files_below(&self.root.join("mail"));
        let modelled = end
            .iter()
            .filter(|(path, content)| path.starts_with(self.root.join("mail")) && content.is_some());
        assert_eq!(modelled.map(|(path, _)| path.clone()).collect::<Vec<_>>(), real);
    }

    fn disk(&self) -> Disk {
        Disk::with(&["", "spool", "log", "mail"].map(|name| self.root.join(name)))
    }

    /// The recipient whose delivery an event belongs to.
    fn begins(&self, event: &Event) -> Option<&'static str> {
        let mail = self.root.join("mail");
        match event {
            Event::Write(path, ..) if path.starts_with(mail.join("box")) => Some("r@maildir.example"),
            Event::Write(path, _, text) if *path == mail.join("mbox") => {
                let late = b"Envelope-to: r@late.example";
                let is_late = text.windows(late.len()).any(|part| part == late);
                Some(if is_late { "r@late.example" } else { "r@mbox.example" })
            }
            Event::Sent(socket, text) if text.ends_with(b"\r\n.\r\n") => {
                let is_hop = |port: u16| socket.contains(&format!("->127.0.0.1:{port}]"));
                let names = ["r@hop.example", "r@other.example"];
                names.into_iter().zip(self.ports).find(|(_, port)| is_hop(*port)).map(|(name, _)| name)
            }
            _ => None,
        }
    }

    /// Whether a next hop has been sent the message whole, and whether it has said that it has it, before the cut.
    fn at_hop(&self, hop: usize, cut: usize) -> (bool, bool) {
        let there = format!("->127.0.0.1:{}]", self.ports[hop]);
        let (mut sent, mut taken) = (false, false);
        for event in &self.events[..cut] {
            match event {
                Event::Sent(socket, text) if socket.contains(&there) => sent |= text.ends_with(b"\r\n.\r\n"),
                Event::Heard(socket, text) if socket.contains(&there) => {
                    taken |= text.starts_with(TAKEN.as_bytes());
                }
                _ => {}
            }
        }
        (sent, taken)
    }
}

/// What is delivered is noted at once: before the next mailbox is opened, before anything is said to a next hop, and
/// within the few calls that noting takes after a next hop has said that it has the message.
fn check_order(life: &Life) {
    const CALLS_TO_NOTE: usize = 6;
    let mut disk = life.disk();
    let mut begun: BTreeSet<&str> = BTreeSet::new();
    let mut calls_since: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, event) in life.events.iter().enumerate() {
        let noted = noted(&disk.survivors(Survivors::Synced), at >= life.answered);
        if let Some(recipient) = life.begins(event)
            && !begun.contains(recipient)
        {
            let open: Vec<_> = begun.iter().filter(|earlier| !noted.contains(**earlier)).collect();
            let together = recipient == "r@hop.example" || recipient == "r@other.example";
            let only_hops = open
                .iter()
                .all(|earlier| together && earlier.contains("@hop.") | earlier.contains("@other."));
            assert!(
                open.is_empty() || only_hops,
                "{recipient} begins at event {at} before {open:?} were noted"
            );
            begun.insert(recipient);
        }
        let changed = disk.apply(event);
        for (hop, recipient) in [(0, "r@hop.example"), (1, "r@other.example")] {
            if !noted.contains(recipient) && life.at_hop(hop, at + 1).1 {
                let calls = calls_since.entry(recipient).or_default();
                *calls += usize::from(changed);
                assert!(*calls <= CALLS_TO_NOTE, "{recipient} is not noted at event {at}");
            }
        }
    }
    assert_eq!(begun.len(), RECIPIENTS.len(), "every delivery was seen");
}

/// A disk after a power cut, and what was known then.
struct Cut {
    at: usize,
    survivors: Survivors,
    tree: Tree,
    /// Recipients whose delivery was durably noted at that moment, whatever survived.
    noted: BTreeSet<&'static str>,
}

/// All different disks.
fn cuts(life: &Life) -> Vec<Cut> {
    let mut disk = life.disk();
    let (mut seen, mut cuts) = (BTreeSet::new(), Vec::new());
    for at in 0..=life.events.len() {
        if let Some(last) = at.checked_sub(1) {
            disk.apply(&life.events[last]);
        }
        let noted = noted(&disk.survivors(Survivors::Synced), at >= life.answered);
        let known: Vec<_> = (0..2).map(|hop| life.at_hop(hop, at)).collect();
        for survivors in [Survivors::Synced, Survivors::Everything, Survivors::Some(at as u64)] {
            let tree = disk.survivors(survivors);
            if seen.insert((tree.clone(), known.clone(), at >= life.answered, noted.clone())) {
                cuts.push(Cut { at, survivors, tree, noted: noted.clone() });
            }
        }
    }
    cuts
}

/// Recipients that the journal or the envelope says are done; all of them once there is no envelope any more.
fn noted(tree: &Tree, accepted: bool) -> BTreeSet<&'static str> {
    let text = |end: &str| {
        let file = tree.iter().find(|(path, _)| path.to_string_lossy().ends_with(end));
        file.and_then(|(_, content)| content.as_ref())
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    let header = text("-H");
    if header.is_none() {
        return if accepted { BTreeSet::from(RECIPIENTS) } else { BTreeSet::new() };
    }
    let lines = header.unwrap_or_default() + &text("-J").unwrap_or_default();
    let done = |recipient: &&str| {
        let forms = ["NN ", "YN ", "NY ", "YY ", ""].map(|branches| format!("{branches}{recipient}"));
        // A bare line in -H is the list of all recipients; in -J it is one that is done.
        let journal = text("-J").unwrap_or_default();
        journal.lines().any(|line| line == *recipient)
            || lines.lines().any(|line| forms[..4].iter().any(|form| form == line))
    };
    RECIPIENTS.into_iter().filter(done).collect()
}

/// Starts the program on such a disk, and counts what stands where. Gives the duplicates.
fn recover(cut: &Cut, life: &Life, hops: &[Hop; 2]) -> Vec<&'static str> {
    let (scratch, config) = place("power-cut-after", hops);
    let label = format!(
        "cut after event {} ({:?}), {:?}",
        cut.at,
        life.events.get(cut.at.wrapping_sub(1)),
        cut.survivors
    );
    restore(&cut.tree, &life.root, &scratch);
    scratch.write("ready", "");
    let before: Vec<usize> = hops.iter().map(|hop| hop.whole.load(Ordering::SeqCst)).collect();
    let ran = harness::run(POSTRIDER, &["-C", &config.to_string_lossy(), "-qff"], b"");
    harness::succeeded(&ran);
    let log = scratch.main_log();
    assert!(waiting(&scratch).is_empty(), "{label}: the queue is not empty\n{log}");
    let mut copies = in_mailboxes(&scratch, &label);
    for (number, recipient) in [(0, "r@hop.example"), (1, "r@other.example")] {
        assert!(hops[number].altered.lock().expect("no thread panics with the lock").is_empty(), "{label}");
        let (sent, taken) = life.at_hop(number, cut.at);
        let again = hops[number].whole.load(Ordering::SeqCst) - before[number];
        assert!(again <= 1, "{label}: {recipient} came {again} times");
        // Sent and not yet confirmed: it may be there or not. A second copy counts, and it must not be missing.
        let counted = again + usize::from(taken || (sent && again > 0));
        copies.insert(recipient, counted);
    }
    let mut twice = Vec::new();
    for recipient in RECIPIENTS {
        let count = copies.get(recipient).copied().unwrap_or_default();
        assert!(count > 0 || cut.at < life.answered, "{label}: {recipient} is lost\n{}", scratch.main_log());
        assert!(count <= 2, "{label}: {recipient} stands there {count} times");
        if count == 2 {
            assert!(!cut.noted.contains(recipient), "{label}: {recipient} again, although it was noted");
            twice.push(recipient);
        }
    }
    twice
}

/// Messages in the queue. A -H whose -D is gone is none: the removal was under way, and the next start of a server puts
/// it aside.
fn waiting(scratch: &Scratch) -> Vec<String> {
    let input = scratch.at("spool/input");
    let has_body = |header: &String| input.join(header.replace("-H", "-D")).exists();
    scratch.queue().into_iter().filter(has_body).collect()
}

fn restore(tree: &Tree, root: &Path, scratch: &Scratch) {
    for (path, content) in tree {
        let path = scratch.path().join(path.strip_prefix(root).expect("the model knows nothing else"));
        match content {
            // Hints may be lost; half a database would only be thrown away.
            Some(_) if path.starts_with(scratch.at("spool/db")) => continue,
            Some(content) => {
                std::fs::write(&path, content).expect("the scratch directory can be written");
                harness::set_mode(&path, 0o640);
            }
            None if path.exists() => continue,
            None => {
                std::fs::create_dir(&path).expect("the scratch directory can be written");
                harness::set_mode(&path, 0o750);
            }
        }
        harness::give_to_mail_user(&path);
    }
}

/// Whole messages in the Maildir and in the mailbox file, by recipient; anything else there is a failure.
fn in_mailboxes(scratch: &Scratch, label: &str) -> BTreeMap<&'static str, usize> {
    let mut messages: Vec<String> = harness::files_below(&scratch.at("mail/box/new"))
        .iter()
        .map(|path| harness::read_text(path))
        .collect();
    let mbox = harness::read_text(&scratch.at("mail/mbox"));
    for message in format!("\n{mbox}").split("\nFrom ").skip(1) {
        let (_, message) = message.split_once('\n').unwrap_or_default();
        messages.push(message.strip_suffix('\n').unwrap_or(message).replace("\n>From ", "\nFrom ") + "\n");
    }
    let mut copies = BTreeMap::new();
    for message in messages {
        let message = message.trim_end_matches('\n').to_owned() + "\n";
        assert!(is_whole(&message), "{label}: altered:\n{message}");
        let is_for = |recipient: &&str| message.contains(&format!("Envelope-to: {recipient}\n"));
        let recipient = RECIPIENTS.into_iter().find(is_for).expect("every copy names its recipient");
        *copies.entry(recipient).or_default() += 1;
    }
    copies
}

#[test]
fn the_power_goes_off_after_every_call() {
    if !harness::has(Path::new("/usr/bin/strace").exists(), "strace")
        || (harness::is_root()
            && !harness::has(harness::mail_user().is_some(), "the user Debian-exim (exim4-base)"))
    {
        return;
    }
    let life = Life::lived(&[Hop::start(), Hop::start()]);
    check_order(&life);
    let cuts = cuts(&life);
    let next = AtomicUsize::new(0);
    let duplicates = Mutex::new(BTreeMap::<&str, usize>::new());
    let workers = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let hops = [Hop::start(), Hop::start()];
                while let Some(cut) = cuts.get(next.fetch_add(1, Ordering::SeqCst)) {
                    for recipient in recover(cut, &life, &hops) {
                        let mut duplicates = duplicates.lock().expect("no thread panics with the lock");
                        *duplicates.entry(recipient).or_default() += 1;
                    }
                }
            });
        }
    });
    eprintln!(
        "{} events, {} different disks; second copies, only of deliveries under way: {:?}",
        life.events.len(),
        cuts.len(),
        duplicates.lock().expect("no thread panics with the lock")
    );
}
