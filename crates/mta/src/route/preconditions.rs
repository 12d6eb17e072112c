//! Whether a router is run for an address at all.
//!
//! # Compatibility
//! Specification section "Router preconditions"; the order is Exim's. A `condition` that cannot be expanded is logged
//! and skips the router, as Debian's Exim does it (its specification says that it defers).

use config::RouterInstance;
use config::options::router::{generic, redirect};
use mail_types::trace;
use policy::list::{List, ListError, MatchOptions};

use super::RouteMode;
use super::affix::{Affixes, Patterns};
use super::outcome::RouteDeferral;
use super::require_files::{self, Files};
use super::state::State;

/// The verdict of the preconditions.
pub(crate) enum Condition {
    /// The router runs.
    Met,
    /// The next router is asked.
    NotMet,
    /// It cannot be told now.
    Defer(RouteDeferral),
}

/// Tests everything in order; what the tests find out goes into the state.
pub(crate) async fn check(state: &mut State<'_>, router: &RouterInstance) -> Condition {
    if was_here_before(state, router) {
        trace!(Route, "router {}: skipped: the address has been here before", router.name);
        return Condition::NotMet;
    }
    let options = &router.options;
    let patterns = Patterns {
        prefix: options.get(generic::LOCAL_PART_PREFIX),
        prefix_optional: options.get(generic::LOCAL_PART_PREFIX_OPTIONAL),
        suffix: options.get(generic::LOCAL_PART_SUFFIX),
        suffix_optional: options.get(generic::LOCAL_PART_SUFFIX_OPTIONAL),
    };
    let Some(affixes) = Affixes::find(&state.address.local_part, patterns) else {
        trace!(Route, "router {}: skipped: the local part lacks the prefix or suffix", router.name);
        return Condition::NotMet;
    };
    state.begin_router(router, &affixes);
    if !wanted_in(state.world.mode, router) {
        trace!(Route, "router {}: skipped: not for this purpose", router.name);
        return Condition::NotMet;
    }
    match tests(state, router).await {
        Ok(true) => Condition::Met,
        Ok(false) => Condition::NotMet,
        Err(deferral) => Condition::Defer(deferral),
    }
}

fn was_here_before(state: &State<'_>, router: &RouterInstance) -> bool {
    let repeat_use = router.driver != "redirect" || router.options.get(redirect::REPEAT_USE);
    state.address.was_handled_by(&router.name, !repeat_use)
}

/// `verify…`, `address_test`, `expn`.
fn wanted_in(mode: RouteMode, router: &RouterInstance) -> bool {
    let options = &router.options;
    match mode {
        RouteMode::VerifySender => options.get(generic::VERIFY_SENDER),
        RouteMode::VerifyRecipient => options.get(generic::VERIFY_RECIPIENT),
        RouteMode::Test => options.get(generic::ADDRESS_TEST) && !options.get(generic::VERIFY_ONLY),
        RouteMode::Expn => options.get(generic::EXPN) && !options.get(generic::VERIFY_ONLY),
        RouteMode::Deliver => !options.get(generic::VERIFY_ONLY),
    }
}

async fn tests(state: &mut State<'_>, router: &RouterInstance) -> Result<bool, RouteDeferral> {
    Ok(told(router, "domains", domains(state, router).await?)
        && told(router, "local_parts", local_parts(state, router).await?)
        && told(router, "check_local_user", local_user(state, router).await?)
        && debug_printed(state, router).await
        && told(router, "router_home_directory", router_home(state, router).await?)
        && told(router, "senders", senders(state, router).await?)
        && told(router, "require_files", files(state, router).await?)
        && told(router, "condition", conditions(state, router).await))
}

/// Says which test did not hold.
fn told(router: &RouterInstance, test: &str, holds: bool) -> bool {
    if !holds {
        trace!(Route, "router {}: skipped: {test} does not match", router.name);
    }
    holds
}

/// `debug_print`; decides nothing.
async fn debug_printed(state: &mut State<'_>, router: &RouterInstance) -> bool {
    if let Some(text) = router.options.get(generic::DEBUG_PRINT)
        && trace::on(trace::Category::DebugPrint)
    {
        let expanded = state.world.expand(text).await;
        crate::context::debug_print(text, expanded);
    }
    true
}

async fn domains(state: &mut State<'_>, router: &RouterInstance) -> Result<bool, RouteDeferral> {
    let Some(list) = router.options.get(generic::DOMAINS) else { return Ok(true) };
    let domain = state.address.domain.clone();
    let found = in_list(state, router, list, &domain, "domains").await?;
    state.facts().domain_data = found.1;
    Ok(found.0)
}

async fn local_parts(state: &mut State<'_>, router: &RouterInstance) -> Result<bool, RouteDeferral> {
    let Some(list) = router.options.get(generic::LOCAL_PARTS) else { return Ok(true) };
    let local_part = state.local_part.clone();
    let found = in_list(state, router, list, &local_part, "local_parts").await?;
    state.facts().local_part_data = found.1;
    Ok(found.0)
}

async fn senders(state: &mut State<'_>, router: &RouterInstance) -> Result<bool, RouteDeferral> {
    let Some(list) = router.options.get(generic::SENDERS) else { return Ok(true) };
    let sender = match state.world.mode {
        RouteMode::VerifySender => Vec::new(),
        _ => state.world.context.facts.message.sender_address.clone(),
    };
    Ok(in_list(state, router, list, &sender, "senders").await?.0)
}

async fn in_list(
    state: &mut State<'_>,
    router: &RouterInstance,
    list: &List,
    subject: &[u8],
    option: &str,
) -> Result<(bool, Option<mail_types::value::Value>), RouteDeferral> {
    let options = MatchOptions { caseful: router.options.get(generic::CASEFUL_LOCAL_PART) };
    match state.world.find(list, subject, options).await {
        Ok(found) => Ok((found.matched, found.value)),
        Err(ListError { message, wrong, .. }) => {
            if wrong {
                state.world.log_panic(message);
            }
            Err(RouteDeferral::by(router, format!("{option} check lookup or other defer")))
        }
    }
}

async fn local_user(state: &mut State<'_>, router: &RouterInstance) -> Result<bool, RouteDeferral> {
    if !router.options.get(generic::CHECK_LOCAL_USER) {
        return Ok(true);
    }
    let name = state.local_part.clone();
    match state.world.account(&name).await {
        Ok(Some(account)) => {
            state.set_account(account);
            Ok(true)
        }
        Ok(None) => Ok(false),
        Err(error) => Err(RouteDeferral::by(router, format!("check_local_user: {error}"))),
    }
}

async fn router_home(state: &mut State<'_>, router: &RouterInstance) -> Result<bool, RouteDeferral> {
    let Some(text) = router.options.get(generic::ROUTER_HOME_DIRECTORY) else { return Ok(true) };
    match state.world.expand(text).await {
        Ok(home) => {
            state.router_home = Some(home.clone());
            state.facts().home = Some(home);
            Ok(true)
        }
        Err(error) if error.is_forced() => Ok(true),
        Err(error) => {
            let source = String::from_utf8_lossy(&text.source().bytes).into_owned();
            Err(RouteDeferral::by(
                router,
                format!("failed to expand \"{source}\" for router_home_directory: {error}"),
            ))
        }
    }
}

async fn files(state: &mut State<'_>, router: &RouterInstance) -> Result<bool, RouteDeferral> {
    let Some(list) = router.options.get(generic::REQUIRE_FILES) else { return Ok(true) };
    match require_files::check(state, list).await {
        Files::AsRequired => Ok(true),
        Files::NotAsRequired => Ok(false),
        Files::Unknown(message) => Err(RouteDeferral::by(router, message)),
    }
}

async fn conditions(state: &mut State<'_>, router: &RouterInstance) -> bool {
    for text in router.options.get(generic::CONDITION) {
        match state.world.expand(text).await {
            Ok(value) if is_false(value.bytes()) => return false,
            Ok(_) => {}
            Err(error) => {
                if !error.is_forced() {
                    let source = String::from_utf8_lossy(&text.source().bytes).into_owned();
                    let name = &router.name;
                    state.world.log_panic(format!(
                        "failed to expand condition \"{source}\" for {name} router: {error}"
                    ));
                }
                return false;
            }
        }
    }
    true
}

/// Empty, `0`, `no`, `false`.
pub(crate) fn is_false(value: &[u8]) -> bool {
    value.is_empty() || [&b"0"[..], b"no", b"false"].iter().any(|word| value.eq_ignore_ascii_case(word))
}
