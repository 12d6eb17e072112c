//! What is due, and doing it.
//!
//! # Invariants
//! * A report is made after the day that it is about, at a moment that depends on the domain: not all at midnight.
//! * There is no state but the store's: the clock may jump, the program may stop anywhere.
//! * One process sends at a time; who comes second does nothing.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use config::options::postrider as options;
use hints::Sending;
use mail_types::Timestamp;
use mail_types::bytes::Printable;
use observe::{Event, Streams};
use policy::list::Subject;
use reports::Period;
use reports::mail::Kind;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::content::Report;
use super::destination::{Target, Wanting, targets};
use super::fate::Fate;
use super::send::send;
use super::settings::{Settings, fnv};
use crate::context::Context;
use crate::context::facts::Facts;
use crate::services::Services;
use crate::services::panic_guard::guarded;

/// How often somebody looks what is due.
const LOOKS: Duration = Duration::from_mins(10);
/// Reports are made this long after midnight at the earliest: sessions of the old day come to their end.
const SETTLES_SECS: i64 = 15 * 60;
/// They are spread over as many seconds (rfc8460#4.1).
const SPREAD_SECS: u64 = 4 * 3600;
/// A destination that failed is tried again after as many seconds …
const AGAIN_SECS: i64 = 3600;
/// … for as many after the end of the day that the report is about (rfc8460#5.5 asks for a day).
const PATIENCE_SECS: i64 = 36 * 3600;
/// Days whose results are kept, and looked at.
const DAYS: usize = 3;

/// Whether reports wait for their moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressure {
    /// They wait.
    AtTheirTime,
    /// Somebody wants them now.
    Now,
}

/// A report, a destination, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Which report and where it was to go, in words.
    pub what: String,
    /// What became of it.
    pub fate: Fate,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fate {
            Fate::Sent(said) => write!(f, "{}: {said}", self.what),
            Fate::NotSent(why) => write!(f, "{}: not sent: {why}", self.what),
            Fate::Failed(why) => write!(f, "{}: failed: {why}", self.what),
        }
    }
}

/// Why nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Idle {
    /// Another process sends at this moment.
    SomebodyElse,
    /// `reports_from` is not set.
    NotConfigured,
    /// A setting, or the store, can't be used: which, and why.
    Trouble(String),
}

impl fmt::Display for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SomebodyElse => f.write_str("another process is sending reports"),
            Self::NotConfigured => f.write_str("reports_from is not set: there are no reports"),
            Self::Trouble(why) => f.write_str(why),
        }
    }
}

/// A report that could be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Which report.
    pub kind: Kind,
    /// The domain that it is about.
    pub domain: String,
    /// The day that it is about.
    pub period: Period,
}

impl fmt::Display for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.kind == Kind::Tls { "TLS" } else { "DMARC" };
        write!(f, "{kind} report about {}", Printable::new(self.domain.as_bytes()))
    }
}

/// Sends reports at their time, until `stopped` says so.
pub async fn serve(services: Arc<Services>, mut stopped: watch::Receiver<bool>) {
    let mut looks = interval(LOOKS);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            _ = stopped.changed() => return,
            _ = looks.tick() => {}
        }
        match Box::pin(guarded(send_due(&services, Pressure::AtTheirTime))).await {
            Ok(Err(Idle::Trouble(why))) => services.log.problem(None, why),
            Ok(_) => {}
            Err(reason) => {
                let text = format!("sending reports panicked (a fault of this program): {reason}");
                services.log.problem(None, text);
            }
        }
    }
}

/// Sends what is due; what became of each report that was tried.
///
/// # Errors
/// Why nothing was tried.
pub async fn send_due(services: &Arc<Services>, pressure: Pressure) -> Result<Vec<Outcome>, Idle> {
    let mut context = Context::new(Facts::default(), Arc::clone(services));
    let settings = Settings::of(&context).map_err(Idle::Trouble)?.ok_or(Idle::NotConfigured)?;
    let store = Arc::clone(&services.reports);
    let asked = services.pools.files.run(move || store.alone()).await;
    let asked = asked.map_err(|_stopping| Idle::Trouble("the program is stopping".to_owned()))?;
    // Held until the end of this function, or of this process.
    let _alone = asked.map_err(Idle::Trouble)?.ok_or(Idle::SomebodyElse)?;
    let now = services.clock.now();
    let mut outcomes = Vec::new();
    for waiting in pending(&mut context).await.map_err(Idle::Trouble)? {
        if pressure == Pressure::AtTheirTime && now.secs() < moment(&waiting, &context) {
            continue;
        }
        let before = outcomes.len();
        if let Err(problem) = one(&waiting, &settings, pressure, &mut outcomes, &mut context).await {
            context.log_problem(format!("report about {}: {problem}", waiting.domain));
            if outcomes.len() == before {
                outcomes.push(Outcome { what: waiting.to_string(), fate: Fate::Failed(problem) });
            }
        }
    }
    let oldest = (0..DAYS).fold(Period::day_of(now), |day, _| day.before());
    let store = Arc::clone(&services.reports);
    let forgotten = services.pools.files.run(move || store.forget_before(oldest.begin)).await;
    if let Ok(Err(problem)) = forgotten {
        context.log_problem(problem);
    }
    Ok(outcomes)
}

/// The reports about whole days that the configuration wants, sent or not, the oldest first.
///
/// # Errors
/// The store cannot be read.
pub async fn pending(context: &mut Context) -> Result<Vec<Pending>, String> {
    let now = context.services.clock.now();
    let mut days = Vec::new();
    let mut day = Period::day_of(now);
    for _ in 0..DAYS {
        day = day.before();
        days.push(day);
    }
    let mut found = Vec::new();
    for period in days.into_iter().rev() {
        for kind in Settings::kinds(&context.config) {
            let store = Arc::clone(&context.services.reports);
            let domains = context.services.pools.files.run(move || match kind {
                Kind::Tls => store.tls_domains(period),
                Kind::Dmarc => {
                    Ok(store.dmarc_domains(period)?.into_iter().map(|(domain, _)| domain).collect())
                }
            });
            let domains = domains.await.map_err(|_stopping| "the program is stopping".to_owned())??;
            found.extend(domains.into_iter().map(|domain| Pending { kind, domain, period }));
        }
    }
    let mut wanted = Vec::new();
    for waiting in found {
        if is_wanted(&waiting, context).await? {
            wanted.push(waiting);
        }
    }
    Ok(wanted)
}

/// Whether the configuration asks for reports about a domain; an error where its list can't tell: the results are kept meanwhile.
async fn is_wanted(waiting: &Pending, context: &mut Context) -> Result<bool, String> {
    let option = match waiting.kind {
        Kind::Tls => options::TLS_REPORTS_DOMAINS,
        Kind::Dmarc => options::DMARC_REPORTS_DOMAINS,
    };
    let domain = waiting.domain.clone();
    let asked =
        context.on_pool(|context| context.matches_option(option, Subject::Text(domain.as_bytes()))).await;
    let asked = asked.ok_or("the program is stopping")?;
    asked.map_err(|error| format!("failed to check \"{}\": {error}", option.definition().name))
}

/// When a report is to be made.
fn moment(waiting: &Pending, context: &Context) -> i64 {
    // The same for a domain every day, and another one at every host.
    let hash = fnv(context.primary_hostname().iter().chain(waiting.domain.as_bytes()));
    waiting.period.end.secs() + SETTLES_SECS + (hash % SPREAD_SECS) as i64
}

/// Sends one report to all that want it and have not got it.
async fn one(
    waiting: &Pending,
    settings: &Settings,
    pressure: Pressure,
    outcomes: &mut Vec<Outcome>,
    context: &mut Context,
) -> Result<(), String> {
    let Pending { kind, period, .. } = *waiting;
    let now = context.services.clock.now();
    let known =
        in_store(context, waiting, move |store, domain| store.sent(kind, domain, period.begin)).await?;
    let again = |last: Timestamp| pressure == Pressure::Now || now.secs() - last.secs() >= AGAIN_SECS;
    let late = pressure == Pressure::AtTheirTime && now.secs() > period.end.secs() + PATIENCE_SECS;
    let open: Vec<String> = known
        .iter()
        .filter(|row| !row.done && (row.tries == 0 || again(row.last)))
        .map(|row| row.destination.clone())
        .collect();
    if late || (!known.is_empty() && open.is_empty()) {
        return Ok(());
    }
    let to_make = settings.clone();
    let made =
        in_store(context, waiting, move |store, domain| Report::of(kind, domain, period, &to_make, store));
    let Some(report) = made.await? else { return Ok(()) };
    let Wanting { targets: wanting, unknown } = match targets(&report, context).await {
        Ok(wanting) => wanting,
        // Whom to ask is asked again.
        Err(why) => {
            note(waiting, String::new(), Err(why.clone()), context).await?;
            outcomes.push(Outcome { what: waiting.to_string(), fate: Fate::Failed(why) });
            return Ok(());
        }
    };
    let is_new = |target: &Target| known.iter().all(|row| row.destination != target.to.to_string());
    for target in wanting.iter().filter(|target| is_new(target)) {
        let destination = target.to.to_string();
        in_store(context, waiting, move |store, domain| {
            store.expect_sent(Sending { kind, domain, begin: period.begin, destination: &destination })
        })
        .await?;
    }
    // The question itself has been answered, or is asked again.
    let answered = match unknown {
        None => Ok(format!("{} want it", wanting.len())),
        Some(why) => Err(why),
    };
    if let Err(why) = &answered {
        outcomes.push(Outcome { what: waiting.to_string(), fate: Fate::Failed(why.clone()) });
    }
    note(waiting, String::new(), answered, context).await?;
    for target in &wanting {
        let destination = target.to.to_string();
        if !is_new(target) && !open.contains(&destination) {
            continue;
        }
        let fate = send(&report, target, settings, context).await;
        let result = match fate.clone() {
            Fate::Sent(said) => Ok(said),
            Fate::NotSent(why) => Ok(format!("not sent: {why}")),
            Fate::Failed(why) => Err(why),
        };
        let outcome = Outcome { what: format!("{waiting} to {destination}"), fate };
        let text = outcome.to_string().into_bytes();
        context.log_event(&Event::Text { text, streams: Streams::MAIN });
        outcomes.push(outcome);
        note(waiting, destination, result, context).await?;
    }
    Ok(())
}

/// Remembers what became of a destination; the empty one stands for asking who wants the report.
async fn note(
    waiting: &Pending,
    destination: String,
    result: Result<String, String>,
    context: &Context,
) -> Result<(), String> {
    let (kind, begin, now) = (waiting.kind, waiting.period.begin, context.services.clock.now());
    in_store(context, waiting, move |store, domain| {
        store.note_sent(Sending { kind, domain, begin, destination: &destination }, now, &result)
    })
    .await
}

async fn in_store<T: Send + 'static>(
    context: &Context,
    waiting: &Pending,
    work: impl FnOnce(&hints::ReportStore, &str) -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let (store, domain) = (Arc::clone(&context.services.reports), waiting.domain.clone());
    let done = context.services.pools.files.run(move || work(&store, &domain)).await;
    done.map_err(|_stopping| "the program is stopping".to_owned())?
}
