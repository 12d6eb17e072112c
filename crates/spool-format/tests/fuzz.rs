//! The fuzz targets, each on its corpus and on mutations of it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a target may fail loudly")]

extern crate postrider_spool_format as spool_format;

#[path = "fuzz/header.rs"]
mod header;
#[path = "fuzz/journal.rs"]
mod journal;

#[test]
fn header_takes_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "header", header::run);
}

#[test]
fn journal_takes_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "journal", journal::run);
}
