//! Text made safe for the query language of a lookup type, and values of several fields.
//!
//! # Compatibility
//! Spec sections "Quoting lookup data", "LDAP quoting", "SQL lookups"; what the oracle does where the two differ
//! (`quote_pgsql` doubles single quotes).

use mail_types::value::Taint;

/// `${quote_<kind>:text}`; none when the type has no query language. The option is what follows a second underline.
pub(crate) fn text(kind: &str, text: &[u8], option: Option<&[u8]>) -> Option<Vec<u8>> {
    let backslashed =
        |text: &[u8]| escaped(text, |byte| matches!(byte, b'\'' | b'"' | b'\\').then_some([b'\\', byte]));
    match (kind, option) {
        ("ldap" | "ldapm" | "ldapdn" | "ldapauth", Some(b"dn")) => Some(url(&distinguished_name(text))),
        (_, Some(_)) => None,
        ("ldap" | "ldapm" | "ldapdn" | "ldapauth", _) => Some(url(&filter(text))),
        ("mysql" | "oracle" | "ibase", _) => Some(backslashed(text)),
        ("pgsql", _) => Some(escaped(text, |byte| match byte {
            b'\'' => Some([b'\'', b'\'']),
            b'"' | b'\\' => Some([b'\\', byte]),
            _ => None,
        })),
        ("sqlite", _) => Some(doubled(text, b'\'')),
        ("nisplus", _) => Some(doubled(text, b'"')),
        ("redis", _) => Some(text.iter().fold(Vec::new(), |mut out, byte| {
            if byte.is_ascii_whitespace() || *byte == b'\\' {
                out.push(b'\\');
            }
            out.push(*byte);
            out
        })),
        _ => None,
    }
}

/// Whether a query holds text from outside that was not quoted for its type. The LDAP types are one in this.
pub(crate) fn is_unquoted(kind: &str, taint: &Taint) -> bool {
    let family = |kind: &str| if kind.starts_with("ldap") { "ldap".to_owned() } else { kind.to_owned() };
    text(kind, b"", None).is_some()
        && match taint {
            Taint::Clean => false,
            Taint::Tainted => true,
            Taint::Quoted(quoted) => family(quoted.lookup()) != family(kind),
        }
}

/// For SQL: control characters by name, and what else the type asks for.
fn escaped(text: &[u8], special: impl Fn(u8) -> Option<[u8; 2]>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\r' => out.extend_from_slice(b"\\r"),
            8 => out.extend_from_slice(b"\\b"),
            byte => match special(byte) {
                Some(pair) => out.extend_from_slice(&pair),
                None => out.push(byte),
            },
        }
    }
    out
}

fn doubled(text: &[u8], quote: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        if byte == quote {
            out.push(quote);
        }
        out.push(byte);
    }
    out
}

/// rfc4515: what has a meaning in a filter becomes `\XX`.
fn filter(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            b'*' | b'(' | b')' | b'\\' => out.extend_from_slice(format!("\\{byte:02X}").as_bytes()),
            byte => out.push(byte),
        }
    }
    out
}

/// rfc4514: what has a meaning in a name gets a backslash; so do spaces at the ends and `#` in front.
fn distinguished_name(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let leading = text.iter().take_while(|byte| matches!(byte, b' ' | b'#')).count();
    let trailing = text.iter().rev().take_while(|byte| **byte == b' ').count();
    for (at, &byte) in text.iter().enumerate() {
        if at < leading || at >= text.len() - trailing || b",+\"\\<>;".contains(&byte) {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out
}

/// Everything but letters, digits and ``!$'-._()*+`` as `%XX`.
fn url(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        if byte.is_ascii_alphanumeric() || b"!$'-._()*+".contains(&byte) {
            out.push(byte);
        } else {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
    out
}

/// A value behind `name=`: in quotes when it is empty or holds white space.
pub(crate) fn field(value: &[u8], out: &mut Vec<u8>) {
    if !value.is_empty() && !value.iter().any(u8::is_ascii_whitespace) {
        out.extend_from_slice(value);
        return;
    }
    out.push(b'"');
    for &byte in value {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_quotes_as_exim_does() {
        for (kind, option, plain, quoted) in [
            ("ldap", None, " a(bc)*, a<yz>; ", "%20a%5C28bc%5C29%5C2A%2C%20a%3Cyz%3E%3B%20"),
            ("ldap", Some("dn"), " a(bc)*, a<yz>; ", "%5C%20a(bc)*%5C%2C%20a%5C%3Cyz%5C%3E%5C%3B%5C%20"),
            ("mysql", None, "a'b\"c\\d\n\t\r\u{8}", "a\\'b\\\"c\\\\d\\n\\t\\r\\b"),
            ("pgsql", None, "a'b\"c\\d", "a''b\\\"c\\\\d"),
            ("sqlite", None, "a'b\"", "a''b\""),
            ("nisplus", None, "a\"b'", "a\"\"b'"),
            ("redis", None, "a b\\c", "a\\ b\\\\c"),
        ] {
            let got = text(kind, plain.as_bytes(), option.map(str::as_bytes)).unwrap();
            assert_eq!(String::from_utf8(got).unwrap(), quoted, "{kind}");
        }
        for kind in ["lsearch", "dnsdb", "passwd", "readsock", "cdb", "whoson"] {
            assert_eq!(text(kind, b"a'b", None), None, "{kind}");
        }
    }

    #[test]
    fn fields_are_quoted_when_they_must_be() {
        for (value, want) in
            [("x", "x"), ("", "\"\""), ("a b", "\"a b\""), ("q\"x\\", "q\"x\\"), ("q\" \\", "\"q\\\" \\\\\"")]
        {
            let mut out = Vec::new();
            field(value.as_bytes(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), want);
        }
    }
}
