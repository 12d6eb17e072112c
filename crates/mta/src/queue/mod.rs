//! When messages are tried, and what administrators do to them.

pub mod act;
pub mod listing;
