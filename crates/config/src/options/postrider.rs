//! Options of the main section that only Postrider has.
//!
//! # Compatibility
//! Additions to Exim's language; each is a line in docs/compat.md and none changes what an existing configuration means.

use super::definition::option_table;

option_table! {
    Main, "postrider";
    /// Name servers to ask, as `address` or `address::port` items (`<;` for IPv6); unset means those of `/etc/resolv.conf`.
    /// `dns_servers = 127.0.0.1 : 192.0.2.53`
    DNS_SERVERS: PlainList = "dns_servers", unset;
    /// All Authentication-Results fields of the ADMD are the basis of a new ARC set, as RFC 8617 has it, instead of the first alone.
    /// `arc_fold_results = true`
    ARC_FOLD_RESULTS: Flag = "arc_fold_results", off;
    /// Domains whose ARC seals are believed: a chain that holds and was sealed by these alone, whose first member saw a DMARC pass, makes `accept` of a failure.
    /// `dmarc_arc_trusted_sealers = lists.example.org : *.example.net`
    DMARC_ARC_TRUSTED_SEALERS: Domains = "dmarc_arc_trusted_sealers", unset;
    /// DMARC results are recorded in `db/postrider-reports.sqlite` of the spool, as aggregate reports need them.
    /// `dmarc_store_results = true`
    DMARC_STORE_RESULTS: Flag = "dmarc_store_results", off;
    /// How the organization behind an author's domain is found: `suffix_list` (RFC 7489) or `tree_walk` (RFC 9989).
    /// `dmarc_policy_discovery = tree_walk`
    DMARC_POLICY_DISCOVERY: Plain = "dmarc_policy_discovery", "suffix_list";
    /// The daemon follows the trust anchors when their zone changes its keys (RFC 5011); off, they stay as configured.
    /// `dnssec_anchor_rollover = false`
    DNSSEC_ANCHOR_ROLLOVER: Flag = "dnssec_anchor_rollover", on;
    /// A file with trust anchors, lines with DS or DNSKEY records; unset means the root's anchors of 2017 and 2024.
    /// `dnssec_trust_anchors = /usr/share/dns/root.ds`
    DNSSEC_TRUST_ANCHORS: Plain = "dnssec_trust_anchors", unset;
    /// Who checks DNSSEC signatures: `own` (this program, down from the trust anchors) or `upstream` (the name server, whose AD bit is believed).
    /// `dnssec_validation = upstream`
    DNSSEC_VALIDATION: Plain = "dnssec_validation", "own";
    /// Messages that are delivered at the same time by one daemon.
    /// `deliveries_max = 100`
    DELIVERIES_MAX: Integer = "deliveries_max", "50";
    /// Connections to one address and port of another host that may be open at the same time, for all messages together; 0 is no limit.
    /// `host_connections_max = 5`
    HOST_CONNECTIONS_MAX: Integer = "host_connections_max", "20";
    /// Which message ids are given to new messages: `long` (23 characters, Exim 4.97 and later) or `short` (16, Exim before it).
    /// `message_id_format = short`
    MESSAGE_ID_FORMAT: Plain = "message_id_format", "long";
    /// Domains whose MTA-STS policies (RFC 8461) are asked for and obeyed by the `smtp` transport.
    /// `mta_sts_domains = !example.org : *`
    MTA_STS_DOMAINS: Domains = "mta_sts_domains", unset;
    /// Domains of recipients about whose TLS (RFC 8460) results are collected and reported once a day, where their `_smtp._tls` records ask for it; needs `reports_from`.
    /// `tls_reports_domains = *`
    TLS_REPORTS_DOMAINS: Domains = "tls_reports_domains", unset;
    /// Domains with DMARC policies that are sent an aggregate report once a day, where their records ask for it; needs `reports_from` and `dmarc_store_results`.
    /// `dmarc_reports_domains = *`
    DMARC_REPORTS_DOMAINS: Domains = "dmarc_reports_domains", unset;
    /// The sender of daily reports: an address, with a name before it where one is wanted; unset, none are made.
    /// `reports_from = Reports <reports@example.org>`
    REPORTS_FROM: Plain = "reports_from", unset;
    /// Who reports, as people read it; unset means the domain of `reports_from`.
    /// `reports_organization = Example Inc.`
    REPORTS_ORGANIZATION: Plain = "reports_organization", unset;
    /// Hosts to which no report is posted by HTTPS, whoever asks for it there: addresses that are not public, unless set otherwise.
    /// `reports_ignore_target_hosts = <; 10.0.0.0/8; 127.0.0.0/8; ::1`
    REPORTS_IGNORE_TARGET_HOSTS: Hosts = "reports_ignore_target_hosts", "<; 0.0.0.0/8; 10.0.0.0/8; 100.64.0.0/10; 127.0.0.0/8; 169.254.0.0/16; 172.16.0.0/12; 192.168.0.0/16; 198.18.0.0/15; 224.0.0.0/3; ::/127; fc00::/7; fe80::/10; ff00::/8";
    /// The selector of the DKIM key that signs daily reports for the domain of `reports_from`; unset, they are signed by a transport or not at all.
    /// `reports_dkim_selector = r2026`
    REPORTS_DKIM_SELECTOR: Plain = "reports_dkim_selector", unset;
    /// The file with the key of `reports_dkim_selector`, in PEM.
    /// `reports_dkim_private_key = /etc/exim4/reports.pem`
    REPORTS_DKIM_PRIVATE_KEY: Plain = "reports_dkim_private_key", unset;
    /// Clients to which EHLO within TLS offers REQUIRETLS (RFC 8689): a message that comes with it goes on only over verified TLS, to hosts that offer it too.
    /// `requiretls_advertise_hosts = *`
    REQUIRETLS_ADVERTISE_HOSTS: Hosts = "requiretls_advertise_hosts", unset;
    /// A header line `TLS-Required: No` (RFC 8689) waives DANE and MTA-STS for its message, as far as the configuration does not require them.
    /// `tls_required_header = true`
    TLS_REQUIRED_HEADER: Flag = "tls_required_header", off;
    /// Threads for expansions that may read files or ask the system's user database.
    /// `pool_files_max = 16`
    POOL_FILES_MAX: Integer = "pool_files_max", "32";
    /// Threads for expansions that may do lookups over the network or run commands.
    /// `pool_lookups_max = 32`
    POOL_LOOKUPS_MAX: Integer = "pool_lookups_max", "64";
    /// Threads that write messages and wait for the disk.
    /// `pool_spool_max = 32`
    POOL_SPOOL_MAX: Integer = "pool_spool_max", "64";
    /// The socket of the daemon that the condition `pwcheck` asks.
    /// `pwcheck_socket = /run/pwcheck/pwcheck`
    PWCHECK_SOCKET: Plain = "pwcheck_socket", "/var/pwcheck/pwcheck";
    /// The file, in radiusclient's form, that tells the condition `radius` its servers: `authserver`, `servers`, `radius_timeout`, `radius_retries`.
    /// `radius_config_file = /etc/radcli/radiusclient.conf`
    RADIUS_CONFIG_FILE: Plain = "radius_config_file", "/etc/radiusclient/radiusclient.conf";
    /// The socket of the daemon that the condition `saslauthd` asks.
    /// `saslauthd_socket = /run/saslauthd/mux`
    SASLAUTHD_SOCKET: Plain = "saslauthd_socket", "/var/run/saslauthd/mux";
}
