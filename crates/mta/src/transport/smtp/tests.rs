//! Whole deliveries to a scripted server. Log texts, numbers and retry keys are those that Exim 4.96 gave in the same
//! situations.

use std::collections::VecDeque;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use mail_message::header::HeaderLine;
use mail_types::outcome::Verdict;
use mail_types::value::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

mod secured;

use super::*;
use crate::context::Context;
use crate::context::facts::{AddressFacts, Facts};
use crate::route::RouteHost;
use crate::testing::Bench;

/// A server that answers by the beginning of the command; `DROP` closes, `HANG` says nothing.
struct Sink {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

type Script = &'static [(&'static str, &'static str)];

const EHLO: &str = "250-sink\r\n250-SIZE 1000\r\n250 PIPELINING";

impl Sink {
    async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                log.lock().unwrap().push("<connection>".to_owned());
                tokio::spawn(serve(stream, script, Arc::clone(&log)));
            }
        });
        Self { address, seen }
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn answer(script: Script, command: &str, default: &'static str) -> &'static str {
    script.iter().find(|(start, _)| command.starts_with(start)).map_or(default, |(_, reply)| reply)
}

async fn serve(stream: TcpStream, script: Script, log: Arc<Mutex<Vec<String>>>) {
    let mut stream = BufReader::new(tls::Stream::new(stream));
    let mut replies = VecDeque::from([answer(script, "BANNER", "220 sink")]);
    loop {
        while let Some(reply) = replies.pop_front() {
            match reply {
                "DROP" => return,
                "HANG" => std::future::pending::<()>().await,
                _ => {
                    if stream.write_all(format!("{reply}\r\n").as_bytes()).await.is_err() {
                        return;
                    }
                }
            }
        }
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        let command = line.trim_end().to_owned();
        log.lock().unwrap().push(command.clone());
        let default = match command.split(' ').next().unwrap_or_default() {
            "EHLO" | "LHLO" => EHLO,
            "DATA" => "354 go",
            _ => "250 ok",
        };
        let in_clear = answer(script, &command, default);
        let secured = stream.get_ref().is_secured();
        let reply = if secured { answer(script, &format!("TLS {command}"), in_clear) } else { in_clear };
        replies.push_back(reply);
        if command == "STARTTLS" && reply.starts_with("220") {
            stream.write_all(format!("{reply}\r\n").as_bytes()).await.unwrap();
            replies.clear();
            let shaken = secured::handshake(stream.get_mut()).await;
            log.lock().unwrap().push(shaken);
        }
        if reply.starts_with("354") {
            stream.write_all(b"354 go\r\n").await.unwrap();
            replies.clear();
            read_content(&mut stream, &log).await;
            replies.push_back(answer(script, "DOT", "250 OK id=sink"));
        } else if let Some(size) = command.strip_prefix("BDAT ") {
            let size: usize = size.split(' ').next().unwrap().parse().unwrap();
            let mut content = vec![0; size];
            stream.read_exact(&mut content).await.unwrap();
            log.lock().unwrap().push(String::from_utf8_lossy(&content).into_owned());
            replies = VecDeque::from([answer(script, "DOT", "250 OK id=sink")]);
        }
    }
}

async fn read_content(stream: &mut BufReader<tls::Stream<TcpStream>>, log: &Mutex<Vec<String>>) {
    let mut content = String::new();
    loop {
        let before = content.len();
        if stream.read_line(&mut content).await.unwrap_or(0) == 0 || &content[before..] == ".\r\n" {
            log.lock().unwrap().push(content);
            return;
        }
    }
}

/// A batch to `bad@rem.test` and `good@rem.test`.
struct Run {
    bench: Bench,
    batch: Batch,
    /// What was to be written down, in pieces.
    noted: Arc<Mutex<Vec<Vec<usize>>>>,
    /// Whether it could be.
    writable: Arc<AtomicBool>,
}

impl Run {
    fn new(options: &str, hosts: &[SocketAddr]) -> Self {
        Self::with_main("", options, hosts)
    }

    fn with_main(main: &str, options: &str, hosts: &[SocketAddr]) -> Self {
        let bench = Bench::new(&format!("{main}begin transports\ns:\n driver = smtp\n{options}\n"));
        let path = bench.directory().join("data");
        std::fs::File::create(&path).unwrap().write_all(b"id-D\nbody\n.dot\n").unwrap();
        let address = |text: &str| {
            let (local, domain) = text.split_once('@').unwrap();
            let facts = AddressFacts {
                address: text.into(),
                local_part: Some(Value::tainted(local)),
                domain: Some(Value::tainted(domain)),
                ..AddressFacts::default()
            };
            BatchAddress { facts, notify: 0, orcpt: None }
        };
        let host = |at: &SocketAddr| RouteHost {
            name: b"mx.rem.test".to_vec(),
            address: Some(at.ip()),
            port: Some(at.port()),
            ..RouteHost::default()
        };
        let (journal, mut acceptances) = tokio::sync::mpsc::channel::<Acceptance>(1);
        let (noted, writable) = (Arc::default(), Arc::new(AtomicBool::new(true)));
        let (note, can_write) = (Arc::clone(&noted), Arc::clone(&writable));
        tokio::spawn(async move {
            while let Some(acceptance) = acceptances.recv().await {
                let list: &Mutex<Vec<Vec<usize>>> = &note;
                list.lock().unwrap().push(acceptance.addresses);
                acceptance.written.send(can_write.load(Ordering::SeqCst)).unwrap();
            }
        });
        let batch = Batch {
            transport: "s".to_owned(),
            addresses: vec![address("bad@rem.test"), address("good@rem.test")],
            hosts: hosts.iter().map(host).collect(),
            fallback_hosts: None,
            hosts_randomized: false,
            return_path: b"s@q.test".to_vec(),
            headers_add: Vec::new(),
            headers_remove: Vec::new(),
            data: Arc::new(std::fs::File::open(&path).unwrap()),
            body_offset: 5,
            ignore_retry_times: false,
            all_or_nobody: false,
            pretend: false,
            journal: Journal::new(0, journal),
        };
        Self { bench, batch, noted, writable }
    }

    async fn deliver(&self) -> BatchReply {
        self.deliver_message(b"1xVAQb-0001qB-1R").await
    }

    async fn deliver_message(&self, id: &[u8]) -> BatchReply {
        let mut facts = Facts::default();
        facts.message.id = mail_types::message_id::MessageId::parse(id);
        facts.message.sender_address = b"s@q.test".to_vec();
        facts.message.size = Some(200);
        facts.message.headers = vec![HeaderLine::new("From: s@q.test")];
        let context = Context::new(facts, Arc::clone(&self.bench.services));
        let reply = deliver(self.batch.clone(), context).await;
        assert_eq!(reply.results.len(), 2);
        reply
    }
}

/// Verdict, number and text of each address; then host lines; then keys of the retry changes.
fn shown(reply: &BatchReply, at: SocketAddr) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&format!(":{}", at.port()), ":PORT");
    let mut lines = Vec::new();
    for result in &reply.results {
        let message = result.message.as_deref().map(&text).unwrap_or_default();
        lines.push(format!("{:?} {} {message}", result.verdict, result.errno).trim_end().to_owned());
    }
    lines.extend(reply.host_errors.iter().map(|error| format!("host: {}", text(&error.message))));
    lines.extend(reply.retry.iter().map(|change| {
        let mark = if change.failure.is_some() { "+" } else { "-" };
        format!("{mark}{}", text(change.key.as_bytes()))
    }));
    lines
}

const HOST: &str = "+T:mx.rem.test:127.0.0.1:PORT";
const HOST_AND_MESSAGE: &str = "+T:mx.rem.test:127.0.0.1:PORT:1xVAQb-0001qB-1R";

async fn check(script: Script, options: &str, want: &[&str]) {
    let sink = Sink::start(script).await;
    let run = Run::new(options, &[sink.address]);
    let reply = run.deliver().await;
    assert_eq!(shown(&reply, sink.address), want, "{script:?}");
}

#[tokio::test]
async fn a_message_goes_out_in_one_exchange() {
    let sink = Sink::start(&[]).await;
    let run = Run::new(" return_path_add\n", &[sink.address]);
    let reply = run.deliver().await;
    assert!(reply.results.iter().all(|result| result.verdict == Verdict::Accept));
    let session = reply.results[0].session.clone().unwrap();
    assert_eq!(session.confirmation.unwrap(), b"250 OK id=sink");
    let want = [
        "<connection>",
        "EHLO mx.test.example",
        "MAIL FROM:<s@q.test> SIZE=1224",
        "RCPT TO:<bad@rem.test>",
        "RCPT TO:<good@rem.test>",
        "DATA",
        "Return-path: <s@q.test>\r\nFrom: s@q.test\r\n\r\nbody\r\n..dot\r\n.\r\n",
    ];
    assert_eq!(sink.seen(), want);
}

#[tokio::test]
async fn the_connection_is_used_again() {
    let sink = Sink::start(&[]).await;
    let run = Run::new(" connection_max_messages = 2\n", &[sink.address]);
    let marks: Vec<bool> = {
        let mut marks = Vec::new();
        // Another copy of a message never follows the first on its connection.
        for id in [b"1xVAQb-0001qB-1R", b"1xVAQb-0001qB-1S", b"1xVAQb-0001qB-1T", b"1xVAQb-0001qB-1T"] {
            marks.push(run.deliver_message(id).await.results[0].host.clone().unwrap().reused);
        }
        marks
    };
    assert_eq!(marks, [false, true, false, false]);
    assert_eq!(sink.seen().iter().filter(|line| *line == "<connection>").count(), 3);
}

#[tokio::test]
async fn one_place_at_a_host_is_used_by_all_messages_in_turn() {
    let sink = Sink::start(&[]).await;
    let run = Run::with_main("host_connections_max = 1\n", "", &[sink.address]);
    let (one, two, three) = tokio::join!(
        run.deliver_message(b"1xVAQb-0001qB-1R"),
        run.deliver_message(b"1xVAQb-0001qB-1S"),
        run.deliver_message(b"1xVAQb-0001qB-1T"),
    );
    let reused = [one, two, three].map(|reply| reply.results[0].host.clone().unwrap().reused);
    assert_eq!(reused.iter().filter(|again| **again).count(), 2);
    assert_eq!(sink.seen().iter().filter(|line| *line == "<connection>").count(), 1);
    // What the next message can't use makes room for a connection that it can.
    let again = run.deliver_message(b"1xVAQb-0001qB-1R").await;
    assert!(again.results[0].host.clone().unwrap().reused);
    assert!(!run.deliver_message(b"1xVAQb-0001qB-1R").await.results[0].host.clone().unwrap().reused);
}

#[tokio::test]
async fn chunks_where_they_are_offered() {
    let sink = Sink::start(&[("EHLO", "250-sink\r\n250 CHUNKING")]).await;
    let run = Run::new("", &[sink.address]);
    let reply = run.deliver().await;
    assert!(reply.results[0].session.as_ref().unwrap().chunking);
    let content = "From: s@q.test\r\n\r\nbody\r\n.dot\r\n";
    let seen = sink.seen();
    assert_eq!(seen[seen.len() - 2..], [format!("BDAT {} LAST", content.len()), content.to_owned()]);
    let run = Run::new(" hosts_try_chunking =\n", &[sink.address]);
    assert!(!run.deliver().await.results[0].session.as_ref().unwrap().chunking);
}

#[tokio::test]
async fn refusals_of_the_session() {
    let text = "SMTP error from remote mail server after initial connection: 554 go away";
    let fail = format!("Fail 0 {text}");
    check(&[("BANNER", "554 go away")], "", &[&fail, &fail, &format!("host: {text}")]).await;
    let text = "SMTP error from remote mail server after initial connection: 421 busy";
    let defer = format!("Defer 0 {text}");
    check(&[("BANNER", "421 busy")], "", &[&defer, &defer, &format!("host: {text}"), HOST]).await;
    let text = "SMTP error from remote mail server after HELO mx.test.example: 550 no helo";
    let fail = format!("Fail 0 {text}");
    check(&[("EHLO", "550 no"), ("HELO", "550 no helo")], "", &[&fail, &fail, &format!("host: {text}")])
        .await;
    let text = "Malformed SMTP reply in response to initial connection: hello";
    let defer = format!("Defer -19 {text}");
    check(&[("BANNER", "hello")], "", &[&defer, &defer, &format!("host: {text}"), HOST]).await;
}

#[tokio::test]
async fn refusals_of_the_message() {
    let mail = "after pipelined MAIL FROM:<s@q.test> SIZE=1224";
    let fail = format!("Fail 0 SMTP error from remote mail server {mail}: 550 bad sender");
    let script: Script = &[("MAIL", "550 bad sender"), ("RCPT", "503 no"), ("DATA", "503 no")];
    let reply = Run::new("", &[Sink::start(script).await.address]).deliver().await;
    assert_eq!(shown(&reply, SocketAddr::from(([127, 0, 0, 1], 1)))[..2], [fail.clone(), fail]);

    let text = format!("SMTP error from remote mail server {mail}: 451 later");
    let defer = format!("Defer -45 {text}");
    let script: Script = &[("MAIL", "451 later"), ("RCPT", "503 no"), ("DATA", "503 no")];
    check(script, "", &[&defer, &defer, &format!("host: {text}"), HOST_AND_MESSAGE]).await;

    let text = "SMTP error from remote mail server after end of data: 451 bad content";
    let defer = format!("Defer -46 {text}");
    check(&[("DOT", "451 bad content")], "", &[&defer, &defer, &format!("host: {text}"), HOST_AND_MESSAGE])
        .await;

    let text = "SMTP error from remote mail server after pipelined DATA: 451 nodata";
    let defer = format!("Defer -46 {text}");
    check(&[("DATA", "451 nodata")], "", &[&defer, &defer, &format!("host: {text}"), HOST_AND_MESSAGE]).await;
}

#[tokio::test]
async fn refusals_of_one_recipient() {
    let failed =
        "Fail 0 SMTP error from remote mail server after RCPT TO:<bad@rem.test>: 550-no\n550 such user";
    check(&[("RCPT TO:<bad", "550-no\r\n550 such user")], "", &[failed, "Accept 0"]).await;
    let deferred = "Defer -44 SMTP error from remote mail server after RCPT TO:<bad@rem.test>: 451 later";
    let key = "+R:bad@rem.test:<s@q.test>";
    check(&[("RCPT TO:<bad", "451 later")], "", &[deferred, "Accept 0", key]).await;
    check(
        &[("RCPT TO:<bad", "451 later")],
        " address_retry_include_sender = false\n",
        &[deferred, "Accept 0", "+R:bad@rem.test"],
    )
    .await;
}

#[tokio::test]
async fn lost_connections() {
    let text = "Remote host closed connection in response to initial connection";
    let defer = format!("Defer -18 {text}");
    check(&[("BANNER", "DROP")], "", &[&defer, &defer, &format!("host: {text}"), HOST]).await;
    let text = "Remote host closed connection in response to end of data";
    let defer = format!("Defer -18 {text}");
    check(&[("DOT", "DROP")], "", &[&defer, &defer, &format!("host: {text}"), HOST_AND_MESSAGE]).await;
}

#[tokio::test(start_paused = true)]
async fn timeouts() {
    let text = "SMTP timeout after initial connection";
    let defer = format!("Defer 110 {text}");
    let host = format!("host: {text}: Connection timed out");
    check(&[("BANNER", "HANG")], "", &[&defer, &defer, &host, HOST]).await;
}

#[tokio::test]
async fn a_refused_connection_and_the_next_host() {
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let run = Run::new("", &[nobody]);
    let want = ["Defer 111", "Defer 111", "host: Connection refused", HOST];
    let reply = run.deliver().await;
    assert_eq!(shown(&reply, nobody), want);
    assert!(reply.host_errors[0].plain && reply.results[0].host.is_none());
    assert_eq!(reply.waits_for, [b"mx.rem.test".to_vec()]);

    let sink = Sink::start(&[]).await;
    let run = Run::new("", &[nobody, sink.address]);
    let reply = run.deliver().await;
    assert!(reply.results.iter().all(|result| result.verdict == Verdict::Accept));
    assert_eq!(reply.host_errors.len(), 1);

    let run = Run::new(
        &format!(" fallback_hosts = 127.0.0.1::{}\n allow_localhost\n", sink.address.port()),
        &[nobody],
    );
    assert!(run.deliver().await.results.iter().all(|result| result.verdict == Verdict::Accept));
}

#[tokio::test]
async fn hosts_wait_for_their_time() {
    let sink = Sink::start(&[]).await;
    let run = Run::new("", &[sink.address]);
    let key = hints::RetryKey::host(b"mx.rem.test", b"127.0.0.1", Some(sink.address.port()));
    let now = crate::testing::NOW;
    let record = |expired| hints::RetryRecord {
        first_failed: now,
        last_try: now,
        next_try: now.plus(std::time::Duration::from_mins(1)),
        expired,
        basic_errno: 111,
        more_errno: 65,
        text: b"Connection refused".to_vec(),
    };
    run.bench.services.hints.set_retry(&key, record(false));
    let text = "Defer -54 retry time not reached for any host for 'rem.test'";
    assert_eq!(shown(&run.deliver().await, sink.address), [text, text]);
    run.bench.services.hints.set_retry(&key, record(true));
    assert_eq!(run.deliver().await.results[0].verdict, Verdict::Fail);
    assert!(sink.seen().is_empty());
    let mut forced = Run { batch: Batch { ignore_retry_times: true, ..run.batch.clone() }, ..run };
    let reply = forced.deliver().await;
    assert_eq!(reply.results[0].verdict, Verdict::Accept);
    assert!(reply.retry.iter().any(|change| change.key == key && change.failure.is_none()));
    forced.batch.transport = "nobody".to_owned();
    assert_eq!(forced.deliver().await.results[0].verdict, Verdict::Defer);
}

#[tokio::test]
async fn lmtp_decides_by_recipient() {
    const BOTH: Script = &[("LHLO", "250 sink"), ("DOT", "250 first\r\n250 second")];
    const ONE: Script = &[("LHLO", "250 sink"), ("DOT", "250 first\r\n550 full")];
    const OTHER: Script = &[("LHLO", "250 sink"), ("DOT", "450 later\r\n250 second")];
    for (script, want) in [
        (BOTH, [Verdict::Accept, Verdict::Accept]),
        (ONE, [Verdict::Accept, Verdict::Fail]),
        (OTHER, [Verdict::Defer, Verdict::Accept]),
    ] {
        let sink = Sink::start(script).await;
        let run = Run::new(" protocol = lmtp\n message_size_limit = 1M\n", &[sink.address]);
        let reply = run.deliver().await;
        assert_eq!(reply.results.iter().map(|end| end.verdict).collect::<Vec<_>>(), want);
        assert_eq!(sink.seen()[1], "LHLO mx.test.example");
    }
}

#[tokio::test]
async fn refusals_without_a_host() {
    let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
    for (options, want) in [
        (" message_size_limit = 100\n", "Fail 0 message is too big (transport limit = 100)"),
        (
            " hosts = 127.0.0.1\n hosts_override\n",
            "Defer -32 host \"127.0.0.1\" of s transport is the local host",
        ),
        (" protocol = qmtp\n", "Defer -1 protocol \"qmtp\" of s transport is none of smtp, lmtp and smtps"),
        (" port = nonsense\n", "Defer -1 TCP port \"nonsense\" is not defined for s transport"),
    ] {
        let reply = Run::new(options, &[nobody]).deliver().await;
        assert_eq!(shown(&reply, nobody)[0], want);
    }
    assert_eq!(
        shown(&Run::new("", &[]).deliver().await, nobody)[0],
        "Defer -1 s transport called with no hosts set"
    );
}

#[tokio::test]
async fn what_a_host_takes_is_written_down_reply_by_reply() {
    let smtp = Sink::start(&[]).await;
    let run = Run::new("", &[smtp.address]);
    run.deliver().await;
    assert_eq!(*run.noted.lock().unwrap(), [[0, 1]], "one reply for both");

    let lmtp = Sink::start(&[("LHLO", "250 sink"), ("DOT", "250 first\r\n250 second")]).await;
    let run = Run::new(" protocol = lmtp\n", &[lmtp.address]);
    run.deliver().await;
    assert_eq!(*run.noted.lock().unwrap(), [[0], [1]], "a reply for each");
}

#[tokio::test]
async fn where_nothing_can_be_written_down_no_further_host_is_tried() {
    let first = Sink::start(&[("RCPT TO:<bad", "450 later")]).await;
    let second = Sink::start(&[]).await;
    let run = Run::new("", &[first.address, second.address]);
    run.writable.store(false, Ordering::SeqCst);
    let reply = run.deliver().await;
    let verdicts: Vec<Verdict> = reply.results.iter().map(|result| result.verdict).collect();
    assert_eq!(verdicts, [Verdict::Defer, Verdict::Accept]);
    assert_eq!(*run.noted.lock().unwrap(), [[1]]);
    assert!(second.seen().is_empty());
}

/// What a transport with these options sends, for a message with these fields; and the log.
async fn signed_content(options: &str, fields: &[&str]) -> (String, Vec<String>) {
    signed_by("", options, fields).await
}

/// As [`signed_content`], with options of the main section.
async fn signed_by(main: &str, options: &str, fields: &[&str]) -> (String, Vec<String>) {
    let sink = Sink::start(&[]).await;
    let run = Run::new(options, &[sink.address]);
    let key = run.bench.directory().join("key");
    std::fs::write(&key, KEY).unwrap();
    let options = options.replace("KEY", &key.display().to_string());
    let bench = Bench::new(&format!("{main}begin transports\ns:\n driver = smtp\n{options}\n"));
    let mut facts = Facts::default();
    facts.message.id = mail_types::message_id::MessageId::parse(b"1xVAQb-0001qB-1R");
    facts.message.sender_address = b"s@q.test".to_vec();
    facts.message.size = Some(200);
    facts.message.headers = fields.iter().map(|field| HeaderLine::new(*field)).collect();
    deliver(run.batch.clone(), Context::new(facts, Arc::clone(&bench.services))).await;
    let content = sink.seen().into_iter().find(|text| text.contains("\r\n.\r\n"));
    (content.unwrap_or_default().replace("\r\n", "\n"), bench.main_log())
}

/// The private key of RFC 8463 appendix A.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
const RESULTS: &str = "Authentication-Results: q.test; spf=pass; arc=none";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn arc_10_13_14_15_a_set_on_top_from_the_first_results_of_the_admd() {
    let fields = [
        "Authentication-Results: other.test; spf=fail",
        RESULTS,
        "Authentication-Results: q.test; dkim=pass",
        "From: s@q.test",
    ];
    let (content, log) = signed_content(" arc_sign = Q.test : sel : KEY\n", &fields).await;
    let names: Vec<&str> =
        content.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name).collect();
    assert_eq!(
        names[..3],
        ["ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results"],
        "{content} {log:?}"
    );
    assert!(
        content.starts_with("ARC-Seal: i=1; cv=none; a=ed25519-sha256; d=Q.test; s=sel; b="),
        "{content}"
    );
    assert!(content.contains("\nARC-Authentication-Results: i=1; q.test; spf=pass; arc=none\n"), "{content}");
    assert!(content.contains("ARC-Message-Signature: i=1; a=ed25519-sha256; d=Q.test; s=sel;"), "{content}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_results_of_the_admd_are_the_basis_where_the_option_says_so() {
    let fields = [
        "Authentication-Results: q.test; spf=pass",
        "Authentication-Results: other.test; spf=fail",
        "Authentication-Results: q.test; dkim=pass header.d=a; arc=none",
        "Authentication-Results: q.test; none",
        "From: s@q.test",
    ];
    for (main, wanted) in [
        ("", "\nARC-Authentication-Results: i=1; q.test; spf=pass\nAuth"),
        (
            "arc_fold_results\n",
            "\nARC-Authentication-Results: i=1; q.test; spf=pass;\n\tdkim=pass header.d=a; arc=none\nAuth",
        ),
    ] {
        let (content, log) = signed_by(main, " arc_sign = q.test : sel : KEY\n", &fields).await;
        assert!(content.contains(wanted), "{content} {log:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn arc_11_unset_empty_or_forced_to_fail_signs_nothing() {
    for option in
        ["", " arc_sign =\n", " arc_sign = ${if eq{a}{b}{x}}\n", " arc_sign = ${if eq{a}{b}{x}fail}\n"]
    {
        let (content, log) = signed_content(option, &[RESULTS, "From: s@q.test"]).await;
        assert!(content.starts_with("Authentication-Results:"), "{option}: {content}");
        assert_eq!(log, Vec::<String>::new(), "{option}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn arc_12_each_of_the_three_elements_is_needed() {
    for (option, text) in [
        (" arc_sign = q.test\n", "ARC: arc_sign needs an ADMD, a selector and a private key"),
        (" arc_sign = q.test : : KEY\n", "ARC: no selector in arc_sign"),
        (" arc_sign = q.test : sel : KEY : odd\n", "ARC: unknown option \"odd\" in arc_sign"),
    ] {
        let (content, log) = signed_content(option, &[RESULTS, "From: s@q.test"]).await;
        assert!(content.starts_with("Authentication-Results:"), "{option}: {content}");
        assert!(log.iter().any(|line| line.ends_with(text)), "{option}: {log:?}");
    }
    let strict = " arc_sign = q.test : sel : /nowhere\n dkim_strict = true\n";
    let (content, log) = signed_content(strict, &[RESULTS, "From: s@q.test"]).await;
    assert_eq!(content, "", "it waits");
    assert!(log.iter().any(|line| line.contains("and dkim_strict is set")), "{log:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn arc_14_without_results_of_the_admd_nothing_is_sealed() {
    let fields = ["Authentication-Results: other.test; spf=pass", "From: s@q.test"];
    let (content, log) = signed_content(" arc_sign = q.test : sel : KEY\n", &fields).await;
    assert!(content.starts_with("Authentication-Results:"), "{content}");
    assert!(
        log.iter()
            .any(|line| line.ends_with("ARC: not signed: no Authentication-Results header for the ADMD"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn arc_16_17_18_times() {
    let now = crate::testing::NOW.secs();
    let seal = |content: &str| content.split("ARC-Message-Signature").next().unwrap_or_default().to_owned();
    for (options, created, expires) in [
        ("timestamps", Some(now), None),
        ("expire=+60,timestamps", Some(now), Some(now + 60)),
        ("timestamps, expire", Some(now), Some(now + 30 * 24 * 3600)),
        ("expire=5000000000", None, Some(5_000_000_000)),
    ] {
        let option = format!(" arc_sign = q.test : sel : KEY : {options}\n");
        let (content, log) = signed_content(&option, &[RESULTS, "From: s@q.test"]).await;
        let t = created.map(|time| format!(" t={time};"));
        let x = expires.map(|time| format!("x={time};"));
        assert_eq!(seal(&content).contains("t="), t.is_some(), "{options}: {content} {log:?}");
        assert!(t.is_none_or(|t| content.matches(&t).count()
            + content.matches(&t.replace(' ', "\t")).count()
            == 2));
        assert!(!seal(&content).contains("x="), "{content}");
        assert_eq!(x.map(|x| content.matches(&x).count()), expires.map(|_| 1), "{options}: {content}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dkim_timestamps_of_zero_have_no_expiry() {
    let now = crate::testing::NOW.secs();
    let options =
        " dkim_domain = q.test\n dkim_selector = sel\n dkim_private_key = KEY\n dkim_sign_headers = from\n";
    let (content, _) = signed_content(&format!("{options} dkim_timestamps = 0\n"), &["From: s@q.test"]).await;
    assert!(content.contains(&format!("t={now};")) && !content.contains("x="), "{content}");
    let (content, _) =
        signed_content(&format!("{options} dkim_timestamps = 60\n"), &["From: s@q.test"]).await;
    assert!(content.contains(&format!("x={};", now + 60)), "{content}");
}
