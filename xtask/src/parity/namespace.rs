//! The oracle's private world: a mount namespace in which Debian's configuration path is ours to write, and a
//! network namespace whose only address is loopback and whose `resolv.conf` names the fixture server on port 53.
//!
//! # Security
//! Needs root (it makes namespaces); nothing outside them is changed.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Set in the re-executed process.
const INSIDE: &str = "POSTRIDER_PARITY_INSIDE";

/// Re-executes this program inside fresh namespaces, unless it runs there already.
///
/// # Errors
/// `unshare` (util-linux) or `ip` (iproute2) is missing, or the caller is not root.
pub fn enter() -> Result<(), String> {
    if env::var_os(INSIDE).is_some() {
        return Ok(());
    }
    let program = env::current_exe().map_err(|e| format!("cannot find this program: {e}"))?;
    let setup = "ip link set lo up && mount -t tmpfs none /etc/exim4 && \
                 printf 'nameserver 127.0.0.1\\noptions trust-ad\\n' > /etc/exim4/resolv.conf && \
                 mount --bind /etc/exim4/resolv.conf /etc/resolv.conf && exec \"$0\" \"$@\"";
    let error = Command::new("unshare")
        .args(["--net", "--mount", "--propagation", "private", "sh", "-c", setup])
        .arg(program)
        .args(env::args().skip(1))
        .env(INSIDE, "1")
        .exec();
    Err(format!("cannot enter namespaces (root and util-linux are needed): {error}"))
}
