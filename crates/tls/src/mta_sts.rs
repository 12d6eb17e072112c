//! MTA-STS policies: the record that announces one, its text, and whether a host is in it.
//!
//! # Invariants
//! * Pure: octets in, a policy or a reason out.
//!
//! # Security
//! Records and policies come from outside; sizes are bounded by [`limits`] and by whoever fetched them.
//!
//! # References
//! RFC 8461 sections 3.1 (record), 3.2 (policy), 4.1 (patterns).

use mail_types::limits;

/// Longest `max_age`: a year (rfc8461#3.2).
const MAX_AGE: u32 = 31_557_600;

/// How a policy is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It binds.
    Enforce,
    /// Failures are only to be reported.
    Testing,
    /// The domain has no policy any more.
    None,
}

/// A domain's policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How it is meant.
    pub mode: Mode,
    /// Seconds that it may be kept.
    pub max_age: u32,
    /// Patterns of hosts, in lower case.
    pub mx: Vec<Vec<u8>>,
}

/// The id of the policy that the TXT records of `_mta-sts.DOMAIN` announce: none unless exactly one record does, and this one
/// is without a fault (rfc8461#3.1).
pub fn announced<'a>(records: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    let mut ours = records.into_iter().filter_map(|text| {
        let rest = trim_start(text.strip_prefix(b"v=STSv1")?);
        rest.strip_prefix(b";")
    });
    let fields = ours.next()?;
    if ours.next().is_some() {
        return None;
    }
    // The last semicolon may stand there or not.
    let end = trim_end(fields);
    let fields = end.strip_suffix(b";").unwrap_or(end);
    let mut id = None;
    for field in fields.split(|byte| *byte == b';') {
        let field = trim_start(trim_end(field));
        let equals = field.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (&field[..equals], &field[equals + 1..]);
        if name == b"id" {
            // rfc8461#3.2: of a field that may stand once, the first counts.
            id = id.or(Some(value));
        } else if !is_name(name) || value.is_empty() || !value.iter().copied().all(is_of_value) {
            return None;
        }
    }
    let id = id?;
    let sound = (1..=32).contains(&id.len()) && id.iter().all(u8::is_ascii_alphanumeric);
    sound.then(|| id.to_vec())
}

/// The name of a field that is none of RFC 8461's own.
fn is_name(name: &[u8]) -> bool {
    name.len() <= 32
        && name.first().is_some_and(u8::is_ascii_alphanumeric)
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

/// An octet of a value; a semicolon would have ended it.
fn is_of_value(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'='
}

const WHITE: [u8; 2] = [b' ', b'\t'];

fn trim_start(text: &[u8]) -> &[u8] {
    &text[text.iter().position(|byte| !WHITE.contains(byte)).unwrap_or(text.len())..]
}

fn trim_end(text: &[u8]) -> &[u8] {
    &text[..text.iter().rposition(|byte| !WHITE.contains(byte)).map_or(0, |at| at + 1)]
}

impl Policy {
    /// Reads the text of a policy.
    ///
    /// # Errors
    /// What is missing or makes no sense.
    pub fn parse(text: &[u8]) -> Result<Self, &'static str> {
        if text.len() > limits::MTA_STS_POLICY {
            return Err("it is too long");
        }
        let (mut version, mut mode, mut max_age, mut mx) = (None, None, None, Vec::new());
        for line in text.split(|byte| *byte == b'\n') {
            let line = line.trim_ascii();
            if line.is_empty() {
                continue;
            }
            let colon = line.iter().position(|byte| *byte == b':').ok_or("a line without a colon")?;
            let (key, value) = (line[..colon].trim_ascii_end(), line[colon + 1..].trim_ascii_start());
            // rfc8461#3.2: of a field that may stand once, the first counts.
            match key {
                b"version" => version = version.or(Some(value)),
                b"mode" => mode = mode.or(Some(value)),
                b"max_age" => max_age = max_age.or(Some(value)),
                b"mx" => mx.push(pattern(value)?),
                _ => {}
            }
        }
        if version != Some(b"STSv1") {
            return Err("the version is not STSv1");
        }
        let mode = match mode.ok_or("there is no mode")? {
            b"enforce" => Mode::Enforce,
            b"testing" => Mode::Testing,
            b"none" => Mode::None,
            _ => return Err("the mode is unknown"),
        };
        let max_age = max_age.ok_or("there is no max_age")?;
        let digits = (1..=10).contains(&max_age.len()) && max_age.iter().all(u8::is_ascii_digit);
        let max_age =
            std::str::from_utf8(max_age).ok().filter(|_| digits).and_then(|text| text.parse::<u64>().ok());
        let max_age = max_age.ok_or("max_age is no number")?;
        if mx.is_empty() && mode != Mode::None {
            return Err("there is no mx");
        }
        Ok(Self { mode, max_age: u32::try_from(max_age).unwrap_or(MAX_AGE).min(MAX_AGE), mx })
    }

    /// Whether a host is one of those that the policy names: `*.` stands for exactly one label.
    pub fn lists(&self, host: &[u8]) -> bool {
        let host = host.strip_suffix(b".").unwrap_or(host).to_ascii_lowercase();
        let parent = host.iter().position(|byte| *byte == b'.').map(|dot| &host[dot..]);
        self.mx.iter().any(|pattern| match pattern.strip_prefix(b"*") {
            Some(suffix) => parent == Some(suffix),
            None => *pattern == host,
        })
    }
}

fn pattern(value: &[u8]) -> Result<Vec<u8>, &'static str> {
    let name = value.strip_prefix(b"*.").unwrap_or(value);
    let name = name.strip_suffix(b".").unwrap_or(name);
    let sound = !name.is_empty()
        && name.len() <= 253
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
        && !name.starts_with(b".");
    if !sound {
        return Err("an mx that is no host name");
    }
    let star: &[u8] = if value.starts_with(b"*.") { b"*." } else { b"" };
    Ok([star, &name.to_ascii_lowercase()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmx: backupmx.example.com\r\nmax_age: 604800\r\n";

    /// The example of RFC 8461 section 3.2.
    #[test]
    fn the_example_of_the_rfc() {
        let policy = Policy::parse(EXAMPLE.as_bytes()).unwrap();
        assert_eq!((policy.mode, policy.max_age, policy.mx.len()), (Mode::Enforce, 604_800, 3));
        for (host, listed) in [
            ("mail.example.com", true),
            ("MAIL.example.com.", true),
            ("mx.example.net", true),
            ("a.b.example.net", false),
            ("example.net", false),
            ("mail.example.com.evil.test", false),
            ("xmail.example.com", false),
            ("", false),
        ] {
            assert_eq!(policy.lists(host.as_bytes()), listed, "{host}");
        }
    }

    /// The record and the policy of RFC 8461 appendix A.
    #[test]
    fn the_example_of_a_domain_with_several_hosts() {
        let record: &[u8] = b"v=STSv1; id=20160831085700Z;";
        assert_eq!(announced([record]).as_deref(), Some(&b"20160831085700Z"[..]));
        let policy = b"version: STSv1\nmode: enforce\nmx: mx1.example.com\nmx: mx2.example.com\n\
            mx: mx.backup-example.com\nmax_age: 1296000\n";
        let policy = Policy::parse(policy).unwrap();
        assert_eq!((policy.mode, policy.max_age), (Mode::Enforce, 1_296_000));
        for (host, listed) in
            [("mx1.example.com", true), ("mx.backup-example.com", true), ("mx3.example.com", false)]
        {
            assert_eq!(policy.lists(host.as_bytes()), listed, "{host}");
        }
    }

    #[test]
    fn texts_that_are_policies_and_others() {
        let end = "mx: m.test\nmax_age: 1\n";
        let long = format!("version: STSv1\nmode: enforce\n{end}{}", "x: y\n".repeat(20_000));
        type Read = Result<(Mode, u32), &'static str>;
        let table: Vec<(String, Read)> = vec![
            (format!("version: STSv1\nmode: testing\n{end}"), Ok((Mode::Testing, 1))),
            ("version: STSv1\nmode: none\nmax_age: 86400".into(), Ok((Mode::None, 86_400))),
            (format!("version:STSv1\nnew_key: x\nmode:enforce\n{end}"), Ok((Mode::Enforce, 1))),
            (format!("version: STSv1\nmode: enforce\nmode: none\n{end}"), Ok((Mode::Enforce, 1))),
            ("version: STSv1\nmode: none\nmax_age: 9999999999".into(), Ok((Mode::None, MAX_AGE))),
            (String::new(), Err("the version is not STSv1")),
            (format!("version: STSv2\nmode: enforce\n{end}"), Err("the version is not STSv1")),
            (format!("version: STSv1\n{end}"), Err("there is no mode")),
            (format!("version: STSv1\nmode: maybe\n{end}"), Err("the mode is unknown")),
            ("version: STSv1\nmode: enforce\nmax_age: 1".into(), Err("there is no mx")),
            ("version: STSv1\nmode: enforce\nmx: m.test".into(), Err("there is no max_age")),
            ("version: STSv1\nmode: none\nmax_age: -1".into(), Err("max_age is no number")),
            ("version: STSv1\nmode: none\nmax_age: 99999999999".into(), Err("max_age is no number")),
            ("<html>\n".into(), Err("a line without a colon")),
            ("mx: a b\n".into(), Err("an mx that is no host name")),
            ("mx: *.\n".into(), Err("an mx that is no host name")),
            (long, Err("it is too long")),
        ];
        for (text, want) in table {
            let found = Policy::parse(text.as_bytes()).map(|policy| (policy.mode, policy.max_age));
            assert_eq!(found, want, "{}", &text[..text.len().min(80)]);
        }
    }

    #[test]
    fn records_that_announce_one() {
        let table: &[(&[&str], Option<&str>)] = &[
            (&["v=STSv1; id=20160831085700Z;"], Some("20160831085700Z")),
            (&["v=STSv1;id=a"], Some("a")),
            (&["v=spf1 -all", "v=STSv1 ; id=b ;"], Some("b")),
            (&["v=STSv1; id=a", "v=STSv1; id=b"], None),
            (&["v=STSv1; id=;"], None),
            (&["v=STSv1; id=a-b;"], None),
            (&["v=STSv1;"], None),
            (&["v=STSv12; id=a"], None),
            (&["v=STSv1; new.key=x+y/1; id=a"], Some("a")),
            (&["v=STSv1;\tid=a\t;\t"], Some("a")),
            (&["v=STSv1; id=a; id=b"], Some("a")),
            (&["v=STSv1; id=a;;"], None),
            (&["v=STSv1; id=a; garbage"], None),
            (&["v=STSv1; id=a; x="], None),
            (&["v=STSv1; id=a; -x=1"], None),
            (&["v=STSv1; id=a; x=1=2"], None),
            (&["v=STSv1; id=a; x=y z"], None),
            (&["v=STSv1; id=a; \u{e9}=1"], None),
            (&["v=STSv1; ID=a"], None),
            (&["v=STSv1; id= a"], None),
            (&["V=STSv1; id=a"], None),
            (&[" v=STSv1; id=a"], None),
            (&["v=STSv1;\nid=a"], None),
            (&["v=STSv1; id=abcdefghijabcdefghijabcdefghij12"], Some("abcdefghijabcdefghijabcdefghij12")),
            (&["v=STSv1; id=abcdefghijabcdefghijabcdefghij123"], None),
            (&["v=STSv1"], None),
            (&["v=STSv1", "v=STSv1; id=a"], Some("a")),
            (&[], None),
        ];
        for (records, want) in table {
            let found = announced(records.iter().map(|text| text.as_bytes()));
            assert_eq!(found.as_deref(), want.map(str::as_bytes), "{records:?}");
        }
    }
}
