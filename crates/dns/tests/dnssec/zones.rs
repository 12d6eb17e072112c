//! The signed hierarchy: zones as text, signed by Debian's ldnsutils, then perhaps broken in one place.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A zone to be made.
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    /// Of ldns-keygen, for RSA perhaps with `:` and how many bits; none for a zone that is not signed.
    pub(crate) algorithm: Option<&'static str>,
    /// Iterations, opt-out.
    pub(crate) nsec3: Option<(u32, bool)>,
    /// Records beside SOA and NS, names relative to the zone.
    pub(crate) records: &'static str,
    pub(crate) signed: Signed,
    pub(crate) ds: DsIn,
    pub(crate) zone_keys: ZoneKeys,
    /// Applied to the signed text.
    pub(crate) fault: fn(String) -> String,
}

/// When the signatures hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signed {
    Now,
    Past,
    Future,
}

/// What stands in the zone above.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum DsIn {
    Right,
    /// Of a key that the zone doesn't have.
    Wrong,
    Missing,
    /// Of the first of two keys; both sign.
    Rollover,
    /// Of two keys; the zone has the second one already and the first one no more.
    Double,
    /// By SHA-1 alone.
    Sha1,
    /// By SHA-384 alone.
    Sha384,
    /// By SHA-1; by SHA-256 that of a key that the zone doesn't have.
    Sha1BesideWrong,
}

/// Keys below those that the DS records are about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ZoneKeys {
    /// None: the key with the DS record signs everything.
    None,
    One,
    /// Two, and both sign.
    BothSign,
    /// Two, of which the second signs nothing yet.
    PrePublished,
}

pub(crate) const PLAIN: Spec = Spec {
    name: "",
    algorithm: Some("ECDSAP256SHA256"),
    nsec3: None,
    records: COMMON,
    signed: Signed::Now,
    ds: DsIn::Right,
    zone_keys: ZoneKeys::None,
    fault: |text| text,
};

/// What each zone of a case has.
pub(crate) const COMMON: &str = "\
www A 192.0.2.1
@ MX 10 Mail
Mail A 192.0.2.7
*.wild A 192.0.2.3
_25._tcp.mail TLSA 3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
a.empty A 192.0.2.4
";

/// Takes lines out.
pub(crate) fn without(text: &str, unwanted: impl Fn(&str) -> bool) -> String {
    text.lines().filter(|line| !unwanted(line)).flat_map(|line| [line, "\n"]).collect()
}

/// A zone that is ready to be served.
pub(crate) struct Made {
    pub(crate) name: String,
    pub(crate) file: PathBuf,
    /// A server that is said to have it, and has not.
    pub(crate) lame: Option<SocketAddr>,
}

/// Makes all zones, the deepest first, then the zones above them with their DS records. Gives the root's DS record.
pub(crate) fn make(folder: &Path, specs: &[Spec]) -> (Vec<Made>, String) {
    let mut order: Vec<&Spec> = specs.iter().collect();
    order.sort_by_key(|spec| std::cmp::Reverse(depth(spec.name)));
    let keys: Vec<Vec<String>> = order.iter().map(|spec| key_pairs(folder, spec)).collect();
    let mut delegations: Vec<(String, String)> = Vec::new();
    let mut made = Vec::new();
    for (spec, keys) in order.iter().zip(&keys) {
        let below: String =
            delegations.iter().filter(|(above, _)| above == spec.name).map(|row| &*row.1).collect();
        let file = sign(folder, spec, keys, &below);
        let ds = ds_of(folder, spec, keys);
        if spec.name == "." {
            made.push(Made { name: ".".into(), file, lame: None });
            return (made, ds);
        }
        let ns = format!("{0}. NS ns.{0}.\nns.{0}. A 127.0.0.1\n", spec.name);
        delegations.push((above(spec.name).to_owned(), ns + &ds));
        made.push(Made { name: spec.name.into(), file, lame: None });
    }
    unreachable!("the root comes last")
}

/// Text that does not fit a UDP answer.
fn big() -> String {
    let string = format!("\"{}\" ", "x".repeat(240));
    string.repeat(8)
}

fn depth(name: &str) -> usize {
    if name == "." { 0 } else { name.split('.').count() }
}

fn above(name: &str) -> &str {
    name.split_once('.').map_or(".", |(_, rest)| rest)
}

/// The base names of the key files; made at the same time, as far as the machine can.
fn key_pairs(folder: &Path, spec: &Spec) -> Vec<String> {
    let Some(algorithm) = spec.algorithm else { return Vec::new() };
    let count =
        if matches!(spec.ds, DsIn::Right | DsIn::Missing | DsIn::Sha1 | DsIn::Sha384) { 1 } else { 2 };
    let usual = if algorithm.starts_with("RSA") { "2048" } else { "0" };
    let (algorithm, bits) = algorithm.split_once(':').unwrap_or((algorithm, usual));
    let pair = |entry: bool| {
        let mut command = Command::new("ldns-keygen");
        command.current_dir(folder).args(["-a", algorithm]);
        if bits != "0" {
            command.args(["-b", bits]);
        }
        if entry {
            command.arg("-k");
        }
        output(command.arg(spec.name)).trim().to_owned()
    };
    let below = match spec.zone_keys {
        ZoneKeys::None => 0,
        ZoneKeys::One => 1,
        ZoneKeys::BothSign | ZoneKeys::PrePublished => 2,
    };
    (0..count).map(|_| pair(true)).chain((0..below).map(|_| pair(false))).collect()
}

fn sign(folder: &Path, spec: &Spec, keys: &[String], below: &str) -> PathBuf {
    let origin = if spec.name == "." { ".".to_owned() } else { format!("{}.", spec.name) };
    let plain = folder.join(format!("zone-{}", spec.name));
    let text = format!(
        "$ORIGIN {origin}\n$TTL 3600\n@ SOA ns hostmaster 1 7200 3600 604800 300\n@ NS ns\nns A 127.0.0.1\n{}\n{below}",
        spec.records.replace("BIG", &big())
    );
    std::fs::write(&plain, text).expect("scratch");
    if keys.is_empty() {
        return plain;
    }
    let signed = folder.join(format!("signed-{}", spec.name));
    // The key of a wrong DS record signs nothing, nor does one that is gone.
    let gone = matches!(spec.ds, DsIn::Wrong | DsIn::Double | DsIn::Sha1BesideWrong);
    let signing = if gone { &keys[1..] } else { keys };
    let last = keys.last().expect("a key");
    let signing = match spec.zone_keys {
        ZoneKeys::PrePublished => {
            let text = std::fs::read_to_string(folder.join(format!("{last}.key"))).expect("a key");
            let zone = std::fs::read_to_string(&plain).expect("scratch") + &text;
            std::fs::write(&plain, zone).expect("scratch");
            &signing[..signing.len() - 1]
        }
        _ => signing,
    };
    let (from, to) = match spec.signed {
        Signed::Now => ("20260101000000", "20370101000000"),
        Signed::Past => ("20200101000000", "20210101000000"),
        Signed::Future => ("20360101000000", "20370101000000"),
    };
    let mut command = if spec.nsec3.is_some_and(|(_, opt_out)| opt_out) {
        // ldns-signzone sets the flag and leaves no delegation out.
        let mut bind = Command::new("dnssec-signzone");
        bind.args(["-A", "-z", "-P", "-3", "aabbccdd", "-H", "0", "-o", &origin, "-s", from, "-e", to]);
        for key in signing {
            let text = std::fs::read_to_string(folder.join(format!("{key}.key"))).expect("a key");
            let zone = std::fs::read_to_string(&plain).expect("scratch") + &text;
            std::fs::write(&plain, zone).expect("scratch");
        }
        bind.arg("-f").arg(&signed).arg(&plain);
        bind
    } else {
        let mut ldns = Command::new("ldns-signzone");
        ldns.arg("-A").args(["-o", &origin, "-i", from, "-e", to]).arg("-f").arg(&signed);
        if let Some((iterations, _)) = spec.nsec3 {
            ldns.args(["-n", "-t", &iterations.to_string(), "-s", "aabbccdd"]);
        }
        ldns.arg(&plain);
        ldns
    };
    output(command.current_dir(folder).args(signing));
    let text = std::fs::read_to_string(&signed).expect("signed");
    std::fs::write(&signed, (spec.fault)(text)).expect("scratch");
    signed
}

fn ds_of(folder: &Path, spec: &Spec, keys: &[String]) -> String {
    match keys.first() {
        Some(first) => match spec.ds {
            DsIn::Missing => String::new(),
            DsIn::Right | DsIn::Wrong | DsIn::Rollover => ds_of_key(folder, first, "-2"),
            DsIn::Double => keys[..2].iter().map(|key| ds_of_key(folder, key, "-2")).collect(),
            DsIn::Sha1 => ds_of_key(folder, first, "-1"),
            DsIn::Sha384 => ds_of_key(folder, first, "-4"),
            DsIn::Sha1BesideWrong => ds_of_key(folder, first, "-2") + &ds_of_key(folder, &keys[1], "-1"),
        },
        None => String::new(),
    }
}

fn ds_of_key(folder: &Path, key: &str, digest: &str) -> String {
    let mut command = Command::new("ldns-key2ds");
    output(command.current_dir(folder).args(["-n", "-f", digest, &format!("{key}.key")]))
}

fn output(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("ldnsutils");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}
