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
        ADDRESS_DATA: Text = "address_data", unset;
        /// Skip router under -bt when false.
        ADDRESS_TEST: Flag = "address_test", on;
        /// Text used when routing fails here.
        CANNOT_ROUTE_MESSAGE: Text = "cannot_route_message", unset;
        /// Keep local part case during routing.
        CASEFUL_LOCAL_PART: Flag = "caseful_local_part", off;
        /// Local part must be a login name.
        CHECK_LOCAL_USER: Flag = "check_local_user", off;
        /// Expansion precondition; repeated settings are ANDed.
        CONDITION: Conditions = "condition", unset;
        /// Text shown in debug output.
        DEBUG_PRINT: Text = "debug_print", unset, inert LATER;
        /// Suppress delivery log lines.
        DISABLE_LOGGING: Flag = "disable_logging", off;
        /// Domains asking DNSSEC in lookups.
        DNSSEC_REQUEST_DOMAINS: Domains = "dnssec_request_domains", "*", inert DNS;
        /// Domains where unsigned answers are ignored.
        DNSSEC_REQUIRE_DOMAINS: Domains = "dnssec_require_domains", unset, inert DNS;
        /// Domain list precondition.
        DOMAINS: Domains = "domains", unset;
        /// Selects the router type.
        DRIVER: Plain = "driver", unset;
        /// Treat delivery as DSN final hop.
        DSN_LASTHOP: Flag = "dsn_lasthop", off, inert DSN;
        /// Envelope sender for resulting deliveries.
        ERRORS_TO: Text = "errors_to", unset;
        /// Use router for EXPN.
        EXPN: Flag = "expn", on;
        /// Shorthand for both fail_verify_*.
        FAIL_VERIFY: FlagPair = "fail_verify", off;
        /// Accepting here fails recipient verification.
        FAIL_VERIFY_RECIPIENT: Flag = "fail_verify_recipient", off;
        /// Accepting here fails sender verification.
        FAIL_VERIFY_SENDER: Flag = "fail_verify_sender", off;
        /// Hosts tried after routed ones.
        FALLBACK_HOSTS: TextList = "fallback_hosts", unset;
        /// Group for resulting local delivery.
        GROUP: GroupText = "group", unset;
        /// Headers added at delivery time.
        HEADERS_ADD: Lines = "headers_add", unset;
        /// Headers removed at delivery time.
        HEADERS_REMOVE: Lines = "headers_remove", unset;
        /// Addresses dropped from host list.
        IGNORE_TARGET_HOSTS: Hosts = "ignore_target_hosts", unset;
        /// Use supplementary groups of user.
        INITGROUPS: Flag = "initgroups", off;
        /// Prefix patterns stripped from local part.
        LOCAL_PART_PREFIX: PlainList = "local_part_prefix", unset;
        /// Prefix need not be present.
        LOCAL_PART_PREFIX_OPTIONAL: Flag = "local_part_prefix_optional", off;
        /// Suffix patterns stripped from local part.
        LOCAL_PART_SUFFIX: PlainList = "local_part_suffix", unset;
        /// Suffix need not be present.
        LOCAL_PART_SUFFIX_OPTIONAL: Flag = "local_part_suffix_optional", off;
        /// Local part list precondition.
        LOCAL_PARTS: LocalParts = "local_parts", unset;
        /// Log delivery in local style.
        LOG_AS_LOCAL: Tristate = "log_as_local", unset;
        /// Whether declining passes to next router.
        MORE: FlagText = "more", on;
        /// Timeout hands address onward.
        PASS_ON_TIMEOUT: Flag = "pass_on_timeout", off;
        /// Router used after a pass.
        PASS_ROUTER: Plain = "pass_router", unset;
        /// Start point for child addresses.
        REDIRECT_ROUTER: Plain = "redirect_router", unset;
        /// File existence and access precondition.
        REQUIRE_FILES: TextList = "require_files", unset;
        /// Retry key includes local part.
        RETRY_USE_LOCAL_PART: Tristate = "retry_use_local_part", unset;
        /// Value of $home during router.
        ROUTER_HOME_DIRECTORY: Text = "router_home_directory", unset;
        /// Action when host list leads home.
        SELF: Plain = "self", "freeze";
        /// Envelope sender precondition.
        SENDERS: Addresses = "senders", unset;
        /// Assign $r_ variables.
        SET: Assignments = "set", unset;
        /// Rewrite looked-up IP.
        TRANSLATE_IP_ADDRESS: Text = "translate_ip_address", unset, inert SRV;
        /// Transport given to accepted addresses.
        TRANSPORT: Text = "transport", unset;
        /// Cwd for transport.
        TRANSPORT_CURRENT_DIRECTORY: Text = "transport_current_directory", unset;
        /// Home for transport.
        TRANSPORT_HOME_DIRECTORY: Text = "transport_home_directory", unset;
        /// Continue with a copy after accepting.
        UNSEEN: FlagText = "unseen", off;
        /// User for resulting local delivery.
        USER: UserText = "user", unset;
        /// Shorthand for both verify_*.
        VERIFY: FlagPair = "verify", on;
        /// Run only when verifying.
        VERIFY_ONLY: Flag = "verify_only", off;
        /// Use when verifying recipients.
        VERIFY_RECIPIENT: Flag = "verify_recipient", on;
        /// Use when verifying senders.
        VERIFY_SENDER: Flag = "verify_sender", on;
    }
}

/// Private options of the `dnslookup` router.
pub mod dnslookup {
    use super::super::definition::option_table;

    option_table! {
        Router, "dnslookup";
        /// Decline unless local is a secondary MX.
        CHECK_SECONDARY_MX: Flag = "check_secondary_mx", off;
        /// Service name for SRV lookup first.
        CHECK_SRV: TextList = "check_srv", unset, inert SRV;
        /// Domains whose nonexistence defers.
        FAIL_DEFER_DOMAINS: Domains = "fail_defer_domains", unset;
        /// Ignore AAAA when true.
        IPV4_ONLY: Text = "ipv4_only", unset;
        /// Sort A before AAAA when true.
        IPV4_PREFER: Text = "ipv4_prefer", unset;
        /// Domains that must have MX.
        MX_DOMAINS: Domains = "mx_domains", unset;
        /// MX lookup failure fails instead of defers.
        MX_FAIL_DOMAINS: Domains = "mx_fail_domains", unset;
        /// Resolver adds default domain to single label.
        QUALIFY_SINGLE: Flag = "qualify_single", on;
        /// Header rewrite after domain widening.
        REWRITE_HEADERS: Flag = "rewrite_headers", on;
        /// Reuse routing for same-domain recipients.
        SAME_DOMAIN_COPY_ROUTING: Flag = "same_domain_copy_routing", off;
        /// Resolver searches parent domains.
        SEARCH_PARENTS: Flag = "search_parents", off;
        /// SRV failure fails instead of defers.
        SRV_FAIL_DOMAINS: Domains = "srv_fail_domains", unset, inert SRV;
        /// Domain suffixes tried on failure.
        WIDEN_DOMAINS: PlainList = "widen_domains", unset;
    }
}

/// Private options of the `iplookup` router.
pub mod iplookup {
    use super::super::definition::option_table;

    option_table! {
        Router, "iplookup";
        /// Servers asked.
        HOSTS: Plain = "hosts", unset, inert IPLOOKUP;
        /// Decline rather than defer if no answer.
        OPTIONAL: Flag = "optional", off, inert IPLOOKUP;
        /// Server port.
        PORT: Integer = "port", unset, inert IPLOOKUP;
        /// Udp or tcp.
        PROTOCOL: Plain = "protocol", "udp", inert IPLOOKUP;
        /// Text sent.
        QUERY: Text = "query", unset, inert IPLOOKUP;
        /// Builds the new address.
        REROUTE: Text = "reroute", unset, inert IPLOOKUP;
        /// Regex for reply.
        RESPONSE_PATTERN: Plain = "response_pattern", unset, inert IPLOOKUP;
        /// Wait for reply.
        TIMEOUT: Time = "timeout", "5s", inert IPLOOKUP;
    }
}

/// Private options of the `manualroute` router.
pub mod manualroute {
    use super::super::definition::option_table;

    option_table! {
        Router, "manualroute";
        /// Action when every host is ignored.
        HOST_ALL_IGNORED: Plain = "host_all_ignored", "defer";
        /// Action when host lookup fails.
        HOST_FIND_FAILED: Plain = "host_find_failed", "freeze";
        /// Shuffle host list.
        HOSTS_RANDOMIZE: FlagText = "hosts_randomize", off;
        /// Expanded host list and options.
        ROUTE_DATA: Text = "route_data", unset;
        /// Pattern to host-list rules.
        ROUTE_LIST: PlainList = "route_list", unset;
        /// Reuse routing for same-domain recipients.
        SAME_DOMAIN_COPY_ROUTING: Flag = "same_domain_copy_routing", off;
    }
}

/// Private options of the `queryprogram` router.
pub mod queryprogram {
    use super::super::definition::option_table;

    option_table! {
        Router, "queryprogram";
        /// Program producing routing answer.
        COMMAND: Text = "command", unset, inert QUERYPROGRAM;
        /// Group for program.
        COMMAND_GROUP: GroupText = "command_group", unset, inert QUERYPROGRAM;
        /// User for program; mandatory.
        COMMAND_USER: UserText = "command_user", unset, inert QUERYPROGRAM;
        /// Cwd for program.
        CURRENT_DIRECTORY: Plain = "current_directory", "/", inert QUERYPROGRAM;
        /// Program time limit.
        TIMEOUT: Time = "timeout", "1h", inert QUERYPROGRAM;
    }
}

/// Private options of the `redirect` router.
pub mod redirect {
    use super::super::definition::option_table;

    option_table! {
        Router, "redirect";
        /// Permit :defer: and filter defer.
        ALLOW_DEFER: Flag = "allow_defer", off;
        /// Permit :fail: and filter fail.
        ALLOW_FAIL: Flag = "allow_fail", off;
        /// Permit filter files.
        ALLOW_FILTER: Flag = "allow_filter", off, inert FILTERS;
        /// Permit filter freeze.
        ALLOW_FREEZE: Flag = "allow_freeze", off, inert FILTERS;
        /// Replace ancestor-equal child by parent.
        CHECK_ANCESTOR: Flag = "check_ancestor", off;
        /// Enforce file group.
        CHECK_GROUP: Tristate = "check_group", unset;
        /// Enforce file owner.
        CHECK_OWNER: Tristate = "check_owner", unset;
        /// Expanded redirection list.
        DATA: Text = "data", unset;
        /// Transport for directory targets.
        DIRECTORY_TRANSPORT: Text = "directory_transport", unset;
        /// File with redirection data.
        FILE: Text = "file", unset;
        /// Transport for file targets.
        FILE_TRANSPORT: Text = "file_transport", unset;
        /// Add home to relative save paths.
        FILTER_PREPEND_HOME: Flag = "filter_prepend_home", on, inert FILTERS;
        /// Reject :blackhole:.
        FORBID_BLACKHOLE: Flag = "forbid_blackhole", off;
        /// Reject Exim filters.
        FORBID_EXIM_FILTER: Flag = "forbid_exim_filter", off, inert FILTERS;
        /// Reject file deliveries.
        FORBID_FILE: Flag = "forbid_file", off;
        /// No dlfunc in filters.
        FORBID_FILTER_DLFUNC: Flag = "forbid_filter_dlfunc", off, inert FILTERS;
        /// No exists in filters.
        FORBID_FILTER_EXISTSTEST: Flag = "forbid_filter_existstest", off, inert FILTERS;
        /// No log writing in filters.
        FORBID_FILTER_LOGWRITE: Flag = "forbid_filter_logwrite", off, inert FILTERS;
        /// No lookups in filters.
        FORBID_FILTER_LOOKUP: Flag = "forbid_filter_lookup", off, inert FILTERS;
        /// No perl in filters.
        FORBID_FILTER_PERL: Flag = "forbid_filter_perl", off, inert FILTERS;
        /// No readfile in filters.
        FORBID_FILTER_READFILE: Flag = "forbid_filter_readfile", off, inert FILTERS;
        /// No readsocket in filters.
        FORBID_FILTER_READSOCKET: Flag = "forbid_filter_readsocket", off, inert FILTERS;
        /// No mail commands in filters.
        FORBID_FILTER_REPLY: Flag = "forbid_filter_reply", off, inert FILTERS;
        /// No run in filters.
        FORBID_FILTER_RUN: Flag = "forbid_filter_run", off, inert FILTERS;
        /// Reject :include:.
        FORBID_INCLUDE: Flag = "forbid_include", off;
        /// Reject pipe deliveries.
        FORBID_PIPE: Flag = "forbid_pipe", off;
        /// Reject Sieve filters.
        FORBID_SIEVE_FILTER: Flag = "forbid_sieve_filter", off, inert FILTERS;
        /// Strip SMTP codes from :fail:/:defer:.
        FORBID_SMTP_CODE: Flag = "forbid_smtp_code", off;
        /// Conceal child address in bounces.
        HIDE_CHILD_IN_ERRMSG: Flag = "hide_child_in_errmsg", off;
        /// Permission error acts as missing file.
        IGNORE_EACCES: Flag = "ignore_eacces", off;
        /// Non-directory component acts as missing.
        IGNORE_ENOTDIR: Flag = "ignore_enotdir", off;
        /// Limit :include: location.
        INCLUDE_DIRECTORY: Plain = "include_directory", unset;
        /// Forbidden mode bits on file.
        MODEMASK: Octal = "modemask", "022";
        /// Replace original recipient in spool once.
        ONE_TIME: Flag = "one_time", off;
        /// Allowed file owners.
        OWNERS: Users = "owners", unset;
        /// Allowed file groups.
        OWNGROUPS: Groups = "owngroups", unset;
        /// Transport for pipe targets.
        PIPE_TRANSPORT: Text = "pipe_transport", unset;
        /// Domain for unqualified children.
        QUALIFY_DOMAIN: Text = "qualify_domain", unset;
        /// Children take parent domain.
        QUALIFY_PRESERVE_DOMAIN: Flag = "qualify_preserve_domain", off;
        /// Skip if ancestor used this router.
        REPEAT_USE: Flag = "repeat_use", on;
        /// Transport for filter-made mail.
        REPLY_TRANSPORT: Text = "reply_transport", unset, inert FILTERS;
        /// Apply rewriting to children.
        REWRITE: Flag = "rewrite", on;
        /// Folder name for implicit keep.
        SIEVE_INBOX: Text = "sieve_inbox", "inbox", inert FILTERS;
        /// Sieve :detail value.
        SIEVE_SUBADDRESS: Text = "sieve_subaddress", unset, inert FILTERS;
        /// Sieve :user value.
        SIEVE_USERADDRESS: Text = "sieve_useraddress", unset, inert FILTERS;
        /// Vacation database directory.
        SIEVE_VACATION_DIRECTORY: Text = "sieve_vacation_directory", unset, inert FILTERS;
        /// Ignore malformed items.
        SKIP_SYNTAX_ERRORS: Flag = "skip_syntax_errors", off;
        /// Text for syntax error report.
        SYNTAX_ERRORS_TEXT: Text = "syntax_errors_text", unset;
        /// Recipient of syntax error report.
        SYNTAX_ERRORS_TO: Plain = "syntax_errors_to", unset;
        /// Libsrs_alt mode: forward, reverse, reverseandforward.
        SRS: Plain = "srs", unset, inert SRS;
        /// Libsrs_alt alias domain for rewritten sender.
        SRS_ALIAS: Text = "srs_alias", unset, inert SRS;
        /// Libsrs_alt precondition expansion.
        SRS_CONDITION: Text = "srs_condition", unset, inert SRS;
        /// Libsrs_alt expansion storing address.
        SRS_DBINSERT: Text = "srs_dbinsert", unset, inert SRS;
        /// Libsrs_alt expansion fetching address.
        SRS_DBSELECT: Text = "srs_dbselect", unset, inert SRS;
        /// Owner address in Sieve notifications.
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
