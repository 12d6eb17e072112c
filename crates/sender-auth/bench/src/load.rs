//! Distinct signed messages in files, and a client that sends them over twenty sessions, a connection a message.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;

use sender_auth::arc::seal::{BODY_FORM, SealRequest, seal};
use sender_auth::dkim::body::BodyHasher;

use crate::{Key, Message, signed};

/// Sessions side by side.
const SESSIONS: usize = 20;

/// Writes `count` messages of about `size` octets, each with a signature and an ARC set, and the zone that they need.
pub(crate) fn write(count: usize, size: usize, folder: &Path) {
    std::fs::create_dir_all(folder).expect("a folder");
    let key = Key::load("rsa2048");
    let zone = format!(
        "example.org. TXT \"v=spf1 ip4:192.0.2.1 -all\"\n_dmarc.example.org. TXT \"v=DMARC1; p=reject\"\n\
         sel._domainkey.example.org. TXT \"{}\"\n",
        key.record
    );
    std::fs::write(folder.join("zone"), zone).expect("the folder can be written");
    for number in 0..count {
        let mut message = Message::new(size, false);
        message.fields.push(format!("X-Number: {number}\n").into_bytes());
        message.body.extend_from_slice(format!("This is message {number}.\n").as_bytes());
        let mut message = message.with_on_top(signed(&message, &key));
        set(&mut message, &key);
        std::fs::write(folder.join(format!("{number}.eml")), message.wire())
            .expect("the folder can be written");
    }
}

/// One ARC set on top.
fn set(message: &mut Message, key: &Key) {
    message.fields.insert(0, b"Authentication-Results: example.org; dkim=pass; arc=none\n".to_vec());
    let mut hasher = BodyHasher::new([BODY_FORM]);
    hasher.feed(&message.body);
    let hashes = hasher.finish();
    let request = SealRequest {
        admd: b"example.org",
        selector: b"sel",
        created: None,
        expires: None,
        fold_results: false,
    };
    let body_hash = &hashes.hash(BODY_FORM).expect("it was asked for").octets;
    let set = seal(&request, &message.header(), body_hash, &key.private).expect("it seals");
    message.fields.insert(0, set);
}

/// Sends all messages of a folder.
pub(crate) fn send(address: &str, folder: &Path) {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "eml"))
        .collect();
    files.sort();
    std::thread::scope(|scope| {
        for session in 0..SESSIONS {
            let mine = files.iter().skip(session).step_by(SESSIONS);
            scope.spawn(move || {
                mine.for_each(|file| message(address, &std::fs::read(file).expect("a message")))
            });
        }
    });
}

fn message(address: &str, octets: &[u8]) {
    let stream = TcpStream::connect(address).expect("the server listens");
    stream.set_nodelay(true).expect("a socket");
    let mut output = stream.try_clone().expect("a socket");
    let mut input = BufReader::new(stream);
    let mut expect = |code: &str| {
        loop {
            let mut line = String::new();
            input.read_line(&mut line).expect("a reply");
            assert!(line.starts_with(code), "{line} where {code} was expected");
            if line.as_bytes().get(3) == Some(&b' ') {
                return;
            }
        }
    };
    expect("220");
    for (command, code) in [
        ("EHLO client.example.org", "250"),
        ("MAIL FROM:<sender@example.org>", "250"),
        ("RCPT TO:<someone@local.example>", "250"),
        ("DATA", "354"),
    ] {
        output.write_all(format!("{command}\r\n").as_bytes()).expect("the server reads");
        expect(code);
    }
    output.write_all(octets).expect("the server reads");
    output.write_all(b".\r\n").expect("the server reads");
    expect("250");
    output.write_all(b"QUIT\r\n").expect("the server reads");
    expect("221");
}
