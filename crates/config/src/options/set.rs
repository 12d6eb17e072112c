//! The values of one section's or one driver instance's options.
//!
//! # Invariants
//! * Every option of the set's tables has a slot; a slot that the configuration did not set holds the default.

use std::sync::Arc;

use mail_types::diagnostic::Span;

use super::kind::OptionType;
use super::value::OptionValue;
use super::{Opt, OptionDef, Table};

/// One option's value and where it came from.
#[derive(Clone, Debug)]
pub struct Slot {
    /// The compiled value.
    pub value: OptionValue,
    /// The text as `-bP` shows it, for options that are text.
    pub text: Option<Arc<[u8]>>,
    /// Where the configuration set it; `None` for a default.
    pub span: Option<Span>,
    /// `hide` was given: only an administrator sees the value.
    pub hidden: bool,
}

/// The slots of one table.
#[derive(Clone, Debug)]
struct Part {
    table: &'static Table,
    slots: Vec<Slot>,
}

/// The options of the main section (one table) or of a driver instance (the generic table and the driver's own).
#[derive(Clone, Debug)]
pub struct OptionSet {
    parts: Vec<Part>,
}

impl OptionSet {
    /// A set with given slots; each vector is as long as its table.
    pub(crate) fn new(parts: impl IntoIterator<Item = (&'static Table, Vec<Slot>)>) -> Self {
        Self { parts: parts.into_iter().map(|(table, slots)| Part { table, slots }).collect() }
    }

    /// The value of an option. An option of another driver reads as unset.
    pub fn get<T: OptionType>(&self, option: Opt<T>) -> T::Ref<'_> {
        match self.slot(option) {
            Some(slot) => T::read(&slot.value),
            None => T::read(&OptionValue::Unset),
        }
    }

    /// Where the configuration set an option; `None` when it did not.
    pub fn span<T>(&self, option: Opt<T>) -> Option<Span> {
        self.slot(option).and_then(|slot| slot.span)
    }

    /// True when the configuration set the option.
    pub fn is_set<T>(&self, option: Opt<T>) -> bool {
        self.span(option).is_some()
    }

    /// The text of an option as the configuration gave it (quotes undone), for options that are text.
    pub fn text<T>(&self, option: Opt<T>) -> Option<&[u8]> {
        self.slot(option).and_then(|slot| slot.text.as_deref())
    }

    /// An option by name.
    pub fn find(&self, name: &str) -> Option<(&'static OptionDef, &Slot)> {
        self.parts.iter().find_map(|part| {
            let (index, def) = part.table.find(name)?;
            Some((def, part.slots.get(index)?))
        })
    }

    /// Every option with its value, in the tables' order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static OptionDef, &Slot)> {
        self.parts.iter().flat_map(|part| part.table.defs.iter().zip(&part.slots))
    }

    fn slot<T>(&self, option: Opt<T>) -> Option<&Slot> {
        let part = self.parts.iter().find(|part| std::ptr::eq(part.table, option.table))?;
        part.slots.get(option.index)
    }

    pub(crate) fn slot_mut(&mut self, part: usize, index: usize) -> Option<&mut Slot> {
        self.parts.get_mut(part)?.slots.get_mut(index)
    }
}
