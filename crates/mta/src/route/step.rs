//! What a router's driver decides about an address, and the switches that decide with it.

use config::RouterInstance;
use config::options::value::FlagValue;

use super::address::RouteAddress;
use super::outcome::{Assignment, RouteDeferral, RouteFailure};
use super::state::State;

/// What a driver decided.
pub(crate) enum Step {
    /// The address has a transport.
    Assign(Box<Assignment>),
    /// It is replaced by these.
    Redirect(Vec<RouteAddress>),
    /// It goes nowhere.
    Discard,
    /// Not this router's business.
    Decline,
    /// For the next router, or the one that `pass_router` names, whatever `more` says.
    Pass,
    /// It fails; addresses that a redirection named before `:fail:` are delivered to all the same.
    Fail(RouteFailure, Vec<RouteAddress>),
    /// It waits.
    Defer(RouteDeferral),
}

/// The value of an option that is on or off, or expands to that: `more`, `unseen`, `hosts_randomize`.
pub(crate) async fn flag(
    state: &mut State<'_>,
    router: &RouterInstance,
    value: &FlagValue,
    option: &str,
    forced: bool,
) -> Result<bool, RouteDeferral> {
    let text = match value {
        FlagValue::Fixed(on) => return Ok(*on),
        FlagValue::Expanded(text) => text,
    };
    let name = &router.name;
    match state.world.expand(text).await {
        Ok(value) if matches_any(value.bytes(), &["true", "yes"]) => Ok(true),
        Ok(value) if matches_any(value.bytes(), &["false", "no"]) => Ok(false),
        Ok(value) => {
            let value = value.to_lossy();
            Err(RouteDeferral::by(
                router,
                format!("\"{value}\" is not a valid value for the \"{option}\" option in the {name} router"),
            ))
        }
        Err(error) if error.is_forced() => Ok(forced),
        Err(error) => {
            Err(RouteDeferral::by(router, format!("failed to expand \"{option}\" in {name} router: {error}")))
        }
    }
}

fn matches_any(value: &[u8], words: &[&str]) -> bool {
    words.iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes()))
}
