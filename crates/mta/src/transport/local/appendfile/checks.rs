//! Checks of an existing mailbox file, and of the place where a new one may be made.
//!
//! # Security
//! A file is looked at twice: by name, and again once it is open; what changed in between defers and freezes.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use config::options::transport::appendfile as options;
use mail_types::value::{Clean, Value};

use super::super::Job;
use super::super::trouble::{BAD_CREATE, BAD_MODE, BAD_OWNER, NOT_REGULAR, Trouble};
use super::shown;

/// Bits of a mode that permissions are.
const PERMISSIONS: u32 = 0o7777;

/// What the options say about files.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) mode: u32,
    pub(super) check_owner: bool,
    pub(super) check_group: bool,
    pub(super) mode_fail_narrower: bool,
    pub(super) allow_symlink: bool,
    pub(super) allow_fifo: bool,
}

impl Rules {
    pub(super) fn of(job: &Job<'_>) -> Self {
        let set = &job.transport.options;
        Self {
            uid: rustix::process::geteuid().as_raw(),
            gid: rustix::process::getegid().as_raw(),
            mode: set.get(options::MODE),
            check_owner: set.get(options::CHECK_OWNER),
            check_group: set.get(options::CHECK_GROUP),
            mode_fail_narrower: set.get(options::MODE_FAIL_NARROWER),
            allow_symlink: set.get(options::ALLOW_SYMLINK),
            allow_fifo: set.get(options::ALLOW_FIFO),
        }
    }

    /// Judges what was found under the name.
    pub(super) fn check(&self, path: &Path, found: &Metadata, is_link: bool) -> Result<(), Trouble> {
        let name = shown(path);
        let link = if is_link { " (symlink)" } else { "" };
        if self.check_owner && found.uid() != self.uid {
            let text = format!("mailbox {name}{link} has wrong uid ({} != {})", found.uid(), self.uid);
            return Err(Trouble::new(BAD_OWNER, text));
        }
        if self.check_group && found.gid() != self.gid {
            let text = format!("mailbox {name}{link} has wrong gid ({} != {})", found.gid(), self.gid);
            return Err(Trouble::new(BAD_OWNER, text));
        }
        if is_link {
            if self.allow_symlink {
                return Ok(());
            }
            return Err(Trouble::new(NOT_REGULAR, format!("mailbox {name} is a symbolic link")));
        }
        self.check_kind(&name, found)
    }

    fn check_kind(&self, name: &str, found: &Metadata) -> Result<(), Trouble> {
        use std::os::unix::fs::FileTypeExt;
        if found.nlink() > 1 {
            let text = format!("mailbox {name} has too many links ({})", found.nlink());
            return Err(Trouble::new(NOT_REGULAR, text));
        }
        let kind = found.file_type();
        if kind.is_file() || (self.allow_fifo && kind.is_fifo()) {
            return Ok(());
        }
        let what = if self.allow_fifo { "regular file or named pipe" } else { "regular file" };
        Err(Trouble::new(NOT_REGULAR, format!("mailbox {name} is not a {what}")))
    }

    /// The mode to give an existing file; none when it stays.
    pub(super) fn narrower_mode(&self, path: &Path, found: &Metadata) -> Result<Option<u32>, Trouble> {
        let has = found.mode() & PERMISSIONS;
        if has == self.mode {
            return Ok(None);
        }
        if has & self.mode != self.mode && self.mode_fail_narrower {
            let text =
                format!("mailbox {} has the wrong mode {has:o} ({:o} expected)", shown(path), self.mode);
            return Err(Trouble::new(BAD_MODE, text));
        }
        let wider = has & !self.mode;
        Ok((wider != 0).then_some(has & self.mode))
    }
}

/// With `create_file` set to a path or `belowhome`, a name below that path is clean.
pub(super) fn cleared_by_create_file(job: &Job<'_>, path: &Value) -> Option<Clean> {
    let (root, below) = root(job)?;
    let inside = below && is_below(path.bytes(), &root);
    inside.then(|| Value::clean(path.bytes()).require_clean("file").ok()).flatten()
}

/// Whether a file or directory may be made there.
pub(super) fn may_create(job: &Job<'_>, path: &Path) -> Result<(), Trouble> {
    use std::os::unix::ffi::OsStrExt;
    let name = path.as_os_str().as_bytes();
    let allowed = match job.transport.options.get(options::CREATE_FILE) {
        None | Some(b"anywhere") => true,
        Some(_) => root(job).is_some_and(
            |(root, below)| {
                if below { is_below(name, &root) } else { has_prefix(name, &root) }
            },
        ),
    };
    if allowed {
        return Ok(());
    }
    let text = format!(
        "mailbox {} does not exist, but creation outside the home directory is not permitted",
        shown(path)
    );
    Err(Trouble::new(BAD_CREATE, text))
}

/// The directory of `create_file`, and whether `../` counts.
fn root(job: &Job<'_>) -> Option<(Vec<u8>, bool)> {
    let home = || job.context.facts.address.home.as_ref().map(|home| home.bytes().to_vec());
    match job.transport.options.get(options::CREATE_FILE)? {
        b"anywhere" => None,
        b"inhome" => Some((home()?, false)),
        b"belowhome" => Some((home()?, true)),
        path if path.starts_with(b"/") => Some((path.to_vec(), true)),
        _ => None,
    }
}

fn has_prefix(path: &[u8], root: &[u8]) -> bool {
    let root = root.strip_suffix(b"/").unwrap_or(root);
    path.strip_prefix(root).is_some_and(|rest| rest.starts_with(b"/"))
}

fn is_below(path: &[u8], root: &[u8]) -> bool {
    has_prefix(path, root) && !path.split(|b| *b == b'/').any(|part| part == b"..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_means_below() {
        for (path, root, inside, below) in [
            ("/home/a/x", "/home/a", true, true),
            ("/home/a/x", "/home/a/", true, true),
            ("/home/ab", "/home/a", false, false),
            ("/home/a/../b", "/home/a", true, false),
            ("/home/a/..", "/home/a", true, false),
            ("/home/a/..x/y", "/home/a", true, true),
            ("/home/a", "/home/a", false, false),
        ] {
            assert_eq!(has_prefix(path.as_bytes(), root.as_bytes()), inside, "{path}");
            assert_eq!(is_below(path.as_bytes(), root.as_bytes()), below, "{path}");
        }
    }

    const RULES: Rules = Rules {
        uid: 0,
        gid: 0,
        mode: 0o600,
        check_owner: true,
        check_group: false,
        mode_fail_narrower: true,
        allow_symlink: false,
        allow_fifo: false,
    };

    fn file(mode: u32) -> (std::path::PathBuf, Metadata, Rules) {
        use std::os::unix::fs::PermissionsExt;
        let name = format!("postrider-checks-{}-{mode:o}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, b"x").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let found = std::fs::symlink_metadata(&path).unwrap();
        let rules = Rules { uid: found.uid(), gid: found.gid(), ..RULES };
        std::fs::remove_file(&path).unwrap();
        (path, found, rules)
    }

    #[test]
    fn modes_are_narrowed_or_refused() {
        let (path, wide, rules) = file(0o666);
        assert_eq!(rules.narrower_mode(&path, &wide).unwrap(), Some(0o600));
        let (path, narrow, rules) = file(0o400);
        let trouble = rules.narrower_mode(&path, &narrow).unwrap_err();
        let text = String::from_utf8(trouble.message).unwrap();
        assert_eq!(
            (trouble.errno, text.ends_with("has the wrong mode 400 (600 expected)")),
            (BAD_MODE, true)
        );
        let lenient = Rules { mode_fail_narrower: false, ..rules };
        assert_eq!(lenient.narrower_mode(&path, &narrow).unwrap(), None);
    }

    #[test]
    fn owners_and_kinds() {
        let (path, found, rules) = file(0o600);
        assert!(rules.check(&path, &found, false).is_ok());
        let other = Rules { uid: rules.uid + 1, ..rules };
        let text = String::from_utf8(other.check(&path, &found, false).unwrap_err().message).unwrap();
        assert!(text.contains(" has wrong uid ("), "{text}");
        let text = String::from_utf8(rules.check(&path, &found, true).unwrap_err().message).unwrap();
        assert!(text.ends_with("is a symbolic link"), "{text}");
        let directory = std::fs::symlink_metadata(std::env::temp_dir()).unwrap();
        let anybody = Rules { check_owner: false, ..rules };
        assert_eq!(anybody.check(Path::new("/tmp"), &directory, false).unwrap_err().errno, NOT_REGULAR);
    }
}
