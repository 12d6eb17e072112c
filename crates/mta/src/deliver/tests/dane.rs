//! Whole deliveries to a server with TLSA records: router, resolver, TLS, log.
//!
//! Each case is a kind of record, what the server shows, and what DNSSEC says. The verdicts are those of RFC 7672; Debian's
//! Exim gave the same for the cases of `tests/parity/flow/dane_*`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use mail_types::clock::SystemClock;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tls::{AcceptorRequest, Store, Stream};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::Office;
use crate::context::Context;
use crate::context::facts::Facts;
use crate::deliver::{AttemptEnd, AttemptKind};
use crate::route::{RouteAddress, RouteMode, route};
use crate::testing::Bench;
use crate::transport::smtp::explain;

const HOST: &str = "mx.dane.example";

/// What the server shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    /// A good certificate, and the authority above it.
    Good,
    /// The same without the authority.
    Alone,
    /// One that has expired.
    Expired,
    /// One for another name.
    Misnamed,
}

/// What the zone says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signed {
    Secure,
    Insecure,
    /// The name server refuses to answer, as one does that found a forgery.
    Bogus,
}

/// Certificates: made once, as keys take their time.
struct Pki {
    authority: Vec<u8>,
    stranger: Vec<u8>,
    leaves: [(Shown, Vec<u8>, String); 4],
}

fn pki() -> &'static Pki {
    static PKI: OnceLock<Pki> = OnceLock::new();
    PKI.get_or_init(|| {
        let (authority, stranger) = (issuer("the authority"), issuer("somebody else"));
        let leaf = |shown: Shown| {
            let name = if shown == Shown::Misnamed { "other.example" } else { HOST };
            let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
            if shown == Shown::Expired {
                params.not_after = rcgen::date_time_ymd(2020, 1, 1);
            }
            let key = KeyPair::generate().unwrap();
            let certificate = params.signed_by(&key, &authority).unwrap();
            let above = if shown == Shown::Alone { String::new() } else { authority.pem() };
            let pem = format!("{}{above}{}", certificate.pem(), key.serialize_pem());
            (shown, certificate.der().to_vec(), pem)
        };
        let leaves = [Shown::Good, Shown::Alone, Shown::Expired, Shown::Misnamed].map(leaf);
        Pki { authority: authority.der().to_vec(), stranger: stranger.der().to_vec(), leaves }
    })
}

pub(super) fn issuer(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// The data of a record about a certificate.
pub(super) fn association(selector: u8, matching: u8, certificate: &[u8]) -> String {
    let part = if selector == 0 { certificate } else { tls::certificate::public_key(certificate).unwrap() };
    let bytes = match matching {
        0 => part.to_vec(),
        1 => aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, part).as_ref().to_vec(),
        _ => aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA512, part).as_ref().to_vec(),
    };
    bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// A server that offers TLS, shows what it has in a file, and takes what it is given.
pub(super) async fn serve(pem: PathBuf) -> u16 {
    serve_with(pem, b"250 sink\r\n", Arc::default()).await
}

/// The same with another answer to EHLO under TLS; MAIL commands are kept.
pub(super) async fn serve_with(pem: PathBuf, hello: &'static [u8], heard: Arc<Mutex<Vec<String>>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    serve_at(listener, pem, hello, heard)
}

/// The same at an address that was chosen.
pub(super) fn serve_at(
    listener: TcpListener,
    pem: PathBuf,
    hello: &'static [u8],
    heard: Arc<Mutex<Vec<String>>>,
) -> u16 {
    let port = listener.local_addr().unwrap().port();
    let request = AcceptorRequest { identities: vec![(pem.clone(), pem)], ..AcceptorRequest::default() };
    let acceptor = Store::new(Arc::new(SystemClock)).acceptor(&request).unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(session(stream, acceptor.clone(), hello, Arc::clone(&heard)));
        }
    });
    port
}

async fn session(
    stream: TcpStream,
    acceptor: tls::Acceptor,
    hello: &'static [u8],
    heard: Arc<Mutex<Vec<String>>>,
) -> Option<()> {
    let mut stream = BufReader::new(Stream::new(stream));
    stream.write_all(b"220 sink\r\n").await.ok()?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        if line.starts_with("MAIL") {
            heard.lock().unwrap().push(line.trim_end().to_owned());
        }
        let reply: &[u8] = match line.trim_end().split(' ').next()? {
            "EHLO" if stream.get_ref().is_secured() => hello,
            "EHLO" => b"250-sink\r\n250 STARTTLS\r\n",
            // Whoever has to come back: the second message does.
            "RCPT" if line.contains("<later@") && heard.lock().unwrap().len() == 2 => b"451 come back\r\n",
            other => answer(other, &mut stream).await?,
        };
        stream.write_all(reply).await.ok()?;
        if line.starts_with("STARTTLS") {
            stream.get_mut().hello().await.ok()?;
            stream.get_mut().accept(&acceptor).await.ok()?;
        }
    }
}

/// The answer to any other command; what follows DATA is taken.
pub(super) async fn answer<S>(command: &str, stream: &mut BufReader<S>) -> Option<&'static [u8]>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if command != "DATA" {
        return Some(b"250 ok\r\n");
    }
    stream.write_all(b"354 go\r\n").await.ok()?;
    let mut line = String::new();
    while line.trim_end() != "." {
        line.clear();
        stream.read_line(&mut line).await.ok()?;
    }
    Some(b"250 taken\r\n")
}

/// What the log says of a message to `x@dane.example`, without what every line has.
async fn delivered(shown: Shown, signed: Signed, records: &[String], options: &str) -> Vec<String> {
    let zone = |port: u16| {
        let mut zone = "dane.example. MX 10 mx.dane.example.\nmx.dane.example. A 127.0.0.1\n".to_owned();
        if signed != Signed::Insecure {
            zone.push_str("dane.example. FLAG ad\n");
        }
        for record in records {
            writeln!(zone, "_{port}._tcp.mx.dane.example. TLSA {record}").unwrap();
        }
        if signed == Signed::Bogus {
            writeln!(zone, "_{port}._tcp.mx.dane.example. FAULT servfail").unwrap();
        }
        zone
    };
    delivered_by(shown, zone, options).await
}

/// The same with a zone of its own, for the server's port.
async fn delivered_by(shown: Shown, zone: impl FnOnce(u16) -> String, options: &str) -> Vec<String> {
    let folder = Bench::new("");
    let pem = pem_of(shown, folder.directory());
    let port = serve(pem).await;
    let zone = zone(port);
    let (bench, _server) = Bench::with_zone(
        &format!(
            "local_interfaces = 192.0.2.99\nlog_selector = +dnssec\nbegin routers\n\
             dns:\n  driver = dnslookup\n  self = send\n  transport = remote\n\
             begin transports\n\
             remote:\n  driver = smtp\n  allow_localhost\n  port = {port}\n  hosts_try_chunking =\n{options}\
             begin retry\n* * F,2h,15m\n\
             begin acl\nevent:\n  accept logwrite = $event_name <$event_data> $event_defer_errno \
             ${{certextract{{subject,CN}}{{$tls_out_peercert}}{{$value}}{{-}}}} $tls_out_certificate_verified\n\
             proof:\n  accept condition = ${{if eq{{$event_name}}{{smtp:ehlo}}}}\n  \
             logwrite = usages $tls_out_tlsa_usage $tls_out_ocsp\n  accept\n"
        ),
        &zone,
    );
    let office = Office { bench, agent: Arc::default() };
    let id = office.post("carol@test.example", &["x@dane.example"]);
    let end = office.attempt(id, AttemptKind::Arrival).await.end;
    let log = office.log_of(id);
    let is_completed = log.last().is_some_and(|line| line == "Completed");
    assert_eq!(end == AttemptEnd::Completed, is_completed, "{log:?}");
    log.iter().map(|line| without_the_usual(line)).collect()
}

fn pem_of(shown: Shown, directory: &Path) -> PathBuf {
    let (_, _, pem) = pki().leaves.iter().find(|(of, ..)| *of == shown).unwrap();
    let path = directory.join("server.pem");
    std::fs::write(&path, pem).unwrap();
    path
}

fn without_the_usual(line: &str) -> String {
    line.replace(" R=dns T=remote", "")
        .replace("x@dane.example", "x")
        .replace("mx.dane.example", "mx")
        .replace(" [127.0.0.1]", "")
        .replace(" X=TLS1.3:TLS_AES_256_GCM_SHA384:256", " X")
        .replace(" C=\"250 taken\"", "")
}

/// The certificate that a matching record of a usage speaks of.
fn subject_of(usage: u8, shown: Shown) -> &'static [u8] {
    match usage {
        0 | 2 => &pki().authority,
        _ => &pki().leaves.iter().find(|(of, ..)| *of == shown).unwrap().1,
    }
}

fn sent(how: &str) -> Vec<String> {
    vec![how.to_owned(), "Completed".to_owned()]
}

fn refused(why: &str) -> Vec<String> {
    let failed = format!("(certificate verification failed): {why}");
    vec![
        format!("DANE attempt failed; TLS connection to mx: {failed}"),
        format!("== x defer (-37) H=mx DS: TLS session: {failed}"),
    ]
}

/// What RFC 7672 makes of one record whose answer was secure.
fn expected(usage: u8, (selector, matching): (u8, u8), shown: Shown, fits: bool) -> Vec<String> {
    let none = || refused("no TLSA record matches the certificates shown");
    match (usage, shown) {
        // rfc7672#3.1.3: not for SMTP; encryption is promised, and no more.
        (0 | 1, _) => sent("=> x H=mx DS X CV=no"),
        // A record that holds an authority which did not sign.
        (2, Shown::Expired) if matching == 0 => refused("certificate has expired"),
        (2, _) if !fits && matching == 0 => refused(if selector == 0 {
            "unable to get local issuer certificate"
        } else {
            "certificate signature failure"
        }),
        (_, _) if !fits => none(),
        // rfc7672#3.1.1: neither names, nor dates, nor what stands above.
        (3, _) => sent("=> x H=mx DS X CV=dane"),
        (_, Shown::Good) => sent("=> x H=mx DS X CV=dane"),
        // rfc7672#3.1.2: the server has to send the authority, unless the record holds it.
        (_, Shown::Alone) if matching == 0 => sent("=> x H=mx DS X CV=dane"),
        (_, Shown::Alone) => none(),
        (_, Shown::Expired) => refused("certificate has expired"),
        (_, Shown::Misnamed) => refused("certificate is not for mx, dane.example"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_record_that_was_signed() {
    let mut cases = 0;
    for usage in 0..=3 {
        for (selector, matching) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)] {
            for shown in [Shown::Good, Shown::Alone, Shown::Expired, Shown::Misnamed] {
                // What can't be used says the same of every certificate.
                if usage < 2 && shown != Shown::Good {
                    continue;
                }
                for fits in [true, false] {
                    let about = if fits { subject_of(usage, shown) } else { &pki().stranger };
                    let data = association(selector, matching, about);
                    let record = format!("{usage} {selector} {matching} {data}");
                    let log = delivered(shown, Signed::Secure, &[record], "").await;
                    let case = format!("{usage} {selector} {matching} {shown:?} fits={fits}");
                    assert_eq!(log, expected(usage, (selector, matching), shown, fits), "{case}");
                    cases += 1;
                }
            }
        }
    }
    assert_eq!(cases, 120);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_that_were_not_signed_say_nothing_and_forged_ones_make_the_message_wait() {
    for usage in [2, 3] {
        for (selector, matching) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)] {
            for fits in [true, false] {
                let about = if fits { subject_of(usage, Shown::Good) } else { &pki().stranger };
                let record =
                    [format!("{usage} {selector} {matching} {}", association(selector, matching, about))];
                let case = format!("{usage} {selector} {matching} fits={fits}");
                let log = delivered(Shown::Good, Signed::Insecure, &record, "").await;
                assert_eq!(log, sent("=> x H=mx X CV=no"), "insecure {case}");
                let log = delivered(Shown::Good, Signed::Bogus, &record, "").await;
                let waits = [
                    "H=mx: DANE error: tlsa lookup DEFER",
                    "== x defer (-36): DANE error: tlsa lookup DEFER",
                ];
                assert_eq!(log, waits, "bogus {case}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sets_of_records_and_options() {
    let good = subject_of(3, Shown::Good);
    let ee = |certificate: &[u8]| format!("3 1 1 {}", association(1, 1, certificate));
    let strong = |certificate: &[u8]| format!("3 1 2 {}", association(1, 2, certificate));
    let ta = |certificate: &[u8]| format!("2 0 1 {}", association(0, 1, certificate));
    let stranger = &pki().stranger;
    let unusable = format!("1 1 1 {}", association(1, 1, stranger));
    let by_dane = || sent("=> x H=mx DS X CV=dane");
    let none = || refused("no TLSA record matches the certificates shown");
    let required = "  hosts_require_dane = *\n";
    let fails = |why: &str| vec![format!("** x: DANE error: {why}"), "Completed".to_owned()];
    let table: Vec<(Vec<String>, Signed, &str, Vec<String>)> = vec![
        // A key that is about to change, in both orders.
        (vec![ee(stranger), ee(good)], Signed::Secure, "", by_dane()),
        (vec![ee(good), ee(stranger)], Signed::Secure, "", by_dane()),
        // Usages that stand beside each other.
        (vec![ta(stranger), ee(good)], Signed::Secure, "", by_dane()),
        (vec![ee(stranger), ta(&pki().authority)], Signed::Secure, "", by_dane()),
        (vec![unusable.clone(), ee(good)], Signed::Secure, "", by_dane()),
        (vec![unusable.clone(), ee(stranger)], Signed::Secure, "", none()),
        // Digest agility.
        (vec![ee(good), strong(stranger)], Signed::Secure, "", none()),
        (vec![ee(stranger), strong(good)], Signed::Secure, "", by_dane()),
        // Nothing there, or nothing to be had.
        (vec![], Signed::Secure, "", sent("=> x H=mx DS X CV=no")),
        (vec![], Signed::Insecure, "", sent("=> x H=mx X CV=no")),
        (vec![ee(stranger)], Signed::Secure, "  hosts_try_dane =\n", sent("=> x H=mx DS X CV=no")),
        // Options that DANE leaves no say.
        (
            vec![ee(good)],
            Signed::Secure,
            "  tls_verify_hosts = *\n  tls_verify_certificates =\n  tls_sni = elsewhere.example\n",
            by_dane(),
        ),
        // hosts_require_dane.
        (vec![ee(good)], Signed::Secure, required, by_dane()),
        (vec![ee(stranger)], Signed::Secure, required, none()),
    ];
    for (records, signed, options, want) in table {
        let log = delivered(Shown::Good, signed, &records, options).await;
        assert_eq!(log, want, "{records:?} {signed:?} {options}");
    }
    for (records, signed, why) in [
        (vec![ee(good)], Signed::Insecure, "mx lookup not DNSSEC"),
        (vec![], Signed::Secure, "tlsa lookup FAIL"),
        (vec![unusable], Signed::Secure, "no usable tlsa record"),
    ] {
        let mut log = delivered(Shown::Good, signed, &records, required).await;
        // The bounce has lines of its own.
        log.retain(|line| !line.starts_with("Frozen"));
        assert_eq!(log, fails(why), "{records:?} {signed:?}");
    }
}

/// Events of a session that failed, with the certificate that was looked at last.
fn refused_with(why: &str, who: &str, log: [&str; 2]) -> Vec<String> {
    let [first, second] = log.map(str::to_owned);
    vec![
        first,
        second,
        format!("tcp:close <> 0 {who} 0"),
        format!("msg:host:defer <TLS session: {why}> -37 {who} 0"),
        format!("msg:defer <TLS session: {why}> -37 {who} 0"),
        format!("== x defer (-37) H=mx DS: TLS session: {why}"),
    ]
}

/// What the oracle tells its `event_action` of the same deliveries, in the same order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_encrypted_deliveries() {
    let good = format!("3 1 1 {}", association(1, 1, subject_of(3, Shown::Good)));
    let bad = format!("3 1 1 {}", association(1, 1, &pki().stranger));
    let begin = [
        "tcp:connect <> 0 - 0",
        "smtp:connect <220 sink> 0 - 0",
        "smtp:ehlo <250-sink\\n250 STARTTLS> 0 - 0",
    ];
    let chain = ["tls:cert <1> 0 the authority 0", "tls:cert <0> 0 rcgen self signed cert 0"];
    let all = "  connection_max_messages = 1\n  event_action = ${acl{event}}";
    let sent = [
        "smtp:ehlo <250 sink> 0 rcgen self signed cert 1",
        "tcp:close <> 0 rcgen self signed cert 1",
        "=> x H=mx DS X CV=dane",
        "msg:delivery <250 taken> 0 - 0",
        "Completed",
    ];
    let failed = "(certificate verification failed): no TLSA record matches the certificates shown";
    let denied = "(certificate verification failed): denied by event-action: no";
    let begun = |rest: &[&str], end: Vec<String>| -> Vec<String> {
        begin.iter().chain(rest).map(|line| (*line).to_owned()).chain(end).collect()
    };
    let told = format!("DANE attempt failed; TLS connection to mx: {failed}");
    let denied_told = format!("DANE attempt failed; TLS connection to mx: {denied}");
    let no = "${if eq{$event_name}{tls:cert}{no}}\n";
    let table = [
        (&good, Signed::Secure, format!("{all}\n"), begun(&chain, sent.map(str::to_owned).to_vec())),
        (
            &bad,
            Signed::Secure,
            format!("{all}\n"),
            begun(&[], refused_with(failed, "-", [&told, "dane:fail <validation-failure> 0 - 0"])),
        ),
        (
            &good,
            Signed::Secure,
            format!("{all}{no}"),
            begun(
                &[chain[0], "SSL verify denied by event-action: depth=1: no"],
                refused_with(
                    denied,
                    "the authority",
                    [&denied_told, "dane:fail <validation-failure> 0 the authority 0"],
                ),
            ),
        ),
        (
            &good,
            Signed::Insecure,
            format!("{all}\n  hosts_require_dane = *\n"),
            vec![
                "dane:fail <dane-required> 0 - 0".to_owned(),
                "msg:fail:delivery <DANE error: mx lookup not DNSSEC> 0 - 0".to_owned(),
                "** x: DANE error: mx lookup not DNSSEC".to_owned(),
            ],
        ),
        (
            &good,
            Signed::Bogus,
            format!("{all}\n"),
            vec![
                "dane:fail <dnssec-invalid> 0 - 0".to_owned(),
                "H=mx: DANE error: tlsa lookup DEFER".to_owned(),
                "msg:host:defer <DANE error: tlsa lookup DEFER> -36 - 0".to_owned(),
                "msg:defer <DANE error: tlsa lookup DEFER> -36 - 0".to_owned(),
                "== x defer (-36): DANE error: tlsa lookup DEFER".to_owned(),
            ],
        ),
    ];
    for (record, signed, options, want) in table {
        let log = delivered(Shown::Good, signed, std::slice::from_ref(record), &options).await;
        // The oracle is older than this event.
        let is_dns = |line: &String| {
            line.starts_with("dns:fail <servfail _") && line.ends_with("._tcp.mx TLSA> 0 - 0")
        };
        let (dns, log): (Vec<String>, Vec<String>) = log.into_iter().partition(is_dns);
        assert_eq!(dns.len(), usize::from(signed == Signed::Bogus), "{dns:?}");
        assert_eq!(log[..want.len().min(log.len())], want, "{options}");
    }
}

/// rfc7672#2.2.2: the name at the end of the aliases, then the one at their beginning; SNI is the name that has the records.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_goes_by_an_alias() {
    let good = format!("3 1 1 {}", association(1, 1, subject_of(3, Shown::Good)));
    let bad = format!("3 1 1 {}", association(1, 1, &pki().stranger));
    let end = |data: &str| format!("TLSA _PORT._tcp.end.dane.example. {data}");
    let beginning = |data: &str| format!("TLSA _PORT._tcp.mx.dane.example. {data}");
    let by_dane = || sent("=> x H=end.dane.example DS X CV=dane");
    let failed = "(certificate verification failed): no TLSA record matches the certificates shown";
    let waits = || {
        vec![
            format!("DANE attempt failed; TLS connection to end.dane.example: {failed}"),
            format!("== x defer (-37) H=end.dane.example DS: TLS session: {failed}"),
        ]
    };
    for (records, want) in [
        (vec![end(&good)], by_dane()),
        (vec![beginning(&good)], by_dane()),
        (vec![end(&good), beginning(&bad)], by_dane()),
        (vec![end(&bad), beginning(&good)], waits()),
        (vec![beginning(&bad)], waits()),
        (vec![], sent("=> x H=end.dane.example DS X CV=no")),
    ] {
        let zone = |port: u16| {
            let records = records.iter().map(|record| {
                let words: Vec<&str> = record.splitn(3, ' ').collect();
                format!("{} {} {}\n", words[1].replace("PORT", &port.to_string()), words[0], words[2])
            });
            "dane.example. MX 10 mx.dane.example.\nmx.dane.example. CNAME end.dane.example.\n\
             end.dane.example. A 127.0.0.1\ndane.example. FLAG ad\n"
                .to_owned()
                + &records.collect::<String>()
        };
        assert_eq!(delivered_by(Shown::Good, zone, "").await, want, "{records:?}");
    }
}

/// `postrider tls-policy` says of each record why it does not count.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_that_do_not_count_are_marked() {
    let own = subject_of(3, Shown::Good);
    let folder = Bench::new("");
    let port = serve(pem_of(Shown::Good, folder.directory())).await;
    let [sha256, sha512] = [1, 2].map(|matching| association(1, matching, own));
    let records = [
        (format!("3 1 2 {sha512}"), ""),
        (format!("3 1 1 {sha256}"), ", a stronger digest counts"),
        (format!("3 0 1 {}", association(0, 1, own)), ""),
        (format!("0 1 1 {sha256}"), ", can't be used: usages 0 and 1 are not for mail"),
        (format!("1 1 2 {sha512}"), ", can't be used: usages 0 and 1 are not for mail"),
        (format!("9 1 1 {sha256}"), ", can't be used: an unknown usage"),
        (format!("3 9 1 {sha256}"), ", can't be used: an unknown selector"),
        (format!("3 1 9 {sha256}"), ", can't be used: an unknown matching type"),
        (format!("3 1 1 {}", &sha256[2..]), ", can't be used: the data are too short or too long"),
        (format!("3 1 2 {sha256}"), ", can't be used: the data are too short or too long"),
        (format!("2 1 0 {sha256}"), ", can't be used: the data can't be read"),
    ];
    let mut zone =
        "dane.example. MX 10 mx.dane.example.\nmx.dane.example. A 127.0.0.1\ndane.example. FLAG ad\n"
            .to_owned();
    for (record, _) in &records {
        writeln!(zone, "_{port}._tcp.mx.dane.example. TLSA {record}").unwrap();
    }
    let (bench, _server) = Bench::with_zone(
        &format!(
            "local_interfaces = 192.0.2.99\nbegin routers\n\
             dns:\n  driver = dnslookup\n  self = send\n  transport = remote\n\
             begin transports\nremote:\n  driver = smtp\n  allow_localhost\n  port = {port}\n"
        ),
        &zone,
    );
    let mut context = Context::new(Facts::default(), Arc::clone(&bench.services));
    let address = RouteAddress::new(b"postmaster@dane.example");
    let outcome = Box::pin(route(&address, RouteMode::Test, &mut context)).await;
    let assignment = outcome.assignment().expect("the domain has a host");
    let (hosts, facts) = (assignment.hosts.clone(), assignment.facts.clone());
    let said = Box::pin(explain(&assignment.transport, hosts, facts, &mut context)).await;
    assert_eq!(said.exit_code, 0, "{}", said.text);
    for (record, remark) in records {
        let (fields, data) = record.split_at(6);
        let line = format!(" TLSA {fields}{}… (secure{remark})\n", &data[..16]);
        assert!(said.text.contains(&line), "{line}{}", said.text);
    }
}

/// The specification's default of `hosts_request_ocsp`, and a setting that asks for the usages, as `$tls_out_ocsp` shows it: 0
/// where nobody asked for a proof, 1 where there was none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_proof_is_asked_for_as_the_records_say() {
    let own = format!("3 1 1 {}", association(1, 1, subject_of(3, Shown::Good)));
    let above = format!("2 0 1 {}", association(0, 1, &pki().authority));
    let events = "  connection_max_messages = 1\n  event_action = ${acl{proof}}\n";
    let asks = "  hosts_request_ocsp = ${if eq{$tls_out_tlsa_usage}{8}{*}}\n";
    for (records, options, usages, asked) in [
        (vec![], "", 0, 1),
        (vec![above.clone()], "", 4, 1),
        (vec![own.clone()], "", 8, 0),
        (vec![own.clone(), above.clone()], "", 12, 0),
        (vec![], asks, 0, 0),
        (vec![above], asks, 4, 0),
        (vec![own], asks, 8, 1),
    ] {
        let log = delivered(Shown::Good, Signed::Secure, &records, &format!("{events}{options}")).await;
        let told: Vec<&str> = log.iter().filter_map(|line| line.strip_prefix("usages ")).collect();
        // Before TLS, and within it.
        assert_eq!(told, ["0 0", &format!("{usages} {asked}")], "{records:?} {options}");
    }
}
