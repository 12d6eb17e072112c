//! The password and group files, through the system's name service. Blocks.

use std::path::PathBuf;

use nix::unistd::{Gid, Group, Uid, User};

use super::pools::waiting;

/// One user of the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Login name.
    pub name: Vec<u8>,
    /// Number.
    pub uid: u32,
    /// Number of the user's own group.
    pub gid: u32,
    /// The field that holds the full name.
    pub gecos: Vec<u8>,
    /// Home directory.
    pub home: PathBuf,
}

/// The account of a login name. The error is the system's, as text.
pub fn by_name(name: &[u8]) -> Result<Option<Account>, String> {
    let Ok(name) = str::from_utf8(name) else { return Ok(None) };
    if name.is_empty() || name.contains('\0') {
        return Ok(None);
    }
    waiting(|| User::from_name(name)).map(|found| found.map(account)).map_err(|errno| errno.desc().to_owned())
}

/// The account of a number. The error is the system's, as text.
pub fn by_uid(uid: u32) -> Result<Option<Account>, String> {
    waiting(|| User::from_uid(Uid::from_raw(uid)))
        .map(|found| found.map(account))
        .map_err(|errno| errno.desc().to_owned())
}

/// The number of a group. The error is the system's, as text.
pub fn group_by_name(name: &[u8]) -> Result<Option<u32>, String> {
    let Ok(name) = str::from_utf8(name) else { return Ok(None) };
    if name.is_empty() || name.contains('\0') {
        return Ok(None);
    }
    waiting(|| Group::from_name(name))
        .map(|found| found.map(|group| group.gid.as_raw()))
        .map_err(|errno| errno.desc().to_owned())
}

/// The name of a group. The error is the system's, as text.
pub fn group_by_gid(gid: u32) -> Result<Option<Vec<u8>>, String> {
    let found = waiting(|| Group::from_gid(Gid::from_raw(gid))).map_err(|errno| errno.desc().to_owned())?;
    Ok(found.map(|group| group.name.into_bytes()))
}

fn account(user: User) -> Account {
    Account {
        name: user.name.into_bytes(),
        uid: user.uid.as_raw(),
        gid: user.gid.as_raw(),
        gecos: user.gecos.into_bytes(),
        home: user.dir,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_there_and_nonsense_is_not() {
        let root = by_uid(0).expect("the password file can be read").expect("root has an account");
        assert_eq!((root.name.as_slice(), root.gid), (&b"root"[..], 0));
        assert_eq!(by_name(b"root"), Ok(Some(root)));
        for name in [&b""[..], b"no such user", b"\xff", b"a\0b"] {
            assert_eq!(by_name(name), Ok(None), "{name:?}");
            assert_eq!(group_by_name(name), Ok(None), "{name:?}");
        }
    }
}
