//! Upstream's default configuration and those that Debian generates load unchanged, and mail goes through them: by SMTP
//! and by `sendmail -t`, to a mailbox, an alias, a `.forward` (one address, and everything that can stand there), and
//! another host; an ordinary user's goes through the running server.
//!
//! The files that such configurations name (`/etc/aliases`, `/var/mail`, ...) are the test's own, in a mount namespace.
//! The network namespace has loopback only; 192.0.2.1 leads to it without being an address of this host, so that
//! routers take it for another one.
#![allow(clippy::expect_used, reason = "test code outside #[test] functions")]

mod harness;

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use dns::fixture::FixtureServer;
use harness::{Client, POSTRIDER, Scratch, Server, has, inside_of, is_root, until};

const UPSTREAM: &str = "/usr/share/doc/exim4-base/examples/example.conf";
/// The domain of local mail; also what the host is called.
const HERE: &str = "here.example";
const NAMESPACES: [&str; 2] = ["--net", "--uts"];
const SETUP: &str = "
hostname here.example
ip link set lo up
ip route add local 192.0.2.0/24 dev lo
mount -t tmpfs -o mode=0755 none /home
mount -t tmpfs -o mode=0750 none /var/spool/exim4
mount -t tmpfs -o mode=0750 none /var/log/exim4
mount -t tmpfs -o mode=2775 none /var/mail
chown Debian-exim:Debian-exim /var/spool/exim4
chown Debian-exim:adm /var/log/exim4
chown root:mail /var/mail";
const ZONE: &str = "\
there.example. MX 10 mx.there.example.
mx.there.example. A 192.0.2.1
smart.example. A 192.0.2.1
";

fn can_run() -> bool {
    let debian = Path::new(UPSTREAM).exists() && Path::new("/usr/sbin/update-exim4.conf").exists();
    has(is_root(), "root") && has(debian, "exim4-base and exim4-config")
}

/// What `update-exim4.conf` makes of Debian's questions.
fn generated(scratch: &Scratch, kind: &str, split: bool) -> PathBuf {
    let conf_dir = scratch.at(&format!("etc-{kind}-{split}"));
    let copied = Command::new("cp").arg("-r").arg("/etc/exim4").arg(&conf_dir).status().expect("cp runs");
    assert!(copied.success(), "cannot copy /etc/exim4");
    let answers = format!(
        "dc_eximconfig_configtype='{kind}'\ndc_other_hostnames='{HERE}'\ndc_local_interfaces='127.0.0.1'\n\
         dc_readhost=''\ndc_relay_domains=''\ndc_minimaldns='false'\ndc_relay_nets=''\n\
         dc_smarthost='smart.example'\nCFILEMODE='644'\ndc_use_split_config='{split}'\ndc_hide_mailname=''\n\
         dc_mailname_in_oh='true'\ndc_localdelivery='mail_spool'\n"
    );
    fs::write(conf_dir.join("update-exim4.conf.conf"), answers).expect("the answers are written");
    let config = scratch.at(&format!("{kind}-{split}.conf"));
    let made =
        Command::new("/usr/sbin/update-exim4.conf").arg("-d").arg(&conf_dir).arg("-o").arg(&config).output();
    harness::succeeded(&made.expect("update-exim4.conf runs"));
    config
}

fn loads(config: &Path) {
    let output = harness::run(POSTRIDER, &["-C", &config.to_string_lossy(), "-bV"], b"");
    harness::succeeded(&output);
    let said = harness::both(&output);
    assert!(said.contains(&format!("Configuration file is {}", config.display())), "{said}");
    assert!(!said.contains("error["), "{said}");
}

#[test]
fn every_generated_configuration_loads_unchanged() {
    if !can_run() {
        return;
    }
    let scratch = Scratch::new("debian-load");
    loads(Path::new(UPSTREAM));
    for kind in ["internet", "smarthost", "local", "satellite", "none"] {
        for split in [false, true] {
            loads(&generated(&scratch, kind, split));
        }
    }
}

#[test]
fn mail_goes_through_upstreams_default() {
    if let Some(scene) = Scene::set("mail_goes_through_upstreams_default") {
        // Its local_delivery runs as the user and without the group mail: its comments ask for the sticky bit then.
        harness::set_mode(Path::new("/var/mail"), 0o1777);
        scene.mail_goes_through(Path::new(UPSTREAM), true);
    }
}

#[test]
fn mail_goes_through_debians_internet_site() {
    if let Some(scene) = Scene::set("mail_goes_through_debians_internet_site") {
        let config = generated(&scene.scratch, "internet", true);
        scene.mail_goes_through(&config, true);
        Scene::forward_does_all_it_says(&config);
        Scene::filters_defer(&config);
    }
}

/// An ordinary user may neither write the spool nor read a log: the server takes his mail, and knows whose it is.
#[test]
fn an_ordinary_user_hands_mail_to_the_server() {
    const TEST: &str = "an_ordinary_user_hands_mail_to_the_server";
    if !has(Path::new("/usr/bin/setpriv").exists(), "setpriv (util-linux)") {
        return;
    }
    let Some(scene) = Scene::set(TEST) else { return };
    let config = generated(&scene.scratch, "internet", true);
    over("/var/lib/exim4/config.autogenerated", &config);
    fs::create_dir_all("/run/postrider").expect("a place for the socket's folder");
    let mounted =
        Command::new("mount").args(["-t", "tmpfs", "-o", "mode=0755", "none", "/run/postrider"]).output();
    harness::succeeded(&mounted.expect("mount runs"));
    let mail_user = harness::mail_user().expect("Debian-exim");
    chown("/run/postrider", Some(mail_user.uid.as_raw()), Some(mail_user.gid.as_raw())).expect("its owner");
    // The program may stand where an ordinary user cannot go.
    let program = Path::new("/home/postrider");
    fs::copy(POSTRIDER, program).expect("a copy of the program");
    let as_alice = |args: &[&str], input: &str| {
        let mut command = Command::new("/usr/bin/setpriv");
        command.args(["--reuid", "23001", "--regid", "23001", "--clear-groups"]).arg(program).args(args);
        harness::run_command(&mut command, input.as_bytes())
    };
    let text = format!("To: bob@{HERE}\nBcc: info@{HERE}\nSubject: mine\n\nfrom alice herself\n");

    let refused = as_alice(&["-t"], &text);
    assert_eq!(refused.status.code(), Some(75), "{}", harness::both(&refused));
    assert!(
        harness::both(&refused).contains("the mail server is not running"),
        "{}",
        harness::both(&refused)
    );

    let server = Server::start_command(Command::new(program), harness::free_port(), &["-q1m"]);
    harness::succeeded(&as_alice(&["-t", "-oi"], &text));
    scene.arrives(&format!("alice@{HERE}"), "from alice herself");
    let arrival = log().lines().find(|line| line.contains("<=")).map(str::to_owned).expect("an arrival");
    assert!(arrival.contains(&format!("<= alice@{HERE} U=alice P=local")), "{arrival}");
    let mailbox = harness::read_text(Path::new("/var/mail/alice"));
    assert!(!mailbox.contains("Bcc:") && mailbox.contains(&format!("From: alice@{HERE}")), "{mailbox}");

    // What is wrong comes back; who calls is what the kernel says, whatever sender Debian's configuration lets him name.
    let wrong = as_alice(&["-oep", "bad@@address"], "Subject: x\n\nx\n");
    assert_eq!(wrong.status.code(), Some(1), "{}", harness::both(&wrong));
    assert!(harness::both(&wrong).contains("bad recipient address"), "{}", harness::both(&wrong));
    let queue_command = as_alice(&["-q"], "");
    assert!(!queue_command.status.success(), "{}", harness::both(&queue_command));
    harness::succeeded(&as_alice(
        &["-f", "boss@elsewhere.example", &format!("bob@{HERE}")],
        "\nfor the boss\n",
    ));
    scene.arrives(&format!("alice@{HERE}"), "for the boss");
    assert!(log().contains("<= boss@elsewhere.example U=alice P=local"), "{}", log());
    server.stop();
}

#[test]
fn mail_goes_through_debians_smarthost() {
    if let Some(scene) = Scene::set("mail_goes_through_debians_smarthost") {
        let config = generated(&scene.scratch, "smarthost", false);
        scene.mail_goes_through(&config, true);
    }
}

#[test]
fn mail_goes_through_debians_local_delivery() {
    if let Some(scene) = Scene::set("mail_goes_through_debians_local_delivery") {
        let config = generated(&scene.scratch, "local", false);
        scene.mail_goes_through(&config, false);
    }
}

/// Everybody on the host.
const USERS: [(&str, u32); 5] =
    [("alice", 23_001), ("bob", 23_002), ("carol", 23_003), ("dave", 23_004), ("erin", 23_005)];
/// Several addresses on a line, her own mailbox, a file, a command, an included list.
const CAROLS_FORWARD: &str = "\
# what carol wants
alice@here.example, \\carol
/home/carol/archive
\"|/home/carol/take\"
:include:/home/carol/more
";

/// A file in a user's home.
fn of_user(user: &str, name: &str, mode: u32, text: &str) {
    let uid = USERS.iter().find(|(known, _)| *known == user).expect("a user").1;
    let path = Path::new("/home").join(user).join(name);
    fs::write(&path, text).expect("the file is written");
    chown(&path, Some(uid), Some(uid)).expect("its owner");
    harness::set_mode(&path, mode);
}

/// A host with five users, an alias, a name server and another host's port 25.
struct Scene {
    scratch: Scratch,
    sink: Sink,
    _names: FixtureServer,
}

impl Scene {
    fn set(test: &str) -> Option<Self> {
        if !can_run() || !inside_of(test, &NAMESPACES, SETUP) {
            return None;
        }
        let scratch = Scratch::new("debian");
        let mut passwd = fs::read_to_string("/etc/passwd").expect("/etc/passwd");
        for (user, uid) in USERS {
            writeln!(passwd, "{user}:x:{uid}:{uid}::/home/{user}:/bin/sh").expect("a line");
            let home = Path::new("/home").join(user);
            fs::create_dir(&home).expect("a home");
            chown(&home, Some(uid), Some(uid)).expect("its owner");
        }
        of_user("bob", ".forward", 0o644, &format!("alice@{HERE}\n"));
        // Nobody but carol may look into her home.
        harness::set_mode(Path::new("/home/carol"), 0o700);
        of_user("carol", ".forward", 0o600, CAROLS_FORWARD);
        of_user("carol", "more", 0o600, "# and a file from an included list\n/home/carol/included\n");
        of_user(
            "carol",
            "take",
            0o700,
            "#!/bin/sh\nid -un > /home/carol/who\nexec cat >> /home/carol/piped\n",
        );
        of_user("dave", ".forward", 0o600, "# Exim filter\ndeliver alice\n");
        of_user("erin", ".forward", 0o600, "# Sieve filter\nkeep;\n");
        over("/etc/passwd", &scratch.write("passwd", &passwd));
        over("/etc/aliases", &scratch.write("aliases", "info: alice\npostmaster: root\n"));
        over("/etc/mailname", &scratch.write("mailname", &format!("{HERE}\n")));
        over("/etc/resolv.conf", &scratch.write("resolv.conf", "nameserver 127.0.0.1\n"));
        over("/etc/hosts", &scratch.write("hosts", &format!("127.0.0.1 localhost\n127.0.1.1 {HERE}\n")));
        let names = FixtureServer::start_on(([127, 0, 0, 1], 53).into(), ZONE).expect("a name server");
        Some(Self { scratch, sink: Sink::start(), _names: names })
    }

    fn mail_goes_through(&self, config: &Path, remote: bool) {
        loads(config);
        let mut recipients = vec![format!("alice@{HERE}"), format!("info@{HERE}"), format!("bob@{HERE}")];
        if remote {
            recipients.push("someone@there.example".to_owned());
        }
        let server = Server::start(config, harness::free_port(), &["-q1m"]);
        let mut client = Client::connect(server.port()).expect("the server greets");
        assert_eq!(client.say(b"EHLO client.example\r\n").code, 250);
        for to in &recipients {
            let text = format!("From: alice@{HERE}\nTo: {to}\nSubject: by SMTP\n\nby SMTP to {to}\n");
            let reply = client.send(&format!("alice@{HERE}"), std::slice::from_ref(to), text.as_bytes());
            assert_eq!(reply.code, 250, "{to}: {reply:?}\n{}", log());
        }
        for to in &recipients {
            let text = format!("From: alice@{HERE}\nTo: {to}\nSubject: by -t\n\nby -t to {to}\n");
            let args = ["-C", &config.to_string_lossy(), "-odi", "-oi", "-t"];
            harness::succeeded(&harness::run(POSTRIDER, &args, text.as_bytes()));
        }
        for to in &recipients {
            for how in ["SMTP", "-t"] {
                let line = format!("by {how} to {to}");
                self.arrives(to, &line);
            }
        }
        until("the queue is empty", || queue().is_empty().then_some(()));
        // Local mail of all three kinds ended in one mailbox and nowhere else.
        let mailboxes = harness::files_below(Path::new("/var/mail"));
        assert_eq!(mailboxes, [Path::new("/var/mail/alice")]);
        server.stop();
        let panics = harness::read_text(Path::new("/var/log/exim4/paniclog"));
        assert!(panics.is_empty(), "{panics}");
    }

    /// Mail for carol goes everywhere that her `.forward` says, each thing done as her.
    fn forward_does_all_it_says(config: &Path) {
        let text = format!("From: bob@{HERE}\nTo: carol@{HERE}\nSubject: all\n\nto all that carol names\n");
        let args = ["-C", &config.to_string_lossy(), "-odi", "-oi", "-t"];
        harness::succeeded(&harness::run(POSTRIDER, &args, text.as_bytes()));
        for place in [
            "/var/mail/alice",
            "/var/mail/carol",
            "/home/carol/archive",
            "/home/carol/piped",
            "/home/carol/included",
        ] {
            let text = harness::read_text(Path::new(place));
            let count = text.lines().filter(|line| *line == "to all that carol names").count();
            assert_eq!(count, 1, "{place}: {text}\n{}", log());
            let owner = fs::metadata(place).expect("it is there").uid();
            assert_eq!(owner, if place.ends_with("alice") { 23_001 } else { 23_003 }, "the owner of {place}");
        }
        assert_eq!(harness::read_text(Path::new("/home/carol/who")), "carol\n");
        assert_eq!(queue(), Vec::<PathBuf>::new(), "{}", log());
    }

    /// Filters are not served yet: mail waits, and the log says for what.
    fn filters_defer(config: &Path) {
        for (user, kind) in [("dave", "Exim"), ("erin", "Sieve")] {
            let args = ["-C", &config.to_string_lossy(), "-odi", &format!("{user}@{HERE}")];
            harness::succeeded(&harness::run(POSTRIDER, &args, b"Subject: filtered\n\nx\n"));
            let waits = log().lines().any(|line| {
                line.contains(&format!("== {user}@{HERE}"))
                    && line.contains("filters are not implemented yet")
            });
            assert!(waits, "{kind}: {}", log());
        }
        assert_eq!(queue().len(), 2, "{}", log());
    }

    /// Waits until the line stands once where mail for `to` ends.
    fn arrives(&self, to: &str, line: &str) {
        let count = until_or(&format!("\"{line}\""), || {
            let place = if to.ends_with(&format!("@{HERE}")) {
                harness::read_text(Path::new("/var/mail/alice"))
            } else {
                self.sink.heard()
            };
            let count = place.lines().filter(|l| *l == line).count();
            (count > 0).then_some(count)
        });
        assert_eq!(count, 1, "\"{line}\" arrived more than once");
    }
}

/// [`until`] which shows the log when it was in vain.
fn until_or<T>(what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
    let begin = std::time::Instant::now();
    until(what, || {
        let answer = ready();
        assert!(answer.is_some() || begin.elapsed() < harness::PATIENCE / 2, "{what} never came\n{}", log());
        answer
    })
}

fn log() -> String {
    let place = Path::new("/var/log/exim4");
    format!("{}{}", harness::read_text(&place.join("mainlog")), harness::read_text(&place.join("paniclog")))
}

fn queue() -> Vec<PathBuf> {
    let mut files = harness::files_below(Path::new("/var/spool/exim4/input"));
    files.retain(|path| path.to_string_lossy().ends_with("-H"));
    files
}

/// Puts a file of the test's in the place of a system's one, in this mount namespace.
fn over(place: &str, file: &Path) {
    let output = Command::new("mount").arg("--bind").arg(file).arg(place).output();
    harness::succeeded(&output.expect("mount runs"));
}

/// Another host that takes all mail.
struct Sink(Arc<Mutex<String>>);

impl Sink {
    fn start() -> Self {
        let listener = TcpListener::bind(("192.0.2.1", 25)).expect("the other host's port");
        let heard = Arc::new(Mutex::new(String::new()));
        let keep = Arc::clone(&heard);
        std::thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                let keep = Arc::clone(&keep);
                std::thread::spawn(move || Self::serve(&stream, &keep));
            }
        });
        Self(heard)
    }

    fn heard(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// One connection, until the client leaves.
    fn serve(mut stream: &TcpStream, keep: &Mutex<String>) {
        let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
        let mut say = move |text: &str| stream.write_all(text.as_bytes()).is_ok();
        say("220 there.example ESMTP\r\n");
        while let Some(line) = lines.next() {
            let word = line.get(..4).unwrap_or_default().to_ascii_uppercase();
            if word == "DATA" {
                say("354 go on\r\n");
                let text: Vec<String> = lines.by_ref().take_while(|line| line != ".").collect();
                let mut keep = keep.lock().unwrap_or_else(PoisonError::into_inner);
                keep.push_str(&text.join("\n"));
                keep.push('\n');
            }
            let more = match word.as_str() {
                "EHLO" => say("250-there.example\r\n250-PIPELINING\r\n250 SIZE\r\n"),
                "QUIT" => !say("221 bye\r\n"),
                _ => say("250 OK\r\n"),
            };
            if !more {
                return;
            }
        }
    }
}
