//! From the items of a list to addresses, pipes and files.
//!
//! # Invariants
//! * Children stand in the order of the list.
//!
//! # Compatibility
//! A child that equals its parent but for case takes the parent's spelling, so that the two are one address to the
//! check for loops.

use config::RouterInstance;
use config::options::router::{generic as options, redirect};
use mail_types::address::Address;
use mail_types::value::{Taint, Value};
use policy::rewrite::AddressUse;

use super::super::super::address::{AddressKind, Ancestor, Inherited, RouteAddress, Special};
use super::super::super::generic;
use super::super::super::outcome::RouteDeferral;
use super::super::super::state::State;
use super::super::super::step::Step;
use super::list::Item;
use super::with_taint;

pub(super) async fn generate(
    state: &mut State<'_>,
    router: &RouterInstance,
    items: Vec<Item>,
    mut inherited: Inherited,
    taint: &Taint,
) -> Result<Vec<RouteAddress>, Step> {
    inherited.hide_child |= router.options.get(redirect::HIDE_CHILD_IN_ERRMSG);
    inherited.one_time |= router.options.get(redirect::ONE_TIME);
    let mut children = Vec::with_capacity(items.len());
    for item in items {
        let child = match item {
            Item::Address(address, backslash) => {
                let address = qualified(state, router, address, backslash).await?;
                mail_address(state, router, &address, &inherited).await
            }
            Item::Pipe(text) => special(state, router, AddressKind::Pipe, &text, &inherited, taint).await,
            Item::File(text) if text.ends_with(b"/") => {
                special(state, router, AddressKind::Directory, &text, &inherited, taint).await
            }
            Item::File(text) => special(state, router, AddressKind::File, &text, &inherited, taint).await,
            Item::Include(_) | Item::Blackhole | Item::Fail(_) | Item::Defer(_) => continue,
        };
        children.push(child);
    }
    Ok(children)
}

async fn qualified(
    state: &mut State<'_>,
    router: &RouterInstance,
    address: Address,
    backslash: bool,
) -> Result<Address, Step> {
    if address.is_qualified() {
        return Ok(address);
    }
    if backslash || router.options.get(redirect::QUALIFY_PRESERVE_DOMAIN) {
        return Ok(address.qualified_with(&state.address.domain));
    }
    let Some(text) = router.options.get(redirect::QUALIFY_DOMAIN) else {
        return Ok(address.qualified_with(state.world.context.qualify_recipient()));
    };
    match state.world.expand(text).await {
        Ok(domain) => Ok(address.qualified_with(domain.bytes())),
        Err(error) if error.is_forced() => Err(Step::Decline),
        Err(error) => {
            let source = generic::source_of(text);
            Err(Step::Defer(RouteDeferral::by(router, format!("failed to expand \"{source}\": {error}"))))
        }
    }
}

async fn mail_address(
    state: &mut State<'_>,
    router: &RouterInstance,
    address: &Address,
    inherited: &Inherited,
) -> RouteAddress {
    let mut text = address.to_bytes();
    if text.eq_ignore_ascii_case(&state.address.address)
        || (router.options.get(redirect::CHECK_ANCESTOR) && is_ancestor(state, &text))
    {
        text.clone_from(&state.address.address);
    } else if router.options.get(redirect::REWRITE) {
        text = rewritten(state, text).await;
    }
    let mut child = state.address.child(&router.name, &state.local_part, &text, inherited.clone());
    child.start_router =
        router.options.get(options::REDIRECT_ROUTER).map(|name| String::from_utf8_lossy(name).into_owned());
    child
}

fn is_ancestor(state: &State<'_>, text: &[u8]) -> bool {
    Ancestor::chain(state.address.parent.as_ref()).any(|ancestor| ancestor.address.eq_ignore_ascii_case(text))
}

async fn rewritten(state: &mut State<'_>, text: Vec<u8>) -> Vec<u8> {
    let config = state.world.config();
    if !config.rewrite.concerns(AddressUse::EnvelopeTo) {
        return text;
    }
    let address = Value::tainted(text.clone());
    let found = state
        .world
        .on_pool(|context| config.rewrite.rewrite(&address, AddressUse::EnvelopeTo, context))
        .await;
    match found {
        Some(Ok(Some(rewritten))) => rewritten.address.into_bytes(),
        Some(Ok(None)) | None => text,
        Some(Err(error)) => {
            state.world.log_panic(error.message);
            text
        }
    }
}

/// A pipe, a file or a directory.
async fn special(
    state: &mut State<'_>,
    router: &RouterInstance,
    kind: AddressKind,
    text: &[u8],
    inherited: &Inherited,
    taint: &Taint,
) -> RouteAddress {
    let options = &router.options;
    let (setting, name, forbidden) = match kind {
        AddressKind::Pipe => (options.get(redirect::PIPE_TRANSPORT), "pipe_transport", redirect::FORBID_PIPE),
        AddressKind::Directory => {
            (options.get(redirect::DIRECTORY_TRANSPORT), "directory_transport", redirect::FORBID_FILE)
        }
        AddressKind::File | AddressKind::Address => {
            (options.get(redirect::FILE_TRANSPORT), "file_transport", redirect::FORBID_FILE)
        }
    };
    let forbidden = options.get(forbidden) || options.get(redirect::ONE_TIME);
    let decided = match generic::transport(state, router, setting, Some(name)).await {
        Err(deferral) => Special::Deferred(deferral),
        Ok(transport) => {
            let mut assignment = generic::assignment(state, router, inherited, transport);
            let value = Some(with_taint(text, taint));
            match kind {
                AddressKind::Pipe => assignment.facts.address_pipe = value,
                _ => assignment.facts.address_file = value,
            }
            assignment.facts.address = text.to_vec();
            match (forbidden, kind) {
                (false, _) => Special::Assigned(Box::new(assignment)),
                (true, AddressKind::Pipe) => {
                    Special::Forbidden(Box::new(assignment), "delivery to pipe forbidden")
                }
                (true, _) => Special::Forbidden(Box::new(assignment), "delivery to file forbidden"),
            }
        }
    };
    let mut child = state.address.special_child(&router.name, &state.local_part, (kind, text), decided);
    child.inherited = inherited.clone();
    child
}
