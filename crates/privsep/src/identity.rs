//! Who a process is, and becoming somebody else for good.
//!
//! # Invariants
//! * [`become_user`] sets real, effective and saved ids and the supplementary groups, and checks that root cannot be
//!   had back.
//! * [`shed_setuid_bit`] is the first thing the program does.

use std::ffi::CString;

use mta::services::local_agent::RunAs;
use nix::unistd::{Gid, Uid, getgid, getuid, initgroups, setgroups, setresgid, setresuid};

/// Takes the user's ids for good.
///
/// # Errors
/// Root is asked for, or a system call failed (then the process must end: it may be half way).
pub fn become_user(who: &RunAs) -> Result<(), String> {
    if who.uid == 0 {
        return Err("nothing is done as root for a message".to_owned());
    }
    let (uid, gid) = (Uid::from_raw(who.uid), Gid::from_raw(who.gid));
    let groups = match &who.initgroups {
        Some(name) => {
            let name = CString::new(name.clone()).map_err(|_| "a login name with a NUL byte".to_owned())?;
            initgroups(&name, gid)
        }
        None => setgroups(&[gid]),
    };
    groups.map_err(|e| format!("cannot set groups for uid {uid}: {e}"))?;
    setresgid(gid, gid, gid).map_err(|e| format!("cannot set gid {gid}: {e}"))?;
    setresuid(uid, uid, uid).map_err(|e| format!("cannot set uid {uid}: {e}"))?;
    if setresuid(Uid::from_raw(0), Uid::from_raw(0), Uid::from_raw(0)).is_ok() {
        return Err(format!("uid {uid} could become root again"));
    }
    Ok(())
}

/// If the program file carries a setuid or setgid bit, gives up what the bit gave, so that the real user decides.
/// True when there was something to give up.
///
/// # Errors
/// The ids cannot be set; the program must end.
pub fn shed_setuid_bit() -> Result<bool, String> {
    let (uid, gid) = (getuid(), getgid());
    if uid == nix::unistd::geteuid() && gid == nix::unistd::getegid() {
        return Ok(false);
    }
    setresgid(gid, gid, gid).map_err(|e| format!("cannot give up the setgid bit: {e}"))?;
    setresuid(uid, uid, uid).map_err(|e| format!("cannot give up the setuid bit: {e}"))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_never_taken() {
        let root = RunAs { uid: 0, gid: 0, initgroups: None };
        assert!(become_user(&root).unwrap_err().contains("root"));
    }
}
