//! `-bt`, `-bv`, `-bvs`: where addresses go, without sending anything.
//!
//! # Compatibility
//! Spec 5.2. The exit code is the worst of all addresses: 0 all well, 1 some deferred, 2 some failed.

use std::io::BufRead;
use std::process::ExitCode;
use std::sync::Arc;

use config::Config;
use mta::context::Context;
use mta::context::facts::Facts;

use super::Start;
use crate::argv::Mode;
use crate::process::{Job, Seat};

/// Runs the mode.
pub(crate) fn run(start: &Start<'_>) -> ExitCode {
    crate::process::run(Arc::clone(&start.config), &Test { start }, false)
}

struct Test<'a> {
    start: &'a Start<'a>,
}

impl Job for Test<'_> {
    fn run(&self, config: Arc<Config>, seat: Seat) -> u8 {
        let Ok(runtime) = crate::runtime() else { return 1 };
        runtime.block_on(async {
            let Some(services) = crate::assembly::test_command_services(&config, &seat) else { return 1 };
            let mut worst = 0;
            for address in self.addresses() {
                let mut context =
                    Context::with_config(self.facts(), Arc::clone(&config), Arc::clone(&services));
                worst = worst.max(self.one(&address, &mut context).await);
            }
            worst
        })
    }
}

impl Test<'_> {
    /// The arguments, or a line of standard input each.
    fn addresses(&self) -> Vec<Vec<u8>> {
        let operands = &self.start.invocation.operands;
        if !operands.is_empty() {
            return operands.clone();
        }
        let lines = std::io::stdin().lock().split(b'\n');
        lines.map_while(Result::ok).filter(|l| !l.trim_ascii().is_empty()).collect()
    }

    fn facts(&self) -> Facts {
        let mut facts = Facts::default();
        if let Some(sender) = &self.start.invocation.sender {
            facts.message.sender_address.clone_from(sender);
        }
        facts
    }

    async fn one(&self, address: &[u8], context: &mut Context) -> u8 {
        let admin = self.start.caller.admin;
        let report = match self.start.invocation.mode {
            Mode::Verify { as_sender } => {
                mta::route::verify_address(address, as_sender, self.start.invocation.verbose, admin, context)
                    .await
            }
            _ => mta::route::test_address(address, admin, context).await,
        };
        crate::say(report.text.as_bytes());
        u8::try_from(report.exit_code).unwrap_or(2)
    }
}
