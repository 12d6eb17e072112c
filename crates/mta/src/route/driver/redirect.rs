//! `redirect`: aliases, forward files, and everything else that turns an address into others.
//!
//! # Security
//! The data may be a user's. What it may do is limited by `allow_…` and `forbid_…`; files are read with the user's
//! rights; commands and file names are kept with the taint of the data they came from.
//!
//! # Failure
//! A list that is wrong defers the address, unless `skip_syntax_errors` is set.
//!
//! # Compatibility
//! Specification chapter "The redirect router". Not yet: Exim and Sieve filters; data that begin like one defer.

mod children;
mod file;
mod list;
mod srs;

use config::RouterInstance;
use config::options::router::redirect;
use mail_types::limits;
use mail_types::value::{Taint, Value};

use self::file::Read;
use self::list::{Item, ItemError, Items};
use super::super::generic;
use super::super::outcome::{RouteDeferral, RouteFailure, SyntaxErrorNotice, errno};
use super::super::state::State;
use super::super::step::Step;

/// Depth of `:include:` in included files.
const INCLUDE_DEPTH: usize = 20;

pub(super) async fn run(state: &mut State<'_>, router: &RouterInstance) -> Step {
    match redirected(state, router).await {
        Ok(step) | Err(step) => step,
    }
}

/// The text of a redirection.
struct Data {
    bytes: Vec<u8>,
    taint: Taint,
    /// `data` or `file`, for messages.
    source: &'static str,
}

/// What a list came to.
#[derive(Default)]
struct Parsed {
    items: Vec<Item>,
    /// What ended the list, if anything did.
    end: Option<End>,
    /// Errors that were skipped.
    errors: Vec<String>,
}

enum End {
    Blackhole,
    Fail(Vec<u8>),
    Defer(Vec<u8>),
}

async fn redirected(state: &mut State<'_>, router: &RouterInstance) -> Result<Step, Step> {
    state.user = generic::user_and_group(state, router).await.map_err(Step::Defer)?;
    let srs = srs::before(state, router).await?;
    let data = data(state, router).await?;
    if let Some(kind) = list::filter_kind(&data.bytes) {
        return Err(Step::Defer(filter_deferral(router, &data, kind)));
    }
    let parsed = match parse(state, router, &data).await {
        Ok(parsed) => parsed,
        Err(problem) => {
            let text = format!("error in redirect {}: {problem}", data.source);
            return Err(Step::Defer(RouteDeferral::numbered(router, errno::REDIRECT, text)));
        }
    };
    report_errors(state, router, &parsed).await?;
    match parsed.end {
        Some(End::Blackhole) => return Ok(Step::Discard),
        Some(End::Defer(message)) => return Ok(Step::Defer(deferral(router, message))),
        Some(End::Fail(_)) | None => {}
    }
    srs::after(state, router, srs, !parsed.items.is_empty()).await?;
    let inherited = generic::carried_on(state, router).await.map_err(Step::Defer)?;
    let errors_to = inherited.errors_to.clone();
    let children = children::generate(state, router, parsed.items, inherited, &data.taint).await?;
    match parsed.end {
        Some(End::Fail(message)) => Ok(Step::Fail(failure(router, message, errors_to), children)),
        _ if children.is_empty() => {
            if !parsed.errors.is_empty() {
                state.message = Some(b"syntax error in redirection data".to_vec());
            }
            Ok(Step::Decline)
        }
        _ => Ok(Step::Redirect(children)),
    }
}

async fn data(state: &mut State<'_>, router: &RouterInstance) -> Result<Data, Step> {
    let options = &router.options;
    let (text, is_file) = match (options.get(redirect::DATA), options.get(redirect::FILE)) {
        (Some(data), _) => (data, false),
        (None, Some(file)) => (file, true),
        (None, None) => return Err(Step::Decline),
    };
    let value = match state.world.expand(text).await {
        Ok(value) => value,
        Err(error) if error.is_forced() => return Err(Step::Decline),
        Err(error) => {
            let source = generic::source_of(text);
            return Err(Step::Defer(RouteDeferral::by(
                router,
                format!("failed to expand \"{source}\": {error}"),
            )));
        }
    };
    if !is_file {
        let taint = value.taint().clone();
        return Ok(Data { bytes: value.into_bytes(), taint, source: "data" });
    }
    match file::read(state, router, &value).await {
        Read::Content(bytes) => Ok(Data { bytes, taint: Taint::Clean, source: "file" }),
        Read::Absent => Err(Step::Decline),
        Read::Unusable(reason) => Err(Step::Defer(RouteDeferral::by(router, reason))),
    }
}

fn filter_deferral(router: &RouterInstance, data: &Data, kind: &str) -> RouteDeferral {
    let problem = if router.options.get(redirect::ALLOW_FILTER) {
        format!("{kind} filters are not implemented yet")
    } else {
        "filtering not enabled".to_owned()
    };
    RouteDeferral::numbered(router, errno::REDIRECT, format!("error in filter {}: {problem}", data.source))
}

/// Cuts the list into items, included files and all.
async fn parse(state: &mut State<'_>, router: &RouterInstance, data: &Data) -> Result<Parsed, String> {
    let options = &router.options;
    let skip_errors = options.get(redirect::SKIP_SYNTAX_ERRORS);
    let mut parsed = Parsed::default();
    // Texts still to be read; an included one is read before the rest of the one that includes it.
    let mut texts: Vec<Vec<u8>> = vec![data.bytes.clone()];
    while let Some(text) = texts.pop() {
        let mut items = Items::new(&text);
        loop {
            items.skip_blank();
            let here = items.rest();
            let Some(item) = items.next() else { break };
            let item = match item {
                Ok(item) => item,
                Err(ItemError(problem)) if skip_errors => {
                    parsed.errors.push(problem);
                    continue;
                }
                Err(ItemError(problem)) => return Err(problem),
            };
            permitted(router, &item, here)?;
            match item {
                Item::Blackhole => parsed.end = Some(End::Blackhole),
                Item::Fail(text) => parsed.end = Some(End::Fail(text)),
                Item::Defer(text) => parsed.end = Some(End::Defer(text)),
                Item::Include(path) => {
                    let included = include(state, router, &path, &data.taint).await?;
                    if texts.len() >= INCLUDE_DEPTH {
                        return Err("too many included files".to_owned());
                    }
                    texts.push(items.rest().to_vec());
                    texts.push(included);
                    break;
                }
                item => parsed.items.push(item),
            }
            if parsed.end.is_some() {
                return Ok(parsed);
            }
            if parsed.items.len() > limits::REDIRECT_ADDRESSES {
                return Err("too many addresses".to_owned());
            }
        }
    }
    Ok(parsed)
}

/// `allow_…` and `forbid_…` for the special items.
fn permitted(router: &RouterInstance, item: &Item, here: &[u8]) -> Result<(), String> {
    let options = &router.options;
    let permitted = match item {
        Item::Blackhole => !options.get(redirect::FORBID_BLACKHOLE),
        Item::Fail(_) => options.get(redirect::ALLOW_FAIL),
        Item::Defer(_) => options.get(redirect::ALLOW_DEFER),
        Item::Include(_) if options.get(redirect::FORBID_INCLUDE) => {
            return Err("included files not permitted".to_owned());
        }
        _ => true,
    };
    if permitted {
        return Ok(());
    }
    let shown = String::from_utf8_lossy(here.trim_ascii()).into_owned();
    Err(format!("\"{shown}\" is not permitted"))
}

async fn include(
    state: &mut State<'_>,
    router: &RouterInstance,
    path: &[u8],
    taint: &Taint,
) -> Result<Vec<u8>, String> {
    let shown = String::from_utf8_lossy(path).into_owned();
    if taint.is_tainted() {
        return Err(format!("Tainted name '{shown}' for included file not permitted"));
    }
    if !path.starts_with(b"/") {
        return Err(format!("included file \"{shown}\" is not an absolute path"));
    }
    if let Some(directory) = router.options.get(redirect::INCLUDE_DIRECTORY)
        && !is_inside(path, directory)
    {
        let directory = String::from_utf8_lossy(directory).into_owned();
        return Err(format!("included file {shown} is not in directory {directory}"));
    }
    file::read_included(state, path).await
}

/// By name: below the directory, and without a way up.
fn is_inside(path: &[u8], directory: &[u8]) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| directory.ends_with(b"/") || rest.starts_with(b"/"))
        && !path.split(|byte| *byte == b'/').any(|part| part == b"..")
}

/// Logs the items that `skip_syntax_errors` left out, and prepares the notice to the list's keeper.
async fn report_errors(state: &mut State<'_>, router: &RouterInstance, parsed: &Parsed) -> Result<(), Step> {
    let errors = &parsed.errors;
    if errors.is_empty() {
        return Ok(());
    }
    for error in errors {
        state.world.log(format!("{} router: skipped error: {error}", router.name));
    }
    let Some(to) = router.options.get(redirect::SYNTAX_ERRORS_TO) else { return Ok(()) };
    let text = match router.options.get(redirect::SYNTAX_ERRORS_TEXT) {
        None => None,
        Some(text) => match state.world.expand(text).await {
            Ok(text) => Some(text.into_bytes()),
            Err(error) => {
                let source = generic::source_of(text);
                state
                    .world
                    .log_panic(format!("failed to expand \"{source}\" in {} router: {error}", router.name));
                None
            }
        },
    };
    state.world.notices.push(SyntaxErrorNotice {
        router: router.name.clone(),
        to: to.to_vec(),
        text,
        errors: errors.iter().map(|error| error.clone().into_bytes()).collect(),
        others: !parsed.items.is_empty(),
    });
    Ok(())
}

fn deferral(router: &RouterInstance, message: Vec<u8>) -> RouteDeferral {
    let user_message = Some(for_peer(router, &message));
    RouteDeferral { user_message, ..RouteDeferral::by(router, message) }
}

fn failure(router: &RouterInstance, message: Vec<u8>, errors_to: Option<Vec<u8>>) -> RouteFailure {
    let user_message = Some(for_peer(router, &message));
    RouteFailure { router: Some(router.name.clone()), message, user_message, errors_to }
}

/// The text that an SMTP reply may show; `forbid_smtp_code` takes a reply code off.
fn for_peer(router: &RouterInstance, message: &[u8]) -> Vec<u8> {
    if !router.options.get(redirect::FORBID_SMTP_CODE) {
        return message.to_vec();
    }
    let Some(rest) = message.get(3..).filter(|_| message[..3].iter().all(u8::is_ascii_digit)) else {
        return message.to_vec();
    };
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    let code = rest.iter().position(|byte| !(byte.is_ascii_digit() || *byte == b'.')).unwrap_or(rest.len());
    let parts = rest[..code].split(|byte| *byte == b'.').count();
    if parts == 3 { rest[code..].trim_ascii_start().to_vec() } else { rest.to_vec() }
}

/// A text of the list as a value, with the taint of the list.
fn with_taint(text: &[u8], taint: &Taint) -> Value {
    Value::new(text.to_vec(), taint.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn included_files_stay_in_their_directory() {
        assert!(is_inside(b"/opt/lists/a", b"/opt/lists"));
        assert!(is_inside(b"/opt/lists/a", b"/opt/lists/"));
        assert!(!is_inside(b"/opt/listsx/a", b"/opt/lists"));
        assert!(!is_inside(b"/opt/lists/../x", b"/opt/lists"));
        assert!(!is_inside(b"/etc/passwd", b"/opt/lists"));
    }
}
