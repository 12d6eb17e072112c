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
        /// A text that is kept with an address that this router takes, as `$address_data` for later routers, the transport and ACLs that verify the address.
        /// `address_data = ${lookup{$local_part}lsearch{/etc/exim/people}}`
        ADDRESS_DATA: Text = "address_data", unset;
        /// Whether the router runs when `-bt` tests an address.
        /// `address_test = false`
        ADDRESS_TEST: Flag = "address_test", on;
        /// What the sender is told when no router takes the address; the setting of the last router that was considered counts.
        /// `cannot_route_message = unknown user $local_part`
        CANNOT_ROUTE_MESSAGE: Text = "cannot_route_message", unset;
        /// Upper and lower case differ in the local part while this router looks at it; otherwise it sees lower case.
        /// `caseful_local_part = true`
        CASEFUL_LOCAL_PART: Flag = "caseful_local_part", off;
        /// The router runs only where the local part is a login name of this machine; the user's home, uid and gid are those of the delivery.
        /// `check_local_user = true`
        CHECK_LOCAL_USER: Flag = "check_local_user", off;
        /// The router runs only where this does not come out as empty, `0`, `no` or `false`; of several settings all must hold.
        /// `condition = ${if eq{$sender_host_address}{}{no}{yes}}`
        CONDITION: Conditions = "condition", unset;
        /// A line for the debug output, told when `domains`, `local_parts` and `check_local_user` hold, before the other preconditions are looked at.
        /// `debug_print = local part is $local_part`
        DEBUG_PRINT: Text = "debug_print", unset;
        /// Deliveries that this router arranged, and their failures, are not written to the log.
        /// `disable_logging = true`
        DISABLE_LOGGING: Flag = "disable_logging", off;
        /// Domains whose DNS lookups ask for DNSSEC.
        /// `dnssec_request_domains = *.example.org`
        DNSSEC_REQUEST_DOMAINS: Domains = "dnssec_request_domains", "*";
        /// Domains whose DNS answers count only where DNSSEC vouches for them.
        /// `dnssec_require_domains = secure.example.org`
        DNSSEC_REQUIRE_DOMAINS: Domains = "dnssec_require_domains", unset;
        /// The router runs only for addresses in these domains; `$domain_data` is what the list found.
        /// `domains = +local_domains`
        DOMAINS: Domains = "domains", unset;
        /// The kind of the router. Every router needs it.
        /// `driver = accept`
        DRIVER: Plain = "driver", unset;
        /// A report of success says that the message was relayed from here to where no reports come from.
        /// `dsn_lasthop = true`
        DSN_LASTHOP: Flag = "dsn_lasthop", off, inert DSN;
        /// Where bounces of what this router arranged go: the envelope sender of the deliveries, if that address verifies. Empty means nowhere.
        /// `errors_to = owner-$local_part@example.org`
        ERRORS_TO: Text = "errors_to", unset;
        /// Whether the router runs when EXPN asks for an address.
        /// `expn = false`
        EXPN: Flag = "expn", on;
        /// Both `fail_verify_recipient` and `fail_verify_sender`.
        /// `fail_verify = true`
        FAIL_VERIFY: FlagPair = "fail_verify", off;
        /// A recipient that this router takes fails its verification.
        /// `fail_verify_recipient = true`
        FAIL_VERIFY_RECIPIENT: Flag = "fail_verify_recipient", off;
        /// A sender that this router takes fails its verification.
        /// `fail_verify_sender = true`
        FAIL_VERIFY_SENDER: Flag = "fail_verify_sender", off;
        /// Hosts that a remote delivery tries when those that were routed to cannot be reached or defer.
        /// `fallback_hosts = backup.example.org`
        FALLBACK_HOSTS: TextList = "fallback_hosts", unset;
        /// The group of local deliveries of this router, where the transport names none.
        /// `group = mail`
        GROUP: GroupText = "group", unset;
        /// Header lines that deliveries of this router add to the message; several settings add up.
        /// `headers_add = X-Routed-By: $primary_hostname`
        HEADERS_ADD: Lines = "headers_add", unset;
        /// Names of header lines that deliveries of this router leave out, also `NAME*`; several settings add up.
        /// `headers_remove = X-Internal : X-Trace`
        HEADERS_REMOVE: Lines = "headers_remove", unset;
        /// Addresses of hosts that count as not existing when this router looks a host up.
        /// `ignore_target_hosts = 127.0.0.0/8 : ::1`
        IGNORE_TARGET_HOSTS: Hosts = "ignore_target_hosts", unset;
        /// Local deliveries of this router get the supplementary groups of their user, too.
        /// `initgroups = true`
        INITGROUPS: Flag = "initgroups", off;
        /// The local part must begin with one of these, which is cut off and kept as `$local_part_prefix`; a leading `*` stands for any text.
        /// `local_part_prefix = owner- : *-`
        LOCAL_PART_PREFIX: PlainList = "local_part_prefix", unset;
        /// A local part without one of the prefixes is taken as well.
        /// `local_part_prefix_optional = true`
        LOCAL_PART_PREFIX_OPTIONAL: Flag = "local_part_prefix_optional", off;
        /// The local part must end with one of these, which is cut off and kept as `$local_part_suffix`; a trailing `*` stands for any text.
        /// `local_part_suffix = -* : +*`
        LOCAL_PART_SUFFIX: PlainList = "local_part_suffix", unset;
        /// A local part without one of the suffixes is taken as well.
        /// `local_part_suffix_optional = true`
        LOCAL_PART_SUFFIX_OPTIONAL: Flag = "local_part_suffix_optional", off;
        /// The router runs only for these local parts; `$local_part_data` is what the list found.
        /// `local_parts = postmaster : ^admin.*`
        LOCAL_PARTS: LocalParts = "local_parts", unset;
        /// Deliveries are logged by the local part alone. Unset means yes for `accept`, no for the other drivers.
        /// `log_as_local = true`
        LOG_AS_LOCAL: Tristate = "log_as_local", unset;
        /// Whether an address that this router declines is offered to the next one; where not, it is bounced.
        /// `more = ${if eq{$local_part}{postmaster}{no}{yes}}`
        MORE: FlagText = "more", on;
        /// A DNS lookup that times out hands the address to the next router, or to `pass_router`, instead of deferring it.
        /// `pass_on_timeout = true`
        PASS_ON_TIMEOUT: Flag = "pass_on_timeout", off;
        /// The router, further down, that gets the addresses which this one passes on, instead of the next one.
        /// `pass_router = final`
        PASS_ROUTER: Plain = "pass_router", unset;
        /// The router at which addresses begin that this one generates, instead of the first.
        /// `redirect_router = final`
        REDIRECT_ROUTER: Plain = "redirect_router", unset;
        /// The router runs only where these files exist (`!`: do not exist); a user, and a group, may stand before, as whom it is looked.
        /// `require_files = /home/$local_part_data/.forward`
        REQUIRE_FILES: TextList = "require_files", unset;
        /// Whether the times of retries of routing are kept for each address, not for a domain. Unset means where preconditions look at more than the domain (`check_local_user`, `local_parts`, `condition`, `senders`, `require_files`, prefixes and suffixes).
        /// `retry_use_local_part = true`
        RETRY_USE_LOCAL_PART: Tristate = "retry_use_local_part", unset;
        /// The value of `$home` while this router runs, instead of the home of `check_local_user`.
        /// `router_home_directory = /home/$local_part_data`
        ROUTER_HOME_DIRECTORY: Text = "router_home_directory", unset;
        /// What is done where the first host of an address is this one: `freeze`, `defer`, `fail`, `pass`, `send`, or `reroute: domain`.
        /// `self = pass`
        SELF: Plain = "self", "freeze";
        /// The router runs only for messages of these envelope senders.
        /// `senders = *@example.org`
        SENDERS: Addresses = "senders", unset;
        /// Sets `$r_NAME` for the later options of this router, for the routers after it and for the transport; `;` separates several.
        /// `set = r_class = bulk`
        SET: Assignments = "set", unset;
        /// Another address for each host address that was found, or several; a forced failure leaves it as it is.
        /// `translate_ip_address = ${lookup{$host_address}lsearch{/etc/exim/translate}}`
        TRANSLATE_IP_ADDRESS: Text = "translate_ip_address", unset;
        /// The transport that delivers what this router takes.
        /// `transport = local`
        TRANSPORT: Text = "transport", unset;
        /// The directory in which a local transport runs, where the transport names none.
        /// `transport_current_directory = /home/$local_part_data`
        TRANSPORT_CURRENT_DIRECTORY: Text = "transport_current_directory", unset;
        /// The value of `$home` for a local transport, where the transport names none.
        /// `transport_home_directory = /home/$local_part_data`
        TRANSPORT_HOME_DIRECTORY: Text = "transport_home_directory", unset;
        /// The address is also given to the next router, after this one took it.
        /// `unseen = ${if eq{$local_part}{archive}{no}{yes}}`
        UNSEEN: FlagText = "unseen", off;
        /// The user of local deliveries of this router, where the transport names none; for `redirect` also the owner of a filter or forward file.
        /// `user = mail`
        USER: UserText = "user", unset;
        /// Both `verify_recipient` and `verify_sender`.
        /// `verify = false`
        VERIFY: FlagPair = "verify", on;
        /// The router runs only for verifications and tests of addresses, not for deliveries.
        /// `verify_only = true`
        VERIFY_ONLY: Flag = "verify_only", off;
        /// Whether the router runs when a recipient is verified.
        /// `verify_recipient = false`
        VERIFY_RECIPIENT: Flag = "verify_recipient", on;
        /// Whether the router runs when a sender is verified.
        /// `verify_sender = false`
        VERIFY_SENDER: Flag = "verify_sender", on;
    }
}

/// Private options of the `dnslookup` router.
pub mod dnslookup {
    use super::super::definition::option_table;

    option_table! {
        Router, "dnslookup";
        /// The router declines a domain unless this host stands among its MX records; it is taken out of them.
        /// `check_secondary_mx = true`
        CHECK_SECONDARY_MX: Flag = "check_secondary_mx", off;
        /// The name of a service whose SRV records are looked for before MX records.
        /// `check_srv = smtp`
        CHECK_SRV: TextList = "check_srv", unset;
        /// Domains that defer where they are not found in the DNS, instead of being declined.
        /// `fail_defer_domains = *.slow.example`
        FAIL_DEFER_DOMAINS: Domains = "fail_defer_domains", unset;
        /// Where it comes out as true, AAAA records are not asked for.
        /// `ipv4_only = ${if match_domain{$domain}{*.v4.example}}`
        IPV4_ONLY: Text = "ipv4_only", unset;
        /// Where it comes out as true, IPv4 addresses of a host are tried before its IPv6 addresses.
        /// `ipv4_prefer = yes`
        IPV4_PREFER: Text = "ipv4_prefer", unset;
        /// Domains that must have MX (or SRV) records: their address records do not count.
        /// `mx_domains = *.example.org`
        MX_DOMAINS: Domains = "mx_domains", unset;
        /// Domains for which a lookup of MX records that fails for now counts as one that found nothing.
        /// `mx_fail_domains = broken.example.net`
        MX_FAIL_DOMAINS: Domains = "mx_fail_domains", unset;
        /// A domain of one word is completed with the domain of the resolver's configuration.
        /// `qualify_single = false`
        QUALIFY_SINGLE: Flag = "qualify_single", on;
        /// Whether a domain that was completed or widened in the address is completed in the header lines with addresses, too.
        /// `rewrite_headers = false`
        REWRITE_HEADERS: Flag = "rewrite_headers", on;
        /// The other recipients of a domain get the routing of the first one, where no header lines or other errors address come into it.
        /// `same_domain_copy_routing = true`
        SAME_DOMAIN_COPY_ROUTING: Flag = "same_domain_copy_routing", off;
        /// A name that is not found is tried with the domains of the resolver's search list.
        /// `search_parents = true`
        SEARCH_PARENTS: Flag = "search_parents", off;
        /// Domains for which a lookup of SRV records that fails for now counts as one that found nothing.
        /// `srv_fail_domains = broken.example.net`
        SRV_FAIL_DOMAINS: Domains = "srv_fail_domains", unset;
        /// Texts that are put after a domain that was not found, in turn.
        /// `widen_domains = example.org : example.net`
        WIDEN_DOMAINS: PlainList = "widen_domains", unset;
    }
}

/// Private options of the `iplookup` router.
pub mod iplookup {
    use super::super::definition::option_table;

    option_table! {
        Router, "iplookup";
        /// The servers, by their addresses, that are asked in turn.
        /// `hosts = 192.0.2.40 : 192.0.2.41`
        HOSTS: Plain = "hosts", unset, inert IPLOOKUP;
        /// Where no server answers, the router declines instead of deferring.
        /// `optional = true`
        OPTIONAL: Flag = "optional", off, inert IPLOOKUP;
        /// The port of the servers.
        /// `port = 1234`
        PORT: Integer = "port", unset, inert IPLOOKUP;
        /// How the servers are asked: `udp` or `tcp`.
        /// `protocol = tcp`
        PROTOCOL: Plain = "protocol", "udp", inert IPLOOKUP;
        /// The text that is sent; unset means the local part, `@` and the domain, twice.
        /// `query = $local_part@$domain $sender_host_address`
        QUERY: Text = "query", unset, inert IPLOOKUP;
        /// The new address, made of the parts of the answer; unset means `$local_part@$1`.
        /// `reroute = $local_part@$1`
        REROUTE: Text = "reroute", unset, inert IPLOOKUP;
        /// A pattern that the answer must match; what it captures is `$1` and so on.
        /// `response_pattern = ^(\S+)`
        RESPONSE_PATTERN: Plain = "response_pattern", unset, inert IPLOOKUP;
        /// How long an answer is waited for.
        /// `timeout = 10s`
        TIMEOUT: Time = "timeout", "5s", inert IPLOOKUP;
    }
}

/// Private options of the `manualroute` router.
pub mod manualroute {
    use super::super::definition::option_table;

    option_table! {
        Router, "manualroute";
        /// What is done when `ignore_target_hosts` leaves no host: `decline`, `defer`, `fail`, `freeze`, `ignore` or `pass`.
        /// `host_all_ignored = pass`
        HOST_ALL_IGNORED: Plain = "host_all_ignored", "defer";
        /// What is done when a host of the list does not exist: `decline`, `defer`, `fail`, `freeze`, `ignore` or `pass`.
        /// `host_find_failed = pass`
        HOST_FIND_FAILED: Plain = "host_find_failed", "freeze";
        /// The hosts are tried in random order; `+` in their list separates groups that stay in turn.
        /// `hosts_randomize = true`
        HOSTS_RANDOMIZE: FlagText = "hosts_randomize", off;
        /// The hosts, and options after them, for every domain that comes here; empty or a forced failure declines.
        /// `route_data = ${lookup{$domain}lsearch{/etc/exim/routes}}`
        ROUTE_DATA: Text = "route_data", unset;
        /// Rules of a pattern for domains, their hosts and options; the first that matches counts.
        /// `route_list = *.example.net  mx1.example.net:mx2.example.net  byname`
        ROUTE_LIST: PlainList = "route_list", unset;
        /// The other recipients of a domain get the routing of the first one, where no header lines or other errors address come into it.
        /// `same_domain_copy_routing = true`
        SAME_DOMAIN_COPY_ROUTING: Flag = "same_domain_copy_routing", off;
    }
}

/// Private options of the `queryprogram` router.
pub mod queryprogram {
    use super::super::definition::option_table;

    option_table! {
        Router, "queryprogram";
        /// The program, with its full path, and its arguments; it prints what becomes of the address.
        /// `command = /usr/local/lib/route $local_part_data`
        COMMAND: Text = "command", unset, inert QUERYPROGRAM;
        /// The group of the program; it is needed where `command_user` is a number.
        /// `command_group = mail`
        COMMAND_GROUP: GroupText = "command_group", unset, inert QUERYPROGRAM;
        /// The user of the program.
        /// `command_user = nobody`
        COMMAND_USER: UserText = "command_user", unset, inert QUERYPROGRAM;
        /// The directory in which the program runs.
        /// `current_directory = /tmp`
        CURRENT_DIRECTORY: Plain = "current_directory", "/", inert QUERYPROGRAM;
        /// How long the program may take.
        /// `timeout = 30s`
        TIMEOUT: Time = "timeout", "1h", inert QUERYPROGRAM;
    }
}

/// Private options of the `redirect` router.
pub mod redirect {
    use super::super::definition::option_table;

    option_table! {
        Router, "redirect";
        /// `:defer:` in the list, and `defer` in a filter, defer the address; otherwise they are errors.
        /// `allow_defer = true`
        ALLOW_DEFER: Flag = "allow_defer", off;
        /// `:fail:` in the list, and `fail` in a filter, fail the address; otherwise they are errors.
        /// `allow_fail = true`
        ALLOW_FAIL: Flag = "allow_fail", off;
        /// The data may be an Exim filter or a Sieve filter.
        /// `allow_filter = true`
        ALLOW_FILTER: Flag = "allow_filter", off, inert FILTERS;
        /// A filter may freeze the message.
        /// `allow_freeze = true`
        ALLOW_FREEZE: Flag = "allow_freeze", off, inert FILTERS;
        /// An address like one that it descends from is replaced by the address that came to this router, which ends a circle.
        /// `check_ancestor = true`
        CHECK_ANCESTOR: Flag = "check_ancestor", off;
        /// Whether the group of the file is checked: it must be one of `owngroups`, or that of the local user. Unset means where `owngroups` is set, or a local user whose group may write to the file by `modemask`.
        /// `check_group = true`
        CHECK_GROUP: Tristate = "check_group", unset;
        /// Whether the owner of the file is checked: it must be one of `owners`, or the local user. Unset means where there is either.
        /// `check_owner = true`
        CHECK_OWNER: Tristate = "check_owner", unset;
        /// The list of addresses, files, commands and special words that the address becomes.
        /// `data = ${lookup{$local_part}lsearch{/etc/aliases}}`
        DATA: Text = "data", unset;
        /// The transport for path names that end with a slash.
        /// `directory_transport = address_directory`
        DIRECTORY_TRANSPORT: Text = "directory_transport", unset;
        /// A file with the list. The router declines where there is none, or nothing in it.
        /// `file = $home/.forward`
        FILE: Text = "file", unset;
        /// The transport for path names that do not end with a slash.
        /// `file_transport = address_file`
        FILE_TRANSPORT: Text = "file_transport", unset;
        /// A relative path in a filter's `save` begins at `$home`.
        /// `filter_prepend_home = false`
        FILTER_PREPEND_HOME: Flag = "filter_prepend_home", on, inert FILTERS;
        /// `:blackhole:` is an error.
        /// `forbid_blackhole = true`
        FORBID_BLACKHOLE: Flag = "forbid_blackhole", off;
        /// An Exim filter is an error.
        /// `forbid_exim_filter = true`
        FORBID_EXIM_FILTER: Flag = "forbid_exim_filter", off, inert FILTERS;
        /// Path names are an error, as are `save` commands of filters.
        /// `forbid_file = true`
        FORBID_FILE: Flag = "forbid_file", off;
        /// Filters cannot call `${dlfunc`.
        /// `forbid_filter_dlfunc = true`
        FORBID_FILTER_DLFUNC: Flag = "forbid_filter_dlfunc", off, inert FILTERS;
        /// Filters cannot ask whether a file exists, or for its status.
        /// `forbid_filter_existstest = true`
        FORBID_FILTER_EXISTSTEST: Flag = "forbid_filter_existstest", off, inert FILTERS;
        /// Filters cannot write log files.
        /// `forbid_filter_logwrite = true`
        FORBID_FILTER_LOGWRITE: Flag = "forbid_filter_logwrite", off, inert FILTERS;
        /// Filters cannot use `${lookup`.
        /// `forbid_filter_lookup = true`
        FORBID_FILTER_LOOKUP: Flag = "forbid_filter_lookup", off, inert FILTERS;
        /// Filters cannot call `${perl`.
        /// `forbid_filter_perl = true`
        FORBID_FILTER_PERL: Flag = "forbid_filter_perl", off, inert FILTERS;
        /// Filters cannot use `${readfile`.
        /// `forbid_filter_readfile = true`
        FORBID_FILTER_READFILE: Flag = "forbid_filter_readfile", off, inert FILTERS;
        /// Filters cannot use `${readsocket`.
        /// `forbid_filter_readsocket = true`
        FORBID_FILTER_READSOCKET: Flag = "forbid_filter_readsocket", off, inert FILTERS;
        /// Filters cannot send messages.
        /// `forbid_filter_reply = true`
        FORBID_FILTER_REPLY: Flag = "forbid_filter_reply", off, inert FILTERS;
        /// Filters cannot use `${run`.
        /// `forbid_filter_run = true`
        FORBID_FILTER_RUN: Flag = "forbid_filter_run", off, inert FILTERS;
        /// `:include:` is an error.
        /// `forbid_include = true`
        FORBID_INCLUDE: Flag = "forbid_include", off;
        /// Commands after `|` are an error, as are `pipe` commands of filters.
        /// `forbid_pipe = true`
        FORBID_PIPE: Flag = "forbid_pipe", off;
        /// A Sieve filter is an error.
        /// `forbid_sieve_filter = true`
        FORBID_SIEVE_FILTER: Flag = "forbid_sieve_filter", off, inert FILTERS;
        /// A reply code before the text of `:fail:` or `:defer:` is not used: it is 550 or 451.
        /// `forbid_smtp_code = true`
        FORBID_SMTP_CODE: Flag = "forbid_smtp_code", off;
        /// Bounces and warnings made here do not quote a generated address: they speak of one that comes from the address that was given.
        /// `hide_child_in_errmsg = true`
        HIDE_CHILD_IN_ERRMSG: Flag = "hide_child_in_errmsg", off;
        /// A file that may not be opened counts as one that is not there.
        /// `ignore_eacces = true`
        IGNORE_EACCES: Flag = "ignore_eacces", off;
        /// A file in whose path something is not a directory counts as one that is not there.
        /// `ignore_enotdir = true`
        IGNORE_ENOTDIR: Flag = "ignore_enotdir", off;
        /// Files of `:include:` must have names that begin with this directory.
        /// `include_directory = /etc/exim/lists`
        INCLUDE_DIRECTORY: Plain = "include_directory", unset;
        /// Permission bits that the file must not have.
        /// `modemask = 002`
        MODEMASK: Octal = "modemask", "022";
        /// The redirection is done once: the new addresses take the place of the old one in the spool, so that a retry does not look at the file again.
        /// `one_time = true`
        ONE_TIME: Flag = "one_time", off;
        /// Users who may own the file.
        /// `owners = mail : root`
        OWNERS: Users = "owners", unset;
        /// Groups that the file may have.
        /// `owngroups = mail`
        OWNGROUPS: Groups = "owngroups", unset;
        /// The transport for commands.
        /// `pipe_transport = address_pipe`
        PIPE_TRANSPORT: Text = "pipe_transport", unset;
        /// The domain of addresses without one, instead of the main option of that name.
        /// `qualify_domain = $domain`
        QUALIFY_DOMAIN: Text = "qualify_domain", unset;
        /// Addresses without a domain get that of the address that they come from.
        /// `qualify_preserve_domain = true`
        QUALIFY_PRESERVE_DOMAIN: Flag = "qualify_preserve_domain", off;
        /// Whether the router also runs for an address that descends from another one which it handled.
        /// `repeat_use = false`
        REPEAT_USE: Flag = "repeat_use", on;
        /// The transport for messages that filters send.
        /// `reply_transport = address_reply`
        REPLY_TRANSPORT: Text = "reply_transport", unset, inert FILTERS;
        /// Whether the rewriting rules are applied to the new addresses.
        /// `rewrite = false`
        REWRITE: Flag = "rewrite", on;
        /// The name of the mailbox in a Sieve filter that means ordinary delivery.
        /// `sieve_inbox = INBOX`
        SIEVE_INBOX: Text = "sieve_inbox", "inbox", inert FILTERS;
        /// What `:detail` means in a Sieve filter.
        /// `sieve_subaddress = ${sg{$local_part_suffix}{^\\+}{}}`
        SIEVE_SUBADDRESS: Text = "sieve_subaddress", unset, inert FILTERS;
        /// What `:user` means in a Sieve filter.
        /// `sieve_useraddress = ${sg{$local_part}{\\+.*}{}}`
        SIEVE_USERADDRESS: Text = "sieve_useraddress", unset, inert FILTERS;
        /// The directory where a Sieve filter's `vacation` notes whom it has answered; unset means that there is no `vacation`.
        /// `sieve_vacation_directory = $home/.vacation`
        SIEVE_VACATION_DIRECTORY: Text = "sieve_vacation_directory", unset, inert FILTERS;
        /// Items of a list (not of a filter) that are no addresses are left out and logged, instead of deferring the whole.
        /// `skip_syntax_errors = true`
        SKIP_SYNTAX_ERRORS: Flag = "skip_syntax_errors", off;
        /// What stands at the head of the message to `syntax_errors_to`.
        /// `syntax_errors_text = There is a mistake in your .forward file.`
        SYNTAX_ERRORS_TEXT: Text = "syntax_errors_text", unset;
        /// Who is sent the details of items that were left out because of `skip_syntax_errors`.
        /// `syntax_errors_to = postmaster@example.org`
        SYNTAX_ERRORS_TO: Plain = "syntax_errors_to", unset;
        /// `forward` rewrites the envelope sender of what is redirected, `reverse` takes such a rewritten address back, `reverseandforward` does both.
        /// `srs = forward`
        SRS: Plain = "srs", unset;
        /// The domain of rewritten senders.
        /// `srs_alias = srs.example.org`
        SRS_ALIAS: Text = "srs_alias", unset;
        /// The sender is rewritten only where this comes out as true.
        /// `srs_condition = ${if match_domain{$sender_address_domain}{+local_domains}{no}{yes}}`
        SRS_CONDITION: Text = "srs_condition", unset;
        /// Evaluated to keep a sender under `$srs_db_key` in a database; the address then holds the key instead of the sender.
        /// `srs_dbinsert = ${run{/usr/bin/srsdb put $srs_db_key}}`
        SRS_DBINSERT: Text = "srs_dbinsert", unset;
        /// Evaluated to find the sender that was kept under `$srs_db_key`.
        /// `srs_dbselect = ${run{/usr/bin/srsdb get $srs_db_key}}`
        SRS_DBSELECT: Text = "srs_dbselect", unset;
        /// The address in whose name a Sieve filter's `notify` sends.
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
