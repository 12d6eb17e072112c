//! Debian's OpenDKIM, a filter, with this test as its mail server: it signs and verifies over the milter protocol.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use postrider_sender_auth::dkim::Canon;
use postrider_sender_auth::dkim::crypto::Hash;
use postrider_sender_auth::dkim::sign::SignRequest;
use postrider_sender_auth::dkim::verify::Policy;

use crate::messages::{self, Message};
use crate::milter::Milter;
use crate::missing;
use crate::support::{Zone, base64, key, signed, verdicts, verify_parts};

/// The filter, running; it and its folder go with this.
struct OpenDkim {
    child: Child,
    folder: PathBuf,
}

impl OpenDkim {
    /// Starts it with this configuration; none when it is not there.
    fn start(name: &str, config: &str) -> Option<Self> {
        if Command::new("opendkim").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            missing("opendkim");
            return None;
        }
        let folder = std::env::temp_dir().join(format!("postrider-opendkim-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("conf");
        let folder_name = folder.display();
        let common = format!("Background no\nSocket local:{folder_name}/socket\nSyslog no\n");
        fs::write(&file, common + &config.replace("@DIR@", &folder_name.to_string())).unwrap();
        let child = Command::new("opendkim").arg("-f").arg("-x").arg(&file).spawn().unwrap();
        Some(Self { child, folder })
    }

    /// A connection, once it listens.
    fn connect(&mut self, client: &str) -> Milter {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            match UnixStream::connect(self.folder.join("socket")) {
                Ok(stream) => return Milter::connect(stream, client),
                Err(error) => {
                    assert!(self.child.try_wait().unwrap().is_none(), "opendkim ended");
                    assert!(Instant::now() < until, "{error}");
                    std::thread::yield_now();
                }
            }
        }
    }
}

impl Drop for OpenDkim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A CR alone is content to us, to dkimpy, and to OpenDKIM's simple form; its relaxed form comes to another hash. RFC 6376
/// section 3.4.4 changes WSP and line ends only, and WSP is space and tab (section 2.8).
fn is_odd_to_opendkim(message: &Message, body_canon: &str) -> bool {
    message.has_lone_cr() && body_canon == "relaxed"
}

#[test]
fn opendkim_verifies_what_is_signed_here() {
    let public = base64(&key("rsa2048").public_octets());
    let config = "Mode v\nTestPublicKeys @DIR@/keys\nAuthservID mx.example\nAlwaysAddARHeader yes\n";
    let Some(mut filter) = OpenDkim::start("verify", config) else { return };
    fs::write(
        filter.folder.join("keys"),
        format!("sel._domainkey.ours.example v=DKIM1; k=rsa; p={public}\n"),
    )
    .unwrap();
    let mut milter = filter.connect("192.0.2.1");
    let key = key("rsa2048");
    for (number, mut message) in messages::all().into_iter().enumerate() {
        for canon in [Canon::Relaxed, Canon::Simple] {
            let request = SignRequest {
                domain: b"ours.example",
                selector: b"sel",
                identity: None,
                canon,
                hash: Hash::Sha256,
                names: b"+From:=Subject:=X-Many:X-Long",
                created: None,
                expires: None,
            };
            let field = signed(&request, &message.fields, &message.body, &key);
            message.fields.insert(0, field);
            let answer = milter.message(&message).concat();
            let text = String::from_utf8_lossy(&answer);
            let want = if is_odd_to_opendkim(&message, canon.name()) { "dkim=fail" } else { "dkim=pass" };
            assert!(text.contains(want), "message {number}, {canon:?}: {text}");
            if number % 10 == 0 {
                let whole = message.body.clone();
                message.body.extend_from_slice(b"more\n");
                let answer = milter.message(&message).concat();
                let text = String::from_utf8_lossy(&answer);
                assert!(text.contains("dkim=fail"), "message {number}, {canon:?}, changed: {text}");
                message.body = whole;
            }
            message.fields.remove(0);
        }
    }
}

#[test]
fn what_opendkim_signs_verifies_here() {
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys");
    let zone = Zone::default().with_key("peer", "example.org", &key("rsa2048"));
    for canon in ["relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple"] {
        let body_canon = canon.split('/').nth(1).unwrap();
        let config = format!(
            "Mode s\nDomain example.org\nSelector peer\nKeyFile {}/rsa2048.pem\nCanonicalization {canon}\n\
             RequireSafeKeys no\nOversignHeaders From\nSignHeaders From,Subject,X-Many,X-Long\n",
            keys.display()
        );
        let Some(mut filter) = OpenDkim::start(&canon.replace('/', "-"), &config) else { return };
        let mut milter = filter.connect("127.0.0.1");
        for (number, mut message) in messages::all().into_iter().enumerate() {
            let fields = milter.message(&message);
            assert_eq!(fields.len(), 1, "message {number}, {canon}");
            message.fields.splice(0..0, fields);
            let results = verify_parts(&message.fields, &message.body, &zone, &Policy::default());
            let want =
                if is_odd_to_opendkim(&message, body_canon) { "fail/bodyhash_mismatch" } else { "pass/" };
            assert_eq!(verdicts(&results), [want], "message {number}, {canon}");
            message.body.extend_from_slice(b"more\n");
            let results = verify_parts(&message.fields, &message.body, &zone, &Policy::default());
            assert_eq!(verdicts(&results), ["fail/bodyhash_mismatch"], "message {number}, {canon}, changed");
        }
    }
}
