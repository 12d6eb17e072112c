//! What a server staples to its certificate, and what becomes of a message: Debian's Exim and this program deliver to the
//! same servers, each of which staples another response made by OpenSSL.
#![allow(clippy::expect_used, reason = "test code outside #[test] functions")]

mod harness;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use harness::{POSTRIDER, Scratch, command, has, is_root, read_text, run_command};
use mail_types::clock::SystemClock;
use tls::{Acceptor, AcceptorSettings, Identity, Requirement, Stream};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

const EXIM: &str = "/usr/sbin/exim4";

/// What a server staples, how it ends with Exim and with us. An ending is that of a host whose proof is looked at; of one
/// that has to have a good one; of one whose proof is not asked for; and of one whose certificate has to be verified.
struct Row {
    kind: &'static str,
    exim: [&'static str; 4],
    ours: [&'static str; 4],
}

const NONE: &str = "(certificate status check failed): clear 0";
const TAKEN: [&str; 4] = ["CV=yes 4", "CV=yes 4", "CV=yes 0", "CV=yes 4"];
const INVALID: [&str; 4] =
    ["CV=no 3", NONE, "CV=no 0", "(certificate verification failed): certificate invalid: clear 0"];

/// An ending of ours: a proof that proves nothing, neither way.
macro_rules! no_proof {
    ($why:literal) => {
        [
            "CV=yes 3",
            concat!("(certificate status check failed): ", $why, ": clear 0"),
            "CV=yes 0",
            "CV=yes 3",
        ]
    };
}

/// An ending of ours: a proof that is not what the issuer says.
macro_rules! invalid {
    ($why:literal) => {
        [
            "CV=no 3",
            concat!("(certificate status check failed): ", $why, ": clear 0"),
            "CV=yes 0",
            concat!("(certificate verification failed): certificate invalid: OCSP: ", $why, ": clear 0"),
        ]
    };
}

const ROWS: [Row; 14] = [
    Row {
        kind: "none",
        exim: ["CV=yes 3", NONE, "CV=yes 0", "CV=yes 3"],
        ours: [
            "CV=yes 1",
            "(certificate status check failed): no proof was sent: clear 0",
            "CV=yes 0",
            "CV=yes 1",
        ],
    },
    Row { kind: "good", exim: TAKEN, ours: TAKEN },
    Row {
        kind: "revoked",
        exim: ["CV=no 3", NONE, "CV=no 0", "(certificate verification failed): certificate revoked: clear 0"],
        ours: [
            "CV=no 3",
            "(certificate status check failed): the certificate was revoked: clear 0",
            "CV=yes 0",
            "(certificate verification failed): certificate was revoked: clear 0",
        ],
    },
    Row { kind: "expired", exim: INVALID, ours: invalid!("the response is out of date") },
    Row { kind: "another", exim: INVALID, ours: invalid!("the response is about another certificate") },
    Row { kind: "foreign", exim: INVALID, ours: invalid!("the response is about another certificate") },
    Row {
        kind: "forged",
        exim: INVALID,
        ours: invalid!("the signature of the response is not its issuer's"),
    },
    Row { kind: "future", exim: TAKEN, ours: no_proof!("the response is from the future") },
    Row { kind: "unknown", exim: TAKEN, ours: no_proof!("the responder does not know the certificate") },
    Row { kind: "unlimited", exim: TAKEN, ours: no_proof!("the response does not say how long it holds") },
    Row { kind: "refused", exim: TAKEN, ours: no_proof!("the responder has no answer") },
    Row { kind: "rubbish", exim: INVALID, ours: invalid!("the response can't be read") },
    Row { kind: "delegated", exim: TAKEN, ours: TAKEN },
    Row {
        kind: "undelegated",
        exim: INVALID,
        ours: invalid!("the signature of the response is not its issuer's"),
    },
];

/// An authority, a certificate, and responses about it.
const SCRIPT: &str = "
    set -e
    key() { openssl ecparam -name prime256v1 -genkey -noout -out $1.key; }
    for name in ca foreign; do
      key $name
      openssl req -x509 -new -key $name.key -subj /CN=Authority -days 3650 -out $name.pem -addext basicConstraints=critical,CA:TRUE
    done
    printf 'subjectAltName=DNS:mx.test.example,IP:127.0.0.1\\nbasicConstraints=CA:FALSE\\n' > ext
    for name in mx another; do
      key $name
      openssl req -new -key $name.key -subj /CN=mx.test.example -out $name.csr
      serial=0x2001; if [ $name = another ]; then serial=0x2002; fi
      openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -set_serial $serial -days 3650 -extfile ext -out $name.crt
    done
    cat mx.crt mx.key > mx.pem
    # A minute ago for everything, so that no clock is ahead of what was made.
    printf 'V\\t20400101000000Z\\t\\t2001\\tunknown\\t/CN=x\\nV\\t20400101000000Z\\t\\t2002\\tunknown\\t/CN=y\\n' > index
    printf 'R\\t20400101000000Z\\t200101000000Z\\t2001\\tunknown\\t/CN=x\\n' > index.revoked
    : > index.empty
    asked() { openssl ocsp -issuer $1 -cert $2 -reqout req -no_nonce; }
    answer() {
      name=$1 index=$2 authority=$3; shift 3
      \"$@\" openssl ocsp -index $index -CA $authority.pem -rsigner $authority.pem -rkey $authority.key -reqin req -respout $name.der $validity
    }
    # The program `faketime` fails where another process of its number left its semaphore behind; its library does not.
    at() { clock=$1; shift; env LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1 FAKETIME=$clock \"$@\"; }
    asked ca.pem mx.crt
    validity='-ndays 3000'
    answer good index ca env
    answer revoked index.revoked ca env
    answer unknown index.empty ca env
    answer future index ca at +20d
    validity='-ndays 3000 -badsig'
    answer forged index ca env
    validity='-ndays 1'
    answer expired index ca at -20d
    validity=
    answer unlimited index ca env
    validity='-ndays 3000'
    asked ca.pem another.crt
    answer another index ca env
    asked foreign.pem mx.crt
    answer foreign index foreign env
    printf '\\060\\003\\012\\001\\003' > refused.der
    printf rubbish > rubbish.der
    for name in delegated undelegated; do
      key $name
      openssl req -new -key $name.key -subj /CN=$name -out $name.csr
      usage=clientAuth; if [ $name = delegated ]; then usage=OCSPSigning; fi
      printf \"basicConstraints=CA:FALSE\\nextendedKeyUsage=$usage\\n\" > ext.$name
      openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -set_serial 0x30 -days 3650 -extfile ext.$name -out $name.pem
      asked ca.pem mx.crt
      openssl ocsp -index index -CA ca.pem -rsigner $name.pem -rkey $name.key -reqin req -respout $name.der $validity
    done
";

const CLIENT: &str = "\
primary_hostname = client.test
spool_directory = @SPOOL@
log_file_path = @SPOOL@/log/%slog
keep_environment =
exim_path = @PROGRAM@
check_spool_space = 0
check_spool_inodes = 0
check_log_space = 0
remote_max_parallel = 1
log_selector = +tls_certificate_verified -tls_cipher
received_header_text = Received: here
begin routers
@ROUTERS@begin transports
@TRANSPORTS@begin retry
* * F,2h,15m
";

/// The transports, in the order of the endings of a row, and again with TLS 1.2.
const MODES: [(&str, &str); 8] = [
    ("asked", ""),
    ("need", "  hosts_require_ocsp = *\n"),
    ("never", "  hosts_request_ocsp =\n"),
    ("verify", "  tls_verify_hosts = *\n"),
    ("asked12", "  tls_require_ciphers = NORMAL:-VERS-TLS1.3\n"),
    ("need12", "  hosts_require_ocsp = *\n  tls_require_ciphers = NORMAL:-VERS-TLS1.3\n"),
    ("never12", "  hosts_request_ocsp =\n  tls_require_ciphers = NORMAL:-VERS-TLS1.3\n"),
    ("verify12", "  tls_verify_hosts = *\n  tls_require_ciphers = NORMAL:-VERS-TLS1.3\n"),
];

fn routers() -> String {
    let router = |(mode, _)| {
        format!(
            "{mode}:\n  driver = manualroute\n  domains = *.{mode}.example\n  route_data = 127.0.0.1\n  \
             self = send\n  transport = to_{mode}\n"
        )
    };
    MODES.map(router).concat()
}

fn transports() -> String {
    let mut text = String::new();
    for (mode, options) in MODES {
        let _ = write!(
            text,
            "to_{mode}:\n  driver = smtp\n  allow_localhost\n  hosts_try_dane =\n  connection_max_messages = 1\n  \
             port = ${{lookup{{${{extract{{1}}{{.}}{{$domain}}}}}}lsearch{{@DIR@/ports}}}}\n  \
             headers_add = X-Ocsp: $tls_out_ocsp\n  tls_verify_certificates = @DIR@/ca.pem\n{options}"
        );
    }
    text
}

/// What became of each message: what its log lines say, and `$tls_out_ocsp` as the server heard it.
type Endings = HashMap<String, String>;

/// Servers, and the value of the header line that came with each message.
struct Servers {
    scratch: Scratch,
    heard: Arc<Mutex<HashMap<String, String>>>,
}

impl Servers {
    fn start() -> Self {
        let scratch = Scratch::new("stapled_proofs");
        let made = run_command(command("sh").args(["-c", SCRIPT]).current_dir(scratch.path()), b"");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let pem = scratch.at("mx.pem");
        let identity = Identity::load(&pem, &pem).expect("OpenSSL made it");
        let heard = Arc::<Mutex<HashMap<String, String>>>::default();
        let mut ports = String::new();
        for Row { kind, .. } in ROWS {
            let shown = match kind {
                "none" => identity.clone(),
                kind => identity.with_proof(std::fs::read(scratch.at(&format!("{kind}.der"))).expect("made")),
            };
            let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
            let port = listener.local_addr().expect("bound").port();
            let _ = writeln!(ports, "{kind}: {port}");
            let heard = Arc::clone(&heard);
            std::thread::spawn(move || serve(listener, shown, heard));
        }
        scratch.write("ports", &ports);
        Self { scratch, heard }
    }

    /// Hands in a message for each case, and runs the queue.
    fn endings(&self, program: &str) -> Endings {
        let name = Path::new(program).file_name().expect("a name").to_string_lossy().into_owned();
        let spool = self.scratch.at(&format!("spool-{name}"));
        for place in [spool.clone(), spool.join("log")] {
            std::fs::create_dir(&place).expect("a directory");
            harness::give_to_mail_user(&place);
        }
        let text = CLIENT.replace("@ROUTERS@", &routers()).replace("@TRANSPORTS@", &transports());
        let text = text.replace("@SPOOL@", &spool.to_string_lossy()).replace("@PROGRAM@", program);
        let config = self.scratch.write(&format!("{name}.conf"), &text);
        let mut batch = String::new();
        for domain in domains() {
            let _ = write!(
                batch,
                "MAIL FROM:<ann@client.test>\nRCPT TO:<x@{domain}>\nDATA\nSubject: {domain}\n\nhello\n.\n"
            );
        }
        for args in [["-odq", "-bS"].as_slice(), &["-q"]] {
            harness::succeeded(&run_command(
                command(program).arg("-C").arg(&config).args(args),
                batch.as_bytes(),
            ));
        }
        let log = read_text(&spool.join("log/mainlog"));
        let mut heard = std::mem::take(&mut *self.heard.lock().expect("whole"));
        domains()
            .into_iter()
            .map(|domain| (domain.clone(), ending(&log, &domain, heard.remove(&domain))))
            .collect()
    }
}

fn domains() -> Vec<String> {
    let of = |(mode, _): (&str, _)| ROWS.map(|Row { kind, .. }| format!("{kind}.{mode}.example"));
    MODES.into_iter().flat_map(of).collect()
}

/// `CV=` or `clear`, and the value of the variable, behind the reason why TLS was given up.
fn ending(log: &str, domain: &str, variable: Option<String>) -> String {
    let address = format!(" => x@{domain} ");
    let delivered = log.lines().find(|line| line.contains(&address)).unwrap_or_default();
    let id = delivered.split(' ').nth(2).unwrap_or("none");
    let given_up = log.lines().find(|line| line.contains(id) && line.contains(" TLS session: "));
    let reason = given_up.and_then(|line| line.split(" TLS session: ").nth(1));
    let reason = reason.and_then(|text| text.split(": delivering unencrypted").next());
    let verified = delivered.split(' ').find(|word| word.starts_with("CV=")).unwrap_or("clear");
    let reason = reason.map(|text| format!("{text}: ")).unwrap_or_default();
    format!("{reason}{verified} {}", variable.unwrap_or_else(|| "not delivered".to_owned()))
}

fn serve(listener: std::net::TcpListener, shown: Identity, heard: Arc<Mutex<HashMap<String, String>>>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let settings = AcceptorSettings {
        identities: vec![shown],
        client: Requirement::default(),
        ciphers: tls::cipher::Choice::default(),
        alpn: Vec::new(),
        tickets: None,
        early: false,
    };
    let acceptor = Acceptor::new(settings, Arc::new(SystemClock)).expect("ready");
    runtime.block_on(async {
        listener.set_nonblocking(true).expect("it can be");
        let listener = TcpListener::from_std(listener).expect("within the runtime");
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(session(stream, acceptor.clone(), Arc::clone(&heard)));
        }
    });
}

async fn session(
    stream: TcpStream,
    acceptor: Acceptor,
    heard: Arc<Mutex<HashMap<String, String>>>,
) -> Option<()> {
    let mut stream = BufReader::new(Stream::new(stream));
    stream.write_all(b"220 sink\r\n").await.ok()?;
    let mut in_data = false;
    let mut header: HashMap<String, String> = HashMap::new();
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let text = line.trim_end();
        if in_data {
            if let Some((name, value)) = text.split_once(": ") {
                header.insert(name.to_owned(), value.to_owned());
            }
            if text != "." {
                continue;
            }
            in_data = false;
            let mut heard = heard.lock().ok()?;
            heard.insert(header.remove("Subject")?, header.remove("X-Ocsp")?);
        }
        let reply: &[u8] = match text.split(' ').next()? {
            "EHLO" if stream.get_ref().is_secured() => b"250 sink\r\n",
            "EHLO" => b"250-sink\r\n250 STARTTLS\r\n",
            "DATA" => {
                in_data = true;
                b"354 go\r\n"
            }
            _ => b"250 ok\r\n",
        };
        stream.write_all(reply).await.ok()?;
        if text == "STARTTLS" {
            stream.get_mut().hello().await.ok()?;
            stream.get_mut().accept(&acceptor).await.ok()?;
        }
    }
}

#[test]
fn exim_and_we_judge_the_same_proofs() {
    let there = |path: &str| has(Path::new(path).exists(), path);
    if !(there(EXIM)
        && there("/usr/bin/openssl")
        && there("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
        && has(is_root(), "root"))
    {
        return;
    }
    let servers = Servers::start();
    let exims = servers.endings(EXIM);
    let ours = servers.endings(POSTRIDER);
    let mut wrong = Vec::new();
    for Row { kind, exim, ours: own } in ROWS {
        for (at, (mode, _)) in MODES.into_iter().enumerate() {
            let domain = format!("{kind}.{mode}.example");
            for (who, endings, want) in [("Exim", &exims, exim[at % 4]), ("Postrider", &ours, own[at % 4])] {
                if endings[&domain] != want {
                    wrong.push(format!("{who}, {domain}: {} instead of {want}", endings[&domain]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
