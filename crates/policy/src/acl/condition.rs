//! The conditions and modifiers by name: which there are, and where each may be used.
//!
//! # Compatibility
//! The places are those that Exim's own messages show ("cannot test domains condition in DATA ACL").

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
    Verify,
    /// Known to Exim and not there yet.
    Later,
}

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Row {
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
/// Places that are about a message.
const MESSAGE: Places =
    Places::of(&[Rcpt, Mail, Predata, Mime, NotSmtpMime, NotSmtp, NotSmtpStart, Data, Prdr, Dkim]);

const fn row(name: &'static str, kind: Kind, modifier: bool, places: Places) -> Row {
    Row { name, kind, modifier, places }
}

const TABLE: &[Row] = &[
    row("acl", Kind::Acl, false, Places::ALL),
    row("add_header", Kind::AddHeader, true, MESSAGE),
    row("atrn_domains", Kind::Later, false, Places::ALL),
    row(
        "authenticated",
        Kind::Authenticated,
        false,
        Places::all_but(&[NotSmtp, NotSmtpStart, Connect, Helo]),
    ),
    row("bmi_optin", Kind::Later, false, Places::ALL),
    row("condition", Kind::Condition, false, Places::ALL),
    row("continue", Kind::Continue, true, Places::ALL),
    row("control", Kind::Control, true, Places::ALL),
    row("dcc", Kind::Later, false, Places::ALL),
    row("decode", Kind::Later, false, Places::ALL),
    row("delay", Kind::Delay, true, Places::all_but(&[NotQuit])),
    row("dkim_signers", Kind::Later, false, Places::ALL),
    row("dkim_status", Kind::Later, false, Places::ALL),
    row("dmarc_status", Kind::Later, false, Places::ALL),
    row("dnslists", Kind::Dnslists, false, Places::all_but(&[NotSmtpStart])),
    row("domains", Kind::Domains, false, ONE_RECIPIENT),
    row("encrypted", Kind::Encrypted, false, Places::all_but(&[NotSmtp, NotSmtpStart, Helo])),
    row("endpass", Kind::Endpass, true, Places::ALL),
    row("hosts", Kind::Hosts, false, Places::all_but(&NOT_SMTP)),
    row("local_parts", Kind::LocalParts, false, ONE_RECIPIENT),
    row("log_message", Kind::LogMessage, true, Places::ALL),
    row("log_reject_target", Kind::LogRejectTarget, true, Places::ALL),
    row("logwrite", Kind::LogWrite, true, Places::ALL),
    row("malware", Kind::Later, false, Places::ALL),
    row("message", Kind::Message, true, Places::ALL),
    row("mime_regex", Kind::Later, false, Places::ALL),
    row("queue", Kind::Queue, true, Places::all_but(&[NotSmtp, Data])),
    row("ratelimit", Kind::Later, false, Places::ALL),
    row("recipients", Kind::Recipients, false, Places::of(&[Rcpt, Prdr, Delivery])),
    row("regex", Kind::Later, false, Places::ALL),
    row("remove_header", Kind::RemoveHeader, true, MESSAGE),
    row("seen", Kind::Later, false, Places::ALL),
    row("sender_domains", Kind::SenderDomains, false, Places::all_but(&NO_SENDER)),
    row("senders", Kind::Senders, false, Places::all_but(&NO_SENDER)),
    row("set", Kind::Set, true, Places::ALL),
    row("spam", Kind::Later, false, Places::ALL),
    row("spf", Kind::Later, false, Places::ALL),
    row("spf_guess", Kind::Later, false, Places::ALL),
    row("udpsend", Kind::Later, true, Places::ALL),
    row("verify", Kind::Verify, false, Places::ALL),
];

/// The conditions (or the modifiers) that work.
pub fn served(modifiers: bool) -> impl Iterator<Item = &'static str> {
    TABLE.iter().filter(move |row| row.modifier == modifiers && row.kind != Kind::Later).map(|row| row.name)
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
        ];
        for (name, place, want) in cases {
            let row = find(name.as_bytes()).unwrap();
            assert_eq!(row.refusal(*place).as_deref(), *want, "{name} in {place:?}");
        }
    }
}
