//! Programs and the server over a real socket.

use std::sync::Arc;

use mail_types::MessageId;
use tokio::net::UnixStream;
use tokio::sync::watch;

use super::*;
use crate::queue::server::{Inbox, channel};
use crate::testing::Bench;

struct World {
    bench: Bench,
    socket: PathBuf,
    _stop: watch::Sender<bool>,
    _inbox: Inbox,
}

impl World {
    /// A server whose callers are the user that runs the tests, who is the mail user or is not.
    fn new(configuration: &str, admin: bool) -> Self {
        let (waker, inbox) = channel();
        let bench = Bench::with(configuration, |services| {
            let uid = nix::unistd::getuid().as_raw();
            // Root is an administrator by his number; others become one as the mail user.
            services.process.exim_uid = if admin { uid } else { uid + 1 };
            services.process.exim_gid = u32::MAX - 1;
        });
        let socket = socket_path(bench.directory());
        let listener = Listener::bind(&socket).unwrap();
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(serve(listener, waker, Arc::clone(&bench.services), stopped));
        Self { bench, socket, _stop: stop, _inbox: inbox }
    }

    async fn ask(&self, request: Request) -> (u8, String) {
        let client = Client::connect(&self.socket).await.unwrap().unwrap();
        let mut text = String::new();
        let code = client.ask(&request, &mut |answer| push(&mut text, answer)).await.unwrap();
        (code, text)
    }

    async fn submit(&self, submission: Submission, message: &str) -> (u8, String) {
        let client = Client::connect(&self.socket).await.unwrap().unwrap();
        let mut text = String::new();
        let mut octets = message.as_bytes();
        let code =
            client.submit(submission, &mut octets, &mut |answer| push(&mut text, answer)).await.unwrap();
        (code, text)
    }

    fn ids(&self) -> Vec<MessageId> {
        self.bench.services.spool.message_ids().unwrap()
    }
}

fn push(text: &mut String, answer: Answer) {
    match answer {
        Answer::Output(octets) => text.push_str(&String::from_utf8(octets).unwrap()),
        Answer::Complaint(complaint) => text.push_str(&complaint),
        other => panic!("not an answer to this: {other:?}"),
    }
}

fn to(address: &str) -> Submission {
    Submission { arguments: vec![address.as_bytes().to_vec()], ..Submission::default() }
}

const ACCEPT: &str = "acl_not_smtp = ok\nqueue_only\nbegin acl\nok:\n accept\n";

#[tokio::test]
async fn anybody_hands_in_mail_and_is_named_by_the_kernel() {
    let world = World::new(ACCEPT, false);
    let large = "x".repeat(70) + "\n";
    let body = format!("Subject: s\n\n{}", large.repeat(5_000));
    assert_eq!(world.submit(to("someone@test.example"), &body).await, (0, String::new()));
    let header = world.bench.services.spool.read_header(&world.ids()[0]).unwrap().unwrap();
    assert_eq!(header.uid, i64::from(nix::unistd::getuid().as_raw()));
    assert_eq!(header.body.lines, Some(5_000));
}

#[tokio::test]
async fn what_is_wrong_with_a_message_is_said_to_its_end() {
    let refuse = "acl_not_smtp = no\nbegin acl\nno:\n deny message = not today\n";
    let world = World::new(refuse, false);
    let (code, text) = world.submit(to("someone@test.example"), "Subject: s\n\nb\n").await;
    assert_eq!((code, text.as_str()), (1, "exim: message rejected by non-SMTP ACL: not today"));
    // Refused before a single octet was read; the caller may still send all of it.
    let (code, text) = world.submit(to("bad address"), &"x\n".repeat(200_000)).await;
    assert_eq!(code, 1);
    assert!(text.contains("missing or malformed local part"), "{text}");
    assert_eq!(world.ids(), []);
}

#[tokio::test]
async fn half_a_message_is_none() {
    let world = World::new(ACCEPT, false);
    let mut stream = UnixStream::connect(&world.socket).await.unwrap();
    frame::write(&mut stream, &Request::Submit(Box::new(to("a@test.example")))).await.unwrap();
    frame::write_octets(&mut stream, b"Subject: s\n\nhalf").await.unwrap();
    drop(stream);
    // A caller who comes later is served, and there is still nothing in the spool.
    world.submit(to("b@test.example"), "Subject: whole\n\nb\n").await;
    assert_eq!(world.ids().len(), 1);
    assert_eq!(world.bench.main_log().iter().filter(|line| line.contains(" <= ")).count(), 1);
}

#[tokio::test]
async fn an_administrator_lists_and_changes() {
    let world = World::new(ACCEPT, true);
    world.submit(to("a@test.example"), "Subject: s\n\nb\n").await;
    world.submit(to("b@test.example"), "Subject: s\n\nb\n").await;
    let ids = world.ids();
    assert_eq!(world.ask(Request::Count).await, (0, "2\n".to_owned()));
    let change = Request::Change { ids: vec![ids[0]], change: Change::Freeze };
    assert_eq!(world.ask(change.clone()).await, (0, format!("Message {} is now frozen\n", ids[0])));
    assert_eq!(world.ask(change).await, (1, format!("Message {} is already frozen\n", ids[0])));
    let (code, text) = world.ask(Request::List { style: ListingStyle::default(), only: Vec::new() }).await;
    assert!(code == 0 && text.contains("*** frozen ***") && text.contains("b@test.example\n"), "{text}");
}

#[tokio::test]
async fn a_session_takes_over_the_connection() {
    let world = World::new("", false);
    let client = Client::connect(&world.socket).await.unwrap().unwrap();
    let mut stream = client.session(Submission::default()).await.unwrap().unwrap();
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    stream.write_all(b"QUIT\r\n").await.unwrap();
    let mut heard = String::new();
    stream.read_to_string(&mut heard).await.unwrap();
    assert!(heard.starts_with("220 mx.test.example ") && heard.contains("\r\n221 "), "{heard}");
}

#[tokio::test]
async fn nonsense_is_hung_up_on() {
    let world = World::new("", false);
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    for octets in [&[0xff; 8][..], &[0, 0, 0, 3, 0xff, 0xff, 0xff][..]] {
        let mut stream = UnixStream::connect(&world.socket).await.unwrap();
        stream.write_all(octets).await.unwrap();
        assert_eq!(stream.read(&mut [0; 9]).await.unwrap_or(0), 0);
    }
}

#[tokio::test]
async fn one_server_a_spool_and_none_is_noticed() {
    let world = World::new("", false);
    assert_eq!(Listener::bind(&world.socket).err().unwrap().kind(), std::io::ErrorKind::AddrInUse);
    let nowhere = world.bench.directory().join("nothing");
    assert!(Client::connect(&nowhere).await.unwrap().is_none());
    let left_behind = world.bench.directory().join("left");
    drop(std::os::unix::net::UnixListener::bind(&left_behind).unwrap());
    assert!(Client::connect(&left_behind).await.unwrap().is_none());
    drop(Listener::bind(&left_behind).unwrap());
    assert!(!left_behind.exists());
}
