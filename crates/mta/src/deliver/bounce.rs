//! Who hears about failures and delays.
//!
//! # Invariants
//! * One bounce an errors address; its addresses count as dealt with only once it is queued.
//! * A bounce is never answered by a bounce: what cannot be reported freezes the message.
//!
//! # Compatibility
//! Specification sections "Permanent delivery failure", "Failures to deliver bounce messages", options `delay_warning`,
//! `delay_warning_condition`, `ignore_bounce_errors_after`, `freeze_tell`.

use config::options::main;
use observe::event::{FrozenBy, MessageEvent};

use super::node::{End, Node, NodeId, Trouble};
use super::run::Run;
use crate::dsn::{self, ReportedAddress};
use crate::route::{AddressKind, Ancestor, errno};

/// Reports the failed addresses, and what commands had to say.
pub(super) async fn report(run: &mut Run, failed: Vec<NodeId>) {
    let mut waiting: Vec<(NodeId, Trouble)> = Vec::with_capacity(failed.len());
    for id in failed {
        if let End::Failed(trouble) = &run.node(id).end {
            waiting.push((id, trouble.clone()));
        }
    }
    waiting.extend(std::mem::take(&mut run.returned).into_iter().rev());
    while let Some((first, _)) = waiting.first() {
        let to = run.errors_address(*first);
        let (group, rest): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|(id, _)| run.errors_address(*id) == to);
        waiting = rest;
        match to {
            ErrorsTo::Nowhere => ignore(run, &group),
            ErrorsTo::Nobody => nobody(run, &group),
            ErrorsTo::Address(address) => one_bounce(run, &address, &group).await,
        }
    }
}

/// Where the errors of an address go.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ErrorsTo {
    /// `errors_to` is empty: nobody is to know.
    Nowhere,
    /// The message is a bounce itself.
    Nobody,
    /// Here.
    Address(Vec<u8>),
}

impl Run {
    fn errors_address(&self, id: NodeId) -> ErrorsTo {
        match self.node(id).errors_to() {
            Some([]) => ErrorsTo::Nowhere,
            Some(address) => ErrorsTo::Address(address.to_vec()),
            None if self.header.sender.is_empty() => ErrorsTo::Nobody,
            None => ErrorsTo::Address(self.header.sender.clone()),
        }
    }

    /// An address as bounces and warnings name it.
    fn reported(&self, id: NodeId, trouble: &Trouble) -> ReportedAddress {
        let node = self.node(id);
        let (address, original, hidden) = node.bounce_address();
        ReportedAddress {
            address,
            original,
            ultimately: Ancestor::chain(node.address.parent.as_ref()).nth(1).is_some(),
            generated: generated(node),
            hidden,
            host: trouble.host.clone(),
            error: trouble.user_message.clone().unwrap_or_else(|| error_text(trouble)),
            smtp_reply: trouble.smtp_reply.clone(),
            orcpt: node.address.inherited.orcpt.clone(),
            notify: node.address.inherited.notify,
            output: trouble.output.clone(),
        }
    }
}

/// What a redirection named in place of an address, and which address that was.
fn generated(node: &Node) -> Option<(dsn::Target, Vec<u8>)> {
    let target = match node.address.kind {
        AddressKind::Address => return None,
        AddressKind::Pipe => dsn::Target::Pipe,
        AddressKind::File | AddressKind::Directory => dsn::Target::File,
    };
    Some((target, node.address.parent.as_ref()?.address.clone()))
}

/// The system's words, then the text.
fn error_text(trouble: &Trouble) -> Vec<u8> {
    if trouble.errno <= 0 {
        return trouble.message.clone();
    }
    let words = crate::route::errno_text(trouble.errno).into_bytes();
    if trouble.message.is_empty() { words } else { [words.as_slice(), b": ", &trouble.message].concat() }
}

/// Ends addresses whose failure has been reported, or is nobody's business.
fn settle(run: &mut Run, group: &[(NodeId, Trouble)]) {
    // The order in which Exim ends them is the order of the tree of non-recipients in the spool file.
    for (id, _) in group.iter().rev() {
        // Output of a command that succeeded belongs to an address that is done already.
        if matches!(run.node(*id).end, End::Failed(_)) {
            run.failed_is_reported(*id);
        }
    }
}

fn ignore(run: &mut Run, group: &[(NodeId, Trouble)]) {
    for (id, _) in group {
        let address = run.node(*id).log_address(false);
        let mut text = run.node(*id).address.address.clone();
        if let Some(original) = address.original {
            text.extend_from_slice(b" <");
            text.extend_from_slice(&original);
            text.push(b'>');
        }
        text.extend_from_slice(b": error ignored");
        run.log(MessageEvent::ErrorIgnored(text));
    }
    settle(run, group);
}

/// A bounce that cannot be delivered: kept, frozen, for an administrator; or thrown away after its time.
fn nobody(run: &mut Run, group: &[(NodeId, Trouble)]) {
    if run.ignores_bounce_errors() {
        ignore(run, group);
    } else {
        run.freeze_undeliverable_bounce();
    }
}

async fn one_bounce(run: &mut Run, to: &[u8], group: &[(NodeId, Trouble)]) {
    let addresses: Vec<_> = group.iter().map(|(id, trouble)| run.reported(*id, trouble)).collect();
    if !run.write_journal().await {
        return;
    }
    let other_sender = (to != run.header.sender.as_slice()).then(|| run.header.sender.clone());
    let request = dsn::BounceRequest { to: to.to_vec(), other_sender, addresses };
    match dsn::bounce(request, &run.header, &run.data, &mut run.context).await {
        Ok(id) => {
            run.made.extend(id);
            settle(run, group);
        }
        Err(error) => {
            run.services
                .log
                .problem(Some(&run.header.id), format!("failed to queue a bounce message: {error}"));
            run.freeze = Some(FrozenBy::BounceNotWritten { status: 1, to: to.to_vec() });
        }
    }
}

/// Sends a warning to the sender when a message has waited for long enough.
pub(super) async fn warn(run: &mut Run, left: &[NodeId]) {
    if run.freeze.is_some() || run.header.sender.is_empty() {
        return;
    }
    let delayed: Vec<_> = left.iter().filter_map(|id| delayed(run, *id)).collect();
    if delayed.is_empty() {
        return;
    }
    let age = run.now().since(run.header.received_time).as_secs();
    let Some(count) = warnings_due(run.config.main.get(main::DELAY_WARNING), run.header.warning_count, age)
    else {
        return;
    };
    if !condition_holds(run, &delayed).await {
        return;
    }
    let request = dsn::WarningRequest { to: run.header.sender.clone(), addresses: delayed, queue_time: age };
    match dsn::warning(request, &run.header, &run.data, &mut run.context).await {
        Ok(id) => {
            run.made.extend(id);
            run.header.warning_count = count;
            run.dirty = true;
        }
        Err(error) => {
            run.services
                .log
                .problem(Some(&run.header.id), format!("failed to queue a delay warning: {error}"));
        }
    }
}

/// Addresses that were only not tried are not worth a warning of their own, but waiting is waiting.
fn delayed(run: &Run, id: NodeId) -> Option<ReportedAddress> {
    match &run.node(id).end {
        End::Deferred(trouble) if trouble.errno != errno::LOCAL_ONLY => Some(run.reported(id, trouble)),
        _ => None,
    }
}

/// How many warnings there should have been at this age, if that is more than there were.
fn warnings_due(times: &[i64], sent: i64, age: u64) -> Option<i64> {
    let age = i64::try_from(age).unwrap_or(i64::MAX);
    let mut due = times.iter().take_while(|time| **time > 0 && age >= **time).count() as i64;
    // After the last of several times, the last step is repeated.
    if let [.., before, last] = times
        && *last > 0
        && age >= *last
        && last > before
    {
        due += (age - last) / (last - before);
    }
    (due > sent).then_some(due)
}

/// `delay_warning_condition`.
async fn condition_holds(run: &mut Run, delayed: &[ReportedAddress]) -> bool {
    let Some(text) = run.config.main.get(main::DELAY_WARNING_CONDITION).cloned() else { return true };
    let recipients: Vec<_> = delayed.iter().map(|address| address.original.clone()).collect();
    run.context.facts.message.warn_message_recipients = Some(recipients.join(&b", "[..]));
    let value = run.context.on_pool(|context| text.eval(context)).await;
    match value {
        Some(Ok(value)) => !is_false(value.bytes()),
        Some(Err(error)) => {
            run.services.log.problem(Some(&run.header.id), format!("delay_warning_condition: {error}"));
            true
        }
        None => false,
    }
}

fn is_false(value: &[u8]) -> bool {
    value.is_empty() || [&b"0"[..], b"no", b"false"].iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// `freeze_tell`: an administrator hears of a message that was frozen, unless it is a bounce.
pub(super) async fn tell_of_freezing(run: &mut Run, by: &FrozenBy) {
    let to = run.config.main.get(main::FREEZE_TELL).join(&b" : "[..]);
    if to.is_empty() {
        return;
    }
    if *by == FrozenBy::DeliveryError && run.header.localerror {
        return;
    }
    let mut reasons = Vec::new();
    for id in run.all_nodes() {
        if let End::Deferred(trouble) | End::Failed(trouble) = &run.node(id).end {
            reasons.push(run.reported(id, trouble));
        }
    }
    match dsn::freeze_notice(&to, reasons, &run.header, &mut run.context).await {
        Ok(id) => run.made.push(id),
        Err(error) => {
            run.services.log.problem(Some(&run.header.id), format!("failed to tell of freezing: {error}"));
        }
    }
}

/// `syntax_errors_to`: the keeper of a broken list hears of it.
pub(super) async fn notify_keepers(run: &mut Run) {
    for notice in std::mem::take(&mut run.notices) {
        match dsn::syntax_error_notice(&notice, &run.header, &mut run.context).await {
            Ok(id) => run.made.push(id),
            Err(error) => {
                run.services
                    .log
                    .problem(Some(&run.header.id), format!("failed to report syntax errors: {error}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_come_when_their_time_has_come() {
        const HOUR: i64 = 3_600;
        let day = [24 * HOUR];
        assert_eq!(warnings_due(&day, 0, 23 * 3_600), None);
        assert_eq!(warnings_due(&day, 0, 25 * 3_600), Some(1));
        assert_eq!(warnings_due(&day, 1, 80 * 3_600), None);
        let steps = [4 * HOUR, 8 * HOUR, 24 * HOUR];
        assert_eq!(warnings_due(&steps, 0, 9 * 3_600), Some(2));
        assert_eq!(warnings_due(&steps, 3, 39 * 3_600), None);
        assert_eq!(warnings_due(&steps, 3, 40 * 3_600), Some(4), "every 16 hours from then on");
        assert_eq!(warnings_due(&[0], 0, 999_999), None, "0s turns warnings off");
    }
}
