//! The conditions and modifiers by name: which there are, and where each may be used.
//!
//! # Compatibility
//! The places are those that Exim's own messages show ("cannot test domains condition in DATA ACL").

use mail_types::manual::Entry;

use super::AclPlace::{self, *};
use super::Places;

/// A condition or a modifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Acl,
    AddHeader,
    Authenticated,
    Condition,
    Continue,
    Control,
    Delay,
    DkimSigners,
    DkimStatus,
    Dnslists,
    Domains,
    Encrypted,
    Endpass,
    Hosts,
    LocalParts,
    LogMessage,
    LogRejectTarget,
    LogWrite,
    Message,
    Queue,
    Recipients,
    RemoveHeader,
    SenderDomains,
    Senders,
    Set,
    DmarcStatus,
    Spf,
    SpfGuess,
    Verify,
    /// Known to Exim and not there yet.
    Later,
}

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Row {
    /// What the manual says.
    pub(crate) entry: Entry,
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) modifier: bool,
    /// Where it may be used.
    pub(crate) places: Places,
}

/// Places where there is no client.
const NOT_SMTP: [AclPlace; 2] = [NotSmtp, NotSmtpStart];
/// Places where the recipient of a RCPT or VRFY command is known.
const ONE_RECIPIENT: Places = Places::of(&[Rcpt, Vrfy, Prdr, Delivery]);
/// Places where the sender is not known.
const NO_SENDER: [AclPlace; 9] = [Auth, Connect, Helo, MailAuth, Quit, Etrn, Expn, StartTls, Vrfy];
/// Places where no client has named a sender.
const BEFORE_MAIL: [AclPlace; 10] =
    [Auth, Connect, Helo, MailAuth, Etrn, Expn, StartTls, Vrfy, NotSmtp, NotSmtpStart];
/// Places that are about a message.
const MESSAGE: Places =
    Places::of(&[Rcpt, Mail, Predata, Mime, NotSmtpMime, NotSmtp, NotSmtpStart, Data, Prdr, Dkim]);

/// The table of conditions and modifiers: what the manual says about each, which it is, and where it may be used.
macro_rules! rows {
    (@modifier condition) => { false };
    (@modifier modifier) => { true };
    ($( #[doc = $doc:literal] $(#[doc = $example:literal])+ $name:literal => $word:ident $kind:expr, $places:expr; )*) => {
        static TABLE: &[Row] = &[ $( Row {
            entry: Entry { name: $name, doc: $doc, examples: &[$($example),+] },
            name: $name,
            kind: $kind,
            modifier: rows!(@modifier $word),
            places: $places,
        }, )* ];
    };
}

rows! {
    /// Runs another ACL, with up to nine arguments; it holds if that accepts.
    /// `deny !acl = greylist $sender_address`
    "acl" => condition Kind::Acl, Places::ALL;
    /// Adds header lines to the message if it is accepted.
    /// `warn add_header = X-Listed: $dnslist_domain`
    /// `warn add_header = :at_start:X-Seen: yes`
    "add_header" => modifier Kind::AddHeader, MESSAGE;
    /// A customer's queue has messages for these domains (ATRN).
    /// `accept atrn_domains = example.org`
    "atrn_domains" => condition Kind::Later, Places::ALL;
    /// The client has authenticated with one of these authenticators.
    /// `accept authenticated = *`
    "authenticated" => condition Kind::Authenticated, Places::all_but(&[NotSmtp, NotSmtpStart, Connect, Helo]);
    /// An expanded text says true.
    /// `deny condition = ${if eq{$sender_helo_name}{}}`
    "condition" => condition Kind::Condition, Places::ALL;
    /// Expands a text for what that does by the way; always goes on.
    /// `warn continue = ${run{/bin/true}}`
    "continue" => modifier Kind::Continue, Places::ALL;
    /// Changes how the message or the session is treated; see the controls below.
    /// `warn control = freeze`
    "control" => modifier Kind::Control, Places::ALL;
    /// Asks a DCC server about the message.
    /// `deny dcc = */defer_ok`
    "dcc" => condition Kind::Later, Places::ALL;
    /// Writes a MIME part, decoded, to a file.
    /// `warn decode = default`
    "decode" => condition Kind::Later, Places::ALL;
    /// Waits before it goes on.
    /// `deny delay = 20s`
    "delay" => modifier Kind::Delay, Places::all_but(&[NotQuit]);
    /// The signer that is being looked at is in a list.
    /// `accept dkim_signers = example.org`
    "dkim_signers" => condition Kind::DkimSigners, Places::of(&[Dkim]);
    /// The result of the DKIM verification is one of these.
    /// `deny dkim_status = fail`
    "dkim_status" => condition Kind::DkimStatus, Places::of(&[Dkim, Mime, Prdr, Data]);
    /// The result of DMARC is one of these; evaluates DMARC first.
    /// `deny dmarc_status = reject`
    "dmarc_status" => condition Kind::DmarcStatus, Places::of(&[Data]);
    /// The client, or the keys given, stand in a list that is published in the DNS.
    /// `deny dnslists = bl.example.net`
    /// `warn dnslists = rhs.example.net=127.0.0.2/$sender_address_domain`
    "dnslists" => condition Kind::Dnslists, Places::all_but(&[NotSmtpStart]);
    /// The recipient's domain is in a domain list.
    /// `accept domains = example.org : *.example.net`
    "domains" => condition Kind::Domains, ONE_RECIPIENT;
    /// The session is encrypted, with one of these ciphers.
    /// `accept encrypted = *`
    "encrypted" => condition Kind::Encrypted, Places::all_but(&[NotSmtp, NotSmtpStart, Helo]);
    /// From here on a condition of `accept` or `discard` that fails refuses.
    /// `accept endpass`
    "endpass" => modifier Kind::Endpass, Places::ALL;
    /// The client is in a host list.
    /// `accept hosts = 192.0.2.0/24 : :`
    "hosts" => condition Kind::Hosts, Places::all_but(&NOT_SMTP);
    /// The recipient's local part is in a local part list.
    /// `deny local_parts = ^[.] : ^.*[@%!]`
    "local_parts" => condition Kind::LocalParts, ONE_RECIPIENT;
    /// What the log says of a refusal, or of a warning.
    /// `deny log_message = not here`
    "log_message" => modifier Kind::LogMessage, Places::ALL;
    /// Which logs tell of refusals.
    /// `deny log_reject_target = main:reject`
    "log_reject_target" => modifier Kind::LogRejectTarget, Places::ALL;
    /// Writes a line to the log at once.
    /// `warn logwrite = :main,reject: saw $sender_host_address`
    "logwrite" => modifier Kind::LogWrite, Places::ALL;
    /// A virus scanner finds something.
    /// `deny malware = *`
    "malware" => condition Kind::Later, Places::ALL;
    /// What the peer is told; after an accepting verb the text of the answer.
    /// `deny message = 550 5.7.1 not here`
    "message" => modifier Kind::Message, Places::ALL;
    /// A regular expression matches in a MIME part.
    /// `deny mime_regex = ^VIRUS`
    "mime_regex" => condition Kind::Later, Places::ALL;
    /// Puts the message into a named queue.
    /// `warn queue = slow`
    "queue" => modifier Kind::Queue, Places::all_but(&[NotSmtp, Data]);
    /// The client sends more than so much in such a time.
    /// `defer ratelimit = 100 / 1h / per_rcpt`
    "ratelimit" => condition Kind::Later, Places::ALL;
    /// The recipient is in an address list.
    /// `deny recipients = spam-trap@example.org`
    "recipients" => condition Kind::Recipients, Places::of(&[Rcpt, Prdr, Delivery]);
    /// A regular expression matches a line of the message.
    /// `deny regex = (?i)buy now`
    "regex" => condition Kind::Later, Places::ALL;
    /// Removes header lines by their names.
    /// `warn remove_header = X-Spam-Score : X-Spam-Flag`
    "remove_header" => modifier Kind::RemoveHeader, MESSAGE;
    /// The same key has come by before.
    /// `defer seen = -5m / key=${sender_host_address}_$sender_address`
    "seen" => condition Kind::Later, Places::ALL;
    /// The sender's domain is in a domain list.
    /// `deny sender_domains = spam.example.net`
    "sender_domains" => condition Kind::SenderDomains, Places::all_but(&NO_SENDER);
    /// The sender is in an address list.
    /// `deny senders = : *@spam.example.net`
    "senders" => condition Kind::Senders, Places::all_but(&NO_SENDER);
    /// Sets a variable.
    /// `warn set acl_m_note = from $sender_address`
    "set" => modifier Kind::Set, Places::ALL;
    /// SpamAssassin or a like scanner finds the message is spam.
    /// `deny spam = nobody`
    "spam" => condition Kind::Later, Places::ALL;
    /// The SPF result for the sender is one of these.
    /// `deny spf = fail`
    "spf" => condition Kind::Spf, Places::all_but(&BEFORE_MAIL);
    /// As `spf`, with the record of the option `spf_guess`.
    /// `warn spf_guess = pass`
    "spf_guess" => condition Kind::SpfGuess, Places::all_but(&BEFORE_MAIL);
    /// Sends a UDP packet.
    /// `warn udpsend = <; 192.0.2.1; 1234; $sender_host_address`
    "udpsend" => modifier Kind::Later, Places::ALL;
    /// Tests the sender, the recipient, the client or the header; see below.
    /// `require verify = sender`
    "verify" => condition Kind::Verify, Places::ALL;
}

/// What the manual says about the modifiers or the conditions, and whether each is there yet.
pub(crate) fn entries(modifiers: bool) -> Vec<(&'static Entry, bool)> {
    let rows = TABLE.iter().filter(|row| row.modifier == modifiers);
    rows.map(|row| (&row.entry, row.kind != Kind::Later)).collect()
}

/// The conditions (or the modifiers) that work.
pub fn served(modifiers: bool) -> impl Iterator<Item = &'static str> {
    entries(modifiers).into_iter().filter(|(_, works)| *works).map(|(entry, _)| entry.name)
}

/// Every condition and modifier.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|row| row.name)
}

/// Finds a condition or modifier by name.
pub(crate) fn find(name: &[u8]) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.name.as_bytes() == name)
}

impl Row {
    /// "condition" or "modifier".
    pub(crate) fn word(&self) -> &'static str {
        if self.modifier { "modifier" } else { "condition" }
    }

    /// Exim's text when the place does not allow it.
    pub(crate) fn refusal(&self, place: AclPlace) -> Option<String> {
        if self.places.contains(place) {
            return None;
        }
        let verb = if self.modifier { "use" } else { "test" };
        Some(format!("cannot {verb} {} condition in {} ACL", self.name, place.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_exims() {
        let cases: &[(&str, AclPlace, Option<&str>)] = &[
            ("domains", Data, Some("cannot test domains condition in DATA ACL")),
            ("domains", Rcpt, None),
            ("domains", Vrfy, None),
            ("recipients", Vrfy, Some("cannot test recipients condition in VRFY ACL")),
            ("authenticated", Helo, Some("cannot test authenticated condition in EHLO or HELO ACL")),
            ("encrypted", Connect, None),
            ("hosts", NotSmtp, Some("cannot test hosts condition in non-SMTP ACL")),
            ("senders", Quit, Some("cannot test senders condition in QUIT ACL")),
            ("senders", NotQuit, None),
            ("add_header", Etrn, Some("cannot use add_header condition in ETRN ACL")),
            ("add_header", NotSmtp, None),
            ("delay", NotQuit, Some("cannot use delay condition in NOTQUIT ACL")),
            ("queue", Data, Some("cannot use queue condition in DATA ACL")),
            ("queue", NotSmtp, Some("cannot use queue condition in non-SMTP ACL")),
            ("queue", Vrfy, None),
            ("spf", Helo, Some("cannot test spf condition in EHLO or HELO ACL")),
            ("spf", Mail, None),
            ("dmarc_status", Rcpt, Some("cannot test dmarc_status condition in RCPT ACL")),
        ];
        for (name, place, want) in cases {
            let row = find(name.as_bytes()).unwrap();
            assert_eq!(row.refusal(*place).as_deref(), *want, "{name} in {place:?}");
        }
    }
}
