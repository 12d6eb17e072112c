//! Reads a -H file.
//!
//! # Security
//! The file is untrusted: every count and length is checked against what is there before it is used.
//!
//! # Failure
//! A file that can't be read whole is an error with its place; nothing is guessed.

use mail_types::{MessageId, Timestamp, Value, limits};

use crate::nonrecipients::Branch;
use crate::option_line::{self, OptionLine};
use crate::recipient_line;
use crate::{
    AclScope, AclVariable, DecodeError, Header, HeaderKind, HeaderLine, HostPort, NonRecipients, UnknownLine,
    Utf8Downcast,
};

impl Header {
    /// Reads the bytes of a -H file.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut lines = Lines { bytes, at: 0 };
        let mut header = first_lines(&mut lines)?;
        let mut after = 0;
        while lines.peek() == Some(b'-') {
            header.read_option(&mut lines, &mut after)?;
        }
        // A file with its lines in another order is written in ours; the unknown ones go with what they follow.
        header.unknown.sort_by_key(|line| line.after);
        header.nonrecipients = nonrecipients(&mut lines)?;
        header.read_recipients(&mut lines)?;
        if !lines.next()?.is_empty() {
            return Err(lines.error("no empty line after the recipients"));
        }
        while lines.peek().is_some() {
            let line = header_line(&mut lines)?;
            header.headers.push(line);
        }
        Ok(header)
    }

    fn read_option(&mut self, lines: &mut Lines<'_>, after: &mut u8) -> Result<(), DecodeError> {
        let text = lines.next()?;
        if let Some(line) = option_line::split(text)
            && let Some(rank) = option_line::rank(line.name)
            && self.take_option(&line, lines)?
        {
            *after = rank;
            return Ok(());
        }
        if self.unknown.len() >= limits::SPOOL_UNKNOWN_LINES {
            return Err(lines.error("too many unknown lines"));
        }
        self.unknown.push(UnknownLine { after: *after, text: text.to_vec() });
        Ok(())
    }

    /// True when a line that isn't an ACL variable's has the form of a known one.
    pub(crate) fn takes(line: &OptionLine<'_>) -> bool {
        let mut scratch = Self::new(MessageId::long(0, 0, 0), "", Timestamp::default());
        let mut nothing = Lines { bytes: b"", at: 0 };
        scratch.take_option(line, &mut nothing).unwrap_or(true)
    }

    /// Takes a line with a known name. False when it doesn't have the form of such a line: then it is kept as unknown.
    fn take_option(&mut self, line: &OptionLine<'_>, lines: &mut Lines<'_>) -> Result<bool, DecodeError> {
        match line.rest {
            None if line.taint.is_tainted() => Ok(false),
            None => Ok(self.take_flag(line.name)),
            Some(rest) if line.name.starts_with(b"acl") => self.take_acl(line, rest, lines),
            Some(rest) => {
                let taken = match self.text_field(line.name) {
                    Some(field) => {
                        *field = Some(Value::new(rest, line.taint.clone()));
                        true
                    }
                    None if line.taint.is_tainted() => self.take_address(line, rest),
                    None => self.take_address(line, rest) || self.take_number(line.name, rest),
                };
                Ok(taken)
            }
        }
    }

    fn take_flag(&mut self, name: &[u8]) -> bool {
        let flag = match name {
            b"N" => &mut self.dont_deliver,
            b"allow_unqualified_recipient" => &mut self.allow_unqualified_recipient,
            b"allow_unqualified_sender" => &mut self.allow_unqualified_sender,
            b"deliver_firsttime" => &mut self.deliver_firsttime,
            b"host_lookup_deferred" => &mut self.host_lookup_deferred,
            b"host_lookup_failed" => &mut self.host_lookup_failed,
            b"local" => &mut self.local,
            b"localerror" => &mut self.localerror,
            b"manual_thaw" => &mut self.manual_thaw,
            b"requiretls" => &mut self.requiretls,
            b"sender_set_untrusted" => &mut self.sender_set_untrusted,
            b"smtputf8" => &mut self.smtputf8,
            b"spool_file_wireformat" => &mut self.spool_file_wireformat,
            b"tls_certificate_verified" => &mut self.tls.certificate_verified,
            b"utf8_downcvt" | b"utf8_optdowncvt" => {
                let always = name == b"utf8_downcvt";
                self.utf8_downcast = if always { Utf8Downcast::Always } else { Utf8Downcast::IfNeeded };
                return true;
            }
            _ => return false,
        };
        *flag = true;
        true
    }

    fn text_field(&mut self, name: &[u8]) -> Option<&mut Option<Value>> {
        Some(match name {
            b"active_hostname" => &mut self.active_hostname,
            b"auth_id" => &mut self.auth_id,
            b"auth_sender" => &mut self.auth_sender,
            b"dsn_envid" => &mut self.dsn_envid,
            b"helo_name" => &mut self.helo_name,
            b"host_auth" => &mut self.host_auth,
            b"host_auth_pubname" => &mut self.host_auth_pubname,
            b"host_name" => &mut self.host_name,
            b"ident" => &mut self.ident,
            b"local_scan" => &mut self.local_scan,
            b"received_protocol" => &mut self.received_protocol,
            b"spam_bar" => &mut self.spam.bar,
            b"spam_score" => &mut self.spam.score,
            b"spam_score_int" => &mut self.spam.score_int,
            b"tls_cipher" => &mut self.tls.cipher,
            b"tls_ourcert" => &mut self.tls.ourcert,
            b"tls_peercert" => &mut self.tls.peercert,
            b"tls_peerdn" => &mut self.tls.peerdn,
            b"tls_resumption" => &mut self.tls.resumption,
            b"tls_sni" => &mut self.tls.sni,
            b"tls_ver" => &mut self.tls.version,
            _ => return None,
        })
    }

    fn take_address(&mut self, line: &OptionLine<'_>, rest: &[u8]) -> bool {
        let field = match line.name {
            b"host_address" => &mut self.host_address,
            b"interface_address" => &mut self.interface_address,
            _ => return false,
        };
        let Some((address, port)) = host_port(rest) else { return false };
        *field = Some(HostPort { address: Value::new(address, line.taint.clone()), port });
        true
    }

    fn take_number(&mut self, name: &[u8], rest: &[u8]) -> bool {
        match name {
            b"received_time_usec" => {
                let Some(micros) = rest.strip_prefix(b".").and_then(microseconds) else { return false };
                self.received_time = Timestamp::from_parts(self.received_time.secs(), micros);
                self.received_time_usec = true;
                return true;
            }
            b"received_time_complete" => {
                let dot = rest.iter().position(|b| *b == b'.');
                let time = dot.and_then(|dot| Some((number(&rest[..dot])?, microseconds(&rest[dot + 1..])?)));
                let Some((secs, micros)) = time else { return false };
                self.received_time_complete = Some(Timestamp::from_parts(secs, micros));
                return true;
            }
            _ => {}
        }
        let Some(value) = number(rest) else { return false };
        match name {
            b"body_linecount" => self.body.lines = Some(value),
            // Zero means that there is no such line; one that says it is kept as it stands.
            b"body_zerocount" | b"dsn_ret" if value == 0 => return false,
            b"body_zerocount" => self.body.zeros = value,
            b"max_received_linelength" => self.body.longest_line = Some(value),
            b"frozen" => self.frozen = Some(value),
            b"dsn_ret" => self.dsn_ret = value,
            b"tls_ocsp" => self.tls.ocsp = Some(value),
            _ => return false,
        }
        true
    }

    fn take_acl(
        &mut self,
        line: &OptionLine<'_>,
        rest: &[u8],
        lines: &mut Lines<'_>,
    ) -> Result<bool, DecodeError> {
        let wrong = lines.error("an ACL variable without name and length");
        let space = rest.iter().rposition(|b| *b == b' ').ok_or_else(|| wrong.clone())?;
        let len = number(&rest[space + 1..])
            .and_then(|len| usize::try_from(len).ok())
            .ok_or_else(|| wrong.clone())?;
        let name = &rest[..space];
        let (scope, name) = match line.name {
            b"aclc" => (AclScope::Connection, name.to_vec()),
            b"aclm" => (AclScope::Message, name.to_vec()),
            // Before Exim 4.61 the variables had numbers, ten of each kind.
            _ => match number(name) {
                Some(n @ 0..10) => (AclScope::Connection, n.to_string().into_bytes()),
                Some(n @ 10..20) => (AclScope::Message, (n - 10).to_string().into_bytes()),
                _ => return Err(wrong),
            },
        };
        let value = Value::new(lines.counted(len)?, line.taint.clone());
        if !lines.counted(1)?.starts_with(b"\n") {
            return Err(lines.error("an ACL variable of another length than it says"));
        }
        self.acl_variables.push(AclVariable { scope, name, value });
        Ok(true)
    }

    fn read_recipients(&mut self, lines: &mut Lines<'_>) -> Result<(), DecodeError> {
        let wrong = lines.error("no number of recipients");
        let count = number(lines.next()?).and_then(|count| usize::try_from(count).ok()).ok_or(wrong)?;
        if count > limits::RECIPIENTS || count > lines.rest() {
            return Err(lines.error("too many recipients"));
        }
        self.recipients.reserve(count);
        for _ in 0..count {
            let line = lines.next()?;
            let recipient =
                recipient_line::parse(line).ok_or_else(|| lines.error("a recipient that makes no sense"))?;
            self.recipients.push(recipient);
        }
        Ok(())
    }
}

/// The four lines that every file begins with.
fn first_lines(lines: &mut Lines<'_>) -> Result<Header, DecodeError> {
    let first = lines.next()?;
    let id = first.strip_suffix(b"-H").and_then(MessageId::parse);
    let id = id.ok_or_else(|| lines.error("the first line isn't the name of a header file"))?;

    let caller = lines.next()?;
    let mut words = caller.rsplitn(3, |b| *b == b' ');
    let (gid, uid, login) = (words.next().and_then(number), words.next().and_then(number), words.next());
    let (Some(gid), Some(uid), Some(login)) = (gid, uid, login) else {
        return Err(lines.error("the second line isn't login, uid and gid"));
    };

    let sender = lines.next()?;
    let sender = sender.strip_prefix(b"<").and_then(|sender| sender.strip_suffix(b">"));
    let sender = sender.ok_or_else(|| lines.error("the third line isn't a sender in brackets"))?;

    let times = lines.next()?;
    let mut words = times.splitn(2, |b| *b == b' ').map(number);
    let (Some(Some(secs)), Some(Some(warnings))) = (words.next(), words.next()) else {
        return Err(lines.error("the fourth line isn't a time and a count"));
    };

    let mut header = Header::new(id, sender, Timestamp::from_secs(secs));
    header.received_time_usec = false;
    header.login = login.to_vec();
    (header.uid, header.gid, header.warning_count) = (uid, gid, warnings);
    Ok(header)
}

fn nonrecipients(lines: &mut Lines<'_>) -> Result<NonRecipients, DecodeError> {
    let mut branches = Vec::new();
    let mut open = 1_usize;
    if lines.bytes[lines.at..].starts_with(b"XX\n") {
        lines.next()?;
        open = 0;
    }
    while open > 0 {
        let line = lines.next()?;
        let (left, right, address) = match line {
            [left @ (b'Y' | b'N'), right @ (b'Y' | b'N'), b' ', address @ ..] => {
                (*left == b'Y', *right == b'Y', address)
            }
            _ => return Err(lines.error("no line of the non-recipients tree")),
        };
        open = open - 1 + usize::from(left) + usize::from(right);
        branches.push(Branch { left, right, address: address.to_vec() });
    }
    NonRecipients::from_branches(branches)
}

fn header_line(lines: &mut Lines<'_>) -> Result<HeaderLine, DecodeError> {
    let wrong = lines.error("no header line with its length");
    let rest = &lines.bytes[lines.at..];
    let digits = rest.iter().take(19).take_while(|b| b.is_ascii_digit()).count();
    let len =
        number(&rest[..digits]).and_then(|len| usize::try_from(len).ok()).ok_or_else(|| wrong.clone())?;
    let [kind, b' ', ..] = rest[digits..] else { return Err(wrong) };
    lines.at += digits + 2;
    let text = lines.counted(len)?;
    if !text.ends_with(b"\n") {
        return Err(wrong);
    }
    Ok(HeaderLine { kind: HeaderKind::from_letter(kind), text: text.to_vec() })
}

/// `[address]:port`, `[address]`, or the older `address.port` of an IPv4 address.
fn host_port(text: &[u8]) -> Option<(&[u8], u16)> {
    if let Some(inner) = text.strip_prefix(b"[") {
        let end = inner.iter().position(|b| *b == b']')?;
        return match &inner[end + 1..] {
            [] => Some((&inner[..end], 0)),
            [b':', port @ ..] => Some((&inner[..end], u16::try_from(number(port)?).ok()?)),
            _ => None,
        };
    }
    let four_dots = text.split(|b| *b == b'.').count() == 5;
    match text.iter().rposition(|b| *b == b'.') {
        Some(dot) if four_dots || text.contains(&b':') => {
            Some((&text[..dot], u16::try_from(number(&text[dot + 1..])?).ok()?))
        }
        _ => Some((text, 0)),
    }
}

/// A decimal number, with a minus at most.
pub(crate) fn number(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn microseconds(text: &[u8]) -> Option<u32> {
    if text.len() != 6 {
        return None;
    }
    number(text).and_then(|micros| u32::try_from(micros).ok())
}

/// The file, line by line.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Lines<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn rest(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The next line without its newline.
    fn next(&mut self) -> Result<&'a [u8], DecodeError> {
        let rest = &self.bytes[self.at..];
        let end = memchr::memchr(b'\n', rest).ok_or_else(|| self.error("the file ends within a line"))?;
        if end > limits::SPOOL_ENVELOPE_LINE {
            return Err(self.error("a line is too long"));
        }
        self.at += end + 1;
        Ok(&rest[..end])
    }

    /// The next so many bytes.
    fn counted(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let found =
            self.bytes[self.at..].get(..len).ok_or_else(|| self.error("a length goes beyond the file"))?;
        self.at += len;
        Ok(found)
    }

    fn error(&self, what: &'static str) -> DecodeError {
        DecodeError { what, offset: self.at }
    }
}
