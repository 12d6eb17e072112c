//! Reading a redirection file as its owner, and checking whose it is.
//!
//! # Security
//! The file is read by an agent with the user's rights; owner, group and mode are those of the descriptor that was
//! read. A tainted name is refused before anybody opens it.
//!
//! # Compatibility
//! Texts are Exim's.

use config::RouterInstance;
use config::options::router::{generic, redirect};
use mail_types::limits;
use mail_types::value::Value;

use super::super::super::errno_text;
use super::super::super::state::State;
use crate::services::local_agent::{AsUserAction, AsUserReply, AsUserRequest};

const ENOENT: i32 = 2;
const EACCES: i32 = 13;
const ENOTDIR: i32 = 20;
const EISDIR: i32 = 21;
/// Type bits of a mode, and those of a regular file.
const TYPE_MASK: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;

/// What reading came to.
pub(super) enum Read {
    /// The content.
    Content(Vec<u8>),
    /// There is no such file; the router declines.
    Absent,
    /// It cannot be used now; the reason.
    Unusable(String),
}

/// The router's `file`.
pub(super) async fn read(state: &mut State<'_>, router: &RouterInstance, name: &Value) -> Read {
    let shown = name.to_lossy();
    if name.is_tainted() {
        return Read::Unusable(format!("Tainted name '{shown}' for file read not permitted\n"));
    }
    if !name.bytes().starts_with(b"/") {
        return Read::Unusable(format!("\"{shown}\" is not an absolute path"));
    }
    let directory = (!router.options.get(redirect::IGNORE_ENOTDIR)).then(|| parent(name.bytes()).to_vec());
    match as_user(state, name.bytes(), directory).await {
        AsUserReply::Content { bytes, uid, gid, mode } => {
            match misfit(state, router, &shown, (uid, gid, mode)) {
                Some(reason) => Read::Unusable(reason),
                None => Read::Content(bytes),
            }
        }
        AsUserReply::Errno { errno, path } if path != name.bytes() => {
            let directory = String::from_utf8_lossy(parent(name.bytes())).into_owned();
            Read::Unusable(format!("failed to stat {directory}/. ({})", errno_text(errno)))
        }
        AsUserReply::Errno { errno, .. } => not_opened(state, router, &shown, errno),
        AsUserReply::TooLong => Read::Unusable(format!("{shown} is too long")),
        AsUserReply::Refused { reason } => Read::Unusable(format!("failed to open {shown}: {reason}")),
        AsUserReply::Exists => Read::Unusable(format!("failed to open {shown}: unexpected answer")),
    }
}

/// An included file: read as the same user, no checks of its own.
pub(super) async fn read_included(state: &mut State<'_>, path: &[u8]) -> Result<Vec<u8>, String> {
    let shown = String::from_utf8_lossy(path).into_owned();
    match as_user(state, path, None).await {
        AsUserReply::Content { bytes, .. } => Ok(bytes),
        AsUserReply::Errno { errno, .. } => {
            Err(format!("failed to open included file {shown}: {}", errno_text(errno)))
        }
        AsUserReply::TooLong => {
            Err(format!("included file {shown} is too big (max {})", limits::REDIRECT_FILE))
        }
        AsUserReply::Refused { reason } => Err(format!("failed to open included file {shown}: {reason}")),
        AsUserReply::Exists => Err(format!("failed to open included file {shown}: unexpected answer")),
    }
}

async fn as_user(state: &State<'_>, path: &[u8], directory: Option<Vec<u8>>) -> AsUserReply {
    let what = AsUserAction::Read { path: path.to_vec(), max_size: limits::REDIRECT_FILE, directory };
    let request = AsUserRequest { run_as: state.user.run_as(), what };
    state.world.context.services.local_agent.read_as_user(request).await
}

fn parent(path: &[u8]) -> &[u8] {
    let slash = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    &path[..slash.max(1)]
}

fn not_opened(state: &State<'_>, router: &RouterInstance, shown: &str, errno: i32) -> Read {
    match errno {
        ENOENT => Read::Absent,
        ENOTDIR if router.options.get(redirect::IGNORE_ENOTDIR) => Read::Absent,
        EACCES if router.options.get(redirect::IGNORE_EACCES) => Read::Absent,
        EISDIR => Read::Unusable(format!("{shown} is not a regular file")),
        EACCES => {
            let process = &state.world.context.services.process;
            let uid = state.user.uid.unwrap_or(process.exim_uid);
            let gid = state.user.gid.unwrap_or(process.exim_gid);
            Read::Unusable(format!("failed to open {shown}: Permission denied (euid={uid} egid={gid})"))
        }
        errno => Read::Unusable(format!("failed to open {shown}: {}", errno_text(errno))),
    }
}

/// Why a file that was read may not be used: its type, mode, owner or group.
fn misfit(
    state: &State<'_>,
    router: &RouterInstance,
    shown: &str,
    (uid, gid, mode): (u32, u32, u32),
) -> Option<String> {
    let options = &router.options;
    if mode & TYPE_MASK != REGULAR {
        return Some(format!("{shown} is not a regular file"));
    }
    let mask = options.get(redirect::MODEMASK);
    if mode & mask != 0 {
        return Some(format!("bad mode (0{mode:o}) for {shown}: 0{:o} bit(s) unexpected", mode & mask));
    }
    let local_user = options.get(generic::CHECK_LOCAL_USER);
    let owners = options.get(redirect::OWNERS);
    if options.get(redirect::CHECK_OWNER).unwrap_or(local_user || !owners.is_empty())
        && !owners.contains(&uid)
        && state.account.as_ref().is_none_or(|account| account.uid != uid)
    {
        return Some(format!("bad owner for {shown}"));
    }
    let owngroups = options.get(redirect::OWNGROUPS);
    let group_may_write = mask & 0o020 == 0;
    if options.get(redirect::CHECK_GROUP).unwrap_or((local_user && group_may_write) || !owngroups.is_empty())
        && !owngroups.contains(&gid)
        && state.account.as_ref().is_none_or(|account| account.gid != gid)
    {
        return Some(format!("bad group for {shown}"));
    }
    None
}
