//! The parent: forks the worker, forks children for it, passes signals on, starts a worker again that died.
//!
//! # Invariants
//! * Single-threaded; blocks in one `poll` on signals and the worker's socket.
//! * Reads nothing but [`ToParent`]: a role's name.
//!
//! # Security
//! Runs as root. A worker that has been taken over can ask for children, and what those do is decided by the
//! configuration that the parent loaded.
//!
//! # Failure
//! A worker that dies by itself is started again, at most [`RESTARTS`] times a minute; the caller's `note` writes the
//! paniclog line. When fork fails the worker sees a closed socket and defers.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mta::services::local_agent::RunAs;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid};

use crate::channel::Channel;
use crate::child::{self, Work, fork, leave, live};
use crate::identity::become_user;
use crate::message::ToParent;

/// Starts of a worker that dies by itself, a minute.
pub const RESTARTS: usize = 5;

/// What the parent needs from the program.
pub trait Program {
    /// The worker's whole life, run in the forked process as the mail user; answers the exit code.
    fn worker(&self, agent: Channel) -> i32;
    /// What children do, by the configuration in force now.
    fn work(&self) -> Arc<dyn Work>;
    /// Loads the parent's copy of the configuration again; a broken one changes nothing.
    fn reload(&mut self);
    /// The process has gone into the background: let go of the caller's standard streams.
    fn detached(&mut self);
    /// Something that the administrator must know.
    fn note(&mut self, text: &str);
    /// Whether a worker that dies is started again (a daemon), or its end is ours (a command).
    fn restarts(&self) -> bool;
}

/// Forks a worker as `mail_user` and serves it until it ends; answers the exit code.
///
/// # Errors
/// Signals cannot be set up or the first fork failed.
pub fn run(program: &mut dyn Program, mail_user: &RunAs) -> io::Result<i32> {
    let mut signals = SigSet::empty();
    for signal in [Signal::SIGCHLD, Signal::SIGHUP, Signal::SIGTERM, Signal::SIGINT] {
        signals.add(signal);
    }
    signals.thread_block()?;
    let signal_fd = SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
    let mut starts: Vec<Instant> = Vec::new();
    loop {
        starts.retain(|t| t.elapsed() < Duration::from_mins(1));
        starts.push(Instant::now());
        let worker = start_worker(program, mail_user, &signals)?;
        let mut parent = Parent {
            program: &mut *program,
            mail_user,
            signals: &signals,
            worker,
            stopping: false,
            detached: false,
        };
        let code = parent.serve(&signal_fd)?;
        if parent.stopping || !program.restarts() {
            return Ok(code);
        }
        if starts.len() > RESTARTS {
            program.note("the worker keeps dying: giving up (see the lines above)");
            return Ok(code);
        }
        program.note(&format!("the worker ended unexpectedly (status {code}): starting it again"));
    }
}

struct Worker {
    pid: Pid,
    channel: Channel,
}

fn start_worker(program: &mut dyn Program, mail_user: &RunAs, signals: &SigSet) -> io::Result<Worker> {
    let (ours, theirs) = Channel::pair()?;
    match fork()? {
        ForkResult::Child => {
            drop(ours);
            if signals.thread_unblock().is_err() || become_user(mail_user).is_err() {
                leave(70);
            }
            let code = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| program.worker(theirs)));
            leave(code.unwrap_or(101))
        }
        ForkResult::Parent { child } => Ok(Worker { pid: child, channel: ours }),
    }
}

struct Parent<'a> {
    program: &'a mut dyn Program,
    mail_user: &'a RunAs,
    signals: &'a SigSet,
    worker: Worker,
    stopping: bool,
    /// The worker is no longer our child: its end shows on its socket only.
    detached: bool,
}

impl Parent<'_> {
    /// Until the worker has ended: its exit code.
    fn serve(&mut self, signal_fd: &SignalFd) -> io::Result<i32> {
        let mut hung_up = false;
        loop {
            let mut fds = vec![PollFd::new(signal_fd.as_fd(), PollFlags::POLLIN)];
            if !hung_up {
                fds.push(PollFd::new(self.worker.channel.as_fd(), PollFlags::POLLIN));
            }
            match poll(&mut fds, PollTimeout::NONE) {
                Err(nix::errno::Errno::EINTR) => continue,
                other => other?,
            };
            let ready = |n: usize| fds.get(n).and_then(PollFd::revents).is_some_and(|r| !r.is_empty());
            let (signalled, asked) = (ready(0), ready(1));
            if asked {
                hung_up = !self.answer_worker();
                if hung_up && self.detached {
                    return Ok(0);
                }
            }
            if signalled {
                while let Ok(Some(info)) = signal_fd.read_signal() {
                    self.on_signal(info.ssi_signo.cast_signed());
                }
                if let Some(code) = self.reap() {
                    return Ok(code);
                }
            }
        }
    }

    /// Reads the configuration anew, here and in the worker.
    fn reload(&mut self) {
        // A broken configuration leaves the old one in force; the worker finds the same and says so in the log.
        self.program.reload();
        self.tell_worker(Signal::SIGHUP);
    }

    fn on_signal(&mut self, number: i32) {
        match Signal::try_from(number) {
            Ok(Signal::SIGHUP) => self.reload(),
            Ok(signal @ (Signal::SIGTERM | Signal::SIGINT)) => {
                self.stopping = true;
                self.tell_worker(signal);
            }
            _ => {}
        }
    }

    fn tell_worker(&self, signal: Signal) {
        // The worker may have ended a moment ago; SIGCHLD tells.
        let _ = kill(self.worker.pid, signal);
    }

    /// Collects children; the exit code when the worker was among them.
    fn reap(&self) -> Option<i32> {
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(pid, code)) if pid == self.worker.pid => return Some(code),
                Ok(WaitStatus::Signaled(pid, signal, _)) if pid == self.worker.pid => {
                    return Some(128 + signal as i32);
                }
                Ok(WaitStatus::StillAlive) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// One request of the worker; false when its socket has closed.
    fn answer_worker(&mut self) -> bool {
        match self.worker.channel.receive::<ToParent>() {
            Ok(Some((ToParent::Detach(code), _))) => {
                self.detach(code);
                true
            }
            Ok(Some((role, Some(socket)))) => {
                if let Err(e) = self.spawn(role, socket) {
                    self.program.note(&format!("cannot fork for a local delivery: {e}"));
                }
                true
            }
            Ok(Some((_, None))) => true,
            Ok(None) | Err(_) => false,
        }
    }

    /// Ends the process that the caller waits for; a copy of it goes on serving the worker.
    fn detach(&mut self, code: u8) {
        match fork() {
            Ok(ForkResult::Parent { .. }) => leave(i32::from(code)),
            Ok(ForkResult::Child) => {
                self.detached = true;
                // The caller's terminal and pipes are not ours any more. Without a session of our own, signals meant for
                // the caller could reach us; that is all that a failure costs.
                let _ = nix::unistd::setsid();
                self.program.detached();
            }
            // The caller waits a little longer, then.
            Err(e) => self.program.note(&format!("cannot go on in the background: {e}")),
        }
    }

    fn spawn(&mut self, role: ToParent, socket: OwnedFd) -> io::Result<()> {
        let work = self.program.work();
        if let ForkResult::Child = fork()? {
            let unblocked = self.signals.thread_unblock();
            let channel = Channel::from_fd(socket);
            let mail_user = self.mail_user;
            live(|| {
                unblocked?;
                match role {
                    ToParent::SpawnAsUser => child::as_user(&channel, &*work),
                    ToParent::SpawnLocal => child::local(&channel, mail_user, &*work),
                    ToParent::Detach(_) => Ok(()),
                }
            });
        }
        Ok(())
    }
}
