//! Runs a command with the message on its standard input, and collects what it says.
//!
//! # Invariants
//! * Reading and writing never wait for each other: both ends are polled together, with the command's end.
//! * The command and its children are one process group; when the time or the output is too much, the group is killed.
//!
//! # Security
//! The environment is the given one and nothing else; no descriptor of ours is inherited.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStdin, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use super::command::Command;

/// What bounds a command.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    /// `timeout`; none for no limit.
    pub(super) timeout: Option<Duration>,
    /// `max_output`; 0 for no limit.
    pub(super) max_output: usize,
    /// `umask`.
    pub(super) umask: u32,
}

/// One variable of the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) name: Vec<u8>,
    pub(super) value: Vec<u8>,
}

/// How a command ended.
#[derive(Debug)]
pub(super) enum End {
    /// By itself, or by a signal.
    Exited(ExitStatus),
    /// It could not be started.
    NotStarted(io::Error),
    /// Its time was over.
    TimedOut,
    /// The message could not be written to it.
    WriteFailed(io::Error),
}

/// A command that ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) end: End,
    pub(super) output: Vec<u8>,
    /// Octets of the message that were written.
    pub(super) written: u64,
}

/// Runs the command; `feed` writes the message.
pub(super) fn run(
    command: &Command,
    environment: &[Setting],
    directory: &Path,
    bounds: &Bounds,
    feed: impl FnOnce(&mut dyn Write) -> io::Result<u64>,
) -> Ended {
    let mut running = match Running::start(command, environment, directory, bounds) {
        Ok(running) => running,
        Err(error) => return Ended { end: End::NotStarted(error), output: Vec::new(), written: 0 },
    };
    let fed = feed(&mut running);
    running.stdin = None;
    let written = match fed {
        Ok(written) => written,
        // A command need not read all that it is given; what it says at its end counts.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe || running.stopped.is_some() => 0,
        Err(error) => {
            running.kill();
            let _ = running.child.wait();
            return Ended { end: End::WriteFailed(error), output: running.output, written: 0 };
        }
    };
    let end = running.wait();
    Ended { end, output: running.output, written }
}

/// Why a command was stopped by us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stopped {
    Timeout,
    Output,
}

struct Running {
    child: Child,
    ended: OwnedFd,
    stdin: Option<ChildStdin>,
    out: std::fs::File,
    out_open: bool,
    output: Vec<u8>,
    max_output: usize,
    deadline: Option<Instant>,
    stopped: Option<Stopped>,
}

impl Running {
    fn start(
        command: &Command,
        environment: &[Setting],
        directory: &Path,
        bounds: &Bounds,
    ) -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let mut arguments = command.arguments.iter();
        let name = arguments.next().map_or(&b""[..], |name| name.bytes());
        let mut process = std::process::Command::new(&command.program);
        process
            .arg0(OsStr::from_bytes(name))
            .args(arguments.map(|argument| OsStr::from_bytes(argument.bytes())))
            .env_clear()
            .envs(environment.iter().map(|set| (OsStr::from_bytes(&set.name), OsStr::from_bytes(&set.value))))
            .current_dir(directory)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(writer.try_clone()?)
            .stderr(writer);
        let mut child = with_umask(bounds.umask, || process.spawn())?;
        // The command holds the writing end now; ours must go, or the output never ends.
        drop(process);
        let stdin = child.stdin.take();
        let pid = Pid::from_child(&child);
        let ended = pidfd_open(pid, PidfdFlags::empty())?;
        if let Some(stdin) = &stdin {
            rustix::io::ioctl_fionbio(stdin, true)?;
        }
        let out = std::fs::File::from(OwnedFd::from(reader));
        rustix::io::ioctl_fionbio(&out, true)?;
        Ok(Self {
            child,
            ended,
            stdin,
            out,
            out_open: true,
            output: Vec::new(),
            max_output: bounds.max_output,
            deadline: bounds.timeout.map(|time| Instant::now() + time),
            stopped: None,
        })
    }

    /// Waits until input can be written or something was read, or the command ended (true).
    fn turn(&mut self, writing: bool) -> io::Result<bool> {
        let limit = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if limit.is_some_and(|limit| limit.is_zero()) && self.stopped.is_none() {
            self.stop(Stopped::Timeout);
        }
        let timeout = limit.filter(|_| self.stopped.is_none()).map(|limit| Timespec {
            tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(limit.subsec_nanos()),
        });
        let mut fds = vec![PollFd::new(&self.ended, PollFlags::IN)];
        if self.out_open {
            fds.push(PollFd::new(&self.out, PollFlags::IN));
        }
        if let Some(stdin) = self.stdin.as_ref().filter(|_| writing) {
            fds.push(PollFd::from_borrowed_fd(stdin.as_fd(), PollFlags::OUT));
        }
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let ended = !fds[0].revents().is_empty();
        let readable = self.out_open && !fds[1].revents().is_empty();
        drop(fds);
        if readable {
            self.read_some();
        }
        Ok(ended)
    }

    fn read_some(&mut self) {
        let mut block = [0; 4096];
        match self.out.read(&mut block) {
            Ok(0) => self.out_open = false,
            Ok(length) => {
                let room = if self.max_output == 0 {
                    length
                } else {
                    self.max_output.saturating_sub(self.output.len()).min(length)
                };
                self.output.extend_from_slice(&block[..room]);
                if room < length {
                    self.stop(Stopped::Output);
                }
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(_) => self.out_open = false,
        }
    }

    fn stop(&mut self, why: Stopped) {
        if self.stopped.is_none() {
            self.stopped = Some(why);
            self.kill();
        }
    }

    fn kill(&self) {
        // A group that has gone already needs no signal.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
    }

    /// Waits for the end of the command and takes what it still had to say.
    fn wait(&mut self) -> End {
        loop {
            match self.turn(false) {
                Ok(true) => break,
                Ok(false) => {}
                Err(error) => {
                    self.kill();
                    let _ = self.child.wait();
                    return End::WriteFailed(error);
                }
            }
        }
        while self.out_open && self.stopped.is_none() && self.has_output() {
            self.read_some();
        }
        match (self.stopped, self.child.wait()) {
            (Some(Stopped::Timeout), _) => End::TimedOut,
            (_, Ok(status)) => End::Exited(status),
            (_, Err(error)) => End::WriteFailed(error),
        }
    }

    fn has_output(&self) -> bool {
        let mut fds = [PollFd::new(&self.out, PollFlags::IN)];
        poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok_and(|ready| ready > 0)
    }
}

impl Write for Running {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        loop {
            let Some(stdin) = &mut self.stdin else { return Err(io::ErrorKind::BrokenPipe.into()) };
            match stdin.write(octets) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if self.turn(true)? || self.stopped.is_some() {
                        return Err(io::ErrorKind::BrokenPipe.into());
                    }
                }
                result => return result,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The umask belongs to the whole process: it is changed for the moment of the start only.
fn with_umask<T>(mask: u32, start: impl FnOnce() -> T) -> T {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _held = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let before = rustix::process::umask(rustix::fs::Mode::from_raw_mode(mask));
    let result = start();
    rustix::process::umask(before);
    result
}

/// The signal that ended a command, with the system's words for the common ones.
pub(super) fn signal_of(status: ExitStatus) -> Option<(i32, &'static str)> {
    let number = status.signal()?;
    let words = match number {
        1 => "Hangup",
        2 => "Interrupt",
        3 => "Quit",
        4 => "Illegal instruction",
        6 => "Aborted",
        7 => "Bus error",
        8 => "Floating point exception",
        9 => "Killed",
        11 => "Segmentation fault",
        13 => "Broken pipe",
        14 => "Alarm clock",
        15 => "Terminated",
        24 => "CPU time limit exceeded",
        25 => "File size limit exceeded",
        _ => "signal",
    };
    Some((number, words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_types::value::Clean;

    fn shell(script: &str, bounds: &Bounds, input: &[u8]) -> Ended {
        let arguments = ["sh", "-c", script].map(|text| Clean::from_config(text.as_bytes())).to_vec();
        let command = Command { program: "/bin/sh".into(), arguments, line: Vec::new() };
        let environment =
            [("PATH", "/bin:/usr/bin"), ("X", "y")].map(|(n, v)| Setting { name: n.into(), value: v.into() });
        run(&command, &environment, Path::new("/"), bounds, |out| {
            out.write_all(input)?;
            Ok(input.len() as u64)
        })
    }

    const BOUNDS: Bounds =
        Bounds { timeout: Some(Duration::from_mins(1)), max_output: 1 << 20, umask: 0o027 };

    #[test]
    fn input_output_environment() {
        let ended = shell("cat; echo $X >&2; umask; pwd", &BOUNDS, b"hello\n");
        assert_eq!(String::from_utf8(ended.output).unwrap(), "hello\ny\n0027\n/\n");
        assert!(matches!(ended.end, End::Exited(status) if status.success()));
    }

    #[test]
    fn much_in_and_much_out_do_not_block() {
        let input = vec![b'x'; 3 << 20];
        let ended = shell("cat", &Bounds { max_output: 0, ..BOUNDS }, &input);
        assert_eq!(ended.output.len(), input.len());
    }

    #[test]
    fn a_command_that_does_not_read() {
        let ended = shell("exit 3", &BOUNDS, &vec![b'x'; 1 << 20]);
        assert!(matches!(ended.end, End::Exited(status) if status.code() == Some(3)));
    }

    #[test]
    fn too_much_output_kills() {
        let ended = shell("while :; do echo xxxxxxxxxx; done", &Bounds { max_output: 100, ..BOUNDS }, b"");
        assert_eq!(ended.output.len(), 100);
        let End::Exited(status) = ended.end else { panic!("{:?}", ended.end) };
        assert_eq!(signal_of(status), Some((9, "Killed")));
    }

    #[test]
    fn time_is_limited() {
        let bounds = Bounds { timeout: Some(Duration::from_millis(20)), ..BOUNDS };
        assert!(matches!(shell("sleep 100", &bounds, b"").end, End::TimedOut));
        assert!(matches!(shell("sleep 100", &bounds, &vec![b'x'; 1 << 20]).end, End::TimedOut));
    }

    #[test]
    fn a_missing_program() {
        let command =
            Command { program: "/no/such".into(), arguments: vec![Clean::literal(b"x")], line: Vec::new() };
        let ended = run(&command, &[], Path::new("/"), &BOUNDS, |_| Ok(0));
        assert!(matches!(ended.end, End::NotStarted(_)));
    }
}
