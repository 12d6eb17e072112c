//! Every limit of the program, by name.
//!
//! Where Exim has an option for a limit, the option's default stands in the option table and not here; these are the
//! ceilings that no option lifts, and the sizes that Exim fixes at build time.
//!
//! # Security
//! Each of them stops an input from outside from costing more than it should.

use std::time::Duration;

/// Longest SMTP command line, in bytes, without AUTH data (Exim's buffer of 16,384 includes the end).
pub const SMTP_COMMAND: usize = 16_384;
/// Longest line of an AUTH exchange (RFC 4954 section 4).
pub const SMTP_AUTH_LINE: usize = 12_288;
/// Longest reply line that we take from a peer.
pub const SMTP_REPLY_LINE: usize = 4_096;
/// Most lines in one reply from a peer.
pub const SMTP_REPLY_LINES: usize = 512;
/// Longest domain (RFC 1035).
pub const DOMAIN: usize = 255;
/// Longest label of a domain (RFC 1035).
pub const DOMAIN_LABEL: usize = 63;
/// Longest local part that we take anywhere (RFC 5321 says 64; Exim does not enforce it).
pub const LOCAL_PART: usize = 4_096;
/// Longest address in an envelope.
pub const ADDRESS: usize = 8_192;
/// Most header lines of one message.
pub const HEADER_LINES: usize = 10_000;
/// Most recipients of one message, whatever `recipients_max` says.
pub const RECIPIENTS: usize = 1_000_000;
/// Largest -H file that is read back.
pub const SPOOL_HEADER_FILE: u64 = 256 << 20;
/// Longest line of the envelope part of a -H file, in bytes.
pub const SPOOL_ENVELOPE_LINE: usize = 1 << 20;
/// Most unknown option lines that are kept from a -H file.
pub const SPOOL_UNKNOWN_LINES: usize = 10_000;
/// Largest -J file that is read back.
pub const SPOOL_JOURNAL_FILE: u64 = 256 << 20;
/// Depth of nested comments in an address.
pub const ADDRESS_COMMENT_DEPTH: usize = 200;
/// Depth of nested expansion items.
pub const EXPANSION_DEPTH: usize = 100;
/// Longest result of one expansion, in bytes.
pub const EXPANSION_RESULT: usize = 64 << 20;
/// Steps of one expansion (items, list elements, nested evaluations).
pub const EXPANSION_STEPS: usize = 10_000_000;
/// How long one expansion may take.
pub const EXPANSION_TIME: Duration = Duration::from_mins(5);
/// Steps of one expansion between two looks at the clock.
pub const EXPANSION_STEPS_A_LOOK: usize = 64;
/// How long `${run` waits for its command.
pub const EXPANSION_COMMAND: Duration = Duration::from_mins(1);
/// How long `${perl` waits for its subroutine, calls back into Exim not counted.
pub const EXPANSION_PERL: Duration = Duration::from_mins(1);
/// How long `${readsocket` waits where it names no time (Exim's own number).
pub const EXPANSION_SOCKET: Duration = Duration::from_secs(5);
/// How long the conditions `saslauthd` and `pwcheck` wait for their daemon, and `pam` for the authentication modules.
pub const EXPANSION_AUTH_DAEMON: Duration = Duration::from_secs(30);
/// Expansions of run-time text that are kept compiled.
pub const EXPANSION_CACHE: usize = 1_024;
/// Answers of query-style lookups that one session or command keeps.
pub const LOOKUP_CACHE: usize = 4_096;
/// Largest text file that is read whole for a lookup.
pub const LOOKUP_FILE: u64 = 1 << 30;
/// Largest value that is taken out of a database file.
pub const LOOKUP_VALUE: usize = 64 << 20;
/// Bytes that are read from a socket for a lookup.
pub const LOOKUP_SOCKET: usize = 16 << 20;
/// How long connecting to an LDAP server, and its answer, may take where the query names no time.
pub const LOOKUP_LDAP: Duration = Duration::from_secs(30);
/// Rounds that a stored `$5$` or `$6$` password may ask for (the usual number is 5,000).
pub const CRYPT_SHA_ROUNDS: u32 = 5_000_000;
/// Cost that a stored `$2b$` password may ask for: 2 to this power rounds.
pub const CRYPT_BCRYPT_COST: u32 = 18;
/// Bytes of memory that a stored `$y$` password may ask for.
pub const CRYPT_MEMORY: u64 = 1 << 30;
/// Lists of run-time text that are kept compiled.
pub const LIST_CACHE: usize = 1_024;
/// Bytes of run-time lists' texts that are kept, a generation.
pub const LIST_CACHE_BYTES: usize = 32 << 20;
/// Largest file of list items.
pub const LIST_FILE: usize = 64 << 20;
/// Depth of named lists that name other lists.
pub const LIST_DEPTH: usize = 50;
/// Named lists that one search looks at, counted each time: lists that name each other twice double at every level.
pub const LIST_VISITS: usize = 100_000;
/// Depth of ACLs that call ACLs (Exim's own number).
pub const ACL_DEPTH: usize = 20;
/// ACLs of run-time text that are kept compiled.
pub const ACL_CACHE: usize = 256;
/// Largest file that is read as an ACL.
pub const ACL_FILE: usize = 4 << 20;
/// Match steps of one regular expression (PCRE2's own default).
pub const REGEX_MATCH: u32 = 10_000_000;
/// Nesting of one regular expression's match.
pub const REGEX_DEPTH: u32 = 10_000_000;
/// Memory of one regular expression's match, in KiB.
pub const REGEX_HEAP_KIB: u32 = 64 << 10;
/// Depth of included configuration files.
pub const CONFIG_INCLUDE_DEPTH: usize = 20;
/// Longest logical line of a configuration.
pub const CONFIG_LINE: usize = 1 << 20;
/// Largest configuration file.
pub const CONFIG_FILE: u64 = 64 << 20;
/// Diagnostics that are kept of one configuration.
pub const CONFIG_DIAGNOSTICS: usize = 200;
/// Aliases followed in one DNS answer.
pub const DNS_CNAMES: usize = 16;
/// Records taken from one DNS answer.
pub const DNS_RECORDS: usize = 512;
/// Answers of the DNS that are kept.
pub const DNS_CACHE_ENTRIES: usize = 20_000;
/// Bytes that they take, about.
pub const DNS_CACHE_BYTES: usize = 64 << 20;
/// Signatures checked for one DNS question, along the whole way from the trust anchor.
pub const DNSSEC_CHECKS: u32 = 256;
/// Wrong signatures put up with for one DNS question (CVE-2023-50387).
pub const DNSSEC_FAILED_CHECKS: u32 = 16;
/// Keys of one zone that may share algorithm and tag.
pub const DNSSEC_KEYS_PER_TAG: usize = 4;
/// Questions that one DNS question may lead to, along the whole way from the trust anchor.
pub const DNSSEC_QUESTIONS: u32 = 100;
/// Time after which one DNS question leads to no more of them, in seconds; what was learned on the way is kept.
pub const DNSSEC_LOOKUP_SECS: u64 = 60;
/// Names hashed for one DNS question (CVE-2023-50868).
pub const DNSSEC_HASHES: u32 = 256;
/// Name servers that are asked for an answer that can't be right before it counts as forged.
pub const DNSSEC_SERVERS: usize = 3;
/// Keys of one trust point that are followed at a time (RFC 5011 section 2.4.3 asks for at least five).
pub const DNSSEC_ANCHORS: usize = 16;
/// Bytes of the file in which trust anchors are followed.
pub const DNSSEC_ANCHORS_FILE: u64 = 1 << 20;
/// Iterations of an NSEC3 hash; a zone that wants more counts as unsigned (RFC 9276 section 3.2).
pub const NSEC3_ITERATIONS: u16 = 150;
/// Longest DNS message.
pub const DNS_MESSAGE: usize = 65_535;
/// Longest MTA-STS policy (RFC 8461 section 3.3).
pub const MTA_STS_POLICY: usize = 64 << 10;
/// Longest header of the answer that holds one.
pub const MTA_STS_HEADER: usize = 16 << 10;
/// Time for one fetch of an MTA-STS policy, in seconds.
pub const MTA_STS_FETCH_SECS: u64 = 30;
/// Author domains of one message that DMARC looks at; a message with more has no author.
pub const DMARC_AUTHORS: usize = 10;
/// Names asked in one walk up the tree for DMARC records (RFC 9989 section 4.10).
pub const DMARC_TREE_WALK: usize = 8;
/// Destinations of one message's DMARC failure reports, and recipients that such a report names.
pub const DMARC_FAILURE_REPORTS: usize = 5;
/// Octets of the header that a DMARC failure report shows.
pub const DMARC_FAILURE_HEADER: usize = 65_536;
/// Destinations of reports that are taken from one DMARC record.
pub const DMARC_REPORT_URIS: usize = 20;
/// Terms of one SPF evaluation that ask the DNS (RFC 7208 section 4.6.4).
pub const SPF_LOOKUPS: usize = 10;
/// Such terms whose name is not there (RFC 7208 section 4.6.4).
pub const SPF_VOID_LOOKUPS: usize = 2;
/// Hosts of one `mx` term, names of the client for `ptr` (RFC 7208 section 4.6.4).
pub const SPF_NAMES: usize = 10;
/// Longest expansion of the macros in one SPF term or explanation, in bytes.
pub const SPF_MACRO_TEXT: usize = 4_096;
/// Time for one SPF evaluation, in seconds (RFC 7208 section 4.6.4).
pub const SPF_SECONDS: u64 = 20;
/// Destinations that are taken from one TLSRPT record, and records that are looked at.
pub const TLSRPT_URIS: usize = 10;
/// Longest TLSRPT record.
pub const TLSRPT_RECORD: usize = 4 << 10;
/// Largest file with a report, packed or not, that is read.
pub const REPORT_FILE: u64 = 32 << 20;
/// Largest report, once it is unpacked.
pub const REPORT_TEXT: usize = 64 << 20;
/// Depth of elements in a report in XML (a DMARC report has five).
pub const REPORT_XML_DEPTH: usize = 16;
/// Rows of one report that are read, and results within one row.
pub const REPORT_ROWS: usize = 200_000;
/// Depth of MIME parts in a message that brings reports, and parts that are looked at.
pub const REPORT_MIME_PARTS: usize = 64;
/// Rows of a report that is made here; what is beyond is left out and said to be.
pub const REPORT_ROWS_SENT: usize = 100_000;
/// Time for one report by HTTPS, in seconds.
pub const REPORT_POST_SECS: u64 = 60;
/// Depth of MIME parts.
pub const MIME_DEPTH: usize = 100;
/// MIME parts of one message.
pub const MIME_PARTS: usize = 10_000;
/// Addresses that one redirection may give.
pub const REDIRECT_ADDRESSES: usize = 100_000;
/// Largest alias value or forward file.
pub const REDIRECT_FILE: u64 = 16 << 20;
/// Octets of a submitted message that are mailed back without having been read as a message.
pub const UNREAD_SUBMISSION: usize = 16 << 20;
/// Addresses that one address may pass through on its way (Exim's loop check is by equality; this bounds the rest).
pub const REDIRECT_DEPTH: usize = 100;
/// Longest text that is printed in one log line.
pub const LOG_LINE: usize = 8_192;
/// Hosts tried for one address.
pub const HOSTS_PER_ADDRESS: usize = 500;
/// Longest message between our own processes.
pub const PROCESS_MESSAGE: usize = 64 << 20;
/// Tags of one tag=value list (DKIM, ARC, DMARC; a signature of RFC 6376 knows 13).
pub const TAG_LIST_TAGS: usize = 100;
/// DKIM signatures of one message that are verified (Exim's own number; a message with more is taken as unsigned).
pub const DKIM_SIGNATURES: usize = 20;
/// Forms (canonicalisation, hash, length) in which one body is hashed; what asks for more is invalid.
pub const DKIM_BODY_FORMS: usize = 64;
/// Names in the `h=` of one signature.
pub const DKIM_SIGNED_NAMES: usize = 10_000;
/// Longest signature field that is looked at.
pub const DKIM_FIELD: usize = 64 << 10;
/// Largest RSA key, in bits.
pub const DKIM_KEY_BITS: u32 = 8_192;
/// Longest key record (all strings of one TXT record).
pub const DKIM_KEY_RECORD: usize = 16 << 10;
/// Key records of one name that are tried.
pub const DKIM_KEY_RECORDS: usize = 8;
/// ARC sets of one message (RFC 8617 section 4.2.1).
pub const ARC_SETS: usize = 50;
/// Time for one TLS handshake of a client, in seconds, where `smtp_receive_timeout` sets no limit or a later one.
pub const TLS_HANDSHAKE_SECS: u64 = 300;
/// Longest message of a TLS handshake (a ClientHello, a chain of certificates).
pub const TLS_HANDSHAKE_MESSAGE: usize = 65_535;
/// Octets at the beginning of a client's TLS in which its wish for a stapled OCSP proof is looked for.
pub const TLS_HELLO_OCTETS: usize = 16 << 10;
/// Records without content that may follow one another under TLS.
pub const TLS_EMPTY_RECORDS: u32 = 32;
/// Requests for new keys that may come under TLS 1.3 without any data between them.
pub const TLS_KEY_UPDATES: u32 = 32;
/// Warning alerts that are passed over in one session under TLS 1.2.
pub const TLS_WARNING_ALERTS: u32 = 4;
/// Attempts to renegotiate that are turned down before the connection ends (TLS 1.2).
pub const TLS_RENEGOTIATIONS: u32 = 1;
