//! Any bytes as a configuration: loading ends, nothing panics, and what is found can be shown.
//!
//! The input is one file, or several with a line `+++ name` before each but the first.

use std::path::Path;

use config::{Account, BuildDefaults, ConfigFiles, Facts, FileContent, FileFacts, LoadRequest};

/// The parts of the input, by name.
struct Parts<'a>(Vec<(&'a [u8], &'a [u8])>);

impl<'a> Parts<'a> {
    fn new(data: &'a [u8]) -> Self {
        let mut parts = vec![(&b"test.conf"[..], &data[..0])];
        let mut start = 0;
        for line in data.split_inclusive(|byte| *byte == b'\n') {
            let end = start + line.len();
            match line.strip_prefix(b"+++ ") {
                Some(name) => parts.push((name.trim_ascii(), &data[end..end])),
                None => {
                    let part = parts.last_mut().expect("there is always one");
                    let from = if part.1.is_empty() { start } else { end - line.len() - part.1.len() };
                    part.1 = &data[from..end];
                }
            }
            start = end;
        }
        Self(parts)
    }
}

impl ConfigFiles for Parts<'_> {
    fn read(&self, path: &Path, limit: u64) -> std::io::Result<FileContent> {
        use std::os::unix::ffi::OsStrExt as _;
        let name = path.strip_prefix("/t").unwrap_or(path).as_os_str().as_bytes();
        let part = self.0.iter().find(|part| part.0 == name).ok_or(std::io::ErrorKind::NotFound)?;
        if part.1.len() as u64 > limit.min(1 << 20) {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        let facts = FileFacts { uid: 0, gid: 0, mode: 0o100_644, identity: (1, 1) };
        Ok(FileContent { facts, bytes: part.1.to_vec() })
    }

    fn user(&self, name: &[u8]) -> Option<Account> {
        (name == b"mail").then(|| Account { name: name.to_vec(), uid: 8, gid: 8 })
    }

    fn user_by_id(&self, uid: u32) -> Option<Account> {
        (uid == 8).then(|| Account { name: b"mail".to_vec(), uid, gid: 8 })
    }

    fn group(&self, name: &[u8]) -> Option<u32> {
        (name == b"mail").then_some(8)
    }

    fn group_name(&self, gid: u32) -> Option<Vec<u8>> {
        (gid == 8).then(|| b"mail".to_vec())
    }
}

/// Gives one input to it.
pub(crate) fn run(data: &[u8]) {
    let parts = Parts::new(data);
    let loaded = config::load(&LoadRequest {
        candidates: vec!["/t/test.conf".into()],
        macros: Vec::new(),
        files: &parts,
        build: BuildDefaults::default(),
        facts: Facts { hostname: "host.example".into(), ipv6: true, ..Facts::default() },
        strict: false,
    });
    let shown = config::diagnostic::render_all(&loaded.diagnostics, &loaded.sources);
    assert_eq!(
        loaded.config.is_none(),
        config::diagnostic::exim_text(&loaded.diagnostics).is_some(),
        "{shown}"
    );
    if let Some(config) = loaded.config {
        let asker = config::print::Asker { admin: false, values_only: false };
        let words = ["all", "routers", "transports", "authenticators", "config", "+a"];
        config::print::answer(&config, &words, asker);
    }
}
