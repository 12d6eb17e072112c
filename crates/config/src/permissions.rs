//! Whether a configuration file may be used with privilege: its owner and mode.
//!
//! # Security
//! Who can write the configuration can run commands as any user that the program delivers for. The facts come from the
//! descriptor that was read.
//!
//! # Compatibility
//! Spec 6: the owner is root or the configured one; not world-writable; not group-writable unless the group is root's or the
//! configured one. Exim's text is `Exim configuration file FILE has the wrong owner, group, or mode`.

use std::path::Path;

use crate::files::FileFacts;

/// Who besides root may own a configuration file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrustedOwner {
    /// A user (Exim's `CONFIGURE_OWNER`).
    pub uid: Option<u32>,
    /// A group that may write it (Exim's `CONFIGURE_GROUP`).
    pub gid: Option<u32>,
}

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Untrusted {
    /// It is a directory, or something else that no lines are read from.
    Kind,
    /// Somebody else owns it.
    Owner(u32),
    /// A group other than root's may write it.
    GroupWritable(u32),
    /// Everybody may write it.
    WorldWritable,
}

impl Untrusted {
    /// Exim's line about such a file.
    pub fn exim_text(path: &Path) -> String {
        format!("Exim configuration file {} has the wrong owner, group, or mode", path.display())
    }

    /// Advice.
    pub fn help(&self) -> String {
        match self {
            Self::Kind => "the configuration must be a file, a pipe or a device".into(),
            Self::Owner(uid) => format!("it belongs to user {uid}; it must belong to root"),
            Self::GroupWritable(gid) => format!("group {gid} may write it; take that away with chmod g-w"),
            Self::WorldWritable => "everybody may write it; take that away with chmod o-w".into(),
        }
    }
}

const KIND: u32 = 0o170_000;
/// Regular files, pipes and character devices.
const READABLE: [u32; 3] = [0o100_000, 0o010_000, 0o020_000];

/// Checks a file.
pub fn check(facts: &FileFacts, trusted: TrustedOwner) -> Result<(), Untrusted> {
    if !READABLE.contains(&(facts.mode & KIND)) {
        return Err(Untrusted::Kind);
    }
    if facts.uid != 0 && Some(facts.uid) != trusted.uid {
        return Err(Untrusted::Owner(facts.uid));
    }
    if facts.mode & 0o002 != 0 {
        return Err(Untrusted::WorldWritable);
    }
    if facts.mode & 0o020 != 0 && facts.gid != 0 && Some(facts.gid) != trusted.gid {
        return Err(Untrusted::GroupWritable(facts.gid));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_and_modes() {
        let trusted = TrustedOwner { uid: Some(100), gid: Some(200) };
        let cases = [
            (0, 0, 0o100_644, Ok(())),
            (0, 0, 0o100_664, Ok(())),
            (0, 50, 0o100_664, Err(Untrusted::GroupWritable(50))),
            (0, 200, 0o100_664, Ok(())),
            (0, 50, 0o100_646, Err(Untrusted::WorldWritable)),
            (100, 0, 0o100_600, Ok(())),
            (101, 0, 0o100_600, Err(Untrusted::Owner(101))),
            (0, 0, 0o010_600, Ok(())),
            (0, 0, 0o020_600, Ok(())),
            (0, 0, 0o010_666, Err(Untrusted::WorldWritable)),
            (0, 0, 0o040_755, Err(Untrusted::Kind)),
        ];
        for (uid, gid, mode, want) in cases {
            let facts = FileFacts { uid, gid, mode, identity: (0, 0) };
            assert_eq!(check(&facts, trusted), want, "{uid} {gid} {mode:o}");
        }
        let stranger = FileFacts { uid: 100, gid: 0, mode: 0o100_600, identity: (0, 0) };
        assert_eq!(check(&stranger, TrustedOwner::default()), Err(Untrusted::Owner(100)));
    }
}
