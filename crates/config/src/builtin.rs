//! Predefined macros, for what works.
//!
//! # Invariants
//! * An option that is inert, a driver whose options all are, and a feature that is not there have no macro: a configuration
//!   that asks with `.ifdef` takes the branch that fits.
//!
//! # Compatibility
//! Spec 6.9. The names of features are Exim's; the list grows with the program.

use crate::log_selector::LOG_SELECTORS;
use crate::options::{self, Class, Effect, Table};

/// Features that have a macro of their own.
const FEATURES: &[&str] = &["_HAVE_IPV6", "_HAVE_LOOKUP_LSEARCH", "_HAVE_TRANSPORT_APPEND_MAILDIR"];

/// Drivers that can be named in a configuration but do nothing yet.
pub(crate) const UNFINISHED_DRIVERS: &[(Class, &str)] = &[
    (Class::Router, "ipliteral"),
    (Class::Router, "iplookup"),
    (Class::Router, "queryprogram"),
    (Class::Transport, "autoreply"),
    (Class::Transport, "lmtp"),
    (Class::Transport, "queuefile"),
    (Class::Authenticator, "cram_md5"),
    (Class::Authenticator, "cyrus_sasl"),
    (Class::Authenticator, "dovecot"),
    (Class::Authenticator, "external"),
    (Class::Authenticator, "gsasl"),
    (Class::Authenticator, "heimdal_gssapi"),
    (Class::Authenticator, "plaintext"),
    (Class::Authenticator, "spa"),
    (Class::Authenticator, "tls"),
];

/// Whether a driver does its work.
pub fn driver_works(class: Class, driver: &str) -> bool {
    !UNFINISHED_DRIVERS.contains(&(class, driver))
        && options::drivers(class).iter().any(|table| table.owner == driver)
}

/// Every predefined macro with its text, in the order in which they are defined.
pub fn macros() -> Vec<(String, &'static str)> {
    let mut out: Vec<(String, &'static str)> =
        FEATURES.iter().map(|name| ((*name).to_owned(), "y")).collect();
    for class in [Class::Router, Class::Transport, Class::Authenticator] {
        for table in options::drivers(class).iter().filter(|table| driver_works(class, table.owner)) {
            out.push((format!("_DRIVER_{}_{}", upper(class.word()), upper(table.owner)), "y"));
        }
    }
    out.extend(LOG_SELECTORS.iter().map(|name| (format!("_LOG_{}", upper(name)), "y")));
    let filled = expand::VARIABLES.iter().filter(|row| row.available == expand::variable::Availability::Now);
    out.extend(filled.map(|row| (format!("_EXP_VAR_{}", upper(row.name)), "y")));
    for table in options::tables() {
        if table.owner != "postrider"
            && (table.owner == "generic"
                || table.class == Class::Main
                || driver_works(table.class, table.owner))
        {
            options_of(table, &mut out);
        }
    }
    // A macro's name may not hold an earlier one's: longer names first.
    out.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.0.cmp(&b.0)));
    out.dedup_by(|a, b| a.0 == b.0);
    out
}

fn options_of(table: &Table, out: &mut Vec<(String, &'static str)>) {
    let class = upper(table.class.word());
    let prefix = match (table.class, table.owner) {
        (Class::Main, _) => "_OPT_MAIN_".to_owned(),
        (_, "generic") => format!("_OPT_{class}S_"),
        (_, driver) => format!("_OPT_{class}_{}_", upper(driver)),
    };
    let live = table.defs.iter().filter(|def| def.effect == Effect::Live);
    out.extend(live.map(|def| (format!("{prefix}{}", upper(def.name)), "y")));
}

fn upper(name: &str) -> String {
    name.to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macros_tell_what_works() {
        let all = macros();
        let has = |name: &str| all.iter().any(|(known, _)| known == name);
        for name in [
            "_OPT_MAIN_ACL_SMTP_RCPT",
            "_DRIVER_ROUTER_REDIRECT",
            "_LOG_SUBJECT",
            "_OPT_TRANSPORT_SMTP_HOSTS",
            "_OPT_ROUTERS_DOMAINS",
        ] {
            assert!(has(name), "{name}");
        }
        for name in [
            "_HAVE_TLS",
            "_HAVE_OPENSSL",
            "_OPT_MAIN_TLS_CERTIFICATE",
            "_DRIVER_TRANSPORT_LMTP",
            "_OPT_MAIN_DNS_SERVERS",
        ] {
            assert!(!has(name), "{name}");
        }
    }

    #[test]
    fn no_name_hides_a_later_one() {
        let all = macros();
        for (at, (name, _)) in all.iter().enumerate() {
            let earlier = all[..at].iter().find(|(before, _)| name.contains(before.as_str()));
            assert_eq!(earlier, None, "{name}");
        }
    }
}
