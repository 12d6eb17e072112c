//! Certificates, zones and the server of the matrix.
//!
//! # Invariants
//! * OpenSSL makes the certificates and the data of the records: nothing of ours has a hand in them.
//! * Everything is in namespaces of the test's own: ports 25 and 53 of its loopback.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use crate::daemons::{self, Daemon};
use crate::harness::{self, EXIM, POSTRIDER, Scratch, Server, command, has, is_root, run_command};
use crate::zones::{self, PLAIN, Signed, Spec};

/// What the server shows. Each has an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// A good certificate, and the authority above it.
    Good,
    /// The same without the authority.
    Alone,
    /// One that has expired.
    Expired,
    /// One for another name.
    Misnamed,
    /// One below an intermediate authority, with everything above it.
    Deep,
    /// The same without the root.
    Rootless,
    /// One with the names of hosts as its common name alone.
    Common,
    /// One in the form of 1988, without extensions.
    Old,
    /// One that signed itself, and is an authority.
    Single,
    /// One that signed itself, and is none.
    Selfmade,
    /// To who asks for `r…` a good one, for `m…` an expired one, else one for another name.
    AsAsked,
}

const SHOWN: [Shown; 11] = [
    Shown::Good,
    Shown::Alone,
    Shown::Expired,
    Shown::Misnamed,
    Shown::Deep,
    Shown::Rootless,
    Shown::Common,
    Shown::Old,
    Shown::Single,
    Shown::Selfmade,
    Shown::AsAsked,
];

/// Of whom a record speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// The certificate that the server shows.
    Own,
    /// The authority at the top.
    Authority,
    /// The one between.
    Intermediate,
    /// An authority that has signed nothing.
    Stranger,
}

/// What is known of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zone {
    Secure,
    Insecure,
    /// Its TLSA records are not those that were signed.
    Bogus,
    /// Its signatures are too old.
    Lapsed,
}

const ZONES: [Zone; 4] = [Zone::Secure, Zone::Insecure, Zone::Bogus, Zone::Lapsed];

/// How a message ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Delivered, to a host that DANE has vouched for.
    Verified,
    /// Delivered over TLS, to anybody.
    Encrypted,
    /// Not now.
    Waits,
    /// Never.
    Returned,
}

/// Usage, selector, matching type, subject.
pub(crate) type Record = (u8, u8, u8, Of);

/// A domain with one host.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// What is special about its names.
    pub(crate) says: &'static str,
    /// What stands in each zone, where that is not an MX record with the name of the host, its address and `records`.
    pub(crate) layout: &'static [(Zone, &'static str)],
    pub(crate) records: Vec<Record>,
    pub(crate) shown: Shown,
    pub(crate) zone: Zone,
    /// With `hosts_try_dane`.
    pub(crate) tried: Verdict,
    /// With `hosts_require_dane`.
    pub(crate) required: Verdict,
}

impl Shown {
    fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Alone => "alone",
            Self::Expired => "expired",
            Self::Misnamed => "misnamed",
            Self::Deep => "deep",
            Self::Rootless => "rootless",
            Self::Common => "common",
            Self::Old => "old",
            Self::Single => "single",
            Self::Selfmade => "selfmade",
            Self::AsAsked => "as-asked",
        }
    }

    pub(crate) fn address(self) -> String {
        let at = SHOWN.iter().position(|shown| *shown == self).unwrap_or_default();
        format!("127.0.0.{}", at + 10)
    }
}

impl Of {
    fn name(self, shown: Shown) -> &'static str {
        match (self, shown) {
            (Self::Own, Shown::Good | Shown::Alone) => "leaf",
            (Self::Own, Shown::Expired) => "expired",
            (Self::Own, Shown::Misnamed | Shown::AsAsked) => "misnamed",
            (Self::Own, shown @ (Shown::Common | Shown::Old | Shown::Single | Shown::Selfmade)) => {
                shown.name()
            }
            (Self::Own, Shown::Deep | Shown::Rootless) => "low",
            (Self::Authority, _) => "authority",
            (Self::Intermediate, _) => "between",
            (Self::Stranger, _) => "stranger",
        }
    }
}

impl Zone {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Secure => "secure.test",
            Self::Insecure => "insecure.test",
            Self::Bogus => "bogus.test",
            Self::Lapsed => "lapsed.test",
        }
    }
}

/// What the namespaces need before the test's program is called again in them.
pub(crate) const SETUP: &str = "ip link set lo up\nmount -t tmpfs none /etc/exim4\n\
    printf 'nameserver 127.0.0.1\\noptions trust-ad timeout:2 attempts:1\\n' > /etc/exim4/resolv.conf\n\
    mount --bind /etc/exim4/resolv.conf /etc/resolv.conf\n";

/// Keys, certificates, the files that the server shows, and `CERTIFICATE.SELECTOR.MATCHING` with the data of each record.
const PKI: &str = "
set -e
key() { openssl ecparam -name prime256v1 -genkey -noout -out $1.key; }
root() { key $1; openssl req -x509 -new -key $1.key -subj \"/CN=$1\" -days 3650 -out $1.crt \\
  -addext basicConstraints=critical,CA:TRUE; }
# NAME ISSUER EXTENSION [DATES [CN]]
below() {
  key $1; openssl req -new -key $1.key -subj \"/CN=${5:-$1}\" -out $1.csr
  printf '%s\\n' \"$3\" > ext; touch index; printf '%02x' $((serial += 1)) > serial
  openssl ca -batch -config ca.conf -cert $2.crt -keyfile $2.key -in $1.csr -out $1.crt -extfile ext -notext $4 2>/dev/null
}
cat > ca.conf <<END
[ca]
default_ca = ca
[ca]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
default_days = 3650
policy = policy
unique_subject = no
[policy]
commonName = supplied
END
serial=16
root authority; root stranger
below between authority basicConstraints=critical,CA:TRUE
mine=subjectAltName=DNS:*.secure.test,DNS:*.insecure.test,DNS:*.bogus.test
below leaf authority $mine
below expired authority $mine '-startdate 20200101000000Z -enddate 20210101000000Z'
below misnamed authority subjectAltName=DNS:mx.elsewhere.test,DNS:*.end.secure.test
below common authority basicConstraints=CA:FALSE '' '*.secure.test'
key old; openssl req -new -key old.key -subj '/CN=*.secure.test' -out old.csr
openssl x509 -req -in old.csr -CA authority.crt -CAkey authority.key -set_serial 99 -days 3650 -out old.crt
for it in single,TRUE selfmade,FALSE; do
  name=${it%,*}; key $name; openssl req -x509 -new -key $name.key -subj \"/CN=$name\" -days 3650 -out $name.crt \
    -addext $mine -addext basicConstraints=critical,CA:${it#*,}
done
below low between $mine
cat leaf.crt authority.crt leaf.key > good.pem
cat leaf.crt leaf.key > alone.pem
cat expired.crt authority.crt expired.key > expired.pem
cat misnamed.crt authority.crt misnamed.key > misnamed.pem
cat old.crt authority.crt old.key > old.pem
cat single.crt single.key > single.pem
cat selfmade.crt selfmade.key > selfmade.pem
cat common.crt authority.crt common.key > common.pem
cat low.crt between.crt authority.crt low.key > deep.pem
cat low.crt between.crt low.key > rootless.pem
chmod 644 *.pem
hex() { od -An -v -tx1 | tr -d ' \\n'; }
for it in authority stranger between leaf expired misnamed common old single selfmade low; do
  openssl x509 -in $it.crt -outform DER -out $it.0
  openssl x509 -in $it.crt -noout -pubkey | openssl pkey -pubin -outform DER -out $it.1
  for part in $it.0 $it.1; do
    hex < $part > $part.0
    openssl dgst -sha256 -binary $part | hex > $part.1
    openssl dgst -sha512 -binary $part | hex > $part.2
  done
done
";

const SERVER: &str = "\
primary_hostname = server.test
spool_directory = @DIR@/server
keep_environment =
local_interfaces = @ADDRESSES@
tls_advertise_hosts = *
tls_certificate = @DIR@/${if eq{$received_ip_address}{@AS_ASKED@}\\
  {${if match{$tls_in_sni}{^r}{good}{${if match{$tls_in_sni}{^m}{expired}{misnamed}}}}}{$received_ip_address}}.pem
acl_smtp_rcpt = take
smtp_accept_max = 200
begin acl
take:
  discard
";

/// Whether everything is there that the matrix needs.
pub(crate) fn can_run() -> bool {
    let programs = ["/usr/sbin/nsd", "/usr/sbin/unbound", "/usr/bin/ldns-signzone", "/usr/bin/openssl", EXIM];
    programs.iter().all(|program| has(Path::new(program).exists(), program))
        && has(postfix().is_some(), "posttls-finger, in the target directory's `postfix` or installed")
        && has(is_root(), "root, for namespaces")
}

/// Where Debian's postfix is: unpacked in the target directory, as it can't be installed beside Exim, or installed.
pub(crate) fn postfix() -> Option<PathBuf> {
    let unpacked = Path::new(POSTRIDER).ancestors().nth(2).map(|target| target.join("postfix"));
    let mut places = unpacked.into_iter().chain([PathBuf::from("/")]);
    places.find(|place| place.join("usr/sbin/posttls-finger").exists())
}

/// Everything runs.
pub(crate) struct World {
    pub(crate) scratch: Scratch,
    /// Name of the domain of each case.
    pub(crate) domains: Vec<String>,
    /// A name server that resolves and validates nothing.
    pub(crate) iterator: Daemon,
    _validator: Daemon,
    _nsd: Daemon,
    _server: Server,
}

impl World {
    pub(crate) fn set(cases: &[Case]) -> Self {
        let scratch = Scratch::new("dane-matrix");
        let made = run_command(command("sh").args(["-c", PKI]).current_dir(scratch.path()), b"");
        harness::succeeded(&made);
        let specs: Vec<Spec> = [".", "test"]
            .into_iter()
            .map(|name| Spec { name, records: "", ..PLAIN })
            .chain(ZONES.map(|zone| spec(zone, cases, scratch.path())))
            .collect();
        let (made, root) = zones::make(scratch.path(), &specs);
        let anchor = scratch.write("root.ds", &root);
        let nsd = daemons::nsd(scratch.path(), &made);
        let iterator = daemons::unbound(scratch.path(), &made, nsd.address, None);
        let port_53 = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 53);
        let validator = daemons::unbound_at(port_53, scratch.path(), &made, nsd.address, Some(&anchor));
        let server = server(&scratch);
        let domains = (0..cases.len()).map(|at| domain(at, &cases[at])).collect();
        Self { scratch, domains, iterator, _validator: validator, _nsd: nsd, _server: server }
    }
}

fn domain(at: usize, case: &Case) -> String {
    format!("d{at}.{}", case.zone.name())
}

/// A zone with the domains of its cases.
fn spec(zone: Zone, cases: &[Case], pki: &Path) -> Spec {
    let mut text = String::new();
    let data = |file: &str| std::fs::read_to_string(pki.join(file)).expect("made");
    for (at, case) in cases.iter().enumerate() {
        for (_, layout) in case.layout.iter().filter(|(of, _)| *of == zone) {
            let filled = layout
                .replace('#', &at.to_string())
                .replace("ELSEWHERE", &Shown::Misnamed.address())
                .replace("CHOOSER", &Shown::AsAsked.address())
                .replace("HOST", &case.shown.address())
                .replace("EXPIRED", &format!("3 1 1 {}", data("expired.1.1")))
                .replace("OWN", &format!("3 1 1 {}", data("leaf.1.1")))
                .replace("OTHER", &format!("3 1 1 {}", data("stranger.1.1")))
                .replace("AUTHORITY", &format!("2 0 1 {}", data("authority.0.1")));
            let _ = writeln!(text, "{filled}");
        }
        if case.zone != zone || !case.layout.is_empty() {
            continue;
        }
        let _ = writeln!(text, "d{at} MX 10 m{at}\nm{at} A {}", case.shown.address());
        for (usage, selector, matching, of) in &case.records {
            // What nobody knows has the data of something known.
            let file = format!("{}.{}.{}", of.name(case.shown), selector.min(&1), matching.min(&2));
            let _ = writeln!(text, "_25._tcp.m{at} TLSA {usage} {selector} {matching} {}", data(&file));
        }
    }
    let algorithm = if zone == Zone::Insecure { None } else { PLAIN.algorithm };
    let fault = if zone == Zone::Bogus { forge } else { PLAIN.fault };
    let signed = if zone == Zone::Lapsed { Signed::Past } else { Signed::Now };
    Spec { name: zone.name(), records: String::leak(text), algorithm, fault, signed, ..PLAIN }
}

/// Adds a TLSA record to each set after it was signed.
fn forge(signed: String) -> String {
    let forged = |line: &str| match line.split_once("\tTLSA\t") {
        Some((owner, data)) => format!("{owner}\tTLSA\t{data}\n{owner}\tTLSA\t3 1 1 {}\n", "00".repeat(32)),
        None => format!("{line}\n"),
    };
    signed.lines().map(forged).collect()
}

fn server(scratch: &Scratch) -> Server {
    for shown in SHOWN {
        let link = scratch.at(&format!("{}.pem", shown.address()));
        std::os::unix::fs::symlink(scratch.at(&format!("{}.pem", shown.name())), link).expect("a link");
    }
    let spool = scratch.at("server");
    std::fs::create_dir(&spool).expect("a directory");
    harness::give_to_mail_user(&spool);
    let addresses = SHOWN.map(Shown::address).join(" : ");
    scratch.write(
        "server.conf",
        &SERVER.replace("@ADDRESSES@", &addresses).replace("@AS_ASKED@", &Shown::AsAsked.address()),
    );
    let mut exim = command(EXIM);
    exim.arg("-C").arg(scratch.at("server.conf")).arg("-bdf");
    Server::start_listening(exim, SocketAddr::new(SHOWN[0].address().parse().expect("an address"), 25))
}
