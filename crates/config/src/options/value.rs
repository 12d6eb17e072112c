//! Values of options, compiled.
//!
//! # Invariants
//! * Text options hold a parsed [`Expansion`]; list options hold a [`List`], which is compiled wherever its text has no `$`.

use std::sync::Arc;

use expand::Expansion;
use policy::list::List;
use policy::rewrite::RewriteRules;

/// A user as the system knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserId {
    /// The user's number.
    pub uid: u32,
    /// The user's own group; `None` when the configuration gave a number that no user has.
    pub gid: Option<u32>,
}

/// A user or group that is fixed, or text that is expanded for each use.
#[derive(Clone, Debug)]
pub enum IdText {
    /// Resolved at load. For a user, `gid` is the user's own group; for a group, the number is in `gid` and `uid` is unset.
    Fixed {
        /// The user.
        uid: Option<u32>,
        /// The group.
        gid: Option<u32>,
    },
    /// Expanded for each use.
    Expanded(Expansion),
}

/// A flag that is fixed, or text that is expanded for each use.
#[derive(Clone, Debug)]
pub enum FlagValue {
    /// Fixed.
    Fixed(bool),
    /// Expanded for each use.
    Expanded(Expansion),
}

/// A number (or seconds) that is fixed, or text that is expanded for each use.
#[derive(Clone, Debug)]
pub enum NumberValue {
    /// Fixed.
    Fixed(i64),
    /// Expanded for each use.
    Expanded(Expansion),
}

/// The value of one option.
#[derive(Clone, Debug)]
pub enum OptionValue {
    /// Nothing is set.
    Unset,
    /// A flag.
    Flag(FlagValue),
    /// A number, a size, a mode, seconds, or thousandths.
    Integer(i64),
    /// A number that may have to be expanded.
    Number(NumberValue),
    /// Several periods, in seconds.
    Times(Vec<i64>),
    /// A string that is not expanded.
    Plain(Arc<[u8]>),
    /// A list that is not expanded.
    Items(Vec<Vec<u8>>),
    /// A string that is expanded.
    Text(Expansion),
    /// Strings that are expanded one by one.
    Texts(Vec<Expansion>),
    /// `name = value` pairs.
    Assignments(Vec<(Vec<u8>, Expansion)>),
    /// A list to match against.
    List(List),
    /// A user.
    User(UserId),
    /// A group.
    Group(u32),
    /// Users or groups.
    Ids(Vec<u32>),
    /// A user or group that may have to be expanded.
    Id(IdText),
    /// Rewriting rules.
    Rewrites(Arc<RewriteRules>),
}

impl OptionValue {
    /// The texts that are expanded.
    pub fn texts(&self) -> Vec<&Expansion> {
        match self {
            Self::Text(text)
            | Self::Flag(FlagValue::Expanded(text))
            | Self::Number(NumberValue::Expanded(text))
            | Self::Id(IdText::Expanded(text)) => vec![text],
            Self::Texts(texts) => texts.iter().collect(),
            Self::Assignments(all) => all.iter().map(|(_, text)| text).collect(),
            _ => Vec::new(),
        }
    }
}
