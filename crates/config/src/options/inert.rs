//! Why an option has no effect yet: one sentence per missing part, and the list of all such options.
//!
//! # Compatibility
//! [`block`] is what docs/compat.md holds between its two markers; a test compares them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Class, Effect, OptionDef, Table, tables};

/// Every option without an effect, with its table and the reason.
pub fn all() -> impl Iterator<Item = (&'static Table, &'static OptionDef, &'static str)> {
    tables().flat_map(|table| {
        table.defs.iter().filter_map(move |def| match def.effect {
            Effect::Inert(why) => Some((table, def, why)),
            Effect::Live => None,
        })
    })
}

/// The options without an effect as Markdown: a line for each reason, the options by where they belong.
pub fn block() -> String {
    let mut reasons: BTreeMap<&str, BTreeMap<(Class, &str), Vec<&str>>> = BTreeMap::new();
    for (table, def, why) in all() {
        reasons.entry(why).or_default().entry((table.class, table.owner)).or_default().push(def.name);
    }
    let mut out = String::new();
    for (why, owners) in reasons {
        let _ = write!(out, "* {why}:");
        for (number, ((class, owner), names)) in owners.into_iter().enumerate() {
            let place = match (class, owner) {
                (Class::Main, _) => "main section".to_owned(),
                (_, "generic") => format!("every {}", class.word()),
                _ => format!("{} `{owner}`", class.word()),
            };
            let names = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let _ = write!(out, "{} {place}: {names}", if number == 0 { "" } else { ";" });
        }
        out.push('\n');
    }
    out
}

/// AUTH, both sides.
pub const AUTH: &str = "authentication is not implemented yet";
/// The `autoreply` transport.
pub const AUTOREPLY: &str = "the autoreply transport is not implemented yet";
/// Callouts.
pub const CALLOUTS: &str = "callouts are not implemented yet";
/// DNSSEC and rarer uses of the DNS.
pub const DNS: &str = "DNSSEC and client SMTP authorization are not implemented yet";
/// The DSN extension.
pub const DSN: &str = "the DSN extension is not implemented yet";
/// ETRN and ATRN.
pub const ETRN: &str = "ETRN and ATRN are not implemented yet";
/// Exim and Sieve filters, the system filter, transport filters.
pub const FILTERS: &str = "filters are not implemented yet";
/// RFC 1413.
pub const IDENT: &str = "RFC 1413 queries are not implemented yet";
/// The `iplookup` router.
pub const IPLOOKUP: &str = "the iplookup router is not implemented yet";
/// Smaller things.
pub const LATER: &str = "not implemented yet";
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
/// What OpenSSL or GnuTLS can be told, and our library decides itself.
pub const TLS_LIBRARY: &str = "the TLS library (rustls) has no such switch";
/// WELLKNOWN.
pub const WELLKNOWN: &str = "the WELLKNOWN extension is not implemented yet";
/// XCLIENT.
pub const XCLIENT: &str = "XCLIENT is not implemented yet";
