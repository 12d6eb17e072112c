//! The three that are asked: Postrider, Exim and Postfix's `posttls-finger`.

use std::fmt::Write as _;
use std::path::Path;

use crate::harness::{self, EXIM, POSTRIDER, command, read_text, run_command};
use crate::world::{Verdict, World, postfix};

/// Queue runs, and sessions of `posttls-finger`, at the same time.
const AT_ONCE: usize = 4;

/// Who else is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Witness {
    Exim,
    Postfix,
}

/// Whether DANE is obeyed where it is found, or demanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Tried,
    Required,
}

impl Witness {
    /// Whether its verdict is this one. `posttls-finger` carries no mail: what is not sent never comes back.
    pub(crate) fn agrees(self, ends: Verdict, want: Verdict) -> bool {
        let is_sent = |verdict| matches!(verdict, Verdict::Verified | Verdict::Encrypted);
        ends == want || (self == Self::Postfix && !is_sent(ends) && !is_sent(want))
    }
}

impl Mode {
    /// The one that is for this mode.
    pub(crate) fn of<T>(self, (tried, required): (T, T)) -> T {
        match self {
            Self::Tried => tried,
            Self::Required => required,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Tried => "try",
            Self::Required => "require",
        }
    }
}

/// What Postrider and Exim have in common.
const CLIENT: &str = "\
primary_hostname = mail.client.test
spool_directory = @SPOOL@
log_file_path = @SPOOL@/log/%slog
keep_environment =
never_users =
queue_only
tls_advertise_hosts =
log_selector = +dnssec
begin routers
bounces:
  driver = redirect
  domains = client.test
  data = :blackhole:
dns:
  driver = dnslookup
  self = send
  transport = remote
begin transports
remote:
  driver = smtp
  allow_localhost
  hosts_@MODE@_dane = *
begin retry
* * F,2h,15m
";

pub(crate) fn postrider(world: &World, mode: Mode) -> Vec<Verdict> {
    let spool = spool(world, &format!("postrider-{}", mode.word()));
    let own = format!(
        "dns_servers = 127.0.0.1::{}\ndnssec_trust_anchors = @DIR@/root.ds\n",
        world.iterator.address.port()
    );
    let config = world.scratch.write(&format!("{}.conf", mode.word()), &(own + &client(&spool, mode)));
    delivered(world, POSTRIDER, &["-C", &config.to_string_lossy()], &spool)
}

pub(crate) fn exim(world: &World, mode: Mode) -> Vec<Verdict> {
    let spool = spool(world, &format!("exim-{}", mode.word()));
    std::fs::write("/etc/exim4/exim4.conf", client(&spool, mode)).expect("a namespace of our own");
    delivered(world, EXIM, &[], &spool)
}

fn spool(world: &World, name: &str) -> String {
    let spool = world.scratch.at(name);
    for place in [spool.clone(), spool.join("log")] {
        std::fs::create_dir(&place).expect("a directory");
        harness::give_to_mail_user(&place);
    }
    spool.to_string_lossy().into_owned()
}

fn client(spool: &str, mode: Mode) -> String {
    CLIENT.replace("@SPOOL@", spool).replace("@MODE@", mode.word())
}

/// Hands in a message for each case and runs the queue once.
fn delivered(world: &World, program: &str, args: &[&str], spool: &str) -> Vec<Verdict> {
    let mut batch = String::new();
    for domain in &world.domains {
        let _ = write!(
            batch,
            "MAIL FROM:<ann@client.test>\nRCPT TO:<x@{domain}>\nDATA\nSubject: {domain}\n\nhello\n.\n"
        );
    }
    let handed_in = run_command(command(program).args(args).arg("-bS"), batch.as_bytes());
    harness::succeeded(&handed_in);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| harness::succeeded(&run_command(command(program).args(args).arg("-q"), b"")));
        }
    });
    let log = read_text(&Path::new(spool).join("log/mainlog"));
    world.domains.iter().map(|domain| verdict_of(&log, domain)).collect()
}

fn verdict_of(log: &str, domain: &str) -> Verdict {
    let about = format!(" x@{domain}");
    let mut lines =
        log.lines().filter(|line| line.contains(&format!("{about} ")) || line.contains(&format!("{about}:")));
    let end = lines.find_map(|line| {
        let sign = line.split(' ').find(|word| matches!(*word, "=>" | "==" | "**"))?;
        Some(match sign {
            "=>" if line.contains(" CV=dane") => Verdict::Verified,
            "=>" if line.contains(" X=TLS") => Verdict::Encrypted,
            "==" => Verdict::Waits,
            "**" => Verdict::Returned,
            _ => return None,
        })
    });
    end.unwrap_or_else(|| panic!("nothing became of the mail for {domain}: {log}"))
}

/// Postfix's levels `dane` and `dane-only`. Without records that can be used the first is content with any certificate; the
/// second wants one with the right name (`secure`), and finds none, as it knows no authority.
pub(crate) fn posttls_finger(world: &World, mode: Mode) -> Vec<Verdict> {
    let folder = world.scratch.at(&format!("postfix-{}", mode.word()));
    std::fs::create_dir(&folder).expect("a directory");
    let config = format!(
        "mail_owner = Debian-exim\nsetgid_group = mail\ncompatibility_level = 3.6\nqueue_directory = {}\n",
        folder.display()
    );
    std::fs::write(folder.join("main.cf"), config).expect("a file is written");
    of_each(world, |domain| finger(&folder, mode, domain))
}

/// Asks about each domain, about some at the same time.
fn of_each<T: Send>(world: &World, ask: impl Fn(&str) -> T + Sync) -> Vec<T> {
    let share = world.domains.len().div_ceil(AT_ONCE);
    std::thread::scope(|scope| {
        let ask = &ask;
        let shares = world.domains.chunks(share);
        let asked: Vec<_> = shares
            .map(|share| scope.spawn(move || share.iter().map(|it| ask(it)).collect::<Vec<T>>()))
            .collect();
        asked.into_iter().flat_map(|thread| thread.join().expect("it was understood")).collect()
    })
}

/// Exit code and text of `postrider tls-policy`, by the configuration that [`postrider`] has written.
pub(crate) fn tls_policy(world: &World, mode: Mode) -> Vec<(Option<i32>, String)> {
    let config = world.scratch.at(&format!("{}.conf", mode.word()));
    of_each(world, |domain| {
        let mut policy = command(POSTRIDER);
        policy.args(["tls-policy", "-C"]).arg(&config).arg(domain);
        let said = run_command(&mut policy, b"");
        (said.status.code(), harness::both(&said))
    })
}

fn finger(folder: &Path, mode: Mode, domain: &str) -> Verdict {
    let place = postfix().expect("asked for before");
    let level = if mode == Mode::Tried { "dane" } else { "dane-only" };
    let mut finger = command(&place.join("usr/sbin/posttls-finger").to_string_lossy());
    finger.env("MAIL_CONFIG", folder).env("LD_LIBRARY_PATH", place.join("usr/lib/postfix"));
    let said = harness::both(&run_command(finger.args(["-c", "-L", "summary", "-l", level, domain]), b""));
    // The words about a certificate that nobody asked for, beside those of DANE and of `secure`.
    let of_no_matter = "posttls-finger: certificate verification failed for";
    // Of a host that it does not know for certain it says less than it does.
    let is_trusted = said.contains("MX RRset insecure: log verified as trusted")
        && said.contains("Trusted TLS connection established");
    if is_trusted || said.contains("Verified TLS connection established") {
        Verdict::Verified
    } else if mode == Mode::Tried && said.contains(of_no_matter) {
        Verdict::Encrypted
    } else {
        let understood = [
            "Untrusted TLS connection established",
            "TLSA lookup error",
            "Destination address lookup failed: Host or domain name not found",
        ];
        assert!(understood.iter().any(|words| said.contains(words)), "posttls-finger said {said}");
        Verdict::Waits
    }
}
