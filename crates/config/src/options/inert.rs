//! Why an option has no effect yet: one sentence per missing part.
//!
//! The text stands in the warning, in `--explain`, and in docs/compat.md.
//!
//! # Compatibility
//! Each constant that is still used is a group of lines in docs/compat.md.

/// AUTH, both sides.
pub const AUTH: &str = "authentication is not implemented yet";
/// The `autoreply` transport.
pub const AUTOREPLY: &str = "the autoreply transport is not implemented yet";
/// Callouts.
pub const CALLOUTS: &str = "callouts are not implemented yet";
/// DKIM and ARC signing, DKIM verification.
pub const DKIM: &str = "DKIM and ARC are not implemented yet";
/// DMARC.
pub const DMARC: &str = "DMARC is not implemented yet";
/// DNSSEC and rarer uses of the DNS.
pub const DNS: &str = "DNSSEC and client SMTP authorization are not implemented yet";
/// The DSN extension.
pub const DSN: &str = "the DSN extension is not implemented yet";
/// ETRN and ATRN.
pub const ETRN: &str = "ETRN and ATRN are not implemented yet";
/// Event actions.
pub const EVENTS: &str = "event actions are not implemented yet";
/// Exim and Sieve filters, the system filter, transport filters.
pub const FILTERS: &str = "filters are not implemented yet";
/// RFC 1413.
pub const IDENT: &str = "RFC 1413 queries are not implemented yet";
/// The `iplookup` router.
pub const IPLOOKUP: &str = "the iplookup router is not implemented yet";
/// The LIMITS extension.
pub const LIMITS: &str = "the LIMITS extension is not implemented yet";
/// LMTP.
pub const LMTP: &str = "LMTP is not implemented yet";
/// `local_scan`.
pub const LOCAL_SCAN: &str = "local_scan functions cannot be loaded";
/// Databases and directories.
pub const LOOKUPS: &str = "this lookup type is not implemented yet";
/// Mailstore and MBX mailboxes.
pub const MAILBOX_FORMATS: &str = "mailstore and MBX mailboxes are not implemented yet";
/// What Postrider does in another way.
pub const OWN_WAY: &str = "Postrider has no use for it";
/// Embedded Perl.
pub const PERL: &str = "embedded Perl is not implemented yet";
/// Early pipelining.
pub const PIPE_CONNECT: &str = "the PIPECONNECT extension is not implemented yet";
/// Per-recipient data responses.
pub const PRDR: &str = "the PRDR extension is not implemented yet";
/// The PROXY protocol.
pub const PROXY: &str = "the PROXY protocol is not implemented yet";
/// The `queryprogram` router.
pub const QUERYPROGRAM: &str = "the queryprogram router is not implemented yet";
/// The `queuefile` transport.
pub const QUEUEFILE: &str = "the queuefile transport is not implemented yet";
/// `smtp_ratelimit_*`.
pub const RATELIMIT: &str = "SMTP rate limits are not implemented yet";
/// Malware, spam and MIME scanning.
pub const SCANNING: &str = "content scanning is not implemented yet";
/// SOCKS proxies.
pub const SOCKS: &str = "SOCKS proxies are not implemented yet";
/// SPF.
pub const SPF: &str = "SPF is not implemented yet";
/// Sender rewriting by the old library.
pub const SRS: &str = "the options of libsrs_alt are obsolete and are not implemented yet";
/// SRV records and address translation.
pub const SRV: &str = "SRV records and address translation are not implemented yet";
/// TLS, DANE, OCSP.
pub const TLS: &str = "TLS is not implemented yet";
/// WELLKNOWN.
pub const WELLKNOWN: &str = "the WELLKNOWN extension is not implemented yet";
/// XCLIENT.
pub const XCLIENT: &str = "XCLIENT is not implemented yet";
