//! Header fields that hold addresses: finding them, completing them, taking recipients from them.
//!
//! # Invariants
//! * Text that is no address is never changed: phrases, comments and broken items stay as they are.
//!
//! # Security
//! The fields are hostile. Parsing is `mail_types::address`'s.
//!
//! # Compatibility
//! Specification, "Unqualified addresses": From, Sender and Reply-To take `qualify_domain`, To, Cc and Bcc
//! `qualify_recipient`. The line that was stays in the list, typed as old, in front of its successor.

use mail_types::address::{Address, ParseOptions, addresses_of_header};

use crate::header::{HeaderLine, HeaderType};

/// Fields whose addresses are qualified and rewritten.
pub fn is_address_field(kind: HeaderType) -> bool {
    is_sender_field(kind) || matches!(kind, HeaderType::Bcc | HeaderType::Cc | HeaderType::To)
}

/// Address fields that tell of the sender's side.
pub fn is_sender_field(kind: HeaderType) -> bool {
    matches!(kind, HeaderType::From | HeaderType::ReplyTo | HeaderType::Sender)
}

/// The domains that complete unqualified addresses; `None` leaves them alone.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Qualify<'a> {
    /// For From, Sender, Reply-To.
    pub sender: Option<&'a [u8]>,
    /// For To, Cc, Bcc.
    pub recipient: Option<&'a [u8]>,
}

/// Completes the unqualified addresses of all address fields.
pub fn qualify(headers: &mut Vec<HeaderLine>, domains: Qualify<'_>, parse: ParseOptions) {
    let mut at = 0;
    while at < headers.len() {
        let kind = headers[at].kind;
        let domain = match kind {
            _ if is_sender_field(kind) => domains.sender,
            _ if is_address_field(kind) => domains.recipient,
            _ => None,
        };
        if let Some(domain) = domain
            && let Some(text) = qualified(&headers[at], domain, parse)
        {
            headers[at].kind = HeaderType::Old;
            at += 1;
            headers.insert(at, HeaderLine { kind, text });
        }
        at += 1;
    }
}

/// The line with its unqualified addresses completed; `None` when there are none.
pub fn qualified(line: &HeaderLine, domain: &[u8], parse: ParseOptions) -> Option<Vec<u8>> {
    map_addresses(line, parse, |address| {
        let bare = !address.local_part.is_empty() && address.domain.is_empty();
        bare.then(|| address.clone().qualified_with(domain).to_bytes())
    })
}

/// The line with addresses replaced where `change` gives a new one; `None` when nothing changed.
pub fn map_addresses(
    line: &HeaderLine,
    parse: ParseOptions,
    mut change: impl FnMut(&Address) -> Option<Vec<u8>>,
) -> Option<Vec<u8>> {
    let body = line.body();
    let mut out = line.text[..line.text.len() - body.len()].to_vec();
    let mut copied = 0;
    let mut changed = false;
    for found in addresses_of_header(body, parse) {
        let Ok(address) = &found.address else { continue };
        let Some(new) = change(address) else { continue };
        let place = narrowed(body, found.place.start, found.place.end, &address.to_bytes());
        if place.0 < copied {
            continue;
        }
        out.extend_from_slice(&body[copied..place.0]);
        out.extend(new.iter().map(|b| if matches!(b, b'\n' | b'\r' | 0) { b' ' } else { *b }));
        copied = place.1;
        changed = true;
    }
    out.extend_from_slice(&body[copied..]);
    changed.then_some(out)
}

/// Where in a place the address itself stands, blanks and comments around it left out.
fn narrowed(body: &[u8], start: usize, end: usize, address: &[u8]) -> (usize, usize) {
    let text = &body[start..end];
    let (mut depth, mut at) = (0usize, 0);
    while at < text.len() {
        match text[at] {
            b'\\' if depth > 0 => at += 1,
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ if depth == 0 && text[at..].starts_with(address) => {
                return (start + at, start + at + address.len());
            }
            _ => {}
        }
        at += 1;
    }
    let lead = text.len() - text.trim_ascii_start().len();
    (start + lead, start + lead + text.trim_ascii().len())
}

/// An item of a recipient field that names no address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BadRecipient {
    /// The field from the item on, as Exim shows it.
    pub text: Vec<u8>,
    /// What is wrong, in Exim's words.
    pub message: String,
}

/// The recipients that `-t` takes from the header: of the Resent- fields when there are any, else of To, Cc, Bcc.
pub fn recipients(headers: &[HeaderLine], parse: ParseOptions) -> (Vec<Address>, Vec<BadRecipient>) {
    let resent = crate::fixup::is_resent(headers);
    let mut good = Vec::new();
    let mut bad = Vec::new();
    for line in headers {
        let is_recipient_field = matches!(line.kind, HeaderType::To | HeaderType::Cc | HeaderType::Bcc);
        let has_prefix = line.name().get(..7).is_some_and(|p| p.eq_ignore_ascii_case(b"resent-"));
        if !is_recipient_field || has_prefix != resent {
            continue;
        }
        let body = line.body();
        if body.trim_ascii().is_empty() {
            continue;
        }
        for found in addresses_of_header(body, parse) {
            let text = body[found.item.start..].trim_ascii().to_vec();
            match found.address {
                Ok(address) => good.push(address),
                Err(error) => bad.push(BadRecipient { text, message: error.message }),
            }
        }
    }
    (good, bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARSE: ParseOptions = ParseOptions {
        allow_null: false,
        allow_utf8: false,
        allow_domain_literals: false,
        strip_trailing_dot: false,
        strip_excess_angle_brackets: false,
    };

    fn lines(texts: &[&str]) -> Vec<HeaderLine> {
        texts.iter().map(|t| HeaderLine::new(*t)).collect()
    }

    #[test]
    fn unqualified_addresses_are_completed() {
        // Observed with Exim 4.96 and qualify_domain = q.test.
        let mut headers =
            lines(&["From: foo@bar", "To: x, \"A B\" <y>, z@z", "Cc: b (com), \"q w\" <x@y>", "X: y"]);
        let both = Qualify { sender: Some(b"q.test"), recipient: Some(b"q.test") };
        qualify(&mut headers, both, PARSE);
        let shown: Vec<String> = headers
            .iter()
            .map(|l| format!("{}{}", l.kind.letter() as char, String::from_utf8_lossy(&l.text).trim_end()))
            .collect();
        assert_eq!(
            shown,
            [
                "FFrom: foo@bar",
                "*To: x, \"A B\" <y>, z@z",
                "TTo: x@q.test, \"A B\" <y@q.test>, z@z",
                "*Cc: b (com), \"q w\" <x@y>",
                "CCc: b@q.test (com), \"q w\" <x@y>",
                " X: y",
            ]
        );
    }

    #[test]
    fn comments_stay_where_they_are() {
        for (text, want) in [
            ("To: (b) b (b)", "To: (b) b@q (b)\n"),
            ("To: x <b>(c)", "To: x <b@q>(c)\n"),
            ("To: (\\) b) b , c", "To: (\\) b) b@q , c@q\n"),
        ] {
            let found = qualified(&HeaderLine::new(text), b"q", PARSE).unwrap();
            assert_eq!(String::from_utf8(found).unwrap(), want);
        }
    }

    #[test]
    fn each_side_has_its_domain() {
        let mut headers = lines(&["From: a", "To: b", "Reply-To: c"]);
        qualify(&mut headers, Qualify { sender: None, recipient: Some(b"r.test") }, PARSE);
        let texts: Vec<&[u8]> =
            headers.iter().filter(|l| l.kind != HeaderType::Old).map(|l| l.text.as_slice()).collect();
        assert_eq!(texts, [&b"From: a\n"[..], b"To: b@r.test\n", b"Reply-To: c\n"]);
    }

    #[test]
    fn recipients_of_the_header() {
        let headers = lines(&["To: a@b, c@d", "Cc:", "Bcc: e@f", "Reply-To: no@no"]);
        let (good, bad) = recipients(&headers, PARSE);
        let found: Vec<Vec<u8>> = good.iter().map(Address::to_bytes).collect();
        assert_eq!(found, [b"a@b".to_vec(), b"c@d".to_vec(), b"e@f".to_vec()]);
        assert_eq!(bad, []);
        let headers = lines(&["To: a@b", "Resent-To: g@h"]);
        let (good, _) = recipients(&headers, PARSE);
        assert_eq!(good, [Address::split(b"g@h")]);
    }
}
