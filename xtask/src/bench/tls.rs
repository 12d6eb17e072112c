//! `bench tls`: handshakes, and mail relayed over TLS.
//!
//! A handshake's price is what a session with it costs the server beyond the same session in clear: connection, greeting,
//! QUIT. Both are printed, as a server that forks pays for that with or without TLS. TLS 1.3, X25519 and
//! TLS_AES_256_GCM_SHA384 on all sides; no client certificates.
//!
//! # Invariants
//! * One client does all sessions one after the other; what it costs is not counted.
//! * The next hop of the relayed mail is the same program for all, outside of their control groups.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::disk::Disk;
use super::load::Work;
use super::server::{self, SINK_PORT, SMTP_PORT, Server, TLS_PORT};

/// A kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// ECDSA with P-256.
    Ecdsa,
    /// RSA with 2048 bits.
    Rsa,
}

impl Key {
    const ALL: [Self; 2] = [Self::Ecdsa, Self::Rsa];

    /// The file with certificate and key.
    pub(super) fn file(self) -> PathBuf {
        let name = match self {
            Self::Ecdsa => "ecdsa.pem",
            Self::Rsa => "rsa.pem",
        };
        std::env::temp_dir().join(format!("postrider-bench-{}", std::process::id())).join(name)
    }

    fn make(self) -> Result<(), String> {
        let file = self.file();
        let folder = file.parent().ok_or("no folder for keys")?;
        fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let kind: &[&str] = match self {
            Self::Ecdsa => &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
            Self::Rsa => &["-newkey", "rsa:2048"],
        };
        let made = Command::new("openssl")
            .args(["req", "-x509", "-nodes", "-days", "9", "-subj", "/CN=bench.example"])
            .args(kind)
            .args(["-keyout", "-", "-out", "-"])
            .stderr(Stdio::null())
            .output()
            .map_err(|e| format!("openssl: {e}"))?;
        fs::write(&file, made.stdout).map_err(|e| format!("{}: {e}", file.display()))?;
        // Exim reads it as its own user.
        let user = nix::unistd::User::from_name("Debian-exim").ok().flatten().ok_or("no user Debian-exim")?;
        for path in [folder, file.as_path()] {
            std::os::unix::fs::chown(path, Some(user.uid.as_raw()), None).map_err(|e| e.to_string())?;
        }
        Ok(())
    }
}

/// What one server pays, in microseconds of CPU a session.
struct Prices {
    name: &'static str,
    clear: f64,
    full: f64,
    resumed: f64,
    rate: f64,
}

/// Each kind of session is measured that often, in turns; the middle one counts. So what the machine does beside it for a
/// while meets all kinds alike.
const ROUNDS: usize = 9;

/// Handshakes of all servers, with both kinds of keys.
pub(super) fn handshakes(
    servers: &[&dyn Server],
    sessions: usize,
    fresh: &dyn Fn() -> Result<Disk, String>,
) -> Result<(), String> {
    for key in Key::ALL {
        key.make()?;
        let mut rows = Vec::new();
        for server in servers {
            let disk = fresh()?;
            rows.push(prices(*server, key, sessions, &disk.path().join(format!("run-{}", server.name())))?);
        }
        table(key, &rows);
    }
    Ok(())
}

fn prices(server: &dyn Server, key: Key, sessions: usize, place: &Path) -> Result<Prices, String> {
    let running = server::start(server, Work::Handshakes(key), place, &[])?;
    let conf = place.join("openssl.cnf");
    fs::write(&conf, CLIENT).map_err(|e| e.to_string())?;
    let sessions = (sessions / ROUNDS).max(1);
    let measure = |port: u16, kind: &str| -> Result<(f64, usize), String> {
        let before = running.cgroup.cpu_seconds();
        let resumed = client(port, sessions, kind, &conf)?;
        // What a server does after it has closed counts as well.
        std::thread::park_timeout(std::time::Duration::from_millis(100));
        Ok(((running.cgroup.cpu_seconds() - before) * 1e6 / sessions as f64, resumed))
    };
    let kinds = [("clear", SMTP_PORT), ("full", TLS_PORT), ("resumed", TLS_PORT)];
    for (kind, port) in kinds {
        // The first ones warm it up.
        client(port, 20, kind, &conf)?;
    }
    let mut costs: [Vec<f64>; 3] = Default::default();
    let mut again = [0; 3];
    for _ in 0..ROUNDS {
        for (at, (kind, port)) in kinds.into_iter().enumerate() {
            let (cost, resumed) = measure(port, kind)?;
            costs[at].push(cost);
            again[at] += resumed;
        }
    }
    if again[1] > 0 {
        return Err(format!("{}: {} of the full handshakes were resumed", server.name(), again[1]));
    }
    let [clear, full, resumed] = costs.map(median);
    let rate = again[2] as f64 / (sessions * ROUNDS) as f64;
    Ok(Prices { name: server.name(), clear, full, resumed, rate })
}

fn median(mut costs: Vec<f64>) -> f64 {
    costs.sort_by(f64::total_cmp);
    costs.get(costs.len() / 2).copied().unwrap_or(f64::NAN)
}

/// What the client may offer.
const CLIENT: &str = "openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = defaults
[defaults]
MinProtocol = TLSv1.3
Groups = X25519
Ciphersuites = TLS_AES_256_GCM_SHA384
";

fn client(port: u16, count: usize, kind: &str, conf: &Path) -> Result<usize, String> {
    let run = Command::new("python3")
        .args(["-c", include_str!("handshakes.py"), &port.to_string(), &count.to_string(), kind])
        .env("OPENSSL_CONF", conf)
        .output()
        .map_err(|e| format!("python3: {e}"))?;
    let said = String::from_utf8_lossy(&run.stdout);
    said.trim().parse().map_err(|_| format!("handshakes: {}", String::from_utf8_lossy(&run.stderr)))
}

fn table(key: Key, rows: &[Prices]) {
    println!("\nhandshakes, {key:?}: µs of the server's CPU a session");
    println!(
        "{:<10} {:>9} {:>9} {:>9} {:>11} {:>11} {:>8}",
        "", "clear", "full", "resumed", "full-clear", "res.-clear", "resumed"
    );
    for row in rows {
        println!(
            "{:<10} {:>9.0} {:>9.0} {:>9.0} {:>11.0} {:>11.0} {:>7.0}%",
            row.name,
            row.clear,
            row.full,
            row.resumed,
            row.full - row.clear,
            row.resumed - row.clear,
            row.rate * 100.0
        );
    }
    let Some(ours) = rows.iter().find(|row| row.name == "postrider") else { return };
    for peer in rows.iter().filter(|row| row.name != "postrider") {
        println!(
            "postrider / {}: session with a full handshake {:.2}x, with a resumed one {:.2}x; the handshakes alone {:.2}x, {:.2}x",
            peer.name,
            ours.full / peer.full,
            ours.resumed / peer.resumed,
            (ours.full - ours.clear) / (peer.full - peer.clear),
            (ours.resumed - ours.clear) / (peer.resumed - peer.clear),
        );
    }
}

/// The next hop of mail that is relayed over TLS: this tree's program, which throws everything away and counts.
pub(super) struct Hop {
    child: Child,
    log: PathBuf,
}

impl Hop {
    /// Starts it below `place`.
    pub(super) fn start(binary: &Path, place: &Path) -> Result<Self, String> {
        Key::Ecdsa.make()?;
        let place = place.join("hop");
        fs::create_dir_all(&place).map_err(|e| format!("{}: {e}", place.display()))?;
        server::exim_folders(&place)?;
        let (here, pem) = (place.display(), Key::Ecdsa.file());
        let conf = format!(
            "primary_hostname = hop.example
spool_directory = {here}/spool
log_file_path = {here}/log/%slog
pid_file_path = {here}/pid
keep_environment =
tls_advertise_hosts = *
tls_certificate = {}
never_users = root
local_interfaces = 127.0.0.1
daemon_smtp_ports = {SINK_PORT}
smtp_accept_max = 2000
smtp_accept_queue_per_connection = 0
acl_smtp_rcpt = drop_all
begin acl
drop_all:
  discard
",
            pem.display()
        );
        let config = place.join("exim.conf");
        fs::write(&config, conf).map_err(|e| e.to_string())?;
        let child = Command::new(binary)
            .arg("-C")
            .arg(config)
            .arg("-bdf")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("{}: {e}", binary.display()))?;
        let hop = Self { child, log: place.join("log/mainlog") };
        super::load::until(|| std::net::TcpStream::connect(("127.0.0.1", SINK_PORT)).is_ok().then_some(()))
            .ok_or("the next hop does not listen")?;
        Ok(hop)
    }

    /// Messages that it has, and those of them that came under TLS.
    pub(super) fn messages(&self) -> (usize, usize) {
        let log = fs::read(&self.log).unwrap_or_default();
        let has = |line: &[u8], word: &[u8]| line.windows(word.len()).any(|part| part == word);
        let taken: Vec<&[u8]> = log.split(|b| *b == b'\n').filter(|line| has(line, b" <= ")).collect();
        let secure = taken.iter().filter(|line| has(line, b" X=TLS")).count();
        (taken.len(), secure)
    }
}

impl Drop for Hop {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).unwrap_or(0);
        // It may have ended by itself; its children end with it.
        let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGTERM);
        drop(self.child.wait());
    }
}
