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
        /// `body_only = true`
        BODY_ONLY: Flag = "body_only", off;
        /// Cwd for delivery.
        /// `current_directory = /home/$local_part_data`
        CURRENT_DIRECTORY: Text = "current_directory", unset;
        /// Suppress delivery log lines.
        /// `disable_logging = true`
        DISABLE_LOGGING: Flag = "disable_logging", off;
        /// Text shown in debug output.
        /// `debug_print = $transport_name for $local_part@$domain`
        DEBUG_PRINT: Text = "debug_print", unset;
        /// Add Delivery-date.
        /// `delivery_date_add = true`
        DELIVERY_DATE_ADD: Flag = "delivery_date_add", off;
        /// Selects the transport type.
        /// `driver = appendfile`
        DRIVER: Plain = "driver", unset;
        /// Add Envelope-to.
        /// `envelope_to_add = true`
        ENVELOPE_TO_ADD: Flag = "envelope_to_add", off;
        /// Expansion run for delivery events.
        /// `event_action = ${if eq{msg:delivery}{$event_name}{}}`
        EVENT_ACTION: Text = "event_action", unset, inert EVENTS;
        /// Group to deliver as.
        /// `group = mail`
        GROUP: GroupText = "group", unset;
        /// Headers added on output.
        /// `headers_add = Lines: $body_linecount`
        HEADERS_ADD: Lines = "headers_add", unset;
        /// Deliver headers without body.
        /// `headers_only = true`
        HEADERS_ONLY: Flag = "headers_only", off;
        /// Headers removed on output.
        /// `headers_remove = X-Internal : Bcc`
        HEADERS_REMOVE: Lines = "headers_remove", unset;
        /// Rewriting rules for output headers.
        /// `headers_rewrite = *@old.example  $1@new.example fs`
        HEADERS_REWRITE: Rewrites = "headers_rewrite", unset;
        /// Home for delivery.
        /// `home_directory = /home/$local_part_data`
        HOME_DIRECTORY: Text = "home_directory", unset;
        /// Use supplementary groups.
        /// `initgroups = true`
        INITGROUPS: Flag = "initgroups", off;
        /// Concurrent runs of this transport.
        /// `max_parallel = 5`
        MAX_PARALLEL: Text = "max_parallel", unset;
        /// Fail larger messages.
        /// `message_size_limit = ${if match_domain{$domain}{+local_domains}{0}{10M}}`
        MESSAGE_SIZE_LIMIT: Text = "message_size_limit", unset;
        /// Put prefix/suffix back in RCPT.
        /// `rcpt_include_affixes = true`
        RCPT_INCLUDE_AFFIXES: Flag = "rcpt_include_affixes", off;
        /// Retry key includes local part.
        /// `retry_use_local_part = true`
        RETRY_USE_LOCAL_PART: Tristate = "retry_use_local_part", unset;
        /// Replace envelope sender.
        /// `return_path = ${local_part}-bounces@$domain`
        RETURN_PATH: Text = "return_path", unset;
        /// Add Return-path.
        /// `return_path_add = true`
        RETURN_PATH_ADD: Flag = "return_path_add", off;
        /// Whether shadow runs.
        /// `shadow_condition = ${if eq{$sender_address}{boss@example.org}}`
        SHADOW_CONDITION: Text = "shadow_condition", unset;
        /// Second transport after success.
        /// `shadow_transport = archive`
        SHADOW_TRANSPORT: Plain = "shadow_transport", unset;
        /// Command filtering output.
        /// `transport_filter = /usr/bin/altermime --input=- --disclaimer=/etc/exim/disclaimer`
        TRANSPORT_FILTER: Text = "transport_filter", unset, inert FILTERS;
        /// Filter time limit.
        /// `transport_filter_timeout = 1m`
        TRANSPORT_FILTER_TIMEOUT: Time = "transport_filter_timeout", "5m", inert FILTERS;
        /// User to deliver as.
        /// `user = $local_part_data`
        USER: UserText = "user", unset;
    }
}

/// Private options of the `appendfile` transport.
pub mod appendfile {
    use super::super::definition::option_table;

    option_table! {
        Transport, "appendfile";
        /// Permit writing to FIFO.
        /// `allow_fifo = true`
        ALLOW_FIFO: Flag = "allow_fifo", off;
        /// Follow mailbox symlink.
        /// `allow_symlink = true`
        ALLOW_SYMLINK: Flag = "allow_symlink", off;
        /// Extra batching key.
        /// `batch_id = $domain`
        BATCH_ID: Text = "batch_id", unset;
        /// Addresses per delivery.
        /// `batch_max = 20`
        BATCH_MAX: Integer = "batch_max", "1";
        /// Require mailbox group match.
        /// `check_group = true`
        CHECK_GROUP: Flag = "check_group", off;
        /// Require mailbox owner match.
        /// `check_owner = false`
        CHECK_OWNER: Flag = "check_owner", on;
        /// Line start needing escape.
        /// `check_string = From`
        CHECK_STRING: Plain = "check_string", "From ";
        /// Make missing directories.
        /// `create_directory = false`
        CREATE_DIRECTORY: Flag = "create_directory", on;
        /// Where new files may be made.
        /// `create_file = belowhome`
        CREATE_FILE: Plain = "create_file", "anywhere";
        /// Directory for one-file-per-message delivery.
        /// `directory = /var/mail/$domain_data/$local_part_data`
        DIRECTORY: Text = "directory", unset;
        /// File name inside directory.
        /// `directory_file = $tod_epoch-$inode`
        DIRECTORY_FILE: Text = "directory_file", "q${base62:$tod_epoch}-$inode";
        /// Mode of new directories.
        /// `directory_mode = 0750`
        DIRECTORY_MODE: Octal = "directory_mode", "0700";
        /// Replacement for check_string.
        /// `escape_string = >From`
        ESCAPE_STRING: Plain = "escape_string", ">From ";
        /// Mailbox file path.
        /// `file = /var/mail/$local_part_data`
        FILE: Text = "file", unset;
        /// Detect format and pick transport.
        /// `file_format = "From : local_bsd"`
        FILE_FORMAT: Plain = "file_format", unset, inert LATER;
        /// Defer if mailbox missing.
        /// `file_must_exist = true`
        FILE_MUST_EXIST: Flag = "file_must_exist", off;
        /// Blocking fcntl wait.
        /// `lock_fcntl_timeout = 10s`
        LOCK_FCNTL_TIMEOUT: Time = "lock_fcntl_timeout", "0s";
        /// Blocking flock wait.
        /// `lock_flock_timeout = 10s`
        LOCK_FLOCK_TIMEOUT: Time = "lock_flock_timeout", "0s";
        /// Pause between lock tries.
        /// `lock_interval = 5s`
        LOCK_INTERVAL: Time = "lock_interval", "3s";
        /// Lock attempts.
        /// `lock_retries = 5`
        LOCK_RETRIES: Integer = "lock_retries", "10";
        /// Mode of lock file.
        /// `lockfile_mode = 0640`
        LOCKFILE_MODE: Octal = "lockfile_mode", "0600";
        /// Age to break stale lock.
        /// `lockfile_timeout = 10m`
        LOCKFILE_TIMEOUT: Time = "lockfile_timeout", "30m";
        /// Current file count for quota.
        /// `mailbox_filecount = ${lookup{$local_part_data}lsearch{/etc/exim/counts}}`
        MAILBOX_FILECOUNT: Text = "mailbox_filecount", unset;
        /// Current size for quota.
        /// `mailbox_size = ${lookup{$local_part_data}lsearch{/etc/exim/sizes}}`
        MAILBOX_SIZE: Text = "mailbox_size", unset;
        /// Deliver into maildir.
        /// `maildir_format = true`
        MAILDIR_FORMAT: Flag = "maildir_format", off;
        /// Subdirectories counted for quota.
        /// `maildir_quota_directory_regex = ^(?:cur|new|\.(?!Trash).*)$`
        MAILDIR_QUOTA_DIRECTORY_REGEX: Plain = "maildir_quota_directory_regex", "^(?:cur|new|\\..*)$", inert LATER;
        /// Attempts at unique name.
        /// `maildir_retries = 3`
        MAILDIR_RETRIES: Integer = "maildir_retries", "10";
        /// Suffix added to maildir name.
        /// `maildir_tag = ,S=$message_size`
        MAILDIR_TAG: Text = "maildir_tag", unset;
        /// Maintain maildirsize.
        /// `maildir_use_size_file = true`
        MAILDIR_USE_SIZE_FILE: FlagText = "maildir_use_size_file", off, inert LATER;
        /// Create maildirfolder marker.
        /// `maildirfolder_create_regex = /\.[^/]+$`
        MAILDIRFOLDER_CREATE_REGEX: Plain = "maildirfolder_create_regex", unset;
        /// Two-file mailstore delivery.
        /// `mailstore_format = true`
        MAILSTORE_FORMAT: Flag = "mailstore_format", off, inert MAILBOX_FORMATS;
        /// Text before envelope data.
        /// `mailstore_prefix = $return_path\n`
        MAILSTORE_PREFIX: Text = "mailstore_prefix", unset, inert MAILBOX_FORMATS;
        /// Text after envelope data.
        /// `mailstore_suffix = end\n`
        MAILSTORE_SUFFIX: Text = "mailstore_suffix", unset, inert MAILBOX_FORMATS;
        /// MBX mailbox format.
        /// `mbx_format = true`
        MBX_FORMAT: Flag = "mbx_format", off, inert MAILBOX_FORMATS;
        /// Text written before message.
        /// `message_prefix = "From ${return_path} ${tod_bsdinbox}\n"`
        MESSAGE_PREFIX: Text = "message_prefix", "From ${if def:return_path{$return_path}{MAILER-DAEMON}} ${tod_bsdinbox}\\n";
        /// Text written after message.
        /// `message_suffix = "\n\n"`
        MESSAGE_SUFFIX: Text = "message_suffix", "\\n";
        /// Mode of mailbox file.
        /// `mode = 0660`
        MODE: Octal = "mode", "0600";
        /// Fail if mode tighter than wanted.
        /// `mode_fail_narrower = false`
        MODE_FAIL_NARROWER: Flag = "mode_fail_narrower", on;
        /// Tell comsat about mail.
        /// `notify_comsat = true`
        NOTIFY_COMSAT: Flag = "notify_comsat", off, inert LATER;
        /// Mailbox size limit.
        /// `quota = ${if eq{$local_part}{boss}{2G}{500M}}`
        QUOTA: Text = "quota", unset;
        /// Top directory for counting.
        /// `quota_directory = /var/mail/$local_part_data`
        QUOTA_DIRECTORY: Text = "quota_directory", unset;
        /// File count limit.
        /// `quota_filecount = 10000`
        QUOTA_FILECOUNT: Text = "quota_filecount", unset;
        /// Count new message in check.
        /// `quota_is_inclusive = false`
        QUOTA_IS_INCLUSIVE: Flag = "quota_is_inclusive", on;
        /// Extract size from file name.
        /// `quota_size_regex = ,S=(\d+)`
        QUOTA_SIZE_REGEX: Plain = "quota_size_regex", unset;
        /// Text sent when over threshold.
        /// `quota_warn_message = "To: $local_part@$domain\nSubject: Your mailbox\n\nIt is nearly full.\n"`
        QUOTA_WARN_MESSAGE: Text = "quota_warn_message", unset, inert LATER;
        /// Level for warning mail.
        /// `quota_warn_threshold = 80%`
        QUOTA_WARN_THRESHOLD: Text = "quota_warn_threshold", unset, inert LATER;
        /// Write batch SMTP.
        /// `use_bsmtp = true`
        USE_BSMTP: Flag = "use_bsmtp", off;
        /// Write CRLF line ends.
        /// `use_crlf = true`
        USE_CRLF: Flag = "use_crlf", off;
        /// Use fcntl locking.
        /// `use_fcntl_lock = true`
        USE_FCNTL_LOCK: Tristate = "use_fcntl_lock", unset;
        /// Use flock locking.
        /// `use_flock_lock = true`
        USE_FLOCK_LOCK: Flag = "use_flock_lock", off;
        /// Use .lock file.
        /// `use_lockfile = false`
        USE_LOCKFILE: Tristate = "use_lockfile", unset;
        /// MBX locking.
        /// `use_mbx_lock = true`
        USE_MBX_LOCK: Tristate = "use_mbx_lock", unset, inert MAILBOX_FORMATS;
    }
}

/// Private options of the `autoreply` transport.
pub mod autoreply {
    use super::super::definition::option_table;

    option_table! {
        Transport, "autoreply";
        /// Blind recipients of reply.
        /// `bcc = archive@example.org`
        BCC: Text = "bcc", unset, inert AUTOREPLY;
        /// Copy recipients of reply.
        /// `cc = ${if def:h_cc:{$h_cc:}}`
        CC: Text = "cc", unset, inert AUTOREPLY;
        /// File included in reply.
        /// `file = /home/$local_part_data/.vacation.msg`
        FILE: Text = "file", unset, inert AUTOREPLY;
        /// Expand file line by line.
        /// `file_expand = true`
        FILE_EXPAND: Flag = "file_expand", off, inert AUTOREPLY;
        /// Missing file is no error.
        /// `file_optional = true`
        FILE_OPTIONAL: Flag = "file_optional", off, inert AUTOREPLY;
        /// From of reply.
        /// `from = $local_part@$domain`
        FROM: Text = "from", unset, inert AUTOREPLY;
        /// Extra headers.
        /// `headers = X-Reply: yes`
        HEADERS: Text = "headers", unset, inert AUTOREPLY;
        /// File recording replies.
        /// `log = /home/$local_part_data/vacation.log`
        LOG: Text = "log", unset, inert AUTOREPLY;
        /// Mode of log/once files.
        /// `mode = 0640`
        MODE: Octal = "mode", "0600", inert AUTOREPLY;
        /// Addresses never replied to.
        /// `never_mail = *-request@* : mailer-daemon@*`
        NEVER_MAIL: Addresses = "never_mail", unset, inert AUTOREPLY;
        /// Database of earlier recipients.
        /// `once = /home/$local_part_data/.vacation.db`
        ONCE: Text = "once", unset, inert AUTOREPLY;
        /// Cyclic once-file size.
        /// `once_file_size = 50K`
        ONCE_FILE_SIZE: Integer = "once_file_size", "0", inert AUTOREPLY;
        /// Repeat reply after interval.
        /// `once_repeat = 7d`
        ONCE_REPEAT: Text = "once_repeat", unset, inert AUTOREPLY;
        /// Reply-To of reply.
        /// `reply_to = postmaster@example.org`
        REPLY_TO: Text = "reply_to", unset, inert AUTOREPLY;
        /// Append original message.
        /// `return_message = true`
        RETURN_MESSAGE: Flag = "return_message", off, inert AUTOREPLY;
        /// Subject of reply.
        /// `subject = Away: $h_subject:`
        SUBJECT: Text = "subject", unset, inert AUTOREPLY;
        /// Body text.
        /// `text = I am away until Monday.`
        TEXT: Text = "text", unset, inert AUTOREPLY;
        /// Recipients of reply.
        /// `to = $sender_address`
        TO: Text = "to", unset, inert AUTOREPLY;
    }
}

/// Private options of the `lmtp` transport.
pub mod lmtp {
    use super::super::definition::option_table;

    option_table! {
        Transport, "lmtp";
        /// Extra batching key.
        /// `batch_id = $domain`
        BATCH_ID: Text = "batch_id", unset, inert LMTP;
        /// Addresses per session.
        /// `batch_max = 50`
        BATCH_MAX: Integer = "batch_max", "1", inert LMTP;
        /// Program speaking LMTP.
        /// `command = /usr/lib/cyrus/bin/lmtpd`
        COMMAND: Text = "command", unset, inert LMTP;
        /// Send IGNOREQUOTA.
        /// `ignore_quota = true`
        IGNORE_QUOTA: Flag = "ignore_quota", off, inert LMTP;
        /// Unix socket path.
        /// `socket = /run/dovecot/lmtp`
        SOCKET: Text = "socket", unset, inert LMTP;
        /// Per-reply wait.
        /// `timeout = 2m`
        TIMEOUT: Time = "timeout", "5m", inert LMTP;
    }
}

/// Private options of the `pipe` transport.
pub mod pipe {
    use super::super::definition::option_table;

    option_table! {
        Transport, "pipe";
        /// Permitted commands.
        /// `allow_commands = /usr/bin/vacation : /usr/bin/procmail`
        ALLOW_COMMANDS: TextList = "allow_commands", unset;
        /// Extra batching key.
        /// `batch_id = $domain`
        BATCH_ID: Text = "batch_id", unset;
        /// Addresses per run.
        /// `batch_max = 20`
        BATCH_MAX: Integer = "batch_max", "1";
        /// Line start needing escape.
        /// `check_string = From`
        CHECK_STRING: Plain = "check_string", unset;
        /// Command to run.
        /// `command = /usr/bin/procmail -d $local_part_data`
        COMMAND: Text = "command", unset;
        /// Extra environment settings.
        /// `environment = LANG=C : MODE=mail`
        ENVIRONMENT: TextList = "environment", unset;
        /// Replacement for check_string.
        /// `escape_string = >From`
        ESCAPE_STRING: Plain = "escape_string", unset;
        /// Freeze when exec fails.
        /// `freeze_exec_fail = true`
        FREEZE_EXEC_FAIL: Flag = "freeze_exec_fail", off;
        /// Freeze when killed by signal.
        /// `freeze_signal = true`
        FREEZE_SIGNAL: Flag = "freeze_signal", off;
        /// Use command option for address_pipe too.
        /// `force_command = true`
        FORCE_COMMAND: Flag = "force_command", off;
        /// Ignore exit status.
        /// `ignore_status = true`
        IGNORE_STATUS: Flag = "ignore_status", off;
        /// Log first output line on defer.
        /// `log_defer_output = true`
        LOG_DEFER_OUTPUT: Flag = "log_defer_output", off;
        /// Log first output line on failure.
        /// `log_fail_output = true`
        LOG_FAIL_OUTPUT: Flag = "log_fail_output", off;
        /// Log first output line always.
        /// `log_output = true`
        LOG_OUTPUT: Flag = "log_output", off;
        /// Output cap.
        /// `max_output = 4K`
        MAX_OUTPUT: Bytes = "max_output", "20K";
        /// Text before message.
        /// `message_prefix = "From ${return_path} ${tod_bsdinbox}\n"`
        MESSAGE_PREFIX: Text = "message_prefix", "From ${if def:return_path{$return_path}{MAILER-DAEMON}} ${tod_bsdinbox}\\n";
        /// Text after message.
        /// `message_suffix = "\n\n"`
        MESSAGE_SUFFIX: Text = "message_suffix", "\\n";
        /// PATH and search list.
        /// `path = /usr/local/bin:/usr/bin`
        PATH: Text = "path", "/bin:/usr/bin";
        /// Allow core files.
        /// `permit_coredump = true`
        PERMIT_COREDUMP: Flag = "permit_coredump", off, inert OWN_WAY;
        /// Run as message creator.
        /// `pipe_as_creator = true`
        PIPE_AS_CREATOR: Flag = "pipe_as_creator", off;
        /// No slash in command.
        /// `restrict_to_path = true`
        RESTRICT_TO_PATH: Flag = "restrict_to_path", off;
        /// Bounce output on failure only.
        /// `return_fail_output = true`
        RETURN_FAIL_OUTPUT: Flag = "return_fail_output", off;
        /// Any output means failure.
        /// `return_output = true`
        RETURN_OUTPUT: Flag = "return_output", off;
        /// Exit codes meaning defer.
        /// `temp_errors = 75 : 73 : 69`
        TEMP_ERRORS: PlainList = "temp_errors", "75:73";
        /// Command time limit.
        /// `timeout = 10m`
        TIMEOUT: Time = "timeout", "1h";
        /// Timeout defers instead of fails.
        /// `timeout_defer = true`
        TIMEOUT_DEFER: Flag = "timeout_defer", off;
        /// Umask for command.
        /// `umask = 027`
        UMASK: Octal = "umask", "022";
        /// Send batch SMTP.
        /// `use_bsmtp = true`
        USE_BSMTP: Flag = "use_bsmtp", off;
        /// Set login class limits.
        /// `use_classresources = true`
        USE_CLASSRESOURCES: Flag = "use_classresources", off, inert OWN_WAY;
        /// CRLF line ends.
        /// `use_crlf = true`
        USE_CRLF: Flag = "use_crlf", off;
        /// Run through shell.
        /// `use_shell = true`
        USE_SHELL: Flag = "use_shell", off;
    }
}

/// Private options of the `smtp` transport.
pub mod smtp {
    use super::super::definition::option_table;

    option_table! {
        Transport, "smtp";
        /// Retry key holds sender too.
        /// `address_retry_include_sender = false`
        ADDRESS_RETRY_INCLUDE_SENDER: Flag = "address_retry_include_sender", on;
        /// Deliver even to own host.
        /// `allow_localhost = true`
        ALLOW_LOCALHOST: Flag = "allow_localhost", off;
        /// ARC sealing: admd:selector:key[:options].
        /// `arc_sign = $primary_hostname : selector : /etc/exim/arc.key`
        ARC_SIGN: Text = "arc_sign", unset;
        /// AUTH= value on MAIL.
        /// `authenticated_sender = $sender_address`
        AUTHENTICATED_SENDER: Text = "authenticated_sender", unset, inert AUTH;
        /// Send AUTH= even unauthenticated.
        /// `authenticated_sender_force = true`
        AUTHENTICATED_SENDER_FORCE: Flag = "authenticated_sender_force", off, inert AUTH;
        /// Per-command wait.
        /// `command_timeout = 2m`
        COMMAND_TIMEOUT: Time = "command_timeout", "5m";
        /// Connect wait.
        /// `connect_timeout = 30s`
        CONNECT_TIMEOUT: Time = "connect_timeout", "5m";
        /// Messages per connection.
        /// `connection_max_messages = 50`
        CONNECTION_MAX_MESSAGES: Integer = "connection_max_messages", "500";
        /// Cipher choice under DANE.
        /// `dane_require_tls_ciphers = HIGH`
        DANE_REQUIRE_TLS_CIPHERS: Text = "dane_require_tls_ciphers", unset;
        /// Per-block data wait.
        /// `data_timeout = 2m`
        DATA_TIMEOUT: Time = "data_timeout", "5m";
        /// Signing canonicalisation.
        /// `dkim_canon = relaxed`
        DKIM_CANON: Text = "dkim_canon", unset;
        /// Signing domains; enables signing.
        /// `dkim_domain = example.org`
        DKIM_DOMAIN: TextList = "dkim_domain", unset;
        /// Signing hash.
        /// `dkim_hash = sha512`
        DKIM_HASH: Text = "dkim_hash", "sha256";
        /// I= tag value.
        /// `dkim_identity = @example.org`
        DKIM_IDENTITY: Text = "dkim_identity", unset;
        /// Key text or file.
        /// `dkim_private_key = /etc/exim/dkim/example.org.key`
        DKIM_PRIVATE_KEY: Text = "dkim_private_key", unset;
        /// Selector list.
        /// `dkim_selector = mail2025`
        DKIM_SELECTOR: Text = "dkim_selector", unset;
        /// Defer when signing fails.
        /// `dkim_strict = true`
        DKIM_STRICT: Text = "dkim_strict", unset;
        /// Header names signed.
        /// `dkim_sign_headers = +From : +To`
        DKIM_SIGN_HEADERS: Text = "dkim_sign_headers", unset;
        /// Add t= and x= tags.
        /// `dkim_timestamps = 1209600`
        DKIM_TIMESTAMPS: Text = "dkim_timestamps", unset;
        /// Delay expired addresses to next retry.
        /// `delay_after_cutoff = false`
        DELAY_AFTER_CUTOFF: Flag = "delay_after_cutoff", on, inert LATER;
        /// Resolver qualification.
        /// `dns_qualify_single = false`
        DNS_QUALIFY_SINGLE: Flag = "dns_qualify_single", on, inert LATER;
        /// Resolver parent search.
        /// `dns_search_parents = true`
        DNS_SEARCH_PARENTS: Flag = "dns_search_parents", off, inert LATER;
        /// Domains asking DNSSEC.
        /// `dnssec_request_domains = *.example.org`
        DNSSEC_REQUEST_DOMAINS: Domains = "dnssec_request_domains", "*";
        /// Domains requiring DNSSEC.
        /// `dnssec_require_domains = secure.example.org`
        DNSSEC_REQUIRE_DOMAINS: Domains = "dnssec_require_domains", unset;
        /// DSCP mark on packets.
        /// `dscp = af21`
        DSCP: Text = "dscp", unset, inert LATER;
        /// Hosts tried last.
        /// `fallback_hosts = backup.example.org`
        FALLBACK_HOSTS: TextList = "fallback_hosts", unset;
        /// Wait after final dot.
        /// `final_timeout = 20m`
        FINAL_TIMEOUT: Time = "final_timeout", "10m";
        /// Use system resolver.
        /// `gethostbyname = true`
        GETHOSTBYNAME: Flag = "gethostbyname", off, inert LATER;
        /// Relax GnuTLS.
        /// `gnutls_compat_mode = true`
        GNUTLS_COMPAT_MODE: Tristate = "gnutls_compat_mode", unset, inert TLS_LIBRARY;
        /// Name sent in EHLO.
        /// `helo_data = ${lookup dnsdb{ptr=$sending_ip_address}{$value}{$primary_hostname}}`
        HELO_DATA: Text = "helo_data", "$primary_hostname";
        /// Per-server name taken from EHLO reply.
        /// `host_name_extract = ${if match{$item}{\N^250-([\w.]+)\s\N}{$1}}`
        HOST_NAME_EXTRACT: TextList = "host_name_extract", "${if and {{match{$host}{.outlook.com\\$}} {match{$item}{\\N^250-([\\w.]+)\\s\\N}}} {$1}}", inert TLS;
        /// Host list.
        /// `hosts = mx1.example.net : mx2.example.net`
        HOSTS: TextList = "hosts", unset;
        /// Use HELO only.
        /// `hosts_avoid_esmtp = old.example.net`
        HOSTS_AVOID_ESMTP: Hosts = "hosts_avoid_esmtp", unset;
        /// No pipelining.
        /// `hosts_avoid_pipelining = 192.0.2.70`
        HOSTS_AVOID_PIPELINING: Hosts = "hosts_avoid_pipelining", unset;
        /// No STARTTLS.
        /// `hosts_avoid_tls = 192.0.2.71`
        HOSTS_AVOID_TLS: Hosts = "hosts_avoid_tls", unset;
        /// Limit of IPs tried.
        /// `hosts_max_try = 3`
        HOSTS_MAX_TRY: Integer = "hosts_max_try", "5";
        /// Absolute limit of IPs.
        /// `hosts_max_try_hardlimit = 20`
        HOSTS_MAX_TRY_HARDLIMIT: Integer = "hosts_max_try_hardlimit", "50";
        /// Do not reuse TLS connection.
        /// `hosts_nopass_tls = *`
        HOSTS_NOPASS_TLS: Hosts = "hosts_nopass_tls", unset;
        /// Do not proxy TLS to next process.
        /// `hosts_noproxy_tls = *`
        HOSTS_NOPROXY_TLS: Hosts = "hosts_noproxy_tls", unset, inert OWN_WAY;
        /// Ignore router hosts.
        /// `hosts_override = true`
        HOSTS_OVERRIDE: Flag = "hosts_override", off;
        /// Early pipelining to hosts.
        /// `hosts_pipe_connect = 192.0.2.0/24`
        HOSTS_PIPE_CONNECT: Hosts = "hosts_pipe_connect", unset, inert PIPE_CONNECT;
        /// Shuffle host list.
        /// `hosts_randomize = true`
        HOSTS_RANDOMIZE: FlagText = "hosts_randomize", off;
        /// Ask for stapled OCSP.
        /// `hosts_request_ocsp = !192.0.2.72 : *`
        HOSTS_REQUEST_OCSP: Hosts = "hosts_request_ocsp", "*";
        /// ALPN must succeed.
        /// `hosts_require_alpn = mx.example.net`
        HOSTS_REQUIRE_ALPN: Hosts = "hosts_require_alpn", unset;
        /// Must authenticate.
        /// `hosts_require_auth = smarthost.example.net`
        HOSTS_REQUIRE_AUTH: Hosts = "hosts_require_auth", unset, inert AUTH;
        /// DANE mandatory.
        /// `hosts_require_dane = mx.secure.example`
        HOSTS_REQUIRE_DANE: Hosts = "hosts_require_dane", unset;
        /// OCSP mandatory.
        /// `hosts_require_ocsp = mx.secure.example`
        HOSTS_REQUIRE_OCSP: Hosts = "hosts_require_ocsp", unset;
        /// TLS mandatory.
        /// `hosts_require_tls = mx.example.net`
        HOSTS_REQUIRE_TLS: Hosts = "hosts_require_tls", unset;
        /// Authenticate if possible.
        /// `hosts_try_auth = smarthost.example.net`
        HOSTS_TRY_AUTH: Hosts = "hosts_try_auth", unset, inert AUTH;
        /// Use BDAT when offered.
        /// `hosts_try_chunking = !192.0.2.73 : *`
        HOSTS_TRY_CHUNKING: Hosts = "hosts_try_chunking", "*";
        /// DANE when usable; older text unset, now all.
        /// `hosts_try_dane = mx.secure.example`
        HOSTS_TRY_DANE: Hosts = "hosts_try_dane", "*";
        /// TCP fast open.
        /// `hosts_try_fastopen = !*`
        HOSTS_TRY_FASTOPEN: Hosts = "hosts_try_fastopen", "*", inert LATER;
        /// Use PRDR when offered.
        /// `hosts_try_prdr = 192.0.2.0/24`
        HOSTS_TRY_PRDR: Hosts = "hosts_try_prdr", "*", inert PRDR;
        /// No TLS for callouts.
        /// `hosts_verify_avoid_tls = *`
        HOSTS_VERIFY_AVOID_TLS: Hosts = "hosts_verify_avoid_tls", unset, inert TLS;
        /// Local address list.
        /// `interface = 192.0.2.1 : 2001:db8::::1`
        INTERFACE: TextList = "interface", unset;
        /// TCP keepalive.
        /// `keepalive = false`
        KEEPALIVE: Flag = "keepalive", on;
        /// Send IGNOREQUOTA.
        /// `lmtp_ignore_quota = true`
        LMTP_IGNORE_QUOTA: Flag = "lmtp_ignore_quota", off, inert LMTP;
        /// RCPTs per transaction.
        /// `max_rcpt = 50`
        MAX_RCPT: IntegerText = "max_rcpt", "100";
        /// Refuse longer lines.
        /// `message_linelength_limit = 2000`
        MESSAGE_LINELENGTH_LIMIT: Integer = "message_linelength_limit", "998";
        /// Mix domains in one delivery.
        /// `multi_domain = false`
        MULTI_DOMAIN: FlagText = "multi_domain", on;
        /// Destination port.
        /// `port = 587`
        PORT: Text = "port", "smtp";
        /// Smtp, smtps or lmtp.
        /// `protocol = lmtp`
        PROTOCOL: Plain = "protocol", "smtp";
        /// Retry key holds IP.
        /// `retry_include_ip_address = false`
        RETRY_INCLUDE_IP_ADDRESS: FlagText = "retry_include_ip_address", on;
        /// One connection at a time.
        /// `serialize_hosts = slow.example.net`
        SERIALIZE_HOSTS: Hosts = "serialize_hosts", unset;
        /// Added to SIZE value.
        /// `size_addition = -1`
        SIZE_ADDITION: Integer = "size_addition", "1024";
        /// SOCKS5 proxy list.
        /// `socks_proxy = 192.0.2.90 port=1080`
        SOCKS_PROXY: Text = "socks_proxy", unset, inert SOCKS;
        /// ALPN offered.
        /// `tls_alpn = smtp`
        TLS_ALPN: Text = "tls_alpn", unset;
        /// Client certificate.
        /// `tls_certificate = /etc/exim/client.crt`
        TLS_CERTIFICATE: Text = "tls_certificate", unset;
        /// Revocation list.
        /// `tls_crl = /etc/exim/crl.pem`
        TLS_CRL: Text = "tls_crl", unset;
        /// Least DH size.
        /// `tls_dh_min_bits = 2048`
        TLS_DH_MIN_BITS: Integer = "tls_dh_min_bits", "1024", inert TLS_LIBRARY;
        /// Client key.
        /// `tls_privatekey = /etc/exim/client.key`
        TLS_PRIVATEKEY: Text = "tls_privatekey", unset;
        /// Allowed ciphers.
        /// `tls_require_ciphers = HIGH:!aNULL`
        TLS_REQUIRE_CIPHERS: Text = "tls_require_ciphers", unset;
        /// Resumption allowed.
        /// `tls_resumption_hosts = *`
        TLS_RESUMPTION_HOSTS: Hosts = "tls_resumption_hosts", unset;
        /// SNI sent.
        /// `tls_sni = $host`
        TLS_SNI: Text = "tls_sni", unset;
        /// Fall back to clear after tempfail.
        /// `tls_tempfail_tryclear = false`
        TLS_TEMPFAIL_TRYCLEAR: Flag = "tls_tempfail_tryclear", on;
        /// Verify but continue.
        /// `tls_try_verify_hosts = !192.0.2.74 : *`
        TLS_TRY_VERIFY_HOSTS: Hosts = "tls_try_verify_hosts", "*";
        /// Check certificate names.
        /// `tls_verify_cert_hostnames = !192.0.2.74 : *`
        TLS_VERIFY_CERT_HOSTNAMES: Hosts = "tls_verify_cert_hostnames", "*";
        /// Trust anchors.
        /// `tls_verify_certificates = /etc/ssl/certs/ca-certificates.crt`
        TLS_VERIFY_CERTIFICATES: Text = "tls_verify_certificates", "system";
        /// Verify mandatory.
        /// `tls_verify_hosts = mx.example.net`
        TLS_VERIFY_HOSTS: Hosts = "tls_verify_hosts", unset;
        /// A-label conversion mode.
        /// `utf8_downconvert = 1`
        UTF8_DOWNCONVERT: Text = "utf8_downconvert", "-1", inert LATER;
    }
}

/// Private options of the `queuefile` transport.
pub mod queuefile {
    use super::super::definition::option_table;

    option_table! {
        Transport, "queuefile";
        /// Expanded target directory for spool copies.
        /// `directory = /var/spool/export`
        DIRECTORY: Text = "directory", unset, inert QUEUEFILE;
    }
}
