//! The worker's side: asks the parent for children and gives them work.
//!
//! # Invariants
//! * A request is given to a second child only when the first had not said [`FromChild::Begun`].
//! * Children are kept for the next request of the same user, at most [`IDLE_CHILDREN`] in all.
//!
//! # Security
//! Files of root are never looked at: they count as absent (docs/compat.md).
//!
//! # Failure
//! No child, a refusal or a child that vanished under way: the address is deferred, with the reason for the log.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};

use mail_types::outcome::Verdict;
use mta::services::local_agent::{
    AgentFuture, AsUserAction, AsUserReply, AsUserRequest, LocalAgent, LocalReply, LocalRequest, LocalResult,
    RunAs,
};

use mta::services::off_the_runtime;

use crate::channel::Channel;
use crate::child::Work;
use crate::message::{FromChild, ToChild, ToParent, VERSION};

/// Children kept without work.
pub const IDLE_CHILDREN: usize = 64;

/// A [`LocalAgent`] whose work is done by children of the parent.
pub struct PrivsepAgent {
    shared: Arc<Shared>,
}

struct Shared {
    parent: Mutex<Channel>,
    idle: Mutex<HashMap<Key, Vec<Channel>>>,
    work: Mutex<Arc<dyn Work>>,
    mail_user: RunAs,
}

/// What a kept child is good for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    local: bool,
    uid: u32,
    gid: u32,
    initgroups: Option<Vec<u8>>,
}

impl Key {
    fn new(local: bool, who: &RunAs) -> Self {
        Self { local, uid: who.uid, gid: who.gid, initgroups: who.initgroups.clone() }
    }
}

impl PrivsepAgent {
    /// `parent` is the worker's end of the socket to the parent; `work` only tells whose a delivery is.
    pub fn new(parent: Channel, mail_user: RunAs, work: Arc<dyn Work>) -> Self {
        let shared =
            Shared { parent: Mutex::new(parent), idle: Mutex::default(), work: Mutex::new(work), mail_user };
        Self { shared: Arc::new(shared) }
    }

    /// The caller's command is done: whoever waits for the program's end gets `code`, the worker goes on.
    pub fn detach(&self, code: u8) -> io::Result<()> {
        let parent = self.shared.parent.lock().unwrap_or_else(PoisonError::into_inner);
        parent.send(&ToParent::Detach(code), None)
    }

    /// After a reload: children of the old configuration are let go, deliveries are judged by the new one.
    pub fn reload(&self, work: Arc<dyn Work>) {
        *self.shared.work.lock().unwrap_or_else(PoisonError::into_inner) = work;
        self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl LocalAgent for PrivsepAgent {
    fn changes_user(&self) -> bool {
        true
    }

    fn deliver(&self, request: LocalRequest, data: File) -> AgentFuture<'_, LocalReply> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let count = request.addresses.len();
            let job = off_the_runtime(move || shared.deliver(request, &data));
            match job.await {
                Ok(Ok(reply)) => reply,
                Ok(Err(reason)) => deferred(count, &reason),
                Err(e) => deferred(count, &format!("the delivery's thread ended: {e}")),
            }
        })
    }

    fn read_as_user(&self, request: AsUserRequest) -> AgentFuture<'_, AsUserReply> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let job = off_the_runtime(move || shared.read(request));
            match job.await {
                Ok(Ok(reply)) => reply,
                Ok(Err(reason)) => AsUserReply::Refused { reason },
                Err(e) => AsUserReply::Refused { reason: format!("the reading thread ended: {e}") },
            }
        })
    }
}

/// Every address of a request deferred for one reason.
fn deferred(count: usize, reason: &str) -> LocalReply {
    let result = LocalResult::new(Verdict::Defer, 0, Some(reason.as_bytes().to_vec()));
    LocalReply { results: vec![result; count] }
}

impl Shared {
    fn deliver(&self, request: LocalRequest, data: &File) -> Result<LocalReply, String> {
        let work = Arc::clone(&self.work.lock().unwrap_or_else(PoisonError::into_inner));
        let who = work.authorise(&request)?;
        let key = Key::new(true, &who);
        let message = ToChild::Deliver(Box::new(request));
        let channel = self.begin(&key, &message, Some(data), |channel| {
            let ToChild::Deliver(request) = &message else { return Ok(()) };
            channel.send(&ToChild::Identify(request.clone()), None)
        })?;
        match answer(&channel)? {
            FromChild::Delivered(reply) => {
                self.keep(key, channel);
                Ok(*reply)
            }
            other => Err(format!("the delivering process answered {other:?}")),
        }
    }

    fn read(&self, request: AsUserRequest) -> Result<AsUserReply, String> {
        let who = request.run_as.clone().unwrap_or_else(|| self.mail_user.clone());
        if who.uid == 0 {
            return Ok(absent(request.what));
        }
        let key = Key::new(false, &who);
        let message = ToChild::Read(request);
        let channel =
            self.begin(&key, &message, None, |channel| channel.send(&ToChild::Become(who.clone()), None))?;
        match answer(&channel)? {
            FromChild::Read(reply) => {
                self.keep(key, channel);
                Ok(*reply)
            }
            other => Err(format!("the reading process answered {other:?}")),
        }
    }

    /// Gives the request to a kept child or a new one; the channel on which the answer will come.
    fn begin(
        &self,
        key: &Key,
        message: &ToChild,
        data: Option<&File>,
        introduce: impl Fn(&Channel) -> io::Result<()>,
    ) -> Result<Channel, String> {
        while let Some(channel) = self.take(key) {
            // A kept child may have ended for want of work; nothing has begun then.
            if matches!(give(&channel, message, data), Ok(FromChild::Begun)) {
                return Ok(channel);
            }
        }
        let channel = self.spawn(key.local)?;
        introduce(&channel).map_err(|e| format!("cannot speak to the new process: {e}"))?;
        match answer(&channel)? {
            FromChild::Ready { version: VERSION, run_as } if Key::new(key.local, &run_as) == *key => {}
            FromChild::Ready { .. } => return Err("the new process became somebody else".to_owned()),
            FromChild::Refused(reason) => return Err(reason),
            other => return Err(format!("the new process answered {other:?}")),
        }
        match give(&channel, message, data).map_err(|e| format!("the new process: {e}"))? {
            FromChild::Begun => Ok(channel),
            FromChild::Refused(reason) => Err(reason),
            other => Err(format!("the new process answered {other:?}")),
        }
    }

    fn spawn(&self, local: bool) -> Result<Channel, String> {
        let (ours, theirs) = Channel::pair().map_err(|e| format!("cannot make a socket pair: {e}"))?;
        let role = if local { ToParent::SpawnLocal } else { ToParent::SpawnAsUser };
        let parent = self.parent.lock().unwrap_or_else(PoisonError::into_inner);
        parent
            .send(&role, Some(theirs.as_fd()))
            .map_err(|e| format!("cannot ask the parent process: {e}"))?;
        Ok(ours)
    }

    fn take(&self, key: &Key) -> Option<Channel> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).get_mut(key).and_then(Vec::pop)
    }

    fn keep(&self, key: Key, channel: Channel) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.values().map(Vec::len).sum::<usize>() >= IDLE_CHILDREN {
            idle.clear();
        }
        idle.entry(key).or_default().push(channel);
    }
}

/// Nobody looks at files as root for a message: what stands only there counts as absent, and routing goes on.
fn absent(what: AsUserAction) -> AsUserReply {
    let (AsUserAction::Exists { path } | AsUserAction::Read { path, .. }) = what;
    AsUserReply::Errno { errno: nix::errno::Errno::ENOENT as i32, path }
}

fn give(channel: &Channel, message: &ToChild, data: Option<&File>) -> io::Result<FromChild> {
    channel.send(message, data.map(AsFd::as_fd))?;
    channel.receive()?.map(|(word, _)| word).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

fn answer(channel: &Channel) -> Result<FromChild, String> {
    match channel.receive() {
        Ok(Some((word, _))) => Ok(word),
        Ok(None) => Err("the process acting for the user died".to_owned()),
        Err(e) => Err(format!("the process acting for the user cannot be heard: {e}")),
    }
}
