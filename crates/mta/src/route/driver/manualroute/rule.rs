//! The form of routing rules and of host items.
//!
//! # Compatibility
//! Specification sections "Routing rules in route_list" to "Format of one host item".

/// Hosts and options of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Rule {
    /// The host list, not yet expanded.
    pub(super) hosts: Vec<u8>,
    /// The words after it.
    pub(super) options: Vec<Vec<u8>>,
}

/// One item of a host list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HostItem {
    /// Name or address.
    pub(super) name: Vec<u8>,
    /// `:port`.
    pub(super) port: Option<u16>,
    /// `/MX`: the hosts are those of the name's MX records.
    pub(super) mx: bool,
}

impl Rule {
    /// `pattern hosts options`.
    pub(super) fn of_list_item(text: &[u8]) -> (Vec<u8>, Self) {
        let (pattern, rest) = word(text);
        (pattern, Self::of_data(rest))
    }

    /// `hosts options`.
    pub(super) fn of_data(text: &[u8]) -> Self {
        let (hosts, rest) = word(text);
        let options = rest.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        Self { hosts, options: options.map(<[u8]>::to_vec).collect() }
    }
}

impl HostItem {
    /// Reads `name`, `name/MX`, `name:port`, `name/MX:port`, `address`, `[address]:port`.
    pub(super) fn parse(text: &[u8]) -> Self {
        let (name, port) = cut_port(text);
        match name.len().checked_sub(3) {
            Some(at) if name[at..].eq_ignore_ascii_case(b"/mx") => {
                Self { name: name[..at].to_vec(), port, mx: true }
            }
            _ => Self { name: name.to_vec(), port, mx: false },
        }
    }
}

fn cut_port(text: &[u8]) -> (&[u8], Option<u16>) {
    if std::str::from_utf8(text).is_ok_and(|text| text.parse::<std::net::IpAddr>().is_ok()) {
        return (text, None);
    }
    if let Some(rest) = text.strip_prefix(b"[")
        && let Some(close) = rest.iter().position(|byte| *byte == b']')
    {
        return (&rest[..close], rest[close + 1..].strip_prefix(b":").and_then(number));
    }
    match text.iter().rposition(|byte| *byte == b':') {
        Some(colon) => match number(&text[colon + 1..]) {
            Some(port) => (text[..colon].trim_ascii(), Some(port)),
            None => (text, None),
        },
        None => (text, None),
    }
}

fn number(text: &[u8]) -> Option<u16> {
    std::str::from_utf8(text.trim_ascii()).ok()?.parse().ok()
}

/// The first word, quotes undone, and what follows it.
fn word(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let text = text.trim_ascii_start();
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
        return (text[..end].to_vec(), &text[end..]);
    };
    let mut word = Vec::new();
    let mut at = 0;
    while let Some(&byte) = quoted.get(at) {
        match byte {
            b'"' => return (word, &quoted[at + 1..]),
            b'\\' if at + 1 < quoted.len() => {
                at += 1;
                word.push(escaped(quoted[at]));
            }
            other => word.push(other),
        }
        at += 1;
    }
    (word, b"")
}

fn escaped(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'b' => 8,
        b'f' => 12,
        b'v' => 11,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_have_three_parts() {
        let table: [(&str, &str, &str, &[&str]); 5] = [
            ("* a.example", "*", "a.example", &[]),
            ("*.x \"a : b\" randomize  bydns", "*.x", "a : b", &["randomize", "bydns"]),
            ("x", "x", "", &[]),
            ("\"quoted pattern\" <+h:1+i", "quoted pattern", "<+h:1+i", &[]),
            ("p \"q\\\"r\\\\s\" t", "p", "q\"r\\s", &["t"]),
        ];
        for (text, pattern, hosts, options) in table {
            let (found, rule) = Rule::of_list_item(text.as_bytes());
            assert_eq!(found, pattern.as_bytes());
            assert_eq!(rule.hosts, hosts.as_bytes());
            assert_eq!(rule.options, options.iter().map(|o| o.as_bytes().to_vec()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn host_items_with_and_without_port() {
        let table: [(&str, &str, Option<u16>, bool); 8] = [
            ("host.example", "host.example", None, false),
            ("host.example:1225", "host.example", Some(1225), false),
            ("dom.example/mx:26", "dom.example", Some(26), true),
            ("dom.example/MX", "dom.example", None, true),
            ("192.0.2.1", "192.0.2.1", None, false),
            ("2001:db8::25", "2001:db8::25", None, false),
            ("[2001:db8::25]:2525", "2001:db8::25", Some(2525), false),
            ("[192.0.2.1]", "192.0.2.1", None, false),
        ];
        for (text, name, port, mx) in table {
            assert_eq!(HostItem::parse(text.as_bytes()), HostItem { name: name.into(), port, mx }, "{text}");
        }
    }
}
