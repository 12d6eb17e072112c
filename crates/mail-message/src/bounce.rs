//! Bounce and delay warning messages: their text, not their sending.
//!
//! A report is a `multipart/report`: a text for people, a `message/delivery-status` for programs, and the original
//! or its header. [`Bounce::head`] and [`Warning::head`] give everything up to the original, [`tail`] what follows.
//!
//! # Invariants
//! * No text from a peer or an address can begin a header line, a boundary or a status field of its own.
//!
//! # Security
//! Error texts and addresses are hostile: control octets become `?`.
//!
//! # Compatibility
//! Byte for byte as Exim 4.96 with Debian's build (specification, "Customizing bounce and warning messages").
//!
//! # References
//! RFC 3462, RFC 3464, RFC 3834.

/// One address of a report.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Address<'a> {
    /// The address that was tried.
    pub address: &'a [u8],
    /// The envelope's recipient that led to it; the same when nothing was redirected.
    pub original: &'a [u8],
    /// There were others between the two.
    pub ultimately: bool,
    /// A file or a command: what is done with it, and the address that named it.
    pub generated: Option<(Target, &'a [u8])>,
    /// The host that was tried: name and IP address.
    pub host: Option<(&'a [u8], &'a [u8])>,
    /// What went wrong, as in the log; LF between lines.
    pub error: &'a [u8],
    /// The reply of a remote server, codes included, LF between lines.
    pub smtp_reply: Option<&'a [u8]>,
    /// RFC 3461's ORCPT.
    pub orcpt: Option<&'a [u8]>,
    /// Output of a pipe that goes back to the sender.
    pub output: Option<&'a [u8]>,
}

/// What a redirection may name in place of an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Target {
    /// A command.
    Pipe,
    /// A file or a directory.
    File,
}

/// What all reports have in common.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// `dsn_from`, expanded.
    pub from: &'a [u8],
    /// Whom it goes to.
    pub to: &'a [u8],
    /// `errors_reply_to`, expanded.
    pub reply_to: Option<&'a [u8]>,
    /// The original's Message-ID, with its brackets.
    pub references: Option<&'a [u8]>,
    /// `smtp_active_hostname`.
    pub hostname: &'a [u8],
    /// The MIME boundary; [`boundary`] makes one.
    pub boundary: &'a [u8],
    /// The original's ENVID.
    pub envid: Option<&'a [u8]>,
    /// The original follows whole; else only its header.
    pub with_body: bool,
}

/// A bounce.
#[derive(Clone, Copy, Debug)]
pub struct Bounce<'a> {
    /// The common part.
    pub report: Report<'a>,
    /// The failed addresses, in the order of the text.
    pub failed: &'a [Address<'a>],
    /// The original's sender, when the bounce goes to somebody else.
    pub other_sender: Option<&'a [u8]>,
    /// `bounce_message_text`.
    pub extra_text: Option<&'a [u8]>,
    /// Items of `bounce_message_file`, expanded; an empty one means the default.
    pub custom: Custom<'a>,
}

/// A delay warning.
#[derive(Clone, Copy, Debug)]
pub struct Warning<'a> {
    /// The common part.
    pub report: Report<'a>,
    /// The delayed addresses.
    pub delayed: &'a [Address<'a>],
    /// The original's sender, when the warning goes to somebody else.
    pub other_sender: Option<&'a [u8]>,
    /// The message's id.
    pub message_id: &'a [u8],
    /// Its Subject, without blanks around it.
    pub subject: Option<&'a [u8]>,
    /// Its Date likewise.
    pub date: Option<&'a [u8]>,
    /// Seconds on the queue.
    pub queue_time: u64,
    /// Items of `warn_message_file`, expanded; the third is `closing`.
    pub custom: Custom<'a>,
}

/// Text items that replace the defaults.
#[derive(Clone, Copy, Debug, Default)]
pub struct Custom<'a> {
    /// Header lines (Subject).
    pub header: &'a [u8],
    /// The text before the addresses.
    pub opening: &'a [u8],
    /// The text after them: before output of pipes, or the end of a warning.
    pub closing: &'a [u8],
}

/// The line that stands in a returned header when the body was left out for its long lines.
pub const LINES_TOO_LONG: &[u8] =
    b"X-Exim-DSN-Information: Due to administrative limits only headers are returned\n";

/// A boundary from the time in seconds and a random number.
pub fn boundary(seconds: i64, random: u32) -> Vec<u8> {
    format!("{seconds}-eximdsn-{}", random & 0x7fff_ffff).into_bytes()
}

/// What ends a report, after the original.
pub fn tail(boundary: &[u8]) -> Vec<u8> {
    [b"\n--", boundary, b"--\n"].concat()
}

/// `N minutes`, from two hours on `N hours`.
pub fn delay_words(seconds: u64) -> String {
    if seconds < 2 * 3600 { format!("{} minutes", seconds / 60) } else { format!("{} hours", seconds / 3600) }
}

impl Bounce<'_> {
    /// The header lines (for the receiver to type and complete) and the body up to the original.
    pub fn head(&self) -> (Vec<u8>, Vec<u8>) {
        let report = &self.report;
        let mut header = b"X-Failed-Recipients: ".to_vec();
        for (n, failed) in self.failed.iter().enumerate() {
            if n > 0 {
                header.extend_from_slice(b",\n  ");
            }
            push_line(failed.generated.map_or(failed.address, |(_, by)| by), &mut header);
        }
        header.push(b'\n');
        report.push_header(&mut header);
        if self.custom.header.is_empty() {
            header.extend_from_slice(b"Subject: Mail delivery failed");
            header.extend_from_slice(if self.other_sender.is_none() {
                b": returning message to sender\n"
            } else {
                b"\n"
            });
        } else {
            push_paragraph(self.custom.header, &mut header);
        }
        let mut body = report.opening_part();
        self.push_opening(&mut body);
        for failed in self.failed {
            failed.push_text(b"", &mut body);
        }
        self.push_outputs(&mut body);
        report.begin_status(&mut body);
        // Exim walks its chain of addresses from the other end here.
        let with_output = self.failed.iter().filter(|a| a.output.is_some());
        let without = self.failed.iter().rev().filter(|a| a.output.is_none());
        for failed in with_output.chain(without) {
            failed.push_status(b"failed", b"5.0.0", &mut body);
        }
        report.begin_original(&mut body);
        (header, body)
    }

    fn push_opening(&self, out: &mut Vec<u8>) {
        if !self.custom.opening.is_empty() {
            push_paragraph(self.custom.opening, out);
            out.push(b'\n');
            return;
        }
        out.extend_from_slice(b"This message was created automatically by mail delivery software.\n");
        match self.extra_text {
            Some(text) => push_paragraph(text, out),
            None => out.push(b'\n'),
        }
        match self.other_sender {
            None => out.extend_from_slice(
                b"A message that you sent could not be delivered to one or more of its\nrecipients. \
                  This is a permanent error. The following address(es) failed:\n\n",
            ),
            Some(sender) => {
                out.extend_from_slice(b"A message sent by\n\n  <");
                push_line(sender, out);
                out.extend_from_slice(
                    b">\n\ncould not be delivered to one or more of its recipients. The following\n\
                      address(es) failed:\n\n",
                );
            }
        }
    }

    fn push_outputs(&self, out: &mut Vec<u8>) {
        let outputs = self.failed.iter().filter(|a| a.output.is_some()).count();
        if outputs == 0 {
            return;
        }
        out.push(b'\n');
        if self.custom.closing.is_empty() {
            let plural = if outputs > 1 { "s" } else { "" };
            let text = format!("The following text was generated during the delivery attempt{plural}:\n");
            out.extend_from_slice(text.as_bytes());
        } else {
            push_paragraph(self.custom.closing, out);
        }
        for failed in self.failed {
            let Some(output) = failed.output else { continue };
            out.extend_from_slice(b"\n------ ");
            failed.push_name("       ", out);
            out.extend_from_slice(b" ------\n\n");
            push_paragraph(output, out);
        }
    }
}

impl Warning<'_> {
    /// The header lines and the body up to the original's header.
    pub fn head(&self) -> (Vec<u8>, Vec<u8>) {
        let mut header = Vec::new();
        self.report.push_header(&mut header);
        let delay = delay_words(self.queue_time);
        if self.custom.header.is_empty() {
            header.extend_from_slice(b"Subject: Warning: message ");
            push_line(self.message_id, &mut header);
            header.extend_from_slice(format!(" delayed {delay}\n").as_bytes());
        } else {
            push_paragraph(self.custom.header, &mut header);
        }
        let mut body = self.report.opening_part();
        self.push_opening(&delay, &mut body);
        for delayed in self.delayed {
            delayed.push_text(b"Delay reason: ", &mut body);
        }
        body.push(b'\n');
        if self.custom.closing.is_empty() {
            body.extend_from_slice(
                b"No action is required on your part. Delivery attempts will continue for\n\
                  some time, and this warning may be repeated at intervals if the message\n\
                  remains undelivered. Eventually the mail delivery software will give up,\n\
                  and when that happens, the message will be returned to you.\n",
            );
        } else {
            push_paragraph(self.custom.closing, &mut body);
        }
        self.report.begin_status(&mut body);
        for delayed in self.delayed {
            delayed.push_status(b"delayed", b"4.0.0", &mut body);
        }
        self.report.begin_original(&mut body);
        (header, body)
    }

    fn push_opening(&self, delay: &str, out: &mut Vec<u8>) {
        if !self.custom.opening.is_empty() {
            push_paragraph(self.custom.opening, out);
            out.push(b'\n');
            return;
        }
        out.extend_from_slice(b"This message was created automatically by mail delivery software.\n");
        match self.other_sender {
            None => out.extend_from_slice(b"A message that you sent "),
            Some(sender) => {
                out.extend_from_slice(b"A message sent by\n\n  <");
                push_line(sender, out);
                out.extend_from_slice(b">\n\n");
            }
        }
        out.extend_from_slice(
            b"has not yet been delivered to one or more of its\nrecipients after more than ",
        );
        out.extend_from_slice(delay.as_bytes());
        out.extend_from_slice(b" on the queue on ");
        push_line(self.report.hostname, out);
        out.extend_from_slice(b".\n\nThe message identifier is:     ");
        push_line(self.message_id, out);
        out.push(b'\n');
        for (words, text) in [
            (&b"The subject of the message is: "[..], self.subject),
            (b"The date of the message is:    ", self.date),
        ] {
            if let Some(text) = text {
                out.extend_from_slice(words);
                push_line(text, out);
                out.push(b'\n');
            }
        }
        out.extend_from_slice(if self.delayed.len() == 1 {
            b"\nThe address to which the message has not yet been delivered is:\n\n".as_slice()
        } else {
            b"\nThe addresses to which the message has not yet been delivered are:\n\n"
        });
    }
}

impl Report<'_> {
    fn push_header(&self, out: &mut Vec<u8>) {
        let mut field = |name: &str, value: &[u8]| {
            out.extend_from_slice(name.as_bytes());
            push_line(value, out);
            out.push(b'\n');
        };
        if let Some(reply_to) = self.reply_to {
            field("Reply-To: ", reply_to);
        }
        field("Auto-Submitted: ", b"auto-replied");
        field("From: ", self.from);
        field("To: ", self.to);
        if let Some(references) = self.references {
            field("References: ", references);
        }
        field("Content-Type: multipart/report; report-type=delivery-status; boundary=", self.boundary);
        out.extend_from_slice(b"MIME-Version: 1.0\n");
    }

    fn opening_part(&self) -> Vec<u8> {
        [b"--", self.boundary, b"\nContent-type: text/plain; charset=us-ascii\n\n"].concat()
    }

    fn begin_status(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\n--");
        out.extend_from_slice(self.boundary);
        out.extend_from_slice(b"\nContent-type: message/delivery-status\n\nReporting-MTA: dns; ");
        push_line(self.hostname, out);
        out.push(b'\n');
        if let Some(envid) = self.envid {
            out.extend_from_slice(b"Original-Envelope-ID: ");
            push_line(envid, out);
            out.push(b'\n');
        }
        out.push(b'\n');
    }

    fn begin_original(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"--");
        out.extend_from_slice(self.boundary);
        out.extend_from_slice(b"\nContent-type: ");
        out.extend_from_slice(if self.with_body { b"message/rfc822" } else { b"text/rfc822-headers" });
        out.extend_from_slice(b"\n\n");
    }
}

impl Address<'_> {
    fn push_text(&self, before_error: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(b"  ");
        self.push_name("    ", out);
        if let Some((name, ip)) = self.host {
            out.extend_from_slice(b"\n    host ");
            push_line(name, out);
            out.extend_from_slice(b" [");
            push_line(ip, out);
            out.push(b']');
        }
        if !self.error.is_empty() {
            out.extend_from_slice(b"\n    ");
            out.extend_from_slice(before_error);
            push_error(self.error, out);
        }
        out.push(b'\n');
    }

    /// The address and where it came from, further lines indented.
    fn push_name(&self, indent: &str, out: &mut Vec<u8>) {
        let mut from = self.address;
        if let Some((target, by)) = self.generated {
            out.extend_from_slice(match target {
                Target::Pipe => b"pipe to ",
                Target::File => b"save to ",
            });
            push_line(self.address, out);
            out.extend_from_slice(format!("\n{indent}generated by ").as_bytes());
            from = by;
        }
        push_line(from, out);
        if self.original != from && !self.original.is_empty() {
            let ultimately = if self.ultimately { "ultimately " } else { "" };
            out.extend_from_slice(format!("\n{indent}({ultimately}generated from ").as_bytes());
            push_line(self.original, out);
            out.push(b')');
        }
    }

    fn push_status(&self, action: &[u8], status: &[u8], out: &mut Vec<u8>) {
        if let Some(orcpt) = self.orcpt {
            out.extend_from_slice(b"Original-Recipient: ");
            push_line(orcpt, out);
            out.push(b'\n');
        }
        out.extend_from_slice(b"Action: ");
        out.extend_from_slice(action);
        out.push(b'\n');
        out.extend_from_slice(b"Final-Recipient: rfc822;");
        push_line(if self.original.is_empty() { self.address } else { self.original }, out);
        out.extend_from_slice(b"\nStatus: ");
        // rfc8689#4.2.1
        let status = if self.error.starts_with(b"REQUIRETLS: ") { b"5.7.30" } else { status };
        out.extend_from_slice(status);
        out.push(b'\n');
        if let Some((name, _)) = self.host {
            out.extend_from_slice(b"Remote-MTA: dns; ");
            push_line(name, out);
            out.push(b'\n');
        }
        if let Some(reply) = self.smtp_reply {
            out.extend_from_slice(b"Diagnostic-Code: smtp; ");
            for (n, line) in reply.split(|b| *b == b'\n').enumerate() {
                if n > 0 {
                    out.extend_from_slice(b"\n ");
                }
                push_line(line, out);
            }
            out.push(b'\n');
        }
        out.push(b'\n');
    }
}

/// Text on one line.
fn push_line(text: &[u8], out: &mut Vec<u8>) {
    out.extend(text.iter().map(|b| if *b < b' ' && *b != b'\t' || *b == 0x7f { b'?' } else { *b }));
}

/// An error text: its lines indented, and a new line after a colon that comes late in a line.
fn push_error(text: &[u8], out: &mut Vec<u8>) {
    const LATE: usize = 45;
    let mut count = 0;
    for (n, &byte) in text.iter().enumerate() {
        if byte == b'\n' {
            out.extend_from_slice(b"\n    ");
            count = 0;
            continue;
        }
        push_line(&[byte], out);
        count += 1;
        if byte == b':' && text.get(n + 1) == Some(&b' ') && count > LATE {
            out.extend_from_slice(b"\n   ");
            count = 0;
        }
    }
}

/// Text that ends with a line end; a line that looks like a boundary can't be ours, whose digits nobody knows before.
fn push_paragraph(text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(text);
    if !text.is_empty() && text.last() != Some(&b'\n') {
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests;
