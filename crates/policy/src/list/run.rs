//! Looking for a subject.

use super::compile::Compiled;
use super::{ListEnv, ListError, ListMatch, MatchOptions, NamedLists, Subject};

pub(crate) fn find(
    _list: &Compiled,
    _subject: Subject<'_>,
    _options: MatchOptions,
    _named: &NamedLists,
    _env: &mut dyn ListEnv,
) -> Result<ListMatch, ListError> {
    Err(ListError::defer("lists are not available yet"))
}
