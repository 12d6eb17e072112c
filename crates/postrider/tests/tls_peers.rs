//! OpenSSL and swaks as clients of a running server: versions, SNI, client certificates, resumption, stapled proofs, the early
//! banner.
#![allow(clippy::expect_used, reason = "test code outside #[test] functions")]

mod harness;

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use harness::{Client, POSTRIDER, Scratch, Server, command, free_port, has, run, run_command, until};

const CONFIG: &str = "\
primary_hostname = mail.example.net
spool_directory = @DIR@/spool
log_file_path = @DIR@/log/%slog
keep_environment =
check_spool_space = 0
check_spool_inodes = 0
check_log_space = 0
queue_only
smtp_enforce_sync = false
log_selector = +tls_sni +tls_peerdn +tls_resumption
tls_advertise_hosts = *
tls_certificate = @DIR@/${if eq{$tls_in_sni}{other.example.net}{other}{mail}}.pem : @DIR@/rsa.pem
tls_ocsp_file = ${if eq{$tls_in_sni}{other.example.net}{}{@DIR@/mail.ocsp : PEM @DIR@/both.ocsp}}
tls_try_verify_hosts = *
tls_verify_certificates = @DIR@/ca.pem
tls_resumption_hosts = *
acl_smtp_rcpt = accept
acl_smtp_vrfy = deny message = ocsp=$tls_in_ocsp
requiretls_advertise_hosts = *
";

/// A server with certificates of its own authority, all made by OpenSSL.
struct Site {
    scratch: Scratch,
    config: PathBuf,
}

impl Site {
    fn new(name: &str) -> Self {
        let scratch = Scratch::new(name);
        let script = "
            set -e
            key() { openssl ecparam -name prime256v1 -genkey -noout -out $1.key; }
            rsa() { openssl genrsa -out $1.key 2048; }
            key ca; openssl req -x509 -new -key ca.key -subj /CN=Authority -days 3650 -out ca.pem -addext basicConstraints=critical,CA:TRUE
            n=1000
            for host in mail other client rsa; do
              if [ $host = rsa ]; then rsa $host; else key $host; fi; n=$((n+1))
              openssl req -new -key $host.key -subj /CN=$host.example.net -out $host.csr
              printf \"subjectAltName=DNS:$host.example.net\\n\" > ext
              openssl x509 -req -in $host.csr -CA ca.pem -CAkey ca.key -set_serial $n -days 3650 -extfile ext -out $host.crt
              cat $host.crt $host.key > $host.pem
            done
            printf 'V\\t20400101000000Z\\t\\t03E9\\tunknown\\t/CN=x\\n' > index
            printf 'V\\t20400101000000Z\\t\\t03EC\\tunknown\\t/CN=y\\n' >> index
            answer() { openssl ocsp -index index -CA ca.pem -rsigner ca.pem -rkey ca.key -reqin req -respout $1 -ndays 3000; }
            openssl ocsp -issuer ca.pem -cert mail.crt -reqout req -no_nonce
            answer mail.ocsp
            openssl ocsp -issuer ca.pem -cert mail.crt -cert rsa.crt -reqout req -no_nonce
            answer both.der
            (echo '-----BEGIN OCSP RESPONSE-----'; openssl base64 -in both.der; echo '-----END OCSP RESPONSE-----') > both.ocsp
            chmod 644 *.pem *.ocsp";
        let made = run_command(command("sh").args(["-c", script]).current_dir(scratch.path()), b"");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let config = scratch.write("exim.conf", CONFIG);
        Self { scratch, config }
    }

    /// What `openssl s_client` says of a session with the server, in which `said` is said.
    fn s_client(&self, port: u16, args: &[&str], said: &str) -> String {
        // A client that waits for ever is ended.
        let mut client = command("timeout");
        client.args(["20", "openssl", "s_client", "-connect", &format!("127.0.0.1:{port}"), "-CAfile"]);
        client.arg(self.scratch.at("ca.pem")).args(args).current_dir(self.scratch.path());
        let output = run_command(&mut client, said.as_bytes());
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }
}

fn can_run() -> bool {
    let swaks = command("perl").args(["-MNet::SSLeay", "-e1"]).output().is_ok_and(|out| out.status.success());
    has(Path::new("/usr/bin/openssl").exists(), "openssl")
        && has(Path::new("/usr/bin/swaks").exists() && swaks, "swaks (swaks, libnet-ssleay-perl)")
}

/// A site and its server; none where a client is missing.
fn served(name: &str) -> Option<(Site, u16, Server)> {
    if !can_run() {
        return None;
    }
    let site = Site::new(name);
    let port = free_port();
    let server = Server::start(&site.config, port, &[]);
    Some((site, port, server))
}

#[test]
fn openssl_sees_versions_names_proofs_and_resumed_sessions() {
    let Some((site, port, server)) = served("tls_openssl") else { return };
    let hello = "EHLO client.example\nQUIT\n";
    let with = |more: &[&'static str]| [&["-starttls", "smtp", "-crlf", "-ign_eof"], more].concat();
    for (version, cipher) in
        [("-tls1_2", "ECDHE-ECDSA-AES256-GCM-SHA384"), ("-tls1_3", "TLS_AES_256_GCM_SHA384")]
    {
        let said = site.s_client(port, &with(&[version, "-verify_return_error"]), hello);
        assert!(said.contains(&format!("Cipher is {cipher}")), "{said}");
        assert!(said.contains("Verify return code: 0 (ok)") || said.contains("Verification: OK"), "{said}");
        assert!(said.contains("221 mail.example.net closing connection"), "{said}");
    }
    // A version that is not spoken any more.
    let said = site.s_client(port, &with(&["-tls1_1"]), hello);
    assert!(said.contains("Cipher is (NONE)"), "{said}");
    // The name chooses the certificate.
    let said = site.s_client(port, &with(&["-servername", "other.example.net"]), hello);
    assert!(
        said.contains("subject=CN = other.example.net") || said.contains("subject=CN=other.example.net"),
        "{said}"
    );
    // The proof is stapled, and good.
    let said = site.s_client(port, &with(&["-status"]), hello);
    assert!(
        said.contains("OCSP Response Status: successful") && said.contains("Cert Status: good"),
        "{said}"
    );
    // Each certificate has its own; one response may speak of several, and be written in PEM.
    let said =
        site.s_client(port, &with(&["-status", "-tls1_2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384"]), hello);
    assert!(said.contains("CN = rsa.example.net") || said.contains("CN=rsa.example.net"), "{said}");
    assert!(said.matches("Cert Status: good").count() == 2 && said.contains("Serial Number: 03EC"), "{said}");
    let said = site.s_client(port, &with(&["-status", "-servername", "other.example.net"]), hello);
    assert!(said.contains("OCSP response: no response sent"), "{said}");
    // The server knows what it was asked and what it sent; a resumed session has no certificate to staple to.
    for version in ["-tls1_2", "-tls1_3"] {
        for (more, told) in [
            (&[][..], "ocsp=0"),
            (&["-status", "-sess_out", "proved"], "ocsp=4"),
            (&["-status", "-sess_in", "proved"], "ocsp=1"),
            (&["-sess_in", "proved"], "ocsp=0"),
            (&["-status", "-servername", "other.example.net"], "ocsp=1"),
            (&["-servername", "other.example.net"], "ocsp=0"),
        ] {
            let said = site.s_client(
                port,
                &[&with(&[version]), more].concat(),
                "EHLO client.example\nVRFY x@y.example\nQUIT\n",
            );
            assert!(said.contains(told), "{version} {more:?}: {said}");
        }
    }
    // A session is resumed.
    for version in ["-tls1_2", "-tls1_3"] {
        let said = site.s_client(port, &with(&[version, "-sess_out", "session"]), hello);
        assert!(said.contains("New, "), "{said}");
        let said = site.s_client(port, &with(&[version, "-sess_in", "session"]), hello);
        assert!(said.contains("Reused, "), "{version}: {said}");
    }
    server.stop();
}

/// The groups that a server shares with OpenSSL. Debian's Exim gives the same for `tls_require_ciphers`; `tls_eccurve` has an
/// effect on Exim with OpenSSL only.
#[test]
fn openssl_agrees_on_the_groups_that_are_left() {
    if !can_run() {
        return;
    }
    let site = Site::new("tls_groups");
    let table: [(&str, &[(&str, &str)]); 6] = [
        (
            "",
            &[
                ("P-256", "ECDH, prime256v1"),
                ("P-384", "ECDH, secp384r1"),
                ("X25519", "X25519"),
                ("P-521", ""),
            ],
        ),
        ("tls_eccurve = secp384r1 : secp521r1", &[("X25519:P-384", "ECDH, secp384r1"), ("X25519:P-256", "")]),
        ("tls_eccurve = P-256:X25519", &[("P-256:X25519:P-384", "ECDH, prime256v1"), ("P-384", "")]),
        (
            "tls_require_ciphers = NORMAL:-GROUP-ALL:+GROUP-SECP256R1",
            &[("X25519:P-256", "ECDH, prime256v1"), ("X25519", "")],
        ),
        (
            "tls_require_ciphers = SECURE256",
            &[("X25519:P-256:P-384", "ECDH, secp384r1"), ("X25519:P-256", "")],
        ),
        (
            "tls_require_ciphers = NORMAL:-GROUP-SECP256R1\ntls_eccurve = P-256:X25519",
            &[("P-256:X25519", "X25519"), ("P-256", "")],
        ),
    ];
    for (settings, offers) in table {
        let config = site.scratch.write("groups.conf", &format!("{CONFIG}{settings}\n"));
        let port = free_port();
        let server = Server::start(&config, port, &[]);
        for (offered, agreed) in offers {
            for version in ["-tls1_2", "-tls1_3"] {
                // In TLS 1.2 the group also says on which curve a certificate's key may be: RSA has none.
                let rsa = ["-cipher", "ECDHE-RSA-AES256-GCM-SHA384"];
                let args =
                    ["-starttls", "smtp", "-crlf", "-ign_eof", version, "-groups", offered, rsa[0], rsa[1]];
                let said = site.s_client(port, &args, "QUIT\n");
                let key = said.lines().find_map(|line| line.strip_prefix("Server Temp Key: "));
                let key = key.and_then(|key| key.rsplit_once(", ")).map_or("", |(group, _bits)| group);
                assert_eq!(key, *agreed, "{settings}: {offered}, {version}: {said}");
            }
        }
        server.stop();
    }
    let log = std::fs::read_to_string(site.scratch.at("log/mainlog")).expect("a log");
    assert_eq!(
        log.matches("Warning: tls_eccurve: not supported and left out: secp521r1").count(),
        1,
        "{log}"
    );
}

/// A client may ask for new keys within TLS 1.2 as it likes: it gets none, and the next one is served.
#[test]
fn renegotiation_harms_nobody() {
    let Some((site, port, server)) = served("tls_renegotiation") else { return };
    let said = site.s_client(port, &["-starttls", "smtp", "-tls1_2"], "R\nR\nQUIT\n");
    assert!(said.contains("RENEGOTIATING"), "{said}");
    let said =
        site.s_client(port, &["-starttls", "smtp", "-crlf", "-ign_eof"], "EHLO client.example\nQUIT\n");
    assert!(said.contains("221 mail.example.net closing connection"), "{said}");
    server.stop();
}

#[test]
fn swaks_delivers_with_and_without_a_certificate_of_its_own() {
    let Some((site, port, server)) = served("tls_swaks") else { return };
    let port = port.to_string();
    let at = |name: &str| site.scratch.at(name).to_string_lossy().into_owned();
    let common = [
        "-s",
        "127.0.0.1",
        "-p",
        &port,
        "-h",
        "client.example",
        "-f",
        "a@b.example",
        "-t",
        "x@y.example",
        "-tls",
    ];
    let (own, sni) = (
        ["--tls-cert", &at("client.crt"), "--tls-key", &at("client.key")],
        ["--tls-sni", "other.example.net"],
    );
    for more in [&[][..], &own[..], &sni[..]] {
        let output = run("swaks", &[&common[..], more].concat(), b"");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let log = site.scratch.main_log();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains(" <= a@b.example ")).collect();
    assert_eq!(lines.len(), 3, "{log}");
    for (line, part) in
        lines.iter().zip([" CV=no ", " CV=yes DN=\"/CN=client.example.net\" ", " SNI=other.example.net "])
    {
        assert!(line.contains(" P=esmtps X=TLS1.3:") && line.contains(part), "{line}");
    }
    server.stop();
}

/// Offered within TLS alone, and kept with the message (RFC 8689).
#[test]
fn requiretls_is_offered_and_taken() {
    let Some((site, port, server)) = served("tls_requiretls") else { return };
    let at = port.to_string();
    let swaks = |more: &[&str]| {
        let common =
            ["-s", "127.0.0.1", "-p", &at, "-h", "client.example", "-f", "a@b.example", "-t", "x@y.example"];
        let output = run("swaks", &[&common[..], more].concat(), b"");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(!swaks(&["-q", "RCPT"]).contains("REQUIRETLS"));
    assert!(swaks(&["-q", "RCPT", "-tls"]).contains("<~  250-REQUIRETLS\n"));
    // swaks has no word for the parameter of MAIL.
    let said = site.s_client(
        port,
        &["-starttls", "smtp", "-crlf", "-ign_eof", "-quiet"],
        "EHLO client.example\nMAIL FROM:<a@b.example> REQUIRETLS\nRCPT TO:<x@y.example>\nDATA\nSubject: kept\n\n.\nQUIT\n",
    );
    assert!(said.contains("250 OK id="), "{said}");
    let queued = std::fs::read_dir(site.scratch.at("spool/input")).expect("a queue").filter_map(Result::ok);
    let headers = queued.map(|entry| entry.path()).filter(|path| path.to_string_lossy().ends_with("-H"));
    let headers: Vec<String> =
        headers.map(|path| std::fs::read_to_string(path).expect("it can be read")).collect();
    let [header] = &headers[..] else { panic!("{} messages", headers.len()) };
    assert!(header.contains("\n-requiretls\n"), "{header}");
    server.stop();
}

#[test]
fn every_port_speaks_tls_at_once_when_asked_to() {
    if !can_run() {
        return;
    }
    let site = Site::new("tls_on_connect");
    let port = free_port();
    let mut server = Command::new(POSTRIDER)
        .arg("-C")
        .arg(&site.config)
        .args(["-bdf", "-tls-on-connect", "-oX", &format!("127.0.0.1.{port}")])
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("the server starts");
    // The first connection that is taken tells all.
    until("the server listens", || Client::connect_silently(port).ok());
    let said = site.s_client(port, &["-crlf", "-ign_eof"], "EHLO client.example\nQUIT\n");
    let group = Pid::from_raw(server.id().cast_signed());
    killpg(group, Signal::SIGKILL).expect("it runs");
    server.wait().expect("it ended");
    assert!(said.contains("220 mail.example.net ESMTP"), "{said}");
    assert!(said.contains("250 HELP") && !said.contains("STARTTLS"), "{said}");
}

/// One record of TLS.
fn record(stream: &mut TcpStream) -> Vec<u8> {
    let mut record = vec![0; 5];
    stream.read_exact(&mut record).expect("the header of a record");
    record.resize(5 + usize::from(u16::from_be_bytes([record[3], record[4]])), 0);
    stream.read_exact(&mut record[5..]).expect("a whole record");
    record
}

/// A relay to the server for one client, whose hello alone gets through: when it says more, both are told that it has gone.
fn deaf_relay(server: u16) -> (u16, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("it has an address").port();
    let relaying = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().expect("a client comes");
        let mut server = TcpStream::connect(("127.0.0.1", server)).expect("the server listens");
        server.write_all(&record(&mut client)).expect("the server hears the hello");
        let (mut from, mut to) =
            (server.try_clone().expect("a socket"), client.try_clone().expect("a socket"));
        let back = std::thread::spawn(move || {
            // Either of them may go first.
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
        record(&mut client);
        server.shutdown(Shutdown::Write).expect("the server is there");
        back.join().expect("it copies");
    });
    (port, relaying)
}

/// OpenSSL's client prints the banner though its Finished never came to the server.
#[test]
fn openssl_is_greeted_before_its_finished() {
    if !can_run() {
        return;
    }
    let site = Site::new("tls_early");
    let early = "tls_early_banner_hosts = 127.0.0.0/8\n";
    let asked = format!("{early}tls_try_verify_hosts = *\n");
    let tell =
        "acl_smtp_connect = tell\nbegin acl\ntell:\n  accept logwrite = <$tls_in_ver $tls_in_peerdn>\n";
    let own = ["-tls1_3", "-cert", "client.crt", "-key", "client.key"];
    let table: [(&str, &[&str], bool, &str); 5] = [
        (early, &["-tls1_3"], true, "<TLS1.3 >"),
        ("", &["-tls1_3"], false, "<TLS1.3 >"),
        ("tls_early_banner_hosts = 192.0.2.0/24\n", &["-tls1_3"], false, "<TLS1.3 >"),
        (early, &["-tls1_2"], false, "<TLS1.2 >"),
        (&asked, &own, false, "<TLS1.3 /CN=client.example.net>"),
    ];
    for (options, args, expected, known) in table {
        let (clear, port) = (free_port(), free_port());
        let config = CONFIG.replace("tls_try_verify_hosts = *\n", options);
        let config = config.replace("log_selector = +tls_sni +tls_peerdn +tls_resumption\n", "");
        let config = format!("tls_on_connect_ports = {port}\n{config}{tell}");
        let mut command = command(POSTRIDER);
        command.arg("-C").arg(site.scratch.write("early.conf", &config));
        command.args(["-bdf", "-oX", &format!("127.0.0.1.{clear} : 127.0.0.1.{port}")]);
        let server = Server::start_listening(command, ([127, 0, 0, 1], clear).into());
        let (relay, relaying) = deaf_relay(port);
        let said = site.s_client(relay, &[args, &["-ign_eof"]].concat(), "");
        relaying.join().expect("the relay ends");
        assert_eq!(said.contains("220 mail.example.net ESMTP"), expected, "{options} {args:?}: {said}");
        // Without a relay all goes well.
        let said = site.s_client(port, &[args, &["-crlf", "-ign_eof"]].concat(), "QUIT\n");
        assert!(said.contains("221 mail.example.net closing connection"), "{said}");
        server.stop();
        let log = site.scratch.main_log();
        let failed =
            log.find("(SSL_accept): the peer closed the connection").expect("the first handshake fails");
        // What the ACL wrote for the first client, then for the second.
        let told: Vec<usize> = log.match_indices(known).map(|(at, _)| at).collect();
        assert_eq!(told.len(), if expected { 2 } else { 1 }, "{log}");
        assert_eq!(told[0] < failed, expected, "{log}");
        std::fs::remove_file(site.scratch.at("log/mainlog")).expect("there is a log");
    }
}
