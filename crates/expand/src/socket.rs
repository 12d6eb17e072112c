//! What `${readsocket` and the `readsock` lookup have in common.

pub use crate::item::readfile::replace_newlines;
pub use crate::item::readsocket::{explain, place};
