//! `postrider trust-anchors`: which keys DNSSEC begins from, and what becomes of them.
//!
//! # Compatibility
//! An addition; under Exim's name the word is a recipient. The exit code is 1 where signatures are not checked here.

use std::process::ExitCode;
use std::sync::Arc;

use config::Config;
use dns::{Rollover, Validation};

use super::Start;
use crate::assembly;
use crate::process::{Job, Seat};

/// Runs the mode.
pub(crate) fn run(start: &Start<'_>) -> ExitCode {
    if !start.caller.admin {
        return super::permission_denied();
    }
    crate::process::run(Arc::clone(&start.config), &Show, false)
}

struct Show;

impl Job for Show {
    fn run(&self, config: Arc<Config>, _seat: Seat) -> u8 {
        let Validation::Own(configured) = (match assembly::validation(&config) {
            Ok(validation) => validation,
            Err(reason) => {
                crate::say_error(&reason);
                return 1;
            }
        }) else {
            crate::say_error(
                "DNSSEC signatures are not checked here: see dnssec_validation and dns_dnssec_ok",
            );
            return 1;
        };
        match assembly::followed_anchors(&config, &configured) {
            Ok(Some(rollover)) => crate::say(rollover.describe().as_bytes()),
            Ok(None) => {
                crate::say(Rollover::new(&configured).describe().as_bytes());
                crate::say(b"No daemon has followed them yet, or dnssec_anchor_rollover is off.\n");
            }
            Err(problem) => {
                crate::say_error(&problem);
                return 1;
            }
        }
        0
    }
}
