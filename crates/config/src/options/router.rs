//! The options of routers: the generic ones, and a module per driver.
//!
//! One row per option, as in [`super::main`].
//!
//! # Compatibility
//! Exim 4.99, spec chapters on the routers.

/// Options of every router.
pub mod generic {
    use super::super::definition::option_table;

    option_table! {
        Router, "generic";
        /// String kept with address for later use.
        /// `address_data = ${lookup{$local_part}lsearch{/etc/exim/people}}`
        ADDRESS_DATA: Text = "address_data", unset;
        /// Skip router under -bt when false.
        /// `address_test = false`
        ADDRESS_TEST: Flag = "address_test", on;
        /// Text used when routing fails here.
        /// `cannot_route_message = unknown user $local_part`
        CANNOT_ROUTE_MESSAGE: Text = "cannot_route_message", unset;
        /// Keep local part case during routing.
        /// `caseful_local_part = true`
        CASEFUL_LOCAL_PART: Flag = "caseful_local_part", off;
        /// Local part must be a login name.
        /// `check_local_user = true`
        CHECK_LOCAL_USER: Flag = "check_local_user", off;
        /// Expansion precondition; repeated settings are ANDed.
        /// `condition = ${if eq{$sender_host_address}{}{no}{yes}}`
        CONDITION: Conditions = "condition", unset;
        /// Text shown in debug output.
        /// `debug_print = local part is $local_part`
        DEBUG_PRINT: Text = "debug_print", unset;
        /// Suppress delivery log lines.
        /// `disable_logging = true`
        DISABLE_LOGGING: Flag = "disable_logging", off;
        /// Domains asking DNSSEC in lookups.
        /// `dnssec_request_domains = *.example.org`
        DNSSEC_REQUEST_DOMAINS: Domains = "dnssec_request_domains", "*";
        /// Domains where unsigned answers are ignored.
        /// `dnssec_require_domains = secure.example.org`
        DNSSEC_REQUIRE_DOMAINS: Domains = "dnssec_require_domains", unset;
        /// Domain list precondition.
        /// `domains = +local_domains`
        DOMAINS: Domains = "domains", unset;
        /// Selects the router type.
        /// `driver = accept`
        DRIVER: Plain = "driver", unset;
        /// Treat delivery as DSN final hop.
        /// `dsn_lasthop = true`
        DSN_LASTHOP: Flag = "dsn_lasthop", off, inert DSN;
        /// Envelope sender for resulting deliveries.
        /// `errors_to = owner-$local_part@example.org`
        ERRORS_TO: Text = "errors_to", unset;
        /// Use router for EXPN.
        /// `expn = false`
        EXPN: Flag = "expn", on;
        /// Shorthand for both fail_verify_*.
        /// `fail_verify = true`
        FAIL_VERIFY: FlagPair = "fail_verify", off;
        /// Accepting here fails recipient verification.
        /// `fail_verify_recipient = true`
        FAIL_VERIFY_RECIPIENT: Flag = "fail_verify_recipient", off;
        /// Accepting here fails sender verification.
        /// `fail_verify_sender = true`
        FAIL_VERIFY_SENDER: Flag = "fail_verify_sender", off;
        /// Hosts tried after routed ones.
        /// `fallback_hosts = backup.example.org`
        FALLBACK_HOSTS: TextList = "fallback_hosts", unset;
        /// Group for resulting local delivery.
        /// `group = mail`
        GROUP: GroupText = "group", unset;
        /// Headers added at delivery time.
        /// `headers_add = X-Routed-By: $primary_hostname`
        HEADERS_ADD: Lines = "headers_add", unset;
        /// Headers removed at delivery time.
        /// `headers_remove = X-Internal : X-Trace`
        HEADERS_REMOVE: Lines = "headers_remove", unset;
        /// Addresses dropped from host list.
        /// `ignore_target_hosts = 127.0.0.0/8 : ::1`
        IGNORE_TARGET_HOSTS: Hosts = "ignore_target_hosts", unset;
        /// Use supplementary groups of user.
        /// `initgroups = true`
        INITGROUPS: Flag = "initgroups", off;
        /// Prefix patterns stripped from local part.
        /// `local_part_prefix = owner- : *-`
        LOCAL_PART_PREFIX: PlainList = "local_part_prefix", unset;
        /// Prefix need not be present.
        /// `local_part_prefix_optional = true`
        LOCAL_PART_PREFIX_OPTIONAL: Flag = "local_part_prefix_optional", off;
        /// Suffix patterns stripped from local part.
        /// `local_part_suffix = -* : +*`
        LOCAL_PART_SUFFIX: PlainList = "local_part_suffix", unset;
        /// Suffix need not be present.
        /// `local_part_suffix_optional = true`
        LOCAL_PART_SUFFIX_OPTIONAL: Flag = "local_part_suffix_optional", off;
        /// Local part list precondition.
        /// `local_parts = postmaster : ^admin.*`
        LOCAL_PARTS: LocalParts = "local_parts", unset;
        /// Log delivery in local style.
        /// `log_as_local = true`
        LOG_AS_LOCAL: Tristate = "log_as_local", unset;
        /// Whether declining passes to next router.
        /// `more = ${if eq{$local_part}{postmaster}{no}{yes}}`
        MORE: FlagText = "more", on;
        /// Timeout hands address onward.
        /// `pass_on_timeout = true`
        PASS_ON_TIMEOUT: Flag = "pass_on_timeout", off;
        /// Router used after a pass.
        /// `pass_router = final`
        PASS_ROUTER: Plain = "pass_router", unset;
        /// Start point for child addresses.
        /// `redirect_router = final`
        REDIRECT_ROUTER: Plain = "redirect_router", unset;
        /// File existence and access precondition.
        /// `require_files = /home/$local_part_data/.forward`
        REQUIRE_FILES: TextList = "require_files", unset;
        /// Retry key includes local part.
        /// `retry_use_local_part = true`
        RETRY_USE_LOCAL_PART: Tristate = "retry_use_local_part", unset;
        /// Value of $home during router.
        /// `router_home_directory = /home/$local_part_data`
        ROUTER_HOME_DIRECTORY: Text = "router_home_directory", unset;
        /// Action when host list leads home.
        /// `self = pass`
        SELF: Plain = "self", "freeze";
        /// Envelope sender precondition.
        /// `senders = *@example.org`
        SENDERS: Addresses = "senders", unset;
        /// Assign $r_ variables.
        /// `set = r_class = bulk`
        SET: Assignments = "set", unset;
        /// Rewrite looked-up IP.
        /// `translate_ip_address = ${lookup{$host_address}lsearch{/etc/exim/translate}}`
        TRANSLATE_IP_ADDRESS: Text = "translate_ip_address", unset, inert SRV;
        /// Transport given to accepted addresses.
        /// `transport = local`
        TRANSPORT: Text = "transport", unset;
        /// Cwd for transport.
        /// `transport_current_directory = /home/$local_part_data`
        TRANSPORT_CURRENT_DIRECTORY: Text = "transport_current_directory", unset;
        /// Home for transport.
        /// `transport_home_directory = /home/$local_part_data`
        TRANSPORT_HOME_DIRECTORY: Text = "transport_home_directory", unset;
        /// Continue with a copy after accepting.
        /// `unseen = ${if eq{$local_part}{archive}{no}{yes}}`
        UNSEEN: FlagText = "unseen", off;
        /// User for resulting local delivery.
        /// `user = mail`
        USER: UserText = "user", unset;
        /// Shorthand for both verify_*.
        /// `verify = false`
        VERIFY: FlagPair = "verify", on;
        /// Run only when verifying.
        /// `verify_only = true`
        VERIFY_ONLY: Flag = "verify_only", off;
        /// Use when verifying recipients.
        /// `verify_recipient = false`
        VERIFY_RECIPIENT: Flag = "verify_recipient", on;
        /// Use when verifying senders.
        /// `verify_sender = false`
        VERIFY_SENDER: Flag = "verify_sender", on;
    }
}

/// Private options of the `dnslookup` router.
pub mod dnslookup {
    use super::super::definition::option_table;

    option_table! {
        Router, "dnslookup";
        /// Decline unless local is a secondary MX.
        /// `check_secondary_mx = true`
        CHECK_SECONDARY_MX: Flag = "check_secondary_mx", off;
        /// Service name for SRV lookup first.
        /// `check_srv = smtp`
        CHECK_SRV: TextList = "check_srv", unset, inert SRV;
        /// Domains whose nonexistence defers.
        /// `fail_defer_domains = *.slow.example`
        FAIL_DEFER_DOMAINS: Domains = "fail_defer_domains", unset;
        /// Ignore AAAA when true.
        /// `ipv4_only = ${if match_domain{$domain}{*.v4.example}}`
        IPV4_ONLY: Text = "ipv4_only", unset;
        /// Sort A before AAAA when true.
        /// `ipv4_prefer = yes`
        IPV4_PREFER: Text = "ipv4_prefer", unset;
        /// Domains that must have MX.
        /// `mx_domains = *.example.org`
        MX_DOMAINS: Domains = "mx_domains", unset;
        /// MX lookup failure fails instead of defers.
        /// `mx_fail_domains = broken.example.net`
        MX_FAIL_DOMAINS: Domains = "mx_fail_domains", unset;
        /// Resolver adds default domain to single label.
        /// `qualify_single = false`
        QUALIFY_SINGLE: Flag = "qualify_single", on;
        /// Header rewrite after domain widening.
        /// `rewrite_headers = false`
        REWRITE_HEADERS: Flag = "rewrite_headers", on;
        /// Reuse routing for same-domain recipients.
        /// `same_domain_copy_routing = true`
        SAME_DOMAIN_COPY_ROUTING: Flag = "same_domain_copy_routing", off;
        /// Resolver searches parent domains.
        /// `search_parents = true`
        SEARCH_PARENTS: Flag = "search_parents", off;
        /// SRV failure fails instead of defers.
        /// `srv_fail_domains = broken.example.net`
        SRV_FAIL_DOMAINS: Domains = "srv_fail_domains", unset, inert SRV;
        /// Domain suffixes tried on failure.
        /// `widen_domains = example.org : example.net`
        WIDEN_DOMAINS: PlainList = "widen_domains", unset;
    }
}

/// Private options of the `iplookup` router.
pub mod iplookup {
    use super::super::definition::option_table;

    option_table! {
        Router, "iplookup";
        /// Servers asked.
        /// `hosts = 192.0.2.40 : 192.0.2.41`
        HOSTS: Plain = "hosts", unset, inert IPLOOKUP;
        /// Decline rather than defer if no answer.
        /// `optional = true`
        OPTIONAL: Flag = "optional", off, inert IPLOOKUP;
        /// Server port.
        /// `port = 1234`
        PORT: Integer = "port", unset, inert IPLOOKUP;
        /// Udp or tcp.
        /// `protocol = tcp`
        PROTOCOL: Plain = "protocol", "udp", inert IPLOOKUP;
        /// Text sent.
        /// `query = $local_part@$domain $sender_host_address`
        QUERY: Text = "query", unset, inert IPLOOKUP;
        /// Builds the new address.
        /// `reroute = $local_part@$1`
        REROUTE: Text = "reroute", unset, inert IPLOOKUP;
        /// Regex for reply.
        /// `response_pattern = ^(\S+)`
        RESPONSE_PATTERN: Plain = "response_pattern", unset, inert IPLOOKUP;
        /// Wait for reply.
        /// `timeout = 10s`
        TIMEOUT: Time = "timeout", "5s", inert IPLOOKUP;
    }
}

/// Private options of the `manualroute` router.
pub mod manualroute {
    use super::super::definition::option_table;

    option_table! {
        Router, "manualroute";
        /// Action when every host is ignored.
        /// `host_all_ignored = pass`
        HOST_ALL_IGNORED: Plain = "host_all_ignored", "defer";
        /// Action when host lookup fails.
        /// `host_find_failed = pass`
        HOST_FIND_FAILED: Plain = "host_find_failed", "freeze";
        /// Shuffle host list.
        /// `hosts_randomize = true`
        HOSTS_RANDOMIZE: FlagText = "hosts_randomize", off;
        /// Expanded host list and options.
        /// `route_data = ${lookup{$domain}lsearch{/etc/exim/routes}}`
        ROUTE_DATA: Text = "route_data", unset;
        /// Pattern to host-list rules.
        /// `route_list = *.example.net  mx1.example.net:mx2.example.net  byname`
        ROUTE_LIST: PlainList = "route_list", unset;
        /// Reuse routing for same-domain recipients.
        /// `same_domain_copy_routing = true`
        SAME_DOMAIN_COPY_ROUTING: Flag = "same_domain_copy_routing", off;
    }
}

/// Private options of the `queryprogram` router.
pub mod queryprogram {
    use super::super::definition::option_table;

    option_table! {
        Router, "queryprogram";
        /// Program producing routing answer.
        /// `command = /usr/local/lib/route $local_part_data`
        COMMAND: Text = "command", unset, inert QUERYPROGRAM;
        /// Group for program.
        /// `command_group = mail`
        COMMAND_GROUP: GroupText = "command_group", unset, inert QUERYPROGRAM;
        /// User for program; mandatory.
        /// `command_user = nobody`
        COMMAND_USER: UserText = "command_user", unset, inert QUERYPROGRAM;
        /// Cwd for program.
        /// `current_directory = /tmp`
        CURRENT_DIRECTORY: Plain = "current_directory", "/", inert QUERYPROGRAM;
        /// Program time limit.
        /// `timeout = 30s`
        TIMEOUT: Time = "timeout", "1h", inert QUERYPROGRAM;
    }
}

/// Private options of the `redirect` router.
pub mod redirect {
    use super::super::definition::option_table;

    option_table! {
        Router, "redirect";
        /// Permit :defer: and filter defer.
        /// `allow_defer = true`
        ALLOW_DEFER: Flag = "allow_defer", off;
        /// Permit :fail: and filter fail.
        /// `allow_fail = true`
        ALLOW_FAIL: Flag = "allow_fail", off;
        /// Permit filter files.
        /// `allow_filter = true`
        ALLOW_FILTER: Flag = "allow_filter", off, inert FILTERS;
        /// Permit filter freeze.
        /// `allow_freeze = true`
        ALLOW_FREEZE: Flag = "allow_freeze", off, inert FILTERS;
        /// Replace ancestor-equal child by parent.
        /// `check_ancestor = true`
        CHECK_ANCESTOR: Flag = "check_ancestor", off;
        /// Enforce file group.
        /// `check_group = true`
        CHECK_GROUP: Tristate = "check_group", unset;
        /// Enforce file owner.
        /// `check_owner = true`
        CHECK_OWNER: Tristate = "check_owner", unset;
        /// Expanded redirection list.
        /// `data = ${lookup{$local_part}lsearch{/etc/aliases}}`
        DATA: Text = "data", unset;
        /// Transport for directory targets.
        /// `directory_transport = address_directory`
        DIRECTORY_TRANSPORT: Text = "directory_transport", unset;
        /// File with redirection data.
        /// `file = $home/.forward`
        FILE: Text = "file", unset;
        /// Transport for file targets.
        /// `file_transport = address_file`
        FILE_TRANSPORT: Text = "file_transport", unset;
        /// Add home to relative save paths.
        /// `filter_prepend_home = false`
        FILTER_PREPEND_HOME: Flag = "filter_prepend_home", on, inert FILTERS;
        /// Reject :blackhole:.
        /// `forbid_blackhole = true`
        FORBID_BLACKHOLE: Flag = "forbid_blackhole", off;
        /// Reject Exim filters.
        /// `forbid_exim_filter = true`
        FORBID_EXIM_FILTER: Flag = "forbid_exim_filter", off, inert FILTERS;
        /// Reject file deliveries.
        /// `forbid_file = true`
        FORBID_FILE: Flag = "forbid_file", off;
        /// No dlfunc in filters.
        /// `forbid_filter_dlfunc = true`
        FORBID_FILTER_DLFUNC: Flag = "forbid_filter_dlfunc", off, inert FILTERS;
        /// No exists in filters.
        /// `forbid_filter_existstest = true`
        FORBID_FILTER_EXISTSTEST: Flag = "forbid_filter_existstest", off, inert FILTERS;
        /// No log writing in filters.
        /// `forbid_filter_logwrite = true`
        FORBID_FILTER_LOGWRITE: Flag = "forbid_filter_logwrite", off, inert FILTERS;
        /// No lookups in filters.
        /// `forbid_filter_lookup = true`
        FORBID_FILTER_LOOKUP: Flag = "forbid_filter_lookup", off, inert FILTERS;
        /// No perl in filters.
        /// `forbid_filter_perl = true`
        FORBID_FILTER_PERL: Flag = "forbid_filter_perl", off, inert FILTERS;
        /// No readfile in filters.
        /// `forbid_filter_readfile = true`
        FORBID_FILTER_READFILE: Flag = "forbid_filter_readfile", off, inert FILTERS;
        /// No readsocket in filters.
        /// `forbid_filter_readsocket = true`
        FORBID_FILTER_READSOCKET: Flag = "forbid_filter_readsocket", off, inert FILTERS;
        /// No mail commands in filters.
        /// `forbid_filter_reply = true`
        FORBID_FILTER_REPLY: Flag = "forbid_filter_reply", off, inert FILTERS;
        /// No run in filters.
        /// `forbid_filter_run = true`
        FORBID_FILTER_RUN: Flag = "forbid_filter_run", off, inert FILTERS;
        /// Reject :include:.
        /// `forbid_include = true`
        FORBID_INCLUDE: Flag = "forbid_include", off;
        /// Reject pipe deliveries.
        /// `forbid_pipe = true`
        FORBID_PIPE: Flag = "forbid_pipe", off;
        /// Reject Sieve filters.
        /// `forbid_sieve_filter = true`
        FORBID_SIEVE_FILTER: Flag = "forbid_sieve_filter", off, inert FILTERS;
        /// Strip SMTP codes from :fail:/:defer:.
        /// `forbid_smtp_code = true`
        FORBID_SMTP_CODE: Flag = "forbid_smtp_code", off;
        /// Conceal child address in bounces.
        /// `hide_child_in_errmsg = true`
        HIDE_CHILD_IN_ERRMSG: Flag = "hide_child_in_errmsg", off;
        /// Permission error acts as missing file.
        /// `ignore_eacces = true`
        IGNORE_EACCES: Flag = "ignore_eacces", off;
        /// Non-directory component acts as missing.
        /// `ignore_enotdir = true`
        IGNORE_ENOTDIR: Flag = "ignore_enotdir", off;
        /// Limit :include: location.
        /// `include_directory = /etc/exim/lists`
        INCLUDE_DIRECTORY: Plain = "include_directory", unset;
        /// Forbidden mode bits on file.
        /// `modemask = 002`
        MODEMASK: Octal = "modemask", "022";
        /// Replace original recipient in spool once.
        /// `one_time = true`
        ONE_TIME: Flag = "one_time", off;
        /// Allowed file owners.
        /// `owners = mail : root`
        OWNERS: Users = "owners", unset;
        /// Allowed file groups.
        /// `owngroups = mail`
        OWNGROUPS: Groups = "owngroups", unset;
        /// Transport for pipe targets.
        /// `pipe_transport = address_pipe`
        PIPE_TRANSPORT: Text = "pipe_transport", unset;
        /// Domain for unqualified children.
        /// `qualify_domain = $domain`
        QUALIFY_DOMAIN: Text = "qualify_domain", unset;
        /// Children take parent domain.
        /// `qualify_preserve_domain = true`
        QUALIFY_PRESERVE_DOMAIN: Flag = "qualify_preserve_domain", off;
        /// Skip if ancestor used this router.
        /// `repeat_use = false`
        REPEAT_USE: Flag = "repeat_use", on;
        /// Transport for filter-made mail.
        /// `reply_transport = address_reply`
        REPLY_TRANSPORT: Text = "reply_transport", unset, inert FILTERS;
        /// Apply rewriting to children.
        /// `rewrite = false`
        REWRITE: Flag = "rewrite", on;
        /// Folder name for implicit keep.
        /// `sieve_inbox = INBOX`
        SIEVE_INBOX: Text = "sieve_inbox", "inbox", inert FILTERS;
        /// Sieve :detail value.
        /// `sieve_subaddress = ${sg{$local_part_suffix}{^\\+}{}}`
        SIEVE_SUBADDRESS: Text = "sieve_subaddress", unset, inert FILTERS;
        /// Sieve :user value.
        /// `sieve_useraddress = ${sg{$local_part}{\\+.*}{}}`
        SIEVE_USERADDRESS: Text = "sieve_useraddress", unset, inert FILTERS;
        /// Vacation database directory.
        /// `sieve_vacation_directory = $home/.vacation`
        SIEVE_VACATION_DIRECTORY: Text = "sieve_vacation_directory", unset, inert FILTERS;
        /// Ignore malformed items.
        /// `skip_syntax_errors = true`
        SKIP_SYNTAX_ERRORS: Flag = "skip_syntax_errors", off;
        /// Text for syntax error report.
        /// `syntax_errors_text = There is a mistake in your .forward file.`
        SYNTAX_ERRORS_TEXT: Text = "syntax_errors_text", unset;
        /// Recipient of syntax error report.
        /// `syntax_errors_to = postmaster@example.org`
        SYNTAX_ERRORS_TO: Plain = "syntax_errors_to", unset;
        /// Libsrs_alt mode: forward, reverse, reverseandforward.
        /// `srs = forward`
        SRS: Plain = "srs", unset;
        /// Libsrs_alt alias domain for rewritten sender.
        /// `srs_alias = srs.example.org`
        SRS_ALIAS: Text = "srs_alias", unset;
        /// Libsrs_alt precondition expansion.
        /// `srs_condition = ${if match_domain{$sender_address_domain}{+local_domains}{no}{yes}}`
        SRS_CONDITION: Text = "srs_condition", unset;
        /// Libsrs_alt expansion storing address.
        /// `srs_dbinsert = ${run{/usr/bin/srsdb put $srs_db_key}}`
        SRS_DBINSERT: Text = "srs_dbinsert", unset;
        /// Libsrs_alt expansion fetching address.
        /// `srs_dbselect = ${run{/usr/bin/srsdb get $srs_db_key}}`
        SRS_DBSELECT: Text = "srs_dbselect", unset;
        /// Owner address in Sieve notifications.
        /// `sieve_enotify_mailto_owner = $local_part@$domain`
        SIEVE_ENOTIFY_MAILTO_OWNER: Text = "sieve_enotify_mailto_owner", unset, inert FILTERS;
    }
}

/// Private options of the `accept` router: none.
pub mod accept {
    /// No rows.
    pub static TABLE: crate::options::Table =
        crate::options::Table { class: crate::options::Class::Router, owner: "accept", defs: &[] };
}

/// Private options of the `ipliteral` router: none.
pub mod ipliteral {
    /// No rows.
    pub static TABLE: crate::options::Table =
        crate::options::Table { class: crate::options::Class::Router, owner: "ipliteral", defs: &[] };
}
