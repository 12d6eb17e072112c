//! `-bt`, `-bv`, `-bvs`: where addresses go, without sending anything.
//!
//! # Compatibility
//! Spec 5.2. The exit code is the worst of all addresses: 0 all well, 1 some deferred, 2 some failed.

use std::io::BufRead;
use std::process::ExitCode;
use std::sync::Arc;

use config::Config;
use mta::context::Context;
use mta::context::facts::{Facts, VerifyMode};

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

/// The arguments, or a line of standard input each, which is asked for as by Exim.
enum Addresses<'a> {
    Given(std::slice::Iter<'a, Vec<u8>>),
    Asked(std::io::Split<std::io::StdinLock<'static>>),
}

impl<'a> Addresses<'a> {
    fn of(operands: &'a [Vec<u8>]) -> Self {
        if operands.is_empty() {
            return Self::Asked(std::io::stdin().lock().split(b'\n'));
        }
        Self::Given(operands.iter())
    }

    fn next(&mut self) -> Option<Vec<u8>> {
        match self {
            Self::Given(operands) => operands.next().cloned(),
            Self::Asked(lines) => {
                crate::say(b"> ");
                let line = lines.next().and_then(Result::ok);
                if line.is_none() {
                    crate::say(b"\n");
                }
                line
            }
        }
    }
}

impl Job for Test<'_> {
    fn run(&self, config: Arc<Config>, seat: Seat) -> u8 {
        let Ok(runtime) = crate::runtime() else { return 1 };
        runtime.block_on(async {
            let Some(services) = crate::assembly::test_command_services(&config, &seat) else { return 1 };
            let mut worst = 0;
            let mut addresses = Addresses::of(&self.start.invocation.operands);
            while let Some(address) = addresses.next() {
                let mut context =
                    Context::with_config(Facts::default(), Arc::clone(&config), Arc::clone(&services));
                self.prepare(&mut context);
                worst = worst.max(self.one(&address, &mut context).await);
            }
            worst
        })
    }
}

impl Test<'_> {
    /// The sender, which is the caller where `-f` names none, and what the address is looked at for.
    fn prepare(&self, context: &mut Context) {
        let as_sender = matches!(self.start.invocation.mode, Mode::Verify { as_sender: true });
        let given = self.start.invocation.sender.as_deref().map(<[u8]>::trim_ascii);
        let bare = |text: &[u8]| {
            text.strip_prefix(b"<").and_then(|text| text.strip_suffix(b">")).unwrap_or(text).to_vec()
        };
        let mut sender = match given {
            Some(given) => bare(given),
            None if as_sender => Vec::new(),
            None => self.start.caller.login.clone(),
        };
        if !sender.is_empty() && !sender.contains(&b'@') {
            sender.push(b'@');
            sender.extend_from_slice(context.qualify_domain());
        }
        let message = &mut context.facts.message;
        message.sender_address = sender;
        message.verify_mode = if as_sender { VerifyMode::Sender } else { VerifyMode::Recipient };
    }

    async fn one(&self, address: &[u8], context: &mut Context) -> u8 {
        if address.trim_ascii().is_empty() {
            crate::say(b"syntax error: empty address\n");
            return 2;
        }
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
