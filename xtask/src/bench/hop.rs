//! The next hop of mail that is relayed over TLS.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::server::{self, SINK_PORT};
use super::tls::Key;

/// This tree's program, which throws everything away and counts.
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
