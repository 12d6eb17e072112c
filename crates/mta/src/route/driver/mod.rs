//! The routers' drivers, one leaf module each.
//!
//! # Invariants
//! * Drivers do not name each other; what they share stands in the parent module.

mod accept;
mod dnslookup;
mod manualroute;
mod redirect;

use config::RouterInstance;

use super::outcome::RouteDeferral;
use super::state::State;
use super::step::Step;

/// Runs a router whose preconditions are met.
pub(super) async fn run(state: &mut State<'_>, router: &RouterInstance) -> Step {
    match router.driver {
        "accept" => accept::run(state, router).await,
        "dnslookup" => Box::pin(dnslookup::run(state, router)).await,
        "manualroute" => Box::pin(manualroute::run(state, router)).await,
        "redirect" => Box::pin(redirect::run(state, router)).await,
        other => {
            let name = &router.name;
            let text = format!("the {other} driver of the {name} router is not implemented yet");
            state.world.log_panic(text.clone());
            Step::Defer(RouteDeferral::by(router, text))
        }
    }
}
