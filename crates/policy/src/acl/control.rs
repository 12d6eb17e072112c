//! `control`: the settings, where each is permitted, and their options.
//!
//! # Compatibility
//! Specification, section "Use of the control modifier"; the texts are those of Exim's own messages. Controls about
//! DKIM and DMARC are taken and change nothing as long as nothing verifies signatures.

use mail_types::value::Value;

use super::AclPlace::{self, *};
use super::Places;

/// One control, ready to be obeyed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// `allow_auth_unadvertised`.
    AllowAuthUnadvertised,
    /// `caseful_local_part`.
    CasefulLocalPart,
    /// `caselower_local_part`.
    CaselowerLocalPart,
    /// `dkim_disable_verify`.
    DkimDisableVerify,
    /// `dmarc_disable_verify`.
    DmarcDisableVerify,
    /// `dmarc_enable_forensic`.
    DmarcEnableForensic,
    /// `enforce_sync` and `no_enforce_sync`.
    EnforceSync(bool),
    /// `fakedefer`, with the text for the peer.
    FakeDefer(Value),
    /// `fakereject`, with the text for the peer.
    FakeReject(Value),
    /// `freeze`.
    Freeze {
        /// `/no_tell`: `freeze_tell` does not apply.
        no_tell: bool,
    },
    /// `no_callout_flush`.
    NoCalloutFlush,
    /// `no_delay_flush`.
    NoDelayFlush,
    /// `no_mbox_unspool`.
    NoMboxUnspool,
    /// `no_multiline_responses`.
    NoMultilineResponses,
    /// `no_pipelining`.
    NoPipelining,
    /// `queue` and `queue_only`.
    Queue {
        /// `/first_pass_route`: routing is done, SMTP deliveries are not.
        first_pass_route: bool,
    },
    /// `submission`.
    Submission {
        /// `/sender_retain`.
        sender_retain: bool,
        /// `/domain=`; empty means that nothing is appended.
        domain: Option<Value>,
        /// `/name=`.
        name: Option<Value>,
    },
    /// `suppress_local_fixups`.
    SuppressLocalFixups,
    /// `utf8_downconvert`: 1 always, 0 never, -1 if needed.
    Utf8Downconvert(i8),
}

/// How the options of a control are read.
enum Reads {
    /// There are none.
    Nothing(Control),
    Fake {
        defer: bool,
    },
    Freeze,
    Queue,
    Submission,
    Downconvert,
    /// Known to Exim and not there yet.
    Later,
}

struct Row {
    name: &'static str,
    /// The name in messages: `queue_only` is shown as `queue`.
    shown: &'static str,
    reads: Reads,
    places: Places,
}

const RECEIVING: Places = Places::of(&[Mail, Rcpt, Predata, Data, Mime, Prdr]);
const RECEIVING_OR_LOCAL: Places = Places::of(&[Mail, Rcpt, Predata, Data, Mime, NotSmtp, Prdr]);
const ONE_RECIPIENT: Places = Places::of(&[Rcpt]);
const SMTP: Places = Places::all_but(&[NotSmtp, NotSmtpStart]);
const BEFORE_THE_END_OF_DATA: Places = Places::all_but(&[Data, NotSmtp, NotSmtpStart]);

const fn row(name: &'static str, reads: Reads, places: Places) -> Row {
    Row { name, shown: name, reads, places }
}

use Reads::{Later, Nothing};

const TABLE: &[Row] = &[
    row("allow_auth_unadvertised", Nothing(Control::AllowAuthUnadvertised), Places::of(&[Connect, Helo])),
    row("caseful_local_part", Nothing(Control::CasefulLocalPart), ONE_RECIPIENT),
    row("caselower_local_part", Nothing(Control::CaselowerLocalPart), ONE_RECIPIENT),
    row("cutthrough_delivery", Later, Places::ALL),
    row("debug", Later, Places::ALL),
    row("dkim_disable_verify", Nothing(Control::DkimDisableVerify), BEFORE_THE_END_OF_DATA),
    row("dmarc_disable_verify", Nothing(Control::DmarcDisableVerify), BEFORE_THE_END_OF_DATA),
    row("dmarc_enable_forensic", Nothing(Control::DmarcEnableForensic), BEFORE_THE_END_OF_DATA),
    row("dscp", Later, Places::ALL),
    row("enforce_sync", Nothing(Control::EnforceSync(true)), SMTP),
    row("fakedefer", Reads::Fake { defer: true }, RECEIVING),
    row("fakereject", Reads::Fake { defer: false }, RECEIVING),
    row("freeze", Reads::Freeze, RECEIVING_OR_LOCAL),
    row("no_callout_flush", Nothing(Control::NoCalloutFlush), SMTP),
    row("no_delay_flush", Nothing(Control::NoDelayFlush), SMTP),
    row("no_enforce_sync", Nothing(Control::EnforceSync(false)), SMTP),
    row("no_mbox_unspool", Nothing(Control::NoMboxUnspool), RECEIVING),
    row("no_multiline_responses", Nothing(Control::NoMultilineResponses), SMTP),
    row("no_pipelining", Nothing(Control::NoPipelining), SMTP),
    row("queue", Reads::Queue, RECEIVING_OR_LOCAL),
    Row { name: "queue_only", shown: "queue", reads: Reads::Queue, places: RECEIVING_OR_LOCAL },
    row("submission", Reads::Submission, Places::of(&[Mail, Rcpt, Predata])),
    row(
        "suppress_local_fixups",
        Nothing(Control::SuppressLocalFixups),
        Places::of(&[Mail, Rcpt, Predata, NotSmtpStart]),
    ),
    row("utf8_downconvert", Reads::Downconvert, Places::of(&[Rcpt, Vrfy])),
    row("wellknown", Later, Places::ALL),
];

/// What is wrong with a control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ControlError {
    /// Exim's text.
    Wrong(String),
    /// It is Exim's, and not there yet.
    NotYet(String),
}

impl ControlError {
    #[cfg(test)]
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Wrong(text) | Self::NotYet(text) => text,
        }
    }
}

impl Control {
    /// Reads a control. Without a place only the text is checked.
    pub(crate) fn parse(text: &Value, place: Option<AclPlace>) -> Result<Self, ControlError> {
        let bytes = text.bytes();
        let end = bytes.iter().position(|b| *b == b'/').unwrap_or(bytes.len());
        let syntax =
            || ControlError::Wrong(format!("syntax error in \"control={}\"", String::from_utf8_lossy(bytes)));
        let row = TABLE.iter().find(|row| row.name.as_bytes() == &bytes[..end]).ok_or_else(syntax)?;
        if let Some(place) = place
            && !row.places.contains(place)
        {
            return Err(ControlError::Wrong(format!(
                "cannot use \"control={}\" in {} ACL",
                row.shown,
                place.name()
            )));
        }
        // Options keep the slash that leads them.
        let options = &bytes[end..];
        let part = |part: &[u8]| Value::new(part, text.taint().clone());
        match &row.reads {
            Later => Err(ControlError::NotYet(format!("control = {} is not supported yet", row.name))),
            Nothing(control) if options.is_empty() => Ok(control.clone()),
            Nothing(_) => Err(syntax()),
            Reads::Fake { defer } => {
                let message = match options.get(1..) {
                    None | Some([]) => Value::clean(FAKE_MESSAGE),
                    Some(message) => part(message),
                };
                Ok(if *defer { Self::FakeDefer(message) } else { Self::FakeReject(message) })
            }
            Reads::Freeze => match options {
                b"" => Ok(Self::Freeze { no_tell: false }),
                b"/no_tell" => Ok(Self::Freeze { no_tell: true }),
                _ => Err(syntax()),
            },
            Reads::Queue => {
                let first_pass_route =
                    options.split(|b| *b == b'/').any(|option| option == b"first_pass_route");
                Ok(Self::Queue { first_pass_route })
            }
            Reads::Submission => submission(options, &part).ok_or_else(syntax),
            Reads::Downconvert => match options {
                b"" | b"/1" => Ok(Self::Utf8Downconvert(1)),
                b"/0" => Ok(Self::Utf8Downconvert(0)),
                b"/-1" => Ok(Self::Utf8Downconvert(-1)),
                _ => Err(ControlError::Wrong("bad option value for control=utf8_downconvert".into())),
            },
        }
    }
}

/// `/sender_retain`, `/domain=`, and last `/name=`, which takes all the rest.
fn submission(mut options: &[u8], part: &dyn Fn(&[u8]) -> Value) -> Option<Control> {
    let (mut sender_retain, mut domain, mut name) = (false, None, None);
    while let Some(rest) = options.strip_prefix(b"/") {
        if let Some(text) = rest.strip_prefix(b"name=") {
            name = Some(part(text));
            options = b"";
            continue;
        }
        let end = rest.iter().position(|b| *b == b'/').unwrap_or(rest.len());
        match &rest[..end] {
            b"sender_retain" => sender_retain = true,
            option => domain = Some(part(option.strip_prefix(b"domain=")?)),
        }
        options = &rest[end..];
    }
    options.is_empty().then_some(Control::Submission { sender_retain, domain, name })
}

/// What the peer is told when `fakereject` or `fakedefer` names no text.
const FAKE_MESSAGE: &str = "Your message has been rejected but is being kept for evaluation.\nIf it was a legitimate \
                            message, it may still be delivered to the target recipient(s).";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, place: AclPlace) -> Result<Control, String> {
        Control::parse(&Value::clean(text), Some(place)).map_err(|error| error.text().to_owned())
    }

    #[test]
    fn controls_with_options() {
        let value = |text: &'static str| Some(Value::from(text));
        let cases = [
            ("freeze", Control::Freeze { no_tell: false }),
            ("freeze/no_tell", Control::Freeze { no_tell: true }),
            ("queue/only", Control::Queue { first_pass_route: false }),
            ("queue_only/first_pass_route", Control::Queue { first_pass_route: true }),
            ("fakereject/hello / world", Control::FakeReject(Value::clean("hello / world"))),
            ("fakedefer/", Control::FakeDefer(Value::clean(FAKE_MESSAGE))),
            ("submission", Control::Submission { sender_retain: false, domain: None, name: None }),
            (
                "submission/sender_retain/domain=x/name=y /z",
                Control::Submission { sender_retain: true, domain: value("x"), name: value("y /z") },
            ),
            ("utf8_downconvert", Control::Utf8Downconvert(1)),
            ("utf8_downconvert/-1", Control::Utf8Downconvert(-1)),
            ("no_enforce_sync", Control::EnforceSync(false)),
        ];
        for (text, want) in cases {
            assert_eq!(parse(text, Rcpt), Ok(want), "{text}");
        }
    }

    #[test]
    fn wrong_controls_are_told_in_exims_words() {
        let cases = [
            ("foo", Rcpt, "syntax error in \"control=foo\""),
            ("", Rcpt, "syntax error in \"control=\""),
            ("FREEZE", Rcpt, "syntax error in \"control=FREEZE\""),
            ("freeze/x", Rcpt, "syntax error in \"control=freeze/x\""),
            ("no_delay_flushx", Rcpt, "syntax error in \"control=no_delay_flushx\""),
            ("enforce_sync/x", Rcpt, "syntax error in \"control=enforce_sync/x\""),
            ("fakereject hello", Rcpt, "syntax error in \"control=fakereject hello\""),
            ("submission/foo", Rcpt, "syntax error in \"control=submission/foo\""),
            ("utf8_downconvert/2", Rcpt, "bad option value for control=utf8_downconvert"),
            ("freeze", Quit, "cannot use \"control=freeze\" in QUIT ACL"),
            ("queue_only", Helo, "cannot use \"control=queue\" in EHLO or HELO ACL"),
            ("submission", Data, "cannot use \"control=submission\" in DATA ACL"),
            ("dkim_disable_verify", Data, "cannot use \"control=dkim_disable_verify\" in DATA ACL"),
            ("no_pipelining", NotSmtp, "cannot use \"control=no_pipelining\" in non-SMTP ACL"),
            ("cutthrough_delivery", Rcpt, "control = cutthrough_delivery is not supported yet"),
        ];
        for (text, place, want) in cases {
            assert_eq!(parse(text, place), Err(want.to_owned()), "{text}");
        }
    }
}
