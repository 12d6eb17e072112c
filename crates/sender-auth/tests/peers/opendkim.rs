//! Debian's OpenDKIM: its filter in test mode verifies. (Its test program, 2.11 beta 2, signs with SHA-1 only and writes
//! a broken `b=`; the filter signs for a mail server only.)

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use postrider_sender_auth::dkim::Canon;
use postrider_sender_auth::dkim::crypto::Hash;
use postrider_sender_auth::dkim::sign::SignRequest;

use crate::support::{base64, key, signed};
use crate::{messages, missing};

fn is_there(program: &str) -> bool {
    let found = Command::new(program).arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        missing(program);
    }
    found
}

/// A scratch folder of this test, which goes with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("postrider-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn opendkim_verifies_what_is_signed_here() {
    if !is_there("opendkim") {
        return;
    }
    let scratch = Scratch::new("opendkim-verify");
    let key = key("rsa2048");
    let public = base64(&key.public_octets());
    fs::write(scratch.0.join("keys"), format!("sel._domainkey.ours.example v=DKIM1; k=rsa; p={public}\n"))
        .unwrap();
    fs::write(scratch.0.join("conf"), format!("TestPublicKeys {}/keys\nMode v\n", scratch.0.display()))
        .unwrap();
    let mut files = Vec::new();
    // A CR alone (RFC 5322 section 2.3 forbids it) is something else to OpenDKIM than to us and to dkimpy.
    let is_sound = |body: &[u8]| !body.contains(&b'\r');
    for (number, message) in messages::all().iter().enumerate().filter(|(_, m)| is_sound(&m.body)) {
        // As a milter it gets fields without the white space after their colons, so of the simple form it can verify
        // plain fields only.
        let plain = number % 8 == 0 && !message.fields.iter().any(|field| field.starts_with(b"X-"));
        let canons: &[Canon] = if plain { &[Canon::Relaxed, Canon::Simple] } else { &[Canon::Relaxed] };
        for &canon in canons {
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
            let file = scratch.0.join(format!("{number}-{}", canon.name()));
            fs::write(&file, message.wire(&field)).unwrap();
            files.push(file);
        }
    }
    for group in files.chunks(50) {
        let names: Vec<String> = group.iter().map(|file| file.display().to_string()).collect();
        let output = Command::new("opendkim")
            .arg("-x")
            .arg(scratch.0.join("conf"))
            .args(["-t", &names.join(",")])
            .output()
            .unwrap();
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        for name in &names {
            let want = format!("{name}: verification (s=sel, d=ours.example, 2048-bit key) succeeded");
            assert!(said.contains(&want), "{name}: {said}");
        }
    }
}
