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
        /// The header of the message is left out; the message is not escaped or changed otherwise.
        /// `body_only = true`
        BODY_ONLY: Flag = "body_only", off;
        /// The directory in which the transport runs; otherwise the router's, otherwise the home directory.
        /// `current_directory = /home/$local_part_data`
        CURRENT_DIRECTORY: Text = "current_directory", unset;
        /// Deliveries of this transport, and their failures, are not written to the log.
        /// `disable_logging = true`
        DISABLE_LOGGING: Flag = "disable_logging", off;
        /// A line for the debug output, told when the transport begins.
        /// `debug_print = $transport_name for $local_part@$domain`
        DEBUG_PRINT: Text = "debug_print", unset;
        /// A `Delivery-date:` line with the time of the delivery stands at the top of the message.
        /// `delivery_date_add = true`
        DELIVERY_DATE_ADD: Flag = "delivery_date_add", off;
        /// The kind of the transport. Every transport needs it.
        /// `driver = appendfile`
        DRIVER: Plain = "driver", unset;
        /// An `Envelope-to:` line with the addresses that came in for this delivery stands at the top of the message.
        /// `envelope_to_add = true`
        ENVELOPE_TO_ADD: Flag = "envelope_to_add", off;
        /// Evaluated when a delivery succeeds, fails or is deferred, and at other events.
        /// `event_action = ${if eq{msg:delivery}{$event_name}{}}`
        EVENT_ACTION: Text = "event_action", unset;
        /// The group that the delivery runs as; it goes before the router's.
        /// `group = mail`
        GROUP: GroupText = "group", unset;
        /// Header lines that are added to the message; several settings add up.
        /// `headers_add = Lines: $body_linecount`
        HEADERS_ADD: Lines = "headers_add", unset;
        /// The body of the message is left out.
        /// `headers_only = true`
        HEADERS_ONLY: Flag = "headers_only", off;
        /// Names of header lines that are left out, also `NAME*`; several settings add up.
        /// `headers_remove = X-Internal : Bcc`
        HEADERS_REMOVE: Lines = "headers_remove", unset;
        /// Rewriting rules for the addresses in header lines, other than those that the transport adds.
        /// `headers_rewrite = *@old.example  $1@new.example fs`
        HEADERS_REWRITE: Rewrites = "headers_rewrite", unset;
        /// The value of `$home` in a local delivery; it goes before the router's.
        /// `home_directory = /home/$local_part_data`
        HOME_DIRECTORY: Text = "home_directory", unset;
        /// Where `user` is set here, the delivery also has the supplementary groups of that user.
        /// `initgroups = true`
        INITGROUPS: Flag = "initgroups", off;
        /// How many deliveries of this transport may run at one time; unset or 0 is any number.
        /// `max_parallel = 5`
        MAX_PARALLEL: Text = "max_parallel", unset;
        /// The most bytes of a message that the transport takes; longer ones bounce. 0 is no limit.
        /// `message_size_limit = ${if match_domain{$domain}{+local_domains}{0}{10M}}`
        MESSAGE_SIZE_LIMIT: Text = "message_size_limit", unset;
        /// The local part in RCPT has its prefix and suffix again, which the router cut off.
        /// `rcpt_include_affixes = true`
        RCPT_INCLUDE_AFFIXES: Flag = "rcpt_include_affixes", off;
        /// Whether the times of retries of a local delivery are kept for each address (the usual), or for its domain.
        /// `retry_use_local_part = true`
        RETRY_USE_LOCAL_PART: Tristate = "retry_use_local_part", unset;
        /// The envelope sender of the delivery, instead of that of the message or of `errors_to`.
        /// `return_path = ${local_part}-bounces@$domain`
        RETURN_PATH: Text = "return_path", unset;
        /// A `Return-path:` line with the envelope sender stands at the top of the message.
        /// `return_path_add = true`
        RETURN_PATH_ADD: Flag = "return_path_add", off;
        /// `shadow_transport` runs only where this comes out as true.
        /// `shadow_condition = ${if eq{$sender_address}{boss@example.org}}`
        SHADOW_CONDITION: Text = "shadow_condition", unset;
        /// A local transport that gets a copy of what this one delivered; its failures are only logged.
        /// `shadow_transport = archive`
        SHADOW_TRANSPORT: Plain = "shadow_transport", unset;
        /// A command, run without a shell, through which the message goes on its way out.
        /// `transport_filter = /usr/bin/altermime --input=- --disclaimer=/etc/exim/disclaimer`
        TRANSPORT_FILTER: Text = "transport_filter", unset, inert FILTERS;
        /// How long each read from the filter command may take.
        /// `transport_filter_timeout = 1m`
        TRANSPORT_FILTER_TIMEOUT: Time = "transport_filter_timeout", "5m", inert FILTERS;
        /// The user that the delivery runs as; it goes before the router's.
        /// `user = $local_part_data`
        USER: UserText = "user", unset;
    }
}

/// Private options of the `appendfile` transport.
pub mod appendfile {
    use super::super::definition::option_table;

    option_table! {
        Transport, "appendfile";
        /// The file may be a named pipe, if somebody reads it.
        /// `allow_fifo = true`
        ALLOW_FIFO: Flag = "allow_fifo", off;
        /// The file may be a symbolic link.
        /// `allow_symlink = true`
        ALLOW_SYMLINK: Flag = "allow_symlink", off;
        /// Addresses with the same value may share one delivery; needs `batch_max` above 1.
        /// `batch_id = $domain`
        BATCH_ID: Text = "batch_id", unset;
        /// How many addresses one delivery may be for.
        /// `batch_max = 20`
        BATCH_MAX: Integer = "batch_max", "1";
        /// The delivery is deferred where a file that exists has another group than the delivery runs as.
        /// `check_group = true`
        CHECK_GROUP: Flag = "check_group", off;
        /// The delivery is deferred where a file that exists has another owner than the delivery runs as.
        /// `check_owner = false`
        CHECK_OWNER: Flag = "check_owner", on;
        /// Lines of the message that begin with this have it replaced by `escape_string`. Unset where a format has a file for each message.
        /// `check_string = From`
        CHECK_STRING: Plain = "check_string", "From ";
        /// Directories above the file, or the directory of the delivery, are made where they are missing.
        /// `create_directory = false`
        CREATE_DIRECTORY: Flag = "create_directory", on;
        /// Where files and directories may be made: `anywhere`, `inhome` (in the home directory), `belowhome`, or below the directory that is named.
        /// `create_file = belowhome`
        CREATE_FILE: Plain = "create_file", "anywhere";
        /// The directory where each message becomes a new file.
        /// `directory = /var/mail/$domain_data/$local_part_data`
        DIRECTORY: Text = "directory", unset;
        /// The name of the new file in `directory`, where the format gives none.
        /// `directory_file = $tod_epoch-$inode`
        DIRECTORY_FILE: Text = "directory_file", "q${base62:$tod_epoch}-$inode";
        /// Permissions of directories that are made.
        /// `directory_mode = 0750`
        DIRECTORY_MODE: Octal = "directory_mode", "0700";
        /// What takes the place of `check_string`.
        /// `escape_string = >From`
        ESCAPE_STRING: Plain = "escape_string", ">From ";
        /// The mailbox file that messages are appended to.
        /// `file = /var/mail/$local_part_data`
        FILE: Text = "file", unset;
        /// Beginnings of mailbox files, each with the transport to use where the file begins so.
        /// `file_format = "From : local_bsd"`
        FILE_FORMAT: Plain = "file_format", unset, inert LATER;
        /// The delivery is deferred where the file does not exist.
        /// `file_must_exist = true`
        FILE_MUST_EXIST: Flag = "file_must_exist", off;
        /// How long a lock of the file by `fcntl` is waited for; 0 means that it is tried again after `lock_interval`.
        /// `lock_fcntl_timeout = 10s`
        LOCK_FCNTL_TIMEOUT: Time = "lock_fcntl_timeout", "0s";
        /// The same for a lock by `flock`.
        /// `lock_flock_timeout = 10s`
        LOCK_FLOCK_TIMEOUT: Time = "lock_flock_timeout", "0s";
        /// The pause between two tries to lock the file.
        /// `lock_interval = 5s`
        LOCK_INTERVAL: Time = "lock_interval", "3s";
        /// How often locking the file is tried.
        /// `lock_retries = 5`
        LOCK_RETRIES: Integer = "lock_retries", "10";
        /// Permissions of the lock file.
        /// `lockfile_mode = 0640`
        LOCKFILE_MODE: Octal = "lockfile_mode", "0600";
        /// A lock file older than this is left over from a crash, and removed.
        /// `lockfile_timeout = 10m`
        LOCKFILE_TIMEOUT: Time = "lockfile_timeout", "30m";
        /// The number of files in the mailbox, for `quota_filecount`, so that they need not be counted.
        /// `mailbox_filecount = ${lookup{$local_part_data}lsearch{/etc/exim/counts}}`
        MAILBOX_FILECOUNT: Text = "mailbox_filecount", unset;
        /// The size of the mailbox in bytes, for `quota`, so that it need not be summed up.
        /// `mailbox_size = ${lookup{$local_part_data}lsearch{/etc/exim/sizes}}`
        MAILBOX_SIZE: Text = "mailbox_size", unset;
        /// `directory` is a Maildir: messages are written in `tmp` and moved to `new`.
        /// `maildir_format = true`
        MAILDIR_FORMAT: Flag = "maildir_format", off;
        /// Subdirectories of the Maildir that count for `quota`: the names that match.
        /// `maildir_quota_directory_regex = ^(?:cur|new|\.(?!Trash).*)$`
        MAILDIR_QUOTA_DIRECTORY_REGEX: Plain = "maildir_quota_directory_regex", "^(?:cur|new|\\..*)$", inert LATER;
        /// How often another name is tried where the one of a message is taken.
        /// `maildir_retries = 3`
        MAILDIR_RETRIES: Integer = "maildir_retries", "10";
        /// Text for the end of the file's name, put there when it is moved to `new`.
        /// `maildir_tag = ,S=$message_size`
        MAILDIR_TAG: Text = "maildir_tag", unset;
        /// The size of the mailbox is kept in a file `maildirsize`, as Maildir++ has it.
        /// `maildir_use_size_file = true`
        MAILDIR_USE_SIZE_FILE: FlagText = "maildir_use_size_file", off, inert LATER;
        /// A directory that this matches, and that is made, gets a file `maildirfolder`.
        /// `maildirfolder_create_regex = /\.[^/]+$`
        MAILDIRFOLDER_CREATE_REGEX: Plain = "maildirfolder_create_regex", unset;
        /// Each message becomes two files: one for its envelope and one for the message.
        /// `mailstore_format = true`
        MAILSTORE_FORMAT: Flag = "mailstore_format", off, inert MAILBOX_FORMATS;
        /// Text at the beginning of the envelope file.
        /// `mailstore_prefix = $return_path\n`
        MAILSTORE_PREFIX: Text = "mailstore_prefix", unset, inert MAILBOX_FORMATS;
        /// Text at the end of the envelope file.
        /// `mailstore_suffix = end\n`
        MAILSTORE_SUFFIX: Text = "mailstore_suffix", unset, inert MAILBOX_FORMATS;
        /// The file has the MBX form of c-client.
        /// `mbx_format = true`
        MBX_FORMAT: Flag = "mbx_format", off, inert MAILBOX_FORMATS;
        /// Text before each message. Unset where each message has a file, and with `use_bsmtp`.
        /// `message_prefix = "From ${return_path} ${tod_bsdinbox}\n"`
        MESSAGE_PREFIX: Text = "message_prefix", "From ${if def:return_path{$return_path}{MAILER-DAEMON}} ${tod_bsdinbox}\\n";
        /// Text after each message. Unset where each message has a file, and with `use_bsmtp`.
        /// `message_suffix = "\n\n"`
        MESSAGE_SUFFIX: Text = "message_suffix", "\\n";
        /// Permissions of a mailbox file that is made; one that exists with more than these gets these.
        /// `mode = 0660`
        MODE: Octal = "mode", "0600";
        /// The delivery is deferred where the file has fewer permissions than `mode`.
        /// `mode_fail_narrower = false`
        MODE_FAIL_NARROWER: Flag = "mode_fail_narrower", on;
        /// The local `comsat` daemon is told about the new mail.
        /// `notify_comsat = true`
        NOTIFY_COMSAT: Flag = "notify_comsat", off;
        /// The most bytes that the mailbox may hold, `K`, `M` and `G` allowed; 0 is no limit. Beyond it the delivery fails for now, by the retry rules.
        /// `quota = ${if eq{$local_part}{boss}{2G}{500M}}`
        QUOTA: Text = "quota", unset;
        /// The directory whose content counts for `quota`, where it is not `directory`.
        /// `quota_directory = /var/mail/$local_part_data`
        QUOTA_DIRECTORY: Text = "quota_directory", unset;
        /// How many files the mailbox may hold; 0 is any number.
        /// `quota_filecount = 10000`
        QUOTA_FILECOUNT: Text = "quota_filecount", unset;
        /// Whether the new message counts when the quota is checked.
        /// `quota_is_inclusive = false`
        QUOTA_IS_INCLUSIVE: Flag = "quota_is_inclusive", on;
        /// A pattern that finds the size of a message in the name of its file: what it captures first.
        /// `quota_size_regex = ,S=(\d+)`
        QUOTA_SIZE_REGEX: Plain = "quota_size_regex", unset;
        /// The message, with its header, that the user is sent when `quota_warn_threshold` is passed.
        /// `quota_warn_message = "To: $local_part@$domain\nSubject: Your mailbox\n\nIt is nearly full.\n"`
        QUOTA_WARN_MESSAGE: Text = "quota_warn_message", unset, inert LATER;
        /// The size of the mailbox, in bytes or as a percentage of `quota`, beyond which a warning is sent.
        /// `quota_warn_threshold = 80%`
        QUOTA_WARN_THRESHOLD: Text = "quota_warn_threshold", unset, inert LATER;
        /// Each message is written as a batch of SMTP commands.
        /// `use_bsmtp = true`
        USE_BSMTP: Flag = "use_bsmtp", off;
        /// Lines end with CR and LF.
        /// `use_crlf = true`
        USE_CRLF: Flag = "use_crlf", off;
        /// The file is locked by `fcntl` while it is written to. Unset means yes, unless `use_flock_lock` is set.
        /// `use_fcntl_lock = true`
        USE_FCNTL_LOCK: Tristate = "use_fcntl_lock", unset;
        /// The file is locked by `flock` while it is written to.
        /// `use_flock_lock = true`
        USE_FLOCK_LOCK: Flag = "use_flock_lock", off;
        /// The file is locked by a file with `.lock` at the end of its name. Unset means yes, but for MBX.
        /// `use_lockfile = false`
        USE_LOCKFILE: Tristate = "use_lockfile", unset;
        /// The file is locked as MBX has it. Unset means yes for MBX.
        /// `use_mbx_lock = true`
        USE_MBX_LOCK: Tristate = "use_mbx_lock", unset, inert MAILBOX_FORMATS;
    }
}

/// Private options of the `autoreply` transport.
pub mod autoreply {
    use super::super::definition::option_table;

    option_table! {
        Transport, "autoreply";
        /// Recipients that are not shown.
        /// `bcc = archive@example.org`
        BCC: Text = "bcc", unset, inert AUTOREPLY;
        /// Recipients of copies.
        /// `cc = ${if def:h_cc:{$h_cc:}}`
        CC: Text = "cc", unset, inert AUTOREPLY;
        /// A file that is added to the text of the message.
        /// `file = /home/$local_part_data/.vacation.msg`
        FILE: Text = "file", unset, inert AUTOREPLY;
        /// The file is expanded, line by line.
        /// `file_expand = true`
        FILE_EXPAND: Flag = "file_expand", off, inert AUTOREPLY;
        /// A file that cannot be opened is no error.
        /// `file_optional = true`
        FILE_OPTIONAL: Flag = "file_optional", off, inert AUTOREPLY;
        /// The `From:` line; unset means the main option of that kind.
        /// `from = $local_part@$domain`
        FROM: Text = "from", unset, inert AUTOREPLY;
        /// More header lines.
        /// `headers = X-Reply: yes`
        HEADERS: Text = "headers", unset, inert AUTOREPLY;
        /// A file that each message is noted in.
        /// `log = /home/$local_part_data/vacation.log`
        LOG: Text = "log", unset, inert AUTOREPLY;
        /// Permissions of files that `log` and `once` make.
        /// `mode = 0640`
        MODE: Octal = "mode", "0600", inert AUTOREPLY;
        /// Addresses that are never written to, as a list; where nobody is left, nothing is sent.
        /// `never_mail = *-request@* : mailer-daemon@*`
        NEVER_MAIL: Addresses = "never_mail", unset, inert AUTOREPLY;
        /// A file that keeps whom a message was sent to, so that nobody gets it twice.
        /// `once = /home/$local_part_data/.vacation.db`
        ONCE: Text = "once", unset, inert AUTOREPLY;
        /// The most bytes of the `once` file, which then forgets the oldest; 0 makes it a DBM file without limit.
        /// `once_file_size = 50K`
        ONCE_FILE_SIZE: Integer = "once_file_size", "0", inert AUTOREPLY;
        /// After this time the same recipient may get another message; 0 is never.
        /// `once_repeat = 7d`
        ONCE_REPEAT: Text = "once_repeat", unset, inert AUTOREPLY;
        /// The `Reply-To:` line.
        /// `reply_to = postmaster@example.org`
        REPLY_TO: Text = "reply_to", unset, inert AUTOREPLY;
        /// A copy of the message stands at the end of the reply.
        /// `return_message = true`
        RETURN_MESSAGE: Flag = "return_message", off, inert AUTOREPLY;
        /// The `Subject:` line.
        /// `subject = Away: $h_subject:`
        SUBJECT: Text = "subject", unset, inert AUTOREPLY;
        /// The text of the message, before that of `file`.
        /// `text = I am away until Monday.`
        TEXT: Text = "text", unset, inert AUTOREPLY;
        /// The recipients.
        /// `to = $sender_address`
        TO: Text = "to", unset, inert AUTOREPLY;
    }
}

/// Private options of the `lmtp` transport.
pub mod lmtp {
    use super::super::definition::option_table;

    option_table! {
        Transport, "lmtp";
        /// Addresses with the same value may share one delivery; needs `batch_max` above 1.
        /// `batch_id = $domain`
        BATCH_ID: Text = "batch_id", unset, inert LMTP;
        /// How many addresses one delivery may be for.
        /// `batch_max = 50`
        BATCH_MAX: Integer = "batch_max", "1", inert LMTP;
        /// A program that speaks LMTP on its standard input and output.
        /// `command = /usr/lib/cyrus/bin/lmtpd`
        COMMAND: Text = "command", unset, inert LMTP;
        /// `IGNOREQUOTA` is asked for with each recipient, where the server offers it.
        /// `ignore_quota = true`
        IGNORE_QUOTA: Flag = "ignore_quota", off, inert LMTP;
        /// The path of the server's socket.
        /// `socket = /run/dovecot/lmtp`
        SOCKET: Text = "socket", unset, inert LMTP;
        /// How long an answer to a command is waited for.
        /// `timeout = 2m`
        TIMEOUT: Time = "timeout", "5m", inert LMTP;
    }
}

/// Private options of the `pipe` transport.
pub mod pipe {
    use super::super::definition::option_table;

    option_table! {
        Transport, "pipe";
        /// The commands that may be run, without their arguments; with `restrict_to_path`, also those that are found in `path`.
        /// `allow_commands = /usr/bin/vacation : /usr/bin/procmail`
        ALLOW_COMMANDS: TextList = "allow_commands", unset;
        /// Addresses with the same value may share one run; needs `batch_max` above 1.
        /// `batch_id = $domain`
        BATCH_ID: Text = "batch_id", unset;
        /// How many addresses one run may be for.
        /// `batch_max = 20`
        BATCH_MAX: Integer = "batch_max", "1";
        /// Lines of the message that begin with this have it replaced by `escape_string`.
        /// `check_string = From`
        CHECK_STRING: Plain = "check_string", unset;
        /// The program and its arguments, for deliveries that bring no command of their own.
        /// `command = /usr/bin/procmail -d $local_part_data`
        COMMAND: Text = "command", unset;
        /// More variables for the command's environment, as `NAME=value`.
        /// `environment = LANG=C : MODE=mail`
        ENVIRONMENT: TextList = "environment", unset;
        /// What takes the place of `check_string`.
        /// `escape_string = >From`
        ESCAPE_STRING: Plain = "escape_string", unset;
        /// The message is frozen where the command cannot be started.
        /// `freeze_exec_fail = true`
        FREEZE_EXEC_FAIL: Flag = "freeze_exec_fail", off;
        /// The message is frozen where a signal ends the command.
        /// `freeze_signal = true`
        FREEZE_SIGNAL: Flag = "freeze_signal", off;
        /// `command` is also run for deliveries that bring a command of their own, which is then `$address_pipe`.
        /// `force_command = true`
        FORCE_COMMAND: Flag = "force_command", off;
        /// Whatever the command's exit status is, the delivery succeeded.
        /// `ignore_status = true`
        IGNORE_STATUS: Flag = "ignore_status", off;
        /// The first line of the command's output is logged where the delivery is deferred.
        /// `log_defer_output = true`
        LOG_DEFER_OUTPUT: Flag = "log_defer_output", off;
        /// The first line of the command's output is logged where the delivery fails.
        /// `log_fail_output = true`
        LOG_FAIL_OUTPUT: Flag = "log_fail_output", off;
        /// The first line of the command's output is always logged.
        /// `log_output = true`
        LOG_OUTPUT: Flag = "log_output", off;
        /// The most bytes that the command may write; beyond them it is killed.
        /// `max_output = 4K`
        MAX_OUTPUT: Bytes = "max_output", "20K";
        /// Text before each message. Unset with `use_bsmtp`.
        /// `message_prefix = "From ${return_path} ${tod_bsdinbox}\n"`
        MESSAGE_PREFIX: Text = "message_prefix", "From ${if def:return_path{$return_path}{MAILER-DAEMON}} ${tod_bsdinbox}\\n";
        /// Text after each message. Unset with `use_bsmtp`.
        /// `message_suffix = "\n\n"`
        MESSAGE_SUFFIX: Text = "message_suffix", "\\n";
        /// The directories where commands without a slash are looked for, and `PATH` of the command.
        /// `path = /usr/local/bin:/usr/bin`
        PATH: Text = "path", "/bin:/usr/bin";
        /// The command may leave a core dump.
        /// `permit_coredump = true`
        PERMIT_COREDUMP: Flag = "permit_coredump", off, inert OWN_WAY;
        /// The command runs as the user who sent the message, where no user is given.
        /// `pipe_as_creator = true`
        PIPE_AS_CREATOR: Flag = "pipe_as_creator", off;
        /// Commands with a slash are refused: they must be found in `path`, unless `allow_commands` names them.
        /// `restrict_to_path = true`
        RESTRICT_TO_PATH: Flag = "restrict_to_path", off;
        /// Where the command fails, the bounce holds its output.
        /// `return_fail_output = true`
        RETURN_FAIL_OUTPUT: Flag = "return_fail_output", off;
        /// Where the command writes anything, the delivery failed, and the bounce holds its output.
        /// `return_output = true`
        RETURN_OUTPUT: Flag = "return_output", off;
        /// Exit statuses of the command that defer the delivery, or `*` for all but 0; they do not count with `ignore_status` and `return_output`.
        /// `temp_errors = 75 : 73 : 69`
        TEMP_ERRORS: PlainList = "temp_errors", "75:73";
        /// How long the command may run; then its process group is killed and the delivery fails. 0 is no limit.
        /// `timeout = 10m`
        TIMEOUT: Time = "timeout", "1h";
        /// A command that runs too long defers the delivery.
        /// `timeout_defer = true`
        TIMEOUT_DEFER: Flag = "timeout_defer", off;
        /// The umask of the command.
        /// `umask = 027`
        UMASK: Octal = "umask", "022";
        /// The message is written as a batch of SMTP commands.
        /// `use_bsmtp = true`
        USE_BSMTP: Flag = "use_bsmtp", off;
        /// The limits of the user's login class are set, on systems that have them.
        /// `use_classresources = true`
        USE_CLASSRESOURCES: Flag = "use_classresources", off, inert OWN_WAY;
        /// Lines end with CR and LF.
        /// `use_crlf = true`
        USE_CRLF: Flag = "use_crlf", off;
        /// The command is handed to `/bin/sh -c`, not split into words here.
        /// `use_shell = true`
        USE_SHELL: Flag = "use_shell", off;
    }
}

/// Private options of the `smtp` transport.
pub mod smtp {
    use super::super::definition::option_table;

    option_table! {
        Transport, "smtp";
        /// A recipient that a host defers is kept for a retry together with the sender, so that other senders are not held up.
        /// `address_retry_include_sender = false`
        ADDRESS_RETRY_INCLUDE_SENDER: Flag = "address_retry_include_sender", on;
        /// The message is also sent to a host that turns out to be this one.
        /// `allow_localhost = true`
        ALLOW_LOCALHOST: Flag = "allow_localhost", off;
        /// Adds an ARC set, sealed with these: the name of the administrative domain, the selector and the key, then options.
        /// `arc_sign = $primary_hostname : selector : /etc/exim/arc.key`
        ARC_SIGN: Text = "arc_sign", unset;
        /// The address for `AUTH=` on MAIL, instead of that of the message, where the session is authenticated.
        /// `authenticated_sender = $sender_address`
        AUTHENTICATED_SENDER: Text = "authenticated_sender", unset, inert AUTH;
        /// `AUTH=` is also sent where the session is not authenticated.
        /// `authenticated_sender_force = true`
        AUTHENTICATED_SENDER_FORCE: Flag = "authenticated_sender_force", off, inert AUTH;
        /// How long an answer to a command, and the banner, are waited for.
        /// `command_timeout = 2m`
        COMMAND_TIMEOUT: Time = "command_timeout", "5m";
        /// How long a connection is waited for; 0 leaves it to the system.
        /// `connect_timeout = 30s`
        CONNECT_TIMEOUT: Time = "connect_timeout", "5m";
        /// How many messages one connection may carry; 0 is any number.
        /// `connection_max_messages = 50`
        CONNECTION_MAX_MESSAGES: Integer = "connection_max_messages", "500";
        /// The ciphers for hosts that DANE vouches for, instead of `tls_require_ciphers`.
        /// `dane_require_tls_ciphers = HIGH`
        DANE_REQUIRE_TLS_CIPHERS: Text = "dane_require_tls_ciphers", unset;
        /// How long each write of a block of the message may take.
        /// `data_timeout = 2m`
        DATA_TIMEOUT: Time = "data_timeout", "5m";
        /// How DKIM takes header and body before it signs them: `relaxed` or `simple`, or the two with a slash between them.
        /// `dkim_canon = relaxed`
        DKIM_CANON: Text = "dkim_canon", unset;
        /// The domains that sign the message, a signature each; empty means none.
        /// `dkim_domain = example.org`
        DKIM_DOMAIN: TextList = "dkim_domain", unset;
        /// The digest of DKIM signatures: `sha256` or `sha512`.
        /// `dkim_hash = sha512`
        DKIM_HASH: Text = "dkim_hash", "sha256";
        /// The value of `i=` in DKIM signatures.
        /// `dkim_identity = @example.org`
        DKIM_IDENTITY: Text = "dkim_identity", unset;
        /// The key of DKIM signatures, or the name of its file; empty, `0`, `no` and `false` mean no signature.
        /// `dkim_private_key = /etc/exim/dkim/example.org.key`
        DKIM_PRIVATE_KEY: Text = "dkim_private_key", unset;
        /// The selectors of DKIM keys, a signature each.
        /// `dkim_selector = mail2025`
        DKIM_SELECTOR: Text = "dkim_selector", unset;
        /// A message that cannot be signed is deferred where this is true; otherwise it is sent without.
        /// `dkim_strict = true`
        DKIM_STRICT: Text = "dkim_strict", unset;
        /// The names of header lines that DKIM signs; `+` before a name signs one more than there are, `=` as many as there are.
        /// `dkim_sign_headers = +From : +To`
        DKIM_SIGN_HEADERS: Text = "dkim_sign_headers", unset;
        /// DKIM signatures tell when they were made and, so many seconds later, when they expire.
        /// `dkim_timestamps = 1209600`
        DKIM_TIMESTAMPS: Text = "dkim_timestamps", unset;
        /// Where all addresses of a domain were out of reach for longer than their retry rules have it, a message that comes before the next time of a retry bounces at once; otherwise they are tried first.
        /// `delay_after_cutoff = false`
        DELAY_AFTER_CUTOFF: Flag = "delay_after_cutoff", on;
        /// A host name of one word is completed with the domain of the resolver's configuration.
        /// `dns_qualify_single = false`
        DNS_QUALIFY_SINGLE: Flag = "dns_qualify_single", on;
        /// A host name that is not found is tried with the domains of the resolver's search list.
        /// `dns_search_parents = true`
        DNS_SEARCH_PARENTS: Flag = "dns_search_parents", off;
        /// Host names whose lookups ask for DNSSEC.
        /// `dnssec_request_domains = *.example.org`
        DNSSEC_REQUEST_DOMAINS: Domains = "dnssec_request_domains", "*";
        /// Host names whose addresses count only where DNSSEC vouches for them.
        /// `dnssec_require_domains = secure.example.org`
        DNSSEC_REQUIRE_DOMAINS: Domains = "dnssec_require_domains", unset;
        /// The DSCP value of the packets: a name such as `ef`, or a number.
        /// `dscp = af21`
        DSCP: Text = "dscp", unset;
        /// Hosts that are tried when all others failed for now; those of a router go before these.
        /// `fallback_hosts = backup.example.org`
        FALLBACK_HOSTS: TextList = "fallback_hosts", unset;
        /// How long the answer to the end of the message is waited for.
        /// `final_timeout = 20m`
        FINAL_TIMEOUT: Time = "final_timeout", "10m";
        /// The names in `hosts` and `fallback_hosts` are looked up by the system and not in the DNS.
        /// `gethostbyname = true`
        GETHOSTBYNAME: Flag = "gethostbyname", off;
        /// TLS is more lenient with servers that break its rules.
        /// `gnutls_compat_mode = true`
        GNUTLS_COMPAT_MODE: Tristate = "gnutls_compat_mode", unset, inert TLS_LIBRARY;
        /// The name in EHLO or HELO.
        /// `helo_data = ${lookup dnsdb{ptr=$sending_ip_address}{$value}{$primary_hostname}}`
        HELO_DATA: Text = "helo_data", "$primary_hostname";
        /// What, in the answer to EHLO, tells the servers behind one name apart, for the resumption of TLS sessions.
        /// `host_name_extract = ${if match{$item}{\N^250-([\w.]+)\s\N}{$1}}`
        HOST_NAME_EXTRACT: TextList = "host_name_extract", "${if and {{match{$host}{.outlook.com\\$}} {match{$item}{\\N^250-([\\w.]+)\\s\\N}}} {$1}}";
        /// The hosts to send to, where the router names none.
        /// `hosts = mx1.example.net : mx2.example.net`
        HOSTS: TextList = "hosts", unset;
        /// Hosts that are greeted with HELO and offered nothing beyond plain SMTP.
        /// `hosts_avoid_esmtp = old.example.net`
        HOSTS_AVOID_ESMTP: Hosts = "hosts_avoid_esmtp", unset;
        /// Hosts whose PIPELINING is not used.
        /// `hosts_avoid_pipelining = 192.0.2.70`
        HOSTS_AVOID_PIPELINING: Hosts = "hosts_avoid_pipelining", unset;
        /// Hosts whose STARTTLS is not used.
        /// `hosts_avoid_tls = 192.0.2.71`
        HOSTS_AVOID_TLS: Hosts = "hosts_avoid_tls", unset;
        /// How many addresses of hosts are tried in one delivery, beside those that are skipped or whose retry time has passed.
        /// `hosts_max_try = 3`
        HOSTS_MAX_TRY: Integer = "hosts_max_try", "5";
        /// How many addresses of hosts are looked at in one delivery at all.
        /// `hosts_max_try_hardlimit = 20`
        HOSTS_MAX_TRY_HARDLIMIT: Integer = "hosts_max_try_hardlimit", "50";
        /// Hosts whose TLS connections are not kept for further messages.
        /// `hosts_nopass_tls = *`
        HOSTS_NOPASS_TLS: Hosts = "hosts_nopass_tls", unset;
        /// Hosts whose TLS connections are not handed to other processes by a proxy process.
        /// `hosts_noproxy_tls = *`
        HOSTS_NOPROXY_TLS: Hosts = "hosts_noproxy_tls", unset, inert OWN_WAY;
        /// `hosts` is used also where the router names hosts.
        /// `hosts_override = true`
        HOSTS_OVERRIDE: Flag = "hosts_override", off;
        /// Hosts that are sent EHLO and more before their banner, once they were seen to offer it.
        /// `hosts_pipe_connect = 192.0.2.0/24`
        HOSTS_PIPE_CONNECT: Hosts = "hosts_pipe_connect", unset, inert PIPE_CONNECT;
        /// The hosts of `hosts` and `fallback_hosts` are tried in random order; `+` separates groups that stay in turn.
        /// `hosts_randomize = true`
        HOSTS_RANDOMIZE: FlagText = "hosts_randomize", off;
        /// Hosts that are asked for a proof that their certificate was not revoked.
        /// `hosts_request_ocsp = !192.0.2.72 : *`
        HOSTS_REQUEST_OCSP: Hosts = "hosts_request_ocsp", "*";
        /// Hosts that must choose one of the protocols of `tls_alpn`.
        /// `hosts_require_alpn = mx.example.net`
        HOSTS_REQUIRE_ALPN: Hosts = "hosts_require_alpn", unset;
        /// Hosts that get no message unless authentication to them succeeded.
        /// `hosts_require_auth = smarthost.example.net`
        HOSTS_REQUIRE_AUTH: Hosts = "hosts_require_auth", unset, inert AUTH;
        /// Hosts that get no message unless TLSA records, vouched for by DNSSEC, prove their certificate.
        /// `hosts_require_dane = mx.secure.example`
        HOSTS_REQUIRE_DANE: Hosts = "hosts_require_dane", unset;
        /// Hosts that get no message without a proof that their certificate was not revoked.
        /// `hosts_require_ocsp = mx.secure.example`
        HOSTS_REQUIRE_OCSP: Hosts = "hosts_require_ocsp", unset;
        /// Hosts that get no message without TLS.
        /// `hosts_require_tls = mx.example.net`
        HOSTS_REQUIRE_TLS: Hosts = "hosts_require_tls", unset;
        /// Hosts to which authentication is tried, and that get the message without it where it fails for good.
        /// `hosts_try_auth = smarthost.example.net`
        HOSTS_TRY_AUTH: Hosts = "hosts_try_auth", unset, inert AUTH;
        /// Hosts that are sent the message by BDAT where they offer it.
        /// `hosts_try_chunking = !192.0.2.73 : *`
        HOSTS_TRY_CHUNKING: Hosts = "hosts_try_chunking", "*";
        /// Hosts whose certificate must fit their TLSA records, where there are any that DNSSEC vouches for.
        /// `hosts_try_dane = mx.secure.example`
        HOSTS_TRY_DANE: Hosts = "hosts_try_dane", "*";
        /// Hosts that are connected to by TCP Fast Open.
        /// `hosts_try_fastopen = !*`
        HOSTS_TRY_FASTOPEN: Hosts = "hosts_try_fastopen", "*", inert LATER;
        /// Hosts that are asked to answer for each recipient after the data, where they offer it.
        /// `hosts_try_prdr = 192.0.2.0/24`
        HOSTS_TRY_PRDR: Hosts = "hosts_try_prdr", "*", inert PRDR;
        /// Hosts whose STARTTLS is not used in callouts.
        /// `hosts_verify_avoid_tls = *`
        HOSTS_VERIFY_AVOID_TLS: Hosts = "hosts_verify_avoid_tls", unset, inert CALLOUTS;
        /// The local addresses to send from: the first one of the host's family is bound.
        /// `interface = 192.0.2.1 : 2001:db8::::1`
        INTERFACE: TextList = "interface", unset;
        /// TCP finds out about peers that vanished.
        /// `keepalive = false`
        KEEPALIVE: Flag = "keepalive", on;
        /// With LMTP, `IGNOREQUOTA` is asked for with each recipient, where the server offers it.
        /// `lmtp_ignore_quota = true`
        LMTP_IGNORE_QUOTA: Flag = "lmtp_ignore_quota", off, inert LMTP;
        /// How many recipients one transaction may have; 0 is any number.
        /// `max_rcpt = 50`
        MAX_RCPT: IntegerText = "max_rcpt", "100";
        /// A message with a line of more bytes bounces; 0 is no limit.
        /// `message_linelength_limit = 2000`
        MESSAGE_LINELENGTH_LIMIT: Integer = "message_linelength_limit", "998";
        /// Whether one transaction may have recipients of several domains.
        /// `multi_domain = false`
        MULTI_DOMAIN: FlagText = "multi_domain", on;
        /// The port to connect to: a number or the name of a service.
        /// `port = 587`
        PORT: Text = "port", "smtp";
        /// `smtp`, `lmtp`, or `smtps` with TLS from the first byte on.
        /// `protocol = lmtp`
        PROTOCOL: Plain = "protocol", "smtp";
        /// The times of retries of a host are kept for each of its addresses, not for the name.
        /// `retry_include_ip_address = false`
        RETRY_INCLUDE_IP_ADDRESS: FlagText = "retry_include_ip_address", on;
        /// Hosts that have one connection at a time.
        /// `serialize_hosts = slow.example.net`
        SERIALIZE_HOSTS: Hosts = "serialize_hosts", unset;
        /// How many bytes are added to the message's size for SIZE on MAIL, for what the transport adds; negative means that SIZE is not sent.
        /// `size_addition = -1`
        SIZE_ADDITION: Integer = "size_addition", "1024";
        /// SOCKS5 proxies that connections go through, each with its options.
        /// `socks_proxy = 192.0.2.90 port=1080`
        SOCKS_PROXY: Text = "socks_proxy", unset, inert SOCKS;
        /// The protocols that TLS offers by ALPN.
        /// `tls_alpn = smtp`
        TLS_ALPN: Text = "tls_alpn", unset;
        /// The file with the certificate that is shown to hosts that ask for one.
        /// `tls_certificate = /etc/exim/client.crt`
        TLS_CERTIFICATE: Text = "tls_certificate", unset;
        /// A file, or directory, with lists of revoked certificates.
        /// `tls_crl = /etc/exim/crl.pem`
        TLS_CRL: Text = "tls_crl", unset;
        /// The fewest bits of a server's Diffie-Hellman parameters.
        /// `tls_dh_min_bits = 2048`
        TLS_DH_MIN_BITS: Integer = "tls_dh_min_bits", "1024", inert TLS_LIBRARY;
        /// The file with the key of `tls_certificate`, unless that holds it.
        /// `tls_privatekey = /etc/exim/client.key`
        TLS_PRIVATEKEY: Text = "tls_privatekey", unset;
        /// The ciphers that TLS may use, in the form of OpenSSL or of GnuTLS.
        /// `tls_require_ciphers = HIGH:!aNULL`
        TLS_REQUIRE_CIPHERS: Text = "tls_require_ciphers", unset;
        /// Hosts whose TLS sessions are resumed.
        /// `tls_resumption_hosts = *`
        TLS_RESUMPTION_HOSTS: Hosts = "tls_resumption_hosts", unset;
        /// The name of the server that TLS asks for.
        /// `tls_sni = $host`
        TLS_SNI: Text = "tls_sni", unset;
        /// Where a host answers STARTTLS with 4xx, or the handshake fails, the message is sent in clear, unless the host is in `hosts_require_tls`; otherwise the host is deferred.
        /// `tls_tempfail_tryclear = false`
        TLS_TEMPFAIL_TRYCLEAR: Flag = "tls_tempfail_tryclear", on;
        /// Hosts whose certificate is checked, and that get the message whatever comes of it.
        /// `tls_try_verify_hosts = !192.0.2.74 : *`
        TLS_TRY_VERIFY_HOSTS: Hosts = "tls_try_verify_hosts", "*";
        /// Hosts whose certificate, when it is checked, must bear their name.
        /// `tls_verify_cert_hostnames = !192.0.2.74 : *`
        TLS_VERIFY_CERT_HOSTNAMES: Hosts = "tls_verify_cert_hostnames", "*";
        /// The authorities that certificates are checked by: `system`, or a file, or a directory.
        /// `tls_verify_certificates = /etc/ssl/certs/ca-certificates.crt`
        TLS_VERIFY_CERTIFICATES: Text = "tls_verify_certificates", "system";
        /// Hosts that get no message unless their certificate holds.
        /// `tls_verify_hosts = mx.example.net`
        TLS_VERIFY_HOSTS: Hosts = "tls_verify_hosts", unset;
        /// Whether addresses of internationalized mail are converted to ASCII where they can be: 1 yes, 0 no, -1 where the host needs it.
        /// `utf8_downconvert = 1`
        UTF8_DOWNCONVERT: Text = "utf8_downconvert", "-1", inert LATER;
    }
}

/// Private options of the `queuefile` transport.
pub mod queuefile {
    use super::super::definition::option_table;

    option_table! {
        Transport, "queuefile";
        /// The directory into which the message's two spool files are copied.
        /// `directory = /var/spool/export`
        DIRECTORY: Text = "directory", unset, inert QUEUEFILE;
    }
}
