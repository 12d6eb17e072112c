//! What a short-lived child does: takes one user's ids, then serves requests until its socket closes or falls silent.
//!
//! # Security
//! `local` learns its uid from a grandchild that runs as the mail user, reads the request there and evaluates the
//! configuration's own `user` and `group`; root reads only the few bytes of that answer. Each later request is
//! evaluated again, as the user, and must come out the same.
//!
//! # Failure
//! Whatever goes wrong before [`FromChild::Begun`] has done nothing, so the worker may ask another child. After it, a
//! vanished child means a deferral.

use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use mta::services::local_agent::{AsUserReply, AsUserRequest, LocalReply, LocalRequest, RunAs};
use nix::sys::wait::waitpid;
use nix::unistd::ForkResult;

use crate::channel::Channel;
use crate::identity::become_user;
use crate::message::{FromChild, ToChild, VERSION};

/// A child without work ends after this long.
const IDLE: Duration = Duration::from_secs(10);

/// What children can do; the program gives the parent one of these.
pub trait Work: Send + Sync {
    /// Whose ids this delivery has, by this process's own configuration.
    fn authorise(&self, request: &LocalRequest) -> Result<RunAs, String>;
    /// One local delivery, as the current user.
    fn deliver(&self, request: LocalRequest, data: File) -> LocalReply;
    /// One look at files, as the current user.
    fn read(&self, request: &AsUserRequest) -> AsUserReply;
}

/// The life of an `as-user` child.
pub fn as_user(channel: &Channel, work: &dyn Work) -> io::Result<()> {
    let Some((ToChild::Become(who), _)) = channel.receive()? else { return Ok(()) };
    if let Err(reason) = become_user(&who) {
        return channel.send(&FromChild::Refused(reason), None);
    }
    channel.send(&FromChild::Ready { version: VERSION, run_as: who }, None)?;
    channel.set_patience(Some(IDLE))?;
    while let Some((ToChild::Read(request), _)) = next(channel)? {
        channel.send(&FromChild::Begun, None)?;
        let reply = work.read(&request);
        channel.send(&FromChild::Read(Box::new(reply)), None)?;
    }
    Ok(())
}

/// The life of a `local` child.
pub fn local(channel: &Channel, mail_user: &RunAs, work: &dyn Work) -> io::Result<()> {
    let who = match identify(channel, mail_user, work)? {
        Ok(who) => who,
        Err(reason) => return channel.send(&FromChild::Refused(reason), None),
    };
    if let Err(reason) = become_user(&who) {
        return channel.send(&FromChild::Refused(reason), None);
    }
    channel.send(&FromChild::Ready { version: VERSION, run_as: who.clone() }, None)?;
    channel.set_patience(Some(IDLE))?;
    while let Some((ToChild::Deliver(request), Some(data))) = next(channel)? {
        match work.authorise(&request) {
            Ok(again) if again == who => {}
            Ok(_) => return channel.send(&FromChild::Refused("another user's delivery".to_owned()), None),
            Err(reason) => return channel.send(&FromChild::Refused(reason), None),
        }
        channel.send(&FromChild::Begun, None)?;
        let reply = work.deliver(*request, File::from(data));
        channel.send(&FromChild::Delivered(Box::new(reply)), None)?;
    }
    Ok(())
}

/// The next request; silence for [`IDLE`] is an end like any other.
fn next(channel: &Channel) -> io::Result<Option<(ToChild, Option<std::os::fd::OwnedFd>)>> {
    match channel.receive() {
        Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => Ok(None),
        other => other,
    }
}

/// Reads the first request in a grandchild that runs as the mail user, and returns what it found.
fn identify(channel: &Channel, mail_user: &RunAs, work: &dyn Work) -> io::Result<Result<RunAs, String>> {
    let (ours, theirs) = Channel::pair()?;
    match fork()? {
        ForkResult::Child => {
            let answer = become_user(mail_user).and_then(|()| match channel.receive() {
                Ok(Some((ToChild::Identify(request), _))) => work.authorise(&request),
                Ok(_) => Err("no delivery was named".to_owned()),
                Err(e) => Err(format!("the request cannot be read: {e}")),
            });
            let sent = theirs.send(&answer, None);
            leave(i32::from(sent.is_err()))
        }
        ForkResult::Parent { child } => {
            drop(theirs);
            let answer = ours.receive::<Result<RunAs, String>>();
            waitpid(child, None)?;
            Ok(match answer? {
                Some((Ok(who), _)) if who.uid == 0 => Err("nothing is delivered as root".to_owned()),
                Some((answer, _)) => answer,
                None => Err("the process that reads the request died".to_owned()),
            })
        }
    }
}

/// Forks. Only single-threaded processes call this.
pub(crate) fn fork() -> io::Result<ForkResult> {
    // SAFETY: parent and children of this crate have one thread, so the child may allocate and lock as usual.
    #[expect(unsafe_code, reason = "fork is what this crate is for")]
    let forked = unsafe { nix::unistd::fork() };
    Ok(forked?)
}

/// Goes on in a child in a session of its own; the process that was started ends with success.
///
/// # Errors
/// The system refuses to fork.
pub fn detach_process() -> io::Result<()> {
    if let ForkResult::Parent { .. } = fork()? {
        leave(0);
    }
    nix::unistd::setsid()?;
    Ok(())
}

/// Ends a forked child at once: no destructors or buffers of the parent run a second time.
pub(crate) fn leave(code: i32) -> ! {
    // SAFETY: _exit has no preconditions.
    #[expect(unsafe_code, reason = "a forked child must not run its parent's exit handlers")]
    unsafe {
        nix::libc::_exit(code)
    }
}

/// Runs a child's life to its end and leaves the process. A panic costs this child only.
pub(crate) fn live(life: impl FnOnce() -> io::Result<()>) -> ! {
    let outcome = catch_unwind(AssertUnwindSafe(life));
    leave(match outcome {
        Ok(Ok(())) => 0,
        Ok(Err(_)) => 1,
        Err(_) => 101,
    })
}
