//! The names of the lines in the option block, and how a line is cut up.
//!
//! # Compatibility
//! [`ORDER`] is the order in which Exim 4.96 writes them: it was asked to read a file with all of them and to write it
//! again. The last, `requiretls`, is Postrider's own: Exim passes over it, and loses it when it writes the file. The specification allows any order on reading.

use mail_types::Taint;
use mail_types::value::QuotedFor;

/// All names that we know, in the order of writing. `acl` stands for `aclc`, `aclm` and the old `acl`.
pub(crate) const ORDER: [&str; 47] = [
    "received_time_usec",
    "received_time_complete",
    "helo_name",
    "host_address",
    "host_name",
    "host_auth",
    "host_auth_pubname",
    "interface_address",
    "active_hostname",
    "ident",
    "received_protocol",
    "acl",
    "spool_file_wireformat",
    "body_linecount",
    "max_received_linelength",
    "body_zerocount",
    "auth_id",
    "auth_sender",
    "allow_unqualified_recipient",
    "allow_unqualified_sender",
    "deliver_firsttime",
    "frozen",
    "N",
    "host_lookup_deferred",
    "host_lookup_failed",
    "local",
    "localerror",
    "local_scan",
    "spam_bar",
    "spam_score",
    "spam_score_int",
    "manual_thaw",
    "sender_set_untrusted",
    "tls_certificate_verified",
    "tls_cipher",
    "tls_peercert",
    "tls_peerdn",
    "tls_sni",
    "tls_ourcert",
    "tls_ocsp",
    "tls_resumption",
    "tls_ver",
    "smtputf8",
    "utf8_downcvt",
    "dsn_envid",
    "dsn_ret",
    "requiretls",
];

/// A line of the option block, cut up.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OptionLine<'a> {
    pub(crate) taint: Taint,
    pub(crate) name: &'a [u8],
    /// What follows the space after the name; nothing where there is no space.
    pub(crate) rest: Option<&'a [u8]>,
}

/// Cuts up a line that begins with a hyphen, without its newline.
pub(crate) fn split(line: &[u8]) -> Option<OptionLine<'_>> {
    let line = line.strip_prefix(b"-")?;
    let (taint, line) = match line.strip_prefix(b"-") {
        None => (Taint::Clean, line),
        Some(line) => match line.strip_prefix(b"(") {
            None => (Taint::Tainted, line),
            Some(line) => {
                let end = line.iter().position(|b| *b == b')')?;
                let lookup = std::str::from_utf8(&line[..end]).ok()?;
                (Taint::Quoted(QuotedFor::new(lookup)), &line[end + 1..])
            }
        },
    };
    let (name, rest) = match line.iter().position(|b| *b == b' ') {
        None => (line, None),
        Some(space) => (&line[..space], Some(&line[space + 1..])),
    };
    Some(OptionLine { taint, name, rest })
}

/// The place of a name in [`ORDER`], from 1.
pub(crate) fn rank(name: &[u8]) -> Option<u8> {
    let name = match name {
        b"aclc" | b"aclm" => &b"acl"[..],
        b"utf8_optdowncvt" => b"utf8_downcvt",
        name => name,
    };
    ORDER.iter().position(|known| known.as_bytes() == name).map(|at| at as u8 + 1)
}
