//! The sender's SPF policy, checked once for a message.
//!
//! # Security
//! Runs on the capped pool for lookups, for at most [`limits::SPF_SECONDS`].
//!
//! # Failure
//! What the DNS doesn't answer in time is `temperror`; the ACL says what follows from that.
//!
//! # Compatibility
//! ACL conditions `spf` and `spf_guess`; a client on this host passes always, and local input counts as a client at
//! 0.0.0.0, as the oracle has it. Verdicts that differ from the oracle's library: docs/compat.md.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use config::options::main;
use mail_types::Timestamp;
use mail_types::clock::Clock;
use mail_types::dns::{Answer, DnsFailure, RecordType, Resolve};
use mail_types::limits;
use sender_auth::spf::{self, SpfQuery};

use crate::context::Context;
use crate::context::sender_auth::SpfChecked;

/// Checks the sender, unless that was done; the word for it. Blocks on the DNS.
pub fn check(guess: bool, context: &mut Context) -> &'static str {
    let known = context.sender_auth.spf.as_ref().filter(|known| known.guess == guess);
    if let Some(known) = known {
        return known.outcome.verdict.word();
    }
    let resolver = std::sync::Arc::clone(context.blocking_dns());
    let template = match context.expanded(main::SPF_SMTP_COMMENT_TEMPLATE) {
        Ok(template) => template.map(mail_types::value::Value::into_bytes).unwrap_or_default(),
        Err(error) => {
            context.log_problem(format!("failed to expand spf_smtp_comment_template: {error}"));
            Vec::new()
        }
    };
    let facts = &context.facts;
    let query = SpfQuery {
        ip: facts.connection.sender_host_address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        helo: facts.connection.sender_helo_name.as_deref().unwrap_or_default(),
        sender: &facts.message.sender_address,
        receiver: context.primary_hostname(),
        now: context.services.clock.now().secs(),
        template: &template,
    };
    let record = guess.then(|| context.config.main.get(main::SPF_GUESS)).flatten();
    let clock = context.services.clock.as_ref();
    let until = clock.now().plus(Duration::from_secs(limits::SPF_SECONDS));
    let dns = InTime { dns: resolver.as_ref(), clock, until };
    let outcome = spf::check_client(&query, record, &dns);
    let received = outcome.received(&query);
    let header_comment = outcome.header_comment(&query);
    let word = outcome.verdict.word();
    context.tell_failed_lookups();
    context.sender_auth.spf = Some(SpfChecked { outcome, received, header_comment, guess });
    word
}

/// A resolver that has no time left after a while.
struct InTime<'a> {
    dns: &'a dyn Resolve,
    clock: &'a dyn Clock,
    until: Timestamp,
}

impl Resolve for InTime<'_> {
    fn query(&self, name: &[u8], rtype: RecordType) -> Result<Answer, DnsFailure> {
        if self.clock.now() > self.until {
            return Err(DnsFailure::Timeout);
        }
        self.dns.query(name, rtype)
    }
}
