//! The password and group files, through the system's name service. Blocks.
//!
//! # Invariants
//! * A thread that asks for the same login name again within [`REMEMBERED`] gets the same answer, as one delivery of
//!   Exim's does; that a name is nobody's is never remembered.

use std::cell::RefCell;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use config::Config;
use config::options::main;
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

/// How long to wait before a name is looked for again (`finduser_retries`).
const PAUSE: Duration = Duration::from_secs(1);

/// How long the last account that was found is good for.
const REMEMBERED: Duration = Duration::from_secs(1);

thread_local! {
    /// Who was found last, and when: one delivery asks for its recipient several times.
    static LAST: RefCell<Option<(Account, Instant)>> = const { RefCell::new(None) };
}

/// Looks for users and groups as the configuration says: `max_username_length`, `finduser_retries`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Finder {
    /// Longer login names are known not to exist; 0 is no limit.
    longest: usize,
    /// How often a name that was not found is looked for again.
    retries: u32,
}

impl Finder {
    /// What a configuration says.
    pub fn of(config: &Config) -> Self {
        Self {
            longest: usize::try_from(config.main.get(main::MAX_USERNAME_LENGTH)).unwrap_or(0),
            retries: u32::try_from(config.main.get(main::FINDUSER_RETRIES)).unwrap_or(0),
        }
    }

    /// As [`by_name`].
    pub fn user(self, name: &[u8]) -> Result<Option<Account>, String> {
        if self.longest > 0 && name.len() > self.longest {
            return Ok(None);
        }
        self.patiently(|| by_name(name), || waiting(|| std::thread::park_timeout(PAUSE)))
    }

    /// As [`group_by_name`].
    pub fn group(self, name: &[u8]) -> Result<Option<u32>, String> {
        self.patiently(|| group_by_name(name), || waiting(|| std::thread::park_timeout(PAUSE)))
    }

    /// A name service in trouble often says that there is no such name; so both are reasons to ask again.
    fn patiently<T>(
        self,
        mut find: impl FnMut() -> Result<Option<T>, String>,
        mut pause: impl FnMut(),
    ) -> Result<Option<T>, String> {
        let mut found = find();
        for _ in 0..self.retries {
            if matches!(found, Ok(Some(_))) {
                break;
            }
            pause();
            found = find();
        }
        found
    }
}

/// The account of a login name. The error is the system's, as text.
pub fn by_name(name: &[u8]) -> Result<Option<Account>, String> {
    let Ok(name) = str::from_utf8(name) else { return Ok(None) };
    if name.is_empty() || name.contains('\0') {
        return Ok(None);
    }
    let last = LAST.with_borrow(|last| {
        let known = last.as_ref().filter(|(account, _)| account.name == name.as_bytes());
        known.filter(|(_, found)| found.elapsed() < REMEMBERED).map(|(account, _)| account.clone())
    });
    if last.is_some() {
        return Ok(last);
    }
    let found = waiting(|| User::from_name(name)).map_err(|errno| errno.desc().to_owned())?.map(account);
    if let Some(account) = &found {
        LAST.set(Some((account.clone(), Instant::now())));
    }
    Ok(found)
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
    fn a_name_is_looked_for_again_as_often_as_the_option_says() {
        for (retries, found_at, looked, paused) in [(0, 9, 1, 0), (3, 9, 4, 3), (3, 2, 2, 1), (3, 1, 1, 0)] {
            let (mut calls, mut pauses) = (0, 0);
            let finder = Finder { longest: 0, retries };
            let found = finder.patiently(
                || {
                    calls += 1;
                    if calls == 1 && found_at == 2 {
                        Err("asleep".to_owned())
                    } else {
                        Ok((calls >= found_at).then_some(7))
                    }
                },
                || pauses += 1,
            );
            assert_eq!((calls, pauses), (looked, paused));
            assert_eq!(found, Ok((looked >= found_at).then_some(7)));
        }
    }

    #[test]
    fn long_names_are_nobodys_but_may_be_groups() {
        let finder = Finder { longest: 3, retries: 0 };
        assert_eq!(finder.user(b"root"), Ok(None));
        assert_eq!(finder.group(b"root"), Ok(Some(0)));
        assert!(Finder { longest: 4, retries: 0 }.user(b"root").is_ok_and(|found| found.is_some()));
    }

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
