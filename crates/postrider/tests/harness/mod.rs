//! What the tests of the whole program share: scratch directories, servers that can be killed, SMTP clients, Maildirs,
//! and private mount namespaces.
//!
//! # Invariants
//! * Waiting is for an event, with a deadline; nothing waits for time to pass.
//! * A test that lacks something (root, a package) says so and is skipped; under CI it fails.
#![allow(dead_code, unreachable_pub, reason = "a module of several tests; every one uses its part")]
#![allow(clippy::expect_used, clippy::print_stderr, reason = "test code outside #[test] functions")]

use std::fmt::Debug;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, User};

/// Postrider, as cargo built it for this test.
pub const POSTRIDER: &str = env!("CARGO_BIN_EXE_postrider");
/// Debian's Exim.
pub const EXIM: &str = "/usr/sbin/exim4";
/// The mail user of Debian's packages.
pub const MAIL_USER: &str = "Debian-exim";
/// How long anything may take that normally takes milliseconds.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Whether the test runs as root.
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Whether CI runs the test: then nothing may be skipped.
pub fn in_ci() -> bool {
    std::env::var_os("CI").is_some()
}

/// Answers whether the test can run; says what is missing when it cannot, and fails under CI.
pub fn has(condition: bool, what: &str) -> bool {
    if !condition {
        assert!(!in_ci(), "CI lacks {what}");
        eprintln!("skipped: needs {what}");
    }
    condition
}

/// Polls until `ready` answers.
pub fn until<T>(what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(answer) = ready() {
            return answer;
        }
        assert!(begin.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

/// Runs the rest of the test `name` in a mount namespace of its own, where the shell commands `setup` ran first.
/// Answers whether this process is the inner one; the outer one has seen the inner one succeed.
pub fn inside(name: &str, setup: &str) -> bool {
    inside_of(name, &[], setup)
}

/// [`inside`] with further namespaces (options of `unshare`).
pub fn inside_of(name: &str, namespaces: &[&str], setup: &str) -> bool {
    const INSIDE: &str = "POSTRIDER_TEST_INSIDE";
    if std::env::var_os(INSIDE).is_some_and(|inner| inner == name) {
        return true;
    }
    let test = std::env::current_exe().expect("this program has a path");
    let script = format!("set -e\n{setup}\nexec \"$0\" \"$@\"");
    let output = Command::new("unshare")
        .args(["--mount", "--propagation", "private"])
        .args(namespaces)
        .args(["sh", "-c", &script])
        .arg(test)
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(INSIDE, name)
        .stdin(Stdio::null())
        .output()
        .expect("unshare (util-linux) runs");
    assert!(
        output.status.success(),
        "inside its namespace {name} said:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    false
}

/// A directory of the test's own with the places that a configuration names.
pub struct Scratch(PathBuf);

static SERIAL: AtomicU32 = AtomicU32::new(0);

impl Scratch {
    /// `spool` and `log` (the mail user's), `mail` (everybody's).
    pub fn new(name: &str) -> Self {
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("postrider-{name}-{}-{serial}", std::process::id()));
        let scratch = Self(path);
        fs::create_dir_all(scratch.path()).expect("a scratch directory");
        set_mode(scratch.path(), 0o755);
        for (name, mode) in [("spool", 0o750), ("log", 0o750), ("mail", 0o1777)] {
            let place = scratch.at(name);
            fs::create_dir(&place).expect("a directory");
            set_mode(&place, mode);
            if name != "mail" {
                give_to_mail_user(&place);
            }
        }
        scratch
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A path in it.
    pub fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file that everybody may read; `@DIR@` in it is this directory.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.at(name);
        fs::write(&path, text.replace("@DIR@", &self.0.to_string_lossy())).expect("a file is written");
        set_mode(&path, 0o644);
        path
    }

    /// The main log so far.
    pub fn main_log(&self) -> String {
        read_text(&self.at("log/mainlog"))
    }

    /// Names of the -H files in the queue, in any of its directories. (What a reception that was cut off leaves is
    /// cleared away later, by age.)
    pub fn queue(&self) -> Vec<String> {
        let input = self.at("spool/input");
        files_below(&input)
            .iter()
            .map(|p| p.file_name().unwrap_or_default().to_string_lossy().into_owned())
            .filter(|name| name.ends_with("-H"))
            .collect()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.main_log();
            let last = log.len().saturating_sub(4000);
            let last = log.get(last..).unwrap_or(&log);
            eprintln!("left for inspection: {}; its log ends\n{last}", self.0.display());
        } else {
            drop(fs::remove_dir_all(&self.0));
        }
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("its address").port()
}

/// The text of a file, or nothing.
pub fn read_text(path: &Path) -> String {
    fs::read(path).map(|t| String::from_utf8_lossy(&t).into_owned()).unwrap_or_default()
}

/// All regular files below `place`, sorted.
pub fn files_below(place: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut places = vec![place.to_owned()];
    while let Some(place) = places.pop() {
        let Ok(entries) = fs::read_dir(&place) else { continue };
        for entry in entries.filter_map(Result::ok) {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => places.push(entry.path()),
                Ok(_) => found.push(entry.path()),
                Err(_) => {}
            }
        }
    }
    found.sort();
    found
}

/// Sets permissions.
pub fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode is set");
}

/// Gives `path` to the mail user when the test runs as root and there is one.
pub fn give_to_mail_user(path: &Path) {
    if is_root()
        && let Some(user) = mail_user()
    {
        chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw())).expect("an owner is set");
    }
}

/// Debian's mail user, when its packages are installed.
pub fn mail_user() -> Option<User> {
    User::from_name(MAIL_USER).expect("the user database can be read")
}

/// A command of which nothing is inherited but the search path.
pub fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").current_dir("/");
    command
}

/// Runs a program to its end with `input`; its output is bytes on both streams.
pub fn run<S: AsRef<std::ffi::OsStr>>(program: &str, args: &[S], input: &[u8]) -> Output {
    run_command(command(program).args(args), input)
}

/// Runs a prepared command to its end with `input`, which must fit a pipe.
pub fn run_command(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A program that does not read its input closes the pipe; what it says is in the output.
    let _ = child.stdin.take().expect("a pipe").write_all(input);
    child.wait_with_output().expect("the program ends")
}

/// Asserts that a program ended well.
pub fn succeeded(output: &Output) {
    assert!(output.status.success(), "{}\n{}", output.status, both(output));
}

/// What a program said on both streams.
pub fn both(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A server in a process group of its own.
pub struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// Starts Postrider with a configuration and `-bdf` on `port` and waits for its greeting.
    pub fn start(config: &Path, port: u16, args: &[&str]) -> Self {
        let mut command = command(POSTRIDER);
        command.arg("-C").arg(config);
        Self::start_command(command, port, args)
    }

    /// The same with a command that was begun otherwise (limits, another configuration).
    pub fn start_command(mut command: Command, port: u16, args: &[&str]) -> Self {
        command.args(["-bdf", "-oX", &format!("127.0.0.1.{port}")]).args(args);
        Self::start_listening(command, ([127, 0, 0, 1], port).into())
    }

    /// The same with a complete command, which listens at this address.
    pub fn start_listening(mut command: Command, address: SocketAddr) -> Self {
        let child = command.stdin(Stdio::null()).process_group(0).spawn().expect("the server starts");
        let mut server = Self { child, port: address.port() };
        until("the server greets", || {
            let ended = server.child.try_wait().expect("its status is known");
            assert!(ended.is_none(), "the server ended at its start: {ended:?}");
            Client::connect_to(address).ok()
        });
        server
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Kills every process of the group at once and waits until none is left.
    pub fn kill(mut self) {
        self.signal_group(Signal::SIGKILL);
        self.child.wait().expect("it has ended");
        self.wait_for_group();
    }

    /// Asks it to stop, and waits.
    pub fn stop(mut self) {
        let pid = Pid::from_raw(self.child.id().cast_signed());
        nix::sys::signal::kill(pid, Signal::SIGTERM).expect("it runs");
        until("the server stops", || self.child.try_wait().expect("its status is known"));
        self.wait_for_group();
    }

    fn signal_group(&self, signal: Signal) {
        // The group may be gone already: then there is nobody to tell.
        let _ = killpg(Pid::from_raw(self.child.id().cast_signed()), signal);
    }

    fn wait_for_group(&self) {
        let group = self.child.id().to_string();
        until("the last process of the server ends", || (!lives(&group)).then_some(()));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.signal_group(Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

/// Whether a process of the group runs; one that nobody has waited for yet does not.
pub fn lives(group: &str) -> bool {
    let processes = fs::read_dir("/proc").expect("/proc can be read").filter_map(Result::ok);
    processes.map(|entry| read_text(&entry.path().join("stat"))).any(|stat| {
        // `pid (name) state ppid pgrp ...`
        let mut words = stat.rsplit(") ").next().unwrap_or_default().split(' ');
        let state = words.next();
        state != Some("Z") && words.nth(1) == Some(group)
    })
}

/// An SMTP client that has read the greeting.
pub struct Client {
    stream: BufReader<TcpStream>,
}

/// A reply's last line.
#[derive(Debug)]
pub struct Reply {
    /// Its code; 0 when the connection ended instead.
    pub code: u16,
    /// The line.
    pub text: String,
}

impl Client {
    /// Connects and expects a 220 greeting.
    pub fn connect(port: u16) -> Result<Self, String> {
        Self::connect_to(([127, 0, 0, 1], port).into())
    }

    /// The same at any address.
    pub fn connect_to(address: SocketAddr) -> Result<Self, String> {
        let mut client = Self::connect_silently_to(address)?;
        let greeting = client.reply();
        if greeting.code == 220 { Ok(client) } else { Err(format!("{greeting:?}")) }
    }

    /// Connects and reads nothing.
    pub fn connect_silently(port: u16) -> Result<Self, String> {
        Self::connect_silently_to(([127, 0, 0, 1], port).into())
    }

    fn connect_silently_to(address: SocketAddr) -> Result<Self, String> {
        let stream = TcpStream::connect(address).map_err(|e| e.to_string())?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(|e| e.to_string())?;
        stream.set_write_timeout(Some(PATIENCE)).map_err(|e| e.to_string())?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Reads one reply.
    pub fn reply(&mut self) -> Reply {
        loop {
            let mut line = Vec::new();
            let read = self.stream.read_until(b'\n', &mut line);
            if !matches!(read, Ok(n) if n > 0) {
                return Reply { code: 0, text: "connection ended".to_owned() };
            }
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            if line.get(3) != Some(&b'-') {
                let code = text.get(..3).and_then(|c| c.parse().ok()).unwrap_or(0);
                return Reply { code, text };
            }
        }
    }

    /// Sends bytes and reads one reply.
    pub fn say(&mut self, bytes: &[u8]) -> Reply {
        // A connection that broke is seen by the read.
        let _ = self.stream.get_mut().write_all(bytes);
        self.reply()
    }

    /// One transaction after EHLO; the answer is the reply that decided.
    pub fn send(&mut self, sender: &str, recipients: &[String], message: &[u8]) -> Reply {
        let mail = self.say(format!("MAIL FROM:<{sender}>\r\n").as_bytes());
        if mail.code != 250 {
            return mail;
        }
        for recipient in recipients {
            let rcpt = self.say(format!("RCPT TO:<{recipient}>\r\n").as_bytes());
            if rcpt.code != 250 {
                return rcpt;
            }
        }
        let data = self.say(b"DATA\r\n");
        if data.code != 354 {
            return data;
        }
        self.say(&dot_stuffed(message))
    }

    /// Everything that comes until the server closes.
    pub fn rest(mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        let _ = self.stream.read_to_end(&mut rest);
        rest
    }
}

/// A message with LF lines as it stands after DATA.
pub fn dot_stuffed(message: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(message.len() + 64);
    for line in message.split_inclusive(|c| *c == b'\n') {
        if line.first() == Some(&b'.') {
            wire.push(b'.');
        }
        wire.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
        wire.extend_from_slice(b"\r\n");
    }
    wire.extend_from_slice(b".\r\n");
    wire
}

/// What follows the empty line.
pub fn body_of(message: &[u8]) -> &[u8] {
    let end = message.windows(2).position(|pair| pair == b"\n\n").expect("a message has a body");
    &message[end + 2..]
}

/// The value of a header that stands on one line.
pub fn header_of(message: &[u8], name: &str) -> Option<String> {
    let head = message.split(|c| *c == b'\n').take_while(|line| !line.is_empty());
    let prefix = format!("{name}: ");
    let mut values = head.filter_map(|line| line.strip_prefix(prefix.as_bytes()));
    values.next().map(|value| String::from_utf8_lossy(value).into_owned())
}

/// Messages in a Maildir.
pub fn maildir(path: &Path) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    for place in ["new", "cur"] {
        messages.extend(
            files_below(&path.join(place)).iter().map(|p| fs::read(p).expect("a message can be read")),
        );
    }
    messages
}

/// A small generator: the same seed gives the same run.
pub struct Random(u64);

impl Random {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The next number (xorshift64*).
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 11) % end
    }
}

/// A message whose body follows from `id` alone: lines with dots in front, 8-bit bytes, 0 to 16 KiB.
pub fn message(id: u64) -> Vec<u8> {
    let mut text = format!("From: sender@sender.example\nSubject: test\nX-Case: {id}\n\n").into_bytes();
    text.extend_from_slice(&body(id));
    text
}

/// The body of [`message`].
pub fn body(id: u64) -> Vec<u8> {
    let mut random = Random::new(id + 1);
    let mut text = format!("message {id}\n.\n..\n").into_bytes();
    for _ in 0..random.below(200) {
        let length = random.below(80);
        let begin = text.len();
        text.extend((0..length).map(|_| match random.below(200) as u8 {
            c @ 32..=126 | c @ 160..=199 => c,
            _ => b'.',
        }));
        assert!(text.len() - begin < 998);
        text.push(b'\n');
    }
    text
}

/// Asserts that what was delivered carries the body that its `X-Case` names; answers the case.
pub fn unaltered(delivered: &[u8]) -> u64 {
    let case = header_of(delivered, "X-Case").expect("every message carries its case");
    let case = case.parse().expect("cases are numbers");
    assert!(body_of(delivered) == body(case), "the body of case {case} was altered");
    case
}

/// `what` as text for a failure, bounded.
pub fn some_of(what: impl Debug) -> String {
    format!("{what:?}").chars().take(2000).collect()
}
