//! `accept`: what gets here goes to the transport.

use config::RouterInstance;

use super::super::generic;
use super::super::state::State;
use super::super::step::Step;

pub(super) async fn run(state: &mut State<'_>, router: &RouterInstance) -> Step {
    match generic::assign(state, router, None, Vec::new()).await {
        Ok(assignment) => Step::Assign(assignment),
        Err(deferral) => Step::Defer(deferral),
    }
}
