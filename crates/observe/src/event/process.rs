//! The program itself: daemon, queue runs, command lines.

use std::net::IpAddr;

/// One thing that the daemon listens on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenOn {
    /// A port on every interface.
    Any {
        /// The port.
        port: u16,
        /// The address families: `IPv6 and IPv4`, `IPv6 with IPv4`, `IPv4`, `IPv6`.
        families: &'static str,
    },
    /// One address with one or more ports.
    Address {
        /// The address.
        address: IpAddr,
        /// The ports.
        ports: Vec<u16>,
    },
}

/// What the daemon listens on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listening {
    /// For SMTP.
    pub smtp: Vec<ListenOn>,
    /// For SMTP with TLS from the start.
    pub smtps: Vec<ListenOn>,
}

/// Something about the program itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProcessEvent {
    /// The command line (`arguments`).
    Arguments {
        /// Working directory.
        cwd: Vec<u8>,
        /// All arguments, the name first.
        args: Vec<Vec<u8>>,
    },
    /// The daemon is up.
    DaemonStarted {
        /// The version number.
        version: &'static str,
        /// Its process id.
        pid: u32,
        /// Seconds between queue runs.
        queue_interval: Option<u64>,
        /// What it listens on; none without `-bd`.
        listening: Option<Listening>,
    },
    /// SIGHUP.
    Sighup {
        /// The daemon's process id.
        pid: u32,
    },
    /// A socket could not be bound.
    BindFailed {
        /// The port.
        port: u16,
        /// The address; none for any.
        address: Result<IpAddr, &'static str>,
        /// The system's reason.
        problem: String,
        /// Seconds to wait and tries left; none when the daemon gives up.
        again: Option<(u64, u32)>,
    },
    /// A queue run begins.
    QueueRunStarted {
        /// Its process id.
        pid: u32,
        /// The flags as Exim prints them (`-qff`, `-qi` …), empty for a plain run.
        options: Vec<u8>,
        /// The named queue.
        queue: Option<Vec<u8>>,
    },
    /// A queue run ends early, because the machine has too much to do (`deliver_queue_load_max`).
    QueueRunAbandoned {
        /// Its process id.
        pid: u32,
        /// The flags, as in `QueueRunStarted`.
        options: Vec<u8>,
        /// The load, times 1000.
        load: u64,
        /// The limit, times 1000.
        max: i64,
    },
    /// A queue run is over.
    QueueRunEnded {
        /// Its process id.
        pid: u32,
        /// The flags.
        options: Vec<u8>,
        /// The named queue.
        queue: Option<Vec<u8>>,
    },
    /// The configuration is wrong; all of the text, line by line.
    ConfigError(Vec<Vec<u8>>),
    /// A warning at start, line by line.
    Warning(Vec<Vec<u8>>),
}
