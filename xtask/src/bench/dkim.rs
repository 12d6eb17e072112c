//! `dkim`: signatures beside the library mail-auth, and whole servers that check SPF and DKIM beside Exim.
//!
//! The library's part is a program of its own (`crates/sender-auth/bench`), outside the workspace, so that mail-auth stays out
//! of the tree. It also makes the distinct signed messages and is the load. DNS is answered from loopback, by the tests'
//! name server; the client's address is one that SPF has to look at.
//!
//! # Invariants
//! * Both servers do the same: SPF in the RCPT ACL, DKIM (Exim's default verification), the message is queued; the log has to
//!   show a good signature for each message.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use super::Figures;
use super::disk::Disk;
use super::load::Work;
use super::server::{self, SMTP_PORT, Server, exim_folders};

/// The address of client and server; not a loopback one, which SPF does not look at.
const ADDRESS: &str = "192.0.2.1";
/// Octets of a large body.
const LARGE: usize = 20 << 20;

/// What a server checks beside SPF and DKIM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Further {
    Nothing,
    Dmarc,
    Arc,
}

/// One server with the configuration of this work.
struct Checking {
    binary: Option<PathBuf>,
    further: Further,
}

impl Server for Checking {
    fn name(&self) -> &'static str {
        match (&self.binary, self.further) {
            (None, _) => "exim",
            (Some(_), Further::Nothing) => "postrider",
            (Some(_), Further::Dmarc) => "with DMARC",
            (Some(_), Further::Arc) => "with ARC",
        }
    }

    fn prepare(&self, _work: Work, place: &Path) -> Result<Command, String> {
        exim_folders(place)?;
        let text = self.configuration(place);
        match &self.binary {
            None => {
                fs::write("/etc/exim4/exim4.conf", text).map_err(|e| format!("exim4.conf: {e}"))?;
                let mut command = Command::new("/usr/sbin/exim4");
                command.args(["-bdf", "-q30m"]);
                Ok(command)
            }
            Some(binary) => {
                let config = place.join("exim.conf");
                fs::write(&config, text).map_err(|e| format!("exim.conf: {e}"))?;
                let mut command = Command::new(binary);
                command.arg("-C").arg(config).args(["-bdf", "-q30m"]);
                Ok(command)
            }
        }
    }
}

impl Checking {
    fn configuration(&self, place: &Path) -> String {
        let place = place.display();
        let (main, data) = match self.further {
            Further::Nothing => ("", ""),
            Further::Dmarc => (
                "dmarc_tld_file = /usr/share/publicsuffix/public_suffix_list.dat\nacl_smtp_data = data\n",
                "data:\n  warn dmarc_status = reject\n  accept\n",
            ),
            Further::Arc => ("acl_smtp_data = data\n", "data:\n  require verify = arc/pass\n  accept\n"),
        };
        format!(
            "primary_hostname = bench.example
spool_directory = {place}/spool
log_file_path = {place}/log/%slog
pid_file_path = {place}/pid
keep_environment =
tls_advertise_hosts =
never_users = root
local_interfaces = 127.0.0.1 : {ADDRESS}
daemon_smtp_ports = {SMTP_PORT}
smtp_accept_max = 2000
smtp_accept_queue_per_connection = 0
log_selector = +dkim
queue_only
acl_smtp_rcpt = rcpt
{main}
begin acl
rcpt:
  require spf = pass
  accept
{data}
begin routers
begin transports
begin retry
* * F,2h,15m
"
        )
    }
}

/// The library's program, built in release form; its path.
///
/// # Errors
/// Cargo fails.
pub(super) fn build() -> Result<PathBuf, String> {
    let folder = crate::root().join("crates/sender-auth/bench");
    let status = Command::new("cargo")
        .args(["build", "--release", "--quiet", "--locked"])
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target())
        .status();
    match status {
        Ok(status) if status.success() => Ok(program()),
        Ok(status) => Err(format!("bench dkim: {status}")),
        Err(e) => Err(format!("bench dkim: cargo: {e}")),
    }
}

/// Where [`build`] puts it.
pub(super) fn program() -> PathBuf {
    target().join("release/postrider-sender-auth-bench")
}

fn target() -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| crate::root().join("target"), PathBuf::from);
    target.join("dkim-bench")
}

/// Runs the comparison with the library.
///
/// # Errors
/// The program fails.
pub(super) fn library(program: &Path) -> Result<(), String> {
    let status = Command::new(program).status().map_err(|e| format!("{}: {e}", program.display()))?;
    if status.success() { Ok(()) } else { Err(format!("bench dkim: {status}")) }
}

/// Runs the servers, inside the namespace.
///
/// # Errors
/// Something is missing, or a server did not take the messages.
pub(super) fn servers(program: &Path, binary: &Path, messages: usize, place: &Path) -> Result<(), String> {
    command(Command::new("ip").args(["addr", "add", &format!("{ADDRESS}/24"), "dev", "lo"]))?;
    let folder = place.join("dkim-messages");
    drop(fs::remove_dir_all(&folder));
    command(Command::new(program).arg("messages").arg(messages.to_string()).arg("4096").arg(&folder))?;
    let zone = fs::read_to_string(folder.join("zone")).map_err(|e| format!("zone: {e}"))?;
    let dns = ([127, 0, 0, 1], 53).into();
    let names = dns::fixture::FixtureServer::start_on(dns, &zone).map_err(|e| format!("port 53: {e}"))?;
    let mut rows = Vec::new();
    let ours = || Some(binary.to_owned());
    for (binary, further) in [
        (ours(), Further::Nothing),
        (None, Further::Nothing),
        (ours(), Further::Dmarc),
        (ours(), Further::Arc),
    ] {
        let server = Checking { binary, further };
        rows.push((server.name(), one(&server, program, &folder, messages, place)?));
    }
    super::table("dkim", &rows);
    drop(fs::remove_dir_all(&folder));
    command(Command::new(program).arg("messages").arg("20").arg(LARGE.to_string()).arg(&folder))?;
    for binary in [ours(), None] {
        let server = Checking { binary, further: Further::Nothing };
        let figures = one(&server, program, &folder, 20, place)?;
        println!(
            "20 messages of 20 MiB at once: {} {:.1} MiB",
            server.name(),
            figures.peak_bytes as f64 / 1_048_576.0
        );
    }
    drop(names);
    drop(fs::remove_dir_all(&folder));
    Ok(())
}

fn command(command: &mut Command) -> Result<(), String> {
    let status = command.status();
    let name = command.get_program().display();
    let status = status.map_err(|e| format!("{name}: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("{name}: {status}")) }
}

fn one(
    server: &Checking,
    program: &Path,
    folder: &Path,
    messages: usize,
    place: &Path,
) -> Result<Figures, String> {
    let disk = Disk::fresh(place)?;
    let run = disk.path().join("run-dkim");
    let running = server::start(server, Work::Accept, &run, &[])?;
    let cpu_before = running.cgroup.cpu_seconds();
    let begin = Instant::now();
    let mut load = Command::new(program)
        .args(["load", &format!("{ADDRESS}:{SMTP_PORT}")])
        .arg(folder)
        .stdin(Stdio::null())
        .spawn()
        .map_err(|e| format!("the load: {e}"))?;
    let mut peak = 0;
    let status = loop {
        if let Some(status) = load.try_wait().map_err(|e| e.to_string())? {
            break status;
        }
        peak = peak.max(running.cgroup.resident_bytes());
        std::thread::park_timeout(std::time::Duration::from_millis(20));
    };
    if !status.success() {
        return Err(format!("{}: the load failed ({status}); see {}", server.name(), run.display()));
    }
    let seconds = begin.elapsed().as_secs_f64();
    let cpu_seconds = running.cgroup.cpu_seconds() - cpu_before;
    let log = fs::read_to_string(run.join("log/mainlog")).map_err(|e| format!("mainlog: {e}"))?;
    let verified =
        log.lines().filter(|line| line.contains(" <= ") && line.contains(" DKIM=example.org")).count();
    if verified != messages {
        return Err(format!("{}: {verified} of {messages} signatures were good", server.name()));
    }
    Ok(Figures { messages, seconds, cpu_seconds, peak_bytes: peak })
}
