//! The interpreter of `${perl`: a process of its own that runs `/usr/bin/perl`.
//!
//! Each session or delivery attempt that calls Perl has an interpreter of its own until its end, so that what the
//! administrator's code remembers is seen where Exim would show it. With `perl_at_start` one stands ready.
//!
//! # Invariants
//! * Questions and answers alternate; while an expansion that Perl asked for is under way, it may ask again.
//! * An interpreter that broke the rules, died or took too long is killed; the next call starts another.
//!
//! # Security
//! Runs as the process that expands. Its standard input and output are not those of the program.
//!
//! # Failure
//! Whatever is wrong with the process is a failure of the expansion.

use std::ffi::OsStr;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use expand::EvalError;
use expand::env::{PerlReply, PerlSay};
use expand::system::Environment;
use mail_types::limits;

const PERL: &str = "/usr/bin/perl";
const DRIVER: &str = include_str!("driver.pl");

/// What the administrator's options ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PerlOptions {
    /// `perl_startup`.
    pub startup: Vec<u8>,
    /// `perl_taintmode`.
    pub taint: bool,
    /// The environment that `keep_environment` and `add_environment` leave.
    pub environment: Arc<Environment>,
}

/// What Perl said.
#[derive(Debug, PartialEq, Eq)]
pub enum PerlNews {
    /// The next step of the call.
    Reply(PerlReply),
    /// `Exim::log_write`, or a warning.
    Log(Vec<u8>),
    /// `Exim::debug_write`.
    Debug(Vec<u8>),
}

/// A running interpreter.
#[derive(Debug)]
pub struct Interpreter {
    options: PerlOptions,
    child: Child,
    stream: UnixStream,
    /// The startup code has not answered yet.
    starting: bool,
}

impl Interpreter {
    /// Starts one; the startup code runs meanwhile.
    ///
    /// # Errors
    /// The process cannot be started.
    pub fn start(options: &PerlOptions) -> io::Result<Self> {
        let (stream, theirs) = UnixStream::pair()?;
        stream.set_read_timeout(Some(limits::EXPANSION_PERL))?;
        stream.set_write_timeout(Some(limits::EXPANSION_PERL))?;
        let mut command = Command::new(PERL);
        if options.taint {
            command.arg("-T");
        }
        let variables = options.environment.iter();
        let child = command
            .env_clear()
            .envs(variables.map(|(name, value)| (OsStr::from_bytes(name), OsStr::from_bytes(value))))
            .arg("-e")
            .arg(DRIVER)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .spawn()?;
        let mut interpreter = Self { options: options.clone(), child, stream, starting: true };
        interpreter.send(b'S', &options.startup)?;
        Ok(interpreter)
    }

    /// Whether it was started for these options.
    pub fn serves(&self, options: &PerlOptions) -> bool {
        self.options == *options
    }

    /// Waits for the startup code; what it wrote to the log goes to `log`.
    ///
    /// # Errors
    /// The code does not compile, or the process failed.
    pub fn started(&mut self, mut log: impl FnMut(Vec<u8>)) -> Result<(), EvalError> {
        while self.starting {
            match self.receive().map_err(|error| broken(&error))? {
                (b'K', _) => self.starting = false,
                (b'D', text) => {
                    self.starting = false;
                    return Err(EvalError::failed(String::from_utf8_lossy(&text).into_owned()));
                }
                (b'L', text) => log(text),
                (b'B', _) => {}
                // There is nothing to expand with before the first call.
                (b'X', _) => self.send(b'F', b"").map_err(|error| broken(&error))?,
                _ => return Err(broken(&io::ErrorKind::InvalidData.into())),
            }
        }
        Ok(())
    }

    /// Says something.
    ///
    /// # Errors
    /// The process failed; it is of no more use.
    pub fn say(&mut self, say: &PerlSay) -> Result<(), EvalError> {
        let sent = match say {
            PerlSay::Call { subroutine, arguments } => {
                let mut frame = Vec::new();
                for text in std::iter::once(subroutine).chain(arguments) {
                    frame.extend_from_slice(&(text.len() as u32).to_be_bytes());
                    frame.extend_from_slice(text);
                }
                self.send(b'C', &frame)
            }
            PerlSay::Expanded(Ok(text)) => self.send(b'V', text),
            PerlSay::Expanded(Err(EvalError::Forced { .. })) => self.send(b'F', b""),
            PerlSay::Expanded(Err(error)) => self.send(b'E', error.message().as_bytes()),
        };
        sent.map_err(|error| broken(&error))
    }

    /// Hears what Perl says next.
    ///
    /// # Errors
    /// The process failed; it is of no more use.
    pub fn hear(&mut self) -> Result<PerlNews, EvalError> {
        let (letter, text) = self.receive().map_err(|error| broken(&error))?;
        Ok(match letter {
            b'R' => PerlNews::Reply(PerlReply::Returned(text)),
            b'U' => PerlNews::Reply(PerlReply::Undefined),
            b'D' => PerlNews::Reply(PerlReply::Died(text)),
            b'X' => PerlNews::Reply(PerlReply::Expand(text)),
            b'L' => PerlNews::Log(text),
            b'B' => PerlNews::Debug(text),
            _ => return Err(broken(&io::ErrorKind::InvalidData.into())),
        })
    }

    fn send(&mut self, letter: u8, text: &[u8]) -> io::Result<()> {
        let length = u32::try_from(text.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
        self.stream.write_all(&[&[letter], &length.to_be_bytes()[..], text].concat())
    }

    fn receive(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut head = [0; 5];
        self.stream.read_exact(&mut head)?;
        let [letter, length @ ..] = head;
        let length = u32::from_be_bytes(length) as usize;
        if length > limits::EXPANSION_RESULT {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let mut text = vec![0; length];
        self.stream.read_exact(&mut text)?;
        Ok((letter, text))
    }
}

impl Drop for Interpreter {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn broken(error: &io::Error) -> EvalError {
    EvalError::failed(match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => "Perl subroutine timed out".to_owned(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => {
            "the Perl interpreter ended unexpectedly".to_owned()
        }
        _ => format!("the Perl interpreter failed: {error}"),
    })
}

/// An interpreter that stands ready, for `perl_at_start`.
#[derive(Debug, Default)]
pub struct SparePerl(Mutex<Option<Interpreter>>);

impl SparePerl {
    /// Puts one there.
    pub fn put(&self, interpreter: Interpreter) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(interpreter);
    }

    /// Takes it, if it was started for these options, and puts another in its place.
    pub fn take(&self, options: &PerlOptions) -> Option<Interpreter> {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = place.take()?;
        // Without another, the next call starts its own.
        *place = Interpreter::start(options).ok();
        found.serves(options).then_some(found)
    }
}
