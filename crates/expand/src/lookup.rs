//! What a lookup asks and what it answers; the searching itself lives in the `lookup` crate.
//!
//! # Invariants
//! * The type text (`partial-(x)lsearch*@,opts`) is parsed here once, for `${lookup` and for list items alike.
//!
//! # Security
//! File names reach a lookup as [`Value`]s with their taint; the implementation refuses tainted ones.
//!
//! # Compatibility
//! Exim specification, chapter "File and database lookups".

use mail_types::value::Value;

use crate::EvalError;

/// What `*` or `*@` after a single-key type adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DefaultKey {
    /// Nothing.
    #[default]
    None,
    /// `*`: look up `*` when the key is not found.
    Star,
    /// `*@`: look up `*@domain` first, then `*`.
    StarAt,
}

/// `partial<n>[affix]-`: how the left of a domain key is replaced step by step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partial {
    /// The fewest non-star components that may be left.
    pub minimum: u8,
    /// The text put before what is left, `*.` by default.
    pub affix: Vec<u8>,
}

/// A parsed lookup type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupSpec {
    /// Exim's name of the type.
    pub kind: &'static str,
    /// Whether it is given a key (and a file) or a query.
    pub style: LookupStyle,
    /// `partial...-` before the name.
    pub partial: Option<Partial>,
    /// `*` or `*@` after the name.
    pub default_key: DefaultKey,
    /// Comma separated options after the name, without the commas.
    pub options: Vec<Vec<u8>>,
}

/// How a lookup type takes its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookupStyle {
    /// A key that is searched in a file.
    SingleKey,
    /// A query in the type's own language.
    Query,
}

/// One lookup to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupRequest<'a> {
    /// Type, partial matching, defaults, options.
    pub spec: &'a LookupSpec,
    /// The key, or the query.
    pub key: Value,
    /// The file of a single-key lookup (and of sqlite's old form).
    pub file: Option<Value>,
}

/// What a lookup found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupAnswer {
    /// The data, and the parts of the key that a partial or default match left over.
    Found {
        /// The data; clean unless the source says otherwise.
        data: Value,
        /// `$1`, `$2` after a partial match: the wild and the fixed part of the key.
        captures: Option<(Value, Value)>,
    },
    /// There is no such key.
    NotFound,
}

/// Something that can do lookups; implemented by the `lookup` crate.
pub trait Lookup: Send + Sync {
    /// Does one lookup. A temporary failure is [`EvalError::Defer`].
    fn lookup(&self, request: &LookupRequest<'_>) -> Result<LookupAnswer, EvalError>;

    /// `${quote_<type>:text}`: text made safe for the query language of a type; `None` when the type has no quoting.
    fn quote(&self, kind: &str, text: &[u8], options: Option<&[u8]>) -> Option<Vec<u8>>;
}
