//! Whether a connection is served at all: the limits on simultaneous connections.
//!
//! # Compatibility
//! Texts and order are the oracle's: `smtp_accept_max`, `smtp_accept_max_per_host`, then the reserve.

use std::sync::Arc;

use config::options::main;
use observe::event::SmtpNews;
use observe::{Event, Selector, Streams};

use super::connections::Counted;
use crate::context::Context;
use crate::context::facts::Facts;
use crate::context::variable::load_average;
use crate::services::Services;
use crate::smtp_in::Client;

/// A connection that is turned away.
pub(super) struct Refusal {
    /// The whole reply, as it goes over the wire.
    pub(super) reply: Vec<u8>,
}

/// Check the limits for a connection that has just been accepted.
pub(super) async fn check(
    client: &Client,
    counted: &Counted,
    services: &Arc<Services>,
) -> Result<(), Refusal> {
    let facts = Facts { connection: client.facts(), ..Facts::default() };
    let mut context = Context::new(facts, Arc::clone(services));
    let total = i64::from(counted.total());
    let config = Arc::clone(&context.config);
    let options = &config.main;
    let max = options.get(main::SMTP_ACCEPT_MAX);
    if max > 0 && total > max {
        return Err(refused(
            &context,
            "too many connections",
            "421 Too many concurrent SMTP connections; please try again later.\r\n",
        ));
    }
    if over_host_limit(counted, &mut context).await {
        return Err(refused(
            &context,
            "too many connections from that IP address",
            "421 Too many concurrent SMTP connections from this IP address; please try again later.\r\n",
        ));
    }
    reserve(total, &mut context).await?;
    if context.logs(Selector::SmtpConnection) && !unlogged(&mut context).await {
        context.log_smtp(SmtpNews::Opened { count: Some(counted.total()) });
    }
    Ok(())
}

fn refused(context: &Context, reason: &str, reply: &str) -> Refusal {
    context.log_smtp(SmtpNews::Refused { reason: reason.as_bytes().to_vec() });
    Refusal { reply: reply.as_bytes().to_vec() }
}

async fn over_host_limit(counted: &Counted, context: &mut Context) -> bool {
    if context.config.main.get(main::SMTP_ACCEPT_MAX_PER_HOST).is_none() {
        return false;
    }
    let expanded = context.on_pool(|context| context.expanded(main::SMTP_ACCEPT_MAX_PER_HOST)).await;
    let peer = context.peer_text();
    match expanded {
        Some(Ok(Some(text))) => {
            let limit = str::from_utf8(text.bytes()).ok().and_then(|text| text.trim().parse::<u32>().ok());
            if limit.is_none() {
                context.log_problem(format!(
                    "expansion of smtp_accept_max_per_host for {peer} contains non-digit: {}",
                    text.to_lossy()
                ));
            }
            limit.is_some_and(|limit| limit > 0 && counted.same_host() > limit)
        }
        Some(Err(error)) => {
            context.log_problem(format!(
                "expansion of smtp_accept_max_per_host for {peer} failed: {}",
                error.message()
            ));
            false
        }
        Some(Ok(None)) | None => false,
    }
}

/// `smtp_accept_reserve` and `smtp_load_reserve`: the last slots, and busy times, are for `smtp_reserve_hosts`.
async fn reserve(total: i64, context: &mut Context) -> Result<(), Refusal> {
    let options = &context.config.main;
    let (max, reserve) = (options.get(main::SMTP_ACCEPT_MAX), options.get(main::SMTP_ACCEPT_RESERVE));
    let full = max > 0 && reserve > 0 && total > max - reserve;
    let load_limit = options.get(main::SMTP_LOAD_RESERVE);
    let load = load_limit
        .and_then(|limit| load_average().filter(|load| i64::try_from(*load).is_ok_and(|load| load > limit)));
    if !full && load.is_none() {
        return Ok(());
    }
    let reserved = context.on_pool(|context| context.sender_host_in(main::SMTP_RESERVE_HOSTS)).await;
    if matches!(reserved, Some(Ok(true))) {
        return Ok(());
    }
    let peer = context.peer_text();
    let host = String::from_utf8_lossy(context.primary_hostname()).into_owned();
    let (why, reply) = match load {
        Some(load) => (
            format!("load average = {:.2}", load as f64 / 1000.0),
            format!("421 {host}: Too much load; please try again later\r\n"),
        ),
        None => (
            // The oracle does not count the new connection here.
            format!("not in reserve list: connected={} max={max} reserve={reserve}", total - 1),
            format!("421 {host}: Too many concurrent SMTP connections; please try again later\r\n"),
        ),
    };
    let text = format!("temporarily refused connection from {peer}: {why}").into_bytes();
    context.log_event(&Event::Text { text, streams: Streams::MAIN });
    Err(Refusal { reply: reply.into_bytes() })
}

/// `hosts_connection_nolog`.
async fn unlogged(context: &mut Context) -> bool {
    let found = context.on_pool(|context| context.sender_host_in(main::HOSTS_CONNECTION_NOLOG)).await;
    matches!(found, Some(Ok(true)))
}
