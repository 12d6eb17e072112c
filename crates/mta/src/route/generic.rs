//! Generic options that take effect once a router runs: variables, errors address, headers, transport, user.
//!
//! # Security
//! A transport's name must be clean: whoever chooses the transport chooses what is run.
//!
//! # Compatibility
//! Order of expansion: `set`, `address_data`, then (when the router accepts) `errors_to`, `headers_add`,
//! `headers_remove`, `transport`, `user` and `group`. An assignment (`set`) that cannot be expanded defers the address.

use config::RouterInstance;
use config::options::router::generic;
use config::options::value::IdText;
use expand::Expansion;
use mail_message::header::{HeaderLine, HeaderType};
use mail_types::address::{ParseOptions, parse_address};
use mail_types::diagnostic::SourceText;
use mail_types::value::Value;
use policy::list::split;

use super::address::Inherited;
use super::outcome::{Assignment, Directory, RouteDeferral, RouteHost, RouterUser, errno};
use super::state::{State, home_of};
use super::step::Step;
use super::translate::translate;
use super::{RouteMode, verified};

/// `set` and `address_data`, before the driver runs.
pub(crate) async fn prepare(state: &mut State<'_>, router: &RouterInstance) -> Result<(), Step> {
    for (name, text) in router.options.get(generic::SET) {
        if !name.starts_with(b"r_") {
            let name = String::from_utf8_lossy(name);
            let text = format!("bad router variable name '{name}' in router '{}'", router.name);
            state.world.log_panic(text.clone());
            return Err(Step::Defer(RouteDeferral::by(router, text)));
        }
        let value = value_or_decline(state, router, text).await?;
        state.inherited.router_variables.insert(name.clone(), value.clone());
        state.facts().router_variables.insert(name.clone(), value);
    }
    if let Some(text) = router.options.get(generic::ADDRESS_DATA) {
        let value = value_or_decline(state, router, text).await?;
        state.inherited.address_data = Some(value.clone());
        state.facts().address_data = Some(value);
    }
    Ok(())
}

async fn value_or_decline(
    state: &mut State<'_>,
    router: &RouterInstance,
    text: &Expansion,
) -> Result<Value, Step> {
    match state.world.expand(text).await {
        Ok(value) => Ok(value),
        Err(error) if error.is_forced() => Err(Step::Decline),
        Err(error) => {
            let (source, name) = (source_of(text), &router.name);
            let text = format!("expansion of \"{source}\" failed in {name} router: {error}");
            Err(Step::Defer(RouteDeferral::by(router, text)))
        }
    }
}

/// The text of an option as the configuration has it.
pub(crate) fn source_of(text: &Expansion) -> String {
    String::from_utf8_lossy(&text.source().bytes).into_owned()
}

/// `errors_to`, `headers_add` and `headers_remove`: what the address and its children carry on.
pub(crate) async fn carried_on(
    state: &mut State<'_>,
    router: &RouterInstance,
) -> Result<Inherited, RouteDeferral> {
    let mut inherited = state.inherited.clone();
    if let Some(errors_to) = errors_to(state, router).await? {
        inherited.errors_to = Some(errors_to);
    }
    if state.world.mode.is_verify() {
        return Ok(inherited);
    }
    for text in router.options.get(generic::HEADERS_ADD) {
        if let Some(lines) = header_text(state, router, text, "add_headers").await? {
            inherited.headers_add.extend(header_lines(&lines));
        }
    }
    for text in router.options.get(generic::HEADERS_REMOVE) {
        let items: Vec<_> = split(&text.source().bytes).collect();
        for item in items {
            let item = Expansion::parse(&SourceText::nowhere(item.bytes));
            if let Some(name) = header_text(state, router, &item, "remove_headers").await? {
                inherited.headers_remove.push(name);
            }
        }
    }
    Ok(inherited)
}

async fn header_text(
    state: &mut State<'_>,
    router: &RouterInstance,
    text: &Expansion,
    what: &str,
) -> Result<Option<Vec<u8>>, RouteDeferral> {
    match state.world.expand(text).await {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value.into_bytes())),
        Err(error) if error.is_forced() => Ok(None),
        Err(error) => {
            let (source, name) = (source_of(text), &router.name);
            Err(RouteDeferral::by(
                router,
                format!("{name} router failed to expand {what} item \"{source}\": {error}"),
            ))
        }
    }
}

/// Cuts a text into header lines: a line that begins with white space belongs to the one before.
pub(crate) fn header_lines(text: &[u8]) -> Vec<HeaderLine> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        match lines.last_mut() {
            Some(last) if line.starts_with(b" ") || line.starts_with(b"\t") => last.extend_from_slice(line),
            _ => lines.push(line.to_vec()),
        }
        if let Some(last) = lines.last_mut() {
            last.push(b'\n');
        }
    }
    lines.into_iter().map(|text| HeaderLine { kind: HeaderType::Other, text }).collect()
}

/// `errors_to`: none when it says nothing, or names an address that does not verify.
async fn errors_to(state: &mut State<'_>, router: &RouterInstance) -> Result<Option<Vec<u8>>, RouteDeferral> {
    let Some(text) = router.options.get(generic::ERRORS_TO) else { return Ok(None) };
    let address = match state.world.expand(text).await {
        Ok(value) => value.into_bytes(),
        Err(error) if error.is_forced() => return Ok(None),
        Err(error) => {
            let (source, name) = (source_of(text), &router.name);
            return Err(RouteDeferral::by(
                router,
                format!("{name} router failed to expand \"{source}\": {error}"),
            ));
        }
    };
    let address = address.trim_ascii();
    if address.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let Ok((parsed, _)) =
        parse_address(address, ParseOptions { allow_domain_literals: true, ..ParseOptions::default() })
    else {
        return Ok(None);
    };
    let address = parsed.qualified_with(state.world.context.qualify_recipient()).to_bytes();
    // While verifying or checking another errors address, the address is taken as it is.
    if !matches!(state.world.mode, RouteMode::Deliver | RouteMode::Test)
        || verified::errors_address(&address, state.world.context).await
    {
        return Ok(Some(address));
    }
    Ok(None)
}

/// The transport of an option; `what` names the router's option in Exim's words.
pub(crate) async fn transport(
    state: &mut State<'_>,
    router: &RouterInstance,
    text: Option<&Expansion>,
    required: Option<&str>,
) -> Result<String, RouteDeferral> {
    let name = &router.name;
    let Some(text) = text else {
        return match required {
            None => Ok(String::new()),
            Some(option) => Err(RouteDeferral::numbered(
                router,
                errno::BAD_TRANSPORT,
                format!("{option} unset in {name} router"),
            )),
        };
    };
    let value = match state.world.expand(text).await {
        Ok(value) => value,
        Err(error) => {
            let source = source_of(text);
            let text = format!("failed to expand transport \"{source}\" in {name} router: {error}");
            return Err(RouteDeferral::numbered(router, errno::BAD_TRANSPORT, text));
        }
    };
    if value.is_tainted() {
        let (value, source) = (value.to_lossy(), source_of(text));
        state
            .world
            .log_panic(format!("attempt to use tainted value '{value}' from '{source}' for transport"));
        return Err(RouteDeferral::numbered(router, errno::BAD_TRANSPORT, "internal configuration error"));
    }
    let wanted = value.to_lossy();
    match state.world.config().transport(&wanted) {
        Some(_) => Ok(wanted),
        None => {
            let text = format!("transport \"{wanted}\" not found in {name} router");
            Err(RouteDeferral::numbered(router, errno::BAD_TRANSPORT, text))
        }
    }
}

/// `user`, `group` and `initgroups`, with what `check_local_user` found as defaults.
pub(crate) async fn user_and_group(
    state: &mut State<'_>,
    router: &RouterInstance,
) -> Result<RouterUser, RouteDeferral> {
    let options = &router.options;
    let mut found = RouterUser::default();
    let mut login = None;
    if let Some(account) = &state.account {
        found = RouterUser { uid: Some(account.uid), gid: Some(account.gid), initgroups: None };
        login = Some(account.name.clone());
    }
    match options.get(generic::USER) {
        None => {}
        Some(IdText::Fixed { uid, gid }) => {
            found.uid = *uid;
            found.gid = *gid;
            login = None;
        }
        Some(IdText::Expanded(text)) => {
            let value = id_text(state, router, text, "user").await?;
            (found.uid, found.gid, login) = user_named(state, router, &value, text).await?;
        }
    }
    match options.get(generic::GROUP) {
        None => {}
        Some(IdText::Fixed { gid, .. }) => found.gid = *gid,
        Some(IdText::Expanded(text)) => {
            let value = id_text(state, router, text, "group").await?;
            found.gid = Some(group_named(state, router, &value, text).await?);
        }
    }
    if options.get(generic::INITGROUPS) {
        found.initgroups = login;
    }
    if found.uid.is_some() && found.gid.is_none() {
        return Err(RouteDeferral::by(router, format!("user set without group for {} router", router.name)));
    }
    Ok(found)
}

async fn id_text(
    state: &mut State<'_>,
    router: &RouterInstance,
    text: &Expansion,
    what: &str,
) -> Result<Vec<u8>, RouteDeferral> {
    match state.world.expand(text).await {
        Ok(value) => Ok(value.into_bytes()),
        Err(error) => {
            let (source, name) = (source_of(text), &router.name);
            Err(id_problem(
                state,
                router,
                format!("Failed to expand {what} string \"{source}\" for the {name} router: {error}"),
            ))
        }
    }
}

/// Exim writes these to the panic log and defers.
fn id_problem(state: &mut State<'_>, router: &RouterInstance, text: String) -> RouteDeferral {
    state.world.log_panic(text.clone());
    RouteDeferral::by(router, text)
}

async fn user_named(
    state: &mut State<'_>,
    router: &RouterInstance,
    value: &[u8],
    text: &Expansion,
) -> Result<(Option<u32>, Option<u32>, Option<Vec<u8>>), RouteDeferral> {
    if let Some(uid) = std::str::from_utf8(value).ok().and_then(|value| value.parse().ok()) {
        return Ok((Some(uid), None, None));
    }
    match state.world.account(value).await {
        Ok(Some(account)) => Ok((Some(account.uid), Some(account.gid), Some(account.name))),
        Ok(None) => Err(not_found(state, router, "user", value, text)),
        Err(error) => Err(id_problem(state, router, error)),
    }
}

async fn group_named(
    state: &mut State<'_>,
    router: &RouterInstance,
    value: &[u8],
    text: &Expansion,
) -> Result<u32, RouteDeferral> {
    if let Some(gid) = std::str::from_utf8(value).ok().and_then(|value| value.parse().ok()) {
        return Ok(gid);
    }
    match state.world.group(value).await {
        Ok(Some(gid)) => Ok(gid),
        Ok(None) => Err(not_found(state, router, "group", value, text)),
        Err(error) => Err(id_problem(state, router, error)),
    }
}

fn not_found(
    state: &mut State<'_>,
    router: &RouterInstance,
    what: &str,
    value: &[u8],
    text: &Expansion,
) -> RouteDeferral {
    let (value, source, name) = (String::from_utf8_lossy(value), source_of(text), &router.name);
    let text =
        format!("Failed to find {what} \"{value}\" from expanded string \"{source}\" for the {name} router");
    id_problem(state, router, text)
}

/// Everything together: the assignment of an address to a transport.
pub(crate) async fn assign(
    state: &mut State<'_>,
    router: &RouterInstance,
    own_transport: Option<String>,
    hosts: Vec<RouteHost>,
) -> Result<Box<Assignment>, RouteDeferral> {
    let inherited = carried_on(state, router).await?;
    let transport = match own_transport {
        Some(transport) => transport,
        None => transport(state, router, router.options.get(generic::TRANSPORT), None).await?,
    };
    let user = user_and_group(state, router).await?;
    let mut assignment = assignment(state, router, &inherited, transport);
    assignment.hosts = Box::pin(translate(state, router, hosts)).await?;
    assignment.user = user;
    Ok(Box::new(assignment))
}

/// An assignment without hosts.
pub(crate) fn assignment(
    state: &mut State<'_>,
    router: &RouterInstance,
    inherited: &Inherited,
    transport: String,
) -> Assignment {
    let options = &router.options;
    let home = match options.get(generic::TRANSPORT_HOME_DIRECTORY) {
        Some(text) => Directory::Router(text.clone()),
        None => match (&state.account, &state.router_home) {
            (Some(account), _) => Directory::Known(home_of(account)),
            (None, Some(home)) => Directory::Known(home.clone()),
            (None, None) => Directory::Unset,
        },
    };
    let current = options.get(generic::TRANSPORT_CURRENT_DIRECTORY);
    let mut facts = state.facts().clone();
    facts.transport_name = (!transport.is_empty()).then(|| transport.clone());
    Assignment {
        router: router.name.clone(),
        transport,
        hosts: Vec::new(),
        host_list: None,
        fallback_hosts: options.text(generic::FALLBACK_HOSTS).map(<[u8]>::to_vec),
        hosts_randomized: false,
        user: state.user.clone(),
        home_directory: home,
        current_directory: current.map_or(Directory::Unset, |text| Directory::Router(text.clone())),
        log_as_local: options.get(generic::LOG_AS_LOCAL).unwrap_or(router.driver == "accept"),
        facts,
        errors_to: inherited.errors_to.clone(),
        srs_sender: inherited.srs_sender.clone(),
        headers_add: inherited.headers_add.clone(),
        headers_remove: inherited.headers_remove.clone(),
        copy_routing: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_lines_keep_their_continuations() {
        let lines = header_lines(b"X-A: one\n two\n\nX-B: three");
        let texts: Vec<_> =
            lines.iter().map(|line| String::from_utf8_lossy(&line.text).into_owned()).collect();
        assert_eq!(texts, ["X-A: one\n two\n", "X-B: three\n"]);
    }
}
