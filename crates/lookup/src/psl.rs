//! `psl` and `regdom`: the public suffix of a domain, and the domain that was registered under it.
//!
//! # Invariants
//! * The answer is the end of the key itself, so A-labels stay A-labels and U-labels stay U-labels.
//!
//! # Security
//! Keys are hostile: of their labels no more are looked at than the longest rule has.
//!
//! # Compatibility
//! Spec section "Single-key lookup types", "Public Suffix List" (after 4.99). Both sections of the list count. A domain
//! that no rule is about has its last label as the suffix; one that is a public suffix itself has no registered domain.
//!
//! # References
//! <https://github.com/publicsuffix/list/wiki/Format>

use std::collections::HashMap;

/// The rules of a list.
#[derive(Debug)]
pub struct SuffixList {
    /// By the rule's text with A-labels, in lower case, without `!` and `*.`.
    rules: HashMap<Vec<u8>, Rule>,
    /// Labels of the longest rule: a domain may have many more.
    depth: usize,
}

/// Which kinds of rule there are for a name.
#[derive(Clone, Copy, Debug, Default)]
struct Rule {
    /// The name is a suffix.
    plain: bool,
    /// Each name directly under it is.
    wildcard: bool,
    /// The name is none, although a wildcard says so.
    exception: bool,
}

impl SuffixList {
    /// Reads the text of a list: a rule a line, up to white space; `//` begins a comment.
    pub fn parse(text: &[u8]) -> Self {
        let mut rules: HashMap<Vec<u8>, Rule> = HashMap::new();
        for line in text.split(|byte| *byte == b'\n') {
            let line = line.trim_ascii_start();
            let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
            let rule = &line[..end];
            if rule.is_empty() || rule.starts_with(b"//") {
                continue;
            }
            if let Some(name) = rule.strip_prefix(b"!") {
                rules.entry(ascii(name)).or_default().exception = true;
            } else if let Some(name) = rule.strip_prefix(b"*.") {
                rules.entry(ascii(name)).or_default().wildcard = true;
            } else {
                rules.entry(ascii(rule)).or_default().plain = true;
            }
        }
        let depth = rules.keys().map(|rule| memchr::memchr_iter(b'.', rule).count() + 1).max().unwrap_or(0);
        Self { rules, depth }
    }

    /// The public suffix.
    pub fn suffix<'a>(&self, domain: &'a [u8]) -> Option<&'a [u8]> {
        let labels = labels(domain)?;
        tail(domain, labels.len(), self.suffix_length(&labels))
    }

    /// The public suffix and one label more.
    pub fn registered<'a>(&self, domain: &'a [u8]) -> Option<&'a [u8]> {
        let labels = labels(domain)?;
        tail(domain, labels.len(), self.suffix_length(&labels) + 1)
    }

    /// How many labels the suffix has: the exception's parent, else the longest rule, else one.
    fn suffix_length(&self, labels: &[Vec<u8>]) -> usize {
        let mut longest = 1;
        for length in 1..=labels.len().min(self.depth) {
            let name = labels[labels.len() - length..].join(&b'.');
            let Some(rule) = self.rules.get(&name) else { continue };
            if rule.exception {
                return length - 1;
            }
            if rule.plain {
                longest = longest.max(length);
            }
            if rule.wildcard && length < labels.len() {
                longest = longest.max(length + 1);
            }
        }
        longest
    }
}

/// The labels with A-labels, in lower case; none for what is no domain.
fn labels(domain: &[u8]) -> Option<Vec<Vec<u8>>> {
    let labels: Vec<Vec<u8>> = domain.split(|byte| *byte == b'.').map(ascii).collect();
    labels.iter().all(|label| !label.is_empty()).then_some(labels)
}

/// The last labels of a domain, as it was written.
fn tail(domain: &[u8], labels: usize, wanted: usize) -> Option<&[u8]> {
    let passed = labels.checked_sub(wanted)?;
    let start = match passed.checked_sub(1) {
        None => 0,
        Some(dot) => memchr::memchr_iter(b'.', domain).nth(dot)? + 1,
    };
    Some(&domain[start..])
}

/// A name with A-labels, in lower case; one that is no name by IDNA's rules as it is.
fn ascii(name: &[u8]) -> Vec<u8> {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    idna::domain_to_ascii_cow(name, idna::AsciiDenyList::EMPTY)
        .map_or_else(|_| name.to_vec(), |name| name.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "// comment\n\ncom\nuk\nco.uk\n*.ck\n!www.ck\n*.kawasaki.jp\njp\n!city.kawasaki.jp\n\
        // ===BEGIN PRIVATE DOMAINS===\nblogspot.com junk behind\nxn--85x722f.com.cn\n公司.cn\n";

    #[test]
    fn suffixes_and_registered_domains() {
        let list = SuffixList::parse(LIST.as_bytes());
        for (domain, suffix, registered) in [
            ("example.com", Some("com"), Some("example.com")),
            ("a.b.example.COM", Some("COM"), Some("example.COM")),
            ("com", Some("com"), None),
            ("co.uk", Some("co.uk"), None),
            ("x.y.co.uk", Some("co.uk"), Some("y.co.uk")),
            ("x.blogspot.com", Some("blogspot.com"), Some("x.blogspot.com")),
            ("test.ck", Some("test.ck"), None),
            ("b.test.ck", Some("test.ck"), Some("b.test.ck")),
            ("a.www.ck", Some("ck"), Some("www.ck")),
            ("ck", Some("ck"), None),
            ("x.c.kawasaki.jp", Some("c.kawasaki.jp"), Some("x.c.kawasaki.jp")),
            ("x.city.kawasaki.jp", Some("kawasaki.jp"), Some("city.kawasaki.jp")),
            ("a.unlisted", Some("unlisted"), Some("a.unlisted")),
            ("食狮.公司.cn", Some("公司.cn"), Some("食狮.公司.cn")),
            ("xn--85x722f.xn--55qx5d.cn", Some("xn--55qx5d.cn"), Some("xn--85x722f.xn--55qx5d.cn")),
            ("", None, None),
            (".com", None, None),
            ("a..com", None, None),
        ] {
            let text = |found: Option<&[u8]>| found.map(|found| String::from_utf8(found.to_vec()).unwrap());
            assert_eq!(text(list.suffix(domain.as_bytes())).as_deref(), suffix, "{domain}");
            assert_eq!(text(list.registered(domain.as_bytes())).as_deref(), registered, "{domain}");
        }
    }
}
