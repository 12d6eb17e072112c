//! What bounds a session: the configuration's limits, as plain numbers.

use mail_types::limits::SMTP_COMMAND;

use crate::content::LineMode;

/// The limits and names of one session, set from the configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Parameters {
    /// `smtp_active_hostname`: the name in replies.
    pub hostname: Vec<u8>,
    /// `smtp_enforce_sync`, there is a socket behind the session, and no ACL said `control = no_enforce_sync`.
    pub enforce_sync: bool,
    /// PIPECONNECT may be offered to this client (`pipelining_connect_advertise_hosts`): early input is no error.
    pub early_pipelining: bool,
    /// This client must say HELO before MAIL (`hosts_require_helo`).
    pub require_hello: bool,
    /// `smtp_max_synprot_errors`.
    pub max_synprot_errors: u32,
    /// `smtp_max_unknown_commands`.
    pub max_unknown_commands: u32,
    /// `smtp_accept_max_nonmail`; `None` when `smtp_accept_max_nonmail_hosts` does not match.
    pub max_nonmail: Option<u32>,
    /// `smtp_accept_max_per_connection`; 0 for no limit.
    pub max_per_connection: u32,
    /// `recipients_max`; 0 for no limit of the configuration.
    pub recipients_max: u32,
    /// `recipients_max_reject`.
    pub recipients_max_reject: bool,
    /// `message_size_limit`; 0 for none. Judges `SIZE=`; what really arrives is the caller's to count.
    pub message_size_limit: u64,
    /// Commands that an ACL makes work, as HELP lists them: `ETRN`, `EXPN`, `VRFY`.
    pub commands_by_acl: Vec<&'static str>,
    /// Longest command line accepted, its end not counted.
    pub command_line_limit: usize,
    /// Whether LF `.` LF may end a message: for local programs only.
    pub line_mode: LineMode,
}

impl Default for Parameters {
    /// Exim's defaults.
    fn default() -> Self {
        Self {
            hostname: b"localhost".to_vec(),
            enforce_sync: true,
            early_pipelining: true,
            require_hello: true,
            max_synprot_errors: 3,
            max_unknown_commands: 3,
            max_nonmail: Some(10),
            max_per_connection: 1000,
            recipients_max: 50_000,
            recipients_max_reject: false,
            message_size_limit: 50 * 1024 * 1024,
            commands_by_acl: Vec::new(),
            command_line_limit: SMTP_COMMAND,
            line_mode: LineMode::Strict,
        }
    }
}
