//! Predefined macros, for what works.
//!
//! # Invariants
//! * An option that is inert, a driver whose options all are, and a feature that is not there have no macro: a configuration
//!   that asks with `.ifdef` takes the branch that fits.
//!
//! # Compatibility
//! Spec 6.9. The names of features are Exim's; the list grows with the program.

use expand::unsupported::{Kind, served};
use mail_types::manual::Entry;

use crate::options::transport::{appendfile, generic, smtp};
use crate::options::{self, Class, Effect, Opt, Table, main};

/// What decides whether a feature is there. Nothing here is a list of features that work: each macro asks the table that
/// its feature is defined in.
struct Evidence<'a> {
    /// The lookup types that the program serves.
    lookups: &'a [String],
}

impl Evidence<'_> {
    fn option<T>(option: Opt<T>) -> bool {
        option.definition().effect == Effect::Live
    }

    fn expansion(kind: Kind, name: &str) -> bool {
        served(kind).contains(&name)
    }

    fn acl(condition: &str) -> bool {
        policy::acl::served(false).any(|name| name == condition)
    }

    fn lookup(&self, kind: &str) -> bool {
        self.lookups.iter().any(|name| name == kind)
    }
}

/// A feature that has a macro of its own, with what shows that it works.
struct Feature {
    entry: Entry,
    works: fn(&Evidence<'_>) -> bool,
}

/// The table of features: what the manual says about each macro, its name, what shows that the feature works.
macro_rules! features {
    ($( #[doc = $doc:literal] $name:literal => $works:expr; )*) => {
        static FEATURES: &[Feature] = &[ $( Feature {
            entry: Entry { name: $name, doc: $doc, examples: &[concat!("`.ifdef ", $name, "`")] },
            works: $works,
        }, )* ];
    };
}

features! {
    /// `${sha3:` gives digests.
    "_CRYPTO_HASH_SHA3" => |_| Evidence::expansion(Kind::Operator, "sha3");
    /// DKIM signs with Ed25519 keys.
    "_CRYPTO_SIGN_ED25519" => |_| Evidence::option(smtp::DKIM_PRIVATE_KEY);
    /// ARC chains are verified and sealed.
    "_HAVE_ARC" => |_| Evidence::option(smtp::ARC_SIGN);
    /// Messages are scanned: `malware`, `spam`, `regex`, the MIME ACL.
    "_HAVE_CONTENT_SCANNING" => |_| Evidence::option(main::ACL_SMTP_MIME) && Evidence::acl("malware");
    /// The condition `crypteq`.
    "_HAVE_CRYPTEQ" => |_| Evidence::expansion(Kind::Condition, "crypteq");
    /// DANE for outgoing mail.
    "_HAVE_DANE" => |_| Evidence::option(smtp::HOSTS_TRY_DANE);
    /// The ACL condition `dcc`.
    "_HAVE_DCC" => |_| Evidence::acl("dcc");
    /// DKIM signs and verifies.
    "_HAVE_DKIM" => |_| Evidence::option(smtp::DKIM_PRIVATE_KEY) && Evidence::acl("dkim_status");
    /// `${dlfunc` calls functions of shared libraries.
    "_HAVE_DLFUNC" => |_| Evidence::expansion(Kind::Item, "dlfunc");
    /// DMARC is evaluated.
    "_HAVE_DMARC" => |_| Evidence::acl("dmarc_status");
    /// Answers of the DNS are validated.
    "_HAVE_DNSSEC" => |_| Evidence::option(main::DNS_DNSSEC_OK);
    /// Bounces say more about the host that refused (an experiment of Exim's).
    "_HAVE_DSN_INFO" => |_| false;
    /// Packets can be marked.
    "_HAVE_DSCP" => |_| Evidence::option(smtp::DSCP);
    /// The LIMITS extension.
    "_HAVE_ESMTP_LIMITS" => |_| Evidence::option(main::LIMITS_ADVERTISE_HOSTS);
    /// Event actions.
    "_HAVE_EVENT" => |_| Evidence::option(main::EVENT_ACTION) && Evidence::option(generic::EVENT_ACTION);
    /// Mail addresses in Unicode.
    "_HAVE_I18N" => |_| Evidence::expansion(Kind::Operator, "utf8_domain_to_alabel");
    /// Words in other character sets are translated to `headers_charset`.
    "_HAVE_ICONV" => |_| Evidence::expansion(Kind::Operator, "rfc2047d");
    /// IPv6.
    "_HAVE_IPV6" => |_| true;
    /// The lookup `lmdb`.
    "_HAVE_LMDB" => |evidence| evidence.lookup("lmdb");
    /// The option `move_frozen_messages`.
    "_HAVE_MOVE_FROZEN_MESSAGES" => |_| Evidence::option(main::MOVE_FROZEN_MESSAGES);
    /// `${srs_encode` and `inbound_srs`.
    "_HAVE_NATIVE_SRS" => |_| Evidence::expansion(Kind::Item, "srs_encode");
    /// OCSP stapling.
    "_HAVE_OCSP" => |_| Evidence::option(main::TLS_OCSP_FILE);
    /// TLS with OpenSSL's names for ciphers and options.
    "_HAVE_OPENSSL" => |_| Evidence::option(main::TLS_CERTIFICATE);
    /// The condition `pam`.
    "_HAVE_PAM" => |_| Evidence::expansion(Kind::Condition, "pam");
    /// `${perl` calls subroutines in Perl.
    "_HAVE_PERL" => |_| Evidence::expansion(Kind::Item, "perl");
    /// Pipelining from the first packet on.
    "_HAVE_PIPE_CONNECT" => |_| Evidence::option(main::PIPELINING_CONNECT_ADVERTISE_HOSTS);
    /// An answer for each recipient after the data.
    "_HAVE_PRDR" => |_| Evidence::option(main::PRDR_ENABLE);
    /// The PROXY protocol in front of the server.
    "_HAVE_PROXY" => |_| Evidence::option(main::HOSTS_PROXY);
    /// SOCKS proxies for outgoing mail.
    "_HAVE_SOCKS" => |_| Evidence::option(smtp::SOCKS_PROXY);
    /// SPF.
    "_HAVE_SPF" => |_| Evidence::acl("spf");
    /// `${srs_encode` and `inbound_srs`.
    "_HAVE_SRS" => |_| Evidence::expansion(Kind::Item, "srs_encode");
    /// TCP Fast Open.
    "_HAVE_TCP_FASTOPEN" => |_| Evidence::option(smtp::HOSTS_TRY_FASTOPEN);
    /// TLS.
    "_HAVE_TLS" => |_| Evidence::option(main::TLS_CERTIFICATE);
    /// TLS 1.3.
    "_HAVE_TLS1_3" => |_| Evidence::option(main::TLS_CERTIFICATE);
    /// Application names in TLS.
    "_HAVE_TLS_ALPN" => |_| Evidence::option(main::TLS_ALPN);
    /// `tls_verify_certificates = system,cache`.
    "_HAVE_TLS_CA_CACHE" => |_| Evidence::option(main::TLS_VERIFY_CERTIFICATES);
    /// Proofs of `tls_ocsp_file` are stapled.
    "_HAVE_TLS_OCSP" => |_| Evidence::option(main::TLS_OCSP_FILE);
    /// `tls_ocsp_file` is a list of files, in DER or PEM.
    "_HAVE_TLS_OCSP_LIST" => |_| Evidence::option(main::TLS_OCSP_FILE);
    /// TLS sessions are resumed.
    "_HAVE_TLS_RESUME" => |_| Evidence::option(main::TLS_RESUMPTION_HOSTS);
    /// Maildirs.
    "_HAVE_TRANSPORT_APPEND_MAILDIR" => |_| Evidence::option(appendfile::MAILDIR_FORMAT);
    /// Mailstore mailboxes.
    "_HAVE_TRANSPORT_APPEND_MAILSTORE" => |_| Evidence::option(appendfile::MAILSTORE_FORMAT);
    /// MBX mailboxes.
    "_HAVE_TRANSPORT_APPEND_MBX" => |_| Evidence::option(appendfile::MBX_FORMAT);
    /// The WELLKNOWN command.
    "_HAVE_WELLKNOWN" => |_| Evidence::option(main::WELLKNOWN_ADVERTISE_HOSTS);
    /// The XCLIENT command.
    "_HAVE_XCLIENT" => |_| Evidence::option(main::HOSTS_XCLIENT);
}

/// The table of macros that stand for the names of another table.
macro_rules! classes {
    ($( #[doc = $doc:literal] $(#[doc = $example:literal])+ $name:literal; )*) => {
        /// Macros that stand for the names of another table; the manual shows the name in capitals.
        pub static CLASSES: &[Entry] =
            &[ $( Entry { name: $name, doc: $doc, examples: &[$($example),+] }, )* ];
    };
}

classes! {
    /// A condition of ACLs.
    /// `.ifdef _ACL_COND_DOMAINS`
    "_ACL_COND_NAME";
    /// A modifier of ACLs.
    /// `.ifdef _ACL_MOD_LOGWRITE`
    "_ACL_MOD_NAME";
    /// An authenticator driver.
    /// `.ifdef _DRIVER_AUTHENTICATOR_PLAINTEXT`
    "_DRIVER_AUTHENTICATOR_NAME";
    /// A router driver.
    /// `.ifdef _DRIVER_ROUTER_DNSLOOKUP`
    "_DRIVER_ROUTER_NAME";
    /// A transport driver.
    /// `.ifdef _DRIVER_TRANSPORT_PIPE`
    "_DRIVER_TRANSPORT_NAME";
    /// A condition of expansions.
    /// `.ifdef _EXP_COND_INLIST`
    "_EXP_COND_NAME";
    /// An expansion item.
    /// `.ifdef _EXP_ITEM_EXTRACT`
    "_EXP_ITEM_NAME";
    /// An expansion operator.
    /// `.ifdef _EXP_OP_MASK`
    "_EXP_OP_NAME";
    /// A variable.
    /// `.ifdef _EXP_VAR_DOMAIN_DATA`
    "_EXP_VAR_NAME";
    /// A lookup type.
    /// `.ifdef _HAVE_LOOKUP_LSEARCH`
    "_HAVE_LOOKUP_NAME";
    /// A name that `log_selector` takes.
    /// `.ifdef _LOG_SUBJECT`
    "_LOG_NAME";
    /// An option of the main section.
    /// `.ifdef _OPT_MAIN_ACL_SMTP_RCPT`
    "_OPT_MAIN_NAME";
    /// An option of every router.
    /// `.ifdef _OPT_ROUTERS_DOMAINS`
    "_OPT_ROUTERS_NAME";
    /// An option of one router driver.
    /// `.ifdef _OPT_ROUTER_REDIRECT_FILE`
    "_OPT_ROUTER_DRIVER_NAME";
    /// An option of every transport.
    /// `.ifdef _OPT_TRANSPORTS_HEADERS_ADD`
    "_OPT_TRANSPORTS_NAME";
    /// An option of one transport driver.
    /// `.ifdef _OPT_TRANSPORT_SMTP_HOSTS`
    "_OPT_TRANSPORT_DRIVER_NAME";
    /// An option of every authenticator.
    /// `.ifdef _OPT_AUTHENTICATORS_PUBLIC_NAME`
    "_OPT_AUTHENTICATORS_NAME";
    /// An option of one authenticator driver.
    /// `.ifdef _OPT_AUTHENTICATOR_PLAINTEXT_SERVER_PROMPTS`
    "_OPT_AUTHENTICATOR_DRIVER_NAME";
}

/// What the manual says about the features, and whether each works with these lookups.
pub fn features(lookups: &[String]) -> Vec<(&'static Entry, bool)> {
    let evidence = Evidence { lookups };
    FEATURES.iter().map(|feature| (&feature.entry, (feature.works)(&evidence))).collect()
}

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

/// Every predefined macro with its text, in the order in which they are defined. `lookups` are the types that the program
/// serves.
pub fn macros(lookups: &[String]) -> Vec<(String, String)> {
    let features = features(lookups).into_iter().filter(|(_, works)| *works);
    let mut names: Vec<String> = features.map(|(entry, _)| entry.name.to_owned()).collect();
    names.extend(lookups.iter().map(|name| format!("_HAVE_LOOKUP_{}", upper(name))));
    for class in [Class::Router, Class::Transport, Class::Authenticator] {
        for table in options::drivers(class).iter().filter(|table| driver_works(class, table.owner)) {
            names.push(format!("_DRIVER_{}_{}", upper(class.word()), upper(table.owner)));
        }
    }
    names.extend(mail_types::log_selector::names().map(|name| format!("_LOG_{}", upper(name))));
    expansion_names(&mut names);
    names.extend(policy::acl::served(false).map(|name| format!("_ACL_COND_{}", upper(name))));
    names.extend(policy::acl::served(true).map(|name| format!("_ACL_MOD_{}", upper(name))));
    for table in options::tables() {
        if table.owner != "postrider"
            && (table.owner == "generic"
                || table.class == Class::Main
                || driver_works(table.class, table.owner))
        {
            options_of(table, &mut names);
        }
    }
    let mut out: Vec<(String, String)> = names.into_iter().map(|name| (name, "y".to_owned())).collect();
    out.extend(signed_headers());
    out.extend(resumption_words());
    // A macro's name may not hold an earlier one's: longer names first.
    out.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.0.cmp(&b.0)));
    out.dedup_by(|a, b| a.0 == b.0);
    out
}

/// Items, operators, conditions (those that are words), and variables that something fills.
fn expansion_names(out: &mut Vec<String>) {
    for (class, kind) in [("COND", Kind::Condition), ("ITEM", Kind::Item), ("OP", Kind::Operator)] {
        let words =
            served(kind).into_iter().filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
        out.extend(words.map(|name| format!("_EXP_{class}_{}", upper(name))));
    }
    let filled = expand::VARIABLES.iter().filter(|row| row.available == expand::variable::Availability::Now);
    out.extend(filled.map(|row| format!("_EXP_VAR_{}", upper(row.name))));
}

/// The header names that a DKIM signature covers where `dkim_sign_headers` is unset.
pub const DKIM_SIGN_HEADERS: &str = "From:Sender:Reply-To:Subject:Date:Message-ID:To:Cc:MIME-Version:Content-Type:Content-Transfer-Encoding:\
Content-ID:Content-Description:Resent-Date:Resent-From:Resent-Sender:Resent-To:Resent-Cc:\
Resent-Message-ID:In-Reply-To:References:List-Id:List-Help:List-Unsubscribe:List-Subscribe:List-Post:\
List-Owner:List-Archive";

/// The headers that a DKIM signature covers, and the same with the plus sign that covers headers added later.
fn signed_headers() -> Vec<(String, String)> {
    let option = smtp::DKIM_SIGN_HEADERS.definition();
    if option.effect != Effect::Live {
        return Vec::new();
    }
    let names: Vec<String> = DKIM_SIGN_HEADERS.split(':').map(|name| format!("+{name}")).collect();
    vec![
        ("_DKIM_SIGN_HEADERS".to_owned(), DKIM_SIGN_HEADERS.to_owned()),
        ("_DKIM_OVERSIGN_HEADERS".to_owned(), names.join(":")),
    ]
}

/// What `$tls_in_resumption` says, as a list in the order of its values: the oracle's text.
const RESUME_DECODE: &str = "not requested or offered : 0x02 :client requested, no server ticket: 0x04 : 0x05 : 0x06 :client \
offered session, no server action: 0x08 :no client request: 0x0A :client requested new ticket, \
server provided: 0x0C :client offered session, not used: 0x0E :client offered session, server \
only provided new ticket: 0x10 :session resumed unasked: 0x12 :session resumed unasked: 0x14 : \
0x15 : 0x16 :session resumed: 0x18 :session resumed unasked: 0x1A :session resumed unasked: \
0x1C :session resumed: 0x1E :session resumed, also new ticket";

fn resumption_words() -> Option<(String, String)> {
    Evidence::option(main::TLS_RESUMPTION_HOSTS)
        .then(|| ("_RESUME_DECODE".to_owned(), RESUME_DECODE.to_owned()))
}

fn options_of(table: &Table, out: &mut Vec<String>) {
    let class = upper(table.class.word());
    let prefix = match (table.class, table.owner) {
        (Class::Main, _) => "_OPT_MAIN_".to_owned(),
        (_, "generic") => format!("_OPT_{class}S_"),
        (_, driver) => format!("_OPT_{class}_{}_", upper(driver)),
    };
    let live = table.defs.iter().filter(|def| def.effect == Effect::Live);
    out.extend(live.map(|def| format!("{prefix}{}", upper(def.name))));
}

fn upper(name: &str) -> String {
    name.to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macros_tell_what_works() {
        let all = macros(&["lsearch".to_owned()]);
        let has = |name: &str| all.iter().any(|(known, _)| known == name);
        for name in [
            "_OPT_MAIN_ACL_SMTP_RCPT",
            "_DRIVER_ROUTER_REDIRECT",
            "_LOG_SUBJECT",
            "_OPT_TRANSPORT_SMTP_HOSTS",
            "_HAVE_DANE",
            "_OPT_ROUTERS_DOMAINS",
            "_HAVE_LOOKUP_LSEARCH",
            "_HAVE_TRANSPORT_APPEND_MAILDIR",
            "_EXP_ITEM_EXTRACT",
            "_EXP_OP_UC",
            "_EXP_COND_FORANY",
            "_EXP_COND_EQI",
            "_EXP_VAR_DOMAIN",
            "_ACL_COND_HOSTS",
            "_ACL_MOD_MESSAGE",
        ] {
            assert!(has(name), "{name}");
        }
        for name in ["_HAVE_GNUTLS", "_OPT_MAIN_DNS_SERVERS", "_EXP_COND_<=", "_HAVE_LMDB"] {
            assert!(!has(name), "{name}");
        }
    }

    #[test]
    fn what_does_not_work_has_no_macro() {
        let all = macros(&[]);
        for (table, def, _) in options::inert::all() {
            let class = upper(table.class.word());
            let forms = [
                format!("_OPT_{class}_{}", upper(def.name)),
                format!("_OPT_{class}_{}_{}", upper(table.owner), upper(def.name)),
            ];
            assert!(all.iter().all(|(name, _)| !forms.contains(name)), "{} {}", table.owner, def.name);
        }
        for row in expand::unsupported::unsupported() {
            let form = format!("_{}", upper(row.name));
            let of_expansions = |name: &str| {
                name.starts_with("_EXP_")
                    && !name.starts_with("_EXP_VAR")
                    && name.splitn(4, '_').nth(3) == Some(&form[1..])
            };
            assert!(all.iter().all(|(name, _)| !of_expansions(name)), "{}", row.name);
        }
    }

    #[test]
    fn no_name_hides_a_later_one() {
        let all = macros(&["lsearch".to_owned()]);
        for (at, (name, _)) in all.iter().enumerate() {
            let earlier = all[..at].iter().find(|(before, _)| name.contains(before.as_str()));
            assert_eq!(earlier, None, "{name}");
        }
    }
}
