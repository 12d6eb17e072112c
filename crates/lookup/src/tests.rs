//! Lookups against files, with what Debian's Exim answered for the same ones.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use expand::lookup::{LookupSettings, LookupSpec, LookupState, Moment};
use mail_types::clock::SystemClock;

use super::*;

struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static SERIAL: AtomicU32 = AtomicU32::new(0);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("lookup-{}-{serial}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn world<'a>(settings: &'a LookupSettings, state: &'a mut LookupState) -> LookupWorld<'a> {
    LookupWorld { settings, resolver: None, clock: &SystemClock, state }
}

/// `data,$1,$2`, `no`, or the error.
fn ask(lookups: &Lookups, kind: &str, file: &str, key: &str) -> String {
    let spec = LookupSpec::parse(kind.as_bytes()).unwrap();
    let request = LookupRequest { spec: &spec, key: Value::tainted(key), file: Some(Value::clean(file)) };
    let settings = LookupSettings::default();
    match lookups.lookup(&request, &mut world(&settings, &mut LookupState::default())) {
        Ok(LookupAnswer::Found { data, captures }) => {
            assert!(!data.is_tainted(), "what is found is clean");
            let (one, two) = captures.map(|parts| *parts).unwrap_or_default();
            format!("{},{},{}", data.to_lossy(), one.to_lossy(), two.to_lossy())
        }
        Ok(LookupAnswer::NotFound) => "no".to_owned(),
        Err(error) => format!("error: {error}"),
    }
}

const ALIASES: &str = "# c
k1: v1
k2   v2

K3 : v3\x20
  cont\x20\x20
# mid
\t more
\"quo ted\\x41\": qv
baduser: :fail: no
nocolon
empty:
*.ex.com: star
*@dom.com: sd
*: dflt
k1: second
e::x
  lead: z
";

#[test]
fn lsearch_reads_as_exim_does() {
    let scratch = Scratch::new();
    let file = scratch.file("f", ALIASES);
    let lookups = Lookups::new();
    for (kind, key, expected) in [
        ("lsearch", "k1", "v1,,"),
        ("lsearch", "K2", "v2,,"),
        ("lsearch", "k3", "v3 cont more,,"),
        ("lsearch", "quo tedA", "qv,,"),
        ("lsearch", "baduser", ":fail: no,,"),
        ("lsearch", "nocolon", ",,"),
        ("lsearch", "empty", ",,"),
        ("lsearch", "lead", "no"),
        ("lsearch", "e", ":x lead: z,,"),
        ("lsearch", "", "no"),
        ("lsearch*", "zz", "dflt,zz,"),
        ("lsearch*@", "u@dom.com", "sd,u,"),
        ("lsearch*@", "u@oth.com", "dflt,u@oth.com,"),
        ("partial-lsearch", "a.b.ex.com", "star,a.b,ex.com"),
        ("partial-lsearch", "k1", "v1,,k1"),
        ("partial0-lsearch*", "k2", "v2,,k2"),
        ("partial3-lsearch", "a.ex.com", "no"),
        ("partial0-lsearch", "ex.com", "star,,ex.com"),
        ("partial-lsearch", "ex.com", "star,,ex.com"),
        ("partial-lsearch*", "a.b.org", "dflt,a.b.org,"),
        ("partial-lsearch,ret=key", "a.b.ex.com", "a.b.ex.com,a.b,ex.com"),
        ("lsearch,ret=key", "K1", "K1,,"),
        ("lsearch,ret=full", "K1", "k1: v1,,"),
        ("lsearch,ret=full", "k3", "K3 : v3 cont more,,"),
        ("lsearch,ret=full", "quo tedA", "quo tedA: qv,,"),
        ("lsearch,ret=full", "nocolon", "nocolon,,"),
        ("lsearch,ret=foo", "k1", "v1,,"),
    ] {
        assert_eq!(ask(&lookups, kind, &file, key), expected, "{kind} {key}");
    }
}

#[test]
fn wild_keys() {
    let scratch = Scratch::new();
    let file = scratch.file("w", "^a.*: re\n*.b.c: suf\nplain: p\n\\N^\\d+$\\N: num\n\"q s\": qq\n");
    let lookups = Lookups::new();
    for (kind, key, expected) in [
        ("nwildlsearch", "abc", "re,,"),
        ("nwildlsearch", "ABC", "re,,"),
        ("wildlsearch", "x.b.c", "suf,,"),
        ("wildlsearch,ret=full", "x.b.c", "*.b.c: suf,,"),
        ("wildlsearch", "b.c", "no"),
        ("wildlsearch", "123", "num,,"),
        ("nwildlsearch", "123", "no"),
        ("wildlsearch", "q s", "qq,,"),
        ("nwildlsearch", "PLAIN", "p,,"),
    ] {
        assert_eq!(ask(&lookups, kind, &file, key), expected, "{kind} {key}");
    }
}

#[test]
fn networks() {
    let scratch = Scratch::new();
    let file = scratch.file("ip", "1.2.3.4: one\n10.0.0.0/8: ten\n\"2001:db8::/32\": six\n*: any\n");
    let lookups = Lookups::new();
    for (kind, key, expected) in [
        ("iplsearch", "1.2.3.4", "one,,"),
        ("iplsearch", "10.9.9.9", "ten,,"),
        ("iplsearch", "2001:db8::1", "six,,"),
        ("iplsearch", "9.9.9.9", "no"),
        ("iplsearch*", "9.9.9.9", "any,9.9.9.9,"),
        ("iplsearch,ret=full", "10.9.9.9", "10.0.0.0/8: ten,,"),
        ("iplsearch,ret=key", "10.9.9.9", "10.9.9.9,,"),
    ] {
        assert_eq!(ask(&lookups, kind, &file, key), expected, "{kind} {key}");
    }
    for key in ["notip", "1.2.3.4/8"] {
        let want = format!("error: \"{key}\" is not a valid iplsearch key");
        assert!(ask(&lookups, "iplsearch", &file, key).starts_with(&want));
    }
}

#[test]
fn directories() {
    let scratch = Scratch::new();
    let plain = scratch.file("file", "");
    std::fs::create_dir(scratch.0.join("sub")).unwrap();
    let directory = scratch.0.to_str().unwrap();
    let lookups = Lookups::new();
    let full = format!("{directory}/file,,");
    for (kind, key, expected) in [
        ("dsearch", "file", "file,,"),
        ("dsearch,ret=full", "file", full.as_str()),
        ("dsearch,filter=file", "sub", "no"),
        ("dsearch,filter=other", "file", "file,,"),
        ("dsearch,filter=dir", "sub", "sub,,"),
        ("dsearch,filter=subdir", "..", "no"),
        ("dsearch", "absent", "no"),
        ("dsearch", "a/b", "error: key for dsearch lookup contains a slash: a/b"),
    ] {
        assert_eq!(ask(&lookups, kind, directory, key), expected, "{kind} {key}");
    }
    let wrong = ask(&lookups, "dsearch", &plain, "x");
    assert_eq!(wrong, format!("error: failed to open {plain} for directory search: Not a directory"));
}

#[test]
fn users() {
    let spec = LookupSpec::parse(b"passwd").unwrap();
    let ask = |name: &str| {
        let request = LookupRequest { spec: &spec, key: Value::tainted(name), file: None };
        let settings = LookupSettings::default();
        Lookups::new().lookup(&request, &mut world(&settings, &mut LookupState::default())).unwrap()
    };
    assert!(matches!(ask("root"), LookupAnswer::Found { data, .. } if data.bytes().starts_with(b"*:0:0:")));
    assert_eq!(ask("no such user"), LookupAnswer::NotFound);
}

#[test]
fn a_changed_file_is_read_again() {
    let scratch = Scratch::new();
    let file = scratch.file("f", "k: one\n");
    let lookups = Lookups::new();
    assert_eq!(ask(&lookups, "lsearch", &file, "k"), "one,,");
    scratch.file("new", "k: two\n");
    std::fs::rename(scratch.0.join("new"), &file).unwrap();
    assert_eq!(ask(&lookups, "lsearch", &file, "k"), "two,,");
}

#[test]
fn what_cannot_be_used_says_why() {
    let lookups = Lookups::new();
    assert_eq!(
        ask(&lookups, "lsearch", "/no/such/file", "k"),
        "error: failed to open /no/such/file for linear search: No such file or directory"
    );
    assert!(ask(&lookups, "lsearch", "/tmp", "k").ends_with("/tmp is not a regular file (lsearch lookup)"));
    assert!(ask(&lookups, "nis", "/x", "k").contains("does not have a client of NIS yet"));
    let spec = LookupSpec::parse(b"lsearch").unwrap();
    let request =
        LookupRequest { spec: &spec, key: Value::clean("k"), file: Some(Value::tainted("/etc/passwd")) };
    let settings = LookupSettings::default();
    let answer = lookups.lookup(&request, &mut world(&settings, &mut LookupState::default()));
    assert_eq!(answer.unwrap_err().to_string(), "Tainted filename for search: '/etc/passwd'");
}

#[test]
fn a_file_is_compared_once_a_moment() {
    let scratch = Scratch::new();
    let lookups = Lookups::new();
    let (settings, mut state) = (LookupSettings::default(), LookupState::default());
    let spec = LookupSpec::parse(b"lsearch").unwrap();
    let file = scratch.file("table", "k: one\n");
    let mut ask = |moment: Option<Moment>| {
        let request = LookupRequest { spec: &spec, key: Value::clean("k"), file: Some(Value::clean(&file)) };
        state.moment = moment;
        match lookups.lookup(&request, &mut world(&settings, &mut state)) {
            Ok(LookupAnswer::Found { data, .. }) => data.to_lossy(),
            other => format!("{other:?}"),
        }
    };
    let moment = Some(Moment::begin());
    assert_eq!(ask(moment), "one");
    scratch.file("table", "k: another\n");
    assert_eq!(ask(moment), "one", "the moment is not over");
    assert_eq!(ask(Some(Moment::begin())), "another");
    scratch.file("table", "k: the third\n");
    assert_eq!(ask(None), "the third", "each lookup is a moment of its own");
}
