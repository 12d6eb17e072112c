//! `cargo xtask bench [WORK...] [--messages N] [--rounds N] [--only SERVER]`: Postrider, Exim and Postfix on the same work in
//! one run.
//!
//! * `accept`: messages are taken and queued, nothing is delivered. The clock stops at the last reply.
//! * `maildir`: 20 recipients with uids of their own; the clock stops when the last message stands in a `new/`.
//! * `relay`: everything goes to one next hop (`smtp-sink`); the clock stops when it has the last message.
//! * `tls`: what handshakes cost, full and resumed (see [`tls`]).
//! * `relay-tls`: as `relay`, over TLS, to a next hop that says how many messages came under TLS.
//! * `idle`: what a connection costs that has said EHLO and waits.
//! * `expand`: `-be` and `-bV` beside Exim, without a server (see [`expand`]).
//! * `syncs`: calls of fsync and its kin for `accept`, counted by `strace` in a run of its own.
//! * `dkim`: signatures beside the library mail-auth, and servers that check SPF and DKIM beside Exim (see [`dkim`]).
//! * `lists`: a named list of 100,000 domains, in process and without servers (`crates/policy/benches/lists.rs`).
//!
//! `accept`, `maildir`, `relay` and `relay-tls` are done in rounds, three unless told otherwise, the servers in turn; of each server
//! the round with the middle rate counts. A round lasts two seconds, and whatever else the machine does in them would count
//! for one server and not for the next.
//!
//! Load and sink are Postfix's `smtp-source` and `smtp-sink`: 20 sessions, 4 KiB, a connection a message.
//!
//! # Invariants
//! * Durable defaults everywhere; the work stands on a disk (a tmpfs is refused), on a new file system for each run.
//! * Started as root, each with its own process model; CPU and memory are the control group's, so children count.
//! * Nothing outside the work folder is changed: users and configuration paths exist in a mount namespace only.

mod cgroup;
mod disk;
mod dkim;
mod expand;
mod hop;
mod idle;
mod load;
mod server;
mod tls;
mod world;

use std::path::{Path, PathBuf};

use disk::Disk;
use load::Work;
use server::{Exim, Postfix, Postrider, Server};

/// What one server did with one work.
#[derive(Clone, Copy, Debug)]
struct Figures {
    messages: usize,
    seconds: f64,
    cpu_seconds: f64,
    peak_bytes: u64,
}

impl Figures {
    fn rate(self) -> f64 {
        self.messages as f64 / self.seconds
    }

    fn cpu_ms(self) -> f64 {
        self.cpu_seconds * 1000.0 / self.messages as f64
    }
}

/// Runs `cargo xtask bench ARGS`.
///
/// # Errors
/// Something that the run needs is missing, or a server did not finish its work.
pub fn run(args: &[&str]) -> Result<(), String> {
    let mut options = Options::parse(args)?;
    if options.works.iter().any(|work| work == "expand") {
        expand::measure(&options.binary)?;
        options.works.retain(|work| work != "expand");
        if options.works.is_empty() {
            return Ok(());
        }
    }
    if options.works.iter().any(|work| work == "lists") {
        lists()?;
        options.works.retain(|work| work != "lists");
        if options.works.is_empty() {
            return Ok(());
        }
    }
    let wanted = options.works.iter().any(|work| work == "dkim");
    let checker = if wanted { Some(dkim_program()?) } else { None };
    world::enter(&options.postfix)?;
    let place = world::work_folder()?;
    println!("work folder {}, {} messages of 4 KiB, 20 sessions", place.display(), options.messages);
    let servers: Vec<Box<dyn Server>> = vec![
        Box::new(Postrider::new(options.binary.clone())),
        Box::new(Exim),
        Box::new(Postfix::new(options.postfix.clone())),
    ];
    for work in &options.works {
        if let Some(program) = checker.as_ref().filter(|_| work == "dkim") {
            dkim::servers(program, &options.binary, options.messages, &place)?;
            continue;
        }
        if work == "tls" {
            let mut all: Vec<&dyn Server> = servers.iter().map(|s| &**s).collect();
            all.retain(|s| options.only.as_deref().is_none_or(|o| o == s.name()));
            let fresh = || Disk::fresh(&place);
            tls::handshakes(&all, options.messages.min(500), &fresh)?;
            continue;
        }
        let chosen: Vec<&dyn Server> = servers
            .iter()
            .map(|s| &**s)
            .filter(|s| options.only.as_deref().is_none_or(|o| o == s.name()))
            .collect();
        measure(work, &chosen, &options, &place)?;
    }
    Ok(())
}

/// One work, by each server; prints what came out.
fn measure(work: &str, servers: &[&dyn Server], options: &Options, place: &Path) -> Result<(), String> {
    let once = matches!(work, "idle" | "syncs");
    let mut rounds: Vec<Vec<Figures>> = vec![Vec::new(); servers.len()];
    for _ in 0..if once { 1 } else { options.rounds } {
        for (server, figures) in servers.iter().zip(&mut rounds) {
            let disk = Disk::fresh(place)?;
            let place = disk.path();
            match work {
                "idle" => idle::measure(*server, place)?,
                "syncs" => load::count_syncs(*server, place, &options.postfix)?,
                name => figures.push(load::run(
                    *server,
                    Work::named(name)?,
                    options.messages,
                    place,
                    (&options.postfix, &options.binary),
                )?),
            }
        }
    }
    let rows: Vec<_> = servers
        .iter()
        .zip(rounds)
        .filter_map(|(server, rounds)| middle(server.name(), rounds).map(|figures| (server.name(), figures)))
        .collect();
    table(work, &rows);
    Ok(())
}

/// The round with the middle rate; of an even number the slower one of the two. Prints all of them.
fn middle(name: &str, mut rounds: Vec<Figures>) -> Option<Figures> {
    let rates: Vec<_> = rounds.iter().map(|figures| format!("{:.0}", figures.rate())).collect();
    if rates.len() > 1 {
        println!("{name}: rounds of {} messages/s", rates.join(", "));
    }
    rounds.sort_by(|a, b| a.rate().total_cmp(&b.rate()));
    rounds.get(rounds.len().saturating_sub(1) / 2).copied()
}

/// The lists' own program, which runs in a release build.
fn lists() -> Result<(), String> {
    // The other works start this program again in namespaces of their own: there the figures are already told.
    if world::is_inside() {
        return Ok(());
    }
    let arguments = ["bench", "--quiet", "--package", "postrider-policy", "--bench", "lists"];
    let status = std::process::Command::new("cargo").args(arguments).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("bench lists: {status}")),
        Err(e) => Err(format!("bench lists: cargo: {e}")),
    }
}

/// The program of `dkim`; its comparison with the library is printed before the namespace is entered.
fn dkim_program() -> Result<PathBuf, String> {
    if world::is_inside() {
        return Ok(dkim::program());
    }
    let program = dkim::build()?;
    dkim::library(&program)?;
    Ok(program)
}

fn table(work: &str, rows: &[(&str, Figures)]) {
    if rows.is_empty() {
        return;
    }
    println!("\n{work:<10} {:>10} {:>12} {:>10}", "messages/s", "CPU ms/msg", "peak MiB");
    for (name, f) in rows {
        println!(
            "{name:<10} {:>10.0} {:>12.3} {:>10.1}",
            f.rate(),
            f.cpu_ms(),
            f.peak_bytes as f64 / 1_048_576.0
        );
    }
    let Some((_, ours)) = rows.iter().find(|(n, _)| *n == "postrider") else { return };
    for (name, peer) in rows.iter().filter(|(n, _)| *n != "postrider") {
        let (rate, cpu) = (ours.rate() / peer.rate(), ours.cpu_ms() / peer.cpu_ms());
        println!("postrider / {name}: {rate:.2}x messages/s, {cpu:.2}x CPU per message");
    }
}

struct Options {
    works: Vec<String>,
    messages: usize,
    rounds: usize,
    only: Option<String>,
    binary: PathBuf,
    postfix: PathBuf,
}

impl Options {
    fn parse(args: &[&str]) -> Result<Self, String> {
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| crate::root().join("target"), PathBuf::from);
        let mut options = Self {
            works: Vec::new(),
            messages: 2000,
            rounds: 3,
            only: None,
            binary: target.join("release/postrider"),
            postfix: target.join("bench/postfix"),
        };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().map(|v| (*v).to_owned()).ok_or(format!("{arg} wants a value"));
            match *arg {
                "--messages" => {
                    options.messages = value()?.parse().map_err(|e| format!("--messages: {e}"))?;
                }
                "--rounds" => {
                    options.rounds = value()?.parse().map_err(|e| format!("--rounds: {e}"))?;
                }
                "--only" => options.only = Some(value()?),
                "--binary" => options.binary = PathBuf::from(value()?),
                "accept" | "maildir" | "relay" | "idle" | "syncs" | "expand" | "lists" | "dkim" | "tls"
                | "relay-tls" => {
                    options.works.push((*arg).to_owned());
                }
                other => {
                    return Err(format!(
                        "bench: unknown argument {other} (accept maildir relay idle syncs expand lists dkim tls --messages --rounds --only --binary)"
                    ));
                }
            }
        }
        if options.works.is_empty() {
            options.works = ["accept", "maildir", "relay", "idle", "syncs"].map(str::to_owned).to_vec();
        }
        Ok(options)
    }
}
