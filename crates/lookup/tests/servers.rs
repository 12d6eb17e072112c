//! `readsock` against servers of the test's own, and `json`, which Debian's Exim lacks or never answers.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use expand::lookup::{
    Lookup as _, LookupAnswer, LookupRequest, LookupSettings, LookupSpec, LookupState, LookupStyle,
    LookupWorld,
};
use mail_types::clock::SystemClock;
use mail_types::value::Value;
use postrider_lookup::Lookups;

struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static SERIAL: AtomicU32 = AtomicU32::new(0);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("lookup-servers-{}-{serial}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A message's lookups: one cache for all of them.
struct Message {
    lookups: Lookups,
    state: LookupState,
}

impl Message {
    fn new() -> Self {
        Self { lookups: Lookups::new(), state: LookupState::default() }
    }

    /// What a lookup gives: `none` for nothing, an error with its text.
    fn ask(&mut self, kind: &str, file: &str, key: &str) -> String {
        let spec = LookupSpec::parse(kind.as_bytes()).unwrap();
        let file = (spec.style == LookupStyle::SingleKey).then(|| Value::clean(file));
        let request = LookupRequest { spec: &spec, key: Value::clean(key), file };
        let settings = LookupSettings::default();
        let mut world =
            LookupWorld { settings: &settings, resolver: None, clock: &SystemClock, state: &mut self.state };
        match self.lookups.lookup(&request, &mut world) {
            Ok(LookupAnswer::Found { data, .. }) => format!("<{}>", data.to_lossy()),
            Ok(LookupAnswer::NotFound) => "none".to_owned(),
            Err(error) => format!("error: {error}"),
        }
    }
}

/// Answers one connection after the other: the number of the connection, and what was asked.
fn serve(mut connection: impl std::io::Read + std::io::Write, number: usize, whole: bool) {
    let mut asked = Vec::new();
    if whole {
        connection.read_to_end(&mut asked).unwrap();
    } else {
        let mut octets = [0; 64];
        let count = connection.read(&mut octets).unwrap();
        asked.extend_from_slice(&octets[..count]);
    }
    let answer = format!("{number}: {}\nsecond\n", String::from_utf8_lossy(&asked));
    connection.write_all(answer.as_bytes()).unwrap();
}

#[test]
fn readsock_asks_a_server() {
    let scratch = Scratch::new();
    let path = scratch.path("socket");
    let listener = UnixListener::bind(&path).unwrap();
    // The fourth client keeps its side open; the others say that they are done.
    let server = thread::spawn(move || {
        for (number, connection) in listener.incoming().take(5).enumerate() {
            serve(connection.unwrap(), number + 1, number + 1 != 4);
        }
    });
    let mut message = Message::new();
    let table = [
        (format!("readsock,file={path}"), "one", "<1: one\nsecond\n>"),
        (format!("readsock,file={path}"), "one", "<2: one\nsecond\n>"),
        (format!("readsock,file={path},eol=+"), "", "<3: +second+>"),
        (format!("readsock,file={path},shutdown=no,timeout=5s"), "open", "<4: open\nsecond\n>"),
        (format!("readsock,file={path},cache=yes"), "kept", "<5: kept\nsecond\n>"),
        (format!("readsock,file={path},cache=yes"), "kept", "<5: kept\nsecond\n>"),
    ];
    for (kind, key, expected) in table {
        assert_eq!(message.ask(&kind, "", key), expected, "{kind} {key}");
    }
    server.join().unwrap();
}

#[test]
fn readsock_asks_over_tcp() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || serve(listener.accept().unwrap().0, 1, true));
    let asked = Message::new().ask(&format!("readsock,file=inet:127.0.0.1:{port}"), "over tcp", "over tcp");
    assert_eq!(asked, "<1: over tcp\nsecond\n>");
    server.join().unwrap();
}

#[test]
fn readsock_says_why_it_has_no_answer() {
    let scratch = Scratch::new();
    let absent = scratch.path("absent");
    let silent = scratch.path("silent");
    let listener = UnixListener::bind(&silent).unwrap();
    let mut message = Message::new();
    assert_eq!(message.ask("readsock", "", "no socket is named"), "none");
    let refused = message.ask(&format!("readsock,file={absent}"), "", "x");
    assert_eq!(refused, format!("error: failed to connect to socket {absent}: No such file or directory"));
    let timed_out = message.ask(&format!("readsock,file={silent},timeout=1s"), "", "x");
    assert_eq!(timed_out, "error: socket read timed out");
    assert!(message.ask("readsock,file=relative", "", "x").starts_with("error: "));
    assert!(message.ask(&format!("readsock,file={absent},tls=yes"), "", "x").contains("TLS"));
    drop(listener);
}

#[test]
fn json_is_walked_by_selectors() {
    let scratch = Scratch::new();
    let good = scratch.path("good.json");
    let text = r#"{"users": {"ann": {"quota": 10, "mail": "ann@x.example", "tags": ["a", "b \"q\"", null]}, "": "empty"},
                   "ok": true, "none": null, "text": "caf\u00e9\nx", "12": "digits"}"#;
    std::fs::write(&good, text).unwrap();
    let table = [
        ("users:ann:quota", "<10>"),
        ("users:ann:mail", "<ann@x.example>"),
        ("users : ann : mail", "<ann@x.example>"),
        ("users:ann:tags:0", "<a>"),
        ("users:ann:tags:1", "<b \"q\">"),
        ("users:ann:tags:2", "<null>"),
        ("users:ann:tags:3", "none"),
        ("users:ann:tags:-1", "none"),
        ("users:ann:tags:x", "none"),
        ("users:ann:tags", "<[\"a\", \"b \\\"q\\\"\", null]>"),
        ("<, users,ann,quota", "<10>"),
        ("ok", "<true>"),
        ("none", "<null>"),
        ("text", "<caf\u{e9}\nx>"),
        ("ok:deeper", "none"),
        ("OK", "none"),
        ("nosuch", "none"),
    ];
    let mut message = Message::new();
    for (key, expected) in table {
        assert_eq!(message.ask("json", &good, key), expected, "{key}");
    }
}

#[test]
fn json_that_is_broken_defers() {
    let scratch = Scratch::new();
    let mut message = Message::new();
    for (name, text) in [("cut", "{\"a\": "), ("none", ""), ("two", "1 2"), ("bytes", "\"\u{0}\"")] {
        let path = scratch.path(name);
        std::fs::write(&path, text).unwrap();
        let answer = message.ask("json", &path, "a");
        assert!(answer.starts_with(&format!("error: {path} is not a JSON text: ")), "{name}: {answer}");
    }
    let absent = scratch.path("absent");
    let answer = message.ask("json", &absent, "a");
    assert!(answer.contains("No such file or directory"), "{answer}");
}
