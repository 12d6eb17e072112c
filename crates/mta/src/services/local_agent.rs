//! Requests to whoever acts as a local user: reads a forward file, delivers to a mailbox or a pipe.
//!
//! The worker never changes its uid. It asks an agent, which runs in the same process when the server was started
//! as an ordinary user, and in a short-lived child as the recipient's uid when it was started as root.
//!
//! # Security
//! The agent of the root form takes user, group and transport from its own copy of the configuration; what a
//! request says about them is a claim to be checked. It refuses root and `never_users`.

use std::fs::File;
use std::future::Future;
use std::pin::Pin;

use mail_message::header::HeaderLine;
use mail_types::outcome::Verdict;
use mail_types::value::Value;
use serde::{Deserialize, Serialize};

use crate::context::facts::{AddressFacts, Facts};

/// The future of an agent's answer.
pub type AgentFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Acts as local users.
pub trait LocalAgent: Send + Sync {
    /// One run of a local transport. `data` is the locked -D file, positioned anywhere.
    fn deliver(&self, request: LocalRequest, data: File) -> AgentFuture<'_, LocalReply>;

    /// Read or look at a file as a user.
    fn read_as_user(&self, request: AsUserRequest) -> AgentFuture<'_, AsUserReply>;

    /// Whether deliveries run as the users that the configuration names, and not all as the server's own.
    fn changes_user(&self) -> bool;
}

/// What the panic log is told of a delivery that did not happen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PanicLog {
    /// Nothing.
    #[default]
    Nothing,
    /// The line about the address that stands in the main log, too.
    Line,
    /// The reason by itself, which then stands by itself in the main log, too.
    Reason,
}

/// A user to act as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunAs {
    /// Real and effective uid.
    pub uid: u32,
    /// Real and effective gid.
    pub gid: u32,
    /// Login name whose supplementary groups are taken (`initgroups`); none keeps only `gid`.
    pub initgroups: Option<Vec<u8>>,
}

/// One run of a local transport for one address, or for a batch that it takes in one go.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LocalRequest {
    /// Name of the transport in the configuration.
    pub transport: String,
    /// The facts in force: message, connection and the first address.
    pub facts: Facts,
    /// The addresses, first one included.
    pub addresses: Vec<AddressFacts>,
    /// Who the router decided to deliver as; the transport's own `user` wins, as the configuration says.
    pub run_as: Option<RunAs>,
    /// `home_directory` that the router set.
    pub home_directory: Option<Value>,
    /// `transport_current_directory` that the router set.
    pub current_directory: Option<Value>,
    /// Header lines that routers added, in order.
    pub headers_add: Vec<HeaderLine>,
    /// Header names that routers removed.
    pub headers_remove: Vec<Vec<u8>>,
    /// Byte of `data` at which the body begins.
    pub body_offset: u64,
}

/// What became of each address of a [`LocalRequest`], in the same order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LocalReply {
    /// One result per address.
    pub results: Vec<LocalResult>,
}

/// What became of one address.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LocalResult {
    /// Delivered, deferred, failed or frozen.
    pub verdict: Verdict,
    /// Exim's errno for retry rules and the log (`basic_errno`), 0 for none.
    pub errno: i32,
    /// `more_errno`, as retry rules need it.
    pub more_errno: i32,
    /// Text for log and bounce.
    pub message: Option<Vec<u8>>,
    /// Text for the bounce only where the log's holds what the sender may not see.
    pub user_message: Option<Vec<u8>>,
    /// Octets that the transport wrote; none where it wrote nothing.
    pub size: Option<u64>,
    /// What `return_output`, `return_fail_output` or `log_output` kept of a command's output.
    pub output: Option<Vec<u8>>,
    /// Whether the output goes back to the sender.
    pub return_output: bool,
    /// Further text after the address in the delivery line (a file name), if the transport adds one.
    pub local_name: Option<Vec<u8>>,
    /// Lines that the transport wants in the mainlog besides the delivery line.
    pub log_lines: Vec<Vec<u8>>,
    /// What the panic log is told.
    pub panic: PanicLog,
}

impl LocalResult {
    /// An end without more to say than why.
    pub fn new(verdict: Verdict, errno: i32, message: Option<Vec<u8>>) -> Self {
        Self {
            verdict,
            errno,
            more_errno: 0,
            message,
            user_message: None,
            size: None,
            output: None,
            return_output: false,
            local_name: None,
            log_lines: Vec::new(),
            panic: PanicLog::Nothing,
        }
    }
}

/// Something to read or look at as a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsUserRequest {
    /// Whose rights count; none means the server's own user.
    pub run_as: Option<RunAs>,
    /// What to do.
    pub what: AsUserAction,
}

/// What to read or look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AsUserAction {
    /// `require_files`: does this path exist, and can it be reached?
    Exists {
        /// Absolute path.
        path: Vec<u8>,
    },
    /// Read a whole file after checking what it is (redirect's `file`).
    Read {
        /// Absolute path.
        path: Vec<u8>,
        /// Longest content that is accepted.
        max_size: u64,
        /// Path of a directory whose absence or inaccessibility defers (`check_ancestor`, `file_directory`).
        directory: Option<Vec<u8>>,
    },
}

/// The answer to an [`AsUserRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AsUserReply {
    /// `Exists`: it does.
    Exists,
    /// `Read`: the content, and what `fstat` said of the open file.
    Content {
        /// The whole content.
        bytes: Vec<u8>,
        /// Owner.
        uid: u32,
        /// Group.
        gid: u32,
        /// Type and permission bits.
        mode: u32,
    },
    /// The operating system refused: errno and which path it was about.
    Errno {
        /// The error number.
        errno: i32,
        /// The path.
        path: Vec<u8>,
    },
    /// Longer than `max_size`.
    TooLong,
    /// No agent could act as this user: the reason, for the log. Always temporary.
    Refused {
        /// The reason.
        reason: String,
    },
}
