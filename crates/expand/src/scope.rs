//! The variables that expansion itself sets: captures, `$item`, `$value`, `$runrc`, `$prvscheck_...`.
//!
//! # Invariants
//! * The owner of the [`crate::Env`] keeps one scope for as long as Exim keeps these variables (one ACL statement, one
//!   router ...); items that set them for their own arguments only put the old values back.

use mail_types::value::Value;

/// The variables set by a regular expression or a list match: `$0`, `$1`, ...
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captures(Vec<Value>);

impl Captures {
    /// Captures from number 0 on.
    pub fn new(values: Vec<Value>) -> Self {
        Self(values)
    }

    /// The value of `$number`; unset ones are empty text.
    pub fn number(&self, number: usize) -> Option<&Value> {
        self.0.get(number)
    }

    /// Sets one number; the ones below it that were unset become empty.
    pub fn set(&mut self, number: usize, value: Value) {
        if self.0.len() <= number {
            self.0.resize(number + 1, Value::clean(""));
        }
        self.0[number] = value;
    }

    /// How many are set.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when none is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Values that items set for the text inside and after them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// `$0`, `$1`, ...
    pub captures: Captures,
    /// `$item`.
    pub item: Option<Value>,
    /// `$value`.
    pub value: Option<Value>,
    /// What a domain list is searched for, while its text is expanded: `$domain`, where nothing else sets it.
    pub list_domain: Option<Value>,
    /// `$runrc`.
    pub runrc: i32,
    /// `$prvscheck_address`.
    pub prvscheck_address: Option<Value>,
    /// `$prvscheck_keynum`.
    pub prvscheck_keynum: Option<Value>,
    /// `$prvscheck_result`.
    pub prvscheck_result: Option<Value>,
    /// `$srs_recipient`, as `inbound_srs` found it.
    pub srs_recipient: Option<Value>,
}
