//! The `appendfile` transport: mailboxes in files and directories.
//!
//! # Invariants
//! * A mailbox file is written only under its locks, and cut back to its length when writing failed.
//! * A new file gets its final name only after its content is on disk.
//!
//! # Security
//! Existing files must be regular, have one link, and belong to the delivery's user.
//!
//! # Compatibility
//! Specification, chapter "The appendfile transport". Texts and numbers observed with Exim 4.96.

mod checks;
mod comsat;
mod directory;
mod lock;
mod mailbox;
mod maildir;
mod quota;

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use config::options::transport::appendfile as options;
use mail_types::value::{Clean, Value};

use super::trouble::{NOT_ABSOLUTE, Trouble, UNKNOWN};
use super::writer::Form;
use super::{Done, Job};

/// Where a message goes.
enum Target {
    /// Appended to a file.
    File(Clean),
    /// A new file in a directory.
    Directory(Clean),
}

/// Delivers to a file or directory.
pub(super) fn deliver(job: &mut Job<'_>) -> Result<Done, Trouble> {
    let target = target(job)?;
    match target {
        Target::File(path) if path.bytes() == b"/dev/null" => Ok(Done::default()),
        Target::File(path) => mailbox::deliver(job, &path),
        Target::Directory(path) => maildir::deliver(job, &path),
    }
}

/// The path from `file`, `directory` or the redirection, and which kind it is.
fn target(job: &mut Job<'_>) -> Result<Target, Trouble> {
    let set = &job.transport.options;
    let (file, directory) = (set.get(options::FILE), set.get(options::DIRECTORY));
    let (mut path, mut is_directory) = match (file, directory) {
        (Some(text), _) => (job.path(text)?, false),
        (None, Some(text)) => (job.path(text)?, true),
        (None, None) => match &job.context.facts.address.address_file {
            Some(path) => (path.clone(), false),
            None => {
                let text = format!(
                    "Mandatory file or directory option missing from {} transport",
                    job.transport.name
                );
                return Err(Trouble::new(UNKNOWN, text));
            }
        },
    };
    let redirected = job.context.facts.address.address_file.is_some();
    if redirected && (path.bytes().ends_with(b"/") || set.get(options::MAILDIR_FORMAT)) {
        is_directory = true;
    }
    if path.bytes().len() > 1 && path.bytes().ends_with(b"/") {
        let taint = path.taint().clone();
        path = Value::new(path.bytes().trim_ascii_end().strip_suffix(b"/").unwrap_or_default(), taint);
    }
    if !path.bytes().starts_with(b"/") {
        let shown = mail_types::bytes::Printable::new(path.bytes());
        let text = format!("appendfile: file or directory name \"{shown}\" is not absolute");
        return Err(Trouble::new(NOT_ABSOLUTE, text));
    }
    let path = match checks::cleared_by_create_file(job, &path) {
        Some(clean) => clean,
        None => job.clean_path(&path)?,
    };
    if path.bytes().contains(&0) {
        return Err(Trouble::new(UNKNOWN, "appendfile: NUL in file or directory name"));
    }
    Ok(if is_directory { Target::Directory(path) } else { Target::File(path) })
}

/// The text form of the message for a target.
fn form(job: &mut Job<'_>, new_file: bool) -> Result<Form, Trouble> {
    use config::options::transport::generic;
    let set = &job.transport.options;
    let (bsmtp, crlf) = (set.get(options::USE_BSMTP), set.get(options::USE_CRLF));
    let mut form = Form {
        crlf,
        body_only: set.get(generic::BODY_ONLY),
        headers_only: set.get(generic::HEADERS_ONLY),
        dot: bsmtp,
        ..Form::default()
    };
    // The defaults are those of a mailbox file; in a directory only what the configuration sets counts.
    let mailbox_defaults = !new_file && !bsmtp;
    if bsmtp {
        form.escape = Some((b".".to_vec(), b"..".to_vec()));
    } else if mailbox_defaults || set.is_set(options::CHECK_STRING) {
        let check = set.get(options::CHECK_STRING).unwrap_or_default().to_vec();
        let escape = set.get(options::ESCAPE_STRING).unwrap_or_default().to_vec();
        form.escape = (!check.is_empty()).then_some((check, escape));
    }
    if mailbox_defaults || set.is_set(options::MESSAGE_PREFIX) {
        form.prefix = job
            .optional(options::MESSAGE_PREFIX, "message_prefix for appendfile")?
            .map(Value::into_bytes)
            .unwrap_or_default();
    }
    if mailbox_defaults || set.is_set(options::MESSAGE_SUFFIX) {
        form.suffix = job
            .optional(options::MESSAGE_SUFFIX, "message_suffix for appendfile")?
            .map(Value::into_bytes)
            .unwrap_or_default();
    }
    if bsmtp {
        form.prefix.extend_from_slice(&super::bsmtp_envelope(job, crlf));
    }
    Ok(form)
}

fn shown(path: &Path) -> String {
    mail_types::bytes::Printable::new(path.as_os_str().as_bytes()).to_string()
}
