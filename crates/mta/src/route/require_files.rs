//! `require_files`.
//!
//! # Security
//! An item is expanded by the server; the look at the file is taken by whoever acts as the user.
//!
//! # Compatibility
//! Each item is expanded on its own, so a separator inside an expansion is doubled. A file that the server's own user
//! may not reach is looked at as the local user of `check_local_user`, where there is one: Exim looks as root.

use expand::Expansion;
use mail_types::diagnostic::SourceText;
use policy::list::split;

use super::state::State;
use crate::services::local_agent::{AsUserAction, AsUserReply, AsUserRequest, RunAs};

const ENOENT: i32 = 2;
const EACCES: i32 = 13;

/// Whether the files are there, or not there, as the list wants them.
pub(crate) enum Files {
    /// All of them.
    AsRequired,
    /// One is not.
    NotAsRequired,
    /// Cannot be told; the text for the log.
    Unknown(String),
}

/// One item, its marks taken off.
#[derive(Debug, PartialEq, Eq)]
struct Wanted<'a> {
    path: &'a [u8],
    present: bool,
    denied_is_absent: bool,
}

pub(crate) async fn check(state: &mut State<'_>, list: &Expansion) -> Files {
    let items: Vec<_> = split(&list.source().bytes).collect();
    let mut user: Option<RunAs> = None;
    for item in items {
        let text = match expanded(state, &item.bytes).await {
            Ok(Some(text)) => text,
            Ok(None) => continue,
            Err(problem) => return Files::Unknown(problem),
        };
        if !text.contains(&b'/') {
            user = match user_of(state, &text).await {
                Ok(user) => Some(user),
                Err(problem) => return Files::Unknown(problem),
            };
            continue;
        }
        match one_file(state, &text, user.as_ref()).await {
            Ok(true) => {}
            Ok(false) => return Files::NotAsRequired,
            Err(problem) => return Files::Unknown(problem),
        }
    }
    Files::AsRequired
}

/// The item's value; none when it counts for nothing.
async fn expanded(state: &mut State<'_>, item: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let text = Expansion::parse(&SourceText::nowhere(item.to_vec()));
    match state.world.expand(&text).await {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value.into_bytes())),
        Err(error) if error.is_forced() => Ok(None),
        Err(error) => {
            let item = String::from_utf8_lossy(item);
            Err(format!("failed to expand \"{item}\" for require_files: {error}"))
        }
    }
}

/// `user` or `user,group`.
async fn user_of(state: &mut State<'_>, text: &[u8]) -> Result<RunAs, String> {
    let (user, group) = match text.iter().position(|byte| *byte == b',') {
        Some(comma) => (text[..comma].trim_ascii(), Some(text[comma + 1..].trim_ascii())),
        None => (text, None),
    };
    let (uid, own_gid) = match number(user) {
        Some(uid) => (uid, None),
        None => match state.world.account(user).await? {
            Some(account) => (account.uid, Some(account.gid)),
            None => {
                let user = String::from_utf8_lossy(user);
                return Err(format!("user \"{user}\" for require_files not found"));
            }
        },
    };
    let gid = match group {
        None => own_gid,
        Some(group) => match number(group) {
            Some(gid) => Some(gid),
            None => match state.world.group(group).await? {
                Some(gid) => Some(gid),
                None => {
                    let group = String::from_utf8_lossy(group);
                    return Err(format!("group \"{group}\" for require_files not found\n"));
                }
            },
        },
    };
    Ok(RunAs { uid, gid: gid.unwrap_or(uid), initgroups: None })
}

fn number(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn wanted(text: &[u8]) -> Wanted<'_> {
    let mut wanted = Wanted { path: text, present: true, denied_is_absent: false };
    if let Some(rest) = wanted.path.strip_prefix(b"+") {
        wanted.path = rest.trim_ascii_start();
        wanted.denied_is_absent = true;
    }
    if let Some(rest) = wanted.path.strip_prefix(b"!") {
        wanted.path = rest.trim_ascii_start();
        wanted.present = false;
    }
    wanted
}

async fn one_file(state: &mut State<'_>, text: &[u8], user: Option<&RunAs>) -> Result<bool, String> {
    let wanted = wanted(text);
    let shown = String::from_utf8_lossy(wanted.path).into_owned();
    if !wanted.path.starts_with(b"/") {
        return Err(format!("require_files: \"{shown}\" is not absolute"));
    }
    let mut reply = look(state, wanted.path, user.cloned()).await;
    if user.is_none()
        && is_denied(&reply)
        && let Some(account) = &state.account
    {
        let run_as = RunAs { uid: account.uid, gid: account.gid, initgroups: None };
        reply = look(state, wanted.path, Some(run_as)).await;
    }
    match reply {
        AsUserReply::Exists => Ok(wanted.present),
        AsUserReply::Errno { errno: ENOENT, .. } => Ok(!wanted.present),
        AsUserReply::Errno { errno: EACCES, .. } if wanted.denied_is_absent => Ok(!wanted.present),
        AsUserReply::Errno { errno, .. } => {
            let reason = super::errno_text(errno);
            Err(format!("require_files: error for {shown}: {reason}"))
        }
        AsUserReply::Refused { reason } => Err(format!("require_files: {reason}")),
        AsUserReply::Content { .. } | AsUserReply::TooLong => {
            Err("require_files: unexpected answer".to_owned())
        }
    }
}

async fn look(state: &mut State<'_>, path: &[u8], run_as: Option<RunAs>) -> AsUserReply {
    let request = AsUserRequest { run_as, what: AsUserAction::Exists { path: path.to_vec() } };
    state.world.services().local_agent.read_as_user(request).await
}

fn is_denied(reply: &AsUserReply) -> bool {
    matches!(reply, AsUserReply::Errno { errno: EACCES, .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_come_off_in_exims_order() {
        let table: [(&[u8], &[u8], bool, bool); 4] = [
            (b"/a", b"/a", true, false),
            (b"!/a", b"/a", false, false),
            (b"+/a", b"/a", true, true),
            (b"+! /a", b"/a", false, true),
        ];
        for (text, path, present, denied_is_absent) in table {
            assert_eq!(wanted(text), Wanted { path, present, denied_is_absent });
        }
        assert_eq!(wanted(b"!+/a").path, b"+/a", "not an absolute path, as the oracle says");
    }
}
