//! Addresses of libsrs_alt's form against Debian's `postsrsd`: what one makes the other takes back.
//!
//! Without the program the test says so and passes; with `CI=true` that is a failure.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may fail loudly")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use postrider_sender_auth::srs::{Rewriter, Settings};

const PROGRAM: &str = "/usr/sbin/postsrsd";

struct Postsrsd {
    child: Child,
    forward: u16,
    reverse: u16,
    secrets: PathBuf,
}

impl Postsrsd {
    fn start() -> Self {
        let secrets = std::env::temp_dir().join(format!("postrider-srs-{}", std::process::id()));
        std::fs::write(&secrets, "tops3cret\nolds3cret\n").unwrap();
        let (forward, reverse) = (free_port(), free_port());
        let child = Command::new(PROGRAM)
            .args([
                "-f",
                &forward.to_string(),
                "-r",
                &reverse.to_string(),
                "-l",
                "127.0.0.1",
                "-d",
                "f1.example",
            ])
            .args(["-n", "4", "-N", "4", "-s"])
            .arg(&secrets)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, forward, reverse, secrets }
    }

    fn ask(&mut self, port: u16, address: &str) -> String {
        let until = Instant::now() + Duration::from_secs(20);
        let mut stream = loop {
            match TcpStream::connect(("127.0.0.1", port)) {
                Ok(stream) => break stream,
                Err(error) => {
                    assert!(self.child.try_wait().unwrap().is_none(), "postsrsd ended");
                    assert!(Instant::now() < until, "{error}");
                    std::thread::yield_now();
                }
            }
        };
        stream.write_all(format!("get {address}\n").as_bytes()).unwrap();
        let mut reply = String::new();
        BufReader::new(stream).read_line(&mut reply).unwrap();
        reply.trim().to_owned()
    }

    fn rewritten(&mut self, address: &str) -> String {
        let reply = self.ask(self.forward, address);
        reply.strip_prefix("200 ").unwrap_or_else(|| panic!("{reply}")).to_owned()
    }
}

impl Drop for Postsrsd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.secrets);
    }
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

fn local(address: &str) -> &[u8] {
    address.rsplit_once('@').unwrap().0.as_bytes()
}

#[test]
fn postsrsd_and_postrider_take_each_others_addresses() {
    if !Path::new(PROGRAM).exists() {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{PROGRAM} is missing");
        eprintln!("skipped: {PROGRAM} is missing");
        return;
    }
    let mut postsrsd = Postsrsd::start();
    let settings = |secret: &str| Settings {
        secrets: vec![secret.as_bytes().to_vec()],
        hash_length: 4,
        hash_min: 4,
        ..Settings::default()
    };
    let ours = Rewriter::new(settings("tops3cret"));
    let rotated = Rewriter::new(settings("olds3cret"));
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    let day = (now.as_secs() / 86_400) as i64;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    for sender in [
        "user@example.org",
        "Mixed.Case@Example.ORG",
        "a=b+c@sub.example.org",
        "SRS0=abcd=AB=origin.example=user@f0.example",
        "SRS0+abcd=AB=origin.example=user@f0.example",
        "SRS1=abcd=f00.example==abcd=AB=origin.example=user@f0.example",
    ] {
        let theirs = postsrsd.rewritten(sender);
        let made = text(ours.forward(sender.as_bytes(), b"f1.example", day).unwrap());
        assert_eq!(made, theirs, "{sender} forwarded");
        let reply = postsrsd.ask(postsrsd.reverse, &made);
        let back = text(ours.reverse(local(&theirs), day).unwrap());
        assert_eq!(reply, format!("200 {back}"), "{sender} brought back");
        let old = text(rotated.forward(sender.as_bytes(), b"f1.example", day).unwrap());
        assert!(postsrsd.ask(postsrsd.reverse, &old).starts_with("200 "), "{sender} with the old secret");
        let forged = made.replacen(&made[5..9], "zzzz", 1);
        assert!(!postsrsd.ask(postsrsd.reverse, &forged).starts_with("200 "), "{sender} forged");
        assert!(ours.reverse(local(&forged), day).is_err());
    }
}
