//! String expansion: parser, tree, evaluator.
//!
//! A configuration string is compiled once into an [`Expansion`]; evaluating it asks an [`Env`] for everything that
//! comes from outside. Items, operators and conditions live in folders of those names, one file a family, named for
//! Exim's word.
//!
//! # Invariants
//! * Text is parsed once; constants cost nothing; nothing recurses on input without a depth limit.
//! * The result carries the taint of everything that went into it.
//!
//! # Compatibility
//! Exim specification, chapter "String expansions". Differences: docs/compat.md, "String expansions".

pub mod bare;
mod cache;
mod condition;
mod crypt;
mod digest;
pub mod env;
mod error;
mod eval;
mod expansion;
pub mod flow;
mod integer;
mod ip;
mod item;
mod json;
pub mod list;
pub mod lookup;
pub mod manual;
mod name_table;
pub mod named;
mod operator;
mod parse;
mod pattern;
mod radius;
pub mod regex;
mod scope;
mod settings;
pub mod socket;
mod srs;
pub mod system;
mod tree;
pub mod unsupported;
pub mod variable;

pub use bare::BareEnv;
pub use condition::{bool_lax, parse_bool};
pub use env::{Env, HeaderForm, ListKind};
pub use error::EvalError;
pub use expansion::{Expansion, expand_once, expand_onto};
pub use parse::escape::interpret as interpret_escape;
pub use scope::{Captures, Scope};
pub use settings::Settings;
pub use variable::{VARIABLES, Variable, VariableName};
