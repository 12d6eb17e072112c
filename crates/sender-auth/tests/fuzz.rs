//! The fuzz targets, each on its corpus and on mutations of it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a target may fail loudly")]

extern crate postrider_sender_auth as sender_auth;

#[path = "fuzz/arc.rs"]
mod arc;
#[path = "fuzz/authres.rs"]
mod authres;
#[path = "fuzz/body.rs"]
mod body;
#[path = "fuzz/dkim.rs"]
mod dkim;
#[path = "fuzz/dmarc.rs"]
mod dmarc;
#[path = "fuzz/key_record.rs"]
mod key_record;
#[path = "fuzz/spf.rs"]
mod spf;
#[path = "fuzz/srs.rs"]
mod srs;

#[test]
fn arc_takes_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "arc", arc::run);
}

#[test]
fn authres_takes_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "authres", authres::run);
}

#[test]
fn body_takes_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "body", body::run);
}

#[test]
fn dkim_takes_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "dkim", dkim::run);
}

#[test]
fn dmarc_takes_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "dmarc", dmarc::run);
}

#[test]
fn key_record_takes_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "key_record", key_record::run);
}

#[test]
fn spf_takes_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "spf", spf::run);
}

#[test]
fn srs_takes_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "srs", srs::run);
}
