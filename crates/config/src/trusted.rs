//! The administrator's files that stand for Exim's build-time lists: `trusted_configs` and `allowed_macros`.
//!
//! One entry a line; blank lines and lines that begin with `#` are comments.
//!
//! # Security
//! An entry lets somebody other than root choose a configuration or a macro without losing privilege. What is not exactly an
//! absolute path, or a macro's name, is refused rather than guessed at.
//!
//! # Compatibility
//! Spec 4.1: TRUSTED_CONFIG_LIST, WHITELIST_D_MACROS.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::snapshot::CommandLineMacro;

/// Where the lists are looked for.
pub const TRUSTED_CONFIGS: &str = "/etc/postrider/trusted_configs";
/// Where the lists are looked for.
pub const ALLOWED_MACROS: &str = "/etc/postrider/allowed_macros";

/// A line that is not an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadEntry {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: &'static str,
}

fn entries(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    text.split(|b| *b == b'\n')
        .enumerate()
        .map(|(at, line)| (at + 1, line.trim_ascii()))
        .filter(|(_, line)| !line.is_empty() && line[0] != b'#')
}

/// Reads `trusted_configs`: absolute paths.
pub fn trusted_configs(text: &[u8]) -> Result<Vec<PathBuf>, BadEntry> {
    entries(text)
        .map(|(line, entry)| {
            let path = Path::new(std::ffi::OsStr::from_bytes(entry));
            let plain =
                path.is_absolute() && !path.components().any(|part| part == std::path::Component::ParentDir);
            if plain {
                Ok(path.to_path_buf())
            } else {
                Err(BadEntry { line, why: "an absolute path without .. is expected" })
            }
        })
        .collect()
}

/// Reads `allowed_macros`: names.
pub fn allowed_macros(text: &[u8]) -> Result<Vec<String>, BadEntry> {
    entries(text)
        .map(|(line, entry)| {
            let name = entry[0].is_ascii_uppercase()
                && entry.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
            if !name {
                return Err(BadEntry { line, why: "a macro's name is expected" });
            }
            Ok(String::from_utf8_lossy(entry).into_owned())
        })
        .collect()
}

/// Whether `-D` options keep privilege: each name is allowed and each value is harmless.
pub fn macros_are_allowed(given: &[CommandLineMacro], allowed: &[String]) -> bool {
    let harmless = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'/' | b'.' | b'-');
    given.iter().all(|defined| allowed.contains(&defined.name) && defined.value.iter().all(harmless))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_absolute() {
        let text = b"# comment\n\n /etc/exim4/other.conf \n/srv/x\n";
        assert_eq!(trusted_configs(text).unwrap(), [Path::new("/etc/exim4/other.conf"), Path::new("/srv/x")]);
        for bad in [&b"x.conf"[..], b"/etc/../tmp/x", b"/ok\nrelative"] {
            assert!(trusted_configs(bad).is_err(), "{}", bad.escape_ascii());
        }
        assert_eq!(trusted_configs(b"/ok\nrelative").unwrap_err().line, 2);
    }

    #[test]
    fn macros_have_names_and_harmless_values() {
        let allowed = allowed_macros(b"SPOOL\nAA_1\n").unwrap();
        assert!(allowed_macros(b"spool").is_err() && allowed_macros(b"A=1").is_err());
        let given = |name: &str, value: &str| CommandLineMacro { name: name.into(), value: value.into() };
        assert!(macros_are_allowed(&[given("SPOOL", "/var/spool/x-1.2_")], &allowed));
        assert!(macros_are_allowed(&[], &allowed));
        assert!(!macros_are_allowed(&[given("SPOOL", "${run{x}}")], &allowed));
        assert!(!macros_are_allowed(&[given("SPOOL", "x"), given("OTHER", "x")], &allowed));
    }
}
