//! Clients that mean harm. After each of them the next client is served, and nothing stays in the spool that was not
//! answered with 250.

use super::OPEN;
use crate::testing::{Bench, Dialogue};

const ENVELOPE: &str = "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n";

/// What a client sends in one go after the banner.
struct Hostile {
    name: &'static str,
    octets: Vec<u8>,
    /// Messages that may be taken.
    messages: usize,
}

fn hostile(name: &'static str, octets: impl Into<Vec<u8>>, messages: usize) -> Hostile {
    Hostile { name, octets: octets.into(), messages }
}

fn with_envelope(rest: &str) -> Vec<u8> {
    format!("{ENVELOPE}{rest}").into_bytes()
}

/// Message smuggling: each ends once, at CR LF . CR LF, whatever stands before it.
fn smuggling() -> Vec<Hostile> {
    let second =
        "MAIL FROM:<admin@d.example>\r\nRCPT TO:<v@d.example>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n.\r\n";
    let data = |end: &str| with_envelope(&format!("DATA\r\nSubject: one\r\n\r\nbody{end}{second}"));
    vec![
        hostile("LF . LF", data("\n.\n"), 1),
        hostile("LF . CR LF", data("\n.\r\n"), 1),
        hostile("CR . CR LF", data("\r.\r\n"), 1),
        hostile("CR . CR", data("\r.\r"), 1),
        hostile("CR LF . LF", data("\r\n.\n"), 1),
        hostile("CR LF . CR CR LF", data("\r\n.\r\r\n"), 1),
        hostile("CR LF NUL . CR LF", data("\r\n\0.\r\n"), 1),
        hostile(
            "BDAT with a dot inside",
            with_envelope(&format!("BDAT {} LAST\r\n{second}", second.len())),
            1,
        ),
    ]
}

/// BDAT that lies about its size, or comes at the wrong time.
fn chunks() -> Vec<Hostile> {
    vec![
        hostile(
            "BDAT of 2^63",
            with_envelope("BDAT 9223372036854775808 LAST\r\nMAIL FROM:<x@y.example>\r\n"),
            0,
        ),
        hostile("BDAT of 2^64 and more", with_envelope("BDAT 99999999999999999999999999\r\n"), 0),
        hostile("BDAT of a negative size", with_envelope("BDAT -1 LAST\r\n"), 0),
        hostile("BDAT without a transaction", "EHLO x\r\nBDAT 20\r\nDATA\r\nEHLO y\r\nQUIT\r\nNOOP\r\n", 0),
        hostile("DATA between chunks", with_envelope("BDAT 4\r\nA: b\r\nDATA\r\nx\r\n.\r\n"), 0),
        hostile(
            "BDAT then RSET then BDAT",
            with_envelope("BDAT 6\r\nA: b\r\nRSET\r\nBDAT 4 LAST\r\nABCD"),
            0,
        ),
        hostile("CVE-2017-16944: a dot within BDAT", with_envelope("BDAT 10\r\n.\r\n"), 0),
    ]
}

/// Lines and octets that no client sends.
fn lines() -> Vec<Hostile> {
    let long = "x".repeat(200_000);
    vec![
        hostile("a line without an end", long.clone().into_bytes(), 0),
        hostile("an overlong command", format!("EHLO {long}\r\nNOOP\r\n"), 0),
        hostile("an overlong address", format!("EHLO x\r\nMAIL FROM:<{long}@b.example>\r\n"), 0),
        hostile("NUL in a command", b"EHLO x\r\nMAIL FROM:<a\0b@c.example>\r\nNO\0OP\r\n".to_vec(), 0),
        hostile("all octets", (0..=255_u8).cycle().take(4096).collect::<Vec<u8>>(), 0),
        hostile("only line ends", "\r\n\n\r\r\n".repeat(2000), 0),
        hostile("CVE-2020-28022: odd quotes", "EHLO x\r\nMAIL FROM:<> \"\r\nMAIL FROM:<> ''\" SIZE=\r\n", 0),
        hostile("CVE-2018-6789: AUTH", "EHLO x\r\nAUTH PLAIN YQ=\r\nAUTH CRAM-MD5\r\n", 0),
        hostile("STARTTLS and more", "EHLO x\r\nSTARTTLS\r\nMAIL FROM:<a@b.example>\r\n", 0),
    ]
}

/// Content and addresses that try to break what is written.
fn content() -> Vec<Hostile> {
    let header = |text: &str| with_envelope(&format!("DATA\r\n{text}\r\nx\r\n.\r\n"));
    vec![
        hostile("a header of a million lines", header(&"A: b\r\n".repeat(1_000_000)), 0),
        hostile("a header line of megabytes", header(&format!("Subject: {}\r\n", "y".repeat(3 << 20))), 0),
        hostile("continuations without an end", header(&format!("A: b\r\n{}", " z\r\n".repeat(500_000))), 0),
        hostile(
            "log injection",
            "EHLO x\r\nMAIL FROM:<a\x1b[31m\x0bb@c.example>\r\nRCPT TO:<\"a\\\nb\"@d.example>\r\n",
            0,
        ),
        hostile(
            "expansion in an address",
            "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<root+${run{/bin/false}}@d.example>\r\nDATA\r\n\r\n.\r\n",
            1,
        ),
        hostile("NUL in the header", header("Subject: a\0b\r\n\0: c\r\n"), 1),
        hostile("EOF in the middle of a command", "EHLO x\r\nMAIL FR", 0),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_clients_harm_nobody_else() {
    let all: Vec<Hostile> = [smuggling(), chunks(), lines(), content()].into_iter().flatten().collect();
    assert!(all.len() >= 25, "{}", all.len());
    for case in all {
        let bench = Bench::new(OPEN);
        attack(&bench, &case).await;
        served(&bench, case.name).await;
        let kept = bench.spool_files().iter().filter(|name| name.ends_with("-H")).count();
        let left = bench.spool_files().len();
        assert!(kept <= case.messages + 1, "{}: {kept} messages", case.name);
        assert_eq!(left, kept * 2, "{}: only -H and -D of messages are left", case.name);
        for line in bench.main_log() {
            assert!(!line.contains(['\r', '\u{1b}', '\0']), "{}: {line:?}", case.name);
        }
        assert!(
            !bench.panic_log().iter().any(|line| line.contains("defect")),
            "{}: {:?}",
            case.name,
            bench.panic_log()
        );
    }
}

async fn attack(bench: &Bench, case: &Hostile) {
    let mut client = Dialogue::connect(bench);
    assert!(client.reply().await.starts_with("220 "), "{}", case.name);
    let mut octets = case.octets.as_slice();
    if let Some(rest) = octets.strip_prefix(b"EHLO x\r\n") {
        // What comes with the hello would only show that it came too early.
        assert!(client.command("EHLO x").await.starts_with("250-"), "{}", case.name);
        octets = rest;
    }
    // So would content that comes before its 354.
    let bdat = octets.windows(5).any(|window| window == b"BDAT ");
    if let Some(at) = octets.windows(6).position(|window| window == b"DATA\r\n").filter(|_| !bdat) {
        client.send(&octets[..at + 6]).await;
        while !client.reply().await.starts_with(['3', '5', '(']) {}
        octets = &octets[at + 6..];
    }
    // Replies are read while the attack is still being sent, as a real peer's kernel would.
    client.send_while_reading(octets).await;
    client.close().await;
}

/// The next client's message goes through.
async fn served(bench: &Bench, after: &str) {
    let mut client = Dialogue::connect_from(bench, [192, 0, 2, 99]);
    for (command, expected) in [
        ("", "220 "),
        ("HELO good.example", "250 "),
        ("MAIL FROM:<good@good.example>", "250 "),
        ("RCPT TO:<c@d.example>", "250 "),
        ("DATA", "354 "),
        ("Subject: fine\r\n\r\nbody\r\n.", "250 OK id="),
    ] {
        let reply = if command.is_empty() { client.reply().await } else { client.command(command).await };
        assert!(reply.starts_with(expected), "after {after}: {command}: {reply}");
    }
    client.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn smuggled_text_stays_in_the_first_message() {
    for case in smuggling() {
        let bench = Bench::new(OPEN);
        attack(&bench, &case).await;
        let (header, data) = bench.only_message();
        assert!(header.contains("\n<a@b.example>\n"), "{}: {header}", case.name);
        assert!(data.contains("smuggled") || header.contains("smuggled"), "{}: {data}", case.name);
    }
}
