//! Daily reports to other domains: about TLS (RFC 8460) and DMARC (RFC 7489).
//!
//! [`serve`] looks every few minutes what is due and sends it; [`Report::of`] makes one report, for whoever wants to see it.
//! What they are made of is collected by the `smtp` transport and by `verify`, in `hints::ReportStore`.
//!
//! # Invariants
//! * What is due follows from the store, the configuration and the clock: a restart forgets nothing and repeats nothing.
//! * Nothing is made unless `reports_from` is set and a list of domains names the domain.
//! * Each destination is written down before the first one is tried: a crash in between repeats a report, with its id, and
//!   loses none.
//!
//! # Security
//! Records, and the domains and results that reports tell of, are hostile. Reports go only to places that the domain's
//! records name; for DMARC those elsewhere have to agree.
//!
//! # Failure
//! A destination that fails is tried again, an hour later at the earliest, for a day. A store that fails is a line in the
//! panic log.
//!
//! # References
//! RFC 8460 sections 3 to 5; RFC 7489 section 7.

mod content;
mod destination;
mod fate;
mod post;
mod schedule;
mod send;
mod settings;

#[cfg(test)]
pub(crate) mod tests;

pub use content::Report;
pub use fate::Fate;
pub use schedule::{Idle, Outcome, Pending, Pressure, pending, send_due, serve};
pub use settings::Settings;
