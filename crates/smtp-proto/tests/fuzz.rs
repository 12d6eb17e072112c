//! The fuzz targets, each on its corpus and on mutations of it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a target may fail loudly")]

extern crate postrider_smtp_proto as smtp_proto;

#[path = "fuzz/client.rs"]
mod client;
#[path = "fuzz/server.rs"]
mod server;

#[test]
fn client_takes_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "client", client::run);
}

#[test]
fn server_takes_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "server", server::run);
}
