//! The load: Postfix's `smtp-source`, twenty of them side by side, and its `smtp-sink` as the next hop.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Figures;
use super::hop::Hop;
use super::server::{self, SINK_PORT, SMTP_PORT, Server};
use super::tls::Key;
use super::world::RECIPIENTS;

/// A run that has not ended by then has failed.
const PATIENCE: Duration = Duration::from_mins(5);

/// What the servers have to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Take and queue.
    Accept,
    /// Deliver to Maildirs.
    Maildir,
    /// Send on.
    Relay,
    /// Send on, over TLS.
    RelayTls,
    /// Begin sessions, with this key.
    Handshakes(Key),
}

impl Work {
    /// By its name on the command line.
    pub(super) fn named(name: &str) -> Result<Self, String> {
        match name {
            "accept" => Ok(Self::Accept),
            "maildir" => Ok(Self::Maildir),
            "relay" => Ok(Self::Relay),
            "relay-tls" => Ok(Self::RelayTls),
            other => Err(format!("no work called {other}")),
        }
    }

    fn domain(self) -> &'static str {
        if matches!(self, Self::Relay | Self::RelayTls) { "away.example" } else { "local.example" }
    }
}

/// One server, one work.
pub(super) fn run(
    server: &dyn Server,
    work: Work,
    messages: usize,
    place: &Path,
    (postfix, binary): (&Path, &Path),
) -> Result<Figures, String> {
    let folder = place.join(format!("run-{}", server.name()));
    let mut sink = (work == Work::Relay).then(|| Sink::start(postfix)).transpose()?;
    let hop = (work == Work::RelayTls).then(|| Hop::start(binary, place)).transpose()?;
    let running = server::start(server, work, &folder, &[])?;
    let cpu_before = running.cgroup.cpu_seconds();
    let begin = Instant::now();
    let mut sources = sources(work, messages, postfix)?;
    let mut peak = 0;
    let done = |sources: &mut Vec<Child>, sink: &mut Option<Sink>| -> Result<bool, String> {
        for source in sources.iter_mut() {
            match source.try_wait().map_err(|e| e.to_string())? {
                None => return Ok(false),
                Some(status) if !status.success() => {
                    return Err(format!("{}: the load failed ({status})", server.name()));
                }
                Some(_) => {}
            }
        }
        Ok(match work {
            Work::Accept | Work::Handshakes(_) => true,
            Work::RelayTls => hop.as_ref().is_some_and(|hop| hop.messages().0 >= messages),
            Work::Maildir => delivered(&place.join("home")) >= messages,
            Work::Relay => sink.as_mut().is_some_and(|s| s.messages() >= messages),
        })
    };
    let mut looks = 0u32;
    while !done(&mut sources, &mut sink)? {
        if begin.elapsed() > PATIENCE {
            return Err(format!("{}: {work:?} did not end; see {}", server.name(), folder.display()));
        }
        if looks.is_multiple_of(20) {
            peak = peak.max(running.cgroup.resident_bytes());
        }
        looks += 1;
        std::thread::park_timeout(Duration::from_millis(10));
    }
    let seconds = begin.elapsed().as_secs_f64();
    if let Some(hop) = &hop {
        let (all, secure) = hop.messages();
        println!("{}: {secure} of {all} messages came under TLS", server.name());
    }
    let cpu_seconds = running.cgroup.cpu_seconds() - cpu_before;
    let peak_bytes = peak.max(running.cgroup.resident_bytes());
    Ok(Figures { messages, seconds, cpu_seconds, peak_bytes })
}

/// Calls of fsync and its kin for 200 accepted messages.
pub(super) fn count_syncs(server: &dyn Server, place: &Path, postfix: &Path) -> Result<(), String> {
    const MESSAGES: usize = 200;
    let folder = place.join(format!("run-{}", server.name()));
    let trace = place.join("strace.out");
    let trace_name = trace.to_string_lossy().into_owned();
    let wrap = [
        "strace",
        "-f",
        "-qq",
        "-e",
        "trace=fsync,fdatasync,syncfs,sync_file_range",
        "-e",
        "signal=none",
        "-o",
        &trace_name,
    ];
    let running = server::start(server, Work::Accept, &folder, &wrap)?;
    for mut source in sources(Work::Accept, MESSAGES, postfix)? {
        source.wait().map_err(|e| e.to_string())?;
    }
    drop(running);
    let text =
        fs::read_to_string(&trace).map_err(|e| format!("{}: {e} (is strace installed?)", trace.display()))?;
    let calls = text.lines().filter(|l| !l.contains("resumed") && l.contains("sync")).count();
    println!(
        "syncs      {:<10} {:.2} calls of fsync and its kin a message",
        server.name(),
        calls as f64 / MESSAGES as f64
    );
    Ok(())
}

/// Twenty senders, each with a recipient of its own.
fn sources(work: Work, messages: usize, postfix: &Path) -> Result<Vec<Child>, String> {
    let each = messages.div_ceil(RECIPIENTS).to_string();
    (0..RECIPIENTS)
        .map(|n| {
            Command::new(postfix.join("usr/sbin/smtp-source"))
                .env("LD_LIBRARY_PATH", postfix.join("usr/lib/postfix"))
                .args(["-s", "1", "-l", "4096", "-m", &each, "-S", &format!("load {n}")])
                .args([
                    "-f",
                    &format!("sender{n:02}@origin.example"),
                    "-t",
                    &format!("bench{n:02}@{}", work.domain()),
                ])
                .args(["-M", "source.example"])
                .arg(format!("127.0.0.1:{SMTP_PORT}"))
                .stdin(Stdio::null())
                .spawn()
                .map_err(|e| format!("smtp-source: {e}"))
        })
        .collect()
}

/// Messages in all `new/` folders.
fn delivered(home: &Path) -> usize {
    let count =
        |n: usize| fs::read_dir(home.join(format!("bench{n:02}/Maildir/new"))).map_or(0, Iterator::count);
    (0..RECIPIENTS).map(count).sum()
}

/// `smtp-sink`, counting.
struct Sink {
    child: Child,
    seen: std::sync::Arc<std::sync::atomic::AtomicUsize>,
}

impl Sink {
    fn start(postfix: &Path) -> Result<Self, String> {
        let mut child = Command::new(postfix.join("usr/sbin/smtp-sink"))
            .env("LD_LIBRARY_PATH", postfix.join("usr/lib/postfix"))
            .args(["-c", "-u", "nobody", "-h", "sink.example", &format!("127.0.0.1:{SINK_PORT}"), "1000"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("smtp-sink: {e}"))?;
        let mut output = child.stdout.take().ok_or("smtp-sink has no output")?;
        let seen = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let shared = std::sync::Arc::clone(&seen);
        std::thread::spawn(move || {
            let (mut buffer, mut text) = ([0u8; 4096], String::new());
            while let Ok(n @ 1..) = output.read(&mut buffer) {
                text.push_str(&String::from_utf8_lossy(&buffer[..n]));
                if let Some(count) = text.rsplit("mesg=").find_map(leading_number) {
                    shared.store(count, std::sync::atomic::Ordering::Relaxed);
                }
                let keep = text.len().saturating_sub(200);
                text = text.split_off(keep);
            }
        });
        Ok(Self { child, seen })
    }

    fn messages(&mut self) -> usize {
        self.seen.load(std::sync::atomic::Ordering::Relaxed)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The number at the start of `text`, when a further character shows that it is whole.
fn leading_number(text: &str) -> Option<usize> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    text[..digits].parse().ok()
}

/// Polls until `ready` answers or patience ends.
pub(super) fn until<T>(mut ready: impl FnMut() -> Option<T>) -> Option<T> {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(20) {
        if let Some(answer) = ready() {
            return Some(answer);
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
    None
}
