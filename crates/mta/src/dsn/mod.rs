//! Bounce messages and delay warnings.
