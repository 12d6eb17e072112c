//! SMTP commands: recognising the verb and taking MAIL and RCPT parameters apart.
//!
//! # Invariants
//! * Parsing never fails on a verb: what is not a command is [`Verb::Unknown`].
//! * Numbers are checked parses; a `SIZE=` that is no number is an error.
//!
//! # Compatibility
//! Exim takes parameters from the end of the line backwards and leaves what it does not know to the address,
//! whose parser then complains. `SIZE=` with rubbish is taken as 0 there and refused here (docs/compat.md).
//!
//! # References
//! RFC 5321 section 4.1.1; RFC 1870; RFC 3461; RFC 4954 section 5; RFC 6152; RFC 6531.

use crate::extension::parse_number;

/// A command's verb.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verb {
    /// `AUTH`.
    Auth,
    /// `BDAT`.
    Bdat,
    /// `DATA`.
    Data,
    /// `EHLO`.
    Ehlo,
    /// `ETRN`.
    Etrn,
    /// `EXPN`.
    Expn,
    /// `HELO`.
    Helo,
    /// `HELP`.
    Help,
    /// `MAIL FROM:`.
    Mail,
    /// `NOOP`.
    Noop,
    /// `QUIT`.
    Quit,
    /// `RCPT TO:`.
    Rcpt,
    /// `RSET`.
    Rset,
    /// `STARTTLS`.
    StartTls,
    /// Anything else.
    Unknown,
    /// `VRFY`.
    Vrfy,
}

const VERBS: [(&[u8], Verb); 15] = [
    (b"AUTH", Verb::Auth),
    (b"BDAT", Verb::Bdat),
    (b"DATA", Verb::Data),
    (b"EHLO", Verb::Ehlo),
    (b"ETRN", Verb::Etrn),
    (b"EXPN", Verb::Expn),
    (b"HELO", Verb::Helo),
    (b"HELP", Verb::Help),
    (b"MAIL FROM:", Verb::Mail),
    (b"NOOP", Verb::Noop),
    (b"QUIT", Verb::Quit),
    (b"RCPT TO:", Verb::Rcpt),
    (b"RSET", Verb::Rset),
    (b"STARTTLS", Verb::StartTls),
    (b"VRFY", Verb::Vrfy),
];

/// Splits a command line (without its line end) into verb and argument, the argument trimmed.
pub fn split(line: &[u8]) -> (Verb, &[u8]) {
    for (word, verb) in VERBS {
        if line.len() < word.len() || !line[..word.len()].eq_ignore_ascii_case(word) {
            continue;
        }
        let rest = &line[word.len()..];
        // A verb ends at a blank; the two that end in a colon need none.
        if word.ends_with(b":") || rest.is_empty() || rest[0] == b' ' {
            return (verb, rest.trim_ascii());
        }
    }
    (Verb::Unknown, line.trim_ascii())
}

/// `BODY=`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Body {
    /// `7BIT`.
    SevenBit,
    /// `8BITMIME`.
    EightBitMime,
}

/// `RET=`: what a bounce shall return.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ret {
    /// `FULL`.
    Full,
    /// `HDRS`.
    Headers,
}

/// `NOTIFY=`: when a DSN is wanted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Notify {
    /// `NEVER`; excludes the others.
    pub never: bool,
    /// `SUCCESS`.
    pub success: bool,
    /// `FAILURE`.
    pub failure: bool,
    /// `DELAY`.
    pub delay: bool,
}

impl Notify {
    fn parse(value: &[u8]) -> Option<Self> {
        if value.eq_ignore_ascii_case(b"NEVER") {
            return Some(Self { never: true, ..Self::default() });
        }
        let mut notify = Self::default();
        for word in value.split(|b| *b == b',') {
            match word.to_ascii_uppercase().as_slice() {
                b"SUCCESS" => notify.success = true,
                b"FAILURE" => notify.failure = true,
                b"DELAY" => notify.delay = true,
                _ => return None,
            }
        }
        Some(notify)
    }
}

/// What `MAIL FROM:` said.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct MailCommand {
    /// The path as given (`<a@b>`, or without brackets), parameters removed. Not parsed.
    pub path: Vec<u8>,
    /// `SIZE=`.
    pub size: Option<u64>,
    /// `BODY=`.
    pub body: Option<Body>,
    /// `SMTPUTF8`.
    pub smtputf8: bool,
    /// `REQUIRETLS`.
    pub requiretls: bool,
    /// `RET=`.
    pub ret: Option<Ret>,
    /// `ENVID=` as given.
    pub envid: Option<Vec<u8>>,
    /// `AUTH=` as given: xtext with only good escapes, or `<>`.
    pub auth: Option<Vec<u8>>,
    /// `PRDR`.
    pub prdr: bool,
    /// The whole argument as received (`$smtp_command_argument`).
    pub argument: Vec<u8>,
}

/// What `RCPT TO:` said.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RcptCommand {
    /// The path as given, parameters removed. Not parsed.
    pub path: Vec<u8>,
    /// `NOTIFY=`.
    pub notify: Option<Notify>,
    /// `ORCPT=` as given.
    pub orcpt: Option<Vec<u8>>,
    /// The whole argument as received (`$smtp_command_argument`).
    pub argument: Vec<u8>,
}

/// Which parameters are recognised: those of what was offered.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Recognised {
    /// The client said EHLO; after HELO there are no parameters.
    pub esmtp: bool,
    /// `DSN` was offered (RCPT's parameters).
    pub dsn: bool,
    /// `SMTPUTF8` was offered.
    pub smtputf8: bool,
    /// `REQUIRETLS` was offered.
    pub requiretls: bool,
}

/// The last word of a parameter list: `name=value` or `name`.
struct Parameter<'a> {
    before: &'a [u8],
    name: Vec<u8>,
    value: Option<&'a [u8]>,
}

impl<'a> Parameter<'a> {
    /// Splits the last word off; there must be something and a blank before it.
    fn last(text: &'a [u8]) -> Option<Self> {
        let text = text.trim_ascii_end();
        let start = text.iter().rposition(|b| matches!(b, b' ' | b'\t'))? + 1;
        let before = text[..start].trim_ascii_end();
        let word = &text[start..];
        let (name, value) = match word.iter().position(|b| *b == b'=') {
            Some(at) => (&word[..at], Some(&word[at + 1..])),
            None => (word, None),
        };
        let is_name = !name.is_empty() && name.iter().all(u8::is_ascii_alphanumeric);
        (is_name && !before.is_empty()).then(|| Self { before, name: name.to_ascii_uppercase(), value })
    }
}

impl MailCommand {
    /// Takes the argument of `MAIL FROM:` apart. The error is Exim's text for a 501 reply.
    pub fn parse(argument: &[u8], known: Recognised) -> Result<Self, &'static str> {
        let mut command = Self { argument: argument.to_vec(), ..Self::default() };
        let mut rest = argument;
        while known.esmtp
            && let Some(parameter) = Parameter::last(rest)
        {
            // As the oracle has it: a SIZE that is no number says nothing, and ends the parameters.
            let mute = parameter.name == b"SIZE" && parse_size(parameter.value.unwrap_or_default()).is_none();
            if !mute && !command.take(&parameter, known)? {
                break;
            }
            rest = parameter.before;
            if mute {
                break;
            }
        }
        command.path = rest.to_vec();
        Ok(command)
    }

    /// True when the parameter was one of ours.
    fn take(&mut self, parameter: &Parameter<'_>, known: Recognised) -> Result<bool, &'static str> {
        let value = parameter.value.unwrap_or_default();
        match parameter.name.as_slice() {
            b"SIZE" => self.size = parse_size(value),
            b"BODY" if value.eq_ignore_ascii_case(b"8BITMIME") => self.body = Some(Body::EightBitMime),
            b"BODY" if value.eq_ignore_ascii_case(b"7BIT") => self.body = Some(Body::SevenBit),
            b"BODY" => return Err("invalid data for BODY"),
            b"AUTH" if value == b"<>" || is_xtext(value) => self.auth = Some(value.to_vec()),
            b"AUTH" => return Err("invalid data for AUTH"),
            b"RET" if self.ret.is_some() => return Err("RET can be specified once only"),
            b"RET" if value.eq_ignore_ascii_case(b"HDRS") => self.ret = Some(Ret::Headers),
            b"RET" if value.eq_ignore_ascii_case(b"FULL") => self.ret = Some(Ret::Full),
            b"RET" => return Err("Value for RET is invalid"),
            b"ENVID" if self.envid.is_some() => return Err("ENVID can be specified once only"),
            b"ENVID" => self.envid = Some(value.to_vec()),
            b"PRDR" => self.prdr = true,
            b"SMTPUTF8" if known.smtputf8 && parameter.value.is_none() => self.smtputf8 = true,
            b"REQUIRETLS" if known.requiretls && parameter.value.is_none() => self.requiretls = true,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl RcptCommand {
    /// Takes the argument of `RCPT TO:` apart. The error is Exim's text for a 501 reply.
    pub fn parse(argument: &[u8], known: Recognised) -> Result<Self, &'static str> {
        let mut command = Self { argument: argument.to_vec(), ..Self::default() };
        let mut rest = argument;
        while known.esmtp
            && known.dsn
            && let Some(parameter) = Parameter::last(rest)
            && command.take(&parameter)?
        {
            rest = parameter.before;
        }
        command.path = rest.to_vec();
        Ok(command)
    }

    fn take(&mut self, parameter: &Parameter<'_>) -> Result<bool, &'static str> {
        let value = parameter.value.unwrap_or_default();
        match parameter.name.as_slice() {
            b"NOTIFY" if self.notify.is_some() => Err("NOTIFY can be specified once only"),
            b"NOTIFY" => {
                self.notify = Some(Notify::parse(value).ok_or("Invalid value for NOTIFY parameter")?);
                Ok(true)
            }
            b"ORCPT" if self.orcpt.is_some() => Err("ORCPT can be specified once only"),
            b"ORCPT" => {
                self.orcpt = Some(value.to_vec());
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}

/// `SIZE=`: digits, else nothing; too many of them are a size that no limit allows.
fn parse_size(value: &[u8]) -> Option<u64> {
    if value.is_empty() {
        return Some(0);
    }
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // Exim reads a negative number as a huge one; so do we.
    if digits.len() < value.len() { Some(u64::MAX) } else { Some(parse_number(value).unwrap_or(u64::MAX)) }
}

/// Printable ASCII without `=`, every `+` followed by two hexadecimal digits.
pub fn is_xtext(text: &[u8]) -> bool {
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        let good = match byte {
            b'+' => {
                bytes.next().is_some_and(u8::is_ascii_hexdigit)
                    && bytes.next().is_some_and(u8::is_ascii_hexdigit)
            }
            b'=' => false,
            _ => byte.is_ascii_graphic(),
        };
        if !good {
            return false;
        }
    }
    !text.is_empty()
}

/// Decodes xtext; `None` when it isn't xtext.
pub fn decode_xtext(text: &[u8]) -> Option<Vec<u8>> {
    if !is_xtext(text) {
        return None;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'+' && after.len() >= 2 {
            let digit = |b: u8| (b as char).to_digit(16).map_or(0, |d| d as u8);
            out.push(digit(after[0]) * 16 + digit(after[1]));
            rest = &after[2..];
        } else {
            out.push(byte);
            rest = after;
        }
    }
    Some(out)
}

/// The argument of `BDAT`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ChunkHeader {
    /// Octets that follow the command line.
    pub size: u64,
    /// `LAST`.
    pub last: bool,
}

/// Why a `BDAT` argument was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ChunkError {
    /// There is no number: nothing follows that would have to be skipped.
    Missing,
    /// There is something like a number, so that octets of unknown count follow.
    Malformed,
}

impl ChunkHeader {
    /// Parses `size [LAST]` strictly.
    pub fn parse(argument: &[u8]) -> Result<Self, ChunkError> {
        let mut words = argument.split(|b| *b == b' ').filter(|w| !w.is_empty());
        let first = words.next().ok_or(ChunkError::Missing)?;
        if !first.iter().any(u8::is_ascii_digit) {
            return Err(ChunkError::Missing);
        }
        let size = parse_number(first).ok_or(ChunkError::Malformed)?;
        let last = match words.next() {
            None => false,
            Some(word) if word.eq_ignore_ascii_case(b"LAST") => true,
            Some(_) => return Err(ChunkError::Malformed),
        };
        if words.next().is_some() {
            return Err(ChunkError::Malformed);
        }
        Ok(Self { size, last })
    }
}

#[cfg(test)]
mod tests;
