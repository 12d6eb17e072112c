//! `postrider tls-policy DOMAIN ...`: how safely mail for a domain would travel, and why.
//!
//! Mail for `postmaster` of each domain is routed; of each host that this finds it is told what DNSSEC, TLSA records, the
//! domain's MTA-STS policy and the configuration say, what is decided, and what a session with the host is like. A policy
//! that the server keeps is taken from its hints, which are only read; one that is fetched here is not kept.
//!
//! # Compatibility
//! An addition; under Exim's name the word is a recipient. The exit code is the worst of all domains: 0 a host can be
//! used, 1 mail would wait, 2 it would come back.

use std::process::ExitCode;
use std::sync::Arc;

use config::Config;
use mail_types::bytes::Printable;
use mta::context::Context;
use mta::context::facts::Facts;
use mta::route::{RouteAddress, RouteMode};
use mta::transport::mta_sts;

use super::Start;
use crate::process::{Job, Seat};

/// Runs the mode.
pub(crate) fn run(start: &Start<'_>) -> ExitCode {
    if !start.caller.admin {
        return super::permission_denied();
    }
    if start.invocation.operands.is_empty() {
        crate::say_error("tls-policy needs the name of a domain");
        return ExitCode::from(2);
    }
    crate::process::run(Arc::clone(&start.config), &Policy { start }, false)
}

struct Policy<'a> {
    start: &'a Start<'a>,
}

impl Job for Policy<'_> {
    fn run(&self, config: Arc<Config>, seat: Seat) -> u8 {
        let Ok(runtime) = crate::runtime() else { return 1 };
        runtime.block_on(async {
            let Some(services) = crate::assembly::test_command_services(&config, &seat) else { return 1 };
            let mut worst = 0;
            let hints = crate::assembly::spool_directory(&config).map(|spool| spool.join("db"));
            for domain in &self.start.invocation.operands {
                let known = hints.clone().and_then(|hints| mta_sts::recall(domain, &hints, &services));
                if let Err(reason) = known {
                    crate::say_error(&format!("policies that the server keeps are not known: {reason}"));
                }
                let mut context =
                    Context::with_config(Facts::default(), Arc::clone(&config), Arc::clone(&services));
                worst = worst.max(Box::pin(one(domain, &mut context)).await);
            }
            worst
        })
    }
}

async fn one(domain: &[u8], context: &mut Context) -> u8 {
    let address = RouteAddress::new(&[b"postmaster@", domain].concat());
    let outcome = mta::route::route(&address, RouteMode::Test, context).await;
    let Some(assignment) = outcome.assignment() else {
        let report = mta::route::test_address(&address.address, true, context).await;
        crate::say(report.text.as_bytes());
        // Why, where the message says no more than that something is wrong.
        for line in &outcome.log {
            crate::say(format!("  {}\n", Printable::new(&line.text)).as_bytes());
        }
        return u8::try_from(report.exit_code).unwrap_or(2).max(1);
    };
    let (hosts, facts) = (assignment.hosts.clone(), assignment.facts.clone());
    let said = Box::pin(mta::transport::smtp::explain(&assignment.transport, hosts, facts, context)).await;
    crate::say(said.text.as_bytes());
    said.exit_code
}
