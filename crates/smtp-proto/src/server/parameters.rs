//! What bounds a session: the configuration's limits, as plain numbers.

/// The limits and names of one session, set from the configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Parameters {
    /// `smtp_active_hostname`: the name in replies.
    pub hostname: Vec<u8>,
    /// `smtp_enforce_sync` (and this host is not exempt).
    pub enforce_sync: bool,
    /// `smtp_max_synprot_errors`; 0 for no limit.
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
    /// `message_size_limit`; 0 for none.
    pub message_size_limit: u64,
    /// Longest command line accepted, CR LF not counted.
    pub command_line_limit: usize,
    /// Octets of a message read on after it was refused or passed its limit, before the link is dropped.
    pub swallow_limit: u64,
    /// No socket is behind it (`-bs` without one): no synchronisation checks.
    pub batched_input: bool,
}

impl Default for Parameters {
    /// Exim's defaults.
    fn default() -> Self {
        Self {
            hostname: b"localhost".to_vec(),
            enforce_sync: true,
            max_synprot_errors: 3,
            max_unknown_commands: 3,
            max_nonmail: Some(10),
            max_per_connection: 1000,
            recipients_max: 50_000,
            recipients_max_reject: false,
            message_size_limit: 50 * 1024 * 1024,
            command_line_limit: 16_384,
            swallow_limit: 1024 * 1024 * 1024,
            batched_input: false,
        }
    }
}
