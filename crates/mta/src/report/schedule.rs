//! What is due, and doing it.
//!
//! # Invariants
//! * A report is made after the day that it is about, at a moment that depends on the domain: not all at midnight.
//! * There is no state but the store's: the clock may jump, the program may stop anywhere.

use std::sync::Arc;
use std::time::Duration;

use config::options::postrider as options;
use hints::Sending;
use mail_types::Timestamp;
use observe::{Event, Streams};
use policy::list::Subject;
use reports::Period;
use reports::mail::Kind;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::content::Report;
use super::destination::{Target, targets};
use super::send::send;
use super::settings::Settings;
use crate::context::Context;
use crate::context::facts::Facts;
use crate::services::Services;
use crate::smtp_in::panic_guard::guarded;

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
        if let Err(reason) = Box::pin(guarded(send_due(&services, Pressure::AtTheirTime))).await {
            services
                .log
                .problem(None, format!("sending reports panicked (a fault of this program): {reason}"));
        }
    }
}

/// Sends what is due; how many reports arrived.
pub async fn send_due(services: &Arc<Services>, pressure: Pressure) -> usize {
    let mut context = Context::new(Facts::default(), Arc::clone(services));
    let settings = match Settings::of(&context) {
        Ok(Some(settings)) => settings,
        Ok(None) => return 0,
        Err(why) => {
            context.log_problem(why);
            return 0;
        }
    };
    let now = services.clock.now();
    let mut sent = 0;
    for waiting in pending(&mut context).await {
        if pressure == Pressure::AtTheirTime && now.secs() < moment(&waiting, &context) {
            continue;
        }
        match one(&waiting, &settings, pressure, &mut context).await {
            Ok(arrived) => sent += arrived,
            Err(problem) => context.log_problem(format!("report about {}: {problem}", waiting.domain)),
        }
    }
    let oldest = (0..DAYS).fold(Period::day_of(now), |day, _| day.before());
    let store = Arc::clone(&services.reports);
    let forgotten = services.pools.files.run(move || store.forget_before(oldest.begin)).await;
    if let Ok(Err(problem)) = forgotten {
        context.log_problem(problem);
    }
    sent
}

/// The reports about whole days that the configuration wants, sent or not, the oldest first.
pub async fn pending(context: &mut Context) -> Vec<Pending> {
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
            match domains.await {
                Ok(Ok(domains)) => {
                    found.extend(domains.into_iter().map(|domain| Pending { kind, domain, period }));
                }
                Ok(Err(problem)) => context.log_problem(problem),
                Err(_stopping) => return found,
            }
        }
    }
    let mut wanted = Vec::new();
    for waiting in found {
        if is_wanted(&waiting, context).await {
            wanted.push(waiting);
        }
    }
    wanted
}

async fn is_wanted(waiting: &Pending, context: &mut Context) -> bool {
    let option = match waiting.kind {
        Kind::Tls => options::TLS_REPORTS_DOMAINS,
        Kind::Dmarc => options::DMARC_REPORTS_DOMAINS,
    };
    let domain = waiting.domain.clone();
    let asked =
        context.on_pool(|context| context.matches_option(option, Subject::Text(domain.as_bytes()))).await;
    matches!(asked, Some(Ok(true)))
}

/// When a report is to be made.
fn moment(waiting: &Pending, context: &Context) -> i64 {
    // FNV-1a: the same for a domain every day, and another one at every host.
    let names = context.primary_hostname().iter().chain(waiting.domain.as_bytes());
    let hash = names.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    waiting.period.end.secs() + SETTLES_SECS + (hash % SPREAD_SECS) as i64
}

/// Sends one report to all that want it and have not got it; to how many.
async fn one(
    waiting: &Pending,
    settings: &Settings,
    pressure: Pressure,
    context: &mut Context,
) -> Result<usize, String> {
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
        return Ok(0);
    }
    let to_make = settings.clone();
    let made =
        in_store(context, waiting, move |store, domain| Report::of(kind, domain, period, &to_make, store));
    let Some(report) = made.await? else { return Ok(0) };
    let wanting = match targets(&report, context).await {
        Ok(wanting) => wanting,
        // Whom to ask is asked again.
        Err(why) => {
            note(waiting, String::new(), Err(why), context).await?;
            return Ok(0);
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
    // The question itself has been answered.
    note(waiting, String::new(), Ok(format!("{} want it", wanting.len())), context).await?;
    let mut sent = 0;
    for target in &wanting {
        let destination = target.to.to_string();
        if !is_new(target) && !open.contains(&destination) {
            continue;
        }
        let result = send(&report, target, settings, context).await;
        let (what, about) = (if kind == Kind::Tls { "TLS" } else { "DMARC" }, &report.domain);
        let said = match &result {
            Ok(said) => said.clone(),
            Err(why) => format!("failed: {why}"),
        };
        let text = format!("{what} report about {about} to {destination}: {said}").into_bytes();
        context.log_event(&Event::Text { text, streams: Streams::MAIN });
        sent += usize::from(result.is_ok());
        note(waiting, destination, result, context).await?;
    }
    Ok(sent)
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
