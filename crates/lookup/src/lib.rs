//! Lookup types, one module each.
