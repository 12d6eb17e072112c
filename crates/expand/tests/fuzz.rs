//! The fuzz targets, each on its corpus and on mutations of it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a target may fail loudly")]

extern crate postrider_expand as expand;

#[path = "fuzz/expand.rs"]
mod expand_target;

#[test]
fn expand_takes_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "expand", expand_target::run);
}
