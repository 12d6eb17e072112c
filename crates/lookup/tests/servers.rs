//! `readsock` against servers of the test's own, and `json`, which Debian's Exim lacks or never answers.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::thread;

use support::{Message, Scratch};

/// An answer in one line: `none` for nothing, an error with its text.
fn shown(answer: Result<Option<String>, String>) -> String {
    match answer {
        Ok(Some(data)) => format!("<{data}>"),
        Ok(None) => "none".to_owned(),
        Err(error) => format!("error: {error}"),
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
        assert_eq!(shown(message.ask(&kind, "", key)), expected, "{kind} {key}");
    }
    server.join().unwrap();
}

#[test]
fn readsock_asks_over_tcp() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || serve(listener.accept().unwrap().0, 1, true));
    let kind = format!("readsock,file=inet:127.0.0.1:{port}");
    let asked = shown(Message::new().ask(&kind, "over tcp", "over tcp"));
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
    assert_eq!(shown(message.ask("readsock", "", "no socket is named")), "none");
    let refused = shown(message.ask(&format!("readsock,file={absent}"), "", "x"));
    assert_eq!(refused, format!("error: failed to connect to socket {absent}: No such file or directory"));
    let timed_out = shown(message.ask(&format!("readsock,file={silent},timeout=1s"), "", "x"));
    assert_eq!(timed_out, "error: socket read timed out");
    assert!(shown(message.ask("readsock,file=relative", "", "x")).starts_with("error: "));
    let with_tls = shown(message.ask(&format!("readsock,file={absent},tls=yes"), "", "x"));
    assert!(with_tls.contains("TLS"), "{with_tls}");
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
        assert_eq!(shown(message.ask("json", &good, key)), expected, "{key}");
    }
}

#[test]
fn json_that_is_broken_defers() {
    let scratch = Scratch::new();
    let mut message = Message::new();
    for (name, text) in [("cut", "{\"a\": "), ("none", ""), ("two", "1 2"), ("bytes", "\"\u{0}\"")] {
        let path = scratch.path(name);
        std::fs::write(&path, text).unwrap();
        let answer = shown(message.ask("json", &path, "a"));
        assert!(answer.starts_with(&format!("error: {path} is not a JSON text: ")), "{name}: {answer}");
    }
    let absent = scratch.path("absent");
    let answer = shown(message.ask("json", &absent, "a"));
    assert!(answer.contains("No such file or directory"), "{answer}");
}
