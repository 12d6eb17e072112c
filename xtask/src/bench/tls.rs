//! `bench tls`: handshakes.
//!
//! Two prices are told: that of a session (connection, greeting, QUIT) in clear and with TLS, and that of the handshake by
//! itself. The latter cannot be a difference of sessions, since to start a process for each, as some servers do, costs more
//! and varies more. It is what the server uses within one session from its answer to EHLO, in clear, to its answer to the
//! EHLO that follows STARTTLS. TLS 1.3, X25519 and TLS_AES_256_GCM_SHA384 on all sides; no client certificates.
//!
//! # Invariants
//! * One client does all sessions one after the other; what it costs is not counted.
//! * All of a server's processes count. They are asked when all of them sleep: only then are they accounted for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::disk::Disk;
use super::load::Work;
use super::server::{self, SMTP_PORT, Server, TLS_PORT};

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

    /// Makes it.
    pub(super) fn make(self) -> Result<(), String> {
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

/// What one server pays, in microseconds of CPU.
#[derive(Default)]
struct Prices {
    /// A session in clear, with a full handshake, with a resumed one; a figure a round.
    sessions: [Vec<f64>; 3],
    /// A full handshake by itself, and a resumed one; a figure a handshake.
    alone: [Vec<f64>; 2],
    /// How many sessions of each kind were resumed.
    resumed: [usize; KINDS.len()],
}

/// Kinds of sessions as the client calls them, and the port they go to.
const KINDS: [(&str, u16); 5] = [
    ("clear", SMTP_PORT),
    ("full", TLS_PORT),
    ("resumed", TLS_PORT),
    ("starttls-full", SMTP_PORT),
    ("starttls-resumed", SMTP_PORT),
];

/// The servers take turns so often, and each does a share of all kinds. So what the machine does beside it for a while
/// meets all alike.
const ROUNDS: usize = 5;

/// Sessions of each kind that come first in a round and do not count.
const WARM: usize = 10;

/// Handshakes of all servers, with both kinds of keys.
pub(super) fn handshakes(
    servers: &[&dyn Server],
    sessions: usize,
    fresh: &dyn Fn() -> Result<Disk, String>,
) -> Result<(), String> {
    let disk = fresh()?;
    let sessions = sessions.div_ceil(ROUNDS);
    for key in Key::ALL {
        key.make()?;
        let mut rows: Vec<_> = servers.iter().map(|server| (server.name(), Prices::default())).collect();
        for _ in 0..ROUNDS {
            for (server, (name, prices)) in servers.iter().zip(&mut rows) {
                let place = disk.path().join(format!("run-{name}"));
                prices.round(*server, key, sessions, &place)?;
            }
        }
        table_of_sessions(key, &rows, sessions * ROUNDS);
        table_of_handshakes(key, &rows);
    }
    Ok(())
}

impl Prices {
    /// Starts the server and adds what `sessions` sessions of each kind cost it.
    fn round(&mut self, server: &dyn Server, key: Key, sessions: usize, place: &Path) -> Result<(), String> {
        let running = server::start(server, Work::Handshakes(key), place, &[])?;
        let client = Client { conf: place.join("openssl.cnf"), processes: running.cgroup.process_list() };
        fs::write(&client.conf, CLIENT).map_err(|e| e.to_string())?;
        for kind in KINDS {
            client.run(kind, WARM)?;
        }
        for (at, kind) in KINDS.into_iter().enumerate() {
            let before = running.cgroup.cpu_seconds();
            let (resumed, alone) = client.run(kind, sessions)?;
            self.resumed[at] += resumed;
            match at {
                3.. => self.alone[at - 3].extend(alone),
                _ => {
                    // What a server does after it has closed counts as well.
                    std::thread::park_timeout(std::time::Duration::from_millis(100));
                    let used = running.cgroup.cpu_seconds() - before;
                    self.sessions[at].push(used * 1e6 / sessions as f64);
                }
            }
        }
        let again = self.resumed[1] + self.resumed[3];
        if again > 0 {
            return Err(format!("{}: {again} of the full handshakes were resumed", server.name()));
        }
        Ok(())
    }

    fn session(&self, kind: usize) -> f64 {
        median(&self.sessions[kind])
    }
}

fn median(costs: &[f64]) -> f64 {
    let mut costs = costs.to_vec();
    costs.sort_by(f64::total_cmp);
    costs.get(costs.len() / 2).copied().unwrap_or(f64::NAN)
}

fn mean(costs: &[f64]) -> f64 {
    costs.iter().sum::<f64>() / costs.len() as f64
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

/// Who begins the sessions.
struct Client {
    /// What it may offer.
    conf: PathBuf,
    /// The file that lists the server's processes.
    processes: PathBuf,
}

impl Client {
    /// So many sessions of a kind; how many were resumed, and what handshakes by themselves cost in microseconds.
    fn run(&self, (kind, port): (&str, u16), count: usize) -> Result<(usize, Vec<f64>), String> {
        let run = Command::new("python3")
            .args(["-c", include_str!("handshakes.py"), &port.to_string(), &count.to_string(), kind])
            .arg(&self.processes)
            .env("OPENSSL_CONF", &self.conf)
            .output()
            .map_err(|e| format!("python3: {e}"))?;
        let said = String::from_utf8_lossy(&run.stdout);
        let mut numbers = said.lines().map(str::parse::<u32>);
        match (numbers.next(), numbers.collect::<Result<Vec<_>, _>>()) {
            (Some(Ok(resumed)), Ok(alone)) => {
                Ok((resumed as usize, alone.into_iter().map(|ns| f64::from(ns) / 1e3).collect()))
            }
            _ => Err(format!("handshakes: {}", String::from_utf8_lossy(&run.stderr))),
        }
    }
}

fn table_of_sessions(key: Key, rows: &[(&str, Prices)], count: usize) {
    println!(
        "\nsessions, {key:?}: µs of the server's CPU each, of {count} of a kind the middle one of {ROUNDS} rounds"
    );
    println!("{:<10} {:>9} {:>9} {:>9} {:>8}", "", "clear", "full", "resumed", "resumed");
    for (name, row) in rows {
        let [clear, full, resumed] = [0, 1, 2].map(|kind| row.session(kind));
        let rate = row.resumed[2] as f64 / count as f64 * 100.0;
        println!("{name:<10} {clear:>9.0} {full:>9.0} {resumed:>9.0} {rate:>7.0}%");
    }
    for (name, ours, peer) in beside_us(rows) {
        let [full, resumed] = [1, 2].map(|kind| ours.session(kind) / peer.session(kind));
        println!(
            "postrider / {name}: session with a full handshake {full:.2}x, with a resumed one {resumed:.2}x"
        );
    }
}

fn table_of_handshakes(key: Key, rows: &[(&str, Prices)]) {
    println!(
        "\nhandshakes alone, {key:?}: µs of the server's CPU from one answer to EHLO to the next, STARTTLS between them"
    );
    println!(
        "{:<10} {:>11} {:>9} {:>14} {:>9} {:>8}",
        "", "full, median", "mean", "resumed, median", "mean", "resumed"
    );
    for (name, row) in rows {
        let [full, resumed] = &row.alone;
        println!(
            "{name:<10} {:>12.0} {:>9.0} {:>15.0} {:>9.0} {:>7.0}%",
            median(full),
            mean(full),
            median(resumed),
            mean(resumed),
            row.resumed[4] as f64 / resumed.len() as f64 * 100.0
        );
    }
    for (name, ours, peer) in beside_us(rows) {
        let [full, resumed] = [0, 1].map(|kind| median(&ours.alone[kind]) / median(&peer.alone[kind]));
        println!("postrider / {name}: a full handshake {full:.2}x, a resumed one {resumed:.2}x (medians)");
    }
}

/// The others' rows, each with ours.
fn beside_us<'r, 'n>(
    rows: &'r [(&'n str, Prices)],
) -> impl Iterator<Item = (&'n str, &'r Prices, &'r Prices)> {
    let ours = rows.iter().find(|(name, _)| *name == "postrider").map(|(_, ours)| ours);
    let others = rows.iter().filter(|(name, _)| *name != "postrider");
    others.filter_map(move |(name, peer)| ours.map(|ours| (*name, ours, peer)))
}
