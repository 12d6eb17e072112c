//! `-M…`: acting on messages in the queue.

use mail_types::MessageId;

use super::{Mode, Parser, Refusal, not_served, unknown};

/// What to do with the messages whose ids are the operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// `-M`: deliver now, whatever the retry times say.
    Deliver,
    /// `-Mc`: deliver if it is time.
    DeliverIfDue,
    /// `-Mf`
    Freeze,
    /// `-Mt`
    Thaw,
    /// `-Mrm`
    Remove,
    /// `-Mg`: give up, bounce.
    GiveUp,
    /// `-Mar`: add recipients.
    AddRecipients,
    /// `-Mes`: change the sender.
    EditSender,
    /// `-Mmad`: mark all recipients delivered.
    MarkAllDelivered,
    /// `-Mmd`: mark some.
    MarkDelivered,
    /// `-Mvh`
    ViewHeader,
    /// `-Mvb`
    ViewBody,
    /// `-Mvl`
    ViewLog,
    /// `-Mvc`
    ViewCopy,
}

impl Action {
    fn from_letters(letters: &[u8]) -> Option<Self> {
        Some(match letters {
            b"" => Self::Deliver,
            b"ar" => Self::AddRecipients,
            b"c" => Self::DeliverIfDue,
            b"es" => Self::EditSender,
            b"f" => Self::Freeze,
            b"g" => Self::GiveUp,
            b"mad" => Self::MarkAllDelivered,
            b"md" => Self::MarkDelivered,
            b"rm" => Self::Remove,
            b"t" => Self::Thaw,
            b"vb" => Self::ViewBody,
            b"vc" => Self::ViewCopy,
            b"vh" => Self::ViewHeader,
            b"vl" => Self::ViewLog,
            _ => return None,
        })
    }

    /// The option, as typed.
    pub(crate) fn option(self) -> &'static str {
        match self {
            Self::Deliver => "-M",
            Self::AddRecipients => "-Mar",
            Self::DeliverIfDue => "-Mc",
            Self::EditSender => "-Mes",
            Self::Freeze => "-Mf",
            Self::GiveUp => "-Mg",
            Self::MarkAllDelivered => "-Mmad",
            Self::MarkDelivered => "-Mmd",
            Self::Remove => "-Mrm",
            Self::Thaw => "-Mt",
            Self::ViewBody => "-Mvb",
            Self::ViewCopy => "-Mvc",
            Self::ViewHeader => "-Mvh",
            Self::ViewLog => "-Mvl",
        }
    }
}

impl<'a> Parser<'a> {
    /// `-M` and what follows the letter; all operands are ids (or an id and addresses).
    pub(super) fn message_option(&mut self, option: &'a [u8], letters: &'a [u8]) -> Result<(), Refusal> {
        if letters.starts_with(b"C") {
            return Err(not_served(
                option,
                ": Exim's processes use it among themselves; here a connection stays in the server",
            ));
        }
        if letters == b"G" {
            return Err(not_served(option, ""));
        }
        if letters == b"set" {
            let id = self.next().cloned().unwrap_or_default();
            if id.is_empty() {
                return Err(Refusal("exim: no message ids given after -Mset option".to_owned()));
            }
            let bad = String::from_utf8_lossy(&id);
            let malformed = || Refusal(format!("exim: malformed message id {bad} after -Mset option"));
            self.invocation.loaded_message = Some(MessageId::parse(&id).ok_or_else(malformed)?);
            return Ok(());
        }
        let action = Action::from_letters(letters).ok_or_else(|| unknown(option))?;
        self.set_mode(Mode::Act(action));
        let rest = self.args.get(self.at..).unwrap_or_default();
        self.at = self.args.len();
        if rest.is_empty() {
            return Err(Refusal(format!("exim: no message ids given after {} option", action.option())));
        }
        let ids = match action {
            Action::AddRecipients | Action::EditSender | Action::MarkDelivered => &rest[..1],
            _ => rest,
        };
        if let Some(bad) = ids.iter().find(|a| MessageId::parse(a).is_none()) {
            let bad = String::from_utf8_lossy(bad);
            return Err(Refusal(format!(
                "exim: malformed message id {bad} after {} option",
                action.option()
            )));
        }
        self.invocation.operands.extend_from_slice(rest);
        Ok(())
    }
}
