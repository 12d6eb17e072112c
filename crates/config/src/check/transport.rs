//! Transports.

use super::{Layout, Problem};
use crate::options::transport::{appendfile, generic, lmtp, pipe, smtp};
use crate::options::{IdText, OptionSet};
use crate::snapshot::Instance;

/// What one instance must look like.
pub(super) fn check(transport: &mut Instance) -> Result<(), Problem> {
    let name = transport.name.clone();
    let set = &transport.options;
    match transport.driver {
        "appendfile" => appendfile(set, &name)?,
        "pipe" => pipe(set, &name)?,
        "lmtp" => lmtp(set, &name)?,
        "smtp" => smtp(set, &name)?,
        _ => {}
    }
    generic(transport, &name)
}

fn plain(text: String) -> Problem {
    Problem::new(Layout::Plain, text)
}

fn generic(transport: &Instance, name: &str) -> Result<(), Problem> {
    let set = &transport.options;
    if set.get(generic::BODY_ONLY) && set.get(generic::HEADERS_ONLY) {
        let text = format!("{name} transport: body_only and headers_only are mutually exclusive");
        return Err(plain(text).at(generic::HEADERS_ONLY));
    }
    let remote = transport.driver == "smtp";
    if remote && set.is_set(generic::SHADOW_TRANSPORT) {
        let text = format!("shadow transport not allowed on non-local transport {name}");
        return Err(plain(text).at(generic::SHADOW_TRANSPORT));
    }
    // A user given by number does not say which group; by name, the user's own is taken.
    let lone = matches!(set.get(generic::USER), Some(IdText::Fixed { gid: None, .. }));
    if !remote && lone && !set.is_set(generic::GROUP) {
        let text = format!("user set without group for the {name} transport");
        return Err(plain(text).at(generic::USER).helped("give a group as well, or the user by name"));
    }
    Ok(())
}

fn appendfile(set: &OptionSet, name: &str) -> Result<(), Problem> {
    let wrong = |text: &str| Problem::new(Layout::For, text);
    if set.is_set(appendfile::FILE) && set.is_set(appendfile::DIRECTORY) {
        return Err(wrong("only one of \"file\" or \"directory\" can be specified").at(appendfile::FILE));
    }
    if set.get(appendfile::MAILDIR_FORMAT) && set.get(appendfile::MAILSTORE_FORMAT) {
        let text = "only one of maildir and mailstore may be specified";
        return Err(wrong(text).at(appendfile::MAILSTORE_FORMAT));
    }
    if set.is_set(appendfile::DIRECTORY) && !set.is_set(appendfile::QUOTA) {
        for (option, given) in [
            ("quota_directory", set.is_set(appendfile::QUOTA_DIRECTORY)),
            ("quota_filecount", set.is_set(appendfile::QUOTA_FILECOUNT)),
        ] {
            if given {
                let mut problem = wrong(&format!("quota must be set if {option} is set"));
                problem.option = Some(option);
                return Err(problem);
            }
        }
    }
    let where_to = set.get(appendfile::CREATE_FILE).unwrap_or_default();
    let known = [&b"anywhere"[..], b"belowhome", b"inhome"];
    if !known.contains(&where_to) && !where_to.starts_with(b"/") && !where_to.is_empty() {
        let shown = String::from_utf8_lossy(where_to);
        let text = format!("invalid value given for \"create_file\" for the {name} transport: '{shown}'");
        return Err(plain(text).at(appendfile::CREATE_FILE));
    }
    let locks = [
        set.get(appendfile::USE_LOCKFILE).unwrap_or_default(),
        set.get(appendfile::USE_FCNTL_LOCK).unwrap_or_default(),
        set.get(appendfile::USE_FLOCK_LOCK),
        set.get(appendfile::USE_MBX_LOCK).unwrap_or_default(),
    ];
    if !locks.contains(&true) {
        return Err(wrong("no locking configured").at(appendfile::USE_LOCKFILE));
    }
    Ok(())
}

fn pipe(set: &OptionSet, name: &str) -> Result<(), Problem> {
    let both = [
        (
            set.get(pipe::RETURN_OUTPUT) && set.get(pipe::RETURN_FAIL_OUTPUT),
            "return_output and return_fail_output",
            "",
        ),
        (
            set.get(pipe::LOG_OUTPUT) && set.get(pipe::LOG_FAIL_OUTPUT),
            "log_output and log_fail_output",
            "the ",
        ),
        (set.get(pipe::USE_SHELL) && set.is_set(pipe::ALLOW_COMMANDS), "allow_commands and use_shell", ""),
        (set.get(pipe::USE_SHELL) && set.get(pipe::RESTRICT_TO_PATH), "restrict_to_path and use_shell", ""),
    ];
    if set.get(pipe::PIPE_AS_CREATOR) && (set.is_set(generic::USER) || set.is_set(generic::GROUP)) {
        let text = format!("both pipe_as_creator and an explicit uid/gid are set for the {name} transport");
        return Err(plain(text).at(pipe::PIPE_AS_CREATOR));
    }
    if let Some((_, options, the)) = both.into_iter().find(|(found, ..)| *found) {
        return Err(plain(format!("both {options} set for {the}{name} transport")));
    }
    let codes = set.get(pipe::TEMP_ERRORS);
    let number = |item: &Vec<u8>| !item.is_empty() && item.iter().all(u8::is_ascii_digit);
    if !(codes.iter().all(number) || matches!(codes, [star] if star == b"*")) {
        let text = format!("temp_errors must be a list of numbers or an asterisk for the {name} transport");
        return Err(plain(text).at(pipe::TEMP_ERRORS));
    }
    Ok(())
}

fn lmtp(set: &OptionSet, name: &str) -> Result<(), Problem> {
    if set.is_set(lmtp::COMMAND) == set.is_set(lmtp::SOCKET) {
        let text = format!("one (and only one) of command or socket must be set for the {name} transport");
        return Err(plain(text).at(lmtp::SOCKET));
    }
    Ok(())
}

fn smtp(set: &OptionSet, name: &str) -> Result<(), Problem> {
    let times = [smtp::COMMAND_TIMEOUT, smtp::DATA_TIMEOUT, smtp::FINAL_TIMEOUT];
    if let Some(zero) = times.into_iter().find(|time| set.get(*time) <= 0) {
        let text = format!("command, data, or final timeout value is zero for {name} transport");
        return Err(plain(text).at(zero));
    }
    Ok(())
}
