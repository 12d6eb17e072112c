//! Delivery attempts in process: a configuration, a message in a scratch spool, an agent that does as it is told. The
//! expected log lines are those of Debian's Exim with the same configuration.

mod attempts;
mod crashes;
mod dane;
mod dns_events;
mod hosts_by_name;
mod identities;
mod mailbox;
mod mta_sts;
mod remote;
mod requiretls;
mod srs;
mod srv;
mod tls_reports;
mod tls_results;

use std::collections::HashMap;
use std::fs::File;
use std::sync::{Arc, Mutex};

use mail_types::message_id::MessageId;
use mail_types::outcome::Verdict;
use spool::{Header, HeaderKind, HeaderLine, Recipient};

use super::{AttemptKind, AttemptReport, attempt};
use crate::services::local_agent::{
    AgentFuture, AsUserReply, AsUserRequest, LocalAgent, LocalReply, LocalRequest, LocalResult,
};
use crate::testing::{Bench, NOW};

/// The oracle's configuration for most of these cases.
const CONFIGURATION: &str = r#"
local_interfaces = 127.0.0.1
hold_domains = hold.example
queue_domains = qd.example
delay_warning = 0s
begin routers
odd:
  driver = accept
  domains = hold.example : qd.example
  transport = tlocal
aliases:
  driver = redirect
  allow_fail
  allow_defer
  data = ${extract{$local_part}{two="bob, carol" failer=":fail: gone away" deferer=":defer: wait a bit" \
         bh=":blackhole:" devnull="/dev/null" file="/mail/ff" both="bob, nosuch" deep="deeper, n4" \
         deeper="owner, carol, n5"}{$value}}
  file_transport = tfile
one:
  driver = redirect
  one_time
  local_parts = ml
  data = bob, later
errto:
  driver = redirect
  local_parts = et
  errors_to =
  data = nosuch1, bob
uns:
  driver = accept
  local_parts = copy
  unseen
  transport = tfilex
users:
  driver = accept
  local_parts = bob : alice : carol : owner : copy : later : never
  transport = tlocal
batch:
  driver = accept
  local_parts = ^b\\d
  transport = tbatch
begin transports
tlocal:
  driver = appendfile
  file = /mail/$local_part_data
  user = mail-user
tbatch:
  driver = appendfile
  file = /mail/batch
  user = mail-user
  batch_max = 10
tfile:
  driver = appendfile
  user = mail-user
tfilex:
  driver = appendfile
  file = /mail/x
  user = mail-user
begin retry
* * F,2h,15m; G,16h,1h,1.5; F,4d,6h
"#;

/// What the agent is to answer for an address.
#[derive(Debug, Clone)]
enum Answer {
    Defer(i32, &'static str),
    Fail(&'static str),
}

/// Delivers everything but what it was told not to, and remembers.
#[derive(Default)]
struct ScriptedAgent {
    answers: Mutex<HashMap<Vec<u8>, Answer>>,
    delivered: Mutex<Vec<String>>,
}

impl ScriptedAgent {
    fn tell(&self, address: &str, answer: Answer) {
        self.answers.lock().expect("no test panics with the lock").insert(address.into(), answer);
    }

    fn obey(&self) {
        self.answers.lock().expect("no test panics with the lock").clear();
    }

    fn result(&self, address: &[u8]) -> LocalResult {
        let answers = self.answers.lock().expect("no test panics with the lock");
        let (verdict, errno, message) = match answers.get(address) {
            None => (Verdict::Accept, 0, None),
            Some(Answer::Defer(errno, text)) => (Verdict::Defer, *errno, Some(text.as_bytes().to_vec())),
            Some(Answer::Fail(text)) => (Verdict::Fail, 0, Some(text.as_bytes().to_vec())),
        };
        LocalResult::new(verdict, errno, message)
    }
}

impl LocalAgent for ScriptedAgent {
    fn changes_user(&self) -> bool {
        true
    }

    fn deliver(&self, request: LocalRequest, _data: File) -> AgentFuture<'_, LocalReply> {
        let results: Vec<_> = request.addresses.iter().map(|address| self.result(&address.address)).collect();
        let mut delivered = self.delivered.lock().expect("no test panics with the lock");
        for (address, result) in request.addresses.iter().zip(&results) {
            if result.verdict == Verdict::Accept {
                delivered.push(String::from_utf8_lossy(&address.address).into_owned());
            }
        }
        Box::pin(async { LocalReply { results } })
    }

    fn read_as_user(&self, _request: AsUserRequest) -> AgentFuture<'_, AsUserReply> {
        Box::pin(async { AsUserReply::Refused { reason: "no files in this test".to_owned() } })
    }
}

/// A server with an agent to command.
struct Office {
    bench: Bench,
    agent: Arc<ScriptedAgent>,
}

impl Office {
    fn new() -> Self {
        Self::with(CONFIGURATION)
    }

    fn with(configuration: &str) -> Self {
        let agent = Arc::new(ScriptedAgent::default());
        let for_bench = Arc::clone(&agent);
        let bench = Bench::with(configuration, move |services| services.local_agent = for_bench);
        Self { bench, agent }
    }

    /// Puts a message into the spool.
    fn post(&self, sender: &str, recipients: &[&str]) -> MessageId {
        self.post_with(sender, recipients, |_| {})
    }

    /// The same with something else about it.
    fn post_with(&self, sender: &str, recipients: &[&str], change: impl FnOnce(&mut Header)) -> MessageId {
        let spool = &self.bench.services.spool;
        let id = spool.allocate_id().expect("there is an id");
        let mut writer = spool.begin(id).expect("the scratch spool can be written");
        writer.write(b"body\n").expect("the scratch spool can be written");
        let mut header = Header::new(id, sender, NOW);
        header.login = b"root".to_vec();
        header.deliver_firsttime = true;
        header.recipients = recipients.iter().map(|address| Recipient::new(*address)).collect();
        let line = |kind, text: &str| HeaderLine { kind, text: text.into() };
        header.headers = vec![
            line(HeaderKind::From, "From: carol@test.example\n"),
            line(HeaderKind::Other, "Subject: t\n"),
        ];
        change(&mut header);
        // Dropping what commit returns gives the lock back.
        drop(spool.commit(writer, header).expect("the scratch spool can be written"));
        id
    }

    async fn attempt(&self, id: MessageId, kind: AttemptKind) -> AttemptReport {
        attempt(id, kind, &self.bench.services).await
    }

    /// Log lines of one message, without its id.
    fn log_of(&self, id: MessageId) -> Vec<String> {
        let prefix = format!("{id} ");
        self.bench
            .main_log()
            .iter()
            .filter_map(|line| line.strip_prefix(&prefix))
            .map(str::to_owned)
            .collect()
    }

    fn delivered(&self) -> Vec<String> {
        self.agent.delivered.lock().expect("no test panics with the lock").clone()
    }

    /// Non-recipients, sorted, and recipients of a message that is still there.
    fn envelope(&self, id: MessageId) -> (Vec<String>, Vec<String>) {
        let header = self.bench.services.spool.read_header(&id).expect("readable").expect("still there");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut done: Vec<_> = header.nonrecipients.iter().map(text).collect();
        done.sort();
        (done, header.recipients.iter().map(|recipient| text(&recipient.address)).collect())
    }
}
