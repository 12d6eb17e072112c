//! The `pipe` transport: a command reads the message.
//!
//! # Security
//! The command runs as the delivery's user with an environment of its own; its arguments are clean.
//!
//! # Compatibility
//! Specification, chapter "The pipe transport". Texts observed with Exim 4.96.

mod child;
mod command;

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::Duration;

use config::options::transport::generic;
use config::options::transport::pipe as options;
use mail_types::bytes::Printable;
use mail_types::outcome::Verdict;
use mail_types::value::Value;

use super::trouble::{Trouble, UNKNOWN};
use super::writer::{self, Form};
use super::{Done, Job};
use child::{Bounds, End, Ended};
use command::Command;

/// Octets of the first line of output that the log shows.
const LOGGED_OUTPUT: usize = 1_024;

/// Runs the command.
pub(super) fn deliver(job: &mut Job<'_>) -> Result<Done, Trouble> {
    let command = command::command(job)?;
    let form = form(job)?;
    let header = job.header("Failed to expand headers_add or headers_remove")?;
    let environment = environment(job)?;
    let directory = directory(job)?;
    let set = &job.transport.options;
    let bounds = Bounds {
        timeout: u64::try_from(set.get(options::TIMEOUT))
            .ok()
            .filter(|seconds| *seconds > 0)
            .map(Duration::from_secs),
        max_output: usize::try_from(set.get(options::MAX_OUTPUT)).unwrap_or(0),
        umask: set.get(options::UMASK),
    };
    let message = job.message(&header);
    let ended = child::run(&command, &environment, &directory, &bounds, |out| {
        let mut out = BufWriter::with_capacity(64 * 1024, out);
        let size = writer::write(message, &form, &mut out)?;
        out.flush()?;
        Ok(size)
    });
    judge(job, &command, ended)
}

fn form(job: &mut Job<'_>) -> Result<Form, Trouble> {
    let set = &job.transport.options;
    let (bsmtp, crlf) = (set.get(options::USE_BSMTP), set.get(options::USE_CRLF));
    let mut form = Form {
        crlf,
        body_only: set.get(generic::BODY_ONLY),
        headers_only: set.get(generic::HEADERS_ONLY),
        dot: bsmtp,
        ..Form::default()
    };
    form.escape = if bsmtp {
        Some((b".".to_vec(), b"..".to_vec()))
    } else {
        let check = set.get(options::CHECK_STRING).unwrap_or_default();
        let escape = set.get(options::ESCAPE_STRING).unwrap_or_default();
        (!check.is_empty()).then(|| (check.to_vec(), escape.to_vec()))
    };
    if !bsmtp || set.is_set(options::MESSAGE_PREFIX) {
        let prefix = job.optional(options::MESSAGE_PREFIX, "message_prefix for pipe transport")?;
        form.prefix = prefix.map(Value::into_bytes).unwrap_or_default();
    }
    if !bsmtp || set.is_set(options::MESSAGE_SUFFIX) {
        let suffix = job.optional(options::MESSAGE_SUFFIX, "message_suffix for pipe transport")?;
        form.suffix = suffix.map(Value::into_bytes).unwrap_or_default();
    }
    if bsmtp {
        form.prefix.extend_from_slice(&super::bsmtp_envelope(job, crlf));
    }
    Ok(form)
}

/// The command's environment, in Exim's order, then `environment`.
fn environment(job: &mut Job<'_>) -> Result<Vec<child::Setting>, Trouble> {
    let path = job.optional(options::PATH, "path for pipe transport")?;
    let extra = job.optional(options::ENVIRONMENT, "environment for pipe transport")?;
    let facts = &job.context.facts;
    let address = &facts.address;
    let text = |value: &Option<Value>| value.as_ref().map(|v| v.bytes().to_vec()).unwrap_or_default();
    // For a redirection the local part is the one that was redirected.
    let local_part =
        if address.address_pipe.is_some() { &address.parent_local_part } else { &address.local_part };
    let local_part = text(if local_part.is_some() { local_part } else { &address.local_part });
    let mut set = vec![
        ("LOCAL_PART", local_part.clone()),
        ("LOGNAME", local_part.clone()),
        ("USER", local_part),
        ("LOCAL_PART_PREFIX", text(&address.local_part_prefix)),
        ("LOCAL_PART_SUFFIX", text(&address.local_part_suffix)),
        ("DOMAIN", text(&address.domain)),
        ("HOME", home(job).map(Value::into_bytes).unwrap_or_default()),
        ("MESSAGE_ID", facts.message.id.as_ref().map(|id| id.as_bytes().to_vec()).unwrap_or_default()),
        ("PATH", path.map(Value::into_bytes).unwrap_or_default()),
        ("RECIPIENT", address.address.clone()),
        ("QUALIFY_DOMAIN", job.context.qualify_domain().to_vec()),
        ("SENDER", facts.message.sender_address.clone()),
        ("SHELL", b"/bin/sh".to_vec()),
    ];
    if let Some(host) = &facts.host.name {
        set.push(("HOST", host.clone()));
    }
    if let Some(zone) = job.context.config.main.get(config::options::main::TIMEZONE) {
        set.push(("TZ", zone.to_vec()));
    }
    let setting = |name: &[u8], value: Vec<u8>| child::Setting { name: name.to_vec(), value };
    let mut set: Vec<_> = set.into_iter().map(|(name, value)| setting(name.as_bytes(), value)).collect();
    for item in extra.as_ref().map_or(&b""[..], Value::bytes).split(|b| *b == b':').map(<[u8]>::trim_ascii) {
        if let Some(equals) = item.iter().position(|b| *b == b'=').filter(|at| *at > 0) {
            set.push(setting(&item[..equals], item[equals + 1..].to_vec()));
        }
    }
    // The environment can hold no NUL; what has one could only be hostile.
    set.retain(|setting| !setting.name.contains(&0) && !setting.value.contains(&0));
    Ok(set)
}

fn home(job: &Job<'_>) -> Option<Value> {
    job.context.facts.address.home.clone()
}

/// The working directory: the transport's, the router's, the home directory, or the root.
fn directory(job: &mut Job<'_>) -> Result<PathBuf, Trouble> {
    let own = job.directory(generic::CURRENT_DIRECTORY, "current")?;
    let value = own.or_else(|| job.request.current_directory.clone()).or_else(|| home(job));
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(PathBuf::from("/")) };
    let clean = job.clean_path(&value)?;
    let path = clean.as_path().to_path_buf();
    if !path.is_absolute() || clean.bytes().contains(&0) {
        let text = format!("current directory \"{}\" is not absolute", Printable::new(clean.bytes()));
        return Err(Trouble::new(super::trouble::NOT_ABSOLUTE, text));
    }
    match std::fs::metadata(&path) {
        Ok(_) => Ok(path),
        Err(error) => {
            let text = format!("failed to chdir to {}", Printable::new(clean.bytes()));
            Err(Trouble::system(&error, text))
        }
    }
}

/// What the end of the command means.
fn judge(job: &Job<'_>, command: &Command, ended: Ended) -> Result<Done, Trouble> {
    let set = &job.transport.options;
    let mut verdict = verdict(job, command, &ended);
    let has_output = !ended.output.is_empty();
    if let Ok(()) = verdict
        && has_output
        && set.get(options::RETURN_OUTPUT)
    {
        // The output says all that there is to say.
        verdict = Err(Trouble {
            verdict: Verdict::Fail,
            user_message: Some(Vec::new()),
            ..Trouble::new(0, "return message generated")
        });
    }
    let (failed, deferred) = match &verdict {
        Ok(()) => (false, false),
        Err(trouble) => (trouble.verdict == Verdict::Fail, trouble.verdict == Verdict::Defer),
    };
    let logs = set.get(options::LOG_OUTPUT)
        || (failed && set.get(options::LOG_FAIL_OUTPUT))
        || (deferred && set.get(options::LOG_DEFER_OUTPUT));
    let log_lines = if logs && has_output { vec![output_line(job, &ended.output)] } else { Vec::new() };
    let keeps = set.get(options::RETURN_OUTPUT) || (failed && set.get(options::RETURN_FAIL_OUTPUT));
    let output = (keeps && has_output).then(|| ended.output.clone());
    match verdict {
        Ok(()) => Ok(Done { size: Some(ended.written), output, return_output: false, log_lines }),
        Err(trouble) => {
            let return_output = output.is_some() && failed;
            Err(Trouble { output, return_output, log_lines, ..trouble })
        }
    }
}

fn output_line(job: &Job<'_>, output: &[u8]) -> Vec<u8> {
    let address = job.request.addresses.first().map(|facts| facts.address.as_slice()).unwrap_or_default();
    let first = output.split(|b| *b == b'\n').next().unwrap_or_default();
    let first = &first[..first.len().min(LOGGED_OUTPUT)];
    let text = format!(
        "<{}>: {} transport output: {}",
        Printable::new(address),
        job.transport.name,
        Printable::new(first)
    );
    text.into_bytes()
}

fn verdict(job: &Job<'_>, command: &Command, ended: &Ended) -> Result<(), Trouble> {
    let set = &job.transport.options;
    let transport = &job.transport.name;
    let program = Printable::new(command.arguments.first().map_or(&b""[..], |name| name.bytes())).to_string();
    let failing = |text: String| {
        let user_message = Some(b"local delivery failed".to_vec());
        Trouble { verdict: Verdict::Fail, user_message, ..Trouble::new(0, text) }
    };
    match &ended.end {
        End::TimedOut => {
            let text = "pipe delivery process timed out";
            Err(if set.get(options::TIMEOUT_DEFER) {
                Trouble::new(0, text)
            } else {
                failing(text.to_owned())
            })
        }
        End::WriteFailed(error) => {
            Err(Trouble::system(error, format!("Error while writing to {transport} pipe")))
        }
        End::NotStarted(_) if set.get(options::FREEZE_EXEC_FAIL) => {
            Err(Trouble::new(0, format!("pipe process failed to exec \"{program}\"")).freezing())
        }
        End::NotStarted(error) => match error.raw_os_error().map(rustix::io::Errno::from_raw_os_error) {
            Some(
                rustix::io::Errno::NOENT
                | rustix::io::Errno::ACCESS
                | rustix::io::Errno::NOEXEC
                | rustix::io::Errno::NOTDIR,
            ) => exit_code(job, 127, &program, &failing),
            _ => Err(Trouble::new(
                error.raw_os_error().unwrap_or(UNKNOWN),
                format!("Failed to create child process for {transport} transport"),
            )),
        },
        End::Exited(status) => match (status.code(), child::signal_of(*status)) {
            (Some(code), _) => exit_code(job, code, &program, &failing),
            (None, signal) => {
                let (number, words) = signal.unwrap_or((0, "signal"));
                if set.get(options::IGNORE_STATUS) {
                    return Ok(());
                }
                let line = Printable::new(&command.line);
                let text = format!(
                    "Child process of {transport} transport (running command \"{line}\") was terminated by signal {number} ({words})"
                );
                Err(if set.get(options::FREEZE_SIGNAL) {
                    Trouble::new(0, text).freezing()
                } else {
                    failing(text)
                })
            }
        },
    }
}

fn exit_code(
    job: &Job<'_>,
    code: i32,
    program: &str,
    failing: &dyn Fn(String) -> Trouble,
) -> Result<(), Trouble> {
    let set = &job.transport.options;
    if code == 0 || set.get(options::IGNORE_STATUS) {
        return Ok(());
    }
    let meaning = meaning(code).map(|words| format!(" (could mean {words})")).unwrap_or_default();
    let text = format!(
        "Child process of {} transport returned {code}{meaning} from command: {program}",
        job.transport.name
    );
    let number = code.to_string();
    let temporary = set.get(options::TEMP_ERRORS).iter().any(|item| {
        let item = item.trim_ascii();
        item == b"*" || item == number.as_bytes()
    });
    Err(if temporary { Trouble::new(0, text) } else { failing(text) })
}

/// What `sysexits.h` says about an exit code.
fn meaning(code: i32) -> Option<&'static str> {
    Some(match code {
        64 => "usage or syntax error",
        65 => "error in input data",
        66 => "input data missing",
        67 => "user nonexistent",
        68 => "host nonexistent",
        69 => "service or program unavailable",
        70 => "internal software error",
        71 => "internal operating system error",
        72 => "system file missing",
        73 => "can't create output file",
        74 => "input/output error",
        75 => "temporary error",
        76 => "protocol error",
        77 => "permission denied",
        78 => "configuration error",
        127 => "unable to exec or command does not exist",
        _ => return None,
    })
}
