//! The option tables and typed access to their values.
//!
//! [`main`], [`router`], [`transport`] and [`authenticator`] hold one row per option; [`OptionSet`] holds the values of one
//! section or driver instance.
//!
//! # Compatibility
//! Names, kinds and defaults are Exim 4.99's; what is inert stands in docs/compat.md, which a test compares with the tables.

pub mod authenticator;
mod definition;
pub mod inert;
pub mod kind;
pub mod main;
pub mod postrider;
pub mod router;
mod set;
pub mod transport;
pub mod value;

pub use definition::{Class, Effect, Opt, OptionDef, OptionKind, Table};
pub use kind::OptionType;
pub use set::{OptionSet, Slot};
pub use value::{FlagValue, IdText, OptionValue, UserId};
