//! The options of the main section.
//!
//! One row per option: its documentation, an example, the constant's name, its kind, its name in the file, its default
//! (`unset`, `on`, `off` or text), and `inert WHY` while it has no effect.
//!
//! # Compatibility
//! Exim 4.99, spec chapter 14. Options of Postrider's own stand at the end, under `postrider`.

use super::definition::option_table;

option_table! {
    Main, "main";
    /// Whether EHLO offers 8BITMIME, so that MAIL may have `BODY=8BITMIME`; nothing is ever converted.
    /// `accept_8bitmime = false`
    ACCEPT_8BITMIME: Flag = "accept_8bitmime", on;
    /// The ACL that decides about a message that did not come by SMTP, when all of it is there; unset accepts it.
    /// `acl_not_smtp = acl_check_local`
    ACL_NOT_SMTP: Text = "acl_not_smtp", unset;
    /// The ACL that runs for each MIME part of a message that did not come by SMTP.
    /// `acl_not_smtp_mime = acl_check_mime`
    ACL_NOT_SMTP_MIME: Text = "acl_not_smtp_mime", unset, inert SCANNING;
    /// The ACL that runs before a message that does not come by SMTP is read; what it decides is not looked at.
    /// `acl_not_smtp_start = acl_check_start`
    ACL_NOT_SMTP_START: Text = "acl_not_smtp_start", unset;
    /// The ACL that decides about ATRN, by which a client asks to be sent its mail on this connection; unset refuses it.
    /// `acl_smtp_atrn = acl_check_atrn`
    ACL_SMTP_ATRN: Text = "acl_smtp_atrn", unset, inert ETRN;
    /// The ACL that decides about AUTH; unset accepts it.
    /// `acl_smtp_auth = acl_check_auth`
    ACL_SMTP_AUTH: Text = "acl_smtp_auth", unset, inert AUTH;
    /// The ACL that decides about a connection before the banner is sent; unset accepts it.
    /// `acl_smtp_connect = acl_check_connect`
    ACL_SMTP_CONNECT: Text = "acl_smtp_connect", unset;
    /// The ACL that decides about a message when all of it is there; unset accepts it.
    /// `acl_smtp_data = acl_check_data`
    ACL_SMTP_DATA: Text = "acl_smtp_data", unset;
    /// The ACL that decides for each recipient after the data, where the client asked for PRDR.
    /// `acl_smtp_data_prdr = acl_check_prdr`
    ACL_SMTP_DATA_PRDR: Text = "acl_smtp_data_prdr", "accept", inert PRDR;
    /// The ACL that runs after DATA once for each signer of the message, with `$dkim_cur_signer` set.
    /// `acl_smtp_dkim = acl_check_dkim`
    ACL_SMTP_DKIM: Text = "acl_smtp_dkim", unset;
    /// The ACL that decides about ETRN; unset refuses it.
    /// `acl_smtp_etrn = ${if match_ip{$sender_host_address}{+relay_hosts}{accept}{deny}}`
    ACL_SMTP_ETRN: Text = "acl_smtp_etrn", unset, inert ETRN;
    /// The ACL that decides about EXPN; unset refuses it.
    /// `acl_smtp_expn = acl_check_expn`
    ACL_SMTP_EXPN: Text = "acl_smtp_expn", unset;
    /// The ACL that decides about each HELO and EHLO; unset accepts them.
    /// `acl_smtp_helo = acl_check_helo`
    ACL_SMTP_HELO: Text = "acl_smtp_helo", unset;
    /// The ACL that decides about each MAIL command, when its address is known; unset accepts it.
    /// `acl_smtp_mail = acl_check_mail`
    ACL_SMTP_MAIL: Text = "acl_smtp_mail", unset;
    /// The ACL that decides whether `AUTH=` on MAIL is believed; unset does not believe it.
    /// `acl_smtp_mailauth = acl_check_mailauth`
    ACL_SMTP_MAILAUTH: Text = "acl_smtp_mailauth", unset, inert AUTH;
    /// The ACL that runs for each MIME part of a message, before `acl_smtp_data`; unset accepts them.
    /// `acl_smtp_mime = acl_check_mime`
    ACL_SMTP_MIME: Text = "acl_smtp_mime", unset, inert SCANNING;
    /// The ACL that runs where a session ends without QUIT; what it decides is not looked at.
    /// `acl_smtp_notquit = acl_check_notquit`
    ACL_SMTP_NOTQUIT: Text = "acl_smtp_notquit", unset;
    /// The ACL that decides about DATA, before the message is sent; unset accepts it.
    /// `acl_smtp_predata = acl_check_predata`
    ACL_SMTP_PREDATA: Text = "acl_smtp_predata", unset;
    /// The ACL that runs for QUIT; it can only change what is said.
    /// `acl_smtp_quit = acl_check_quit`
    ACL_SMTP_QUIT: Text = "acl_smtp_quit", unset;
    /// The ACL that decides about each RCPT; unset refuses every recipient.
    /// `acl_smtp_rcpt = acl_check_rcpt`
    ACL_SMTP_RCPT: Text = "acl_smtp_rcpt", unset;
    /// The ACL that decides about STARTTLS before TLS begins; unset accepts it.
    /// `acl_smtp_starttls = accept`
    ACL_SMTP_STARTTLS: Text = "acl_smtp_starttls", unset;
    /// The ACL that decides about VRFY; unset refuses it.
    /// `acl_smtp_vrfy = acl_check_vrfy`
    ACL_SMTP_VRFY: Text = "acl_smtp_vrfy", unset;
    /// The ACL that decides about WELLKNOWN; unset refuses it.
    /// `acl_smtp_wellknown = acl_check_wellknown`
    ACL_SMTP_WELLKNOWN: Text = "acl_smtp_wellknown", unset, inert WELLKNOWN;
    /// Variables, as `NAME=value`, that are put into the environment after `keep_environment` has emptied it.
    /// `add_environment = LANG=C : TZ=UTC`
    ADD_ENVIRONMENT: PlainList = "add_environment", unset;
    /// Groups whose members may do what only administrators may.
    /// `admin_groups = mail : adm`
    ADMIN_GROUPS: Groups = "admin_groups", unset;
    /// Whether addresses may have an IP address in brackets for a domain, as `user@[192.0.2.1]`.
    /// `allow_domain_literals = true`
    ALLOW_DOMAIN_LITERALS: Flag = "allow_domain_literals", off;
    /// Whether an MX record that holds an IP address instead of a name is followed to that address.
    /// `allow_mx_to_ip = true`
    ALLOW_MX_TO_IP: Flag = "allow_mx_to_ip", off;
    /// Whether the domains of addresses may hold letters in UTF-8.
    /// `allow_utf8_domains = true`
    ALLOW_UTF8_DOMAINS: Flag = "allow_utf8_domains", off;
    /// Clients to which EHLO offers AUTH.
    /// `auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}`
    AUTH_ADVERTISE_HOSTS: Hosts = "auth_advertise_hosts", "*", inert AUTH;
    /// A queue run tries a frozen message, other than a bounce, again when it was frozen for this long; 0s is never.
    /// `auto_thaw = 8h`
    AUTO_THAW: Time = "auto_thaw", "0s";
    /// The virus scanner of the condition `malware`: its type, where it is, and what it is told.
    /// `av_scanner = clamd:/run/clamav/clamd.ctl`
    AV_SCANNER: Plain = "av_scanner", "sophie:/var/run/sophie", inert SCANNING;
    /// The program that `-bi` (and the name `newaliases`) runs, as the caller; unset does nothing.
    /// `bi_command = /usr/local/sbin/rebuild-aliases`
    BI_COMMAND: Plain = "bi_command", unset;
    /// A file with the texts of bounce messages, its parts divided by lines of four asterisks; expanded for each bounce.
    /// `bounce_message_file = /etc/exim/bounce.txt`
    BOUNCE_MESSAGE_FILE: Text = "bounce_message_file", unset;
    /// Text that stands in the middle of the standard bounce message.
    /// `bounce_message_text = Ask postmaster@example.org.\n`
    BOUNCE_MESSAGE_TEXT: Plain = "bounce_message_text", unset;
    /// Whether a bounce holds the body of the message that it is about, or its header alone.
    /// `bounce_return_body = false`
    BOUNCE_RETURN_BODY: Flag = "bounce_return_body", on;
    /// A message with a line of more bytes than this is put into a bounce as if it were larger than `bounce_return_size_limit`.
    /// `bounce_return_linesize_limit = 2000`
    BOUNCE_RETURN_LINESIZE_LIMIT: Bytes = "bounce_return_linesize_limit", "998";
    /// Whether a bounce holds the message that it is about.
    /// `bounce_return_message = false`
    BOUNCE_RETURN_MESSAGE: Flag = "bounce_return_message", on;
    /// About how many bytes of the message a bounce holds; the rest is left out. 0 is no limit.
    /// `bounce_return_size_limit = 20K`
    BOUNCE_RETURN_SIZE_LIMIT: Bytes = "bounce_return_size_limit", "100K";
    /// The address of `AUTH=` on MAIL when bounces are sent to hosts that authentication was done with.
    /// `bounce_sender_authentication = postmaster@example.org`
    BOUNCE_SENDER_AUTHENTICATION: Plain = "bounce_sender_authentication", unset, inert AUTH;
    /// How long it is remembered that callouts to a domain are of no use.
    /// `callout_domain_negative_expire = 1h`
    CALLOUT_DOMAIN_NEGATIVE_EXPIRE: Time = "callout_domain_negative_expire", "3h", inert CALLOUTS;
    /// How long it is remembered what callouts to a domain may ask.
    /// `callout_domain_positive_expire = 2d`
    CALLOUT_DOMAIN_POSITIVE_EXPIRE: Time = "callout_domain_positive_expire", "1w", inert CALLOUTS;
    /// How long it is remembered that a callout refused an address.
    /// `callout_negative_expire = 30m`
    CALLOUT_NEGATIVE_EXPIRE: Time = "callout_negative_expire", "2h", inert CALLOUTS;
    /// How long it is remembered that a callout accepted an address.
    /// `callout_positive_expire = 12h`
    CALLOUT_POSITIVE_EXPIRE: Time = "callout_positive_expire", "1d", inert CALLOUTS;
    /// The local part, of no real user, by which a callout finds out whether a host accepts everything.
    /// `callout_random_local_part = no-such-user-$tod_epoch`
    CALLOUT_RANDOM_LOCAL_PART: Text = "callout_random_local_part", "$primary_hostname-$tod_epoch-testing", inert CALLOUTS;
    /// How many files the log's file system must still have room for; otherwise messages are refused for now.
    /// `check_log_inodes = 500`
    CHECK_LOG_INODES: Integer = "check_log_inodes", "100";
    /// How many bytes the log's file system must have free; otherwise messages are refused for now.
    /// `check_log_space = 50M`
    CHECK_LOG_SPACE: Kilobytes = "check_log_space", "10M";
    /// Whether encoded words in header lines that are longer than RFC 2047 allows stay as they are.
    /// `check_rfc2047_length = false`
    CHECK_RFC2047_LENGTH: Flag = "check_rfc2047_length", on;
    /// How many files the spool's file system must still have room for; otherwise messages are refused for now.
    /// `check_spool_inodes = 500`
    CHECK_SPOOL_INODES: Integer = "check_spool_inodes", "100";
    /// How many bytes the spool's file system must have free; otherwise messages are refused for now.
    /// `check_spool_space = 200M`
    CHECK_SPOOL_SPACE: Kilobytes = "check_spool_space", "10M";
    /// Clients to which EHLO offers CHUNKING, so that messages may come by BDAT.
    /// `chunking_advertise_hosts = !192.0.2.0/24 : *`
    CHUNKING_ADVERTISE_HOSTS: Hosts = "chunking_advertise_hosts", "*";
    /// Whether only administrators may use options that test things, as `-be` and `-bv`.
    /// `commandline_checks_require_admin = true`
    COMMANDLINE_CHECKS_REQUIRE_ADMIN: Flag = "commandline_checks_require_admin", off;
    /// Modules that Exim's daemon loads when it starts.
    /// `daemon_modules_load = /usr/lib/exim/lookup.so`
    DAEMON_MODULES_LOAD: PlainList = "daemon_modules_load", unset, inert OWN_WAY;
    /// Another name of `daemon_smtp_ports`.
    /// `daemon_smtp_port = 25`
    DAEMON_SMTP_PORT: Plain = "daemon_smtp_port", "smtp";
    /// The ports that the daemon listens at, where `local_interfaces` or `-oX` name none.
    /// `daemon_smtp_ports = 25 : 587`
    DAEMON_SMTP_PORTS: Plain = "daemon_smtp_ports", "smtp";
    /// How often the daemon tries again to listen at an address that is in use.
    /// `daemon_startup_retries = 3`
    DAEMON_STARTUP_RETRIES: Integer = "daemon_startup_retries", "9";
    /// How long the daemon waits before each such try.
    /// `daemon_startup_sleep = 10s`
    DAEMON_STARTUP_SLEEP: Time = "daemon_startup_sleep", "30s";
    /// Whether the line that DCC reports is added to the message at once.
    /// `dcc_direct_add_header = true`
    DCC_DIRECT_ADD_HEADER: Flag = "dcc_direct_add_header", off, inert SCANNING;
    /// The socket of the DCC daemon: a path, or an address and a port.
    /// `dccifd_address = /run/dccifd`
    DCCIFD_ADDRESS: Plain = "dccifd_address", unset, inert SCANNING;
    /// What the DCC daemon is asked for.
    /// `dccifd_options = header`
    DCCIFD_OPTIONS: Plain = "dccifd_options", unset, inert SCANNING;
    /// Whether Exim checks its memory while it works.
    /// `debug_store = true`
    DEBUG_STORE: Flag = "debug_store", off, inert OWN_WAY;
    /// How long a message must be in the queue for the sender to be warned, each time; after the last, its last interval goes on. 0s is never.
    /// `delay_warning = 4h:1d:2d`
    DELAY_WARNING: Times = "delay_warning", "1d";
    /// A warning is sent only where this comes out as true.
    /// `delay_warning_condition = ${if match{$h_precedence:}{(?i)bulk}{no}{yes}}`
    DELAY_WARNING_CONDITION: Text = "delay_warning_condition", "${if or {{ !eq{$h_list-id:$h_list-post:$h_list-subscribe:}{} }{ match{$h_precedence:}{(?i)bulk|list|junk} }{ match{$h_auto-submitted:}{(?i)auto-generated|auto-replied} }} {no}{yes}}";
    /// Whether deliveries run as the mail user and never as root, so that local ones cannot change to the recipient's user.
    /// `deliver_drop_privilege = true`
    DELIVER_DROP_PRIVILEGE: Flag = "deliver_drop_privilege", off;
    /// The system's load average above which queue runs deliver nothing.
    /// `deliver_queue_load_max = 8.5`
    DELIVER_QUEUE_LOAD_MAX: Fixed = "deliver_queue_load_max", unset;
    /// Whether `Delivery-date:` lines are removed from messages that come in.
    /// `delivery_date_remove = false`
    DELIVERY_DATE_REMOVE: Flag = "delivery_date_remove", on;
    /// Whether files are not forced to the disk, which may lose mail.
    /// `disable_fsync = true`
    DISABLE_FSYNC: Flag = "disable_fsync", off, inert OWN_WAY;
    /// Whether to do without IPv6: nothing listens on its addresses, and AAAA records are not asked for.
    /// `disable_ipv6 = true`
    DISABLE_IPV6: Flag = "disable_ipv6", off;
    /// The digests that DKIM signatures are verified with, in the order in which signatures are looked at; others are not looked at.
    /// `dkim_verify_hashes = sha256`
    DKIM_VERIFY_HASHES: PlainList = "dkim_verify_hashes", "sha256:sha512";
    /// The types of keys that DKIM signatures are verified with, in the order in which signatures are looked at; others are not looked at.
    /// `dkim_verify_keytypes = rsa`
    DKIM_VERIFY_KEYTYPES: PlainList = "dkim_verify_keytypes", "ed25519:rsa";
    /// The fewest bits that a key of each type must have for its signature to verify, as `rsa=1024 ed25519=250`.
    /// `dkim_verify_min_keysizes = rsa=2048 ed25519=250`
    DKIM_VERIFY_MIN_KEYSIZES: PlainList = "dkim_verify_min_keysizes", "rsa=1024 ed25519=250";
    /// Whether the verification of DKIM signatures ends with the first good one.
    /// `dkim_verify_minimal = true`
    DKIM_VERIFY_MINIMAL: Flag = "dkim_verify_minimal", off;
    /// The signers, domains or identities, for each of which `acl_smtp_dkim` runs.
    /// `dkim_verify_signers = $sender_address_domain : $dkim_signers`
    DKIM_VERIFY_SIGNERS: TextList = "dkim_verify_signers", "$dkim_signers";
    /// The sender of reports that DMARC's owners of domains ask for about single failures.
    /// `dmarc_forensic_sender = dmarc@example.org`
    DMARC_FORENSIC_SENDER: Text = "dmarc_forensic_sender", unset;
    /// The file to which each DMARC result is appended, for the programs that make aggregate reports.
    /// `dmarc_history_file = /var/spool/exim/dmarc.dat`
    DMARC_HISTORY_FILE: Text = "dmarc_history_file", unset;
    /// The file of the Public Suffix List by which DMARC finds the organization of a domain; unset turns DMARC off.
    /// `dmarc_tld_file = /usr/share/publicsuffix/public_suffix_list.dat`
    DMARC_TLD_FILE: Text = "dmarc_tld_file", unset;
    /// Domains that count as not existing where their lookup fails for now.
    /// `dns_again_means_nonexist = *.broken.example`
    DNS_AGAIN_MEANS_NONEXIST: Domains = "dns_again_means_nonexist", unset;
    /// The pattern that names have to match to be asked about in the DNS; unset asks about all.
    /// `dns_check_names_pattern = (?i)^[a-z0-9._-]+$`
    DNS_CHECK_NAMES_PATTERN: Plain = "dns_check_names_pattern", "(?i)^(?>(?(1)\\.|())[^\\W](?>[a-z0-9/_-]*[^\\W])?)+(\\.?)$";
    /// How many aliases Exim follows itself where a name server leaves that to it; here chains of up to 16 are always followed.
    /// `dns_cname_loops = 5`
    DNS_CNAME_LOOPS: Integer = "dns_cname_loops", "1", inert OWN_WAY;
    /// How many parents of a name are asked for a CSA record.
    /// `dns_csa_search_limit = 3`
    DNS_CSA_SEARCH_LIMIT: Integer = "dns_csa_search_limit", "5";
    /// Whether the CSA record of an address literal in HELO is looked for in the reverse zones.
    /// `dns_csa_use_reverse = false`
    DNS_CSA_USE_REVERSE: Flag = "dns_csa_use_reverse", on;
    /// Whether DNS lookups ask for DNSSEC: 1 yes, 0 no, -1 where an option asks for it.
    /// `dns_dnssec_ok = 1`
    DNS_DNSSEC_OK: Integer = "dns_dnssec_ok", "-1";
    /// Domains for whose hosts no AAAA records are asked for.
    /// `dns_ipv4_lookup = *.v4only.example`
    DNS_IPV4_LOOKUP: Domains = "dns_ipv4_lookup", unset;
    /// How long to wait for an answer of a name server before the question is sent again; 0s leaves it to the resolver's default.
    /// `dns_retrans = 3s`
    DNS_RETRANS: Time = "dns_retrans", "0s";
    /// How often a DNS question is sent again when no answer came within `dns_retrans`; 0 leaves it to the resolver's default.
    /// `dns_retry = 2`
    DNS_RETRY: Integer = "dns_retry", "0";
    /// Domains for which an answer of their own name server (AA) counts as vouched for by DNSSEC.
    /// `dns_trust_aa = *.internal.example`
    DNS_TRUST_AA: Domains = "dns_trust_aa", unset;
    /// Whether DNS questions use EDNS0: 1 yes, 0 no, -1 as needed.
    /// `dns_use_edns0 = 1`
    DNS_USE_EDNS0: Integer = "dns_use_edns0", "-1";
    /// An old option that changes nothing.
    /// `drop_cr = true`
    DROP_CR: Flag = "drop_cr", off, inert OWN_WAY;
    /// Clients to which EHLO offers DSN, so that RCPT may have `NOTIFY=` and MAIL `RET=`.
    /// `dsn_advertise_hosts = *`
    DSN_ADVERTISE_HOSTS: Hosts = "dsn_advertise_hosts", unset, inert DSN;
    /// The `From:` line of bounces and other reports; expanded each time.
    /// `dsn_from = Mail System <bounces@$qualify_domain>`
    DSN_FROM: Text = "dsn_from", "Mail Delivery System <Mailer-Daemon@$qualify_domain>";
    /// Whether `Envelope-to:` lines are removed from messages that come in.
    /// `envelope_to_remove = false`
    ENVELOPE_TO_REMOVE: Flag = "envelope_to_remove", on;
    /// Addresses, by patterns, and who gets a copy of each bounce that goes to them.
    /// `errors_copy = *@example.org postmaster@example.org`
    ERRORS_COPY: TextList = "errors_copy", unset;
    /// The Reply-To: line of bounces and warnings; unset puts none in.
    /// `errors_reply_to = postmaster@example.org`
    ERRORS_REPLY_TO: Plain = "errors_reply_to", unset;
    /// Evaluated at events that are no transport's: a message is complete, an address failed without a delivery, a client made an error, showed a certificate or failed at TLS.
    /// `event_action = ${if eq{msg:complete}{$event_name}{}}`
    EVENT_ACTION: Text = "event_action", unset;
    /// The group of the server's processes and of the spool's files.
    /// `exim_group = mail`
    EXIM_GROUP: Group = "exim_group", unset;
    /// The path of the program, for those that it starts.
    /// `exim_path = /usr/sbin/exim4`
    EXIM_PATH: Plain = "exim_path", unset;
    /// The user as whom the server works once ports are bound, and to whom the spool belongs.
    /// `exim_user = mail`
    EXIM_USER: User = "exim_user", unset;
    /// What `$version_number` and the banner say instead of the program's own version.
    /// `exim_version = 4.99-site`
    EXIM_VERSION: Plain = "exim_version", unset;
    /// More addresses that count as this host's, beside those that it listens at.
    /// `extra_local_interfaces = 192.0.2.200`
    EXTRA_LOCAL_INTERFACES: PlainList = "extra_local_interfaces", unset;
    /// Whether, with `-t`, addresses among the arguments are taken out of the recipients instead of being added.
    /// `extract_addresses_remove_arguments = false`
    EXTRACT_ADDRESSES_REMOVE_ARGUMENTS: Flag = "extract_addresses_remove_arguments", on;
    /// How often a search for a local user that failed for the moment is tried again, a second apart.
    /// `finduser_retries = 3`
    FINDUSER_RETRIES: Integer = "finduser_retries", "0";
    /// Whom to tell when a message is frozen that is no bounce.
    /// `freeze_tell = postmaster`
    FREEZE_TELL: PlainList = "freeze_tell", unset;
    /// What the name of a user becomes where `gecos_pattern` matches; may use `$1` and so on.
    /// `gecos_name = $1`
    GECOS_NAME: Text = "gecos_name", unset;
    /// The regular expression that the user database's name field must match before `gecos_name` is made of it.
    /// `gecos_pattern = ^([^,:]*)`
    GECOS_PATTERN: Plain = "gecos_pattern", unset;
    /// Whether the library GnuTLS loads PKCS#11 modules by itself.
    /// `gnutls_allow_auto_pkcs11 = false`
    GNUTLS_ALLOW_AUTO_PKCS11: Tristate = "gnutls_allow_auto_pkcs11", unset, inert TLS_LIBRARY;
    /// Whether TLS is more lenient with clients that break its rules.
    /// `gnutls_compat_mode = true`
    GNUTLS_COMPAT_MODE: Tristate = "gnutls_compat_mode", unset, inert TLS_LIBRARY;
    /// How many bytes one header field may have, continuation lines included; 0 is no limit of its own.
    /// `header_line_maxsize = 16K`
    HEADER_LINE_MAXSIZE: Integer = "header_line_maxsize", "0";
    /// How many bytes the header of a message may have in all; a message with more is refused.
    /// `header_maxsize = 512K`
    HEADER_MAXSIZE: Integer = "header_maxsize", "1048576";
    /// The character set to which encoded words are translated in `$h_…` and `${rfc2047d:`, and in which `${rfc2047:` encodes.
    /// `headers_charset = UTF-8`
    HEADERS_CHARSET: Plain = "headers_charset", "UTF-8";
    /// Clients whose HELO and EHLO may have any argument, right or wrong.
    /// `helo_accept_junk_hosts = 192.0.2.0/24`
    HELO_ACCEPT_JUNK_HOSTS: Hosts = "helo_accept_junk_hosts", unset;
    /// Characters, beyond letters, digits, dots and hyphens, that the name in HELO and EHLO may have.
    /// `helo_allow_chars = _`
    HELO_ALLOW_CHARS: Plain = "helo_allow_chars", unset;
    /// Names in HELO and EHLO that make the client's own name be looked up.
    /// `helo_lookup_domains = @ : @[] : example.org`
    HELO_LOOKUP_DOMAINS: Domains = "helo_lookup_domains", "@ : @[]";
    /// Clients whose name in HELO or EHLO is verified, for `verify = helo`; nothing is refused.
    /// `helo_try_verify_hosts = *`
    HELO_TRY_VERIFY_HOSTS: Hosts = "helo_try_verify_hosts", unset;
    /// Clients whose HELO or EHLO is refused with 550 unless its name can be verified as theirs.
    /// `helo_verify_hosts = 192.0.2.25`
    HELO_VERIFY_HOSTS: Hosts = "helo_verify_hosts", unset;
    /// Domains for which nothing is delivered, unless a delivery is forced.
    /// `hold_domains = closed.example.org`
    HOLD_DOMAINS: Domains = "hold_domains", unset;
    /// Clients whose names are looked up from their addresses when they connect.
    /// `host_lookup = *`
    HOST_LOOKUP: Hosts = "host_lookup", unset;
    /// How the names of clients are looked up, in turn: `bydns`, `byaddr`.
    /// `host_lookup_order = byaddr`
    HOST_LOOKUP_ORDER: PlainList = "host_lookup_order", "bydns:byaddr";
    /// Clients that are refused as soon as they connect, before any ACL.
    /// `host_reject_connection = 192.0.2.66`
    HOST_REJECT_CONNECTION: Hosts = "host_reject_connection", unset;
    /// Clients whose connections are not logged, where the log selector `smtp_connection` is on.
    /// `hosts_connection_nolog = 127.0.0.1 : 192.0.2.10`
    HOSTS_CONNECTION_NOLOG: Hosts = "hosts_connection_nolog", unset;
    /// Clients that are proxies: their connections begin with a header of the PROXY protocol.
    /// `hosts_proxy = 192.0.2.80`
    HOSTS_PROXY: Hosts = "hosts_proxy", unset, inert PROXY;
    /// Clients that must name an application protocol (ALPN) when TLS begins.
    /// `hosts_require_alpn = 192.0.2.0/24`
    HOSTS_REQUIRE_ALPN: Hosts = "hosts_require_alpn", unset;
    /// Clients that must say HELO or EHLO before MAIL.
    /// `hosts_require_helo = !127.0.0.1 : *`
    HOSTS_REQUIRE_HELO: Hosts = "hosts_require_helo", "*";
    /// Domains that, found as the host of an MX record or of a route, count as this host.
    /// `hosts_treat_as_local = backup.example.org`
    HOSTS_TREAT_AS_LOCAL: Domains = "hosts_treat_as_local", unset;
    /// Clients to which EHLO offers XCLIENT, by which they say whom they speak for.
    /// `hosts_xclient = 192.0.2.81`
    HOSTS_XCLIENT: Hosts = "hosts_xclient", unset, inert XCLIENT;
    /// How long a bounce that failed, and was frozen, may be in the queue; then it is thrown away.
    /// `ignore_bounce_errors_after = 2d`
    IGNORE_BOUNCE_ERRORS_AFTER: Time = "ignore_bounce_errors_after", "10w";
    /// Clients whose messages lose a line `From ` in front of the header.
    /// `ignore_fromline_hosts = 192.0.2.0/24`
    IGNORE_FROMLINE_HOSTS: Hosts = "ignore_fromline_hosts", unset;
    /// Whether a line `From ` in front of the header is dropped from messages of local SMTP (`-bs`).
    /// `ignore_fromline_local = true`
    IGNORE_FROMLINE_LOCAL: Flag = "ignore_fromline_local", off;
    /// Variables of the environment that the program keeps: names, `*suffix`, `^expression`; all others are dropped.
    /// `keep_environment = PATH : LANG`
    KEEP_ENVIRONMENT: PlainList = "keep_environment", unset;
    /// How long files of the queue that cannot be understood are kept.
    /// `keep_malformed = 1w`
    KEEP_MALFORMED: Time = "keep_malformed", "4d";
    /// The directory with the authorities that certificates of LDAP servers are checked by.
    /// `ldap_ca_cert_dir = /etc/ssl/certs`
    LDAP_CA_CERT_DIR: Plain = "ldap_ca_cert_dir", unset, inert LOOKUPS;
    /// The file with the authorities that certificates of LDAP servers are checked by.
    /// `ldap_ca_cert_file = /etc/ssl/certs/ca.pem`
    LDAP_CA_CERT_FILE: Plain = "ldap_ca_cert_file", unset, inert LOOKUPS;
    /// The file with the certificate that is shown to LDAP servers.
    /// `ldap_cert_file = /etc/exim/ldap.crt`
    LDAP_CERT_FILE: Plain = "ldap_cert_file", unset, inert LOOKUPS;
    /// The file with the key of `ldap_cert_file`.
    /// `ldap_cert_key = /etc/exim/ldap.key`
    LDAP_CERT_KEY: Plain = "ldap_cert_key", unset, inert LOOKUPS;
    /// The ciphers that TLS to LDAP servers may use.
    /// `ldap_cipher_suite = NORMAL`
    LDAP_CIPHER_SUITE: Plain = "ldap_cipher_suite", unset, inert LOOKUPS;
    /// LDAP servers, tried in turn where a query's URL names no host: `host`, `host::port` or the path of a socket.
    /// `ldap_default_servers = ldap1.example.org::390 : /run/slapd/ldapi`
    LDAP_DEFAULT_SERVERS: PlainList = "ldap_default_servers", unset;
    /// What is asked of the certificate of an LDAP server: `hard`, `demand`, `allow`, `try` or `never`.
    /// `ldap_require_cert = demand`
    LDAP_REQUIRE_CERT: Plain = "ldap_require_cert", unset, inert LOOKUPS;
    /// LDAP connections are to be encrypted by StartTLS. Postrider cannot do that yet: where it is set, binds over TCP fail.
    /// `ldap_start_tls = true`
    LDAP_START_TLS: Flag = "ldap_start_tls", off;
    /// The version of LDAP, 2 or 3; -1 is the usual one.
    /// `ldap_version = 3`
    LDAP_VERSION: Integer = "ldap_version", "-1", inert LOOKUPS;
    /// Clients to which EHLO offers LIMITS, which tells how many messages and recipients they may send.
    /// `limits_advertise_hosts = !192.0.2.0/24 : *`
    LIMITS_ADVERTISE_HOSTS: Hosts = "limits_advertise_hosts", "*", inert LIMITS;
    /// Whether a message of a local user whose `From:` is not his gets a `Sender:` line that says who he is.
    /// `local_from_check = false`
    LOCAL_FROM_CHECK: Flag = "local_from_check", on;
    /// Texts that may stand before the user's name in `From:`, as patterns, for `local_from_check`.
    /// `local_from_prefix = *-`
    LOCAL_FROM_PREFIX: Plain = "local_from_prefix", unset;
    /// Texts that may stand after the user's name in `From:`, as patterns, for `local_from_check`.
    /// `local_from_suffix = +*`
    LOCAL_FROM_SUFFIX: Plain = "local_from_suffix", unset;
    /// The addresses, perhaps with ports, that the daemon listens at.
    /// `local_interfaces = <; 127.0.0.1 ; ::1 ; 192.0.2.1`
    LOCAL_INTERFACES: PlainList = "local_interfaces", "<; ::0 ; 0.0.0.0";
    /// The module with a `local_scan()` function.
    /// `local_scan_path = /usr/lib/exim/local_scan.so`
    LOCAL_SCAN_PATH: Plain = "local_scan_path", unset, inert LOCAL_SCAN;
    /// How long a `local_scan()` function may take.
    /// `local_scan_timeout = 2m`
    LOCAL_SCAN_TIMEOUT: Time = "local_scan_timeout", "5m", inert LOCAL_SCAN;
    /// Whether a `Sender:` line of a local user's message stays; needs `local_from_check` off.
    /// `local_sender_retain = true`
    LOCAL_SENDER_RETAIN: Flag = "local_sender_retain", off;
    /// The number of this host among several that must not give the same message ids.
    /// `localhost_number = 7`
    LOCALHOST_NUMBER: Text = "localhost_number", unset;
    /// Where the logs are: a path with `%s` for the log's name, `syslog`, or both.
    /// `log_file_path = /var/log/exim/%slog`
    LOG_FILE_PATH: TextList = "log_file_path", unset;
    /// The ports, of hosts, that are shown in the log.
    /// `log_ports = !25 : *`
    LOG_PORTS: PlainList = "log_ports", "*", inert LATER;
    /// Which optional lines and fields the log has: names with `+` or `-` before them, changing the default.
    /// `log_selector = +subject +delivery_size -queue_run`
    LOG_SELECTOR: Plain = "log_selector", unset;
    /// Whether times in the logs carry the zone's offset, as `+0100`.
    /// `log_timezone = true`
    LOG_TIMEZONE: Flag = "log_timezone", off;
    /// How many files and SQLite connections lookups keep open at a time.
    /// `lookup_open_max = 50`
    LOOKUP_OPEN_MAX: Integer = "lookup_open_max", "25";
    /// Names of local users are cut to this length when they are looked for; 0 never.
    /// `max_username_length = 8`
    MAX_USERNAME_LENGTH: Integer = "max_username_length", "0";
    /// Whether `$message_body` keeps line ends; otherwise each becomes a space.
    /// `message_body_newlines = true`
    MESSAGE_BODY_NEWLINES: Flag = "message_body_newlines", off;
    /// How many bytes of the body `$message_body` and `$message_body_end` show.
    /// `message_body_visible = 2000`
    MESSAGE_BODY_VISIBLE: Bytes = "message_body_visible", "500";
    /// The domain of a `Message-ID:` that is made here, instead of the primary host name.
    /// `message_id_header_domain = msgid.example.org`
    MESSAGE_ID_HEADER_DOMAIN: Text = "message_id_header_domain", unset;
    /// What follows the id in a Message-ID: line that is made here, expanded for each message.
    /// `message_id_header_text = $tod_zulu`
    MESSAGE_ID_HEADER_TEXT: Text = "message_id_header_text", unset;
    /// Whether each message in the queue has a log of its own (`msglog`), which goes with it.
    /// `message_logs = false`
    MESSAGE_LOGS: Flag = "message_logs", on;
    /// How many bytes a message may have, expanded for each connection; larger ones are refused with 552. 0 is no limit.
    /// `message_size_limit = 25M`
    MESSAGE_SIZE_LIMIT: Text = "message_size_limit", "50M";
    /// Whether the files of a frozen message are moved out of the queue.
    /// `move_frozen_messages = true`
    MOVE_FROZEN_MESSAGES: Flag = "move_frozen_messages", off;
    /// Whether the program only passes messages on at once, as part of a mail reader, and queues nothing.
    /// `mua_wrapper = true`
    MUA_WRAPPER: Flag = "mua_wrapper", off;
    /// The MySQL servers of lookups: `host/database/user/password`, tried in turn.
    /// `mysql_servers = localhost/mail/reader/secret`
    MYSQL_SERVERS: PlainList = "mysql_servers", unset, inert LOOKUPS;
    /// Users as whom nothing is ever delivered, whatever a router or transport says.
    /// `never_users = root : uucp`
    NEVER_USERS: Users = "never_users", unset;
    /// The socket by which programs talk to Exim's daemon; empty makes none.
    /// `notifier_socket = /run/exim/notify`
    NOTIFIER_SOCKET: Plain = "notifier_socket", "$spool_directory/exim_daemon_notify", inert OWN_WAY;
    /// Switches of the library OpenSSL, with `+` or `-`.
    /// `openssl_options = +no_sslv2 +no_sslv3 +no_tlsv1`
    OPENSSL_OPTIONS: PlainList = "openssl_options", "+no_sslv2 +no_sslv3 +single_dh_use +no_ticket +no_renegotiation", inert TLS_LIBRARY;
    /// The Oracle servers of lookups: `host/database/user/password`, tried in turn.
    /// `oracle_servers = oracle.example.org/mail/reader/secret`
    ORACLE_SERVERS: PlainList = "oracle_servers", unset, inert LOOKUPS;
    /// Whether the program leaves a core dump when it gives up.
    /// `panic_coredump = true`
    PANIC_COREDUMP: Flag = "panic_coredump", off, inert OWN_WAY;
    /// Domains where a local part `user%domain` means that other address.
    /// `percent_hack_domains = old.example.org`
    PERCENT_HACK_DOMAINS: Domains = "percent_hack_domains", unset;
    /// Whether the Perl interpreter starts with the program and not with the first `${perl`.
    /// `perl_at_start = true`
    PERL_AT_START: Flag = "perl_at_start", off;
    /// Perl code that is run once, before the first `${perl`: it defines the subroutines.
    /// `perl_startup = do '/etc/exim/functions.pl'`
    PERL_STARTUP: Plain = "perl_startup", unset;
    /// Whether the Perl interpreter of `${perl` runs with its taint checks (`-T`).
    /// `perl_taintmode = true`
    PERL_TAINTMODE: Flag = "perl_taintmode", off;
    /// The PostgreSQL servers of lookups: `host/database/user/password`, tried in turn.
    /// `pgsql_servers = localhost/mail/reader/secret`
    PGSQL_SERVERS: PlainList = "pgsql_servers", unset, inert LOOKUPS;
    /// The file that holds the daemon's process id; unset means `exim-daemon.pid` in the spool, or the system's usual place.
    /// `pid_file_path = /run/exim/exim.pid`
    PID_FILE_PATH: Text = "pid_file_path", unset;
    /// Clients to which EHLO offers PIPELINING; others must wait for each reply.
    /// `pipelining_advertise_hosts = !192.0.2.66 : *`
    PIPELINING_ADVERTISE_HOSTS: Hosts = "pipelining_advertise_hosts", "*";
    /// Clients that may send commands before the banner, once they were told so.
    /// `pipelining_connect_advertise_hosts = 192.0.2.0/24`
    PIPELINING_CONNECT_ADVERTISE_HOSTS: Hosts = "pipelining_connect_advertise_hosts", "*", inert PIPE_CONNECT;
    /// Whether EHLO offers PRDR, by which each recipient gets an answer after the data.
    /// `prdr_enable = true`
    PRDR_ENABLE: Flag = "prdr_enable", off, inert PRDR;
    /// Whether the log of a finished message is kept, in another directory.
    /// `preserve_message_logs = true`
    PRESERVE_MESSAGE_LOGS: Flag = "preserve_message_logs", off;
    /// The full name of this machine, for HELO, message ids, Received: lines and `@` in lists; unset asks the system.
    /// `primary_hostname = mail.example.org`
    PRIMARY_HOSTNAME: Plain = "primary_hostname", unset;
    /// Whether bytes above 127 count as printing ones, for logs and the like.
    /// `print_topbitchars = true`
    PRINT_TOPBITCHARS: Flag = "print_topbitchars", off;
    /// The file that `exiwhat` has processes write to.
    /// `process_log_path = $spool_directory/process.log`
    PROCESS_LOG_PATH: Plain = "process_log_path", unset, inert LATER;
    /// Whether only administrators may use `-M`, `-q`, `-R` and `-S`.
    /// `prod_requires_admin = false`
    PROD_REQUIRES_ADMIN: Flag = "prod_requires_admin", on;
    /// How long the header of the PROXY protocol is waited for.
    /// `proxy_protocol_timeout = 5s`
    PROXY_PROTOCOL_TIMEOUT: Time = "proxy_protocol_timeout", "3s", inert PROXY;
    /// The domain that addresses without one get, in the sender and in header lines; unset is the primary host name.
    /// `qualify_domain = example.org`
    QUALIFY_DOMAIN: Plain = "qualify_domain", unset;
    /// The domain that recipients without one get; unset is `qualify_domain`.
    /// `qualify_recipient = example.org`
    QUALIFY_RECIPIENT: Plain = "qualify_recipient", unset;
    /// Domains whose deliveries wait for the next queue run.
    /// `queue_domains = *.uucp.example`
    QUEUE_DOMAINS: Domains = "queue_domains", unset;
    /// Whether a two-stage queue run (`-qq`) begins to deliver while it still routes.
    /// `queue_fast_ramp = false`
    QUEUE_FAST_RAMP: Flag = "queue_fast_ramp", on, inert OWN_WAY;
    /// Whether only administrators see all messages with `-bp`; others then see their own.
    /// `queue_list_requires_admin = false`
    QUEUE_LIST_REQUIRES_ADMIN: Flag = "queue_list_requires_admin", on;
    /// Whether all messages are queued and left to queue runs.
    /// `queue_only = true`
    QUEUE_ONLY: Flag = "queue_only", off;
    /// Files that stop immediate deliveries while one of them exists; `smtp` before a path means remote ones only.
    /// `queue_only_file = /etc/exim/queue-now`
    QUEUE_ONLY_FILE: PlainList = "queue_only_file", unset;
    /// The system's load average above which messages are queued and not delivered at once; unset never.
    /// `queue_only_load = 8`
    QUEUE_ONLY_LOAD: Fixed = "queue_only_load", unset;
    /// Whether, once the load was above `queue_only_load`, the rest of a connection's messages is queued.
    /// `queue_only_load_latch = false`
    QUEUE_ONLY_LOAD_LATCH: Flag = "queue_only_load_latch", on;
    /// Whether `-od…` on the command line goes before `queue_only` and its like.
    /// `queue_only_override = false`
    QUEUE_ONLY_OVERRIDE: Flag = "queue_only_override", on;
    /// Whether a queue run takes messages in the order in which they came, not in one of its own.
    /// `queue_run_in_order = true`
    QUEUE_RUN_IN_ORDER: Flag = "queue_run_in_order", off;
    /// How many queue runs may be under way at a time; 0 is no limit.
    /// `queue_run_max = ${if >{$load_average}{5000}{1}{5}}`
    QUEUE_RUN_MAX: Text = "queue_run_max", "5";
    /// Domains whose deliveries by SMTP are left to queue runs; local deliveries are done at once.
    /// `queue_smtp_domains = *.far.example`
    QUEUE_SMTP_DOMAINS: Domains = "queue_smtp_domains", unset;
    /// How long a message on standard input may take to arrive; 0s is no limit.
    /// `receive_timeout = 5m`
    RECEIVE_TIMEOUT: Time = "receive_timeout", "0s";
    /// The text of the Received: line that is put on each message; forced failure or nothing leaves it out.
    /// `received_header_text = Received: by $primary_hostname id $message_exim_id`
    RECEIVED_HEADER_TEXT: Text = "received_header_text", "Received: ${if def:sender_rcvhost {from $sender_rcvhost\\n\\t}{${if def:sender_ident {from ${quote_local_part:$sender_ident} }}${if def:sender_helo_name {(helo=$sender_helo_name)\\n\\t}}}}by $primary_hostname ${if def:received_protocol {with $received_protocol }}${if def:tls_in_ver        { ($tls_in_ver)}}${if def:tls_in_cipher_std { tls $tls_in_cipher_std\\n\\t}}(Exim $version_number)\\n\\t${if def:sender_address {(envelope-from <$sender_address>)\\n\\t}}id $message_exim_id${if def:received_for {\\n\\tfor $received_for}}";
    /// How many Received: lines a message may have; one with more is taken for a loop and bounced.
    /// `received_headers_max = 50`
    RECEIVED_HEADERS_MAX: Integer = "received_headers_max", "30";
    /// Clients that may send recipients without a domain.
    /// `recipient_unqualified_hosts = 192.0.2.0/24`
    RECIPIENT_UNQUALIFIED_HOSTS: Hosts = "recipient_unqualified_hosts", unset;
    /// How many recipients one message may have; more are refused with 452 (or the message, with `recipients_max_reject`). 0 is no limit.
    /// `recipients_max = 1000`
    RECIPIENTS_MAX: IntegerText = "recipients_max", "50000";
    /// Whether a message with too many recipients is refused for all of them, not only for those beyond the limit.
    /// `recipients_max_reject = true`
    RECIPIENTS_MAX_REJECT: Flag = "recipients_max_reject", off;
    /// The Redis servers of lookups: `host/database/password`, tried in turn.
    /// `redis_servers = 127.0.0.1/0/secret`
    REDIS_SERVERS: PlainList = "redis_servers", unset, inert LOOKUPS;
    /// How many deliveries to other hosts a message may have at the same time.
    /// `remote_max_parallel = 4`
    REMOTE_MAX_PARALLEL: Integer = "remote_max_parallel", "6";
    /// Domains in whose order the deliveries of a message to other hosts are done.
    /// `remote_sort_domains = *.example.org : *.example.net`
    REMOTE_SORT_DOMAINS: Domains = "remote_sort_domains", unset;
    /// How old a record of past failures may be before it counts for nothing, as if the host had never been tried.
    /// `retry_data_expire = 3d`
    RETRY_DATA_EXPIRE: Time = "retry_data_expire", "1w";
    /// No time between two tries is longer than this.
    /// `retry_interval_max = 6h`
    RETRY_INTERVAL_MAX: Time = "retry_interval_max", "1d";
    /// Whether `Return-path:` lines are removed from messages that come in.
    /// `return_path_remove = false`
    RETURN_PATH_REMOVE: Flag = "return_path_remove", on;
    /// The old name of `bounce_return_size_limit`.
    /// `return_size_limit = 50K`
    RETURN_SIZE_LIMIT: Bytes = "return_size_limit", "100K";
    /// Clients whose host is asked, by RFC 1413, which user speaks.
    /// `rfc1413_hosts = 192.0.2.0/24`
    RFC1413_HOSTS: Hosts = "rfc1413_hosts", "@[]", inert IDENT;
    /// The port where that is asked.
    /// `rfc1413_port = 1113`
    RFC1413_PORT: Integer = "rfc1413_port", "113", inert IDENT;
    /// How long the answer is waited for; 0s does not ask.
    /// `rfc1413_query_timeout = 2s`
    RFC1413_QUERY_TIMEOUT: Time = "rfc1413_query_timeout", "0s", inert IDENT;
    /// Clients that may send senders without a domain.
    /// `sender_unqualified_hosts = 192.0.2.0/24`
    SENDER_UNQUALIFIED_HOSTS: Hosts = "sender_unqualified_hosts", unset;
    /// DNS lookups that take longer than this many milliseconds are logged; 0 logs none.
    /// `slow_lookup_log = 500`
    SLOW_LOOKUP_LOG: Integer = "slow_lookup_log", "0";
    /// Whether TCP finds out about clients that vanished.
    /// `smtp_accept_keepalive = false`
    SMTP_ACCEPT_KEEPALIVE: Flag = "smtp_accept_keepalive", on;
    /// How many connections may be open at a time; more are refused with 421. 0 is no limit.
    /// `smtp_accept_max = 100`
    SMTP_ACCEPT_MAX: Integer = "smtp_accept_max", "20";
    /// How many commands beside those of messages a session may send before it is dropped.
    /// `smtp_accept_max_nonmail = 20`
    SMTP_ACCEPT_MAX_NONMAIL: Integer = "smtp_accept_max_nonmail", "10";
    /// Clients for which `smtp_accept_max_nonmail` counts.
    /// `smtp_accept_max_nonmail_hosts = !192.0.2.0/24`
    SMTP_ACCEPT_MAX_NONMAIL_HOSTS: Hosts = "smtp_accept_max_nonmail_hosts", "*";
    /// How many messages one connection may bring; MAIL after that is refused with 421. 0 is no limit.
    /// `smtp_accept_max_per_connection = 200`
    SMTP_ACCEPT_MAX_PER_CONNECTION: Text = "smtp_accept_max_per_connection", "1000";
    /// How many connections one client address may have at a time, expanded for each connection; unset or 0 is no limit.
    /// `smtp_accept_max_per_host = ${if match_ip{$sender_host_address}{192.0.2.0/24}{0}{10}}`
    SMTP_ACCEPT_MAX_PER_HOST: Text = "smtp_accept_max_per_host", unset;
    /// With more connections than this, messages are queued and left to queue runs; 0 is no limit.
    /// `smtp_accept_queue = 50`
    SMTP_ACCEPT_QUEUE: Integer = "smtp_accept_queue", "0";
    /// After how many messages of one connection the following are queued and not delivered at once; 0 is no limit.
    /// `smtp_accept_queue_per_connection = 100`
    SMTP_ACCEPT_QUEUE_PER_CONNECTION: Integer = "smtp_accept_queue_per_connection", "10";
    /// How many of `smtp_accept_max` connections are kept for `smtp_reserve_hosts`.
    /// `smtp_accept_reserve = 10`
    SMTP_ACCEPT_RESERVE: Integer = "smtp_accept_reserve", "0";
    /// The name under which the server speaks in a session, expanded for each connection; unset is `primary_hostname`.
    /// `smtp_active_hostname = ${if eq{$received_ip_address}{192.0.2.9}{mx9.example.org}{$primary_hostname}}`
    SMTP_ACTIVE_HOSTNAME: Text = "smtp_active_hostname", unset;
    /// A longer queue of connections that wait in the kernel than this is logged; 0 logs none.
    /// `smtp_backlog_monitor = 50`
    SMTP_BACKLOG_MONITOR: Integer = "smtp_backlog_monitor", "0", inert LATER;
    /// The text after 220 that greets each client, expanded for every connection; several lines are allowed.
    /// `smtp_banner = $smtp_active_hostname ESMTP ready`
    SMTP_BANNER: Text = "smtp_banner", "$smtp_active_hostname ESMTP Exim $version_number $tod_full";
    /// Whether MAIL with SIZE is refused with 452 when the spool has not that much room.
    /// `smtp_check_spool_space = false`
    SMTP_CHECK_SPOOL_SPACE: Flag = "smtp_check_spool_space", on;
    /// How many connections may wait in the kernel for the server to take them.
    /// `smtp_connect_backlog = 100`
    SMTP_CONNECT_BACKLOG: Integer = "smtp_connect_backlog", "20";
    /// Whether input that comes before the reply it should wait for is refused with 554.
    /// `smtp_enforce_sync = false`
    SMTP_ENFORCE_SYNC: Flag = "smtp_enforce_sync", on;
    /// The command that ETRN runs, instead of a queue run for the name.
    /// `smtp_etrn_command = /etc/exim/etrn $domain`
    SMTP_ETRN_COMMAND: Text = "smtp_etrn_command", unset, inert ETRN;
    /// Whether ETRN for a name is refused while one for it is under way.
    /// `smtp_etrn_serialize = false`
    SMTP_ETRN_SERIALIZE: Flag = "smtp_etrn_serialize", on, inert ETRN;
    /// The system's load average above which only `smtp_reserve_hosts` may connect; unset is no limit.
    /// `smtp_load_reserve = 12`
    SMTP_LOAD_RESERVE: Fixed = "smtp_load_reserve", unset;
    /// How many errors of syntax or protocol a session may make before it is dropped.
    /// `smtp_max_synprot_errors = 5`
    SMTP_MAX_SYNPROT_ERRORS: Integer = "smtp_max_synprot_errors", "3";
    /// How many unknown commands a session may send before it is dropped with the next.
    /// `smtp_max_unknown_commands = 5`
    SMTP_MAX_UNKNOWN_COMMANDS: Integer = "smtp_max_unknown_commands", "3";
    /// Clients that are slowed down by `smtp_ratelimit_mail` and `smtp_ratelimit_rcpt`.
    /// `smtp_ratelimit_hosts = *`
    SMTP_RATELIMIT_HOSTS: Hosts = "smtp_ratelimit_hosts", unset, inert RATELIMIT;
    /// From which MAIL of a session on its answers are delayed, by how much at first, by what factor, and at most.
    /// `smtp_ratelimit_mail = 2,0.5s,1.05,4m`
    SMTP_RATELIMIT_MAIL: Plain = "smtp_ratelimit_mail", unset, inert RATELIMIT;
    /// From which RCPT of a message on its answers are delayed, by how much at first, by what factor, and at most.
    /// `smtp_ratelimit_rcpt = 4,0.25s,1.015,4m`
    SMTP_RATELIMIT_RCPT: Plain = "smtp_ratelimit_rcpt", unset, inert RATELIMIT;
    /// How long each command, and each line of a message, is waited for; 0s is no limit.
    /// `smtp_receive_timeout = 2m`
    SMTP_RECEIVE_TIMEOUT: TimeText = "smtp_receive_timeout", "5m";
    /// Hosts that may still connect when only the `smtp_accept_reserve` connections are left or the load is over `smtp_load_reserve`.
    /// `smtp_reserve_hosts = 192.0.2.0/24`
    SMTP_RESERVE_HOSTS: Hosts = "smtp_reserve_hosts", unset;
    /// Whether a client that is refused hears the details that otherwise only the log has.
    /// `smtp_return_error_details = true`
    SMTP_RETURN_ERROR_DETAILS: Flag = "smtp_return_error_details", off;
    /// Clients to which EHLO offers SMTPUTF8, so that addresses beyond ASCII may be sent.
    /// `smtputf8_advertise_hosts = !192.0.2.66 : *`
    SMTPUTF8_ADVERTISE_HOSTS: Hosts = "smtputf8_advertise_hosts", "*";
    /// The SpamAssassin or Rspamd servers of the condition `spam`: an address and a port, or a path, with options.
    /// `spamd_address = 127.0.0.1 783`
    SPAMD_ADDRESS: Plain = "spamd_address", "127.0.0.1 783", inert SCANNING;
    /// The record that `spf_guess` takes a domain without one to have.
    /// `spf_guess = v=spf1 a/24 mx/24 ~all`
    SPF_GUESS: Plain = "spf_guess", "v=spf1 a/24 mx/24 ptr ?all";
    /// The text of `$spf_smtp_comment` where the domain gives none; expanded as SPF macros are (RFC 7208, section 7).
    /// `spf_smtp_comment_template = Please%_see%_https://spf.example.org/why`
    SPF_SMTP_COMMENT_TEMPLATE: Text = "spf_smtp_comment_template", "Please%_see%_http://www.open-spf.org/Why";
    /// Whether queued messages stand in 62 directories by a letter of their id, not all in one.
    /// `split_spool_directory = true`
    SPLIT_SPOOL_DIRECTORY: Flag = "split_spool_directory", off;
    /// The directory of the spool: queued messages, their logs, hints and the server's socket stand below it.
    /// `spool_directory = /var/spool/exim`
    SPOOL_DIRECTORY: Text = "spool_directory", unset;
    /// Whether -D files keep the line ends (CRLF) with which the message came by BDAT.
    /// `spool_wireformat = true`
    SPOOL_WIREFORMAT: Flag = "spool_wireformat", off;
    /// The SQLite file of lookups that name none.
    /// `sqlite_dbfile = /etc/exim/mail.db`
    SQLITE_DBFILE: Plain = "sqlite_dbfile", unset;
    /// How many seconds a lookup waits for an SQLite file that another program has locked before it defers.
    /// `sqlite_lock_timeout = 10`
    SQLITE_LOCK_TIMEOUT: Integer = "sqlite_lock_timeout", "5";
    /// All settings of the old option `srs` in one: the secrets, then the others.
    /// `srs_config = secret:21:4:yes:yes`
    SRS_CONFIG: Plain = "srs_config", unset;
    /// How many characters the hash of an address made by the old option `srs` has.
    /// `srs_hashlength = 6`
    SRS_HASHLENGTH: Integer = "srs_hashlength", unset;
    /// How many characters of the hash an address that comes back must have at least.
    /// `srs_hashmin = 4`
    SRS_HASHMIN: Integer = "srs_hashmin", unset;
    /// After how many days an address made by the old option `srs` is refused.
    /// `srs_maxage = 14`
    SRS_MAXAGE: Integer = "srs_maxage", unset;
    /// The secrets of the old option `srs`: the first one makes hashes, all of them are tried when an address comes back.
    /// `srs_secrets = secret : older-secret`
    SRS_SECRETS: Plain = "srs_secrets", unset;
    /// Whether SRS addresses made by the old option `srs` hold a hash.
    /// `srs_usehash = false`
    SRS_USEHASH: Flag = "srs_usehash", on;
    /// Whether addresses made by the old option `srs` hold the day.
    /// `srs_usetimestamp = false`
    SRS_USETIMESTAMP: Flag = "srs_usetimestamp", on;
    /// Whether an ACL variable that was never set is an error, not empty.
    /// `strict_acl_vars = true`
    STRICT_ACL_VARS: Flag = "strict_acl_vars", off;
    /// Whether superfluous pairs of angle brackets around an address are taken away.
    /// `strip_excess_angle_brackets = true`
    STRIP_EXCESS_ANGLE_BRACKETS: Flag = "strip_excess_angle_brackets", off;
    /// Whether a dot at the end of a domain in an address is taken away.
    /// `strip_trailing_dot = true`
    STRIP_TRAILING_DOT: Flag = "strip_trailing_dot", off;
    /// Whether a line that concerns two logs goes to the system's logger twice.
    /// `syslog_duplication = false`
    SYSLOG_DUPLICATION: Flag = "syslog_duplication", on;
    /// The facility under which lines go to syslog, as `mail` or `local5`; unset is `mail`.
    /// `syslog_facility = mail`
    SYSLOG_FACILITY: Plain = "syslog_facility", unset;
    /// Whether lines that go to syslog hold the process id.
    /// `syslog_pid = false`
    SYSLOG_PID: Flag = "syslog_pid", on;
    /// The name in front of each line that goes to syslog, at most 32 characters.
    /// `syslog_processname = postrider`
    SYSLOG_PROCESSNAME: Plain = "syslog_processname", "exim";
    /// Whether lines that go to syslog keep the time in front, which syslog itself adds too.
    /// `syslog_timestamp = false`
    SYSLOG_TIMESTAMP: Flag = "syslog_timestamp", on;
    /// The filter file that is run once for each message before its delivery.
    /// `system_filter = /etc/exim/system.filter`
    SYSTEM_FILTER: Text = "system_filter", unset, inert FILTERS;
    /// The transport for `save` in the system filter where the path ends with a slash.
    /// `system_filter_directory_transport = address_directory`
    SYSTEM_FILTER_DIRECTORY_TRANSPORT: Text = "system_filter_directory_transport", unset, inert FILTERS;
    /// The transport for `save` in the system filter.
    /// `system_filter_file_transport = address_file`
    SYSTEM_FILTER_FILE_TRANSPORT: Text = "system_filter_file_transport", unset, inert FILTERS;
    /// The group that the system filter runs as.
    /// `system_filter_group = mail`
    SYSTEM_FILTER_GROUP: Group = "system_filter_group", unset, inert FILTERS;
    /// The transport for `pipe` in the system filter.
    /// `system_filter_pipe_transport = address_pipe`
    SYSTEM_FILTER_PIPE_TRANSPORT: Text = "system_filter_pipe_transport", unset, inert FILTERS;
    /// The transport for messages that the system filter sends.
    /// `system_filter_reply_transport = address_reply`
    SYSTEM_FILTER_REPLY_TRANSPORT: Text = "system_filter_reply_transport", unset, inert FILTERS;
    /// The user that the system filter runs as.
    /// `system_filter_user = mail`
    SYSTEM_FILTER_USER: User = "system_filter_user", unset, inert FILTERS;
    /// Whether answers to clients are sent as they are made, without Nagle's algorithm.
    /// `tcp_nodelay = false`
    TCP_NODELAY: Flag = "tcp_nodelay", on;
    /// The name under which TCP wrappers know the daemon.
    /// `tcp_wrappers_daemon_name = exim`
    TCP_WRAPPERS_DAEMON_NAME: Plain = "tcp_wrappers_daemon_name", unset, inert OWN_WAY;
    /// How long a frozen message may be in the queue; then its sender gets a bounce, and a bounce is thrown away. 0s is for ever.
    /// `timeout_frozen_after = 7d`
    TIMEOUT_FROZEN_AFTER: Time = "timeout_frozen_after", "0s";
    /// The time zone of logs and header lines, as `Europe/Vienna`; `utc` is universal time, unset the system's.
    /// `timezone = UTC`
    TIMEZONE: Plain = "timezone", unset;
    /// Clients to which EHLO offers STARTTLS.
    /// `tls_advertise_hosts = *`
    TLS_ADVERTISE_HOSTS: Hosts = "tls_advertise_hosts", "*";
    /// The application protocols (ALPN) that a client may name; one that names only others is refused.
    /// `tls_alpn = smtp`
    TLS_ALPN: TextList = "tls_alpn", "smtp:esmtp";
    /// The file, or list of files, with the server's certificate chain in PEM; unset makes a self-signed one.
    /// `tls_certificate = /etc/exim/exim.crt`
    TLS_CERTIFICATE: TextList = "tls_certificate", unset;
    /// A file, or directory, with lists of revoked client certificates.
    /// `tls_crl = /etc/exim/crl.pem`
    TLS_CRL: Text = "tls_crl", unset;
    /// The most bits of the Diffie-Hellman parameters that are offered.
    /// `tls_dh_max_bits = 4096`
    TLS_DH_MAX_BITS: Integer = "tls_dh_max_bits", "2236", inert TLS_LIBRARY;
    /// The Diffie-Hellman parameters: a file, or the name of a known set.
    /// `tls_dhparam = ffdhe2048`
    TLS_DHPARAM: Text = "tls_dhparam", unset, inert TLS_LIBRARY;
    /// Clients sent the banner before TLS 1.3 at the connection's begin is complete, if asked for no certificate.
    /// `tls_early_banner_hosts = 192.0.2.0/24`
    TLS_EARLY_BANNER_HOSTS: Hosts = "tls_early_banner_hosts", unset;
    /// The groups that a TLS server may use, by OpenSSL's names of curves; `auto` is all there are.
    /// `tls_eccurve = X25519 : prime256v1`
    TLS_ECCURVE: TextList = "tls_eccurve", "auto";
    /// Files with OCSP answers, one for each certificate, stapled for clients that ask for them: in DER, or from `PEM ` on in PEM.
    /// `tls_ocsp_file = /etc/exim/rsa.ocsp : PEM /etc/exim/ecdsa.ocsp`
    TLS_OCSP_FILE: Text = "tls_ocsp_file", unset;
    /// Ports (of those the server listens on) where TLS begins with the connection, without STARTTLS, such as 465.
    /// `tls_on_connect_ports = 465`
    TLS_ON_CONNECT_PORTS: PlainList = "tls_on_connect_ports", unset;
    /// The file, or list of files, with the key of each certificate in PEM; unset looks into the certificate's file.
    /// `tls_privatekey = /etc/exim/exim.key`
    TLS_PRIVATEKEY: TextList = "tls_privatekey", unset;
    /// Whether the facts of the EHLO before STARTTLS count after it, for clients that do not say EHLO again.
    /// `tls_remember_esmtp = true`
    TLS_REMEMBER_ESMTP: Flag = "tls_remember_esmtp", off;
    /// The ciphers that TLS with clients may use, in the form of OpenSSL or of GnuTLS; unset is the library's choice.
    /// `tls_require_ciphers = HIGH:!aNULL`
    TLS_REQUIRE_CIPHERS: Text = "tls_require_ciphers", unset;
    /// Clients whose TLS sessions may be resumed.
    /// `tls_resumption_hosts = *`
    TLS_RESUMPTION_HOSTS: Hosts = "tls_resumption_hosts", unset;
    /// Clients that are asked for a certificate, and may do without.
    /// `tls_try_verify_hosts = *`
    TLS_TRY_VERIFY_HOSTS: Hosts = "tls_try_verify_hosts", unset;
    /// Whom to trust about client certificates: a file or directory of authorities in PEM, or `system`.
    /// `tls_verify_certificates = /etc/ssl/certs/ca-certificates.crt`
    TLS_VERIFY_CERTIFICATES: Text = "tls_verify_certificates", "system";
    /// Clients that must show a certificate that can be verified; without it the handshake fails.
    /// `tls_verify_hosts = 192.0.2.0/24`
    TLS_VERIFY_HOSTS: Hosts = "tls_verify_hosts", unset;
    /// Groups whose members may give senders, protocols and hosts of messages they submit, as root may.
    /// `trusted_groups = mail`
    TRUSTED_GROUPS: Groups = "trusted_groups", unset;
    /// Users who may give senders, protocols and hosts of messages they submit, as root may.
    /// `trusted_users = mail : uucp`
    TRUSTED_USERS: Users = "trusted_users", unset;
    /// The login name of a caller whose uid is not in the user database; unset refuses him.
    /// `unknown_login = ${extract{uid}{uid=$caller_uid}}`
    UNKNOWN_LOGIN: Text = "unknown_login", unset;
    /// The full name of such a caller.
    /// `unknown_username = Somebody`
    UNKNOWN_USERNAME: Plain = "unknown_username", unset;
    /// Senders, by patterns, that ordinary users may give with `-f`; the empty one is always allowed.
    /// `untrusted_set_sender = *`
    UNTRUSTED_SET_SENDER: Addresses = "untrusted_set_sender", unset;
    /// The pattern of a line `From ` before a message, which names its sender.
    /// `uucp_from_pattern = ^From\s+(\S+)`
    UUCP_FROM_PATTERN: Plain = "uucp_from_pattern", "^From\\s+(\\S+)\\s+(?:[a-zA-Z]{3},?\\s+)?(?:[a-zA-Z]{3}\\s+\\d?\\d|\\d?\\d\\s+[a-zA-Z]{3}\\s+\\d\\d(?:\\d\\d)?)\\s+\\d\\d?:\\d\\d?";
    /// The sender, made of what that pattern captured.
    /// `uucp_from_sender = ${1}`
    UUCP_FROM_SENDER: Text = "uucp_from_sender", "$1";
    /// A file with the texts of delay warnings, its parts divided by lines of four asterisks; expanded for each warning.
    /// `warn_message_file = /etc/exim/delay.txt`
    WARN_MESSAGE_FILE: Text = "warn_message_file", unset;
    /// Clients to which EHLO offers WELLKNOWN, by which they may fetch files.
    /// `wellknown_advertise_hosts = *`
    WELLKNOWN_ADVERTISE_HOSTS: Hosts = "wellknown_advertise_hosts", unset, inert WELLKNOWN;
    /// Whether refused messages and addresses are written to the reject log as well as to the main log.
    /// `write_rejectlog = false`
    WRITE_REJECTLOG: Flag = "write_rejectlog", on;
}
