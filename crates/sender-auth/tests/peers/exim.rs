//! Debian's Exim: it verifies what is signed here, and signs what is verified here.
//!
//! Its configuration and its name server have fixed places, so the tests call themselves again in namespaces of their own
//! (root is needed): the configuration in a file system in memory, the keys in the fixture server on port 53.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dns::fixture::FixtureServer;
use mail_types::dns::{RecordData, RecordType};
use postrider_sender_auth::dkim::Canon;
use postrider_sender_auth::dkim::crypto::Hash;
use postrider_sender_auth::dkim::sign::SignRequest;
use postrider_sender_auth::dkim::verify::Policy;

use crate::dkimpy::ReplaceCrlf;
use crate::messages::{self, Message};
use crate::support::{Zone, base64, key, signed, split_bytes, verdicts, verify_parts};

const PROGRAM: &str = "/usr/sbin/exim4";
/// Set in the test that was called again: its folder.
const INSIDE: &str = "POSTRIDER_PEERS_INSIDE";
const KEYS: [(&str, &str); 2] = [("rsa", "rsa2048"), ("ed25519", "ed25519")];
const COMMON: &str = "primary_hostname = mx.example
spool_directory = @DIR@/spool
log_file_path = @DIR@/log/%slog
keep_environment =
tls_advertise_hosts =
chunking_advertise_hosts =
smtp_enforce_sync = false
smtp_accept_max_per_connection = 5000
acl_smtp_rcpt = accept
";

/// Calls the test with this name again, in its namespaces; the folder when this is that call.
fn inside(test: &str) -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os(INSIDE) {
        return Some(folder.into());
    }
    let user = Command::new("id").arg("-u").output();
    if !Path::new(PROGRAM).exists() || user.is_ok_and(|output| output.stdout != b"0\n") {
        crate::missing("exim4 (and root, for namespaces)");
        return None;
    }
    let folder = std::env::temp_dir().join(format!("postrider-{test}-{}", std::process::id()));
    fs::create_dir_all(folder.join("log")).unwrap();
    let setup = "chmod 755 $1 && chown -R Debian-exim $1 && ip link set lo up && mount -t tmpfs none /etc/exim4 && \
                 echo nameserver 127.0.0.1 > /etc/exim4/resolv.conf && \
                 mount --bind /etc/exim4/resolv.conf /etc/resolv.conf && exec \"$0\" --exact \"$2\" --nocapture";
    let status = Command::new("unshare")
        .args(["--net", "--mount", "--propagation", "private", "sh", "-c", setup])
        .arg(std::env::current_exe().unwrap())
        .arg(&folder)
        .arg(format!("exim::{test}"))
        .env(INSIDE, &folder)
        .status()
        .unwrap();
    if status.success() {
        fs::remove_dir_all(&folder).unwrap();
    }
    assert!(status.success(), "see {}", folder.display());
    None
}

fn configure(folder: &Path, config: &str) {
    let whole = COMMON.to_owned() + config;
    fs::write("/etc/exim4/exim4.conf", whole.replace("@DIR@", &folder.display().to_string())).unwrap();
}

/// One SMTP session with all messages, the recipients the same for each.
fn session(messages: &[Vec<u8>], recipients: &[&str]) {
    let mut input = b"EHLO client.example\r\n".to_vec();
    for message in messages {
        input.extend_from_slice(b"MAIL FROM:<sender@example.org> BODY=8BITMIME\r\n");
        for recipient in recipients {
            input.extend_from_slice(format!("RCPT TO:<{recipient}>\r\n").as_bytes());
        }
        input.extend_from_slice(b"DATA\r\n");
        for line in message.split_inclusive(|byte| *byte == b'\n') {
            input.extend_from_slice(if line.starts_with(b".") { b"." } else { b"" });
            input.extend_from_slice(line);
        }
        input.extend_from_slice(b".\r\n");
    }
    input.extend_from_slice(b"QUIT\r\n");
    let mut child = Command::new(PROGRAM)
        .args(["-odq", "-bs", "-oMa", "192.0.2.7"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || pipe.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said.matches("\r\n250 OK id=").count(), messages.len(), "{said}");
}

/// Exim's verdict over a signature of ours.
fn expected_of_exim(message: &Message, canon: Canon, changed: bool) -> &'static str {
    if changed {
        return "fail/bodyhash_mismatch";
    }
    // RFC 6376 section 3.4.3: if there is no body, a CRLF is added. Exim 4.96 hashes nothing.
    if canon == Canon::Simple && message.body.is_empty() {
        return "fail/bodyhash_mismatch";
    }
    // RFC 5322 section 4.5: white space may stand before the colon, where section 3.4.2 of RFC 6376 deletes it and section
    // 3.4.1 keeps it. To Exim it is part of the name, and the field that h= names is missing.
    if message.is_obsolete() {
        return "fail/signature_incorrect";
    }
    "pass/"
}

/// Our verdict over a signature of Exim's.
fn expected_here(message: &Message, recipient: &str) -> &'static str {
    // As above; signing, Exim hashes nothing for a body of empty lines as well.
    let is_blank = message.body.iter().all(|byte| *byte == b'\n');
    if is_blank && recipient.contains("simple") { "fail/bodyhash_mismatch" } else { "pass/" }
}

#[test]
fn exim_verifies_what_is_signed_here() {
    let Some(folder) = inside("exim_verifies_what_is_signed_here") else { return };
    configure(
        &folder,
        "acl_smtp_dkim = dkim\nacl_smtp_data = data\nbegin acl\ndata:\n  discard\ndkim:\n  \
         accept logwrite = VERDICT $dkim_selector $dkim_verify_status/$dkim_verify_reason\n",
    );
    let server = FixtureServer::start_on(SocketAddr::from(([127, 0, 0, 1], 53)), "").unwrap();
    let mut wire = Vec::new();
    let mut wanted = BTreeMap::new();
    for (kind, file) in KEYS {
        let key = key(file);
        let record = format!("v=DKIM1; k={kind}; p={}", base64(&key.public_octets()));
        for (number, mut message) in messages::all().into_iter().enumerate() {
            for canon in [Canon::Relaxed, Canon::Simple] {
                for changed in [false, true] {
                    let selector = format!("n{number}-{kind}-{}-{changed}", canon.name());
                    let strings = record.as_bytes().chunks(255).map(<[u8]>::to_vec).collect();
                    let name = format!("{selector}._domainkey.ours.example");
                    server.change(|zone| zone.add(&name, RecordType::Txt, RecordData::Txt(strings)));
                    let request = SignRequest {
                        domain: b"ours.example",
                        selector: selector.as_bytes(),
                        identity: None,
                        canon,
                        hash: Hash::Sha256,
                        names: b"+From:=Subject:=X-Many:X-Long",
                        created: None,
                        expires: None,
                    };
                    let field = signed(&request, &message.fields, &message.body, &key);
                    let length = message.body.len();
                    if changed {
                        message.body.extend_from_slice(b"more\n");
                    }
                    wire.push(message.wire(&field));
                    message.body.truncate(length);
                    wanted.insert(selector, expected_of_exim(&message, canon, changed));
                }
            }
        }
    }
    session(&wire, &["someone@local.example"]);
    let log = fs::read_to_string(folder.join("log/mainlog")).unwrap();
    let verdicts: BTreeMap<String, &str> = log
        .lines()
        .filter_map(|line| line.split_once("VERDICT ")?.1.split_once(' '))
        .map(|(selector, verdict)| (selector.to_owned(), verdict))
        .collect();
    let wrong: Vec<_> =
        wanted.iter().filter(|(selector, want)| verdicts.get(*selector) != Some(want)).collect();
    assert!(wrong.is_empty(), "{} of {}: {wrong:?}", wrong.len(), wanted.len());
}

#[test]
fn what_exim_signs_verifies_here() {
    let Some(folder) = inside("what_exim_signs_verifies_here") else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut routers = vec!["begin routers\n".to_owned()];
    let mut transports = vec!["begin transports\n".to_owned()];
    let mut zone = Zone::default();
    let mut recipients = Vec::new();
    for (kind, file) in KEYS {
        let pem = fs::read(format!("{}/tests/keys/{file}.pem", env!("CARGO_MANIFEST_DIR"))).unwrap();
        fs::write(folder.join(format!("{kind}.pem")), pem).unwrap();
        zone = zone.with_key(kind, "peer.example", &key(file));
        for canon in ["relaxed", "simple"] {
            recipients.push(format!("{kind}@{canon}-{kind}.example"));
            routers.push(format!(
                "{canon}_{kind}:\n  driver = manualroute\n  domains = {canon}-{kind}.example\n  \
                 route_data = 127.0.0.1\n  self = send\n  transport = {canon}_{kind}\n"
            ));
            transports.push(format!(
                "{canon}_{kind}:\n  driver = smtp\n  port = {port}\n  allow_localhost\n  hosts_try_fastopen =\n  \
                 connection_max_messages = 1\n  message_linelength_limit = 100000\n  dkim_domain = peer.example\n  \
                 dkim_selector = {kind}\n  dkim_private_key = @DIR@/{kind}.pem\n  dkim_canon = {canon}\n  \
                 dkim_strict = true\n  dkim_sign_headers = +from:=subject:=x-many:x-long\n"
            ));
        }
    }
    configure(&folder, &[routers, transports].concat().concat());
    let wire: Vec<_> = messages::all().iter().map(|message| message.wire(b"")).collect();
    let names: Vec<&str> = recipients.iter().map(String::as_str).collect();
    session(&wire, &names);
    let sink = std::thread::spawn(move || sink(&listener, wire.len() * 4));
    assert!(Command::new(PROGRAM).arg("-q").status().unwrap().success());
    // Should a delivery be missing, this ends the sink.
    let _ = TcpStream::connect(("127.0.0.1", port));
    let arrived = sink.join().unwrap();
    assert_eq!(arrived.len(), 800, "see {}", folder.display());
    let mut wrong = Vec::new();
    let messages = messages::all();
    for (recipient, message) in arrived {
        let mut message = as_signed(&message);
        let number: usize = between(&message, "From: Sender ", " ").parse().unwrap();
        for want in [expected_here(&messages[number], &recipient), "fail/bodyhash_mismatch"] {
            let (fields, body) = split_bytes(&message);
            let results = verify_parts(&fields, &body, &zone, &Policy::default());
            if verdicts(&results) != [want] {
                wrong.push(format!("{recipient} {:?}: {}", verdicts(&results), message.escape_ascii()));
            }
            message.extend_from_slice(b"more\n");
        }
    }
    assert!(wrong.is_empty(), "{} wrong: {:#?}", wrong.len(), &wrong[..wrong.len().min(3)]);
}

/// The message as Exim 4.96 signed it: where the line is full just before `b=`, it signs a fold there, and sends a space before
/// that fold. RFC 6376 section 3.4.1: the simple form does not change header fields in any way.
fn as_signed(message: &[u8]) -> Vec<u8> {
    let Some(at) = message.windows(5).position(|window| window == b"; \n\tb") else {
        return message.to_vec();
    };
    [&message[..at], b";\n\tb", &message[at + 5..]].concat()
}

/// What stands between two texts.
fn between(message: &[u8], before: &str, after: &str) -> String {
    let text = String::from_utf8_lossy(message);
    text.split_once(before).unwrap().1.split_once(after).unwrap().0.to_owned()
}

/// Takes so many messages, one a connection: recipient, and text in spool form. A connection that says nothing ends it.
fn sink(listener: &TcpListener, count: usize) -> Vec<(String, Vec<u8>)> {
    let mut arrived = Vec::new();
    while arrived.len() < count {
        let (stream, _) = listener.accept().unwrap();
        let Some(message) = receive(stream) else { break };
        arrived.push(message);
    }
    arrived
}

fn receive(mut stream: TcpStream) -> Option<(String, Vec<u8>)> {
    let mut input = BufReader::new(stream.try_clone().unwrap());
    let (mut recipient, mut text) = (String::new(), Vec::new());
    stream.write_all(b"220 sink\r\n").unwrap();
    loop {
        let mut line = Vec::new();
        input.read_until(b'\n', &mut line).unwrap();
        let command = String::from_utf8_lossy(&line).trim_end().to_owned();
        let reply: &[u8] = match command.get(..4)? {
            "EHLO" => b"250-sink\r\n250 8BITMIME\r\n",
            "QUIT" => return Some((recipient, text)),
            "RCPT" => {
                recipient = command;
                b"250 OK\r\n"
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").unwrap();
                text = data(&mut input);
                b"250 OK\r\n"
            }
            _ => b"250 OK\r\n",
        };
        stream.write_all(reply).unwrap();
    }
}

fn data(input: &mut impl BufRead) -> Vec<u8> {
    let mut text = Vec::new();
    loop {
        let mut line = Vec::new();
        input.read_until(b'\n', &mut line).unwrap();
        if line == b".\r\n" {
            return text.replace_crlf();
        }
        text.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}
