//! A disk as a program left it, from the trace of its system calls.
//!
//! `strace` writes down what a program asked of the kernel. [`events`] reads from that what happened to the files below
//! one directory, in order; a [`Disk`] takes the events one by one, and knows at each point which names and contents had
//! been synced. [`Disk::survivors`] is what a power cut would leave there.
//!
//! # Invariants
//! * A name is durable after a sync of its directory, a content after a sync of its file (or of everything), and not
//!   before. That is less than ext4 and xfs promise.
//! * A call counts when it returns. A call that changes files and isn't understood fails the test.
#![allow(unreachable_pub, reason = "a module of a test")]
#![allow(clippy::expect_used, reason = "test code outside #[test] functions")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::harness::Random;

/// The system calls to be traced.
pub const CALLS: &str = "trace=open,openat,creat,write,writev,pwrite64,pwritev,ftruncate,truncate,rename,renameat,\
    renameat2,unlink,unlinkat,rmdir,link,linkat,symlink,symlinkat,mkdir,mkdirat,fsync,fdatasync,syncfs,sync,\
    copy_file_range,sendfile,splice,fallocate,sendto,sendmsg,recvfrom,read";

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Create(PathBuf),
    MakeDir(PathBuf),
    /// At a place, or at the end of what there is.
    Write(PathBuf, Option<u64>, Vec<u8>),
    Truncate(PathBuf, u64),
    Rename(PathBuf, PathBuf),
    Link(PathBuf, PathBuf),
    Remove(PathBuf),
    Sync(PathBuf),
    SyncAll,
    /// Octets to a socket: its ends, as strace shows them.
    Sent(String, Vec<u8>),
    /// Octets from a socket.
    Heard(String, Vec<u8>),
}

/// What happened below `root`, in the order in which the calls returned.
pub fn events(trace: &str, root: &Path) -> Vec<Event> {
    let mut unfinished: HashMap<&str, String> = HashMap::new();
    let mut events = Vec::new();
    for line in trace.lines() {
        let Some((pid, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(begun) = rest.strip_suffix("<unfinished ...>") {
            unfinished.insert(pid, begun.to_owned());
            continue;
        }
        let whole = match rest.strip_prefix("<... ").and_then(|resumed| resumed.split_once(" resumed>")) {
            Some((_, end)) => unfinished.remove(pid).unwrap_or_default() + end,
            None => rest.to_owned(),
        };
        events.extend(Call::parse(&whole).and_then(|call| call.event(root)));
    }
    events
}

/// A call that succeeded.
struct Call<'a> {
    name: &'a str,
    arguments: Vec<&'a str>,
    result: u64,
}

impl<'a> Call<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (name, rest) = line.split_once('(')?;
        let (arguments, result) = rest.rsplit_once(" = ")?;
        let arguments = arguments.trim_end().strip_suffix(')')?;
        let digits = result.find(|c: char| !c.is_ascii_digit()).unwrap_or(result.len());
        let result = result[..digits].parse().ok()?;
        Some(Self { name, arguments: split(arguments), result })
    }

    fn event(&self, root: &Path) -> Option<Event> {
        let inside = |path: PathBuf| path.starts_with(root).then_some(path);
        let file = || inside(self.descriptor(0)?);
        let named = |at: usize| inside(self.path(at));
        let named_at = |at: usize| inside(self.descriptor(at)?.join(self.path(at + 1)));
        Some(match self.name {
            "open" if self.creates(1) => Event::Create(named(0)?),
            "openat" if self.creates(2) => Event::Create(named_at(0)?),
            "open" | "openat" => {
                assert!(
                    !self.arguments.iter().any(|flags| flags.contains("O_TRUNC")),
                    "{:?}",
                    self.arguments
                );
                return None;
            }
            "mkdir" => Event::MakeDir(named(0)?),
            "mkdirat" => Event::MakeDir(named_at(0)?),
            "write" => Event::Write(file()?, None, self.written(1)),
            "pwrite64" => Event::Write(file()?, Some(self.number(3)), self.written(1)),
            "ftruncate" => Event::Truncate(file()?, self.number(1)),
            "rename" => Event::Rename(named(0)?, named(1)?),
            "renameat" | "renameat2" => Event::Rename(named_at(0)?, named_at(2)?),
            "link" => Event::Link(named(0)?, named(1)?),
            "linkat" => Event::Link(named_at(0)?, named_at(2)?),
            "unlink" | "rmdir" => Event::Remove(named(0)?),
            "unlinkat" => Event::Remove(named_at(0)?),
            "fsync" | "fdatasync" => Event::Sync(file()?),
            "sync" => Event::SyncAll,
            "syncfs" => file().map(|_| Event::SyncAll)?,
            "sendto" => Event::Sent(self.arguments[0].to_owned(), self.octets(1)),
            "recvfrom" => Event::Heard(self.arguments[0].to_owned(), self.octets(1)),
            "read" | "sendmsg" => return None,
            other => {
                let touches =
                    (0..self.arguments.len()).any(|at| self.descriptor(at).and_then(inside).is_some());
                assert!(!touches, "{other} is not understood: {:?}", self.arguments);
                return None;
            }
        })
    }

    fn creates(&self, flags: usize) -> bool {
        self.arguments.get(flags).is_some_and(|flags| flags.contains("O_CREAT"))
    }

    /// The path of a descriptor: `5</the/path>`, `AT_FDCWD</the/path>`.
    fn descriptor(&self, at: usize) -> Option<PathBuf> {
        let (_, rest) = self.arguments.get(at)?.split_once('<')?;
        Some(PathBuf::from(rest.strip_suffix('>')?))
    }

    fn path(&self, at: usize) -> PathBuf {
        use std::os::unix::ffi::OsStringExt as _;
        PathBuf::from(std::ffi::OsString::from_vec(self.octets(at)))
    }

    fn octets(&self, at: usize) -> Vec<u8> {
        let quoted = self.arguments.get(at).copied().unwrap_or_default();
        let text = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        text.map(unescaped).unwrap_or_default()
    }

    /// What was really written.
    fn written(&self, at: usize) -> Vec<u8> {
        let octets = self.octets(at);
        assert!(octets.len() as u64 >= self.result, "the trace is cut short: {:?}", self.arguments[0]);
        octets[..self.result as usize].to_vec()
    }

    fn number(&self, at: usize) -> u64 {
        self.arguments[at].trim().parse().expect("a number")
    }
}

/// Arguments, at commas outside of quotes, brackets and structures.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut begin, mut depth, mut quoted, mut escaped) = (Vec::new(), 0, 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '[' | '{' if !quoted => depth += 1,
            ']' | '}' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                parts.push(text[begin..at].trim());
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[begin..].trim());
    parts
}

/// strace writes strings as C does.
fn unescaped(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some((&kind, after)) = rest.split_first() else { break };
        if matches!(kind, b'0'..=b'7') {
            let digits = rest.iter().take(3).take_while(|b| matches!(b, b'0'..=b'7')).count();
            out.push(rest[..digits].iter().fold(0, |value: u8, b| value.wrapping_mul(8) + (b - b'0')));
            rest = &rest[digits..];
            continue;
        }
        rest = after;
        out.push(match kind {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'v' => 11,
            b'f' => 12,
            other => other,
        });
    }
    out
}

/// What is left after a power cut.
#[derive(Clone, Copy, Debug)]
pub enum Survivors {
    /// Only what was synced.
    Synced,
    /// Everything, as when only the processes are killed.
    Everything,
    /// Of what wasn't synced, some: chance decides for each name and each content; the number is the seed.
    Some(u64),
}

/// A disk: what is there, and what was synced of it.
#[derive(Clone, Default)]
pub struct Disk {
    names: Names,
    synced_names: Names,
    contents: BTreeMap<u64, Content>,
    last: u64,
}

/// Directories have no content.
type Names = BTreeMap<PathBuf, Option<u64>>;

#[derive(Clone, Default)]
struct Content {
    live: Vec<u8>,
    synced: Vec<u8>,
}

/// Names and contents; no content for a directory.
pub type Tree = BTreeMap<PathBuf, Option<Vec<u8>>>;

impl Disk {
    /// A disk with these directories, which are durable.
    pub fn with(directories: &[PathBuf]) -> Self {
        let names: Names = directories.iter().map(|path| (path.clone(), None)).collect();
        Self { synced_names: names.clone(), names, ..Self::default() }
    }

    /// Applies an event. False for what is no change of a file and no sync.
    pub fn apply(&mut self, event: &Event) -> bool {
        match event {
            Event::Create(path) if self.names.contains_key(path) => return false,
            Event::Create(path) => {
                self.last += 1;
                self.contents.insert(self.last, Content::default());
                self.names.insert(path.clone(), Some(self.last));
            }
            Event::MakeDir(path) => {
                self.names.insert(path.clone(), None);
            }
            Event::Write(path, at, bytes) => {
                // A file that has lost its name is nobody's any more.
                let Some(content) = self.content(path) else { return false };
                let at = at.map_or(content.live.len(), |at| at as usize);
                let end = content.live.len().max(at + bytes.len());
                content.live.resize(end, 0);
                content.live[at..at + bytes.len()].copy_from_slice(bytes);
            }
            Event::Truncate(path, len) => {
                let len = *len as usize;
                self.content(path).expect("a file is cut off").live.resize(len, 0);
            }
            Event::Rename(from, to) => {
                let moved = self.names.remove(from).expect("a file is renamed");
                self.names.insert(to.clone(), moved);
            }
            Event::Link(from, to) => {
                let linked = *self.names.get(from).expect("a file is linked");
                self.names.insert(to.clone(), linked);
            }
            Event::Remove(path) => {
                self.names.remove(path);
            }
            Event::Sync(path) => self.sync(path),
            Event::SyncAll => {
                self.synced_names = self.names.clone();
                self.contents.values_mut().for_each(|content| content.synced.clone_from(&content.live));
            }
            Event::Sent(..) | Event::Heard(..) => return false,
        }
        true
    }

    fn content(&mut self, path: &Path) -> Option<&mut Content> {
        let number = (*self.names.get(path)?)?;
        self.contents.get_mut(&number)
    }

    fn sync(&mut self, path: &Path) {
        if let Some(content) = self.content(path) {
            content.synced.clone_from(&content.live);
            return;
        }
        let is_in = |name: &Path| name.parent() == Some(path);
        self.synced_names.retain(|name, _| !is_in(name));
        let durable = self.names.iter().filter(|(name, _)| is_in(name));
        self.synced_names.extend(durable.map(|(name, number)| (name.clone(), *number)));
    }

    /// What a power cut leaves now.
    pub fn survivors(&self, survivors: Survivors) -> Tree {
        let mut random = match survivors {
            Survivors::Some(seed) => Some(Random::new(seed)),
            _ => None,
        };
        let mut keep = || match (&mut random, survivors) {
            (Some(random), _) => random.below(2) == 1,
            (None, survivors) => matches!(survivors, Survivors::Everything),
        };
        let all: BTreeSet<&PathBuf> = self.names.keys().chain(self.synced_names.keys()).collect();
        let mut tree = Tree::new();
        for name in all {
            let (live, synced) = (self.names.get(name), self.synced_names.get(name));
            let Some(number) = (if live == synced || keep() { live } else { synced }) else { continue };
            // In the order of names a directory comes before what is in it.
            let has_parent = name.parent().is_some_and(|parent| tree.contains_key(parent));
            if has_parent || self.synced_names.get(name) == Some(&None) {
                let content = number.and_then(|number| self.contents.get(&number));
                let bytes = content.map(|content| if keep() { &content.live } else { &content.synced });
                tree.insert(name.clone(), bytes.cloned());
            }
        }
        tree
    }
}
