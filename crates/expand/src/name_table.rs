//! Names of the language, found by hashing: a few bytes of a name are enough to tell them apart.
//!
//! # Security
//! The names in a table are the program's own; a text can only ask for one of them or for none.

/// A table from names to what they stand for.
#[derive(Debug)]
pub(crate) struct NameTable<T> {
    /// A power of two of them, most of them empty.
    slots: Vec<Option<(&'static str, T)>>,
}

impl<T: Copy> NameTable<T> {
    /// A table of these names, each of which stands there once.
    pub(crate) fn new(names: impl Iterator<Item = (&'static str, T)> + Clone) -> Self {
        let size = (4 * names.clone().count()).next_power_of_two();
        let mut slots = vec![None; size];
        for (name, meaning) in names {
            let mut at = hash(name.as_bytes());
            while slots[at & (size - 1)].is_some() {
                at += 1;
            }
            slots[at & (size - 1)] = Some((name, meaning));
        }
        Self { slots }
    }

    /// What a name stands for.
    pub(crate) fn find(&self, name: &[u8]) -> Option<T> {
        let mut at = hash(name);
        loop {
            let (known, meaning) = self.slots[at & (self.slots.len() - 1)].as_ref()?;
            if known.as_bytes() == name {
                return Some(*meaning);
            }
            at += 1;
        }
    }
}

/// Mixes the length and four of the bytes, by one multiplication whose upper bits depend on all of them.
fn hash(name: &[u8]) -> usize {
    let byte = |at: usize| u64::from(name.get(at).copied().unwrap_or_default());
    let last = byte(name.len().wrapping_sub(1));
    let bytes = byte(0) | last << 8 | byte(name.len() / 2) << 16 | byte(name.len() / 4) << 24;
    let mixed = (bytes | (name.len() as u64) << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 40) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_no_other() {
        let names = || crate::VARIABLES.iter().map(|row| (row.name, row.variable));
        let table = NameTable::new(names());
        for (name, variable) in names() {
            assert_eq!(table.find(name.as_bytes()), Some(variable), "{name}");
            assert_eq!(table.find(format!("{name}x").as_bytes()), None);
        }
        assert_eq!(table.find(b""), None);
    }

    #[test]
    fn names_lie_close_to_where_they_are_looked_for() {
        let names = || crate::VARIABLES.iter().map(|row| (row.name, row.variable));
        let table = NameTable::new(names());
        let size = table.slots.len();
        let is_at =
            |at: usize, name: &str| table.slots[at & (size - 1)].is_some_and(|(known, _)| known == name);
        let steps =
            |name: &str| (0..size).take_while(|step| !is_at(hash(name.as_bytes()) + step, name)).count();
        let all: usize = names().map(|(name, _)| steps(name)).sum();
        assert!(all < names().count(), "{all} steps beside the first one");
    }
}
