//! The client as text: `$sender_fullhost`, `$sender_rcvhost`.
//!
//! # Compatibility
//! Specification, section "Expansion variables"; ports are shown when the log selector `incoming_port` is on.

use std::net::IpAddr;

use super::facts::ConnectionFacts;

/// `host.example (helo) [192.0.2.1]:1234`; none for local callers.
pub fn full_host(facts: &ConnectionFacts, with_port: bool) -> Option<Vec<u8>> {
    let address = facts.sender_host_address?;
    let mut text = Vec::new();
    if let Some(name) = &facts.sender_host_name {
        text.extend_from_slice(name);
        text.push(b' ');
    }
    if let Some(helo) = shown_helo(facts, address) {
        text.extend_from_slice(&[b"(", helo, b") "].concat());
    }
    text.extend_from_slice(bracketed(address).as_bytes());
    if with_port {
        text.extend_from_slice(format!(":{}", facts.sender_host_port).as_bytes());
    }
    Some(text)
}

/// The client as a Received: line names it; none for local callers.
pub fn received_host(facts: &ConnectionFacts, with_port: bool) -> Option<Vec<u8>> {
    let address = facts.sender_host_address?;
    let mut details: Vec<Vec<u8>> = Vec::new();
    let mut text = match &facts.sender_host_name {
        Some(name) => {
            let port = if with_port { format!(":{}", facts.sender_host_port) } else { String::new() };
            details.push(format!("{}{port}", bracketed(address)).into_bytes());
            name.clone()
        }
        None => {
            if with_port {
                details.push(format!("port={}", facts.sender_host_port).into_bytes());
            }
            bracketed(address).into_bytes()
        }
    };
    if let Some(helo) = shown_helo(facts, address) {
        details.push([b"helo=", helo].concat());
    }
    if let Some(ident) = &facts.sender_ident {
        details.push([b"ident=", &ident[..]].concat());
    }
    if !details.is_empty() {
        // A name with an address, a greeting and an ident does not fit on one line.
        let fold = facts.sender_host_name.is_some() && details.len() == 3;
        text.extend_from_slice(if fold { b"\n\t(" } else { b" (" });
        text.extend_from_slice(&details.join(&b' '));
        text.push(b')');
    }
    Some(text)
}

/// The HELO argument, unless it says nothing that the name or the address does not say.
fn shown_helo(facts: &ConnectionFacts, address: IpAddr) -> Option<&[u8]> {
    let helo = facts.sender_helo_name.as_deref()?;
    let is_name = facts.sender_host_name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(helo));
    let is_address = helo == bracketed(address).as_bytes();
    (!is_name && !is_address).then_some(helo)
}

fn bracketed(address: IpAddr) -> String {
    format!("[{address}]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(name: Option<&str>, helo: Option<&str>, ident: Option<&str>) -> ConnectionFacts {
        ConnectionFacts {
            sender_host_address: Some(IpAddr::from([192, 0, 2, 1])),
            sender_host_port: 1234,
            sender_host_name: name.map(|name| name.as_bytes().to_vec()),
            sender_helo_name: helo.map(|helo| helo.as_bytes().to_vec()),
            sender_ident: ident.map(|ident| ident.as_bytes().to_vec()),
            ..ConnectionFacts::default()
        }
    }

    #[test]
    fn both_texts() {
        let table = [
            (client(None, None, None), "[192.0.2.1]", "[192.0.2.1]"),
            (client(None, Some("foo"), None), "(foo) [192.0.2.1]", "[192.0.2.1] (helo=foo)"),
            (client(None, Some("[192.0.2.1]"), None), "[192.0.2.1]", "[192.0.2.1]"),
            (
                client(Some("h.example"), Some("H.example"), None),
                "h.example [192.0.2.1]",
                "h.example ([192.0.2.1])",
            ),
            (
                client(Some("h.example"), Some("foo"), Some("me")),
                "h.example (foo) [192.0.2.1]",
                "h.example\n\t([192.0.2.1] helo=foo ident=me)",
            ),
        ];
        for (facts, full, received) in table {
            assert_eq!(full_host(&facts, false).as_deref(), Some(full.as_bytes()));
            assert_eq!(received_host(&facts, false).as_deref(), Some(received.as_bytes()));
        }
    }

    #[test]
    fn ports_where_the_log_shows_them() {
        let facts = client(None, Some("foo"), None);
        assert_eq!(full_host(&facts, true).as_deref(), Some(&b"(foo) [192.0.2.1]:1234"[..]));
        assert_eq!(received_host(&facts, true).as_deref(), Some(&b"[192.0.2.1] (port=1234 helo=foo)"[..]));
        let named = client(Some("h.example"), None, None);
        assert_eq!(received_host(&named, true).as_deref(), Some(&b"h.example ([192.0.2.1]:1234)"[..]));
    }

    #[test]
    fn local_callers_have_no_host() {
        assert_eq!(full_host(&ConnectionFacts::default(), true), None);
        assert_eq!(received_host(&ConnectionFacts::default(), true), None);
    }
}
