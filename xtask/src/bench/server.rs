//! The three servers: how each is configured for a work, started and stopped.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::cgroup::Cgroup;
use super::load::Work;
use super::world::{FIRST_UID, RECIPIENTS};

/// Port of the server under test.
pub(super) const SMTP_PORT: u16 = 2600;
/// Port of the next hop.
pub(super) const SINK_PORT: u16 = 2601;

/// Port where TLS comes before the greeting.
pub(super) const TLS_PORT: u16 = 2602;

/// A server under test.
pub(super) trait Server {
    /// Its name in the tables.
    fn name(&self) -> &'static str;
    /// Writes its configuration for `work` below `place` and returns the command that runs it in the foreground.
    fn prepare(&self, work: Work, place: &Path) -> Result<Command, String>;
}

/// A server that runs.
pub(super) struct Running {
    child: Child,
    /// Its control group.
    pub(super) cgroup: Cgroup,
}

/// Starts `server` for `work` in a fresh `place`, all its processes in a control group; `wrap` is a command line that the
/// server's own is appended to.
pub(super) fn start(server: &dyn Server, work: Work, place: &Path, wrap: &[&str]) -> Result<Running, String> {
    drop(fs::remove_dir_all(place));
    homes(place)?;
    let cgroup = Cgroup::new(server.name())?;
    let inner = server.prepare(work, place)?;
    let mut command = Command::new("sh");
    let [cpu, memory] = cgroup.doors();
    command
        .args(["-c", "echo $$ > \"$1\" && echo $$ > \"$2\" && shift 2 && exec \"$@\"", "sh"])
        .arg(cpu)
        .arg(memory);
    command.args(wrap).arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    let log = fs::File::create(place.join("stderr")).map_err(|e| e.to_string())?;
    let child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().map_err(|e| e.to_string())?;
    let running = Running { child, cgroup };
    let listening =
        super::load::until(|| std::net::TcpStream::connect(("127.0.0.1", SMTP_PORT)).is_ok().then_some(()));
    listening.ok_or_else(|| {
        let said = fs::read_to_string(place.join("stderr")).unwrap_or_default();
        format!("{} does not listen; it said: {said}", server.name())
    })?;
    Ok(running)
}

impl Drop for Running {
    fn drop(&mut self) {
        for _ in 0..50 {
            let left = self.cgroup.processes();
            if left.is_empty() {
                break;
            }
            for pid in left {
                if let Ok(pid) = i32::try_from(pid) {
                    // It may have ended by itself.
                    let _ = nix::sys::signal::kill(
                        nix::unistd::Pid::from_raw(pid),
                        nix::sys::signal::Signal::SIGKILL,
                    );
                }
            }
            std::thread::park_timeout(std::time::Duration::from_millis(50));
        }
        drop(self.child.wait());
    }
}

/// Home folders with an empty Maildir each.
fn homes(place: &Path) -> Result<(), String> {
    let home = place.parent().unwrap_or(place).join("home");
    drop(fs::remove_dir_all(&home));
    for folder in [place.to_path_buf(), home.clone()] {
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    for n in 0..RECIPIENTS {
        let own = home.join(format!("bench{n:02}"));
        fs::create_dir(&own).map_err(|e| format!("{}: {e}", own.display()))?;
        let id = Some(FIRST_UID + n as u32);
        chown(&own, id, id).map_err(|e| format!("{}: {e}", own.display()))?;
        fs::set_permissions(&own, fs::Permissions::from_mode(0o755)).map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// The configuration that Exim and Postrider share, word for word.
fn exim_conf(work: Work, place: &Path) -> String {
    let place = place.display();
    let queue = if work == Work::Accept { "queue_only\n" } else { "" };
    let (ports, tls) = match work {
        Work::Handshakes(key) => (
            format!("{SMTP_PORT} : {TLS_PORT}"),
            format!(
                "*\ntls_certificate = {}\ntls_on_connect_ports = {TLS_PORT}\ntls_resumption_hosts = *\nhost_lookup =",
                key.file().display()
            ),
        ),
        _ => (SMTP_PORT.to_string(), String::new()),
    };
    format!(
        "primary_hostname = bench.example
spool_directory = {place}/spool
log_file_path = {place}/log/%slog
pid_file_path = {place}/pid
keep_environment =
tls_advertise_hosts = {tls}
never_users = root
local_interfaces = 127.0.0.1
daemon_smtp_ports = {ports}
smtp_accept_max = 2000
smtp_accept_queue_per_connection = 0
remote_max_parallel = 4
{queue}acl_smtp_rcpt = accept_all
domainlist local_domains = local.example

begin acl
accept_all:
  accept

begin routers
away:
  driver = manualroute
  domains = ! +local_domains
  route_list = * 127.0.0.1 byname
  self = send
  transport = away
home:
  driver = accept
  check_local_user
  transport = home

begin transports
away:
  driver = smtp
  port = {SINK_PORT}
  allow_localhost
  hosts_try_fastopen =
home:
  driver = appendfile
  directory = $home/Maildir
  maildir_format
  create_directory
  delivery_date_add
  envelope_to_add
  return_path_add

begin retry
* * F,2h,15m
"
    )
}

/// Spool and log folders of Debian's mail user.
pub(super) fn exim_folders(place: &Path) -> Result<(), String> {
    let user = nix::unistd::User::from_name("Debian-exim")
        .ok()
        .flatten()
        .ok_or("no user Debian-exim (install exim4-base)")?;
    for name in ["spool", "log"] {
        let folder = place.join(name);
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        chown(&folder, Some(user.uid.as_raw()), Some(user.gid.as_raw())).map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// Debian's Exim.
pub(super) struct Exim;

impl Server for Exim {
    fn name(&self) -> &'static str {
        "exim"
    }

    fn prepare(&self, work: Work, place: &Path) -> Result<Command, String> {
        exim_folders(place)?;
        fs::write("/etc/exim4/exim4.conf", exim_conf(work, place)).map_err(|e| format!("exim4.conf: {e}"))?;
        let mut command = Command::new("/usr/sbin/exim4");
        command.args(["-bdf", "-q30m"]);
        Ok(command)
    }
}

/// This tree's program.
pub(super) struct Postrider {
    binary: PathBuf,
}

impl Postrider {
    /// The release build at `binary`.
    pub(super) fn new(binary: PathBuf) -> Self {
        Self { binary }
    }
}

impl Server for Postrider {
    fn name(&self) -> &'static str {
        "postrider"
    }

    fn prepare(&self, work: Work, place: &Path) -> Result<Command, String> {
        if !self.binary.exists() {
            return Err(format!("{} is missing: cargo build --release first", self.binary.display()));
        }
        exim_folders(place)?;
        let config = place.join("exim.conf");
        fs::write(&config, exim_conf(work, place)).map_err(|e| format!("exim.conf: {e}"))?;
        let mut command = Command::new(&self.binary);
        command.arg("-C").arg(config).args(["-bdf", "-q30m"]);
        Ok(command)
    }
}

/// Debian's Postfix, unpacked.
pub(super) struct Postfix {
    root: PathBuf,
}

impl Postfix {
    /// The unpacked package at `root`.
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }
}

impl Server for Postfix {
    fn name(&self) -> &'static str {
        "postfix"
    }

    fn prepare(&self, work: Work, place: &Path) -> Result<Command, String> {
        let (root, here) = (self.root.display(), place.display());
        let queue = place.join("queue");
        // Without a queue manager nobody clears the brake on incoming mail.
        let flow = if work == Work::Accept { "0" } else { "1s" };
        let tls = match work {
            Work::Handshakes(key) => format!(
                "smtpd_tls_chain_files = {}\nsmtpd_tls_loglevel = 0\nsmtpd_tls_security_level = may\n",
                key.file().display()
            ),
            Work::RelayTls => {
                "smtp_tls_security_level = may\nsmtp_tls_connection_reuse = yes\nsmtp_connection_cache_on_demand = yes\n"
                    .to_owned()
            }
            _ => String::new(),
        };
        for folder in ["conf", "data", "queue"] {
            fs::create_dir_all(place.join(folder)).map_err(|e| format!("{folder}: {e}"))?;
        }
        let main = format!(
            "compatibility_level = 3.6
queue_directory = {here}/queue
data_directory = {here}/data
command_directory = {root}/usr/sbin
daemon_directory = {root}/usr/lib/postfix/sbin
shlib_directory = {root}/usr/lib/postfix
meta_directory = {root}/etc/postfix
import_environment = MAIL_CONFIG TZ=UTC LANG=C
mail_owner = postfix
setgid_group = postdrop
maillog_file = {here}/maillog
maillog_file_prefixes = /
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = bench.example
mydestination = local.example
mynetworks = 127.0.0.0/8
local_recipient_maps =
alias_maps =
home_mailbox = Maildir/
in_flow_delay = {flow}
relayhost = [127.0.0.1]:{SINK_PORT}
smtpd_client_connection_count_limit = 0
default_process_limit = 100
disable_dns_lookups = yes
smtp_host_lookup = native
{tls}"
        );
        fs::write(place.join("conf/main.cf"), main).map_err(|e| e.to_string())?;
        let template = fs::read_to_string(self.root.join("usr/share/postfix/master.cf.dist"))
            .map_err(|e| format!("Postfix's master.cf: {e}"))?;
        fs::write(place.join("conf/master.cf"), master_cf(&template, work)).map_err(|e| e.to_string())?;
        let library = self.root.join("usr/lib/postfix");
        queue_folders(&queue, place)?;
        let mut command = Command::new(self.root.join("usr/lib/postfix/sbin/master"));
        command.arg("-c").arg(place.join("conf")).arg("-d").env("LD_LIBRARY_PATH", &library);
        command.env("MAIL_CONFIG", place.join("conf"));
        Ok(command)
    }
}

/// Postfix's own service table on our port, nothing in a chroot; without a queue manager nothing is delivered.
fn master_cf(template: &str, work: Work) -> String {
    let mut out = String::new();
    for line in template.lines().filter(|l| !l.starts_with('#')) {
        let mut fields: Vec<&str> = line.split_whitespace().collect();
        let indented = line.starts_with(char::is_whitespace);
        if indented || fields.len() < 8 {
            out.push_str(line);
        } else {
            let smtp = format!("127.0.0.1:{SMTP_PORT}");
            if fields[0] == "qmgr" && work == Work::Accept {
                continue;
            }
            if fields[0] == "smtp" && fields[1] == "inet" {
                fields[0] = &smtp;
            }
            fields[4] = "n";
            out.push_str(&fields.join(" "));
        }
        out.push('\n');
    }
    if matches!(work, Work::Handshakes(_)) {
        let wrapped = "inet n - n - - smtpd -o smtpd_tls_wrappermode=yes";
        out.extend(["127.0.0.1:", &TLS_PORT.to_string(), " ", wrapped, "\n"]);
    }
    if work == Work::RelayTls {
        // Connections under TLS that are used again are this service's; Debian's table has it as a comment.
        out.push_str("tlsproxy unix - - n - 0 tlsproxy\n");
    }
    if !out.contains("postlog ") {
        out.push_str("postlog unix-dgram n - n - 1 postlogd\n");
    }
    out
}

fn queue_folders(queue: &Path, place: &Path) -> Result<(), String> {
    let user = nix::unistd::User::from_name("postfix").ok().flatten().ok_or("no user postfix")?;
    let drop_group = nix::unistd::Group::from_name("postdrop").ok().flatten().ok_or("no group postdrop")?;
    let own = |path: &Path, uid: Option<u32>, gid: Option<u32>, mode: u32| -> Result<(), String> {
        fs::create_dir_all(path).map_err(|e| format!("{}: {e}", path.display()))?;
        chown(path, uid, gid).map_err(|e| e.to_string())?;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(|e| e.to_string())
    };
    let postfix = Some(user.uid.as_raw());
    own(&place.join("data"), postfix, postfix, 0o755)?;
    own(queue, Some(0), Some(0), 0o755)?;
    own(&queue.join("pid"), Some(0), Some(0), 0o755)?;
    for name in [
        "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved",
        "trace",
    ] {
        own(&queue.join(name), postfix, Some(0), 0o700)?;
    }
    let drop_gid = Some(drop_group.gid.as_raw());
    own(&queue.join("maildrop"), postfix, drop_gid, 0o730)?;
    own(&queue.join("public"), postfix, drop_gid, 0o710)
}
