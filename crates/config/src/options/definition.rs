//! One definition per option, and the typed constants that name them.
//!
//! An [`OptionDef`] is everything the program knows about an option: its name, kind, default, documentation, and whether it
//! has an effect yet. The reader, `-bP`, "did you mean" and the list in `docs/compat.md` all read the same row.
//! `option_table!` turns a table into a `static` [`Table`] and one typed constant ([`Opt`]) per row.
//!
//! # Invariants
//! * The index in an [`Opt`] is the row's position in its table: both come from the same macro line.
//! * Every default parses as a value of its kind (`options::tests` checks each).

use std::marker::PhantomData;

use mail_types::manual::Entry;

/// What shape of value an option takes; Exim's own types, named for what they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionKind {
    /// `yes`, `no`, or the bare name.
    Flag,
    /// A flag whose unset state means something of its own.
    Tristate,
    /// A flag, or a string that expands to one.
    FlagText,
    /// A name that sets two flags at once (`verify`).
    FlagPair,
    /// A whole number, with `K`, `M`, `G`.
    Integer,
    /// A whole number that is shown in K or M.
    Bytes,
    /// A size that Exim keeps in kilobytes: a bare number is one of kilobytes.
    Kilobytes,
    /// A file mode or mask, read and shown in octal.
    Octal,
    /// A number with up to three decimals.
    Fixed,
    /// A period such as `1w2d`.
    Time,
    /// Periods separated by colons.
    Times,
    /// A number, or a string that expands to one.
    IntegerText,
    /// A period, or a string that expands to one.
    TimeText,
    /// A string that is not expanded.
    Plain,
    /// A list of strings that is not expanded.
    PlainList,
    /// A string that is expanded when it is used.
    Text,
    /// A list of strings that is expanded when it is used.
    TextList,
    /// A domain list.
    Domains,
    /// A host list.
    Hosts,
    /// An address list.
    Addresses,
    /// A local part list.
    LocalParts,
    /// A user, by name or number, resolved at load.
    User,
    /// A group, by name or number, resolved at load.
    Group,
    /// Users, resolved at load.
    Users,
    /// Groups, resolved at load.
    Groups,
    /// A user, or a string that expands to one.
    UserText,
    /// A group, or a string that expands to one.
    GroupText,
    /// Header lines; the option may be given several times.
    Lines,
    /// A condition; all of several must hold.
    Conditions,
    /// Variable assignments; the option may be given several times.
    Assignments,
    /// Rewriting rules in one line.
    Rewrites,
}

impl OptionKind {
    /// The kind in words, for the manual.
    pub fn words(self) -> &'static str {
        match self {
            Self::Flag => "yes or no",
            Self::Tristate => "yes, no or unset",
            Self::FlagText => "yes or no, expanded",
            Self::FlagPair => "yes or no, sets two options",
            Self::Integer => "a number",
            Self::Bytes => "a size",
            Self::Kilobytes => "a size in kilobytes",
            Self::Octal => "an octal number",
            Self::Fixed => "a number with up to three decimals",
            Self::Time => "a time",
            Self::Times => "times",
            Self::IntegerText => "a number, expanded",
            Self::TimeText => "a time, expanded",
            Self::Plain => "a string, not expanded",
            Self::PlainList => "a list, not expanded",
            Self::Text => "a string, expanded",
            Self::TextList => "a list, expanded",
            Self::Domains => "a domain list",
            Self::Hosts => "a host list",
            Self::Addresses => "an address list",
            Self::LocalParts => "a local part list",
            Self::User => "a user",
            Self::Group => "a group",
            Self::Users => "users",
            Self::Groups => "groups",
            Self::UserText => "a user, expanded",
            Self::GroupText => "a group, expanded",
            Self::Lines => "header lines, expanded; may stand several times",
            Self::Conditions => "a condition, expanded; all of several must hold",
            Self::Assignments => "assignments, expanded; may stand several times",
            Self::Rewrites => "rewriting rules",
        }
    }
}

/// Whether setting an option changes anything yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The option does what its documentation says.
    Live,
    /// The option is read and shown, but has no effect; the text says why.
    Inert(&'static str),
}

/// One option.
#[derive(Debug)]
pub struct OptionDef {
    /// The name in the configuration file.
    pub name: &'static str,
    /// The shape of its value.
    pub kind: OptionKind,
    /// The default as it would be written in a configuration, if there is one.
    pub default: Option<&'static str>,
    /// Whether it does something.
    pub effect: Effect,
    /// Its documentation, one line.
    pub doc: &'static str,
    /// Lines of a configuration that set it, as [`mail_types::manual::Entry`] has them.
    pub examples: &'static [&'static str],
}

impl OptionDef {
    /// What the manual says about it.
    pub fn entry(&self) -> Entry {
        Entry { name: self.name, doc: self.doc, examples: self.examples }
    }
}

/// Which part of the configuration a table belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The main section.
    Main,
    /// Routers.
    Router,
    /// Transports.
    Transport,
    /// Authenticators.
    Authenticator,
}

impl Class {
    /// The word Exim uses for it: `main`, `router`, `transport`, `authenticator`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Router => "router",
            Self::Transport => "transport",
            Self::Authenticator => "authenticator",
        }
    }
}

/// The options of the main section, of every driver of a class (`generic`), or of one driver.
#[derive(Debug)]
pub struct Table {
    /// Which part of the configuration it belongs to.
    pub class: Class,
    /// `main`, `generic`, or the driver's name.
    pub owner: &'static str,
    /// The rows.
    pub defs: &'static [OptionDef],
}

impl Table {
    /// The row with this name.
    pub fn find(&self, name: &str) -> Option<(usize, &'static OptionDef)> {
        self.defs.iter().enumerate().find(|(_, def)| def.name == name)
    }
}

/// A typed name of one option: `config.main.get(main::ACL_SMTP_RCPT)`.
pub struct Opt<T: 'static> {
    pub(crate) table: &'static Table,
    pub(crate) index: usize,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for Opt<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Opt<T> {}

impl<T> Opt<T> {
    /// Used by `option_table!` only: `index` is a row of `table`.
    #[doc(hidden)]
    pub const fn new(table: &'static Table, index: usize) -> Self {
        Self { table, index, kind: PhantomData }
    }

    /// The definition behind the name.
    pub fn definition(self) -> &'static OptionDef {
        &self.table.defs[self.index]
    }
}

/// Turns a table of options into a static [`Table`] and a typed constant per row.
macro_rules! option_table {
    (@default unset) => { None };
    (@default on) => { Some("true") };
    (@default off) => { Some("false") };
    (@default $text:literal) => { Some($text) };
    (@effect) => { $crate::options::Effect::Live };
    (@effect $why:ident) => { $crate::options::Effect::Inert($crate::options::inert::$why) };
    (
        $class:ident, $owner:literal;
        $( #[doc = $doc:literal] $(#[doc = $example:literal])+
           $name:ident : $kind:ident = $text:literal, $default:tt $(, inert $why:ident)? ; )*
    ) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "rows carry the constants' names")]
        enum Row { $( $name, )* }

        /// The rows of this table.
        pub static TABLE: $crate::options::Table = $crate::options::Table {
            class: $crate::options::Class::$class,
            owner: $owner,
            defs: &[ $( $crate::options::OptionDef {
                name: $text,
                kind: $crate::options::OptionKind::$kind,
                default: option_table!(@default $default),
                effect: option_table!(@effect $($why)?),
                doc: $doc,
                examples: &[$($example),+],
            }, )* ],
        };

        $(
            #[doc = $doc]
            pub const $name: $crate::options::Opt<$crate::options::kind::$kind> =
                $crate::options::Opt::new(&TABLE, Row::$name as usize);
        )*
    };
}

pub(crate) use option_table;
