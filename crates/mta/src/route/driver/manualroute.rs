//! `manualroute`: hosts that the administrator lists.
//!
//! # Security
//! A host list may be expanded with parts of the address in it; it only ever names hosts.
//!
//! # Compatibility
//! Specification chapter "The manualroute router".

mod rule;

use std::sync::Arc;

use config::RouterInstance;
use config::options::router::{generic as options, manualroute};
use expand::{Expansion, ListKind};
use mail_types::diagnostic::SourceText;
use mail_types::limits;
use mail_types::value::Value;
use policy::list::{MatchOptions, Subject, split};

use self::rule::{HostItem, Rule};
use super::super::RouteMode;
use super::super::generic;
use super::super::hosts::{self, Addresses, Dnssec, Families, Method};
use super::super::local_host::{self, LocalHost};
use super::super::mx::{self, Found, Search};
use super::super::outcome::{HostSource, HostTls, RouteDeferral, RouteFailure, RouteHost, errno};
use super::super::state::State;
use super::super::step::{self, Step};

pub(super) async fn run(state: &mut State<'_>, router: &RouterInstance) -> Step {
    match routed(state, router).await {
        Ok(step) | Err(step) => step,
    }
}

/// What the words after the host list ask for.
#[derive(Default)]
struct Wishes {
    transport: Option<String>,
    randomize: Option<bool>,
    method: Method,
    families: Families,
}

async fn routed(state: &mut State<'_>, router: &RouterInstance) -> Result<Step, Step> {
    let rule = rule_for_domain(state, router).await?;
    let list = host_list(state, router, &rule.hosts).await?;
    let wishes = wishes(state, router, &rule.options)?;
    let transport = match wishes.transport.clone() {
        Some(transport) => transport,
        None => router_transport(state, router).await?,
    };
    if is_local(state, &transport) {
        return local(state, router, transport, list).await;
    }
    if list.is_empty() {
        let domain = String::from_utf8_lossy(&state.address.domain).into_owned();
        let text = format!("error in {} router: no host(s) specified for domain {domain}", router.name);
        state.world.log(text.clone());
        return Err(Step::Defer(RouteDeferral::by(router, text)));
    }
    let randomize = match wishes.randomize {
        Some(randomize) => randomize,
        None => {
            let flag = router.options.get(manualroute::HOSTS_RANDOMIZE);
            step::flag(state, router, flag, "hosts_randomize", false).await.map_err(Step::Defer)?
        }
    };
    let items = ordered(state, &list, randomize);
    let found = look_up_all(state, router, &items, &wishes).await?;
    let mut assignment = generic::assign(state, router, Some(transport), found).await.map_err(Step::Defer)?;
    assignment.hosts_randomized = randomize;
    assignment.copy_routing = router.options.get(manualroute::SAME_DOMAIN_COPY_ROUTING)
        && assignment.headers_add.is_empty()
        && assignment.headers_remove.is_empty();
    Ok(Step::Assign(assignment))
}

/// The rule of `route_list` whose pattern matches, or the value of `route_data`.
async fn rule_for_domain(state: &mut State<'_>, router: &RouterInstance) -> Result<Rule, Step> {
    if let Some(text) = router.options.get(manualroute::ROUTE_DATA) {
        return match state.world.expand(text).await {
            Ok(value) if value.is_empty() => Err(Step::Decline),
            Ok(value) => Ok(Rule::of_data(value.bytes())),
            Err(error) if error.is_forced() => Err(Step::Decline),
            Err(error) => {
                let source = generic::source_of(text);
                Err(Step::Defer(RouteDeferral::by(router, format!("failed to expand \"{source}\": {error}"))))
            }
        };
    }
    let text = router.options.text(manualroute::ROUTE_LIST).unwrap_or_default();
    // The separator of this list is a semicolon unless it says otherwise.
    let text = if text.starts_with(b"<") { text.to_vec() } else { [b"<;", text].concat() };
    let items: Vec<_> = split(&text).collect();
    for item in items.into_iter().filter(|item| !item.bytes.is_empty()) {
        let (pattern, rule) = Rule::of_list_item(&item.bytes);
        if matches(state, router, &pattern).await? {
            return Ok(rule);
        }
    }
    Err(Step::Decline)
}

/// Whether a pattern matches the domain; `$0`, `$1`, `$value` are then set for the host list.
async fn matches(state: &mut State<'_>, router: &RouterInstance, pattern: &[u8]) -> Result<bool, Step> {
    let domain = state.address.domain.clone();
    let lists = state.world.config().lists.clone();
    // A control byte as separator: a pattern is one item, colons and all.
    let list = Value::clean([b"<\x01", pattern].concat());
    let options = MatchOptions::default();
    let found = state
        .world
        .on_pool(|context| {
            context.scope.value = None;
            lists.match_text(ListKind::Domain, Subject::Text(&domain), &list, options, context)
        })
        .await;
    match found {
        Some(Ok(found)) => {
            if found.matched {
                let scope = &mut state.world.context.scope;
                scope.captures.set(0, Value::tainted(domain));
                scope.value = found.value;
            }
            Ok(found.matched)
        }
        Some(Err(error)) => {
            if error.wrong {
                state.world.log_panic(error.message.clone());
            }
            Err(Step::Defer(RouteDeferral::by(router, error.message)))
        }
        None => Err(Step::Defer(RouteDeferral::by(router, "shutting down"))),
    }
}

async fn host_list(state: &mut State<'_>, router: &RouterInstance, text: &[u8]) -> Result<Vec<u8>, Step> {
    let expansion = Expansion::parse(&SourceText::nowhere(text.to_vec()));
    match state.world.expand(&expansion).await {
        Ok(value) => Ok(value.into_bytes()),
        Err(error) if error.is_forced() => Err(Step::Decline),
        Err(error) => {
            let (name, source) = (&router.name, generic::source_of(&expansion));
            Err(Step::Defer(RouteDeferral::by(
                router,
                format!("{name} router: failed to expand \"{source}\": {error}"),
            )))
        }
    }
}

fn wishes(state: &mut State<'_>, router: &RouterInstance, words: &[Vec<u8>]) -> Result<Wishes, Step> {
    let mut wishes = Wishes::default();
    let config = state.world.config();
    for word in words {
        match word.as_slice() {
            b"randomize" => wishes.randomize = Some(true),
            b"no_randomize" => wishes.randomize = Some(false),
            b"byname" => wishes.method = Method::Name,
            b"bydns" => wishes.method = Method::Dns,
            b"ipv4_only" => wishes.families.ipv4_only = true,
            b"ipv4_prefer" => wishes.families.ipv4_prefer = true,
            other => {
                let name = String::from_utf8_lossy(other).into_owned();
                if config.transport(&name).is_none() {
                    let text = format!("unknown routing option or transport name \"{name}\"");
                    return Err(misconfigured(state, router, &text));
                }
                wishes.transport = Some(name);
            }
        }
    }
    Ok(wishes)
}

fn misconfigured(state: &mut State<'_>, router: &RouterInstance, text: &str) -> Step {
    state.world.log(format!("Error in {} router: {text}", router.name));
    Step::Defer(RouteDeferral::by(router, format!("error in router: {text}")))
}

async fn router_transport(state: &mut State<'_>, router: &RouterInstance) -> Result<String, Step> {
    let option = router.options.get(options::TRANSPORT);
    let transport = generic::transport(state, router, option, None).await.map_err(Step::Defer)?;
    if transport.is_empty() && !state.world.mode.is_verify() {
        state.world.log(format!("Error in {} router: no transport defined", router.name));
        return Err(Step::Defer(RouteDeferral::by(router, "error in router: transport missing")));
    }
    Ok(transport)
}

/// Everything but SMTP is local; without a transport (verification only) there is nothing to look up either.
fn is_local(state: &State<'_>, transport: &str) -> bool {
    state.world.config().transport(transport).is_none_or(|instance| instance.driver != "smtp")
}

/// A local transport sees the list as text, in `$host`.
async fn local(
    state: &mut State<'_>,
    router: &RouterInstance,
    transport: String,
    list: Vec<u8>,
) -> Result<Step, Step> {
    let mut assignment =
        generic::assign(state, router, Some(transport), Vec::new()).await.map_err(Step::Defer)?;
    assignment.host_list = (!list.is_empty()).then_some(list);
    Ok(Step::Assign(assignment))
}

/// The items of the list in the order in which they are tried; `+` bounds the groups that are mixed.
fn ordered(state: &State<'_>, list: &[u8], randomize: bool) -> Vec<HostItem> {
    let entropy = Arc::clone(&state.world.context.services.entropy);
    let mut groups: Vec<Vec<HostItem>> = vec![Vec::new()];
    for item in split(list).take(limits::HOSTS_PER_ADDRESS) {
        if item.bytes == b"+" {
            groups.push(Vec::new());
        } else if let Some(group) = groups.last_mut() {
            group.push(HostItem::parse(&item.bytes));
        }
    }
    if randomize {
        for group in &mut groups {
            hosts::shuffle(group, entropy.as_ref());
        }
    }
    groups.concat()
}

async fn look_up_all(
    state: &mut State<'_>,
    router: &RouterInstance,
    items: &[HostItem],
    wishes: &Wishes,
) -> Result<Vec<RouteHost>, Step> {
    let mut all = Vec::new();
    // `self = send`, and the list begins with us: so may we again.
    let mut may_be_us = false;
    for item in items {
        let Some(mut found) = look_up(state, router, item, wishes).await? else { continue };
        let us = if may_be_us { LocalHost::Absent } else { local_host::remove(state, &mut found).await };
        match us {
            LocalHost::First(local) if all.is_empty() => {
                if let Some(step) = local_host::self_action(state, router, &local) {
                    return Err(step);
                }
                may_be_us = true;
            }
            // Everything from ourselves on is less preferred than what we have.
            LocalHost::First(_) => break,
            LocalHost::Absent | LocalHost::Removed => {}
        }
        all.extend(found);
    }
    all.truncate(limits::HOSTS_PER_ADDRESS);
    if all.is_empty() {
        let name = &router.name;
        let action = router.options.get(manualroute::HOST_ALL_IGNORED).unwrap_or(b"defer");
        let shown = String::from_utf8_lossy(action);
        let text = format!(
            "lookup failed for all hosts in {name} router: host_find_failed=ignore host_all_ignored={shown}"
        );
        return Err(action_step(router, action, text));
    }
    Ok(all)
}

/// The hosts of one item; none when it is to be ignored.
async fn look_up(
    state: &mut State<'_>,
    router: &RouterInstance,
    item: &HostItem,
    wishes: &Wishes,
) -> Result<Option<Vec<RouteHost>>, Step> {
    let dnssec = Dnssec::of(state, router, &item.name).await.map_err(Step::Defer)?;
    let found = if item.mx {
        let families = wishes.families;
        let search = Search { families, dnssec, addresses_do: false, mx_failure_is_none: false };
        mx::find(state, router, &item.name, search).await
    } else {
        addresses(state, router, item, wishes, dnssec).await
    };
    let shown = String::from_utf8_lossy(&item.name).into_owned();
    let name = &router.name;
    match found {
        Found::Hosts(mut hosts) => {
            for host in &mut hosts {
                host.port = item.port;
            }
            Ok(Some(hosts))
        }
        Found::Again if router.options.get(options::PASS_ON_TIMEOUT) => Err(Step::Pass),
        Found::Again => {
            let text = format!("host lookup for {shown} did not complete (DNS timeout?)");
            Err(Step::Defer(RouteDeferral::by(router, text)))
        }
        Found::Insecure => {
            let text = format!("host lookup for {shown} done insecurely");
            Err(Step::Defer(RouteDeferral::by(router, text)))
        }
        Found::BadName(bad) => {
            let bad = String::from_utf8_lossy(&bad).into_owned();
            let text = format!("lookup of host \"{bad}\" failed in {name} router: syntax error in name");
            not_found(router, text)
        }
        Found::Nothing | Found::NullMx | Found::NoAddresses { .. } | Found::AllIgnored => {
            if wishes.method != Method::Dns && !item.mx && state.world.mode == RouteMode::Deliver {
                state.world.log(format!("no IP address found for host {shown}"));
            }
            not_found(router, format!("lookup of host \"{shown}\" failed in {name} router"))
        }
    }
}

async fn addresses(
    state: &mut State<'_>,
    router: &RouterInstance,
    item: &HostItem,
    wishes: &Wishes,
    dnssec: Dnssec,
) -> Found {
    if item.name.is_empty() {
        return Found::Again;
    }
    match hosts::look_up(state, &item.name, wishes.method, wishes.families, dnssec, true).await {
        Addresses::Found { mut addresses, name, dnssec, alias } => {
            if hosts::drop_ignored(state, router, &name, &mut addresses).await.is_none() {
                return Found::Again;
            }
            if addresses.is_empty() {
                return Found::AllIgnored;
            }
            let pattern = RouteHost {
                name,
                address: None,
                port: None,
                mx: None,
                sort_key: 0,
                dnssec: dnssec.then_some(true),
                tls: HostTls::default(),
                alias,
                source: Some(HostSource { domain: item.name.clone(), name: item.name.clone() }),
            };
            Found::Hosts(hosts::as_hosts(&pattern, &addresses))
        }
        Addresses::Unknown => Found::Nothing,
        Addresses::Again => Found::Again,
        Addresses::Insecure => Found::Insecure,
        Addresses::BadName => Found::BadName(item.name.clone()),
    }
}

/// `host_find_failed`.
fn not_found(router: &RouterInstance, text: String) -> Result<Option<Vec<RouteHost>>, Step> {
    match router.options.get(manualroute::HOST_FIND_FAILED).unwrap_or(b"freeze") {
        b"ignore" => Ok(None),
        action => Err(action_step(router, action, text)),
    }
}

fn action_step(router: &RouterInstance, action: &[u8], text: String) -> Step {
    match action {
        b"decline" => Step::Decline,
        b"pass" => Step::Pass,
        b"fail" => {
            let failure = RouteFailure {
                router: Some(router.name.clone()),
                message: text.into_bytes(),
                user_message: None,
                errors_to: None,
            };
            Step::Fail(failure, Vec::new())
        }
        action => {
            let deferral = RouteDeferral::numbered(router, errno::UNKNOWN_HOST, text);
            Step::Defer(RouteDeferral { freeze: action == b"freeze", ..deferral })
        }
    }
}
