//! The display name before an address.
//!
//! # Compatibility
//! As Exim makes From and Sender lines from a user's full name: quoted only when it must be. Where a name has an
//! unbalanced parenthesis Exim writes a broken line; here it is quoted.
//!
//! # References
//! RFC 5322 sections 3.2.3 to 3.2.5.

/// A name in the form that may stand before `<address>`. Text that is not ASCII is the caller's to encode first.
pub fn fix_phrase(name: &[u8]) -> Vec<u8> {
    let name = name.trim_ascii();
    if name.iter().all(|b| is_atom(*b) || matches!(b, b' ' | b'\t')) || is_well_formed(name) {
        return name.to_vec();
    }
    let mut out = Vec::with_capacity(name.len() + 2);
    out.push(b'"');
    for &byte in name {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
    out
}

fn is_atom(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// Quoted strings, comments and atoms, all closed.
fn is_well_formed(name: &[u8]) -> bool {
    let mut depth = 0usize;
    let mut quoted = false;
    let mut bytes = name.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'\\' if quoted || depth > 0 => {
                if bytes.next().is_none() {
                    return false;
                }
            }
            b'"' if depth == 0 => quoted = !quoted,
            _ if quoted => {}
            b'(' => depth += 1,
            b')' if depth == 0 => return false,
            b')' => depth -= 1,
            _ if depth > 0 || is_atom(byte) || matches!(byte, b' ' | b'\t') => {}
            _ => return false,
        }
    }
    depth == 0 && !quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_when_they_must_be() {
        for (name, phrase) in [
            ("root", "root"),
            ("Ann Other", "Ann Other"),
            ("Ann Other, x", "\"Ann Other, x\""),
            ("J. Doe", "\"J. Doe\""),
            ("J Doe (Joe)", "J Doe (Joe)"),
            ("Full (Name", "\"Full (Name\""),
            ("a)", "\"a)\""),
            ("\"J. Doe\" x", "\"J. Doe\" x"),
            ("a\"b", "\"a\\\"b\""),
            ("a\\b", "\"a\\\\b\""),
            ("  spaced ", "spaced"),
            ("", ""),
        ] {
            assert_eq!(String::from_utf8(fix_phrase(name.as_bytes())).unwrap(), phrase, "{name}");
        }
    }
}
