//! `-z TEXT`: an administrator's own words in the main log.
//!
//! # Compatibility
//! As in Exim nothing but the text stands behind the time; control characters, which Exim writes as they are, are escaped.

use std::process::ExitCode;
use std::sync::Arc;

use config::Config;
use observe::event::{Event, Streams};

use super::Start;
use crate::process::{self, Job, Seat};

/// Runs the mode.
pub(crate) fn run(start: &Start<'_>, text: &[u8]) -> ExitCode {
    if !start.caller.admin {
        // Without a word, as the oracle.
        return ExitCode::FAILURE;
    }
    process::run(Arc::clone(&start.config), &Line { text }, false)
}

struct Line<'a> {
    text: &'a [u8],
}

impl Job for Line<'_> {
    fn run(&self, config: Arc<Config>, _seat: Seat) -> u8 {
        match crate::assembly::log(&config) {
            Ok(log) => {
                log.write(&Event::Text { text: self.text.to_vec(), streams: Streams::MAIN });
                0
            }
            Err(reason) => {
                crate::say_error(&reason);
                1
            }
        }
    }
}
