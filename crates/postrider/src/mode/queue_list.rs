//! `-bp…`, `mailq`: the queue.

use std::process::ExitCode;
use std::sync::Arc;

use config::Config;
use mail_types::MessageId;
use mail_types::clock::{Clock, SystemClock};
use mta::queue::listing::{ListingStyle, count, list};

use super::Start;
use crate::argv::ListStyle;
use crate::process::{Job, Seat, run as run_job};

/// Runs the mode.
pub(crate) fn run(start: &Start<'_>, style: ListStyle) -> ExitCode {
    let restricted = start.config.main.get(config::options::main::QUEUE_LIST_REQUIRES_ADMIN);
    if restricted && !start.caller.admin {
        return super::permission_denied();
    }
    run_job(Arc::clone(&start.config), &Listing { start, style }, false)
}

struct Listing<'a> {
    start: &'a Start<'a>,
    style: ListStyle,
}

impl Job for Listing<'_> {
    fn run(&self, config: Arc<Config>, _seat: Seat) -> u8 {
        let shown = crate::assembly::open_spool_alone(&config).and_then(|spool| self.show(&spool));
        match shown {
            Ok(()) => 0,
            Err(reason) => {
                crate::say_error(&reason);
                1
            }
        }
    }
}

impl Listing<'_> {
    fn show(&self, spool: &spool::Spool) -> Result<(), String> {
        if self.style.count {
            let count = count(spool).map_err(|e| e.to_string())?;
            crate::say(format!("{count}\n").as_bytes());
            return Ok(());
        }
        let only: Vec<MessageId> =
            self.start.invocation.operands.iter().filter_map(|text| MessageId::parse(text)).collect();
        let style = ListingStyle {
            unsorted: self.style.unsorted,
            generated: self.style.generated,
            undelivered: self.style.undelivered,
            ids: self.style.ids,
        };
        list(spool, style, &only, SystemClock.now(), &mut |text| crate::say(text)).map_err(|e| e.to_string())
    }
}
