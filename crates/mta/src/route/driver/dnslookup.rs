//! `dnslookup`: the hosts of the domain by MX or address records.
//!
//! # Compatibility
//! Specification chapter "The dnslookup router".

use config::RouterInstance;
use config::options::router::{dnslookup, generic as options};
use expand::Expansion;
use expand::list::ListItems;

use super::super::RouteMode;
use super::super::generic;
use super::super::hosts::{self, Dnssec, Families};
use super::super::local_host::{self, LocalHost};
use super::super::mx::{self, Found, Search};
use super::super::outcome::{RouteDeferral, RouteHost, errno};
use super::super::preconditions::is_false;
use super::super::srv;
use super::super::state::State;
use super::super::step::Step;

pub(super) async fn run(state: &mut State<'_>, router: &RouterInstance) -> Step {
    let domain = state.address.domain.clone();
    if !hosts::is_valid_domain(&state.world.config(), &domain) {
        let shown = String::from_utf8_lossy(&domain).into_owned();
        return decline(state, router, Some(format!("mail domain \"{shown}\" is syntactically invalid")))
            .await;
    }
    let families = match families(state, router).await {
        Ok(families) => families,
        Err(step) => return step,
    };
    let services = match services(state, router).await {
        Ok(services) => services,
        Err(step) => return step,
    };
    for name in names(state, router, &domain) {
        let found = match Box::pin(hosts_of(state, router, &name, (&services, families))).await {
            Ok(found) => found,
            Err(deferral) => return Step::Defer(deferral),
        };
        match found {
            Found::Hosts(_) if name != domain => {
                let rewrite = router.options.get(dnslookup::REWRITE_HEADERS);
                return local_host::change_domain(state, router, &name, rewrite);
            }
            Found::Hosts(hosts) => return with_hosts(state, router, hosts).await,
            Found::Again if router.options.get(options::PASS_ON_TIMEOUT) => return Step::Pass,
            Found::Again => return Step::Defer(RouteDeferral::by(router, "host lookup did not complete")),
            // Another router's way would be no more secure: `pass_on_timeout` does not count.
            Found::Insecure => return Step::Defer(RouteDeferral::by(router, "host lookup done insecurely")),
            Found::Nothing | Found::AllIgnored | Found::BadName(_) => {}
            Found::NullMx => {
                let text = "an MX or SRV record indicated no SMTP service".to_owned();
                return decline(state, router, Some(text)).await;
            }
            Found::NoAddresses { literal } => {
                let more = if literal { " or (invalidly) to IP addresses" } else { "" };
                let text = format!("all relevant MX records point to non-existent hosts{more}");
                return decline(state, router, Some(text)).await;
            }
        }
    }
    decline(state, router, None).await
}

/// What the options say of how a domain is looked up.
async fn search(
    state: &mut State<'_>,
    router: &RouterInstance,
    name: &[u8],
    families: Families,
) -> Result<Search, RouteDeferral> {
    Ok(Search {
        families,
        dnssec: Dnssec::of(state, router, name).await?,
        addresses_do: !state.world.option_has(router, dnslookup::MX_DOMAINS, name).await?,
        mx_failure_is_none: state.world.option_has(router, dnslookup::MX_FAIL_DOMAINS, name).await?,
    })
}

/// The services of `check_srv`: none where it is unset or forced to fail.
async fn services(state: &mut State<'_>, router: &RouterInstance) -> Result<Vec<Vec<u8>>, Step> {
    let Some(text) = router.options.get(dnslookup::CHECK_SRV) else { return Ok(Vec::new()) };
    match state.world.expand(text).await {
        Ok(value) => {
            let items = ListItems::new(value.bytes()).filter(|item| !item.is_empty());
            Ok(items.map(std::borrow::Cow::into_owned).collect())
        }
        Err(error) if error.is_forced() => Ok(Vec::new()),
        Err(error) => {
            let source = generic::source_of(text);
            Err(Step::Defer(RouteDeferral::by(router, format!("failed to expand \"{source}\": {error}"))))
        }
    }
}

/// SRV records where services are named and have some, otherwise MX and address records.
async fn hosts_of(
    state: &mut State<'_>,
    router: &RouterInstance,
    name: &[u8],
    (services, families): (&[Vec<u8>], Families),
) -> Result<Found, RouteDeferral> {
    let search = search(state, router, name, families).await?;
    if !services.is_empty() {
        let tolerant = state.world.option_has(router, dnslookup::SRV_FAIL_DOMAINS, name).await?;
        if let Some(found) = srv::find(state, router, name, services, (search, tolerant)).await {
            return Ok(found);
        }
    }
    Ok(mx::find(state, router, name, search).await)
}

/// `ipv4_only`, `ipv4_prefer`.
async fn families(state: &mut State<'_>, router: &RouterInstance) -> Result<Families, Step> {
    Ok(Families {
        ipv4_only: is_set(state, router, router.options.get(dnslookup::IPV4_ONLY)).await?,
        ipv4_prefer: is_set(state, router, router.options.get(dnslookup::IPV4_PREFER)).await?,
    })
}

async fn is_set(
    state: &mut State<'_>,
    router: &RouterInstance,
    text: Option<&Expansion>,
) -> Result<bool, Step> {
    let Some(text) = text else { return Ok(false) };
    match state.world.expand(text).await {
        Ok(value) => Ok(!is_false(value.bytes())),
        Err(error) if error.is_forced() => Ok(false),
        Err(error) => {
            let source = generic::source_of(text);
            Err(Step::Defer(RouteDeferral::by(router, format!("failed to expand \"{source}\": {error}"))))
        }
    }
}

/// The names to try: the domain as the resolver completes it, then widened.
fn names(state: &State<'_>, router: &RouterInstance, domain: &[u8]) -> Vec<Vec<u8>> {
    let options = &router.options;
    let mut names = hosts::candidates(state, domain, options.get(dnslookup::QUALIFY_SINGLE));
    if options.get(dnslookup::SEARCH_PARENTS) && domain.contains(&b'.') {
        let services = &state.world.context.services;
        let domains = services.resolver.config().search.iter();
        names.extend(domains.map(|parent| [domain, b".", parent.as_slice()].concat()));
    }
    // A sender is verified as it stands where widening would have to change the header.
    let may_widen = state.world.mode != RouteMode::VerifySender || !options.get(dnslookup::REWRITE_HEADERS);
    if may_widen {
        let widen = options.get(dnslookup::WIDEN_DOMAINS).iter();
        names.extend(widen.map(|suffix| [domain, b".", suffix.as_slice()].concat()));
    }
    names
}

async fn decline(state: &mut State<'_>, router: &RouterInstance, message: Option<String>) -> Step {
    let domain = state.address.domain.clone();
    let defers = match state.world.option_has(router, dnslookup::FAIL_DEFER_DOMAINS, &domain).await {
        Ok(defers) => defers,
        Err(deferral) => return Step::Defer(deferral),
    };
    if defers {
        let text = "missing MX, or all MXs point to missing A records, and defer requested";
        return Step::Defer(RouteDeferral::numbered(router, errno::NONE, text));
    }
    if let Some(message) = message {
        state.message = Some(message.into_bytes());
    }
    Step::Decline
}

async fn with_hosts(state: &mut State<'_>, router: &RouterInstance, mut hosts: Vec<RouteHost>) -> Step {
    hosts::drop_repeated(&mut hosts);
    let found = local_host::remove(state, &mut hosts).await;
    match &found {
        LocalHost::First(local) => {
            if let Some(step) = local_host::self_action(state, router, local) {
                return step;
            }
        }
        LocalHost::Absent if router.options.get(dnslookup::CHECK_SECONDARY_MX) => {
            return decline(state, router, None).await;
        }
        LocalHost::Absent | LocalHost::Removed => {}
    }
    match generic::assign(state, router, None, hosts).await {
        Ok(mut assignment) => {
            assignment.copy_routing = router.options.get(dnslookup::SAME_DOMAIN_COPY_ROUTING)
                && state.inherited.headers_add.is_empty()
                && state.inherited.headers_remove.is_empty()
                && assignment.headers_add.is_empty()
                && assignment.headers_remove.is_empty();
            Step::Assign(assignment)
        }
        Err(deferral) => Step::Defer(deferral),
    }
}
