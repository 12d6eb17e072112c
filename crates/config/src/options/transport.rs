//! The options of transports: the generic ones, and a module per driver.
//!
//! One row per option, as in [`super::main`].
//!
//! # Compatibility
//! Exim 4.99, spec chapters on the transports.

/// Options of every transport.
pub mod generic {
    use super::super::definition::option_table;

    option_table! {
        Transport, "generic";
        /// Deliver body without headers.
        BODY_ONLY: Flag = "body_only", off;
        /// Cwd for delivery.
        CURRENT_DIRECTORY: Text = "current_directory", unset;
        /// Suppress delivery log lines.
        DISABLE_LOGGING: Flag = "disable_logging", off;
        /// Text shown in debug output.
        DEBUG_PRINT: Text = "debug_print", unset;
        /// Add Delivery-date.
        DELIVERY_DATE_ADD: Flag = "delivery_date_add", off;
        /// Selects the transport type.
        DRIVER: Plain = "driver", unset;
        /// Add Envelope-to.
        ENVELOPE_TO_ADD: Flag = "envelope_to_add", off;
        /// Expansion run for delivery events.
        EVENT_ACTION: Text = "event_action", unset, inert EVENTS;
        /// Group to deliver as.
        GROUP: GroupText = "group", unset;
        /// Headers added on output.
        HEADERS_ADD: Lines = "headers_add", unset;
        /// Deliver headers without body.
        HEADERS_ONLY: Flag = "headers_only", off;
        /// Headers removed on output.
        HEADERS_REMOVE: Lines = "headers_remove", unset;
        /// Rewriting rules for output headers.
        HEADERS_REWRITE: Rewrites = "headers_rewrite", unset;
        /// Home for delivery.
        HOME_DIRECTORY: Text = "home_directory", unset;
        /// Use supplementary groups.
        INITGROUPS: Flag = "initgroups", off;
        /// Concurrent runs of this transport.
        MAX_PARALLEL: Text = "max_parallel", unset, inert LATER;
        /// Fail larger messages.
        MESSAGE_SIZE_LIMIT: Text = "message_size_limit", unset;
        /// Put prefix/suffix back in RCPT.
        RCPT_INCLUDE_AFFIXES: Flag = "rcpt_include_affixes", off;
        /// Retry key includes local part.
        RETRY_USE_LOCAL_PART: Tristate = "retry_use_local_part", unset;
        /// Replace envelope sender.
        RETURN_PATH: Text = "return_path", unset;
        /// Add Return-path.
        RETURN_PATH_ADD: Flag = "return_path_add", off;
        /// Whether shadow runs.
        SHADOW_CONDITION: Text = "shadow_condition", unset, inert LATER;
        /// Second transport after success.
        SHADOW_TRANSPORT: Plain = "shadow_transport", unset, inert LATER;
        /// Command filtering output.
        TRANSPORT_FILTER: Text = "transport_filter", unset, inert FILTERS;
        /// Filter time limit.
        TRANSPORT_FILTER_TIMEOUT: Time = "transport_filter_timeout", "5m", inert FILTERS;
        /// User to deliver as.
        USER: UserText = "user", unset;
    }
}

/// Private options of the `appendfile` transport.
pub mod appendfile {
    use super::super::definition::option_table;

    option_table! {
        Transport, "appendfile";
        /// Permit writing to FIFO.
        ALLOW_FIFO: Flag = "allow_fifo", off;
        /// Follow mailbox symlink.
        ALLOW_SYMLINK: Flag = "allow_symlink", off;
        /// Extra batching key.
        BATCH_ID: Text = "batch_id", unset;
        /// Addresses per delivery.
        BATCH_MAX: Integer = "batch_max", "1";
        /// Require mailbox group match.
        CHECK_GROUP: Flag = "check_group", off;
        /// Require mailbox owner match.
        CHECK_OWNER: Flag = "check_owner", on;
        /// Line start needing escape.
        CHECK_STRING: Plain = "check_string", "From ";
        /// Make missing directories.
        CREATE_DIRECTORY: Flag = "create_directory", on;
        /// Where new files may be made.
        CREATE_FILE: Plain = "create_file", "anywhere";
        /// Directory for one-file-per-message delivery.
        DIRECTORY: Text = "directory", unset;
        /// File name inside directory.
        DIRECTORY_FILE: Text = "directory_file", "q${base62:$tod_epoch}-$inode";
        /// Mode of new directories.
        DIRECTORY_MODE: Octal = "directory_mode", "0700";
        /// Replacement for check_string.
        ESCAPE_STRING: Plain = "escape_string", ">From ";
        /// Mailbox file path.
        FILE: Text = "file", unset;
        /// Detect format and pick transport.
        FILE_FORMAT: Plain = "file_format", unset, inert LATER;
        /// Defer if mailbox missing.
        FILE_MUST_EXIST: Flag = "file_must_exist", off;
        /// Blocking fcntl wait.
        LOCK_FCNTL_TIMEOUT: Time = "lock_fcntl_timeout", "0s";
        /// Blocking flock wait.
        LOCK_FLOCK_TIMEOUT: Time = "lock_flock_timeout", "0s";
        /// Pause between lock tries.
        LOCK_INTERVAL: Time = "lock_interval", "3s";
        /// Lock attempts.
        LOCK_RETRIES: Integer = "lock_retries", "10";
        /// Mode of lock file.
        LOCKFILE_MODE: Octal = "lockfile_mode", "0600";
        /// Age to break stale lock.
        LOCKFILE_TIMEOUT: Time = "lockfile_timeout", "30m";
        /// Current file count for quota.
        MAILBOX_FILECOUNT: Text = "mailbox_filecount", unset;
        /// Current size for quota.
        MAILBOX_SIZE: Text = "mailbox_size", unset;
        /// Deliver into maildir.
        MAILDIR_FORMAT: Flag = "maildir_format", off;
        /// Subdirectories counted for quota.
        MAILDIR_QUOTA_DIRECTORY_REGEX: Plain = "maildir_quota_directory_regex", "^(?:cur|new|\\..*)$", inert LATER;
        /// Attempts at unique name.
        MAILDIR_RETRIES: Integer = "maildir_retries", "10";
        /// Suffix added to maildir name.
        MAILDIR_TAG: Text = "maildir_tag", unset;
        /// Maintain maildirsize.
        MAILDIR_USE_SIZE_FILE: FlagText = "maildir_use_size_file", off, inert LATER;
        /// Create maildirfolder marker.
        MAILDIRFOLDER_CREATE_REGEX: Plain = "maildirfolder_create_regex", unset;
        /// Two-file mailstore delivery.
        MAILSTORE_FORMAT: Flag = "mailstore_format", off, inert MAILBOX_FORMATS;
        /// Text before envelope data.
        MAILSTORE_PREFIX: Text = "mailstore_prefix", unset, inert MAILBOX_FORMATS;
        /// Text after envelope data.
        MAILSTORE_SUFFIX: Text = "mailstore_suffix", unset, inert MAILBOX_FORMATS;
        /// MBX mailbox format.
        MBX_FORMAT: Flag = "mbx_format", off, inert MAILBOX_FORMATS;
        /// Text written before message.
        MESSAGE_PREFIX: Text = "message_prefix", "From ${if def:return_path{$return_path}{MAILER-DAEMON}} ${tod_bsdinbox}\\n";
        /// Text written after message.
        MESSAGE_SUFFIX: Text = "message_suffix", "\\n";
        /// Mode of mailbox file.
        MODE: Octal = "mode", "0600";
        /// Fail if mode tighter than wanted.
        MODE_FAIL_NARROWER: Flag = "mode_fail_narrower", on;
        /// Tell comsat about mail.
        NOTIFY_COMSAT: Flag = "notify_comsat", off, inert LATER;
        /// Mailbox size limit.
        QUOTA: Text = "quota", unset;
        /// Top directory for counting.
        QUOTA_DIRECTORY: Text = "quota_directory", unset;
        /// File count limit.
        QUOTA_FILECOUNT: Text = "quota_filecount", unset;
        /// Count new message in check.
        QUOTA_IS_INCLUSIVE: Flag = "quota_is_inclusive", on;
        /// Extract size from file name.
        QUOTA_SIZE_REGEX: Plain = "quota_size_regex", unset;
        /// Text sent when over threshold.
        QUOTA_WARN_MESSAGE: Text = "quota_warn_message", unset, inert LATER;
        /// Level for warning mail.
        QUOTA_WARN_THRESHOLD: Text = "quota_warn_threshold", unset, inert LATER;
        /// Write batch SMTP.
        USE_BSMTP: Flag = "use_bsmtp", off;
        /// Write CRLF line ends.
        USE_CRLF: Flag = "use_crlf", off;
        /// Use fcntl locking.
        USE_FCNTL_LOCK: Tristate = "use_fcntl_lock", unset;
        /// Use flock locking.
        USE_FLOCK_LOCK: Flag = "use_flock_lock", off;
        /// Use .lock file.
        USE_LOCKFILE: Tristate = "use_lockfile", unset;
        /// MBX locking.
        USE_MBX_LOCK: Tristate = "use_mbx_lock", unset, inert MAILBOX_FORMATS;
    }
}

/// Private options of the `autoreply` transport.
pub mod autoreply {
    use super::super::definition::option_table;

    option_table! {
        Transport, "autoreply";
        /// Blind recipients of reply.
        BCC: Text = "bcc", unset, inert AUTOREPLY;
        /// Copy recipients of reply.
        CC: Text = "cc", unset, inert AUTOREPLY;
        /// File included in reply.
        FILE: Text = "file", unset, inert AUTOREPLY;
        /// Expand file line by line.
        FILE_EXPAND: Flag = "file_expand", off, inert AUTOREPLY;
        /// Missing file is no error.
        FILE_OPTIONAL: Flag = "file_optional", off, inert AUTOREPLY;
        /// From of reply.
        FROM: Text = "from", unset, inert AUTOREPLY;
        /// Extra headers.
        HEADERS: Text = "headers", unset, inert AUTOREPLY;
        /// File recording replies.
        LOG: Text = "log", unset, inert AUTOREPLY;
        /// Mode of log/once files.
        MODE: Octal = "mode", "0600", inert AUTOREPLY;
        /// Addresses never replied to.
        NEVER_MAIL: Addresses = "never_mail", unset, inert AUTOREPLY;
        /// Database of earlier recipients.
        ONCE: Text = "once", unset, inert AUTOREPLY;
        /// Cyclic once-file size.
        ONCE_FILE_SIZE: Integer = "once_file_size", "0", inert AUTOREPLY;
        /// Repeat reply after interval.
        ONCE_REPEAT: Text = "once_repeat", unset, inert AUTOREPLY;
        /// Reply-To of reply.
        REPLY_TO: Text = "reply_to", unset, inert AUTOREPLY;
        /// Append original message.
        RETURN_MESSAGE: Flag = "return_message", off, inert AUTOREPLY;
        /// Subject of reply.
        SUBJECT: Text = "subject", unset, inert AUTOREPLY;
        /// Body text.
        TEXT: Text = "text", unset, inert AUTOREPLY;
        /// Recipients of reply.
        TO: Text = "to", unset, inert AUTOREPLY;
    }
}

/// Private options of the `lmtp` transport.
pub mod lmtp {
    use super::super::definition::option_table;

    option_table! {
        Transport, "lmtp";
        /// Extra batching key.
        BATCH_ID: Text = "batch_id", unset, inert LMTP;
        /// Addresses per session.
        BATCH_MAX: Integer = "batch_max", "1", inert LMTP;
        /// Program speaking LMTP.
        COMMAND: Text = "command", unset, inert LMTP;
        /// Send IGNOREQUOTA.
        IGNORE_QUOTA: Flag = "ignore_quota", off, inert LMTP;
        /// Unix socket path.
        SOCKET: Text = "socket", unset, inert LMTP;
        /// Per-reply wait.
        TIMEOUT: Time = "timeout", "5m", inert LMTP;
    }
}

/// Private options of the `pipe` transport.
pub mod pipe {
    use super::super::definition::option_table;

    option_table! {
        Transport, "pipe";
        /// Permitted commands.
        ALLOW_COMMANDS: TextList = "allow_commands", unset;
        /// Extra batching key.
        BATCH_ID: Text = "batch_id", unset;
        /// Addresses per run.
        BATCH_MAX: Integer = "batch_max", "1";
        /// Line start needing escape.
        CHECK_STRING: Plain = "check_string", unset;
        /// Command to run.
        COMMAND: Text = "command", unset;
        /// Extra environment settings.
        ENVIRONMENT: TextList = "environment", unset;
        /// Replacement for check_string.
        ESCAPE_STRING: Plain = "escape_string", unset;
        /// Freeze when exec fails.
        FREEZE_EXEC_FAIL: Flag = "freeze_exec_fail", off;
        /// Freeze when killed by signal.
        FREEZE_SIGNAL: Flag = "freeze_signal", off;
        /// Use command option for address_pipe too.
        FORCE_COMMAND: Flag = "force_command", off;
        /// Ignore exit status.
        IGNORE_STATUS: Flag = "ignore_status", off;
        /// Log first output line on defer.
        LOG_DEFER_OUTPUT: Flag = "log_defer_output", off;
        /// Log first output line on failure.
        LOG_FAIL_OUTPUT: Flag = "log_fail_output", off;
        /// Log first output line always.
        LOG_OUTPUT: Flag = "log_output", off;
        /// Output cap.
        MAX_OUTPUT: Bytes = "max_output", "20K";
        /// Text before message.
        MESSAGE_PREFIX: Text = "message_prefix", "From ${if def:return_path{$return_path}{MAILER-DAEMON}} ${tod_bsdinbox}\\n";
        /// Text after message.
        MESSAGE_SUFFIX: Text = "message_suffix", "\\n";
        /// PATH and search list.
        PATH: Text = "path", "/bin:/usr/bin";
        /// Allow core files.
        PERMIT_COREDUMP: Flag = "permit_coredump", off, inert OWN_WAY;
        /// Run as message creator.
        PIPE_AS_CREATOR: Flag = "pipe_as_creator", off;
        /// No slash in command.
        RESTRICT_TO_PATH: Flag = "restrict_to_path", off;
        /// Bounce output on failure only.
        RETURN_FAIL_OUTPUT: Flag = "return_fail_output", off;
        /// Any output means failure.
        RETURN_OUTPUT: Flag = "return_output", off;
        /// Exit codes meaning defer.
        TEMP_ERRORS: PlainList = "temp_errors", "75:73";
        /// Command time limit.
        TIMEOUT: Time = "timeout", "1h";
        /// Timeout defers instead of fails.
        TIMEOUT_DEFER: Flag = "timeout_defer", off;
        /// Umask for command.
        UMASK: Octal = "umask", "022";
        /// Send batch SMTP.
        USE_BSMTP: Flag = "use_bsmtp", off;
        /// Set login class limits.
        USE_CLASSRESOURCES: Flag = "use_classresources", off, inert OWN_WAY;
        /// CRLF line ends.
        USE_CRLF: Flag = "use_crlf", off;
        /// Run through shell.
        USE_SHELL: Flag = "use_shell", off;
    }
}

/// Private options of the `smtp` transport.
pub mod smtp {
    use super::super::definition::option_table;

    option_table! {
        Transport, "smtp";
        /// Retry key holds sender too.
        ADDRESS_RETRY_INCLUDE_SENDER: Flag = "address_retry_include_sender", on;
        /// Deliver even to own host.
        ALLOW_LOCALHOST: Flag = "allow_localhost", off;
        /// ARC sealing: admd:selector:key[:options].
        ARC_SIGN: Text = "arc_sign", unset, inert DKIM;
        /// AUTH= value on MAIL.
        AUTHENTICATED_SENDER: Text = "authenticated_sender", unset, inert AUTH;
        /// Send AUTH= even unauthenticated.
        AUTHENTICATED_SENDER_FORCE: Flag = "authenticated_sender_force", off, inert AUTH;
        /// Per-command wait.
        COMMAND_TIMEOUT: Time = "command_timeout", "5m";
        /// Connect wait.
        CONNECT_TIMEOUT: Time = "connect_timeout", "5m";
        /// Messages per connection.
        CONNECTION_MAX_MESSAGES: Integer = "connection_max_messages", "500";
        /// Cipher choice under DANE.
        DANE_REQUIRE_TLS_CIPHERS: Text = "dane_require_tls_ciphers", unset, inert TLS;
        /// Per-block data wait.
        DATA_TIMEOUT: Time = "data_timeout", "5m";
        /// Signing canonicalisation.
        DKIM_CANON: Text = "dkim_canon", unset, inert DKIM;
        /// Signing domains; enables signing.
        DKIM_DOMAIN: TextList = "dkim_domain", unset, inert DKIM;
        /// Signing hash.
        DKIM_HASH: Text = "dkim_hash", "sha256", inert DKIM;
        /// I= tag value.
        DKIM_IDENTITY: Text = "dkim_identity", unset, inert DKIM;
        /// Key text or file.
        DKIM_PRIVATE_KEY: Text = "dkim_private_key", unset, inert DKIM;
        /// Selector list.
        DKIM_SELECTOR: Text = "dkim_selector", unset, inert DKIM;
        /// Defer when signing fails.
        DKIM_STRICT: Text = "dkim_strict", unset, inert DKIM;
        /// Header names signed.
        DKIM_SIGN_HEADERS: Text = "dkim_sign_headers", unset, inert DKIM;
        /// Add t= and x= tags.
        DKIM_TIMESTAMPS: Text = "dkim_timestamps", unset, inert DKIM;
        /// Delay expired addresses to next retry.
        DELAY_AFTER_CUTOFF: Flag = "delay_after_cutoff", on, inert LATER;
        /// Resolver qualification.
        DNS_QUALIFY_SINGLE: Flag = "dns_qualify_single", on, inert LATER;
        /// Resolver parent search.
        DNS_SEARCH_PARENTS: Flag = "dns_search_parents", off, inert LATER;
        /// Domains asking DNSSEC.
        DNSSEC_REQUEST_DOMAINS: Domains = "dnssec_request_domains", "*", inert DNS;
        /// Domains requiring DNSSEC.
        DNSSEC_REQUIRE_DOMAINS: Domains = "dnssec_require_domains", unset, inert DNS;
        /// DSCP mark on packets.
        DSCP: Text = "dscp", unset, inert LATER;
        /// Hosts tried last.
        FALLBACK_HOSTS: TextList = "fallback_hosts", unset;
        /// Wait after final dot.
        FINAL_TIMEOUT: Time = "final_timeout", "10m";
        /// Use system resolver.
        GETHOSTBYNAME: Flag = "gethostbyname", off, inert LATER;
        /// Relax GnuTLS.
        GNUTLS_COMPAT_MODE: Tristate = "gnutls_compat_mode", unset, inert TLS;
        /// Name sent in EHLO.
        HELO_DATA: Text = "helo_data", "$primary_hostname";
        /// Per-server name taken from EHLO reply.
        HOST_NAME_EXTRACT: TextList = "host_name_extract", "${if and {{match{$host}{.outlook.com\\$}} {match{$item}{\\N^250-([\\w.]+)\\s\\N}}} {$1}}", inert TLS;
        /// Host list.
        HOSTS: TextList = "hosts", unset;
        /// Use HELO only.
        HOSTS_AVOID_ESMTP: Hosts = "hosts_avoid_esmtp", unset;
        /// No pipelining.
        HOSTS_AVOID_PIPELINING: Hosts = "hosts_avoid_pipelining", unset;
        /// No STARTTLS.
        HOSTS_AVOID_TLS: Hosts = "hosts_avoid_tls", unset, inert TLS;
        /// Limit of IPs tried.
        HOSTS_MAX_TRY: Integer = "hosts_max_try", "5";
        /// Absolute limit of IPs.
        HOSTS_MAX_TRY_HARDLIMIT: Integer = "hosts_max_try_hardlimit", "50";
        /// Do not reuse TLS connection.
        HOSTS_NOPASS_TLS: Hosts = "hosts_nopass_tls", unset, inert TLS;
        /// Do not proxy TLS to next process.
        HOSTS_NOPROXY_TLS: Hosts = "hosts_noproxy_tls", unset, inert TLS;
        /// Ignore router hosts.
        HOSTS_OVERRIDE: Flag = "hosts_override", off;
        /// Early pipelining to hosts.
        HOSTS_PIPE_CONNECT: Hosts = "hosts_pipe_connect", unset, inert PIPE_CONNECT;
        /// Shuffle host list.
        HOSTS_RANDOMIZE: FlagText = "hosts_randomize", off;
        /// Ask for stapled OCSP.
        HOSTS_REQUEST_OCSP: Hosts = "hosts_request_ocsp", "*", inert TLS;
        /// ALPN must succeed.
        HOSTS_REQUIRE_ALPN: Hosts = "hosts_require_alpn", unset, inert TLS;
        /// Must authenticate.
        HOSTS_REQUIRE_AUTH: Hosts = "hosts_require_auth", unset, inert AUTH;
        /// DANE mandatory.
        HOSTS_REQUIRE_DANE: Hosts = "hosts_require_dane", unset, inert TLS;
        /// OCSP mandatory.
        HOSTS_REQUIRE_OCSP: Hosts = "hosts_require_ocsp", unset, inert TLS;
        /// TLS mandatory.
        HOSTS_REQUIRE_TLS: Hosts = "hosts_require_tls", unset, inert TLS;
        /// Authenticate if possible.
        HOSTS_TRY_AUTH: Hosts = "hosts_try_auth", unset, inert AUTH;
        /// Use BDAT when offered.
        HOSTS_TRY_CHUNKING: Hosts = "hosts_try_chunking", "*";
        /// DANE when usable; older text unset, now all.
        HOSTS_TRY_DANE: Hosts = "hosts_try_dane", "*", inert TLS;
        /// TCP fast open.
        HOSTS_TRY_FASTOPEN: Hosts = "hosts_try_fastopen", "*", inert LATER;
        /// Use PRDR when offered.
        HOSTS_TRY_PRDR: Hosts = "hosts_try_prdr", "*", inert PRDR;
        /// No TLS for callouts.
        HOSTS_VERIFY_AVOID_TLS: Hosts = "hosts_verify_avoid_tls", unset, inert TLS;
        /// Local address list.
        INTERFACE: TextList = "interface", unset;
        /// TCP keepalive.
        KEEPALIVE: Flag = "keepalive", on;
        /// Send IGNOREQUOTA.
        LMTP_IGNORE_QUOTA: Flag = "lmtp_ignore_quota", off, inert LMTP;
        /// RCPTs per transaction.
        MAX_RCPT: IntegerText = "max_rcpt", "100";
        /// Refuse longer lines.
        MESSAGE_LINELENGTH_LIMIT: Integer = "message_linelength_limit", "998";
        /// Mix domains in one delivery.
        MULTI_DOMAIN: FlagText = "multi_domain", on;
        /// Destination port.
        PORT: Text = "port", "smtp";
        /// Smtp, smtps or lmtp.
        PROTOCOL: Plain = "protocol", "smtp";
        /// Retry key holds IP.
        RETRY_INCLUDE_IP_ADDRESS: FlagText = "retry_include_ip_address", on;
        /// One connection at a time.
        SERIALIZE_HOSTS: Hosts = "serialize_hosts", unset, inert LATER;
        /// Added to SIZE value.
        SIZE_ADDITION: Integer = "size_addition", "1024";
        /// SOCKS5 proxy list.
        SOCKS_PROXY: Text = "socks_proxy", unset, inert SOCKS;
        /// ALPN offered.
        TLS_ALPN: Text = "tls_alpn", unset, inert TLS;
        /// Client certificate.
        TLS_CERTIFICATE: Text = "tls_certificate", unset, inert TLS;
        /// Revocation list.
        TLS_CRL: Text = "tls_crl", unset, inert TLS;
        /// Least DH size.
        TLS_DH_MIN_BITS: Integer = "tls_dh_min_bits", "1024", inert TLS;
        /// Client key.
        TLS_PRIVATEKEY: Text = "tls_privatekey", unset, inert TLS;
        /// Allowed ciphers.
        TLS_REQUIRE_CIPHERS: Text = "tls_require_ciphers", unset, inert TLS;
        /// Resumption allowed.
        TLS_RESUMPTION_HOSTS: Hosts = "tls_resumption_hosts", unset, inert TLS;
        /// SNI sent.
        TLS_SNI: Text = "tls_sni", unset, inert TLS;
        /// Fall back to clear after tempfail.
        TLS_TEMPFAIL_TRYCLEAR: Flag = "tls_tempfail_tryclear", on, inert TLS;
        /// Verify but continue.
        TLS_TRY_VERIFY_HOSTS: Hosts = "tls_try_verify_hosts", "*", inert TLS;
        /// Check certificate names.
        TLS_VERIFY_CERT_HOSTNAMES: Hosts = "tls_verify_cert_hostnames", "*", inert TLS;
        /// Trust anchors.
        TLS_VERIFY_CERTIFICATES: Text = "tls_verify_certificates", "system", inert TLS;
        /// Verify mandatory.
        TLS_VERIFY_HOSTS: Hosts = "tls_verify_hosts", unset, inert TLS;
        /// A-label conversion mode.
        UTF8_DOWNCONVERT: Text = "utf8_downconvert", "-1", inert LATER;
    }
}

/// Private options of the `queuefile` transport.
pub mod queuefile {
    use super::super::definition::option_table;

    option_table! {
        Transport, "queuefile";
        /// Expanded target directory for spool copies.
        DIRECTORY: Text = "directory", unset, inert QUEUEFILE;
    }
}
