//! The fuzz targets, each on its corpus and on mutations of it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a target may fail loudly")]

extern crate postrider_policy as policy;

#[path = "fuzz/list.rs"]
mod list;
#[path = "fuzz/rules.rs"]
mod rules;

#[test]
fn list_takes_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "list", list::run);
}

#[test]
fn rules_takes_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "rules", rules::run);
}
