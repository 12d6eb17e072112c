//! `postrider reports`: TLS and DMARC reports, those that come and those that go.
//!
//! * `ingest FILE ...` (`-` is standard input) reads what others sent, in JSON, XML, gzip, zip or a message with one of these
//!   attached, and says what is in it.
//! * `list` shows the reports of the last days and what became of each.
//! * `preview tls|dmarc DOMAIN [YYYYMMDD]` (or `show`) prints the report about a day, by default about today so far; nothing is sent.
//! * `send` sends at once what has not been sent, also what failed: a line for each destination, then the sum.
//!
//! # Security
//! Files are hostile; they are read by the caller, with the caller's rights, and without a configuration. The other words
//! are for administrators.
//!
//! # Compatibility
//! An addition; under Exim's name the word is a recipient. The exit code is 0; 1 when a file had no report, there is
//! none to show, or one could not be sent (the daemon, or the next `send`, tries again); 2 for what makes no sense; 3 when
//! another process is sending.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::process::ExitCode;

use std::sync::Arc;

use config::Config;
use mail_types::bytes::Printable;
use mail_types::zone::Zone;
use mail_types::{Timestamp, limits};
use mta::context::Context;
use mta::context::facts::Facts;
use mta::report::{Fate, Idle, Pending, Pressure, Report, Settings, pending, send_due};
use mta::services::Services;
use reports::Period;
use reports::mail::Kind;

use super::Start;
use crate::argv::Invocation;
use crate::assembly;
use crate::process::{self, Job, Seat};

const USAGE: &str =
    "usage: postrider reports ingest FILE ... | list | preview tls|dmarc DOMAIN [YYYYMMDD] | send";

/// `reports ingest` needs no configuration.
pub(crate) fn is_ingest(invocation: &Invocation) -> bool {
    invocation.operands.first().is_some_and(|word| word == b"ingest")
}

/// Says what is in files.
pub(crate) fn ingest(files: &[Vec<u8>]) -> ExitCode {
    if files.is_empty() {
        crate::say_error(USAGE);
        return ExitCode::from(2);
    }
    let mut code = ExitCode::SUCCESS;
    for file in files {
        match contents(file).and_then(|octets| reports::ingest::read(&octets)) {
            Ok(found) => found.iter().for_each(|report| crate::say(report.to_string().as_bytes())),
            Err(why) => {
                crate::say_error(&format!("{}: {why}", String::from_utf8_lossy(file)));
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

fn contents(file: &[u8]) -> Result<Vec<u8>, String> {
    let mut octets = Vec::new();
    let limit = limits::REPORT_FILE + 1;
    let read = if file == b"-" {
        std::io::stdin().take(limit).read_to_end(&mut octets)
    } else {
        File::open(OsStr::from_bytes(file)).and_then(|file| file.take(limit).read_to_end(&mut octets))
    };
    read.map(|_length| octets).map_err(|error| error.to_string())
}

/// What is asked for.
enum Word {
    List,
    Show { kind: Kind, domain: String, day: Option<Vec<u8>> },
    Send,
}

impl Word {
    fn of(operands: &[Vec<u8>]) -> Option<Self> {
        let words: Vec<&[u8]> = operands.iter().map(Vec::as_slice).collect();
        Some(match words.as_slice() {
            [b"list"] => Self::List,
            [b"send"] => Self::Send,
            [b"show" | b"preview", kind, domain, day @ ..] if day.len() < 2 => {
                let kind =
                    [Kind::Tls, Kind::Dmarc].into_iter().find(|known| known.word().as_bytes() == *kind)?;
                let domain = String::from_utf8_lossy(domain).to_ascii_lowercase();
                Self::Show { kind, domain, day: day.first().map(|day| day.to_vec()) }
            }
            _ => return None,
        })
    }
}

/// Runs the words that need a configuration.
pub(crate) fn run(start: &Start<'_>) -> ExitCode {
    let Some(word) = Word::of(&start.invocation.operands) else {
        crate::say_error(USAGE);
        return ExitCode::from(2);
    };
    if !start.caller.admin {
        return super::permission_denied();
    }
    process::run(Arc::clone(&start.config), &Task { word }, false)
}

struct Task {
    word: Word,
}

impl Job for Task {
    fn run(&self, config: Arc<Config>, seat: Seat) -> u8 {
        let Ok(runtime) = crate::runtime() else { return 1 };
        runtime.block_on(async {
            let Some(services) = assembly::command_services(&config, &seat) else { return 1 };
            match &self.word {
                Word::List => list(&services).await,
                Word::Show { kind, domain, day } => show(*kind, domain, day.as_deref(), &services),
                Word::Send => {
                    let code = send(&services).await;
                    services.connections.close().await;
                    services.hints.flush(crate::HINTS_FLUSH);
                    code
                }
            }
        })
    }
}

async fn send(services: &Arc<Services>) -> u8 {
    let outcomes = match Box::pin(send_due(services, Pressure::Now)).await {
        Ok(outcomes) => outcomes,
        Err(idle) => {
            crate::say_error(&idle.to_string());
            return if idle == Idle::SomebodyElse { 3 } else { 1 };
        }
    };
    let (mut sent, mut failed) = (0, 0);
    for outcome in outcomes {
        let line: String = outcome
            .to_string()
            .chars()
            .map(|letter| if letter.is_control() { '?' } else { letter })
            .collect();
        crate::say(format!("{line}\n").as_bytes());
        match outcome.fate {
            Fate::Sent(_) => sent += 1,
            Fate::NotSent(_) => {}
            Fate::Failed(_) => failed += 1,
        }
    }
    crate::say(format!("{sent} sent, {failed} failed\n").as_bytes());
    u8::from(failed > 0)
}

async fn list(services: &Arc<Services>) -> u8 {
    let mut context = Context::new(Facts::default(), Arc::clone(services));
    let waiting = match Box::pin(pending(&mut context)).await {
        Ok(waiting) => waiting,
        Err(problem) => {
            crate::say_error(&problem);
            return 1;
        }
    };
    for Pending { kind, domain, period } in waiting {
        let day = Zone::utc().day(period.begin);
        let rows = match services.reports.sent(kind, &domain, period.begin) {
            Ok(rows) => rows,
            Err(problem) => {
                crate::say_error(&problem);
                return 1;
            }
        };
        let what = format!("{day} {} {}", kind.word(), Printable::new(domain.as_bytes()));
        if rows.is_empty() {
            crate::say(format!("{what}: not sent yet\n").as_bytes());
        }
        for row in rows {
            let place = if row.destination.is_empty() { "_" } else { &row.destination };
            let state = match (row.done, row.tries) {
                (true, _) => "done",
                (false, 0) => "not tried yet",
                (false, _) => "failed",
            };
            let said = row.said.chars().map(|letter| if letter.is_control() { '?' } else { letter });
            let said: String = said.collect();
            crate::say(format!("{what} {place}: {state} ({}) {said}\n", row.tries).as_bytes());
        }
    }
    0
}

fn show(kind: Kind, domain: &str, day: Option<&[u8]>, services: &Arc<Services>) -> u8 {
    let context = Context::new(Facts::default(), Arc::clone(services));
    let now = services.clock.now();
    let Some(period) = day.map_or(Some(Period::day_of(now)), |day| period_of(day, now)) else {
        crate::say_error("a day has the form YYYYMMDD, and is one of the last days");
        return 2;
    };
    let made = Settings::of(&context).and_then(|settings| {
        let settings = settings.ok_or("reports_from is not set")?;
        Report::of(kind, domain, period, &settings, &services.reports)
    });
    match made {
        Ok(Some(report)) => {
            crate::say(&report.content);
            crate::say(b"\n");
            0
        }
        Ok(None) => {
            crate::say_error(&format!("there is nothing to report about {domain}"));
            1
        }
        Err(why) => {
            crate::say_error(&why);
            1
        }
    }
}

/// How far back a day may lie.
const DAYS: usize = 40;

/// The day of a date.
fn period_of(date: &[u8], now: Timestamp) -> Option<Period> {
    let mut day = Period::day_of(now);
    for _ in 0..DAYS {
        if Zone::utc().day(day.begin).as_bytes() == date {
            return Some(day);
        }
        day = day.before();
    }
    None
}
