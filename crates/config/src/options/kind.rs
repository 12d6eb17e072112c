//! The kinds of options as types: what `OptionSet::get` returns for each.
//!
//! A marker type per [`OptionKind`](super::OptionKind), so that a typed constant says what its value is read as and a
//! reader of the flow's code never matches on a value's shape.
//!
//! # Invariants
//! * `read` never fails: a value of another shape cannot be stored under the kind, and reads as the empty form.

use expand::Expansion;
use policy::list::List;
use policy::rewrite::RewriteRules;

use super::value::{FlagValue, IdText, NumberValue, OptionValue, UserId};

/// What a marker type reads a value as.
pub trait OptionType {
    /// The form handed to the caller.
    type Ref<'a>;

    /// The value in that form.
    fn read(value: &OptionValue) -> Self::Ref<'_>;
}

macro_rules! kinds {
    ($( $(#[$doc:meta])* $name:ident -> $form:ty, $pattern:pat => $result:expr, $empty:expr; )*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub enum $name {}

            impl OptionType for $name {
                type Ref<'a> = $form;

                fn read(value: &OptionValue) -> Self::Ref<'_> {
                    match value {
                        $pattern => $result,
                        _ => $empty,
                    }
                }
            }
        )*
    };
}

kinds! {
    /// `yes`, `no`, or the bare name.
    Flag -> bool, OptionValue::Flag(FlagValue::Fixed(on)) => *on, false;
    /// A flag whose unset state means something of its own.
    Tristate -> Option<bool>, OptionValue::Flag(FlagValue::Fixed(on)) => Some(*on), None;
    /// A flag, or a string that expands to one.
    FlagText -> &'a FlagValue, OptionValue::Flag(flag) => flag, &FlagValue::Fixed(false);
    /// A name that sets two flags at once; the value is the second flag's.
    FlagPair -> bool, OptionValue::Flag(FlagValue::Fixed(on)) => *on, false;
    /// A whole number; -1 where Exim's default is "unset".
    Integer -> i64, OptionValue::Integer(number) => *number, 0;
    /// A size.
    Bytes -> i64, OptionValue::Integer(number) => *number, 0;
    /// A size, in bytes.
    Kilobytes -> i64, OptionValue::Integer(number) => *number, 0;
    /// A file mode or mask.
    Octal -> u32, OptionValue::Integer(number) => u32::try_from(*number).unwrap_or(0), 0;
    /// A number in thousandths.
    Fixed -> Option<i64>, OptionValue::Integer(number) => Some(*number), None;
    /// Seconds.
    Time -> i64, OptionValue::Integer(number) => *number, 0;
    /// Seconds each.
    Times -> &'a [i64], OptionValue::Times(times) => times, &[];
    /// A number, or a string that expands to one.
    IntegerText -> &'a NumberValue, OptionValue::Number(number) => number, &NumberValue::Fixed(0);
    /// Seconds, or a string that expands to a period.
    TimeText -> &'a NumberValue, OptionValue::Number(number) => number, &NumberValue::Fixed(0);
    /// A string that is not expanded.
    Plain -> Option<&'a [u8]>, OptionValue::Plain(text) => Some(text), None;
    /// The items of a list that is not expanded.
    PlainList -> &'a [Vec<u8>], OptionValue::Items(items) => items, &[];
    /// A string that is expanded when it is used.
    Text -> Option<&'a Expansion>, OptionValue::Text(text) => Some(text), None;
    /// A list of strings that is expanded when it is used, then split.
    TextList -> Option<&'a Expansion>, OptionValue::Text(text) => Some(text), None;
    /// A domain list.
    Domains -> Option<&'a List>, OptionValue::List(list) => Some(list), None;
    /// A host list.
    Hosts -> Option<&'a List>, OptionValue::List(list) => Some(list), None;
    /// An address list.
    Addresses -> Option<&'a List>, OptionValue::List(list) => Some(list), None;
    /// A local part list.
    LocalParts -> Option<&'a List>, OptionValue::List(list) => Some(list), None;
    /// A user resolved at load.
    User -> Option<UserId>, OptionValue::User(user) => Some(*user), None;
    /// A group resolved at load.
    Group -> Option<u32>, OptionValue::Group(gid) => Some(*gid), None;
    /// Users resolved at load.
    Users -> &'a [u32], OptionValue::Ids(ids) => ids, &[];
    /// Groups resolved at load.
    Groups -> &'a [u32], OptionValue::Ids(ids) => ids, &[];
    /// A user resolved at load, or a string that expands to one.
    UserText -> Option<&'a IdText>, OptionValue::Id(id) => Some(id), None;
    /// A group resolved at load, or a string that expands to one.
    GroupText -> Option<&'a IdText>, OptionValue::Id(id) => Some(id), None;
    /// The items of all settings of the option, in order; each is expanded by itself.
    Lines -> &'a [Expansion], OptionValue::Texts(texts) => texts, &[];
    /// The conditions of each setting of the option, in order.
    Conditions -> &'a [Expansion], OptionValue::Texts(texts) => texts, &[];
    /// The assignments of all settings of the option, in order: the name (with `r_`) and the value.
    Assignments -> &'a [(Vec<u8>, Expansion)], OptionValue::Assignments(set) => set, &[];
    /// Rewriting rules.
    Rewrites -> Option<&'a RewriteRules>, OptionValue::Rewrites(rules) => Some(rules), None;
}
