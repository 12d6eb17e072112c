//! The values of one section's or one driver instance's options.
//!
//! # Invariants
//! * Every option of the set's tables has a value: what the configuration set, else the default. Only what was set takes
//!   memory, so that a thousand routers cost little more than their text.

use std::sync::Arc;

use mail_types::diagnostic::Span;

use super::kind::OptionType;
use super::value::OptionValue;
use super::{Class, Opt, OptionDef, Table};

/// One option's value and where it came from.
#[derive(Clone, Debug)]
pub struct Slot {
    /// The compiled value.
    pub value: OptionValue,
    /// The text as `-bP` shows it, for options that are not flags.
    pub text: Option<Arc<[u8]>>,
    /// The texts of the second and further settings of an option that may be given several times.
    pub more: Vec<Arc<[u8]>>,
    /// Where the configuration set it; `None` for a default.
    pub span: Option<Span>,
    /// `hide` was given: only an administrator sees the value.
    pub hidden: bool,
}

/// The values of one table.
#[derive(Clone, Debug)]
struct Part {
    table: &'static Table,
    defaults: Arc<[Slot]>,
    /// What differs from the defaults, by rising row number.
    changed: Vec<(usize, Slot)>,
}

impl Part {
    fn slot(&self, index: usize) -> Option<&Slot> {
        match self.changed.binary_search_by_key(&index, |(row, _)| *row) {
            Ok(at) => self.changed.get(at).map(|(_, slot)| slot),
            Err(_) => self.defaults.get(index),
        }
    }

    fn slot_mut(&mut self, index: usize) -> Option<&mut Slot> {
        let at = match self.changed.binary_search_by_key(&index, |(row, _)| *row) {
            Ok(at) => at,
            Err(at) => {
                let slot = self.defaults.get(index)?.clone();
                self.changed.insert(at, (index, slot));
                at
            }
        };
        self.changed.get_mut(at).map(|(_, slot)| slot)
    }
}

/// The options of the main section (one table and Postrider's own) or of a driver instance (the generic table and the
/// driver's own).
#[derive(Clone, Debug)]
pub struct OptionSet {
    parts: Vec<Part>,
}

impl OptionSet {
    /// A set with given defaults; each slice is as long as its table.
    pub(crate) fn new(parts: impl IntoIterator<Item = (&'static Table, Arc<[Slot]>)>) -> Self {
        let mut set = Self { parts: Vec::new() };
        parts.into_iter().for_each(|(table, defaults)| set.add(table, defaults));
        set
    }

    /// Adds the private options of a driver.
    pub(crate) fn add(&mut self, table: &'static Table, defaults: Arc<[Slot]>) {
        self.parts.push(Part { table, defaults, changed: Vec::new() });
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

    /// True when the option is one of this section or driver.
    pub fn has<T>(&self, option: Opt<T>) -> bool {
        self.parts.iter().any(|part| std::ptr::eq(part.table, option.table))
    }

    /// True when the configuration set the option.
    pub fn is_set<T>(&self, option: Opt<T>) -> bool {
        self.span(option).is_some()
    }

    /// The text of an option as the configuration gave it (quotes undone), for options that are text; of an option that
    /// was given several times, the first.
    pub fn text<T>(&self, option: Opt<T>) -> Option<&[u8]> {
        self.slot(option).and_then(|slot| slot.text.as_deref())
    }

    /// An option by name.
    pub fn find(&self, name: &str) -> Option<(&'static OptionDef, &Slot)> {
        let (part, index, def) = self.position(name)?;
        Some((def, self.slot_at(part, index)?))
    }

    /// Every option with its value, in the tables' order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static OptionDef, &Slot)> {
        self.parts.iter().flat_map(|part| {
            part.table.defs.iter().enumerate().filter_map(|(index, def)| Some((def, part.slot(index)?)))
        })
    }

    /// The tables of this set.
    pub fn tables(&self) -> impl Iterator<Item = &'static Table> {
        self.parts.iter().map(|part| part.table)
    }

    /// What the set belongs to.
    pub fn class(&self) -> Class {
        self.parts.first().map_or(Class::Main, |part| part.table.class)
    }

    fn slot<T>(&self, option: Opt<T>) -> Option<&Slot> {
        let part = self.parts.iter().find(|part| std::ptr::eq(part.table, option.table))?;
        part.slot(option.index)
    }

    /// Where an option stands.
    pub(crate) fn position(&self, name: &str) -> Option<(usize, usize, &'static OptionDef)> {
        self.parts.iter().enumerate().find_map(|(number, part)| {
            let (index, def) = part.table.find(name)?;
            Some((number, index, def))
        })
    }

    pub(crate) fn slot_at(&self, part: usize, index: usize) -> Option<&Slot> {
        self.parts.get(part)?.slot(index)
    }

    pub(crate) fn slot_mut(&mut self, part: usize, index: usize) -> Option<&mut Slot> {
        self.parts.get_mut(part)?.slot_mut(index)
    }

    /// A slot by name, to be changed.
    pub(crate) fn find_mut(&mut self, name: &str) -> Option<&mut Slot> {
        let (part, index, _) = self.position(name)?;
        self.slot_mut(part, index)
    }
}
