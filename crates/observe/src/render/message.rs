//! Changes of a message's state.

use super::line::Line;
use super::{MessageLogLine, Rendered, Renderer};
use crate::event::{FrozenBy, MessageEvent, Streams};
use mail_types::log_selector::Selector;

impl Renderer {
    pub(super) fn message(&self, event: &MessageEvent) -> Option<Rendered> {
        let mut line = self.line();
        match event {
            MessageEvent::Completed(times) => {
                line.push("Completed");
                if let Some(times) = times
                    && self.has(Selector::QueueTimeOverall)
                {
                    self.queue_time(&mut line, *times);
                }
            }
            MessageEvent::DiscardedByAcl { acl, message } => {
                line.push(&format!("=> blackhole ({acl} ACL discarded recipients)"));
                if let Some(message) = message {
                    line.push(": ").text(message);
                }
            }
            MessageEvent::Frozen(by) => return Some(self.frozen(by)),
            MessageEvent::IsFrozen | MessageEvent::SpoolLocked { .. }
                if !self.has(Selector::SkipDelivery) =>
            {
                return None;
            }
            MessageEvent::IsFrozen => {
                line.push("Message is frozen");
            }
            MessageEvent::SpoolLocked { id } => {
                line.push(&format!(
                    "Spool file for {id} is locked (another process is handling this message)"
                ));
            }
            MessageEvent::UnfrozenBy(user) => {
                line.push("unfrozen by ").text(user);
            }
            MessageEvent::UnfrozenByAutoThaw => {
                line.push("Unfrozen by auto-thaw");
            }
            MessageEvent::UnfrozenByForce => {
                line.push("Unfrozen by forced delivery");
            }
            MessageEvent::CancelledByTimeout => {
                line.push("cancelled by timeout_frozen_after");
            }
            MessageEvent::CancelledBy(user) => {
                line.push("cancelled by ").text(user);
            }
            MessageEvent::RemovedBy(user) => {
                line.push("removed by ").text(user);
            }
            MessageEvent::MarkedDelivered { address, by } => {
                line.bracketed("address ", address).push(" marked delivered by ").text(by);
            }
            MessageEvent::SenderChanged { to, by } => {
                line.bracketed("sender address changed to ", to).push(" by ").text(by);
            }
            MessageEvent::RecipientAdded { address, by } => {
                line.bracketed("recipient ", address).push(" added by ").text(by);
            }
            MessageEvent::NoImmediateDelivery(_) if !self.has(Selector::DelayDelivery) => return None,
            MessageEvent::NoImmediateDelivery(reason) => {
                line.push("no immediate delivery: ").text(reason);
            }
            MessageEvent::ErrorIgnored(text) => {
                line.text(text);
            }
            MessageEvent::Discarded => {
                line.push("=> discarded");
            }
            damage => spool_damage(&mut line, damage),
        }
        Some(Rendered::main(line.finish()))
    }

    fn frozen(&self, by: &FrozenBy) -> Rendered {
        let mut line = self.line();
        match by {
            FrozenBy::Acl => {
                line.push("frozen by ACL");
            }
            FrozenBy::User(user) => {
                line.push("frozen by ").text(user);
            }
            FrozenBy::DeliveryError => {
                line.push("Frozen (delivery error message)");
            }
            FrozenBy::Delivery(None) => {
                line.push("Frozen");
            }
            FrozenBy::Delivery(Some(text)) => {
                line.push("Frozen ").text(text);
            }
            FrozenBy::BounceNotWritten { status, to } => {
                line.push(&format!("Process failed ({status}) when writing error message to ")).text(to);
                line.push(" (frozen)");
            }
        }
        let text = line.finish();
        match by {
            FrozenBy::DeliveryError | FrozenBy::Delivery(_) => {
                let own = [b"*** ", &text[..]].concat();
                Rendered::main(text).with_message_log(MessageLogLine::Bare(own))
            }
            FrozenBy::BounceNotWritten { .. } => {
                Rendered { text, streams: Streams::MAIN, ..Rendered::default() }
            }
            FrozenBy::Acl | FrozenBy::User(_) => Rendered::main(text),
        }
    }
}

/// Files of a message that are not there or make no sense.
fn spool_damage(line: &mut Line, event: &MessageEvent) {
    match event {
        MessageEvent::DataFileNotFound { file } => {
            line.push("Spool file ").text(file).push(" not found");
        }
        MessageEvent::SpoolReadError { file, problem } => {
            line.push("Error reading spool file ").text(file).push(": ").text(problem);
        }
        MessageEvent::FormatError { file, size } => {
            line.push("Format error in spool file ").text(file).push(&format!(": size={size}"));
        }
        MessageEvent::MalformedRemoved(time) => {
            line.push(&format!("Message removed because older than {time}"));
        }
        _ => {}
    }
}
