//! `postrider quickstart`: a mail server to try out. No root, no file, no network.
//!
//! It prints the configuration that it uses, serves 127.0.0.1:2525 with it, sends itself one message over TCP, shows what
//! the log says and where the message lies, and keeps running until Ctrl-C.
//!
//! # Security
//! Everything runs in one process as whoever started it, and listens on loopback only. Root becomes `nobody` first.
//!
//! # Failure
//! A port in use, a folder that cannot be made, a message that does not arrive: each says what to do, and the exit code
//! is 1.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use config::{Config, Facts, LoadRequest, SystemFiles};
use mta::deliver::InProcessAgent;
use mta::listener;
use mta::queue::{Manager, Waker};
use mta::services::Services;
use mta::services::local_agent::RunAs;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::sync::watch;

use crate::assembly::{self, Parts};
use crate::load;

/// The configuration, with `PLACE` for the folder.
const CONFIGURATION: &str = include_str!("quickstart.conf");

/// Keys for `nwildlsearch`: every local part that is harmless as a file's name.
const MAILBOXES: &str = "^[A-Za-z0-9_+=-][A-Za-z0-9_+=.-]*$: any\n";

/// Where it listens.
const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 2525);

/// Pause between queue runs.
const QUEUE_INTERVAL: Duration = Duration::from_mins(30);

/// How long its own message may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the mode.
pub(crate) fn run() -> ExitCode {
    match prepare().and_then(|(config, place)| serve(&config, &place)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            crate::say_error_as_is(&format!("postrider quickstart: {reason}"));
            ExitCode::FAILURE
        }
    }
}

/// Where root's server keeps its files when nobody but root can enter the current folder.
const ROOTS_PLACE: &str = "/var/tmp/postrider-data";

/// Folders and configuration. Root gives them to an unprivileged user and becomes it: nothing is delivered as root.
fn prepare() -> Result<(Arc<Config>, PathBuf), String> {
    let here = std::env::current_dir().map_err(|e| format!("there is no current folder: {e}"))?;
    let somebody = if nix::unistd::geteuid().is_root() { Some(unprivileged()?) } else { None };
    let place = match &somebody {
        Some(_) if !everybody_can_enter(&here) => PathBuf::from(ROOTS_PLACE),
        _ => here.join("postrider-data"),
    };
    for name in ["", "spool", "log", "mail"] {
        make_folder(&place.join(name), somebody.as_ref())?;
    }
    if let Some(user) = &somebody {
        privsep::identity::become_user(user)?;
        say(&format!("Started by root: going on as nobody, with the files in {}.\n\n", place.display()));
    }
    let text = CONFIGURATION.replace("PLACE", &place.to_string_lossy());
    let file = place.join("exim.conf");
    for (file, text) in [(&file, text.as_str()), (&place.join("mailboxes"), MAILBOXES)] {
        std::fs::write(file, text).map_err(|e| format!("cannot write {}: {e}", file.display()))?;
    }
    say(&format!("{text}\n# ── end of the configuration; it also stands in {} ──\n\n", file.display()));
    let loaded = config::load(&LoadRequest {
        candidates: vec![file],
        macros: Vec::new(),
        files: &SystemFiles,
        build: load::build(),
        facts: Facts { hostname: load::host_name(), ipv6: false, environment: load::environment() },
        strict: false,
    });
    if loaded.config.is_none() {
        load::tell(&loaded);
    }
    let config =
        loaded.config.ok_or("its own configuration does not load (see above): please report this")?;
    Ok((config, place))
}

fn unprivileged() -> Result<RunAs, String> {
    let found = mta::services::accounts::by_name(b"nobody")?;
    let user = found.ok_or("there is no user nobody to run as: start it as an ordinary user")?;
    Ok(RunAs { uid: user.uid, gid: user.gid, initgroups: None })
}

/// Whether every folder on the way lets others pass.
fn everybody_can_enter(folder: &Path) -> bool {
    folder.ancestors().all(|f| std::fs::metadata(f).is_ok_and(|m| m.mode() & 0o001 != 0))
}

/// Makes a folder and gives it to the user. One that is there already must be a folder of his or root's, not a link.
fn make_folder(folder: &Path, user: Option<&RunAs>) -> Result<(), String> {
    let failed = |e: std::io::Error| format!("cannot make {}: {e}", folder.display());
    match std::fs::create_dir(folder) {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => return Err(failed(e)),
        _ => {}
    }
    let found = std::fs::symlink_metadata(folder).map_err(failed)?;
    let Some(user) = user else { return Ok(()) };
    if !found.is_dir() || !(found.uid() == 0 || found.uid() == user.uid) {
        return Err(format!(
            "{} is somebody else's: remove it, or start the server elsewhere",
            folder.display()
        ));
    }
    std::os::unix::fs::lchown(folder, Some(user.uid), Some(user.gid)).map_err(failed)
}

fn serve(config: &Arc<Config>, place: &Path) -> Result<(), String> {
    let runtime = crate::runtime().map_err(|e| format!("cannot start: {e}"))?;
    let result = runtime.block_on(async {
        let endpoints = mta::services::interfaces::endpoints(config, None).map_err(|e| e.message)?;
        let sockets = listener::bind(&endpoints, config)
            .map_err(|(address, e)| format!("cannot listen on {address}: {e}. Is another one running?"))?;
        let (waker, inbox) = mta::queue::channel();
        let services = services(config, waker)?;
        let (stop, stopped) = watch::channel(false);
        let options = mta::queue::ManagerOptions { interval: Some(QUEUE_INTERVAL), ..Default::default() };
        let queue = tokio::spawn(Manager::serve(inbox, Arc::clone(&services), options, stopped.clone()));
        let server = tokio::spawn(listener::serve(sockets, Arc::clone(&services), stopped));
        say(&format!("Listening on {ADDRESS}. Sending one message to newcomer@localhost:\n\n"));
        let sent = tokio::time::timeout(PATIENCE, send_one()).await;
        sent.map_err(|_| "its own SMTP session took too long".to_owned())??;
        show_delivery(place).await?;
        say(NEXT);
        let interrupted = tokio::signal::ctrl_c().await.map_err(|e| format!("cannot wait for Ctrl-C: {e}"));
        say("\nStopping.\n");
        // The server may have ended by itself; then nobody needs to be told.
        let _ = stop.send(true);
        let _ = server.await;
        let _ = queue.await;
        services.connections.close().await;
        services.hints.flush(crate::HINTS_FLUSH);
        interrupted
    });
    runtime.shutdown_timeout(Duration::from_secs(2));
    result
}

fn services(config: &Arc<Config>, waker: Waker) -> Result<Arc<Services>, String> {
    let agent = Arc::new(InProcessAgent::new());
    let parts = Parts {
        local_agent: Arc::clone(&agent) as _,
        queue: Arc::new(waker),
        daemon: true,
        timeouts: (None, None),
        tls_on_connect: false,
    };
    let services = assembly::services(config, parts)?;
    agent.attach(&services);
    Ok(services)
}

/// A whole SMTP session over TCP, shown as it goes.
async fn send_one() -> Result<(), String> {
    let failed = |e: std::io::Error| format!("its own SMTP session failed: {e}");
    let mut stream = BufReader::new(tokio::net::TcpStream::connect(ADDRESS).await.map_err(failed)?);
    let message = "From: Postrider <hello@localhost>\r\nTo: newcomer@localhost\r\nSubject: It works\r\n\r\n\
                   This message came in by SMTP, passed an ACL, stood in the spool,\r\nand a router and a transport brought it here.\r\n.\r\n";
    expect(&mut stream, "220").await?;
    for (command, reply) in [
        ("EHLO localhost\r\n", "250"),
        ("MAIL FROM:<hello@localhost>\r\n", "250"),
        ("RCPT TO:<newcomer@localhost>\r\n", "250"),
        ("DATA\r\n", "354"),
        (message, "250"),
        ("QUIT\r\n", "221"),
    ] {
        for line in command.lines() {
            say(&format!("  > {line}\n"));
        }
        stream.get_mut().write_all(command.as_bytes()).await.map_err(failed)?;
        expect(&mut stream, reply).await?;
    }
    Ok(())
}

/// Reads one reply and shows it; another code than `code` is an error.
async fn expect(stream: &mut BufReader<tokio::net::TcpStream>, code: &str) -> Result<(), String> {
    loop {
        let mut line = String::new();
        let read =
            stream.read_line(&mut line).await.map_err(|e| format!("its own SMTP session failed: {e}"))?;
        say(&format!("  < {}\n", line.trim_end()));
        if read == 0 || !line.starts_with(code) {
            return Err(format!("expected {code} from the server, got {:?}", line.trim_end()));
        }
        if line.as_bytes().get(3) != Some(&b'-') {
            return Ok(());
        }
    }
}

/// Waits until the message lies in its Maildir; shows the log's lines and the file.
async fn show_delivery(place: &Path) -> Result<(), String> {
    let folder = place.join("mail/newcomer/new");
    let log = place.join("log/mainlog");
    let mut clock = tokio::time::interval(Duration::from_millis(20));
    let arrived = tokio::time::timeout(PATIENCE, async {
        loop {
            clock.tick().await;
            let complete =
                std::fs::read_to_string(&log).is_ok_and(|text| text.trim_end().ends_with("Completed"));
            let newest = std::fs::read_dir(&folder).ok().and_then(|files| {
                files.filter_map(Result::ok).max_by_key(|f| f.metadata().and_then(|m| m.modified()).ok())
            });
            if let Some(file) = newest.filter(|_| complete) {
                return file.path();
            }
        }
    });
    let file = arrived.await.map_err(|_| {
        let said = std::fs::read_to_string(&log).unwrap_or_default();
        format!("the message did not arrive in {}; {} says:\n{said}", folder.display(), log.display())
    })?;
    let text = std::fs::read_to_string(&log).unwrap_or_default();
    let last: Vec<&str> = text.lines().collect();
    say(&format!("\nThe main log, {}:\n\n", log.display()));
    for line in &last[last.len().saturating_sub(3)..] {
        say(&format!("  {line}\n"));
    }
    say(&format!("\nThe message lies in\n  {}\n", file.display()));
    Ok(())
}

const NEXT: &str = "
Send the next one from another terminal:
  swaks --server 127.0.0.1:2525 --from you@localhost --to anyone@localhost
or by hand:
  telnet 127.0.0.1 2525
Ctrl-C ends the server; your mail stays in postrider-data.
";

fn say(text: &str) {
    crate::say(text.as_bytes());
}
