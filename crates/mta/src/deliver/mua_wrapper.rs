//! `mua_wrapper`: a message goes to all its recipients in one SMTP transaction at once, or to nobody, and whoever sent it
//! waits for the verdict.
//!
//! # Invariants
//! * At the end of the attempt the message is gone, and nothing was queued in its place.
//!
//! # Compatibility
//! Specification chapter "Using Exim as a non-queueing client". `max_rcpt` is unlimited, as that chapter says; Exim 4.96 heeds it.

use std::fmt::Write as _;

use config::options::main;

use super::finish::Finished;
use super::node::{End, NodeId, Trouble};
use super::plan::Plan;
use super::run::Run;
use crate::route::errno_text;

impl Run {
    /// Whether that option is set.
    pub(super) fn wraps_mua(&self) -> bool {
        self.config.main.get(main::MUA_WRAPPER)
    }

    /// Whether routing leaves one transaction for everybody. If not, the log and the caller hear why.
    pub(super) async fn is_one_transaction(&mut self, plan: &Plan) -> bool {
        let is_deferred = |id: &NodeId| matches!(self.node(*id).end, End::Deferred(_));
        // Addresses are routed from the last to the first; the caller hears of what was met last.
        let deferred = self.all_nodes().find(is_deferred);
        if let Some(id) = plan.local.first() {
            return self.routing_yielded(*id, "local");
        }
        if let Some(id) = deferred {
            return self.routing_yielded(id, "deferred");
        }
        if let Some(id) = self.failed.last() {
            return self.routing_yielded(*id, "failed");
        }
        let mut left = plan.remote.clone();
        self.remote_batch(&mut left).await;
        if left.is_empty() {
            return true;
        }
        self.log_text(
            b"** mua_wrapper is set but recipients cannot all be delivered in one transaction".to_vec(),
            false,
        );
        self.mua_failure = Some("delivery to smarthost failed (configuration problem)".to_owned());
        false
    }

    fn routing_yielded(&mut self, id: NodeId, what: &str) -> bool {
        let node = self.node(id);
        let address = String::from_utf8_lossy(&node.address.address).into_owned();
        let text = format!("{address} routing yielded a {what} delivery");
        let why = match &node.end {
            End::Failed(trouble) | End::Deferred(trouble) => {
                format!(": {}", String::from_utf8_lossy(&trouble.message))
            }
            End::Open | End::Done => String::new(),
        };
        self.mua_failure = Some(format!("routing {address} yielded a {what} delivery{why}"));
        // What failed has its line already.
        if what != "failed" {
            self.log_text(format!("** {text}").into_bytes(), false);
        }
        false
    }

    /// The end, whatever happened: no report, no retry data, and the message is removed.
    pub(super) fn finish_for_mua(&mut self) -> Finished {
        if self.mua_failure.is_none()
            && let Some(id) = self.failed.last()
            && let End::Failed(trouble) = &self.node(*id).end
        {
            self.mua_failure = Some(reason(trouble));
        }
        for recipient in &self.header.recipients {
            self.header.nonrecipients.insert(&recipient.address);
        }
        self.freeze = None;
        self.complete()
    }
}

/// The words of the log line about an address, for standard error.
fn reason(trouble: &Trouble) -> String {
    let mut text = "Delivery failed".to_owned();
    if let Some(host) = &trouble.host {
        text.push_str(": H=");
        text.push_str(&String::from_utf8_lossy(&host.name));
        if let Some(address) = host.address {
            // A String takes whatever is written to it.
            let _ = write!(text, " [{address}]");
        }
    }
    if trouble.errno > 0 {
        text.push_str(": ");
        text.push_str(&errno_text(trouble.errno));
    }
    if !trouble.message.is_empty() {
        text.push_str(": ");
        text.push_str(&String::from_utf8_lossy(&trouble.message));
    }
    text
}
