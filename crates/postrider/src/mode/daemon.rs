//! `-bd`, `-bdf`, `-q30m`: the server.
//!
//! # Failure
//! A socket that cannot be bound is tried again as `daemon_startup_retries` says, in the background without `-bdf`; then
//! the start ends with a line in the panic log. A configuration that is broken
//! on SIGHUP is told and the old one stays.
//!
//! # Compatibility
//! Spec chapters 4 and 13: the pid file, SIGHUP, SIGTERM.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use config::options::{main, postrider};
use config::{Config, Loaded};
use mail_types::MessageId;
use mail_types::clock::SystemClock;
use mta::listener;
use mta::queue::{Manager, ManagerOptions, Waker, control};
use mta::services::interfaces::{self, Endpoint};
use mta::services::{Arrival, QueueWaker, Services};
use observe::event::{ListenOn, Listening, ProcessEvent};
use observe::{Event, Log};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Start;
use crate::argv::{DeliveryMode, Invocation};
use crate::assembly::{self, Parts};
use crate::load;
use crate::process::{self, Job, Seat};
use crate::server;

/// How long deliveries under way may take after the server was asked to stop.
const LAST_DELIVERIES: Duration = Duration::from_secs(10);

/// Runs the server.
pub(crate) fn run(start: Start<'_>, foreground: bool, loaded: &Loaded) -> ExitCode {
    if !start.caller.admin && !start.invocation.is_private() {
        return super::permission_denied();
    }
    if !loaded.diagnostics.is_empty() {
        load::tell(loaded);
    }
    if is_impossible(&start) {
        return ExitCode::FAILURE;
    }
    let endpoints = match endpoints(&start) {
        Ok(endpoints) => endpoints,
        Err(reason) => {
            let event = Event::from(ProcessEvent::ConfigError(config_error(&reason)));
            let line = LogLine { event, echo: true };
            process::run(Arc::clone(&start.config), &line, false);
            return ExitCode::FAILURE;
        }
    };
    match listener::bind(&endpoints, &start.config) {
        Ok(sockets) => serve(&start, sockets, foreground),
        Err(failure) => {
            // Whoever starts the server does not wait as long as that may take.
            if !foreground && let Err(reason) = go_to_background() {
                crate::say_error(&reason);
                return ExitCode::FAILURE;
            }
            match bind_patiently(&start, &endpoints, failure) {
                Some(sockets) => serve(&start, sockets, true),
                None => ExitCode::FAILURE,
            }
        }
    }
}

/// A server that runs the queue and does not listen.
pub(crate) fn run_queue_only(start: &Start<'_>) -> ExitCode {
    if is_impossible(start) {
        return ExitCode::FAILURE;
    }
    serve(start, Vec::new(), false)
}

/// With `mua_wrapper` there is no server; says so.
fn is_impossible(start: &Start<'_>) -> bool {
    if !start.config.main.get(main::MUA_WRAPPER) {
        return false;
    }
    let text = "Daemon cannot be run when mua_wrapper is set";
    crate::say_error_as_is(text);
    let line = LogLine { event: Event::Problem(text.into()), echo: false };
    process::run(Arc::clone(&start.config), &line, false);
    true
}

fn serve(start: &Start<'_>, sockets: Vec<TcpListener>, foreground: bool) -> ExitCode {
    if !foreground && let Err(reason) = go_to_background() {
        crate::say_error(&reason);
        return ExitCode::FAILURE;
    }
    let pid_file = match PidFile::write(start) {
        Ok(file) => file,
        Err(reason) => {
            crate::say_error(&reason);
            return ExitCode::FAILURE;
        }
    };
    let listening = sockets.iter().filter_map(|s| s.local_addr().ok()).collect();
    let daemon = Daemon { invocation: start.invocation, sockets: Mutex::new(sockets), listening };
    let code = process::run(Arc::clone(&start.config), &daemon, false);
    drop(pid_file);
    code
}

/// What the panic log says of an option that nobody can use.
fn config_error(reason: &str) -> Vec<Vec<u8>> {
    vec![b"Exim configuration error:".to_vec(), format!(" {reason}").into_bytes()]
}

fn endpoints(start: &Start<'_>) -> Result<Vec<Endpoint>, String> {
    let listen = start.invocation.listen.as_deref();
    let endpoints = interfaces::endpoints(&start.config, listen).map_err(|e| e.message)?;
    interfaces::check_on_connect_ports(&start.config).map_err(|e| e.message)?;
    Ok(endpoints)
}

/// Binding has failed once: again and again, as `daemon_startup_retries` and `daemon_startup_sleep` say.
fn bind_patiently(
    start: &Start<'_>,
    endpoints: &[Endpoint],
    mut failure: (SocketAddr, std::io::Error),
) -> Option<Vec<TcpListener>> {
    let options = &start.config.main;
    let mut tries = u32::try_from(options.get(main::DAEMON_STARTUP_RETRIES)).unwrap_or(0);
    let pause = u64::try_from(options.get(main::DAEMON_STARTUP_SLEEP)).unwrap_or(0);
    loop {
        tell_of_failure(start, &failure, (tries > 0).then_some((pause, tries)));
        tries = tries.checked_sub(1)?;
        let end = Instant::now() + Duration::from_secs(pause);
        while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            std::thread::park_timeout(left);
        }
        match listener::bind(endpoints, &start.config) {
            Ok(sockets) => return Some(sockets),
            Err(again) => failure = again,
        }
    }
}

/// Logs a failure to bind, as the user whom the logs belong to.
fn tell_of_failure(
    start: &Start<'_>,
    (address, error): &(SocketAddr, std::io::Error),
    again: Option<(u64, u32)>,
) {
    let any = if address.is_ipv6() { "(any IPv6)" } else { "(any IPv4)" };
    let text = error.to_string();
    let event = ProcessEvent::BindFailed {
        port: address.port(),
        address: if address.ip().is_unspecified() { Err(any) } else { Ok(address.ip()) },
        problem: text.split(" (os error").next().unwrap_or_default().to_owned(),
        again,
    };
    process::run(Arc::clone(&start.config), &LogLine { event: Event::from(event), echo: true }, false);
}

/// A line for the logs before there is a server.
struct LogLine {
    event: Event,
    echo: bool,
}

impl Job for LogLine {
    fn run(&self, config: Arc<Config>, _seat: Seat) -> u8 {
        match assembly::log_target(&config) {
            Ok((settings, sink)) => {
                let log = Log::new(settings, Arc::new(SystemClock), Arc::new(sink));
                if self.echo {
                    log.echo_problems();
                }
                log.write(&self.event);
                0
            }
            Err(reason) => {
                crate::say_error(&reason);
                1
            }
        }
    }

    fn is_daemon(&self) -> bool {
        false
    }

    fn reload(&self) -> Option<Arc<Config>> {
        None
    }
}

/// Forks, so that whoever started the server gets its prompt back.
fn go_to_background() -> Result<(), String> {
    privsep::child::detach_process().map_err(|e| format!("cannot go into the background: {e}"))?;
    crate::close_standard_streams();
    Ok(())
}

/// Lets no new message be tried sooner than the command line says.
struct AtMost {
    waker: Waker,
    most: Arrival,
}

impl QueueWaker for AtMost {
    fn message_arrived(&self, id: MessageId, how: Arrival) {
        let how = if how == Arrival::Queue { how } else { self.most };
        self.waker.message_arrived(id, how);
    }

    fn size(&self) -> u64 {
        self.waker.size()
    }
}

/// Written at start by whoever binds the ports, removed at the end.
struct PidFile(Option<std::path::PathBuf>);

impl PidFile {
    fn write(start: &Start<'_>) -> Result<Self, String> {
        let given = start.invocation.pid_file.as_ref();
        let path = match given {
            Some(path) => Some(std::path::PathBuf::from(String::from_utf8_lossy(path).into_owned())),
            // Exim writes none for a server whose ports were chosen on the command line.
            None if start.invocation.listen.is_some() => None,
            None => assembly::pid_file(&start.config)?,
        };
        let Some(path) = path else { return Ok(Self(None)) };
        let written = std::fs::File::create(&path).and_then(|mut f| writeln!(f, "{}", std::process::id()));
        match written {
            Ok(()) => Ok(Self(Some(path))),
            // A server that cannot write its pid file serves all the same, as Exim's does.
            Err(e) => {
                crate::say_error(&format!(
                    "cannot write the pid file {}: {e} (pid_file_path, -oP)",
                    path.display()
                ));
                Ok(Self(None))
            }
        }
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // It may have been removed by somebody; then there is nothing to do.
            let _ = std::fs::remove_file(path);
        }
    }
}

struct Daemon<'a> {
    invocation: &'a Invocation,
    sockets: Mutex<Vec<TcpListener>>,
    listening: Vec<SocketAddr>,
}

impl Job for Daemon<'_> {
    fn run(&self, config: Arc<Config>, seat: Seat) -> u8 {
        match crate::runtime() {
            Ok(runtime) => {
                let code = runtime.block_on(self.serve(&config, &seat));
                // Blocking work that hangs does not hold up the end.
                runtime.shutdown_timeout(Duration::from_secs(5));
                code
            }
            Err(e) => {
                crate::say_error(&format!("cannot start: {e}"));
                1
            }
        }
    }

    fn is_daemon(&self) -> bool {
        true
    }

    fn reload(&self) -> Option<Arc<Config>> {
        let loaded = load::load(self.invocation);
        if loaded.config.is_none() {
            load::tell(&loaded);
        }
        loaded.config
    }
}

impl Daemon<'_> {
    async fn serve(&self, config: &Arc<Config>, seat: &Seat) -> u8 {
        let (waker, inbox) = mta::queue::channel();
        let parts = Parts {
            local_agent: seat.local_agent(),
            queue: self.wakes(&waker),
            daemon: true,
            timeouts: self.invocation.timeouts(),
            tls_on_connect: self.invocation.tls_on_connect,
        };
        let services = match assembly::services(config, parts) {
            Ok(services) => services,
            Err(reason) => {
                crate::say_error(&reason);
                return 1;
            }
        };
        seat.attach(&services);
        recover(&services).await;
        self.announce(&services);
        let (stop, stopped) = watch::channel(false);
        let queue =
            tokio::spawn(Manager::serve(inbox, Arc::clone(&services), self.manager(config), stopped.clone()));
        // It ends by itself, or with the runtime: what it was about is written down.
        tokio::spawn(mta::report::serve(Arc::clone(&services), stopped.clone()));
        tokio::spawn(mta::trust_anchors::serve(Arc::clone(&services), stopped.clone()));
        let programs = self.programs(config, waker, &services, &stopped);
        let sockets = self.take_sockets();
        let listener = tokio::spawn(listener::serve(sockets, Arc::clone(&services), stopped));
        let code = self.signals(&services, seat).await;
        // Nobody listens to this channel any more when everything has ended already.
        let _ = stop.send(true);
        let _ = listener.await;
        let _ = tokio::time::timeout(LAST_DELIVERIES, queue).await;
        if let Some(programs) = programs {
            let _ = programs.await;
        }
        services.log.write_all_handed_on();
        services.connections.close().await;
        services.hints.flush(crate::HINTS_FLUSH);
        code
    }

    /// `-odq` and `-odqs` on the server's command line hold for all mail that it takes.
    fn wakes(&self, waker: &Waker) -> Arc<dyn QueueWaker> {
        match self.invocation.delivery {
            Some(DeliveryMode::Queue) => Arc::new(AtMost { waker: waker.clone(), most: Arrival::Queue }),
            Some(DeliveryMode::QueueSmtp) => {
                Arc::new(AtMost { waker: waker.clone(), most: Arrival::QueueRemote })
            }
            _ => Arc::new(waker.clone()),
        }
    }

    fn manager(&self, config: &Config) -> ManagerOptions {
        let defaults = ManagerOptions::default();
        let wanted = self.invocation.queue_run.as_ref();
        let deliveries = usize::try_from(config.main.get(postrider::DELIVERIES_MAX)).ok().filter(|n| *n > 0);
        ManagerOptions {
            interval: wanted.and_then(|q| q.interval).map(Duration::from_secs),
            run: wanted.map(server::run_request).unwrap_or_default(),
            deliveries: deliveries.unwrap_or(defaults.deliveries),
            ..defaults
        }
    }

    /// Serves local programs; a server without its socket takes mail from the network all the same, and says so.
    fn programs(
        &self,
        config: &Config,
        waker: Waker,
        services: &Arc<Services>,
        stopped: &watch::Receiver<bool>,
    ) -> Option<JoinHandle<()>> {
        let bound = server::socket(self.invocation, config)
            .and_then(|path| control::Listener::bind(&path).map_err(|e| format!("{}: {e}", path.display())));
        match bound {
            Ok(listener) => {
                Some(tokio::spawn(control::serve(listener, waker, Arc::clone(services), stopped.clone())))
            }
            Err(reason) => {
                let text = format!("local programs cannot reach this server: its socket {reason}");
                services.log.problem(None, text);
                None
            }
        }
    }

    /// The sockets for this worker; the parent keeps its copies for the next one.
    fn take_sockets(&self) -> Vec<TcpListener> {
        let sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        sockets.iter().filter_map(|s| s.try_clone().ok()).collect()
    }

    fn announce(&self, services: &Services) {
        let queue_interval = self.invocation.queue_run.as_ref().and_then(|q| q.interval);
        services.log.write(&Event::from(ProcessEvent::DaemonStarted {
            version: "4.99",
            pid: std::process::id(),
            queue_interval,
            listening: (!self.listening.is_empty()).then(|| listening(&self.listening, services)),
        }));
    }

    /// Until SIGTERM or SIGINT; SIGHUP takes a new configuration.
    async fn signals(&self, services: &Arc<Services>, seat: &Seat) -> u8 {
        let (Ok(mut hup), Ok(mut term), Ok(mut int)) =
            (signal(SignalKind::hangup()), signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        else {
            services.log.problem(None, "cannot watch for signals");
            return 1;
        };
        loop {
            tokio::select! {
                _ = hup.recv() => self.reload_services(services, seat),
                _ = term.recv() => return 0,
                _ = int.recv() => return 0,
            }
        }
    }

    /// The configuration as it is now, or what is wrong with it.
    fn new_config(&self) -> Result<Arc<Config>, Vec<Vec<u8>>> {
        let loaded = load::load(self.invocation);
        let Some(config) = loaded.config else {
            let text = config::diagnostic::render_all(&loaded.diagnostics, &loaded.sources);
            return Err(text.lines().map(|line| line.as_bytes().to_vec()).collect());
        };
        interfaces::check_on_connect_ports(&config).map_err(|error| config_error(&error.message))?;
        Ok(config)
    }

    fn reload_services(&self, services: &Services, seat: &Seat) {
        services.log.write(&Event::from(ProcessEvent::Sighup { pid: std::process::id() }));
        let config = match self.new_config() {
            Ok(config) => config,
            Err(lines) => {
                services.log.write(&Event::from(ProcessEvent::ConfigError(lines)));
                services.log.problem(None, "the new configuration is broken: the old one stays in force");
                return;
            }
        };
        match assembly::log_target(&config) {
            Ok((settings, sink)) => services.log.reconfigure(settings, Arc::new(sink)),
            Err(reason) => services.log.problem(None, format!("the logs stay where they are: {reason}")),
        }
        services.config.replace(Arc::clone(&config));
        seat.reload(&config);
    }
}

/// The sockets, as the log names them.
fn listening(addresses: &[SocketAddr], services: &Services) -> Listening {
    let config = services.config.snapshot();
    let (smtps, smtp): (Vec<SocketAddr>, Vec<SocketAddr>) = addresses.iter().partition(|at| {
        services.process.tls_on_connect || interfaces::is_on_connect_port(&config, at.port())
    });
    Listening { smtp: places(&smtp), smtps: places(&smtps) }
}

fn places(addresses: &[SocketAddr]) -> Vec<ListenOn> {
    let mut on: Vec<ListenOn> = Vec::new();
    for address in addresses {
        let (ip, port) = (address.ip(), address.port());
        match on
            .iter_mut()
            .find(|o| matches!(o, ListenOn::Any { port: p, .. } if ip.is_unspecified() && *p == port))
        {
            Some(ListenOn::Any { families, .. }) => *families = "IPv6 and IPv4",
            _ if ip.is_unspecified() => {
                on.push(ListenOn::Any { port, families: if ip.is_ipv4() { "IPv4" } else { "IPv6" } });
            }
            _ => {
                match on.iter_mut().find(|o| matches!(o, ListenOn::Address { address, .. } if *address == ip))
                {
                    Some(ListenOn::Address { ports, .. }) => ports.push(port),
                    _ => on.push(ListenOn::Address { address: ip, ports: vec![port] }),
                }
            }
        }
    }
    on
}

/// What a crash left in the spool is put in order before anything is tried.
async fn recover(services: &Arc<Services>) {
    let spool = Arc::clone(&services.spool);
    match services.pools.spool.run(move || spool.recover()).await {
        Ok(Ok(_)) | Err(_) => {}
        Ok(Err(error)) => services.log.problem(None, format!("the spool could not be put in order: {error}")),
    }
}
