//! The fuzz targets, each on its corpus and on mutations of it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a target may fail loudly")]

extern crate postrider_config as config;

#[path = "fuzz/reader.rs"]
mod reader;

#[test]
fn reader_takes_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "reader", reader::run);
}
