//! `-bs` with a connection that inetd took, with a socket of the file system and with pipes as standard input, in clear and
//! with TLS: Debian's Exim and this program say and log the same.
#![allow(clippy::expect_used, reason = "test code outside #[test] functions")]

mod harness;

use std::fmt::Write as _;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use harness::{EXIM, POSTRIDER, Scratch, command, has, is_root, read_text};
use mail_types::clock::SystemClock;
use tls::{Connector, ConnectorRequest, Store, Stream};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::unix::pipe;
use tokio::net::{TcpListener, TcpStream, UnixStream};

const CONFIG: &str = "\
primary_hostname = mail.test
spool_directory = @SPOOL@
log_file_path = @SPOOL@/log/%slog
keep_environment =
exim_path = @PROGRAM@
check_spool_space = 0
check_spool_inodes = 0
check_log_space = 0
log_selector = +smtp_connection +smtp_no_mail +incoming_interface +tls_sni
tls_advertise_hosts = *
.ifndef CERTIFICATE
CERTIFICATE = @DIR@/mx.pem
.endif
tls_certificate = CERTIFICATE
MORE =
MORE
acl_smtp_connect = connect
acl_smtp_mail = mail
acl_smtp_rcpt = accept
begin acl
connect:
  accept logwrite = connect <$sender_host_address> <$received_protocol> ${if def:tls_in_cipher{$tls_in_ver $tls_in_bits $tls_in_sni}} <$sender_ident>
mail:
  accept logwrite = mail <$sender_host_address> <$received_protocol> ${if def:tls_in_cipher{$tls_in_ver}}
begin routers
all:
  driver = redirect
  data = :blackhole:
";

/// What standard input is.
#[derive(Clone, Copy, Debug)]
enum Input {
    /// A connection of the Internet.
    Tcp,
    /// A connected pair of the file system.
    Unix,
    /// Two pipes.
    Pipes,
}

struct Row {
    what: &'static str,
    input: Input,
    args: &'static [&'static str],
    /// `TLS` is a handshake, and so is `STARTTLS` after its reply; `greeting` listens; all else is said and answered.
    said: &'static [&'static str],
    /// Replies without their texts, log lines, what stands on standard error, the exit code.
    want: &'static str,
}

const HELO: [&str; 3] = ["greeting", "HELO x", "QUIT"];

/// A client that begins with TLS and hands over a message.
const MESSAGE_UNDER_TLS: &[&str] = &[
    "TLS",
    "greeting",
    "EHLO x",
    "MAIL FROM:<a@b.test>",
    "RCPT TO:<c@d.test>",
    "DATA",
    "Subject: x\r\n\r\ny\r\n.",
    "QUIT",
];

const ROWS: [Row; 13] = [
    Row {
        what: "a connection in clear, and a message that stays in the queue",
        input: Input::Tcp,
        args: &["-bs", "-odq"],
        said: &[
            "greeting",
            "HELO x",
            "MAIL FROM:<a@b.test>",
            "RCPT TO:<c@d.test>",
            "DATA",
            "Subject: x\r\n\r\ny\r\n.",
            "QUIT",
        ],
        want: "220 250 250 250 354 250 221\n\
               SMTP connection from <peer> (via inetd)\n\
               connect <127.0.0.1> <smtp>  <>\n\
               mail <127.0.0.1> <smtp> \n\
               <id> <= a@b.test H=(x) <peer> <end> P=smtp S=<n>\n\
               SMTP connection from (x) <peer> (via inetd) closed by QUIT\n\
               exit 0",
    },
    Row {
        what: "nobody is asked to wait for a greeting",
        input: Input::Tcp,
        args: &["-bs", "-DMORE=host_reject_connection=*"],
        said: &["greeting"],
        want: "554\n\
               SMTP connection from <peer> (via inetd)\n\
               refused connection from <peer> <end> (host_reject_connection)\n\
               exit 0",
    },
    Row {
        what: "what a caller says of the host does not count",
        input: Input::Tcp,
        args: &["-bs", "-oMa", "192.0.2.1", "-oMt", "joe"],
        said: &HELO,
        want: "220 250 221\n\
               SMTP connection from <peer> (via inetd)\n\
               connect <127.0.0.1> <smtp>  <>\n\
               SMTP connection from (x) <peer> (via inetd) closed by QUIT\n\
               no MAIL in SMTP connection from (x) <peer> <end> D=<n> C=HELO,QUIT\n\
               exit 0",
    },
    Row {
        what: "a client that goes away",
        input: Input::Tcp,
        args: &["-bs"],
        said: &["greeting", "HELO x"],
        want: "220 250\n\
               SMTP connection from <peer> (via inetd)\n\
               connect <127.0.0.1> <smtp>  <>\n\
               SMTP connection from (x) <peer> (via inetd) lost D=<n>\n\
               no MAIL in SMTP connection from (x) <peer> <end> D=<n> C=HELO\n\
               exit 1",
    },
    Row {
        what: "STARTTLS",
        input: Input::Tcp,
        args: &["-bs"],
        said: &["greeting", "EHLO x", "STARTTLS", "EHLO y", "QUIT"],
        want: "220 250 220 250 221\n\
               SMTP connection from <peer> (via inetd)\n\
               connect <127.0.0.1> <smtp>  <>\n\
               SMTP connection from (y) <peer> (via inetd) closed by QUIT\n\
               no MAIL in SMTP connection from (y) <peer> <end> D=<n> X=<cipher> CV=no SNI=mx.test C=EHLO,STARTTLS,EHLO,QUIT\n\
               exit 0",
    },
    Row {
        what: "TLS on connect by the command line",
        input: Input::Tcp,
        args: &["-bs", "-tls-on-connect", "-odq"],
        said: MESSAGE_UNDER_TLS,
        want: "220 250 250 250 354 250 221\n\
               SMTP connection from <peer> (via inetd)\n\
               connect <127.0.0.1> <smtp> TLS1.3 256 mx.test <>\n\
               mail <127.0.0.1> <esmtps> TLS1.3\n\
               <id> <= a@b.test H=(x) <peer> <end> P=esmtps X=<cipher> CV=no SNI=mx.test S=<n>\n\
               SMTP connection from (x) <peer> (via inetd) closed by QUIT\n\
               exit 0",
    },
    Row {
        what: "TLS on connect by the port",
        input: Input::Tcp,
        args: &["-bs", "-DMORE=tls_on_connect_ports=@PORT@"],
        said: &["TLS", "greeting", "HELO x", "QUIT"],
        want: "220 250 221\n\
               SMTP connection from <peer> (via inetd)\n\
               connect <127.0.0.1> <smtp> TLS1.3 256 mx.test <>\n\
               SMTP connection from (x) <peer> (via inetd) closed by QUIT\n\
               no MAIL in SMTP connection from (x) <peer> <end> D=<n> X=<cipher> CV=no SNI=mx.test C=HELO,QUIT\n\
               exit 0",
    },
    Row {
        what: "no certificate",
        input: Input::Tcp,
        args: &["-bs", "-tls-on-connect", "-DCERTIFICATE=/nonexistent"],
        said: &["greeting"],
        want: "end\n\
               SMTP connection from <peer> (via inetd)\n\
               TLS error on connection from <peer> (via inetd) (cert/key setup<why>\n\
               exit 0",
    },
    Row {
        what: "words in clear instead of a hello",
        input: Input::Tcp,
        args: &["-bs", "-tls-on-connect"],
        said: &["HELO x"],
        want: "end\n\
               SMTP connection from <peer> (via inetd)\n\
               TLS error on connection from <peer> (via inetd) (<why>\n\
               exit 0",
    },
    Row {
        what: "a caller behind a socket of the file system",
        input: Input::Unix,
        args: &["-bs", "-tls-on-connect", "-odq"],
        said: MESSAGE_UNDER_TLS,
        want: "220 250 250 250 354 250 221\n\
               SMTP connection from root\n\
               connect <> <local-smtp> TLS1.3 256 mx.test <root>\n\
               mail <> <local-esmtps> TLS1.3\n\
               <id> <= a@b.test U=root P=local-esmtps X=<cipher> CV=no SNI=mx.test S=<n>\n\
               SMTP connection from root closed by QUIT\n\
               exit 0",
    },
    Row {
        what: "such a caller speaks in clear",
        input: Input::Unix,
        args: &["-bs", "-tls-on-connect"],
        said: &["HELO x"],
        want: "end\n\
               SMTP connection from root\n\
               TLS error on connection from root (<why>\n\
               exit 0",
    },
    Row {
        what: "a port that a caller names is none of ours",
        input: Input::Unix,
        args: &[
            "-bs",
            "-oMa",
            "192.0.2.1.4000",
            "-oMi",
            "192.0.2.25.465",
            "-DMORE=tls_on_connect_ports=465",
            "-DCERTIFICATE=",
        ],
        said: &["greeting", "QUIT"],
        want: "220 221\n\
               SMTP connection from root\n\
               connect <192.0.2.1> <smtp>  <root>\n\
               SMTP connection from root closed by QUIT\n\
               no MAIL in SMTP connection from [192.0.2.1] I=[192.0.2.25]:465 U=root D=<n> C=QUIT\n\
               exit 0",
    },
    Row {
        what: "pipes in clear",
        input: Input::Pipes,
        args: &["-bs"],
        said: &HELO,
        want: "220 250 221\n\
               SMTP connection from root\n\
               connect <> <local-smtp>  <root>\n\
               SMTP connection from root closed by QUIT\n\
               no MAIL in SMTP connection from root D=<n> C=HELO,QUIT\n\
               exit 0",
    },
];

/// Ours alone: Exim's GnuTLS can't read from a pipe, and ends with `Error in the pull function`.
const OURS: Row = Row {
    what: "TLS on connect over pipes",
    input: Input::Pipes,
    args: &["-bs", "-tls-on-connect"],
    said: &["TLS", "greeting", "HELO x", "QUIT"],
    want: "220 250 221\n\
           SMTP connection from root\n\
           connect <> <local-smtp> TLS1.3 256 mx.test <root>\n\
           SMTP connection from root closed by QUIT\n\
           no MAIL in SMTP connection from root D=<n> X=<cipher> CV=no SNI=mx.test C=HELO,QUIT\n\
           exit 0",
};

/// A program, with a configuration and a spool of its own.
struct Site {
    scratch: Scratch,
    program: &'static str,
    connector: Connector,
}

impl Site {
    fn new(program: &'static str) -> Self {
        let scratch = Scratch::new("inetd");
        let script = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=mx.test -days 3650 \
                      -keyout key -out cert && cat cert key > mx.pem && chmod 644 mx.pem";
        let made = harness::run_command(command("sh").args(["-c", script]).current_dir(scratch.path()), b"");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let connector = Store::new(Arc::new(SystemClock)).connector(&ConnectorRequest::default());
        Self { scratch, program, connector: connector.expect("nothing is asked") }
    }

    /// Runs the program with this standard input; what came out, as [`Row::want`] has it.
    async fn run(&self, row: &Row) -> String {
        let spool = self.scratch.at("spool");
        let log = spool.join("log");
        let _ = std::fs::remove_dir_all(&log);
        std::fs::create_dir(&log).expect("a directory");
        harness::give_to_mail_user(&log);
        let text = CONFIG.replace("@SPOOL@", &spool.to_string_lossy()).replace("@PROGRAM@", self.program);
        let config = self.scratch.write("exim.conf", &text);
        let (heard, output) = match row.input {
            Input::Tcp => {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
                let address = listener.local_addr().expect("bound");
                let ours = TcpStream::connect(address).await.expect("it listens");
                let (theirs, _) = listener.accept().await.expect("a connection");
                let theirs = theirs.into_std().expect("a socket");
                theirs.set_nonblocking(false).expect("it can be");
                let theirs = OwnedFd::from(theirs);
                let again = theirs.try_clone().expect("a descriptor");
                self.talk(ours, (theirs, again), &config, address.port(), row).await
            }
            Input::Unix => {
                let (ours, theirs) = std::os::unix::net::UnixStream::pair().expect("a pair");
                ours.set_nonblocking(true).expect("it can be");
                let theirs = OwnedFd::from(theirs);
                let again = theirs.try_clone().expect("a descriptor");
                let ours = UnixStream::from_std(ours).expect("within the runtime");
                self.talk(ours, (theirs, again), &config, 0, row).await
            }
            Input::Pipes => {
                let (from, to) = (std::io::pipe().expect("a pipe"), std::io::pipe().expect("a pipe"));
                let hear = pipe::Receiver::from_owned_fd(from.0.into()).expect("a pipe");
                let say = pipe::Sender::from_owned_fd(to.1.into()).expect("a pipe");
                let ours = tokio::io::join(hear, say);
                self.talk(ours, (to.0.into(), from.1.into()), &config, 0, row).await
            }
        };
        let mut shown = heard + "\n";
        for line in read_text(&log.join("mainlog")).lines() {
            let _ = writeln!(shown, "{}", masked(line.get(20..).unwrap_or(line)));
        }
        shown.push_str(&String::from_utf8_lossy(&output.stderr));
        let _ = write!(shown, "exit {}", output.status.code().unwrap_or(-1));
        shown
    }

    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        ours: S,
        (input, output): (OwnedFd, OwnedFd),
        config: &Path,
        port: u16,
        row: &Row,
    ) -> (String, std::process::Output) {
        let mut program = command(self.program);
        program
            .arg("-C")
            .arg(config)
            .args(row.args.iter().map(|arg| arg.replace("@PORT@", &port.to_string())));
        program.stdin(Stdio::from(input)).stdout(Stdio::from(output)).stderr(Stdio::piped());
        let child = program.spawn().expect("it runs");
        // The descriptors that the command holds are closed: the program's end is the only one.
        drop(program);
        let mut stream = Stream::new(ours);
        let heard = tokio::time::timeout(harness::PATIENCE, self.dialogue(&mut stream, row.said)).await;
        // A session ends with QUIT, whether or not the client goes then.
        let stays = (row.said.last() == Some(&"QUIT")).then_some(stream);
        let mut child = child;
        let ended = tokio::task::spawn_blocking(move || {
            harness::until("the program ends", || child.try_wait().expect("it is ours"));
            child.wait_with_output()
        })
        .await;
        drop(stays);
        (heard.expect("it answers"), ended.expect("no panic").expect("it ends"))
    }

    async fn dialogue<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: &mut Stream<S>,
        said: &[&str],
    ) -> String {
        let mut codes: Vec<String> = Vec::new();
        for line in said {
            if !["TLS", "greeting"].contains(line) {
                // Who has gone shows when the reply is read.
                let _ = stream.write_all(format!("{line}\r\n").as_bytes()).await;
                let _ = stream.flush().await;
            }
            if *line != "TLS" {
                let Some(code) = reply(stream).await else {
                    codes.push("end".to_owned());
                    break;
                };
                codes.push(code);
            }
            if ["TLS", "STARTTLS"].contains(line) {
                let session = stream.connect(&self.connector, Some("mx.test"), [127, 0, 0, 1].into()).await;
                session.expect("a handshake");
            }
        }
        codes.join(" ")
    }
}

/// The code of a reply; none where there is none.
async fn reply<S: AsyncRead + Unpin>(stream: &mut S) -> Option<String> {
    let mut line = Vec::new();
    loop {
        let octet = stream.read_u8().await.ok()?;
        if octet != b'\n' {
            line.push(octet);
        } else if line.get(3) == Some(&b'-') {
            line.clear();
        } else {
            let code = line.get(..3).filter(|code| code.iter().all(u8::is_ascii_digit))?;
            return Some(String::from_utf8_lossy(code).into_owned());
        }
    }
}

/// A log line without what is never the same twice.
fn masked(line: &str) -> String {
    let words = line.split(' ').map(|word| {
        let after = |prefix: &str| word.strip_prefix(prefix).map(|_| prefix.to_owned());
        if word.starts_with("[127.0.0.1]") {
            "<peer>".to_owned()
        } else if word.starts_with("I=[127.0.0.1]:") {
            "<end>".to_owned()
        } else if word.starts_with("X=TLS1.3:") {
            "X=<cipher>".to_owned()
        } else if word.len() >= 16 && word.split('-').count() == 3 && !word.contains('=') {
            "<id>".to_owned()
        } else if let Some(prefix) = after("D=").or_else(|| after("S=")) {
            format!("{prefix}<n>")
        } else {
            word.to_owned()
        }
    });
    let line = words.collect::<Vec<_>>().join(" ");
    if !line.starts_with("TLS error") {
        return line;
    }
    // The words of a failure are each library's own.
    let at = line.rfind(" (via inetd) (").map_or_else(|| line.find(" ("), |at| Some(at + 12));
    let end =
        at.map_or(line.len(), |at| at + if line[at..].starts_with(" (cert/key setup") { 16 } else { 2 });
    format!("{}<why>", &line[..end])
}

#[test]
fn exim_and_we_serve_what_inetd_brings() {
    if !(has(Path::new(EXIM).exists(), EXIM)
        && has(Path::new("/usr/bin/openssl").exists(), "openssl")
        && has(is_root(), "root"))
    {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let mut wrong = String::new();
    for program in [EXIM, POSTRIDER] {
        let site = Site::new(program);
        let ours = if program == POSTRIDER { Some(&OURS) } else { None };
        for row in ROWS.iter().chain(ours) {
            let found = runtime.block_on(site.run(row));
            if found != row.want {
                let _ = writeln!(wrong, "--- {program}: {}\n{found}\n--- instead of\n{}", row.what, row.want);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
