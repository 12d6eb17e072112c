//! The options of the main section.
//!
//! One row per option: its documentation, the constant's name, its kind, its name in the file, its default (`unset`, `on`,
//! `off` or text), and `inert WHY` while it has no effect.
//!
//! # Compatibility
//! Exim 4.99, spec chapter 14. Options of Postrider's own stand at the end, under `postrider`.

use super::definition::option_table;

option_table! {
    Main, "main";
    /// Offer 8BITMIME and accept BODY= on MAIL.
    ACCEPT_8BITMIME: Flag = "accept_8bitmime", on;
    /// ACL for finished non-SMTP message.
    ACL_NOT_SMTP: Text = "acl_not_smtp", unset;
    /// ACL run per MIME part, non-SMTP.
    ACL_NOT_SMTP_MIME: Text = "acl_not_smtp_mime", unset, inert SCANNING;
    /// ACL before reading a non-SMTP message; verdict unused.
    ACL_NOT_SMTP_START: Text = "acl_not_smtp_start", unset;
    /// ACL deciding ATRN (on-demand relay) requests.
    ACL_SMTP_ATRN: Text = "acl_smtp_atrn", unset, inert ETRN;
    /// ACL checked on AUTH command.
    ACL_SMTP_AUTH: Text = "acl_smtp_auth", unset, inert AUTH;
    /// ACL at TCP connect, before banner.
    ACL_SMTP_CONNECT: Text = "acl_smtp_connect", unset;
    /// ACL after full message data received.
    ACL_SMTP_DATA: Text = "acl_smtp_data", unset;
    /// Per-recipient data ACL when PRDR negotiated.
    ACL_SMTP_DATA_PRDR: Text = "acl_smtp_data_prdr", "accept", inert PRDR;
    /// ACL run for each DKIM signer.
    ACL_SMTP_DKIM: Text = "acl_smtp_dkim", unset, inert DKIM;
    /// ACL for ETRN; unset means refuse.
    ACL_SMTP_ETRN: Text = "acl_smtp_etrn", unset, inert ETRN;
    /// ACL for EXPN; unset means refuse.
    ACL_SMTP_EXPN: Text = "acl_smtp_expn", unset;
    /// ACL for HELO/EHLO.
    ACL_SMTP_HELO: Text = "acl_smtp_helo", unset;
    /// ACL for MAIL command.
    ACL_SMTP_MAIL: Text = "acl_smtp_mail", unset;
    /// ACL judging AUTH= parameter on MAIL.
    ACL_SMTP_MAILAUTH: Text = "acl_smtp_mailauth", unset, inert AUTH;
    /// ACL run per MIME part.
    ACL_SMTP_MIME: Text = "acl_smtp_mime", unset, inert SCANNING;
    /// ACL when session ends without QUIT.
    ACL_SMTP_NOTQUIT: Text = "acl_smtp_notquit", unset;
    /// ACL when DATA command arrives, before body.
    ACL_SMTP_PREDATA: Text = "acl_smtp_predata", unset;
    /// ACL at QUIT; cannot change outcome.
    ACL_SMTP_QUIT: Text = "acl_smtp_quit", unset;
    /// ACL for RCPT; unset means refuse relaying.
    ACL_SMTP_RCPT: Text = "acl_smtp_rcpt", unset;
    /// ACL for STARTTLS.
    ACL_SMTP_STARTTLS: Text = "acl_smtp_starttls", unset, inert TLS;
    /// ACL for VRFY; unset means refuse.
    ACL_SMTP_VRFY: Text = "acl_smtp_vrfy", unset;
    /// ACL for WELLKNOWN command.
    ACL_SMTP_WELLKNOWN: Text = "acl_smtp_wellknown", unset, inert WELLKNOWN;
    /// Environment settings forced into subprocesses.
    ADD_ENVIRONMENT: PlainList = "add_environment", unset;
    /// Groups whose members count as Exim admins.
    ADMIN_GROUPS: Groups = "admin_groups", unset;
    /// Accept user@[ip] address syntax.
    ALLOW_DOMAIN_LITERALS: Flag = "allow_domain_literals", off;
    /// Tolerate MX targets that are IP addresses.
    ALLOW_MX_TO_IP: Flag = "allow_mx_to_ip", off;
    /// Permit UTF-8 in domain syntax check.
    ALLOW_UTF8_DOMAINS: Flag = "allow_utf8_domains", off;
    /// Clients that see AUTH in EHLO reply.
    AUTH_ADVERTISE_HOSTS: Hosts = "auth_advertise_hosts", "*", inert AUTH;
    /// Retry frozen messages after this age.
    AUTO_THAW: Time = "auto_thaw", "0s";
    /// Virus scanner type, address and parameters.
    AV_SCANNER: Plain = "av_scanner", "sophie:/var/run/sophie", inert SCANNING;
    /// Program run for the -bi option.
    BI_COMMAND: Plain = "bi_command", unset;
    /// Template file for bounces.
    BOUNCE_MESSAGE_FILE: Text = "bounce_message_file", unset;
    /// Extra text placed in standard bounces.
    BOUNCE_MESSAGE_TEXT: Plain = "bounce_message_text", unset;
    /// Include original body in bounces.
    BOUNCE_RETURN_BODY: Flag = "bounce_return_body", on;
    /// Omit body lines longer than this from bounces.
    BOUNCE_RETURN_LINESIZE_LIMIT: Integer = "bounce_return_linesize_limit", "998";
    /// Include original message in bounces.
    BOUNCE_RETURN_MESSAGE: Flag = "bounce_return_message", on;
    /// Max bytes of original quoted in bounce.
    BOUNCE_RETURN_SIZE_LIMIT: Bytes = "bounce_return_size_limit", "100K";
    /// AUTH= address used for generated bounces.
    BOUNCE_SENDER_AUTHENTICATION: Plain = "bounce_sender_authentication", unset;
    /// Cache life of bad callout domain result.
    CALLOUT_DOMAIN_NEGATIVE_EXPIRE: Time = "callout_domain_negative_expire", "3h", inert CALLOUTS;
    /// Cache life of good callout domain result.
    CALLOUT_DOMAIN_POSITIVE_EXPIRE: Time = "callout_domain_positive_expire", "1w", inert CALLOUTS;
    /// Cache life of rejected address callout.
    CALLOUT_NEGATIVE_EXPIRE: Time = "callout_negative_expire", "2h", inert CALLOUTS;
    /// Cache life of accepted address callout.
    CALLOUT_POSITIVE_EXPIRE: Time = "callout_positive_expire", "1d", inert CALLOUTS;
    /// Made-up local part for random callout test.
    CALLOUT_RANDOM_LOCAL_PART: Text = "callout_random_local_part", "$primary_hostname-$tod_epoch-testing", inert CALLOUTS;
    /// Min free log-partition inodes before accepting.
    CHECK_LOG_INODES: Integer = "check_log_inodes", "100";
    /// Min free log-partition space before accepting.
    CHECK_LOG_SPACE: Kilobytes = "check_log_space", "10M";
    /// Enforce encoded-word length when decoding.
    CHECK_RFC2047_LENGTH: Flag = "check_rfc2047_length", on;
    /// Min free spool inodes before accepting.
    CHECK_SPOOL_INODES: Integer = "check_spool_inodes", "100";
    /// Min free spool space before accepting.
    CHECK_SPOOL_SPACE: Kilobytes = "check_spool_space", "10M";
    /// Clients offered CHUNKING (BDAT).
    CHUNKING_ADVERTISE_HOSTS: Hosts = "chunking_advertise_hosts", "*";
    /// Limit -be/-bv style tests to admins.
    COMMANDLINE_CHECKS_REQUIRE_ADMIN: Flag = "commandline_checks_require_admin", off;
    /// Dynamic modules the daemon loads at startup.
    DAEMON_MODULES_LOAD: PlainList = "daemon_modules_load", unset, inert OWN_WAY;
    /// Alias of daemon_smtp_ports.
    DAEMON_SMTP_PORT: Plain = "daemon_smtp_port", "smtp";
    /// Ports the daemon listens on by default.
    DAEMON_SMTP_PORTS: Plain = "daemon_smtp_ports", "smtp";
    /// Bind attempts repeated when address busy.
    DAEMON_STARTUP_RETRIES: Integer = "daemon_startup_retries", "9";
    /// Pause between daemon bind attempts.
    DAEMON_STARTUP_SLEEP: Time = "daemon_startup_sleep", "30s";
    /// Insert DCC header early and rewrite spool.
    DCC_DIRECT_ADD_HEADER: Flag = "dcc_direct_add_header", off, inert SCANNING;
    /// Dccifd Unix socket path or IP and port.
    DCCIFD_ADDRESS: Plain = "dccifd_address", unset, inert SCANNING;
    /// Options line sent to dccifd.
    DCCIFD_OPTIONS: Plain = "dccifd_options", unset, inert SCANNING;
    /// Extra memory-store consistency checks.
    DEBUG_STORE: Flag = "debug_store", off, inert OWN_WAY;
    /// Queue ages when sender gets a delay warning.
    DELAY_WARNING: Times = "delay_warning", "1d";
    /// Expansion deciding whether warning is sent.
    DELAY_WARNING_CONDITION: Text = "delay_warning_condition", "${if or {{ !eq{$h_list-id:$h_list-post:$h_list-subscribe:}{} }{ match{$h_precedence:}{(?i)bulk|list|junk} }{ match{$h_auto-submitted:}{(?i)auto-generated|auto-replied} }} {no}{yes}}";
    /// Run deliveries entirely as exim user.
    DELIVER_DROP_PRIVILEGE: Flag = "deliver_drop_privilege", off;
    /// No queue deliveries above this load.
    DELIVER_QUEUE_LOAD_MAX: Fixed = "deliver_queue_load_max", unset;
    /// Strip incoming Delivery-date headers.
    DELIVERY_DATE_REMOVE: Flag = "delivery_date_remove", on;
    /// Skip fsync calls (dangerous).
    DISABLE_FSYNC: Flag = "disable_fsync", off, inert OWN_WAY;
    /// Ignore IPv6 everywhere.
    DISABLE_IPV6: Flag = "disable_ipv6", off;
    /// Hash names accepted for DKIM verify.
    DKIM_VERIFY_HASHES: PlainList = "dkim_verify_hashes", "sha256:sha512", inert DKIM;
    /// Key types accepted for DKIM verify.
    DKIM_VERIFY_KEYTYPES: PlainList = "dkim_verify_keytypes", "ed25519:rsa", inert DKIM;
    /// Minimum bits per DKIM key type.
    DKIM_VERIFY_MIN_KEYSIZES: PlainList = "dkim_verify_min_keysizes", "rsa=1024 ed25519=250", inert DKIM;
    /// Stop verifying after first passing signature.
    DKIM_VERIFY_MINIMAL: Flag = "dkim_verify_minimal", off, inert DKIM;
    /// Signers for which the DKIM ACL runs.
    DKIM_VERIFY_SIGNERS: Domains = "dkim_verify_signers", "$dkim_signers", inert DKIM;
    /// From address for forensic DMARC reports.
    DMARC_FORENSIC_SENDER: Text = "dmarc_forensic_sender", unset, inert DMARC;
    /// File appended with DMARC results.
    DMARC_HISTORY_FILE: Text = "dmarc_history_file", unset, inert DMARC;
    /// Public suffix file; unset disables DMARC.
    DMARC_TLD_FILE: Text = "dmarc_tld_file", unset, inert DMARC;
    /// Domains where DNS tempfail counts as nonexistent.
    DNS_AGAIN_MEANS_NONEXIST: Domains = "dns_again_means_nonexist", unset;
    /// Regex applied to names before DNS lookup.
    DNS_CHECK_NAMES_PATTERN: Plain = "dns_check_names_pattern", "(?i)^(?>(?(1)\\.|())[^\\W](?>[a-z0-9/_-]*[^\\W])?)+(\\.?)$";
    /// CNAME chain depth Exim itself follows.
    DNS_CNAME_LOOPS: Integer = "dns_cname_loops", "1";
    /// Parent levels searched for CSA records.
    DNS_CSA_SEARCH_LIMIT: Integer = "dns_csa_search_limit", "5", inert DNS;
    /// Allow reverse-zone CSA lookup for IP HELO.
    DNS_CSA_USE_REVERSE: Flag = "dns_csa_use_reverse", on, inert DNS;
    /// Resolver DO bit: -1 leave, 0 off, 1 on.
    DNS_DNSSEC_OK: Integer = "dns_dnssec_ok", "-1", inert DNS;
    /// Domains for which AAAA is skipped.
    DNS_IPV4_LOOKUP: Domains = "dns_ipv4_lookup", unset;
    /// Resolver retransmit time.
    DNS_RETRANS: Time = "dns_retrans", "0s";
    /// Resolver retry count.
    DNS_RETRY: Integer = "dns_retry", "0";
    /// Zones whose AA bit counts as authenticated.
    DNS_TRUST_AA: Domains = "dns_trust_aa", unset, inert DNS;
    /// Force EDNS0 on or off in resolver.
    DNS_USE_EDNS0: Integer = "dns_use_edns0", "-1", inert DNS;
    /// Old option, accepted and ignored.
    DROP_CR: Flag = "drop_cr", off, inert OWN_WAY;
    /// Clients offered DSN extension.
    DSN_ADVERTISE_HOSTS: Hosts = "dsn_advertise_hosts", unset, inert DSN;
    /// From: line content for generated bounces.
    DSN_FROM: Text = "dsn_from", "Mail Delivery System <Mailer-Daemon@$qualify_domain>";
    /// Strip incoming Envelope-to headers.
    ENVELOPE_TO_REMOVE: Flag = "envelope_to_remove", on;
    /// Pattern list giving bounce copy recipients.
    ERRORS_COPY: TextList = "errors_copy", unset;
    /// Reply-To placed in bounces.
    ERRORS_REPLY_TO: Plain = "errors_reply_to", unset;
    /// Expansion run for reception-side events.
    EVENT_ACTION: Text = "event_action", unset, inert EVENTS;
    /// Group Exim runs as.
    EXIM_GROUP: Group = "exim_group", unset;
    /// Location of the Exim binary for re-exec.
    EXIM_PATH: Plain = "exim_path", unset;
    /// User Exim runs as.
    EXIM_USER: User = "exim_user", unset;
    /// Override the version text.
    EXIM_VERSION: Plain = "exim_version", unset;
    /// Additional addresses treated as local.
    EXTRA_LOCAL_INTERFACES: PlainList = "extra_local_interfaces", unset;
    /// With -t, arguments delete recipients.
    EXTRACT_ADDRESSES_REMOVE_ARGUMENTS: Flag = "extract_addresses_remove_arguments", on;
    /// Repeat failed getpwnam calls.
    FINDUSER_RETRIES: Integer = "finduser_retries", "0";
    /// Whom to mail when message is frozen.
    FREEZE_TELL: PlainList = "freeze_tell", unset;
    /// Expansion turning gecos match into name.
    GECOS_NAME: Text = "gecos_name", unset;
    /// Regex applied to gecos field.
    GECOS_PATTERN: Plain = "gecos_pattern", unset;
    /// Let GnuTLS autoload PKCS11.
    GNUTLS_ALLOW_AUTO_PKCS11: Tristate = "gnutls_allow_auto_pkcs11", unset, inert TLS;
    /// Relax GnuTLS for odd peers.
    GNUTLS_COMPAT_MODE: Tristate = "gnutls_compat_mode", unset, inert TLS;
    /// Max length of one logical header.
    HEADER_LINE_MAXSIZE: Integer = "header_line_maxsize", "0";
    /// Max total header bytes.
    HEADER_MAXSIZE: Integer = "header_maxsize", "1048576";
    /// Charset for decoded header text.
    HEADERS_CHARSET: Plain = "headers_charset", "UTF-8";
    /// Hosts allowed bad HELO syntax.
    HELO_ACCEPT_JUNK_HOSTS: Hosts = "helo_accept_junk_hosts", unset;
    /// Extra characters allowed in HELO names.
    HELO_ALLOW_CHARS: Plain = "helo_allow_chars", unset;
    /// HELO values that trigger host lookup.
    HELO_LOOKUP_DOMAINS: Domains = "helo_lookup_domains", "@ : @[]";
    /// Verify HELO but only record result.
    HELO_TRY_VERIFY_HOSTS: Hosts = "helo_try_verify_hosts", unset;
    /// Reject unless HELO verifies.
    HELO_VERIFY_HOSTS: Hosts = "helo_verify_hosts", unset;
    /// Domains whose deliveries always defer.
    HOLD_DOMAINS: Domains = "hold_domains", unset;
    /// Clients whose names are looked up.
    HOST_LOOKUP: Hosts = "host_lookup", unset;
    /// Order of DNS versus byaddr lookup.
    HOST_LOOKUP_ORDER: PlainList = "host_lookup_order", "bydns:byaddr";
    /// Clients refused at connect.
    HOST_REJECT_CONNECTION: Hosts = "host_reject_connection", unset;
    /// Clients whose connections are not logged.
    HOSTS_CONNECTION_NOLOG: Hosts = "hosts_connection_nolog", unset;
    /// Clients speaking PROXY protocol.
    HOSTS_PROXY: Hosts = "hosts_proxy", unset, inert PROXY;
    /// Clients that must send ALPN.
    HOSTS_REQUIRE_ALPN: Hosts = "hosts_require_alpn", unset, inert TLS;
    /// Clients that must send HELO before MAIL.
    HOSTS_REQUIRE_HELO: Hosts = "hosts_require_helo", "*";
    /// Domains whose hosts count as local.
    HOSTS_TREAT_AS_LOCAL: Domains = "hosts_treat_as_local", unset;
    /// Clients offered XCLIENT.
    HOSTS_XCLIENT: Hosts = "hosts_xclient", unset, inert XCLIENT;
    /// Discard failed bounces after this age.
    IGNORE_BOUNCE_ERRORS_AFTER: Time = "ignore_bounce_errors_after", "10w";
    /// Remote hosts whose From-line is skipped.
    IGNORE_FROMLINE_HOSTS: Hosts = "ignore_fromline_hosts", unset;
    /// Skip From-line in local SMTP.
    IGNORE_FROMLINE_LOCAL: Flag = "ignore_fromline_local", off;
    /// Environment variables preserved.
    KEEP_ENVIRONMENT: PlainList = "keep_environment", unset;
    /// Age at which corrupt spool files go.
    KEEP_MALFORMED: Time = "keep_malformed", "4d";
    /// CA directory for LDAP TLS.
    LDAP_CA_CERT_DIR: Plain = "ldap_ca_cert_dir", unset, inert LOOKUPS;
    /// CA file for LDAP TLS.
    LDAP_CA_CERT_FILE: Plain = "ldap_ca_cert_file", unset, inert LOOKUPS;
    /// Client certificate for LDAP.
    LDAP_CERT_FILE: Plain = "ldap_cert_file", unset, inert LOOKUPS;
    /// Client key for LDAP.
    LDAP_CERT_KEY: Plain = "ldap_cert_key", unset, inert LOOKUPS;
    /// Cipher preference for LDAP TLS.
    LDAP_CIPHER_SUITE: Plain = "ldap_cipher_suite", unset, inert LOOKUPS;
    /// Servers when LDAP URL has no host.
    LDAP_DEFAULT_SERVERS: PlainList = "ldap_default_servers", unset, inert LOOKUPS;
    /// Server certificate strictness for LDAP.
    LDAP_REQUIRE_CERT: Plain = "ldap_require_cert", unset, inert LOOKUPS;
    /// Do StartTLS inside LDAP.
    LDAP_START_TLS: Flag = "ldap_start_tls", off, inert LOOKUPS;
    /// LDAP protocol version.
    LDAP_VERSION: Integer = "ldap_version", "-1", inert LOOKUPS;
    /// Clients offered LIMITS keyword.
    LIMITS_ADVERTISE_HOSTS: Hosts = "limits_advertise_hosts", "*", inert LIMITS;
    /// Check From: of local untrusted submissions.
    LOCAL_FROM_CHECK: Flag = "local_from_check", on;
    /// Ignorable local-part prefix in From check.
    LOCAL_FROM_PREFIX: Plain = "local_from_prefix", unset;
    /// Ignorable local-part suffix in From check.
    LOCAL_FROM_SUFFIX: Plain = "local_from_suffix", unset;
    /// Addresses (and ports) to listen on.
    LOCAL_INTERFACES: PlainList = "local_interfaces", "<; ::0 ; 0.0.0.0";
    /// Loadable local_scan module path (Debian patch).
    LOCAL_SCAN_PATH: Plain = "local_scan_path", unset, inert LOCAL_SCAN;
    /// Time limit for local_scan function.
    LOCAL_SCAN_TIMEOUT: Time = "local_scan_timeout", "5m", inert LOCAL_SCAN;
    /// Keep Sender: supplied by local users.
    LOCAL_SENDER_RETAIN: Flag = "local_sender_retain", off;
    /// Host number making message ids unique.
    LOCALHOST_NUMBER: Text = "localhost_number", unset;
    /// Where logs go: paths and/or syslog.
    LOG_FILE_PATH: TextList = "log_file_path", unset;
    /// Restrict which port numbers are logged.
    LOG_PORTS: PlainList = "log_ports", "*";
    /// Toggle optional log items.
    LOG_SELECTOR: Plain = "log_selector", unset;
    /// Add zone to log timestamps.
    LOG_TIMEZONE: Flag = "log_timezone", off;
    /// Max cached open lookup files.
    LOOKUP_OPEN_MAX: Integer = "lookup_open_max", "25";
    /// Truncate user names for login lookup.
    MAX_USERNAME_LENGTH: Integer = "max_username_length", "0";
    /// Keep newlines in $message_body.
    MESSAGE_BODY_NEWLINES: Flag = "message_body_newlines", off;
    /// Characters kept in $message_body.
    MESSAGE_BODY_VISIBLE: Bytes = "message_body_visible", "500";
    /// Domain part used in new Message-ID.
    MESSAGE_ID_HEADER_DOMAIN: Text = "message_id_header_domain", unset;
    /// Extra text inside new Message-ID.
    MESSAGE_ID_HEADER_TEXT: Text = "message_id_header_text", unset;
    /// Write per-message log files.
    MESSAGE_LOGS: Flag = "message_logs", on;
    /// Max message size; 0 unlimited.
    MESSAGE_SIZE_LIMIT: Text = "message_size_limit", "50M";
    /// Move frozen spool files aside.
    MOVE_FROZEN_MESSAGES: Flag = "move_frozen_messages", off;
    /// Non-queueing immediate-delivery mode.
    MUA_WRAPPER: Flag = "mua_wrapper", off;
    /// MySQL server definitions.
    MYSQL_SERVERS: PlainList = "mysql_servers", unset, inert LOOKUPS;
    /// Uids deliveries may never use.
    NEVER_USERS: Users = "never_users", unset;
    /// Daemon notifier socket path; empty disables.
    NOTIFIER_SOCKET: Plain = "notifier_socket", "$spool_directory/exim_daemon_notify", inert OWN_WAY;
    /// OpenSSL option bit adjustments.
    OPENSSL_OPTIONS: PlainList = "openssl_options", "+no_sslv2 +no_sslv3 +single_dh_use +no_ticket +no_renegotiation", inert TLS;
    /// Oracle server definitions.
    ORACLE_SERVERS: PlainList = "oracle_servers", unset, inert LOOKUPS;
    /// Dump core on panic.
    PANIC_COREDUMP: Flag = "panic_coredump", off, inert OWN_WAY;
    /// Domains where % routing is honoured.
    PERCENT_HACK_DOMAINS: Domains = "percent_hack_domains", unset;
    /// Start Perl when Exim starts.
    PERL_AT_START: Flag = "perl_at_start", off;
    /// Perl code executed at startup.
    PERL_STARTUP: Plain = "perl_startup", unset;
    /// Enable Perl taint checks.
    PERL_TAINTMODE: Flag = "perl_taintmode", off;
    /// PostgreSQL server definitions.
    PGSQL_SERVERS: PlainList = "pgsql_servers", unset, inert LOOKUPS;
    /// Daemon pid file location.
    PID_FILE_PATH: Text = "pid_file_path", unset;
    /// Clients offered PIPELINING.
    PIPELINING_ADVERTISE_HOSTS: Hosts = "pipelining_advertise_hosts", "*";
    /// Clients offered early pipelining.
    PIPELINING_CONNECT_ADVERTISE_HOSTS: Hosts = "pipelining_connect_advertise_hosts", "*", inert PIPE_CONNECT;
    /// Offer PRDR to clients.
    PRDR_ENABLE: Flag = "prdr_enable", off, inert PRDR;
    /// Keep message logs after completion.
    PRESERVE_MESSAGE_LOGS: Flag = "preserve_message_logs", off;
    /// Canonical name of this host.
    PRIMARY_HOSTNAME: Plain = "primary_hostname", unset;
    /// Treat bytes above 127 as printable.
    PRINT_TOPBITCHARS: Flag = "print_topbitchars", off;
    /// File exiwhat data is written to.
    PROCESS_LOG_PATH: Plain = "process_log_path", unset, inert LATER;
    /// Restrict -M/-q/-R to admins.
    PROD_REQUIRES_ADMIN: Flag = "prod_requires_admin", on;
    /// Time allowed for PROXY header.
    PROXY_PROTOCOL_TIMEOUT: Time = "proxy_protocol_timeout", "3s", inert PROXY;
    /// Domain added to unqualified senders.
    QUALIFY_DOMAIN: Plain = "qualify_domain", unset;
    /// Domain added to unqualified recipients.
    QUALIFY_RECIPIENT: Plain = "qualify_recipient", unset;
    /// Domains never delivered immediately.
    QUEUE_DOMAINS: Domains = "queue_domains", unset;
    /// Parallel delivery during two-phase queue run.
    QUEUE_FAST_RAMP: Flag = "queue_fast_ramp", on;
    /// Only admins see whole queue.
    QUEUE_LIST_REQUIRES_ADMIN: Flag = "queue_list_requires_admin", on;
    /// Queue everything without immediate delivery.
    QUEUE_ONLY: Flag = "queue_only", off;
    /// Queue if listed file exists.
    QUEUE_ONLY_FILE: PlainList = "queue_only_file", unset;
    /// Queue when load exceeds this.
    QUEUE_ONLY_LOAD: Fixed = "queue_only_load", unset;
    /// Stay queueing for rest of connection.
    QUEUE_ONLY_LOAD_LATCH: Flag = "queue_only_load_latch", on, inert OWN_WAY;
    /// Command line may override queue options.
    QUEUE_ONLY_OVERRIDE: Flag = "queue_only_override", on;
    /// Process queue in arrival order.
    QUEUE_RUN_IN_ORDER: Flag = "queue_run_in_order", off;
    /// Max concurrent queue runners.
    QUEUE_RUN_MAX: Text = "queue_run_max", "5";
    /// Domains whose SMTP delivery waits.
    QUEUE_SMTP_DOMAINS: Domains = "queue_smtp_domains", unset;
    /// Time limit for non-SMTP input.
    RECEIVE_TIMEOUT: Time = "receive_timeout", "0s";
    /// Template for Received: line.
    RECEIVED_HEADER_TEXT: Text = "received_header_text", "Received: ${if def:sender_rcvhost {from $sender_rcvhost\\n\\t}{${if def:sender_ident {from ${quote_local_part:$sender_ident} }}${if def:sender_helo_name {(helo=$sender_helo_name)\\n\\t}}}}by $primary_hostname ${if def:received_protocol {with $received_protocol }}${if def:tls_in_ver        { ($tls_in_ver)}}${if def:tls_in_cipher_std { tls $tls_in_cipher_std\\n\\t}}(Exim $version_number)\\n\\t${if def:sender_address {(envelope-from <$sender_address>)\\n\\t}}id $message_exim_id${if def:received_for {\\n\\tfor $received_for}}";
    /// Received count treated as a loop.
    RECEIVED_HEADERS_MAX: Integer = "received_headers_max", "30";
    /// Hosts allowed unqualified recipients.
    RECIPIENT_UNQUALIFIED_HOSTS: Hosts = "recipient_unqualified_hosts", unset;
    /// Recipient limit per message.
    RECIPIENTS_MAX: IntegerText = "recipients_max", "50000";
    /// Reject whole message when limit passed.
    RECIPIENTS_MAX_REJECT: Flag = "recipients_max_reject", off;
    /// Redis server definitions.
    REDIS_SERVERS: PlainList = "redis_servers", unset, inert LOOKUPS;
    /// Parallel remote deliveries per message.
    REMOTE_MAX_PARALLEL: Integer = "remote_max_parallel", "6";
    /// Order applied to remote deliveries.
    REMOTE_SORT_DOMAINS: Domains = "remote_sort_domains", unset;
    /// Age limit of retry hints.
    RETRY_DATA_EXPIRE: Time = "retry_data_expire", "1w";
    /// Upper bound for computed retry gap.
    RETRY_INTERVAL_MAX: Time = "retry_interval_max", "1d";
    /// Strip incoming Return-path headers.
    RETURN_PATH_REMOVE: Flag = "return_path_remove", on;
    /// Old name of bounce_return_size_limit.
    RETURN_SIZE_LIMIT: Bytes = "return_size_limit", "100K";
    /// Clients given an ident call.
    RFC1413_HOSTS: Hosts = "rfc1413_hosts", "@[]", inert IDENT;
    /// Port used for ident calls.
    RFC1413_PORT: Integer = "rfc1413_port", "113", inert IDENT;
    /// Ident wait time; zero disables.
    RFC1413_QUERY_TIMEOUT: Time = "rfc1413_query_timeout", "0s", inert IDENT;
    /// Hosts allowed unqualified senders.
    SENDER_UNQUALIFIED_HOSTS: Hosts = "sender_unqualified_hosts", unset;
    /// Log DNS lookups slower than this (ms).
    SLOW_LOOKUP_LOG: Integer = "slow_lookup_log", "0";
    /// TCP keepalive on incoming sockets.
    SMTP_ACCEPT_KEEPALIVE: Flag = "smtp_accept_keepalive", on;
    /// Max simultaneous incoming connections.
    SMTP_ACCEPT_MAX: Integer = "smtp_accept_max", "20";
    /// Max non-mail commands per session.
    SMTP_ACCEPT_MAX_NONMAIL: Integer = "smtp_accept_max_nonmail", "10";
    /// Hosts subject to non-mail limit.
    SMTP_ACCEPT_MAX_NONMAIL_HOSTS: Hosts = "smtp_accept_max_nonmail_hosts", "*";
    /// Messages allowed per connection.
    SMTP_ACCEPT_MAX_PER_CONNECTION: IntegerText = "smtp_accept_max_per_connection", "1000";
    /// Connections allowed per host.
    SMTP_ACCEPT_MAX_PER_HOST: Text = "smtp_accept_max_per_host", unset;
    /// Queue only above this connection count.
    SMTP_ACCEPT_QUEUE: Integer = "smtp_accept_queue", "0";
    /// Queue after this many messages.
    SMTP_ACCEPT_QUEUE_PER_CONNECTION: Integer = "smtp_accept_queue_per_connection", "10";
    /// Connections kept for reserve hosts.
    SMTP_ACCEPT_RESERVE: Integer = "smtp_accept_reserve", "0";
    /// Host name shown to the client.
    SMTP_ACTIVE_HOSTNAME: Text = "smtp_active_hostname", unset;
    /// Log listen backlog above level.
    SMTP_BACKLOG_MONITOR: Integer = "smtp_backlog_monitor", "0", inert LATER;
    /// Greeting text template.
    SMTP_BANNER: Text = "smtp_banner", "$smtp_active_hostname ESMTP Exim $version_number $tod_full";
    /// Check SIZE against spool space.
    SMTP_CHECK_SPOOL_SPACE: Flag = "smtp_check_spool_space", on;
    /// Listen backlog length.
    SMTP_CONNECT_BACKLOG: Integer = "smtp_connect_backlog", "20";
    /// Reject input sent ahead of reply.
    SMTP_ENFORCE_SYNC: Flag = "smtp_enforce_sync", on;
    /// Command replacing built-in ETRN action.
    SMTP_ETRN_COMMAND: Text = "smtp_etrn_command", unset, inert ETRN;
    /// One ETRN run at once per argument.
    SMTP_ETRN_SERIALIZE: Flag = "smtp_etrn_serialize", on, inert ETRN;
    /// Load above which only reserve hosts.
    SMTP_LOAD_RESERVE: Fixed = "smtp_load_reserve", unset;
    /// Syntax/protocol errors before drop.
    SMTP_MAX_SYNPROT_ERRORS: Integer = "smtp_max_synprot_errors", "3";
    /// Unknown commands before drop.
    SMTP_MAX_UNKNOWN_COMMANDS: Integer = "smtp_max_unknown_commands", "3";
    /// Clients subject to built-in slowdown.
    SMTP_RATELIMIT_HOSTS: Hosts = "smtp_ratelimit_hosts", unset, inert RATELIMIT;
    /// Slowdown parameters for MAIL.
    SMTP_RATELIMIT_MAIL: Plain = "smtp_ratelimit_mail", unset, inert RATELIMIT;
    /// Slowdown parameters for RCPT.
    SMTP_RATELIMIT_RCPT: Plain = "smtp_ratelimit_rcpt", unset, inert RATELIMIT;
    /// Wait per SMTP command or data block.
    SMTP_RECEIVE_TIMEOUT: TimeText = "smtp_receive_timeout", "5m";
    /// Hosts served when busy.
    SMTP_RESERVE_HOSTS: Hosts = "smtp_reserve_hosts", unset;
    /// Add detail to rejection text.
    SMTP_RETURN_ERROR_DETAILS: Flag = "smtp_return_error_details", off;
    /// Clients offered SMTPUTF8.
    SMTPUTF8_ADVERTISE_HOSTS: Hosts = "smtputf8_advertise_hosts", "*";
    /// SpamAssassin/Rspamd endpoints.
    SPAMD_ADDRESS: Plain = "spamd_address", "127.0.0.1 783", inert SCANNING;
    /// SPF record assumed by guess condition.
    SPF_GUESS: Plain = "spf_guess", "v=spf1 a/24 mx/24 ptr ?all", inert SPF;
    /// Explanation URL template.
    SPF_SMTP_COMMENT_TEMPLATE: Text = "spf_smtp_comment_template", "Please%_see%_http://www.open-spf.org/Why", inert SPF;
    /// Hash spool into subdirectories.
    SPLIT_SPOOL_DIRECTORY: Flag = "split_spool_directory", off;
    /// Spool location.
    SPOOL_DIRECTORY: Text = "spool_directory", unset;
    /// Keep -D file in CRLF wire form.
    SPOOL_WIREFORMAT: Flag = "spool_wireformat", off;
    /// Database file used when SQLite query names none.
    SQLITE_DBFILE: Plain = "sqlite_dbfile", unset;
    /// Wait for SQLite lock.
    SQLITE_LOCK_TIMEOUT: Integer = "sqlite_lock_timeout", "5";
    /// Libsrs_alt combined settings string.
    SRS_CONFIG: Plain = "srs_config", unset, inert SRS;
    /// Hash characters generated.
    SRS_HASHLENGTH: Integer = "srs_hashlength", unset, inert SRS;
    /// Fewest hash characters accepted.
    SRS_HASHMIN: Integer = "srs_hashmin", unset, inert SRS;
    /// Days an SRS address stays valid.
    SRS_MAXAGE: Integer = "srs_maxage", unset, inert SRS;
    /// Secret list; first one signs.
    SRS_SECRETS: Plain = "srs_secrets", unset, inert SRS;
    /// Include hash in SRS address.
    SRS_USEHASH: Flag = "srs_usehash", on, inert SRS;
    /// Include timestamp in SRS address.
    SRS_USETIMESTAMP: Flag = "srs_usetimestamp", on, inert SRS;
    /// Unset ACL variable is an error.
    STRICT_ACL_VARS: Flag = "strict_acl_vars", off;
    /// Drop surplus <> in addresses.
    STRIP_EXCESS_ANGLE_BRACKETS: Flag = "strip_excess_angle_brackets", off;
    /// Drop final dot of domains.
    STRIP_TRAILING_DOT: Flag = "strip_trailing_dot", off;
    /// Log to both syslog and rejectlog copies.
    SYSLOG_DUPLICATION: Flag = "syslog_duplication", on;
    /// Syslog facility name.
    SYSLOG_FACILITY: Plain = "syslog_facility", unset;
    /// Put pid in syslog lines.
    SYSLOG_PID: Flag = "syslog_pid", on;
    /// Syslog ident string.
    SYSLOG_PROCESSNAME: Plain = "syslog_processname", "exim";
    /// Keep Exim timestamp in syslog.
    SYSLOG_TIMESTAMP: Flag = "syslog_timestamp", on;
    /// Filter file run per message delivery.
    SYSTEM_FILTER: Text = "system_filter", unset, inert FILTERS;
    /// Transport for system filter save to dir.
    SYSTEM_FILTER_DIRECTORY_TRANSPORT: Text = "system_filter_directory_transport", unset, inert FILTERS;
    /// Transport for system filter save.
    SYSTEM_FILTER_FILE_TRANSPORT: Text = "system_filter_file_transport", unset, inert FILTERS;
    /// Group while system filter runs.
    SYSTEM_FILTER_GROUP: Group = "system_filter_group", unset, inert FILTERS;
    /// Transport for system filter pipe.
    SYSTEM_FILTER_PIPE_TRANSPORT: Text = "system_filter_pipe_transport", unset, inert FILTERS;
    /// Transport for system filter mail.
    SYSTEM_FILTER_REPLY_TRANSPORT: Text = "system_filter_reply_transport", unset, inert FILTERS;
    /// User while system filter runs.
    SYSTEM_FILTER_USER: User = "system_filter_user", unset, inert FILTERS;
    /// Disable Nagle on incoming sockets.
    TCP_NODELAY: Flag = "tcp_nodelay", on;
    /// Daemon name given to libwrap.
    TCP_WRAPPERS_DAEMON_NAME: Plain = "tcp_wrappers_daemon_name", unset, inert OWN_WAY;
    /// Give up on frozen messages after this.
    TIMEOUT_FROZEN_AFTER: Time = "timeout_frozen_after", "0s";
    /// TZ value forced for processes.
    TIMEZONE: Plain = "timezone", unset;
    /// Clients offered STARTTLS.
    TLS_ADVERTISE_HOSTS: Hosts = "tls_advertise_hosts", "*", inert TLS;
    /// Acceptable ALPN names.
    TLS_ALPN: TextList = "tls_alpn", "smtp:esmtp", inert TLS;
    /// Server certificate file list.
    TLS_CERTIFICATE: TextList = "tls_certificate", unset, inert TLS;
    /// Revocation list file or directory.
    TLS_CRL: Text = "tls_crl", unset, inert TLS;
    /// Cap on DH size.
    TLS_DH_MAX_BITS: Integer = "tls_dh_max_bits", "2236", inert TLS;
    /// DH parameters source.
    TLS_DHPARAM: Text = "tls_dhparam", unset, inert TLS;
    /// Send banner early in TLS handshake.
    TLS_EARLY_BANNER_HOSTS: Hosts = "tls_early_banner_hosts", unset, inert TLS;
    /// EC curve choice.
    TLS_ECCURVE: TextList = "tls_eccurve", "auto", inert TLS;
    /// Stapling response file list.
    TLS_OCSP_FILE: Text = "tls_ocsp_file", unset, inert TLS;
    /// Ports with implicit TLS.
    TLS_ON_CONNECT_PORTS: PlainList = "tls_on_connect_ports", unset, inert TLS;
    /// Server private key file list.
    TLS_PRIVATEKEY: TextList = "tls_privatekey", unset, inert TLS;
    /// Keep EHLO state over STARTTLS.
    TLS_REMEMBER_ESMTP: Flag = "tls_remember_esmtp", off, inert TLS;
    /// Allowed ciphers or priority string.
    TLS_REQUIRE_CIPHERS: Text = "tls_require_ciphers", unset, inert TLS;
    /// Clients allowed session resumption.
    TLS_RESUMPTION_HOSTS: Hosts = "tls_resumption_hosts", unset, inert TLS;
    /// Ask for client certificate, optional.
    TLS_TRY_VERIFY_HOSTS: Hosts = "tls_try_verify_hosts", unset, inert TLS;
    /// Trust anchors for client certs.
    TLS_VERIFY_CERTIFICATES: Text = "tls_verify_certificates", "system", inert TLS;
    /// Client certificate mandatory.
    TLS_VERIFY_HOSTS: Hosts = "tls_verify_hosts", unset, inert TLS;
    /// Groups of trusted callers.
    TRUSTED_GROUPS: Groups = "trusted_groups", unset;
    /// Users trusted to set sender data.
    TRUSTED_USERS: Users = "trusted_users", unset;
    /// Login when uid has no passwd entry.
    UNKNOWN_LOGIN: Text = "unknown_login", unset;
    /// Name when uid has no passwd entry.
    UNKNOWN_USERNAME: Plain = "unknown_username", unset;
    /// Senders untrusted users may set with -f.
    UNTRUSTED_SET_SENDER: Addresses = "untrusted_set_sender", unset;
    /// Regex recognising UUCP From line.
    UUCP_FROM_PATTERN: Plain = "uucp_from_pattern", "^From\\s+(\\S+)\\s+(?:[a-zA-Z]{3},?\\s+)?(?:[a-zA-Z]{3}\\s+\\d?\\d|\\d?\\d\\s+[a-zA-Z]{3}\\s+\\d\\d(?:\\d\\d)?)\\s+\\d\\d?:\\d\\d?";
    /// Sender extracted from UUCP From line.
    UUCP_FROM_SENDER: Text = "uucp_from_sender", "$1";
    /// Template for delay warnings.
    WARN_MESSAGE_FILE: Text = "warn_message_file", unset;
    /// Clients offered WELLKNOWN.
    WELLKNOWN_ADVERTISE_HOSTS: Hosts = "wellknown_advertise_hosts", unset, inert WELLKNOWN;
    /// Maintain the reject log.
    WRITE_REJECTLOG: Flag = "write_rejectlog", on;
}
