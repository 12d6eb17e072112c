//! The text of an LDAP query: settings, then a URL.
//!
//! # Compatibility
//! The texts of errors are Exim's. What a search alone needs (attributes, filter, limits) is read over.

use std::time::Duration;

/// How the server is to be spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// `ldap`
    Plain,
    /// `ldaps`
    Encrypted,
    /// `ldapi`
    Socket,
}

/// What a bind needs of a query.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Query {
    /// `USER`: a distinguished name, without URL quoting.
    pub(super) user: Vec<u8>,
    /// `PASS`
    pub(super) password: Vec<u8>,
    /// `SERVERS`: a list.
    pub(super) servers: Option<Vec<u8>>,
    /// `NETTIME`
    pub(super) wait: Option<Duration>,
    /// How.
    pub(super) scheme: Scheme,
    /// A name, an address without brackets, or a path.
    pub(super) host: Option<Vec<u8>>,
    /// Digits.
    pub(super) port: Option<Vec<u8>>,
}

impl Query {
    /// Reads it; the error is Exim's text.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let mut settings = Settings::default();
        let mut rest = text.trim_ascii_start();
        while !starts_with(rest, b"ldap") {
            rest = settings.take(rest)?.trim_ascii_start();
        }
        let (Some(user), Some(password)) = (settings.user, settings.password) else {
            return Err("ldapauth lookups must specify the username and password".to_owned());
        };
        let known = [
            (&b"ldap://"[..], Scheme::Plain),
            (b"ldaps://", Scheme::Encrypted),
            (b"ldapi://", Scheme::Socket),
        ];
        let Some((prefix, scheme)) = known.into_iter().find(|(prefix, _)| starts_with(rest, prefix)) else {
            let shown = String::from_utf8_lossy(&rest[..rest.len().min(16)]);
            return Err(format!(
                "LDAP URL does not start with \"ldap://\", \"ldaps://\", or \"ldapi://\" (it starts with \"{shown}...\")"
            ));
        };
        let query = Self {
            user: without_url_quoting(&user),
            password,
            servers: settings.servers,
            wait: settings.wait,
            scheme,
            host: None,
            port: None,
        };
        if query.password.is_empty() { Ok(query) } else { query.of_url(rest, prefix.len()) }
    }

    fn of_url(mut self, url: &[u8], scheme: usize) -> Result<Self, String> {
        let wrong = |number: u8| {
            format!("ldap_url_parse: (error {number}) parsing \"{}\"", String::from_utf8_lossy(url))
        };
        let end = url[scheme..].iter().position(|byte| matches!(byte, b'/' | b'?'));
        let (place, rest) = url[scheme..].split_at(end.unwrap_or(url.len() - scheme));
        let scope = rest.split(|byte| *byte == b'?').nth(2).unwrap_or_default();
        if ![&b""[..], b"base", b"one", b"onelevel", b"sub", b"subtree", b"subordinate", b"children"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(scope))
        {
            return Err(wrong(8));
        }
        let (host, port) = split_port(place);
        if port.is_some_and(|port| port.is_empty() || !port.iter().all(u8::is_ascii_digit)) {
            return Err(wrong(5));
        }
        self.host = (!host.is_empty()).then(|| without_url_quoting(host));
        self.port = port.map(<[u8]>::to_vec);
        Ok(self)
    }
}

#[derive(Default)]
struct Settings {
    user: Option<Vec<u8>>,
    password: Option<Vec<u8>>,
    servers: Option<Vec<u8>>,
    wait: Option<Duration>,
}

impl Settings {
    /// Takes one `name=value` off.
    fn take<'t>(&mut self, text: &'t [u8]) -> Result<&'t [u8], String> {
        let malformed = || "malformed parameter setting precedes LDAP URL".to_owned();
        let equals = text.iter().position(|byte| *byte == b'=').ok_or_else(malformed)?;
        let (value, rest) =
            value(&text[equals + 1..]).filter(|(_, rest)| !rest.is_empty()).ok_or_else(malformed)?;
        match text[..equals].to_ascii_lowercase().as_slice() {
            b"user" => self.user = Some(value),
            b"pass" => self.password = Some(value),
            b"servers" => self.servers = Some(value),
            b"connect" | b"nettime" => self.wait = wait(&value),
            b"referrals" if !value.eq_ignore_ascii_case(b"follow") && value != b"nofollow" => {
                return Err("LDAP option REFERRALS is not \"follow\" or \"nofollow\"".to_owned());
            }
            b"referrals" | b"dereference" | b"size" | b"time" => {}
            _ => {
                let name = String::from_utf8_lossy(&text[..=equals]);
                return Err(format!("unknown parameter \"{name}\" precedes LDAP URL"));
            }
        }
        Ok(rest)
    }
}

/// Seconds; nothing and less than nothing is no limit.
fn wait(value: &[u8]) -> Option<Duration> {
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let seconds = std::str::from_utf8(&value[..digits]).ok()?.parse().ok()?;
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

/// A value up to a space, or in quotes with escapes, and what follows it; after the quotes there must be a space.
fn value(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    if text.first() != Some(&b'"') {
        let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
        return Some((text[..end].to_vec(), &text[end..]));
    }
    let (mut out, mut at) = (Vec::new(), 1);
    loop {
        match *text.get(at)? {
            b'"' => break,
            b'\\' => {
                let (byte, used) =
                    expand::interpret_escape(text.get(at + 1..).filter(|rest| !rest.is_empty())?);
                out.push(byte);
                at += 1 + used;
            }
            byte => {
                out.push(byte);
                at += 1;
            }
        }
    }
    let rest = &text[at + 1..];
    rest.first().is_none_or(u8::is_ascii_whitespace).then_some((out, rest))
}

/// `%2C` and its like undone; what is no such pair stays.
fn without_url_quoting(text: &[u8]) -> Vec<u8> {
    let (mut out, mut at) = (Vec::with_capacity(text.len()), 0);
    while let Some(&byte) = text.get(at) {
        let digit = |offset| text.get(at + offset).and_then(|byte| char::from(*byte).to_digit(16));
        match (byte, digit(1), digit(2)) {
            (b'%', Some(high), Some(low)) => {
                // Two hexadecimal digits are a byte.
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// A host, without the brackets of an address, and what follows the colon.
pub(super) fn split_port(place: &[u8]) -> (&[u8], Option<&[u8]>) {
    if let Some(inside) = place.strip_prefix(b"[")
        && let Some(end) = inside.iter().position(|byte| *byte == b']')
    {
        return (&inside[..end], inside[end + 1..].strip_prefix(b":"));
    }
    match place.iter().position(|byte| *byte == b':') {
        Some(colon) => (&place[..colon], Some(&place[colon + 1..])),
        None => (place, None),
    }
}

fn starts_with(text: &[u8], prefix: &[u8]) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_in_exims_words() {
        const BOTH: &str = "ldapauth lookups must specify the username and password";
        const MALFORMED: &str = "malformed parameter setting precedes LDAP URL";
        let cases = [
            ("", MALFORMED),
            ("x", MALFORMED),
            ("user=a pass=b", MALFORMED),
            ("x=", MALFORMED),
            ("user=a pass=b http://h/", MALFORMED),
            ("user=\"a pass=b ldap://h/", MALFORMED),
            ("user=\"a\"pass=b ldap://h/", MALFORMED),
            ("user=\"a\\", MALFORMED),
            ("user=a foo=b ldap://h/", "unknown parameter \"foo=\" precedes LDAP URL"),
            ("user =a ldap://h/", "unknown parameter \"user =\" precedes LDAP URL"),
            ("user= \"cn=x\" ldap://h/", "unknown parameter \"\"cn=\" precedes LDAP URL"),
            ("=a ldap://h/", "unknown parameter \"=\" precedes LDAP URL"),
            ("user=a referrals=x ldap://h/", "LDAP option REFERRALS is not \"follow\" or \"nofollow\""),
            ("user=a ldap://h/", BOTH),
            ("pass=a ldap://h:x/", BOTH),
            ("user=a,pass=b ldap://h/", BOTH),
            ("user=a pass=b ldap://h:x/", "ldap_url_parse: (error 5) parsing \"ldap://h:x/\""),
            ("user=a pass=b ldap://h:/", "ldap_url_parse: (error 5) parsing \"ldap://h:/\""),
            ("user=a pass=b ldap://h/a?b?c", "ldap_url_parse: (error 8) parsing \"ldap://h/a?b?c\""),
            (
                "user=a pass=b ldap:/127.0.0.1",
                "LDAP URL does not start with \"ldap://\", \"ldaps://\", or \"ldapi://\" (it starts with \"ldap:/127.0.0.1...\")",
            ),
            (
                "user=a pass=b ldapx://127.0.0.1:x/",
                "LDAP URL does not start with \"ldap://\", \"ldaps://\", or \"ldapi://\" (it starts with \"ldapx://127.0.0....\")",
            ),
        ];
        for (text, want) in cases {
            assert_eq!(Query::parse(text.as_bytes()).unwrap_err(), want, "{text}");
        }
    }

    #[test]
    fn values_in_all_their_forms() {
        let table = [
            ("user=a pass=b ldap:///", "a", "b"),
            ("USER=cn=a,dc=b  PASS=\"b c\" size=1 time=2 dereference=x LDAP://h:1/x y", "cn=a,dc=b", "b c"),
            ("user=cn=a%2Cb%zz%4 pass=%41 ldap:///", "cn=a,b%zz%4", "%41"),
            ("user=\"a\\\"b\\x41\\\\\" pass=\"\\101\" ldap:///", "a\"bA\\", "A"),
            ("user=a pass= ldap://h:x/", "a", ""),
            ("user=a user=c pass=b ldaps:///", "c", "b"),
        ];
        for (text, user, password) in table {
            let query = Query::parse(text.as_bytes()).unwrap();
            assert_eq!(
                (query.user.as_slice(), query.password.as_slice()),
                (user.as_bytes(), password.as_bytes()),
                "{text}"
            );
        }
        let wait =
            |text: &str| Query::parse(format!("user=a pass=b {text} ldapi:///").as_bytes()).unwrap().wait;
        assert_eq!(wait("nettime=3"), Some(Duration::from_secs(3)));
        assert_eq!(wait("connect=3 nettime=0"), None);
        assert_eq!(wait("connect=-3"), None);
    }
}
