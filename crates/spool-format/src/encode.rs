//! Writes a -H file.
//!
//! # Invariants
//! * What is written is read back as the same header.
//!
//! # Security
//! A newline or a zero byte in a field of one line is refused: it would begin a line of its own (CVE-2020-28021,
//! CVE-2020-28026), or end the field for a reader in C.
//!
//! # Compatibility
//! The order of the lines is that of Exim 4.96.

use std::io::Write;

use mail_types::{Taint, Value};

use crate::option_line::{self, rank};
use crate::{AclScope, EncodeError, Header, HeaderKind, HostPort, UnknownLine, Utf8Downcast, recipient_line};

impl Header {
    /// The bytes of the -H file.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let texts: usize = self.headers.iter().map(|line| line.text.len() + 8).sum();
        let addresses: usize = self.recipients.iter().map(|recipient| recipient.address.len() + 32).sum();
        let mut unknown: Vec<&UnknownLine> = self.unknown.iter().collect();
        unknown.sort_by_key(|line| line.after);
        let mut block = Block { out: Vec::with_capacity(1024 + texts + addresses), unknown, done: 0 };
        self.push_first_lines(&mut block.out)?;
        block.check_unknown()?;
        self.push_origin(&mut block)?;
        self.push_state(&mut block)?;
        self.push_tls(&mut block)?;
        block.rest();
        let mut out = block.out;
        self.push_nonrecipients(&mut out)?;
        push(&mut out, format_args!("{}\n", self.recipients.len()));
        for recipient in &self.recipients {
            recipient_line::push(&mut out, recipient)?;
        }
        out.push(b'\n');
        self.push_headers(&mut out)?;
        Ok(out)
    }

    fn push_first_lines(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        one_line("login", &self.login)?;
        one_line("sender", &self.sender)?;
        push(out, format_args!("{}-H\n", self.id));
        out.extend_from_slice(&self.login);
        push(out, format_args!(" {} {}\n<", self.uid, self.gid));
        out.extend_from_slice(&self.sender);
        push(out, format_args!(">\n{} {}\n", self.received_time.secs(), self.warning_count));
        Ok(())
    }

    fn push_origin(&self, block: &mut Block<'_>) -> Result<(), EncodeError> {
        if self.received_time_usec {
            block.clean("received_time_usec", format_args!(".{:06}", self.received_time.subsec_micros()));
        } else if self.received_time.subsec_micros() != 0 {
            return Err(EncodeError { field: "received_time", what: "microseconds without their line" });
        }
        if let Some(time) = self.received_time_complete {
            block
                .clean("received_time_complete", format_args!("{}.{:06}", time.secs(), time.subsec_micros()));
        }
        block.text("helo_name", self.helo_name.as_ref())?;
        block.host("host_address", self.host_address.as_ref())?;
        block.text("host_name", self.host_name.as_ref())?;
        block.text("host_auth", self.host_auth.as_ref())?;
        block.text("host_auth_pubname", self.host_auth_pubname.as_ref())?;
        block.host("interface_address", self.interface_address.as_ref())?;
        block.text("active_hostname", self.active_hostname.as_ref())?;
        block.text("ident", self.ident.as_ref())?;
        block.text("received_protocol", self.received_protocol.as_ref())?;
        self.push_acl_variables(block)
    }

    fn push_acl_variables(&self, block: &mut Block<'_>) -> Result<(), EncodeError> {
        for variable in &self.acl_variables {
            one_line("name of an ACL variable", &variable.name)?;
            block.at("acl");
            block.hyphens(variable.value.taint())?;
            block.out.extend_from_slice(match variable.scope {
                AclScope::Connection => b"aclc ",
                AclScope::Message => b"aclm ",
            });
            block.out.extend_from_slice(&variable.name);
            push(&mut block.out, format_args!(" {}\n", variable.value.len()));
            block.out.extend_from_slice(variable.value.bytes());
            block.out.push(b'\n');
        }
        Ok(())
    }

    fn push_state(&self, block: &mut Block<'_>) -> Result<(), EncodeError> {
        block.flag("spool_file_wireformat", self.spool_file_wireformat);
        block.number("body_linecount", self.body.lines);
        block.number("max_received_linelength", self.body.longest_line);
        block.number("body_zerocount", Some(self.body.zeros).filter(|zeros| *zeros != 0));
        block.text("auth_id", self.auth_id.as_ref())?;
        block.text("auth_sender", self.auth_sender.as_ref())?;
        block.flag("allow_unqualified_recipient", self.allow_unqualified_recipient);
        block.flag("allow_unqualified_sender", self.allow_unqualified_sender);
        block.flag("deliver_firsttime", self.deliver_firsttime);
        block.number("frozen", self.frozen);
        block.flag("N", self.dont_deliver);
        block.flag("host_lookup_deferred", self.host_lookup_deferred);
        block.flag("host_lookup_failed", self.host_lookup_failed);
        block.flag("local", self.local);
        block.flag("localerror", self.localerror);
        block.text("local_scan", self.local_scan.as_ref())?;
        block.text("spam_bar", self.spam.bar.as_ref())?;
        block.text("spam_score", self.spam.score.as_ref())?;
        block.text("spam_score_int", self.spam.score_int.as_ref())?;
        block.flag("manual_thaw", self.manual_thaw);
        block.flag("sender_set_untrusted", self.sender_set_untrusted);
        Ok(())
    }

    fn push_tls(&self, block: &mut Block<'_>) -> Result<(), EncodeError> {
        block.flag("tls_certificate_verified", self.tls.certificate_verified);
        block.text("tls_cipher", self.tls.cipher.as_ref())?;
        block.text("tls_peercert", self.tls.peercert.as_ref())?;
        block.text("tls_peerdn", self.tls.peerdn.as_ref())?;
        block.text("tls_sni", self.tls.sni.as_ref())?;
        block.text("tls_ourcert", self.tls.ourcert.as_ref())?;
        block.number("tls_ocsp", self.tls.ocsp);
        block.text("tls_resumption", self.tls.resumption.as_ref())?;
        block.text("tls_ver", self.tls.version.as_ref())?;
        block.flag("smtputf8", self.smtputf8);
        match self.utf8_downcast {
            Utf8Downcast::No => {}
            Utf8Downcast::Always => block.flag("utf8_downcvt", true),
            Utf8Downcast::IfNeeded => block.flag("utf8_optdowncvt", true),
        }
        block.text("dsn_envid", self.dsn_envid.as_ref())?;
        block.number("dsn_ret", Some(self.dsn_ret).filter(|ret| *ret != 0));
        block.flag("requiretls", self.requiretls);
        Ok(())
    }

    fn push_nonrecipients(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if self.nonrecipients.is_empty() {
            out.extend_from_slice(b"XX\n");
        }
        let letter = |branch: bool| if branch { b'Y' } else { b'N' };
        for branch in self.nonrecipients.branches() {
            one_line("non-recipient", &branch.address)?;
            out.extend_from_slice(&[letter(branch.left), letter(branch.right), b' ']);
            out.extend_from_slice(&branch.address);
            out.push(b'\n');
        }
        Ok(())
    }

    fn push_headers(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        for line in &self.headers {
            let letter = line.kind.letter();
            let ambiguous = letter.is_ascii_digit() || HeaderKind::from_letter(letter) != line.kind;
            if ambiguous || !line.text.ends_with(b"\n") {
                return Err(EncodeError {
                    field: "header line",
                    what: "no newline at its end, or no letter for its kind",
                });
            }
            push(out, format_args!("{:03}", line.text.len()));
            out.extend_from_slice(&[letter, b' ']);
            out.extend_from_slice(&line.text);
        }
        Ok(())
    }
}

/// The option block while it is written.
struct Block<'a> {
    out: Vec<u8>,
    /// By rising rank of the line that they follow.
    unknown: Vec<&'a UnknownLine>,
    /// How many of them are written.
    done: usize,
}

impl Block<'_> {
    /// An unknown line must be unknown to the reader, too, or it would come back as something else.
    fn check_unknown(&self) -> Result<(), EncodeError> {
        for line in &self.unknown {
            one_line("unknown line", &line.text)?;
            let parsed = Header::reads_as_unknown(&line.text);
            if !line.text.starts_with(b"-") || !parsed {
                return Err(EncodeError { field: "unknown line", what: "it is none" });
            }
        }
        Ok(())
    }

    /// Moves on to the place of a line: the unknown lines before it are written.
    fn at(&mut self, name: &str) {
        let rank = rank(name.as_bytes()).unwrap_or(u8::MAX);
        while let Some(line) = self.unknown.get(self.done).filter(|line| line.after < rank) {
            self.out.extend_from_slice(&line.text);
            self.out.push(b'\n');
            self.done += 1;
        }
    }

    /// The unknown lines that are left.
    fn rest(&mut self) {
        for line in &self.unknown[self.done..] {
            self.out.extend_from_slice(&line.text);
            self.out.push(b'\n');
        }
    }

    fn flag(&mut self, name: &str, set: bool) {
        if set {
            self.at(name);
            push(&mut self.out, format_args!("-{name}\n"));
        }
    }

    fn number(&mut self, name: &str, number: Option<i64>) {
        if let Some(number) = number {
            self.clean(name, format_args!("{number}"));
        }
    }

    fn clean(&mut self, name: &str, text: std::fmt::Arguments<'_>) {
        self.at(name);
        push(&mut self.out, format_args!("-{name} {text}\n"));
    }

    fn text(&mut self, name: &'static str, value: Option<&Value>) -> Result<(), EncodeError> {
        let Some(value) = value else { return Ok(()) };
        one_line(name, value.bytes())?;
        self.at(name);
        self.hyphens(value.taint())?;
        push(&mut self.out, format_args!("{name} "));
        self.out.extend_from_slice(value.bytes());
        self.out.push(b'\n');
        Ok(())
    }

    fn host(&mut self, name: &'static str, host: Option<&HostPort>) -> Result<(), EncodeError> {
        let Some(host) = host else { return Ok(()) };
        let address = host.address.bytes();
        one_line(name, address)?;
        if address.contains(&b']') {
            return Err(EncodeError { field: name, what: "a bracket in an IP address" });
        }
        self.at(name);
        self.hyphens(host.address.taint())?;
        push(&mut self.out, format_args!("{name} ["));
        self.out.extend_from_slice(address);
        push(&mut self.out, format_args!("]:{}\n", host.port));
        Ok(())
    }

    fn hyphens(&mut self, taint: &Taint) -> Result<(), EncodeError> {
        match taint {
            Taint::Clean => self.out.push(b'-'),
            Taint::Tainted => self.out.extend_from_slice(b"--"),
            Taint::Quoted(quoted) => {
                let lookup = quoted.lookup();
                one_line("lookup of a quoted value", lookup.as_bytes())?;
                if lookup.contains(')') {
                    return Err(EncodeError {
                        field: "lookup of a quoted value",
                        what: "a parenthesis in its name",
                    });
                }
                push(&mut self.out, format_args!("--({lookup})"));
            }
        }
        Ok(())
    }
}

impl Header {
    /// True when a line of the option block would be kept as unknown.
    fn reads_as_unknown(text: &[u8]) -> bool {
        let Some(line) = option_line::split(text) else { return true };
        if rank(line.name).is_none() {
            return true;
        }
        let acl = line.rest.is_some() && line.name.starts_with(b"acl");
        !acl && !Self::takes(&line)
    }
}

/// Refuses what would begin a line of its own.
fn one_line(field: &'static str, bytes: &[u8]) -> Result<(), EncodeError> {
    if memchr::memchr2(b'\n', b'\0', bytes).is_some() {
        return Err(EncodeError { field, what: "a newline or a zero byte in it" });
    }
    Ok(())
}

fn push(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to a vector doesn't fail.
    let _ = out.write_fmt(text);
}
