//! What an administrator does to a message: `-Mf`, `-Mt`, `-Mrm`, `-Mmd`, `-Mmad`, `-Mes`, `-Mar`.
//!
//! Each change is made under the message's lock, so it does not matter whether a server runs.
//!
//! # Invariants
//! * A line in the log stands for a change that is on disk.
//!
//! # Compatibility
//! The texts are Exim's. It logs each address that it marks or adds even when it then refuses the whole command; here
//! nothing is logged that was not done.

use mail_types::MessageId;
use mail_types::address::{ParseOptions, parse_address};
use observe::event::{FrozenBy, MessageEvent};
use observe::{Event, Log};
use serde::{Deserialize, Serialize};
use spool::{Header, LockOutcome, LockedMessage, Recipient, Spool, SpoolError};

/// A change of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// `-Mf`
    Freeze,
    /// `-Mt`
    Thaw,
    /// `-Mrm`
    Remove,
    /// `-Mmad`
    MarkAllDelivered,
    /// `-Mmd`
    MarkDelivered(Vec<Vec<u8>>),
    /// `-Mes`
    EditSender(Vec<u8>),
    /// `-Mar`
    AddRecipients(Vec<Vec<u8>>),
}

/// Who makes changes, and where.
pub struct Actor<'a> {
    /// The messages.
    pub spool: &'a Spool,
    /// Where it is told.
    pub log: &'a Log,
    /// Login name of the caller.
    pub user: &'a [u8],
    /// Seconds since the epoch.
    pub now: i64,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// For standard output, with its newlines.
    pub text: String,
    /// Whether all is as it was asked for.
    pub ok: bool,
}

impl Done {
    fn ok(text: String) -> Self {
        Self { text, ok: true }
    }

    fn refused(text: String) -> Self {
        Self { text, ok: false }
    }
}

impl Actor<'_> {
    /// Makes a change.
    pub fn change(&self, id: &MessageId, change: &Change) -> Done {
        let message = match self.spool.lock(id) {
            Ok(LockOutcome::Locked(message)) => message,
            Ok(LockOutcome::Busy) => {
                self.tell(id, MessageEvent::SpoolLocked { id: *id });
                return Done::refused(format!("Message {id} is locked\n"));
            }
            Ok(LockOutcome::Gone) => return self.gone(id, *change == Change::Remove),
            Err(error) => return self.unreadable(id, &error),
        };
        match change {
            Change::Remove => self.remove(*message),
            Change::Freeze => self.freeze(*message),
            Change::Thaw => self.thaw(*message),
            Change::MarkAllDelivered => {
                let all =
                    message.header().recipients.iter().map(|recipient| recipient.address.clone()).collect();
                self.mark(*message, all)
            }
            Change::MarkDelivered(addresses) => self.mark(*message, addresses.clone()),
            Change::EditSender(sender) => self.edit_sender(*message, sender),
            Change::AddRecipients(addresses) => self.add_recipients(*message, addresses),
        }
    }

    /// `-Mg` begins: the line that says who gave the message up. The attempt that follows does the rest.
    pub fn giving_up(&self, id: &MessageId) {
        if matches!(self.spool.read_header(id), Ok(Some(_))) {
            self.tell(id, MessageEvent::CancelledBy(self.user.to_vec()));
        }
    }

    fn gone(&self, id: &MessageId, removing: bool) -> Done {
        self.tell(id, MessageEvent::DataFileNotFound { file: format!("{id}-D").into_bytes() });
        let mut lines = vec![format!("Spool data file for {id} does not exist\n")];
        if removing {
            lines.push("Continuing, to ensure all files removed\n".to_owned());
            lines.push(format!("Spool read error for {id}-H: No such file or directory\n"));
            lines.push("Continuing to ensure all files removed\n".to_owned());
            lines.push(format!("Message {id} has been removed or did not exist\n"));
        }
        Done::refused(lines.concat())
    }

    fn unreadable(&self, id: &MessageId, error: &SpoolError) -> Done {
        self.log.problem(Some(id), error.to_string());
        Done::refused(format!("Spool read error for {id}-H: {error}\n"))
    }

    fn remove(&self, message: LockedMessage) -> Done {
        let id = message.id();
        match message.finish() {
            Ok(()) => {
                self.tell(&id, MessageEvent::RemovedBy(self.user.to_vec()));
                self.tell(&id, MessageEvent::Completed(None));
                Done::ok(format!("Message {id} has been removed\n"))
            }
            Err(error) => self.unreadable(&id, &error),
        }
    }

    fn freeze(&self, message: LockedMessage) -> Done {
        let id = message.id();
        if message.header().frozen.is_some() {
            return Done::refused(format!("Message {id} is already frozen\n"));
        }
        let header = Header { frozen: Some(self.now), manual_thaw: false, ..message.header().clone() };
        let events = vec![MessageEvent::Frozen(FrozenBy::User(self.user.to_vec()))];
        self.save(message, header, events, "is now frozen")
    }

    fn thaw(&self, message: LockedMessage) -> Done {
        let id = message.id();
        if message.header().frozen.is_none() {
            return Done::refused(format!("Message {id} is not frozen\n"));
        }
        let header = Header { frozen: None, manual_thaw: true, ..message.header().clone() };
        let events = vec![MessageEvent::UnfrozenBy(self.user.to_vec())];
        self.save(message, header, events, "is no longer frozen")
    }

    fn mark(&self, message: LockedMessage, addresses: Vec<Vec<u8>>) -> Done {
        let mut header = message.header().clone();
        let mut complaints = Vec::new();
        let mut events = Vec::new();
        for address in addresses {
            if header.recipients.iter().any(|recipient| recipient.address == address) {
                header.nonrecipients.insert(&address);
                events.push(MessageEvent::MarkedDelivered { address, by: self.user.to_vec() });
            } else {
                complaints.push(format!(
                    "- error while marking as delivered:\n  {} is not a recipient: message not updated\n",
                    String::from_utf8_lossy(&address)
                ));
            }
        }
        self.save_or_complain(message, header, events, &complaints.concat())
    }

    fn edit_sender(&self, message: LockedMessage, sender: &[u8]) -> Done {
        let mut header = message.header().clone();
        match address(sender, true) {
            Ok(sender) => {
                let event = MessageEvent::SenderChanged { to: sender.clone(), by: self.user.to_vec() };
                header.sender = sender;
                self.save_or_complain(message, header, vec![event], "")
            }
            Err(reason) => {
                let shown = String::from_utf8_lossy(sender);
                let complaint = format!("- error while editing sender:\n  bad address {shown}: {reason}\n");
                self.save_or_complain(message, header, Vec::new(), &complaint)
            }
        }
    }

    fn add_recipients(&self, message: LockedMessage, addresses: &[Vec<u8>]) -> Done {
        let mut header = message.header().clone();
        let mut complaints = Vec::new();
        let mut events = Vec::new();
        for given in addresses {
            match address(given, false) {
                Ok(address) => {
                    header.recipients.push(Recipient::new(address.clone()));
                    events.push(MessageEvent::RecipientAdded { address, by: self.user.to_vec() });
                }
                Err(reason) => {
                    complaints.push(format!(
                        "- error while adding recipient:\n  bad address {}: {reason}\n",
                        String::from_utf8_lossy(given)
                    ));
                }
            }
        }
        self.save_or_complain(message, header, events, &complaints.concat())
    }

    fn save_or_complain(
        &self,
        message: LockedMessage,
        header: Header,
        events: Vec<MessageEvent>,
        complaints: &str,
    ) -> Done {
        if complaints.is_empty() {
            return self.save(message, header, events, "has been modified");
        }
        // Exim logs what it has understood so far, although nothing is written.
        for event in events {
            self.tell(&message.id(), event);
        }
        Done::refused(format!("Message {} {complaints}", message.id()))
    }

    fn save(
        &self,
        mut message: LockedMessage,
        header: Header,
        events: Vec<MessageEvent>,
        words: &str,
    ) -> Done {
        let id = message.id();
        match message.rewrite_header(header) {
            Ok(()) => {
                for event in events {
                    self.tell(&id, event);
                }
                Done::ok(format!("Message {id} {words}\n"))
            }
            Err(error) => self.unreadable(&id, &error),
        }
    }

    fn tell(&self, id: &MessageId, event: MessageEvent) {
        self.log.message(id, &Event::Message(event));
    }
}

/// A complete address; empty or `<>` only for a sender.
fn address(text: &[u8], sender: bool) -> Result<Vec<u8>, String> {
    if text.is_empty() {
        return Err("empty address".to_owned());
    }
    let options = ParseOptions { allow_null: sender, ..ParseOptions::default() };
    let (address, _place) = parse_address(text, options).map_err(|error| error.message)?;
    if !address.is_null() && !address.is_qualified() {
        return Err("domain missing".to_owned());
    }
    Ok(address.to_bytes())
}

#[cfg(test)]
mod tests;
