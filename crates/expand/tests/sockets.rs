//! Items and conditions that ask a socket, with daemons of the tests' own.

#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};

use mail_types::{Clean, SourceText, Value};
use postrider_expand::{BareEnv, Expansion, Variable};

fn expand_with(text: &str, env: &mut BareEnv) -> String {
    match Expansion::parse(&SourceText::nowhere(text.as_bytes())).eval(env) {
        Ok(value) => value.to_lossy(),
        Err(error) => format!("Failed: {error}"),
    }
}

/// A socket of the file system; its folder goes with the test.
struct Daemon {
    folder: PathBuf,
    heard: Receiver<Vec<u8>>,
}

impl Daemon {
    /// Answers each connection with the next of the answers, after it has heard `length` octets (all there are for 0).
    fn start(name: &str, length: usize, answers: &[&[u8]]) -> Self {
        let folder = std::env::temp_dir().join(format!("postrider-sockets-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let listener = UnixListener::bind(folder.join("socket")).unwrap();
        let answers: Vec<Vec<u8>> = answers.iter().map(|answer| answer.to_vec()).collect();
        let (said, heard) = channel();
        std::thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = vec![0; length];
                if length == 0 {
                    stream.read_to_end(&mut request).unwrap();
                } else {
                    stream.read_exact(&mut request).unwrap();
                }
                let _ = said.send(request);
                let _ = stream.write_all(&answer);
            }
        });
        Self { folder, heard }
    }

    fn socket(&self) -> String {
        self.folder.join("socket").to_str().unwrap().to_owned()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn readsocket_of_a_unix_socket() {
    let daemon = Daemon::start("unix", 0, &[b"one\ntwo\n", b"one\ntwo\n", b"", b"\xff"]);
    let socket = daemon.socket();
    let mut env = BareEnv::new();
    env.variables.insert(Variable::SenderHostName, Value::tainted("h.example"));
    assert_eq!(
        expand_with(&format!("${{readsocket{{{socket}}}{{ask $sender_host_name\\n}}}}"), &mut env),
        "one\ntwo\n"
    );
    assert_eq!(daemon.heard.recv().unwrap(), b"ask h.example\n");
    let text = format!("${{readsocket {{{socket}}} {{}} {{2s : shutdown = yes}} {{+}} {{lost}} }}");
    assert_eq!(expand_with(&text, &mut env), "one+two+");
    assert_eq!(expand_with(&format!("<${{readsocket{{{socket}}}{{x}}{{}}{{}}}}>"), &mut env), "<>");
    assert_eq!(expand_with(&format!("${{strlen:${{readsocket{{{socket}}}{{x}}}}}}"), &mut env), "1");
}

#[test]
fn readsocket_without_shutdown_and_in_time() {
    let daemon = Daemon::start("time", 3, &[b"quick", b"never", b"never"]);
    let socket = daemon.socket();
    let mut env = BareEnv::new();
    assert_eq!(
        expand_with(&format!("${{readsocket{{{socket}}}{{abc}}{{5s:shutdown=no}}}}"), &mut env),
        "quick"
    );
    // The daemon waits for a third octet.
    let waiting = format!("${{readsocket{{{socket}}}{{ab}}{{1s:shutdown=no}}}}");
    assert_eq!(expand_with(&waiting, &mut env), "Failed: socket read timed out");
}

#[test]
fn readsocket_failures() {
    let mut env = BareEnv::new();
    env.variables.insert(Variable::SenderHostName, Value::tainted("/run/x"));
    let table = [
        (
            "${readsocket{/nonexistent/s}{x}}",
            "Failed: failed to connect to socket /nonexistent/s: No such file or directory",
        ),
        ("${readsocket{/nonexistent/s}{x}{3s}{}{lost}}", "lost"),
        ("${readsocket{$sender_host_name}{x}}", "Failed: Tainted '/run/x' (socket name) not permitted"),
        ("${readsocket{inet:127.0.0.1}{x}}", "Failed: missing port number in \"127.0.0.1\""),
        ("${readsocket{inet:127.0.0.1:nosuch-service}{x}}", "Failed: unknown port \"nosuch-service\""),
        (
            "${readsocket{/x}{y}{5s:tls=yes}}",
            "Failed: TLS session with socket /x failed: no TLS is available here",
        ),
        ("${readsocket{/nonexistent/s}}", "Failed: Not enough arguments for 'readsocket' (min is 2)"),
    ];
    for (text, wanted) in table {
        assert_eq!(expand_with(text, &mut env), wanted, "{text}");
    }
}

#[test]
fn readsocket_of_a_tcp_port() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            stream.read_to_end(&mut request).unwrap();
            stream.write_all(&[b"got ", &request[..]].concat()).unwrap();
        }
    });
    let mut env = BareEnv::new();
    assert_eq!(expand_with(&format!("${{readsocket{{inet:127.0.0.1:{port}}}{{a}}}}"), &mut env), "got a");
    assert_eq!(expand_with(&format!("${{readsocket{{inet:[127.0.0.1]:{port}}}{{b}}}}"), &mut env), "got b");
}

#[test]
fn saslauthd_decides() {
    let daemon = Daemon::start("saslauthd", 18, &[b"\0\x02OK", b"\0\x09NO reason", b"\0\x03ODD", b"\0"]);
    let mut env = BareEnv::new();
    env.settings.saslauthd_socket = Clean::from_config(daemon.socket());
    let ask = "${if saslauthd{{ann}{pw}{smtp}{r}}{yes}{no}}";
    assert_eq!(expand_with(ask, &mut env), "yes");
    assert_eq!(daemon.heard.recv().unwrap(), b"\0\x03ann\0\x02pw\0\x04smtp\0\x01r");
    assert_eq!(expand_with(ask, &mut env), "no");
    assert_eq!(expand_with(ask, &mut env), "Failed: saslauthd daemon answered neither OK nor NO: \"ODD\"");
    assert_eq!(expand_with(ask, &mut env), "Failed: saslauthd daemon answered neither OK nor NO: \"\"");
}

#[test]
fn pwcheck_decides() {
    let daemon = Daemon::start("pwcheck", 7, &[b"OK", b"NO", b"?"]);
    let mut env = BareEnv::new();
    env.settings.pwcheck_socket = Clean::from_config(daemon.socket());
    let ask = "${if pwcheck {ann:pw} {yes} {no} }";
    assert_eq!(expand_with(ask, &mut env), "yes");
    assert_eq!(daemon.heard.recv().unwrap(), b"ann\0pw\0");
    assert_eq!(expand_with(ask, &mut env), "no");
    assert_eq!(expand_with(ask, &mut env), "Failed: pwcheck daemon answered neither OK nor NO: \"?\"");
    let without_colon = "Failed: pwcheck needs a user name and a password with a colon between them";
    assert_eq!(expand_with("${if pwcheck{ann}{yes}{no}}", &mut env), without_colon);
}

/// A RADIUS server that makes of each question what a function says, with the right proofs (RFC 2865, section 3).
fn radius_server(secret: &'static [u8], answers: &'static [u8]) -> u16 {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for &code in answers {
            let mut asked = [0; 4096];
            let (length, client) = socket.recv_from(&mut asked).unwrap();
            assert_eq!((asked[0], length), (1, usize::from(u16::from_be_bytes([asked[2], asked[3]]))));
            assert!(asked[..length].windows(5).any(|part| part == b"\x01\x05ann"), "the user's name");
            let head = [code & 0x7f, asked[1], 0, 20];
            let mut text: Vec<u8> = [&head[..], &asked[4..20], secret].concat();
            // The topmost bit asks for an answer by somebody who does not know the secret.
            text.extend((code & 0x80 != 0).then_some(b'x'));
            let proof = md5_of(&text);
            socket.send_to(&[&head[..], &proof].concat(), client).unwrap();
        }
    });
    port
}

fn md5_of(text: &[u8]) -> Vec<u8> {
    let hex = expand_with(&format!("${{md5:{}}}", escaped(text)), &mut BareEnv::new());
    (0..16).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap()).collect()
}

/// Every byte as an escape of the expansion language.
fn escaped(text: &[u8]) -> String {
    text.iter().map(|byte| format!("\\x{byte:02x}")).collect::<Vec<_>>().concat()
}

#[test]
fn radius_decides() {
    let folder = std::env::temp_dir().join(format!("expand-radius-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (config, secrets) = (folder.join("client.conf"), folder.join("servers"));
    let mut env = BareEnv::new();
    env.settings.radius_config_file = Clean::from_config(config.to_str().unwrap());
    let ask = "${if radius{ann:pass::word}{yes}{no}}";
    let missing = format!("Failed: RADIUS: can't open {}: No such file or directory", config.display());
    assert_eq!(expand_with(ask, &mut env), missing);
    std::fs::write(&config, "radius_timeout 1\n").unwrap();
    assert_eq!(expand_with(ask, &mut env), format!("Failed: RADIUS: no authserver in {}", config.display()));

    let port = radius_server(b"s3cret", &[2, 3, 11, 0x82, 2]);
    let text = format!(
        "authserver 127.0.0.1:{port}\nservers {}\nradius_timeout 5\nradius_retries 0\n",
        secrets.display()
    );
    std::fs::write(&config, &text).unwrap();
    std::fs::write(&secrets, "other x\n").unwrap();
    assert_eq!(expand_with(ask, &mut env), "Failed: RADIUS: no secret for server 127.0.0.1");
    std::fs::write(&secrets, "127.0.0.1 s3cret\n").unwrap();
    assert_eq!(expand_with(ask, &mut env), "yes");
    assert_eq!(expand_with(ask, &mut env), "no");
    let challenge = "Failed: RADIUS: the server asks for a response to a challenge";
    assert_eq!(expand_with(ask, &mut env), challenge);
    let forged = format!("Failed: RADIUS: the answer from server 127.0.0.1:{port} is not authentic");
    assert_eq!(expand_with(ask, &mut env), forged);
    let long = format!("${{if radius{{ann:{}}}{{yes}}{{no}}}}", "p".repeat(129));
    assert_eq!(expand_with(&long, &mut env), "Failed: RADIUS: the user's name or password is too long");
    assert_eq!(expand_with("${if radius {<; ann;x} {yes} {no} }", &mut env), "yes");
    std::fs::remove_dir_all(&folder).unwrap();
}
