//! `srs` of the redirect router: the sender is rewritten on the way out, the recipient brought back on the way in.
//!
//! Before the data are expanded `reverse` decodes the recipient, so that they can be `$srs_recipient`; when they have
//! given addresses, `forward` makes the return path that these carry.
//!
//! # Invariants
//! * `srs_dbinsert` is expanded for a delivery only, never while an address is verified or tested.
//! * The message's own sender stays: failures that we find out ourselves are told to it and not to the rewritten address.
//!
//! # Security
//! Both addresses come from the network. What `reverse` gives is an address that one of the secrets made, or that
//! `srs_dbselect` found; it stays tainted.
//!
//! # Failure
//! An option that cannot be expanded, and settings that mean nothing, defer the address. A recipient that is no address
//! of ours is the next router's business.
//!
//! # Compatibility
//! experimental-spec of 2019, "SRS"; docs/compat.md for what it does not say.

use config::RouterInstance;
use config::options::router::redirect;
use expand::Expansion;
use mail_types::address::{Address, quote_local_part};
use mail_types::value::Value;
use sender_auth::srs::{Kept, Rewriter, SrsFault};

use super::super::super::generic;
use super::super::super::outcome::RouteDeferral;
use super::super::super::state::State;
use super::super::super::step::Step;
use crate::route::RouteMode;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// What is left to do once the data are known.
pub(super) struct Forward {
    rewriter: Rewriter,
    day: i64,
}

/// `reverse`, and what `forward` will need; none where the router works without SRS.
pub(super) async fn before(state: &mut State<'_>, router: &RouterInstance) -> Result<Option<Forward>, Step> {
    state.inherited.srs_sender = None;
    let Some(mode) = router.options.get(redirect::SRS) else { return Ok(None) };
    let Some((reverse, forward)) = directions(mode) else {
        let mode = String::from_utf8_lossy(mode);
        return Err(wrong(state, router, format!("\"{mode}\" is not a value of srs")));
    };
    if !wanted(state, router).await? {
        return Ok(None);
    }
    let settings = match config::srs_settings(&state.world.config().main) {
        Ok(settings) => settings,
        Err(problem) => return Err(wrong(state, router, problem)),
    };
    let now = state.world.services().clock.now();
    let way = Forward { rewriter: Rewriter::new(settings), day: now.secs().div_euclid(DAY) };
    if reverse {
        recipient(state, router, &way).await?;
    }
    let sender = Value::tainted(state.world.context.facts.message.sender_address.clone());
    state.facts().srs.orig_sender = Some(sender);
    Ok(forward.then_some(way))
}

/// `forward`, once there is somebody to forward to.
pub(super) async fn after(
    state: &mut State<'_>,
    router: &RouterInstance,
    forward: Option<Forward>,
    any: bool,
) -> Result<(), Step> {
    if let Some(way) = forward.filter(|_| any) {
        sender(state, router, &way).await?;
    }
    let found = state.facts().srs.clone();
    state.inherited.srs = found;
    Ok(())
}

/// Whether a mode reverses, and whether it forwards.
fn directions(mode: &[u8]) -> Option<(bool, bool)> {
    match mode.to_ascii_lowercase().as_slice() {
        b"forward" => Some((false, true)),
        b"reverse" => Some((true, false)),
        b"reverseandforward" => Some((true, true)),
        _ => None,
    }
}

/// `srs_condition`: false, or a forced failure, and the router works as one without SRS.
async fn wanted(state: &mut State<'_>, router: &RouterInstance) -> Result<bool, Step> {
    let Some(text) = router.options.get(redirect::SRS_CONDITION) else { return Ok(true) };
    let value = expanded(state, router, text, "srs_condition").await?;
    let no = |value: &Value| {
        let value = value.bytes().trim_ascii();
        [&b""[..], b"0", b"no", b"false"].iter().any(|word| value.eq_ignore_ascii_case(word))
    };
    Ok(value.is_some_and(|value| !no(&value)))
}

/// Decodes the recipient; one that cannot be decoded is for the next router.
async fn recipient(state: &mut State<'_>, router: &RouterInstance, way: &Forward) -> Result<(), Step> {
    let given = state.address.address.clone();
    // The hash may have been made of letters in either case, so the local part counts as it was written.
    let local = state.address.local_part.clone();
    let select = router.options.get(redirect::SRS_DBSELECT);
    let key = match select {
        Some(_) => way.rewriter.reverse_key(&local, way.day),
        None => Ok(None),
    };
    let found = match (select, key) {
        (Some(select), Ok(Some(key))) => {
            state.facts().srs.db_key = Some(Value::tainted(key));
            match expanded(state, router, select, "srs_dbselect").await? {
                Some(address) if !address.is_empty() => Ok(address.into_bytes()),
                Some(_) | None => Err("not in the database"),
            }
        }
        (_, Err(fault)) => Err(fault.text()),
        (_, Ok(_)) => way.rewriter.reverse(&local, way.day).map_err(SrsFault::text),
    };
    let facts = &mut state.facts().srs;
    facts.status = Some(Value::clean(found.as_ref().err().copied().unwrap_or("OK")));
    match found {
        Ok(address) => {
            facts.orig_recipient = Some(Value::tainted(given));
            facts.recipient = Some(Value::tainted(written(&address)));
            Ok(())
        }
        Err(reason) => {
            state.message = None;
            mail_types::trace!(Route, "router {}: srs: {reason}", router.name);
            Err(Step::Decline)
        }
    }
}

/// Makes the return path of what the router generates.
async fn sender(state: &mut State<'_>, router: &RouterInstance, way: &Forward) -> Result<(), Step> {
    let sender = state.world.context.facts.message.sender_address.clone();
    if sender.is_empty() {
        return Ok(());
    }
    let forwarder = match router.options.get(redirect::SRS_ALIAS) {
        None => None,
        Some(text) => expanded(state, router, text, "srs_alias").await?,
    };
    let forwarder = match forwarder {
        Some(domain) if !domain.is_empty() => domain.into_bytes(),
        Some(_) | None => state.address.domain.clone(),
    };
    let parts = Address::split(&sender);
    let plain = Address::new(parts.unquoted_local_part(), parts.domain.clone());
    let plain = [&plain.local_part[..], b"@", &plain.domain].concat();
    let made = match router.options.get(redirect::SRS_DBINSERT) {
        Some(insert) => kept(state, router, way, &plain, &forwarder, insert).await?,
        None => None,
    };
    let made = match made {
        Some(made) => Ok(made),
        None => way.rewriter.forward(&plain, &forwarder, way.day),
    };
    match made {
        Ok(made) => {
            state.facts().srs.status = Some(Value::clean("OK"));
            let made = written(&made);
            // A sender in the forwarder's own domain stays as it is.
            state.inherited.srs_sender = (made != sender).then_some(made);
            Ok(())
        }
        Err(fault @ SrsFault::NoSecret) => Err(wrong(state, router, fault.text().to_owned())),
        Err(fault) => {
            state.facts().srs.status = Some(Value::clean(fault.text()));
            Ok(())
        }
    }
}

/// Has the database keep the sender, where an SRS0 address is made.
async fn kept(
    state: &mut State<'_>,
    router: &RouterInstance,
    way: &Forward,
    sender: &[u8],
    forwarder: &[u8],
    insert: &Expansion,
) -> Result<Option<Vec<u8>>, Step> {
    match way.rewriter.forward_key(sender, forwarder, way.day) {
        Ok(Some(Kept { key, address: made })) => {
            let facts = &mut state.facts().srs;
            facts.db_address = Some(Value::tainted(sender));
            facts.db_key = Some(Value::clean(key));
            if state.world.mode == RouteMode::Deliver
                && expanded(state, router, insert, "srs_dbinsert").await?.is_none()
            {
                let text = format!("srs_dbinsert in {} router was forced to fail", router.name);
                return Err(Step::Defer(RouteDeferral::by(router, text)));
            }
            Ok(Some(made))
        }
        // What the other form says about such a sender is said there.
        Ok(None) | Err(_) => Ok(None),
    }
}

/// The value of an option; none when it was forced to fail.
async fn expanded(
    state: &mut State<'_>,
    router: &RouterInstance,
    text: &Expansion,
    option: &str,
) -> Result<Option<Value>, Step> {
    match state.world.expand(text).await {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_forced() => Ok(None),
        Err(error) => {
            let (source, name) = (generic::source_of(text), &router.name);
            let text = format!("failed to expand {option} \"{source}\" in {name} router: {error}");
            Err(Step::Defer(RouteDeferral::by(router, text)))
        }
    }
}

/// The administrator's mistake.
fn wrong(state: &mut State<'_>, router: &RouterInstance, problem: String) -> Step {
    let text = format!("{} router: {problem}", router.name);
    state.world.log_panic(text.clone());
    Step::Defer(RouteDeferral::by(router, text))
}

/// An address whose local part has quotes where it needs them.
fn written(address: &[u8]) -> Vec<u8> {
    let at = address.iter().rposition(|byte| *byte == b'@').unwrap_or(address.len());
    [&quote_local_part(&address[..at])[..], &address[at..]].concat()
}
