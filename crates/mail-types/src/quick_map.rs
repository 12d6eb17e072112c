//! Maps that are asked for short keys all the time.
//!
//! # Security
//! The hash is seeded by chance, but it is no cryptographic one: a stranger who can put thousands of keys of his choice
//! into a map and measure it gets the standard library's map instead. What strangers only ask for does not matter.

use std::collections::HashMap;

/// A map with quick hashing.
pub type QuickMap<K, V> = HashMap<K, V, foldhash::fast::RandomState>;
