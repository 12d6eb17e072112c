//! The Authentication-Results field: what each method came to, written.
//!
//! # Security
//! Values come from the sender: what is no plain word is written as a quoted string, and control characters are left
//! out, so that a value can neither end its property nor begin a header line.
//!
//! # Compatibility
//! The layout is Exim's: a method a line, a tab in front.
//!
//! # References
//! RFC 8601 sections 2.2 and 2.7; RFC 8617 section 4.1.1 for `arc`.

mod read;

pub use read::{ReadResult, results};

/// What one method came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodResult {
    /// `spf`, `dkim`, `dmarc`, `arc`, `iprev`, `auth`.
    pub method: &'static str,
    /// The result word.
    pub result: &'static str,
    /// What stands in parentheses after the result; empty for nothing.
    pub comment: Vec<u8>,
    /// `reason=`; empty for nothing.
    pub reason: Vec<u8>,
    /// `ptype.property` and its value, in order.
    pub properties: Vec<(&'static str, Vec<u8>)>,
}

impl MethodResult {
    /// A result with nothing said about it.
    pub fn new(method: &'static str, result: &'static str) -> Self {
        Self { method, result, comment: Vec::new(), reason: Vec::new(), properties: Vec::new() }
    }

    /// With a comment.
    #[must_use]
    pub fn comment(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.comment = text.into();
        self
    }

    /// With a reason.
    #[must_use]
    pub fn reason(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.reason = text.into();
        self
    }

    /// With one more property.
    #[must_use]
    pub fn property(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.properties.push((name, value.into()));
        self
    }

    fn push(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.method.as_bytes());
        out.push(b'=');
        out.extend_from_slice(self.result.as_bytes());
        if !self.comment.is_empty() {
            out.extend_from_slice(b" (");
            push_escaped(&self.comment, b"()\\", out);
            out.push(b')');
        }
        if !self.reason.is_empty() {
            out.extend_from_slice(b" reason=\"");
            push_escaped(&self.reason, b"\"\\", out);
            out.push(b'"');
        }
        for (name, value) in &self.properties {
            out.push(b' ');
            out.extend_from_slice(name.as_bytes());
            out.push(b'=');
            push_value(value, out);
        }
    }
}

/// The field without its line end. `server` is the authserv-id, written as it is.
pub fn field(server: &[u8], methods: &[MethodResult]) -> Vec<u8> {
    let mut out = b"Authentication-Results: ".to_vec();
    out.extend_from_slice(server);
    for method in methods {
        out.extend_from_slice(b";\n\t");
        method.push(&mut out);
    }
    out
}

/// A token, an address or a quoted string (`pvalue`).
fn push_value(value: &[u8], out: &mut Vec<u8>) {
    let plain = |byte: &u8| match byte {
        b'!'..=b'~' => !b"()<>,;\\\"".contains(byte),
        // UTF-8 stands in values (RFC 8601 section 5, RFC 6532).
        other => *other >= 0x80,
    };
    if !value.is_empty() && value.iter().all(plain) {
        out.extend_from_slice(value);
        return;
    }
    out.push(b'"');
    push_escaped(value, b"\"\\", out);
    out.push(b'"');
}

fn push_escaped(text: &[u8], special: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        if special.contains(&byte) {
            out.push(b'\\');
        }
        if !byte.is_ascii_control() || byte == b'\t' {
            out.push(byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields() {
        let spf = MethodResult::new("spf", "pass").property("smtp.mailfrom", "b.example");
        let guess = MethodResult::new("spf", "none").comment("a (b) \\ c").property("smtp.helo", "(a;b\"c");
        let dkim = MethodResult::new("dkim", "fail")
            .reason("bad \"hash\"\r\nX: y")
            .property("header.d", "d.example")
            .property("header.b", "ab/+c=");
        for (methods, want) in [
            (&[][..], "Authentication-Results: me"),
            (
                &[spf, dkim][..],
                "Authentication-Results: me;\n\tspf=pass smtp.mailfrom=b.example;\n\tdkim=fail \
                 reason=\"bad \\\"hash\\\"X: y\" header.d=d.example header.b=ab/+c=",
            ),
            (
                &[guess][..],
                "Authentication-Results: me;\n\tspf=none (a \\(b\\) \\\\ c) smtp.helo=\"(a;b\\\"c\"",
            ),
        ] {
            assert_eq!(String::from_utf8(field(b"me", methods)).unwrap(), want);
        }
    }
}
