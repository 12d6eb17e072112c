//! `readsock`: what a server at a socket answers, as a lookup.
//!
//! # Compatibility
//! `${readsocket` in the form of a lookup: the query is the request, option `file` the socket (a path, or
//! `inet:host:port`), and `timeout`, `shutdown`, `eol`, `cache` are its options. Without a socket nothing is found, as in
//! 4.96, which never lets the name of one through. Answers are kept only with `cache=yes`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use expand::EvalError;
use expand::env::{Conversation, Files as _};
use expand::lookup::{LookupAnswer, LookupRequest, LookupWorld};
use expand::socket;
use expand::system::SystemFiles;
use mail_types::value::Value;
use mail_types::{interval, limits};

/// One lookup.
pub(crate) fn lookup(
    request: &LookupRequest<'_>,
    world: &mut LookupWorld<'_>,
) -> Result<LookupAnswer, EvalError> {
    let option = |name| request.spec.option(name);
    let Some(name) = option("file").map(Value::clean) else { return Ok(LookupAnswer::NotFound) };
    if option("tls") == Some(b"yes") {
        return Err(EvalError::failed("the lookup readsock does not speak TLS; the item ${readsocket does"));
    }
    let seconds = option("timeout").and_then(interval::parse).filter(|seconds| *seconds > 0);
    let asked = Conversation {
        place: socket::place(&name).map_err(EvalError::failed)?,
        request: request.key.bytes().to_vec(),
        shutdown: option("shutdown") != Some(b"no"),
        tls: None,
        timeout: seconds.map_or(limits::EXPANSION_SOCKET, Duration::from_secs),
    };
    let mut files = SystemFiles::new(Arc::new(BTreeMap::new()));
    let data = files
        .converse(&asked, limits::LOOKUP_SOCKET)
        .map_err(|failure| EvalError::defer(socket::explain(&name, &asked, &failure)))?;
    let data = match option("eol") {
        Some(end_of_line) => socket::replace_newlines(&data, end_of_line),
        None => data,
    };
    let answer = LookupAnswer::Found { data: Value::clean(data), captures: None };
    if option("cache") == Some(b"yes") {
        world.state.keep(request, &answer, None);
    }
    Ok(answer)
}
