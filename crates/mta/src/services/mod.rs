//! What every stage may use: the configuration in force, clock and randomness, resolver, spool, hints, log, pools.
//!
//! One `Services` is made at start and shared by an `Arc`. The configuration is a snapshot behind a handle:
//! whoever begins a piece of work (a connection, a delivery attempt) takes its own `Arc` and keeps it to the end.
//!
//! # Invariants
//! * Nothing here names a stage of the flow; a stage never reaches another through its services, except by the
//!   `QueueWaker`, whose calls may be lost without losing mail.
//! * Blocking work goes through one of four pools, so that one kind cannot starve another.

pub mod accounts;
mod config_handle;
pub(crate) mod https;
pub mod interfaces;
pub mod local_agent;
pub mod pam;
pub(crate) mod panic_guard;
pub mod perl;
mod policy_source;
mod pools;
mod spool_writer;

pub use config_handle::ConfigHandle;
pub use local_agent::LocalAgent;
pub use policy_source::PolicySource;
pub use pools::{Pool, PoolCaps, PoolError, Pools, off_the_runtime, waiting};
pub use spool_writer::SpoolWriter;

use std::path::PathBuf;
use std::sync::Arc;

use config::Config;
use expand::lookup::Lookup;
use mail_types::clock::{Clock, Entropy};
use mail_types::dns::Resolve;
use mail_types::message_id::MessageId;

use crate::transport::smtp::Connections;

/// The queue as the other stages see it.
///
/// A hint: the queue also finds messages by scanning, so a call that is lost costs time and nothing else.
pub trait QueueWaker: Send + Sync {
    /// A message stands in the spool, so that a first delivery can start.
    fn message_arrived(&self, id: MessageId, how: Arrival);

    /// `$queue_size`: how many messages wait, as far as the index knows.
    fn size(&self) -> u64;

    /// Whether whoever hears of a message also writes what is left of its own log, where no attempt begins soon
    /// ([`observe::Log::write_overdue`]). At the end of the program its owner does that.
    fn writes_overdue_logs(&self) -> bool {
        false
    }

    /// A session ends after its reply: its message was to be delivered while it waits, and was not (`mua_wrapper`).
    fn ends_session(&self) -> bool {
        false
    }
}

/// How soon a message that has just arrived should be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Start a delivery at once.
    Deliver,
    /// Leave it to the next queue run (`queue_only`, `-odq`, `control = queue`).
    Queue,
    /// Route now but leave remote deliveries to a queue run (`queue_smtp_domains`, `-odqs`).
    QueueRemote,
}

/// Facts about the running process that variables answer.
#[derive(Debug, Clone)]
pub struct ProcessFacts {
    /// `$caller_uid`.
    pub caller_uid: u32,
    /// `$caller_gid`.
    pub caller_gid: u32,
    /// `$exim_uid`: the uid that the server's work runs as.
    pub exim_uid: u32,
    /// `$exim_gid`.
    pub exim_gid: u32,
    /// Login name of that uid, as -H files of messages from the network show it.
    pub exim_user: Vec<u8>,
    /// `$exim_path`.
    pub exim_path: PathBuf,
    /// `$initial_cwd`.
    pub initial_cwd: PathBuf,
    /// What the operating system calls this host, for when `primary_hostname` is not set.
    pub hostname: Vec<u8>,
    /// `$compile_date`.
    pub compile_date: String,
    /// Whether this process is the daemon: connections are counted and limited.
    pub daemon: bool,
    /// `-tls-on-connect`: every port speaks TLS from the first octet.
    pub tls_on_connect: bool,
    /// `$spool_directory`, expanded when the program started.
    pub spool_directory: PathBuf,
    /// The directory of the main log, for `$log_space`; the spool's when logs go elsewhere.
    pub log_directory: PathBuf,
    /// `-or`: seconds to wait for a message on standard input.
    pub receive_timeout: Option<u64>,
    /// `-os`: seconds to wait for a line of SMTP.
    pub smtp_timeout: Option<u64>,
    /// `$localhost_number`, expanded when the program started; 0 when unset.
    pub localhost_number: u32,
}

/// Everything that the stages share.
pub struct Services {
    /// The configuration in force.
    pub config: ConfigHandle,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// DNS, for asynchronous code.
    pub resolver: Arc<dns::Resolver>,
    /// Files and databases, for expansions and lists.
    pub lookups: Arc<dyn Lookup>,
    /// DNS, for expansions and lists that run on a pool.
    pub blocking_resolver: Arc<dyn Resolve>,
    /// Messages on disk.
    pub spool: Arc<spool::Spool>,
    /// Commits and ends messages, many at a time.
    pub spool_writer: SpoolWriter,
    /// Retry and wait records.
    pub hints: Arc<dyn hints::Hints>,
    /// What daily reports are made of, and which have been sent.
    pub reports: Arc<hints::ReportStore>,
    /// mainlog, rejectlog, paniclog.
    pub log: Arc<observe::Log>,
    /// Where blocking work runs.
    pub pools: Pools,
    /// Who reads and delivers as a local user.
    pub local_agent: Arc<dyn LocalAgent>,
    /// Settings of TLS that are ready.
    pub tls: Arc<tls::Store>,
    /// Where MTA-STS policies come from.
    pub mta_sts: PolicySource,
    /// Connections to other hosts that the next message can use.
    pub connections: Arc<Connections>,
    /// Who is told about new messages.
    pub queue: Arc<dyn QueueWaker>,
    /// An interpreter for `${perl`, where `perl_at_start` asks for one.
    pub spare_perl: perl::SparePerl,
    /// Who asks the system's authentication modules.
    pub pam: pam::PamProgram,
    /// Facts about this process.
    pub process: ProcessFacts,
}

impl Services {
    /// How long a program on standard input may keep silent (`-or`, `receive_timeout`); none for ever.
    pub fn local_patience(&self) -> Option<std::time::Duration> {
        let option = self.snapshot().main.get(config::options::main::RECEIVE_TIMEOUT);
        let seconds = self.process.receive_timeout.unwrap_or(u64::try_from(option).unwrap_or(0));
        (seconds > 0).then(|| std::time::Duration::from_secs(seconds))
    }

    /// The configuration in force now, to be kept for the whole piece of work.
    pub fn snapshot(&self) -> Arc<Config> {
        self.config.snapshot()
    }
}
