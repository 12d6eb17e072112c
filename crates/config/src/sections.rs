//! From logical lines to a compiled configuration: the main section, then the others in the order of the file.
//!
//! # Invariants
//! * What is wrong is reported and passed over; every section is read to its end.
//!
//! # Compatibility
//! Spec 6.2, 6.23. The order in which mistakes are noticed is Exim's, so that the first error is the one that Exim prints.

mod acls;
pub(crate) mod cursor;
mod definitions;
mod drivers;
mod list_head;
pub(crate) mod loader;
mod local_scan;
mod option;
mod rules;
pub(crate) mod scan;
pub(crate) mod value;
