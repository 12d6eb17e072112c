//! `translate_ip_address`: other addresses than those that routing found.
//!
//! # Failure
//! A forced failure leaves an address as it is; any other error, and a name that can't be looked up, defers.
//!
//! # Compatibility
//! Specification, generic options for routers. Debian's Exim is built without it.

use std::net::IpAddr;

use config::RouterInstance;
use config::options::router::generic;

use super::hosts::{self, Addresses, Dnssec, Families, Method};
use super::outcome::{RouteDeferral, RouteHost};
use super::state::State;

/// Translates the addresses of hosts.
pub(crate) async fn translate(
    state: &mut State<'_>,
    router: &RouterInstance,
    found: Vec<RouteHost>,
) -> Result<Vec<RouteHost>, RouteDeferral> {
    let Some(option) = router.options.get(generic::TRANSLATE_IP_ADDRESS) else { return Ok(found) };
    let before = state.world.context.facts.host.address;
    let mut translated = Vec::with_capacity(found.len());
    let mut trouble = None;
    for host in found {
        let Some(address) = host.address else {
            translated.push(host);
            continue;
        };
        state.world.context.facts.host.address = Some(address);
        match state.world.expand(option).await {
            Ok(value) => match instead(state, value.bytes()).await {
                Ok(addresses) => translated.extend(hosts::as_hosts(&host, &addresses)),
                Err(why) => trouble = Some(why),
            },
            Err(error) if error.is_forced() => translated.push(host),
            Err(error) => trouble = Some(format!("failed to expand \"translate_ip_address\": {error}")),
        }
        if trouble.is_some() {
            break;
        }
    }
    state.world.context.facts.host.address = before;
    match trouble {
        Some(why) => Err(RouteDeferral::by(router, why)),
        None => Ok(translated),
    }
}

/// An address, or the addresses of a name.
async fn instead(state: &mut State<'_>, said: &[u8]) -> Result<Vec<IpAddr>, String> {
    let shown = || String::from_utf8_lossy(said).into_owned();
    if let Some(address) = std::str::from_utf8(said).ok().and_then(|text| text.trim().parse().ok()) {
        return Ok(vec![address]);
    }
    match hosts::look_up(state, said, Method::Dns, Families::default(), Dnssec::default(), true).await {
        Addresses::Found { addresses, .. } => Ok(addresses),
        _ => Err(format!("host lookup of \"{}\" (translate_ip_address) did not complete", shown())),
    }
}
