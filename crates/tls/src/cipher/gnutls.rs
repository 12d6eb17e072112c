//! GnuTLS's priority strings.

use super::{Choice, SUITES};

/// Words that begin a priority string and are no words of OpenSSL's.
const LEVELS: [&str; 9] =
    ["NORMAL", "PERFORMANCE", "SECURE128", "SECURE192", "SECURE256", "PFS", "NONE", "LEGACY", "SYSTEM"];

pub(super) fn is_priority_string(list: &str) -> bool {
    let first = list.split(':').next().unwrap_or_default().trim();
    LEVELS.contains(&first) || first.starts_with('@') && !first.contains('=') || list.contains("VERS-")
}

/// What has been chosen so far.
struct Set {
    tls12: bool,
    tls13: bool,
    ciphers: Vec<&'static str>,
    exchanges: Vec<&'static str>,
    dropped: Vec<String>,
}

const CIPHERS: [&str; 3] = ["AES-256-GCM", "AES-128-GCM", "CHACHA20-POLY1305"];
const EXCHANGES: [&str; 2] = ["ECDSA", "RSA"];

pub(super) fn choose(list: &str) -> Choice {
    let mut set =
        Set { tls12: false, tls13: false, ciphers: Vec::new(), exchanges: Vec::new(), dropped: Vec::new() };
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
                let known = CIPHERS.iter().find(|cipher| **cipher == name);
                if let Some(cipher) = known {
                    add_to(&mut self.ciphers, cipher);
                } else if !without_effect(name) {
                    self.dropped.push(word.to_owned());
                }
            }
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
            name => self.ciphers.retain(|cipher| *cipher != name),
        }
    }
}

fn add_to(set: &mut Vec<&'static str>, name: &'static str) {
    if !set.contains(&name) {
        set.push(name);
    }
}

/// Words that choose among things of which there is one here, or which follow from the suite.
fn without_effect(name: &str) -> bool {
    ["COMP-", "MAC-", "SIGN-", "GROUP-", "CURVE-", "CTYPE-"].iter().any(|class| name.starts_with(class))
        || matches!(name, "AEAD" | "SHA256" | "SHA384" | "SHA512")
}
