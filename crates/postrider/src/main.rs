//! The program: exim, sendmail, mailq, runq, rmail, newaliases, by the name under which it is called.
//!
//! `main` reads the command line ([`argv`]), the configuration ([`load`]), finds out who calls ([`authority`]) and hands
//! over to one [`mode`]. What needs other users' rights runs in the process form of [`process`].
//!
//! # Security
//! A setuid bit is given up before anything is parsed. Without one, the program can do what its caller can do.

mod argv;
mod assembly;
mod authority;
mod delivery;
mod load;
mod local_work;
mod mode;
mod process;
mod server;

use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;

use argv::{Invocation, Refusal};

/// How long the end of the program may wait for hints to be written; losing them costs delay, never mail.
pub(crate) const HINTS_FLUSH: std::time::Duration = std::time::Duration::from_secs(5);

fn main() -> ExitCode {
    let shed = match privsep::identity::shed_setuid_bit() {
        Ok(shed) => shed,
        Err(reason) => {
            say_error(&reason);
            return ExitCode::FAILURE;
        }
    };
    if shed {
        return start_again_clean();
    }
    if std::env::args_os().nth(1).is_some_and(|word| word == mta::services::pam::HELPER) {
        return privsep::pam::answer();
    }
    let shed = std::env::var_os(SHED).is_some();
    let args: Vec<Vec<u8>> = std::env::args_os().map(std::ffi::OsString::into_vec).collect();
    match argv::parse(&args) {
        Ok(invocation) => mode::run(&invocation, shed),
        Err(Refusal(text)) => {
            say_error_as_is(&text);
            ExitCode::FAILURE
        }
    }
}

/// Tells the program, started again, that a setuid bit was given up; only `-bV` asks.
const SHED: &str = "POSTRIDER_SETUID_BIT_SHED";

/// Starts the program again without the caller's environment, and so that the bit on its file no longer counts.
fn start_again_clean() -> ExitCode {
    use std::os::unix::process::CommandExt as _;
    if let Err(e) = rustix::thread::set_no_new_privs(true) {
        say_error(&format!("cannot give up the setuid bit for good: {e}"));
        return ExitCode::FAILURE;
    }
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(e) => {
            say_error(&format!("cannot find this program: {e}"));
            return ExitCode::FAILURE;
        }
    };
    let mut args = std::env::args_os();
    let mut command = std::process::Command::new(program);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env(SHED, "1");
    if let Some(name) = args.next() {
        command.arg0(name);
    }
    let error = command.args(args).exec();
    say_error(&format!("cannot start again without the setuid bit: {error}"));
    ExitCode::FAILURE
}

/// A line on standard error, in the program's name.
pub(crate) fn say_error(text: &str) {
    say_error_as_is(&format!("exim: {text}"));
}

/// A line on standard error.
pub(crate) fn say_error_as_is(text: &str) {
    // When standard error is gone there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Text on standard output. A reader that has gone away is not an error.
pub(crate) fn say(text: &[u8]) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text);
    let _ = out.flush();
}

/// Points the standard streams at `/dev/null`, so that whoever waits for their end need not.
pub(crate) fn close_standard_streams() {
    let Ok(null) = std::fs::File::options().read(true).write(true).open("/dev/null") else { return };
    // Failing costs the caller some waiting.
    let _ = rustix::stdio::dup2_stdin(&null);
    let _ = rustix::stdio::dup2_stdout(&null);
    let _ = rustix::stdio::dup2_stderr(&null);
}

/// The worker's runtime.
pub(crate) fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("postrider").build()
}

impl Invocation {
    /// `-or` and `-os`.
    pub(crate) fn timeouts(&self) -> (Option<u64>, Option<u64>) {
        (self.receive_timeout, self.smtp_timeout)
    }

    /// Whether the configuration or its macros were chosen on the command line: such a program never speaks to the
    /// running server, whose configuration may be another.
    pub(crate) fn is_private(&self) -> bool {
        self.config_files.is_some() || !self.macros.is_empty()
    }

    /// Whether what this command does to the queue may go through the running server.
    pub(crate) fn may_use_server(&self, config: &config::Config) -> bool {
        !self.is_private() || load::is_trusted(self, config)
    }
}
