//! Which keys are tried: the key itself, its partial forms, the default keys.
//!
//! # Compatibility
//! Spec sections "Single-key lookup types", "Default values in single-key lookups", "Partial matching in single-key
//! lookups". After a partial match `$1` is the part that was wild and `$2` the part that was not; after a default match
//! `$1` is what the default stood for.

use expand::EvalError;
use expand::lookup::{DefaultKey, LookupSpec, Partial};

use mail_types::text::Text;

use crate::Search;

/// A search that succeeded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The data.
    pub data: Text,
    /// The wild and the fixed part of the key, after a partial or default match.
    pub parts: Option<(Vec<u8>, Vec<u8>)>,
}

/// Tries all keys that the type asks for, in Exim's order.
pub(crate) fn search(
    spec: &LookupSpec,
    key: &[u8],
    search: &mut Search<'_>,
) -> Result<Option<Found>, EvalError> {
    if !key.is_empty() {
        if let Some(data) = search(key)? {
            // With partial matching a key found whole has a fixed part alone.
            let parts = spec.partial.is_some().then(|| (Vec::new(), key.to_vec()));
            return Ok(Some(Found { data, parts }));
        }
        if let Some(partial) = &spec.partial
            && let Some(found) = partial_search(partial, key, search)?
        {
            return Ok(Some(found));
        }
    }
    if spec.default_key == DefaultKey::StarAt
        && let Some(at) = key.iter().rposition(|c| *c == b'@').filter(|at| *at > 0)
    {
        let starred = [b"*", &key[at..]].concat();
        if let Some(data) = search(&starred)? {
            return Ok(Some(Found { data, parts: Some((key[..at].to_vec(), Vec::new())) }));
        }
    }
    if spec.default_key != DefaultKey::None
        && let Some(data) = search(b"*")?
    {
        return Ok(Some(Found { data, parts: Some((key.to_vec(), Vec::new())) }));
    }
    Ok(None)
}

fn partial_search(
    partial: &Partial,
    key: &[u8],
    search: &mut Search<'_>,
) -> Result<Option<Found>, EvalError> {
    let whole = [&partial.affix, key].concat();
    if let Some(data) = search(&whole)? {
        return Ok(Some(Found { data, parts: Some((Vec::new(), key.to_vec())) }));
    }
    let components = key.split(|c| *c == b'.').count();
    let mut rest = key;
    for left in (usize::from(partial.minimum)..components).rev() {
        let Some(dot) = rest.iter().position(|c| *c == b'.') else { break };
        rest = &rest[dot + 1..];
        if left == 0 {
            break;
        }
        let shortened = [&partial.affix, rest].concat();
        if let Some(data) = search(&shortened)? {
            let wild = key[..key.len() - rest.len() - 1].to_vec();
            return Ok(Some(Found { data, parts: Some((wild, rest.to_vec())) }));
        }
    }
    if partial.minimum == 0 {
        // The affix alone; a dot at its end belongs to what is gone.
        let alone = partial.affix.strip_suffix(b".").unwrap_or(&partial.affix);
        if !alone.is_empty()
            && let Some(data) = search(alone)?
        {
            return Ok(Some(Found { data, parts: Some((key.to_vec(), Vec::new())) }));
        }
    }
    Ok(None)
}
