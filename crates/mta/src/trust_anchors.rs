//! Keeps DNSSEC's trust anchors up to date while the daemon runs.
//!
//! The daemon alone asks and writes; every process reads what was written when it starts.
//!
//! # Failure
//! A file that makes no sense is told in the log, and following begins anew. A zone that gives no good keys is told once
//! for each reason, where it has given them before; what is trusted stays as it is.
//!
//! # References
//! RFC 5011.

use std::sync::Arc;
use std::time::Duration;

use config::options::postrider;
use dns::{AnchorsFile, Rollover, TrustAnchors, Validation};
use observe::event::{Event, Streams};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::services::Services;

/// A daemon that has just been set up asks nothing at once.
const FIRST_LOOK: Duration = Duration::from_mins(1);
/// Longest time between two looks at the clock, which may jump.
const LOOKS: Duration = Duration::from_hours(1);

/// Where the state is.
pub fn file(services: &Services) -> AnchorsFile {
    AnchorsFile::within(&services.process.spool_directory.join("db"))
}

/// The anchors that are followed: the configured ones, where signatures are checked here and `dnssec_anchor_rollover` is on.
pub fn followed(services: &Services) -> Option<TrustAnchors> {
    match &services.resolver.config().validation {
        Validation::Own(configured)
            if services.config.snapshot().main.get(postrider::DNSSEC_ANCHOR_ROLLOVER) =>
        {
            Some(configured.clone())
        }
        _ => None,
    }
}

/// Follows the anchors until `stopped` says so.
pub async fn serve(services: Arc<Services>, mut stopped: watch::Receiver<bool>) {
    let Some(configured) = followed(&services) else { return };
    let mut follower = Follower::begin(services, &configured).await;
    let mut wait = if follower.fresh { FIRST_LOOK } else { Duration::ZERO };
    loop {
        tokio::select! {
            biased;
            _ = stopped.changed() => return,
            () = sleep(wait) => {}
        }
        wait = follower.look().await.min(LOOKS);
    }
}

/// The state, and what was told of it.
struct Follower {
    services: Arc<Services>,
    rollover: Rollover,
    /// There was no file.
    fresh: bool,
    told: Vec<String>,
}

impl Follower {
    async fn begin(services: Arc<Services>, configured: &TrustAnchors) -> Self {
        let (file, anchors) = (file(&services), configured.clone());
        let known = services.pools.files.run(move || file.load(&anchors)).await;
        let known = known.unwrap_or(Ok(None)).unwrap_or_else(|problem| {
            services.log.problem(None, format!("DNSSEC trust anchors are followed anew: {problem}"));
            None
        });
        let fresh = known.is_none();
        let rollover = known.unwrap_or_else(|| Rollover::new(configured));
        Self { services, rollover, fresh, told: Vec::new() }
    }

    /// Asks what is due; the time until something is again.
    async fn look(&mut self) -> Duration {
        let now = self.services.clock.now();
        if self.rollover.due() <= now {
            let followed = self.services.resolver.follow_anchors(&mut self.rollover).await;
            for change in &followed.changes {
                self.tell(change.to_string());
            }
            // Name servers that know no DNSSEC give nothing to follow.
            if self.rollover.has_seen_keys() {
                for trouble in followed.troubles.iter().filter(|trouble| !self.told.contains(trouble)) {
                    self.tell(trouble.clone());
                }
                self.told = followed.troubles;
                self.save().await;
            }
        }
        self.rollover.due().since(self.services.clock.now())
    }

    fn tell(&self, text: String) {
        self.services.log.write(&Event::Text { text: text.into_bytes(), streams: Streams::MAIN });
    }

    async fn save(&self) {
        let (file, rollover) = (file(&self.services), self.rollover.clone());
        if let Ok(Err(error)) = self.services.pools.files.run(move || file.save(&rollover)).await {
            self.services.log.problem(None, format!("cannot write the DNSSEC trust anchors: {error}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use mail_types::dns::{RecordType, Security};

    use super::*;
    use crate::testing::Bench;

    /// A file that can't be used: what the log says, and that the configured anchors are trusted as if there were none.
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_file_that_can_not_be_used() {
        let configured = TrustAnchors::root();
        let good = Rollover::new(&configured).to_text();
        let cut = &good[..good.len() - 5];
        let too_long = format!("{good}{}", "; x\n".repeat(1 << 18));
        for (content, want) in [
            (None, Some("Is a directory (os error 21)")),
            (Some("nonsense\n"), Some("line 1: another version")),
            (Some("version 9\n"), Some("line 1: another version")),
            (Some(""), Some("empty")),
            (Some("version 1\nkey valid 0 0 257 3 8 AwEAAQ==\n"), Some("line 2: a key of no zone")),
            (Some("\u{fffd}\0"), Some("line 1: another version")),
            (Some(cut), Some("line 4: makes no sense")),
            // The end of it is not read.
            (Some(&*too_long), None),
            (Some(&*good), None),
        ] {
            let bench = Bench::new("");
            let db = bench.directory().join("db");
            std::fs::create_dir_all(&db).expect("scratch");
            let path = db.join("postrider-trust-anchors");
            match content {
                Some(content) => std::fs::write(&path, content).expect("scratch"),
                None => std::fs::create_dir(&path).expect("scratch"),
            }
            let follower = Follower::begin(Arc::clone(&bench.services), &configured).await;
            let told = want
                .map(|want| format!("DNSSEC trust anchors are followed anew: {}: {want}", path.display()));
            assert_eq!(bench.main_log(), told.iter().cloned().collect::<Vec<_>>(), "{content:.40?}");
            assert_eq!(bench.panic_log(), bench.main_log(), "{content:.40?}");
            assert_eq!(follower.rollover.anchors(), configured, "{content:.40?}");
            assert_eq!(follower.fresh, want.is_some(), "{content:.40?}");
        }
    }

    /// Nowhere to write: told, and the server goes on with what it knows.
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_file_that_can_not_be_written() {
        let bench = Bench::new("");
        std::fs::write(bench.directory().join("db"), "no folder").expect("scratch");
        let configured = TrustAnchors::root();
        let mut follower = Follower::begin(Arc::clone(&bench.services), &configured).await;
        // It can't be opened either, which is another thing than that there is none.
        let unread = format!(
            "DNSSEC trust anchors are followed anew: {}: Not a directory (os error 20)",
            bench.directory().join("db/postrider-trust-anchors").display()
        );
        assert_eq!(bench.main_log(), [unread]);
        follower.save().await;
        let log = bench.main_log();
        assert!(
            log.last().is_some_and(
                |line| line == "cannot write the DNSSEC trust anchors: Not a directory (os error 20)"
            ),
            "{log:?}"
        );
        // No name server answers: nothing changes, and it is asked again in an hour.
        assert_eq!(follower.look().await, Duration::from_hours(1));
        assert_eq!(follower.rollover.anchors(), configured);
        let options = mail_types::dns::QueryOptions::DNSSEC;
        let examined = bench.services.resolver.examine(b"x.test", RecordType::A, &options).await;
        assert_eq!(examined.security, Security::Indeterminate);
    }
}
