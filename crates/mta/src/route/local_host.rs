//! When the list of hosts leads back here: removing ourselves, and the option `self`.
//!
//! # Compatibility
//! Specification sections "Recognizing the local host" and, for `self`, "Generic options for routers".

use config::RouterInstance;
use config::options::router::generic;
use mail_types::value::Value;
use policy::list::ListEnv as _;

use super::RouteMode;
use super::outcome::{HeaderRewrite, RouteDeferral, RouteFailure, RouteHost};
use super::state::State;
use super::step::Step;

/// What the search for ourselves found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LocalHost {
    /// We are not in the list.
    Absent,
    /// We were, behind others; we and what came after are gone.
    Removed,
    /// The list begins with us; the host that is us.
    First(RouteHost),
}

/// Looks for this host in a list and removes it with all that is not preferred to it.
pub(crate) fn scan(hosts: &mut Vec<RouteHost>, is_local: impl Fn(&RouteHost) -> bool) -> LocalHost {
    let Some(at) = hosts.iter().position(is_local) else { return LocalHost::Absent };
    let local = hosts[at].clone();
    let from = match local.mx {
        Some(mx) => hosts.iter().position(|host| host.mx.is_some_and(|other| other >= mx)).unwrap_or(at),
        None => at,
    };
    if from == 0 {
        return LocalHost::First(local);
    }
    hosts.truncate(from);
    LocalHost::Removed
}

/// [`scan`] with this host's interfaces and `hosts_treat_as_local`.
pub(crate) async fn remove(state: &mut State<'_>, hosts: &mut Vec<RouteHost>) -> LocalHost {
    let mut names: Vec<Vec<u8>> = hosts.iter().map(|host| host.name.clone()).collect();
    names.dedup();
    let found = state
        .world
        .on_pool(|context| {
            let addresses = context.local_addresses();
            // A list that can't tell names nobody.
            names.retain(|name| context.treats_as_local(name).unwrap_or(false));
            (addresses, names)
        })
        .await;
    let Some((addresses, names)) = found else { return LocalHost::Absent };
    scan(hosts, |host| {
        host.address.is_some_and(|address| addresses.contains(&address)) || names.contains(&host.name)
    })
}

/// What `self` says about a list that begins with this host; none for `send`.
pub(crate) fn self_action(state: &mut State<'_>, router: &RouterInstance, local: &RouteHost) -> Option<Step> {
    let message = match local.mx {
        Some(_) => "lowest numbered MX record points to local host",
        None => "remote host address is the local host",
    };
    let action = router.options.get(generic::SELF).unwrap_or(b"freeze");
    Some(match action {
        b"send" => return None,
        b"defer" => Step::Defer(RouteDeferral::by(router, message)),
        b"fail" => {
            let failure = RouteFailure {
                router: Some(router.name.clone()),
                message: message.as_bytes().to_vec(),
                user_message: None,
                errors_to: None,
            };
            Step::Fail(failure, Vec::new())
        }
        b"pass" => {
            state.message = Some(message.as_bytes().to_vec());
            state.inherited.self_hostname = Some(Value::tainted(local.name.clone()));
            Step::Pass
        }
        _ => match action.strip_prefix(b"reroute:") {
            Some(domain) => reroute(state, router, domain),
            None => freeze(state, router, message),
        },
    })
}

fn freeze(state: &mut State<'_>, router: &RouterInstance, message: &str) -> Step {
    let domain = String::from_utf8_lossy(&state.address.domain).into_owned();
    let address = String::from_utf8_lossy(&state.address.address).into_owned();
    let while_routing = match state.world.mode {
        RouteMode::Deliver => String::new(),
        _ => format!(" (while routing <{address}>)"),
    };
    state.world.log(format!("{message}: {domain}{while_routing}"));
    let mut deferral = RouteDeferral::by(router, message);
    deferral.freeze = true;
    Step::Defer(deferral)
}

fn reroute(state: &mut State<'_>, router: &RouterInstance, setting: &[u8]) -> Step {
    let setting = setting.trim_ascii();
    let (domain, rewrite) = match setting.strip_prefix(b"rewrite:") {
        Some(domain) => (domain.trim_ascii(), true),
        None => (setting, false),
    };
    change_domain(state, router, domain, rewrite)
}

/// The address continues under another domain, from the first router on.
pub(crate) fn change_domain(
    state: &mut State<'_>,
    router: &RouterInstance,
    domain: &[u8],
    rewrite: bool,
) -> Step {
    let full = &state.address.address;
    let at = full.iter().rposition(|byte| *byte == b'@').unwrap_or(full.len());
    let address = [&full[..at], b"@", domain].concat();
    let child = state.address.child(&router.name, &state.local_part, &address, state.inherited.clone());
    if rewrite && !domain.starts_with(b"*") {
        state.world.rewrites.push(HeaderRewrite { from: state.address.domain.clone(), to: domain.to_vec() });
    }
    Step::Redirect(vec![child])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(name: &str, mx: Option<u16>) -> RouteHost {
        RouteHost { name: name.into(), mx, ..RouteHost::default() }
    }

    fn run(hosts: &[(&str, Option<u16>)]) -> (LocalHost, Vec<String>) {
        let mut hosts: Vec<_> = hosts.iter().map(|(name, mx)| host(name, *mx)).collect();
        let found = scan(&mut hosts, |host| host.name == b"me");
        (found, hosts.iter().map(|host| String::from_utf8_lossy(&host.name).into_owned()).collect())
    }

    #[test]
    fn we_and_the_less_preferred_are_removed() {
        let (found, left) = run(&[("a", Some(10)), ("b", Some(20)), ("me", Some(20)), ("c", Some(30))]);
        assert_eq!((found, left), (LocalHost::Removed, vec!["a".to_owned()]));
        let (found, left) = run(&[("a", None), ("me", None), ("c", None)]);
        assert_eq!((found, left), (LocalHost::Removed, vec!["a".to_owned()]));
    }

    #[test]
    fn a_list_that_begins_with_our_preference_is_ours() {
        assert_eq!(run(&[("a", Some(10)), ("me", Some(10))]).0, LocalHost::First(host("me", Some(10))));
        assert_eq!(run(&[("me", None), ("a", None)]).0, LocalHost::First(host("me", None)));
        assert_eq!(run(&[("a", None)]).0, LocalHost::Absent);
    }
}
