//! Deliveries on this host: mailboxes, files, pipes.
//!
//! # Invariants
//! * One after the other; what one delivered is journalled, or the message removed, before anything else is done.
//!
//! # Security
//! The request says what is to be delivered; who it runs as is decided by the agent.

use std::fs::File;
use std::time::Duration;

use config::options::transport::generic as options;
use mail_types::outcome::Verdict;
use mail_types::value::Value;
use observe::event::FrozenBy;
use policy::retry::RetryError;

use super::events::Delivery;
use super::identity;
use super::node::{NodeId, RetryItem, Trouble};
use super::retry;
use super::run::Run;
use crate::context::facts::AddressFacts;
use crate::route::{Assignment, Directory, errno};
use crate::services::local_agent::{LocalReply, LocalRequest, LocalResult, PanicLog};
use config::options::transport::generic as transport_options;
use expand::EvalError;

/// Exim's number for a mailbox over its own quota, and the system's for a full disk and for its quota.
const OVER_QUOTA: [i32; 3] = [-22, 28, 122];

/// `-N`: what a delivery would have come to.
fn pretended() -> LocalResult {
    LocalResult::new(Verdict::Accept, 0, None)
}

impl Run {
    /// Delivers the local addresses, in order.
    pub(super) async fn deliver_local(&mut self, mut list: Vec<NodeId>) {
        while !list.is_empty() {
            let batch = self.local_batch(&mut list).await;
            let ready = self.not_too_early(batch).await;
            if ready.is_empty() {
                continue;
            }
            let Some(_place) = self.place_in_transport(&ready).await else { continue };
            if !self.secure().await || !Box::pin(self.one_delivery(&ready)).await {
                return;
            }
        }
    }

    /// In a queue run, an address that failed lately waits.
    async fn not_too_early(&mut self, batch: Vec<NodeId>) -> Vec<NodeId> {
        if !self.kind.in_queue_run() || self.kind.is_forced() {
            return batch;
        }
        let mut ready = Vec::with_capacity(batch.len());
        for id in batch {
            let (key, subject) = retry::local_key(self.node(id), self.uses_local_part(id));
            if retry::local_must_wait(self, &key, &subject).await {
                self.defer(
                    id,
                    Trouble { errno: errno::LOCAL_RETRY, ..Trouble::text("Retry time not yet reached") },
                    None,
                );
            } else {
                ready.push(id);
            }
        }
        ready
    }

    /// The transport's `retry_use_local_part`, on by default for local transports.
    fn uses_local_part(&self, id: NodeId) -> bool {
        let assignment = self.node(id).assignment.as_ref();
        let transport = assignment.and_then(|assignment| self.config.transport(&assignment.transport));
        transport.and_then(|transport| transport.options.get(options::RETRY_USE_LOCAL_PART)).unwrap_or(true)
    }

    /// False when nothing more may be delivered.
    async fn one_delivery(&mut self, ids: &[NodeId]) -> bool {
        let began = self.services.clock.now();
        let prepared = match Box::pin(self.request(ids)).await {
            Ok(request) => {
                self.data.duplicate().map(|data| (request, File::from(data))).map_err(|error| Trouble {
                    errno: error.raw_os_error().unwrap_or(errno::NONE),
                    ..Trouble::text("cannot open the message")
                })
            }
            Err(trouble) => Err(trouble),
        };
        let (request, data) = match prepared {
            Ok(prepared) => prepared,
            Err(trouble) => {
                for id in ids {
                    self.local_item(*id, &trouble);
                    self.defer(*id, trouble.clone(), None);
                }
                return true;
            }
        };
        let agent = std::sync::Arc::clone(&self.services.local_agent);
        let shadow = self
            .shadow_of(&request.transport)
            .filter(|_| !self.header.dont_deliver)
            .map(|name| (name, request.clone()));
        let reply = if self.header.dont_deliver {
            LocalReply { results: vec![pretended(); ids.len()] }
        } else {
            agent.deliver(request, data).await
        };
        let time = self.services.clock.now().since(began);
        for (id, result) in ids.iter().zip(&reply.results) {
            if matches!(result.verdict, Verdict::Accept | Verdict::Discard) {
                self.delivered(*id);
            }
        }
        let mut shadows = Vec::new();
        let written = match shadow {
            None => self.secure().await,
            Some((name, request)) => {
                let written = self.write_journal().await;
                if written {
                    shadows = Box::pin(self.shadow(request, &name, &reply)).await;
                }
                written
            }
        };
        let mut shadows = shadows.into_iter();
        let mut results = reply.results.into_iter();
        let mut further = false;
        for id in ids {
            let shadow = shadows.next().flatten();
            match results.next() {
                Some(result) => self.local_result(*id, (result, shadow), &mut further, time),
                None => self.defer(*id, Trouble::text("the delivery gave no result"), Some(time)),
            }
        }
        written
    }

    async fn request(&mut self, ids: &[NodeId]) -> Result<LocalRequest, Trouble> {
        let assignment = |run: &Self, id: &NodeId| run.node(*id).assignment.clone();
        let Some(first) = ids.first().and_then(|id| assignment(self, id)) else {
            return Err(Trouble::text("no transport"));
        };
        let addresses: Vec<_> = ids.iter().filter_map(|id| assignment(self, id)).map(|a| a.facts).collect();
        self.context.facts.address = AddressFacts::of_batch(&addresses);
        self.context.facts.host.name =
            first.host_list.clone().or_else(|| first.hosts.first().map(|host| host.name.clone()));
        self.context.facts.host.address = first.hosts.first().and_then(|host| host.address);
        self.context.facts.message.return_path = ids.first().map(|id| self.return_path(self.node(*id)));
        self.transports_return_path(&first.transport).await?;
        let home = self.directory(&first, &first.home_directory, "home").await?;
        if home.is_some() {
            self.context.facts.address.home.clone_from(&home);
        }
        let current = self.directory(&first, &first.current_directory, "current").await?;
        self.context.facts.address.transport_name = Some(first.transport.clone());
        self.context.transport_debug_print(&first.transport).await;
        let request = LocalRequest {
            transport: first.transport.clone(),
            facts: self.context.facts.clone(),
            addresses,
            run_as: first.user.run_as(),
            home_directory: home,
            current_directory: current,
            headers_add: first.headers_add.clone(),
            headers_remove: first.headers_remove.clone(),
            body_offset: self.data.body_start(),
        };
        Box::pin(self.authorised(request)).await
    }

    /// Refuses what the agent would refuse, with the same words.
    async fn authorised(&mut self, request: LocalRequest) -> Result<LocalRequest, Trouble> {
        let config = std::sync::Arc::clone(&self.config);
        let claimed = request.run_as.clone();
        let checked = self
            .context
            .on_pool(|context| {
                let verdict = identity::authorise(&request, &config, context);
                (request, verdict)
            })
            .await;
        match checked {
            None => Err(Trouble::text("the program is ending")),
            Some((_, Err(refusal))) if refusal.always || self.services.local_agent.changes_user() => {
                Err(self.loud_trouble(refusal.message, refusal.errno))
            }
            // Where there is only one user, any other trouble with users is none.
            Some((request, Err(_))) => Ok(LocalRequest { run_as: claimed, ..request }),
            Some((request, Ok(run_as))) => Ok(LocalRequest { run_as: Some(run_as), ..request }),
        }
    }

    /// The transport's `return_path` takes the place of the sender.
    async fn transports_return_path(&mut self, transport: &str) -> Result<(), Trouble> {
        let config = std::sync::Arc::clone(&self.config);
        let options = config.transport(transport).map(|transport| &transport.options);
        let Some(text) = options.and_then(|options| options.get(transport_options::RETURN_PATH)) else {
            return Ok(());
        };
        let text = text.clone();
        let expanded = self.context.on_pool(move |context| (text.eval(context), text)).await;
        match expanded {
            None => Err(Trouble::text("the program is ending")),
            Some((Ok(path), _)) => {
                self.context.facts.message.return_path = Some(path.into_bytes());
                Ok(())
            }
            Some((Err(EvalError::Forced { .. }), _)) => Ok(()),
            Some((Err(error), text)) => {
                let source = String::from_utf8_lossy(&text.source().bytes).into_owned();
                let message =
                    format!("Failed to expand return path \"{source}\" in {transport} transport: {error}");
                Err(self.loud_trouble(message, errno::EXPANSION))
            }
        }
    }

    /// A directory setting of the router, expanded.
    async fn directory(
        &mut self,
        assignment: &Assignment,
        directory: &Directory,
        what: &str,
    ) -> Result<Option<Value>, Trouble> {
        let transport = &assignment.transport;
        let value = match directory {
            Directory::Unset => return Ok(None),
            Directory::Known(value) => return Ok(Some(value.clone())),
            Directory::Router(text) => match self.context.on_pool(|context| text.eval(context)).await {
                Some(Ok(value)) => value,
                Some(Err(error)) => {
                    let source = String::from_utf8_lossy(&text.source().bytes).into_owned();
                    let message = format!(
                        "{what} directory \"{source}\" failed to expand for {transport} transport: {error}"
                    );
                    return Err(self.loud_trouble(message, errno::EXPANSION));
                }
                None => return Err(Trouble::text("the program is ending")),
            },
        };
        if what == "home" && !value.is_empty() && !value.bytes().starts_with(b"/") {
            let shown = value.to_lossy();
            let message =
                format!("home directory path \"{shown}\" is not absolute for {transport} transport");
            return Err(self.loud_trouble(message, errno::HOME_NOT_ABSOLUTE));
        }
        Ok((!value.is_empty()).then_some(value))
    }

    /// A deferral whose reason goes to the main log and the panic log by itself first.
    fn loud_trouble(&self, message: String, errno: i32) -> Trouble {
        self.log_text(message.clone().into_bytes(), true);
        Trouble { errno, ..Trouble::text(message) }
    }

    fn local_result(
        &mut self,
        id: NodeId,
        (result, shadow): (LocalResult, Option<Vec<u8>>),
        further: &mut bool,
        time: Duration,
    ) {
        for line in &result.log_lines {
            self.log_text(line.clone(), false);
        }
        match result.verdict {
            Verdict::Accept | Verdict::Discard => {
                let (key, _) = retry::local_key(self.node(id), self.uses_local_part(id));
                retry::forget(self, &key);
                let delivery = Delivery {
                    further: std::mem::replace(further, true),
                    size: result.size,
                    local_name: result.local_name.clone(),
                    message: None,
                    time: Some(time),
                    shadow,
                    ..Delivery::default()
                };
                self.log_delivered(self.node(id), delivery);
                self.tell_transport(id, "msg:delivery", Vec::new(), None);
                if result.return_output
                    && let Some(output) = result.output
                {
                    self.output_back(id, output);
                }
            }
            Verdict::Fail => self.fail(id, trouble(result), Some(time)),
            Verdict::Defer | Verdict::Freeze => {
                if result.verdict == Verdict::Freeze {
                    self.freeze = Some(FrozenBy::Delivery(None));
                }
                if result.panic == PanicLog::Reason {
                    self.log_text(result.message.clone().unwrap_or_default(), true);
                }
                let trouble = trouble(result);
                self.local_item(id, &trouble);
                self.defer(id, trouble, Some(time));
            }
        }
    }

    /// `return_output`: what a command wrote although it succeeded goes back like a failure.
    fn output_back(&mut self, id: NodeId, output: Vec<u8>) {
        let trouble = Trouble { output: Some(output), ..Trouble::text("") };
        self.returned.push((id, trouble));
    }

    fn local_item(&mut self, id: NodeId, trouble: &Trouble) {
        let (key, subject) = retry::local_key(self.node(id), self.uses_local_part(id));
        let error = if OVER_QUOTA.contains(&trouble.errno) {
            let since_read = u64::try_from(trouble.more_errno).ok().filter(|seconds| *seconds > 0);
            RetryError::Quota(since_read.map(Duration::from_secs))
        } else {
            RetryError::Other
        };
        let about_message = matches!(error, RetryError::Quota(_));
        let item = RetryItem {
            key,
            subject,
            alternate: None,
            error,
            errno: trouble.errno,
            more_errno: trouble.more_errno,
            text: trouble.message.clone(),
            about_message,
        };
        self.node_mut(id).retry_items.push(item);
    }
}

fn trouble(result: LocalResult) -> Trouble {
    Trouble {
        panic: result.panic == PanicLog::Line,
        router: None,
        errno: result.errno,
        more_errno: result.more_errno,
        message: result.message.unwrap_or_default(),
        user_message: result.user_message,
        output: result.output.filter(|_| result.return_output),
        host: None,
        tls: None,
        smtp_reply: None,
    }
}
