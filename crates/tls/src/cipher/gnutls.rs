//! GnuTLS's priority strings.

use super::{Choice, SUITES};
use crate::group;

/// Words that begin a priority string and are no words of OpenSSL's.
const LEVELS: [&str; 9] =
    ["NORMAL", "PERFORMANCE", "SECURE128", "SECURE192", "SECURE256", "PFS", "NONE", "LEGACY", "SYSTEM"];

pub(super) fn is_priority_string(list: &str) -> bool {
    let first = list.split(':').next().unwrap_or_default().trim();
    LEVELS.contains(&first) || first.starts_with('@') && !first.contains('=') || list.contains("VERS-")
}

/// What has been chosen so far.
#[derive(Default)]
struct Set {
    tls12: bool,
    tls13: bool,
    ciphers: Vec<&'static str>,
    exchanges: Vec<&'static str>,
    groups: Vec<u16>,
    dropped: Vec<String>,
}

const CIPHERS: [&str; 3] = ["AES-256-GCM", "AES-128-GCM", "CHACHA20-POLY1305"];
const EXCHANGES: [&str; 2] = ["ECDSA", "RSA"];

pub(super) fn choose(list: &str) -> Choice {
    let mut set = Set::default();
    for word in list.split(':').map(str::trim).filter(|word| !word.is_empty()) {
        set.apply(word);
    }
    let fits = |cipher: &str, authentication: &str| {
        set.ciphers.contains(&cipher)
            && (authentication.is_empty() || set.exchanges.contains(&authentication))
    };
    let suites = SUITES.iter().filter(|suite| fits(suite.gnutls_cipher, suite.authentication));
    Choice {
        suites: suites.map(|suite| suite.id).collect(),
        tls12: set.tls12,
        tls13: set.tls13,
        groups: set.groups,
        dropped: set.dropped,
    }
}

impl Set {
    fn apply(&mut self, word: &str) {
        match word.as_bytes() {
            [b'%' | b'@', ..] => {
                if word.starts_with('@') {
                    self.level();
                }
            }
            [b'+', ..] => self.add(word),
            [b'-' | b'!', ..] => self.remove(&word[1..]),
            _ if word == "NONE" => {}
            _ => {
                self.level();
                if matches!(word, "SECURE192" | "SECURE256") {
                    self.ciphers.retain(|cipher| *cipher != "AES-128-GCM");
                    self.groups = group::by_gnutls_name("SECP384R1").into_iter().collect();
                }
                if !LEVELS.contains(&word) {
                    self.dropped.push(word.to_owned());
                }
            }
        }
    }

    fn level(&mut self) {
        self.tls12 = true;
        self.tls13 = true;
        self.ciphers = CIPHERS.to_vec();
        self.exchanges = EXCHANGES.to_vec();
        self.groups = group::all();
    }

    fn add(&mut self, word: &str) {
        match &word[1..] {
            "VERS-ALL" | "VERS-TLS-ALL" => (self.tls12, self.tls13) = (true, true),
            "VERS-TLS1.2" => self.tls12 = true,
            "VERS-TLS1.3" => self.tls13 = true,
            "CIPHER-ALL" => self.ciphers = CIPHERS.to_vec(),
            "KX-ALL" => self.exchanges = EXCHANGES.to_vec(),
            "ECDHE-RSA" => add_to(&mut self.exchanges, "RSA"),
            "ECDHE-ECDSA" => add_to(&mut self.exchanges, "ECDSA"),
            name => {
                if let Some(group) = group_of(name) {
                    return self.add_group(group, word);
                }
                let known = CIPHERS.iter().find(|cipher| **cipher == name);
                if let Some(cipher) = known {
                    add_to(&mut self.ciphers, cipher);
                } else if !without_effect(name) {
                    self.dropped.push(word.to_owned());
                }
            }
        }
    }

    fn add_group(&mut self, name: &str, word: &str) {
        match name {
            "ALL" | "EC-ALL" => self.groups = group::all(),
            // There is none, and who asks for all of a kind asks for none by name.
            "DH-ALL" => {}
            name => match group::by_gnutls_name(name) {
                Some(id) => add_to(&mut self.groups, id),
                None => self.dropped.push(word.to_owned()),
            },
        }
    }

    fn remove(&mut self, name: &str) {
        match name {
            "VERS-ALL" | "VERS-TLS-ALL" => (self.tls12, self.tls13) = (false, false),
            "VERS-TLS1.2" => self.tls12 = false,
            "VERS-TLS1.3" => self.tls13 = false,
            "CIPHER-ALL" => self.ciphers.clear(),
            "KX-ALL" => self.exchanges.clear(),
            "ECDHE-RSA" => self.exchanges.retain(|exchange| *exchange != "RSA"),
            "ECDHE-ECDSA" => self.exchanges.retain(|exchange| *exchange != "ECDSA"),
            name => match group_of(name) {
                Some("ALL" | "EC-ALL") => self.groups.clear(),
                Some(name) => {
                    let gone = group::by_gnutls_name(name);
                    self.groups.retain(|id| Some(*id) != gone);
                }
                None => self.ciphers.retain(|cipher| *cipher != name),
            },
        }
    }
}

fn add_to<T: PartialEq>(set: &mut Vec<T>, one: T) {
    if !set.contains(&one) {
        set.push(one);
    }
}

/// Which group a word is about; `CURVE-` is the older word.
fn group_of(name: &str) -> Option<&str> {
    name.strip_prefix("GROUP-").or_else(|| name.strip_prefix("CURVE-"))
}

/// Words that choose among things of which there is one here, or which follow from the suite.
fn without_effect(name: &str) -> bool {
    ["COMP-", "MAC-", "SIGN-", "CTYPE-"].iter().any(|class| name.starts_with(class))
        || matches!(name, "AEAD" | "SHA256" | "SHA384" | "SHA512")
}
