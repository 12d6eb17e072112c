//! What every stage may use: the configuration in force, clock and randomness, resolver, spool, hints, log, pools.
//!
//! One `Services` is made at start and shared by an `Arc`. The configuration is a snapshot behind a handle:
//! whoever begins a piece of work (a connection, a delivery attempt) takes its own `Arc` and keeps it to the end.
//!
//! # Invariants
//! * Nothing here names a stage of the flow; a stage never reaches another through its services, except by the
//!   `QueueWaker`, whose calls may be lost without losing mail.
//! * Blocking work goes through one of three pools, so that one kind cannot starve another.

mod config_handle;
pub mod local_agent;
mod pools;

pub use config_handle::ConfigHandle;
pub use local_agent::LocalAgent;
pub use pools::{Pool, PoolCaps, PoolError, Pools};

use std::path::PathBuf;
use std::sync::Arc;

use config::Config;
use mail_types::clock::{Clock, Entropy};
use mail_types::dns::Resolve;
use mail_types::message_id::MessageId;

/// Told when a message has been committed, so that a first delivery can start.
///
/// A hint: the queue also finds messages by scanning, so a call that is lost costs time and nothing else.
pub trait QueueWaker: Send + Sync {
    /// A message stands in the spool.
    fn message_arrived(&self, id: MessageId, how: Arrival);
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
    /// `$exim_path`.
    pub exim_path: PathBuf,
    /// `$initial_cwd`.
    pub initial_cwd: PathBuf,
    /// What the operating system calls this host, for when `primary_hostname` is not set.
    pub hostname: Vec<u8>,
    /// Whether this process runs as a daemon (`${if def:…}` never asks; logging and limits do).
    pub daemon: bool,
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
    /// DNS, for expansions and lists that run on a pool.
    pub blocking_resolver: Arc<dyn Resolve>,
    /// Messages on disk.
    pub spool: Arc<spool::Spool>,
    /// Retry and wait records.
    pub hints: Arc<dyn hints::Hints>,
    /// mainlog, rejectlog, paniclog.
    pub log: Arc<observe::Log>,
    /// Where blocking work runs.
    pub pools: Pools,
    /// Who reads and delivers as a local user.
    pub local_agent: Arc<dyn LocalAgent>,
    /// Who is told about new messages.
    pub queue: Arc<dyn QueueWaker>,
    /// Facts about this process.
    pub process: ProcessFacts,
}

impl Services {
    /// The configuration in force now, to be kept for the whole piece of work.
    pub fn snapshot(&self) -> Arc<Config> {
        self.config.snapshot()
    }
}
