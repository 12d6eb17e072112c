//! `-M…`: an administrator changes messages, each under its lock.
//!
//! # Invariants
//! * A message that somebody delivers at the moment is left alone, and that is said.
//! * Every change is durable before it is told.
//!
//! # Compatibility
//! Spec section "The Exim command line", `-M…`; texts and log lines are the oracle's.

use mail_types::MessageId;
use mail_types::address::{ParseOptions, parse_address};
use observe::Log;
use observe::event::{Event, FrozenBy, MessageEvent};
use spool::{Header, LockOutcome, LockedMessage, Recipient, Spool};

/// A change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// `-Mf`
    Freeze,
    /// `-Mt`
    Thaw,
    /// `-Mrm`
    Remove,
    /// `-Mar`
    AddRecipients(Vec<Vec<u8>>),
    /// `-Mmd`
    MarkDelivered(Vec<Vec<u8>>),
    /// `-Mmad`
    MarkAllDelivered,
    /// `-Mes`
    EditSender(Vec<u8>),
}

/// Who changes, with what.
pub struct Actor<'a> {
    /// The spool.
    pub spool: &'a Spool,
    /// The log.
    pub log: &'a Log,
    /// Login name of the administrator.
    pub user: &'a [u8],
    /// The time, in seconds since the epoch.
    pub now: i64,
    /// `qualify_domain`, for addresses without one.
    pub qualify_domain: &'a [u8],
}

/// What came of it: text for the administrator, and whether it was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The text, with its newlines.
    pub text: String,
    /// Done as asked.
    pub ok: bool,
}

impl Done {
    fn yes(text: impl Into<String>) -> Self {
        Self { text: text.into() + "\n", ok: true }
    }

    fn no(text: impl Into<String>) -> Self {
        Self { text: text.into() + "\n", ok: false }
    }
}

impl Actor<'_> {
    /// Makes one change to one message.
    pub fn change(&self, id: &MessageId, change: &Change) -> Done {
        match self.spool.lock(id) {
            Ok(LockOutcome::Locked(message)) => self.locked(*message, change),
            Ok(LockOutcome::Busy) => Done::no(format!("Message {id} is locked")),
            Ok(LockOutcome::Gone) => self.gone(id, change),
            Err(error) if *change == Change::Remove => self.remove_broken(id, &error.to_string()),
            Err(error) => Done::no(format!("Spool read error for {id}-H: {error}")),
        }
    }

    fn gone(&self, id: &MessageId, change: &Change) -> Done {
        let file = format!("{id}-D").into_bytes();
        self.log.message(id, &Event::from(MessageEvent::DataFileNotFound { file }));
        let missing = format!("Spool data file for {id} does not exist\n");
        if *change == Change::Remove {
            let rest = "Continuing, to ensure all files removed";
            return Done::no(format!("{missing}{rest}\nMessage {id} has been removed or did not exist"));
        }
        Done { text: missing, ok: false }
    }

    /// A message whose files are broken goes where it no longer stops the queue.
    fn remove_broken(&self, id: &MessageId, why: &str) -> Done {
        match self.spool.set_aside(id) {
            Ok(true) => {
                self.log.message(id, &Event::from(MessageEvent::RemovedBy(self.user.to_vec())));
                Done::yes(format!("Message {id} cannot be read ({why}) and has been put aside"))
            }
            Ok(false) => Done::no(format!("Message {id} is locked")),
            Err(error) => Done::no(format!("Message {id} cannot be read ({why}), nor put aside: {error}")),
        }
    }

    fn locked(&self, message: LockedMessage, change: &Change) -> Done {
        let id = message.id();
        match change {
            Change::Freeze if message.header().frozen.is_some() => {
                Done { text: format!("Message {id} is already frozen\n"), ok: false }
            }
            Change::Freeze => self.rewrite(message, "is now frozen", |header, _| {
                header.frozen = Some(self.now);
                header.manual_thaw = false;
                Ok(vec![MessageEvent::Frozen(FrozenBy::User(self.user.to_vec()))])
            }),
            Change::Thaw if message.header().frozen.is_none() => Done::no(format!("Message {id} is not frozen")),
            Change::Thaw => self.rewrite(message, "is no longer frozen", |header, _| {
                header.frozen = None;
                header.manual_thaw = true;
                Ok(vec![MessageEvent::UnfrozenBy(self.user.to_vec())])
            }),
            Change::Remove => self.remove(message),
            Change::AddRecipients(addresses) => {
                self.edit(message, "adding recipient", |actor, header| actor.add(header, addresses))
            }
            Change::MarkDelivered(addresses) => {
                self.edit(message, "marking as delivered", |actor, header| actor.mark(header, addresses))
            }
            Change::MarkAllDelivered => self.edit(message, "marking as delivered", |actor, header| {
                let all: Vec<Vec<u8>> = header.pending().map(|r| r.address.clone()).collect();
                actor.mark(header, &all)
            }),
            Change::EditSender(address) => {
                self.edit(message, "editing sender", |actor, header| actor.sender(header, address))
            }
        }
    }

    fn remove(&self, message: LockedMessage) -> Done {
        let id = message.id();
        match message.finish() {
            Ok(()) => {
                self.log.message(&id, &Event::from(MessageEvent::RemovedBy(self.user.to_vec())));
                self.log.message(&id, &Event::from(MessageEvent::Completed(None)));
                Done::yes(format!("Message {id} has been removed"))
            }
            Err(error) => Done::no(format!("Message {id} cannot be removed: {error}")),
        }
    }

    fn edit(
        &self,
        message: LockedMessage,
        what: &str,
        edit: impl FnOnce(&Self, &mut Header) -> Result<Vec<MessageEvent>, String>,
    ) -> Done {
        let id = message.id();
        let what = format!("Message {id} - error while {what}:\n  ");
        self.rewrite(message, "has been modified", |header, _| edit(self, header).map_err(|why| what + &why))
    }

    /// Writes a changed header and tells the log, in this order.
    fn rewrite(
        &self,
        mut message: LockedMessage,
        said: &str,
        edit: impl FnOnce(&mut Header, &Self) -> Result<Vec<MessageEvent>, String>,
    ) -> Done {
        let id = message.id();
        let mut header = message.header().clone();
        let events = match edit(&mut header, self) {
            Ok(events) => events,
            Err(why) => return Done::no(why),
        };
        if let Err(error) = message.rewrite_header(header) {
            return Done::no(format!("Message {id} cannot be changed: {error}"));
        }
        for event in events {
            self.log.message(&id, &Event::from(event));
        }
        Done::yes(format!("Message {id} {said}"))
    }

    fn add(&self, header: &mut Header, addresses: &[Vec<u8>]) -> Result<Vec<MessageEvent>, String> {
        let mut events = Vec::new();
        for text in addresses {
            let address = self.address(text)?;
            events.push(MessageEvent::RecipientAdded { address: address.clone(), by: self.user.to_vec() });
            header.recipients.push(Recipient { address, ..Recipient::default() });
        }
        Ok(events)
    }

    fn mark(&self, header: &mut Header, addresses: &[Vec<u8>]) -> Result<Vec<MessageEvent>, String> {
        let mut events = Vec::new();
        for address in addresses {
            if !header.recipients.iter().any(|r| r.address == *address) {
                let address = String::from_utf8_lossy(address);
                return Err(format!("{address} is not a recipient: message not updated"));
            }
            header.nonrecipients.insert(address);
            events.push(MessageEvent::MarkedDelivered { address: address.clone(), by: self.user.to_vec() });
        }
        Ok(events)
    }

    fn sender(&self, header: &mut Header, text: &[u8]) -> Result<Vec<MessageEvent>, String> {
        let sender = if matches!(text, b"" | b"<>") { Vec::new() } else { self.address(text)? };
        header.sender.clone_from(&sender);
        Ok(vec![MessageEvent::SenderChanged { to: sender, by: self.user.to_vec() }])
    }

    fn address(&self, text: &[u8]) -> Result<Vec<u8>, String> {
        let options = ParseOptions { allow_domain_literals: true, allow_utf8: true, ..ParseOptions::default() };
        let shown = String::from_utf8_lossy(text);
        let (address, _) = parse_address(text, options).map_err(|why| format!("bad address {shown}: {why}"))?;
        Ok(address.qualified_with(self.qualify_domain).to_bytes())
    }
}
