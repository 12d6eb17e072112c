//! The fuzz targets, each on its corpus and on mutations of it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a target may fail loudly")]

extern crate postrider_reports as reports;

#[path = "fuzz/ingest.rs"]
mod ingest;
#[path = "fuzz/tlsrpt_record.rs"]
mod tlsrpt_record;

#[test]
fn ingest_takes_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "ingest", ingest::run);
}

#[test]
fn tlsrpt_record_takes_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "tlsrpt_record", tlsrpt_record::run);
}
