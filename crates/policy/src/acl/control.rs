//! `control`: the settings, where each is permitted, and their options.
//!
//! # Compatibility
//! Specification, section "Use of the control modifier"; the texts are those of Exim's own messages. Controls about
//! DKIM and DMARC are taken and change nothing as long as nothing verifies signatures.

use mail_types::manual::Entry;
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
    /// What the manual says.
    entry: Entry,
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

use Reads::{Later, Nothing};

/// The table of controls: what the manual says about each, how it is read, and where it may be used.
macro_rules! controls {
    (@shown $name:literal) => { $name };
    (@shown $name:literal $shown:literal) => { $shown };
    ($( #[doc = $doc:literal] $(#[doc = $example:literal])+
        $name:literal $(as $shown:literal)? => $reads:expr, $places:expr; )*) => {
        static TABLE: &[Row] = &[ $( Row {
            entry: Entry { name: $name, doc: $doc, examples: &[$($example),+] },
            name: $name,
            shown: controls!(@shown $name $($shown)?),
            reads: $reads,
            places: $places,
        }, )* ];
    };
}

controls! {
    /// The client may authenticate although that was not offered.
    /// `warn control = allow_auth_unadvertised`
    "allow_auth_unadvertised" => Nothing(Control::AllowAuthUnadvertised), Places::of(&[Connect, Helo]);
    /// `$local_part` has capitals as the client sent them.
    /// `warn control = caseful_local_part`
    "caseful_local_part" => Nothing(Control::CasefulLocalPart), ONE_RECIPIENT;
    /// `$local_part` is in lower case again.
    /// `warn control = caselower_local_part`
    "caselower_local_part" => Nothing(Control::CaselowerLocalPart), ONE_RECIPIENT;
    /// Passes the message on to the next host while it comes in.
    /// `warn control = cutthrough_delivery/defer=pass`
    "cutthrough_delivery" => Later, Places::ALL;
    /// Writes a debug log of this session.
    /// `warn control = debug/tag=.$sender_host_address`
    "debug" => Later, Places::ALL;
    /// No DKIM verification for this message.
    /// `warn control = dkim_disable_verify`
    "dkim_disable_verify" => Nothing(Control::DkimDisableVerify), BEFORE_THE_END_OF_DATA;
    /// No DMARC verification for this message.
    /// `warn control = dmarc_disable_verify`
    "dmarc_disable_verify" => Nothing(Control::DmarcDisableVerify), BEFORE_THE_END_OF_DATA;
    /// DMARC failure reports may be sent for this message.
    /// `warn control = dmarc_enable_forensic`
    "dmarc_enable_forensic" => Nothing(Control::DmarcEnableForensic), BEFORE_THE_END_OF_DATA;
    /// Marks the packets to the client.
    /// `warn control = dscp/ef`
    "dscp" => Later, Places::ALL;
    /// A client that speaks before it is its turn is turned away.
    /// `warn control = enforce_sync`
    "enforce_sync" => Nothing(Control::EnforceSync(true)), SMTP;
    /// The message is taken and the client is told that it was deferred.
    /// `warn control = fakedefer/later, please`
    "fakedefer" => Reads::Fake { defer: true }, RECEIVING;
    /// The message is taken and the client is told that it was refused.
    /// `warn control = fakereject/no`
    "fakereject" => Reads::Fake { defer: false }, RECEIVING;
    /// The message is frozen once it is accepted.
    /// `warn control = freeze/no_tell`
    "freeze" => Reads::Freeze, RECEIVING_OR_LOCAL;
    /// Answers are not sent at once before a callout.
    /// `warn control = no_callout_flush`
    "no_callout_flush" => Nothing(Control::NoCalloutFlush), SMTP;
    /// Answers are not sent at once before a delay.
    /// `warn control = no_delay_flush`
    "no_delay_flush" => Nothing(Control::NoDelayFlush), SMTP;
    /// A client may speak before it is its turn.
    /// `warn control = no_enforce_sync`
    "no_enforce_sync" => Nothing(Control::EnforceSync(false)), SMTP;
    /// The copy of the message that a scanner was given is kept.
    /// `warn control = no_mbox_unspool`
    "no_mbox_unspool" => Nothing(Control::NoMboxUnspool), RECEIVING;
    /// Refusals have one line.
    /// `warn control = no_multiline_responses`
    "no_multiline_responses" => Nothing(Control::NoMultilineResponses), SMTP;
    /// PIPELINING is not offered.
    /// `warn control = no_pipelining`
    "no_pipelining" => Nothing(Control::NoPipelining), SMTP;
    /// The message waits for a queue runner.
    /// `warn control = queue/first_pass_route`
    "queue" => Reads::Queue, RECEIVING_OR_LOCAL;
    /// Old name of `queue`.
    /// `warn control = queue_only`
    "queue_only" as "queue" => Reads::Queue, RECEIVING_OR_LOCAL;
    /// The message is one that a user hands in: its header is completed.
    /// `warn control = submission/domain=example.org`
    "submission" => Reads::Submission, Places::of(&[Mail, Rcpt, Predata]);
    /// The header of a local message is left as it is.
    /// `warn control = suppress_local_fixups`
    "suppress_local_fixups" => Nothing(Control::SuppressLocalFixups), Places::of(&[Mail, Rcpt, Predata, NotSmtpStart]);
    /// Addresses with letters beyond ASCII are converted for hosts that do not take them.
    /// `warn control = utf8_downconvert/-1`
    "utf8_downconvert" => Reads::Downconvert, Places::of(&[Rcpt, Vrfy]);
    /// Answers WELLKNOWN with the content of a file.
    /// `accept control = wellknown//etc/exim/security.txt`
    "wellknown" => Later, Places::ALL;
}

/// What the manual says about each control, and whether it is there yet.
pub(crate) fn entries() -> Vec<(&'static Entry, bool)> {
    TABLE.iter().map(|row| (&row.entry, !matches!(row.reads, Later))).collect()
}

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
        // Options keep the slash that leads them.
        let options = &bytes[end..];
        if matches!(row.reads, Nothing(_)) && !options.is_empty() {
            return Err(syntax());
        }
        if let Some(place) = place
            && !row.places.contains(place)
        {
            return Err(ControlError::Wrong(format!(
                "cannot use \"control={}\" in {} ACL",
                row.shown,
                place.name()
            )));
        }
        let part = |part: &[u8]| Value::new(part, text.taint().clone());
        match &row.reads {
            Later => Err(ControlError::NotYet(format!("control = {} is not supported yet", row.name))),
            Nothing(control) => Ok(control.clone()),
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
            ("dmarc_disable_verify", Data, "cannot use \"control=dmarc_disable_verify\" in DATA ACL"),
            ("dmarc_enable_forensic", Data, "cannot use \"control=dmarc_enable_forensic\" in DATA ACL"),
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
