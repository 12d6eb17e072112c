//! From router to router until one decides.

use config::RouterInstance;
use config::options::router::generic;
use mail_types::limits;
use mail_types::trace;
use mail_types::trace::Category;

use super::address::RouteAddress;
use super::outcome::{Decision, RouteDeferral, RouteFailure, RouteOutcome, errno};
use super::preconditions::{self, Condition};
use super::state::State;
use super::step::{Step, flag};
use super::{RouteMode, driver, generic as options};
use crate::context::Context;

/// Where to go from a router.
enum Next {
    Following,
    Router(usize),
    Decided(Decision, Vec<RouteAddress>),
}

pub(super) async fn run(address: &RouteAddress, mode: RouteMode, context: &mut Context) -> RouteOutcome {
    let mut state = State::new(address, mode, context);
    let (decision, generated) = drive(&mut state).await;
    let facts = state.facts().clone();
    let world = state.world;
    RouteOutcome {
        decision,
        generated,
        facts,
        log: world.log,
        rewrites: world.rewrites,
        notices: world.notices,
    }
}

async fn drive(state: &mut State<'_>) -> (Decision, Vec<RouteAddress>) {
    if state.address.depth() > limits::REDIRECT_DEPTH {
        return (Decision::Failed(too_deep()), Vec::new());
    }
    let config = state.world.config();
    let named = |name: &str| config.routers.iter().position(|router| router.name == name);
    let mut index = match &state.address.start_router {
        Some(name) => match named(name) {
            Some(index) => index,
            None => return (Decision::Deferred(no_such_router(name)), Vec::new()),
        },
        None => 0,
    };
    let mut last = None;
    while let Some(router) = config.routers.get(index) {
        last = Some(router);
        trace!(Route, "router {}: offered {}", router.name, shown(&state.address.address));
        let following = config.routers.get(index + 1).map(|r| r.name.as_str());
        match offer(state, router, following, &named).await {
            Next::Following => index += 1,
            // Only routers further down can be named, so this ends.
            Next::Router(to) if to > index => index = to,
            Next::Router(_) => {
                let deferral = RouteDeferral::by(router, "pass_router names a router that is not below");
                return (Decision::Deferred(deferral), Vec::new());
            }
            Next::Decided(decision, generated) => {
                tell(router, &decision, &generated);
                return (decision, generated);
            }
        }
    }
    trace!(Route, "no more routers for {}", shown(&state.address.address));
    (Decision::Failed(unrouteable(state, last).await), Vec::new())
}

fn shown(address: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(address)
}

/// Says what a router decided.
fn tell(router: &RouterInstance, decision: &Decision, generated: &[RouteAddress]) {
    if !trace::on(Category::Route) {
        return;
    }
    let name = &router.name;
    let what = match decision {
        Decision::Assigned(assignment) => format!("assigned to transport {}", assignment.transport),
        Decision::Redirected { .. } => "redirected".to_owned(),
        Decision::Discarded { .. } => "discarded".to_owned(),
        Decision::Failed(failure) => format!("failed: {}", shown(&failure.message)),
        Decision::Deferred(deferral) => format!("deferred: {}", shown(&deferral.message)),
    };
    trace::say(Category::Route, format_args!("router {name}: {what}"));
    for child in generated {
        trace::say(Category::Route, format_args!("router {name}: gives {}", shown(&child.address)));
    }
}

/// Offers the address to one router.
async fn offer(
    state: &mut State<'_>,
    router: &RouterInstance,
    following: Option<&str>,
    named: &(dyn Fn(&str) -> Option<usize> + Sync),
) -> Next {
    match preconditions::check(state, router).await {
        Condition::Met => {}
        Condition::NotMet => return Next::Following,
        Condition::Defer(deferral) => return decided(Decision::Deferred(deferral)),
    }
    let step = match options::prepare(state, router).await {
        Ok(()) => driver::run(state, router).await,
        Err(step) => step,
    };
    match step {
        Step::Assign(assignment) => {
            accepted(state, router, following, Decision::Assigned(assignment), Vec::new()).await
        }
        Step::Redirect(generated) => {
            let decision = Decision::Redirected { router: router.name.clone() };
            accepted(state, router, following, decision, generated).await
        }
        Step::Discard => decided(Decision::Discarded { router: router.name.clone() }),
        Step::Fail(failure, generated) => Next::Decided(Decision::Failed(failure), generated),
        Step::Defer(deferral) => decided(Decision::Deferred(deferral)),
        Step::Pass => match router.options.get(generic::PASS_ROUTER) {
            Some(name) => {
                let name = String::from_utf8_lossy(name);
                named(&name).map_or_else(|| decided(Decision::Deferred(no_such_router(&name))), Next::Router)
            }
            None => Next::Following,
        },
        Step::Decline => {
            trace!(Route, "router {}: declined", router.name);
            declined(state, router).await
        }
    }
}

fn decided(decision: Decision) -> Next {
    Next::Decided(decision, Vec::new())
}

async fn declined(state: &mut State<'_>, router: &RouterInstance) -> Next {
    match flag(state, router, router.options.get(generic::MORE), "more", true).await {
        Ok(true) => Next::Following,
        Ok(false) => decided(Decision::Failed(unrouteable(state, Some(router)).await)),
        Err(deferral) => decided(Decision::Deferred(deferral)),
    }
}

/// The router took the address; `unseen` sends a copy on to the following routers.
async fn accepted(
    state: &mut State<'_>,
    router: &RouterInstance,
    following: Option<&str>,
    decision: Decision,
    mut generated: Vec<RouteAddress>,
) -> Next {
    if fails_verify(state.world.mode, router) {
        let message = format!("{} router forced verify failure", router.name).into_bytes();
        let failure =
            RouteFailure { router: Some(router.name.clone()), message, user_message: None, errors_to: None };
        return decided(Decision::Failed(failure));
    }
    match flag(state, router, router.options.get(generic::UNSEEN), "unseen", false).await {
        Ok(false) => {}
        Ok(true) => generated.extend(following.map(|next| unseen_copy(state, router, next))),
        Err(deferral) => return decided(Decision::Deferred(deferral)),
    }
    Next::Decided(decision, generated)
}

/// `fail_verify_sender`, `fail_verify_recipient`.
fn fails_verify(mode: RouteMode, router: &RouterInstance) -> bool {
    match mode {
        RouteMode::VerifySender => router.options.get(generic::FAIL_VERIFY_SENDER),
        RouteMode::VerifyRecipient => router.options.get(generic::FAIL_VERIFY_RECIPIENT),
        RouteMode::Deliver | RouteMode::Expn | RouteMode::Test => false,
    }
}

/// The copy that goes on. (After the last router there is none.)
fn unseen_copy(state: &State<'_>, router: &RouterInstance, following: &str) -> RouteAddress {
    let mut copy = state.address.unseen_copy(&router.name, &state.local_part, following);
    copy.inherited.address_data.clone_from(&state.inherited.address_data);
    copy.inherited.router_variables.clone_from(&state.inherited.router_variables);
    copy.inherited.self_hostname.clone_from(&state.inherited.self_hostname);
    copy
}

/// No router took the address.
async fn unrouteable(state: &mut State<'_>, last: Option<&RouterInstance>) -> RouteFailure {
    let own = match last.and_then(|router| Some((router, router.options.get(generic::CANNOT_ROUTE_MESSAGE)?)))
    {
        Some((router, text)) => match state.world.expand(text).await {
            Ok(text) => Some(text.into_bytes()),
            Err(error) if error.is_forced() => None,
            Err(error) => {
                let name = &router.name;
                state
                    .world
                    .log_panic(format!("failed to expand cannot_route_message in {name} router: {error}"));
                None
            }
        },
        None => None,
    };
    let message =
        own.clone().or_else(|| state.message.take()).unwrap_or_else(|| b"Unrouteable address".to_vec());
    RouteFailure { router: None, message, user_message: own, errors_to: None }
}

fn too_deep() -> RouteFailure {
    let message = format!("redirected more than {} times", limits::REDIRECT_DEPTH);
    RouteFailure { router: None, message: message.into_bytes(), user_message: None, errors_to: None }
}

fn no_such_router(name: &str) -> RouteDeferral {
    RouteDeferral {
        router: None,
        errno: errno::NONE,
        message: format!("router \"{name}\" not found").into_bytes(),
        user_message: None,
        freeze: false,
        retry_use_local_part: true,
    }
}
