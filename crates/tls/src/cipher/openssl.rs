//! OpenSSL's cipher lists.

use super::{Choice, SUITES, Suite};

/// Words that stand for groups of which nothing exists here, or that change nothing.
const NOTHING_HERE: [&str; 2] = ["COMPLEMENTOFDEFAULT", "COMPLEMENTOFALL"];

pub(super) fn choose(list: &str) -> Choice {
    let mut order: Vec<&Suite> = Vec::new();
    let mut killed: Vec<u16> = Vec::new();
    let mut dropped = Vec::new();
    // What follows an `@` is a word of its own, whether or not something separates it from the one before.
    let list = list.replace('_', "-").replace('@', ":@");
    for word in list.split([':', ',', ' ', ';']).filter(|word| !word.is_empty()) {
        let (action, text) = match word.as_bytes() {
            [b'!' | b'-' | b'+' | b'@', ..] => word.split_at(1),
            _ => ("", word),
        };
        let matched: Vec<&Suite> = SUITES.iter().filter(|s| !s.is_tls13() && all_match(text, s)).collect();
        match action {
            "!" => {
                killed.extend(matched.iter().map(|suite| suite.id));
                order.retain(|suite| !killed.contains(&suite.id));
            }
            "-" => order.retain(|suite| !matched.contains(suite)),
            "+" => {
                let (moved, mut kept): (Vec<&Suite>, Vec<&Suite>) =
                    order.iter().partition(|suite| matched.contains(suite));
                kept.extend(moved);
                order = kept;
            }
            // `@STRENGTH` sorts by key length, stably; `@SECLEVEL=` excludes nothing that exists here.
            "@" if text == "STRENGTH" => order.sort_by_key(|suite| std::cmp::Reverse(suite.bits)),
            "@" => {}
            _ => {
                if matched.is_empty() && !NOTHING_HERE.contains(&text) {
                    dropped.push(word.to_owned());
                }
                for suite in matched {
                    if !killed.contains(&suite.id) && !order.contains(&suite) {
                        order.push(suite);
                    }
                }
            }
        }
    }
    let tls13 = SUITES.iter().filter(|suite| suite.is_tls13());
    let suites: Vec<u16> = tls13.chain(order.iter().copied()).map(|suite| suite.id).collect();
    Choice { tls12: !order.is_empty(), suites, tls13: true, groups: crate::group::all(), dropped }
}

/// Words joined by `+` must all match.
fn all_match(text: &str, suite: &Suite) -> bool {
    text.split('+').all(|word| matches(word, suite))
}

fn matches(word: &str, suite: &Suite) -> bool {
    match word {
        "ALL" | "DEFAULT" | "HIGH" | "kECDHE" | "kEECDH" | "ECDHE" | "EECDH" | "ECDH" | "TLSv1.2" => true,
        // What the administrator of the system chose: nobody has here.
        "PROFILE=SYSTEM" => true,
        "FIPS" => suite.words.contains(&"AESGCM"),
        "aRSA" => suite.authentication == "RSA",
        "ECDSA" | "aECDSA" => suite.authentication == "ECDSA",
        // RFC 6460; whatever stands beside it is without effect in OpenSSL, and chooses less than this here.
        "SUITEB128" => suite.authentication == "ECDSA" && suite.words.contains(&"AESGCM"),
        "SUITEB128ONLY" => suite.openssl == "ECDHE-ECDSA-AES128-GCM-SHA256",
        "SUITEB192" => suite.openssl == "ECDHE-ECDSA-AES256-GCM-SHA384",
        // `SHA256` and `SHA384` mean MACs of CBC suites: the AEAD suites that end so have none.
        name => name == suite.openssl || suite.words.contains(&name),
    }
}
