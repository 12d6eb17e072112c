//! Deliveries to a server in this process, and the retry times of what it refuses.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::{Answer, Office};
use crate::deliver::{AttemptEnd, AttemptKind};
use crate::testing::NOW;

/// A server that takes mail, and refuses what the address asks it to: `rcpt4`, `rcpt5`, `data4`, `data5`. Told to be
/// slow, it takes mail for `slow` and never says so.
pub(super) struct Sink {
    pub(super) port: u16,
    heard: Arc<Mutex<Vec<String>>>,
    pub(super) slow: Arc<AtomicBool>,
}

impl Sink {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let slow = Arc::new(AtomicBool::new(false));
        let shared = (Arc::clone(&heard), Arc::clone(&slow));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (heard, slow) = shared.clone();
                tokio::spawn(async move { serve(stream, &heard, &slow).await });
            }
        });
        Self { port, heard, slow }
    }

    /// Commands heard that begin with a word.
    pub(super) fn heard(&self, word: &str) -> Vec<String> {
        let heard = self.heard.lock().expect("no test panics with the lock");
        heard.iter().filter(|line| line.starts_with(word)).cloned().collect()
    }
}

async fn serve(stream: TcpStream, heard: &Mutex<Vec<String>>, slow: &AtomicBool) -> Option<()> {
    let (input, mut output) = stream.into_split();
    let mut lines = BufReader::new(input).lines();
    let mut last = String::new();
    output.write_all(b"220 sink ESMTP\r\n").await.ok()?;
    while let Some(line) = lines.next_line().await.ok()? {
        heard.lock().expect("no test panics with the lock").push(line.clone());
        let reply = match line.get(..4).unwrap_or_default() {
            "EHLO" => "250-sink hi\r\n250-SIZE\r\n250 8BITMIME",
            "RCPT" if line.contains("rcpt4") => "450 try later",
            "RCPT" if line.contains("rcpt5") => "550 5.1.1 no such user",
            "RCPT" => {
                last = line;
                "250 ok"
            }
            "DATA" => {
                output.write_all(b"354 go\r\n").await.ok()?;
                loop {
                    let line = lines.next_line().await.ok()??;
                    if line == "." {
                        break;
                    }
                    heard.lock().expect("no test panics with the lock").push(line);
                }
                heard.lock().expect("no test panics with the lock").push(format!("taken: {last}"));
                if last.contains("slow") && slow.load(Ordering::SeqCst) {
                    std::future::pending::<()>().await;
                }
                if last.contains("data4") {
                    "451 data later"
                } else if last.contains("data5") {
                    "554 data no"
                } else {
                    "250 OK id=sink"
                }
            }
            _ => "250 ok",
        };
        output.write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
    }
    Some(())
}

pub(super) fn office(sink: &Sink) -> Office {
    let port = sink.port;
    Office::with(&format!(
        "local_interfaces = 127.0.0.1\ndelay_warning = 0s\nbegin routers\n\
         man:\n  driver = manualroute\n  domains = ! test.example\n  transport = remote\n  self = send\n  no_more\n  \
         route_list = *.two.example 127.0.0.1::{port} ; sink.example 127.0.0.1::{port} ; quick.example 127.0.0.1::{port} other ; dead.example 127.0.0.1::9\n\
         users:\n  driver = accept\n  local_parts = carol : bob\n  transport = tlocal\n\
         begin transports\n\
         remote:\n  driver = smtp\n  allow_localhost\n  hosts_try_auth =\n\
         other:\n  driver = smtp\n  allow_localhost\n  hosts_try_auth =\n\
         tlocal:\n  driver = appendfile\n  file = /mail/$local_part_data\n  user = mail-user\n\
         begin retry\n* * F,2h,15m; G,16h,1h,1.5; F,4d,6h\n"
    ))
}

#[tokio::test]
async fn several_addresses_share_a_transaction() {
    let sink = Sink::start().await;
    let office = office(&sink);
    let id =
        office.post("carol@test.example", &["Good@sink.example", "good2@sink.example", "x@a.two.example"]);
    assert_eq!(office.attempt(id, AttemptKind::Arrival).await.end, AttemptEnd::Completed);
    assert_eq!(
        office.log_of(id),
        [
            "=> good@sink.example <Good@sink.example> R=man T=remote H=127.0.0.1 [127.0.0.1] C=\"250 OK id=sink\"",
            "-> good2@sink.example R=man T=remote H=127.0.0.1 [127.0.0.1] C=\"250 OK id=sink\"",
            "-> x@a.two.example R=man T=remote H=127.0.0.1 [127.0.0.1] C=\"250 OK id=sink\"",
            "Completed",
        ]
    );
    assert_eq!(sink.heard("RCPT")[0], "RCPT TO:<Good@sink.example>", "as it was given");
    assert_eq!(sink.heard("DATA").len(), 1);
}

#[tokio::test]
async fn addresses_that_the_host_refuses() {
    let sink = Sink::start().await;
    let office = office(&sink);
    let id =
        office.post("carol@test.example", &["good@sink.example", "rcpt5@sink.example", "rcpt4@sink.example"]);
    let report = office.attempt(id, AttemptKind::Arrival).await;
    assert_eq!((report.end, report.made.len()), (AttemptEnd::Deferred, 1));
    assert_eq!(report.next_try, Some(NOW.plus(Duration::from_mins(15))));
    assert_eq!(
        office.log_of(id),
        [
            "=> good@sink.example R=man T=remote H=127.0.0.1 [127.0.0.1] C=\"250 OK id=sink\"",
            "** rcpt5@sink.example R=man T=remote H=127.0.0.1 [127.0.0.1]: SMTP error from remote mail server after RCPT TO:<rcpt5@sink.example>: 550 5.1.1 no such user",
            "== rcpt4@sink.example R=man T=remote defer (-44) H=127.0.0.1 [127.0.0.1]: SMTP error from remote mail server after RCPT TO:<rcpt4@sink.example>: 450 try later",
        ]
    );
    let (done, _) = office.envelope(id);
    assert_eq!(done, ["good@sink.example", "rcpt5@sink.example"]);
    // The recipient waits with its sender: a queue run does not even route it.
    office.attempt(id, AttemptKind::QueueRun).await;
    assert_eq!(
        office.log_of(id).last().map(String::as_str),
        Some("== rcpt4@sink.example routing defer (-52): retry time not reached")
    );
}

#[tokio::test]
async fn a_host_that_is_not_there() {
    let sink = Sink::start().await;
    let office = office(&sink);
    let id = office.post("carol@test.example", &["x@dead.example", "y@dead.example"]);
    assert_eq!(office.attempt(id, AttemptKind::Arrival).await.end, AttemptEnd::Deferred);
    assert_eq!(
        office.log_of(id),
        [
            "H=127.0.0.1 [127.0.0.1] Connection refused",
            "== x@dead.example R=man T=remote defer (111): Connection refused",
            "== y@dead.example R=man T=remote defer (111): Connection refused",
        ]
    );
    office.bench.clock.advance(Duration::from_hours(5 * 24));
    let report = office.attempt(id, AttemptKind::QueueRun).await;
    assert_eq!((report.end, report.made.len()), (AttemptEnd::Completed, 1));
    let log = office.log_of(id);
    assert_eq!(
        log[log.len() - 3..],
        [
            "** x@dead.example: retry timeout exceeded",
            "** y@dead.example: retry timeout exceeded",
            "Completed",
        ]
    );
}

#[tokio::test]
async fn local_deliveries_wait_in_queue_runs_only() {
    let sink = Sink::start().await;
    let office = office(&sink);
    office.agent.tell("bob@test.example", Answer::Defer(13, "no"));
    let id = office.post("carol@test.example", &["bob@test.example"]);
    let report = office.attempt(id, AttemptKind::Arrival).await;
    assert_eq!(report.next_try, Some(NOW.plus(Duration::from_mins(15))));
    office.agent.obey();
    let report = office.attempt(id, AttemptKind::QueueRun).await;
    assert_eq!(
        (report.end, report.next_try),
        (AttemptEnd::Deferred, Some(NOW.plus(Duration::from_mins(15))))
    );
    assert_eq!(
        office.log_of(id).last().map(String::as_str),
        Some("== bob@test.example R=users T=tlocal defer (-53): Retry time not yet reached")
    );
    office.bench.clock.advance(Duration::from_mins(16));
    assert_eq!(office.attempt(id, AttemptKind::QueueRun).await.end, AttemptEnd::Completed);
}

#[tokio::test]
async fn remote_deliveries_may_be_left_to_a_queue_run() {
    let sink = Sink::start().await;
    let office = office(&sink);
    let id = office.post("carol@test.example", &["good@sink.example", "bob@test.example"]);
    let report = office.attempt(id, AttemptKind::ArrivalLocalOnly).await;
    assert_eq!((report.end, report.delivered), (AttemptEnd::Deferred, 1));
    assert!(sink.heard("RCPT").is_empty());
    assert_eq!(office.attempt(id, AttemptKind::QueueRun).await.end, AttemptEnd::Completed);
}
