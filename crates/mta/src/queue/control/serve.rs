//! The server's side.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use config::options::main;
use mail_types::MessageId;
use tokio::io::{AsyncWriteExt as _, DuplexStream};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use super::{Answer, CALLERS_MAX, HowToDeliver, PATIENCE, PIECE, Request, Submission, frame};
use crate::deliver::AttemptKind;
use crate::local_submission::{MessageRequest, Submitted, message, smtp};
use crate::queue::act::{Actor, Change};
use crate::queue::listing;
use crate::queue::server::Waker;
use crate::receive::{Caller, CallerRequest};
use crate::services::panic_guard::guarded;
use crate::services::{Arrival, PoolError, QueueWaker as _, Services, accounts};
use crate::smtp_in::Client;

/// The bound socket; its name goes when it is dropped.
pub struct Listener {
    socket: UnixListener,
    path: PathBuf,
}

impl Listener {
    /// Binds the socket. One that no server listens on any more is replaced.
    pub fn bind(path: &Path) -> io::Result<Self> {
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, "another server runs on this spool"));
        }
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let socket = UnixListener::bind(path)?;
        // Anybody may knock: what he may do is decided by who he is.
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))?;
        Ok(Self { socket, path: path.to_owned() })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Left behind, it would be replaced by the next server.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Serves callers until `stopped` says so.
pub async fn serve(
    listener: Listener,
    waker: Waker,
    services: Arc<Services>,
    mut stopped: watch::Receiver<bool>,
) {
    let room = Arc::new(Semaphore::new(CALLERS_MAX));
    loop {
        let accepted = tokio::select! {
            _ = stopped.changed() => return,
            accepted = listener.socket.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                services.log.problem(None, format!("control socket: {error}"));
                // Descriptors may come free again; asking at once would only fill the log.
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else { continue };
        let (waker, services, stopped) = (waker.clone(), Arc::clone(&services), stopped.clone());
        tokio::spawn(async move {
            let _place = place;
            let log = Arc::clone(&services.log);
            // A caller who goes away has nobody to be told of it.
            if let Err(panic) = guarded(converse(stream, waker, services, stopped)).await {
                log.problem(None, format!("a conversation on the control socket panicked: {panic}"));
            }
        });
    }
}

/// Who is calling.
struct Peer {
    uid: u32,
    gid: u32,
    groups: Vec<u32>,
    login: Vec<u8>,
}

struct Conversation {
    stream: UnixStream,
    peer: Peer,
    waker: Waker,
    services: Arc<Services>,
}

async fn converse(
    stream: UnixStream,
    waker: Waker,
    services: Arc<Services>,
    stopped: watch::Receiver<bool>,
) -> io::Result<()> {
    let credentials = stream.peer_cred()?;
    let (uid, gid) = (credentials.uid(), credentials.gid());
    let peer = services.pools.files.run(move || Peer::find(uid, gid)).await.map_err(ending)?;
    let mut conversation = Conversation { stream, peer, waker, services };
    let request = timeout(PATIENCE, frame::read(&mut conversation.stream)).await??;
    match request {
        None => Ok(()),
        Some(Request::Submit(submission)) => conversation.submit(*submission).await,
        Some(Request::Smtp(submission)) => conversation.session(*submission, stopped).await,
        Some(request) => conversation.work(request).await,
    }
}

impl Peer {
    fn find(uid: u32, gid: u32) -> Self {
        let account = accounts::by_uid(uid).ok().flatten();
        let login = account.map_or_else(|| uid.to_string().into_bytes(), |account| account.name);
        let name = std::ffi::CString::new(login.clone()).ok();
        let groups =
            name.and_then(|name| nix::unistd::getgrouplist(&name, nix::unistd::Gid::from_raw(gid)).ok());
        let groups = groups.unwrap_or_default().into_iter().map(nix::unistd::Gid::as_raw).collect();
        Self { uid, gid, groups, login }
    }

    /// An administrator: root, the mail user, its group, `admin_groups`.
    fn is_admin(&self, services: &Services) -> bool {
        let config = services.snapshot();
        let process = &services.process;
        let admins = config.main.get(main::ADMIN_GROUPS);
        let mut groups = self.groups.iter().chain([&self.gid]);
        self.uid == 0
            || self.uid == process.exim_uid
            || groups.any(|group| *group == process.exim_gid || admins.contains(group))
    }
}

impl Peer {
    /// Whether a request is for this caller to make: anybody's, an administrator's, or opened by an option.
    fn may(&self, request: &Request, services: &Services) -> bool {
        let config = services.snapshot();
        let listing_is_open = !config.main.get(main::QUEUE_LIST_REQUIRES_ADMIN);
        let prodding_is_open = !config.main.get(main::PROD_REQUIRES_ADMIN);
        let open = match request {
            Request::Submit(_) | Request::Smtp(_) => true,
            Request::List { .. } | Request::Count => listing_is_open,
            Request::Run(_) | Request::Arrived(_) => prodding_is_open,
            Request::Deliver { how, .. } => *how != HowToDeliver::GiveUp && prodding_is_open,
            Request::Change { .. } => false,
        };
        open || self.is_admin(services)
    }
}

impl Conversation {
    async fn say(&mut self, answer: &Answer) -> io::Result<()> {
        frame::write(&mut self.stream, answer).await
    }

    async fn done(&mut self, code: u8) -> io::Result<()> {
        self.say(&Answer::Done(code)).await
    }

    async fn refuse(&mut self, reason: &str) -> io::Result<()> {
        self.say(&Answer::Complaint(reason.to_owned())).await?;
        self.done(1).await
    }

    /// Everything that needs an administrator, or the option that says it doesn't.
    async fn work(&mut self, request: Request) -> io::Result<()> {
        if !self.peer.may(&request, &self.services) {
            return self.refuse("permission denied").await;
        }
        match request {
            Request::Arrived(ids) => {
                for id in ids {
                    self.waker.message_arrived(id, Arrival::Deliver);
                }
                self.done(0).await
            }
            Request::Deliver { ids, how } => self.deliver(ids, how).await,
            Request::Run(run) => {
                self.waker.run(run).await;
                self.done(0).await
            }
            Request::Change { ids, change } => self.change(ids, change).await,
            Request::List { style, only } => self.list(style, only).await,
            Request::Count => self.count().await,
            // Both were dealt with before.
            Request::Submit(_) | Request::Smtp(_) => self.done(1).await,
        }
    }

    async fn deliver(&mut self, ids: Vec<MessageId>, how: HowToDeliver) -> io::Result<()> {
        let kind = match how {
            HowToDeliver::Forced => AttemptKind::Forced,
            HowToDeliver::IfDue => AttemptKind::Arrival,
            HowToDeliver::GiveUp => AttemptKind::GiveUp,
        };
        if how == HowToDeliver::GiveUp {
            let named = ids.clone();
            self.act(move |actor| named.iter().for_each(|id| actor.giving_up(id))).await?;
        }
        self.waker.deliver(ids, kind).await;
        self.done(0).await
    }

    async fn change(&mut self, ids: Vec<MessageId>, change: Change) -> io::Result<()> {
        let mut code = 0;
        for id in ids {
            let change = change.clone();
            let done = self.act(move |actor| actor.change(&id, &change)).await?;
            code |= u8::from(!done.ok);
            self.say(&Answer::Output(done.text.into_bytes())).await?;
        }
        self.done(code).await
    }

    /// Work on the spool in the caller's name.
    async fn act<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Actor<'_>) -> T + Send + 'static,
    ) -> io::Result<T> {
        let (services, user) = (Arc::clone(&self.services), self.peer.login.clone());
        let job = self.services.pools.spool.run(move || {
            let now = services.clock.now().secs();
            work(&Actor { spool: &services.spool, log: &services.log, user: &user, now })
        });
        job.await.map_err(ending)
    }

    async fn list(&mut self, style: listing::ListingStyle, only: Vec<MessageId>) -> io::Result<()> {
        // Pieces are sent as they are made: a long queue is not kept in memory.
        let (pieces, mut made) = tokio::sync::mpsc::channel::<Vec<u8>>(16);
        let services = Arc::clone(&self.services);
        let pool = self.services.pools.spool.clone();
        let lister = tokio::spawn(async move {
            pool.run(move || {
                let now = services.clock.now();
                // A caller who has gone away stops nothing but the sending.
                let mut out = |text: &[u8]| drop(pieces.blocking_send(text.to_vec()));
                listing::list(&services.spool, style, &only, now, &mut out)
            })
            .await
        });
        while let Some(piece) = made.recv().await {
            self.say(&Answer::Output(piece)).await?;
        }
        match lister.await.map_err(io::Error::other)?.map_err(ending)? {
            Ok(()) => self.done(0).await,
            Err(error) => self.refuse(&error.to_string()).await,
        }
    }

    async fn count(&mut self) -> io::Result<()> {
        let spool = Arc::clone(&self.services.spool);
        match self.services.pools.spool.run(move || listing::count(&spool)).await.map_err(ending)? {
            Ok(count) => {
                self.say(&Answer::Output(format!("{count}\n").into_bytes())).await?;
                self.done(0).await
            }
            Err(error) => self.refuse(&error.to_string()).await,
        }
    }

    async fn caller(&self, submission: &Submission) -> Result<Caller, String> {
        let request = CallerRequest {
            uid: self.peer.uid,
            gid: self.peer.gid,
            groups: self.peer.groups.clone(),
            full_name: submission.full_name.clone(),
            sender: submission.sender.clone(),
            no_qualify: submission.no_qualify,
            arrival: submission.queue_only.then_some(Arrival::Queue),
            tls_on_connect: submission.tls_on_connect,
            ..CallerRequest::default()
        };
        Caller::identify(request, &self.services).await
    }

    async fn submit(&mut self, submission: Submission) -> io::Result<()> {
        let caller = match self.caller(&submission).await {
            Ok(caller) => caller,
            Err(reason) => return self.refuse(&reason).await,
        };
        let arrival = if submission.queue_only || submission.wait { Some(Arrival::Queue) } else { None };
        let request = MessageRequest {
            requiretls: false,
            caller,
            arguments: submission.arguments,
            extract_recipients: submission.extract_recipients,
            dot_ends: submission.dot_ends,
            arrival,
            dont_deliver: submission.dont_deliver,
            bounce_of: None,
            suppress_local_fixups: submission.suppress_local_fixups,
            body_type: submission.body_type,
            errors: submission.errors,
            local_error: false,
        };
        let wait = submission.wait && !submission.queue_only;
        let Some(submitted) = self.take(request).await else { return Ok(()) };
        if !submitted.error.is_empty() {
            self.say(&Answer::Complaint(format!("exim: {}", submitted.error))).await?;
        }
        if let Some(id) = submitted.id.filter(|_| wait) {
            self.waker.deliver(vec![id], AttemptKind::Arrival).await;
        }
        self.done(submitted.exit_code).await
    }

    /// Takes in the message whose pieces follow. None when the caller went away before its end: he has not handed it in.
    async fn take(&mut self, request: MessageRequest) -> Option<Submitted> {
        let (ours, mut theirs) = tokio::io::duplex(PIECE);
        let services = Arc::clone(&self.services);
        let mut taking = std::pin::pin!(async move { message(&mut theirs, request, services).await });
        let mut feeding = std::pin::pin!(feed(&mut self.stream, ours));
        let (mut fed, mut submitted) = (false, None);
        while !fed || submitted.is_none() {
            tokio::select! {
                biased;
                complete = &mut feeding, if !fed => {
                    if !complete {
                        return None;
                    }
                    fed = true;
                }
                taken = &mut taking, if submitted.is_none() => submitted = Some(taken),
            }
        }
        submitted
    }

    async fn session(&mut self, submission: Submission, stopped: watch::Receiver<bool>) -> io::Result<()> {
        let caller = match self.caller(&submission).await {
            Ok(caller) => caller,
            Err(reason) => return self.refuse(&reason).await,
        };
        self.say(&Answer::Session).await?;
        smtp(&mut self.stream, Client::Local(Box::new(caller)), Arc::clone(&self.services), stopped).await;
        Ok(())
    }
}

/// The pools close when the program ends.
fn ending(_: PoolError) -> io::Error {
    io::Error::other("shutting down")
}

/// Passes the pieces of a message on, to the empty one that ends it. True when that came; a receiver who has heard
/// enough stops nothing, so that the caller can finish speaking and listen.
async fn feed(stream: &mut UnixStream, ours: DuplexStream) -> bool {
    let mut receiver = Some(ours);
    while let Ok(Ok(Some(piece))) = timeout(PATIENCE, frame::read_octets(stream)).await {
        if piece.is_empty() {
            return true;
        }
        if let Some(open) = &mut receiver
            && open.write_all(&piece).await.is_err()
        {
            receiver = None;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::RunRequest;
    use crate::queue::listing::ListingStyle;
    use crate::testing::Bench;

    fn requests() -> Vec<Request> {
        let ids = vec![MessageId::long(1, 1, 1)];
        vec![
            Request::Submit(Box::default()),
            Request::Smtp(Box::default()),
            Request::List { style: ListingStyle::default(), only: Vec::new() },
            Request::Count,
            Request::Run(RunRequest::default()),
            Request::Arrived(ids.clone()),
            Request::Deliver { ids: ids.clone(), how: HowToDeliver::Forced },
            Request::Deliver { ids: ids.clone(), how: HowToDeliver::GiveUp },
            Request::Change { ids, change: Change::Remove },
        ]
    }

    fn allowed(configuration: &str, uid: u32, gid: u32, groups: &[u32]) -> String {
        let bench = Bench::with(configuration, |services| {
            services.process.exim_uid = 101;
            services.process.exim_gid = 102;
        });
        let peer = Peer { uid, gid, groups: groups.to_vec(), login: b"x".to_vec() };
        requests().iter().map(|request| if peer.may(request, &bench.services) { '+' } else { '-' }).collect()
    }

    #[tokio::test]
    async fn who_may_what() {
        for (configuration, uid, gid, groups, expected) in [
            ("", 1_000, 1_000, &[][..], "++-------"),
            ("", 0, 0, &[], "+++++++++"),
            ("", 101, 1_000, &[], "+++++++++"),
            ("", 1_000, 102, &[], "+++++++++"),
            ("", 1_000, 1_000, &[7, 102], "+++++++++"),
            ("no_queue_list_requires_admin\n", 1_000, 1_000, &[], "++++-----"),
            ("no_prod_requires_admin\n", 1_000, 1_000, &[], "++--+++--"),
            ("admin_groups = 7\n", 1_000, 1_000, &[7], "+++++++++"),
            ("admin_groups = 7\n", 1_000, 1_000, &[8], "++-------"),
        ] {
            assert_eq!(
                allowed(configuration, uid, gid, groups),
                expected,
                "{configuration:?} {uid} {gid} {groups:?}"
            );
        }
    }
}
