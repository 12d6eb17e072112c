//! Runs one flow case with one program and renders everything that came out as one text.

use super::case::{Case, Step};
use super::mask::Masks;
use super::sink::Sink;
use dns::fixture::FixtureServer;
use mail_types::base64;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// The mail user of Debian's packages; both programs use it when started as root.
const MAIL_USER: &str = "Debian-exim";
/// Where the oracle's configuration stands (inside the namespace).
const ORACLE_CONFIG: &str = "/etc/exim4/exim4.conf";
/// How long a step may wait for something to happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// One of the two programs.
#[derive(Clone, Debug)]
pub struct Program {
    binary: PathBuf,
    oracle: bool,
}

impl Program {
    /// Debian's Exim.
    #[must_use]
    pub fn oracle() -> Self {
        Self { binary: PathBuf::from("/usr/sbin/exim4"), oracle: true }
    }

    /// Postrider, as built.
    #[must_use]
    pub fn postrider(binary: PathBuf) -> Self {
        Self { binary, oracle: false }
    }
}

/// Runs `case` with `program`; the answer holds the transcript of all steps, the logs, the mail delivered, what the
/// sinks heard and the queue, all masked.
///
/// # Errors
/// The scratch directory, the program or a step could not be set up.
pub fn run_case(case: &Case, program: &Program) -> Result<Vec<u8>, String> {
    let mut run = Run::new(case, program)?;
    for step in &case.steps {
        run.step(step).map_err(|e| format!("{}: script line {}: {e}", case.name, step.line))?;
    }
    run.finish()
}

struct Run<'a> {
    program: &'a Program,
    dir: PathBuf,
    config: PathBuf,
    ports: BTreeMap<String, Option<TcpListener>>,
    port_numbers: BTreeMap<String, u16>,
    sinks: Vec<Sink>,
    fixture: Option<FixtureServer>,
    daemon: Option<Child>,
    clock: Option<i64>,
    transcript: Vec<u8>,
}

static SERIAL: AtomicU32 = AtomicU32::new(0);

impl<'a> Run<'a> {
    fn new(case: &'a Case, program: &'a Program) -> Result<Self, String> {
        if !program.binary.exists() {
            return Err(format!(
                "{} does not exist: build it, or name another by POSTRIDER_BIN",
                program.binary.display()
            ));
        }
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let who = if program.oracle { 'o' } else { 'p' };
        let dir = std::env::temp_dir().join(format!("parity-{who}{}-{serial:03}", std::process::id()));
        let io = |e: std::io::Error| format!("{}: {e}", dir.display());
        fs::create_dir_all(&dir).map_err(io)?;
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).map_err(io)?;
        for (name, mode) in [("spool", 0o750), ("log", 0o750), ("mail", 0o1777)] {
            fs::create_dir(dir.join(name)).map_err(io)?;
            fs::set_permissions(dir.join(name), fs::Permissions::from_mode(mode)).map_err(io)?;
            if name != "mail" {
                give_to(&dir.join(name), MAIL_USER)?;
            }
        }
        let config = if program.oracle { PathBuf::from(ORACLE_CONFIG) } else { dir.join("exim.conf") };
        let mut run = Self {
            program,
            dir,
            config,
            ports: BTreeMap::new(),
            port_numbers: BTreeMap::new(),
            sinks: Vec::new(),
            fixture: None,
            daemon: None,
            clock: None,
            transcript: Vec::new(),
        };
        let prelude = run.prelude(case)?;
        let text = format!("{prelude}{}", run.substitute(&case.config)?);
        fs::write(&run.config, text).map_err(|e| format!("{}: {e}", run.config.display()))?;
        Ok(run)
    }

    /// Lines before the case's own: ours tell the resolver and ask for ids of the oracle's length; the oracle gets as
    /// many comments, so that line numbers agree.
    fn prelude(&mut self, case: &Case) -> Result<String, String> {
        let port = if self.program.oracle { 53 } else { 0 };
        if let Some(zone) = &case.zone {
            let zone = self.substitute(zone)?;
            let server = FixtureServer::start_on(SocketAddr::from(([127, 0, 0, 1], port)), &zone)
                .map_err(|e| format!("fixture name server: {e}"))?;
            self.fixture = Some(server);
        }
        if self.program.oracle {
            return Ok("#\n#\n#\n".to_owned());
        }
        let port = self.fixture.as_ref().map_or(9, |f| f.address().port());
        Ok(format!(
            "message_id_format = short\ndns_servers = 127.0.0.1::{port}\ndnssec_validation = upstream\n"
        ))
    }

    /// Replaces `@DIR@`, `@ID@`, `@NOW@` and `@PORT:name@`; a port is reserved when its name is first seen.
    fn substitute(&mut self, text: &str) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('@') {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(tail) = rest.strip_prefix("@DIR@") {
                out.push_str(&self.dir.to_string_lossy());
                rest = tail;
            } else if let Some(tail) = rest.strip_prefix("@ID@") {
                out.push_str(&self.newest_id()?);
                rest = tail;
            } else if let Some(tail) = rest.strip_prefix("@NOW@") {
                write!(out, "{}", machines_time()?).map_err(|e| e.to_string())?;
                rest = tail;
            } else if let Some((name, tail)) = rest.strip_prefix("@PORT:").and_then(|t| t.split_once('@')) {
                write!(out, "{}", self.port(name)?).map_err(|e| e.to_string())?;
                rest = tail;
            } else {
                out.push('@');
                rest = &rest[1..];
            }
        }
        out.push_str(rest);
        Ok(out)
    }

    /// The id of the message that came last, among those in the queue.
    fn newest_id(&self) -> Result<String, String> {
        let mut files = Vec::new();
        collect(&self.dir.join("spool/input"), &mut files)?;
        let names = files.iter().filter_map(|f| f.file_name()).map(|n| n.to_string_lossy().into_owned());
        let ids = names.filter_map(|n| n.strip_suffix("-H").map(str::to_owned));
        ids.max().ok_or_else(|| "@ID@: the queue is empty".to_owned())
    }

    fn port(&mut self, name: &str) -> Result<u16, String> {
        if let Some(port) = self.port_numbers.get(name) {
            return Ok(*port);
        }
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|e| format!("cannot bind a port: {e}"))?;
        let port = listener.local_addr().map_err(|e| e.to_string())?.port();
        self.ports.insert(name.to_owned(), Some(listener));
        self.port_numbers.insert(name.to_owned(), port);
        Ok(port)
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        let args: Vec<String> = step.args.iter().map(|a| self.substitute(a)).collect::<Result<_, _>>()?;
        let text: Vec<String> = step.text.iter().map(|l| self.substitute(l)).collect::<Result<_, _>>()?;
        match step.word.as_str() {
            "file" => self.file(&args, &join(&text, "\n")),
            "octets" => {
                let octets = base64::decode(step.text.concat().as_bytes()).ok_or("that is not base64")?;
                self.file(&args, &octets)
            }
            "mkdir" => self.mkdir(&args),
            "run" => self.run(&args, b""),
            "as" => {
                let (user, args) = args.split_first().ok_or("as wants a user")?;
                self.execute(args, &join(&text, "\n"), Errors::All, Some(user))
            }
            "submit" => self.run(&args, &join(&text, "\n")),
            "quiet" => self.execute(&args, &join(&text, "\n"), Errors::Left, None),
            "told" => self.execute(&args, &join(&text, "\n"), Errors::Decisions, None),
            "smtp" => self.run(&[vec!["-bs".to_owned()], args].concat(), &join(&text, "\r\n")),
            "raw" => self.run(&[vec!["-bs".to_owned()], args].concat(), &unescape(&join(&text, ""))),
            "daemon" => self.start_daemon(&args),
            "tcp" => self.dialogue(args.first().map_or("smtp", String::as_str), &text),
            "stop" => self.stop_daemon(),
            "await" => self.wait_for_log(&args.join(" ")),
            "sink" => {
                let name = args.first().ok_or("a sink needs a name")?;
                self.port(name)?;
                let listener =
                    self.ports.get_mut(name).and_then(Option::take).ok_or("that sink runs already")?;
                self.sinks.push(Sink::start(name, listener, &text));
                Ok(())
            }
            "clock" => {
                let seconds = args.first().and_then(|a| a.trim_start_matches('+').parse().ok());
                self.clock = Some(seconds.ok_or("clock wants +SECONDS")?);
                Ok(())
            }
            other => Err(format!("unknown step \"{other}\"")),
        }
    }

    fn file(&mut self, args: &[String], content: &[u8]) -> Result<(), String> {
        let path = self.dir.join(args.first().ok_or("file wants a path")?);
        fs::write(&path, content).map_err(|e| format!("{}: {e}", path.display()))?;
        own(&path, args)
    }

    fn mkdir(&mut self, args: &[String]) -> Result<(), String> {
        let path = self.dir.join(args.first().ok_or("mkdir wants a path")?);
        fs::create_dir_all(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        own(&path, args)
    }

    fn command(&self, args: &[String], wrap: &[&str]) -> Command {
        let mut command = match wrap.split_first() {
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(&self.program.binary);
                command
            }
            None => Command::new(&self.program.binary),
        };
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("TZ", "UTC").env("LC_ALL", "C");
        command.current_dir("/");
        if !self.program.oracle {
            command.arg("-C").arg(&self.config);
        }
        if let Some(seconds) = self.clock {
            command.env("LD_PRELOAD", "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1");
            command.env("FAKETIME", format!("+{seconds}"));
        }
        command.args(args);
        command
    }

    fn run(&mut self, args: &[String], input: &[u8]) -> Result<(), String> {
        self.execute(args, input, Errors::All, None)
    }

    /// Runs the program, perhaps as somebody else; `errors` says what of its standard error is compared.
    fn execute(
        &mut self,
        args: &[String],
        input: &[u8],
        errors: Errors,
        user: Option<&str>,
    ) -> Result<(), String> {
        // A port that no sink serves refuses connections.
        for listener in self.ports.values_mut() {
            *listener = None;
        }
        let ids = user.map(|user| [format!("--reuid={user}"), format!("--regid={user}")]);
        // A program that hangs fails its case and does not hold up the others.
        let mut wrap = vec!["timeout", "--kill-after=5", "60"];
        if let Some([uid, gid]) = &ids {
            wrap.extend(["setpriv", uid, gid, "--clear-groups"]);
        }
        let mut child = self
            .command(args, &wrap)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| format!("{}: {e}", self.program.binary.display()))?;
        let mut stdin = child.stdin.take().ok_or("no standard input")?;
        let input = input.to_vec();
        let writer = std::thread::spawn(move || {
            // The program may end before it has read everything; that is an answer too.
            drop(stdin.write_all(&input));
        });
        let output = child.wait_with_output().map_err(|e| e.to_string())?;
        drop(writer.join());
        self.say(&format!("== {}\n", args.join(" ")));
        self.transcript.extend(output.stdout.iter().filter(|c| **c != b'\r'));
        let told = match errors {
            Errors::All => output.stderr.clone(),
            Errors::Decisions => decisions(&output.stderr),
            Errors::Left => Vec::new(),
        };
        if !told.is_empty() {
            self.say("-- stderr\n");
            self.transcript.extend_from_slice(&told);
        }
        self.say(&match output.status.code() {
            Some(0) => String::new(),
            Some(code) => format!("-- exit {code}\n"),
            None => format!("-- {}\n", output.status),
        });
        Ok(())
    }

    fn say(&mut self, text: &str) {
        self.transcript.extend_from_slice(text.as_bytes());
    }

    fn start_daemon(&mut self, args: &[String]) -> Result<(), String> {
        self.ports.values_mut().for_each(|listener| *listener = None);
        let port = self.port("smtp")?;
        self.ports.insert("smtp".to_owned(), None);
        let listen = ["-bdf".to_owned(), "-oX".to_owned(), format!("<; [127.0.0.1]:{port}")];
        let child = self
            .command(&[&listen[..], args].concat(), &[])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        self.daemon = Some(child.map_err(|e| e.to_string())?);
        until(|| TcpStream::connect(("127.0.0.1", port)).is_ok().then_some(()))
            .ok_or("the daemon does not listen".to_owned())
    }

    fn stop_daemon(&mut self) -> Result<(), String> {
        let Some(mut child) = self.daemon.take() else { return Ok(()) };
        let pid = i32::try_from(child.id()).map_err(|e| e.to_string())?;
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGTERM)
            .map_err(|e| e.to_string())?;
        child.wait().map_err(|e| e.to_string())?;
        Ok(())
    }

    /// A dialogue over TCP: each line waits for the reply to the one before; the text after `DATA` goes in one piece.
    fn dialogue(&mut self, port: &str, text: &[String]) -> Result<(), String> {
        let port = self.port(port)?;
        let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(|e| e.to_string())?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(|e| e.to_string())?;
        let mut replies = BufReader::new(stream.try_clone().map_err(|e| e.to_string())?);
        self.say("== tcp\n");
        let mut last = self.read_reply(&mut replies);
        let mut lines = text.iter();
        while let Some(line) = lines.next() {
            let mut block = format!("{line}\r\n");
            if last.starts_with("354") {
                for more in lines.by_ref() {
                    if block.ends_with("\r\n.\r\n") || block == ".\r\n" {
                        break;
                    }
                    block.push_str(more);
                    block.push_str("\r\n");
                    if more == "." {
                        break;
                    }
                }
            }
            self.say(&format!("C: {}\n", line.trim_end()));
            if stream.write_all(block.as_bytes()).is_err() {
                self.say("-- connection closed\n");
                break;
            }
            last = self.read_reply(&mut replies);
        }
        Ok(())
    }

    fn read_reply(&mut self, replies: &mut impl BufRead) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            match replies.read_line(&mut line) {
                Ok(n) if n > 0 => self.say(&format!("S: {}\n", line.trim_end())),
                _ => {
                    self.say("-- connection closed\n");
                    return String::new();
                }
            }
            if line.as_bytes().get(3) != Some(&b'-') {
                return line;
            }
        }
    }

    fn wait_for_log(&self, words: &str) -> Result<(), String> {
        let log = self.dir.join("log/mainlog");
        until(|| fs::read_to_string(&log).ok().filter(|t| t.contains(words)).map(drop)).ok_or_else(|| {
            format!(
                "the log never said \"{words}\"; it says:\n{}",
                fs::read_to_string(&log).unwrap_or_default()
            )
        })
    }

    fn finish(mut self) -> Result<Vec<u8>, String> {
        self.stop_daemon()?;
        let mut parts: Vec<(String, Vec<u8>)> =
            vec![("transcript".to_owned(), std::mem::take(&mut self.transcript))];
        for name in ["log/mainlog", "log/rejectlog", "log/paniclog"] {
            if let Ok(text) = fs::read(self.dir.join(name)) {
                parts.push((name.to_owned(), text));
            }
        }
        for sink in std::mem::take(&mut self.sinks) {
            let name = sink.name.clone();
            for (n, said) in sink.finish().into_iter().enumerate() {
                parts.push((format!("sink {name} connection {}", n + 1), said));
            }
        }
        let mut masks = self.masks();
        let (mut mail, mut files) = (Vec::new(), Vec::new());
        collect(&self.dir.join("mail"), &mut mail)?;
        for place in ["spool/input", "spool/Finput", "spool/Fmsglog", "spool/msglog.OLD"] {
            collect(&self.dir.join(place), &mut files)?;
        }
        // Exim's ids of one second sort by process number, which begins anew now and then: the order in the log counts.
        let log = parts.iter().find(|(name, _)| name == "log/mainlog").map(|(_, text)| text.as_slice());
        for together in files.chunk_by_mut(|a, b| a.parent() == b.parent()) {
            together.sort_by_cached_key(|path| {
                let name = path.file_name().unwrap_or_default().as_encoded_bytes();
                (told_of(name, log.unwrap_or_default()), name.to_vec())
            });
        }
        let mut answer = Vec::new();
        for (name, text) in parts {
            show(&name, &text, &mut masks, &mut answer);
        }
        for path in mail.into_iter().chain(files) {
            let name = path.strip_prefix(&self.dir).unwrap_or(&path).to_string_lossy().into_owned();
            show(&name, &read_entry(&path), &mut masks, &mut answer);
        }
        drop(fs::remove_dir_all(&self.dir));
        Ok(answer)
    }

    fn masks(&self) -> Masks {
        let mut literals = vec![(self.config.to_string_lossy().into_owned().into_bytes(), &b"@CONFIG@"[..])];
        literals.push((self.dir.to_string_lossy().into_owned().into_bytes(), b"@DIR@"));
        for port in self.port_numbers.values() {
            literals.push((port.to_string().into_bytes(), b"@PORT@"));
        }
        Masks::new(literals)
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        if let Some(mut child) = self.daemon.take() {
            // The case failed half way; nothing is left to compare.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// Where a log first tells of the message that a file of the spool belongs to; its end, where it does not.
fn told_of(name: &[u8], log: &[u8]) -> usize {
    let id = name.strip_suffix(b"-H").or_else(|| name.strip_suffix(b"-D")).unwrap_or(name);
    log.windows(id.len().max(1)).position(|words| words == id).unwrap_or(log.len())
}

/// Appends a part of the answer.
fn show(name: &str, text: &[u8], masks: &mut Masks, answer: &mut Vec<u8>) {
    answer.extend_from_slice(b"##### ");
    answer.extend_from_slice(&masks.apply(name.as_bytes()));
    answer.push(b'\n');
    answer.extend_from_slice(&masks.apply(text));
    if !text.ends_with(b"\n") {
        answer.extend_from_slice(b"\n(no newline at the end)\n");
    }
}

/// What of standard error is compared.
#[derive(Clone, Copy)]
enum Errors {
    All,
    Decisions,
    Left,
}

/// The lines about ACLs and log entries in what `-bh` tells.
fn decisions(text: &[u8]) -> Vec<u8> {
    let is_decision = |line: &&[u8]| {
        let about_acl =
            [&b">>> using ACL"[..], b">>> processing", b">>> check ", b">>>   ", b">>> end of ACL", b"LOG:"];
        let verdict =
            line.windows(17).any(|w| w == b": condition test ") || line.ends_with(b"denying access\n");
        verdict || about_acl.iter().any(|start| line.starts_with(start))
    };
    text.split_inclusive(|b| *b == b'\n').filter(is_decision).flatten().copied().collect()
}

/// Polls until `ready` answers or patience ends.
fn until<T>(mut ready: impl FnMut() -> Option<T>) -> Option<T> {
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE {
        if let Some(answer) = ready() {
            return Some(answer);
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
    None
}

/// Files below `place`, sorted, locks and the mail user's databases left out.
fn collect(place: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let Ok(entries) = fs::read_dir(place) else { return Ok(()) };
    let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|e| e.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn read_entry(path: &Path) -> Vec<u8> {
    let mut text = Vec::new();
    match fs::File::open(path).and_then(|mut f| f.read_to_end(&mut text)) {
        Ok(_) => text,
        Err(e) => format!("(cannot be read: {})\n", e.kind()).into_bytes(),
    }
}

fn own(path: &Path, args: &[String]) -> Result<(), String> {
    let mode = match args.get(1) {
        Some(mode) => u32::from_str_radix(mode, 8).map_err(|e| format!("mode {mode}: {e}"))?,
        None if path.is_dir() => 0o755,
        None => 0o644,
    };
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .map_err(|e| format!("{}: {e}", path.display()))?;
    args.get(2).map_or(Ok(()), |owner| give_to(path, owner))
}

/// Gives `path` to `user` when we are root; an ordinary user keeps what is his.
fn give_to(path: &Path, user: &str) -> Result<(), String> {
    if !nix::unistd::geteuid().is_root() {
        return Ok(());
    }
    let found = nix::unistd::User::from_name(user).map_err(|e| e.to_string())?;
    let user = found.ok_or_else(|| format!("user {user} does not exist (Debian's exim4-base makes it)"))?;
    chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw()))
        .map_err(|e| format!("{}: {e}", path.display()))
}

fn join(lines: &[String], end: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for line in lines {
        out.extend_from_slice(line.as_bytes());
        out.extend_from_slice(end.as_bytes());
    }
    out
}

/// `\r \n \t \0 \\ \xNN` in the text of a `raw` step.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied();
    while let Some(c) = bytes.next() {
        if c != b'\\' {
            out.push(c);
            continue;
        }
        match bytes.next() {
            Some(b'r') => out.push(b'\r'),
            Some(b'n') => out.push(b'\n'),
            Some(b't') => out.push(b'\t'),
            Some(b'0') => out.push(0),
            Some(b'x') => {
                let hex: Vec<u8> = bytes.by_ref().take(2).collect();
                let value = std::str::from_utf8(&hex).ok().and_then(|h| u8::from_str_radix(h, 16).ok());
                out.extend(value);
            }
            Some(other) => out.push(other),
            None => out.push(b'\\'),
        }
    }
    out
}

/// Seconds since 1970 by the clock that the programs under test see.
#[expect(clippy::disallowed_methods, reason = "other programs read the machine's clock, not a simulated one")]
fn machines_time() -> Result<u64, String> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map(|since| since.as_secs()).map_err(|e| e.to_string())
}
