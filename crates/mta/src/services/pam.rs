//! The process that asks the system's authentication modules (PAM), from the side of who wants to know.
//!
//! Modules are code of others that waits, leaks and exits as it likes: each question has a process of its own, this
//! program started again with [`HELPER`]. It gets the strings on its standard input and answers there.
//!
//! # Invariants
//! * A process that took too long is killed.
//!
//! # Security
//! The process has the rights of the one that asks (in a server that was started as root: the mail user's). Passwords
//! pass through a socket pair only, never through arguments or the environment.
//!
//! # Failure
//! Whatever is wrong with the process is a failure of the expansion.

use std::ffi::OsStr;
use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use expand::env::PamQuestion;
pub use expand::env::PamVerdict;
use expand::system::{Environment, error_text};

/// The only argument of this program when it is to ask the modules.
pub const HELPER: &str = "--ask-pam";
/// Longest question and answer, in bytes.
pub const LONGEST: u64 = 1 << 20;

/// The program that asks; by default there is none.
#[derive(Debug, Clone, Default)]
pub struct PamProgram(Option<PathBuf>);

impl PamProgram {
    /// The running program, also when its file has been replaced since.
    pub fn this() -> Self {
        Self(Some("/proc/self/exe".into()))
    }

    /// Asks, and waits for the answer.
    pub fn ask(&self, asked: &PamQuestion, environment: &Environment) -> PamVerdict {
        let Some(program) = &self.0 else {
            return PamVerdict::Failed("PAM: there is no process to ask the modules".to_owned());
        };
        let strings: Vec<&[u8]> =
            std::iter::once(&asked.user).chain(&asked.answers).map(Vec::as_slice).collect();
        let mut command = Command::new(program);
        command.arg(HELPER).env_clear().envs(
            environment.iter().map(|(name, value)| (OsStr::from_bytes(name), OsStr::from_bytes(value))),
        );
        match converse(&mut command, &to_wire(&strings), asked.timeout) {
            Ok(answer) => verdict(&answer),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                PamVerdict::Failed("PAM: no answer in time".to_owned())
            }
            Err(error) => PamVerdict::Failed(format!("PAM: {}", error_text(&error))),
        }
    }
}

/// Strings as the helper reads them: the length of each in four octets, then its bytes.
fn to_wire(strings: &[&[u8]]) -> Vec<u8> {
    let mut wire = Vec::new();
    for string in strings {
        // A value of the language is far shorter than four octets count.
        wire.extend_from_slice(&u32::try_from(string.len()).unwrap_or(u32::MAX).to_be_bytes());
        wire.extend_from_slice(string);
    }
    wire
}

/// The strings that were sent; none when the text breaks off.
pub fn from_wire(mut wire: &[u8]) -> Option<Vec<&[u8]>> {
    let mut strings = Vec::new();
    while let Some((length, rest)) = wire.split_first_chunk::<4>() {
        let (string, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        strings.push(string);
        wire = rest;
    }
    wire.is_empty().then_some(strings)
}

/// A verdict as the helper says it.
pub fn verdict_to_wire(verdict: &PamVerdict) -> Vec<u8> {
    match verdict {
        PamVerdict::Yes => b"Y".to_vec(),
        PamVerdict::No => b"N".to_vec(),
        PamVerdict::Failed(why) => [b"F", why.as_bytes()].concat(),
    }
}

fn verdict(wire: &[u8]) -> PamVerdict {
    match wire {
        b"Y" => PamVerdict::Yes,
        b"N" => PamVerdict::No,
        [b'F', why @ ..] => PamVerdict::Failed(String::from_utf8_lossy(why).into_owned()),
        _ => PamVerdict::Failed("PAM: the process that asks the modules ended unexpectedly".to_owned()),
    }
}

fn converse(command: &mut Command, question: &[u8], timeout: Duration) -> io::Result<Vec<u8>> {
    let begun = Instant::now();
    let (mut stream, theirs) = UnixStream::pair()?;
    let mut helper = Helper(command.stdin(Stdio::from(OwnedFd::from(theirs))).stdout(Stdio::null()).spawn()?);
    // The command holds the other end too; the end of the answer is seen only when nobody does.
    command.stdin(Stdio::null());
    stream.set_write_timeout(Some(timeout))?;
    // A process that is gone already has given no answer; that is seen below.
    gone_is_no_error(stream.write_all(question))?;
    gone_is_no_error(stream.shutdown(Shutdown::Write))?;
    let mut answer = Vec::new();
    let mut piece = [0; 512];
    loop {
        let left = timeout.checked_sub(begun.elapsed()).filter(|left| !left.is_zero());
        stream.set_read_timeout(Some(left.ok_or(io::ErrorKind::TimedOut)?))?;
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => answer.extend_from_slice(&piece[..length]),
            Err(error) => {
                gone_is_no_error(Err(error))?;
                break;
            }
        }
        if answer.len() as u64 > LONGEST {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
    }
    helper.0.wait()?;
    Ok(answer)
}

fn gone_is_no_error(result: io::Result<()>) -> io::Result<()> {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, NotConnected};
    match result {
        Err(error) if matches!(error.kind(), BrokenPipe | ConnectionReset | NotConnected) => Ok(()),
        other => other,
    }
}

/// A process that does not outlive the question.
struct Helper(Child);

impl Drop for Helper {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(script: &str, timeout: Duration) -> PamVerdict {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        match converse(&mut command, &to_wire(&[b"usr", b"", b"a:b"]), timeout) {
            Ok(answer) => verdict(&answer),
            Err(error) => PamVerdict::Failed(error.kind().to_string()),
        }
    }

    #[test]
    fn strings_survive_the_way() {
        let strings = [&b"usr"[..], b"", b"a:b"];
        let wire = to_wire(&strings);
        assert_eq!(from_wire(&wire).as_deref(), Some(&strings[..]));
        for end in 1..wire.len() {
            let whole = [7, 11].contains(&end);
            assert_eq!(from_wire(&wire[..end]).is_some(), whole, "{end}");
        }
    }

    #[test]
    fn the_process_says_what_it_found() {
        let long = Duration::from_secs(20);
        let said = |text: &str| ask(&format!("cat >/dev/null; printf {text} >&0"), long);
        assert_eq!(said("Y"), PamVerdict::Yes);
        assert_eq!(said("N"), PamVerdict::No);
        assert_eq!(said("Fwhy"), PamVerdict::Failed("why".to_owned()));
        let ended =
            PamVerdict::Failed("PAM: the process that asks the modules ended unexpectedly".to_owned());
        assert_eq!(ask("exit 1", long), ended);
        assert_eq!(said("Yes"), ended);
        let late = ask("exec sleep 30", Duration::from_millis(50));
        assert!(matches!(&late, PamVerdict::Failed(_)), "{late:?}");
    }

    #[test]
    fn without_a_program_nobody_comes_in() {
        let asked =
            PamQuestion { user: b"usr".to_vec(), answers: Vec::new(), timeout: Duration::from_secs(1) };
        let verdict = PamProgram::default().ask(&asked, &Environment::new());
        assert!(matches!(verdict, PamVerdict::Failed(_)));
    }
}
