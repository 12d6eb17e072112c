//! The SMTP extensions: the set a server offers and the set a client was offered.
//!
//! # Compatibility
//! The order of the lines in an EHLO reply is Exim's.
//!
//! # References
//! RFC 5321 section 4.1.1.1.

/// What the EHLO reply offers: decided by the caller for each client, because
/// Exim's `*_advertise_hosts` lists and ACLs decide it. AUTH and PRDR
/// are not offered yet (docs/compat.md).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Extensions {
    /// `SIZE`, with the limit when there is one (`message_size_limit`).
    pub size: Option<u64>,
    /// `LIMITS`: the text after the word (`RCPTMAX=10`), when offered.
    pub limits: Option<Vec<u8>>,
    /// `8BITMIME` (`accept_8bitmime`).
    pub eight_bit_mime: bool,
    /// `DSN` (`dsn_advertise_hosts`).
    pub dsn: bool,
    /// `ETRN` (`acl_smtp_etrn` is set).
    pub etrn: bool,
    /// `VRFY` (`acl_smtp_vrfy` is set).
    pub vrfy: bool,
    /// `EXPN` (`acl_smtp_expn` is set).
    pub expn: bool,
    /// `PIPELINING` (`pipelining_advertise_hosts`).
    pub pipelining: bool,
    /// `PIPECONNECT` (`pipelining_connect_advertise_hosts`).
    pub pipe_connect: bool,
    /// `CHUNKING` (`chunking_advertise_hosts`).
    pub chunking: bool,
    /// `STARTTLS` (`tls_advertise_hosts`, and the session is in clear).
    pub starttls: bool,
    /// `SMTPUTF8` (`smtputf8_advertise_hosts`).
    pub smtputf8: bool,
    /// `REQUIRETLS` (`requiretls_advertise_hosts`, and the session is encrypted).
    pub requiretls: bool,
}

impl Extensions {
    /// The EHLO keyword lines in Exim's order, without the greeting line and with the final `HELP`.
    pub fn lines(&self) -> Vec<Vec<u8>> {
        let mut lines: Vec<Vec<u8>> = Vec::new();
        match self.size {
            Some(limit) if limit > 0 => lines.push(format!("SIZE {limit}").into_bytes()),
            _ => lines.push(b"SIZE".to_vec()),
        }
        if let Some(limits) = &self.limits {
            lines.push([b"LIMITS ", limits.as_slice()].concat());
        }
        for (offered, word) in [
            (self.eight_bit_mime, "8BITMIME"),
            (self.dsn, "DSN"),
            (self.etrn, "ETRN"),
            (self.vrfy, "VRFY"),
            (self.expn, "EXPN"),
            (self.pipelining, "PIPELINING"),
            (self.pipe_connect, "PIPECONNECT"),
            (self.chunking, "CHUNKING"),
            (self.starttls, "STARTTLS"),
            (self.smtputf8, "SMTPUTF8"),
            (self.requiretls, "REQUIRETLS"),
        ] {
            if offered {
                lines.push(word.as_bytes().to_vec());
            }
        }
        lines.push(b"HELP".to_vec());
        lines
    }
}

/// What a server offered to us.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Capabilities {
    /// It answered EHLO (not only HELO).
    pub esmtp: bool,
    /// `SIZE`; the value is 0 when no limit was named.
    pub size: Option<u64>,
    /// `8BITMIME`.
    pub eight_bit_mime: bool,
    /// `DSN`.
    pub dsn: bool,
    /// `PIPELINING`.
    pub pipelining: bool,
    /// `PIPECONNECT`.
    pub pipe_connect: bool,
    /// `CHUNKING`.
    pub chunking: bool,
    /// `STARTTLS`.
    pub starttls: bool,
    /// `PRDR`.
    pub prdr: bool,
    /// `SMTPUTF8`.
    pub smtputf8: bool,
    /// `REQUIRETLS`.
    pub requiretls: bool,
    /// `AUTH` mechanisms, upper case.
    pub auth: Vec<Vec<u8>>,
    /// `LIMITS` values.
    pub limits: Limits,
}

/// The values of the `LIMITS` extension (RFC 9422).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Limits {
    /// Transactions on one connection.
    pub mail_max: Option<u32>,
    /// Recipients of one transaction.
    pub rcpt_max: Option<u32>,
    /// Recipient domains of one transaction.
    pub rcpt_domain_max: Option<u32>,
}

impl Capabilities {
    /// Reads the lines of a successful EHLO reply (without codes); the first line is the greeting.
    pub fn from_ehlo(lines: &[Vec<u8>]) -> Self {
        let mut found = Self { esmtp: true, ..Self::default() };
        for line in lines.iter().skip(1) {
            found.add_line(line);
        }
        found
    }

    fn add_line(&mut self, line: &[u8]) {
        let mut words = line.split(|b| matches!(b, b' ' | b'\t' | b'=')).filter(|w| !w.is_empty());
        let Some(keyword) = words.next() else { return };
        match keyword.to_ascii_uppercase().as_slice() {
            b"SIZE" => self.size = Some(words.next().and_then(parse_number).unwrap_or(0)),
            b"8BITMIME" => self.eight_bit_mime = true,
            b"DSN" => self.dsn = true,
            b"PIPELINING" => self.pipelining = true,
            b"PIPECONNECT" => self.pipe_connect = true,
            b"CHUNKING" => self.chunking = true,
            b"STARTTLS" => self.starttls = true,
            b"PRDR" => self.prdr = true,
            b"SMTPUTF8" => self.smtputf8 = true,
            b"REQUIRETLS" => self.requiretls = true,
            b"AUTH" => {
                for word in words {
                    let mechanism = word.to_ascii_uppercase();
                    if !self.auth.contains(&mechanism) {
                        self.auth.push(mechanism);
                    }
                }
            }
            b"LIMITS" => self.limits = Limits::parse(line),
            _ => {}
        }
    }
}

impl Limits {
    fn parse(line: &[u8]) -> Self {
        let mut limits = Self::default();
        for word in line.split(|b| matches!(b, b' ' | b'\t')) {
            let Some(equals) = word.iter().position(|b| *b == b'=') else { continue };
            let value = parse_number(&word[equals + 1..]).and_then(|n| u32::try_from(n).ok());
            match word[..equals].to_ascii_uppercase().as_slice() {
                b"MAILMAX" => limits.mail_max = value,
                b"RCPTMAX" => limits.rcpt_max = value,
                b"RCPTDOMAINMAX" => limits.rcpt_domain_max = value,
                _ => {}
            }
        }
        limits
    }
}

/// A decimal number with nothing around it, no sign, no overflow.
pub(crate) fn parse_number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 20 || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stand_in_exims_order() {
        let offered = Extensions {
            size: Some(52_428_800),
            eight_bit_mime: true,
            etrn: true,
            vrfy: true,
            expn: true,
            pipelining: true,
            pipe_connect: true,
            chunking: true,
            starttls: true,
            smtputf8: true,
            ..Extensions::default()
        };
        let lines = offered.lines().join(&b'|');
        assert_eq!(
            lines,
            b"SIZE 52428800|8BITMIME|ETRN|VRFY|EXPN|PIPELINING|PIPECONNECT|CHUNKING|STARTTLS|SMTPUTF8|HELP"
        );
    }

    #[test]
    fn capabilities_are_read_whatever_their_case() {
        let lines: Vec<Vec<u8>> = [
            &b"mx.test Hello"[..],
            b"size 1000",
            b"8BitMime",
            b"PIPELINING",
            b"AUTH=LOGIN",
            b"AUTH plain login",
            b"LIMITS RCPTMAX=5 MAILMAX=x",
            b"X-OTHER",
        ]
        .iter()
        .map(|l| l.to_vec())
        .collect();
        let found = Capabilities::from_ehlo(&lines);
        assert_eq!(found.size, Some(1000));
        assert!(found.eight_bit_mime && found.pipelining && !found.chunking);
        assert_eq!(found.auth, [b"LOGIN".to_vec(), b"PLAIN".to_vec()]);
        assert_eq!(found.limits, Limits { rcpt_max: Some(5), ..Limits::default() });
    }

    #[test]
    fn numbers_are_strict() {
        assert_eq!(parse_number(b"18446744073709551615"), Some(u64::MAX));
        for bad in
            [&b""[..], b"18446744073709551616", b"-1", b"+1", b"1 ", b"0x10", b"99999999999999999999999"]
        {
            assert_eq!(parse_number(bad), None, "{bad:?}");
        }
    }
}
